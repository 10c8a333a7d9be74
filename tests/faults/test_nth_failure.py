"""The n-th write, sync or commit fails, for n = 1, 2, 3 ... until none fails; then all invariants hold."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from pagebell.clock import SystemClock
from pagebell.model.access import SYSTEM
from pagebell.model.errors import NoRoom, NotFound, WrongState
from pagebell.model.event import SYSTEM_KINDS, Event, EventKind, JobId, JobState, PrinterName
from pagebell.model.job import Job
from pagebell.model.subscription import SERVER
from pagebell.spooler.intake import DocumentSpec, Order, SubscriptionWish
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import JobQuery
from pagebell.spooler.printers import PrinterWish
from pagebell.spooler.spooler import Spooler
from pagebell.stores.files import FileDocumentStore
from pagebell.stores.sqlite import SqliteStore, StoreUnusable, connect
from pagebell.stores.tiered import TieredDocumentStore
from pagebell.testing import ScriptedDevice
from tests.faults.failing import KINDS, Countdown, FailingDisk, failing_connect

PDF = PrinterName("PDF")
EVERY_KIND = frozenset(EventKind) - SYSTEM_KINDS
DEADLINE = 20.0


@dataclass
class Acknowledged:
    """What somebody was told is done."""

    documents: dict[JobId, str] = field(default_factory=dict)
    """SHA-256 of what was sent, by job."""
    cancelled: set[JobId] = field(default_factory=set)


def make(folder: Path, countdown: Countdown | None, device: ScriptedDevice) -> Spooler:
    disk = None if countdown is None else FailingDisk(countdown)
    database = connect if countdown is None else failing_connect(countdown)
    store = SqliteStore(folder / "state.db", database)
    documents = TieredDocumentStore(store, FileDocumentStore(folder / "spool", disk))
    return Spooler(
        store,
        documents,
        SystemClock(),
        lambda _: device,
        policy=Policy(retry_store=0.0, housekeeping=3600.0),
    )


async def work(spooler: Spooler, told: Acknowledged) -> None:
    """A day's work; whoever is refused for want of room goes on with the next thing."""
    try:
        await spooler.printers.add(PDF, PrinterWish(device="scripted:"), SYSTEM)
        await spooler.subscriptions.create_subscription(SubscriptionWish(EVERY_KIND), SYSTEM, scope=SERVER)
    except NoRoom:
        told.documents.clear()
    for size in (10, 2_000_000, 100_000, 100_000):
        try:
            await send(spooler, told, b"x" * size)
        except (NoRoom, NotFound):
            continue
    try:
        job, _ = await spooler.jobs.submit(Order(PDF, SYSTEM, name="two documents"))
        await send(spooler, told, b"first", job.id, last=False)
        await send(spooler, told, b"second", job.id)
        held = await spooler.jobs.submit(Order(PDF, SYSTEM, name="to be cancelled"))
        await spooler.jobs.cancel(held[0].id, SYSTEM)
        told.cancelled.add(held[0].id)
        short = await spooler.subscriptions.create_subscription(
            SubscriptionWish(EVERY_KIND), SYSTEM, scope=SERVER
        )
        await spooler.subscriptions.unsubscribe(short.id, SYSTEM)
        await spooler.tidy()
    except (NoRoom, NotFound, WrongState):
        return


async def send(
    spooler: Spooler, told: Acknowledged, octets: bytes, job: JobId | None = None, *, last: bool = True
) -> None:
    target = Order(PDF, SYSTEM) if job is None else job
    intake, _ = await spooler.jobs.open_document(target, DocumentSpec("text/plain"), SYSTEM)
    try:
        for start in range(0, len(octets), 65536):
            await intake.write(octets[start : start + 65536])
        stored = await intake.commit(last=last)
    except NoRoom as full:
        with suppress(NoRoom):
            await intake.abort(str(full))
        raise
    if last:
        told.documents[stored.id] = hashlib.sha256(octets).hexdigest()


async def all_jobs(spooler: Spooler) -> list[Job]:
    living = await spooler.jobs.list(JobQuery())
    return [*living, *await spooler.jobs.list(JobQuery(finished=True))]


async def until_idle(spooler: Spooler) -> None:
    async with asyncio.timeout(DEADLINE):
        while any(not job.open for job in await spooler.jobs.list(JobQuery())):
            await asyncio.sleep(0)


async def check_invariants(folder: Path, told: Acknowledged) -> None:
    device = ScriptedDevice(automatic=True)
    async with make(folder, None, device) as spooler:
        await until_idle(spooler)
        jobs = {job.id: job for job in await all_jobs(spooler)}
        for number, digest in told.documents.items():
            assert jobs[number].state is JobState.COMPLETED, "an acknowledged job is printed in the end"
            assert jobs[number].documents[-1].digest == digest
        for number in told.cancelled:
            assert jobs[number].state is JobState.CANCELED
        printed = {number for number, _ in device.received}
        for number, octets in device.received:
            expected = [document.digest for document in jobs[number].documents]
            assert [hashlib.sha256(o).hexdigest() for o in octets] == expected, "printed as it was stored"
        assert all(jobs[number].documents for number in printed), "nothing half-stored is printed"
        known = {document.key for job in jobs.values() for document in job.documents}
        stored = {path.name for path in (folder / "spool" / "documents").iterdir()}
        assert stored <= known | set(), f"left over: {stored - known}"
        assert not list((folder / "spool" / "incoming").iterdir())
        await check_events(spooler, jobs)


async def check_events(spooler: Spooler, jobs: dict[JobId, Job]) -> None:
    """No state without its event: each job's last event tells the state that it has."""
    events = await spooler._ledger.store.events(range(0, 2**31))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    last: dict[JobId, Event] = {}
    for event in events:
        if event.job is not None:
            last[event.job] = event
    for number, job in jobs.items():
        status = last[number].job_status
        assert status is not None
        assert (status.state, status.reasons) == (job.state, job.reasons)


async def one_round(folder: Path, kind: str, n: int) -> bool:
    """Tells whether anything failed: there may be no n-th operation of that kind."""
    countdown = Countdown(kind, n)
    told = Acknowledged()
    device = ScriptedDevice(automatic=True)
    try:
        async with make(folder, countdown, device) as spooler:
            await work(spooler, told)
            if spooler.printers.list():
                await until_idle(spooler)
    except StoreUnusable:
        assert not told.documents
    await check_invariants(folder, told)
    return countdown.failed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
async def test_whichever_operation_fails_the_invariants_hold(tmp_path: Path, kind: str) -> None:
    for n in count(1):
        folder = tmp_path / str(n)
        folder.mkdir()
        if not await one_round(folder, kind, n):
            break
    assert n > 1, "nothing of that kind was ever done"
