"""Our client and our server together: what one promises is what the other tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from pagebell.app import Running, serve
from pagebell.cli import main
from pagebell.config import check
from pagebell.ipp import Client
from pagebell.ipp import registry as r
from pagebell.ipp.follow import Feedback
from pagebell.ipp.notices import open_now
from pagebell.ipp.registry import JobState
from pagebell.ipp.subscribing import Scope
from pagebell.model.access import SYSTEM
from pagebell.model.dialog import Addressees, Question
from pagebell.model.event import JobId, PrinterName, ResourceId, ResourceState
from pagebell.spooler.printers import PrinterWish
from pagebell.testing import pdf
from pagebell.web.icon import icon


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


async def test_printer_is_given_an_icon_and_another(
    running: Running, where: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resources = running.spooler.resources
    for number, (size, text) in enumerate(((48, "first"), (128, "second")), 1):
        file = tmp_path / f"{text}.png"
        file.write_bytes(icon(size))
        assert await asyncio.to_thread(main, ["printers", "set", "PDF", "--icon", str(file), *where]) == 0
        assert "Printer PDF is changed." in capsys.readouterr().out
        async with Client(running.uri("PDF")) as client:
            printer = await client.printer(r.printer_icons)
        assert printer.raw.all(r.printer_icons) == [f"http://{running.authority}/resources/{number}"]
        (held,) = resources.of_printer(running.spooler.printers.find("PDF"))
        assert (held.id, held.name) == (number, f"{text}.png")
    assert resources.resource(ResourceId(1)).state is ResourceState.CANCELED


async def test_icon_that_can_not_be_shown_leaves_nothing(
    running: Running, where: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir")
    for file, said in (("letter.txt", "is no PNG image"), ("nowhere.png", "no such file")):
        given = str(tmp_path / file)
        assert await asyncio.to_thread(main, ["printers", "set", "PDF", "--icon", given, *where]) != 0
        assert said in capsys.readouterr().err
    (tmp_path / "logo.png").write_bytes(icon(48))
    ledger = running.spooler._ledger
    ledger.policy = replace(ledger.policy, max_resource=10)
    given = str(tmp_path / "logo.png")
    assert await asyncio.to_thread(main, ["printers", "set", "PDF", "--icon", given, *where]) != 0
    assert "a resource may have 10 octets here" in capsys.readouterr().err
    assert [one.state for one in running.spooler.resources.all()] == [ResourceState.CANCELED]


async def test_piped_watch_tells_what_is_asked_already_and_once(
    running: Running, where: tuple[str, str], letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is asked later comes as an event."""
    dialogs, (pdf_, job) = running.spooler.dialogs, (PrinterName("PDF"), JobId(1))
    assert await asyncio.to_thread(main, ["print", letter, "--hold", "--to", "PDF", *where]) == 0
    await dialogs.open(Addressees(pdf_), Question("Paper", "Which tray?"))
    open_already = await dialogs.open(Addressees(pdf_, job), Question("Second sides", "Turn the pages."))
    capsys.readouterr()
    watching = asyncio.create_task(asyncio.to_thread(main, ["watch", "1", *where]))
    while not running.spooler.subscriptions.waiting:
        await asyncio.sleep(0)
    await dialogs.open(Addressees(pdf_, job), Question("PIN", "Type it."))
    await running.spooler.jobs.cancel(job, SYSTEM)
    assert await watching == 1
    asked = [line for line in capsys.readouterr().out.splitlines() if "Answer with: pagebell dialogs" in line]
    assert len(asked) == 2
    how = f"Answer with: pagebell dialogs answer {open_already.id} --server"
    assert f"Second sides: Turn the pages. {how}" in asked[0]
    assert "PIN: Type it." in asked[1]


@pytest.mark.parametrize(
    ("scope", "found"),
    [("server", [1, 2, 3]), ("printer", [1, 3]), (1, [3]), (("PDF", "Slow"), [1, 2, 3]), (("Slow",), [2])],
)
async def test_what_is_asked_now_is_that_of_the_scope(
    running: Running, where: tuple[str, str], letter: str, scope: Scope, found: list[int]
) -> None:
    dialogs, pdf_ = running.spooler.dialogs, PrinterName("PDF")
    assert await asyncio.to_thread(main, ["print", letter, "--hold", "--to", "PDF", *where]) == 0
    made = [
        await dialogs.open(to, Question("Paper", "Which tray?"))
        for to in (Addressees(pdf_), Addressees(PrinterName("Slow")), Addressees(pdf_, JobId(1)))
    ]
    async with Client(running.uri("PDF")) as client:
        assert [one.number for one in await open_now(client, scope)] == [made[n - 1].id for n in found]


async def test_subscription_of_some_printers_is_made_listed_and_read(
    running: Running, where: tuple[str, str], letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def pagebell(*arguments: str) -> str:
        assert await asyncio.to_thread(main, [*arguments, *where]) == 0
        return capsys.readouterr().out

    await running.spooler.printers.add("Lab", PrinterWish(device="null:"), SYSTEM)
    wanted = ("--events", "job-created")
    made = await pagebell("subscriptions", "add", "Lab,PDF", *wanted, "--lease", "7200")
    assert "Subscription 1 to the events of printers with id 1, 3. Its lease ends in 2 hours." in made
    await pagebell("subscriptions", "add", *wanted)
    assert "printers with id 1, 3" in await pagebell("subscriptions", "list", "PDF,Lab")
    assert "no subscriptions" in await pagebell("subscriptions", "list", "PDF,Slow")
    for printer in ("Lab", "Slow", "PDF"):
        await pagebell("print", letter, "--hold", "--to", printer)
    async with Client(f"ipp://{running.authority}/") as client:
        events = await client.notifications(await client.subscription(1))
    assert [event.printer_name for event in events.notifications] == ["Lab", "PDF"]
    assert await asyncio.to_thread(main, ["subscriptions", "add", "PDF,Moon", *where]) == 1
    assert "There is no printer Moon" in capsys.readouterr().err
