"""The `ipp:` device in front of ourselves: what happens there is told here, and what is done here is done there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from pagebell.app import Running
from pagebell.devices import make_device
from pagebell.devices.ipp import IppDevice, parse
from pagebell.devices.settings import OnBreak
from pagebell.ipp import Client
from pagebell.ipp.administration import PrinterWish as PrinterRequest
from pagebell.ipp.administration import set_printer
from pagebell.ipp.errors import Unsupported
from pagebell.model.access import SYSTEM
from pagebell.model.document import Ticket
from pagebell.model.event import EventKind, JobState
from pagebell.model.job import Job
from pagebell.spooler.printers import PrinterWish
from pagebell.testing import pdf
from tests.forwarding import BACK, FRONT, Front, back, front, jobs_there, until

VIRTUAL = "simulated://?ppm=60000&warmup=0&media=4&model=ACME+9&duplex=no"


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Running]:
    async with back(tmp_path / "back", VIRTUAL) as running:
        yield running


@pytest.fixture
async def here(there: Running) -> AsyncIterator[Front]:
    async with front(there.uri(BACK)) as made:
        await known(made)
        yield made


async def known(made: Front) -> None:
    """The printer has described itself."""

    async def described() -> bool:
        return made.spooler.printers.capabilities(FRONT).make_and_model == "ACME 9" and (
            "connecting-to-device" not in made.printer.reasons
        )

    await until(described)


def command(running: Running, text: str) -> None:
    running.spooler.printers.command(BACK, text, SYSTEM)


async def test_its_capabilities_become_the_queue_s(here: Front) -> None:
    capabilities = here.spooler.printers.capabilities(FRONT)
    assert capabilities.sides == ("one-sided",)
    assert "application/pdf" in capabilities.formats
    assert capabilities.media[0] == "iso_a4_210x297mm"
    assert capabilities.resolutions == (300, 600)
    told = [event for event in await here.log() if event.kind is EventKind.PRINTER_CONFIG_CHANGED]
    assert [event.changed for event in told] == [("capabilities",)]
    assert here.printer.changed == told[0].at


async def test_new_capabilities_are_taken_over_when_they_change(here: Front, there: Running) -> None:
    wish = PrinterWish(device=VIRTUAL.replace("ACME", "Nova"))
    await there.spooler.printers.change(BACK, wish, SYSTEM)

    async def learned() -> bool:
        return here.spooler.printers.capabilities(FRONT).make_and_model == "Nova 9"

    await until(learned)


async def test_job_is_forwarded_with_what_was_asked_for(here: Front, there: Running) -> None:
    ticket = Ticket(copies=2, print_quality=5, media="iso_a4_210x297mm", printer_resolution=(600, 600, 3))
    number = await here.print(pdf(1), ticket=ticket)
    job = await here.ended(number)
    assert (job.state, job.reasons, job.message) == (
        JobState.COMPLETED,
        {"job-completed-successfully"},
        "",
    )
    assert job.impressions_completed == 2
    (other,) = await jobs_there(there)
    assert (other.name, other.owner, other.state) == ("letter", "ada", JobState.COMPLETED)
    assert (other.ticket.copies, other.ticket.print_quality, other.ticket.media) == (2, 5, "iso_a4_210x297mm")
    assert other.ticket.printer_resolution == (600, 600, 3)
    assert other.documents[0].octets == len(pdf(1))


async def test_several_documents_are_one_job(here: Front, there: Running) -> None:
    number = await here.print(pdf(1), pdf(2), pdf(1))
    assert (await here.ended(number)).state is JobState.COMPLETED
    (other,) = await jobs_there(there)
    assert [document.name for document in other.documents] == ["letter 1", "letter 2", "letter 3"]


async def test_out_of_paper_there_is_out_of_paper_here(here: Front, there: Running) -> None:
    number = await here.print(pdf(6))

    async def stopped() -> bool:
        return (await here.job(number)).state is JobState.PROCESSING_STOPPED

    await until(stopped)
    assert "media-empty-error" in here.printer.reasons
    assert [supply.description for supply in here.printer.supplies] == ["Black toner"]
    assert here.printer.message == "Tray 1 is out of paper: refill it."
    assert (await here.job(number)).message == "Tray 1 is out of paper: refill it."
    command(there, "refill")
    job = await here.ended(number)
    assert (job.state, job.impressions_completed) == (JobState.COMPLETED, 6)

    async def well() -> bool:
        return not here.printer.device_stopped and "media-empty-error" not in here.printer.reasons

    await until(well)


async def started(running: Running) -> Job:
    """The job there, once it prints."""

    async def begun() -> bool:
        return any(job.processing_at is not None for job in await jobs_there(running))

    await until(begun)
    return (await jobs_there(running))[-1]


async def test_what_is_cancelled_here_is_cancelled_there(here: Front, there: Running) -> None:
    number = await here.print(pdf(20))
    other = await started(there)
    await here.spooler.jobs.cancel(number, SYSTEM)
    assert (await here.ended(number)).state is JobState.CANCELED

    async def canceled() -> bool:
        return (await there.spooler.jobs.job(other.id)).state is JobState.CANCELED

    await until(canceled)


async def until_stopped(here: Front) -> None:
    async def stopped() -> bool:
        return here.printer.device_stopped

    await until(stopped)


async def test_what_is_cancelled_there_is_cancelled_here_and_says_where(here: Front, there: Running) -> None:
    number = await here.print(pdf(20))
    other = await started(there)
    await there.spooler.jobs.cancel(other.id, SYSTEM)
    job = await here.ended(number)
    assert (job.state, job.reasons) == (JobState.CANCELED, {"job-canceled-at-device"})


async def test_printer_stopped_there_stops_the_queue_here(here: Front, there: Running) -> None:
    await there.spooler.printers.pause(BACK, SYSTEM)
    await until_stopped(here)
    number = await here.print(pdf(1))
    assert "paused" in here.printer.reasons
    assert (await here.job(number)).state is JobState.PENDING
    assert await jobs_there(there) == []
    await there.spooler.printers.resume(BACK, SYSTEM)
    assert (await here.ended(number)).state is JobState.COMPLETED


async def test_paused_here_nothing_is_sent(here: Front, there: Running) -> None:
    await here.spooler.printers.pause(FRONT, SYSTEM)
    number = await here.print(pdf(1))
    assert (await here.job(number)).state is JobState.PENDING
    assert await jobs_there(there) == []
    await here.spooler.printers.resume(FRONT, SYSTEM)
    assert (await here.ended(number)).state is JobState.COMPLETED


async def test_target_that_restarts_in_the_middle_prints_the_job_in_the_end(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(back(tmp_path / "back", VIRTUAL))
        port = first.port
        async with front(first.uri(BACK)) as here:
            await known(here)
            number = await here.print(pdf(6))
            await until_stopped(here)  # out of paper
            await stack.aclose()

            async def away() -> bool:
                return "timed-out-error" in here.printer.reasons

            await until(away)
            assert "is out of reach" in here.printer.message
            assert (await here.job(number)).state is JobState.PROCESSING_STOPPED
            async with back(tmp_path / "back", VIRTUAL.replace("media=4", "media=400"), port) as second:
                job = await here.ended(number)
                assert job.state is JobState.COMPLETED
                assert [other.state for other in await jobs_there(second)] == [JobState.COMPLETED]


# --- the URI ---


def test_uri_is_read() -> None:
    assert parse("ipp://printer/ipp/print") == ("ipp://printer/ipp/print", OnBreak.REPRINT, True)
    assert parse("ipps://printer/q?on-break=hold&verify=no&waitjob=false") == (
        "ipps://printer/q?waitjob=false",
        OnBreak.HOLD,
        False,
    )


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("ipp://ada:secret@printer/", "shown to everybody"),
        ("ipp:", "not a printer's address"),
        ("ipp://printer/?on-break=never", "one of reprint, hold, abort"),
        ("ipp://printer:99999/", "not a printer's address"),
    ],
)
def test_uri_that_makes_no_sense_says_why(uri: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        parse(uri)
    assert "secret" not in str(caught.value)


async def test_schemes_are_known() -> None:
    assert isinstance(make_device("ipp://127.0.0.1:1/"), IppDevice)
    assert isinstance(make_device("ipps://127.0.0.1:1/"), IppDevice)


async def test_device_of_an_unknown_scheme_is_refused_over_ipp_with_the_known_ones(there: Running) -> None:
    async with Client(f"ipp://{there.authority}/") as client:
        with pytest.raises(
            Unsupported, match=r"no device for gopher:; known are file:, ipp:, ipps:, .*socket:"
        ):
            await set_printer(client, "new", PrinterRequest(device="gopher://printer/"))
        with pytest.raises(Unsupported, match="shown to everybody"):
            await set_printer(client, "new", PrinterRequest(device="ipp://ada:secret@printer/"))
        with pytest.raises(Unsupported, match="write socket://HOST"):
            await set_printer(client, BACK, PrinterRequest(device="socket:"))
    assert [printer.name for printer in there.spooler.printers.list()] == [BACK]
