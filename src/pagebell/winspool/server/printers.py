"""Printers: list, tell, pause, resume, empty, change, add, remove. [MS-RPRN] 3.1.4.2"""

from __future__ import annotations

from pagebell.dcerpc.service import Caller
from pagebell.model.access import Right
from pagebell.model.errors import Unsupported
from pagebell.model.event import PrinterName
from pagebell.winspool import infos
from pagebell.winspool.buffers import Info
from pagebell.winspool.constants import Access, PrinterEnum
from pagebell.winspool.idl.rprn import (
    RpcAddPrinter,
    RpcAddPrinterEx,
    RpcDeletePrinter,
    RpcEnumPrinters,
    RpcGetPrinter,
)
from pagebell.winspool.idl.types import PRINTER_INFO_2, Result
from pagebell.winspool.server.changing import Wanted, device_of, fill_in, new_names
from pagebell.winspool.server.describe import LISTED_LEVELS, PRINTER_LEVELS, PROCESSOR, own_defaults
from pagebell.winspool.server.desk import Desk, Opened, granted
from pagebell.winspool.server.names import is_ours, parse
from pagebell.winspool.server.profile import Profile
from pagebell.winspool.server.table import Table, fill, offered
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
_ELSEWHERE = PrinterEnum.REMOTE | PrinterEnum.NETWORK


@calls.answers_to(RpcEnumPrinters)
async def enum_printers(desk: Desk, caller: Caller, call: RpcEnumPrinters) -> RpcEnumPrinters.Reply:
    """[MS-RPRN] 3.1.4.2.1"""
    if call.Level not in LISTED_LEVELS:
        raise Win32Error(Win32.INVALID_LEVEL)
    offered(call.pPrinterEnum, call.cbBuf)
    (await desk.by(caller)).demand(Right.PRINT)
    kind, describe = PRINTER_LEVELS[call.Level]
    prefix = _searched(desk, call)
    if prefix is None:
        found: list[Info] = []
    elif call.Flags & PrinterEnum.NAME and not prefix and call.Level == 1:
        name = "Pagebell"
        found = [infos.PRINTER_INFO_1(Flags=PrinterEnum.ICON8, pDescription=name, pName=name, pComment=name)]
    else:
        found = [describe(desk, printer, prefix) for printer in desk.spooler.printers.list()]
    filled = fill(call.pPrinterEnum, call.cbBuf, kind, found)
    return RpcEnumPrinters.Reply(
        pPrinterEnum=filled.buffer, pcbNeeded=filled.needed, pcReturned=filled.returned, result=filled.result
    )


def _searched(desk: Desk, call: RpcEnumPrinters) -> str | None:
    """The server whose printers are asked for, as names begin with it; None where nothing is to be found."""
    flags = PrinterEnum(call.Flags)
    if flags & _ELSEWHERE and call.Level != 1:
        raise Win32Error(Win32.INVALID_LEVEL)
    if flags & PrinterEnum.NAME and call.Name:
        name = parse(call.Name)
        if name.printer or not is_ours(
            name.server, (desk.settings.computer, *desk.settings.names, "localhost")
        ):
            raise Win32Error(Win32.INVALID_NAME)
        return name.prefix
    if flags & (PrinterEnum.LOCAL | PrinterEnum.NAME):
        return ""
    return None


@calls.answers_to(RpcGetPrinter)
async def get_printer(desk: Desk, caller: Caller, call: RpcGetPrinter) -> RpcGetPrinter.Reply:
    """[MS-RPRN] 3.1.4.2.6; of the server, its security descriptor can be had."""
    offered(call.pPrinter, call.cbBuf)
    if desk.opened(caller, call.hPrinter).printer is None:
        if call.Level != 3:
            raise Win32Error(Win32.INVALID_LEVEL)
        told = infos.PRINTER_INFO_3(pSecurityDescriptor=desk.server_security())
        filled = fill(call.pPrinter, call.cbBuf, infos.PRINTER_INFO_3, [told])
        return RpcGetPrinter.Reply(pPrinter=filled.buffer, pcbNeeded=filled.needed, result=filled.result)
    opened, printer = desk.printer(caller, call.hPrinter)
    if call.Level not in PRINTER_LEVELS:
        raise Win32Error(Win32.INVALID_LEVEL)
    kind, describe = PRINTER_LEVELS[call.Level]
    if call.Level == 9:
        octets = own_defaults(desk, printer, opened.prefix, (await desk.by(caller)).name.casefold())
        told_9 = infos.PRINTER_INFO_9(pDevMode=octets)
        filled = fill(call.pPrinter, call.cbBuf, infos.PRINTER_INFO_9, [told_9])
    else:
        filled = fill(call.pPrinter, call.cbBuf, kind, [describe(desk, printer, opened.prefix)])
    return RpcGetPrinter.Reply(pPrinter=filled.buffer, pcbNeeded=filled.needed, result=filled.result)


# ---------------------------------------------------------------- adding and removing


@calls.answers_to(RpcAddPrinter, RpcAddPrinterEx)
async def add_printer(
    desk: Desk, caller: Caller, call: RpcAddPrinter | RpcAddPrinterEx
) -> RpcAddPrinter.Reply:
    """[MS-RPRN] 3.1.4.2.3 and 3.1.4.2.15: `pPortName` is a device's URI, or the name of a port that exists."""
    by = await desk.by(caller)
    by.demand(Right.ADMINISTER)
    info = call.pPrinterContainer.PrinterInfo
    if call.pPrinterContainer.Level != 2:
        raise Win32Error(Win32.INVALID_LEVEL)
    if not isinstance(info, PRINTER_INFO_2):
        raise Win32Error(Win32.INVALID_PARAMETER)
    if not info.pPrinterName:
        raise Win32Error(Win32.INVALID_PRINTER_NAME)
    name, alias = new_names(info.pPrinterName, info.pShareName)
    _refuse_parts(info)
    wanted = Wanted(None, by.name)
    fill_in(desk, wanted, info, call.pDevModeContainer, call.pSecurityContainer)
    wanted.note(device=device_of(desk, info.pPortName or ""), alias=alias)
    try:
        printer = await desk.spooler.printers.add(name, wanted.wish, by, wanted.settings(name, Profile()))
    except Unsupported:
        raise Win32Error(Win32.UNKNOWN_PORT) from None
    prefix = parse(info.pPrinterName).prefix
    opened = Opened(granted(by, Access.MAXIMUM_ALLOWED), prefix, printer.name, printer.id)
    return type(call).Reply(pHandle=caller.handles.open(opened, desk.run_down))  # type: ignore[return-value]


def _refuse_parts(info: PRINTER_INFO_2) -> None:
    """Raise Win32Error for a part that Windows would miss."""
    if not info.pPortName:
        raise Win32Error(Win32.UNKNOWN_PORT)
    if not info.pDriverName:
        raise Win32Error(Win32.UNKNOWN_PRINTER_DRIVER)
    if (info.pPrintProcessor or "").casefold() != PROCESSOR:
        raise Win32Error(Win32.UNKNOWN_PRINTPROCESSOR)


@calls.answers_to(RpcDeletePrinter)
async def delete_printer(desk: Desk, caller: Caller, call: RpcDeletePrinter) -> Result:
    """[MS-RPRN] 3.1.4.2.4: it and its jobs are gone at once."""
    _, printer = desk.printer(caller, call.hPrinter)
    await desk.spooler.printers.remove(PrinterName(printer.name), await desk.by(caller))
    return Result()
