"""What happened, counted by scope and kind: what the numbers of notifications are made of.

A subscription keeps no list of its matches. Its n-th notification is found by counting in the chronicle of its scope,
so that an event costs the same whoever listens: its number goes into its kind's track of the server, of its printer
and, where somebody listens to it alone, of its job. Who listens to a job and to its printer counts in both.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from pagebell.model.event import EventKind
from pagebell.model.subscription import Scope, SubscriptionId

NEVER: Final = 1 << 62
"""A number that no event reaches."""


_NONE: Final[array[int]] = array("Q")
_KEPT: Final = 256
"""Sets of kinds for which a chronicle's tracks are kept at hand."""


class Sleeper(Protocol):
    """Somebody who waits for events."""

    def wake(self) -> None:
        """There may be one; returns at once."""
        ...


class Track:
    """The log numbers of one kind of event in one scope, in order; `before` of them have left the log."""

    __slots__ = ("before", "numbers")

    def __init__(self, before: int = 0) -> None:
        self.before = before
        self.numbers: array[int] = array("Q")

    @property
    def total(self) -> int:
        """How many there were in all."""
        return self.before + len(self.numbers)

    def count(self, up_to: int) -> int:
        """How many there were up to that number, which must not have left the log."""
        return self.before + bisect_right(self.numbers, up_to)

    def following(self, after: int, up_to: int, limit: int) -> array[int]:
        """The first `limit` above `after` and not above `up_to`."""
        if not self.numbers or self.numbers[-1] <= after:
            return _NONE
        first = bisect_right(self.numbers, after)
        last = first + limit
        if up_to < NEVER:
            last = min(last, bisect_right(self.numbers, up_to))
        return self.numbers[first:last]

    def trim(self, up_to: int) -> None:
        """Those up to that number have left the log."""
        gone = bisect_right(self.numbers, up_to)
        if gone:
            del self.numbers[:gone]
            self.before += gone


@dataclass(slots=True, eq=False)
class Chronicle:
    """All that happened within one scope, and who waits for more of it."""

    scope: Scope
    tracks: dict[EventKind, Track] = field(default_factory=dict)
    members: list[SubscriptionId] = field(default_factory=list)
    """The subscriptions of exactly this scope, by id."""
    kept: dict[frozenset[EventKind], tuple[Track, ...]] | None = None
    """The tracks of kinds that were asked for, as long as there are no new ones."""
    told: tuple[frozenset[EventKind], int, int, list[int]] | None = None
    """What `following` was asked last, and what it found: a crowd of readers asks the same."""
    parked: dict[frozenset[EventKind], dict[Sleeper, None]] | None = None
    """Who waits, by the kinds that would wake them."""
    finished: float | None = None
    """When its job was, if it is a job's; nothing follows."""

    def add(self, kind: EventKind, number: int) -> None:
        """Count one more."""
        track = self.tracks.get(kind)
        if track is None:
            track = self.tracks[kind] = Track()
            self.kept = None
        track.numbers.append(number)
        self.told = None

    @property
    def newest(self) -> int:
        """The number of the newest event that is in the log; 0 if there is none."""
        return max((track.numbers[-1] for track in self.tracks.values() if track.numbers), default=0)

    def following(self, kinds: frozenset[EventKind], after: int, limit: int) -> list[int]:
        """The numbers of the first `limit` events of these kinds above `after`, which nobody may change."""
        told = self.told
        if told is None or told[0] is not kinds or told[1] != after or told[2] != limit:
            parts = [track.following(after, NEVER, limit) for track in self.heard(kinds)]
            told = self.told = kinds, after, limit, merged([part for part in parts if part], limit)
        return told[3]

    def heard(self, kinds: frozenset[EventKind]) -> tuple[Track, ...]:
        """The tracks of these kinds."""
        if self.kept is None or len(self.kept) >= _KEPT:
            self.kept = {}
        found = self.kept.get(kinds)
        if found is None:
            found = tuple(track for kind, track in self.tracks.items() if kind in kinds)
            self.kept[kinds] = found
        return found

    def park(self, kinds: frozenset[EventKind], sleeper: Sleeper) -> None:
        """Wake somebody at every event of these kinds, until they leave."""
        if self.parked is None:
            self.parked = {}
        self.parked.setdefault(kinds, {})[sleeper] = None

    def leave(self, kinds: frozenset[EventKind], sleeper: Sleeper) -> None:
        """They do not wait any more."""
        sleepers = (self.parked or {}).get(kinds)
        if sleepers is not None:
            sleepers.pop(sleeper, None)
            if not sleepers and self.parked is not None:
                del self.parked[kinds]

    def wake(self, kind: EventKind | None = None) -> None:
        """Wake whoever waits for that kind, or everybody."""
        for kinds, sleepers in (self.parked or {}).items():
            if kind is None or kind in kinds:
                for sleeper in sleepers:
                    sleeper.wake()

    def trim(self, up_to: int) -> None:
        """The events up to that number have left the log."""
        for track in self.tracks.values():
            track.trim(up_to)
        self.told = None


@dataclass(slots=True, eq=False)
class PrintersChronicle(Chronicle):
    """What happened at some printers: each counts in its own chronicle, and here they are read together.

    So an event costs the same in however many of these its printer is.
    """

    printers: tuple[Chronicle, ...] = field(kw_only=True)

    def following(self, kinds: frozenset[EventKind], after: int, limit: int) -> list[int]:
        """The numbers of the first `limit` events of these kinds above `after`."""
        parts = [track.following(after, NEVER, limit) for track in self.heard(kinds)]
        return merged([part for part in parts if part], limit)

    def heard(self, kinds: frozenset[EventKind]) -> tuple[Track, ...]:
        """The tracks of these kinds."""
        return tuple(track for printer in self.printers for track in printer.heard(kinds))

    def park(self, kinds: frozenset[EventKind], sleeper: Sleeper) -> None:
        """Wake somebody at every event of these kinds, until they leave."""
        for printer in self.printers:
            printer.park(kinds, sleeper)

    def leave(self, kinds: frozenset[EventKind], sleeper: Sleeper) -> None:
        """They do not wait any more."""
        for printer in self.printers:
            printer.leave(kinds, sleeper)


@dataclass(slots=True, eq=False)
class JobChronicle(Chronicle):
    """A job's own events, for as long as it has subscriptions.

    While it is finished nothing befalls it, not even through its printer (RFC 3995 5.3.3.5.1): `gaps` are the
    numbers (above, up to) of its printer's events that its subscriptions do not count. They lie within the log.
    """

    printer: Chronicle = field(kw_only=True)
    born: int = field(kw_only=True)
    """The newest event's number when it got its first subscription."""
    gaps: list[tuple[int, int]] | None = None

    @property
    def is_open(self) -> bool:
        """Things befall the job."""
        return not self.gaps or self.gaps[-1][1] < NEVER

    def close(self, number: int) -> None:
        """With the event of that number the job has come to its end."""
        if self.is_open:
            self.gaps = [*(self.gaps or ()), (number, NEVER)]

    def open(self, number: int) -> None:
        """With the event of that number the job lives again."""
        if self.gaps and not self.is_open:
            self.gaps[-1] = (self.gaps[-1][0], number - 1)

    def spans(self, after: int) -> Iterator[tuple[int, int]]:
        """Where its printer's events count above `after`: (above, up to)."""
        for begin, end in self.gaps or ():
            if begin > after:
                yield after, begin
            after = max(after, end)
        if after < NEVER:
            yield after, NEVER

    def skipped(self, kinds: frozenset[EventKind], up_to: int = NEVER) -> int:
        """How many of its printer's events of these kinds lie in the gaps, up to that number."""
        return sum(
            track.count(min(end, up_to)) - track.count(begin)
            for begin, end in self.gaps or ()
            if begin < up_to
            for track in self.printer.heard(kinds)
        )

    def trim_gaps(self, up_to: int) -> None:
        """The events up to that number have left the log, and with them their gaps."""
        self.gaps = [(max(begin, up_to), end) for begin, end in self.gaps or () if end > up_to] or None

    def was_closed(self, after: int, up_to: int) -> None:
        """Found after a restart: nothing of what was counted above `after` and up to `up_to` befell the job."""
        self.gaps = [(after, up_to)]
        for track in self.tracks.values():
            del track.numbers[:]
        self.told = None


def merged(parts: list[array[int]], limit: int) -> list[int]:
    """The first numbers of all parts, in order."""
    if len(parts) == 1:
        return parts[0].tolist()[:limit]
    return sorted(number for part in parts for number in part)[:limit]
