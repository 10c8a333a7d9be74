"""What IPP printers tell of themselves is taken with care; tickets are put in words that they know."""

from __future__ import annotations

from pagebell.devices.ipp_description import MOST, UNKNOWN, capabilities, request, status
from pagebell.ipp import registry as r
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Finishings, PrinterState
from pagebell.ipp.results import PrinterInfo
from pagebell.ipp.values import Attribute, GroupTag, IntRange, Resolution, Tag, Value
from pagebell.model.document import Media, MediaSize, Override, Ticket


def told(*attributes: Attribute) -> Group:
    return Group.of(GroupTag.PRINTER, *attributes)


def test_description_becomes_capabilities() -> None:
    found = capabilities(
        told(
            r.printer_make_and_model("ACME 9"),
            r.document_format_supported("application/octet-stream", "application/pdf"),
            r.media_supported("na_letter_8.5x11in", "iso_a4_210x297mm", "custom_min_10x10mm", "roll"),
            r.media_default("iso_a4_210x297mm"),
            r.media_bottom_margin_supported(0, 500),
            r.media_top_margin_supported(300),
            r.sides_supported("one-sided", "two-sided-long-edge"),
            r.color_supported(True),
            r.printer_resolution_supported(Resolution(600, 600, 3), Resolution(118, 118, 4)),
            r.finishings_supported(Finishings(4), Finishings(3)),
            r.copies_supported(IntRange(1, 99)),
            r.pages_per_minute(20),
        )
    )
    assert found.make_and_model == "ACME 9"
    assert found.formats == ("application/pdf", "application/octet-stream")
    assert found.media == ("iso_a4_210x297mm", "na_letter_8.5x11in")
    assert found.margins == (0, 300, 500)
    assert found.sides == ("one-sided", "two-sided-long-edge")
    assert (found.color, found.resolutions, found.finishings) == (True, (300, 600), (3, 4))
    assert (found.max_copies, found.pages_per_minute) == (99, 20)


def test_silent_printer_has_modest_capabilities() -> None:
    found = capabilities(told())
    assert found.formats == ("application/octet-stream",)
    assert (found.max_copies, found.sides, found.resolutions) == (1, ("one-sided",), (300,))
    assert found.media == UNKNOWN.media


def test_nonsense_is_not_told_on() -> None:
    raw = (Value(Tag.KEYWORD, "one-sided"), Value(Tag.KEYWORD, "x" * 999), Value(Tag.KEYWORD, "a\x1bb"))
    assert capabilities(told(Attribute("sides-supported", raw))).sides == ("one-sided",)
    many = tuple(Value(Tag.KEYWORD, f"tray-{n}") for n in range(10_000))
    assert len(capabilities(told(Attribute("media-source-supported", many))).media_sources) == MOST
    model = Attribute("printer-make-and-model", (Value(Tag.TEXT, "A\r\n\x1b[31mB" + "c" * 999),))
    assert capabilities(told(model)).make_and_model.startswith("A [31mBccc")


def test_state_of_a_printer_that_does_not_say_why_is_told() -> None:
    found = status(PrinterInfo("ipp://x/", state=PrinterState.STOPPED))
    assert found.stopped
    assert found.message == "The printer has stopped: it does not say why."


def test_ticket_in_the_printer_s_words() -> None:
    printer = told(
        r.copies_supported(IntRange(1, 9)),
        r.sides_supported("one-sided"),
        r.page_ranges_supported(True),
        r.media_col_supported("media-size", "media-source"),
        r.printer_resolution_supported(Resolution(600, 600, 3)),
        r.finishings_supported(Finishings(3), Finishings(4)),
        r.job_priority_supported(100),
    )
    ticket = Ticket(
        copies=3,
        sides="two-sided-long-edge",
        page_ranges=((1, 2), (5, 5)),
        media_col=Media(size=MediaSize(21000, 29700), source="tray-1"),
        printer_resolution=(600, 600, 3),
        finishings=(4,),
        job_priority=80,
        job_hold_until="indefinite",
        number_up=4,
    )
    found = request(ticket, printer)
    names = {option.name for option in found.options}
    assert names == {"copies", "page-ranges", "media-col", "printer-resolution", "finishings"}
    assert set(found.left_out) == {"sides", "number-up"}  # priority and hold are the queue's own business
    group = Group.of(GroupTag.JOB, *found.options)
    assert group.all(r.page_ranges) == [IntRange(1, 2), IntRange(5, 5)]
    (media,) = group.all(r.media_col)
    assert media.first(r.media_source) == "tray-1"


def test_finishings_by_template_go_by_number() -> None:
    """Printers without templates know the numbers as well (PWG 5100.1)."""
    printer = told(r.finishings_supported(Finishings(3), Finishings(20)))
    (option,) = request(Ticket(finishings_col=("staple-top-left",)), printer).options
    assert r.finishings.all(option) == [Finishings.STAPLE_TOP_LEFT]
    assert request(Ticket(finishings_col=("punch",)), printer).left_out == ("finishings",)


def test_wishes_for_single_pages_go_to_printers_that_can_honour_them() -> None:
    names = ("pages", "document-number", "media", "sides", "finishings")
    printer = told(r.overrides_supported(*names), r.sides_supported("one-sided"))
    assert capabilities(printer).overrides == ("media", "sides")
    assert capabilities(told(r.overrides_supported("media"))).overrides == ()
    override = Override(((1, 2),), ((1, 1),), Ticket(sides="one-sided"))
    (option,) = request(Ticket(overrides=(override,)), printer).options
    (collection,) = r.overrides.all(option)
    assert list(collection) == ["pages", "document-number", "sides"]
    assert request(Ticket(overrides=(override,)), told()).left_out == ("overrides",)


def test_medium_with_members_that_the_printer_does_not_know_is_left_out() -> None:
    ticket = Ticket(media_col=Media(type="photographic"), copies=10)
    found = request(ticket, told(r.media_col_supported("media-size"), r.copies_supported(IntRange(1, 9))))
    assert (found.options, set(found.left_out)) == ((), {"copies", "media-col"})
