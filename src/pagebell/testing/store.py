"""The `Store` port in memory: what it holds survives `close`, so that a test can restart its spooler."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace

from pagebell.model.document import DocumentKey
from pagebell.model.errors import NoRoom
from pagebell.model.event import NO_ID, NO_PRINTER, Event, EventKind, JobId, PrinterName, ResourceId
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.model.resource import Resource
from pagebell.model.subscription import Scope, Subscription, SubscriptionId
from pagebell.model.system import UNDESCRIBED
from pagebell.spooler.ports import Base, Change, Committed, Conflict, Count, JobQuery, Setting, Snapshot


class MemoryStore:
    """`ports.Store`. While `full` is set, every change is refused with NoRoom, as on a full disk."""

    def __init__(self) -> None:
        self.full = False
        self.history: list[Event] = []
        """Every event ever stored, also those that the log has dropped since: for tests to look at."""
        self._committed: Committed | None = None
        self._contents: dict[DocumentKey, bytes] = {}
        self._jobs: dict[JobId, Job] = {}
        self._printers: dict[PrinterName, Printer] = {}
        self._resources: dict[ResourceId, Resource] = {}
        self._subscriptions: dict[SubscriptionId, Subscription] = {}
        self._births: dict[JobId, int] = {}
        self._counts: dict[tuple[Scope, EventKind], Count] = {}
        self._bases: dict[SubscriptionId, Base] = {}
        self._delivered: dict[SubscriptionId, int] = {}
        self._events: dict[int, Event] = {}
        self._last_printer = NO_ID
        self._last_job = 0
        self._last_subscription = 0
        self._last_resource = 0
        self._last_event = 0
        self._default: PrinterName | None = None
        self._system = UNDESCRIBED
        self._settings: dict[tuple[str, str, str], Setting] = {}
        self._uuid = str(uuid.uuid4())

    async def open(self, committed: Committed) -> Snapshot:
        """Make ready; the snapshot is of what is held."""
        self._committed = committed
        return Snapshot(
            printers=tuple(self._printers.values()),
            active=tuple(job for job in self._jobs.values() if not job.state.is_final),
            subscriptions=tuple(self._subscriptions.values()),
            births=tuple(self._births.items()),
            counts=tuple(self._counts.values()),
            bases=tuple(self._bases.values()),
            delivered=tuple(self._delivered.items()),
            first_event=min(self._events, default=None),
            resources=tuple(self._resources.values()),
            last_resource=self._last_resource,
            last_printer=self._last_printer,
            last_job=self._last_job,
            last_subscription=self._last_subscription,
            last_event=self._last_event,
            default_printer=self._default,
            system=self._system,
            settings=tuple(self._settings[key] for key in sorted(self._settings)),
            uuid=self._uuid,
        )

    async def commit(self, change: Change) -> None:
        """Store all of it. Raises Conflict, NoRoom.

        A turn of the event loop passes before and after, so that callers meet the races of a real store; one
        that is cancelled may have stored its change, or not.
        """
        await asyncio.sleep(0)
        if self._committed is None:
            raise RuntimeError("the store is closed")
        if self.full:
            raise NoRoom("there is no room in this store: its `full` is set")
        self._check(change)
        numbered = self._number(change)
        self._apply(numbered)
        self._committed(numbered)
        await asyncio.sleep(0)

    async def jobs(self, query: JobQuery | Sequence[JobId]) -> list[Job]:
        """Jobs by query or by id."""
        await asyncio.sleep(0)
        if not isinstance(query, JobQuery):
            return [self._jobs[number] for number in sorted(query) if number in self._jobs]
        found = [job for job in self._jobs.values() if _matches(job, query)]
        if query.finished:
            found.sort(key=lambda job: (job.completed_at or 0.0, job.id), reverse=True)
        else:
            found.sort(key=lambda job: (-job.priority, job.id))
        return found[query.offset : query.offset + query.limit]

    async def events(self, numbers: range | Sequence[int]) -> list[Event]:
        """Those of these events that have not been trimmed, in order."""
        await asyncio.sleep(0)
        if isinstance(numbers, range):
            return [event for seq, event in self._events.items() if seq in numbers]
        return [self._events[number] for number in sorted(numbers) if number in self._events]

    async def content(self, key: DocumentKey) -> bytes | None:
        """The octets that a change carried (`ports.Contents`)."""
        return self._contents.get(key)

    async def content_keys(self) -> set[DocumentKey]:
        """The keys of all contents."""
        return set(self._contents)

    async def close(self) -> None:
        """Let go; what is held stays for the next `open`."""
        await asyncio.sleep(0)
        self._committed = None

    def _check(self, change: Change) -> None:
        for job in change.jobs:
            stored = self._jobs.get(job.id)
            if (stored.version if stored else 0) != job.version - 1:
                raise Conflict(f"job {job.id}")
        for printer in change.printers:
            known = self._printers.get(printer.name)
            if any(other.id == printer.id for other in self._printers.values() if other is not known):
                raise Conflict(f"id {printer.id} of printer {printer.name}")
            if (known.version if known else 0) != printer.version - 1:
                raise Conflict(f"printer {printer.name}")
        for resource in change.resources:
            held = self._resources.get(resource.id)
            if (held.version if held else 0) != resource.version - 1:
                raise Conflict(f"resource {resource.id}")
        for subscription in change.renewed:
            if subscription.id not in self._subscriptions:
                raise Conflict(f"subscription {subscription.id}")
        self._check_places(change)

    def _check_places(self, change: Change) -> None:
        """Whether what is about something is there where that is."""
        resources = {*self._resources, *(resource.id for resource in change.resources)}
        printers = {**self._printers, **{printer.name: printer for printer in change.printers}}
        for job in change.jobs:
            if job.printer not in printers or printers[job.printer].id != job.printer_id:
                raise Conflict(f"printer {job.printer} of job {job.id}")
        ids = {printer.id for printer in printers.values()}
        for scope in (subscription.scope for subscription in change.subscriptions):
            if not ids.issuperset(scope.all_printers):
                raise Conflict(f"printers {scope.all_printers} of a subscription")
            if scope.resource is not None and scope.resource not in resources:
                raise Conflict(f"resource {scope.resource} of a subscription")
        named = {setting.owner for setting in change.settings if setting.owner and setting.octets is not None}
        named |= {change.default_printer or NO_PRINTER} - {NO_PRINTER}
        if not named <= printers.keys() - set(change.gone_printers):
            raise Conflict(f"printers {named}")
        jobs = self._jobs | {job.id: job for job in change.jobs}
        if any(number in jobs and not jobs[number].state.is_final for number in change.gone_jobs):
            raise Conflict("jobs that live")
        left = (job for job in self._jobs.values() if job.id not in change.gone_jobs)
        if change.gone_printers and any(job.printer in change.gone_printers for job in left):
            raise Conflict("jobs of a printer that was to go")

    def _number(self, change: Change) -> Change:
        subscriptions = tuple(
            replace(s, since=self._last_event) if s.since < 0 else s for s in change.subscriptions
        )
        first = self._last_event + 1
        events = tuple(replace(event, seq=first + i) for i, event in enumerate(change.events))
        return replace(change, subscriptions=subscriptions, events=events)

    def _apply(self, change: Change) -> None:
        for printer in change.printers:
            self._printers[printer.name] = printer
            self._last_printer = printer.id if printer.version == 1 else self._last_printer
        for resource in change.resources:
            self._resources[resource.id] = resource
            self._last_resource = max(self._last_resource, resource.id)
        for resource_id in change.gone_resources:
            self._resources.pop(resource_id, None)
            self._counts = {k: c for k, c in self._counts.items() if k[0].resource != resource_id}
        for job in change.jobs:
            self._jobs[job.id] = job
            self._last_job = max(self._last_job, job.id)
        for subscription in change.subscriptions:
            self._add(subscription)
        self._subscriptions.update((subscription.id, subscription) for subscription in change.renewed)
        for event in change.events:
            self._events[event.seq] = event
            self._last_event = event.seq
        self.history += change.events
        self._contents.update((content.key, content.octets) for content in change.contents)
        for key in change.gone_contents:
            self._contents.pop(key, None)
        for number in change.gone_jobs:
            self._jobs.pop(number, None)
        for name in change.gone_printers:
            self._printers.pop(name, None)
            self._settings = {key: value for key, value in self._settings.items() if key[0] != name}
        for setting in change.settings:
            place = setting.owner, setting.section, setting.name
            self._settings.pop(place, None)
            if setting.octets is not None:
                self._settings[place] = setting
        for gone in change.gone_subscriptions:
            self._drop(gone)
        for count in change.counts:
            if not count.trimmed:
                self._counts.pop((count.scope, count.kind), None)
            elif count.scope.job is None or self._births.get(count.scope.job) == count.born:
                self._counts[count.scope, count.kind] = count
        known = (base for base in change.bases if base.subscription in self._subscriptions)
        self._bases.update((base.subscription, base) for base in known)
        for told, up_to in change.delivered:
            if told in self._subscriptions:
                self._delivered[told] = up_to
        if change.trim:
            self._events = {seq: event for seq, event in self._events.items() if seq > change.trim}
        if change.default_printer is not None:
            self._default = None if change.default_printer == NO_PRINTER else change.default_printer
        if change.system is not None:
            self._system = change.system

    def _add(self, subscription: Subscription) -> None:
        self._subscriptions[subscription.id] = subscription
        self._last_subscription = max(self._last_subscription, subscription.id)
        if subscription.scope.job is not None:
            self._births.setdefault(subscription.scope.job, subscription.since)

    def _drop(self, number: SubscriptionId) -> None:
        gone = self._subscriptions.pop(number, None)
        self._delivered.pop(number, None)
        self._bases.pop(number, None)
        job = None if gone is None else gone.scope.job
        if job is not None and all(s.scope.job != job for s in self._subscriptions.values()):
            del self._births[job]
            self._counts = {key: count for key, count in self._counts.items() if key[0].job != job}


def _matches(job: Job, query: JobQuery) -> bool:
    return (
        job.state.is_final == query.finished
        and query.printer in (None, job.printer)
        and query.owner in (None, job.owner)
        and (query.states is None or job.state in query.states)
        and (query.completed_after is None or (job.completed_at or 0.0) >= query.completed_after)
        and (query.completed_before is None or (job.completed_at or 0.0) < query.completed_before)
    )
