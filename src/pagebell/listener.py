"""Listening for HTTP: uvicorn's protocol on sockets of our own, so that one task tree runs the whole server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

log = logging.getLogger(__name__)

Application = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]
BACKLOG = 1024
GRACE = 5.0
"""Seconds that requests under way get at the end."""
HEAD_TIME = 30.0
"""Seconds within which a new connection must have sent a request's line and headers."""
HEAD_SIZE = 2**16
"""Octets that these may have."""


class Listener:
    """Serves an ASGI application over HTTP/1.1 on one address."""

    def __init__(self, application: Application) -> None:
        config = uvicorn.Config(
            application,
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=60,
        )
        config.load()
        self._config = config
        self._state = ServerState()
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address, its port chosen by the system where 0 was asked for. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, host, port, backlog=BACKLOG)
        address = self._server.sockets[0].getsockname()
        return str(address[0]), int(address[1])

    async def close(self) -> None:
        """Take no more connections, let requests under way end, then close them all.

        What a request holds is given back while there is still a spooler to give it to: an upload that has not ended
        in time sees its client gone, and aborts its job.
        """
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        await self._end_of_tasks()
        for connection in list(self._state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await self._end_of_tasks()
        for task in list(self._state.tasks):
            task.cancel()
        await self._end_of_tasks()
        self._server = None

    async def _end_of_tasks(self) -> None:
        if self._state.tasks:
            await asyncio.wait(list(self._state.tasks), timeout=GRACE)

    def _protocol(self) -> HttpToolsProtocol:
        state: dict[str, Any] = {}
        connection = _Connection(config=self._config, server_state=self._state, app_state=state)
        state["hang_up"] = connection.hang_up
        return connection


class _Connection(HttpToolsProtocol):
    """uvicorn's connection with the limits that it lacks: on the time and the size of a request's head.

    Between requests its own time-out for kept-alive connections holds; a body is its application's concern.
    """

    _head = 0
    """Octets since the last head was complete; -1 while a body comes in."""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head >= 0:
            self._head += len(data)
            self._await_head()
        super().data_received(data)
        if self._head > HEAD_SIZE and not self.transport.is_closing():
            self._refuse_head()

    def on_headers_complete(self) -> None:
        self._head = -1
        self._forget_deadline()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head = 0
        super().on_message_complete()

    def hang_up(self) -> None:
        """Close the connection, for an application that will not read the rest of a request."""
        self.transport.close()

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_TIME, self._give_up)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.close()

    def _refuse_head(self) -> None:
        text = b"The headers of this request are too large.\n"
        lines = [b"HTTP/1.1 431 Request Header Fields Too Large", b"content-type: text/plain"]
        lines += [b"content-length: %d" % len(text), b"connection: close", b"", text]
        self.transport.write(b"\r\n".join(lines))
        self.transport.close()
