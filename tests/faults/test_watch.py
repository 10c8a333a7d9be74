"""The server is killed while somebody watches: every event is told once, in order, across its lives."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

from pagebell.ipp import Client
from pagebell.ipp import registry as r
from pagebell.ipp.events import Pace
from pagebell.ipp.results import Notification
from tests.peers import free_port
from tests.server import ServerProcess

LIVES = 3
JOBS = 4
PACE = Pace(quick=0.02, retry=0.02, retry_most=0.1, patience=60)
HELD = ["job-hold-until=indefinite"]


async def test_no_event_is_lost_or_told_twice_when_the_server_is_killed(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, {"PDF": "null:"}, ipp=f"127.0.0.1:{free_port()}")
    told: list[Notification] = []
    lost: list[str] = []

    async def read(client: Client, enough: asyncio.Event) -> None:
        async with aclosing(
            client.events("printer", "job-created", pace=PACE, on_connection=lost.append)
        ) as events:
            async for event in events:
                assert isinstance(event, Notification), event
                told.append(event)
                enough.set()
                if len(told) == LIVES * JOBS:
                    return

    with server:
        async with Client(server.uri("PDF")) as client, asyncio.timeout(90):
            heard = asyncio.Event()
            reading = asyncio.create_task(read(client, heard))
            while not await client.subscriptions("printer"):
                await asyncio.sleep(0.02)
            for life in range(LIVES):
                for number in range(JOBS):
                    title = f"{life}-{number}"
                    await client.print_document(b"x", HELD, title=title, document_format="text/plain")
                    if number == 0 and life == 0:
                        await heard.wait()
                if life < LIVES - 1:
                    await asyncio.to_thread(server.kill)
                    await asyncio.to_thread(server.start)
            await reading
            assert await client.subscriptions("printer") == []
    assert [event.sequence for event in told] == list(range(1, LIVES * JOBS + 1))
    names = [f"{life}-{number}" for life in range(LIVES) for number in range(JOBS)]
    assert [event.raw.get(r.job_name) for event in told] == names
    assert lost[-1] == ""
