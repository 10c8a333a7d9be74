"""DCE/RPC: what calls another machine's procedures (C706, [MS-RPCE]); it knows nothing of printing.

    ndr/                  class bodies as IDL, compiled to NDR and NDR64
    pdu  pdu_codec        the messages, as values and as octets
    association           the server's side of a conversation: octets in, events out
      offer negotiation authentication assembly protection verification groups events limits status
    client_association    the client's side
    security              what a security provider is; ntlm, ntlm_keys, ntlm_messages, spnego
    service               which coroutine answers which call
    server  client        the asyncio shells; sockets
    mgmt  endpoint_mapper  towers  endpoint_lookup

Only the shells do I/O. Serve and call:

    service = Service(WINSPOOL, minimum=Level.INTEGRITY)

    @service.implements(RpcOpenPrinterEx)
    async def open_printer_ex(caller: Caller, call: RpcOpenPrinterEx) -> RpcOpenPrinterEx.Reply: ...

    server = RpcServer([service], {AuthType.NTLM: lambda: NtlmAcceptor(credentials)})
    async with server.listen("127.0.0.1", 0) as endpoint:
        async with connect("127.0.0.1", endpoint.port, WINSPOOL, security=ntlm("alice", "secret")) as client:
            reply = await client.call(RpcOpenPrinterEx(...))
"""
