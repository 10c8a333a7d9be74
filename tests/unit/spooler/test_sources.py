"""Sources: the three that come with the server, and that one which fails or hangs harms nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.dialog import CANCEL, OK, Addressees, Answer, Question
from pagebell.model.document import PageSet, Ticket
from pagebell.model.errors import WrongState
from pagebell.model.event import EventKind, JobState, PrinterName
from pagebell.model.job import Job
from pagebell.model.lifecycle import ANSWER_NEEDED
from pagebell.model.printer import Capabilities, Supply
from pagebell.sources import make_sources
from pagebell.sources.manual_duplex import LONG, ManualDuplex
from pagebell.sources.pin_release import REASON, TRIES, PinRelease
from pagebell.sources.supply_alert import SupplyAlert
from pagebell.spooler import sources
from pagebell.spooler.dialogs import Dialog
from pagebell.spooler.policy import OnSourceFailure, Policy
from pagebell.spooler.sources import BACKLOG, RESTART, Conduct, Desk, Press, Source
from tests.unit.spooler.stage import ADA, BOB, P1, Stage
from tests.unit.spooler.test_recovery import crash

PDF = "application/pdf"


class Idle:
    """A source that does nothing; others are made of it by what they do."""

    def widen(self, printer: PrinterName, capabilities: Capabilities) -> Capabilities:
        return capabilities

    def holds(self, job: Job) -> str | None:
        return None

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        return None

    async def run(self, desk: Desk) -> None:
        await asyncio.Event().wait()


async def staged(source: Source, policy: Policy | None = None) -> AsyncIterator[Stage]:
    async with Stage(policy=policy or Policy()) as stage:
        stage.sources = {"it": source}
        await stage.restart()
        yield stage


def only(stage: Stage) -> Dialog:
    (dialog,) = stage.spooler.dialogs.open_dialogs(SYSTEM)
    return dialog


# --- pin-release ---


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
    assert now.message.startswith("Type your PIN")
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


# --- manual-duplex ---

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


class TwoPasses(Idle):
    """Prints twice, and asks in between."""

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        return self._print

    async def _print(self, press: Press) -> None:
        await press.print(press.job.ticket)
        await press.ask(Question("Turn", "Turn the pages."), seconds=600)
        await press.print(press.job.ticket)


async def finish(stage: Stage) -> None:
    stage.device.finish()
    await stage.clock.settle()


async def test_job_in_two_passes_asks_its_owner_in_between_and_counts_on() -> None:
    async for stage in staged(TwoPasses()):
        job = await stage.submit()
        stage.device.printed(2)
        await stage.clock.settle()
        await finish(stage)
        now = await stage.job(job)
        assert (now.state, now.message) == (JobState.PROCESSING, "Turn the pages.")
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


# --- supply-alert ---


async def test_paper_and_toner_that_run_low_are_told_once() -> None:
    async for stage in staged(SupplyAlert({"low": 20})):
        subscription = await stage.subscribe(kinds=frozenset({EventKind.NOTICE}))
        stage.device.warn("media-low-warning", "Little paper.")
        await stage.clock.settle()
        stage.device.warn("marker-warming-up-report")
        await stage.clock.settle()
        stage.device.ready()
        await stage.clock.settle()
        stage.device.warn("media-low-warning", "Little paper.")
        await stage.clock.settle()
        told = [one.event.notice for one in (await stage.read(subscription)).notifications]
        assert {one.words for one in told if one} == {"Printer p1: Its paper runs low."}
        assert 2 <= len(told) <= 3  # low, and low anew after it was not


def test_supplies_without_a_word_of_their_own_are_low_by_their_level(stage: Stage) -> None:
    toner = Supply("toner", "black", 15, "Black toner")
    printer = replace(stage.printer, supplies=(toner, Supply("toner", "cyan", -3, "")))
    found = SupplyAlert({"low": 20})._lacks(printer)
    assert found == {"Its Black toner runs low: 15 percent are left."}
    assert SupplyAlert({"low": 10})._lacks(printer) == frozenset()


# --- isolation ---


class Fails(Idle):
    """Opens a dialog and falls over when it is told to."""

    def __init__(self) -> None:
        self.now = asyncio.Event()
        self.lives = 0

    def holds(self, job: Job) -> str | None:
        return "job-held-for-authorization"

    async def run(self, desk: Desk) -> None:
        self.lives += 1
        await desk.open(Addressees(P1), Question("Hello", "Who is there?"))
        await self.now.wait()
        self.now.clear()
        raise RuntimeError("mine")


@pytest.mark.parametrize("policy", list(OnSourceFailure))
async def test_source_that_fails_is_reported_its_dialogs_end_and_it_begins_anew(
    policy: OnSourceFailure, caplog: pytest.LogCaptureFixture
) -> None:
    source = Fails()
    async for stage in staged(source, Policy(on_source_failure=policy)):
        job = await stage.submit()
        assert await stage.state(job) is JobState.PENDING_HELD
        source.now.set()
        await stage.clock.settle()
        assert stage.spooler.dialogs.open_dialogs(SYSTEM) == ()
        assert "pagebell-source-failed-warning" in stage.printer.reasons
        goes_on = policy is OnSourceFailure.GO_ON
        assert (await stage.state(job) is JobState.PROCESSING) is goes_on
        await stage.clock.advance(RESTART + 1)
        assert source.lives == 2
        assert "pagebell-source-failed-warning" not in stage.printer.reasons
    assert "source it failed" in caplog.text


class Hangs(Idle):
    """Asks, and never takes an event."""

    def __init__(self, *, stubborn: bool = False) -> None:
        self.stubborn = stubborn
        self.lives = 0
        self.end = asyncio.Event()

    async def run(self, desk: Desk) -> None:
        self.lives += 1
        await desk.open(Addressees(P1), Question("Hello", "Who is there?"))
        while not self.end.is_set():
            try:
                await self.end.wait()
            except asyncio.CancelledError:
                if not self.stubborn:
                    raise


@pytest.mark.parametrize("stubborn", [False, True])
async def test_source_that_takes_no_events_hangs_and_is_ended(
    stubborn: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reported on the printer, its dialogs closed; it begins anew, even where the old life will not end."""
    monkeypatch.setattr(sources, "PATIENCE", 0.01)
    source = Hangs(stubborn=stubborn)
    async for stage in staged(source):
        assert only(stage)
        desk = stage.spooler.sources._desks["it"]
        for _ in range(BACKLOG):
            desk._hear(SimpleNamespace())  # type: ignore[arg-type]
        job = await stage.submit(by=BOB)
        async with asyncio.timeout(10):
            while "pagebell-source-failed-warning" not in stage.printer.reasons:
                await asyncio.sleep(0)
        await stage.clock.settle()
        assert stage.spooler.dialogs.open_dialogs(SYSTEM) == ()
        assert await stage.state(job) is JobState.PROCESSING  # it is no business of the source
        await stage.clock.advance(RESTART + 1)
        assert source.lives == 2
        assert "pagebell-source-failed-warning" not in stage.printer.reasons
        assert only(stage)
        source.end.set()
    assert "does not take its events" in caplog.text
    assert ("does not end" in caplog.text) is stubborn


class Wrong(Idle):
    """Raises wherever it is asked."""

    def widen(self, printer: PrinterName, capabilities: Capabilities) -> Capabilities:
        raise RuntimeError

    def holds(self, job: Job) -> str | None:
        raise RuntimeError

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        raise RuntimeError


@pytest.mark.parametrize("policy", list(OnSourceFailure))
async def test_source_that_raises_when_it_is_asked_harms_no_job(policy: OnSourceFailure) -> None:
    async for stage in staged(Wrong(), Policy(on_source_failure=policy)):
        job = await stage.submit()
        held = policy is OnSourceFailure.HOLD
        assert (await stage.state(job) is JobState.PENDING_HELD) is held
        if held:
            await stage.spooler.jobs.release(job, SYSTEM)
        await stage.clock.settle()
        assert await stage.state(job) is JobState.PROCESSING
        assert stage.spooler.printers.capabilities(P1)


class BadConduct(Idle):
    """Falls over before anything is printed."""

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        return self._print

    async def _print(self, press: Press) -> None:
        raise RuntimeError


@pytest.mark.parametrize("policy", list(OnSourceFailure))
async def test_job_whose_source_fails_while_it_prints_goes_on_or_is_held(policy: OnSourceFailure) -> None:
    async for stage in staged(BadConduct(), Policy(on_source_failure=policy)):
        job = await stage.submit()
        if policy is OnSourceFailure.GO_ON:
            await finish(stage)
            assert await stage.state(job) is JobState.COMPLETED
        else:
            assert await stage.state(job) is JobState.PENDING_HELD


# --- settings ---


@pytest.mark.parametrize(
    ("tables", "text"),
    [
        ({"nobody": {}}, "sources.nobody: there is no such source; known are manual-duplex"),
        ({"pin-release": {"pins": {"ada": 4711}}}, "sources.pin-release: pins"),
        ({"supply-alert": {"low": 200}}, "sources.supply-alert: low: Expected"),
        (
            {"manual-duplex": {"backwards": True}},
            "sources.manual-duplex: Object contains unknown field `backwards`",
        ),
        ({"manual-duplex": {"printers": "p1"}}, "printers: Expected `array`"),
    ],
)
def test_wrong_settings_are_named(tables: dict[str, dict[str, object]], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make_sources(tables)


def test_sources_are_found_by_name() -> None:
    made = make_sources({"supply-alert": {}, "manual-duplex": {"printers": ["*"]}, "pin-release": {}})
    assert list(made) == ["supply-alert", "manual-duplex", "pin-release"]
