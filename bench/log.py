"""The event log by itself, in a process of its own: events a second, stored and published."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from pagebell.clock import SystemClock
from pagebell.model.access import SYSTEM
from pagebell.model.event import Event, EventKind, JobId, PrinterId, PrinterName
from pagebell.model.job import Job, JobState
from pagebell.model.subscription import SERVER, Scope, Subscription, SubscriptionId
from pagebell.spooler.eventlog import EventLog
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import Change
from pagebell.spooler.subscriptions import Subscriptions
from pagebell.stores.files import FileDocumentStore
from pagebell.stores.sqlite import SqliteStore

CALLERS = 32
EACH = 4
"""Events in one transaction."""
SECONDS = 3.0


async def main(folder: Path) -> dict[str, float]:
    """Measure."""
    folder.mkdir(parents=True)
    store = SqliteStore(folder / "pagebell.db")
    ledger = Ledger(store, FileDocumentStore(folder / "spool"), SystemClock(), Policy())
    await ledger.open()
    await Subscriptions(ledger).create_subscription(
        SubscriptionWish(frozenset(EventKind)), SYSTEM, scope=SERVER
    )
    job = Job(JobId(1), "u", PrinterName("p"), "document", "ada", time.time(), JobState.PROCESSING)
    told = (EventKind.JOB_PROGRESS, time.time(), job.printer, job.id, job.status())
    event = Event(*told, printer_id=PrinterId(1))
    stored = await _stored(store, (event,) * EACH)
    published = _published(ledger.events, event, 10**9)
    _attach(ledger.events, 100_000)
    crowded = _published(ledger.events, event, 2 * 10**9)
    await store.close()
    return {
        "events stored and published, 4 a transaction": stored,
        "events published": published,
        "events published, with 100,000 subscriptions": crowded,
    }


def _attach(events: EventLog, count: int) -> None:
    """So many subscriptions, every other of a job, of all kinds of events."""
    for number in range(2, count + 2):
        scope = Scope(PrinterId(1), JobId(number) if number % 2 else None)
        every = frozenset(EventKind)
        events.attach(
            Subscription(SubscriptionId(number), "u", scope, every, "ada", 0.0, since=10**9 + 10**6)
        )


async def _stored(store: SqliteStore, events: tuple[Event, ...]) -> float:
    count, end = 0, time.perf_counter() + SECONDS

    async def one() -> None:
        nonlocal count
        while time.perf_counter() < end:
            await store.commit(Change(events=events))
            count += len(events)

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CALLERS)))
    return count / (time.perf_counter() - begun)


def _published(log: EventLog, event: Event, first: int) -> float:
    events = [replace(event, seq=first + number) for number in range(100_000)]
    begun = time.perf_counter()
    log.publish(events)
    return len(events) / (time.perf_counter() - begun)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(Path(sys.argv[1])))))
