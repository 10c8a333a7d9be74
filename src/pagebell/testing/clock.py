"""A clock that stands still until a test turns it."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

_TURNS = 2000
"""So many turns of the event loop are enough for everything that time has set going to come to rest."""


class FakeClock:
    """`ports.Clock`, turned by hand: `advance` wakes who sleeps in the order of their times.

    clock = FakeClock()
    task = asyncio.create_task(clock.sleep(60))
    await clock.advance(59)     # still asleep
    await clock.advance(1)      # awake, and what it set going has come to rest
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Return when the clock has been turned so far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), future))
        await future

    @property
    def sleepers(self) -> int:
        """How many sleep."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Turn it on by so many seconds, stopping at each moment at which somebody wakes."""
        end = self._now + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            when, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._now = max(self._now, when)
            future.set_result(None)
            await self.settle()
        self._now = max(self._now, end)

    async def settle(self) -> None:
        """Let everything that can go on without time passing go on.

        It can't know of worker threads and other processes: who waits for those, waits for them.
        """
        ready = getattr(asyncio.get_running_loop(), "_ready", None)
        for _ in range(_TURNS if ready is not None else _TURNS // 20):
            await asyncio.sleep(0)
            if ready is not None and not ready:
                return
