"""What a listener leaves behind when it closes: nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

import pytest

from pagebell.http.listener import Listener

LIMIT = 10.0


async def _application(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("turns", range(6))
async def test_connection_that_comes_while_the_listener_closes_is_closed(turns: int) -> None:
    """`turns` of the event loop lie between the connection and the end: it is accepted in several steps."""
    listener = Listener(_application)
    address = await listener.open("127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    with socket.create_connection(address) as client:
        client.setblocking(False)
        for _ in range(turns):
            await asyncio.sleep(0)
        await listener.close()
        async with asyncio.timeout(LIMIT):
            with contextlib.suppress(ConnectionResetError):
                assert await loop.sock_recv(client, 1) == b""
    assert listener.connections == 0
