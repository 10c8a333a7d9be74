"""Anything at any time: people, devices, a full disk, stops and crashes; what is promised holds all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pagebell.model.access import SYSTEM
from pagebell.model.errors import Refusal
from pagebell.model.event import Event, EventKind, JobId, JobState
from pagebell.model.lifecycle import STEPS
from pagebell.model.subscription import Scope, Subscription
from pagebell.spooler.intake import Intake
from pagebell.spooler.policy import Policy
from pagebell.testing import MemoryStore
from tests.unit.spooler.stage import ADA, ALL, IDS, P1, P2, Stage

PRINTERS = st.sampled_from([P1, P2])
TURNS = st.integers(0, 6) | st.just(1000)
"""How far things go on before the next thing happens; 1000: until all is at rest."""
KINDS = st.sampled_from(
    [ALL, frozenset({EventKind.JOB_COMPLETED}), frozenset({EventKind.PRINTER_STATE_CHANGED})]
)
_MOVES = {(old, found.to) for (old, _), found in STEPS.items()}
POLICY = replace(Policy(), event_life=60.0, open_job_timeout=120.0, keep_documents=300.0, announce_after=5)


@dataclass
class Reader:
    """Somebody who reads a subscription bit by bit, and what the log should give."""

    subscription: Subscription
    seen: list[Event]
    number: int = 0


def _alive(events: Sequence[Event], job: JobId | None) -> Iterator[Event]:
    """What happens while the job is not finished (RFC 3995 5.3.3.5.1): all, where it is about no job."""
    alive = True
    for event in events:
        of_job = job is not None and event.job == job
        alive = alive or (of_job and event.kind is EventKind.JOB_CREATED)
        if alive:
            yield event
        alive = alive and not (of_job and event.kind is EventKind.JOB_COMPLETED)


class Life(RuleBasedStateMachine):
    """The life of a server with two printers."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.stage = Stage(policy=POLICY)
        self.uploads: list[Intake] = []
        self.acknowledged: set[JobId] = set()
        self.purged = False
        self.readers: list[Reader] = []
        self.run(self.stage.__aenter__())
        self.run(self.stage.add(P2))

    def run(self, coroutine: Coroutine[object, object, object]) -> None:
        self.runner.run(coroutine)

    async def turn(self, turns: int) -> None:
        if turns > 100:
            await self.stage.clock.settle()
        for _ in range(turns % 100):
            await asyncio.sleep(0)

    def attempt(self, act: Awaitable[object], turns: int) -> None:
        async def play() -> None:
            with suppress(Refusal):
                await act
            await self.turn(turns)

        self.run(play())

    def job(self, pick: int) -> JobId:
        return JobId(pick % (self.stage.store._last_job + 1) or 1)

    # --- people ---

    @rule(printer=PRINTERS, priority=st.sampled_from([1, 50, 100]), hold=st.booleans(), turns=TURNS)
    def submit(self, printer: str, priority: int, hold: bool, turns: int) -> None:
        async def play() -> None:
            with suppress(Refusal):
                hold_until = "indefinite" if hold else None
                self.acknowledged.add(
                    await self.stage.submit(printer=printer, job_priority=priority, job_hold_until=hold_until)  # type: ignore[arg-type]
                )
            await self.turn(turns)

        self.run(play())

    @rule(printer=PRINTERS, size=st.integers(0, 12), cancel_after=st.integers(0, 6))
    def client_that_goes_away(self, printer: str, size: int, cancel_after: int) -> None:
        async def client() -> None:
            intake = await self.stage.upload(self.stage.order(printer=printer))  # type: ignore[arg-type]
            try:
                await intake.write(b"x" * size)
                job = await intake.commit()
                self.acknowledged.add(job.id)
            except BaseException:
                await intake.abort("It went away.")
                raise

        async def play() -> None:
            task = asyncio.ensure_future(client())
            await self.turn(cancel_after)
            task.cancel()
            await asyncio.wait({task})

        self.run(play())

    @rule(printer=PRINTERS)
    def create_job(self, printer: str) -> None:
        self.attempt(self.stage.spooler.jobs.submit(self.stage.order(printer=printer)), 0)  # type: ignore[arg-type]

    @rule(pick=st.integers(0, 50))
    def begin_document(self, pick: int) -> None:
        async def play() -> None:
            with suppress(Refusal):
                intake = await self.stage.upload(self.job(pick))
                self.uploads.append(intake)
                await intake.write(b"more")

        self.run(play())

    @precondition(lambda self: self.uploads)
    @rule(last=st.booleans(), broken=st.booleans(), turns=TURNS)
    def end_document(self, last: bool, broken: bool, turns: int) -> None:
        intake = self.uploads.pop(0)

        async def play() -> None:
            try:
                if broken:
                    await intake.abort("It broke.")
                else:
                    await intake.commit(last=last)
            except Refusal:
                with suppress(Refusal):
                    await intake.abort("It was refused.")

        self.attempt(play(), turns)

    @rule(
        act=st.sampled_from(["hold", "release", "cancel", "restart", "close"]),
        pick=st.integers(0, 50),
        turns=TURNS,
    )
    def change_job(self, act: str, pick: int, turns: int) -> None:
        self.attempt(getattr(self.stage.spooler.jobs, act)(self.job(pick), ADA), turns)

    @rule(pick=st.integers(0, 50), turns=TURNS)
    def restart_held(self, pick: int, turns: int) -> None:
        self.attempt(self.stage.spooler.jobs.restart(self.job(pick), ADA, hold=True), turns)

    @rule(act=st.sampled_from(["pause", "resume"]), printer=PRINTERS, turns=TURNS)
    def change_printer(self, act: str, printer: str, turns: int) -> None:
        self.attempt(getattr(self.stage.spooler.printers, act)(printer, SYSTEM), turns)

    @rule(printer=PRINTERS, turns=TURNS)
    def purge(self, printer: str, turns: int) -> None:
        gone = {j.id for j in self.stage.store._jobs.values() if j.printer == printer}
        self.attempt(self.stage.spooler.jobs.purge(printer, SYSTEM), turns)  # type: ignore[arg-type]
        if not self.stage.store.full:
            self.acknowledged -= gone

    # --- devices, disk, time ---

    @rule(
        printer=PRINTERS,
        what=st.sampled_from(["printed", "finish", "fail", "crash", "stop", "warn", "ready"]),
        turns=TURNS,
    )
    def device(self, printer: str, what: str, turns: int) -> None:
        device = self.stage.devices[f"scripted:{printer}"]
        said = {
            "printed": (1,),
            "fail": ("It can't.",),
            "crash": (RuntimeError("boom"),),
            "stop": ("media-empty-error", "Empty."),
            "warn": ("media-low-warning", "Low."),
        }
        getattr(device, what)(*said.get(what, ()))
        self.run(self.turn(turns))

    @rule(printer=PRINTERS, slowly=st.booleans())
    def device_stops_slowly(self, printer: str, slowly: bool) -> None:
        device = self.stage.devices[f"scripted:{printer}"]
        device.stops_slowly = slowly
        device.come_to_stop()
        self.run(self.turn(1000))

    @rule(full=st.booleans())
    def disk(self, full: bool) -> None:
        self.stage.store.full = full

    @rule(seconds=st.sampled_from([0.5, 5, 61, 130, 400]))
    def time(self, seconds: float) -> None:
        self.run(self.stage.clock.advance(seconds))

    def _all_is_possible(self) -> None:
        self.stage.store.full = False
        for device in self.stage.devices.values():
            device.stops_slowly = False
            device.come_to_stop()
        self.uploads.clear()
        self.run(self.stage.clock.advance(2))

    @rule()
    def stop_and_start(self) -> None:
        self._all_is_possible()
        self.run(self.stage.restart())

    @rule(turns=TURNS)
    def crash_and_start(self, turns: int) -> None:
        self._all_is_possible()
        self.run(self.turn(turns))
        survivors = MemoryStore()
        for name, value in vars(self.stage.store).items():
            if name != "_committed":
                setattr(survivors, name, copy(value))
        documents = dict(self.stage.documents.documents)
        self.run(self.stage.down())
        self.stage.store = survivors
        self.stage.documents.documents = documents
        self.stage.devices.clear()
        self.run(self.stage.up())

    # --- readers ---

    @rule(printer=PRINTERS, kinds=KINDS, of_job=st.none() | st.integers(0, 50))
    def subscribe(self, printer: str, kinds: frozenset[EventKind], of_job: int | None) -> None:
        async def play() -> None:
            scope = Scope(IDS[printer]) if of_job is None else Scope(job=self.job(of_job))  # type: ignore[arg-type]
            with suppress(Refusal):
                self.readers.append(Reader(await self.stage.subscribe(scope, kinds), []))

        self.run(play())

    @precondition(lambda self: self.readers)
    @rule(pick=st.integers(0, 20))
    def unsubscribe(self, pick: int) -> None:
        reader = self.readers[pick % len(self.readers)]
        if not self.stage.store.full:
            self.readers.remove(reader)
        self.attempt(self.stage.spooler.subscriptions.unsubscribe(reader.subscription.id, SYSTEM), 0)

    @precondition(lambda self: self.readers)
    @rule(pick=st.integers(0, 20), limit=st.integers(1, 5))
    def read(self, pick: int, limit: int) -> None:
        reader = self.readers[pick % len(self.readers)]
        self.run(self._read(reader, limit))

    async def _read(self, reader: Reader, limit: int) -> None:
        """Numbers follow one another, or a gap is told; the n-th is the n-th match in the log."""
        try:
            batch = await self.stage.read(reader.subscription, reader.number, limit)
        except Refusal:
            return  # its job is long finished
        since, filter_ = reader.subscription.since, reader.subscription.filter
        matches = [e for e in _alive(self.stage.store.history, filter_.scope.job) if e.seq > since]
        matches = [e for e in matches if filter_.matches(e)]
        first = reader.number + batch.missed + 1
        for number, notification in enumerate(batch.notifications, first):
            assert notification.number == number
            assert notification.event == matches[number - 1]
        reader.number = (
            (batch.last or reader.number + batch.missed) if batch.missed or batch.last else reader.number
        )
        if not batch.notifications:
            assert reader.number == len(matches)

    # --- what holds at every moment ---

    @invariant()
    def events_are_numbered_in_one_row(self) -> None:
        if hasattr(self, "stage"):
            numbers = [event.seq for event in self.stage.store.history]
            assert numbers == list(range(1, len(numbers) + 1))

    @invariant()
    def every_state_has_its_event(self) -> None:
        if not hasattr(self, "stage"):
            return
        last: dict[JobId, JobState] = {}
        for event in self.stage.store.history:
            if event.job is not None and event.job_status is not None:
                old, new = last.get(event.job), event.job_status.state
                assert old in (None, new) or (old, new) in _MOVES, (event.job, old, new)
                last[event.job] = new
        for job in self.stage.store._jobs.values():
            assert last[job.id] is job.state
        printers = {e.printer: e.printer_status for e in self.stage.store.history if e.printer_status}
        for printer in self.stage.store._printers.values():
            assert printers[printer.name] == printer.status()

    @invariant()
    def what_is_at_hand_is_what_is_stored(self) -> None:
        if not hasattr(self, "stage"):
            return
        ledger = self.stage.spooler._ledger
        living = {job.id: job for job in self.stage.store._jobs.values() if not job.state.is_final}
        assert {job.id: job for job in ledger.roster.living()} == living
        assert ledger.printers == self.stage.store._printers
        assert {s.id for s in ledger.events.subscriptions()} == set(self.stage.store._subscriptions)

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        if not hasattr(self, "stage"):
            return
        for number in self.acknowledged:
            job = self.stage.store._jobs[number]
            if not job.state.is_final:
                for document in job.documents:
                    assert document.key in self.stage.documents.documents

    @invariant()
    def a_printer_prints_one_job(self) -> None:
        if not hasattr(self, "stage"):
            return
        for printer in self.stage.store._printers.values():
            printing = [
                job.id
                for job in self.stage.store._jobs.values()
                if job.printer == printer.name and job.is_on_device
            ]
            assert printing == ([] if printer.current is None else [printer.current])

    def teardown(self) -> None:
        """In the end, everything that can be printed is, and nothing is left lying about."""
        if not hasattr(self, "stage"):
            return
        try:
            self.stage.store.full = False
            for intake in self.uploads:
                self.run(intake.abort("It went away."))
            self._all_is_possible()
            self.run(self.finish_all())
            for reader in self.readers:
                self.run(self._read(reader, 10_000))
            self.run(self.stage.down())
        finally:
            self.stage.documents.close()
            self.runner.close()

    async def finish_all(self) -> None:
        stage = self.stage
        for device in stage.devices.values():
            device.automatic = True
            device.ready()
            device.finish()
        for printer in (P1, P2):
            await stage.spooler.printers.resume(printer, SYSTEM)
        await stage.clock.advance(POLICY.open_job_timeout + 20)
        for job in stage.spooler._ledger.roster.living():
            assert job.state is JobState.PENDING_HELD or stage.spooler.jobs.is_uploading(job.id), job
        known = {d.key for job in stage.store._jobs.values() for d in job.documents}
        assert set(stage.documents.documents) <= known
        assert not stage.documents.incoming
        assert not any(map(stage.spooler.jobs.is_uploading, range(1, 100)))


Life.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # add Phase.shrink to study a failure: it takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestLife = Life.TestCase
