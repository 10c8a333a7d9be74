"""What a directory knows of a printer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pagebell.directory.print_queue import REQUIRED, PrintQueue, filter_of

OFFICE = PrintQueue(
    name="Office",
    server="print.example.org",
    description="By the window",
    location="2nd floor",
    urls=("ipps://print.example.org:8631/ipp/print/Office",),
    color=False,
    duplex=True,
    pages_per_minute=30,
    media=("iso_a4_210x297mm",),
)


def test_required_attributes_are_as_the_specification_says() -> None:
    told = OFFICE.attributes()
    assert {name: told[name] for name in REQUIRED} == {
        "printerName": ["Office"],
        "serverName": ["print.example.org"],
        "shortServerName": ["PRINT"],
        "uNCName": [r"\\print.example.org\Office"],
        "versionNumber": ["4"],
    }
    assert told["printColor"] == ["FALSE"]
    assert told["driverName"] == []


def test_what_was_written_is_read() -> None:
    assert PrintQueue.read("", OFFICE.attributes()) == OFFICE


def test_entry_without_what_is_required_is_passed_over() -> None:
    for name in REQUIRED:
        rest = {key: values for key, values in OFFICE.attributes().items() if key != name}
        assert PrintQueue.read("", rest) is None


@given(st.text())
def test_filter_means_the_text_and_nothing_else(text: str) -> None:
    wanted = filter_of(text)
    if text:
        inside = wanted.removeprefix("(&(objectClass=printQueue)(printerName=*").removesuffix("*))")
        assert not set(inside) & set("*()\0")
    else:
        assert wanted == "(objectClass=printQueue)"


def test_common_name_fits() -> None:
    assert PrintQueue("ü" * 100, "p.example").common_name == "P-" + "ü" * 31
