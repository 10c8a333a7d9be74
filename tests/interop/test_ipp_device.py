"""Our `ipp:` device in front of ippeveprinter, the working group's printer made of software."""

from __future__ import annotations

from pathlib import Path

import pytest

from pagebell.ipp import Client
from pagebell.model.access import SYSTEM
from pagebell.model.document import Ticket
from pagebell.model.event import JobState
from pagebell.testing import pdf
from tests.forwarding import FRONT, Front, front, until

pytestmark = pytest.mark.interop("ippeveprinter", "avahi-daemon", "dbus-daemon")


async def known(made: Front) -> None:
    async def described() -> bool:
        return "connecting-to-device" not in made.printer.reasons

    await until(described)


async def test_its_description_becomes_the_queue_s(printer: str) -> None:
    async with front(printer) as here:
        await known(here)
        capabilities = here.spooler.printers.capabilities(FRONT)
        assert {"application/pdf", "image/pwg-raster", "text/plain"} <= set(capabilities.formats)
        assert "two-sided-long-edge" in capabilities.sides
        assert "na_letter_8.5x11in" in capabilities.media


async def test_job_is_printed_there(printer: str) -> None:
    async with front(printer) as here, Client(printer) as client:
        await known(here)
        ticket = Ticket(copies=1, sides="two-sided-long-edge", media="na_letter_8.5x11in")
        number = await here.print(pdf(3), name="three by device", ticket=ticket)
        job = await here.ended(number)
        assert (job.state, job.reasons) == (JobState.COMPLETED, {"job-completed-successfully"})
        (there,) = [one for one in await client.jobs("completed") if one.name == "three by device"]
        assert there.owner == "ada"
        assert there.state == JobState.COMPLETED


async def test_several_documents_are_jobs_of_their_own(printer: str) -> None:
    async with front(printer) as here, Client(printer) as client:
        await known(here)
        number = await here.print(pdf(1), pdf(2), name="pair")
        assert (await here.ended(number)).state is JobState.COMPLETED
        names = [one.name for one in await client.jobs("completed") if one.name.startswith("pair")]
        assert sorted(names) == ["pair (1/2)", "pair (2/2)"]


async def test_out_of_paper_is_mirrored_and_the_rest_comes_out(reporting_printer: str, gate: Path) -> None:
    async with front(reporting_printer) as here:
        await known(here)
        number = await here.print(pdf(4))

        async def out_of_paper() -> bool:
            return any(reason.startswith("media-empty") for reason in here.printer.reasons)

        await until(out_of_paper)

        async def two_pages() -> bool:
            return (await here.job(number)).impressions_completed == 2

        await until(two_pages)
        gate.touch()
        job = await here.ended(number)
        assert (job.state, job.impressions_completed) == (JobState.COMPLETED, 4)


async def test_cancelled_here_is_cancelled_there(reporting_printer: str) -> None:
    async with front(reporting_printer) as here, Client(reporting_printer) as client:
        await known(here)
        number = await here.print(pdf(4))

        async def printing() -> bool:
            return (await here.job(number)).impressions_completed == 2

        await until(printing)
        await here.spooler.jobs.cancel(number, SYSTEM)
        assert (await here.ended(number)).state is JobState.CANCELED
        there = (await client.jobs("all"))[-1]
        assert there.state == JobState.CANCELED or "processing-to-stop-point" in there.reasons


async def test_cancelled_there_is_cancelled_here(reporting_printer: str, gate: Path) -> None:
    async with front(reporting_printer) as here, Client(reporting_printer) as client:
        await known(here)
        number = await here.print(pdf(4))

        async def printing() -> bool:
            return (await here.job(number)).impressions_completed == 2

        await until(printing)
        await client.cancel((await client.jobs("not-completed"))[0])
        gate.touch()
        job = await here.ended(number)
        assert (job.state, job.reasons) == (JobState.CANCELED, {"job-canceled-at-device"})
