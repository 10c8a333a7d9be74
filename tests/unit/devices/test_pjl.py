"""The Printer Job Language: reports are read in any pieces, and codes have meanings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagebell.devices.pjl import (
    MAX_REPORT,
    Condition,
    Ended,
    Page,
    ReportReader,
    closing,
    condition,
    opening,
    read_report,
)
from pagebell.devices.status import READY
from pagebell.ipp import registry as r
from pagebell.model.document import Ticket

STREAM = (
    b'@PJL USTATUS DEVICE\r\nCODE=40021\r\nDISPLAY="12 PRINTER OPEN"\r\nONLINE=FALSE\r\n\f'
    b"@PJL USTATUS PAGE\r\n2\r\n\f"
    b'@PJL USTATUS JOB\r\nSTART\r\nNAME="Pagebell 7-1"\r\n\f'
    b'@PJL USTATUS JOB\r\nEND\r\nNAME="Pagebell 7-1"\r\nPAGES=2\r\n\f'
)
REPORTS = [Condition(condition(40021, "12 PRINTER OPEN", False)), Page(2), Ended("Pagebell 7-1")]
"""The first is the manual's example of an open printer (HP, PJL Technical Reference, chapter 7)."""


def test_reports_fed_whole() -> None:
    assert list(ReportReader().feed(STREAM)) == REPORTS


def test_reports_fed_octet_by_octet_and_with_a_beginning_behind_them() -> None:
    reader = ReportReader()
    found = [report for octet in STREAM + b"@PJL USTA" for report in reader.feed(bytes([octet]))]
    assert found == REPORTS


@given(st.binary(max_size=2000), st.integers(0, 2000))
def test_any_octets_give_reports_or_nothing(octets: bytes, cut: int) -> None:
    reader = ReportReader()
    once = list(ReportReader().feed(octets))
    assert [*reader.feed(octets[:cut]), *reader.feed(octets[cut:])] == once


def test_endless_report_takes_bounded_memory() -> None:
    reader = ReportReader()
    for _ in range(100):
        assert list(reader.feed(b"x" * MAX_REPORT)) == []
    assert len(reader._octets) <= MAX_REPORT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "@PJL",
        "@PJL USTATUS PAGE",
        "@PJL USTATUS PAGE\r\nmany",
        "@PJL USTATUS PAGE\r\n" + "9" * 40,
        "@PJL USTATUS DEVICE\r\nCODE=",
        "@PJL USTATUS DEVICE\r\nCODE=-1",
        "@PJL INFO MEMORY\r\nTOTAL=1",
        "@PJL USTATUS JOB\r\nSTART",
    ],
)
def test_what_tells_nothing_is_skipped(text: str) -> None:
    assert read_report(text) is None


@pytest.mark.parametrize(
    ("code", "online", "stopped", "reason"),
    [
        (10001, True, False, None),
        (10003, True, False, "marker-warming-up-report"),
        (10006, True, False, "toner-low-warning"),
        (11203, True, False, "media-empty-warning"),
        (20014, True, False, None),
        (30016, True, False, "other-warning"),
        (35075, True, False, "other-warning"),
        (40010, False, True, "marker-supply-missing-error"),
        (40019, None, True, "output-area-full-error"),
        (40021, False, True, "cover-open-error"),
        (40022, False, True, "media-jam-error"),
        (40038, True, False, "toner-low-warning"),
        (40079, False, True, "paused-error"),
        (41203, False, True, "media-empty-error"),
        (42202, None, True, "media-jam-error"),
        (44202, None, True, "media-jam-error"),
        (50000, False, True, "other-error"),
        (10023, True, False, None),
        (10023, False, True, "other-error"),
    ],
)
def test_codes_have_meanings(code: int, online: bool | None, stopped: bool, reason: str | None) -> None:
    status = condition(code, "", online)
    assert status.stopped is stopped
    assert status.reasons == (frozenset() if reason is None else {reason})
    known = r.printer_state_reasons.keywords | {"other", "paused"}
    assert all(one.rpartition("-")[0] in known for one in status.reasons)
    assert (status == READY) is (reason is None)


def test_display_is_told_safely() -> None:
    report = read_report('@PJL USTATUS DEVICE\r\nCODE=40022\r\nDISPLAY="JAM\x1b[31m ' + "x" * 999 + '"')
    assert isinstance(report, Condition)
    assert "\x1b" not in report.status.message
    assert len(report.status.message) < 400


def test_ticket_is_said_before_the_document() -> None:
    ticket = Ticket(copies=3, sides="two-sided-short-edge", print_color_mode="monochrome", print_quality=3)
    lines = opening("Pagebell 7-1", "application/postscript", ticket).split(b"\r\n")
    assert lines[:2] == [b"\x1b%-12345X@PJL", b'@PJL JOB NAME="Pagebell 7-1"']
    assert lines[-7:] == [
        b"@PJL SET COPIES=3",
        b"@PJL SET DUPLEX=ON",
        b"@PJL SET BINDING=SHORTEDGE",
        b"@PJL SET ECONOMODE=ON",
        b"@PJL SET RENDERMODE=GRAYSCALE",
        b"@PJL ENTER LANGUAGE=POSTSCRIPT",
        b"",
    ]
    assert closing("Pagebell 7-1").endswith(b'@PJL EOJ NAME="Pagebell 7-1"\r\n\x1b%-12345X')
