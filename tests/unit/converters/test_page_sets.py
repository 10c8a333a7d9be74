"""Fronts and backs apart: together they are every sheet, whatever its number of pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pikepdf
import pytest

from pagebell.converters.pages import request
from pagebell.converters.pages_worker import _answer
from pagebell.model.document import PageSet, Ticket
from pagebell.model.printer import Capabilities

DEVICE = Capabilities(formats=("application/pdf",))


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    """Five pages, each as wide as its number tells."""
    path = tmp_path / "source.pdf"
    with pikepdf.new() as document:
        for number in range(1, 6):
            document.add_blank_page(page_size=(100 + number, 200))
        document.save(path)
    return path


def widths(source: Path, **wish: Any) -> list[int]:
    target = source.with_name("target.pdf")
    ticket = Ticket(sides="two-sided-long-edge", **wish)
    asked = request(ticket, DEVICE, 1)
    told = _answer({"source": str(source), "target": str(target), **asked})
    with pikepdf.open(target) as made:
        assert told == {"pages": len(made.pages), "left_out": 0}
        return [int(page.mediabox[2]) - 100 for page in made.pages]


def test_fronts_are_the_odd_pages(numbered: Path) -> None:
    assert widths(numbered, page_set=PageSet.FRONTS) == [1, 3, 5]


def test_there_are_as_many_backs_as_fronts_the_last_one_blank(numbered: Path) -> None:
    assert widths(numbered, page_set=PageSet.BACKS)[:2] == [2, 4]
    assert len(widths(numbered, page_set=PageSet.BACKS)) == 3


def test_backs_may_begin_with_the_last_sheet(numbered: Path) -> None:
    assert widths(numbered, page_set=PageSet.BACKS_REVERSED)[1:] == [4, 2]


def test_pages_are_chosen_before_they_are_parted(numbered: Path) -> None:
    assert widths(numbered, page_set=PageSet.FRONTS, page_ranges=((2, 5),)) == [2, 4]
    assert widths(numbered, page_set=PageSet.BACKS, page_ranges=((2, 5),)) == [3, 5]
