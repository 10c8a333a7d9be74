"""Information contexts, connections of machines, and port monitors. [MS-RPRN] 3.1.4.2, 3.1.4.6"""

from __future__ import annotations

from collections.abc import Mapping

from pagebell.dcerpc.service import Caller
from pagebell.model.access import Right
from pagebell.spooler.ports import Setting
from pagebell.winspool import infos
from pagebell.winspool.idl.rprn_data import (
    RpcAddPerMachineConnection,
    RpcCreatePrinterIC,
    RpcDeletePerMachineConnection,
    RpcDeletePrinterIC,
    RpcEnumPerMachineConnections,
    RpcPlayGdiScriptOnPrinterIC,
    RpcResetPrinter,
    RpcXcvData,
)
from pagebell.winspool.idl.types import Result
from pagebell.winspool.server.desk import Desk, InformationContext
from pagebell.winspool.server.names import parse
from pagebell.winspool.server.printing import wishes
from pagebell.winspool.server.table import Table, fill
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()


@calls.answers_to(RpcCreatePrinterIC)
async def create_ic(desk: Desk, caller: Caller, call: RpcCreatePrinterIC) -> RpcCreatePrinterIC.Reply:
    """[MS-RPRN] 3.1.4.2.10"""
    _, printer = desk.printer(caller, call.hPrinter)
    return RpcCreatePrinterIC.Reply(pHandle=caller.handles.open(InformationContext(printer.name)))


@calls.answers_to(RpcPlayGdiScriptOnPrinterIC, sized=(("pOut", "cOut", 1),))
async def play_script(
    desk: Desk, caller: Caller, call: RpcPlayGdiScriptOnPrinterIC
) -> RpcPlayGdiScriptOnPrinterIC.Reply:
    """[MS-RPRN] 3.1.4.2.11: there are no fonts here."""
    caller.handles.get(call.hPrinterIC, InformationContext)
    if call.cOut < 4:
        raise Win32Error(Win32.NOT_ENOUGH_MEMORY)
    return RpcPlayGdiScriptOnPrinterIC.Reply(pOut=bytes(call.cOut))


@calls.answers_to(RpcDeletePrinterIC)
async def delete_ic(desk: Desk, caller: Caller, call: RpcDeletePrinterIC) -> RpcDeletePrinterIC.Reply:
    """[MS-RPRN] 3.1.4.2.12"""
    caller.handles.close(call.phPrinterIC, InformationContext)
    return RpcDeletePrinterIC.Reply()


@calls.answers_to(RpcResetPrinter)
async def reset(desk: Desk, caller: Caller, call: RpcResetPrinter) -> Result:
    """[MS-RPRN] 3.1.4.2.13"""
    opened, printer = desk.printer(caller, call.hPrinter)
    if call.pDevModeContainer.pDevMode:
        opened.ticket = wishes(desk, printer.name, call.pDevModeContainer.pDevMode)
    if call.pDatatype is not None:
        opened.datatype = call.pDatatype
    return Result()


MOST_CONNECTIONS = 500


@calls.answers_to(RpcAddPerMachineConnection)
async def add_connection(desk: Desk, caller: Caller, call: RpcAddPerMachineConnection) -> Result:
    """[MS-RPRN] 3.1.4.2.24: remembered, and that is all: nobody logs on here who would see a connection."""
    (await desk.by(caller)).demand(Right.ADMINISTER)
    _named_in_full(call.pPrinterName)
    if call.pProvider:
        raise Win32Error(Win32.FILE_NOT_FOUND)

    def choose() -> list[Setting]:
        if len(_connections(desk)) >= MOST_CONNECTIONS:
            raise Win32Error(Win32.NO_SYSTEM_RESOURCES)
        return [_connection(call.pPrinterName, call.pPrinterName.encode("utf-8", "surrogatepass"))]

    await desk.spooler.settings.change(choose)
    return Result()


def _connections(desk: Desk) -> Mapping[str, bytes]:
    return desk.spooler.settings.get("", "connections")


def _connection(printer: str, octets: bytes | None) -> Setting:
    return Setting("", "connections", printer.casefold(), octets)


def _named_in_full(printer: str) -> None:
    if not parse(printer).server:
        raise Win32Error(Win32.INVALID_PRINTER_NAME)


@calls.answers_to(RpcDeletePerMachineConnection)
async def delete_connection(desk: Desk, caller: Caller, call: RpcDeletePerMachineConnection) -> Result:
    """[MS-RPRN] 3.1.4.2.25"""
    (await desk.by(caller)).demand(Right.ADMINISTER)
    if call.pPrinterName.casefold() not in _connections(desk):
        raise Win32Error(Win32.INVALID_PRINTER_NAME)
    await desk.spooler.settings.put(_connection(call.pPrinterName, None))
    return Result()


@calls.answers_to(RpcEnumPerMachineConnections)
async def enum_connections(
    desk: Desk, caller: Caller, call: RpcEnumPerMachineConnections
) -> RpcEnumPerMachineConnections.Reply:
    """[MS-RPRN] 3.1.4.2.26"""
    names = (octets.decode("utf-8", "surrogatepass") for octets in _connections(desk).values())
    told = [infos.PRINTER_INFO_4(pPrinterName=name, pServerName=parse(name).prefix) for name in names]
    filled = fill(call.pPrinterEnum, call.cbBuf, infos.PRINTER_INFO_4, told)
    return RpcEnumPerMachineConnections.Reply(
        pPrinterEnum=filled.buffer, pcbNeeded=filled.needed, pcReturned=filled.returned, result=filled.result
    )


@calls.answers_to(RpcXcvData, sized=(("pOutputData", "cbOutputData", 1),))
async def xcv(desk: Desk, caller: Caller, call: RpcXcvData) -> RpcXcvData.Reply:
    """[MS-RPRN] 3.1.4.6.5: port monitors have nothing to tell here but the name of their user interface."""
    opened = desk.opened(caller, call.hXcv)
    if opened.monitor is None:
        raise Win32Error(Win32.INVALID_HANDLE)
    if call.pszDataName.casefold() != "monitorui":
        return RpcXcvData.Reply(pOutputData=bytes(call.cbOutputData), pdwStatus=Win32.INVALID_PARAMETER)
    name = "localui.dll\0".encode("utf-16-le")
    if call.cbOutputData < len(name):
        status = Win32.INSUFFICIENT_BUFFER
        return RpcXcvData.Reply(
            pOutputData=bytes(call.cbOutputData), pcbOutputNeeded=len(name), pdwStatus=status
        )
    return RpcXcvData.Reply(pOutputData=name.ljust(call.cbOutputData, b"\0"), pcbOutputNeeded=len(name))
