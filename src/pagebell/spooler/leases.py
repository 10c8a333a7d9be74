"""When leases run out: whose is next, without looking at all of them."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from pagebell.model.subscription import SubscriptionId


class Leases:
    """Ends of leases, in seconds since 1970. A renewed lease is noted once more; `end_of` knows which end is true."""

    def __init__(self, end_of: Callable[[SubscriptionId], float | None]) -> None:
        self._end_of = end_of
        self._heap: list[tuple[float, SubscriptionId]] = []

    def note(self, number: SubscriptionId, end: float | None) -> None:
        """It ends then; None for one that has no end of its own."""
        if end is not None:
            heappush(self._heap, (end, number))

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
