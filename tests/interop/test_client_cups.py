"""Our client and commands against cupsd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from pagebell.cli import main
from pagebell.ipp import Client
from pagebell.ipp.administration import PrinterWish, printer_uri, remove_printer, set_printer
from pagebell.ipp.errors import NotFound
from pagebell.ipp.events import Pace
from pagebell.ipp.registry import JobState, PrinterState
from pagebell.ipp.results import Notification

pytestmark = pytest.mark.interop
PACE = Pace(quick=0.05, slow=0.2)


@pytest.fixture
async def server(cups: str) -> AsyncIterator[Client]:
    async with Client(cups) as made:
        yield made


@pytest.fixture
async def queue(server: Client, tmp_path: Path) -> AsyncIterator[Client]:
    """A raw queue that writes to a file."""
    wish = PrinterWish(f"file://{tmp_path}/out", "A queue", "Here", accepting=True, running=True)
    await set_printer(server, "Q", wish)
    async with Client(printer_uri(server, "Q")) as made:
        yield made
    await remove_printer(server, "Q")


async def run(*arguments: str) -> int:
    return await asyncio.to_thread(main, arguments)


async def test_server_without_printers(server: Client) -> None:
    assert await server.printers() == []


async def test_printer_is_added_changed_paused_and_removed(server: Client, tmp_path: Path) -> None:
    await set_printer(server, "P", PrinterWish(f"file://{tmp_path}/out", "One", accepting=True, running=True))
    await set_printer(server, "P", PrinterWish(info="Two"))
    async with Client(printer_uri(server, "P")) as printer:
        info = await printer.printer()
        assert (info.name, info.info, info.state) == ("P", "Two", PrinterState.IDLE)
        await printer.pause()
        assert (await printer.printer_status()).state == PrinterState.STOPPED
        await printer.resume()
    await remove_printer(server, "P")
    with pytest.raises(NotFound):
        await remove_printer(server, "P")


async def test_job_is_held_released_and_followed_to_its_end(server: Client, queue: Client) -> None:
    job = await queue.print_document(b"hello", ["job-hold-until=indefinite"], title="held")
    assert (await server.job(job)).state == JobState.PENDING_HELD
    assert [one.id for one in await server.jobs()] == [job.id]
    states = []
    async with asyncio.timeout(30):
        async for update in queue.follow(job, pace=PACE):
            states.append(update.job.state)
            if update.job.state == JobState.PENDING_HELD:
                await server.release(job)
    assert states[0] == JobState.PENDING_HELD
    assert states[-1] == JobState.COMPLETED


async def test_cancelled_job_is_told(server: Client, queue: Client) -> None:
    job = await queue.print_document(b"hello", ["job-hold-until=indefinite"])
    await server.cancel(job)
    async with asyncio.timeout(30):
        updates = [update async for update in queue.follow(job, pace=PACE)]
    assert updates[-1].job.state == JobState.CANCELED


async def test_subscription_and_its_events(queue: Client) -> None:
    subscription = await queue.create_subscription("job-created", "job-completed", lease=300)
    await queue.renew_subscription(subscription, 600)  # CUPS does not tell which lease it grants
    job = await queue.print_document(b"hello")
    async with asyncio.timeout(30):
        [_ async for _ in queue.follow(job, pace=PACE)]
    found = await queue.notifications(subscription)
    assert [(one.event, one.job_id) for one in found.notifications] == [
        ("job-created", job.id),
        ("job-completed", job.id),
    ]
    assert [one.sequence for one in found.notifications] == [1, 2]
    assert found.interval
    assert (await queue.notifications(subscription, 2)).notifications == ()
    await queue.cancel_subscription(subscription)
    with pytest.raises(NotFound):
        await queue.notifications(subscription)


async def test_events_are_polled_and_every_one_told_once(queue: Client) -> None:
    """CUPS answers notify-wait at once with the interval at which it wishes to be asked."""
    events = queue.events("printer", "job-created", "job-completed", pace=Pace(quick=0.05, poll=0.2))
    async with asyncio.timeout(30), asyncio.TaskGroup() as group, aclosing(events):

        async def print_two() -> None:
            while not await queue.subscriptions("printer"):
                await asyncio.sleep(0.05)
            for _ in range(2):
                await queue.print_document(b"hello")

        group.create_task(print_two())
        found = [await anext(events) for _ in range(4)]
    assert all(isinstance(one, Notification) for one in found)
    told = [one for one in found if isinstance(one, Notification)]
    assert [one.sequence for one in told] == [1, 2, 3, 4]
    assert sorted(one.event for one in told) == ["job-completed"] * 2 + ["job-created"] * 2
    assert await queue.subscriptions("printer") == []


async def test_watch_prints_what_happens_on_a_cups_server(
    cups: str, queue: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    job = await queue.print_document(b"hello", ["job-hold-until=indefinite"], title="held")
    watching = asyncio.create_task(run("watch", str(job.id), "--every", "1", "--server", cups))
    async with asyncio.timeout(30):
        while not await queue.subscriptions(job):
            await asyncio.sleep(0.05)
        await queue.release(job)
        assert await watching == 0
    out = capsys.readouterr().out
    assert f"✓ Q  {job.id} held" in out
    assert "Printed" in out


async def test_commands(cups: str, queue: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.txt").write_text("Dear Ada")
    letter, where = str(tmp_path / "letter.txt"), ("--server", cups)
    assert await run("print", letter, "--to", "Q", *where) == 0
    assert await run("printers", "list", *where) == 0
    assert await run("print", letter, "--to", "Q", "--hold", *where) == 0
    assert await run("jobs", *where) == 0
    out = capsys.readouterr().out
    assert "letter.txt: Printed" in out
    assert "A queue" in out
    number = out.split("as job ")[-1].split(".")[0]
    assert "held" in out
    assert await run("release", number, *where) == 0
    assert await run("cancel", "99999", *where) == 1
    assert "no such printer or job" in capsys.readouterr().err
