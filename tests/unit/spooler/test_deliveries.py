"""What happens is taken to each recipient once, in order, and a dead one costs the others nothing."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.errors import NotFound, Unsupported, UnsupportedScheme
from pagebell.model.subscription import SERVER, Scope
from pagebell.spooler.deliveries import LANE_WIDTH, LONGEST_ASKED, LONGEST_WAIT, Deliveries
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import Undelivered
from pagebell.spooler.reading import Batch
from tests.unit.spooler.post import CREATED, Post, away, push
from tests.unit.spooler.stage import ALL, ID1, ID2, P1, P2, Stage


@pytest.fixture
async def s(post: Post) -> AsyncIterator[Stage]:
    async with Stage(couriers=(post,), policy=Policy(housekeeping=1e9, event_life=60.0)) as stage:
        yield stage


def deliveries(s: Stage) -> Deliveries:
    return s.spooler.subscriptions.deliveries


async def test_every_event_is_delivered_once_and_in_order(s: Stage, post: Post) -> None:
    subscription = await push(s, "post://a/1", kinds=ALL)
    for _ in range(3):
        await s.submit()
        s.device.finish()
        await s.clock.settle()
    wanted = [(n.number, n.event) for n in (await s.read(subscription)).notifications]
    assert len(wanted) > 6
    assert [one for parcel in post.taken["post://a/1"] for one in parcel.events] == wanted
    assert [parcel.after for parcel in post.taken["post://a/1"]] == list(range(len(wanted)))
    assert deliveries(s).active == 0


async def test_scope_is_exact(s: Stage, post: Post) -> None:
    await s.add(P2)
    job = await s.submit(job_hold_until="indefinite")
    await push(s, "post://p1", Scope(ID1))
    await push(s, "post://p2", Scope(ID2))
    await push(s, "post://job", Scope(ID1, job), kinds=ALL)
    await s.submit(printer=P1, job_hold_until="indefinite")
    await s.spooler.jobs.release(job, SYSTEM)
    await s.clock.settle()
    assert post.numbers("post://p1") == [1]
    assert "post://p2" not in post.taken
    assert post.numbers("post://job")
    of = {event.job for parcel in post.taken["post://job"] for _, event in parcel.events}
    assert of <= {job, None}


async def test_dead_recipient_is_tried_ever_more_seldom_and_costs_the_others_nothing(
    s: Stage, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    post.failing["post://dead/1"] = away
    await push(s, "post://dead/1", lease=86_400)
    await push(s, "post://alive/1")
    for _ in range(5):
        await s.submit()
    assert post.numbers("post://alive/1") == [1, 2, 3, 4, 5]
    await s.clock.advance(LONGEST_WAIT * 4)
    tries = post.tried.count("post://dead/1")
    assert 8 < tries < 25
    del post.failing["post://dead/1"]
    await s.clock.advance(LONGEST_WAIT)
    assert post.numbers("post://dead/1") == [1, 2, 3, 4, 5]
    assert [r.levelname for r in caplog.records if "trying again" in r.message] == ["WARNING"]


async def test_recipient_that_asks_for_time_gets_it(s: Stage, post: Post) -> None:
    post.failing["post://a/1"] = lambda: Undelivered("busy", after=90.0)
    await push(s, "post://a/1")
    await s.submit()
    await s.clock.advance(89)
    assert post.tried == ["post://a/1"]
    await s.clock.advance(1)
    assert len(post.tried) == 2


async def test_recipient_that_asks_to_be_tried_at_once_is_not_tried_without_a_pause(
    s: Stage, post: Post
) -> None:
    post.failing["post://a/1"] = lambda: Undelivered("busy", after=0.0)
    await push(s, "post://a/1")
    await s.submit()
    await s.clock.advance(LONGEST_WAIT)
    assert 5 < len(post.tried) < 20


async def test_recipient_that_asks_for_hours_gets_them_but_not_for_more_than_a_day(
    s: Stage, post: Post
) -> None:
    asks = iter([7200.0, math.inf])
    post.failing["post://a/1"] = lambda: Undelivered("busy", after=next(asks))
    await push(s, "post://a/1", lease=1_000_000)
    await s.submit()
    await s.clock.advance(7199)
    assert len(post.tried) == 1
    await s.clock.advance(1)
    assert len(post.tried) == 2
    post.failing.clear()
    await s.clock.advance(LONGEST_ASKED)
    assert post.numbers("post://a/1") == [1]


async def test_recipients_that_hang_do_not_keep_those_of_the_same_host_from_their_events(
    s: Stage, post: Post
) -> None:
    dead = [f"post://one/dead{number}" for number in range(LANE_WIDTH + 1)]
    for uri in dead:
        post.failing[uri] = away
        await push(s, uri)
    await s.submit()
    post.hanging.update(dead)
    await s.clock.advance(LONGEST_WAIT)
    assert 0 < post.under_way < LANE_WIDTH
    await push(s, "post://one/alive")
    await s.submit()
    assert post.numbers("post://one/alive") == [1]


async def test_trouble_with_a_recipient_is_known_until_it_is_over(s: Stage, post: Post) -> None:
    post.failing["post://a/1"] = away
    subscription = await push(s, "post://a/1")
    assert deliveries(s).trouble(subscription.id) is None
    await s.submit()
    since = s.clock.now()
    await s.clock.advance(10)
    trouble = deliveries(s).trouble(subscription.id)
    assert trouble is not None
    assert (trouble.message, trouble.since) == ("nobody is there", since)
    assert trouble.attempts == len(post.tried) > 3
    assert trouble.next_attempt is not None
    assert trouble.next_attempt > s.clock.now()
    post.failing.clear()
    await s.clock.advance(LONGEST_WAIT)
    assert deliveries(s).trouble(subscription.id) is None


async def test_trouble_ends_with_its_subscription(s: Stage, post: Post) -> None:
    post.failing["post://a/1"] = away
    subscription = await push(s, "post://a/1")
    await s.submit()
    await s.spooler.subscriptions.unsubscribe(subscription.id, SYSTEM)
    await s.clock.settle()
    assert deliveries(s).trouble(subscription.id) is None


async def test_subscription_whose_scheme_is_not_configured_any_more_says_so(
    s: Stage, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    subscription = await push(s, "post://a/1")
    deliveries(s)._couriers.clear()
    for _ in range(3):
        await s.submit()
    trouble = deliveries(s).trouble(subscription.id)
    assert trouble is not None
    assert trouble.message == "post: recipients are not configured"
    assert (trouble.attempts, trouble.next_attempt) == (0, None)
    assert len([r for r in caplog.records if "not configured" in r.message]) == 1


async def test_after_a_restart_deliveries_go_on_at_the_next_number(s: Stage, post: Post) -> None:
    await push(s, "post://a/1")
    await s.submit()
    await s.submit()
    post.failing["post://a/1"] = away
    await s.submit()
    await s.restart()
    post.failing.clear()
    await s.submit()
    await s.clock.advance(LONGEST_WAIT)
    assert post.numbers("post://a/1") == [1, 2, 3, 4]
    assert [parcel.missed for parcel in post.taken["post://a/1"]] == [0, 0, 0, 0]


async def test_what_was_under_way_at_the_stop_is_delivered_by_the_same_number(s: Stage, post: Post) -> None:
    await push(s, "post://a/1")
    await s.submit()
    post.stuck = asyncio.Event()
    await s.submit()
    assert post.under_way == 1
    await s.restart()
    assert post.under_way == 1
    post.stuck.set()
    await s.clock.settle()
    assert post.numbers("post://a/1") == [1, 2]


async def test_dropped_events_are_told_as_a_gap_before_the_next(s: Stage, post: Post) -> None:
    post.failing["post://a/1"] = away
    await push(s, "post://a/1")
    for _ in range(40):
        await s.submit()
    await s.clock.advance(120)
    await s.spooler.tidy()
    await s.submit()
    post.failing.clear()
    await s.clock.advance(LONGEST_WAIT)
    told = [(p.after, p.missed, [number for number, _ in p.events]) for p in post.taken["post://a/1"]]
    assert told == [(0, 0, [1]), (1, 39, [41])]


async def test_gap_is_told_at_once_when_nothing_comes_after_it(s: Stage, post: Post) -> None:
    await push(s, "post://a/1")
    await s.submit()
    post.failing["post://a/1"] = away
    for _ in range(40):
        await s.submit()
    await s.clock.advance(120)
    await s.spooler.tidy()
    post.failing.clear()
    await s.clock.advance(LONGEST_WAIT)
    last = post.taken["post://a/1"][-1]
    assert (last.events, last.up_to) == ((), 41)
    assert last.missed > 0


async def test_recipient_that_is_gone_ends_its_subscription(s: Stage, post: Post) -> None:
    post.failing["post://a/1"] = lambda: Undelivered("never again", gone=True)
    subscription = await push(s, "post://a/1")
    await s.submit()
    await s.submit()
    assert post.tried == ["post://a/1"]
    with pytest.raises(NotFound):
        s.spooler.subscriptions.subscription(subscription.id, SYSTEM)
    assert deliveries(s).active == 0


@pytest.mark.parametrize("how", ["its lease", "cancelling"])
async def test_end_of_a_subscription_ends_its_deliveries(s: Stage, post: Post, how: str) -> None:
    post.failing["post://a/1"] = away
    subscription = await push(s, "post://a/1", lease=100)
    await s.submit()
    assert deliveries(s).active == 1
    if how == "cancelling":
        await s.spooler.subscriptions.unsubscribe(subscription.id, SYSTEM)
        await s.clock.settle()
    else:
        await s.clock.advance(100 + LONGEST_WAIT)
    assert deliveries(s).active == 0
    tried = len(post.tried)
    await s.submit()
    await s.clock.advance(LONGEST_WAIT)
    assert len(post.tried) == tried


async def test_renewed_lease_lets_deliveries_go_on(s: Stage, post: Post) -> None:
    post.failing["post://a/1"] = away
    subscription = await push(s, "post://a/1", lease=100)
    await s.submit()
    await s.clock.advance(90)
    await s.spooler.subscriptions.renew(subscription.id, 10_000, SYSTEM)
    await s.clock.advance(100)
    post.failing.clear()
    await s.clock.advance(LONGEST_WAIT)
    assert post.numbers("post://a/1") == [1]


async def test_one_host_gets_a_few_at_a_time(s: Stage, post: Post) -> None:
    post.stuck = asyncio.Event()
    for number in range(LANE_WIDTH + 10):
        await push(s, f"post://one/{number}")
    await s.submit()
    assert (post.most, deliveries(s).active) == (LANE_WIDTH, LANE_WIDTH + 10)
    await push(s, "post://other/1")
    await s.submit()
    assert "post://other/1" in post.tried
    post.stuck.set()
    await s.clock.settle()
    assert sum(len(parcels) for parcels in post.taken.values()) == (LANE_WIDTH + 10) * 2 + 1
    assert deliveries(s).active == 0


async def test_several_at_once_go_in_one_parcel(s: Stage, post: Post) -> None:
    post.at_once = 3
    post.failing["post://a/1"] = away
    await push(s, "post://a/1")
    for _ in range(6):
        await s.submit()
    post.failing.clear()
    await s.clock.advance(LONGEST_WAIT)
    assert [len(parcel.events) for parcel in post.taken["post://a/1"]] == [1, 3, 2]
    assert post.numbers("post://a/1") == [1, 2, 3, 4, 5, 6]


async def test_courier_that_breaks_is_tried_again(
    s: Stage, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    post.failing["post://a/1"] = lambda: ZeroDivisionError("a plug-in's mistake")
    await push(s, "post://a/1")
    with caplog.at_level(logging.CRITICAL, "pagebell.spooler.deliveries"):
        await s.submit()
    post.failing.clear()
    await s.clock.advance(LONGEST_WAIT)
    assert post.numbers("post://a/1") == [1]


async def test_log_that_can_not_be_read_is_read_again_later(
    s: Stage, post: Post, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> Batch:
        raise OSError("the disk does not answer")

    await push(s, "post://a/1")
    with monkeypatch.context() as patch, caplog.at_level(logging.CRITICAL, "pagebell.spooler.deliveries"):
        patch.setattr(s.spooler._ledger.events, "read", broken)
        await s.submit()
    assert post.tried == []
    await s.clock.advance(LONGEST_WAIT)
    assert post.numbers("post://a/1") == [1]


async def test_full_disk_does_not_stop_deliveries(s: Stage, post: Post) -> None:
    await push(s, "post://a/1")
    post.stuck = asyncio.Event()
    await s.submit()
    s.store.full = True
    post.stuck.set()
    await s.clock.settle()
    s.store.full = False
    await s.submit()
    assert post.numbers("post://a/1") == [1, 2]


@pytest.mark.parametrize(
    ("uri", "fact"),
    [
        ("post://forbidden/", Unsupported),
        ("pigeon://a/", UnsupportedScheme),
        ("nonsense", UnsupportedScheme),
    ],
)
async def test_recipient_that_is_not_allowed_is_refused(s: Stage, post: Post, uri: str, fact: type) -> None:
    with pytest.raises(Unsupported) as refused:
        await push(s, uri)
    assert type(refused.value) is fact
    assert post.tried == []


async def test_secret_is_in_no_words_of_a_subscription(s: Stage) -> None:
    wish = SubscriptionWish(CREATED, recipient="post://a/1", secret="whsec_hidden")
    subscription = await s.spooler.subscriptions.create_subscription(wish, SYSTEM, scope=SERVER)
    assert subscription.secret == "whsec_hidden"
    assert "hidden" not in repr(subscription) + repr(wish)


async def test_couriers_are_closed_with_the_spooler(s: Stage, post: Post) -> None:
    await s.restart()
    assert post.closed
