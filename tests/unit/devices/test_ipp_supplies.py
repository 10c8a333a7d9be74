"""Supplies of IPP printers are told as the printers tell of them."""

from __future__ import annotations

import pytest

from pagebell.devices.ipp_description import status
from pagebell.devices.ipp_supplies import MOST, supplies
from pagebell.ipp import registry as r
from pagebell.ipp.message import Group
from pagebell.ipp.results import PrinterInfo
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.model.printer import Supply

BLACK = (
    b"index=1;class=supplyThatIsConsumed;type=toner;unit=percent;maxcapacity=100;level=42;colorantname=black;"
)
WASTE = b"index=2;class=receptacleThatIsFilled;type=wasteToner;unit=percent;maxcapacity=100;level=10;"


def told(*attributes: Attribute) -> Group:
    return Group.of(GroupTag.PRINTER, *attributes)


def test_supply_is_told_with_its_name_and_level() -> None:
    group = told(r.printer_supply(BLACK, WASTE), r.printer_supply_description("Black cartridge", "Waste"))
    assert supplies(group) == (Supply("toner", "black", 42, "Black cartridge"),)
    assert status(PrinterInfo.of(group)).supplies == supplies(group)


@pytest.mark.parametrize(
    ("capacity", "level", "percent"),
    [
        (5000, 2500, 50),
        (100, 100, 100),
        (100, 120, 100),
        (-2, 20, -2),
        (0, 0, -2),
        (100, -2, -2),
        (100, -3, -3),
    ],
)
def test_level_is_a_part_of_the_capacity(capacity: int, level: int, percent: int) -> None:
    line = f"type=ink;maxcapacity={capacity};level={level};colorantname=cyan".encode()
    assert supplies(told(r.printer_supply(line))) == (Supply("ink", "cyan", percent, ""),)


@pytest.mark.parametrize(
    "line", [b"", b"type=toner", b"level=much", b"\xff\xfe", b"level=1;maxcapacity=?", b"=;;="]
)
def test_nonsense_is_left_out(line: bytes) -> None:
    assert supplies(told(r.printer_supply(line, BLACK))) == (Supply("toner", "black", 42, ""),)


def test_words_of_a_printer_are_told_on_as_words_alone() -> None:
    (supply,) = supplies(
        told(
            r.printer_supply(b"type=to\x1bner;level=1;maxcapacity=2"),
            r.printer_supply_description("a;level=9"),
        )
    )
    assert (supply.kind, supply.description) == ("toner", "alevel9")


def test_printer_of_cups_is_understood_by_its_markers() -> None:
    group = told(
        r.marker_names("Black", "Waste"),
        r.marker_types("toner", "waste-toner"),
        r.marker_colors("#000000", "none"),
        r.marker_levels(7, 50),
    )
    assert supplies(group) == (Supply("toner", "#000000", 7, "Black"),)
    assert supplies(told(r.marker_names("Black"), r.marker_levels(7, 50))) == ()


def test_there_is_an_end_to_them() -> None:
    assert len(supplies(told(r.printer_supply(*[BLACK] * (MOST + 5))))) == MOST
    assert supplies(told()) == ()
