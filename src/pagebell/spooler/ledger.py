"""The state as last stored, and the only way to change it.

A change is decided from values at hand, stored in one transaction, and takes effect here (caches, event log,
who listens) when the store reports it, in the order of storing. If the values had become old meanwhile, the
store says so and the decision is made again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from pagebell.model.access import Principal
from pagebell.model.errors import NotFound, OutOfService, ServiceStopping, TooMany, Unsupported
from pagebell.model.event import NO_ID, NO_PRINTER, EventKind, JobId, PrinterId, PrinterName, ResourceId
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.model.resource import Resource
from pagebell.model.subscription import Scope, Subscription, SubscriptionId
from pagebell.model.system import UNDESCRIBED
from pagebell.spooler.eventlog import EventLog
from pagebell.spooler.places import Places
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import Change, Clock, Conflict, DocumentStore, Setting, Store
from pagebell.spooler.roster import Roster

log = logging.getLogger(__name__)

Decide = Callable[[], Change | None]
T = TypeVar("T")


_AT_ONCE: Final = 10_000
"""Events that are read together at start."""
MOST_PRINTERS: Final = 65_535
"""The largest printer-id (PWG 5100.22)."""


class Ledger:
    """Printers, living jobs and the event log, true to the store. Lives in the event loop's thread."""

    def __init__(self, store: Store, documents: DocumentStore, clock: Clock, policy: Policy) -> None:
        self.store = store
        self.documents = documents
        self.clock = clock
        self.policy = policy
        self.roster = Roster()
        self.events = EventLog(store)
        self.printers: dict[PrinterName, Printer] = {}
        self.default_printer: PrinterName | None = None
        self.system = UNDESCRIBED
        self.resources: dict[ResourceId, Resource] = {}
        self.settings: dict[str, dict[str, dict[str, bytes]]] = {}
        """What front ends keep, by owner, section and name."""
        self.delivered: dict[SubscriptionId, int] = {}
        """Up to which number each push subscription's recipient has been told."""
        self.listeners: list[Callable[[Change], None]] = []
        """Hear of each change after it has taken effect here."""
        self.hearers: list[Callable[[frozenset[EventKind]], bool]] = []
        """Whether somebody without a subscription hears the server's own events of one of these kinds."""
        self.job_places: Places[JobId] = Places(lambda: self.policy.max_active_jobs, self.roster.count)
        self.subscription_places: Places[SubscriptionId] = Places(
            lambda: self.policy.max_subscriptions, lambda: len(self.events)
        )
        self.stopping = False
        self.uuid = ""
        self._last_job = 0
        self._last_subscription = 0
        self._last_printer = NO_ID
        self._last_resource = 0
        self._ages: deque[tuple[float, int]] = deque()
        """(time, number) of some events, in order: enough to find those that are too old."""
        self.last_event = 0
        """Number of the newest event; 0 before the first."""

    async def open(self) -> None:
        """Read what the store has."""
        snapshot = await self.store.open(self._committed)
        self.uuid = snapshot.uuid
        self._last_job = snapshot.last_job
        self._last_subscription = snapshot.last_subscription
        self.last_event = snapshot.last_event
        self.default_printer = snapshot.default_printer
        self.system = snapshot.system
        self.printers = {printer.name: printer for printer in snapshot.printers}
        self.resources = {resource.id: resource for resource in snapshot.resources}
        self._last_resource = snapshot.last_resource
        self._keep(snapshot.settings)
        self.delivered = dict(snapshot.delivered)
        self._last_printer = snapshot.last_printer
        for job in snapshot.active:
            self.roster.apply(job)
        self.events.restore(snapshot)
        first = snapshot.last_event + 1 if snapshot.first_event is None else snapshot.first_event
        for number in range(first, snapshot.last_event + 1, _AT_ONCE):
            events = await self.store.events(range(number, number + _AT_ONCE))
            for event in events:
                self._age(event.at, event.seq)
            self.events.replay(events)
        self.events.resume({job.id for job in snapshot.active}, {printer.id for printer in snapshot.printers})
        now = self.clock.now()
        for subscription in snapshot.subscriptions:
            job_id = subscription.scope.job
            if job_id is not None and self.roster.get(job_id) is None:
                self.events.finish(job_id, now)

    def hears(self, kinds: frozenset[EventKind]) -> bool:
        """Whether anybody listens to the server as a whole for one of these kinds."""
        return self.events.hears(kinds) or any(hears(kinds) for hears in self.hearers)

    def printer(self, name: PrinterName) -> Printer:
        """Raises NotFound."""
        try:
            return self.printers[name]
        except KeyError:
            raise NotFound(f"there is no printer {name!r}") from None

    def printer_by_id(self, number: PrinterId) -> Printer:
        """Raises NotFound."""
        for printer in self.printers.values():
            if printer.id == number:
                return printer
        raise NotFound(f"there is no printer with the id {number}")

    def know_printers(self, scope: Scope) -> None:
        """Raises NotFound where a scope is about a printer that there is not."""
        for number in scope.all_printers:
            self.printer_by_id(number)

    def at(self, name: PrinterName, by: Principal) -> Principal:
        """Somebody with the rights that they have at a printer. Raises NotFound."""
        return by.within(self.printer(name).access)

    def _keep(self, settings: Sequence[Setting]) -> None:
        for setting in settings:
            kept = self.settings.setdefault(setting.owner, {}).setdefault(setting.section, {})
            kept.pop(setting.name, None)
            if setting.octets is not None:
                kept[setting.name] = setting.octets

    async def job(self, number: JobId) -> Job:
        """The job, living or finished. Raises NotFound."""
        job = self.roster.get(number)
        if job is not None:
            return job
        found = await self.store.jobs([number])
        if not found:
            raise NotFound(f"there is no job {number}")
        return found[0]

    def next_job_id(self) -> JobId:
        """A number that no job has had. It is used up even if its job is never stored."""
        self._last_job += 1
        return JobId(self._last_job)

    def next_printer_id(self) -> PrinterId:
        """A number that no printer has, and that nothing remembers.

        There are not more than these (PWG 5100.22 19.2.1), so that one of a printer that is gone comes again, after all
        others. Raises TooMany.
        """
        taken = {printer.id for printer in self.printers.values()}
        for _ in range(MOST_PRINTERS):
            self._last_printer = PrinterId(self._last_printer % MOST_PRINTERS + 1)
            if self._last_printer not in taken and not self.events.knows(self._last_printer):
                return self._last_printer
        raise TooMany(f"the server has, or remembers, {MOST_PRINTERS} printers, as many as it may")

    def next_subscription_id(self) -> SubscriptionId:
        """A number that no subscription has had."""
        self._last_subscription += 1
        return SubscriptionId(self._last_subscription)

    def next_resource_id(self) -> ResourceId:
        """A number that no resource has had."""
        self._last_resource += 1
        return ResourceId(self._last_resource)

    def lendable(self, name: PrinterName, numbers: Iterable[ResourceId]) -> tuple[ResourceId, ...]:
        """Those of these resources that a job at that printer may use (PWG 5100.22 8.2). Raises NotFound."""
        held = self.printer(name).resources
        return tuple(n for n in dict.fromkeys(numbers) if n in held and self.resources[n].is_usable)

    def take_resources(self, numbers: Iterable[ResourceId]) -> tuple[Resource, ...]:
        """These resources as they are stored when something comes to use them, so that none is cancelled meanwhile.

        Raises Unsupported for one that is not to be had.
        """
        taken = []
        for number in numbers:
            resource = self.resources.get(number)
            if resource is None or not resource.is_usable:
                raise Unsupported(f"resource {number} is not installed", "resource-ids")
            taken.append(replace(resource, version=resource.version + 1))
        return tuple(taken)

    def leave_places(self, job: JobId, subscriptions: Iterable[Subscription] = ()) -> None:
        """These have been stored, or will not be: whatever places were kept for them are not any more."""
        self.job_places.leave((job,))
        self.subscription_places.leave(one.id for one in subscriptions)

    async def update(self, decide: Decide) -> Change | None:
        """Store what `decide` makes of the values at hand; once more if they were old.

        Returns the change that was stored, None if `decide` found nothing to do. Whatever `decide` raises
        comes through; also NoRoom.
        """
        while True:
            change = decide()
            if change is None:
                return None
            try:
                await self.store.commit(change)
            except Conflict:
                continue
            return change

    async def update_job(self, number: JobId, decide: Callable[[Job], Change | None]) -> Job:
        """`update` for one job, living or finished; returns it as it is afterwards. Raises NotFound."""
        while True:
            job = await self.job(number)
            change = decide(job)
            if change is None:
                return job
            try:
                await self.store.commit(change)
            except Conflict:
                continue
            return next(new for new in change.jobs if new.id == number)

    async def commit(self, change: Change) -> None:
        """Store it; who is cancelled meanwhile goes on when it is known what became of the change."""
        await to_end(self.store.commit(change))

    async def insist(self, attempt: Callable[[], Awaitable[None]], retriable: type[Exception]) -> None:
        """Repeat `attempt` until it does not raise `retriable`: for what must be stored in the end.

        While the server goes down it gives up: recovery at the next start sees to it.
        """
        while True:
            try:
                return await attempt()
            except retriable as error:
                log.warning("%s %s", "left to the next start:" if self.stopping else "trying again:", error)
                if self.stopping:
                    return
                await self.clock.sleep(self.policy.retry_store)

    async def forget_documents(self, jobs: Sequence[Job]) -> None:
        """Remove the octets of these jobs' documents."""
        keys = tuple(document.key for job in jobs for document in job.documents)
        if keys:
            await self.commit(Change(gone_contents=keys))
            await self.documents.delete(keys)

    def refuse_if_stopping(self) -> None:
        """Raise ServiceStopping while the server goes down."""
        if self.stopping:
            raise ServiceStopping("the server is shutting down; please try again in a minute")

    def refuse_out_of_service(self, name: PrinterName) -> None:
        """Raise OutOfService where an operator has deactivated the printer or shut it down; NotFound."""
        printer = self.printer(name)
        if printer.is_out_of_service:
            raise OutOfService(f"printer {name} is out of service: {printer.message}")

    def too_old(self) -> int:
        """The newest event's number that may leave the log now, 0 if none."""
        cutoff = self.clock.now() - self.policy.event_life
        number = 0
        for at, newest in self._ages:
            if at >= cutoff:
                break
            number = newest
        return max(number, self.last_event - self.policy.max_events)

    def _age(self, at: float, number: int) -> None:
        """Note how old the log's events are, to the second."""
        self.last_event = number
        second = int(at) + 1.0
        if self._ages and self._ages[-1][0] >= second:
            self._ages[-1] = (self._ages[-1][0], number)
        else:
            self._ages.append((second, number))

    def _committed(self, change: Change) -> None:
        for printer in change.printers:
            self.printers[printer.name] = printer
        gone_printers = [self.printers.pop(name).id for name in change.gone_printers]
        for name in change.gone_printers:
            self.settings.pop(name, None)
        for resource in change.resources:
            self.resources[resource.id] = resource
        for gone in change.gone_resources:
            self.resources.pop(gone, None)
        self._keep(change.settings)
        if change.default_printer is not None:
            self.default_printer = None if change.default_printer == NO_PRINTER else change.default_printer
        if change.system is not None:
            self.system = change.system
        for subscription in change.subscriptions:
            self.events.attach(subscription)
        self.subscription_places.leave(subscription.id for subscription in change.subscriptions)
        for subscription in change.renewed:
            self.events.renew(subscription)
        for job in change.jobs:
            self.roster.apply(job)
        self.job_places.leave(job.id for job in change.jobs)
        self.events.publish(change.events)
        for event in change.events:
            self._age(event.at, event.seq)
        for job in change.jobs:
            if job.state.is_final:
                self.events.finish(job.id, job.completed_at or self.clock.now())
            else:
                self.events.reopen(job.id)
        for subscription in change.subscriptions:
            of = subscription.scope.job
            if of is not None and self.roster.get(of) is None:
                self.events.finish(of, self.clock.now())
        self.delivered.update(change.delivered)
        for number in change.gone_subscriptions:
            self.events.detach(number)
            self.delivered.pop(number, None)
        self.events.forget(change.gone_resources, gone_printers)
        self.events.settle(change.bases)
        if change.trim:
            self.events.trimmed(change.trim, change.counts)
            while self._ages and self._ages[0][1] <= change.trim:
                self._ages.popleft()
        for listener in self.listeners:
            listener(change)


async def to_end(work: Coroutine[None, None, T]) -> T:
    """Do all of it, even if the caller is cancelled meanwhile: for what must not be left half done."""
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        if not running.cancelled():
            running.exception()
        raise
