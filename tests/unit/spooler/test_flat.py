"""What happens costs the same however many listen: counted in calls, which no other program on the machine changes."""

from __future__ import annotations

import sys
from collections.abc import Awaitable

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.event import Event, EventKind
from pagebell.model.subscription import SERVER, Scope
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import Change
from tests.unit.spooler.stage import ALL, ID1, ID2, P1, P2, Stage


async def calls(work: Awaitable[object]) -> int:
    """How many functions are called in it, of Python and of C."""
    count = 0

    def note(frame: object, what: str, argument: object) -> None:
        nonlocal count
        count += what in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        await work
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("scope", ["server", "printer", "other printer", "job", "other job", "some printers"])
async def test_event_costs_the_same_with_two_and_with_two_thousand_subscriptions(scope: str) -> None:
    async with Stage(policy=Policy(housekeeping=1e9, max_subscriptions=3000)) as stage:
        await stage.add(P2)
        jobs = [await stage.submit(job_hold_until="indefinite") for _ in range(2)]
        scopes = {
            "server": SERVER,
            "printer": Scope(ID1),
            "other printer": Scope(ID2),
            "job": Scope(ID1, jobs[0]),
            "other job": Scope(ID1, jobs[1]),
            "some printers": Scope.of_printers([ID1, ID2]),
        }
        status = (await stage.job(jobs[0])).status()
        events = (
            Event(EventKind.JOB_STATE_CHANGED, 0.0, P1, jobs[0], status, printer_id=ID1),
            Event(
                EventKind.PRINTER_STATE_CHANGED,
                0.0,
                P1,
                printer_status=stage.printer.status(),
                printer_id=ID1,
            ),
        )
        costs = []
        for number in (2, 1998):
            wishes = [SubscriptionWish(ALL)] * number
            await stage.spooler.subscriptions.create_subscriptions(wishes, SYSTEM, scope=scopes[scope])
            await stage.store.commit(Change(events=events))  # the first one of a kind makes its track
            await stage.clock.settle()
            costs.append(await calls(stage.store.commit(Change(events=events))))
        assert costs[0] == costs[1] > 0, costs
