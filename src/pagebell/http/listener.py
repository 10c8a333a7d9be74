"""Listening for HTTP, plain and encrypted on one port, on sockets of our own: one task tree runs the whole server."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pagebell.http import refusals
from pagebell.http.certificates import Certificates
from pagebell.http.connection import HttpConnection, Serving
from pagebell.http.exchange import Application
from pagebell.http.seats import NEVER, Seat, Seats
from pagebell.http.settings import HttpLimits, TlsMode
from pagebell.http.tls import HANDSHAKE, NO_TLS, TlsStream
from pagebell.sockets import notice_vanished

log = logging.getLogger(__name__)

BACKLOG: Final = 4096
GRACE: Final = 5.0
"""Seconds that requests under way get at the end."""
OTHER_FILES: Final = 256
"""File descriptors that are kept for everything else."""


class Listener:
    """Serves an ASGI application over HTTP/1.1 on one address.

    Without certificates there is no TLS, whatever the mode says. `unlimited` tells by its URL and headers whether a
    request's body is limited by the application.
    """

    def __init__(
        self,
        application: Application,
        limits: HttpLimits | None = None,
        tls: TlsMode = TlsMode.OFF,
        certificates: Certificates | None = None,
        unlimited: Callable[[bytes, list[tuple[bytes, bytes]]], bool] = lambda _, __: False,
    ) -> None:
        self._limits = limits or HttpLimits()
        self._application = application
        self._tls = tls
        self._certificates = None if tls is TlsMode.OFF else certificates
        self._unlimited = unlimited
        self._serving: Serving | None = None
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address, its port chosen by the system where 0 was asked for. Raises OSError."""
        loop = asyncio.get_running_loop()
        limits = replace(self._limits, max_connections=_possible(self._limits.max_connections))
        self._serving = serving = Serving(
            self._application, limits, self._tls, self._certificates, loop, self._unlimited
        )
        self._seats = seats = Seats(limits, loop)
        self._server = await loop.create_server(lambda: Doorway(serving, seats), host, port, backlog=BACKLOG)
        for listening in self._server.sockets:  # what they accept takes after them
            notice_vanished(listening, limits.vanished_time)
        seats.watch()
        address = self._server.sockets[0].getsockname()
        return str(address[0]), int(address[1])

    async def close(self) -> None:
        """Take no more connections, let requests under way end, then close them all.

        What a request holds is given back while there is still a spooler to give it to: an upload that has not ended
        in time sees its client gone, and aborts its job.
        """
        if self._server is None or self._serving is None:
            return
        loop = asyncio.get_running_loop()
        for listening in self._server.sockets:
            loop.remove_reader(listening)
        # What is accepted becomes a connection first: asyncio would lose its socket.
        await asyncio.sleep(0)
        self._server.close()
        tasks = self._serving.tasks
        for connection in list(self._serving.connections):
            connection.shut_down()
        await _end_of(tasks)
        self._seats.rest()
        for seat in list(self._seats):
            seat.transport.abort()
        await _end_of(tasks)
        for task in list(tasks):
            task.cancel()
        await _end_of(tasks)
        self._server = None

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._seats)


class Doorway(asyncio.Protocol):
    """A new connection until its first octet, which tells whether it is HTTP or TLS."""

    def __init__(self, serving: Serving, seats: Seats) -> None:
        self._serving = serving
        self._seats = seats
        self._seat: Seat | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give it a seat, or turn it away."""
        if self._seats.resting:  # it was accepted while the listener closed
            transport.abort()
            return
        self._seat = self._seats.take(transport)
        if self._seat is None:
            transport.write(refusals.FULL.octets())
            transport.close()
            return
        self._seat.read_by = self._serving.loop.time() + self._serving.limits.head_time

    def connection_lost(self, exc: Exception | None) -> None:
        """It never said a word."""
        if self._seat is not None:
            self._seat.leave()

    def data_received(self, data: bytes) -> None:
        """Hand the connection over to whoever speaks its language."""
        if self._seat is None:
            return
        serving, seat = self._serving, self._seat
        transport = seat.transport
        if data[0] != HANDSHAKE:
            http = HttpConnection(serving, seat)
            transport.set_protocol(http)
            http.connection_made(transport)
            http.data_received(data)
        elif serving.certificates is None:
            transport.write(NO_TLS)
            transport.close()
        else:
            seat.read_by = NEVER
            seat.handshake_by = serving.loop.time() + serving.limits.handshake_time
            http = HttpConnection(serving, seat)
            stream = TlsStream(transport, serving.certificates.context(), http, seat, announce=True)
            transport.set_protocol(stream)
            stream.data_received(data)


async def _end_of(tasks: set[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(list(tasks), timeout=GRACE)


def _possible(wanted: int) -> int:
    """How many connections the system has file descriptors for, after asking it for as many as it gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    possible = max(16, soft - OTHER_FILES)
    log.info("the system allows %d open files: at most %d connections are taken", soft, possible)
    return possible
