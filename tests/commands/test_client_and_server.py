"""Our client and our server together: what one promises is what the other tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pagebell.app import Running, serve
from pagebell.cli import main
from pagebell.config import check
from pagebell.ipp import Client
from pagebell.ipp.follow import Feedback
from pagebell.ipp.registry import JobState
from pagebell.testing import pdf


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    printers = {"PDF": {"device": (tmp_path / "out").as_uri()}, "Slow": {"device": "simulated://?ppm=600"}}
    values = {
        "server": {"state": str(tmp_path / "state"), "ipp": "127.0.0.1:0"},
        "rpc": {"listen": "off"},
        "printers": printers,
    }
    async with serve(check(values, "test")) as found:
        yield found


@pytest.fixture
def where(running: Running) -> tuple[str, str]:
    return "--server", f"ipp://{running.authority}/"


@pytest.fixture
def letter(tmp_path: Path) -> str:
    (tmp_path / "letter.pdf").write_bytes(pdf(3))
    return str(tmp_path / "letter.pdf")


async def test_job_is_followed_by_events_to_its_last_page(running: Running) -> None:
    async with Client(running.uri("Slow")) as client, asyncio.timeout(30):
        job = await client.print_document(pdf(3), title="three", document_format="application/pdf")
        updates = [update async for update in client.follow(job)]
    assert {update.feedback for update in updates} == {Feedback.EVENTS}
    last = updates[-1].job
    assert (last.state, last.impressions, last.impressions_completed) == (JobState.COMPLETED, 3, 3)
    counts = [update.job.impressions_completed or 0 for update in updates]
    assert counts == sorted(counts)


async def test_life_of_a_job_by_commands(
    where: tuple[str, str], letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def pagebell(*arguments: str) -> str:
        assert await asyncio.to_thread(main, [*arguments, *where]) == 0
        return capsys.readouterr().out

    assert "Sent to PDF as job 1." in await pagebell("print", letter, "--hold", "--to", "PDF")
    assert "held" in await pagebell("jobs")
    assert "Job 1 is released." in await pagebell("release", "1")
    assert "letter.pdf: Printed: 3 pages." in await pagebell("print", letter, "--to", "PDF")
    assert (await pagebell("jobs", "--completed")).count("printed") == 2
    await pagebell("printers", "pause", "Slow")
    assert "paused" in await pagebell("printers", "list")
    await pagebell("print", letter, "--to", "Slow", "--no-wait")
    assert "waiting" in await pagebell("jobs", "Slow")
    assert "Job 3 is cancelled." in await pagebell("cancel", "--all")
    assert await pagebell("jobs") == "No jobs wait or print.\n"
    await pagebell("printers", "remove", "Slow")
    assert "Slow" not in await pagebell("printers", "list")
