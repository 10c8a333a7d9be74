"""Our client when the connection or the server dies, and when it is back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from pagebell.ipp.errors import ConnectionFailed
from pagebell.ipp.events import Pace
from pagebell.ipp.follow import Feedback
from pagebell.ipp.registry import JobState
from pagebell.model.event import JobId
from pagebell.winspool import Client
from tests.winspool.stand import Stand, client_at


@contextlib.asynccontextmanager
async def _proxy(port: int) -> AsyncIterator[tuple[int, list[asyncio.StreamWriter]]]:
    """A way to the server that can be cut."""
    lines: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        lines.extend((writer, back))
        await asyncio.gather(pump(reader, back), pump(there, writer))

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], lines
    for line in lines:
        line.close()


async def test_a_lost_connection_is_told_and_made_again(here: Stand) -> None:
    number = await here.submit()
    seen = []
    async with _proxy(here.port) as (port, lines):
        client = client_at(port)
        async for update in client.follow(number):
            seen.append(update.feedback)
            if len(seen) == 1:
                for line in lines:
                    line.transport.abort()
            if len(seen) > 2 and update.feedback is Feedback.EVENTS:
                here.device.finish()
    assert seen[:2] == [Feedback.EVENTS, Feedback.INTERRUPTED]
    assert seen[-1] is Feedback.EVENTS
    assert await here.state(number) == JobState.COMPLETED


async def test_a_watch_tells_of_the_loss_and_then_of_what_happened_meanwhile(here: Stand) -> None:
    contacts: asyncio.Queue[str] = asyncio.Queue()
    heard: asyncio.Queue[tuple[str, int | None]] = asyncio.Queue()

    async def listen(client: Client) -> None:
        async for event in client.events(on_connection=contacts.put_nowait):
            heard.put_nowait((event.event, event.job_id))

    async with asyncio.timeout(20), _proxy(here.port) as (port, lines):
        client = client_at(port)
        listening = asyncio.create_task(listen(client))
        while heard.empty():  # what was so at the first look is no news
            await here.submit()
            async with here.client():
                pass
        for line in lines:
            line.transport.abort()
        number = await here.submit(b"meanwhile")
        assert await contacts.get() != ""
        while (await heard.get()) != ("job-created", number):
            pass
        assert await contacts.get() == ""
        later = await here.submit(b"later")
        while (await heard.get()) != ("job-created", later):
            pass
        listening.cancel()
        await asyncio.wait({listening})


async def test_a_job_whose_progress_is_lost_is_not_sent_again_but_followed_on(here: Stand) -> None:
    seen = []
    async with asyncio.timeout(20), _proxy(here.port) as (port, lines):
        client = client_at(port)
        async for update in client.print_and_follow(b"hello", title="Letter"):
            seen.append(update)
            if len(seen) == 1:
                for line in lines:
                    line.transport.abort()
            elif update.feedback is Feedback.EVENTS:
                here.device.finish()
    assert seen[-1].job.state == JobState.COMPLETED
    assert {update.job.id for update in seen} == {1}
    assert len(here.device.received) == 1


async def test_a_document_is_sent_again_when_the_server_dies_over_it(here: Stand) -> None:
    async with _proxy(here.port) as (port, lines):
        client = client_at(port)

        def cut(sent: int, total: int | None) -> None:
            if sent and len(lines) == 2:
                lines[0].transport.abort()

        job = await client.print_document(b"x" * 300_000, progress=cut)
    assert (await here.job(JobId(job.id))).octets == 300_000
    assert await here.state(JobId(1)) == JobState.ABORTED
    assert job.id == 2


async def test_patience_ends(here: Stand) -> None:
    async with _proxy(here.port) as (port, _):
        pace = Pace(retry=0.01, retry_most=0.02, patience=0.05)
        client = client_at(port, pace=pace)
        await client.printer()
    with pytest.raises(ConnectionFailed):
        await client.printer()
