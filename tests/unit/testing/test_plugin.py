from pagebell.model.event import JobState
from pagebell.testing import VirtualPrinter, pdf


async def test_virtual_printer_runs_out_of_paper_and_goes_on_after_refill() -> None:
    async with VirtualPrinter("simulated://?ppm=60&media=2&warmup=0") as printer:
        job = await printer.print(pdf(3))
        await printer.clock.advance(60)
        assert printer.device.status.message == "Tray 1 is out of paper: refill it."
        assert (await printer.job(job.id)).state is JobState.PROCESSING_STOPPED
        printer.device.refill()
        await printer.clock.advance(60)
        assert (await printer.job(job.id)).state is JobState.COMPLETED
        assert (await printer.job(job.id)).impressions_completed == 3


async def test_fixture_gives_a_printer(virtual_printer: VirtualPrinter) -> None:
    async with virtual_printer as printer:
        job = await printer.print(pdf(2))
        await printer.clock.advance(10)
        assert (await printer.job(job.id)).state is JobState.COMPLETED
        assert printer.device.pages == 2
