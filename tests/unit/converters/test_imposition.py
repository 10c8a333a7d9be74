"""Sheets as lines: the pages on each side by number, `-` for a blank side, `~` for one that is upside down."""

from __future__ import annotations

import pytest

from pagebell.converters.imposition import ONE_SIDED, Side, Wish, copied, shared, sheets

LONG, SHORT = "two-sided-long-edge", "two-sided-short-edge"
A4 = (595.0, 842.0)


def shown(side: Side) -> str:
    """A side as a word."""
    return ("~" if side.upside_down else "") + ("+".join(str(page + 1) for page in side.pages) or "-")


def play(*wishes: Wish, device: str = LONG, up: int = 1, copies: int = 1, collated: bool = True) -> str:
    """All sides in the order in which they are printed."""
    whole = sheets(shared(wishes, up), device)
    return " ".join(map(shown, copied(whole, copies, collated=collated)))


one, long, short = Wish(), Wish(LONG), Wish(SHORT)


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ((), ""),
        ((long, long, long), "1 2 3"),
        ((one, one), "1 - 2"),
        ((one, long, long, one), "1 - 2 3 4"),
        ((long, one, long), "1 - 2 - 3"),
        ((long, long, Wish(LONG, A4), long), "1 2 3 - 4"),
        ((long, short, short), "1 - 2 ~3"),
    ],
)
def test_backs_stay_blank_where_pages_differ(wishes: tuple[Wish, ...], expected: str) -> None:
    assert play(*wishes) == expected


def test_device_that_prints_on_one_side_gets_no_blank_pages() -> None:
    assert play(one, Wish(ONE_SIDED, A4), one, device=ONE_SIDED) == "1 2 3"


@pytest.mark.parametrize(
    ("pages", "collated", "expected"),
    [
        (3, True, "1 2 3 - 1 2 3"),
        (3, False, "1 2 1 2 3 - 3"),
        (2, True, "1 2 1 2"),
    ],
)
def test_each_copy_begins_on_a_sheet_of_its_own(pages: int, collated: bool, expected: str) -> None:
    assert play(*[long] * pages, copies=2, collated=collated) == expected


def test_copies_on_one_side_follow_one_another() -> None:
    assert play(one, one, device=ONE_SIDED, copies=3) == "1 2 1 2 1 2"
    assert play(one, one, device=ONE_SIDED, copies=3, collated=False) == "1 1 1 2 2 2"


def test_only_pages_that_are_printed_alike_share_a_side() -> None:
    turned = Wish(turn=90)
    assert play(one, one, one, turned, one, device=ONE_SIDED, up=2) == "1+2 3 4 5"
