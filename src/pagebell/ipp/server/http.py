"""IPP over HTTP as an ASGI application (RFC 8010 4): a POST of `application/ipp` is a request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    MutableMapping,
    Sequence,
)
from contextlib import aclosing
from typing import Any

from pagebell.entrance import admission_of
from pagebell.http.push import pusher_of
from pagebell.ipp.registry import Status
from pagebell.ipp.server.call import BodyBroken, Origin
from pagebell.ipp.server.service import Parts, Service
from pagebell.model.errors import NotAuthenticated

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]
Ways = Callable[[], Awaitable[Sequence[str]]]
"""How clients have to prove who they are; none where they need not."""

MEDIA_TYPE = b"application/ipp"
LINGER = 2**26
"""Octets that a client may go on sending after an early answer, so that it can read that answer."""
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253})(:\d{1,5})?")


class IppApplication:
    """The ASGI door; `fallback` is the authority in URIs for clients that send no usable Host.

    A client that still sends when its answer is known gets it at once, and may go on sending for nothing: if it
    comes to an end, its connection lives, else `hang_up` of the scope's state is called, where the HTTP server has
    put one there. How long a client may be silent is the HTTP server's concern. `both_schemes` says that printers
    can be reached with and without TLS; `ways`, by what clients must prove who they are.
    """

    def __init__(
        self, service: Service, fallback: str, *, both_schemes: bool = False, ways: Ways | None = None
    ) -> None:
        self._service = service
        self._fallback = fallback
        self._both_schemes = both_schemes
        self._ways = ways

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one POST."""
        headers = dict(scope["headers"])
        body = _Body(receive)
        admission = admission_of(scope)
        try:
            origin = await self._origin(scope, headers)
            reads_parts = _LIBCUPS not in headers.get(b"user-agent", b"")
            answer = await self._service.answer(body, admission.principal, origin, reads_parts=reads_parts)
        except BodyBroken:
            await _hang_up(scope, receive)
            return
        if answer.status is Status.CLIENT_ERROR_NOT_AUTHENTICATED:  # HTTP is where one proves it (RFC 8010 4)
            turned = admission.turned_away(NotAuthenticated(answer.message))
            octets = f"{turned}\n".encode()
            kind = (b"content-type", b"text/plain; charset=utf-8")
            await _respond(scope, body, send, turned.status, [kind, *turned.headers], octets)
            return
        if answer.more is not None:
            await _send_parts(scope, answer.octets, answer.more, receive, send)
            return
        octets = answer.octets
        if answer.later is not None:
            awaited = await _unless_gone(answer.later, receive)
            if awaited is None:
                return
            octets = awaited
        headers_out = [(b"content-type", MEDIA_TYPE), (b"cache-control", b"no-cache, no-store")]
        await _respond(scope, body, send, 200, headers_out, octets)

    async def _origin(self, scope: Scope, headers: dict[bytes, bytes]) -> Origin:
        host = headers.get(b"host", b"").decode("latin-1")
        authority = host if _AUTHORITY.fullmatch(host) else self._fallback
        ways = await self._ways() if self._ways is not None else ()
        return Origin(authority, scope.get("scheme") == "https", self._both_schemes, tuple(ways))


class _Body:
    """The octets of a request as they come."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.ended = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        # No generator: one that is left before its end costs a task that ends it.
        while not self.ended:
            if chunk := await self._next():
                return chunk
        raise StopAsyncIteration

    async def _next(self) -> bytes:
        message = await self.receive()
        if message["type"] == "http.disconnect":
            self.ended = True
            raise BodyBroken
        self.ended = not message.get("more_body", False)
        return bytes(message.get("body", b""))

    async def discard(self, limit: int) -> bool:
        """Read on, up to so many octets, and forget them; tells whether that was the end of it."""
        try:
            while not self.ended and limit > 0:
                limit -= len(await self._next())
        except BodyBroken:
            return False
        return self.ended


_LIBCUPS = b"CUPS/"
"""In the User-Agent of all that is made with libcups, which says "Unable to read response." to an answer in parts."""
BOUNDARY = "pagebell-next-part"
_PART = f"--{BOUNDARY}\r\nContent-Type: application/ipp\r\n\r\n".encode()
_END_OF_PART = b"\r\n"


async def _send_parts(scope: Scope, first: bytes, more: Parts, receive: Receive, send: Send) -> None:
    """Send an answer in parts, each as it comes, for as long as the client is there (RFC 3996 11).

    What happens is sent there and then, where that can be.
    """
    content_type = f'multipart/related; type="application/ipp"; boundary="{BOUNDARY}"'.encode()
    headers = [(b"content-type", content_type), (b"cache-control", b"no-cache, no-store")]
    pusher = pusher_of(scope)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _part(first), "more_body": True})
    try:
        async with (
            aclosing(more(lambda before, after: pusher(_PART + before, after + _END_OF_PART))) as parts,
            asyncio.TaskGroup() as group,
        ):
            watch = group.create_task(_watch(receive))
            async for octets in parts:
                await send({"type": "http.response.body", "body": _part(octets), "more_body": True})
            watch.cancel()
            await send({"type": "http.response.body", "body": f"--{BOUNDARY}--\r\n".encode()})
    except* _ClientGone:
        pass


def _part(octets: bytes) -> bytes:
    return _PART + octets + _END_OF_PART


async def _unless_gone(later: Coroutine[None, None, bytes], receive: Receive) -> bytes | None:
    """What comes in its own time; None if the client goes away before."""
    octets: bytes | None = None
    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_watch(receive))
            octets = await later
            watch.cancel()
    except* _ClientGone:
        octets = None
    return octets


class _ClientGone(Exception):
    """There is nobody to answer any more."""


async def _watch(receive: Receive) -> None:
    """Raise _ClientGone when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        continue
    raise _ClientGone


async def _respond(
    scope: Scope, body: _Body, send: Send, status: int, headers: list[tuple[bytes, bytes]], octets: bytes
) -> None:
    """Answer at once, and let a client that still sends come to its end."""
    length = (b"content-length", str(len(octets)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    if body.ended:
        await send({"type": "http.response.body", "body": octets})
        return
    await send({"type": "http.response.body", "body": octets, "more_body": True})
    if await body.discard(LINGER):
        await send({"type": "http.response.body", "body": b""})
    else:
        await _hang_up(scope, body.receive)


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection, and see it closed."""
    close: Callable[[], None] | None = scope.get("state", {}).get("hang_up")
    if close is not None:
        close()
        while (await receive())["type"] != "http.disconnect":
            continue


async def tell(
    scope: Scope, receive: Receive, send: Send, status: int, text: str, *headers: tuple[bytes, bytes]
) -> None:
    """Answer a request that is for no service here with a sentence, whatever body it has."""
    kind = (b"content-type", b"text/plain; charset=utf-8")
    octets = f"{text}\n".encode() if text else b""
    await _respond(scope, _Body(receive), send, status, [kind, *headers], octets)


async def refuse_media_type(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a POST of anything else."""
    await tell(scope, receive, send, 415, "What is posted here must be application/ipp.")


def is_ipp(scope: Scope) -> bool:
    """Whether this HTTP request is for the IPP service."""
    return bool(scope["method"] == "POST") and has_ipp_body(scope["headers"])


def has_ipp_body(headers: Headers) -> bool:
    """Whether the body that follows is an IPP message, by its first Content-Type."""
    for name, value in headers:
        if name == b"content-type":
            return value.split(b";")[0].strip().lower() == MEDIA_TYPE
    return False
