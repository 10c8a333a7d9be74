"""Numbers of notifications against a model that keeps every event for ever and looks at all of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pagebell.model.access import SYSTEM
from pagebell.model.errors import NotFound
from pagebell.model.event import Event, EventKind, JobId, JobState, PrinterId, PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.model.subscription import SERVER, Scope, Subscription
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import Change
from pagebell.spooler.subscriptions import Subscriptions
from pagebell.testing import FakeClock, MemoryDocumentStore, MemoryStore

IDS = {PrinterName("p1"): PrinterId(1), PrinterName("p2"): PrinterId(2)}
KINDS = (
    frozenset(EventKind),
    frozenset({EventKind.PRINTER_STATE_CHANGED}),
    frozenset({EventKind.JOB_STATE_CHANGED}),
    frozenset({EventKind.JOB_PROGRESS, EventKind.PRINTER_CONFIG_CHANGED}),
)


@dataclass
class Reader:
    """A subscription, and the log numbers that are its own."""

    subscription: Subscription
    matches: list[int]


class Numbers(RuleBasedStateMachine):
    """Two printers, a few jobs that end and are restarted, subscriptions of everything, trimming and restarts."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.store = MemoryStore()
        self.documents = MemoryDocumentStore()
        self.readers: list[Reader] = []
        self.jobs: list[Job] = []
        self.seen = 0
        self.trimmed = 0
        self.ended: dict[JobId, int] = {}
        self.up()
        for name, number in IDS.items():
            self.commit(printers=(Printer(name=name, uuid="u", device="null:", created=0.0, id=number),))

    def up(self) -> None:
        self.ledger = Ledger(self.store, self.documents, FakeClock(), Policy())
        self.subscriptions = Subscriptions(self.ledger)
        self.runner.run(self.ledger.open())

    def commit(self, **parts: object) -> None:
        self.runner.run(self.ledger.store.commit(Change(**parts)))  # type: ignore[arg-type]
        for event in self.store.history[self.seen :]:
            self.seen = event.seq
            if event.kind is EventKind.JOB_CREATED and event.job is not None:
                self.ended.pop(event.job, None)
            for reader in self.readers:
                if self._hears(reader.subscription, event):
                    reader.matches.append(event.seq)
            if event.job is not None and event.kind is EventKind.JOB_COMPLETED:
                self.ended[event.job] = event.seq

    def _hears(self, subscription: Subscription, event: Event) -> bool:
        job = subscription.scope.job
        return event.seq > subscription.since and subscription.filter.matches(event) and job not in self.ended

    # --- what happens ---

    @rule(printer=st.sampled_from(sorted(IDS)), times=st.integers(1, 4), config=st.booleans())
    def printer_changes(self, printer: PrinterName, times: int, config: bool) -> None:
        kind = EventKind.PRINTER_CONFIG_CHANGED if config else EventKind.PRINTER_STOPPED
        self.commit(events=(Event(kind, 0.0, printer, printer_id=IDS[printer]),) * times)

    @precondition(lambda self: len(self.jobs) < 3)
    @rule(printer=st.sampled_from(sorted(IDS)), wanted=st.none() | st.sampled_from(KINDS))
    def new_job(self, printer: PrinterName, wanted: frozenset[EventKind] | None) -> None:
        number = JobId(len(self.jobs) + 1)
        job = Job(number, "u", printer, "n", "ada", 0.0, JobState.PENDING, printer_id=IDS[printer])
        self.jobs.append(job)
        created = Event(EventKind.JOB_CREATED, 0.0, printer, number, job.status(), printer_id=job.printer_id)
        if wanted is None:
            self.commit(jobs=(job,), events=(created,))
            return
        made = self.subscriptions._grant(Scope(IDS[printer], number), SubscriptionWish(wanted), SYSTEM)
        self.readers.append(Reader(replace(made, since=self.seen), []))
        self.commit(jobs=(job,), events=(created,), subscriptions=(made,))

    @precondition(lambda self: self.jobs)
    @rule(pick=st.integers(0, 9), what=st.sampled_from(["progress", "note", "finish", "restart"]))
    def job_changes(self, pick: int, what: str) -> None:
        job = self.jobs[pick % len(self.jobs)]
        kind, state = {
            "progress": (EventKind.JOB_PROGRESS, job.state),
            "note": (EventKind.JOB_CONFIG_CHANGED, job.state),
            "finish": (EventKind.JOB_COMPLETED, JobState.COMPLETED),
            "restart": (EventKind.JOB_CREATED, JobState.PENDING),
        }[what]
        if job.state.is_final == (what in ("progress", "finish")):
            return
        at = 1.0 if state.is_final else None
        new = replace(job, state=state, completed_at=at, version=job.version + 1)
        self.jobs[job.id - 1] = new
        told = Event(kind, 0.0, job.printer, job.id, new.status(), printer_id=job.printer_id)
        self.commit(jobs=(new,), events=(told,))

    # --- who listens ---

    @rule(where=st.integers(0, 9), wanted=st.sampled_from(KINDS))
    def subscribe(self, where: int, wanted: frozenset[EventKind]) -> None:
        scopes = [SERVER, *map(Scope, IDS.values()), Scope.of_printers(IDS.values())]
        scopes += [Scope(job.printer_id, job.id) for job in self.jobs if not job.state.is_final]
        wish = SubscriptionWish(wanted)
        scope = scopes[where % len(scopes)]
        made = self.runner.run(self.subscriptions.create_subscription(wish, SYSTEM, scope=scope))
        self.readers.append(Reader(made, []))

    @precondition(lambda self: self.readers)
    @rule(pick=st.integers(0, 9))
    def unsubscribe(self, pick: int) -> None:
        reader = self.readers.pop(pick % len(self.readers))
        self.runner.run(self.subscriptions.unsubscribe(reader.subscription.id, SYSTEM))

    # --- what must change nothing ---

    @rule(events=st.integers(0, 12))
    def trim(self, events: int) -> None:
        self.trimmed = min(self.seen, self.trimmed + events)
        self.runner.run(self.subscriptions.trim(self.trimmed))
        over = {job for job, number in self.ended.items() if number <= self.trimmed}
        gone = [reader for reader in self.readers if reader.subscription.scope.job in over]
        self.readers = [reader for reader in self.readers if reader not in gone]
        for reader in gone:
            try:
                self.subscriptions.subscription(reader.subscription.id, SYSTEM)
            except NotFound:
                continue
            raise AssertionError("it has nothing to tell any more")

    @rule()
    def restart(self) -> None:
        self.runner.run(self.store.close())
        self.up()

    # --- reading ---

    @precondition(lambda self: self.readers)
    @rule(pick=st.integers(0, 9), after=st.integers(0, 30), limit=st.integers(1, 5))
    def read_anywhere(self, pick: int, after: int, limit: int) -> None:
        self.check(self.readers[pick % len(self.readers)], after, limit)

    def check(self, reader: Reader, after: int, limit: int) -> None:
        batch = self.runner.run(self.subscriptions.read(reader.subscription.id, SYSTEM, after, limit))
        gone = sum(number <= self.trimmed for number in reader.matches)
        missed = max(0, gone - after)
        expected = list(enumerate(reader.matches, 1))[after + missed : after + missed + limit]
        assert [(n.number, n.event.seq) for n in batch.notifications] == expected
        assert batch.missed == missed
        finished = reader.subscription.scope.job in self.ended
        assert batch.complete == (finished and after + missed + len(expected) >= len(reader.matches))

    @invariant()
    def everybody_can_read_on(self) -> None:
        for reader in getattr(self, "readers", ()):
            gone = sum(number <= self.trimmed for number in reader.matches)
            found = self.subscriptions.available(reader.subscription.id)
            assert found == (gone + 1, len(reader.matches)), reader.subscription
            self.check(reader, max(0, len(reader.matches) - 2), 10)

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.close()
            self.documents.close()


@pytest.mark.parametrize("trim_at", range(12))
@pytest.mark.parametrize("wanted", KINDS)
def test_what_a_job_missed_while_it_was_finished_is_never_counted(
    trim_at: int, wanted: frozenset[EventKind]
) -> None:
    play = Numbers()
    play.begin()
    play.new_job(sorted(IDS)[0], wanted)
    play.subscribe(3, wanted)
    for what in ("progress", "finish", "note", "restart", "progress"):
        play.printer_changes(sorted(IDS)[0], 2, config=what == "note")
        play.job_changes(0, what)
    play.trim(trim_at)
    play.everybody_can_read_on()
    play.restart()
    play.everybody_can_read_on()
    play.printer_changes(sorted(IDS)[0], 1, config=True)
    play.trim(3)
    play.restart()
    play.everybody_can_read_on()
    play.teardown()


Numbers.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestNumbers = Numbers.TestCase
