"""Scope is exact: every kind of event of every printer and job, against subscriptions of every scope and kind."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import combinations

from pagebell.model.access import SYSTEM
from pagebell.model.event import (
    NO_PRINTER,
    Event,
    EventKind,
    JobId,
    JobState,
    JobStatus,
    PrinterId,
    PrinterName,
    ResourceId,
)
from pagebell.model.subscription import SERVER, Scope, Subscription
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import Change
from tests.unit.spooler.stage import Stage

PRINTERS = {PrinterName(f"p{number}"): PrinterId(number) for number in (1, 2, 3)}
JOBS_EACH = 2
RESOURCES = [ResourceId(1), ResourceId(2)]
STATUS = JobStatus(JobState.PENDING, frozenset(), "", "", "", None, 0)
INCLUDED = {
    "printer-state-changed": {"printer-stopped", "printer-restarted", "printer-shutdown"},
    "printer-config-changed": {"printer-media-changed", "printer-finishings-changed"},
    "job-state-changed": {"job-created", "job-completed", "job-stopped"},
    "resource-state-changed": {"resource-created", "resource-installed", "resource-canceled"},
    "system-state-changed": {"system-stopped", "system-restarted", "system-shutdown"},
}
"""Sub-events by RFC 3995 5.3.3.4 and PWG 5100.22, written down once more."""


def should_hear(scope: Scope, wanted: EventKind, event: Event) -> bool:
    """RFC 3995 5.3.3.5, for one wanted kind; for jobs that live."""
    if event.kind != wanted and event.kind.value not in INCLUDED.get(wanted.value, ()):
        return False
    if scope == SERVER:
        return True
    if scope.resource is not None or event.resource is not None:
        return scope.resource == event.resource
    if scope.printers:
        return event.printer_id in scope.printers
    if event.printer_id != scope.printer:
        return False
    return scope.job is None or event.job is None or event.job == scope.job


def everything(jobs: dict[JobId, PrinterName]) -> list[Event]:
    """Each kind of event once for each thing that it can befall, in disorder; but jobs begin and end as jobs do."""
    events = []
    for kind in EventKind:
        if kind.startswith("job-"):
            events += [
                Event(kind, 0.0, printer, job, STATUS, printer_id=PRINTERS[printer])
                for job, printer in jobs.items()
            ]
        elif kind.startswith("printer-"):
            events += [Event(kind, 0.0, name, printer_id=number) for name, number in PRINTERS.items()]
        elif kind.startswith("resource-"):
            events += [Event(kind, 0.0, NO_PRINTER, resource=resource) for resource in RESOURCES]
        else:
            events.append(Event(kind, 0.0, NO_PRINTER))
    random.Random(5).shuffle(events)
    order = {EventKind.JOB_CREATED: -1, EventKind.JOB_COMPLETED: 1}
    return sorted(events, key=lambda event: order.get(event.kind, 0))


async def heard(stage: Stage, subscription: Subscription) -> list[int]:
    batch = await stage.spooler.subscriptions.read(subscription.id, SYSTEM, 0, 10_000)
    assert [n.number for n in batch.notifications] == list(range(1, len(batch.notifications) + 1))
    assert batch.missed == 0
    return [n.event.seq for n in batch.notifications]


async def test_exactly_the_right_events_arrive_in_order_and_once() -> None:
    async with Stage(policy=Policy(housekeeping=1e9)) as stage:
        await stage.add("p2")
        await stage.add("p3")
        jobs = {
            await stage.submit(printer=printer, job_hold_until="indefinite"): printer
            for printer in PRINTERS
            for _ in range(JOBS_EACH)
        }
        for _ in RESOURCES:
            await stage.spooler.resources.create("static-image", SYSTEM)
        scopes = [SERVER, *map(Scope, PRINTERS.values()), *(Scope(resource=number) for number in RESOURCES)]
        scopes += (Scope(PRINTERS[printer], job) for job, printer in jobs.items())
        scopes += (
            Scope.of_printers(some) for size in (1, 2, 3) for some in combinations(PRINTERS.values(), size)
        )
        made: list[tuple[Subscription, Scope, frozenset[EventKind]]] = []
        for scope in scopes:
            for wanted in [
                *({kind} for kind in EventKind),
                {EventKind.JOB_PROGRESS, EventKind.PRINTER_STOPPED},
            ]:
                wish = SubscriptionWish(frozenset(wanted))
                create = stage.spooler.subscriptions.create_subscription
                made.append((await create(wish, SYSTEM, scope=scope), scope, wish.events))
        first = len(stage.store.history)
        for event in everything(jobs):
            await stage.store.commit(Change(events=(event,)))
        last = stage.store.history[-1].seq
        for (
            name,
            number,
        ) in PRINTERS.items():  # all jobs are over: only the printers' and the server's are told
            told = Event(EventKind.PRINTER_STOPPED, 0.0, name, printer_id=number)
            await stage.store.commit(Change(events=(told,)))
        for when in ("now", "after a restart"):
            happened = stage.store.history[first:]
            for subscription, scope, kinds in made:
                expected = [
                    event.seq
                    for event in happened
                    if any(should_hear(scope, kind, event) for kind in kinds)
                    and (scope.job is None or event.seq <= end_of(happened, scope.job, last))
                ]
                assert await heard(stage, subscription) == expected, (when, scope, kinds)
            await stage.restart()


@dataclass(eq=False)
class Sleeper:
    """Somebody who waits, and counts how often he is woken."""

    woken: int = 0

    def wake(self) -> None:
        self.woken += 1


async def test_nobody_is_woken_for_nothing() -> None:
    """Of all who wait, an event wakes those who hear it, each once, and no others."""
    async with Stage(policy=Policy(housekeeping=1e9)) as stage:
        await stage.add("p2")
        await stage.add("p3")
        jobs = {
            await stage.submit(printer=printer, job_hold_until="indefinite"): printer for printer in PRINTERS
        }
        await stage.spooler.resources.create("static-image", SYSTEM)
        scopes = [SERVER, *map(Scope, PRINTERS.values()), Scope(resource=ResourceId(1))]
        scopes += (Scope(PRINTERS[printer], job) for job, printer in jobs.items())
        scopes += (
            Scope.of_printers(some) for size in (1, 2) for some in combinations(PRINTERS.values(), size)
        )
        log = stage.spooler._ledger.events
        waiting: list[tuple[Subscription, Sleeper]] = []
        for scope in scopes:
            for kind in EventKind:
                wish = SubscriptionWish(frozenset({kind}))
                made = await stage.spooler.subscriptions.create_subscription(wish, SYSTEM, scope=scope)
                sleeper = Sleeper()
                log._listeners[made.id].park(sleeper)
                waiting.append((made, sleeper))
        for event in everything(jobs):
            if event.kind is EventKind.JOB_COMPLETED:
                break  # from here on those of jobs have come to their end
            before = [sleeper.woken for _, sleeper in waiting]
            await stage.store.commit(Change(events=(event,)))
            for (made, sleeper), then in zip(waiting, before, strict=True):
                (kind,) = made.events
                hears = should_hear(made.scope, kind, event)
                assert sleeper.woken - then == hears, (made.scope, kind, event)


def end_of(happened: list[Event], job: JobId, last: int) -> int:
    """The number of the event that ended the job."""
    ends = [e.seq for e in happened if e.job == job and e.kind is EventKind.JOB_COMPLETED]
    return ends[0] if ends else last
