"""Which printer is which: one that is made anew under an old name has no one else's subscriptions, jobs or events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pagebell.app import _ensure_printers
from pagebell.config import Config, PrinterTable
from pagebell.model.access import SYSTEM
from pagebell.model.errors import NotFound, TooMany
from pagebell.model.event import EventKind, PrinterId, PrinterName
from pagebell.model.printer import Printer
from pagebell.model.subscription import SERVER, Scope, Subscription
from pagebell.spooler import ledger
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import Setting
from tests.unit.spooler.gated import GatedStore
from tests.unit.spooler.post import Post, push
from tests.unit.spooler.stage import ADA, ALL, ID1, ID2, P1, P2, Stage


@pytest.fixture
async def s() -> AsyncIterator[Stage]:
    async with Stage(store=GatedStore(), policy=Policy(housekeeping=1e9, event_life=60.0)) as stage:
        await stage.add(P2)
        yield stage


async def remove(s: Stage, name: PrinterName = P1) -> None:
    await s.spooler.printers.remove(name, SYSTEM)
    await s.clock.settle()


async def renewed(s: Stage, name: PrinterName = P1) -> Printer:
    """The printer is deleted, and another made under its name."""
    await remove(s, name)
    return await s.add(name)


async def told(s: Stage, subscription: Subscription) -> list[tuple[str, EventKind]]:
    return [(event.printer, event.kind) for event in (await s.read(subscription)).events]


@pytest.mark.parametrize("between", ["nothing", "a restart"])
async def test_printer_made_anew_is_not_in_the_subscription_of_some_printers(s: Stage, between: str) -> None:
    kinds = frozenset({EventKind.JOB_CREATED, EventKind.PRINTER_DELETED, EventKind.PRINTER_CREATED})
    some = await s.subscribe(Scope.of_printers([ID1, ID2]), kinds)
    await s.submit()
    await remove(s)
    if between == "a restart":
        await s.restart()
    await s.add(P1)
    await s.submit()
    await s.submit(printer=P2)
    expected = [(P1, EventKind.JOB_CREATED), (P1, EventKind.PRINTER_DELETED), (P2, EventKind.JOB_CREATED)]
    for _ in range(2):
        assert await told(s, some) == expected
        await s.restart()


async def test_subscription_of_one_printer_ends_with_it_and_the_next_begins_at_one(s: Stage) -> None:
    old = await s.subscribe(Scope(ID1))
    await s.submit()
    again = await renewed(s)
    with pytest.raises(NotFound):
        await s.read(old)
    with pytest.raises(NotFound):
        await s.subscribe(Scope(ID1))
    assert s.spooler.subscriptions.count(Scope(again.id)) == 0
    new = await s.subscribe(Scope(again.id), frozenset({EventKind.JOB_CREATED}))
    await s.submit()
    assert [one.number for one in (await s.read(new)).notifications] == [1]


async def test_who_reads_the_log_of_one_printer_hears_of_no_other(s: Stage) -> None:
    job = await s.submit()
    with await s.spooler.feed.open(Scope(ID1), ALL, ADA) as old:
        again = await renewed(s)
        await s.submit()
        heard = (await old.read()).events
        assert heard[-1].kind is EventKind.PRINTER_DELETED
        with await s.spooler.feed.open(Scope(again.id), ALL, ADA, after=0) as new:
            heard = (await new.read()).events
    assert heard[0].kind is EventKind.PRINTER_CREATED
    assert job not in {event.job for event in heard}


async def test_push_goes_on_for_the_printer_that_is_left(post: Post) -> None:
    async with Stage(couriers=(post,)) as s:
        await s.add(P2)
        kinds = frozenset({EventKind.JOB_CREATED})
        await push(s, "post://some", Scope.of_printers([ID1, ID2]), kinds)
        await renewed(s)
        await s.submit()
        await s.submit(printer=P2)
        assert [e.printer for parcel in post.taken["post://some"] for _, e in parcel.events] == [P2]


async def test_nothing_that_was_kept_of_the_old_printer_is_the_new_ones(s: Stage) -> None:
    first = s.printer
    await s.spooler.settings.put(Setting(P1, "data", "note", b"x"))
    job = await s.submit()
    again = await renewed(s)
    assert again.id != first.id
    assert again.uuid != first.uuid
    assert s.spooler.settings.get(P1, "data") == {}
    assert (s.spooler.tally.pages(P1), s.spooler.system.changes_of(P1)) == (0, 0)
    assert s.spooler.printers.default.name == P2
    with pytest.raises(NotFound):
        await s.job(job)


# --- printer-id ---


async def test_id_of_a_printer_that_is_gone_is_not_given_again_also_after_a_restart(s: Stage) -> None:
    await s.add("p3")
    await remove(s, PrinterName("p3"))
    await s.restart()
    assert (await s.add("p4")).id == 4


async def test_ids_come_again_only_when_nothing_remembers_them(
    s: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MOST_PRINTERS", 4)
    for name in ("p3", "p4"):
        await s.add(name)
    some = await s.subscribe(Scope.of_printers([ID2, PrinterId(4)]))
    for name in (P1, "p3", "p4"):
        await remove(s, PrinterName(name))
    with pytest.raises(TooMany):  # their events are in the log
        await s.add("p5")
    await s.clock.advance(120)
    await s.spooler.tidy()
    assert (await s.add("p5")).id == 1
    await s.restart()
    assert (await s.add("p6")).id == 3
    with pytest.raises(TooMany):  # of what befell p4 the subscription keeps count
        await s.add("p7")
    before = s.spooler.subscriptions.available(some.id)
    await s.restart()
    assert s.spooler.subscriptions.available(some.id) == before
    await s.spooler.subscriptions.drop([some.id])
    await s.spooler.subscriptions.trim(s.spooler._ledger.last_event)
    assert (await s.add("p7")).id == 4


async def test_what_befell_a_printer_that_is_gone_is_not_counted_for_ever(s: Stage) -> None:
    for _ in range(3):
        await renewed(s)
        await s.submit()
    await s.clock.advance(120)
    await s.spooler.tidy()
    living = {printer.id for printer in s.spooler.printers.all()}
    await s.down()
    snapshot = await s.store.open(lambda change: None)
    assert {count.scope.printer for count in snapshot.counts} <= {*living, None}
    await s.up()


# --- a job that was moved ---


async def test_jobs_subscription_goes_with_the_job_to_another_printer(post: Post) -> None:
    async with Stage(couriers=(post,)) as s:
        await s.add(P2)
        kinds = frozenset({EventKind.JOB_COMPLETED})
        job = await s.submit(job_hold_until="indefinite")
        pulled = await s.subscribe(Scope(job=job), kinds)
        await push(s, "post://job", Scope(job=job), kinds)
        moved = await s.spooler.queue.relocate(job, P2, ("text/plain",), SYSTEM)
        scope = Scope(moved.printer_id, job)
        assert s.spooler.subscriptions.count(scope) == 2
        for owner in (None, SYSTEM.name):
            listed = s.spooler.subscriptions.list(SYSTEM, scope=scope, owner=owner).subscriptions
            assert len(listed) == 2
        await remove(s)
        with await s.spooler.feed.open(Scope(job=job), kinds, SYSTEM) as reader:
            await s.spooler.jobs.cancel(job, SYSTEM)
            await s.clock.settle()
            assert [event.job for event in (await reader.read()).events] == [job]
        assert [event.job for event in (await s.read(pulled)).events] == [job]
        assert post.numbers("post://job") == [1]
        await s.restart()
        assert [event.job for event in (await s.read(pulled)).events] == [job]


# --- what is on its way while the printer goes ---


async def test_job_that_comes_while_its_printer_goes_is_not_left_behind(s: Stage) -> None:
    """Its upload began before: it ends with the printer, whichever of the two is stored first."""
    assert isinstance(s.store, GatedStore)
    intake = await s.upload(s.order())
    async with s.store.gate:
        removing = asyncio.ensure_future(s.spooler.printers.remove(P1, SYSTEM))
        await s.clock.settle()
        storing = asyncio.ensure_future(intake.commit())
        await s.clock.settle()
        assert len(s.store.waiting) == 2
    done = await asyncio.gather(removing, storing, return_exceptions=True)
    await s.clock.settle()
    assert done[0] is None
    assert P1 not in {printer.name for printer in s.spooler.printers.all()}
    with pytest.raises(NotFound):
        await s.job(intake.job)
    await s.add(P1)
    assert s.spooler.jobs.count(P1) == 0


@pytest.mark.parametrize("made_anew", [False, True])
async def test_job_that_comes_after_its_printer_went_is_not_stored(s: Stage, made_anew: bool) -> None:
    intake = await s.upload(s.order())
    await remove(s)
    if made_anew:
        await s.add(P1)
    with pytest.raises(NotFound):
        await intake.commit()
    await intake.abort("It broke off.")
    with pytest.raises(NotFound):
        await s.job(intake.job)


async def test_job_is_not_moved_to_a_printer_that_goes_meanwhile(s: Stage) -> None:
    assert isinstance(s.store, GatedStore)
    job = await s.submit(job_hold_until="indefinite")
    await s.spooler.jobs.purge(P2, SYSTEM)
    async with s.store.gate:
        moving = asyncio.ensure_future(s.spooler.queue.relocate(job, P2, ("text/plain",), SYSTEM))
        await s.clock.settle()
        removing = asyncio.ensure_future(s.spooler.printers.remove(P2, SYSTEM))
        await s.clock.settle()
    await asyncio.gather(moving, removing, return_exceptions=True)
    found = await asyncio.gather(s.job(job), return_exceptions=True)
    printers = {printer.name for printer in s.spooler.printers.all()}
    assert all(isinstance(one, NotFound) or one.printer in printers for one in found)


async def test_subscription_that_comes_while_its_printer_goes_is_over_soon(s: Stage) -> None:
    assert isinstance(s.store, GatedStore)
    async with s.store.gate:
        subscribing = asyncio.ensure_future(s.subscribe(Scope(ID1)))
        several = asyncio.ensure_future(s.subscribe(Scope.of_printers([ID1])))
        await s.clock.settle()
        removing = asyncio.ensure_future(s.spooler.printers.remove(P1, SYSTEM))
        await s.clock.settle()
    await asyncio.gather(subscribing, several, removing)
    await s.spooler.tidy()
    for task in (subscribing, several):
        with pytest.raises(NotFound):
            await s.read(task.result())


async def test_subscription_that_comes_after_its_printer_went_is_not_found(s: Stage) -> None:
    assert isinstance(s.store, GatedStore)
    removing = asyncio.ensure_future(s.spooler.printers.remove(P1, SYSTEM))
    while not any(change.gone_printers for change in s.store.waiting):
        await asyncio.sleep(0)
    with pytest.raises(NotFound):
        await s.subscribe(Scope(ID1))
    await removing
    assert s.spooler.subscriptions.list(SYSTEM).subscriptions == ()


# --- printers of the configuration ---

OFFICE = PrinterName("Office")
WITH = Config(printers={"Office": PrinterTable(device="scripted:office")})
WITHOUT = Config(printers={"Lab": PrinterTable(device="scripted:lab")})


async def start_with(s: Stage, config: Config) -> Printer:
    await s.restart()
    await _ensure_printers(s.spooler, config, Path("/nowhere"))
    return s.spooler.printers.printer(OFFICE)


async def test_printer_of_the_configuration_is_the_same_at_each_start(s: Stage) -> None:
    """Also after one for which it was left out: only who deletes a printer ends it."""
    first = await start_with(s, WITH)
    mine = await s.subscribe(Scope(first.id))
    for config in (WITH, WITHOUT, WITH):
        found = await start_with(s, config)
        assert (found.id, found.uuid) == (first.id, first.uuid)
    assert (await s.read(mine)).missed == 0


async def test_printer_of_the_configuration_that_was_deleted_is_another_at_the_next_start(s: Stage) -> None:
    first = await start_with(s, WITH)
    mine, all_ = await s.subscribe(Scope(first.id)), await s.subscribe(SERVER)
    await remove(s, OFFICE)
    again = await start_with(s, WITH)
    assert again.id != first.id
    with pytest.raises(NotFound):
        await s.read(mine)
    assert (OFFICE, EventKind.PRINTER_CREATED) in await told(s, all_)
