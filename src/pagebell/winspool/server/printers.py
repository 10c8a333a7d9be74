"""Printers: list, tell, pause, resume, empty, change, add, remove. [MS-RPRN] 3.1.4.2"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from pagebell.dcerpc.service import Caller
from pagebell.model.access import Principal, Right
from pagebell.model.document import Ticket
from pagebell.model.errors import Unsupported
from pagebell.model.event import PrinterName
from pagebell.model.printer import Printer
from pagebell.spooler.printers import PrinterWish
from pagebell.winspool import devmode, infos
from pagebell.winspool.buffers import Info
from pagebell.winspool.constants import Access, PrinterControl, PrinterEnum
from pagebell.winspool.idl.containers import DEVMODE_CONTAINER
from pagebell.winspool.idl.rprn import (
    RpcAddPrinter,
    RpcAddPrinterEx,
    RpcDeletePrinter,
    RpcEnumPrinters,
    RpcGetPrinter,
    RpcSetPrinter,
)
from pagebell.winspool.idl.types import PRINTER_INFO_1, PRINTER_INFO_2
from pagebell.winspool.security import SERVER_SECURITY
from pagebell.winspool.server.describe import LISTED_LEVELS, PRINTER_LEVELS, PROCESSOR, port_name
from pagebell.winspool.server.desk import Desk, Opened, granted
from pagebell.winspool.server.names import is_ours, parse
from pagebell.winspool.server.table import Table, fill, offered
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
_ELSEWHERE = PrinterEnum.REMOTE | PrinterEnum.NETWORK
_NULL_DEVICE = "null:"
_NULL_PORTS = ("nul:", "lpt1:", "file:")
"""Ports of every Windows, where nothing is."""


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
        told = infos.PRINTER_INFO_3(pSecurityDescriptor=SERVER_SECURITY)
        filled = fill(call.pPrinter, call.cbBuf, infos.PRINTER_INFO_3, [told])
        return RpcGetPrinter.Reply(pPrinter=filled.buffer, pcbNeeded=filled.needed, result=filled.result)
    opened, printer = desk.printer(caller, call.hPrinter)
    if call.Level not in PRINTER_LEVELS:
        raise Win32Error(Win32.INVALID_LEVEL)
    kind, describe = PRINTER_LEVELS[call.Level]
    filled = fill(call.pPrinter, call.cbBuf, kind, [describe(desk, printer, opened.prefix)])
    return RpcGetPrinter.Reply(pPrinter=filled.buffer, pcbNeeded=filled.needed, result=filled.result)


# ---------------------------------------------------------------- changing


async def _pause(desk: Desk, printer: Printer, by: Principal) -> None:
    await desk.spooler.printers.pause(printer.name, by)


async def _resume(desk: Desk, printer: Printer, by: Principal) -> None:
    await desk.spooler.printers.resume(printer.name, by)


async def _purge(desk: Desk, printer: Printer, by: Principal) -> None:
    await desk.spooler.jobs.purge(printer.name, by)


async def _nothing(desk: Desk, printer: Printer, by: Principal) -> None:
    """No command; a status is what the device says, and nobody else sets it."""


_COMMANDS: dict[int, Callable[[Desk, Printer, Principal], Awaitable[None]]] = {
    PrinterControl.NONE: _nothing,
    PrinterControl.PAUSE: _pause,
    PrinterControl.RESUME: _resume,
    PrinterControl.PURGE: _purge,
}


@calls.answers_to(RpcSetPrinter)
async def set_printer(desk: Desk, caller: Caller, call: RpcSetPrinter) -> RpcSetPrinter.Reply:
    """[MS-RPRN] 3.1.4.2.5: commands come at level 0, changes at the others."""
    opened, printer = desk.printer(caller, call.hPrinter)
    by = await desk.by(caller)
    level = call.pPrinterContainer.Level
    if level == 0:
        command = _COMMANDS.get(call.Command)
        if command is None:
            raise Win32Error(Win32.INVALID_PRINTER_COMMAND)
        await command(desk, printer, by)
        return RpcSetPrinter.Reply()
    if call.Command:
        raise Win32Error(Win32.INVALID_PRINTER_COMMAND)
    wish = _wish(printer, call, level)
    if wish.asked():
        await desk.spooler.printers.change(printer.name, wish, by)
    elif not opened.access & Access.PRINTER_ACCESS_ADMINISTER:
        raise Win32Error(Win32.ACCESS_DENIED)
    return RpcSetPrinter.Reply()


def _wish(printer: Printer, call: RpcSetPrinter, level: int) -> PrinterWish:
    """What a printer is to be. Raises Win32Error for what can't be set here."""
    info = call.pPrinterContainer.PrinterInfo
    if level in (8, 9):
        return replace(PrinterWish(), defaults=_ticket(call.pDevModeContainer))
    if level == 7:  # publishing in a directory service, of which there is none
        raise Win32Error(Win32.NOT_SUPPORTED)
    if level == 3:  # who may do what is configured, not set by clients
        raise Win32Error(Win32.ACCESS_DENIED)
    wish = PrinterWish()
    if isinstance(info, PRINTER_INFO_1):
        wish = replace(wish, info=_new(printer.info, info.pComment))
    elif isinstance(info, PRINTER_INFO_2):
        wish = replace(
            wish, info=_new(printer.info, info.pComment), location=_new(printer.location, info.pLocation)
        )
        if call.pDevModeContainer.pDevMode is not None:
            wish = replace(wish, defaults=_ticket(call.pDevModeContainer))
    elif level not in (4, 5, 6):
        raise Win32Error(Win32.INVALID_LEVEL if level > 9 else Win32.INVALID_PARAMETER)
    return replace(wish, defaults=None) if wish.defaults == printer.defaults else wish


def _new(old: str, new: str | None) -> str | None:
    return None if new is None or new == old else new


def _ticket(container: DEVMODE_CONTAINER) -> Ticket:
    try:
        return devmode.decode(container.pDevMode or b"")
    except devmode.DevmodeError:
        raise Win32Error(Win32.INVALID_PARAMETER) from None


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
    name = parse(info.pPrinterName)
    wish = PrinterWish(device=_device(desk, info), info=info.pComment, location=info.pLocation)
    try:
        printer = await desk.spooler.printers.add(name.printer, wish, by)
    except Unsupported as error:
        of_name = error.attribute == "printer-name"
        raise Win32Error(Win32.INVALID_PRINTER_NAME if of_name else Win32.UNKNOWN_PORT) from None
    opened = Opened(prefix=name.prefix, printer=printer.name, access=granted(by, Access.MAXIMUM_ALLOWED))
    return type(call).Reply(pHandle=caller.handles.open(opened, desk.run_down))  # type: ignore[return-value]


def _device(desk: Desk, info: PRINTER_INFO_2) -> str:
    """The device behind the port that a new printer is to have. Raises Win32Error for what Windows would miss."""
    port = info.pPortName or ""
    if not port:
        raise Win32Error(Win32.UNKNOWN_PORT)
    if not info.pDriverName:
        raise Win32Error(Win32.UNKNOWN_PRINTER_DRIVER)
    if (info.pPrintProcessor or "").casefold() != PROCESSOR:
        raise Win32Error(Win32.UNKNOWN_PRINTPROCESSOR)
    if port.casefold() in _NULL_PORTS:
        return _NULL_DEVICE
    devices = {port_name(printer): printer.device for printer in desk.spooler.printers.list()}
    return devices.get(port, port)


@calls.answers_to(RpcDeletePrinter)
async def delete_printer(desk: Desk, caller: Caller, call: RpcDeletePrinter) -> RpcDeletePrinter.Reply:
    """[MS-RPRN] 3.1.4.2.4: it and its jobs are gone at once."""
    _, printer = desk.printer(caller, call.hPrinter)
    await desk.spooler.printers.remove(PrinterName(printer.name), await desk.by(caller))
    desk.values.forget(printer.name)
    return RpcDeletePrinter.Reply()
