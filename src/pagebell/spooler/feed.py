"""The event log for readers without a subscription: they keep their own place, a number of the log.

That number stays good across restarts, and costs the server nothing while nobody reads.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from pagebell.model.access import Principal, Right
from pagebell.model.errors import NotFound, ServiceStopping, TooMany
from pagebell.model.event import Event, EventKind, JobId
from pagebell.model.subscription import Filter, Scope
from pagebell.spooler.audience import Audience
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.ports import Change

HEARTBEAT: Final = 15.0
"""Seconds after which readers are woken for nothing, so that they can tell somebody that they live."""
CHUNK: Final = 500
"""Events of the log that are looked through at once."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What a reader gets at once."""

    events: tuple[Event, ...] = ()
    dropped: int = 0
    """So many events, of whatever kind, left the log before this reader had read them: they came before these."""


class Feed:
    """Who reads the log. Lives in the event loop's thread; `start` comes after the log is restored."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._audience: Audience[Reader] = Audience()
        self._closed = False

    def start(self, group: asyncio.TaskGroup) -> None:
        """Hear of what happens."""
        self._ledger.listeners.append(self._on_change)
        self._ledger.hearers.append(self._audience.wants)
        self._heart = group.create_task(self._beat(), name="heartbeat of readers")

    async def _beat(self) -> None:
        """One beat for all: a timer for each reader would cost more memory than the reader."""
        while True:
            await self._ledger.clock.sleep(HEARTBEAT)
            for reader in self._audience:
                reader.wake()

    def close(self) -> None:
        """End all readers: the server goes down."""
        self._closed = True
        self._heart.cancel()
        for reader in self._audience:
            reader.wake()

    @property
    def is_closed(self) -> bool:
        """The server goes down: readers should come back later."""
        return self._closed

    @property
    def newest(self) -> int:
        """Number of the newest event; 0 before the first."""
        return self._ledger.last_event

    def __len__(self) -> int:
        return len(self._audience)

    async def open(
        self, scope: Scope, kinds: frozenset[EventKind], by: Principal, after: int | None = None
    ) -> Reader:
        """A reader, to be used as a context, of what comes after that number of the log; None: from now on.

        It hears what a subscription of that scope would. Raises NotFound, NotAuthorized, TooMany, ServiceStopping.
        """
        by.demand(Right.LOOK)
        if scope.job is not None:
            job = await self._ledger.job(scope.job)
            by.demand_own(job.owner)
            scope = Scope(job.printer_id, job.id)
        self._ledger.know_printers(scope)
        if self._closed:
            raise ServiceStopping("the server is shutting down; please try again in a minute")
        if len(self._audience) >= self._ledger.policy.max_readers:
            raise TooMany("as many read events as may do so at one time; please try again later")
        place = self.newest if after is None else min(after, self.newest)
        return Reader(self, self._audience, Filter.of(scope, kinds), place)

    async def lives(self, job: JobId, place: int) -> bool:
        """Whether things befall the job at that place of the log: its next event tells, else its state now."""
        for start in range(place, self.newest, CHUNK):
            for event in await self.between(start, min(start + CHUNK, self.newest)):
                if event.job == job:
                    return event.kind is not EventKind.JOB_CREATED
        try:
            return not (await self._ledger.job(job)).state.is_final
        except NotFound:
            return False

    async def between(self, place: int, up_to: int) -> list[Event]:
        """The events that are still there of those numbered above `place`, to `up_to`."""
        return await self._ledger.events.after(place, up_to)

    def _on_change(self, change: Change) -> None:
        for event in change.events:
            for reader in self._audience.hearers(event):
                reader.hear(event.seq)


class Reader:
    """A place in the log that moves on with what is read. As a context it is known to the feed."""

    def __init__(self, feed: Feed, audience: Audience[Reader], filter_: Filter, place: int) -> None:
        self._feed = feed
        self._audience = audience
        self._filter = filter_
        self._place = place
        self._news: int | None = None
        """The first event that was heard of and not read."""
        self._lives: bool | None = None
        """Whether things befall its job where it has come to; None: that is still to be found out."""
        self._woken = asyncio.Event()

    def __enter__(self) -> Self:
        self._audience.join(self._filter, self)
        self._up_to = self._feed.newest
        """What is older has to be looked through; of all that is newer, `hear` is told."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._audience.leave(self._filter, self)

    @property
    def place(self) -> int:
        """Up to which number of the log all has been read that concerns this reader."""
        if self._place < self._up_to:
            return self._place
        return self._feed.newest if self._news is None else max(self._place, self._news - 1)

    def hear(self, number: int) -> None:
        """There is news."""
        if self._news is None:
            self._news = number
        self.wake()

    def wake(self) -> None:
        """Let `wait` return."""
        self._woken.set()

    async def read(self) -> Passage:
        """What there is next; empty where there is nothing, or nothing in the piece that was looked through."""
        self._woken.clear()
        if self._place >= self._up_to:  # nothing is left from before this reader came
            if self._news is None:
                return Passage()
            self._place, self._up_to, self._news = self.place, self._feed.newest, None
        start, end = self._place, min(self._place + CHUNK, self._up_to)
        found = await self._feed.between(start, end)
        dropped = found[0].seq - start - 1 if found else end - start
        self._place = end
        if dropped:
            self._lives = None
        if self._filter.scope.job is None:
            return Passage(tuple(event for event in found if self._filter.matches(event)), dropped)
        return Passage(tuple([event for event in found if await self._concerns(event)]), dropped)

    async def _concerns(self, event: Event) -> bool:
        """Whether a job's reader hears of that event; of the printer's while the job lives (RFC 3995 5.3.3.5.1)."""
        job = self._filter.scope.job
        assert job is not None
        if event.job == job:
            self._lives = event.kind is not EventKind.JOB_COMPLETED
        if not self._filter.matches(event):
            return False
        if event.job == job:
            return True
        if self._lives is None:
            self._lives = await self._feed.lives(job, event.seq)
        return self._lives

    @property
    def is_behind(self) -> bool:
        """Whether `read` has something to look through."""
        return self._place < self._up_to or self._news is not None

    async def wait(self) -> None:
        """Return when there may be something to read, at a heartbeat, or when the server goes down."""
        if not self.is_behind and not self._feed.is_closed:
            await self._woken.wait()
