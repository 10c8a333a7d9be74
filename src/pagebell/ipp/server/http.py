"""IPP over HTTP as an ASGI application (RFC 8010 4): a POST of `application/ipp` is a request."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from pagebell.ipp.server.call import Origin
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


class BodyBroken(Exception):
    """The client went away in the middle of its request."""


class IppApplication:
    """The ASGI door; `fallback` is the authority in URIs for clients that send no usable Host."""

    def __init__(self, service: Service, admit: Admit, fallback: str) -> None:
        self._service = service
        self._admit = admit
        self._fallback = fallback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one POST."""
        headers = dict(scope["headers"])
        body = _Body(receive)
        peer = scope.get("client") or ("", 0)
        try:
            answer = await self._service.answer(
                aiter(body), lambda user: self._admit(user, peer[0]), self._origin(scope, headers)
            )
        except BodyBroken:
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
                    *([] if body.ended else [(b"connection", b"close")]),
                ],
            }
        )
        if body.ended:
            await send({"type": "http.response.body", "body": octets})
            return
        await send({"type": "http.response.body", "body": octets, "more_body": True})
        await body.discard(LINGER)
        await send({"type": "http.response.body", "body": b""})

    def _origin(self, scope: Scope, headers: dict[bytes, bytes]) -> Origin:
        host = headers.get(b"host", b"").decode("latin-1")
        authority = host if _AUTHORITY.fullmatch(host) else self._fallback
        return Origin(authority, secure=scope.get("scheme") == "https")


class _Body:
    """The octets of a request as they come."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self.ended:
            chunk = await self._next()
            if chunk:
                yield chunk

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.ended = True
            raise BodyBroken
        self.ended = not message.get("more_body", False)
        return bytes(message.get("body", b""))

    async def discard(self, limit: int) -> None:
        """Read on, up to so many octets, and forget them."""
        try:
            while not self.ended and limit > 0:
                limit -= len(await self._next())
        except BodyBroken:
            return


def is_ipp(scope: Scope) -> bool:
    """Whether this HTTP request is for the IPP service."""
    if scope["method"] != "POST":
        return False
    for name, value in scope["headers"]:
        if name == b"content-type":
            return bool(value.split(b";")[0].strip().lower() == MEDIA_TYPE)
    return False
