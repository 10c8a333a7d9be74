"""What every `ports.Store` keeps of subscriptions, and of their events that have left the log."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pagebell.model.dialog import Addressees, DialogId, DialogStatus, Question
from pagebell.model.event import EventKind, JobId, ResourceId
from pagebell.model.resource import Resource
from pagebell.model.subscription import SERVER, Scope, SubscriptionId
from pagebell.spooler.ports import Base, Conflict, Count, Store
from tests.contract.stores import ID1, ID2, P1, Opened, event, reopened, subscription


async def test_subscription_counts_from_the_newest_event_and_keeps_that_when_renewed(
    opened: Opened, make: Callable[[], Store]
) -> None:
    await opened.commit(events=(event(),))
    await opened.commit(subscriptions=(subscription(1),))
    stored = opened.told[-1].subscriptions[0]
    await opened.commit(events=(event(),))
    await opened.commit(renewed=(replace(stored, lease=60),))
    again = await reopened(opened, make)
    assert again.snapshot.subscriptions == (replace(stored, lease=60),)
    assert again.snapshot.subscriptions[0].since == 1
    await again.store.close()


async def test_subscriptions_of_every_scope_and_what_is_said_in_dialogs_come_back(
    opened: Opened, make: Callable[[], Store]
) -> None:
    scopes = (
        *(SERVER, Scope(ID1), Scope(ID1, JobId(4)), Scope(resource=ResourceId(2))),
        Scope.of_printers([ID2, ID1, ID2]),
    )
    made = tuple(subscription(number, scope) for number, scope in enumerate(scopes, 1))
    to = Addressees(P1, JobId(4), "ada")
    said = DialogStatus(DialogId(3), to, Question("Sure", "Are you?"), answered_by="ada", turn=2)
    logo = Resource(ResourceId(2), "u2", "static-image", "Logo", "", 1.0)
    await opened.commit(resources=(logo,), subscriptions=made, events=(replace(event(), dialog=said),))
    again = await reopened(opened, make)
    assert [one.scope for one in again.snapshot.subscriptions] == list(scopes)
    assert [one.dialog for one in await again.store.events(range(1, 2))] == [said]
    await again.store.close()


async def test_subscription_that_is_gone_is_not_renewed(opened: Opened, make: Callable[[], Store]) -> None:
    await opened.commit(subscriptions=(subscription(1),))
    stored = opened.told[-1].subscriptions[0]
    await opened.commit(gone_subscriptions=(stored.id,))
    with pytest.raises(Conflict):
        await opened.commit(renewed=(stored,), events=(event(),))
    again = await reopened(opened, make)
    assert (again.snapshot.subscriptions, again.snapshot.last_event) == ((), 0)
    await again.store.close()


async def test_bases_are_kept_of_subscriptions_that_exist(opened: Opened, make: Callable[[], Store]) -> None:
    await opened.commit(subscriptions=(subscription(1), subscription(2)))
    one, two, nobody = (Base(SubscriptionId(number), number, 7.5) for number in (1, 2, 3))
    await opened.commit(bases=(one, two, nobody))
    await opened.commit(gone_subscriptions=(two.subscription,))
    await opened.commit(renewed=(replace(opened.told[0].subscriptions[0], lease=9),))
    again = await reopened(opened, make)
    assert again.snapshot.bases == (one,)
    await again.store.close()


async def test_counts_of_printers_and_the_server_are_kept(opened: Opened, make: Callable[[], Store]) -> None:
    counts = [
        Count(scope, EventKind.JOB_CREATED, number) for number, scope in enumerate((SERVER, Scope(ID1)), 3)
    ]
    await opened.commit(events=(event(), event()))
    await opened.commit(trim=1, counts=(replace(counts[0], trimmed=1), counts[1]))
    await opened.commit(trim=2, counts=(counts[0],))
    again = await reopened(opened, make)
    assert set(again.snapshot.counts) == set(counts)
    await again.store.close()


async def test_jobs_counts_live_from_its_first_subscription_to_its_last(
    opened: Opened, make: Callable[[], Store]
) -> None:
    scope = Scope(ID1, JobId(4))

    def count(trimmed: int, born: int) -> Count:
        return Count(scope, EventKind.JOB_CREATED, trimmed, born)

    await opened.commit(events=(event(),))
    await opened.commit(subscriptions=(subscription(1, scope),))
    await opened.commit(events=(event(),))
    await opened.commit(subscriptions=(subscription(2, scope),), counts=(count(5, 1), count(6, 2)))
    await opened.commit(gone_subscriptions=(SubscriptionId(1),))
    opened = await reopened(opened, make)
    assert opened.snapshot.births == ((scope.job, 1),)
    assert opened.snapshot.counts == (count(5, 1),)
    await opened.commit(gone_subscriptions=(SubscriptionId(2),))
    await opened.commit(subscriptions=(subscription(3, scope),), counts=(count(7, 1),))
    opened = await reopened(opened, make)
    assert opened.snapshot.births == ((scope.job, 2),)
    assert opened.snapshot.counts == ()
    await opened.store.close()


async def test_first_event_is_the_oldest_in_the_log(opened: Opened, make: Callable[[], Store]) -> None:
    await opened.commit(events=(event(), event(), event()))
    await opened.commit(trim=1)
    opened = await reopened(opened, make)
    assert (opened.snapshot.first_event, opened.snapshot.last_event) == (2, 3)
    await opened.commit(trim=3)
    opened = await reopened(opened, make)
    assert (opened.snapshot.first_event, opened.snapshot.last_event) == (None, 3)
    await opened.store.close()
