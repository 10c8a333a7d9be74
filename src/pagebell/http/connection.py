"""One HTTP/1.1 connection: requests one after the other, their limits, and the way up to TLS (RFC 2817)."""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httptools

from pagebell.http import refusals
from pagebell.http.certificates import Certificates, ServerContext
from pagebell.http.exchange import Application, Exchange, Flow, head_without_upgrade, scope_of
from pagebell.http.refusals import Refusal
from pagebell.http.seats import NEVER, Seat
from pagebell.http.settings import HttpLimits, TlsMode
from pagebell.http.tls import TlsStream

MAX_PIPELINED: Final = 32
"""Requests that may wait for the answer to an earlier one; IPP clients send none, measuring programs some."""
LINGER: Final = 2.0
"""Seconds for a client that is still sending to read why it was refused."""
UNLIMITED: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Serving:
    """What all connections of a listener share."""

    application: Application
    limits: HttpLimits
    tls: TlsMode
    certificates: Certificates | None
    loop: asyncio.AbstractEventLoop
    unlimited: Callable[[bytes, list[tuple[bytes, bytes]]], bool]
    """Whether a request to this URL with these headers may have a body of any size, which its application limits."""
    connections: set[HttpConnection] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    """Requests that are being answered."""


class Phase(enum.Enum):
    """What is awaited of the peer."""

    HEAD = enum.auto()
    """The rest of a request's headers."""
    BODY = enum.auto()
    """The rest of its body."""
    ANSWER = enum.auto()
    """Nothing: it waits for us."""
    IDLE = enum.auto()
    """Another request, perhaps."""
    REFUSED = enum.auto()
    """That it goes; what it sends is not read any more."""


class _Refused(Exception):
    """Raised in the parser's callbacks to end the connection with an answer."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class HttpConnection(asyncio.Protocol):
    """A connection that speaks HTTP in the clear or in TLS."""

    def __init__(self, serving: Serving, seat: Seat) -> None:
        self._serving = serving
        self._limits = serving.limits
        self._loop = serving.loop
        self._seat = seat
        self._conversation: dict[str, Any] = {}
        """What one request leaves for the connection's next one."""
        self._parser = self._make_parser()
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects_continue = False
        self._phase = Phase.HEAD
        self._requests = 0
        self._loose = 0
        """Octets since the last that made sense as headers or body; bounds whatever the parser gathers."""
        self._allowance = UNLIMITED
        """Octets that the body may still have."""
        self._again = False
        """The head is to be read again without its Upgrade header."""
        self._read: Exchange | None = None
        """The request that was read last,"""
        self._running: Exchange | None = None
        """the one that is being answered,"""
        self._waiting: deque[Exchange] = deque()
        """and those in between."""

    # --- the transport's calls ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first request has to come in time."""
        self._serving.connections.add(self)
        self._transport = transport
        self._flow = Flow(transport)
        self._encrypted_by(transport.get_extra_info("sslcontext"))
        self._client, self._server = (
            None if name is None else tuple(name[:2])
            for name in map(transport.get_extra_info, ("peername", "sockname"))
        )
        self._seat.overdue = self._overdue
        self._await(Phase.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the seat back, and tell the application that it answers nobody."""
        self._seat.leave()
        self._serving.connections.discard(self)
        for exchange in (self._running, self._read):
            if exchange is not None:
                exchange.disconnect()
        self._flow.resume_writing()
        self._waiting.clear()
        self._running = self._read = None
        del self._parser  # which knows us: nothing is left for the garbage collector

    def data_received(self, data: bytes) -> None:
        """Octets in the clear, or decrypted."""
        if self._phase is Phase.REFUSED:
            return
        before, requests = self._phase, self._requests
        if before is Phase.BODY:
            self._earn(len(data))
        self._loose += len(data)
        self._feed(data)
        if self._loose > self._limits.max_head:
            self._refuse(refusals.HEAD_TOO_LARGE)
        elif self._phase is Phase.IDLE and before is Phase.IDLE:
            self._await(Phase.HEAD)  # empty lines, so far
        elif self._phase is not before or self._requests != requests:
            self._await(self._phase)  # once for all that has come: to read the clock is not free

    def pause_writing(self) -> None:
        """The client has to take some of its answer in time."""
        self._seat.answer_by = self._loop.time() + self._limits.answer_silence
        self._flow.pause_writing()

    def resume_writing(self) -> None:
        """It has."""
        self._seat.answer_by = NEVER
        self._flow.resume_writing()

    def hang_up(self) -> None:
        """Close the connection, for an application that will not read the rest of a request."""
        self._transport.close()

    def shut_down(self) -> None:
        """Close it as soon as the requests that have come are answered."""
        if self._read is None or self._read.complete:
            self._transport.close()
        else:
            self._read.keep_alive = False

    # --- the parser's calls ---

    def on_message_begin(self) -> None:
        """A request's first octet: the rest of its headers has to come in time."""
        self._url, self._headers, self._expects_continue = b"", [], False
        self._phase = Phase.HEAD

    def on_url(self, url: bytes) -> None:
        """Some of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line of the head."""
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self._expects_continue = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Decide what becomes of the request, before its application is asked. Raises _Refused."""
        if len(self._headers) > self._limits.max_headers or self._head_is_too_large():
            raise _Refused(refusals.HEAD_TOO_LARGE)
        if self._parser.should_upgrade() and not self._start_tls():
            if self._parser.get_method() == b"CONNECT":
                raise _Refused(refusals.NO_TUNNELS)
            self._again = True
            return
        if self._serving.tls is TlsMode.REQUIRE and self._scheme == "http":
            raise _Refused(refusals.TLS_REQUIRED)
        if len(self._waiting) >= MAX_PIPELINED:
            raise _Refused(refusals.FULL)
        if self._url == b"*" and self._parser.get_method() == b"OPTIONS":
            self._url = b"/"  # the server as a whole (RFC 9110 9.3.7), for which ASGI has no word
        self._limit_body()
        self._loose = 0
        self._requests += 1
        self._phase = Phase.BODY
        self._take()

    def on_body(self, body: bytes) -> None:
        """Count the body's octets. Raises _Refused."""
        self._loose = 0
        self._allowance -= len(body)
        if self._allowance < 0:
            raise _Refused(refusals.BODY_TOO_LARGE)
        if self._read is not None:
            self._read.feed(body)

    def on_message_complete(self) -> None:
        """It is our turn now."""
        if self._again or self._read is None:
            return
        self._read.feed_end()
        self._loose = 0
        self._phase = Phase.ANSWER if self._is_answering() else Phase.IDLE

    # --- answering ---

    def _take(self) -> None:
        """Let the request be answered, after those that came before it."""
        version = self._parser.get_http_version()
        scope = scope_of(self._url, self._parser.get_method(), version, self._headers)
        scope["scheme"], scope["client"], scope["server"] = self._scheme, self._client, self._server
        state = {"hang_up": self.hang_up, "conversation": self._conversation, "end_point": self._end_point}
        scope["state"] = state
        self._headers = []  # trailers come there, which must not be taken for headers (RFC 9110 6.5.1)
        exchange = self._read = Exchange(
            scope,
            self._flow,
            self._answered,
            keep_alive=(
                version != "1.0"
                and self._parser.should_keep_alive()
                and self._requests < self._limits.max_requests
            ),
            expects_continue=self._expects_continue,
        )
        scope["state"]["pusher"] = exchange.pusher
        if self._is_answering():
            self._flow.pause_reading()
            self._waiting.append(exchange)
        else:
            self._answer(exchange)

    def _answer(self, exchange: Exchange) -> None:
        self._running = exchange
        task = self._loop.create_task(exchange.run(self._serving.application))
        self._serving.tasks.add(task)
        task.add_done_callback(self._serving.tasks.discard)

    def _answered(self) -> None:
        """Go on with the next request, or await it."""
        if self._transport.is_closing():
            return
        self._flow.resume_reading()
        if self._waiting:
            self._answer(self._waiting.popleft())
        elif self._phase is Phase.ANSWER:
            self._await(Phase.IDLE)

    def _is_answering(self) -> bool:
        return self._running is not None and not self._running.complete

    # --- reading ---

    def _feed(self, data: bytes) -> None:
        """Parse, again and again where headers ask for other protocols."""
        while data:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = self._after_upgrade(data[upgrade.args[0] :])
            except httptools.HttpParserError as error:
                cause = error.__context__
                self._refuse(cause.refusal if isinstance(cause, _Refused) else refusals.MALFORMED)
                return
            else:
                return

    def _after_upgrade(self, rest: bytes) -> bytes:
        """What is to be parsed next: nothing in the clear once TLS has begun."""
        method, version = self._parser.get_method(), self._parser.get_http_version().encode()
        self._parser = self._make_parser()
        if self._again:
            self._again = False
            return head_without_upgrade(method, self._url, version, self._headers) + rest
        if rest and isinstance(self._transport, TlsStream):
            self._transport.data_received(rest)
        return b""

    def _make_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        # Octets behind the last request are not answered, and no reason not to answer that.
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    def _head_is_too_large(self) -> bool:
        if self._loose <= self._limits.max_head:
            return False
        size = len(self._url) + sum(len(name) + len(value) + 4 for name, value in self._headers)
        return size > self._limits.max_head

    def _limit_body(self) -> None:
        """Refuse at once what is announced to be too large. Raises _Refused."""
        self._allowance = (
            UNLIMITED if self._serving.unlimited(self._url, self._headers) else self._limits.max_body
        )
        for name, value in self._headers:
            if name == b"content-length" and int(value) > self._allowance:
                raise _Refused(refusals.BODY_TOO_LARGE)

    # --- TLS ---

    def _start_tls(self) -> bool:
        """Begin TLS where the request asks for it (RFC 2817 3.2); the request is answered inside (3.3)."""
        certificates = self._serving.certificates
        if certificates is None or self._scheme != "http" or self._parser.get_http_version() != "1.1":
            return False
        if self._is_answering() or any(
            name in (b"content-length", b"transfer-encoding") and value != b"0"
            for name, value in self._headers
        ):
            return False
        wished = dict(self._headers).get(b"upgrade", b"").lower().split(b",")
        if not any(one.strip().startswith(b"tls/1.") for one in wished):
            return False
        raw = self._transport
        raw.write(refusals.SWITCHING)
        context = certificates.context()
        stream = TlsStream(raw, context, self, self._seat, announce=False)
        self._seat.handshake_by = self._loop.time() + self._limits.handshake_time
        self._transport, self._flow = stream, Flow(stream)
        self._encrypted_by(context)
        raw.set_protocol(stream)
        return True

    def _encrypted_by(self, context: ServerContext | None) -> None:
        self._scheme = "http" if context is None else "https"
        self._end_point = b"" if context is None else context.end_point

    # --- time ---

    def _await(self, phase: Phase) -> None:
        """From now on, the peer has its time for this phase."""
        self._phase = phase
        limits, now = self._limits, self._loop.time()
        match phase:
            case Phase.HEAD:
                self._seat.read_by = now + limits.head_time
            case Phase.BODY:
                self._seat.read_by = now + limits.body_silence
            case Phase.IDLE:
                self._seat.read_by = now + limits.idle_time
            case Phase.ANSWER:
                self._seat.read_by = NEVER
            case Phase.REFUSED:
                pass  # `_refuse` has seen to it

    def _earn(self, octets: int) -> None:
        """Octets of a body buy time by the least rate, and never more than the longest silence."""
        longest = self._loop.time() + self._limits.body_silence
        earned = self._seat.read_by + octets / self._limits.min_upload_rate
        self._seat.read_by = min(longest, earned)

    def _overdue(self) -> None:
        """The peer did not do what was awaited."""
        if self._seat.answer_by <= self._loop.time():
            self._transport.abort()
        elif self._phase in (Phase.HEAD, Phase.BODY) and self._flow.read_paused:
            self._await(self._phase)  # it is we who are slow
        elif self._phase is Phase.BODY or (self._phase is Phase.HEAD and self._loose):
            self._refuse(refusals.LATE)
        elif self._phase is Phase.REFUSED:
            self._transport.abort()
        else:
            self._transport.close()

    # --- refusing ---

    def _refuse(self, refusal: Refusal) -> None:
        """Answer and close, without getting in the way of answers to earlier requests."""
        reading, self._phase = self._phase, Phase.REFUSED
        if reading is Phase.REFUSED:
            return
        self._seat.read_by = self._loop.time() + LINGER
        running, last = self._running, self._read
        if running is not None and last is not None and not running.complete:
            if reading is not Phase.BODY:
                self._seat.read_by = NEVER
                last.keep_alive = False  # the last one that could be read
                return
            if running is not last or running.started:
                self._transport.abort()
                return
            running.disconnect()
        if not self._transport.is_closing():
            self._transport.write(refusal.octets())
            self._transport.write_eof()
