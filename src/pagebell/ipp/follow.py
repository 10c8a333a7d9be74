"""Following one job to its end: by the server's events where it has them, else by asking politely.

What is told comes in this order, whatever the way: a picture of the job, then each change, then the end.
Where events are used the subscription is made before the first picture, so that nothing falls between the
two.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeVar

from pagebell.ipp import registry as r
from pagebell.ipp.errors import (
    ClientError,
    ConnectionFailed,
    HttpError,
    IppError,
    NotFound,
    Silent,
    Unavailable,
    Unsupported,
)
from pagebell.ipp.registry import JobState, Op, PrinterState
from pagebell.ipp.results import UNSET, Events, JobInfo, Notification, PrinterInfo, Subscription

if TYPE_CHECKING:
    from pagebell.ipp.client import Client

T = TypeVar("T")


class Feedback(Enum):
    """How the news of a job comes in."""

    EVENTS = "events"
    """The server tells of each change as it happens (RFC 3996)."""
    POLLING = "polling"
    """The server is asked again and again."""
    INTERRUPTED = "interrupted"
    """The server can't be reached at the moment; the picture is the last that was seen."""
    NONE = "none"
    """Nobody can tell any more; this is the last update."""


@dataclass(frozen=True, slots=True)
class JobUpdate:
    """A job and its printer as they are now."""

    job: JobInfo
    printer: PrinterInfo
    feedback: Feedback
    problem: str = ""
    """Why there is no feedback, as a sentence."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to ask and how long to be patient, in seconds."""

    quick: float = 0.5
    slow: float = 5.0
    safety: float = 30.0
    """A look now and then although events come."""
    retry: float = 0.5
    retry_most: float = 15.0
    patience: float = 300.0
    """Without any sign of the server, before the job is given up."""


DEFAULT_PACE: Final = Pace()
_WANTED: Final = ("job-state-changed", "job-progress", "job-completed", "printer-state-changed")


class _NoFeedback(Exception):
    """The server cannot tell about this job; the text is a sentence."""


@dataclass(slots=True)
class Follower:
    """One job being followed; ``updates`` is used once."""

    client: Client
    job: JobInfo
    pace: Pace
    _printer: PrinterInfo = field(init=False)
    _subscription: Subscription | None = None
    _by_events: bool = True
    _seen: int = 0  # the last event's number
    _told: JobUpdate | None = None

    def __post_init__(self) -> None:
        self._printer = PrinterInfo(self.client.uri)

    async def updates(self) -> AsyncGenerator[JobUpdate]:
        """All updates. Raises ConnectionFailed when patience is at its end, and what the server refuses."""
        lost_at: float | None = None
        delay = self.pace.retry
        while True:
            try:
                async for update in self._connected():
                    lost_at, delay = None, self.pace.retry
                    yield update
                return
            except _NoFeedback as reason:
                yield JobUpdate(self.job, self._printer, Feedback.NONE, str(reason))
                return
            except (ConnectionFailed, Unavailable, HttpError) as error:
                now = asyncio.get_running_loop().time()
                lost_at = now if lost_at is None else lost_at
                if not _may_pass(error) or now - lost_at > self.pace.patience:
                    raise
                interrupted = JobUpdate(self.job, self._printer, Feedback.INTERRUPTED, str(error))
                if interrupted != self._told:
                    self._told = interrupted
                    yield interrupted
            await asyncio.sleep(delay)
            delay = min(delay * 2, self.pace.retry_most)

    async def _connected(self) -> AsyncIterator[JobUpdate]:
        """Updates for as long as the connection holds, to the job's end."""
        await self._subscribe()
        await self._look()
        yield self._update()
        while not self.job.is_final:
            ways = self._listen() if self._by_events else self._ask()
            async for update in ways:
                yield update

    # --- asking ---

    async def _ask(self) -> AsyncIterator[JobUpdate]:
        delay = self.pace.quick
        while not self.job.is_final:
            await asyncio.sleep(delay)
            await self._look()
            if self._changed():
                delay = self.pace.quick
                yield self._update()
            else:
                delay = min(delay * 1.5, self.pace.slow)

    async def _look(self) -> None:
        """See how the job and, while it is not final, its printer are."""
        known = self.job
        try:
            seen = await self.client.job(known)
        except NotFound:
            if known.is_final:
                return
            raise _NoFeedback("The printer no longer knows this job.") from None
        except Unsupported:
            raise _NoFeedback("The printer does not tell what becomes of its jobs.") from None
        self.job = replace(
            seen,
            name=seen.name or known.name,
            owner=seen.owner or known.owner,
            impressions=seen.impressions or known.impressions,
            ignored=known.ignored,
        )
        if self.job.state == UNSET:
            raise _NoFeedback("The printer does not tell the state of this job.")
        if not self.job.is_final:
            await self._look_at_printer()

    async def _look_at_printer(self) -> None:
        try:
            self._printer = replace(await self.client.printer_status(), raw=self._printer.raw)
        except IppError:
            return  # the printer was removed, or the address is a server's: the job is what counts

    # --- events ---

    async def _subscribe(self) -> None:
        """Subscribe to the job's events, once; a server that has none is asked instead."""
        if not self._by_events or self._subscription is not None:
            return
        try:
            printer = await self.client.printer(
                r.notify_pull_method_supported, r.notify_events_supported, r.operations_supported
            )
            if not printer.ippget or not printer.offers(Op.CREATE_JOB_SUBSCRIPTIONS, Op.GET_NOTIFICATIONS):
                self._by_events = False
                return
            events = [event for event in _WANTED if event in printer.events] or [*_WANTED[:1]]
            self._subscription = await self.client.subscribe(*events, job=self.job)
        except IppError as error:
            if isinstance(error, Unavailable):
                raise
            self._by_events = False

    async def _listen(self) -> AsyncIterator[JobUpdate]:
        """Updates from events, with a look now and then; turns to asking when events come too seldom."""
        assert self._subscription is not None
        events: Events | None = None
        answers = self.client.wait_notifications(self._subscription, self._seen)
        try:
            async for events in _with_pauses(answers, self._pause):
                if events is None or await self._take(events):
                    await self._look()
                if self.job.is_final:
                    await self._look()  # an event tells less of the end than the job itself
                if self._changed():
                    yield self._update()
                if self.job.is_final:
                    return
        except Silent:
            return
        except IppError as error:
            if isinstance(error, Unavailable):
                raise
            self._by_events = False
            return
        finally:
            await answers.aclose()
        if events is None or events.complete or (events.interval or 0) > self.pace.slow:
            self._by_events = False
        else:
            await asyncio.sleep(max(events.interval or 0, self.pace.quick))

    def _pause(self) -> float:
        """How long to wait for an event before looking: a place in the queue changes without one."""
        return (
            self.pace.slow
            if self.job.state in (JobState.PENDING, JobState.PROCESSING_STOPPED)
            else self.pace.safety
        )

    async def _take(self, events: Events) -> bool:
        """Take events into account; tells whether some were missed and a look is due."""
        missed = False
        for event in events.notifications:
            if event.sequence <= self._seen:
                continue
            missed = missed or event.sequence != self._seen + 1
            self._seen = event.sequence
            self.job = self.job.merged(event)
            self._printer = merged_printer(self._printer, event)
        return missed

    def _changed(self) -> bool:
        told = self._told
        return told is None or (told.job, told.printer) != (self.job, self._printer) or told.problem != ""

    def _update(self) -> JobUpdate:
        way = Feedback.EVENTS if self._by_events else Feedback.POLLING
        self._told = JobUpdate(self.job, self._printer, way)
        return self._told


def merged_printer(printer: PrinterInfo, event: Notification) -> PrinterInfo:
    """A printer with what an event tells anew of it; an event about a job alone changes nothing."""
    raw = event.raw
    state = raw.get(r.printer_state)
    reasons = raw.all(r.printer_state_reasons)
    if state is None and not reasons:
        return printer
    accepting = raw.get(r.printer_is_accepting_jobs)
    return replace(
        printer,
        state=printer.state if state is None else PrinterState(int(state)),
        reasons=tuple(str(one) for one in reasons if one != "none") if reasons else printer.reasons,
        message="",
        accepting=printer.accepting if accepting is None else accepting,
    )


def _may_pass(error: ClientError) -> bool:
    """Whether to try again: not when the server answered and meant no."""
    return not isinstance(error, HttpError) or error.status >= 500


async def _with_pauses(source: AsyncGenerator[T], pause: Callable[[], float]) -> AsyncGenerator[T | None]:
    """What ``source`` yields, and None each time it stayed quiet for ``pause()`` seconds."""
    waiting: asyncio.Task[T] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(anext(source))
            await asyncio.wait({waiting}, timeout=pause())
            if not waiting.done():
                yield None
                continue
            done, waiting = waiting, None
            try:
                yield done.result()
            except StopAsyncIteration:
                return
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.wait({waiting})
