"""What is fuzzed: functions that take any octets, and fail only where an invariant does.

- `asyncui`: what reads as a message of [MS-PAN] is written, and reads as the same.
- `http`: whatever a peer sends, in whatever pieces, the HTTP server answers or closes; nothing raises, nothing is
  logged as an error, and when the connection is gone nothing is left of it.
- `ipp`: whatever is fed, in whatever pieces, is one message or a CodecError, and the same for every cut.
- the Windows protocols: `rpc_targets`, and what their services answer: `request_target`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any, Final

from pagebell.http.certificates import Certificates, own_certificate
from pagebell.http.connection import Serving
from pagebell.http.listener import Doorway
from pagebell.http.seats import Seats
from pagebell.http.settings import HttpLimits, TlsMode
from pagebell.ipp.codec import CodecError, Message, MessageReader, encode
from pagebell.winspool.asyncui_xml import (
    AsyncUIError,
    read_request,
    read_response,
    write_request,
    write_response,
)
from tests.fuzz.request_target import requests
from tests.fuzz.rpc_targets import RPC_TARGETS

MAX_TURNS: Final = 50


def pieces(octets: bytes) -> Iterator[bytes]:
    """The first octet tells how the rest is cut: into so many octets each, or not at all."""
    size = octets[0] if octets and octets[0] < 128 else 0
    rest = octets[1:]
    if not size:
        yield rest
        return
    for start in range(0, len(rest), size):
        yield rest[start : start + size]


# --- IPP ---


def ipp(octets: bytes) -> None:
    """`MessageReader.feed`: a message or CodecError."""
    cut, whole = _read(pieces(octets)), _read(iter([octets[1:]]))
    assert type(cut) is type(whole), (cut, whole)
    if isinstance(cut, tuple):
        assert cut == whole
        message, _ = cut
        again = _read(iter([encode(message)]))
        assert isinstance(again, tuple) and again[0] == message, (message, again)


def _read(parts: Iterator[bytes]) -> tuple[Message, bytes] | CodecError:
    reader = MessageReader()
    try:
        for part in parts:
            message = reader.feed(part)
            if message is not None:
                return message, reader.rest + b"".join(parts)
        reader.finish()
    except CodecError as error:
        return error
    raise AssertionError("finish() did not raise")


# --- HTTP ---


class Wire(asyncio.Transport):
    """The server's end of a connection that leads nowhere."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self._loop = loop
        self._closing = False
        self._reading = True
        self.protocol: Any = None
        self.sent = 0

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol  # type: ignore[no-any-return]

    def write(self, data: bytes | bytearray | memoryview[int]) -> None:
        assert not self._closing or data
        self.sent += len(data)

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        return

    def pause_reading(self) -> None:
        assert self._reading
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True

    def is_reading(self) -> bool:
        return self._reading

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self.protocol.connection_lost, None)

    abort = close


class Errors(logging.Handler):
    """Collects what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(self.format(record))

    def loop(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.found.append(repr(context))


async def application(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Reads the body and tells its length."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message["body"])
        more = message["more_body"]
    headers = [(b"content-length", b"%d" % len(str(length)))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": str(length).encode()})


class Front:
    """A listener's parts without its socket."""

    def __init__(self, mode: TlsMode) -> None:
        self.loop = asyncio.new_event_loop()
        self.errors = Errors()
        self.loop.set_exception_handler(self.errors.loop)
        logging.getLogger().addHandler(self.errors)
        with tempfile.TemporaryDirectory() as folder:
            certificates = Certificates(*own_certificate(Path(folder), "127.0.0.1"), now=lambda: 0.0)
        limits = HttpLimits(max_head=2000, max_headers=20, max_body=3000, max_requests=20)
        self.serving = Serving(application, limits, mode, certificates, self.loop, lambda _, __: False)
        self.seats = Seats(limits, self.loop)

    async def converse(self, octets: bytes) -> None:
        """One connection from its beginning to its end."""
        wire = Wire(self.loop)
        wire.protocol = Doorway(self.serving, self.seats)
        wire.protocol.connection_made(wire)
        for piece in pieces(octets):
            if wire.is_closing():
                break
            if piece:
                wire.protocol.data_received(piece)
            await asyncio.sleep(0)
        await self._settle()
        if not wire.is_closing():
            wire.protocol.eof_received()
            wire.close()
        await self._settle()
        assert not len(self.seats), "a seat is left"
        assert not self.serving.connections, "a connection is left"
        assert not self.serving.tasks, "a request is left"
        assert not self.errors.found, self.errors.found

    async def _settle(self) -> None:
        for _ in range(MAX_TURNS):
            await asyncio.sleep(0)
            if not self.serving.tasks:
                break
        await asyncio.sleep(0)


_fronts: dict[TlsMode, Front] = {}


def http(octets: bytes) -> None:
    """A connection's octets; the first octet's lowest bit chooses whether TLS is required."""
    mode = TlsMode.REQUIRE if octets[:1] and octets[0] & 1 else TlsMode.ALLOW
    if mode not in _fronts:
        _fronts[mode] = Front(mode)
    front = _fronts[mode]
    front.loop.run_until_complete(front.converse(octets))


def asyncui(octets: bytes) -> None:
    """What reads as a request or a response is written, and reads as the same; anything else is an AsyncUIError."""
    with contextlib.suppress(AsyncUIError):
        request = read_request(octets)
        assert read_request(write_request(request)) == request
    with contextlib.suppress(AsyncUIError):
        response = read_response(octets)
        assert read_response(write_response(response)) == response


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "asyncui": asyncui,
    "http": http,
    "ipp": ipp,
    "requests": requests,
    **RPC_TARGETS,
}
