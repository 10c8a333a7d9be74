"""The event log as its readers see it: numbered matches of a subscription, and waiting for the next.

Subscriptions with equal filters share one interest, so an event is matched once for each distinct filter,
whatever the number of subscriptions; a subscription is only a place to count from. Nothing is queued for a
reader, and only readers parked on a matching interest are woken.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from pagebell.model.errors import NotFound
from pagebell.model.event import Event, EventKind, JobId, PrinterName
from pagebell.model.subscription import SERVER, Filter, Scope, Subscription, SubscriptionId
from pagebell.spooler.pacing import Pacing
from pagebell.spooler.ports import Interest

_RECENT = 4096
"""How many of the newest events are kept at hand; older ones are read from the store."""


@dataclass(frozen=True, slots=True)
class Notification:
    """An event as one subscription's n-th (`number` is its notify-sequence-number)."""

    number: int
    event: Event


@dataclass(frozen=True, slots=True)
class Batch:
    """What a reader gets: events in order; `missed` of them were dropped before the first."""

    notifications: tuple[Notification, ...]
    missed: int = 0
    complete: bool = False
    """No more will come: the subscription's job is finished, and this reaches its end."""

    @property
    def last(self) -> int | None:
        """Number of the last one, to read on from."""
        return self.notifications[-1].number if self.notifications else None


class Archive(Protocol):
    """Where events are that are no longer at hand (the store)."""

    async def events(self, numbers: range | Sequence[int]) -> list[Event]:
        """Those events, in order."""
        ...


@dataclass(slots=True, eq=False)
class _Interest:
    """One distinct filter: the log numbers of its matches, and who waits for the next."""

    filter: Filter
    born: int
    trimmed: int = 0
    is_open: bool = True
    """Not a finished job's: to that nothing happens any more, not even to its printer (RFC 3995 5.3.3.5.1)."""
    matches: array[int] = field(default_factory=lambda: array("Q"))
    subscriptions: set[SubscriptionId] = field(default_factory=set)
    waiters: set[asyncio.Future[None]] = field(default_factory=set)

    @property
    def total(self) -> int:
        return self.trimmed + len(self.matches)

    def wake(self) -> None:
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)
        self.waiters.clear()


@dataclass(slots=True)
class _Entry:
    subscription: Subscription
    interest: _Interest
    base: int
    finished: float | None = None
    pacing: Pacing | None = None


class EventLog:
    """All subscriptions and their matches. Lives in the event loop's thread; `publish` gets events in log order."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._recent: OrderedDict[int, Event] = OrderedDict()
        self._entries: dict[SubscriptionId, _Entry] = {}
        self._interests: dict[Filter, _Interest] = {}
        self._by_scope: dict[Scope, list[_Interest]] = {}
        self._of_jobs: dict[PrinterName, set[_Interest]] = {}
        self._by_job: dict[JobId, set[SubscriptionId]] = {}
        self._by_owner: dict[str, list[SubscriptionId]] = {}
        self._paced: dict[SubscriptionId, Pacing] = {}
        self._progress: dict[int, float] = {}
        """When the log's progress events were, for as long as somebody is paced."""
        self._keep_progress = False
        self._closed = False

    # --- who listens ---

    def attach(self, subscription: Subscription) -> None:
        """Count for this subscription from here on; a known one takes its new attributes."""
        entry = self._entries.get(subscription.id)
        if entry is not None:
            base = entry.base if entry.pacing is None else subscription.base
            entry.subscription = replace(subscription, base=base)
            return
        interest = self._interest(subscription.filter, subscription.since)
        base = interest.total if subscription.base is None else subscription.base
        self._enter(subscription, interest, base, interest.total)

    def restore(
        self,
        subscriptions: Sequence[Subscription],
        interests: Iterable[Interest],
        events: Sequence[Event],
        living: Container[JobId],
    ) -> None:
        """Take up where the log stood at the last stop.

        `events` are all that are retained, in order; `living` are the jobs that were not finished by then.
        """
        self._keep_progress = any(subscription.interval for subscription in subscriptions)
        ending = {event.job for event in events if event.kind is EventKind.JOB_COMPLETED}
        for stored in interests:
            interest = self._interest(stored.filter, stored.born)
            interest.trimmed = stored.trimmed
            job = stored.filter.scope.job
            interest.is_open = job is None or job in living or job in ending
        for event in events:
            self._match(event)
            self._remember(event)
        for subscription in subscriptions:
            interest = self._interest(subscription.filter, subscription.since)
            seen = interest.trimmed + bisect_right(interest.matches, subscription.since)
            self._enter(
                subscription, interest, seen if subscription.base is None else subscription.base, seen
            )

    def detach(self, number: SubscriptionId) -> None:
        """Forget a subscription; who waits for its events is told."""
        entry = self._entries.pop(number, None)
        if entry is None:
            return
        self._paced.pop(number, None)
        if not self._paced:
            self._progress.clear()
        interest = entry.interest
        interest.subscriptions.discard(number)
        interest.wake()
        job = entry.subscription.scope.job
        if job is not None:
            of_job = self._by_job.get(job, set())
            of_job.discard(number)
            if not of_job:
                self._by_job.pop(job, None)
        owned = self._by_owner[entry.subscription.owner]
        del owned[bisect_left(owned, number)]
        if not owned:
            del self._by_owner[entry.subscription.owner]
        if not interest.subscriptions:
            self._drop(interest)

    def finish(self, job: JobId, now: float) -> None:
        """The job's subscriptions get no more events."""
        for number in self._by_job.get(job, ()):
            entry = self._entries[number]
            entry.interest.is_open = False
            if entry.finished is None:
                entry.finished = now
                entry.interest.wake()

    def reopen(self, job: JobId) -> None:
        """The job lives again."""
        for number in self._by_job.get(job, ()):
            entry = self._entries[number]
            entry.finished, entry.interest.is_open = None, True

    def finished_before(self, when: float) -> list[SubscriptionId]:
        """Subscriptions of jobs that were finished by then."""
        return [n for n, e in self._entries.items() if e.finished is not None and e.finished <= when]

    def subscriptions(self) -> list[Subscription]:
        """All, in the order of their ids."""
        return [self._entries[number].subscription for number in sorted(self._entries)]

    def select(
        self, *, scope: Scope | None = None, owner: str | None = None, after: int = 0
    ) -> Iterator[Subscription]:
        """Those of exactly that scope and that owner, where given, with ids above `after`, in their order."""
        if owner is not None:
            numbers: Sequence[SubscriptionId] = self._by_owner.get(owner, [])
        elif scope is not None:
            interests = self._by_scope.get(scope, ())
            numbers = sorted(number for interest in interests for number in interest.subscriptions)
        else:
            numbers = sorted(self._entries)
        for number in numbers[bisect_right(numbers, after) :]:
            subscription = self._entries[number].subscription
            if scope is None or subscription.scope == scope:
                yield subscription

    def hears(self, scope: Scope, kinds: frozenset[EventKind]) -> bool:
        """Whether anybody listens at exactly that scope for one of these kinds."""
        return any(kinds & interest.filter.kinds for interest in self._by_scope.get(scope, ()))

    def count(self, scope: Scope) -> int:
        """How many there are of exactly that scope."""
        return sum(len(interest.subscriptions) for interest in self._by_scope.get(scope, ()))

    def subscription(self, number: SubscriptionId) -> Subscription:
        """Raises NotFound."""
        return self._entry(number).subscription

    def of_job(self, job: JobId) -> frozenset[SubscriptionId]:
        """Ids of the job's own subscriptions."""
        return frozenset(self._by_job.get(job, ()))

    def __len__(self) -> int:
        return len(self._entries)

    # --- what happens ---

    def publish(self, events: Iterable[Event]) -> None:
        """Match numbered events and wake who waits for them."""
        for event in events:
            self._remember(event)
            for interest in self._match(event):
                if interest.waiters:
                    interest.wake()

    def _match(self, event: Event) -> list[_Interest]:
        found = []
        if event.kind is EventKind.JOB_CREATED:  # also of a job that is restarted
            self._open(event, is_open=True)
        for interest in self._candidates(event):
            if interest.is_open and event.seq > interest.born and interest.filter.matches(event):
                interest.matches.append(event.seq)
                found.append(interest)
        if event.kind is EventKind.JOB_COMPLETED:
            self._open(event, is_open=False)
        elif event.kind is EventKind.JOB_PROGRESS and (self._paced or self._keep_progress):
            self._progress[event.seq] = event.at
        return found

    def _open(self, event: Event, *, is_open: bool) -> None:
        for interest in self._by_scope.get(Scope(event.printer, event.job), ()):
            interest.is_open = is_open

    def _candidates(self, event: Event) -> Iterable[_Interest]:
        yield from self._by_scope.get(SERVER, ())
        yield from self._by_scope.get(Scope(event.printer), ())
        if event.job is not None:
            yield from self._by_scope.get(Scope(event.printer, event.job), ())
        else:
            yield from self._of_jobs.get(event.printer, ())

    def _remember(self, event: Event) -> None:
        self._recent[event.seq] = event
        if len(self._recent) > _RECENT:
            self._recent.popitem(last=False)

    # --- reading ---

    async def read(
        self, number: SubscriptionId, after: int = 0, limit: int = 100, *, wait: bool = False
    ) -> Batch:
        """The subscription's notifications numbered above `after`, at most `limit`.

        With `wait`, returns when there is at least one, or when none can come any more. Raises NotFound, also
        when the subscription ends while its reader waits.
        """
        while True:
            entry = self._entry(number)
            matches, offset = self._view(entry)
            start = after + offset
            missed = max(0, -start)
            start = max(0, start)
            wanted = matches[start : start + limit]
            at_end = start + len(wanted) >= len(matches)
            complete = entry.finished is not None and at_end
            if wanted or complete or not wait or self._closed:
                events = await self._fetch(wanted)
                if wanted and not events:
                    continue  # they left the log meanwhile: count them among the missed
                first = after + missed + 1
                numbered = {seq: first + i for i, seq in enumerate(wanted)}
                found = tuple(Notification(numbered[event.seq], event) for event in events)
                missed = found[0].number - after - 1 if found else missed
                return Batch(found, missed, complete)
            await self.news({number: after})

    async def news(self, cursors: Mapping[SubscriptionId, int]) -> None:
        """Return when one of these subscriptions can be read on from its number, or has come to its end."""
        while (interests := self._silent(cursors)) is not None:
            waiter = asyncio.get_running_loop().create_future()
            for interest in interests:
                interest.waiters.add(waiter)
            try:
                await waiter
            finally:
                for interest in interests:
                    interest.waiters.discard(waiter)

    def _silent(self, cursors: Mapping[SubscriptionId, int]) -> list[_Interest] | None:
        """The interests to wait for; None if there is something to tell of already."""
        interests = []
        for number, after in cursors.items():
            entry = self._entries.get(number)
            if entry is None or entry.finished is not None or self._closed:
                return None
            matches, offset = self._view(entry)
            if len(matches) > offset + after:
                return None
            interests.append(entry.interest)
        return interests

    def _view(self, entry: _Entry) -> tuple[array[int], int]:
        """A subscription's matches, and where among them its number 0 would stand."""
        interest = entry.interest
        if entry.pacing is None:
            return interest.matches, entry.base - interest.trimmed
        entry.pacing.catch_up(interest.matches, interest.trimmed, self._progress)
        return entry.pacing.matches, -entry.pacing.trimmed

    @property
    def waiting(self) -> int:
        """How many readers wait; one that waits for several subscriptions is one."""
        return len({waiter for interest in self._interests.values() for waiter in interest.waiters})

    def close(self) -> None:
        """Wake everybody who waits, now and from now on: the server goes down."""
        self._closed = True
        for interest in self._interests.values():
            interest.wake()

    def available(self, number: SubscriptionId) -> tuple[int, int]:
        """Numbers of the oldest notification that can still be read, and of the newest (RFC 3996: 0 if none yet)."""
        matches, offset = self._view(self._entry(number))
        return max(0, -offset) + 1, len(matches) - offset

    async def after(self, position: int, up_to: int) -> list[Event]:
        """The log's events numbered above `position`, to `up_to`; those that were trimmed are left out."""
        return await self._fetch(range(position + 1, up_to + 1))

    async def _fetch(self, numbers: Sequence[int]) -> list[Event]:
        at_hand = [self._recent.get(seq) for seq in numbers]
        if None not in at_hand:
            return [event for event in at_hand if event is not None]
        return await self._archive.events(numbers)

    # --- forgetting ---

    def plan_trim(self, up_to: int) -> tuple[list[Interest], list[Subscription]]:
        """What must be stored in the transaction that removes the events up to that number."""
        interests = []
        for interest in self._interests.values():
            gone = bisect_right(interest.matches, up_to)
            if gone:
                interests.append(Interest(interest.filter, interest.born, interest.trimmed + gone))
        touched = {interest.filter for interest in interests}
        subscriptions = [
            replace(entry.subscription, base=entry.base)
            for entry in self._entries.values()
            if entry.subscription.base is None and entry.interest.filter in touched and entry.pacing is None
        ]
        for number, pacing in self._paced.items():
            entry = self._entries[number]
            self._view(entry)
            base, paced_at = pacing.left_by(up_to, self._progress)
            new = replace(entry.subscription, base=base, paced_at=paced_at)
            if new != entry.subscription:
                subscriptions.append(new)
        return interests, subscriptions

    def trimmed(self, up_to: int) -> None:
        """The store has removed the events up to that number."""
        for pacing in self._paced.values():
            pacing.trim(up_to, self._progress)
        while self._progress and (oldest := next(iter(self._progress))) <= up_to:
            del self._progress[oldest]
        for interest in self._interests.values():
            gone = bisect_right(interest.matches, up_to)
            if gone:
                del interest.matches[:gone]
                interest.trimmed += gone
        while self._recent and next(iter(self._recent)) <= up_to:
            self._recent.popitem(last=False)

    # --- bookkeeping ---

    def _entry(self, number: SubscriptionId) -> _Entry:
        try:
            return self._entries[number]
        except KeyError:
            raise NotFound(f"there is no subscription {number}") from None

    def _enter(self, subscription: Subscription, interest: _Interest, base: int, seen: int) -> None:
        entry = self._entries[subscription.id] = _Entry(subscription, interest, base)
        if subscription.interval:
            pacing = Pacing(subscription.interval, seen, subscription.base or 0, subscription.paced_at)
            entry.pacing = self._paced[subscription.id] = pacing
        interest.subscriptions.add(subscription.id)
        insort(self._by_owner.setdefault(subscription.owner, []), subscription.id)
        if subscription.scope.job is not None:
            self._by_job.setdefault(subscription.scope.job, set()).add(subscription.id)

    def _interest(self, filter_: Filter, born: int) -> _Interest:
        interest = self._interests.get(filter_)
        if interest is None:
            interest = self._interests[filter_] = _Interest(filter_, born)
            self._by_scope.setdefault(filter_.scope, []).append(interest)
            if filter_.scope.job is not None and filter_.scope.printer is not None and _of_printer(filter_):
                self._of_jobs.setdefault(filter_.scope.printer, set()).add(interest)
        return interest

    def _drop(self, interest: _Interest) -> None:
        scope = interest.filter.scope
        del self._interests[interest.filter]
        self._by_scope[scope].remove(interest)
        if not self._by_scope[scope]:
            del self._by_scope[scope]
        if scope.printer is not None and scope.printer in self._of_jobs:
            self._of_jobs[scope.printer].discard(interest)


_PRINTER_KINDS = frozenset(kind for kind in EventKind if kind.value.startswith("printer-"))


def _of_printer(filter_: Filter) -> bool:
    return not _PRINTER_KINDS.isdisjoint(filter_.kinds)
