"""One request and its answer, as an ASGI application deals with them (ASGI 3.0)."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import httptools

from pagebell.http.push import Push

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HIGH_WATER: Final = 2**16
"""Octets of a body that may wait for the application before no more are read."""
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_STATUS: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}".encode() for status in HTTPStatus}
_HEADER: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [^\x00-\x08\x0a-\x1f\x7f]*")
_BODILESS: Final = (204, 304)
"""What never has a body (RFC 9110 15.3.5, 15.4.5)."""


_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}


def scope_of(url: bytes, method: bytes, version: str, headers: list[tuple[bytes, bytes]]) -> Scope:
    """What a request's head tells, in ASGI's words. Raises httptools.HttpParserError, UnicodeDecodeError."""
    parts = httptools.parse_url(url)
    raw_path: bytes = parts.path or b"/"
    path = raw_path.decode("ascii")
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": version,
        "method": method.decode("ascii"),
        "path": unquote(path) if "%" in path else path,
        "raw_path": raw_path,
        "query_string": parts.query or b"",
        "root_path": "",
        "headers": headers,
    }


def head_without_upgrade(
    method: bytes, url: bytes, version: bytes, headers: list[tuple[bytes, bytes]]
) -> bytes:
    """The head again without its wish for another protocol, which we may ignore (RFC 9110 7.8).

    With it the parser would take no body, and its octets for the next request.
    """
    lines = [b"%s %s HTTP/%s" % (method, url, version)]
    for name, value in headers:
        if name == b"connection":
            tokens = [one.strip() for one in value.split(b",")]
            value = b", ".join(one for one in tokens if one.lower() != b"upgrade")  # noqa: PLW2901
        if name != b"upgrade":
            lines.append(name + b": " + value)
    return b"\r\n".join([*lines, b"", b""])


class Flow:
    """Whether octets flow in and out of a connection."""

    __slots__ = ("_writable", "read_paused", "transport", "write_paused")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.read_paused = self.write_paused = False
        self._writable = asyncio.Event()
        self._writable.set()

    def pause_reading(self) -> None:
        """Take no more for now."""
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Take more."""
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def pause_writing(self) -> None:
        """The transport has enough."""
        self.write_paused = True
        self._writable.clear()

    def resume_writing(self) -> None:
        """It takes more, or is gone."""
        self.write_paused = False
        self._writable.set()

    async def drain(self) -> None:
        """Return when more can be written."""
        await self._writable.wait()


class Exchange:
    """What an application reads of a request, and writes as its answer."""

    __slots__ = (
        *("_body", "_chunked", "_done", "_expects_continue", "_flow", "_head", "_more", "_news", "_owed"),
        *("complete", "disconnected", "keep_alive", "scope", "started"),
    )

    def __init__(
        self, scope: Scope, flow: Flow, done: Callable[[], None], *, keep_alive: bool, expects_continue: bool
    ) -> None:
        self.scope = scope
        self.keep_alive = keep_alive
        """Another request may follow on the connection."""
        self.disconnected = False
        self.started = False
        """The answer has begun."""
        self.complete = False
        """It is whole."""
        self._flow, self._done, self._expects_continue = flow, done, expects_continue
        self._body = bytearray()
        self._more = True
        self._news = asyncio.Event()
        self._head = b""
        """The answer's head until it goes out, together with the body's first octets."""
        self._chunked = False
        self._owed: int | None = 0
        """Octets of the answer that are still to come; -1 where it has no body, None where nobody knows."""

    # --- the connection's calls ---

    def feed(self, octets: bytes) -> None:
        """More of the request's body is there."""
        if self.complete:
            return
        self._body += octets
        if len(self._body) > HIGH_WATER:
            self._flow.pause_reading()
        self._news.set()

    def feed_end(self) -> None:
        """That was its end."""
        self._more = False
        self._news.set()

    def disconnect(self) -> None:
        """There is nobody to answer any more."""
        self.disconnected = True
        self._news.set()

    async def run(self, application: Application) -> None:
        """Let the application answer; where it fails, that is said for it."""
        try:
            await application(self.scope, self.receive, self.send)
            if not self.complete and not self.disconnected:
                raise RuntimeError("the answer was not finished")
        except asyncio.CancelledError:
            self._flow.transport.close()
            raise
        except Exception:
            log.exception("internal error while an HTTP request was answered")
            if self.started:
                self._flow.transport.close()
            else:
                await self._apologize()
        finally:
            self.scope = {}  # which knows us: nothing is left for the garbage collector

    async def _apologize(self) -> None:
        text = b"internal error; see the server's log\n"
        headers = [(b"content-length", b"%d" % len(text)), (b"connection", b"close")]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": text})

    # --- the application's calls ---

    async def receive(self) -> Message:
        """What has come of the body since the last call, or that the client is gone."""
        if self._expects_continue:
            self._expects_continue = False
            if not self._flow.transport.is_closing():
                self._flow.transport.write(CONTINUE)
        if not self.disconnected and not self.complete:
            self._flow.resume_reading()
            await self._news.wait()
            self._news.clear()
        if self.disconnected or self.complete:
            return {"type": "http.disconnect"}
        body, self._body = bytes(self._body), bytearray()
        return {"type": "http.request", "body": body, "more_body": self._more}

    async def send(self, message: Message) -> None:
        """Begin the answer, or send some of its body; waits while the client takes none."""
        if self._flow.write_paused and not self.disconnected:
            await self._flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start" and not self.started:
            self._begin(message["status"], message.get("headers", ()))
        elif message["type"] == "http.response.body" and self.started and not self.complete:
            self._go_on(message.get("body", b""), ends=not message.get("more_body", False))
        else:
            raise RuntimeError(f"{message['type']} out of turn")

    def pusher(self, before: bytes, after: bytes) -> Push:
        """What sends pieces of a chunked body at once, each time with something before and after them.

        It tells whether it did: the body must have begun, and need not wait.
        """
        frame, flow, end = len(before) + len(after), self._flow, after + b"\r\n"

        def push(pieces: Sequence[bytes]) -> bool:
            if not self._chunked or self._head or self.complete or self.disconnected or flow.write_paused:
                return False
            size = b"%x\r\n" % (frame + sum(map(len, pieces)))
            flow.transport.write(b"".join((size, before, *pieces, end)))
            return True

        return push

    def _begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Put the head together; a body without a length is chunked (RFC 9112 7.1)."""
        length: int | None = None
        closes = False
        lines = [_STATUS[status]]
        for name, value in headers:
            line = b"%b: %b" % (name, value)
            if _HEADER.fullmatch(line) is None:
                raise RuntimeError(f"no header: {line!r}")
            lines.append(line)
            match name.lower():
                case b"content-length":
                    length = int(value)
                case b"connection":
                    closes = b"close" in [token.strip().lower() for token in value.split(b",")]
        if closes:
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close")
        if self.scope["method"] == "HEAD" or status in _BODILESS:
            self._owed = -1
        elif length is None and self.scope.get("http_version") == "1.0":
            self._owed = None  # chunks are not for it (RFC 9112 6.1); its body ends with the connection
        elif length is None:
            self._chunked = True
            lines.append(b"transfer-encoding: chunked")
        else:
            self._owed = length
        lines.append(b"\r\n")
        self._head = b"\r\n".join(lines)
        self._expects_continue = False
        self.started = True

    def _count(self, octets: int, *, ends: bool) -> None:
        """So much of the body goes out. Raises RuntimeError where it is not as long as announced."""
        if self._owed is not None:
            self._owed -= octets
            if self._owed < 0 or (ends and self._owed):
                raise RuntimeError("the body is not as long as announced")

    def _go_on(self, body: bytes, *, ends: bool) -> None:
        if self._owed is not None and self._owed < 0:  # the answer has no body, whatever the application says
            octets = b""
        elif self._chunked:
            octets = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            octets += b"0\r\n\r\n" if ends else b""
        else:
            octets = body
            self._count(len(body), ends=ends)
        if self._head:
            octets, self._head = self._head + octets, b""
        if octets:
            self._flow.transport.write(octets)
        if ends:
            self.complete = True
            self._news.set()
            if not self.keep_alive:
                self._flow.transport.close()
            self._done()
