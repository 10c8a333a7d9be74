"""What a restart finds, and what it makes of it."""

import asyncio
from copy import copy
from dataclasses import replace

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.errors import NotFound
from pagebell.model.event import SYSTEM_KINDS, JobId, JobState, PrinterState
from pagebell.model.subscription import SERVER
from pagebell.spooler.policy import OnRecovery, Policy
from pagebell.spooler.printers import PrinterWish
from pagebell.testing import MemoryStore
from tests.unit.spooler.stage import ADA, P1, Stage


async def crash(stage: Stage) -> None:
    """The server dies: nothing more of it is stored."""
    survivors = MemoryStore()
    for name, value in vars(stage.store).items():
        if name != "_committed":
            setattr(survivors, name, copy(value))
    await stage.down()
    stage.store = survivors
    stage.devices.clear()
    await stage.up()


async def test_job_that_was_printing_is_printed_again_from_the_start(stage: Stage) -> None:
    job = await stage.submit()
    stage.device.printed(1)
    await stage.happened()
    await crash(stage)
    assert await stage.happened() == [
        "printer-state-changed p1: idle",
        "job-state-changed 1: pending (pagebell-reprinting-after-interruption)",
        "printer-state-changed p1: processing",
        "job-state-changed 1: processing (job-printing)",
    ]
    assert (await stage.job(job)).impressions_completed == 0
    assert stage.device.received == [(job, (b"hello",))]


async def test_job_that_was_printing_is_held_if_that_is_the_policy() -> None:
    async with Stage(policy=replace(Policy(), on_recovery=OnRecovery.HOLD)) as stage:
        job = await stage.submit()
        await crash(stage)
        found = await stage.job(job)
        assert found.state is JobState.PENDING_HELD
        assert "release it to print it" in found.message
        await stage.spooler.jobs.release(job, ADA)
        await stage.clock.settle()
        assert stage.device.job == job


async def test_start_that_is_broken_off_leaves_nothing_running(stage: Stage) -> None:
    await stage.subscribe(SERVER, SYSTEM_KINDS)
    await stage.down()
    before = asyncio.all_tasks()
    stage.store.full = True  # so that the news of the start can't be stored
    starting = asyncio.create_task(stage.up())
    await stage.clock.settle()
    assert not starting.done()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert asyncio.all_tasks() == before
    stage.store.full = False
    await stage.up()


async def test_orderly_stop_puts_the_printing_job_back(stage: Stage) -> None:
    job = await stage.submit()
    await stage.happened()
    await stage.down()
    new = stage.store.history[stage.told :]
    assert [event.job_status.state for event in new if event.job_status] == [JobState.PENDING]
    await stage.up()
    assert stage.device.job == job


async def test_cancelled_job_whose_device_never_stopped_is_canceled_at_start(stage: Stage) -> None:
    stage.device.stops_slowly = True
    job = await stage.submit()
    await stage.spooler.jobs.cancel(job, ADA)
    await stage.clock.settle()
    stage.device.come_to_stop()
    await crash(stage)
    assert await stage.state(job) is JobState.CANCELED
    assert (await stage.job(job)).reasons == {"job-canceled-by-user"}


async def test_purged_job_is_gone_after_a_crash(stage: Stage) -> None:
    stage.device.stops_slowly = True
    job = await stage.submit()
    await stage.spooler.jobs.purge(P1, SYSTEM)
    stage.device.come_to_stop()
    await crash(stage)
    with pytest.raises(NotFound):
        await stage.job(job)
    assert stage.documents.documents == {}


async def test_leftovers_are_removed_and_documents_of_jobs_are_kept(stage: Stage) -> None:
    await stage.submit()
    stage.device.finish()
    await stage.submit()
    intake = await stage.upload(stage.order())
    await intake.write(b"never acknowledged")
    await crash(stage)
    jobs = [await stage.job(JobId(number)) for number in (1, 2)]
    assert sorted(stage.documents.documents) == sorted(d.key for job in jobs for d in job.documents)
    assert stage.documents.incoming == set()


async def test_stopped_device_is_looked_at_anew_but_a_pause_stays(stage: Stage) -> None:
    stage.device.stop("media-jam-error", "Jam.")
    await stage.spooler.printers.pause(P1, SYSTEM)
    await stage.clock.settle()
    await crash(stage)
    assert stage.printer.reasons == {"paused"}
    assert stage.printer.state is PrinterState.STOPPED
    assert await stage.submit() == 1
    assert stage.device.job is None


async def test_plugin_that_is_gone_stops_its_printer_and_says_why(stage: Stage) -> None:
    def none(uri: str) -> object:
        raise ValueError("there is no device for scripted:")

    stage.make_device = none  # type: ignore[assignment]
    await stage.restart()
    assert stage.printer.state is PrinterState.STOPPED
    assert stage.printer.message == "there is no device for scripted:"
    stage.make_device = None


async def test_job_interrupted_while_it_is_started_is_not_forgotten() -> None:
    """The task of a printer may be cancelled at any turn of the loop; its job is never left printing."""
    for turns in range(12):
        async with Stage() as stage:
            await stage.spooler.printers.pause(P1, SYSTEM)
            job = await stage.submit()
            resumed = asyncio.ensure_future(stage.spooler.printers.resume(P1, SYSTEM))
            for _ in range(turns):
                await asyncio.sleep(0)
            await stage.spooler.printers.change(P1, PrinterWish(device="scripted:new"), SYSTEM)
            await resumed
            await stage.clock.settle()
            assert stage.devices["scripted:new"].job == job, turns
            assert stage.printer.current == job


async def test_job_interrupted_while_its_end_is_stored_is_not_forgotten() -> None:
    for turns in range(12):
        async with Stage() as stage:
            job = await stage.submit()
            stage.device.finish()
            for _ in range(turns):
                await asyncio.sleep(0)
            await stage.spooler.printers.change(P1, PrinterWish(device="scripted:new"), SYSTEM)
            await stage.clock.settle()
            if "scripted:new" in stage.devices and stage.devices["scripted:new"].job == job:
                stage.devices["scripted:new"].finish()
                await stage.clock.settle()
            assert await stage.state(job) is JobState.COMPLETED, turns
            assert stage.printer.current is None
