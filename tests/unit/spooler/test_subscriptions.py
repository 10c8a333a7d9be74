"""Numbers, scopes, gaps and leases of subscriptions."""

import asyncio
from contextlib import suppress

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.errors import NotAuthorized, NotFound, WrongState
from pagebell.model.event import EventKind, JobId, JobState
from pagebell.model.subscription import SERVER, Scope
from pagebell.spooler.intake import DocumentSpec
from pagebell.spooler.policy import Policy
from pagebell.spooler.reading import Batch
from pagebell.spooler.subscriptions import Page
from tests.unit.spooler.stage import ADA, BOB, ID1, ID2, P1, P2, Stage, line


def lines(batch: Batch) -> list[str]:
    return [f"{n.number} {line(n.event)}" for n in batch.notifications]


def numbers(batch: Batch) -> list[int]:
    return [n.number for n in batch.notifications]


async def finished_job(stage: Stage) -> JobId:
    job = await stage.submit()
    stage.device.finish()
    await stage.clock.settle()
    return job


async def test_matches_are_numbered_from_one_without_gaps(stage: Stage) -> None:
    await finished_job(stage)
    subscription = await stage.subscribe(Scope(ID1), frozenset({EventKind.JOB_COMPLETED}))
    for _ in range(3):
        await finished_job(stage)
    batch = await stage.read(subscription)
    assert numbers(batch) == [1, 2, 3]
    assert [n.event.job for n in batch.notifications] == [2, 3, 4]
    assert numbers(await stage.read(subscription, after=2)) == [3]
    assert numbers(await stage.read(subscription, after=1, limit=1)) == [2]
    assert numbers(await stage.read(subscription, after=9)) == []


async def test_subscriptions_of_one_filter_count_each_for_themselves(stage: Stage) -> None:
    kinds = frozenset({EventKind.JOB_COMPLETED})
    first = await stage.subscribe(Scope(ID1), kinds)
    await finished_job(stage)
    second = await stage.subscribe(Scope(ID1), kinds)
    await finished_job(stage)
    assert numbers(await stage.read(first)) == [1, 2]
    assert lines(await stage.read(second)) == ["1 job-completed 2: completed (job-completed-successfully)"]


async def test_wanted_kind_brings_its_sub_events(stage: Stage) -> None:
    subscription = await stage.subscribe(Scope(ID1), frozenset({EventKind.JOB_STATE_CHANGED}))
    await finished_job(stage)
    assert [n.event.kind for n in (await stage.read(subscription)).notifications] == [
        "job-created",
        "job-state-changed",
        "job-completed",
    ]


async def test_scope_of_a_printer_is_exact(stage: Stage) -> None:
    await stage.add(P2)
    mine, server = await stage.subscribe(Scope(ID1)), await stage.subscribe()
    await stage.submit(printer=P2)
    assert numbers(await stage.read(mine)) == []
    assert len(numbers(await stage.read(server))) == 3


async def test_scope_of_a_job_is_exact_and_hears_of_its_printer(stage: Stage) -> None:
    await stage.submit()
    job = await stage.submit()
    subscription = await stage.subscribe(Scope(job=job))
    assert subscription.scope == Scope(ID1, job)
    stage.device.finish()
    await stage.clock.settle()
    stage.device.finish()
    await stage.clock.settle()
    heard = [n.event for n in (await stage.read(subscription)).notifications]
    assert {event.job for event in heard} == {None, job}
    assert {event.printer for event in heard} == {P1}


async def test_subscription_made_with_its_job_hears_of_the_creation(stage: Stage) -> None:
    intake, subscriptions = await stage.spooler.jobs.open_document(stage.order(wishes=1), DocumentSpec(), ADA)
    await intake.commit()
    stage.device.finish()
    await stage.clock.settle()
    batch = await stage.read(subscriptions[0])
    assert lines(batch)[0] == "1 job-created 1: pending"
    assert lines(batch)[-1].endswith("job-completed 1: completed (job-completed-successfully)")
    assert batch.complete


async def test_subscription_of_a_job_outlives_it_for_the_event_life(stage: Stage) -> None:
    job = await stage.submit()
    subscription = await stage.subscribe(Scope(job=job))
    stage.device.finish()
    await stage.clock.advance(stage.policy.event_life - 10)
    assert (await stage.read(subscription)).complete
    await stage.clock.advance(20)
    with pytest.raises(NotFound):
        await stage.read(subscription)


async def test_finished_job_takes_no_subscription(stage: Stage) -> None:
    job = await finished_job(stage)
    with pytest.raises(WrongState):
        await stage.subscribe(Scope(job=job))


@pytest.mark.parametrize("turns", range(6))
async def test_subscription_that_comes_as_its_job_ends_ends_too(stage: Stage, turns: int) -> None:
    job = await stage.submit()
    await stage.submit()
    stage.device.finish()
    for _ in range(turns):
        await asyncio.sleep(0)
    try:
        subscription = await stage.subscribe(Scope(job=job))
    except WrongState:
        return
    await stage.clock.settle()
    assert (await stage.read(subscription)).complete


async def test_reader_waits_for_the_next_match(stage: Stage) -> None:
    subscription = await stage.subscribe(Scope(ID1), frozenset({EventKind.JOB_COMPLETED}))
    reader = asyncio.ensure_future(stage.spooler.subscriptions.read(subscription.id, SYSTEM, wait=True))
    await stage.submit()
    assert not reader.done()
    stage.device.finish()
    await stage.clock.settle()
    assert numbers(reader.result()) == [1]


async def test_waiting_reader_is_told_when_its_subscription_ends(stage: Stage) -> None:
    subscription = await stage.subscribe()
    reader = asyncio.ensure_future(stage.spooler.subscriptions.read(subscription.id, SYSTEM, wait=True))
    await stage.clock.settle()
    await stage.spooler.subscriptions.unsubscribe(subscription.id, SYSTEM)
    await stage.clock.settle()
    assert isinstance(reader.exception(), NotFound)


async def test_trimmed_events_are_told_as_missed(stage: Stage) -> None:
    subscription = await stage.subscribe(Scope(ID1), frozenset({EventKind.JOB_COMPLETED}))
    for _ in range(3):
        await finished_job(stage)
    await stage.clock.advance(stage.policy.event_life + 10)
    batch = await stage.read(subscription)
    assert (batch.missed, numbers(batch)) == (3, [])
    await finished_job(stage)
    batch = await stage.read(subscription)
    assert (batch.missed, numbers(batch)) == (3, [4])
    assert (await stage.read(subscription, after=3)).missed == 0
    assert stage.spooler.subscriptions.available(subscription.id) == (4, 4)


async def test_restart_keeps_numbers(stage: Stage) -> None:
    kinds = frozenset({EventKind.JOB_COMPLETED})
    first = await stage.subscribe(Scope(ID1), kinds)
    await finished_job(stage)
    second = await stage.subscribe(Scope(ID1), kinds)
    await finished_job(stage)
    await stage.restart()
    await finished_job(stage)
    assert numbers(await stage.read(first)) == [1, 2, 3]
    assert numbers(await stage.read(second)) == [1, 2]


async def test_restart_keeps_numbers_of_what_was_trimmed(stage: Stage) -> None:
    kinds = frozenset({EventKind.JOB_COMPLETED})
    await finished_job(stage)
    first = await stage.subscribe(Scope(ID1), kinds)
    await finished_job(stage)
    second = await stage.subscribe(Scope(ID1), kinds)
    await finished_job(stage)
    await stage.clock.advance(stage.policy.event_life + 10)
    await stage.restart()
    await finished_job(stage)
    assert ((await stage.read(first)).missed, numbers(await stage.read(first))) == (2, [3])
    assert ((await stage.read(second)).missed, numbers(await stage.read(second))) == (1, [2])


async def test_subscription_ends_with_its_lease_and_lives_on_when_renewed(stage: Stage) -> None:
    short, long = await stage.subscribe(lease=60), await stage.subscribe(lease=60)
    await stage.clock.advance(50)
    await stage.spooler.subscriptions.renew(long.id, 60, SYSTEM)
    await stage.clock.advance(20)
    with pytest.raises(NotFound):
        await stage.read(short)
    await stage.read(long)


async def test_lease_goes_by_the_clock_on_the_wall_also_while_the_server_is_down(stage: Stage) -> None:
    short, long = await stage.subscribe(lease=60), await stage.subscribe(lease=600)
    await stage.submit()
    told = numbers(await stage.read(long))
    await stage.down()
    await stage.clock.advance(100)
    await stage.up()
    with pytest.raises(NotFound):
        await stage.read(short)
    assert numbers(await stage.read(long))[: len(told)] == told
    await stage.clock.advance(500)
    with pytest.raises(NotFound):
        await stage.read(long)


async def test_lease_beyond_the_maximum_is_cut(stage: Stage) -> None:
    subscription = await stage.subscribe(lease=2**31 - 1)
    assert subscription.lease == stage.policy.max_lease
    assert (await stage.subscribe(lease=0)).lease == stage.policy.max_lease


@pytest.mark.parametrize("turns", range(5))
async def test_renewal_is_not_lost_to_trimming_at_the_same_time(stage: Stage, turns: int) -> None:
    subscription = await stage.subscribe(Scope(ID1), lease=400)
    await stage.submit()
    await stage.clock.advance(0)
    stage.clock._now += stage.policy.event_life + 10
    tidying = asyncio.ensure_future(stage.spooler.tidy())
    renewing = asyncio.ensure_future(stage.spooler.subscriptions.renew(subscription.id, 5000, SYSTEM))
    for _ in range(turns):
        await asyncio.sleep(0)
    await asyncio.gather(tidying, renewing)
    assert stage.spooler.subscriptions.subscription(subscription.id, SYSTEM).lease == 5000
    await stage.restart()
    assert stage.spooler.subscriptions.subscription(subscription.id, SYSTEM).lease == 5000


@pytest.mark.parametrize("first", ["tidy", "renew"])
async def test_unsubscribing_is_final_whatever_happens_at_the_same_time(stage: Stage, first: str) -> None:
    subscription = await stage.subscribe(Scope(ID1), lease=400)
    await stage.submit()
    stage.clock._now += stage.policy.event_life + 10
    ending = asyncio.ensure_future(stage.spooler.subscriptions.unsubscribe(subscription.id, SYSTEM))
    await asyncio.sleep(0)
    if first == "tidy":
        await stage.spooler.tidy()
    else:
        with suppress(NotFound):  # the one or the other comes first
            await stage.spooler.subscriptions.renew(subscription.id, 500, SYSTEM)
    await ending
    assert stage.store._subscriptions == {}
    assert stage.spooler.subscriptions.list(SYSTEM) == Page(())


async def test_one_list_has_an_owners_subscriptions_of_every_scope(stage: Stage) -> None:
    job = await stage.submit(by=ADA)
    made = [await stage.subscribe(scope, by=ADA) for scope in (SERVER, Scope(ID1), Scope(job=job), SERVER)]
    await stage.subscribe(Scope(ID1), by=BOB)
    subscriptions = stage.spooler.subscriptions
    assert list(subscriptions.list(ADA).subscriptions) == made
    assert list(subscriptions.list(SYSTEM, owner="ada").subscriptions) == made
    assert len(subscriptions.list(SYSTEM).subscriptions) == 5
    assert subscriptions.list(BOB, owner="ada") == Page(())
    assert [s.id for s in subscriptions.list(ADA, scope=SERVER).subscriptions] == [made[0].id, made[3].id]


@pytest.mark.parametrize("many", [4, 5])
async def test_list_is_read_page_by_page(stage: Stage, many: int) -> None:
    made = [(await stage.subscribe(by=ADA)).id for _ in range(many)]
    pages, after = [], 0
    while True:
        page = stage.spooler.subscriptions.list(ADA, after=after, limit=2)
        pages.append([s.id for s in page.subscriptions])
        if page.next is None:
            break
        after = page.next
    assert pages == [made[first : first + 2] for first in range(0, many, 2)], "and no empty one"


async def test_how_many_there_are_is_no_secret(stage: Stage) -> None:
    job = await stage.submit(by=ADA)
    for scope in (SERVER, SERVER, Scope(ID1), Scope(ID1, job), Scope(ID1, job), Scope(ID1, job)):
        await stage.subscribe(scope, by=ADA)
    count = stage.spooler.subscriptions.count
    assert (count(SERVER), count(Scope(ID1)), count(Scope(ID1, job)), count(Scope(ID2))) == (2, 1, 3, 0)
    assert stage.spooler.subscriptions.list(BOB) == Page(())


async def test_subscriptions_of_a_job_are_for_its_owner_and_operators(stage: Stage) -> None:
    job = await stage.submit(by=ADA)
    with pytest.raises(NotAuthorized):
        await stage.subscribe(Scope(job=job), by=BOB)
    await stage.subscribe(Scope(job=job), by=SYSTEM)


PROGRESS = frozenset({EventKind.JOB_PROGRESS})


async def print_pages(stage: Stage, *pauses: float, first: int = 1) -> None:
    """The job on the device prints a page after each of these pauses."""
    for page, pause in enumerate(pauses, first):
        await stage.clock.advance(pause)
        stage.device.printed(page)
        await stage.clock.settle()


def pages(batch: Batch) -> list[tuple[int, int]]:
    """Number and page of each notification of progress."""
    found = [(n.number, n.event.job_status) for n in batch.notifications]
    return [(number, status.impressions_completed) for number, status in found if status is not None]


async def test_progress_is_told_no_more_often_than_asked_for(stage: Stage) -> None:
    await stage.submit()
    paced, every = await stage.subscribe(kinds=PROGRESS, interval=10), await stage.subscribe(kinds=PROGRESS)
    await print_pages(stage, 0, 4, 5, 1, 9, 1, 30)
    assert pages(await stage.read(paced)) == [(1, 1), (2, 4), (3, 6), (4, 7)]
    assert len(pages(await stage.read(every))) == 7


async def test_who_asks_later_is_told_of_the_first_progress_all_the_same(stage: Stage) -> None:
    await stage.submit()
    early = await stage.subscribe(kinds=PROGRESS, interval=10)
    await print_pages(stage, 0)
    late = await stage.subscribe(kinds=PROGRESS, interval=10)
    await print_pages(stage, 5, 5, 5, first=2)
    assert pages(await stage.read(early)) == [(1, 1), (2, 3)]
    assert pages(await stage.read(late)) == [(1, 2), (2, 4)]


async def test_interval_holds_back_nothing_but_progress(stage: Stage) -> None:
    await stage.submit()
    paced = await stage.subscribe(kinds=PROGRESS | {EventKind.JOB_STATE_CHANGED}, interval=100)
    await print_pages(stage, 0, 1)
    stage.device.finish()
    await stage.clock.settle()
    assert [n.event.kind for n in (await stage.read(paced)).notifications] == [
        "job-progress",
        "job-completed",
    ]


async def test_waiting_reader_is_not_woken_for_progress_that_it_does_not_want(stage: Stage) -> None:
    await stage.submit()
    paced = await stage.subscribe(kinds=PROGRESS, interval=10)
    await print_pages(stage, 0)
    reader = asyncio.ensure_future(stage.spooler.subscriptions.read(paced.id, SYSTEM, 1, wait=True))
    await print_pages(stage, 5, first=2)
    assert not reader.done()
    await print_pages(stage, 5, first=3)
    assert pages(reader.result()) == [(2, 3)]


@pytest.mark.parametrize("trim_at", range(1, 8))
async def test_numbers_of_paced_progress_outlast_trimming_and_restarts(trim_at: int) -> None:
    async with Stage(policy=Policy(event_life=60, housekeeping=1e9)) as stage:
        job = await stage.submit()
        paced = await stage.subscribe(kinds=PROGRESS, interval=20)
        await print_pages(stage, *[10] * 8)
        before = pages(await stage.read(paced))
        assert before == [(1, 1), (2, 3), (3, 5), (4, 7)]
        first = next(event.seq for event in stage.store.history if event.kind is EventKind.JOB_PROGRESS)
        await stage.spooler.subscriptions.trim(first + trim_at - 1)
        kept = [(number, page) for number, page in before if page > trim_at]
        for _ in range(2):
            batch = await stage.read(paced)
            assert (pages(batch), batch.missed) == (kept, 4 - len(kept))
            assert stage.spooler.subscriptions.available(paced.id) == (5 - len(kept), 4)
            await stage.restart()
        assert await stage.state(job) == JobState.PROCESSING
        await print_pages(stage, 1)
        assert pages(await stage.read(paced)) == kept
        await print_pages(stage, 10, first=2)
        assert pages(await stage.read(paced)) == [*kept, (5, 2)]


async def test_nothing_befalls_a_finished_job(stage: Stage) -> None:
    job = await stage.submit()
    subscription = await stage.subscribe(Scope(job=job))
    stage.device.finish()
    await stage.clock.settle()
    told = await stage.read(subscription)
    assert told.notifications[-1].event.kind is EventKind.JOB_COMPLETED
    await stage.spooler.printers.pause(P1, SYSTEM)
    assert await stage.read(subscription) == told
    await stage.restart()
    await stage.spooler.printers.resume(P1, SYSTEM)
    assert await stage.read(subscription) == told


async def test_restarted_job_is_heard_of_again(stage: Stage) -> None:
    job = await stage.submit()
    subscription = await stage.subscribe(Scope(job=job), frozenset({EventKind.JOB_STATE_CHANGED}))
    stage.device.finish()
    await stage.clock.settle()
    await stage.spooler.jobs.restart(job, ADA)
    await stage.clock.settle()
    kinds = [n.event.kind for n in (await stage.read(subscription)).notifications]
    assert kinds == ["job-completed", "job-created", "job-state-changed"]
