"""Changing a printer: its state, its configuration, its security. [MS-RPRN] 3.1.4.2.5"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from pagebell.dcerpc.service import Caller
from pagebell.model.access import Principal, Right
from pagebell.model.document import Ticket
from pagebell.model.printer import Printer, printer_name
from pagebell.spooler.ports import Setting
from pagebell.spooler.printers import PrinterWish
from pagebell.winspool import devmode, security
from pagebell.winspool.constants import DsPrint, PrinterControl
from pagebell.winspool.idl.containers import DEVMODE_CONTAINER, SECURITY_CONTAINER
from pagebell.winspool.idl.rprn import RpcSetPrinter
from pagebell.winspool.idl.types import (
    PRINTER_INFO_2,
    PRINTER_INFO_4,
    PRINTER_INFO_5,
    PRINTER_INFO_6,
    PRINTER_INFO_7,
    PRINTER_INFO_STRESS,
    Result,
)
from pagebell.winspool.server import publishing
from pagebell.winspool.server.describe import PROCESSOR, port_name
from pagebell.winspool.server.describe import security as security_of
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.names import parse
from pagebell.winspool.server.printing import datatype_format
from pagebell.winspool.server.profile import SETTABLE, Profile, keep_devmode, profile
from pagebell.winspool.server.table import Table
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
NULL_DEVICE = "null:"
NULL_PORTS = ("nul:", "lpt1:", "file:")
"""Ports of every Windows, where nothing is."""
_LATEST = 24 * 60
_LONGEST = 220
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
_IN_DEVMODES = (
    "orientation_requested",
    "media",
    "copies",
    "sides",
    "print_color_mode",
    "print_quality",
    "printer_resolution",
)
"""Members of a ticket that a DEVMODE has, too."""


async def _pause(desk: Desk, printer: Printer, by: Principal) -> None:
    await desk.spooler.printers.pause(printer.name, by)


async def _resume(desk: Desk, printer: Printer, by: Principal) -> None:
    await desk.spooler.printers.resume(printer.name, by)


async def _purge(desk: Desk, printer: Printer, by: Principal) -> None:
    await desk.spooler.jobs.purge(printer.name, by)


_COMMANDS: dict[int, Callable[[Desk, Printer, Principal], Awaitable[None]]] = {
    PrinterControl.PAUSE: _pause,
    PrinterControl.RESUME: _resume,
    PrinterControl.PURGE: _purge,
}


@dataclass(slots=True)
class Wanted:
    """What a printer is to be: in the model's terms, and in Windows'."""

    printer: Printer | None
    """None: it is being added."""
    user: str
    wish: PrinterWish = field(default_factory=PrinterWish)
    profile: Profile = field(default_factory=Profile)
    devmode: bytes = b""
    """The user's own, where one is set."""

    def note(self, **facts: Any) -> None:
        """Note what differs from what the printer is."""
        for name, value in facts.items():
            if value is not None and (self.printer is None or getattr(self.printer, name) != value):
                self.wish = replace(self.wish, **{name: value})

    def keep(self, **facts: Any) -> None:
        """Note what only Windows' programs know."""
        given = {name: value for name, value in facts.items() if value is not None}
        self.profile = msgspec.structs.replace(self.profile, **given)

    def settings(self, name: str, old: Profile) -> tuple[Setting, ...]:
        """What is to be stored besides the printer."""
        return (self.profile.setting(name),) if self.profile != old else ()


@calls.answers_to(RpcSetPrinter)
async def set_printer(desk: Desk, caller: Caller, call: RpcSetPrinter) -> Result:
    """[MS-RPRN] 3.1.4.2.5: commands come at level 0, changes at the others."""
    opened = desk.opened(caller, call.hPrinter)
    level = call.pPrinterContainer.Level
    by = await desk.at(caller, opened)
    if level not in (0, *range(2, 10)) or (call.Command and level):
        raise Win32Error(Win32.INVALID_LEVEL)
    if opened.monitor is not None or opened.job is not None:
        raise Win32Error(Win32.INVALID_HANDLE)
    if opened.printer is None:
        await _secure_server(desk, by, call)
        return Result()
    printer = desk.printer_of(opened)
    if level == 0:
        command = _COMMANDS.get(call.Command)
        if command is not None:
            await command(desk, printer, by)
        elif call.Command:
            raise Win32Error(Win32.INVALID_PRINTER_COMMAND)
        else:
            _info(call, PRINTER_INFO_STRESS)  # counters, which are told, and set by nobody
        return Result()
    if level == 9:
        await _set_own_devmode(desk, printer, by, call.pDevModeContainer)
        return Result()
    by.demand(Right.ADMINISTER)
    old = profile(desk.spooler.settings, printer)
    wanted = Wanted(printer, by.name, profile=old)
    _LEVELS[level](desk, wanted, call)
    async with AsyncExitStack() as stack:
        if level == 7:
            action = _info(call, PRINTER_INFO_7).dwAction
            await stack.enter_async_context(publishing.carried_out(desk, printer, action))
        if wanted.wish.asked() or wanted.profile != old:
            await change(desk, printer, wanted, old, await desk.by(caller))
    return Result()


async def change(desk: Desk, printer: Printer, wanted: Wanted, old: Profile, by: Principal) -> None:
    """Make a printer what is wanted. Raises Win32Error, and what `Printers.change` raises."""
    new = wanted.profile
    kept = tuple(name for name in Profile.__struct_fields__ if getattr(old, name) != getattr(new, name))
    settings = wanted.settings(printer.name, old)
    await desk.spooler.printers.change(printer.name, wanted.wish, by, settings, kept)


async def _secure_server(desk: Desk, by: Principal, call: RpcSetPrinter) -> None:
    """Of a server, the security descriptor can be set, and nothing else."""
    by.demand(Right.ADMINISTER)
    if call.pPrinterContainer.Level != 3:
        raise Win32Error(Win32.INVALID_LEVEL)
    await desk.secure_server(_merged(desk.server_security(), call.pSecurityContainer))


async def _set_own_devmode(desk: Desk, printer: Printer, by: Principal, container: DEVMODE_CONTAINER) -> None:
    by.demand(Right.PRINT)
    octets = _devmode(container)
    await desk.spooler.settings.put(keep_devmode(printer, by.name.casefold(), octets))


# ---------------------------------------------------------------- levels


def _info(call: RpcSetPrinter, kind: type[Any]) -> Any:
    info = call.pPrinterContainer.PrinterInfo
    if not isinstance(info, kind):
        raise Win32Error(Win32.INVALID_PARAMETER)
    return info


def _two(desk: Desk, wanted: Wanted, call: RpcSetPrinter) -> None:
    fill_in(desk, wanted, _info(call, PRINTER_INFO_2), call.pDevModeContainer, call.pSecurityContainer)


def fill_in(
    desk: Desk,
    wanted: Wanted,
    info: PRINTER_INFO_2,
    devmodes: DEVMODE_CONTAINER,
    securities: SECURITY_CONTAINER,
) -> None:
    """What a PRINTER_INFO_2 and its containers ask for. Raises Win32Error."""
    printer = wanted.printer
    if not 0 <= info.Priority <= 99 or not 0 <= info.DefaultPriority <= 99:
        raise Win32Error(Win32.INVALID_PRIORITY)
    if info.StartTime > _LATEST or info.UntilTime > _LATEST:
        raise Win32Error(Win32.INVALID_TIME)
    if info.pPrintProcessor and info.pPrintProcessor.casefold() != PROCESSOR:
        raise Win32Error(Win32.UNKNOWN_PRINTPROCESSOR)
    if info.pDatatype:
        datatype_format(info.pDatatype)
    wanted.note(info=info.pComment, location=info.pLocation)
    if printer is not None:
        _rename(desk, wanted, info.pPrinterName)
        _move(desk, wanted, info.pPortName)
    driver = info.pDriverName
    if driver and (printer is None or driver != desk.driver(printer)):
        if printer is not None and printer.name in desk.settings.drivers:
            raise Win32Error(Win32.ACCESS_DENIED)  # the configuration names it
        wanted.keep(driver=driver)
    wanted.keep(
        separator=info.pSepFile,
        parameters=info.pParameters,
        datatype=info.pDatatype or None,
        priority=info.Priority or None,
        default_priority=info.DefaultPriority,
        start=info.StartTime,
        until=info.UntilTime,
        attributes=int(info.Attributes & SETTABLE),
    )
    if devmodes.pDevMode is not None:
        _set_devmode(wanted, devmodes)
    if securities.pSecurity is not None:
        _secure(desk, wanted, securities)


def _rename(desk: Desk, wanted: Wanted, new: str | None) -> None:
    """A new name is a further one: jobs, subscriptions and links keep the printer that they have."""
    printer = wanted.printer
    assert printer is not None
    name = parse(new).printer if new else ""
    if name and name.casefold() != printer.title.casefold():
        wanted.note(alias="" if name.casefold() == printer.name.casefold() else _alias(name))


def _alias(name: str) -> str:
    if len(name) > _LONGEST or any(c in name for c in '!,\\"') or not name.isprintable():
        raise Win32Error(Win32.INVALID_PRINTER_NAME)
    return name


def new_names(text: str, share: str | None) -> tuple[str, str | None]:
    """The queue's name and, where that can't be the name asked for, the alias of a printer to be added."""
    name = parse(text).printer
    try:
        return printer_name(name), None
    except ValueError:
        alias = _alias(name)
    for candidate in (share or "", "-".join(filter(None, _NOT_PLAIN.split(name)))):
        try:
            return printer_name(candidate), alias
        except ValueError:
            continue
    raise Win32Error(Win32.INVALID_PRINTER_NAME)


def _move(desk: Desk, wanted: Wanted, port: str | None) -> None:
    printer = wanted.printer
    assert printer is not None
    if port and port.casefold() != port_name(printer).casefold():
        wanted.note(device=device_of(desk, port))


def device_of(desk: Desk, port: str) -> str:
    """The device behind a port's name, or the name itself, which may be a device's URI."""
    if port.casefold() in NULL_PORTS:
        return NULL_DEVICE
    devices = {port_name(p).casefold(): p.device for p in desk.spooler.printers.list()}
    return devices.get(port.casefold(), port)


def _three(desk: Desk, wanted: Wanted, call: RpcSetPrinter) -> None:
    _secure(desk, wanted, call.pSecurityContainer)


def _four(desk: Desk, wanted: Wanted, call: RpcSetPrinter) -> None:
    info: PRINTER_INFO_4 = _info(call, PRINTER_INFO_4)
    _rename(desk, wanted, info.pPrinterName)
    wanted.keep(attributes=int(info.Attributes & SETTABLE))


def _five(desk: Desk, wanted: Wanted, call: RpcSetPrinter) -> None:
    info: PRINTER_INFO_5 = _info(call, PRINTER_INFO_5)
    _rename(desk, wanted, info.pPrinterName)
    _move(desk, wanted, info.pPortName)
    wanted.keep(attributes=int(info.Attributes & SETTABLE))


def _six(desk: Desk, wanted: Wanted, call: RpcSetPrinter) -> None:
    """A status is what the device says, and nobody else sets it."""
    _info(call, PRINTER_INFO_6)


def _seven(desk: Desk, wanted: Wanted, call: RpcSetPrinter) -> None:
    """Publishing; without a directory it waits for one to come. [MS-RPRN] 2.2.1.10.8"""
    info: PRINTER_INFO_7 = _info(call, PRINTER_INFO_7)
    if info.dwAction == DsPrint.UPDATE and not wanted.profile.published:
        raise Win32Error(Win32.NOT_PUBLISHED)
    if info.dwAction not in (DsPrint.PUBLISH, DsPrint.UPDATE, DsPrint.UNPUBLISH, DsPrint.REPUBLISH):
        raise Win32Error(Win32.INVALID_PARAMETER)
    wanted.keep(published=info.dwAction != DsPrint.UNPUBLISH)


def _eight(desk: Desk, wanted: Wanted, call: RpcSetPrinter) -> None:
    _set_devmode(wanted, call.pDevModeContainer)


_LEVELS: dict[int, Callable[[Desk, Wanted, RpcSetPrinter], None]] = {
    2: _two,
    3: _three,
    4: _four,
    5: _five,
    6: _six,
    7: _seven,
    8: _eight,
}


# ---------------------------------------------------------------- containers


def _devmode(container: DEVMODE_CONTAINER) -> bytes:
    try:
        return devmode.check(container.pDevMode or b"")
    except devmode.DevmodeError:
        raise Win32Error(Win32.INVALID_PARAMETER) from None


def _set_devmode(wanted: Wanted, container: DEVMODE_CONTAINER) -> None:
    octets = _devmode(container)
    asked = devmode.decode(octets)
    old = Ticket() if wanted.printer is None else wanted.printer.defaults
    wanted.note(defaults=replace(old, **{name: getattr(asked, name) for name in _IN_DEVMODES}))
    wanted.keep(devmode=octets)


def _merged(old: bytes, container: SECURITY_CONTAINER) -> bytes:
    try:
        return security.merged(old, container.pSecurity or b"")
    except security.DescriptorError:
        raise Win32Error(Win32.INVALID_SECURITY_DESCR) from None


def _secure(desk: Desk, wanted: Wanted, container: SECURITY_CONTAINER) -> None:
    usual = security.describe(desk.settings.access)
    merged = _merged(usual if wanted.printer is None else security_of(desk, wanted.printer), container)
    try:
        wanted.note(access=security.grants(merged))
    except security.DescriptorError:
        raise Win32Error(Win32.INVALID_SECURITY_DESCR) from None
    wanted.keep(descriptor=merged)
