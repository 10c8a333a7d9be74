"""Plays of one printer: what is done, and every event that tells of it."""

import asyncio
from collections.abc import Sequence

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.errors import DocumentDamaged, Gone, NotAuthorized, NotFound, WrongState
from pagebell.model.event import JobId, JobState, PrinterState
from pagebell.model.job import Job
from pagebell.spooler.ports import JobQuery
from pagebell.testing import pdf
from tests.unit.spooler.stage import ADA, BOB, P1, Stage

STOPPING = "(job-canceled-by-user, processing-to-stop-point)"


async def test_submitted_job_is_printed_and_every_step_is_told(stage: Stage) -> None:
    job = await stage.submit(pdf(2))
    assert await stage.happened() == [
        "job-created 1: pending",
        "printer-state-changed p1: processing",
        "job-state-changed 1: processing (job-printing)",
    ]
    stage.device.printed(1)
    assert await stage.happened() == ["job-progress 1: processing (job-printing)"]
    stage.device.printed(2)
    stage.device.finish()
    assert await stage.happened() == [
        "job-progress 1: processing (job-printing)",
        "job-completed 1: completed (job-completed-successfully)",
        "printer-state-changed p1: idle",
    ]
    done = await stage.job(job)
    assert (done.impressions, done.impressions_completed) == (2, 2)
    assert stage.device.received == [(job, (pdf(2),))]


async def test_copies_count_as_impressions(stage: Stage) -> None:
    job = await stage.submit(pdf(2), copies=3)
    assert (await stage.job(job)).impressions == 6


async def test_held_job_waits_for_its_release(stage: Stage) -> None:
    job = await stage.submit(job_hold_until="indefinite")
    assert await stage.happened() == ["job-created 1: pending_held (job-hold-until-specified)"]
    await stage.spooler.jobs.release(job, ADA)
    assert await stage.happened() == [
        "job-state-changed 1: pending",
        "printer-state-changed p1: processing",
        "job-state-changed 1: processing (job-printing)",
    ]


async def test_hold_takes_a_pending_job_out_of_the_queue(stage: Stage) -> None:
    await stage.submit()
    second, third = await stage.submit(), await stage.submit()
    await stage.spooler.jobs.hold(second, ADA)
    stage.device.finish()
    await stage.clock.settle()
    assert stage.device.job == third
    assert await stage.state(second) is JobState.PENDING_HELD


async def test_job_on_its_device_can_not_be_held(stage: Stage) -> None:
    job = await stage.submit()
    with pytest.raises(WrongState, match="is processing"):
        await stage.spooler.jobs.hold(job, ADA)


async def test_cancelled_pending_job_is_final_at_once(stage: Stage) -> None:
    await stage.submit()
    job = await stage.submit()
    await stage.happened()
    await stage.spooler.jobs.cancel(job, ADA)
    assert await stage.happened() == ["job-completed 2: canceled (job-canceled-by-user)"]


async def test_cancelled_printing_job_is_canceled_only_when_its_device_has_stopped(stage: Stage) -> None:
    stage.device.stops_slowly = True
    job = await stage.submit()
    await stage.happened()
    await stage.spooler.jobs.cancel(job, ADA)
    assert await stage.happened() == [f"job-state-changed 1: processing {STOPPING}"]
    with pytest.raises(WrongState, match="is being cancelled already"):
        await stage.spooler.jobs.cancel(job, ADA)
    stage.device.come_to_stop()
    assert await stage.happened() == [
        "job-completed 1: canceled (job-canceled-by-user)",
        "printer-state-changed p1: idle",
    ]
    assert stage.device.cancelled == [job]


async def test_cancel_by_an_operator_says_so(stage: Stage) -> None:
    await stage.submit()
    await stage.happened()
    await stage.spooler.jobs.cancel(JobId(1), SYSTEM)
    assert (await stage.happened())[-2] == "job-completed 1: canceled (job-canceled-by-operator)"


async def test_purge_while_a_cancelled_job_stops_does_not_disturb_its_stopping(stage: Stage) -> None:
    stage.device.stops_slowly = True
    job = await stage.submit()
    await stage.spooler.jobs.cancel(job, ADA)
    await stage.clock.settle()
    await stage.spooler.jobs.purge(P1, SYSTEM)
    await stage.clock.settle()
    assert stage.device.job == job
    stage.device.come_to_stop()
    await stage.clock.settle()
    with pytest.raises(NotFound):
        await stage.job(job)


async def test_stopped_device_stops_job_and_printer_until_it_is_ready(stage: Stage) -> None:
    job = await stage.submit()
    await stage.happened()
    stage.device.stop("media-empty-error", "Tray 1 is out of paper: refill it.")
    assert await stage.happened() == [
        "printer-stopped p1: stopped (media-empty-error)",
        "printer-media-changed p1: stopped (media-empty-error)",
        "job-stopped 1: processing_stopped (printer-stopped)",
    ]
    assert (await stage.job(job)).message == "Tray 1 is out of paper: refill it."
    assert stage.printer.message == "Tray 1 is out of paper: refill it."
    stage.device.ready()
    assert await stage.happened() == [
        "printer-state-changed p1: processing",
        "printer-media-changed p1: processing",
        "job-state-changed 1: processing (job-printing)",
    ]
    stage.device.finish()
    await stage.clock.settle()
    assert await stage.state(job) is JobState.COMPLETED


async def test_stopped_device_gets_no_job(stage: Stage) -> None:
    stage.device.stop("cover-open-error")
    await stage.clock.settle()
    job = await stage.submit()
    assert await stage.state(job) is JobState.PENDING
    stage.device.ready()
    await stage.clock.settle()
    assert stage.device.job == job


async def test_warning_of_the_device_stops_nothing(stage: Stage) -> None:
    await stage.submit()
    await stage.happened()
    stage.device.warn("media-low-warning", "Tray 1 is low on paper.")
    assert await stage.happened() == ["printer-state-changed p1: processing (media-low-warning)"]


async def test_pause_stops_what_is_printing_and_resume_goes_on(stage: Stage) -> None:
    await stage.submit()
    await stage.happened()
    await stage.spooler.printers.pause(P1, SYSTEM)
    stage.device.printed(1)
    assert await stage.happened() == [
        "printer-stopped p1: stopped (paused)",
        "job-stopped 1: processing_stopped (printer-stopped)",
    ]
    await stage.spooler.printers.resume(P1, SYSTEM)
    assert await stage.happened() == [
        "printer-state-changed p1: processing",
        "job-state-changed 1: processing (job-printing)",
        "job-progress 1: processing (job-printing)",
    ]


async def test_paused_job_can_be_cancelled(stage: Stage) -> None:
    job = await stage.submit()
    await stage.spooler.printers.pause(P1, SYSTEM)
    await stage.happened()
    await stage.spooler.jobs.cancel(job, ADA)
    assert await stage.happened() == [
        f"job-state-changed 1: processing_stopped {STOPPING}",
        "job-completed 1: canceled (job-canceled-by-user)",
    ]
    assert stage.printer.state is PrinterState.STOPPED


async def test_resume_leaves_a_stopped_device_stopped(stage: Stage) -> None:
    stage.device.stop("media-jam-error", "Jam.")
    await stage.spooler.printers.pause(P1, SYSTEM)
    await stage.clock.settle()
    await stage.spooler.printers.resume(P1, SYSTEM)
    assert stage.printer.state is PrinterState.STOPPED
    assert stage.printer.message == "Jam."


async def test_higher_priority_goes_first_and_equals_in_order_of_coming(stage: Stage) -> None:
    await stage.submit()
    for priority in (10, 90, 50, 90):
        await stage.submit(job_priority=priority)
    for _ in range(5):
        stage.device.finish()
    await stage.clock.settle()
    assert [job for job, _ in stage.device.received] == [1, 3, 5, 4, 2]


async def test_failed_job_is_aborted_with_its_reason_and_the_queue_goes_on(stage: Stage) -> None:
    job = await stage.submit()
    await stage.submit()
    await stage.happened()
    stage.device.fail("The printer can't take A0.", "unsupported-document-format")
    happened = await stage.happened()
    assert happened[0] == "job-completed 1: aborted (unsupported-document-format)"
    assert happened[-1] == "job-state-changed 2: processing (job-printing)"
    assert (await stage.job(job)).message == "The printer can't take A0."


async def test_device_that_raises_aborts_its_job_and_the_queue_goes_on(stage: Stage) -> None:
    job = await stage.submit()
    second = await stage.submit()
    stage.device.crash(RuntimeError("boom"))
    await stage.clock.settle()
    aborted = await stage.job(job)
    assert aborted.state is JobState.ABORTED
    assert aborted.message == "The printer's device failed with an internal error; see the server's log."
    assert stage.device.job == second


async def test_device_that_cancels_itself_aborts_its_job(stage: Stage) -> None:
    job = await stage.submit()
    stage.device.crash(asyncio.CancelledError())
    await stage.clock.settle()
    assert await stage.state(job) is JobState.ABORTED


async def test_watching_that_fails_is_told_and_printing_goes_on() -> None:
    class Blind(Stage):
        def _device(self, uri: str):  # type: ignore[no-untyped-def]
            device = super()._device(uri)

            async def watch(report: object) -> None:
                raise OSError("gone")

            device.watch = watch  # type: ignore[method-assign]
            return device

    async with Blind() as stage:
        assert stage.printer.reasons == {"other-warning"}
        await stage.submit()
        assert stage.device.job == 1


async def test_damaged_document_is_never_sent_to_the_device() -> None:
    class Strict:
        async def impressions(self, path: object, format: str) -> int | None:
            raise DocumentDamaged("The PDF is damaged.")

    async with Stage(inspector=Strict()) as stage:
        job = await stage.submit()
        assert stage.device.received == []
        assert (await stage.job(job)).reasons == {"document-format-error", "aborted-by-system"}
        assert (await stage.job(job)).message == "The PDF is damaged."


async def test_restart_prints_once_more(stage: Stage) -> None:
    job = await stage.submit()
    stage.device.printed(1)
    stage.device.finish()
    await stage.happened()
    await stage.spooler.jobs.restart(job, ADA)
    assert await stage.happened() == [
        "job-created 1: pending",
        "printer-state-changed p1: processing",
        "job-state-changed 1: processing (job-printing)",
    ]
    assert (await stage.job(job)).impressions_completed == 0


async def test_restart_with_hold_is_held_before_anything_is_printed(stage: Stage) -> None:
    job = await stage.submit()
    stage.device.finish()
    await stage.happened()
    await stage.spooler.jobs.restart(job, ADA, hold=True)
    assert await stage.happened() == ["job-created 1: pending_held (job-hold-until-specified)"]
    assert len(stage.device.received) == 1


async def test_restart_of_a_living_job_is_not_possible(stage: Stage) -> None:
    job = await stage.submit()
    with pytest.raises(WrongState):
        await stage.spooler.jobs.restart(job, ADA)


async def test_restart_is_gone_when_documents_are_no_longer_kept(stage: Stage) -> None:
    job = await stage.submit()
    stage.device.finish()
    await stage.clock.advance(stage.policy.keep_documents + 10)
    assert stage.documents.documents == {}
    with pytest.raises(Gone):
        await stage.spooler.jobs.restart(job, ADA)


async def test_purge_removes_jobs_and_documents(stage: Stage) -> None:
    first = await stage.submit()
    stage.device.finish()
    await stage.clock.settle()
    second, third = await stage.submit(), await stage.submit()
    await stage.spooler.jobs.purge(P1, SYSTEM)
    await stage.clock.settle()
    for job in (first, second, third):
        with pytest.raises(NotFound):
            await stage.job(job)
    assert stage.documents.documents == {}
    assert stage.printer.state is PrinterState.IDLE


async def test_others_jobs_are_not_mine_to_touch(stage: Stage) -> None:
    job = await stage.submit()
    jobs = stage.spooler.jobs
    for refused in (
        jobs.cancel(job, BOB),
        jobs.hold(job, BOB),
        jobs.release(job, BOB),
        jobs.restart(job, BOB),
    ):
        with pytest.raises(NotAuthorized):
            await refused


async def test_cancel_all_of_mine_leaves_others(stage: Stage) -> None:
    await stage.submit()
    mine, other = await stage.submit(by=BOB), await stage.submit()
    cancelled = await stage.spooler.jobs.cancel_all(P1, BOB, mine=True)
    assert [job.id for job in cancelled] == [mine]
    assert await stage.state(other) is JobState.PENDING


async def test_cancel_all_by_number_does_nothing_if_one_can_not_be_cancelled(stage: Stage) -> None:
    first = await stage.submit()
    stage.device.finish()
    await stage.clock.settle()
    second = await stage.submit()
    with pytest.raises(WrongState):
        await stage.spooler.jobs.cancel_all(P1, ADA, mine=True, numbers=[second, first])
    assert not (await stage.job(second)).is_stopping


async def test_full_disk_at_the_end_of_a_job_is_waited_out(stage: Stage) -> None:
    job = await stage.submit()
    stage.store.full = True
    stage.device.finish()
    await stage.clock.advance(10)
    assert await stage.state(job) is JobState.PROCESSING
    stage.store.full = False
    await stage.clock.advance(10)
    assert await stage.state(job) is JobState.COMPLETED


async def test_job_that_finishes_while_all_are_listed_is_listed_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, waiting = await stage.submit(), await stage.submit()
    await stage.clock.settle()
    ask = stage.store.jobs

    async def finishing(query: JobQuery | Sequence[JobId]) -> list[Job]:
        if isinstance(query, JobQuery):
            stage.device.finish()
            await stage.clock.settle()
        return await ask(query)

    monkeypatch.setattr(stage.store, "jobs", finishing)
    jobs = await stage.spooler.jobs.list(JobQuery(finished=None))
    assert [(job.id, job.state.is_final) for job in jobs] == [(waiting, False), (number, True)]
