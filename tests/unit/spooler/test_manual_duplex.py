"""The source that prints both sides on a printer of one: fronts, a question, backs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.dialog import CANCEL, OK, Answer, Question
from pagebell.model.document import PageSet, Ticket
from pagebell.model.event import JobState, PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Capabilities
from pagebell.sources.manual_duplex import LONG, ManualDuplex
from tests.unit.spooler.sources import PDF, TwoPasses, finish, only, staged
from tests.unit.spooler.stage import ADA, P1, Stage

ONE_SIDED = Capabilities(formats=(PDF,))


class Pass:
    """A press that remembers what it printed, and answers as it is told."""

    def __init__(self, job: Job, choice: str) -> None:
        self.job = job
        self.choice = choice
        self.story: list[object] = []

    async def print(self, ticket: Ticket) -> None:
        self.story.append((ticket.page_set, ticket.sides))

    async def ask(self, question: Question, *, seconds: float | None = None) -> Answer:
        self.story.append(question.title)
        return Answer(self.choice)


def two_sided(stage_job: Job) -> Job:
    return replace(stage_job, ticket=Ticket(sides=LONG), impressions=3)


async def test_fronts_then_a_question_then_backs(stage: Stage) -> None:
    job = two_sided(await stage.job(await stage.submit()))
    job = replace(job, documents=tuple(replace(one, format=PDF) for one in job.documents))
    source = ManualDuplex({"reverse": True})
    conduct = source.conduct(job, ONE_SIDED)
    assert conduct is not None
    press = Pass(job, OK)
    await conduct(press)
    assert press.story == [
        (PageSet.FRONTS, LONG),
        "Second sides",
        (PageSet.BACKS_REVERSED, LONG),
    ]
    with pytest.raises(Exception, match="Cancelled before the second sides"):
        await conduct(Pass(job, CANCEL))


async def test_only_what_needs_two_passes_gets_them(stage: Stage) -> None:
    job = two_sided(await stage.job(await stage.submit()))
    pdf = replace(job, documents=tuple(replace(one, format=PDF) for one in job.documents))
    source = ManualDuplex({"printers": ["p1"]})
    assert source.conduct(pdf, ONE_SIDED) is not None
    assert source.conduct(job, ONE_SIDED) is None  # not PDF
    assert source.conduct(pdf, replace(ONE_SIDED, sides=("one-sided", LONG))) is None  # the printer can do it
    assert source.conduct(replace(pdf, impressions=1), ONE_SIDED) is None
    assert source.conduct(replace(pdf, ticket=Ticket()), ONE_SIDED) is None
    assert source.conduct(replace(pdf, printer=PrinterName("p2")), ONE_SIDED) is None
    assert LONG in source.widen(P1, ONE_SIDED).sides
    assert source.widen(PrinterName("p2"), ONE_SIDED) == ONE_SIDED


async def test_job_in_two_passes_asks_its_owner_in_between_and_counts_on() -> None:
    async for stage in staged(TwoPasses()):
        job = await stage.submit()
        stage.device.printed(2)
        await stage.clock.settle()
        await finish(stage)
        now = await stage.job(job)
        assert (now.state, now.message) == (JobState.PROCESSING, "It waits for an answer by ada.")
        await stage.spooler.dialogs.answer(only(stage).id, Answer(OK), ADA)
        await stage.clock.settle()
        stage.device.printed(2)
        await stage.clock.settle()
        assert (await stage.job(job)).impressions_completed == 4
        await finish(stage)
        assert await stage.state(job) is JobState.COMPLETED


async def test_job_that_nobody_answers_is_held() -> None:
    async for stage in staged(TwoPasses()):
        job = await stage.submit()
        await finish(stage)
        await stage.clock.advance(601)
        now = await stage.job(job)
        assert (now.state, now.message) == (
            JobState.PENDING_HELD,
            "Nobody answered; release the job to be asked again.",
        )
        await stage.spooler.jobs.release(job, ADA)
        await stage.clock.settle()
        assert only(stage).status.words == "Turn: Turn the pages."
        assert len(stage.device.received) == 1  # the first pass is not printed again


async def test_cancelled_job_ends_its_question() -> None:
    async for stage in staged(TwoPasses()):
        job = await stage.submit()
        await finish(stage)
        await stage.spooler.jobs.cancel(job, ADA)
        await stage.clock.settle()
        assert await stage.state(job) is JobState.CANCELED
        assert stage.spooler.dialogs.open_dialogs(SYSTEM) == ()
        assert stage.printer.reasons == frozenset()
