"""Printers in a directory, where clients ask for that: SetPrinter at level 7. [MS-RPRN] 2.3.3, 3.1.4.2.5

What a client asks for is done while it waits. What follows from that is done beside: entries change with their
printers and go with them, and what the directory did not take is tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final, Protocol

from pagebell.dcerpc.tasks import beside
from pagebell.directory import DirectoryError, Place, PrintQueue
from pagebell.ipp.codec import GroupTag, decode
from pagebell.ipp.registry import Op
from pagebell.ipp.results import PrinterInfo
from pagebell.model.access import SYSTEM
from pagebell.model.errors import NotFound, Refusal
from pagebell.model.event import EventKind
from pagebell.model.printer import Printer
from pagebell.model.subscription import SERVER
from pagebell.spooler.backoff import Backoff
from pagebell.spooler.printers import PrinterWish
from pagebell.spooler.spooler import Spooler
from pagebell.winspool.constants import DsPrint
from pagebell.winspool.server.desk import Ask, Desk
from pagebell.winspool.server.ipp_calls import ask
from pagebell.winspool.server.meaning import PUBLISHED
from pagebell.winspool.server.profile import Entry, entries, entry, no_entry, profile
from pagebell.winspool.werror import Win32, Win32Error

log = logging.getLogger(__name__)
_KINDS: Final = frozenset({EventKind.PRINTER_DELETED, EventKind.PRINTER_CONFIG_CHANGED})
SOONEST: Final = 10.0
LATEST: Final = 2 * 3600.0
"""Seconds between attempts: "decaying from 10 seconds to 2 hours" ([MS-RPRN] 2.3.3)."""


class Catalog(Protocol):
    """Where printers are published."""

    @property
    def host(self) -> str:
        """The server's full name, as clients know it."""
        ...

    async def publish(self, queue: PrintQueue) -> Place:
        """Write a queue's entry, anew or over an older one; returns where it is. Raises DirectoryError."""
        ...

    async def remove(self, dn: str) -> None:
        """Take an entry away, if it is there. Raises DirectoryError."""
        ...


@contextlib.asynccontextmanager
async def carried_out(desk: Desk, printer: Printer, action: int) -> AsyncIterator[None]:
    """Do what DSPRINT_* asks for, where a directory is named; the block then keeps it. Raises Win32Error."""
    publisher = desk.publisher
    if publisher is None:
        yield
        return
    async with publisher.turn:
        try:
            if action in (DsPrint.UNPUBLISH, DsPrint.REPUBLISH):
                await publisher.withdraw(printer.name)
            if action != DsPrint.UNPUBLISH:
                await publisher.publish(printer)
        except DirectoryError as error:
            log.warning("%s is not published as it should be: %s", printer.name, error)
            raise Win32Error(Win32.DS_UNAVAILABLE) from None
        yield


class Publisher:
    """Keeps a directory's entries what the printers are; `running` does it by itself."""

    def __init__(self, spooler: Spooler, catalog: Catalog, ipp: Ask) -> None:
        self.turn = asyncio.Lock()
        """One at a time: what is wanted of a printer and what the directory has of it change together."""
        self._spooler, self._catalog, self._ipp = spooler, catalog, ipp
        self._told: dict[str, PrintQueue] = {}
        """What the directory was told since the start."""

    async def publish(self, printer: Printer) -> None:
        """Write a printer's entry. Raises DirectoryError, NotFound."""
        queue = await self._queue(printer)
        place = await self._catalog.publish(queue)
        old, new = entry(self._spooler.settings, printer.name), Entry(place.dn, str(place.guid or ""))
        if old is not None and old.dn != new.dn:
            await self._catalog.remove(old.dn)
        if old != new:
            kept = (new.setting(printer.name),)
            await self._spooler.printers.change(printer.name, PrinterWish(), SYSTEM, kept, (PUBLISHED,))
        self._told[printer.name] = queue

    async def withdraw(self, printer: str) -> None:
        """Take a printer's entry away, if it has one. Raises DirectoryError."""
        there = entry(self._spooler.settings, printer)
        if there is not None:
            await self._catalog.remove(there.dn)
            await self._spooler.settings.put(no_entry(printer))
        self._told.pop(printer, None)

    async def _queue(self, printer: Printer) -> PrintQueue:
        """A printer as it describes itself by IPP, so that every door publishes the same. Raises NotFound."""
        answer, _ = decode(await ask(self._ipp, SYSTEM, printer, Op.GET_PRINTER_ATTRIBUTES))
        group = answer.group(GroupTag.PRINTER)
        if group is None:
            raise NotFound(f"the printer {printer.name} is gone")
        return PrintQueue.of(PrinterInfo.of(group), self._catalog.host)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Publisher]:
        """Keep the directory up to date while the block runs. [MS-RPRN] 2.3.3.4"""
        async with beside(self._run()):
            yield self

    async def _run(self) -> None:
        try:
            await self._follow()
        except Exception:
            log.exception("published printers are no longer kept up to date")

    async def _follow(self) -> None:
        feed, backoff, changed = self._spooler.feed, Backoff(SOONEST, LATEST), True
        with await feed.open(SERVER, _KINDS, SYSTEM) as reader:
            while not feed.is_closed:
                while reader.is_behind:
                    changed = True
                    await reader.read()
                if await self._keep_up(changed):
                    changed = False
                    backoff.reset()
                    await reader.wait()
                else:
                    await self._spooler.clock.sleep(backoff.next())
                changed |= reader.is_behind
                await reader.read()

    async def _keep_up(self, changed: bool) -> bool:
        """Make the directory's entries what they should be; whether it took all of that.

        Where no printer has changed, as at a heartbeat, those that were told are not looked at.
        """
        kept, well = self._spooler.settings, True
        names = {printer.name for printer in self._spooler.printers.list()}
        for name in sorted(names | entries(kept).keys()):
            async with self.turn:
                try:
                    await self._tend(name, changed)
                except (DirectoryError, Refusal) as error:
                    log.warning("the directory's entry of %s is not as it should be: %s", name, error)
                    well = False
        return well

    async def _tend(self, name: str, changed: bool) -> None:
        """See to one printer, or to the entry of one that is gone. Raises DirectoryError, Refusal."""
        printer = next((one for one in self._spooler.printers.list() if one.name == name), None)
        if printer is None or not profile(self._spooler.settings, printer).published:
            await self.withdraw(name)
        elif name not in self._told or (changed and self._told[name] != await self._queue(printer)):
            await self.publish(printer)
