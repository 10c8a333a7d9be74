"""Use cases of printers: add, change, remove, pause, resume."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from pagebell.model.access import SYSTEM, Grant, Principal, Right
from pagebell.model.document import Ticket
from pagebell.model.errors import AlreadyExists, NotFound, TooMany, Unsupported, WrongState
from pagebell.model.event import (
    NO_PRINTER,
    EventKind,
    PrinterId,
    PrinterName,
    PrinterState,
    ResourceId,
)
from pagebell.model.lifecycle import printer_event, settle
from pagebell.model.printer import Capabilities, Printer, printer_name
from pagebell.model.subscription import Scope
from pagebell.model.system import Contact
from pagebell.spooler.changing import new_default
from pagebell.spooler.devices import NOTHING_REPORTED, Devices, alter
from pagebell.spooler.jobs import Jobs
from pagebell.spooler.ledger import MOST_PRINTERS, Ledger
from pagebell.spooler.ports import Change, Commandable, Conflict, Device, Setting
from pagebell.spooler.queue import Queue

_FRESH: Final = {
    **dict.fromkeys(("paused", "pausing", "holding_new", "deactivated", "shut_down"), False),
    "accepting": False,
}
"""A printer that nobody has done anything to yet (RFC 3998 3.5.3)."""


@dataclass(frozen=True, slots=True)
class PrinterWish:
    """What an administrator asks a printer to be; None leaves things as they are."""

    device: str | None = None
    info: str | None = None
    location: str | None = None
    alias: str | None = None
    access: tuple[Grant, ...] | None = None
    accepting: bool | None = None
    defaults: Ticket | None = None
    organization: str | None = None
    organizational_unit: str | None = None
    geo_location: str | None = None
    operator_message: str | None = None
    contact: Contact | None = None
    resources: tuple[ResourceId, ...] | None = None
    """Of installed ones, for a new printer."""
    paused: bool | None = None
    """As a new printer shall be."""

    def asked(self) -> dict[str, Any]:
        """The fields of a Printer that are to change."""
        return {field: getattr(self, field) for field in self.__slots__ if getattr(self, field) is not None}


class Printers:
    """Everything that can be done with printers."""

    def __init__(
        self,
        ledger: Ledger,
        jobs: Jobs,
        queue: Queue,
        devices: Devices,
    ) -> None:
        self._ledger = ledger
        self._jobs = jobs
        self._queue = queue
        self._devices = devices
        self._changing = asyncio.Lock()
        """One administrator at a time: a printer's row and its task change together."""

    # --- administration ---

    async def add(
        self, name: str, wish: PrinterWish, by: Principal, settings: tuple[Setting, ...] = ()
    ) -> Printer:
        """Add a printer, and what a front end keeps of it.

        Raises NotAuthorized, AlreadyExists, TooMany, Unsupported.
        """
        by.demand(Right.ADMINISTER)
        self._ledger.refuse_if_stopping()
        async with self._changing:
            return await self._add(name, wish, settings)

    async def _add(self, name: str, wish: PrinterWish, settings: tuple[Setting, ...]) -> Printer:
        if len(self._ledger.printers) >= MOST_PRINTERS:
            raise TooMany(f"the server has {MOST_PRINTERS} printers, as many as it may have")
        try:
            good = printer_name(name)
        except ValueError as error:
            raise Unsupported(str(error), "printer-name") from None
        device = self._devices.make(wish.device)
        now = self._ledger.clock.now()
        printer = Printer(
            name=good,
            uuid=str(uuid.uuid4()),
            device=wish.device or "",
            created=now,
            id=self._ledger.next_printer_id(),
            info=good if wish.info is None else wish.info,
            location=wish.location or "",
            alias=wish.alias or "",
            access=wish.access,
            accepting=True if wish.accepting is None else wish.accepting,
            paused=bool(wish.paused),
            state=PrinterState.STOPPED if wish.paused else PrinterState.IDLE,
            defaults=wish.defaults or Ticket(),
            organization=wish.organization or "",
            organizational_unit=wish.organizational_unit or "",
            geo_location=wish.geo_location or "",
            contact=wish.contact or self._ledger.system.contact,  # PWG 5100.22 7.6.1
            resources=wish.resources or (),
            changed=now,
            state_changed=now,
        )

        def decide() -> Change:
            for called in (good, wish.alias):
                self._refuse_taken(called, None)
            taken = self._ledger.take_resources(printer.resources)
            first = good if self._ledger.default_printer not in self._ledger.printers else None
            events = (printer_event(printer, now, EventKind.PRINTER_CREATED),)
            return Change(
                printers=(printer,), events=events, default_printer=first, settings=settings, resources=taken
            )

        self._devices.promise(good, device)
        try:
            await self._ledger.update(decide)
        finally:
            self._devices.forget(good)
        self._devices.begin(good, device)
        return printer

    async def change(
        self,
        name: PrinterName,
        wish: PrinterWish,
        by: Principal,
        settings: tuple[Setting, ...] = (),
        kept: tuple[str, ...] = (),
    ) -> Printer:
        """Change a printer's configuration, and what a front end keeps of it; `kept` names what of that is new.

        Whoever administers no more than one printer may not give it another device.
        Raises NotFound, NotAuthorized, AlreadyExists, Unsupported.
        """
        (by if wish.device is not None else self._ledger.at(name, by)).demand(Right.ADMINISTER)
        device = None if wish.device is None else self._devices.make(wish.device)

        def decide() -> Change:
            now = self._ledger.clock.now()
            old = self._ledger.printer(name)
            self._refuse_taken(wish.alias, name)
            new = replace(old, **wish.asked(), changed=now)
            if wish.operator_message is not None:
                new = replace(new, operator_message_at=now)
            settled, events = settle(old, new, now)
            changed = tuple(
                n for n in wish.asked() if n != "accepting" and getattr(old, n) != getattr(new, n)
            )
            if changed or kept:
                told = (*changed, *kept)
                events += (printer_event(settled, now, EventKind.PRINTER_CONFIG_CHANGED, told),)
            return Change(printers=(settled,), events=events, settings=settings)

        async with self._changing:
            await self._ledger.update(decide)
            if device is not None:
                await self._devices.end(name)
                await alter(self._ledger, name, lambda old: replace(old, **NOTHING_REPORTED))
                self._devices.begin(name, device)
            return self._ledger.printer(name)

    def _refuse_taken(self, called: str | None, name: PrinterName | None) -> None:
        """Raise AlreadyExists where another printer has that name."""
        if called and any(p.is_called(called) for p in self._ledger.printers.values() if p.name != name):
            raise AlreadyExists(f"there is a printer {called} already")

    async def remove(self, name: PrinterName, by: Principal) -> None:
        """Remove a printer and all its jobs; what is on the device is stopped. Raises NotFound, NotAuthorized."""
        self._ledger.at(name, by).demand(Right.ADMINISTER)
        async with self._changing:
            await self._remove(name)

    async def _remove(self, name: PrinterName) -> None:
        self._ledger.printer(name)
        await alter(self._ledger, name, lambda old: replace(old, accepting=False))
        await self._jobs.purge(name, SYSTEM)
        await self._devices.end(name)
        while True:
            await self._jobs.purge(name, SYSTEM)
            try:
                await self._ledger.commit(self._removal(self._ledger.printer(name)))
            except Conflict:  # a job came in that was on its way before, or a subscription
                continue
            break
        self._devices.forget(name)

    def _removal(self, printer: Printer) -> Change:
        """The printer gone, and with it the subscriptions that are about nothing else."""
        told = printer_event(printer, self._ledger.clock.now(), EventKind.PRINTER_DELETED)
        doomed = [s.id for s in self._ledger.events.subscriptions() if self._ends_with(printer, s.scope)]
        default = None
        if self._ledger.default_printer == printer.name:
            default = next((other for other in self._ledger.printers if other != printer.name), NO_PRINTER)
        return Change(
            gone_printers=(printer.name,),
            gone_subscriptions=tuple(doomed),
            events=(told,),
            default_printer=default,
        )

    def _ends_with(self, printer: Printer, scope: Scope) -> bool:
        """Whether nothing is left that a scope is about when that printer is gone."""
        if printer.id not in scope.all_printers:
            return False
        if scope.job is not None:  # it may have been moved to another printer
            return self._ledger.roster.get(scope.job) is None
        others = (other.id for other in self._ledger.printers.values() if other is not printer)
        return not any(other in scope.printers for other in others)

    async def set_default(self, name: PrinterName, by: Principal) -> None:
        """Make it the server's default printer. Raises NotFound, NotAuthorized."""
        by.demand(Right.ADMINISTER)
        await self._ledger.update(lambda: new_default(self._ledger.printer(name), self._ledger.clock.now()))

    # --- operation ---

    async def pause(self, name: PrinterName, by: Principal) -> Printer:
        """Stop feeding the device at once; the job that is printing stops with it. Raises NotFound, NotAuthorized."""
        return await self._operate(name, by, paused=True, pausing=False)

    async def pause_after_current(self, name: PrinterName, by: Principal) -> Printer:
        """Start no more jobs; the one that is printing goes on to its end (RFC 3998 3.2). Raises as `pause`."""
        return await self._operate(name, by, pausing=True)

    async def resume(self, name: PrinterName, by: Principal) -> Printer:
        """Go on. Raises as `pause`."""
        return await self._operate(name, by, paused=False, pausing=False)

    async def note(self, name: PrinterName, message: str, by: Principal) -> Printer:
        """Let an operator say something to the printer's users (RFC 3998 6). Raises as `pause`."""
        now = self._ledger.clock.now()
        return await self._operate(name, by, operator_message=message, operator_message_at=now, changed=now)

    async def accept(self, name: PrinterName, accepting: bool, by: Principal) -> Printer:
        """Let jobs be created, or not (RFC 3998 3.1). Raises as `pause`."""
        return await self._operate(name, by, accepting=accepting)

    async def hold_new(self, name: PrinterName, by: Principal) -> Printer:
        """Hold the jobs that are created from now on (RFC 3998 3.3.1). Raises as `pause`."""
        return await self._operate(name, by, holding_new=True)

    async def release_held_new(self, name: PrinterName, by: Principal) -> Printer:
        """Hold new jobs no longer, and let those go that were held so (RFC 3998 3.3.2). Raises as `pause`."""
        printer = await self._operate(name, by, holding_new=False)
        await self._queue.release_new(name)
        return printer

    async def deactivate(self, name: PrinterName, by: Principal) -> Printer:
        """Answer questions, finish the job that is printing, and nothing else (RFC 3998 3.4.1). Raises as `pause`."""
        return await self._operate(name, by, deactivated=True, accepting=False, pausing=True)

    async def activate(self, name: PrinterName, by: Principal) -> Printer:
        """Undo `deactivate` (RFC 3998 3.4.2). Raises as `pause`; WrongState when it is shut down."""
        facts: dict[str, Any] = {"deactivated": False, "accepting": True, "paused": False, "pausing": False}
        return await self._operate(name, by, only="up", **facts)

    async def shut_down(self, name: PrinterName, by: Principal) -> Printer:
        """As `deactivate`, until it is started up (RFC 3998 3.5.2). Raises as `pause`."""
        kind = EventKind.PRINTER_SHUTDOWN
        return await self._operate(
            name, by, kind, deactivated=True, shut_down=True, accepting=False, pausing=True
        )

    async def start_up(self, name: PrinterName, by: Principal, *, paused: bool = False) -> Printer:
        """Idle or paused, and without a past; it takes no jobs before `accept` (RFC 3998 3.5.3, PWG 5100.22 6.1.8).

        Raises as `pause`; WrongState when it is not shut down.
        """
        kind = EventKind.PRINTER_RESTARTED
        return await self._operate(name, by, kind, only="shut down", **_FRESH | {"paused": paused})

    async def restart(self, name: PrinterName, by: Principal, *, paused: bool = False) -> Printer:
        """Begin anew; a job that is printing is interrupted and printed again (RFC 3998 3.5.1). Raises as `pause`.

        Paused, it takes no jobs either: so printers are after their system's restart (PWG 5100.22 6.3.13).
        """
        self._ledger.at(name, by).demand(Right.MANAGE_ALL)
        async with self._changing:
            device = self.device(name)
            await self._devices.end(name)
            try:
                fresh = {**_FRESH, **NOTHING_REPORTED, "accepting": not paused, "paused": paused}
                await self._operate(name, by, EventKind.PRINTER_RESTARTED, **fresh)
            finally:
                self._devices.begin(name, device)
        await self._queue.release_new(name)
        return self._ledger.printer(name)

    async def _operate(
        self, name: PrinterName, by: Principal, kind: EventKind | None = None, only: str = "", **facts: Any
    ) -> Printer:
        """Give a printer new facts, told as an event of `kind`, too; `only` to one that is "up", or "shut down"."""
        self._ledger.at(name, by).demand(Right.MANAGE_ALL)

        def change(old: Printer) -> Printer:
            if only and only != (found := "shut down" if old.shut_down else "up"):
                raise WrongState(f"printer {name} is {found}: this is for one that is {only}")
            return replace(old, **facts)

        return await alter(self._ledger, name, change, kind)

    async def identify(
        self, name: PrinterName, actions: Collection[str], message: str, by: Principal
    ) -> None:
        """Make the device noticed. Raises NotFound, NotAuthorized."""
        self._ledger.at(name, by).demand(Right.PRINT)
        await self.device(name).identify(actions, message)

    def command(self, name: PrinterName, text: str, by: Principal) -> str:
        """Tell a virtual printer what to do. Raises NotFound, NotAuthorized, Unsupported."""
        self._ledger.at(name, by).demand(Right.ADMINISTER)
        device = self.device(name)
        if not isinstance(device, Commandable):
            raise Unsupported(
                f"the device of printer {name} takes no commands; a simulated one does", "message"
            )
        try:
            return device.command(text)
        except ValueError as error:
            raise Unsupported(str(error), "message") from None

    # --- asking ---

    def printer(self, name: PrinterName) -> Printer:
        """Raises NotFound."""
        return self._ledger.printer(name)

    def find(self, name: str) -> Printer:
        """The printer with that name or alias, however it is spelt. Raises NotFound."""
        found = self._ledger.printers.get(PrinterName(name))
        if found is None:
            found = next((p for p in self._ledger.printers.values() if p.is_called(name)), None)
        if found is None:
            raise NotFound(f"there is no printer {name!r}")
        return found

    def by_id(self, number: int) -> Printer:
        """The printer with that printer-id. Raises NotFound."""
        return self._ledger.printer_by_id(PrinterId(number))

    def list(self) -> list[Printer]:
        """All printers, by name."""
        return [self._ledger.printers[name] for name in sorted(self._ledger.printers)]

    def of(self, scope: Scope) -> tuple[Printer, ...]:
        """Those that a scope names and that are still there, by name."""
        return tuple(printer for printer in self.list() if printer.id in scope.all_printers)

    def all(self) -> Iterable[Printer]:
        """All printers, in no order."""
        return self._ledger.printers.values()

    def refuse_out_of_service(self, name: PrinterName) -> None:
        """Raise OutOfService where it is deactivated or shut down; NotFound."""
        self._ledger.refuse_out_of_service(name)

    @property
    def default(self) -> Printer:
        """The default printer. Raises NotFound when there is no printer at all."""
        name = self._ledger.default_printer
        if name is None or name not in self._ledger.printers:
            if self._ledger.printers:
                return next(iter(self._ledger.printers.values()))
            raise NotFound("there is no printer yet; add one with `pagebell printers add`")
        return self._ledger.printers[name]

    def capabilities(self, name: PrinterName) -> Capabilities:
        """What the printer's device can do, with the converter's help. Raises NotFound."""
        return self._devices.capabilities(name)

    def device(self, name: PrinterName) -> Device:
        """The printer's device. Raises NotFound."""
        return self._devices.at(name)
