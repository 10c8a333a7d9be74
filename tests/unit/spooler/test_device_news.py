"""Plays of what a device tells besides progress: new capabilities, second printings, cancels at the device."""

from __future__ import annotations

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.event import JobState
from pagebell.model.lifecycle import PRINTED_TWICE
from pagebell.model.printer import Capabilities
from pagebell.spooler.ports import JobCanceled, JobCutOff, Work
from tests.unit.spooler.stage import P1, Stage

TWICE = frozenset({PRINTED_TWICE})


def work(stage: Stage) -> Work:
    found = stage.device.work
    assert found is not None
    return found


async def test_new_capabilities_are_a_new_configuration(stage: Stage) -> None:
    await stage.clock.advance(10)
    stage.device.capabilities = Capabilities(make_and_model="ACME 9")
    stage.device.warn("media-low-warning")
    assert await stage.happened() == [
        "printer-state-changed p1: idle (media-low-warning)",
        "printer-config-changed p1: idle (media-low-warning)",
    ]
    assert stage.spooler.printers.printer(P1).changed == stage.clock.now()
    stage.device.ready()
    assert await stage.happened() == ["printer-state-changed p1: idle"]


async def test_new_capabilities_alone_are_told_too(stage: Stage) -> None:
    stage.device.capabilities = Capabilities(make_and_model="ACME 9")
    stage.device._board.renew()
    assert await stage.happened() == ["printer-config-changed p1: idle"]
    stage.device._board.renew()
    assert await stage.happened() == []


async def test_second_printing_is_told_at_once_through_a_stop_and_at_the_end(stage: Stage) -> None:
    number = await stage.submit()
    await stage.happened()
    await work(stage).remark("Sent again.", TWICE)
    assert await stage.happened() == [f"job-state-changed 1: processing (job-printing, {PRINTED_TWICE})"]
    assert (await stage.job(number)).message == "Sent again."
    stage.device.stop("media-jam-error", "Jammed.")
    await stage.happened()
    assert (await stage.job(number)).reasons == {"printer-stopped", PRINTED_TWICE}
    stage.device.ready()
    await stage.happened()
    assert (await stage.job(number)).reasons == {"job-printing", PRINTED_TWICE}
    stage.device.finish()
    await stage.happened()
    job = await stage.job(number)
    assert (job.state, job.message) == (JobState.COMPLETED, "Sent again.")
    assert job.reasons == {"job-completed-with-warnings", PRINTED_TWICE}


async def test_restarted_job_begins_without_what_was_told_of_it_before(stage: Stage) -> None:
    number = await stage.submit()
    await stage.happened()
    await work(stage).remark("Sent again.", TWICE)
    stage.device.finish()
    await stage.happened()
    await stage.spooler.jobs.restart(number, SYSTEM)
    stage.device.finish()
    await stage.happened()
    assert (await stage.job(number)).reasons == {"job-completed-successfully"}


async def test_remark_without_reasons_is_no_warning(stage: Stage) -> None:
    number = await stage.submit()
    await stage.happened()
    await work(stage).remark("The printer did not confirm it.")
    stage.device.finish()
    await stage.happened()
    job = await stage.job(number)
    assert (job.reasons, job.message) == ({"job-completed-successfully"}, "The printer did not confirm it.")


async def test_job_cancelled_at_the_device_is_cancelled(stage: Stage) -> None:
    await stage.submit()
    await stage.happened()
    stage.device.crash(JobCanceled("Cancelled at the printer."))
    assert await stage.happened() == [
        "job-completed 1: canceled (job-canceled-at-device)",
        "printer-state-changed p1: idle",
    ]


async def test_job_that_was_cut_off_is_held_until_it_is_released(stage: Stage) -> None:
    number = await stage.submit()
    await stage.happened()
    stage.device.crash(JobCutOff("The connection broke."))
    assert (await stage.happened())[0] == (
        "job-state-changed 1: pending_held (pagebell-held-after-interruption)"
    )
    assert (await stage.job(number)).message == "The connection broke."
    await stage.spooler.jobs.release(number, SYSTEM)
    stage.device.finish()
    await stage.happened()
    assert (await stage.job(number)).state is JobState.COMPLETED


async def test_remark_about_a_job_that_is_being_cancelled_changes_nothing(stage: Stage) -> None:
    number = await stage.submit()
    await stage.happened()
    said = work(stage)
    await stage.spooler.jobs.cancel(number, SYSTEM)
    await said.remark("Too late.")
    await stage.happened()
    job = await stage.job(number)
    assert (job.state, job.message) == (JobState.CANCELED, "")


@pytest.mark.parametrize(
    ("capabilities", "told"),
    [
        (Capabilities(media=("iso_a4_210x297mm",)), "printer-media-changed"),
        (Capabilities(finishings=(3, 4)), "printer-finishings-changed"),
        (Capabilities(finishings=(3, 4), color=True), "printer-config-changed"),
    ],
)
async def test_new_capabilities_are_told_by_the_most_specific_kind(
    stage: Stage, capabilities: Capabilities, told: str
) -> None:
    stage.device.capabilities = Capabilities()
    stage.device._board.renew()
    await stage.happened()
    stage.device.capabilities = capabilities
    stage.device._board.renew()
    assert await stage.happened() == [f"{told} p1: idle"]


async def test_tray_or_stapler_that_goes_empty_is_told_and_so_is_its_refill(stage: Stage) -> None:
    stage.device.warn("media-empty-warning")
    assert "printer-media-changed p1: idle (media-empty-warning)" in await stage.happened()
    stage.device.warn("stapler-empty-warning")
    assert await stage.happened() == [
        "printer-state-changed p1: idle (stapler-empty-warning)",
        "printer-media-changed p1: idle (stapler-empty-warning)",
        "printer-finishings-changed p1: idle (stapler-empty-warning)",
    ]
    stage.device.ready()
    assert (await stage.happened())[-1] == "printer-finishings-changed p1: idle"
