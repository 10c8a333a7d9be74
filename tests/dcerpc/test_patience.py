"""Waits with deadlines, on a clock that is turned by hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from pagebell.dcerpc.patience import Patience


@dataclass
class Hands:
    """The loop's clock."""

    now: float

    async def turn(self, seconds: float) -> None:
        self.now += seconds
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def clock() -> Hands:
    return Hands(1000.0)


@pytest.fixture
def patience() -> Patience:
    return Patience()


async def begin(
    patience: Patience, clock: Hands, until: float
) -> tuple[asyncio.Future[str], asyncio.Task[str]]:
    asyncio.get_running_loop().time = lambda: clock.now  # type: ignore[method-assign]
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(patience.wait(future, until))
    await clock.turn(0)
    return future, task


async def brief_wait(patience: Patience, clock: Hands, until: float) -> None:
    """One that ends at once, and leaves its timer."""
    future, task = await begin(patience, clock, until)
    future.set_result("here")
    assert await task == "here"


async def expect_timeout(task: asyncio.Task[str], clock: Hands, after: float) -> None:
    """It waits until the second before, and no longer."""
    await clock.turn(after - 1)
    assert not task.done()
    await clock.turn(1)
    with pytest.raises(TimeoutError):
        await task


async def test_what_comes_in_time_is_returned(patience: Patience, clock: Hands) -> None:
    future, task = await begin(patience, clock, 1010)
    await clock.turn(9)
    future.set_result("here")
    assert await task == "here"


async def test_what_does_not_come_is_a_timeout(patience: Patience, clock: Hands) -> None:
    _, task = await begin(patience, clock, 1010)
    await expect_timeout(task, clock, 10)


async def test_a_later_deadline_is_kept_though_the_timer_was_for_an_earlier_one(
    patience: Patience, clock: Hands
) -> None:
    await brief_wait(patience, clock, 1010)
    _, task = await begin(patience, clock, 1020)
    await expect_timeout(task, clock, 20)


async def test_an_earlier_deadline_is_kept_though_the_timer_was_for_a_later_one(
    patience: Patience, clock: Hands
) -> None:
    await brief_wait(patience, clock, 1100)
    _, task = await begin(patience, clock, 1010)
    await expect_timeout(task, clock, 10)


async def test_a_deadline_between_waits_ends_nothing(patience: Patience, clock: Hands) -> None:
    await brief_wait(patience, clock, 1010)
    await clock.turn(20)
    await brief_wait(patience, clock, 1030)


async def test_cancelling_from_outside_is_no_timeout(patience: Patience, clock: Hands) -> None:
    _, task = await begin(patience, clock, 1010)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nothing_is_left_in_the_loop_at_the_end(patience: Patience, clock: Hands) -> None:
    await brief_wait(patience, clock, 1010)
    patience.end()
    await clock.turn(20)
    assert patience._timer is None
