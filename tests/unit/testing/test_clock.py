import asyncio

from pagebell.testing import FakeClock


async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    clock = FakeClock(start=0.0)
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.now()))

    tasks = [asyncio.ensure_future(sleeper(*one)) for one in (("c", 3), ("a", 1), ("b", 1), ("late", 9))]
    await clock.advance(3)
    assert woken == [("a", 1.0), ("b", 1.0), ("c", 3.0)]
    assert clock.sleepers == 1
    tasks[-1].cancel()
    await clock.advance(10)
    assert (clock.now(), clock.sleepers) == (13.0, 0)
    assert len(woken) == 3


async def test_sleep_that_follows_a_sleep_ends_within_the_same_turn_of_the_clock() -> None:
    clock = FakeClock(start=0.0)
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            await clock.sleep(1)
            ticks.append(clock.now())

    ticking = asyncio.ensure_future(tick())
    await clock.advance(3.5)
    assert ticks == [1.0, 2.0, 3.0]
    ticking.cancel()


async def test_settle_lets_long_chains_come_to_rest() -> None:
    clock = FakeClock()
    done: list[int] = []

    async def chain(left: int) -> None:
        if left:
            await asyncio.ensure_future(chain(left - 1))
        done.append(left)

    task = asyncio.ensure_future(chain(100))
    await clock.settle()
    assert task.done()
    assert done[-1] == 100


async def test_settle_comes_back_from_what_never_rests() -> None:
    async def spin() -> None:
        while True:
            await asyncio.sleep(0)

    spinning = asyncio.ensure_future(spin())
    await FakeClock().settle()
    spinning.cancel()
