"""A subscription at its chronicles: which events are its own, and what numbers they have."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pagebell.model.event import Event, EventKind
from pagebell.model.subscription import SERVER, Filter, Subscription
from pagebell.spooler.chronicle import NEVER, Chronicle, JobChronicle, Sleeper, Track, merged
from pagebell.spooler.pacing import Pacing
from pagebell.spooler.reading import Batch

_OF_PRINTERS = frozenset(kind for kind in EventKind if kind.value.startswith("printer-"))


class Kinds(NamedTuple):
    """What a subscription asks for, what that brings, and what of that befalls printers."""

    wanted: frozenset[EventKind]
    heard: frozenset[EventKind]
    of_printer: frozenset[EventKind]


@lru_cache(maxsize=4096)
def kinds_of(wanted: frozenset[EventKind]) -> Kinds:
    """The same sets whenever the same is wanted."""
    heard = Filter.of(SERVER, wanted).kinds
    return Kinds(wanted, heard, heard & _OF_PRINTERS)


Window = tuple[list[int], int, bool]
"""Some of a subscription's matches by log number, how many were missed before them, and whether none can follow."""


@dataclass(slots=True, eq=False)
class Listener:
    """One subscription."""

    subscription: Subscription
    chronicle: Chronicle
    kinds: frozenset[EventKind]
    printer: Chronicle | None = None
    """Where a job's subscription also hears of its printer,"""
    of_printer: frozenset[EventKind] = frozenset()
    """and what."""
    base: int = 0
    """How many matches its chronicles had had when it came."""
    is_settled: bool = False
    """The store knows `base`."""
    pacing: Pacing | None = None
    cursor: tuple[int, int] | None = None
    """The number last read, and that of its event in the log: most readers go on from there."""
    sleepers: tuple[Sleeper, ...] = ()

    def count(self, up_to: int = NEVER) -> int:
        """How many matches its chronicles have had up to that event, which must not have left the log."""
        found = 0
        for track in self._tracks():
            found += track.total if up_to is NEVER else track.count(up_to)
        return found if self.printer is None else found - self.skipped(up_to)

    def skipped(self, up_to: int) -> int:
        """How many of its printer's events came while its job was finished."""
        return (
            self.chronicle.skipped(self.of_printer, up_to) if isinstance(self.chronicle, JobChronicle) else 0
        )

    def following(self, after: int, limit: int = NEVER) -> list[int]:
        """The log numbers of its first `limit` matches above `after`, which nobody may change."""
        if self.printer is None:
            return self.chronicle.following(self.kinds, after, limit)
        parts = [track.following(after, NEVER, limit) for track in self.chronicle.heard(self.kinds)]
        if isinstance(self.chronicle, JobChronicle):
            heard = self.printer.heard(self.of_printer)
            for above, up_to in self.chronicle.spans(after):
                parts += [track.following(above, up_to, limit) for track in heard]
        return merged([part for part in parts if part], limit)

    def catch_up(self, progress: Mapping[int, float]) -> None:
        """One that is paced picks its own out of what has come."""
        if self.pacing is not None:
            self.pacing.catch_up(self.following(self.pacing.scanned), progress)

    def total(self) -> int:
        """Its newest notification's number."""
        if self.pacing is not None:
            return self.pacing.trimmed + len(self.pacing.matches)
        return self.count() - self.base

    def gone(self, trimmed: int) -> int:
        """How many of its notifications have left the log, up to whose event `trimmed` all have."""
        if self.pacing is not None:
            return self.pacing.trimmed
        return max(0, self.count(trimmed) - self.base)

    def window(self, after: int, limit: int, trimmed: int) -> Window:
        """Its first `limit` notifications numbered above `after`."""
        cursor, missed = self.cursor, 0
        if cursor is not None and cursor[0] == after and cursor[1] >= trimmed and self.pacing is None:
            if self.printer is None:
                numbers = self.chronicle.following(self.kinds, cursor[1], limit)
            else:
                numbers = self.following(cursor[1], limit)
        else:
            gone = self.gone(trimmed)
            missed = max(0, gone - after)
            first = after + missed
            if self.pacing is None:
                numbers = self.following(self._place(first, gone, trimmed), limit)
            else:
                numbers = self.pacing.matches[first - gone : first - gone + limit].tolist()
        last = after + missed + len(numbers)
        if numbers:
            self.cursor = (last, numbers[-1])
        return numbers, missed, self.chronicle.finished is not None and last >= self.total()

    def batch(self, after: int, window: Window, events: tuple[Event, ...]) -> Batch:
        """The events of a window, the first of which may have left the log meanwhile."""
        wanted, missed, complete = window
        if events:
            missed += len(wanted) - len(events)
        return Batch(self.subscription, after + missed + 1, events, missed, complete)

    def _place(self, number: int, gone: int, trimmed: int) -> int:
        """The log number of an event that comes after notification `number`, and before or with the next."""
        lowest = max(self.subscription.since, trimmed)
        if number == gone:
            return lowest
        highest = max((track.numbers[-1] for track in self._tracks() if track.numbers), default=lowest)
        reached = range(lowest, highest + 1)
        return lowest + bisect_left(reached, self.base + number, key=self.count)

    def _tracks(self) -> tuple[Track, ...]:
        own = self.chronicle.heard(self.kinds)
        return own if self.printer is None else own + self.printer.heard(self.of_printer)

    # --- waiting ---

    def park(self, sleeper: Sleeper) -> None:
        """Wake a reader when there may be a match, or when no more will come, until it leaves."""
        self.chronicle.park(self.kinds, sleeper)
        if self.printer is not None:
            self.printer.park(self.of_printer, sleeper)
        self.sleepers = (*self.sleepers, sleeper)

    def leave(self, sleeper: Sleeper) -> None:
        """That reader does not wait any more."""
        self.chronicle.leave(self.kinds, sleeper)
        if self.printer is not None:
            self.printer.leave(self.of_printer, sleeper)
        self.sleepers = tuple(one for one in self.sleepers if one is not sleeper)
