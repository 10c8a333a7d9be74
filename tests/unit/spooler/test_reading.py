"""Readers of the log that wait: who is woken, who is told, and in whose turn."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from pagebell.model.event import Event, EventKind, PrinterName
from pagebell.model.subscription import SERVER, Subscription, SubscriptionId
from pagebell.spooler.reading import Batch, Turns, Watch

BATCH = Batch(
    Subscription(SubscriptionId(1), "u", SERVER, frozenset({EventKind.PRINTER_STATE_CHANGED}), "ada", 0.0),
    first=1,
    events=(Event(EventKind.PRINTER_STATE_CHANGED, 0.0, PrinterName("a")),),
)


class Desk:
    """Watches of readers of a log, each of whom has news when told so."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.news = False
        self.order: list[str] = []

    def has_news(self, number: SubscriptionId, after: int) -> bool:
        return self.news

    def at_hand(self, number: SubscriptionId, after: int) -> Batch | None:
        return BATCH

    async def park(self, name: str, *answers: bool) -> tuple[Watch, asyncio.Task[None]]:
        """A reader that waits; it tells what happens itself as long as the answers say so, then always."""
        watch = Watch({SubscriptionId(1): 0}, self, self.turns)
        left = iter(answers)

        def told(_: Batch) -> bool:
            self.order.append(name)
            return next(left, True)

        watch.told = told
        task = asyncio.create_task(watch.news())
        await asyncio.sleep(0)
        return watch, task


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_reader_that_tells_its_news_sleeps_on(desk: Desk) -> None:
    watch, task = await desk.park("a")
    for _ in range(3):
        watch.wake()
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert desk.order == ["a"] * 3 and not task.done()
    await end(task)


async def test_reader_is_woken_for_what_it_can_not_tell(desk: Desk) -> None:
    watch, task = await desk.park("a", False)
    desk.news = True
    watch.wake()
    await asyncio.wait_for(task, 1)
    assert desk.order == ["a"]


async def test_reader_that_fails_to_tell_is_woken_and_the_next_one_told(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    failing, first = await desk.park("a")
    failing.told = lambda _: 1 // 0 == 0
    other, second = await desk.park("b")
    desk.news = True
    failing.wake()
    other.wake()
    await asyncio.wait_for(first, 1)
    assert desk.order == ["b"] and not second.done()
    assert "internal error while a reader was told of news" in caplog.text
    await end(second)


async def test_many_wakes_before_its_turn_are_one(desk: Desk) -> None:
    watch, task = await desk.park("a")
    for _ in range(10):
        watch.wake()
    await asyncio.sleep(0)
    assert desk.order == ["a"]
    await end(task)


async def test_others_are_served_between_the_readers_of_a_crowd(desk: Desk) -> None:
    crowd = [await desk.park(str(number)) for number in range(250)]
    for watch, _ in crowd:
        watch.wake()
    told = []
    while len(desk.order) < len(crowd):
        await asyncio.sleep(0)
        told.append(len(desk.order))
    assert desk.order == [str(number) for number in range(250)]
    assert told[0] == 100 and told[-1] == 250 and len(told) >= 3
    await end(*(task for _, task in crowd))


async def test_reader_that_left_before_its_turn_is_not_told(desk: Desk) -> None:
    watch, task = await desk.park("a")
    watch.wake()
    await end(task)
    assert desk.order == []
