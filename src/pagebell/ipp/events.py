"""What happens at a printer, with a job or on a server, event by event, none lost and none twice.

A stream is a subscription and the number of the last event that was seen. It waits on an open answer where the
server has wait mode (RFC 3996), else asks at the interval that the server names; it renews its lease, goes on at
the next number after a lost connection, and ends its subscription when it is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Final, TypeVar

from pagebell.ipp import registry as r
from pagebell.ipp.errors import (
    ClientError,
    ConnectionFailed,
    HttpError,
    IppError,
    NotFound,
    NotPossible,
    Silent,
    Unavailable,
    Unsupported,
)
from pagebell.ipp.registry import Status
from pagebell.ipp.results import FINAL, Events, JobInfo, Notification, Subscription

if TYPE_CHECKING:
    from pagebell.ipp.client import Client
    from pagebell.ipp.subscribing import Scope

T = TypeVar("T")

LEASE: Final = 3600
"""Seconds of lease that a stream asks for: how long its server keeps its place while it is away."""
_CLOSING: Final = 3.0
"""Seconds that ending a subscription may take."""
_ALL_EVENTS: Final = (
    *("job-state-changed", "job-progress", "job-config-changed"),
    *("printer-state-changed", "printer-config-changed", "printer-queue-order-changed"),
    *("printer-created", "printer-deleted"),
    *("pagebell-notice", "pagebell-dialog-opened", "pagebell-dialog-closed"),
)
"""What is asked for where a server does not say what it has: these include all others (RFC 3995 5.3.3.4)."""

INCLUDED: Final = {
    "job-state-changed": ("job-created", "job-completed", "job-stopped"),
    "printer-state-changed": ("printer-restarted", "printer-shutdown", "printer-stopped"),
    "printer-config-changed": ("printer-finishings-changed", "printer-media-changed"),
}
"""Events that others include (RFC 3995 5.3.3.4)."""


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
    """Without any sign of the server, before it is given up."""
    poll: float = inf
    """Between two polls for events at most, though the server may ask for more."""


DEFAULT_PACE: Final = Pace()


@dataclass(frozen=True, slots=True)
class Gap:
    """Events that are lost: the server dropped them before they were read."""

    missed: int | None = None
    """How many; None when nobody knows, for the server forgot the subscription."""

    @property
    def text(self) -> str:
        """It for people."""
        if self.missed is None:
            return "The server forgot the subscription; events may have been missed."
        return f"{self.missed} {'event was' if self.missed == 1 else 'events were'} missed."


@dataclass(frozen=True, slots=True)
class Contact:
    """The server answered, whether there were events or not; those have been told."""

    pause: float | None = None
    """Seconds until it is asked again; None as long as it keeps its answer open."""


class Patience:
    """When to try again after the server was out of reach, and when to give up."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._lost_at: float | None = None
        self._delay = pace.retry

    def restored(self) -> bool:
        """The server is there; tells whether it had been away."""
        was_lost, self._lost_at, self._delay = self._lost_at is not None, None, self._pace.retry
        return was_lost

    def after(self, error: ClientError) -> float:
        """Seconds until the next attempt. Raises the error when it means no, or when patience is at its end."""
        now = asyncio.get_running_loop().time()
        self._lost_at = now if self._lost_at is None else self._lost_at
        lasting = isinstance(error, HttpError) and error.status < 500  # it answered, and meant no
        if lasting or now - self._lost_at > self._pace.patience:
            raise error
        delay, self._delay = self._delay, min(self._delay * 2, self._pace.retry_most)
        return delay


@dataclass(eq=False, slots=True)
class EventStream:
    """A subscription and the place to read on from, both of which outlive a connection."""

    client: Client
    scope: Scope
    events: tuple[str, ...] = ()
    """What to hear of; empty for all that the server has."""
    pace: Pace = DEFAULT_PACE
    lease: int = LEASE
    subscription: Subscription | None = None
    """One that exists already is used and left alone; else the stream makes its own and ends it."""
    seen: int = 0
    """Number of the last event."""
    over: bool = False
    """The server said that nothing more will come."""
    _own: bool = field(init=False)
    _renew_at: float = inf

    def __post_init__(self) -> None:
        self._own = self.subscription is None

    @property
    def of_job(self) -> int | None:
        """The number of its job, when it is one job's."""
        return self.scope.id if isinstance(self.scope, JobInfo) else _number(self.scope)

    async def open(self) -> None:
        """Subscribe, unless that was done. Raises ClientError; Unsupported of a server without those events."""
        if self.subscription is not None:
            if self._renew_at == inf and self.subscription.lease:
                self._renewed(self.subscription)
            return
        events = self.events or await self._supported()
        lease = None if self.of_job is not None else self.lease
        made = await self.client.create_subscription(*events, scope=self.scope, lease=lease)
        self.client.streams.add(self)
        if self.events and set(made.ignored) >= set(self.events):  # it tells others, which nobody wants
            self.subscription = made
            await self.close()
            unknown = f"the server knows no event called {', '.join(made.ignored)}"
            status = Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
            raise Unsupported(status, unknown, (r.notify_events.name,))
        self.subscription, self.seen = made, 0
        self._renewed(made)

    async def _supported(self) -> tuple[str, ...]:
        if self.scope == "server" or isinstance(self.scope, tuple):
            return _ALL_EVENTS
        try:
            printer = await self.client.printer(r.notify_events_supported)
        except IppError:
            return _ALL_EVENTS  # the address is a whole server's
        return condensed(sorted(printer.events - {"none"})) or _ALL_EVENTS

    async def close(self) -> None:
        """End the stream's own subscription, as far as the server can be reached."""
        self.client.streams.discard(self)
        subscription, self.subscription = self.subscription, None
        if subscription is None or not self._own or self.over:
            return
        with suppress(ClientError, TimeoutError):
            async with asyncio.timeout(_CLOSING):
                await self.client.cancel_subscription(subscription)

    # --- reading ---

    async def news(self) -> AsyncGenerator[Notification | Gap | Contact]:
        """What comes as long as the connection holds, until nothing more can come; may be used again.

        Raises ClientError: after a ConnectionFailed it goes on where it was.
        """
        while not self.over:
            await self.open()
            assert self.subscription is not None
            interval: int | None = None
            answers = self.client.wait_notifications(self.subscription, self.seen)
            try:
                async with aclosing(with_pauses(answers, self._until_renewal)) as bursts:
                    async for burst in bursts:
                        await self._keep()
                        if burst is None:
                            continue
                        for item in self._taken(burst):
                            yield item
                        interval = burst.interval
                        if burst.complete and self.of_job is None:
                            # cancelled, or its lease ended while we were away
                            raise NotFound(Status.CLIENT_ERROR_NOT_FOUND)
                        self.over = burst.complete
                        yield Contact()
            except Silent:
                continue  # nothing happened for as long as an answer is kept open
            except NotFound:
                if not self._own:
                    raise  # it was somebody's choice, and no other tells the same
                self.subscription = None
                yield Gap()
                continue
            finally:
                await answers.aclose()
            if not self.over:
                pause = max(min(interval or 0, self.pace.poll), self.pace.quick)
                yield Contact(pause)
                await self._sleep(pause)

    def _taken(self, burst: Events) -> Iterator[Notification | Gap]:
        for event in burst.notifications:
            if event.sequence:  # a printer that numbers nothing is believed
                if event.sequence <= self.seen:
                    continue
                if event.sequence > self.seen + 1:
                    yield Gap(event.sequence - self.seen - 1)
                self.seen = event.sequence
            if not self._is_foreign(event):
                yield event

    def _is_foreign(self, event: Notification) -> bool:
        """Whether it is another job's or printer's: CUPS 2.4 delivers those, too."""
        if self.of_job is not None:
            return event.job_id not in (None, self.of_job)
        if isinstance(self.scope, tuple):
            return event.printer_name not in self.scope
        path = self.client.address.path
        there = "/" + event.printer_uri.split("://", 1)[-1].partition("/")[2]
        queues = all(one.startswith(("/printers/", "/classes/")) for one in (path, there))
        return self.scope == "printer" and queues and there != path

    def ends_with(self, event: Notification | Gap) -> bool:
        """Whether the event tells that the stream's job is final."""
        if isinstance(event, Gap) or self.of_job is None or event.job_id != self.of_job:
            return False
        state = event.raw.get(r.job_state)
        return state is not None and state in FINAL

    # --- the lease ---

    def _renewed(self, granted: Subscription) -> None:
        lease = granted.lease or (self.lease if self.of_job is None and granted.lease is None else 0)
        self._renew_at = asyncio.get_running_loop().time() + lease / 2 if lease else inf

    def _until_renewal(self) -> float | None:
        left = self._renew_at - asyncio.get_running_loop().time()
        return None if left == inf else max(left, 0)

    async def _keep(self) -> None:
        """Renew the lease when half of it is gone; a server that can't is left with what it granted."""
        if self.subscription is None or self._until_renewal() != 0:
            return
        try:
            self._renewed(await self.client.renew_subscription(self.subscription, self.lease))
        except (Unsupported, NotPossible):
            self._renew_at = inf

    async def _sleep(self, seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while (left := until - clock()) > 0:
            due = self._until_renewal()
            await asyncio.sleep(left if due is None else min(left, due))
            await self._keep()


async def lasting(
    stream: EventStream, on_connection: Callable[[str], None] | None = None
) -> AsyncGenerator[Notification | Gap]:
    """All events of a stream, through lost connections, until its job is final; for ever for other scopes.

    ``on_connection`` is told why the connection was lost, and an empty text when it is back. Raises what the
    server refuses, and ConnectionFailed when patience is at its end.
    """
    patience = Patience(stream.pace)
    tell = on_connection or _ignore
    problem, final, met = "", False, False
    try:
        while True:
            try:
                async with aclosing(stream.news()) as news:
                    async for item in news:
                        met = True
                        if patience.restored():
                            tell(problem := "")
                        if not isinstance(item, Contact):
                            final = final or stream.ends_with(item)
                            yield item
                        elif final:
                            return
                if await _is_over(stream):
                    return
                stream.over = False  # CUPS 2.4 holds a job that stopped for one that is completed
                delay = stream.pace.slow
            except (ConnectionFailed, Unavailable, HttpError) as error:
                delay = patience.after(error)
                if str(error) != problem:
                    tell(problem := str(error))
            except (NotFound, NotPossible) as error:
                never = isinstance(error, NotFound) and not met
                if stream.of_job is None or never:
                    raise
                return  # the job was finished or forgotten while we were away
            await asyncio.sleep(delay)
    finally:
        await stream.close()


async def _is_over(stream: EventStream) -> bool:
    """Whether a job is final of which the server says that nothing more will come."""
    job = stream.of_job
    if job is None:
        return True
    try:
        return (await stream.client.job(job)).is_final
    except Unsupported:
        return True


async def with_pauses(
    source: AsyncIterator[T], pause: Callable[[], float | None]
) -> AsyncGenerator[T | None]:
    """What ``source`` yields, and None each time it stayed quiet for ``pause()`` seconds; None is for ever."""
    waiting: asyncio.Future[T] | None = None
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


def condensed(events: Iterable[str]) -> tuple[str, ...]:
    """The same events without those that another one among them includes."""
    given = tuple(events)
    included = {one for each in given for one in INCLUDED.get(each, ())}
    return tuple(one for one in given if one not in included)


def _number(scope: object) -> int | None:
    return scope if isinstance(scope, int) else None


def _ignore(problem: str) -> None:
    """Nobody wants to know."""
