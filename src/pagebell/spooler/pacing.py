"""Progress no more often than somebody wants to hear of it (notify-time-interval, RFC 3995 5.3.9).

Subscriptions with an interval pick their own matches out of all when they are read: at publishing they cost nothing.
What they pick follows from the events' times alone, so that it is the same after a restart.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pacing:
    """Which matches are a subscription's own: all, but progress at most every `interval` seconds."""

    interval: int
    scanned: int
    """The number up to which this has looked at the log."""
    trimmed: int = 0
    """How many of its own have left the log."""
    before: float | None = None
    """When the newest progress event was that is among those."""
    matches: array[int] = field(default_factory=lambda: array("Q"))
    _last: float | None = field(init=False)

    def __post_init__(self) -> None:
        self._last = self.before

    def catch_up(self, numbers: Iterable[int], progress: Mapping[int, float]) -> None:
        """Look at what matched since `scanned`; `progress` tells when each progress event was, by its number."""
        for number in numbers:
            self.scanned = number
            at = progress.get(number)
            if at is not None:
                if self._last is not None and at < self._last + self.interval:
                    continue
                self._last = at
            self.matches.append(number)

    def left_by(self, up_to: int, progress: Mapping[int, float]) -> tuple[int, float | None]:
        """`trimmed` and `before` as they will be when the events up to that number have left the log."""
        gone = bisect_right(self.matches, up_to)
        before = next((progress[n] for n in reversed(self.matches[:gone]) if n in progress), self.before)
        return self.trimmed + gone, before

    def trim(self, up_to: int, progress: Mapping[int, float]) -> None:
        """The events up to that number have left the log."""
        gone = bisect_right(self.matches, up_to)
        self.trimmed, self.before = self.left_by(up_to, progress)
        del self.matches[:gone]
