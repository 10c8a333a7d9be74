"""Change notification objects: a client's subscription to the one event log, read in Windows' words.

[MS-RPRN] 3.1.1 and [MS-PAR] 3.1.4.9. However a client is told, by calls of its own or by calls to it, this is what
it is told: what happened since it was told last, each member once and as it is now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pagebell.model.access import Principal
from pagebell.model.errors import NotFound, ServiceStopping
from pagebell.model.event import Event, JobId, PrinterName
from pagebell.model.subscription import Scope, SubscriptionId
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.ports import JobQuery
from pagebell.spooler.subscriptions import Subscriptions
from pagebell.winspool.changes import (
    CATEGORIES,
    CATEGORY_3D,
    FIELDS,
    NO_CHANGE,
    OF_PRINTER,
    OF_SERVER,
    ChangeFlag,
    JobField,
    NotifyFlag,
    NotifyType,
)
from pagebell.winspool.idl.notify import (
    RPC_V2_NOTIFY_INFO,
    RPC_V2_NOTIFY_INFO_DATA,
    RPC_V2_NOTIFY_OPTIONS,
    VERSION,
)
from pagebell.winspool.server import telling
from pagebell.winspool.server.desk import Desk, Opened
from pagebell.winspool.server.meaning import Meaning, Members, Wanted, fields_of, meaning
from pagebell.winspool.werror import Win32, Win32Error

AT_ONCE = 256
"""Events that are read in one go; what more there is comes with the next notification."""
MOST_DATA = 20_000
"""Members of one answer; where there are more, the jobs that print last are left out."""
MOST_TYPES = 16
MOST_SHARED = 64
"""Notifications that are at hand for further clients."""
_POSITION = (int(NotifyType.JOB), int(JobField.POSITION))


def wanted(opened: Opened, flags: int, category: int, options: RPC_V2_NOTIFY_OPTIONS | None) -> Wanted:
    """What a client asks for with its handle. Raises Win32Error. [MS-RPRN] 3.1.4.10.4"""
    if opened.monitor is not None or opened.job is not None:
        raise Win32Error(Win32.INVALID_HANDLE)
    if category not in CATEGORIES:
        raise Win32Error(Win32.INVALID_PARAMETER)
    known = ChangeFlag(flags & (OF_SERVER if opened.printer is None else OF_PRINTER))
    members = asked(Scope(opened.printer_id), options)
    if not known and not members:
        raise Win32Error(Win32.INVALID_PARAMETER)
    if category == CATEGORY_3D:  # there are no such printers here
        return Wanted(NO_CHANGE, frozenset())
    return Wanted(known, members)


def asked(scope: Scope, options: RPC_V2_NOTIFY_OPTIONS | None) -> Members:
    """The members that are named. Raises Win32Error for those that no specification has. [MS-RPRN] 2.2.1.13.1"""
    if options is None:
        return frozenset()
    types = options.pTypes or ()
    if options.Version != VERSION or len(types) > MOST_TYPES:
        raise Win32Error(Win32.INVALID_PARAMETER)
    found: set[tuple[int, int]] = set()
    for one in types:
        known = FIELDS.get(one.Type)
        if known is None or (known is FIELDS[NotifyType.SERVER] and scope.printer is not None):
            raise Win32Error(Win32.INVALID_PARAMETER)
        numbers = {int(field) for field in known}
        if not numbers.issuperset(one.pFields or ()):
            raise Win32Error(Win32.INVALID_PARAMETER)
        found.update((one.Type, number) for number in one.pFields or ())
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Told:
    """One notification."""

    flags: ChangeFlag
    data: tuple[RPC_V2_NOTIFY_INFO_DATA, ...]
    color: int
    discarded: bool = False
    """Something was lost: the client must ask for everything anew before it hears more."""
    made: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was made of it for one client, and serves for all others that are told the same."""

    @property
    def info(self) -> RPC_V2_NOTIFY_INFO:
        """As it is marshalled."""
        return RPC_V2_NOTIFY_INFO(Flags=NotifyFlag.INFO_DISCARDED if self.discarded else 0, aData=self.data)


@dataclass(slots=True, eq=False)
class Watcher:
    """One notification object; `watch` makes it."""

    desk: Desk
    by: Principal
    number: SubscriptionId
    scope: Scope
    printer: PrinterName | None
    prefix: str
    wants: Wanted
    color: int = 0
    _after: int = 0
    _discarded: bool = False
    _deleted: bool = False
    _epoch: int = 0
    _refreshed: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def _subscriptions(self) -> Subscriptions:
        return self.desk.spooler.subscriptions

    async def next(self) -> Told:
        """Wait for what the client wants to hear, from where it was told last.

        Raises NotFound when it has been closed or its printer is gone, ServiceStopping when the server goes down.
        """
        async with self._turn:
            while True:
                while self._discarded:
                    self._refreshed.clear()
                    await self._refreshed.wait()
                epoch = self._epoch
                try:
                    lost = self._subscriptions.available(self.number)[0] > self._after + 1
                    if not lost:
                        batch = await self._subscriptions.read(
                            self.number, self.by, self._after, AT_ONCE, wait=True
                        )
                except NotFound:
                    return self._farewell()
                if epoch != self._epoch:  # everything was asked for meanwhile
                    continue
                if lost or batch.missed:
                    self._discarded = True
                    return Told(NO_CHANGE, (), self.color, discarded=True)
                if not batch.events:
                    raise ServiceStopping("the server is shutting down")
                told = await self._shared(batch.events)
                if epoch != self._epoch:
                    continue
                self._after = batch.last
                if told is not None:
                    return told

    def _farewell(self) -> Told:
        """A printer's last notification: it takes its subscriptions with it. Raises NotFound."""
        name, number = self.printer, self.scope.printer
        gone = all(one.id != number for one in self.desk.spooler.printers.all())
        if not gone or name is None or self._deleted:
            raise NotFound(f"there is no subscription {self.number}")
        self._deleted = True
        told = fields_of(self.wants.members, NotifyType.PRINTER)
        data = telling.of_deleted_printer(name, self.prefix, told)
        return Told(ChangeFlag.DELETE_PRINTER, tuple(data), self.color)

    async def _shared(self, events: tuple[Event, ...]) -> Told | None:
        """What the events come to: found out once for all clients that want the same, so that a crowd is told soon."""
        recent = self.desk.recently_told
        alone = self.by.name if self.desk.spooler.dialogs.asks_alone(self.by) else None
        key = (self.scope, self.prefix, self.wants, self.color, alone, tuple(event.seq for event in events))
        if key not in recent:
            recent[key] = await self._told(events)
            while len(recent) > MOST_SHARED:
                recent.popitem(last=False)
        found: Told | None = recent[key]
        return found

    async def _told(self, events: tuple[Event, ...]) -> Told | None:
        """What the events come to, each member once (they are coalesced); None if nothing is for this client."""
        flags, dirty = NO_CHANGE, _Dirty()
        for event in events:
            means = meaning(event)
            if not self.wants.hears(means):
                continue
            of_members = not self.wants.members.isdisjoint(means.members)
            flags |= means.flags if of_members else means.flags & self.wants.flags
            dirty.add(event, means, self.wants.members)
        flags = flags & (OF_SERVER | OF_PRINTER if self.scope.printer is None else OF_PRINTER)
        data = await self._data(dirty)
        return Told(flags, tuple(data), self.color) if flags or data else None

    async def _data(self, dirty: _Dirty) -> list[RPC_V2_NOTIFY_INFO_DATA]:
        """The members that changed, as they are now."""
        desk, data = self.desk, telling.of_server(self.desk, sorted(dirty.server))
        for name, fields in dirty.printers.items():
            try:
                printer = desk.spooler.printers.printer(name)
                data += telling.of_printer(desk, printer, self.prefix, sorted(fields))
            except NotFound:
                data += telling.of_deleted_printer(name, self.prefix, sorted(fields))
        if _POSITION in self.wants.members:
            for name in dirty.moved:
                for job in await desk.spooler.jobs.list(JobQuery(printer=name, limit=MOST_DATA)):
                    dirty.jobs.setdefault(job.id, set()).add(_POSITION[1])
        for number, fields in dirty.jobs.items():
            try:
                job = desk.spooler.dialogs.told(await desk.spooler.jobs.job(number), self.by)
                data += telling.of_job(desk, job, sorted(fields))
            except NotFound:  # forgotten meanwhile, or its printer is
                data += telling.of_gone_job(number, fields)
        return data[:MOST_DATA]

    async def everything(self, members: Members, color: int) -> Told:
        """All these members as they are, from where notifications go on with this colour. [MS-RPRN] 3.1.4.10.5"""
        members = members or self.wants.members
        _, newest = self._subscriptions.available(self.number)
        self.color, self._after, self._discarded = color, newest, False
        self._epoch += 1
        self._refreshed.set()
        desk, data = self.desk, telling.of_server(self.desk, fields_of(members, NotifyType.SERVER))
        for printer in desk.spooler.printers.list():
            if self.scope.printer not in (None, printer.id):
                continue
            if fields := fields_of(members, NotifyType.PRINTER):
                data += telling.of_printer(desk, printer, self.prefix, fields)
            fields = fields_of(members, NotifyType.JOB)
            most = (MOST_DATA - len(data)) // len(fields) if fields else 0
            if most > 0:
                for job in await desk.spooler.jobs.list(JobQuery(printer=printer.name, limit=most)):
                    data += telling.of_job(desk, desk.spooler.dialogs.told(job, self.by), fields)
        return Told(NO_CHANGE, tuple(data), color)

    async def close(self) -> None:
        """Listen no longer; who waits in `next` is told."""
        await self._subscriptions.drop([self.number])
        self._discarded = False
        self._refreshed.set()


@dataclass(slots=True)
class _Dirty:
    """Members to tell, by object."""

    jobs: dict[JobId, set[int]] = field(default_factory=dict)
    printers: dict[PrinterName, set[int]] = field(default_factory=dict)
    server: set[int] = field(default_factory=set)
    moved: set[PrinterName] = field(default_factory=set)

    def add(self, event: Event, means: Meaning, members: Members) -> None:
        told = means.members & members
        self._of(told, NotifyType.SERVER, self.server)
        if event.printer and any(type_ == NotifyType.PRINTER for type_, _ in told):
            self._of(told, NotifyType.PRINTER, self.printers.setdefault(event.printer, set()))
        if event.job is not None and any(type_ == NotifyType.JOB for type_, _ in told):
            self._of(told, NotifyType.JOB, self.jobs.setdefault(event.job, set()))
        if means.moves:
            self.moved.add(event.printer)

    @staticmethod
    def _of(told: Iterable[tuple[int, int]], type_: NotifyType, into: set[int]) -> None:
        into.update(field for kind, field in told if kind == type_)


async def watch(
    desk: Desk, opened: Opened, wants: Wanted, by: Principal, method: str, color: int = 0
) -> Watcher:
    """Begin to listen for a client, by a way of telling it. Raises NotFound, NotAuthorized, TooMany."""
    scope = Scope(opened.printer_id)
    wish = SubscriptionWish(wants.kinds, lease=0, pull_method=method)
    made = await desk.spooler.subscriptions.create_subscription(wish, by, scope=scope)
    return Watcher(desk, by, made.id, scope, opened.printer, opened.prefix, wants, color)


METHODS = PAR_METHOD, RPRN_METHOD, PAN_METHOD = "ms-par", "ms-rprn", "ms-pan"
"""What Windows' subscriptions are called among the others."""


async def forget_watchers(desk: Desk, by: Principal) -> None:
    """At the server's start: clients that were connected before must register anew."""
    after: int | None = 0
    while after is not None:
        page = desk.spooler.subscriptions.list(by, after=after)
        lost = [one.id for one in page.subscriptions if one.pull_method in METHODS]
        if lost:
            await desk.spooler.subscriptions.drop(lost)
        after = page.next
