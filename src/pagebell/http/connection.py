"""One HTTP connection: uvicorn's protocol with the limits that it lacks, and with the way up to TLS (RFC 2817)."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httptools
import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from pagebell.http import refusals
from pagebell.http.certificates import Certificates
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

    config: uvicorn.Config
    state: ServerState
    limits: HttpLimits
    tls: TlsMode
    certificates: Certificates | None
    loop: asyncio.AbstractEventLoop
    unlimited: Callable[[bytes, list[tuple[bytes, bytes]]], bool]
    """Whether a request to this URL with these headers may have a body of any size, which its application limits."""


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


class HttpConnection(HttpToolsProtocol):
    """A connection that speaks HTTP in the clear or in TLS."""

    def __init__(self, serving: Serving, seat: Seat) -> None:
        # Each request gets a copy: what it writes into the conversation, the connection's next one reads.
        state: dict[str, Any] = {"hang_up": self.hang_up, "conversation": {}}
        super().__init__(
            config=serving.config, server_state=serving.state, app_state=state, _loop=serving.loop
        )
        self._serving = serving
        self._limits = serving.limits
        self._seat = seat
        self._phase = Phase.HEAD
        self._requests = 0
        self._loose = 0
        """Octets since the last that made sense as headers or body; bounds whatever the parser gathers."""
        self._allowance = UNLIMITED
        """Octets that the body may still have."""
        self._again = False
        """The head is to be read again without its Upgrade header."""
        self._running: RequestResponseCycle | None = None
        """The request that is being answered; `cycle` is the one read last."""

    # --- the transport's calls ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first request has to come in time."""
        super().connection_made(transport)
        self._seat.overdue = self._overdue
        self._await(Phase.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the seat back, and tell the application that it answers nobody."""
        self._seat.leave()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Octets in the clear, or decrypted."""
        if self._phase is Phase.REFUSED:
            return
        before, requests = self._phase, self._requests
        if before is Phase.BODY:
            self._earn(len(data))
        self._unset_keepalive_if_required()
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
        self._seat.answer_by = self.loop.time() + self._limits.answer_silence
        super().pause_writing()

    def resume_writing(self) -> None:
        """It has."""
        self._seat.answer_by = NEVER
        super().resume_writing()

    def hang_up(self) -> None:
        """Close the connection, for an application that will not read the rest of a request."""
        self.transport.close()

    # --- the parser's calls ---

    def on_message_begin(self) -> None:
        """A request's first octet: the rest of its headers has to come in time."""
        super().on_message_begin()
        self._phase = Phase.HEAD

    def on_headers_complete(self) -> None:
        """Decide what becomes of the request, before its application is asked. Raises _Refused."""
        if len(self.headers) > self._limits.max_headers or self._head_is_too_large():
            raise _Refused(refusals.HEAD_TOO_LARGE)
        if self.parser.should_upgrade() and not self._start_tls():
            if self.parser.get_method() == b"CONNECT":
                raise _Refused(refusals.NO_TUNNELS)
            self._again = True
            return
        if self._serving.tls is TlsMode.REQUIRE and self.scheme == "http":
            raise _Refused(refusals.TLS_REQUIRED)
        if len(self.pipeline) >= MAX_PIPELINED:
            raise _Refused(refusals.FULL)
        if self.url == b"*" and self.parser.get_method() == b"OPTIONS":
            self.url = b"/"  # the server as a whole (RFC 9110 9.3.7), for which ASGI has no word
        self._limit_body()
        self._loose = 0
        self._requests += 1
        self._phase = Phase.BODY
        super().on_headers_complete()
        if self._requests >= self._limits.max_requests:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Count the body's octets. Raises _Refused."""
        self._loose = 0
        self._allowance -= len(body)
        if self._allowance < 0:
            raise _Refused(refusals.BODY_TOO_LARGE)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It is our turn now."""
        if self._again:
            return
        super().on_message_complete()
        self._loose = 0
        self._phase = Phase.ANSWER if self._is_answering() else Phase.IDLE

    def on_response_complete(self) -> None:
        """Await the next request, unless it is there already."""
        super().on_response_complete()
        if self._phase is Phase.ANSWER and not self._is_answering():
            self._await(Phase.IDLE)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    # --- reading ---

    def _feed(self, data: bytes) -> None:
        """Parse, again and again where headers ask for other protocols."""
        while data:
            try:
                self.parser.feed_data(data)
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
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        self.parser = self._make_parser()
        if self._again:
            self._again = False
            return self._head_again(method, version) + rest
        if rest and isinstance(self.transport, TlsStream):
            self.transport.data_received(rest)
        return b""

    def _make_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        return parser

    def _head_again(self, method: bytes, version: bytes) -> bytes:
        """The head without its wish for another protocol, which we may ignore (RFC 9110 7.8).

        With it the parser would take no body, and its octets for the next request.
        """
        lines = [b"%s %s HTTP/%s" % (method, self.url, version)]
        for name, value in self.headers:
            if name == b"connection":
                tokens = [one.strip() for one in value.split(b",")]
                value = b", ".join(one for one in tokens if one.lower() != b"upgrade")  # noqa: PLW2901
            if name != b"upgrade":
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])

    def _head_is_too_large(self) -> bool:
        if self._loose <= self._limits.max_head:
            return False
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        return size > self._limits.max_head

    def _limit_body(self) -> None:
        """Refuse at once what is announced to be too large. Raises _Refused."""
        self._allowance = (
            UNLIMITED if self._serving.unlimited(self.url, self.headers) else self._limits.max_body
        )
        for name, value in self.headers:
            if name == b"content-length" and int(value) > self._allowance:
                raise _Refused(refusals.BODY_TOO_LARGE)

    # --- TLS ---

    def _start_tls(self) -> bool:
        """Begin TLS where the request asks for it (RFC 2817 3.2); the request is answered inside (3.3)."""
        certificates = self._serving.certificates
        if certificates is None or self.scheme != "http" or self.parser.get_http_version() != "1.1":
            return False
        if self._is_answering() or any(
            name in (b"content-length", b"transfer-encoding") and value != b"0"
            for name, value in self.headers
        ):
            return False
        wished = (self._get_upgrade() or b"").split(b",")
        if not any(one.strip().startswith(b"tls/1.") for one in wished):
            return False
        raw = self.transport
        raw.write(refusals.SWITCHING)
        stream = TlsStream(raw, certificates.context(), self, self._seat, announce=False)
        self._seat.handshake_by = self.loop.time() + self._limits.handshake_time
        self.transport, self.flow = stream, FlowControl(stream)
        self.scheme = self.scope["scheme"] = "https"
        raw.set_protocol(stream)
        return True

    # --- time ---

    def _await(self, phase: Phase) -> None:
        """From now on, the peer has its time for this phase."""
        self._phase = phase
        limits, now = self._limits, self.loop.time()
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
        longest = self.loop.time() + self._limits.body_silence
        earned = self._seat.read_by + octets / self._limits.min_upload_rate
        self._seat.read_by = min(longest, earned)

    def _overdue(self) -> None:
        """The peer did not do what was awaited."""
        if self._seat.answer_by <= self.loop.time():
            self.transport.abort()
        elif self._phase in (Phase.HEAD, Phase.BODY) and self.flow.read_paused:
            self._await(self._phase)  # it is we who are slow
        elif self._phase is Phase.BODY or (self._phase is Phase.HEAD and self._loose):
            self._refuse(refusals.LATE)
        elif self._phase is Phase.REFUSED:
            self.transport.abort()
        else:
            self.transport.close()

    # --- refusing ---

    def _is_answering(self) -> bool:
        return self._running is not None and not self._running.response_complete

    def _refuse(self, refusal: Refusal) -> None:
        """Answer and close, without getting in the way of answers to earlier requests."""
        reading, self._phase = self._phase, Phase.REFUSED
        if reading is Phase.REFUSED:
            return
        self._seat.read_by = self.loop.time() + LINGER
        running = self._running
        if running is not None and not running.response_complete:
            if reading is not Phase.BODY:
                self._seat.read_by = NEVER
                self.cycle.keep_alive = False  # the last one that could be read
                return
            if running is not self.cycle or running.response_started:
                self.transport.abort()
                return
            running.disconnected = True
            running.message_event.set()
        if not self.transport.is_closing():
            self.transport.write(refusal.octets())
            self.transport.write_eof()
