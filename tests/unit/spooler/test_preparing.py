"""What a device gets of a job: without the pages that are out, and with a word about what can't be done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from pagebell.model.access import SYSTEM
from pagebell.model.document import Document, Ticket
from pagebell.model.event import JobId, JobState
from pagebell.model.lifecycle import PRINTED_TWICE
from pagebell.model.printer import Capabilities
from pagebell.spooler.changing import JobWish
from pagebell.testing import MemoryDocumentStore, ScriptedDevice, VirtualPrinter, pdf
from tests.unit.spooler.stage import ADA, P1, Stage

PDF = "application/pdf"


@dataclass(frozen=True)
class Cut:
    """`ports.Conversion`: what is left of a document."""

    document: Document
    left_out: int

    async def read(self) -> AsyncIterator[bytes]:
        yield b"pages " + b"x" * (self.document.impressions or 0)

    async def remove(self) -> None:
        """Nothing is kept."""


class Scissors:
    """`ports.Converter` that chooses pages of PDFs and makes copies of them."""

    def __init__(self, documents: MemoryDocumentStore) -> None:
        self._documents = documents

    def widen(self, capabilities: Capabilities) -> Capabilities:
        return capabilities

    def takes(self, format: str) -> bool:
        return format == PDF

    def settled(self, ticket: Ticket, device: Capabilities) -> Ticket:
        kept = replace(ticket, page_ranges=None)
        return kept if device.collates else replace(kept, copies=None)

    async def convert(
        self, path: Path, document: Document, ticket: Ticket, device: Capabilities, leave_out: int = 0
    ) -> Cut | None:
        if document.format != PDF:
            return None
        copies = 1 if device.collates and not leave_out else ticket.copies or 1
        pages = (document.impressions or 0) * copies
        out = min(leave_out, pages)
        return Cut(replace(document, impressions=pages - out), out)


class Show(Stage):
    """A stage with scissors."""

    async def __aenter__(self) -> Show:
        self.converter = Scissors(self.documents)
        await super().__aenter__()
        return self

    async def send(self, *documents: bytes, **ticket: object) -> JobId:
        """A job of several documents."""
        order = self.order(ticket=Ticket(**ticket))  # type: ignore[arg-type]
        job, _ = await self.spooler.jobs.submit(order)
        for octets in documents:
            intake = await self.upload(job.id)
            await intake.write(octets)
            await intake.commit(last=octets is documents[-1])
        await self.clock.settle()
        return job.id

    async def suspend_after(self, pages: int, number: JobId) -> None:
        """So many pages come out, then it is suspended and goes on."""
        if pages:
            self.device.printed(pages)
        await self.clock.settle()
        await self.spooler.queue.suspend_current(P1, ADA)
        await self.clock.settle()
        await self.spooler.queue.resume(number, ADA)
        await self.clock.settle()

    async def finish(self) -> None:
        self.device.finish()
        await self.clock.settle()


async def told(show: Show, number: JobId) -> tuple[JobState, int, bool]:
    """Its state, the pages that are out, and whether it says that some may be out twice."""
    job = await show.job(number)
    return job.state, job.impressions_completed, PRINTED_TWICE in job.reasons


async def test_suspended_job_goes_on_behind_the_pages_that_are_out() -> None:
    async with Show() as s:
        number = await s.send(pdf(5))
        await s.suspend_after(2, number)
        assert s.device.received[-1] == (number, (b"pages xxx",))
        assert await told(s, number) == (JobState.PROCESSING, 2, True)
        s.device.printed(1)
        await s.clock.settle()
        assert await told(s, number) == (JobState.PROCESSING, 3, True)
        await s.suspend_after(0, number)
        assert s.device.received[-1] == (number, (b"pages xx",))
        await s.finish()
        assert (await s.job(number)).state is JobState.COMPLETED
        assert PRINTED_TWICE in (await s.job(number)).reasons


async def test_documents_that_are_out_are_not_sent_again() -> None:
    async with Show() as s:
        number = await s.send(pdf(2), pdf(3))
        await s.suspend_after(3, number)
        assert s.device.received[-1] == (number, (b"pages xx",))
        assert (await s.job(number)).impressions == 5


async def test_copies_that_are_out_are_not_made_again() -> None:
    async with Show() as s:
        number = await s.send(pdf(2), copies=3)
        assert s.device.work is not None
        assert s.device.work.job.ticket.copies == 3
        await s.suspend_after(3, number)
        assert s.device.received[-1] == (number, (b"pages xxx",))
        assert s.device.work is not None
        assert (s.device.work.job.ticket.copies, s.device.work.job.impressions) == (None, 3)
        assert (await s.job(number)).impressions == 6


async def test_what_can_not_be_cut_is_printed_again_and_says_so() -> None:
    async with Show() as s:
        number = await s.send(b"plain text")
        await s.suspend_after(2, number)
        assert s.device.received[-1] == (number, (b"plain text",))
        job = await s.job(number)
        assert (job.impressions_completed, PRINTED_TWICE in job.reasons) == (2, True)
        assert "could not go on" in job.message
        s.device.printed(1)
        await s.clock.settle()
        assert (await s.job(number)).impressions_completed == 1


async def test_job_that_was_changed_while_it_waited_to_go_on_begins_anew() -> None:
    async with Show() as s:
        number, other = await s.send(pdf(3)), await s.submit()
        s.device.printed(1)
        await s.clock.settle()
        await s.spooler.queue.suspend_current(P1, ADA)
        await s.clock.settle()
        assert s.device.job == other
        await s.spooler.queue.resume(number, ADA)
        await s.spooler.jobs.change(number, JobWish(ticket=Ticket(sides="one-sided")), ADA)
        await s.finish()
        assert s.device.received[-1] == (number, (pdf(3),))
        assert await told(s, number) == (JobState.PROCESSING, 0, True)


async def test_device_that_goes_on_by_itself_gets_all_and_is_told_where() -> None:
    async with VirtualPrinter("simulated://?ppm=60&warmup=0") as printer:
        job = await printer.print(pdf(5))
        await printer.clock.advance(2.5)
        queue = printer.spooler.queue
        await queue.suspend_current(job.printer, SYSTEM)
        await printer.clock.settle()
        await queue.resume(job.id, SYSTEM)
        await printer.clock.advance(10)
        done = await printer.job(job.id)
        assert (done.state, done.impressions_completed) == (JobState.COMPLETED, 5)
        assert PRINTED_TWICE not in done.reasons
        assert printer.device.pages == 5


async def test_what_keeps_documents_begins_anew_without_a_word() -> None:
    device = ScriptedDevice(Capabilities(formats=(PDF,), paper=False))
    async with Show(devices={"scripted:p1": device}) as s:
        number = await s.send(pdf(3))
        await s.suspend_after(0, number)
        assert s.device.received[-1] == (number, (pdf(3),))
        assert await told(s, number) == (JobState.PROCESSING, 0, False)


async def test_document_whose_pages_can_not_be_chosen_is_printed_whole_and_says_so() -> None:
    async with Show() as s:
        number = await s.send(b"plain text", page_ranges=((1, 1),))
        assert s.device.received[-1] == (number, (b"plain text",))
        await s.finish()
        assert (
            await s.job(number)
        ).message == "Not all that was asked for can be done to a document of this kind."


async def test_copies_of_documents_of_several_kinds_are_left_to_the_device() -> None:
    device = ScriptedDevice(Capabilities(formats=(PDF, "text/plain"), collates=False))
    async with Show(devices={"scripted:p1": device}) as s:
        await s.send(pdf(1), b"plain text", copies=2)
        assert s.device.work is not None
        assert s.device.work.job.ticket.copies == 2
        await s.finish()
        await s.send(pdf(2), copies=2)
        assert s.device.work is not None
        assert (s.device.work.job.ticket.copies, s.device.work.job.impressions) == (None, 4)
