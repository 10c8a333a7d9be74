"""IPP over HTTP as an ASGI application (RFC 8010 4): a POST of `application/ipp` is a request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from pagebell.ipp.server.call import BodyBroken, Origin
from pagebell.ipp.server.service import Service
from pagebell.model.access import Principal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Admit = Callable[[str | None, str], Principal]
"""Makes a principal of the requesting-user-name and the peer's address."""

MEDIA_TYPE = b"application/ipp"
LINGER = 2**26
"""Octets that a client may go on sending after an early answer, so that it can read that answer."""
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253})(:\d{1,5})?")


class IppApplication:
    """The ASGI door; `fallback` is the authority in URIs for clients that send no usable Host.

    A client that is silent for `silence` seconds in the middle of a request is taken for gone. One that still
    sends when its answer is known gets it at once, and may go on sending for nothing: if it comes to an end, its
    connection lives, else `hang_up` of the scope's state is called, where the HTTP server has put one there.
    """

    def __init__(self, service: Service, admit: Admit, fallback: str, silence: float = 300.0) -> None:
        self._service = service
        self._admit = admit
        self._fallback = fallback
        self._silence = silence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one POST."""
        headers = dict(scope["headers"])
        body = _Body(receive, self._silence)
        peer = scope.get("client") or ("", 0)
        try:
            answer = await self._service.answer(
                aiter(body), lambda user: self._admit(user, peer[0]), self._origin(scope, headers)
            )
        except BodyBroken:
            await _hang_up(scope, receive)
            return
        octets = answer.octets
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", MEDIA_TYPE),
                    (b"content-length", str(len(octets)).encode()),
                    (b"cache-control", b"no-cache, no-store"),
                ],
            }
        )
        if body.ended:
            await send({"type": "http.response.body", "body": octets})
            return
        await send({"type": "http.response.body", "body": octets, "more_body": True})
        if await body.discard(LINGER):
            await send({"type": "http.response.body", "body": b""})
        else:
            await _hang_up(scope, receive)

    def _origin(self, scope: Scope, headers: dict[bytes, bytes]) -> Origin:
        host = headers.get(b"host", b"").decode("latin-1")
        authority = host if _AUTHORITY.fullmatch(host) else self._fallback
        return Origin(authority, secure=scope.get("scheme") == "https")


class _Body:
    """The octets of a request as they come."""

    def __init__(self, receive: Receive, silence: float) -> None:
        self._receive = receive
        self._silence = silence
        self.ended = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self.ended:
            chunk = await self._next()
            if chunk:
                yield chunk

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(self._silence):
                message = await self._receive()
        except TimeoutError:
            raise BodyBroken from None
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


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection, and see it closed."""
    close: Callable[[], None] | None = scope.get("state", {}).get("hang_up")
    if close is not None:
        close()
        while (await receive())["type"] != "http.disconnect":
            continue


async def refuse_media_type(send: Send) -> None:
    """Answer a POST of anything else."""
    text = b"What is posted here must be application/ipp.\n"
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 415, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def is_ipp(scope: Scope) -> bool:
    """Whether this HTTP request is for the IPP service."""
    if scope["method"] != "POST":
        return False
    for name, value in scope["headers"]:
        if name == b"content-type":
            return bool(value.split(b";")[0].strip().lower() == MEDIA_TYPE)
    return False
