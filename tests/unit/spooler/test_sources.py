"""Sources: supplies that run low are told, and a source that fails or hangs harms nobody else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.dialog import Addressees, Question
from pagebell.model.event import EventKind, JobState, PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Capabilities, Supply
from pagebell.sources import make_sources
from pagebell.sources.supply_alert import SupplyAlert
from pagebell.spooler import sources
from pagebell.spooler.policy import OnSourceFailure, Policy
from pagebell.spooler.sources import BACKLOG, RESTART, Conduct, Desk, Press
from tests.unit.spooler.sources import Idle, finish, only, staged
from tests.unit.spooler.stage import BOB, P1, Stage

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
