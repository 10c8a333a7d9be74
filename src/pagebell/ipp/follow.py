"""Following one job to its end: by the server's events where it has them, else by asking politely.

What is told comes in this order, whatever the way: a picture of the job, then each change, then the end.
Where events are used the subscription is made before the first picture, so that nothing falls between the
two.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from pagebell.ipp import registry as r
from pagebell.ipp.errors import ConnectionFailed, HttpError, IppError, NotFound, Unavailable, Unsupported
from pagebell.ipp.events import EventStream, Gap, Pace, Patience, with_pauses
from pagebell.ipp.registry import JobState, Op, PrinterState
from pagebell.ipp.results import UNSET, JobInfo, Notification, PrinterInfo

if TYPE_CHECKING:
    from pagebell.ipp.client import Client


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
    _stream: EventStream | None = None
    _by_events: bool = True
    _told: JobUpdate | None = None

    def __post_init__(self) -> None:
        self._printer = PrinterInfo(self.client.uri)

    async def updates(self) -> AsyncGenerator[JobUpdate]:
        """All updates. Raises ConnectionFailed when patience is at its end, and what the server refuses."""
        patience = Patience(self.pace)
        try:
            while True:
                try:
                    async for update in self._connected():
                        patience.restored()
                        yield update
                    return
                except _NoFeedback as reason:
                    yield JobUpdate(self.job, self._printer, Feedback.NONE, str(reason))
                    return
                except (ConnectionFailed, Unavailable, HttpError) as error:
                    delay = patience.after(error)
                    interrupted = JobUpdate(self.job, self._printer, Feedback.INTERRUPTED, str(error))
                    if interrupted != self._told:
                        self._told = interrupted
                        yield interrupted
                await asyncio.sleep(delay)
        finally:
            await self._leave()

    async def _leave(self) -> None:
        """End the subscription of a job that goes on; a final job's goes by itself."""
        if self._stream is not None:
            self._stream.over = self._stream.over or self.job.is_final
            await self._stream.close()

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
        if not self._by_events or self._stream is not None:
            return
        try:
            printer = await self.client.printer(
                r.notify_pull_method_supported, r.notify_events_supported, r.operations_supported
            )
            if not printer.ippget or not printer.offers(Op.CREATE_JOB_SUBSCRIPTIONS, Op.GET_NOTIFICATIONS):
                self._by_events = False
                return
            events = tuple(event for event in _WANTED if event in printer.events) or _WANTED[:1]
            stream = EventStream(self.client, self.job, events, self.pace)
            await stream.open()
            self._stream = stream
        except IppError as error:
            if isinstance(error, Unavailable):
                raise
            self._by_events = False

    async def _listen(self) -> AsyncIterator[JobUpdate]:
        """Updates from events, with a look now and then; turns to asking when events come too seldom."""
        assert self._stream is not None
        try:
            async with (
                aclosing(self._stream.news()) as news,
                aclosing(with_pauses(news, self._pause)) as items,
            ):
                missed = False
                async for item in items:
                    if isinstance(item, Notification):
                        self._take(item)
                        continue
                    if isinstance(item, Gap):
                        missed = True
                        continue
                    if item is None or missed or self.job.is_final:
                        await self._look()  # an event tells less of the end than the job itself
                        missed = False
                    if self._changed():
                        yield self._update()
                    if self.job.is_final:
                        return
                    if item is not None and (item.pause or 0) > self.pace.slow:
                        break
        except IppError as error:
            if isinstance(error, Unavailable):
                raise
        self._by_events = False

    def _pause(self) -> float:
        """How long to wait for an event before looking: a place in the queue changes without one."""
        return (
            self.pace.slow
            if self.job.state in (JobState.PENDING, JobState.PROCESSING_STOPPED)
            else self.pace.safety
        )

    def _take(self, event: Notification) -> None:
        self.job = self.job.merged(event)
        self._printer = merged_printer(self._printer, event)

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
