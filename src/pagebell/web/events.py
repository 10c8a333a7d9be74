"""`/events`: what happens, as server-sent events (HTML Living Standard 9.2), each with a place to go on from.

A place is a number of the event log, or, for a subscription, the number that an event has there. Both stay good
across restarts. While nothing happens a line now and then keeps the connection alive and tells the newest place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import lru_cache
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from pagebell.event_json import event_view
from pagebell.http.push import Push, pusher_of
from pagebell.model.access import Principal
from pagebell.model.errors import NotFound, TooMany
from pagebell.model.event import Event, EventKind, JobId, ResourceId
from pagebell.model.subscription import SERVER, Subscription, SubscriptionId
from pagebell.model.subscription import Scope as EventScope
from pagebell.model.wording import alone
from pagebell.spooler.feed import HEARTBEAT, Passage, Reader
from pagebell.spooler.ports import Clock
from pagebell.spooler.reading import Batch
from pagebell.spooler.spooler import Spooler
from pagebell.web.api.application import BadRequest, answered, principal_of, read_query, route
from pagebell.web.api.views import numbered_event, scope_of_printers
from pagebell.web.queries import EventsQuery

_RETRY: Final = b"retry: 2000\n\n"
"""Milliseconds after which a client comes back."""
_PAGE: Final = 100
_HEADERS: Final = {
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
}
_STREAM: Final = "text/event-stream; charset=utf-8"
Pieces = AsyncGenerator[bytes]


class EventStreams:
    """All that read events from one server."""

    def __init__(self, spooler: Spooler) -> None:
        self._spooler = spooler
        self._open = 0

    def route(self) -> Route:
        """Where they are found."""
        return route("/events", self._answer, ["GET"])

    async def _answer(self, request: Request) -> Response:
        return await answered(request, lambda: self._stream(request))

    async def _stream(self, request: Request) -> Response:
        by = principal_of(request)
        query: EventsQuery = read_query(request, EventsQuery)
        after = _place(request.headers.get("last-event-id"), query.after)
        if self._open >= self._spooler.policy.max_readers:
            raise TooMany("as many read events as may do so at one time; please try again later")
        self._open += 1
        try:
            response = await self._begun(request, query, after, by)
        except BaseException:
            self._open -= 1
            raise
        if not isinstance(response, _Stream):
            self._open -= 1
        return response

    async def _begun(
        self, request: Request, query: EventsQuery, after: int | None, by: Principal
    ) -> Response:
        """The answer, which, if it goes on, gives its place back at its end."""
        if query.subscription is not None:
            return await self._of_subscription(request, query, after or 0, by)
        scope, kinds = _scope(query, self._spooler), _kinds(query.events)
        reader = await self._spooler.feed.open(scope, kinds, by, after)
        return self._response(request, lambda: _of_log(reader, after, self._spooler, query.language, by))

    async def _of_subscription(
        self, request: Request, query: EventsQuery, after: int, by: Principal
    ) -> Response:
        if (query.printer, query.job, query.resource, query.events) != (None,) * 4:
            raise BadRequest("a subscription has its own printer, job, resource and events")
        number = SubscriptionId(query.subscription or 0)
        subscription = self._spooler.subscriptions.subscription(number, by)
        batch = await self._spooler.subscriptions.read(number, by, after, 1)
        if batch.complete and not batch.events and not batch.missed:
            return Response(status_code=204, headers=_HEADERS)  # by this a browser comes back no more
        _, newest = self._spooler.subscriptions.available(number)
        place = min(after, newest)
        begins = _beginning(place, after)
        push = pusher_of(request.scope)(b"", b"")
        return self._response(
            request, lambda: _of_subscription(begins, subscription, place, by, self._spooler, push)
        )

    def _response(self, request: Request, pieces: Callable[[], Pieces]) -> Response:
        if request.method == "HEAD":
            return _head()
        return _Stream(pieces, self._ended)

    def _ended(self) -> None:
        self._open -= 1

    def __len__(self) -> int:
        return self._open


def _scope(query: EventsQuery, spooler: Spooler) -> EventScope:
    """Raises BadRequest, NotFound."""
    if sum(one is not None for one in (query.printer, query.job, query.resource)) > 1:
        raise BadRequest("events are of printers, of a job or of a resource: of one of these")
    if query.job is not None:
        return EventScope(None, JobId(query.job))
    if query.resource is not None:
        return EventScope(resource=spooler.resources.resource(ResourceId(query.resource)).id)
    return SERVER if query.printer is None else scope_of_printers(query.printer, spooler)


def _kinds(text: str | None) -> frozenset[EventKind]:
    """Raises BadRequest."""
    if text is None:
        return frozenset(EventKind)
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in EventKind.__members__.values()]
    if unknown:
        known = ", ".join(kind.value for kind in EventKind)
        raise BadRequest(f"events: there is no event {unknown[0]!r}; known are {known}")
    return frozenset(EventKind(name) for name in names)


def _place(header: str | None, parameter: int | None) -> int | None:
    """Where to go on. Raises BadRequest."""
    if not header:
        return parameter
    if not header.isascii() or not header.isdigit() or len(header) > 18:
        raise BadRequest("Last-Event-ID is none that this server has given")
    return int(header)


# --- what is sent ---


def _beginning(place: int, asked: int | None) -> bytes:
    """Who asks for a place that has not come yet was given it by another log: what it has missed nobody knows."""
    return _RETRY + (_idle(place) if asked is None or asked <= place else _gap(None, place))


async def _of_log(
    reader: Reader, after: int | None, spooler: Spooler, language: str, by: Principal
) -> Pieces:
    """What a reader of the log gets."""
    with reader:
        yield _beginning(reader.place, after)
        while not spooler.feed.is_closed:
            passage = await reader.read()
            octets = _passage(passage, reader.place, language, by)
            if octets:
                yield octets
            elif not reader.is_behind:
                await reader.wait()
                if not reader.is_behind:
                    yield _idle(reader.place)


def _passage(passage: Passage, place: int, language: str, by: Principal) -> bytes:
    pieces = []
    if passage.dropped:
        last = passage.events[0].seq - 1 if passage.events else place
        pieces.append(_gap(passage.dropped, last))
    pieces += [_logged(event, language, alone(event, by.proved_name)) for event in passage.events]
    return b"".join(pieces)


@lru_cache(maxsize=1024)
def _logged(event: Event, language: str, reader: str | None) -> bytes:
    """The same for all readers of a language, unless it is meant for one."""
    return _piece(event.kind.value, event_view(event, language, reader), event.seq)


async def _of_subscription(
    begins: bytes, subscription: Subscription, after: int, by: Principal, spooler: Spooler, push: Push
) -> Pieces:
    """What a subscription hears, until it ends; most of it is sent where it happens."""
    yield begins
    subscriptions, number = spooler.subscriptions, subscription.id
    cursors = {number: after}

    def told(batch: Batch) -> bool:
        if batch.subscription.is_over(spooler.clock.now()):
            return False
        return push((_batch(batch, cursors[number], subscription.language, by),))

    with subscriptions.watch(cursors) as watch:
        watch.told = told
        while not subscriptions.is_closing:
            try:
                batch = await subscriptions.read(number, by, cursors[number], _PAGE)
            except NotFound:
                return  # it was cancelled, or its lease is over: who comes back is told so
            if batch.events or batch.missed:
                yield _batch(batch, cursors[number], subscription.language, by)
                cursors[number] = batch.last
            elif batch.complete:
                return
            elif not await _within(spooler.clock, watch.news()):
                yield _idle(cursors[number])


def _batch(batch: Batch, after: int, language: str, by: Principal) -> bytes:
    pieces = [_gap(batch.missed, after + batch.missed)] if batch.missed else []
    for one in batch.notifications:
        pieces.append(_piece(one.event.kind.value, numbered_event(one, language, by), one.number))
    return b"".join(pieces)


def _piece(event: str, data: msgspec.Struct, place: int) -> bytes:
    return b"event: %s\ndata: %s\nid: %d\n\n" % (event.encode(), msgspec.json.encode(data), place)


def _gap(dropped: int | None, place: int) -> bytes:
    return b'event: gap\ndata: {"dropped":%s}\nid: %d\n\n' % (msgspec.json.encode(dropped), place)


def _idle(place: int) -> bytes:
    """No event: clients take the place and tell nobody, and nobody on the way takes the connection for dead."""
    return b": \nid: %d\n\n" % place


async def _within(clock: Clock, news: Awaitable[Any]) -> bool:
    """Wait, but not longer than a heartbeat; tells whether there is news."""
    waiting, sleeping = asyncio.ensure_future(news), asyncio.ensure_future(clock.sleep(HEARTBEAT))
    try:
        await asyncio.wait({waiting, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.done()
    finally:
        waiting.cancel()
        sleeping.cancel()


def _head() -> Response:
    """What stands before a stream, of which nobody knows how long it will be."""
    response = Response(headers=_HEADERS, media_type=_STREAM)
    del response.headers["content-length"]
    return response


class _Stream(Response):
    """An answer that goes on until its client is gone, which is noticed at once, or its source has come to an end."""

    def __init__(self, pieces: Callable[[], Pieces], ended: Callable[[], None]) -> None:
        super().__init__(headers=_HEADERS, media_type=_STREAM)
        del self.headers["content-length"]
        self._pieces = pieces
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(self._start())
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(self._write(send))
                gone = group.create_task(_until_gone(receive))
                await asyncio.wait({writing, gone}, return_when=asyncio.FIRST_COMPLETED)
                writing.cancel()
                gone.cancel()
        finally:
            self._ended()

    def _start(self) -> Message:
        return {"type": "http.response.start", "status": 200, "headers": self.raw_headers}

    async def _write(self, send: Send) -> None:
        async with aclosing(self._pieces()) as pieces:
            async for octets in pieces:
                await send({"type": "http.response.body", "body": octets, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _until_gone(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        continue
