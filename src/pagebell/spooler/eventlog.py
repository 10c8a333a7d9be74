"""The event log as its readers see it: numbered matches of a subscription, and waiting for the next.

A subscription is only a place to count from: the chronicles of its scope, which it shares with everybody else who
listens there, tell its n-th match. When something happens nothing is stored, done or woken for a subscription; only
readers parked on a matching chronicle are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter, OrderedDict
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from sys import intern
from typing import Protocol

from pagebell.model.errors import NotFound
from pagebell.model.event import Event, EventKind, JobId, PrinterId, ResourceId
from pagebell.model.subscription import Scope, Subscription, SubscriptionId
from pagebell.spooler.chronicle import Chronicle, JobChronicle
from pagebell.spooler.chronicles import Chronicles
from pagebell.spooler.leases import Leases
from pagebell.spooler.listener import Listener, kinds_of
from pagebell.spooler.pacing import Pacing
from pagebell.spooler.ports import Base, Count, Snapshot
from pagebell.spooler.reading import Batch, Turns, Watch

_RECENT = 4096
"""How many of the newest events are kept at hand; older ones are read from the store."""


class Archive(Protocol):
    """Where events are that are no longer at hand (the store)."""

    async def events(self, numbers: range | Sequence[int]) -> list[Event]:
        """Those events, in order."""
        ...


class EventLog:
    """All subscriptions and their matches. Lives in the event loop's thread; `publish` gets events in log order."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._recent: OrderedDict[int, Event] = OrderedDict()
        self._asked: Sequence[int] = ()
        """The numbers asked for last, which nobody changes,"""
        self._found: tuple[Event, ...] = ()
        """and their events."""
        self._chronicles = Chronicles()
        self._listeners: dict[SubscriptionId, Listener] = {}
        self._server_wants: Counter[EventKind] = Counter()
        """How many subscriptions of the server's scope hear each kind."""
        self._by_owner: dict[str, list[SubscriptionId]] = {}
        self.leases = Leases(self._end)
        self._unsettled: dict[SubscriptionId, None] = {}
        """Whose base the store may not know yet, in the order in which they came."""
        self._paced: set[Listener] = set()
        self._progress: dict[int, float] = {}
        """When the log's progress events were, for as long as somebody is paced."""
        self._waiting = 0
        self._turns = Turns()
        self._closed = False

    # --- who listens ---

    def attach(self, subscription: Subscription) -> None:
        """Count for a new subscription from here on."""
        chronicle = self._chronicles.get(subscription.scope, subscription.since)
        listener = self._enter(subscription, chronicle, None)
        listener.base = listener.count()

    def renew(self, subscription: Subscription) -> None:
        """A known one has new attributes."""
        listener = self._listeners.get(subscription.id)
        if listener is not None:
            listener.subscription = _compact(subscription, listener.chronicle)
            self.leases.note(subscription.id, subscription.expires)

    def detach(self, number: SubscriptionId) -> None:
        """Forget a subscription; who waits for its events is told."""
        listener = self._listeners.pop(number, None)
        if listener is None:
            return
        self._unsettled.pop(number, None)
        for sleeper in listener.sleepers:
            sleeper.wake()
        subscription, chronicle = listener.subscription, listener.chronicle
        del chronicle.members[bisect_left(chronicle.members, number)]
        if chronicle is self._chronicles.server:
            self._server_wants.subtract(listener.kinds)
        owned = self._by_owner[subscription.owner]
        del owned[bisect_left(owned, number)]
        if not owned:
            del self._by_owner[subscription.owner]
        if not chronicle.members:
            self._chronicles.drop(chronicle)
        self._paced.discard(listener)
        if not self._paced:
            self._progress.clear()

    def finish(self, job: JobId, now: float) -> None:
        """The job's subscriptions get no more events."""
        self._chronicles.finish(job, now)

    def reopen(self, job: JobId) -> None:
        """The job lives again."""
        self._chronicles.reopen(job)

    def forget(self, resources: Iterable[ResourceId], printers: Iterable[PrinterId]) -> None:
        """These resources and printers are gone, and their subscriptions with them."""
        self._chronicles.forget(resources, printers)

    def knows(self, printer: PrinterId) -> bool:
        """Whether an event or a subscription remembers a printer of that id."""
        return self._chronicles.knows(printer)

    def over(self, now: float, finished_before: float) -> set[SubscriptionId]:
        """Subscriptions whose lease has run out, of jobs that were finished by then, and of printers that are gone."""
        return self.leases.over(now).union(self._chronicles.over(finished_before))

    def ending(self, up_to: int) -> list[SubscriptionId]:
        """Subscriptions of finished jobs that have nothing left to tell when the log is trimmed."""
        return self._chronicles.ended_by(up_to)

    def subscriptions(self) -> list[Subscription]:
        """All, in the order of their ids."""
        return [self._listeners[number].subscription for number in sorted(self._listeners)]

    def select(
        self, *, scope: Scope | None = None, owner: str | None = None, after: int = 0
    ) -> Iterator[Subscription]:
        """Those of exactly that scope and that owner, where given, with ids above `after`, in their order."""
        members = None if scope is None else self._chronicles.members(scope)
        numbers = sorted(self._listeners) if members is None else members
        if owner is not None:
            numbers = self._by_owner.get(owner, [])
        for number in numbers[bisect_right(numbers, after) :]:
            listener = self._listeners[number]
            if members is None or listener.chronicle.members is members:
                yield listener.subscription

    def of_system(self) -> list[Scope]:
        """The scopes of the server's own subscriptions: all it has, and some printers."""
        return self._chronicles.of_system()

    def count(self, scope: Scope) -> int:
        """How many there are of exactly that scope."""
        return len(self._chronicles.members(scope))

    def hears(self, kinds: Iterable[EventKind]) -> bool:
        """Whether anybody listens to the server as a whole for one of these kinds."""
        return any(self._server_wants[kind] for kind in kinds)

    def subscription(self, number: SubscriptionId) -> Subscription:
        """Raises NotFound."""
        return self._listener(number).subscription

    def __len__(self) -> int:
        return len(self._listeners)

    # --- what happens ---

    def publish(self, events: Iterable[Event]) -> None:
        """Count numbered events and wake who waits for them."""
        for event in events:
            self._note(event)
            for chronicle in self._chronicles.count(event):
                if chronicle.parked:
                    chronicle.wake(event.kind)

    def _note(self, event: Event) -> None:
        """Keep at hand what readers will need."""
        self._recent[event.seq] = event
        if len(self._recent) > _RECENT:
            self._recent.popitem(last=False)
        if event.kind is EventKind.JOB_PROGRESS and self._paced:
            self._progress[event.seq] = event.at

    # --- reading ---

    async def read(
        self, number: SubscriptionId, after: int = 0, limit: int = 100, *, wait: bool = False
    ) -> Batch:
        """The subscription's notifications numbered above `after`, at most `limit`.

        With `wait`, returns when there is at least one, or when none can come any more. Raises NotFound, also
        when the subscription ends while its reader waits.
        """
        while True:
            listener = self._listener(number)
            if listener.pacing is not None:
                listener.catch_up(self._progress)
            window = listener.window(after, limit, self._chronicles.trimmed)
            numbers, _, complete = window
            if numbers or complete or not wait or self._closed:
                events = await self._fetch(numbers)
                if numbers and not events:
                    continue  # they left the log meanwhile: count them among the missed
                return self._listener(number).batch(after, window, events)
            await self.news({number: after})

    def at_hand(self, number: SubscriptionId, after: int) -> Batch | None:
        """All above that number; None where the store has to be asked, some were missed or no more will come."""
        listener = self._listeners.get(number)
        if listener is None or self._closed:
            return None
        if listener.pacing is not None:
            listener.catch_up(self._progress)
        numbers, missed, complete = listener.window(after, _RECENT, self._chronicles.trimmed)
        events = self._found if numbers is self._asked else self._at_hand(numbers)
        if events is None or missed or complete:
            return None
        return Batch(listener.subscription, after + 1, events)

    async def news(self, cursors: dict[SubscriptionId, int]) -> None:
        """Return when one of these subscriptions can be read on from its number, or has come to its end."""
        with self.watch(cursors) as watch:
            await watch.news()

    @contextmanager
    def watch(self, cursors: dict[SubscriptionId, int]) -> Iterator[Watch]:
        """Be woken for what these subscriptions tell above those numbers, which may rise as they are read."""
        watch = Watch(cursors, self, self._turns)
        listeners = [self._listeners[number] for number in cursors if number in self._listeners]
        for listener in listeners:
            listener.park(watch)
        self._waiting += 1
        try:
            yield watch
        finally:
            self._waiting -= 1
            for listener in listeners:
                listener.leave(watch)

    def has_news(self, number: SubscriptionId, after: int) -> bool:
        """Whether there is something to tell above that number, or nothing will come any more."""
        listener = self._listeners.get(number)
        if listener is None or self._closed or listener.chronicle.finished is not None:
            return True
        if listener.pacing is not None:
            listener.catch_up(self._progress)
        return listener.total() > after

    @property
    def waiting(self) -> int:
        """How many readers wait; one that waits for several subscriptions is one."""
        return self._waiting

    def close(self) -> None:
        """Wake everybody who waits, now and from now on: the server goes down."""
        self._closed = True
        for chronicle in self._chronicles:
            chronicle.wake()

    def available(self, number: SubscriptionId) -> tuple[int, int]:
        """Numbers of the oldest notification that can still be read, and of the newest (RFC 3996: 0 if none yet)."""
        listener = self._listener(number)
        listener.catch_up(self._progress)
        return listener.gone(self._chronicles.trimmed) + 1, listener.total()

    async def after(self, position: int, up_to: int) -> list[Event]:
        """The log's events numbered above `position`, to `up_to`; those that were trimmed are left out."""
        return list(await self._fetch(range(position + 1, up_to + 1)))

    async def _fetch(self, numbers: Sequence[int]) -> tuple[Event, ...]:
        events = self._at_hand(numbers)
        return tuple(await self._archive.events(numbers)) if events is None else events

    def _at_hand(self, numbers: Sequence[int]) -> tuple[Event, ...] | None:
        """Those events, where none of them has to be looked up; a crowd that asks for the same has the same tuple."""
        if numbers is not self._asked:
            try:
                found = tuple([self._recent[seq] for seq in numbers])
            except KeyError:
                return None
            self._asked, self._found = numbers, found
        return self._found

    # --- forgetting ---

    @property
    def trimmed_up_to(self) -> int:
        """The newest event's number that has left the log."""
        return self._chronicles.trimmed

    def unsettled(self, up_to: int, limit: int) -> tuple[Base, ...]:
        """Some of what must be stored before the events up to that number may leave the log; none when all is."""
        first = (self._listeners[number] for number in islice(self._unsettled, limit))
        return tuple(
            Base(listener.subscription.id, listener.base)
            for listener in first
            if listener.subscription.since < up_to
        )

    def plan_trim(self, up_to: int) -> tuple[tuple[Count, ...], tuple[Base, ...]]:
        """What must be stored in the transaction that removes the events up to that number."""
        bases = []
        for chronicle in self._chronicles.gapped:
            for listener in map(self._listener, chronicle.members):
                if listener.pacing is None and (skipped := listener.skipped(up_to)):
                    bases.append(Base(listener.subscription.id, listener.base + skipped))
        for listener in self._paced:
            listener.catch_up(self._progress)
            assert listener.pacing is not None
            gone, before = listener.pacing.left_by(up_to, self._progress)
            if gone != listener.pacing.trimmed:
                bases.append(Base(listener.subscription.id, gone, before))
        return self._chronicles.counts(up_to), tuple(bases)

    def settle(self, bases: Iterable[Base]) -> None:
        """The store knows these now."""
        for base in bases:
            listener = self._listeners.get(base.subscription)
            if listener is not None and listener.pacing is None:
                listener.base = base.count
                listener.is_settled = True
                self._unsettled.pop(base.subscription, None)

    def trimmed(self, up_to: int, counts: Iterable[Count]) -> None:
        """The store has removed the events up to that number, and knows the counts and bases that `plan_trim` told."""
        for listener in self._paced:
            assert listener.pacing is not None
            listener.pacing.trim(up_to, self._progress)
        while self._progress and (oldest := next(iter(self._progress))) <= up_to:
            del self._progress[oldest]
        self._chronicles.trim(up_to, counts)
        while self._recent and next(iter(self._recent)) <= up_to:
            self._recent.popitem(last=False)

    # --- after a restart ---

    def restore(self, snapshot: Snapshot) -> None:
        """Begin where the log stood at the last stop; `replay` of all its events follows, then `resume`."""
        self._chronicles.restore(snapshot)
        bases = {base.subscription: base for base in snapshot.bases}
        for subscription in sorted(snapshot.subscriptions, key=lambda one: one.since):
            chronicle = self._chronicles.get(subscription.scope, 0)
            self._enter(subscription, chronicle, bases.get(subscription.id))

    def replay(self, events: Sequence[Event]) -> None:
        """The log's events, in order."""
        for event in events:
            self._note(event)
        self._chronicles.replay(events)

    def resume(self, living: Container[JobId], printers: Container[PrinterId]) -> None:
        """All has been replayed: `living` are the jobs that were not finished by then, `printers` those that are."""
        self._chronicles.resume(living, printers)
        for listener in self._listeners.values():
            if not listener.is_settled and listener.pacing is None:
                listener.base = listener.count(max(listener.subscription.since, self._chronicles.trimmed))

    def _listener(self, number: SubscriptionId) -> Listener:
        try:
            return self._listeners[number]
        except KeyError:
            raise NotFound(f"there is no subscription {number}") from None

    def _end(self, number: SubscriptionId) -> float | None:
        listener = self._listeners.get(number)
        return None if listener is None else listener.subscription.expires

    def _enter(self, subscription: Subscription, chronicle: Chronicle, base: Base | None) -> Listener:
        subscription = _compact(subscription, chronicle)
        kinds = kinds_of(subscription.events)
        listener = Listener(subscription, chronicle, kinds.heard)
        if isinstance(chronicle, JobChronicle) and kinds.of_printer:
            listener.printer, listener.of_printer = chronicle.printer, kinds.of_printer
        if base is not None:
            listener.base, listener.is_settled = base.count, True
        if subscription.interval:
            since = max(subscription.since, self._chronicles.trimmed)
            past = () if base is None else (base.count, base.paced_at)
            listener.pacing = Pacing(subscription.interval, since, *past)
            self._paced.add(listener)
        if not listener.is_settled and listener.pacing is None:
            self._unsettled[subscription.id] = None
        self._listeners[subscription.id] = listener
        insort(chronicle.members, subscription.id)
        if chronicle is self._chronicles.server:
            self._server_wants.update(kinds.heard)
        insort(self._by_owner.setdefault(subscription.owner, []), subscription.id)
        self.leases.note(subscription.id, subscription.expires)
        return listener


def _compact(subscription: Subscription, chronicle: Chronicle) -> Subscription:
    """It shares what it has in common with others: there may be many."""
    wanted = kinds_of(subscription.events).wanted
    owner, uri = intern(str(subscription.owner)), intern(str(subscription.uri))
    return replace(subscription, scope=chronicle.scope, events=wanted, owner=owner, uri=uri)
