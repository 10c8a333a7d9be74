"""Subscriptions, leases and the trimming of the log against a simple model, on a clock that is turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pagebell.model.access import SYSTEM
from pagebell.model.errors import NotFound, TooMany, WrongState
from pagebell.model.event import Event, EventKind, JobId, JobState, JobStatus, PrinterName
from pagebell.model.subscription import SERVER, Scope, Subscription
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import Change
from tests.unit.spooler.stage import ID1, ID2, IDS, P1, P2, Stage
from tests.unit.spooler.test_scopes import should_hear

POLICY = replace(
    Policy(), event_life=60.0, max_lease=500.0, default_lease=200.0, max_subscriptions=12, max_events=40
)
STATUS = JobStatus(JobState.PENDING, frozenset(), "", "", "", None, 0)
KINDS = st.sampled_from(
    [
        frozenset({EventKind.JOB_STATE_CHANGED}),
        frozenset({EventKind.JOB_PROGRESS}),
        frozenset({EventKind.JOB_PROGRESS, EventKind.PRINTER_STATE_CHANGED}),
        frozenset({EventKind.JOB_COMPLETED, EventKind.PRINTER_STOPPED}),
    ]
)
HAPPENINGS = st.sampled_from(
    [EventKind.JOB_PROGRESS] * 3
    + [
        EventKind.JOB_STOPPED,
        EventKind.JOB_STATE_CHANGED,
        EventKind.PRINTER_STOPPED,
        EventKind.PRINTER_STATE_CHANGED,
    ]
)


@dataclass
class Modelled:
    """A subscription as the model has it: everything that it ever heard, in a plain list."""

    subscription: Subscription
    ends: float | None
    heard: list[Event]
    read: int = 0
    progress: float | None = None
    """When it was last told of progress."""

    def hears(self, event: Event) -> bool:
        """RFC 3995 5.3.3.5 and 5.3.9."""
        if not any(should_hear(self.subscription.scope, kind, event) for kind in self.subscription.events):
            return False
        if event.kind is EventKind.JOB_PROGRESS and self.subscription.interval:
            if self.progress is not None and event.at - self.progress < self.subscription.interval:
                return False
            self.progress = event.at
        return True


class Life(RuleBasedStateMachine):
    """People subscribe, renew and cancel while things happen, time passes and the server restarts."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.stage = Stage(policy=POLICY)
        self.living: list[Modelled] = []
        self.run(self._begin())

    async def _begin(self) -> None:
        await self.stage.__aenter__()
        await self.stage.add(P2)
        self.jobs: dict[JobId, PrinterName] = {
            await self.stage.submit(printer=printer, job_hold_until="indefinite"): printer
            for printer in (P1, P2)
        }

    def run(self, coroutine: Coroutine[object, object, object]) -> None:
        self.runner.run(coroutine)

    def teardown(self) -> None:
        self.run(self.stage.__aexit__(None, None, None))
        self.runner.close()

    def now(self) -> float:
        return self.stage.clock.now()

    @rule(
        which=st.integers(0, 5),
        kinds=KINDS,
        lease=st.none() | st.integers(0, 800),
        interval=st.sampled_from([0, 0, 7, 30]),
    )
    def subscribe(self, which: int, kinds: frozenset[EventKind], lease: int | None, interval: int) -> None:
        self.run(self._subscribe(which, SubscriptionWish(kinds, lease=lease, interval=interval)))

    async def _subscribe(self, which: int, wish: SubscriptionWish) -> None:
        scopes = [SERVER, Scope(ID1), Scope(ID2), Scope.of_printers([ID1, ID2])]
        scopes += (Scope(IDS[printer], job) for job, printer in self.jobs.items())
        create = self.stage.spooler.subscriptions.create_subscription
        if len(self.living) >= POLICY.max_subscriptions:
            with pytest.raises(TooMany):
                await create(wish, SYSTEM, scope=scopes[which])
            return
        made = await create(wish, SYSTEM, scope=scopes[which])
        self.living.append(Modelled(made, self._end(made, wish.lease), []))

    def _end(self, made: Subscription, lease: int | None) -> float | None:
        if made.scope.job is not None:
            return None
        granted = {None: POLICY.default_lease, 0: POLICY.max_lease}.get(lease, lease or 0)
        return self.now() + min(granted, POLICY.max_lease)

    @rule(kind=HAPPENINGS, which=st.booleans(), times=st.integers(1, 4))
    def happen(self, kind: EventKind, which: bool, times: int) -> None:
        for _ in range(times):
            self.run(self._happen(kind, which))

    async def _happen(self, kind: EventKind, which: bool) -> None:
        job, printer = list(self.jobs.items())[which]
        event = Event(kind, self.now(), printer, printer_id=IDS[printer])
        if kind.startswith("job-"):
            event = replace(event, job=job, job_status=STATUS)
        await self.stage.store.commit(Change(events=(event,)))
        numbered = self.stage.store.history[-1]
        for modelled in self.living:
            if modelled.hears(numbered):
                modelled.heard.append(numbered)

    @rule(seconds=st.sampled_from([1, 5, 20, 45, 70, 300]))
    def wait(self, seconds: float) -> None:
        self.run(self.stage.clock.advance(seconds))
        self.living = [m for m in self.living if m.ends is None or m.ends > self.now()]

    @precondition(lambda self: self.living)
    @rule(pick=st.integers(0, 99), lease=st.none() | st.integers(0, 800))
    def renew(self, pick: int, lease: int | None) -> None:
        self.run(self._renew(self.living[pick % len(self.living)], lease))

    async def _renew(self, modelled: Modelled, lease: int | None) -> None:
        renewing = self.stage.spooler.subscriptions.renew(modelled.subscription.id, lease, SYSTEM)
        if modelled.ends is None:
            with pytest.raises(WrongState):
                await renewing
            return
        await renewing
        modelled.ends = self._end(modelled.subscription, lease)

    @precondition(lambda self: self.living)
    @rule(pick=st.integers(0, 99))
    def cancel(self, pick: int) -> None:
        gone = self.living.pop(pick % len(self.living))
        self.run(self.stage.spooler.subscriptions.unsubscribe(gone.subscription.id, SYSTEM))
        with pytest.raises(NotFound):
            self.run(self.stage.read(gone.subscription))

    @rule()
    def restart(self) -> None:
        self.run(self.stage.restart())

    @precondition(lambda self: self.living)
    @rule(pick=st.integers(0, 99), limit=st.integers(1, 5))
    def read_on(self, pick: int, limit: int) -> None:
        modelled = self.living[pick % len(self.living)]
        self.run(self._read(modelled, modelled.read, limit, move=True))

    async def _read(self, modelled: Modelled, after: int, limit: int, *, move: bool) -> None:
        """What comes is what the model heard, but for what has left the log, which is told as missed."""
        kept = set(self.stage.store._events)
        rest = list(enumerate(modelled.heard, 1))[after:]
        left = [(number, event) for number, event in rest if event.seq in kept]
        batch = await self.stage.read(modelled.subscription, after, limit)
        assert [(n.number, n.event) for n in batch.notifications] == left[:limit]
        assert batch.missed == len(rest) - len(left)
        if move:
            modelled.read = batch.last or after + batch.missed

    @invariant()
    def everybody_can_read_all_that_is_left(self) -> None:
        for modelled in self.living:
            self.run(self._read(modelled, 0, 10_000, move=False))
            _, newest = self.stage.spooler.subscriptions.available(modelled.subscription.id)
            assert newest == len(modelled.heard)

    @invariant()
    def one_list_has_them_all(self) -> None:
        listed = self.stage.spooler.subscriptions.list(SYSTEM).subscriptions
        assert [s.id for s in listed] == [m.subscription.id for m in self.living]


TestSubscriptions = Life.TestCase
TestSubscriptions.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
