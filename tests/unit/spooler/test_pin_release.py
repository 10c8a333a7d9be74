"""The source that keeps jobs until their owner types a PIN."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.dialog import CANCEL, OK, Addressees, Answer
from pagebell.model.errors import WrongState
from pagebell.model.event import JobState
from pagebell.model.lifecycle import ANSWER_NEEDED
from pagebell.sources.pin_release import REASON, TRIES, PinRelease
from tests.unit.spooler.sources import only, staged
from tests.unit.spooler.stage import ADA, BOB, P1, Stage
from tests.unit.spooler.test_recovery import crash


@pytest.fixture
async def lobby() -> AsyncIterator[Stage]:
    async for stage in staged(PinRelease({"pins": {"ada": "4711"}})):
        yield stage


async def test_job_waits_for_its_owners_pin_and_then_prints(lobby: Stage) -> None:
    job = await lobby.submit()
    now = await lobby.job(job)
    assert (now.state, REASON in now.reasons, ANSWER_NEEDED in now.reasons) == (
        JobState.PENDING_HELD,
        True,
        True,
    )
    assert now.message == "It waits for an answer by ada."
    assert lobby.spooler.dialogs.open_dialogs(BOB) == ()
    await lobby.spooler.dialogs.answer(only(lobby).id, Answer(OK, "4711"), ADA)
    await lobby.clock.settle()
    assert await lobby.state(job) is JobState.PROCESSING
    assert lobby.spooler.dialogs.open_dialogs(SYSTEM) == ()
    assert "4711" not in repr(lobby.store.history)


async def test_owner_without_pin_prints_at_once(lobby: Stage) -> None:
    assert await lobby.state(await lobby.submit(by=BOB)) is JobState.PROCESSING


async def test_wrong_pins_are_asked_again_and_then_there_is_a_pause(lobby: Stage) -> None:
    job = await lobby.submit()
    for _ in range(TRIES):
        await lobby.spooler.dialogs.answer(only(lobby).id, Answer(OK, "0000"), ADA)
        await lobby.clock.settle()
    assert lobby.spooler.dialogs.open_dialogs(ADA) == ()
    assert await lobby.state(job) is JobState.PENDING_HELD
    await lobby.clock.advance(61)
    await lobby.spooler.dialogs.answer(only(lobby).id, Answer(OK, "4711"), ADA)
    await lobby.clock.settle()
    assert await lobby.state(job) is JobState.PROCESSING


async def test_owner_cannot_release_without_the_pin_but_an_operator_can(lobby: Stage) -> None:
    job = await lobby.submit()
    with pytest.raises(WrongState, match="waits for an answer"):
        await lobby.spooler.jobs.release(job, ADA)
    await lobby.spooler.jobs.release(job, SYSTEM)
    await lobby.clock.settle()
    assert await lobby.state(job) is JobState.PROCESSING


async def test_cancel_in_the_dialog_cancels_the_job(lobby: Stage) -> None:
    job = await lobby.submit()
    await lobby.spooler.dialogs.answer(only(lobby).id, Answer(CANCEL), ADA)
    await lobby.clock.settle()
    assert await lobby.state(job) is JobState.CANCELED


@pytest.mark.parametrize("end", [Stage.restart, crash], ids=["restart", "crash"])
async def test_pin_is_asked_again_after_a_restart(
    lobby: Stage, end: Callable[[Stage], Awaitable[None]]
) -> None:
    job = await lobby.submit()
    await end(lobby)
    assert await lobby.state(job) is JobState.PENDING_HELD
    await lobby.spooler.dialogs.answer(only(lobby).id, Answer(OK, "4711"), ADA)
    await lobby.clock.settle()
    assert await lobby.state(job) is JobState.PROCESSING


async def test_reprint_wants_the_pin_again(lobby: Stage) -> None:
    job = await lobby.submit()
    await lobby.spooler.jobs.cancel(job, ADA)
    await lobby.spooler.jobs.restart(job, ADA)
    await lobby.clock.settle()
    assert await lobby.state(job) is JobState.PENDING_HELD
    assert only(lobby).status.to == Addressees(P1, job, "ada")


async def test_question_goes_when_an_operator_has_released_the_job(lobby: Stage) -> None:
    job = await lobby.submit()
    dialog = only(lobby)
    await lobby.spooler.jobs.release(job, SYSTEM)
    await lobby.clock.settle()
    assert not dialog.status.is_open and lobby.spooler.dialogs.open_dialogs(SYSTEM) == ()
    assert await lobby.state(job) is JobState.PROCESSING
