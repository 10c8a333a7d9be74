"""How long to wait before trying again: longer each time, and never the same for two who wait."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Waits that double from `first` to `most` seconds, each shortened by up to half at random."""

    def __init__(
        self, first: float = 1.0, most: float = 60.0, chance: Callable[[], float] = random.random
    ) -> None:
        self._first = first
        self._most = most
        self._chance = chance
        self._next = first

    def reset(self) -> None:
        """It worked: begin anew."""
        self._next = self._first

    def next(self) -> float:
        """Seconds to wait now."""
        delay = self._next
        self._next = min(self._most, delay * 2)
        return delay * (1 - self._chance() / 2)
