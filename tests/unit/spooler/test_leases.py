"""Ends of leases, and what is left of those that are over or were never lived to."""

from __future__ import annotations

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.errors import NotFound
from pagebell.model.event import EventKind
from pagebell.model.subscription import Scope, SubscriptionId
from pagebell.spooler.leases import Leases
from tests.unit.spooler.stage import Stage

WANTED = frozenset({EventKind.JOB_CREATED})
TIMES = 3000


def test_who_renews_again_and_again_leaves_little_behind_and_ends_in_time() -> None:
    ends = {SubscriptionId(n): 5000.0 + n for n in range(1, 201)}
    leases = Leases(ends.get)
    for number, end in ends.items():
        leases.note(number, end)
    for turn in range(50_000):
        number = SubscriptionId(turn % 100 + 1)
        ends[number] = 60_000.0 + (turn * 7919) % 50_000
        leases.note(number, ends[number])
        assert len(leases._heap) <= 1500
    assert leases.over(5150.0) == set(range(101, 151))
    for number in range(101, 151):
        del ends[SubscriptionId(number)]
    assert leases.over(200_000.0) == set(ends)


async def test_who_subscribes_and_cancels_again_and_again_leaves_little_behind(stage: Stage) -> None:
    log, subscriptions = stage.spooler._ledger.events, stage.spooler.subscriptions
    kept = await stage.subscribe(Scope(stage.printer.id), WANTED)
    for _ in range(TIMES):
        made = await stage.subscribe(Scope(stage.printer.id), WANTED)
        await subscriptions.unsubscribe(made.id, SYSTEM)
        await subscriptions.renew(kept.id, 60, SYSTEM)
    assert len(log.leases._heap) <= TIMES / 2
    assert list(log._unsettled) == [kept.id]
    await stage.clock.advance(59)
    assert subscriptions.subscription(kept.id, SYSTEM).lease == 60
    await stage.clock.advance(1)
    with pytest.raises(NotFound):
        subscriptions.subscription(kept.id, SYSTEM)
    assert not log._unsettled
