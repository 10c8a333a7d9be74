r"""Asking a printer itself: what bidirectional talks may ask for here. [MS-RPRN] 3.1.4.2.27

A schema is a path such as `\Printer.Configuration.DuplexUnit:Installed`; ours are of those that Windows' own port
monitors have, as far as a device tells so much.
"""

from __future__ import annotations

from collections.abc import Iterable

from pagebell.dcerpc.service import Caller
from pagebell.model.printer import Printer
from pagebell.winspool.idl.containers import (
    RPC_BIDI_DATA,
    RPC_BIDI_REQUEST_DATA,
    RPC_BIDI_RESPONSE_CONTAINER,
    RPC_BIDI_RESPONSE_DATA,
)
from pagebell.winspool.idl.rprn_data import RpcSendRecvBidiData
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.table import Table
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
INT, BOOL, STRING = 1, 3, 4
"""BIDI_TYPE. [MS-RPRN] 2.2.1.12"""
GET, GET_ALL, ENUM_SCHEMA, SET = "get", "getall", "enumschema", "set"
MOST = 100


def _answers(desk: Desk, printer: Printer) -> dict[str, RPC_BIDI_DATA]:
    able = desk.spooler.printers.capabilities(printer.name)
    duplex = any(side.startswith("two-sided") for side in able.sides)
    told = {
        r"\Printer.DeviceInfo:FriendlyName": _text(printer.title),
        r"\Printer.DeviceInfo:Location": _text(printer.location),
        r"\Printer.DeviceInfo:Comment": _text(printer.info),
        r"\Printer.DeviceInfo:ModelName": _text(able.make_and_model),
        r"\Printer.Configuration.DuplexUnit:Installed": RPC_BIDI_DATA(dwBidiType=BOOL, u=int(duplex)),
        r"\Printer.Configuration.Color:Installed": RPC_BIDI_DATA(dwBidiType=BOOL, u=int(able.color)),
        r"\Printer.Status.Summary:State": _text(printer.state.name.capitalize()),
    }
    for number, supply in enumerate(printer.supplies, 1):
        place = rf"\Printer.Consumables.{supply.kind.capitalize()}{number}"
        told[f"{place}:Color"] = _text(supply.color)
        if supply.level >= 0:
            told[f"{place}:Level"] = RPC_BIDI_DATA(dwBidiType=INT, u=supply.level)
    return told


def _text(value: str) -> RPC_BIDI_DATA:
    return RPC_BIDI_DATA(dwBidiType=STRING, u=value)


@calls.answers_to(RpcSendRecvBidiData)
async def bidi(desk: Desk, caller: Caller, call: RpcSendRecvBidiData) -> RpcSendRecvBidiData.Reply:
    """[MS-RPRN] 3.1.4.2.27"""
    _, printer = desk.printer(caller, call.hPrinter)
    action = (call.pAction or "").casefold()
    if action not in (GET, GET_ALL, ENUM_SCHEMA, SET):
        raise Win32Error(Win32.NOT_SUPPORTED)
    known = _answers(desk, printer)
    told: list[RPC_BIDI_RESPONSE_DATA] = []
    requests = call.pReqData.aData[:MOST] or (RPC_BIDI_REQUEST_DATA(),) * (action == ENUM_SCHEMA)
    for request in requests:
        told += _answer(known, action, request)
    return RpcSendRecvBidiData.Reply(ppRespData=RPC_BIDI_RESPONSE_CONTAINER(aData=tuple(told)))


def _answer(
    known: dict[str, RPC_BIDI_DATA], action: str, request: RPC_BIDI_REQUEST_DATA
) -> Iterable[RPC_BIDI_RESPONSE_DATA]:
    """The answers to one question: one value, all below a place, or the names of all."""
    number, asked = request.dwReqNumber, (request.pSchema or "").casefold()
    exact = {name: data for name, data in known.items() if name.casefold() == asked}
    if action == SET:
        code = Win32.BIDI_SCHEMA_READ_ONLY if exact else Win32.BIDI_SCHEMA_NOT_SUPPORTED
        return [RPC_BIDI_RESPONSE_DATA(dwResult=code, dwReqNumber=number, pSchema=request.pSchema)]
    if action == ENUM_SCHEMA:
        return [
            RPC_BIDI_RESPONSE_DATA(dwReqNumber=number, pSchema=name, data=RPC_BIDI_DATA(u=0))
            for name in known
            if name.casefold().startswith(asked)
        ]
    below = {n: d for n, d in known.items() if n.casefold().startswith((asked + ".", asked + ":"))}
    found = exact or (below if action == GET_ALL else {})
    if not found:
        code = Win32.BIDI_SCHEMA_NOT_SUPPORTED
        return [RPC_BIDI_RESPONSE_DATA(dwResult=code, dwReqNumber=number, pSchema=request.pSchema)]
    return [
        RPC_BIDI_RESPONSE_DATA(dwReqNumber=number, pSchema=name, data=data) for name, data in found.items()
    ]
