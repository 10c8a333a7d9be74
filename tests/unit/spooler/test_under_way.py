"""What is decided counts although it is not stored yet: no limit is exceeded by what is under way.

And what was decided from something that changes meanwhile is decided anew, or refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.errors import NotFound, TooLarge, TooMany, WrongState
from pagebell.model.event import EventKind, JobState, PrinterName
from pagebell.model.subscription import SERVER
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import Conflict, JobQuery, Setting
from pagebell.spooler.printers import PrinterWish
from pagebell.winspool.infos import FORM_INFO_2
from pagebell.winspool.server.forms_kept import MOST, Forms
from pagebell.winspool.server.values import Values, dword
from tests.unit.spooler.gated import GatedStore
from tests.unit.spooler.stage import ADA, ALL, P1, P2, Stage

POLICY = Policy(
    max_active_jobs=2,
    max_subscriptions=2,
    max_resources=2,
    max_settings_octets=300,
    housekeeping=1e9,
    event_life=60.0,
)


@pytest.fixture
async def s() -> AsyncIterator[Stage]:
    async with Stage(store=GatedStore(), policy=POLICY) as stage:
        yield stage


def gate(s: Stage) -> asyncio.Lock:
    assert isinstance(s.store, GatedStore)
    return s.store.gate


async def at_once(s: Stage, *acts: Callable[[], Awaitable[Any]]) -> list[object]:
    """What comes of acts each of which begins while those before it wait for the store."""
    async with gate(s):
        begun = []
        for act in acts:
            begun.append(asyncio.ensure_future(act()))
            await s.clock.settle()
    return list(await asyncio.gather(*begun, return_exceptions=True))


def refused(found: list[object], by: type[Exception]) -> list[bool]:
    return [isinstance(one, by) for one in found]


def job_of(s: Stage, wishes: int = 0) -> Callable[[], Awaitable[Any]]:
    return lambda: s.spooler.jobs.submit(s.order(wishes=wishes))


# --- limits ---


async def test_jobs_that_are_not_stored_yet_count(s: Stage) -> None:
    found = await at_once(s, job_of(s), job_of(s), job_of(s))
    assert refused(found, TooMany) == [False, False, True]
    assert s.spooler._ledger.job_places.free == 0
    await s.spooler.jobs.cancel_all(P1, SYSTEM, mine=False)
    assert s.spooler._ledger.job_places.free == 2


async def test_uploads_into_new_jobs_count_from_their_first_octet_to_their_end(s: Stage) -> None:
    first, second = await s.upload(s.order()), await s.upload(s.order())
    with pytest.raises(TooMany):
        await s.upload(s.order())
    await first.abort("It broke off.")
    await second.commit()
    assert s.spooler._ledger.job_places.free == 1
    third = await s.upload(s.order())
    await s.spooler.printers.remove(P1, SYSTEM)
    with pytest.raises(NotFound):
        await third.commit()
    await third.abort("It is gone.")
    assert s.spooler._ledger.job_places.free == 2


async def test_upload_that_can_not_begin_keeps_no_place(s: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(key: object) -> object:
        raise OSError("no space")

    monkeypatch.setattr(s.documents, "create", full)
    with pytest.raises(OSError, match="no space"):
        await s.upload(s.order(wishes=1))
    assert s.spooler._ledger.job_places.free == 2
    assert s.spooler.subscriptions.room == 2


async def test_jobs_that_are_printed_again_count(s: Stage) -> None:
    done = []
    for _ in range(3):
        done.append(await s.submit())
        s.device.finish()
        await s.clock.settle()
    restart = [lambda number=number: s.spooler.jobs.restart(number, SYSTEM) for number in done]
    found = await at_once(s, *restart)
    assert refused(found, TooMany) == [False, False, True]
    with pytest.raises(TooMany):
        await s.spooler.jobs.restart(done[2], SYSTEM)
    with pytest.raises(WrongState):  # it lives already
        await s.spooler.jobs.restart(done[1], SYSTEM)
    await s.spooler.jobs.cancel(done[1], SYSTEM)
    await s.spooler.jobs.restart(done[2], SYSTEM)


async def test_refused_jobs_keep_no_places(s: Stage) -> None:
    s.store.full = True
    for _ in range(3):
        assert refused(await at_once(s, job_of(s, wishes=1)), Exception) == [True]
    s.store.full = False
    assert s.spooler._ledger.job_places.free == 2
    assert s.spooler.subscriptions.room == 2


async def test_subscriptions_that_are_not_stored_yet_count(s: Stage) -> None:
    found = await at_once(s, *[s.subscribe] * 3)
    assert refused(found, TooMany) == [False, False, True]
    (first, *_) = s.spooler.subscriptions.list(SYSTEM).subscriptions
    await s.spooler.subscriptions.drop([first.id])
    await s.subscribe()
    assert s.spooler.subscriptions.room == 0


async def test_subscriptions_of_jobs_and_resources_that_are_under_way_count(s: Stage) -> None:
    wish = (SubscriptionWish(ALL),)

    async def resource() -> object:
        create = s.spooler.resources.create
        return (await create("static-image", SYSTEM, subscriptions=wish))[1]

    async def job() -> object:
        return (await s.spooler.jobs.submit(s.order(wishes=1)))[1]

    found = await at_once(s, job, resource, job, resource, s.subscribe)
    assert [len(one) if isinstance(one, tuple) else type(one) for one in found] == [1, 1, 0, 0, TooMany]


async def test_wish_that_nobody_can_grant_keeps_no_place(s: Stage) -> None:
    wishes = [SubscriptionWish(ALL), SubscriptionWish(ALL, recipient="pigeon://there")]
    with pytest.raises(Exception, match="pigeon"):
        await s.spooler.subscriptions.create_subscriptions(wishes, SYSTEM, scope=SERVER)
    assert s.spooler.subscriptions.room == 2


async def test_resources_that_are_not_stored_yet_count(s: Stage) -> None:
    create = [lambda: s.spooler.resources.create("static-image", SYSTEM)] * 3
    assert refused(await at_once(s, *create), TooMany) == [False, False, True]


async def test_settings_that_are_not_stored_yet_count(s: Stage) -> None:
    put = [lambda n=n: s.spooler.settings.put(Setting("", "s", str(n), bytes(60))) for n in range(3)]
    assert refused(await at_once(s, *put), TooLarge) == [False, False, True]


async def test_values_of_clients_are_all_counted() -> None:
    async with Stage(store=GatedStore()) as s:
        values = Values(s.spooler.settings)
        await at_once(s, *[lambda n=n: values.set(P1, "K", dword(f"V{n}", n)) for n in range(3)])
        assert values.changes(P1) == 3
        assert len(values.all(P1, "K")) == 3


async def test_forms_that_are_not_stored_yet_count() -> None:
    async with Stage(store=GatedStore()) as s:
        forms = Forms(s.spooler.settings)
        for number in range(MOST - 1):
            await forms.add(FORM_INFO_2(pName=f"F{number}"))
        add = [lambda name=name: forms.add(FORM_INFO_2(pName=name)) for name in ("A", "B")]
        assert refused(await at_once(s, *add), TooMany) == [False, True]


# --- what changes meanwhile ---


async def test_renewed_lease_does_not_end_although_it_would_have_while_it_was_stored(s: Stage) -> None:
    mine = await s.subscribe(lease=60)
    await s.clock.advance(50)
    async with gate(s):
        renewing = asyncio.ensure_future(s.spooler.subscriptions.renew(mine.id, 600, SYSTEM))
        await s.clock.advance(20)
    await renewing
    await s.spooler.tidy()
    assert s.spooler.subscriptions.subscription(mine.id, SYSTEM).lease == 600
    await s.clock.advance(700)
    await s.spooler.tidy()
    with pytest.raises(NotFound):
        s.spooler.subscriptions.subscription(mine.id, SYSTEM)


async def test_subscription_that_is_cancelled_first_is_not_renewed(s: Stage) -> None:
    mine, subscriptions = await s.subscribe(lease=60), s.spooler.subscriptions
    found = await at_once(
        s,
        lambda: subscriptions.unsubscribe(mine.id, SYSTEM),
        lambda: subscriptions.renew(mine.id, 60, SYSTEM),
    )
    assert refused(found, NotFound) == [False, True]


async def test_job_that_is_restarted_is_not_forgotten_with_the_history(s: Stage) -> None:
    job = await s.submit()
    s.device.finish()
    await s.clock.settle()
    finished = await s.store.jobs(JobQuery(finished=True))
    found = await at_once(
        s,
        lambda: s.spooler.jobs.restart(job, SYSTEM, hold=True),
        lambda: s.spooler.jobs.forget(finished),
    )
    assert not any(isinstance(one, Exception) for one in found)
    assert await s.state(job) is JobState.PENDING_HELD
    await s.spooler.jobs.release(job, SYSTEM)
    await s.clock.settle()
    assert s.device.job == job
    assert s.documents.documents


async def test_job_that_is_forgotten_first_is_not_restarted(s: Stage) -> None:
    job = await s.submit()
    s.device.finish()
    await s.clock.settle()
    finished = await s.store.jobs(JobQuery(finished=True))
    found = await at_once(
        s, lambda: s.spooler.jobs.forget(finished), lambda: s.spooler.jobs.restart(job, SYSTEM)
    )
    assert refused(found, NotFound) == [False, True]
    assert s.spooler._ledger.job_places.free == 2


async def test_job_that_is_purged_while_it_is_let_go_hurts_nobody(s: Stage) -> None:
    """Housekeeping lets go whose time has come; it must not fail when one of these has gone."""
    assert isinstance(s.store, GatedStore)
    jobs = [await s.submit(job_hold_until_time=s.clock.now() + 30) for _ in range(2)]
    await s.clock.advance(60)
    s.store.meanwhile = lambda: s.spooler.jobs.purge(P1, SYSTEM)
    await s.spooler.tidy()
    assert s.store.meanwhile is None
    for job in jobs:
        with pytest.raises(NotFound):
            await s.job(job)


async def test_job_that_ends_while_it_is_cancelled_can_not_be_cancelled(s: Stage) -> None:
    job = await s.submit()
    async with gate(s):
        s.device.finish()
        await s.clock.settle()
        cancelling = asyncio.ensure_future(s.spooler.jobs.cancel(job, ADA))
        await s.clock.settle()
    with pytest.raises(WrongState):
        await cancelling
    assert await s.state(job) is JobState.COMPLETED


async def test_job_that_ends_while_all_are_cancelled_is_left_out(s: Stage) -> None:
    first, second = await s.submit(), await s.submit()
    async with gate(s):
        s.device.finish()
        await s.clock.settle()
        cancelling = asyncio.ensure_future(s.spooler.jobs.cancel_all(P1, SYSTEM, mine=False))
        await s.clock.settle()
    assert [job.id for job in await cancelling] == [second]
    assert await s.state(first) is JobState.COMPLETED


async def test_printer_that_is_shut_down_meanwhile_is_not_activated(s: Stage) -> None:
    printers = s.spooler.printers
    await printers.deactivate(P1, SYSTEM)
    found = await at_once(s, lambda: printers.shut_down(P1, SYSTEM), lambda: printers.activate(P1, SYSTEM))
    assert refused(found, WrongState) == [False, True]
    assert s.printer.shut_down
    found = await at_once(s, *[lambda: printers.start_up(P1, SYSTEM)] * 2)
    assert refused(found, WrongState) == [False, True]
    kinds = [event.kind for event in s.store.history]
    assert kinds.count(EventKind.PRINTER_RESTARTED) == 1


async def test_printer_that_is_gone_is_not_the_default(s: Stage) -> None:
    await s.add(P2)
    printers = s.spooler.printers
    removing = asyncio.ensure_future(printers.remove(P2, SYSTEM))
    assert isinstance(s.store, GatedStore)
    while not any(change.gone_printers for change in s.store.waiting):
        await asyncio.sleep(0)
    with pytest.raises(NotFound):
        await printers.set_default(P2, SYSTEM)
    await removing
    await s.add(P2)
    assert printers.default.name == P1


async def test_setting_is_not_kept_for_a_printer_that_goes_meanwhile(s: Stage) -> None:
    removing = asyncio.ensure_future(s.spooler.printers.remove(P1, SYSTEM))
    assert isinstance(s.store, GatedStore)
    while not any(change.gone_printers for change in s.store.waiting):
        await asyncio.sleep(0)
    with pytest.raises(NotFound):
        await s.spooler.settings.put(Setting(P1, "data", "note", b"x"))
    await removing
    await s.add(P1)
    assert s.spooler.settings.get(P1, "data") == {}


async def test_two_printers_never_get_one_name(s: Stage) -> None:
    add = [lambda: s.spooler.printers.add("p9", PrinterWish(device="scripted:p9"), SYSTEM)] * 2
    found = await at_once(s, *add)
    assert [isinstance(one, Exception) for one in found] == [False, True]
    assert [printer.name for printer in s.spooler.printers.list()] == [P1, PrinterName("p9")]


async def test_store_in_the_test_keeps_to_the_order(s: Stage) -> None:
    """What these tests rest on."""
    found = await at_once(s, job_of(s), job_of(s))
    assert not refused(found, Conflict)[0]
    assert [event.job for event in s.store.history if event.kind is EventKind.JOB_CREATED] == [1, 2]
