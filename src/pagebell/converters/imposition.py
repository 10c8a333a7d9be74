"""In which order pages come on sheets, and which backs stay blank: numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

ONE_SIDED = "one-sided"


@dataclass(frozen=True, slots=True)
class Wish:
    """How a page is to be printed."""

    sides: str = ONE_SIDED
    size: tuple[float, float] | None = None
    """Width and height of its paper in points; None: as it is."""
    turn: int = 0
    """Degrees clockwise."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a sheet."""

    pages: tuple[int, ...] = ()
    """Indexes of the pages that share it; none: it stays blank."""
    wish: Wish = Wish()
    shared: int = 0
    """For so many pages there is room; 0: it is one page as it is."""
    upside_down: bool = False
    """For the device turns this sheet over by its other edge."""


def shared(wishes: Sequence[Wish], up: int) -> list[Side]:
    """The pages, so many on each side as long as they are printed alike (RFC 8011 5.2.9)."""
    sides = []
    for wish, run in groupby(range(len(wishes)), key=lambda index: wishes[index]):
        pages = list(run)
        room = up if up > 1 else 0
        sides += [Side(tuple(pages[start : start + up]), wish, room) for start in range(0, len(pages), up)]
    return sides


def sheets(sides: Sequence[Side], device: str) -> list[tuple[Side, ...]]:
    """The sides by the sheet, front and back, for a device that prints on `device` sides.

    A sheet whose back shall stay blank gets a blank side, but for the last.
    """
    if device == ONE_SIDED:
        return [(side,) for side in sides]
    found: list[tuple[Side, ...]] = []
    for wish, run in groupby(sides, key=lambda side: side.wish):
        alike = list(run)
        if wish.sides == ONE_SIDED:
            found += [(front, Side(wish=wish)) for front in alike]
            continue
        turned = wish.sides != device
        for start in range(0, len(alike), 2):
            backs = alike[start + 1 : start + 2] or [Side(wish=wish)]
            found.append((alike[start], replace(backs[0], upside_down=turned and bool(backs[0].pages))))
    if found and not found[-1][-1].pages:
        found[-1] = found[-1][:-1]
    return found


def copied(whole: Sequence[tuple[Side, ...]], copies: int, *, collated: bool) -> Iterator[Side]:
    """So many copies, sheet by sheet or one after the other (RFC 8011 5.2.4); each begins on a sheet of its own."""
    times = 1 if collated else copies
    order = [sheet for _ in range(copies if collated else 1) for sheet in whole for _ in range(times)]
    duplex = any(len(sheet) == 2 for sheet in whole)
    for number, sheet in enumerate(order, 1):
        yield from sheet
        if duplex and len(sheet) == 1 and number < len(order):
            yield Side(wish=sheet[0].wish)
