"""A command that is ended from outside ends what it had begun."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from pagebell.ipp import Client
from pagebell.testing import PrintServer


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_watch_that_is_ended_leaves_no_subscription(number: signal.Signals) -> None:
    with PrintServer() as server:
        async with Client(server.uri) as client, asyncio.timeout(60):
            command = (sys.executable, "-m", "pagebell.cli", "watch", server.uri, "--json")
            watching = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL)
            while not await client.subscriptions(mine=False):
                await asyncio.sleep(0.05)
            watching.send_signal(number)
            assert await watching.wait() == 128 + number
            assert await client.subscriptions(mine=False) == []
