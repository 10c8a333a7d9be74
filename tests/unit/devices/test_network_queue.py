"""Network devices behind a whole spooler: what their owners read in the job's state."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pagebell.clock import SystemClock
from pagebell.devices.settings import TWICE
from pagebell.devices.socket import SocketDevice
from pagebell.model.event import EventKind, JobState
from pagebell.model.lifecycle import PRINTED_TWICE
from pagebell.spooler.printers import PrinterWish
from pagebell.spooler.spooler import Spooler
from pagebell.testing import MemoryDocumentStore, MemoryStore, pdf
from tests.forwarding import ADA, BACK, FRONT, Front, QuickClock, back, front, until
from tests.unit.devices.raw_printer import Manner, RawPrinter


@asynccontextmanager
async def raw_queue(printer: RawPrinter, query: str) -> AsyncIterator[Front]:
    store, documents = MemoryStore(), MemoryDocumentStore()

    def make(uri: str) -> SocketDevice:
        return SocketDevice(uri, clock=QuickClock())

    try:
        async with Spooler(store, documents, SystemClock(), make) as spooler:
            await spooler.printers.add(FRONT, PrinterWish(device=printer.uri(query)), ADA)
            yield Front(spooler, store)
    finally:
        documents.close()


async def test_job_that_was_sent_again_says_so_to_its_end() -> None:
    document = pdf(200)
    manners = [Manner(breaks_after=1000), Manner()]
    async with RawPrinter(manners) as printer, raw_queue(printer, "pjl=off") as here:
        number = await here.print(document)
        job = await here.ended(number)
        assert (job.state, job.message) == (JobState.COMPLETED, TWICE)
        assert job.reasons == {"job-completed-with-warnings", PRINTED_TWICE}
        assert printer.received[1] == document
        kinds = [event.kind for event in await here.log()]
        assert EventKind.PRINTER_STOPPED in kinds
        assert EventKind.JOB_STOPPED in kinds


async def test_job_is_held_if_that_is_the_policy_and_printed_when_released() -> None:
    document = pdf(200)
    manners = [Manner(breaks_after=1000), Manner()]
    async with RawPrinter(manners) as printer, raw_queue(printer, "pjl=off&on-break=hold") as here:
        number = await here.print(document)

        async def held() -> bool:
            return (await here.job(number)).state is JobState.PENDING_HELD

        await until(held)
        assert (await here.job(number)).reasons == {"pagebell-held-after-interruption"}
        assert "release it to print it again" in (await here.job(number)).message
        await here.spooler.jobs.release(number, ADA)
        assert (await here.ended(number)).state is JobState.COMPLETED
        assert printer.received[1] == document


async def test_job_waits_for_a_printer_that_is_out_of_reach_and_can_be_cancelled() -> None:
    async with RawPrinter() as printer:
        await printer.shut()
        async with raw_queue(printer, "pjl=off") as here:
            number = await here.print(pdf(1))

            async def stopped() -> bool:
                return (await here.job(number)).state is JobState.PROCESSING_STOPPED

            await until(stopped)
            assert here.printer.reasons == {"connecting-to-device", "timed-out-error"}
            assert "is out of reach: connection refused" in (await here.job(number)).message
            await here.spooler.jobs.cancel(number, ADA)
            assert (await here.ended(number)).state is JobState.CANCELED
            second = await here.print(pdf(1))
            await printer.open()
            assert (await here.ended(second)).state is JobState.COMPLETED
        assert len(printer.received) == 1


async def test_job_goes_over_an_encrypted_connection(tmp_path: Path) -> None:
    async with back(tmp_path / "back", "simulated://?ppm=60000&warmup=0") as there:
        target = there.uri(BACK).replace("ipp:", "ipps:", 1)
        async with front(target, "?verify=no") as here:
            assert (await here.ended(await here.print(pdf(2)))).state is JobState.COMPLETED
        async with front(target) as here:

            async def distrusted() -> bool:
                return "certificate" in here.printer.message

            await until(distrusted)
            assert here.printer.device_stopped
