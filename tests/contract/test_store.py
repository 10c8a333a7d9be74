"""What every `ports.Store` keeps to; `stores.py` has them."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pagebell.model.document import DocumentKey
from pagebell.model.event import EventKind, JobId, JobState, ResourceId
from pagebell.model.printer import Printer
from pagebell.model.resource import Data, Resource
from pagebell.model.subscription import SERVER, Scope, SubscriptionId
from pagebell.model.system import Contact, SystemDescription
from pagebell.spooler.ports import Change, Conflict, Content, Count, JobQuery, Setting, Snapshot, Store
from pagebell.stores.sqlite import SqliteStore
from pagebell.testing import MemoryStore
from tests.contract.stores import (
    ID3,
    P1,
    P2,
    P3,
    Opened,
    done,
    event,
    job,
    open_,
    printer,
    reopened,
    subscription,
)

# --- versions ---


async def test_job_of_version_one_is_inserted_and_the_next_replaces_it(opened: Opened) -> None:
    await opened.commit(jobs=(job(1),))
    await opened.commit(jobs=(job(1, version=2, name="new"),))
    assert [j.name for j in await opened.store.jobs([JobId(1)])] == ["new"]


@pytest.mark.parametrize("version", [1, 2, 4])
async def test_job_from_another_version_than_the_stored_one_is_a_conflict(
    opened: Opened, version: int
) -> None:
    await opened.commit(jobs=(job(1),))
    await opened.commit(jobs=(job(1, version=2),))
    with pytest.raises(Conflict):
        await opened.commit(jobs=(job(1, version=version, name="late"),))
    assert (await opened.store.jobs([JobId(1)]))[0].name == "job 1"


async def test_change_of_a_job_that_was_never_stored_is_a_conflict(opened: Opened) -> None:
    with pytest.raises(Conflict):
        await opened.commit(jobs=(job(1, version=2),))


@pytest.mark.parametrize("version", [1, 3])
async def test_printer_from_another_version_is_a_conflict(opened: Opened, version: int) -> None:
    await opened.commit(printers=(printer(),))
    with pytest.raises(Conflict):
        await opened.commit(printers=(printer(version=version),))


async def test_conflict_leaves_nothing_of_its_change(opened: Opened) -> None:
    await opened.commit(jobs=(job(1),))
    before = list(opened.told)
    with pytest.raises(Conflict):
        await opened.commit(
            jobs=(job(2), job(1)),
            printers=(printer(),),
            subscriptions=(subscription(1),),
            events=(event(),),
        )
    assert opened.told == before
    assert await opened.store.jobs([JobId(2)]) == []
    assert await opened.store.events(range(10)) == []
    await opened.commit(events=(event(),))
    assert [e.seq for e in await opened.store.events(range(10))] == [1]


async def test_conflict_does_not_hurt_changes_that_come_at_the_same_time(opened: Opened) -> None:
    await opened.commit(jobs=(job(1),))
    changes = [Change(jobs=(job(n),), events=(event(of=n),)) for n in (2, 1, 3)]
    results = await asyncio.gather(*map(opened.store.commit, changes), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), Conflict, type(None)]
    assert [e.job for e in await opened.store.events(range(10))] == [2, 3]


async def test_of_two_changes_from_one_version_one_wins(opened: Opened) -> None:
    await opened.commit(jobs=(job(1),))
    changes = [Change(jobs=(job(1, version=2, name=name),)) for name in "ab"]
    results = await asyncio.gather(*map(opened.store.commit, changes), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]


# --- events ---


async def test_events_are_numbered_in_the_order_of_storing_without_gaps(opened: Opened) -> None:
    await opened.commit(events=(event(of=1), event(of=2)))
    await opened.commit(events=(event(of=3),))
    assert [(e.seq, e.job) for e in await opened.store.events(range(10))] == [(1, 1), (2, 2), (3, 3)]
    assert [e.seq for change in opened.told for e in change.events] == [1, 2, 3]


async def test_events_are_asked_for_by_range_and_by_number(opened: Opened) -> None:
    await opened.commit(events=tuple(event(of=n) for n in range(1, 8)))
    assert [e.seq for e in await opened.store.events(range(3, 6))] == [3, 4, 5]
    assert [e.seq for e in await opened.store.events([2, 7, 99])] == [2, 7]
    assert await opened.store.events([]) == []


async def test_trimmed_events_are_gone_and_their_numbers_are_not_used_again(
    opened: Opened, make: Callable[[], Store]
) -> None:
    await opened.commit(events=(event(), event(), event()))
    await opened.commit(trim=2)
    assert [e.seq for e in await opened.store.events(range(10))] == [3]
    await opened.commit(trim=3)
    await opened.store.close()
    again = await open_(make())
    assert again.snapshot.last_event == 3
    await again.commit(events=(event(),))
    assert [e.seq for e in await again.store.events(range(10))] == [4]
    await again.store.close()


async def test_an_event_keeps_all_it_tells(opened: Opened) -> None:
    full = replace(event(of=1), job_status=job(1).status(), changed=("state", "reasons"))
    other = replace(event(), printer_status=printer().status())
    await opened.commit(events=(full, other))
    assert await opened.store.events([1, 2]) == [replace(full, seq=1), replace(other, seq=2)]


# --- telling of changes ---


async def test_each_change_is_told_in_order_before_its_commit_returns(opened: Opened) -> None:
    returned: list[tuple[int, int]] = []

    async def one(number: int) -> None:
        await opened.commit(jobs=(job(number),))
        returned.append((number, len(opened.told)))

    await asyncio.gather(*map(one, range(1, 20)))
    assert [change.jobs[0].id for change in opened.told] == list(range(1, 20))
    assert all(told >= number for number, told in returned)


async def test_what_is_told_carries_numbers(opened: Opened) -> None:
    await opened.commit(events=(event(), event()))
    await opened.commit(subscriptions=(subscription(1),), events=(event(),))
    assert opened.told[-1].subscriptions[0].since == 2
    assert opened.told[-1].events[0].seq == 3


# --- removing ---


async def test_job_that_is_stored_and_removed_by_one_change_is_gone_but_its_event_stays(
    opened: Opened,
) -> None:
    await opened.commit(jobs=(job(1),))
    final = done(1, 5.0, version=2)
    await opened.commit(jobs=(final,), events=(event(of=1),), gone_jobs=(JobId(1),))
    assert await opened.store.jobs([JobId(1)]) == []
    assert len(await opened.store.events(range(5))) == 1


async def test_removing_what_is_not_there_does_nothing(opened: Opened) -> None:
    await opened.commit(gone_jobs=(JobId(9),), gone_printers=(P3,), gone_subscriptions=(SubscriptionId(9),))


async def test_numbers_of_removed_jobs_and_subscriptions_are_remembered(
    opened: Opened, make: Callable[[], Store]
) -> None:
    await opened.commit(jobs=(done(7, 1.0),), subscriptions=(subscription(5),))
    await opened.commit(gone_jobs=(JobId(7),), gone_subscriptions=(SubscriptionId(5),))
    again = await reopened(opened, make)
    assert again.snapshot.last_job == 7
    assert again.snapshot.last_subscription == 5
    await again.store.close()


# --- opening again ---


async def test_all_is_there_after_closing_and_opening(opened: Opened, make: Callable[[], Store]) -> None:
    living, finished = job(1), done(2, 9.0)
    await opened.commit(
        jobs=(living, finished), printers=(printer(P3),), default_printer=P2, events=(event(),)
    )
    said = SystemDescription(info="Ü", contact=Contact("Bob", vcard=("a", "b")), asset_tag=b"\x00\xff")
    await opened.commit(gone_printers=(P3,), system=said)
    again = await reopened(opened, make)
    snapshot = again.snapshot
    assert snapshot.system == said
    assert snapshot.printers == (printer(P1), printer(P2))
    assert snapshot.active == (living,)
    assert snapshot.default_printer == P2
    assert (snapshot.last_job, snapshot.last_event, snapshot.last_printer) == (2, 1, ID3)
    assert await again.store.jobs([JobId(2), JobId(1)]) == [living, finished]
    await again.store.close()


async def test_a_fresh_store_is_empty_but_for_its_uuid(opened: Opened) -> None:
    assert opened.snapshot == Snapshot(uuid=opened.snapshot.uuid)
    assert uuid.UUID(opened.snapshot.uuid).version == 4


async def test_uuid_stays(opened: Opened, make: Callable[[Path], Store]) -> None:
    again = await reopened(opened, make)
    assert again.snapshot.uuid == opened.snapshot.uuid
    await again.store.close()


# --- queries ---


async def test_finished_jobs_come_newest_first_and_page_by_page(opened: Opened) -> None:
    await opened.commit(jobs=(done(1, 30.0), done(2, 10.0), done(3, 20.0), done(4, 20.0), job(5)))
    ask = opened.store.jobs
    assert [j.id for j in await ask(JobQuery(finished=True))] == [1, 4, 3, 2]
    assert [j.id for j in await ask(JobQuery(finished=True, limit=2, offset=1))] == [4, 3]
    assert await ask(JobQuery(finished=True, limit=2, offset=9)) == []


async def test_living_jobs_come_in_the_order_of_printing(opened: Opened) -> None:
    jobs = (job(1), job(2, priority=90), job(3, priority=10), job(4, priority=90), done(5, 1.0))
    await opened.commit(jobs=jobs)
    assert [j.id for j in await opened.store.jobs(JobQuery())] == [2, 4, 1, 3]


async def test_queries_select_by_printer_owner_state_and_time(opened: Opened) -> None:
    await opened.commit(
        jobs=(
            done(1, 10.0, owner="bob"),
            done(2, 20.0, printer=P2),
            done(3, 30.0, state=JobState.ABORTED),
            job(4, state=JobState.PENDING_HELD),
        )
    )

    async def found(**wanted: object) -> list[int]:
        query = JobQuery(**{"finished": True, **wanted})  # type: ignore[arg-type]
        return sorted(j.id for j in await opened.store.jobs(query))

    assert await found(owner="bob") == [1]
    assert await found(printer=P2) == [2]
    assert await found(states=frozenset({JobState.ABORTED})) == [3]
    assert await found(completed_after=20.0) == [2, 3]
    assert await found(completed_before=20.0) == [1]
    assert await found(finished=False, states=frozenset({JobState.PENDING_HELD})) == [4]
    assert await found(states=frozenset()) == []


async def test_a_cancelled_commit_is_stored_whole_or_not_at_all(opened: Opened) -> None:
    for number in range(1, 6):
        task = asyncio.ensure_future(opened.commit(jobs=(job(number),), events=(event(of=number),)))
        for _ in range(number):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
    await opened.commit(jobs=(job(9),), events=(event(of=9),))
    jobs = {j.id for j in await opened.store.jobs([JobId(n) for n in range(1, 10)])}
    assert jobs == {e.job for e in await opened.store.events(range(20))}
    assert jobs == {change.jobs[0].id for change in opened.told}


async def test_contents_come_and_go_with_changes(make: Callable[[], Store]) -> None:
    store = make()
    await store.open(lambda change: None)
    assert isinstance(store, SqliteStore | MemoryStore)
    kept, gone = DocumentKey("1-1-a"), DocumentKey("2-1-b")
    await store.commit(Change(contents=(Content(kept, b"one"), Content(gone, b"\0two"))))
    await store.commit(Change(gone_contents=(gone,)))
    assert await store.content(kept) == b"one"
    assert await store.content(gone) is None
    assert await store.content_keys() == {kept}
    await store.close()


async def test_settings_come_stay_and_go_with_their_printer(make: Callable[[], Store]) -> None:
    opened = await open_(make())
    printer = Printer(P1, "u1", "null:", 1.0)
    kept, gone = Setting("p1", "data", "kept", b"\0\1"), Setting("p1", "data", "gone", b"")
    ours = Setting("", "forms", "A9", b"x")
    await opened.commit(printers=(printer,), settings=(kept, gone, ours))
    await opened.commit(settings=(replace(gone, octets=None), replace(kept, octets=b"\2")))
    await opened.store.close()
    again = await open_(make())
    assert again.snapshot.settings == (ours, replace(kept, octets=b"\2"))
    await again.commit(gone_printers=(P1,))
    await again.store.close()
    last = await open_(make())
    assert last.snapshot.settings == (ours,)
    await last.store.close()


def resource(number: int, **values: object) -> Resource:
    given = (ResourceId(number), f"u{number}", "static-image", "Logo", "", 1.0)
    return replace(Resource(*given), **values)  # type: ignore[arg-type]


async def test_resources_come_change_and_go_with_their_counts(make: Callable[[], Store]) -> None:
    opened = await open_(make())
    data = Data(DocumentKey("k"), "image/png", 5, "d", (b"\0sig",), b"\1", "1.0", "")
    await opened.commit(resources=(resource(1), resource(2)))
    await opened.commit(
        resources=(resource(1, version=2, data=data, reasons=frozenset({"cancel-requested"})),)
    )
    with pytest.raises(Conflict):
        await opened.commit(resources=(resource(2, version=3),))
    scope = Scope(resource=ResourceId(2))
    counts = (Count(scope, EventKind.RESOURCE_CREATED, 1), Count(SERVER, EventKind.RESOURCE_CREATED, 2))
    await opened.commit(counts=counts)
    await opened.store.close()
    again = await open_(make())
    assert [(one.id, one.version) for one in again.snapshot.resources] == [(1, 2), (2, 1)]
    assert again.snapshot.resources[0].data == data
    assert set(again.snapshot.counts) == set(counts)
    await again.commit(gone_resources=(ResourceId(2),))
    await again.store.close()
    last = await open_(make())
    assert [one.id for one in last.snapshot.resources] == [1]
    assert last.snapshot.counts == counts[1:]
    assert last.snapshot.last_resource == 2
    await last.store.close()
