"""The server as a whole: its state is what its printers are together, and who asked hears when that changes."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from pagebell.model.access import Principal, Right
from pagebell.model.errors import NoRoom
from pagebell.model.event import (
    NO_PRINTER,
    Event,
    EventKind,
    PrinterName,
    PrinterState,
    SystemStatus,
)
from pagebell.model.lifecycle import printer_event
from pagebell.model.printer import Printer
from pagebell.model.system import UNDESCRIBED, SystemDescription
from pagebell.spooler.changing import new_default
from pagebell.spooler.ledger import Ledger, to_end
from pagebell.spooler.ports import Change

_SEVERITY: Final = re.compile("-(error|warning|report)$")
_OF_STATE: Final = (EventKind.SYSTEM_STATE_CHANGED, EventKind.SYSTEM_STOPPED)


class CombinedState:
    """What printers' states come to together, kept as they change: none costs more for there being many."""

    def __init__(self, printers: Iterable[Printer] = ()) -> None:
        self._of: dict[PrinterName, tuple[PrinterState, frozenset[str]]] = {}
        self._states: Counter[PrinterState] = Counter()
        self._reasons: Counter[str] = Counter()
        for printer in printers:
            self.put(printer)

    def put(self, printer: Printer) -> None:
        """Take a printer as it is now."""
        new = printer.state, printer.reasons
        if self._of.get(printer.name) != new:
            self.drop(printer.name)
            self._of[printer.name] = new
            self._count(*new, 1)

    def drop(self, name: PrinterName) -> None:
        """Forget a printer."""
        old = self._of.pop(name, None)
        if old is not None:
            self._count(*old, -1)

    def _count(self, state: PrinterState, reasons: frozenset[str], by: int) -> None:
        self._states[state] += by
        for reason in {_SEVERITY.sub("", reason) for reason in reasons}:
            self._reasons[reason] += by

    @property
    def status(self) -> SystemStatus:
        """Printing if any printer is, stopped if all are (PWG 5100.22 7.3.26).

        Its reasons are those of all of them, with no severity (7.3.30).
        """
        states = set(+self._states)
        state = PrinterState.IDLE
        if PrinterState.PROCESSING in states:
            state = PrinterState.PROCESSING
        elif states == {PrinterState.STOPPED}:
            state = PrinterState.STOPPED
        return SystemStatus(state, frozenset(+self._reasons))


class System:
    """What there is to know of the server itself.

    Its events follow the changes that they tell of, each in a transaction of its own, and only where a subscription
    listens for them: no job costs more because of events that nobody wants.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._combined = CombinedState()
        self.status = self._combined.status
        """Its state as it is now."""
        self.state_changed: float | None = None
        """When that changed last; None if it has not since the start."""
        self._untold: asyncio.Queue[Event] = asyncio.Queue()
        self.config_changed = ledger.clock.now()
        """When a printer came or went, or the server was described anew; or the start."""
        self.config_changes = 0
        self._changes_of: Counter[PrinterName] = Counter()
        self._described = UNDESCRIBED
        """How it was described before the change that is just taking effect."""
        self._changing = asyncio.Lock()
        """One administrator at a time: what is described anew is made of what was."""
        ledger.listeners.append(self._committed)

    @property
    def uuid(self) -> str:
        """The same at every start."""
        return self._ledger.uuid

    @property
    def description(self) -> SystemDescription:
        """What administrators say of it."""
        return self._ledger.system

    def changes_of(self, printer: PrinterName) -> int:
        """How often a printer's configuration has changed since the start."""
        return self._changes_of[printer]

    async def change(self, by: Principal, default: PrinterName | None = None, **facts: Any) -> None:
        """Describe it anew, by fields of SystemDescription, and have another default printer: all of it, or nothing.

        Raises NotAuthorized, NotFound.
        """
        by.demand(Right.ADMINISTER)
        ledger = self._ledger
        async with self._changing:
            new = replace(ledger.system, **facts)

            def decide() -> Change | None:
                change = Change()
                if default is not None and default != ledger.default_printer:
                    change = new_default(ledger.printer(default), ledger.clock.now())
                if new != ledger.system:
                    change = replace(change, system=new)
                return None if change == Change() else change

            await to_end(ledger.update(decide))

    async def started(self) -> None:
        """Tell who asked that the server is up again."""
        self._described = self.description
        self._combined = CombinedState(self._ledger.printers.values())
        self.status, self.state_changed = self._combined.status, None
        if self._is_heard(EventKind.SYSTEM_RESTARTED):
            await self._tell(self._event(EventKind.SYSTEM_RESTARTED, self.status))

    async def stopping(self) -> None:
        """Tell who asked that the server goes down."""
        if self._is_heard(EventKind.SYSTEM_SHUTDOWN):
            await self._tell(self._event(EventKind.SYSTEM_SHUTDOWN, self.status))

    async def announce(self, *changed: str, printer: PrinterName | None = None) -> None:
        """Tell that something of the server's or a printer's configuration changed that is kept elsewhere.

        `changed` names it. Raises NotFound for an unknown printer.
        """
        if printer is not None:
            about, now = self._ledger.printer(printer), self._ledger.clock.now()
            told = printer_event(about, now, EventKind.PRINTER_CONFIG_CHANGED, changed)
            await self._ledger.commit(Change(events=(told,)))
            return
        self.config_changed = self._ledger.clock.now()
        self.config_changes += 1
        if self._is_heard(EventKind.SYSTEM_CONFIG_CHANGED):
            await self._tell(self._event(EventKind.SYSTEM_CONFIG_CHANGED, self.status, changed))

    async def run(self) -> None:
        """Store the events that are due, in their order; for as long as the server runs."""
        while True:
            await self._tell(await self._untold.get())

    async def _tell(self, event: Event) -> None:
        async def attempt() -> None:
            await self._ledger.store.commit(Change(events=(event,)))

        await self._ledger.insist(attempt, NoRoom)

    def _is_heard(self, *kinds: EventKind) -> bool:
        return self._ledger.hears(frozenset(kinds))

    def _event(self, kind: EventKind, status: SystemStatus, changed: tuple[str, ...] = ()) -> Event:
        return Event(kind, self._ledger.clock.now(), NO_PRINTER, system_status=status, changed=changed)

    def _committed(self, change: Change) -> None:
        told = [event.printer for event in change.events if event.kind is EventKind.PRINTER_CONFIG_CHANGED]
        self._changes_of.update(set(told))
        for name in change.gone_printers:
            del self._changes_of[name]
        came = any(printer.version == 1 for printer in change.printers)
        names = self._renewed(change)
        if change.default_printer is not None:
            names = ("default_printer", *names)
        if came or change.gone_printers:
            names = (*names, "printers")
        if names:
            self.config_changed = self._ledger.clock.now()
            self.config_changes += 1
        if change.printers or change.gone_printers:
            self._restate(change)
        if names and self._is_heard(EventKind.SYSTEM_CONFIG_CHANGED):
            self._untold.put_nowait(self._event(EventKind.SYSTEM_CONFIG_CHANGED, self.status, names))

    def _renewed(self, change: Change) -> tuple[str, ...]:
        """What of its description is new."""
        old, new = self._described, change.system
        if new is None:
            return ()
        self._described = new
        return tuple(name for name in new.__slots__ if getattr(new, name) != getattr(old, name))

    def _restate(self, change: Change) -> None:
        """See what becomes of its state when printers' do."""
        for printer in change.printers:
            self._combined.put(printer)
        for name in change.gone_printers:
            self._combined.drop(name)
        old, new = self.status, self._combined.status
        if new == old:
            return
        self.status, self.state_changed = new, self._ledger.clock.now()
        if not self._is_heard(*_OF_STATE):
            return
        kind = EventKind.SYSTEM_STATE_CHANGED
        if new.state is PrinterState.STOPPED and old.state is not new.state:
            kind = EventKind.SYSTEM_STOPPED
        changed = tuple(name for name in ("state", "reasons") if getattr(old, name) != getattr(new, name))
        self._untold.put_nowait(self._event(kind, new, changed))
