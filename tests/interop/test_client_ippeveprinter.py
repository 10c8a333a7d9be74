"""Our client and commands against ippeveprinter, the working group's printer made of software."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pagebell.cli import main
from pagebell.ipp import Client
from pagebell.ipp.errors import NotFound, Unsupported, Untrusted
from pagebell.ipp.events import Pace
from pagebell.ipp.follow import Feedback
from pagebell.ipp.registry import JobState, Op, PrinterState
from pagebell.testing import pdf

pytestmark = pytest.mark.interop
PACE = Pace(quick=0.05, slow=0.2)


@pytest.fixture
async def client(printer: str) -> AsyncIterator[Client]:
    async with Client(printer) as made:
        yield made


async def test_printer_describes_itself(client: Client) -> None:
    info = await client.printer()
    assert info.state == PrinterState.IDLE
    assert info.offers(Op.PRINT_JOB, Op.CREATE_JOB, Op.SEND_DOCUMENT)
    assert "application/pdf" in info.formats
    assert [one.name for one in await client.printers()] == [info.name]


async def test_document_is_printed_and_followed(client: Client) -> None:
    job = await client.print_document(
        pdf(3),
        {"copies": 1, "sides": "two-sided-long-edge"},
        title="three",
        document_format="application/pdf",
    )
    updates = [update async for update in client.follow(job, pace=PACE)]
    assert updates[-1].job.state == JobState.COMPLETED
    assert updates[-1].feedback is Feedback.POLLING
    assert (await client.job(job)).name == "three"
    assert job.id in [one.id for one in await client.jobs("completed")]


async def test_document_in_two_steps(client: Client) -> None:
    job = await client.create_job(title="steps")

    async def pieces() -> AsyncIterator[bytes]:
        whole = pdf(2)
        for start in range(0, len(whole), 100):
            yield whole[start : start + 100]

    await client.send_document(job, pieces(), document_format="application/pdf")
    updates = [update async for update in client.follow(job, pace=PACE)]
    assert updates[-1].job.state == JobState.COMPLETED


async def test_what_it_does_not_offer_is_named(client: Client) -> None:
    with pytest.raises(Unsupported) as caught:
        await client.print_document(b"%PDF-", {"sides": "two-sided-long-edge", "copies": 99_999_999})
    assert "copies" in caught.value.unsupported


async def test_job_that_is_not_there(client: Client) -> None:
    with pytest.raises(NotFound):
        await client.job(9_999)


async def test_large_document_of_an_unknown_kind_is_refused_early_or_late(client: Client) -> None:
    with pytest.raises(Unsupported):
        await client.print_document(bytes(20 << 20))


async def test_own_certificate_is_not_trusted_unless_asked(printer: str) -> None:
    secure = printer.replace("ipp://", "ipps://")
    async with Client(secure) as client:
        with pytest.raises(Untrusted, match="certificate"):
            await client.printer()
    async with Client(secure, verify=False) as client:
        assert (await client.printer()).state == PrinterState.IDLE


async def test_out_of_paper_is_told_and_the_rest_comes_out(reporting_printer: str, gate: Path) -> None:
    async with Client(reporting_printer) as client, asyncio.timeout(30):
        job = await client.print_document(pdf(4), document_format="application/pdf")
        told = []
        async for update in client.follow(job, pace=PACE):
            told.append(update)
            if "media-empty" in "".join(update.printer.reasons):
                gate.touch()
    assert [one for one in told if one.printer.reasons]
    assert told[-1].job.state == JobState.COMPLETED
    assert (told[-1].job.impressions, told[-1].job.impressions_completed) == (4, 4)


async def test_print_command_to_the_end(
    printer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.pdf").write_bytes(pdf(1))
    status = await asyncio.to_thread(main, ["print", str(tmp_path / "letter.pdf"), "--to", printer])
    out = capsys.readouterr()
    assert (status, out.err) == (0, "")
    assert out.out.splitlines()[-1] == "letter.pdf: Printed."


async def test_print_command_tells_what_is_wrong(
    printer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").write_bytes(bytes(1000))
    assert await asyncio.to_thread(main, ["print", str(tmp_path / "data"), "--to", printer]) == 1
    assert "does not print this kind of document" in capsys.readouterr().err
