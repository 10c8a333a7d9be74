"""What all handlers share, and what a client's handle stands for."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pagebell.dcerpc.ndr import ContextHandle
from pagebell.dcerpc.service import Caller
from pagebell.model.access import Grant, Identity, Principal, Right
from pagebell.model.document import NO_WISHES, Ticket
from pagebell.model.errors import Refusal
from pagebell.model.event import JobId, PrinterId, PrinterName
from pagebell.model.printer import Printer
from pagebell.spooler.intake import Intake
from pagebell.spooler.ports import Directory, Setting
from pagebell.spooler.spooler import Spooler
from pagebell.winspool.constants import Access
from pagebell.winspool.security import SERVER_SECURITY
from pagebell.winspool.server.forms_kept import Forms
from pagebell.winspool.server.handover import SpoolFile
from pagebell.winspool.server.profile import profile
from pagebell.winspool.server.values import Values
from pagebell.winspool.werror import Win32, Win32Error

if TYPE_CHECKING:
    from pagebell.winspool.server.calling import Callbacks
    from pagebell.winspool.server.publishing import Publisher

NOTHING = Access(0)
Ask = Callable[[bytes, Principal], Awaitable[bytes]]
"""Answers an IPP request of somebody."""
_ADMINISTERS = Access.SERVER_ACCESS_ADMINISTER | Access.WRITE_DAC | Access.WRITE_OWNER | Access.DELETE
_MANAGES = Access.PRINTER_ACCESS_ADMINISTER | Access.PRINTER_ACCESS_MANAGE_LIMITED


@dataclass(frozen=True, slots=True)
class Settings:
    """How the server presents itself."""

    computer: str = "PAGEBELL"
    names: tuple[str, ...] = ()
    """Further names by which clients may call it."""
    driver: str = "MS Publisher Color Printer"
    """The driver that clients are told to use, one that Windows brings along; for queues that name none."""
    drivers: dict[str, str] = field(default_factory=dict)
    """Drivers by printer."""
    accept_driver_records: bool = False
    """Let administrators add names of drivers, without files: only for tests of other people's."""
    access: tuple[Grant, ...] | None = None
    """Who may print at printers without a security descriptor of their own; None: everybody."""
    smbd_spool: tuple[str, ...] = ()
    """Folders in which smbd writes documents that it hands over."""
    spool_directory: str = r"C:\Windows\system32\spool\PRINTERS"


@dataclass(slots=True)
class Incoming:
    """A document on its way in."""

    job: JobId
    intake: Intake
    pages: int = 0
    file: SpoolFile | None = None
    """Where smbd writes it, which hands it over at the end."""

    async def abort(self, why: str) -> None:
        """It does not come to its end."""
        try:
            await self.intake.abort(why)
        finally:
            self._forget()

    async def commit(self) -> None:
        """It is all there. Raises Refusal, behind which the document is given up."""
        try:
            if self.file is not None and not await self.file.pour(self.intake):
                await self.intake.abort("It was cancelled before its end.", "job-canceled-by-user")
                return
            await self.intake.commit(impressions=self.pages or None)
        except Refusal as refusal:
            await self.intake.abort(str(refusal))
            raise
        finally:
            self._forget()

    def _forget(self) -> None:
        if self.file is not None:
            self.file.remove()
            self.file = None


class Listening(Protocol):
    """Notifications that go to a client by calls to it."""

    async def end(self) -> None:
        """Tell no more."""
        ...


@dataclass(slots=True)
class Reader:
    """A job's octets on their way out."""

    chunks: AsyncGenerator[bytes]
    rest: bytes = b""

    async def take(self, count: int) -> bytes:
        """So many octets, fewer only at the end."""
        while len(self.rest) < count:
            chunk = await anext(self.chunks, None)
            if chunk is None:
                break
            self.rest += chunk
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken


@dataclass(slots=True, eq=False)
class Opened:
    """What a handle stands for: a printer, one of its jobs, the server or a port monitor. [MS-RPRN] 3.1.4.2.2"""

    access: Access = NOTHING
    prefix: str = ""
    r"""The server's name as the client gave it, such as `\\host`."""
    printer: PrinterName | None = None
    printer_id: PrinterId | None = None
    """Which printer it is: a handle does not open another that is made under its name."""
    job: JobId | None = None
    monitor: str | None = None
    """What is behind `,XcvMonitor ` or `,XcvPort `."""
    datatype: str | None = None
    ticket: Ticket = NO_WISHES
    """What is asked for of each document, by the DEVMODE that came with the opening."""
    document: Incoming | None = None
    reader: Reader | None = None
    """Where RpcReadPrinter goes on."""
    machine: str | None = None
    """What the client calls itself (SPLCLIENT_INFO_1). [MS-RPRN] 2.2.1.11.1"""
    listening: Listening | None = None
    """Change notifications that go to the client. [MS-RPRN] 3.1.4.10"""
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One call about the document at a time, in the order in which they came."""

    def printing(self) -> Incoming:
        """The document that is being sent."""
        if self.document is None:
            raise Win32Error(Win32.SPL_NO_STARTDOC)
        return self.document


@dataclass(slots=True)
class InformationContext:
    """What a GDI handle stands for."""

    printer: PrinterName


@dataclass(slots=True)
class Desk:
    """The spooler and its surroundings, as handlers see them."""

    spooler: Spooler
    directory: Directory
    settings: Settings = field(default_factory=Settings)
    ipp: Ask | None = None
    """What answers IPP inside RPC; None where there is no IPP."""
    driver_records: dict[str, dict[str, object]] = field(default_factory=dict)
    recently_told: OrderedDict[object, Any] = field(default_factory=OrderedDict)
    """The newest notifications, for all clients that hear the same."""
    callbacks: Callbacks | None = None
    """What calls clients back; None where no client is called."""
    publisher: Publisher | None = None
    """What publishes printers; None where no directory is named."""

    @property
    def values(self) -> Values:
        """Printer data."""
        return Values(self.spooler.settings)

    @property
    def forms(self) -> Forms:
        """Forms."""
        return Forms(self.spooler.settings)

    async def by(self, caller: Caller) -> Principal:
        """Who calls, with the rights that they have at this server."""
        known = caller.principal
        if known is None or known.anonymous:
            return await self.directory.principal(None, caller.peer)
        return await self.directory.principal(Identity(known.name, known.groups, known.realm), caller.peer)

    async def at(self, caller: Caller, opened: Opened) -> Principal:
        """Who calls, with the rights that they have at what they have opened."""
        by = await self.by(caller)
        if opened.printer is None:
            return by
        return by.within(self.printer_of(opened).access)

    def opened(self, caller: Caller, handle: ContextHandle) -> Opened:
        """What a handle stands for; a stale or foreign one faults the call."""
        return caller.handles.get(handle, Opened)

    def printer(self, caller: Caller, handle: ContextHandle) -> tuple[Opened, Printer]:
        """The printer that a handle stands for. Raises Win32Error, NotFound."""
        opened = self.opened(caller, handle)
        if opened.printer is None:
            raise Win32Error(Win32.INVALID_HANDLE)
        return opened, self.printer_of(opened)

    def printer_of(self, opened: Opened) -> Printer:
        """The printer that was opened. Raises NotFound where it is gone."""
        return self.spooler.printers.by_id(opened.printer_id or 0)

    def driver(self, printer: Printer) -> str:
        """The driver that clients are to use."""
        chosen = self.settings.drivers.get(printer.name)
        return chosen or profile(self.spooler.settings, printer).driver or self.settings.driver

    def server_security(self) -> bytes:
        """The server's own security descriptor."""
        return self.spooler.settings.get("", "windows").get("security", SERVER_SECURITY)

    async def secure_server(self, descriptor: bytes) -> None:
        """Keep another one."""
        await self.spooler.settings.put(Setting("", "windows", "security", descriptor))

    async def run_down(self, opened: Opened) -> None:
        """The client is gone: what it was sending ends, and nothing is sent to it."""
        await self.let_go(opened)
        if opened.document is not None:
            incoming, opened.document = opened.document, None
            await incoming.abort("The connection was lost before the document's end.")

    async def let_go(self, opened: Opened) -> None:
        """A handle is closed: nobody listens or waits with it any more."""
        opened.closed.set()
        if opened.reader is not None:
            await opened.reader.chunks.aclose()
        if opened.listening is not None:
            listening, opened.listening = opened.listening, None
            await listening.end()


def granted(by: Principal, wanted: int) -> Access:
    """The access that is granted. Raises Win32Error when it is too much. [MS-RPRN] 3.1.4.2.2"""
    access = Access(wanted)
    if access & Access.GENERIC_ALL:
        access |= _ADMINISTERS
    administers, manages = by.may(Right.ADMINISTER), by.may(Right.MANAGE_ALL)
    if (access & _ADMINISTERS and not administers) or (access & _MANAGES and not manages):
        raise Win32Error(Win32.ACCESS_DENIED)
    if access & Access.MAXIMUM_ALLOWED:
        access |= _ADMINISTERS if administers else NOTHING
        access |= _MANAGES if manages else NOTHING
    return access
