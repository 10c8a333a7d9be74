"""When leases run out: whose is next, without looking at all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any, Final

from pagebell.model.subscription import SubscriptionId
from pagebell.spooler.ports import Clock

_SPARE: Final = 1000


class Leases:
    """Ends of leases, in seconds since 1970. A renewed lease is noted once more; `end_of` knows which end is true."""

    def __init__(self, end_of: Callable[[SubscriptionId], float | None]) -> None:
        self._end_of = end_of
        self._heap: list[tuple[float, SubscriptionId]] = []
        self._most = _SPARE
        """Beyond so many ends, those that are not true any more are forgotten."""
        self._sooner = asyncio.Event()
        """One was noted that ends before all others."""

    def note(self, number: SubscriptionId, end: float | None) -> None:
        """It ends then; None for one that has no end of its own."""
        if end is not None:
            heappush(self._heap, (end, number))
            if self._heap[0] == (end, number):
                self._sooner.set()
            if len(self._heap) > self._most:
                self._forget()

    def _forget(self) -> None:
        """Keep what is true: who renews or cancels again and again leaves no more behind than others have."""
        ends = ((self._end_of(number), number) for number in {number for _, number in self._heap})
        self._heap = [(end, number) for end, number in ends if end is not None]
        heapify(self._heap)
        self._most = 2 * len(self._heap) + _SPARE

    async def run_out(self, clock: Clock) -> None:
        """Return when one may have ended: `over` tells which."""
        while not self._heap or (left := self._heap[0][0] - clock.now()) > 0:
            self._sooner.clear()
            waiting: set[asyncio.Future[Any]] = {asyncio.ensure_future(self._sooner.wait())}
            if self._heap:
                waiting.add(asyncio.ensure_future(clock.sleep(left)))
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in waiting:
                    task.cancel()

    def over(self, now: float) -> set[SubscriptionId]:
        """Those that have ended. They are told again until `end_of` does not know them any more."""
        found = set()
        while self._heap and self._heap[0][0] <= now:
            _, number = heappop(self._heap)
            end = self._end_of(number)
            if end is not None and end <= now:
                found.add(number)
        for number in found:
            heappush(self._heap, (now, number))
        return found
