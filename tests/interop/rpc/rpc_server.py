"""A server process for peers: endpoint mapper, management and a stub of an interface, at HOST PORT [ndr].

It prints a line once it listens, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated
from uuid import UUID

from pagebell.dcerpc.endpoint_mapper import EndpointMapper, Registration
from pagebell.dcerpc.ndr import DWORD, Call, Interface, Struct, octets, wstr
from pagebell.dcerpc.negotiation import NDR, NDR64
from pagebell.dcerpc.pdu import Syntax
from pagebell.dcerpc.server import RpcServer
from pagebell.dcerpc.service import Caller, Service, syntax
from tests.dcerpc.servers import Bell, mechanisms

NETLOGON = Interface("netlogon", UUID("12345678-1234-abcd-ef00-01234567cffb"), (1, 0))


class NetrServerReqChallenge(Call, interface=NETLOGON, opnum=4):
    """What Samba's suite calls when it wants a request with a body. [MS-NRPC] 3.5.4.4.1"""

    PrimaryName: wstr | None
    ComputerName: wstr
    ClientChallenge: Annotated[bytes, octets(8)]

    class Reply(Struct):
        ServerChallenge: Annotated[bytes, octets(8)]
        result: DWORD = 0


def netlogon() -> Service:
    service = Service(NETLOGON, authenticated=False)

    @service.implements(NetrServerReqChallenge)
    async def challenge(caller: Caller, call: NetrServerReqChallenge) -> NetrServerReqChallenge.Reply:
        return NetrServerReqChallenge.Reply(ServerChallenge=b"challeng")

    return service


async def main(host: str, port: int, transfers: tuple[Syntax, ...]) -> None:
    mapper = EndpointMapper()
    services = [mapper.service(), netlogon(), Bell().service()]
    server = RpcServer(services, mechanisms(anonymous=True), transfers=transfers)
    async with server.listen(host, port) as endpoint:
        mapper.register(
            Registration(syntax(s.interface), endpoint.port, annotation=s.interface.name)
            for s in server.services
        )
        print(f"listening on {endpoint.port}", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), (NDR,) if "ndr" in sys.argv else (NDR, NDR64)))
