"""Job Template attributes to a Ticket and back: one row an attribute (RFC 8011 5.2, PWG 5100.7, PWG 5100.13)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any, Final, cast

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Finishings, Orientation, PrintQuality
from pagebell.ipp.values import Attribute, Collection, Resolution
from pagebell.model.document import Media, MediaSize, Ticket
from pagebell.model.printer import Capabilities, media_size

DOTS_PER_INCH = 3
HOLDS = ("no-hold", "indefinite")

Values = tuple[Any, ...]


def _same(value: Any) -> Any:
    return value


def _color_modes(capabilities: Capabilities) -> Values:
    return ("auto", "monochrome", "color") if capabilities.color else ("auto", "monochrome")


def media_from(collection: Collection) -> Media:
    """A media-col as the model has it; members that the model lacks are left out."""
    size = None
    if (dimensions := collection.first(r.media_size)) is not None:
        x, y = dimensions.first(r.x_dimension), dimensions.first(r.y_dimension)
        if isinstance(x, int) and isinstance(y, int):
            size = MediaSize(x, y)
    elif (name := collection.first(r.media_size_name)) is not None:
        size = media_size(name)
    return Media(
        size=size,
        source=collection.first(r.media_source),
        type=collection.first(r.media_type),
        color=collection.first(r.media_color),
        bottom_margin=collection.first(r.media_bottom_margin),
        left_margin=collection.first(r.media_left_margin),
        right_margin=collection.first(r.media_right_margin),
        top_margin=collection.first(r.media_top_margin),
    )


def media_to(media: Media) -> Collection:
    """A media-col value."""
    members: list[Attribute] = []
    if media.size is not None:
        size = Collection.of(r.x_dimension(media.size.x), r.y_dimension(media.size.y))
        members.append(r.media_size(size))
    texts = ((r.media_source, media.source), (r.media_type, media.type), (r.media_color, media.color))
    margins = (
        (r.media_bottom_margin, media.bottom_margin),
        (r.media_left_margin, media.left_margin),
        (r.media_right_margin, media.right_margin),
        (r.media_top_margin, media.top_margin),
    )
    members += [attr(text) for attr, text in texts if text is not None]
    members += [attr(margin) for attr, margin in margins if margin is not None]
    return Collection.of(*members)


def _media_fits(capabilities: Capabilities, media: Media) -> bool:
    """Sizes within half a millimetre are the same paper (PWG 5101.1 3)."""
    if media.source is not None and media.source not in capabilities.media_sources:
        return False
    if media.type is not None and media.type not in capabilities.media_types:
        return False
    if media.size is None:
        return True
    sizes = [size for size in map(media_size, capabilities.media) if size is not None]
    return any(abs(s.x - media.size.x) <= 50 and abs(s.y - media.size.y) <= 50 for s in sizes)


def _resolution_from(value: Resolution) -> tuple[int, int, int]:
    return (value.cross_feed, value.feed, value.units)


def _resolutions(capabilities: Capabilities) -> Values:
    return tuple(Resolution(dpi, dpi, DOTS_PER_INCH) for dpi in capabilities.resolutions)


@dataclass(frozen=True, slots=True)
class Row:
    """One Job Template attribute: where it goes in a Ticket and what a printer supports of it."""

    attr: Attr[Any]
    field: str
    supported: Callable[[Capabilities], Values] | None
    """The legal values; None where `fits` alone decides."""
    read: Callable[[Any], Any] = _same
    write: Callable[[Any], Any] = _same
    fits: Callable[[Capabilities, Any], bool] | None = None
    """Of a value in the model's form."""

    def is_supported(self, capabilities: Capabilities, value: Any) -> bool:
        """Whether the printer can honour a value as it came."""
        if self.fits is not None:
            return self.fits(capabilities, self.read(value))
        assert self.supported is not None
        return value in self.supported(capabilities)


def _fixed(*values: Any) -> Callable[[Capabilities], Values]:
    return lambda _: values


ROWS: Final = (
    Row(r.copies, "copies", None, fits=lambda c, n: 1 <= n <= c.max_copies),
    Row(
        *(r.finishings, "finishings", lambda c: tuple(map(Finishings, c.finishings))),
        read=int,
        write=Finishings,
        fits=lambda c, n: n in c.finishings,
    ),
    Row(r.job_hold_until, "job_hold_until", _fixed(*HOLDS)),
    Row(r.job_priority, "job_priority", None, fits=lambda c, n: 1 <= n <= 100),
    Row(r.job_sheets, "job_sheets", _fixed("none")),
    Row(r.media, "media", lambda c: c.media),
    Row(r.media_col, "media_col", None, read=media_from, write=media_to, fits=_media_fits),
    Row(
        r.multiple_document_handling,
        "multiple_document_handling",
        _fixed("separate-documents-uncollated-copies", "separate-documents-collated-copies"),
    ),
    Row(r.number_up, "number_up", _fixed(1)),
    Row(
        *(r.orientation_requested, "orientation_requested", _fixed(*map(Orientation, (3, 4, 5, 6)))),
        read=int,
        write=Orientation,
        fits=lambda c, n: n in (3, 4, 5, 6),
    ),
    Row(r.output_bin, "output_bin", lambda c: c.output_bins),
    Row(r.print_color_mode, "print_color_mode", _color_modes),
    Row(r.print_content_optimize, "print_content_optimize", _fixed("auto")),
    Row(
        *(r.print_quality, "print_quality", _fixed(*map(PrintQuality, (3, 4, 5)))),
        read=int,
        write=PrintQuality,
        fits=lambda c, n: n in (3, 4, 5),
    ),
    Row(r.print_rendering_intent, "print_rendering_intent", _fixed("auto")),
    Row(r.print_scaling, "print_scaling", _fixed("auto")),
    Row(
        *(r.printer_resolution, "printer_resolution", _resolutions),
        read=_resolution_from,
        write=lambda value: Resolution(*value),
    ),
    Row(r.sides, "sides", lambda c: c.sides),
)
"""What a job may ask for here."""

_BY_NAME: Final = {row.attr.name: row for row in ROWS}
_MANY: Final = frozenset({"finishings", "page_ranges"})
assert {row.field for row in ROWS} <= {field.name for field in fields(Ticket)}


def read_ticket(groups: Iterable[Group], capabilities: Capabilities) -> tuple[Ticket, list[Attribute]]:
    """What was asked for, and what of it can't be honoured (to be returned as unsupported)."""
    asked: dict[str, Any] = {}
    unsupported: list[Attribute] = []
    for group in groups:
        for attribute in group.attributes.values():
            row = _BY_NAME.get(attribute.name)
            if row is None:
                unsupported.append(Attribute(attribute.name, r.printer_uri.unsupported().values))
                continue
            values = row.attr.all(attribute)
            if not values or not all(row.is_supported(capabilities, value) for value in values):
                unsupported.append(attribute)
                continue
            read = tuple(row.read(value) for value in values)
            asked[row.field] = read if row.field in _MANY else read[0]
    return Ticket(**asked), unsupported


def write_ticket(ticket: Ticket) -> list[Attribute]:
    """The Job Template attributes of a job: what its owner asked for."""
    found = []
    for row in ROWS:
        value = getattr(ticket, row.field)
        if value is None:
            continue
        values = cast(Values, value) if row.field in _MANY else (value,)
        found.append(row.attr(*(row.write(one) for one in values)))
    return found
