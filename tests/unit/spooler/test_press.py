"""A job that its source prints in steps goes on where it was: nothing is printed twice, nothing asked twice in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.dialog import OK, Answer, Question
from pagebell.model.event import JobId, JobState
from pagebell.model.job import UNDER_WAY, Job, Milestone
from pagebell.model.lifecycle import ANSWER_NEEDED, Cause
from pagebell.model.printer import Capabilities
from pagebell.spooler import press as press_module
from pagebell.spooler.policy import OnRecovery, OnSourceFailure, Policy
from pagebell.spooler.schedule import recovery_cause
from pagebell.spooler.sources import Conduct, Press
from tests.unit.spooler.sources import Idle, finish, only, staged
from tests.unit.spooler.stage import ADA, BOB, P1, Stage
from tests.unit.spooler.test_recovery import crash

FIRST, SECOND = Question("First", "Turn the pages."), Question("Second", "And once more.")
SECRET = Question("PIN", "Type it.", entry="PIN", secret=True)

Restart = Callable[[Stage], Awaitable[None]]


async def stop_and_start(stage: Stage) -> None:
    await stage.restart()


RESTARTS = {"crash": crash, "restart": stop_and_start}


class Steps(Idle):
    """Does what it was made of, in order: a question is asked, None prints."""

    def __init__(self, *steps: Question | None) -> None:
        self.steps = steps
        self.answers: list[str] = []

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        return self._print

    async def _print(self, press: Press) -> None:
        self.answers = []
        for step in self.steps:
            if step is None:
                await press.print(press.job.ticket)
            else:
                answer = await press.ask(step)
                self.answers.append(answer.choice + answer.text)


async def answer(stage: Stage, text: str = "") -> None:
    await stage.spooler.dialogs.answer(only(stage).id, Answer(OK, text), ADA)
    await stage.clock.settle()


async def passed(stage: Stage, pages: int) -> None:
    """One step is printed, of so many pages."""
    stage.device.printed(pages)
    await stage.clock.settle()
    await finish(stage)


def asked(stage: Stage) -> str:
    question = only(stage).status.content
    assert isinstance(question, Question)
    return question.title


@pytest.mark.parametrize("policy", list(OnRecovery))
@pytest.mark.parametrize("how", RESTARTS)
async def test_job_that_waits_for_an_answer_is_asked_about_again_and_no_page_is_printed_twice(
    how: str, policy: OnRecovery
) -> None:
    async for stage in staged(Steps(None, FIRST, None), Policy(on_recovery=policy)):
        job = await stage.submit()
        await passed(stage, 2)
        before = only(stage).id
        await RESTARTS[how](stage)
        now = await stage.job(job)
        assert (now.state, now.message, ANSWER_NEEDED in now.reasons) == (
            JobState.PROCESSING,
            "It waits for an answer by ada.",
            True,
        )
        assert now.impressions_completed == 2
        assert only(stage).id > before  # who answers the old question answers nothing
        assert stage.device.job is None
        await answer(stage)
        assert stage.device.job == job
        await passed(stage, 2)
        now = await stage.job(job)
        assert (now.state, now.impressions_completed) == (JobState.COMPLETED, 4)
        assert stage.spooler.dialogs.open_dialogs(SYSTEM) == ()


@pytest.mark.parametrize("how", RESTARTS)
async def test_what_was_answered_is_not_asked_again(how: str) -> None:
    source = Steps(FIRST, None, SECOND, None)
    async for stage in staged(source):
        job = await stage.submit()
        await RESTARTS[how](stage)
        assert asked(stage) == "First"
        await answer(stage)
        await passed(stage, 2)
        await RESTARTS[how](stage)
        assert asked(stage) == "Second"
        await answer(stage)
        assert source.answers == ["ok", "ok"]
        await passed(stage, 2)
        assert (await stage.job(job)).impressions_completed == 4


async def test_secret_is_not_kept_and_asked_again() -> None:
    source = Steps(SECRET, None, FIRST)
    async for stage in staged(source):
        job = await stage.submit()
        await answer(stage, "4711")
        await passed(stage, 2)
        assert "4711" not in repr(await stage.job(job))
        await crash(stage)
        assert asked(stage) == "PIN"
        await answer(stage, "4711")
        assert asked(stage) == "First"
        await answer(stage)
        assert source.answers == ["ok4711", "ok"]
        assert await stage.state(job) is JobState.COMPLETED


async def test_step_that_broke_off_lets_the_job_begin_anew() -> None:
    async for stage in staged(Steps(None, FIRST, None)):
        job = await stage.submit()
        await passed(stage, 2)
        await answer(stage)
        stage.device.printed(1)
        await stage.clock.settle()
        await crash(stage)
        now = await stage.job(job)
        assert (now.state, now.impressions_completed, now.rests) == (JobState.PROCESSING, 0, False)
        await passed(stage, 2)
        assert asked(stage) == "First"


async def test_step_that_broke_off_holds_the_job_if_that_is_the_policy() -> None:
    async for stage in staged(Steps(None, FIRST, None), Policy(on_recovery=OnRecovery.HOLD)):
        job = await stage.submit()
        stage.device.printed(1)
        await stage.clock.settle()
        await crash(stage)
        assert await stage.state(job) is JobState.PENDING_HELD


async def test_suspended_job_goes_on_with_its_question() -> None:
    async for stage in staged(Steps(None, FIRST, None)):
        job = await stage.submit()
        await passed(stage, 2)
        await stage.spooler.queue.suspend_current(P1, SYSTEM)
        await stage.clock.settle()
        assert stage.spooler.dialogs.open_dialogs(SYSTEM) == ()
        await stage.spooler.queue.resume(job, SYSTEM)
        await stage.clock.settle()
        assert asked(stage) == "First"
        assert (await stage.job(job)).impressions_completed == 2


async def test_source_that_does_something_else_after_a_restart_is_taken_at_its_word() -> None:
    source = Steps(None, FIRST)
    async for stage in staged(source):
        await stage.submit()
        await passed(stage, 2)
        source.steps = (SECOND, None)
        await crash(stage)
        assert asked(stage) == "Second"
        await answer(stage)
        assert stage.device.job is not None


class Dawdles(Idle):
    """Never gets to its next step."""

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        return self._print if job.owner == "ada" else None

    async def _print(self, press: Press) -> None:
        await asyncio.Event().wait()


@pytest.mark.parametrize("policy", list(OnSourceFailure))
async def test_source_that_hangs_while_it_prints_lets_the_job_go_or_holds_it(
    policy: OnSourceFailure, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(press_module, "THINKING", 0.01)
    async for stage in staged(Dawdles(), Policy(on_source_failure=policy)):
        job = await stage.submit()
        other = await stage.submit(by=BOB)
        async with asyncio.timeout(10):
            while stage.device.job is None:
                await asyncio.sleep(0)
        if policy is OnSourceFailure.GO_ON:
            assert stage.device.job == job
            await finish(stage)
            assert await stage.state(job) is JobState.COMPLETED
        else:
            assert await stage.state(job) is JobState.PENDING_HELD
            assert "The source it failed" in (await stage.job(job)).message
        assert stage.device.job == other  # nobody else waits for it
    assert "source it failed at job 1" in caplog.text


def test_job_rests_between_steps_alone() -> None:
    job = Job(JobId(1), "u", P1, "n", "ada", 0.0, JobState.PROCESSING)
    assert not job.rests
    assert replace(job, milestones=()).rests
    printed = Milestone(out=3)
    assert replace(job, milestones=(printed, Milestone(answer=Answer(OK)))).out == 3
    torn = replace(job, milestones=(printed, UNDER_WAY))
    assert (torn.rests, torn.out) == (False, 0)


def test_job_that_was_being_cancelled_goes_on_nowhere() -> None:
    job = Job(JobId(1), "u", P1, "n", "ada", 0.0, JobState.PROCESSING, milestones=(Milestone(out=3),))
    assert recovery_cause(job, OnRecovery.HOLD) is Cause.ADJOURN
    stopping = replace(job, reasons=frozenset({"processing-to-stop-point"}))
    assert recovery_cause(stopping, OnRecovery.REPRINT) is Cause.INTERRUPT
