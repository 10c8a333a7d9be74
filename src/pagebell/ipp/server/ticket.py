"""Job Template attributes to a Ticket and back: one row an attribute (RFC 8011 5.2, PWG 5100.7, PWG 5100.13)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, cast

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Finishings, Orientation, PrintQuality
from pagebell.ipp.values import Attribute, Collection, GroupTag, IntRange, Resolution, Tag, Value
from pagebell.model.document import Media, MediaSize, Override, Proof, Ticket
from pagebell.model.printer import Capabilities, media_size
from pagebell.spooler.holding import HOLDS

DOTS_PER_INCH = 3
HANDLINGS: Final = ("separate-documents-collated-copies", "separate-documents-uncollated-copies")
"""What multiple-document-handling may say; the first is the default."""
HOLD_HORIZON = 365 * 86_400
"""How far ahead job-hold-until-time may be, in seconds."""

_SIZE_MEMBERS = ("media-bottom-margin", "media-left-margin", "media-right-margin", "media-size")
MEDIA_MEMBERS: Final = (*_SIZE_MEMBERS, "media-size-name", "media-source", "media-top-margin", "media-type")
"""The members of media-col that are honoured here."""

TEMPLATE_MEMBERS: Final = (r.finishing_template.name,)
"""The members of finishings-col that are honoured here."""
_MEMBERS: Final = {r.media_col.name: MEDIA_MEMBERS, r.finishings_col.name: TEMPLATE_MEMBERS}

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


def finishing_templates(capabilities: Capabilities) -> tuple[str, ...]:
    """The names of all that the device does to sheets (PWG 5100.1 finishing-template-supported)."""
    return tuple(Finishings(number).keyword for number in capabilities.finishings)


def template_to(name: str) -> Collection:
    """A finishings-col value."""
    return Collection.of(r.finishing_template(name))


def _template_from(collection: Collection) -> str:
    return collection.first(r.finishing_template) or ""


def _media_fits(capabilities: Capabilities, media: Media) -> bool:
    """Sizes within half a millimetre are the same paper (PWG 5101.1 3)."""
    if media.source is not None and media.source not in capabilities.media_sources:
        return False
    if media.type is not None and media.type not in capabilities.media_types:
        return False
    margins = (media.bottom_margin, media.left_margin, media.right_margin, media.top_margin)
    if any(margin is not None and margin < min(capabilities.margins) for margin in margins):
        return False
    if media.size is None:
        return True
    sizes = [size for size in map(media_size, capabilities.media) if size is not None]
    return any(abs(s.x - media.size.x) <= 50 and abs(s.y - media.size.y) <= 50 for s in sizes)


def proof_from(collection: Collection) -> Proof:
    """A proof-print as the model has it (PWG 5100.11); without a number of copies it is one."""
    copies, media_col = collection.first(r.proof_print_copies), collection.first(r.media_col)
    return Proof(
        copies=1 if copies is None else copies,
        media=collection.first(r.media),
        media_col=None if media_col is None else media_from(media_col),
    )


def proof_to(proof: Proof) -> Collection:
    """A proof-print value."""
    members = [r.proof_print_copies(proof.copies)]
    if proof.media is not None:
        members.append(r.media(proof.media))
    if proof.media_col is not None:
        members.append(r.media_col(media_to(proof.media_col)))
    return Collection.of(*members)


def _proof_fits(capabilities: Capabilities, proof: Proof) -> bool:
    if not 0 <= proof.copies <= capabilities.max_copies:
        return False
    if proof.media is not None and proof.media not in capabilities.media:
        return False
    return proof.media_col is None or _media_fits(capabilities, proof.media_col)


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

    many: bool = False
    """It has several values; `fits_all` is of all together."""
    fits_all: Callable[[Values], bool] | None = None

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
        many=True,
    ),
    Row(
        *(r.finishings_col, "finishings_col", None),
        read=_template_from,
        write=template_to,
        fits=lambda c, name: name in finishing_templates(c),
        many=True,
    ),
    Row(r.job_hold_until, "job_hold_until", _fixed(*HOLDS)),
    Row(
        *(r.job_hold_until_time, "job_hold_until_time", None),
        read=datetime.timestamp,
        write=lambda at: datetime.fromtimestamp(int(at), UTC),
        fits=lambda c, at: True,
    ),
    Row(r.job_priority, "job_priority", None, fits=lambda c, n: 1 <= n <= 100),
    Row(r.job_sheets, "job_sheets", _fixed("none")),
    Row(r.media, "media", lambda c: c.media),
    Row(r.media_col, "media_col", None, read=media_from, write=media_to, fits=_media_fits),
    Row(
        r.multiple_document_handling,
        "multiple_document_handling",
        _fixed(*HANDLINGS),
    ),
    Row(r.number_up, "number_up", lambda c: c.number_up),
    Row(
        *(r.orientation_requested, "orientation_requested", _fixed(*map(Orientation, (3, 4, 5, 6)))),
        read=int,
        write=Orientation,
        fits=lambda c, n: n in (3, 4, 5, 6),
    ),
    Row(r.output_bin, "output_bin", lambda c: c.output_bins),
    Row(
        *(r.page_ranges, "page_ranges", None),
        read=lambda value: (value.lower, value.upper),
        write=lambda value: IntRange(*value),
        fits=lambda c, value: bool(c.page_ranges) and value[0] >= 1,
        many=True,
        fits_all=lambda ranges: all(a[1] < b[0] for a, b in pairwise(ranges)),
    ),
    Row(r.print_color_mode, "print_color_mode", _color_modes),
    Row(r.print_content_optimize, "print_content_optimize", _fixed("auto")),
    Row(
        *(r.print_quality, "print_quality", lambda c: tuple(map(PrintQuality, c.qualities))),
        read=int,
        write=PrintQuality,
        fits=lambda c, n: n in c.qualities,
    ),
    Row(r.print_rendering_intent, "print_rendering_intent", _fixed("auto")),
    Row(r.print_scaling, "print_scaling", _fixed("auto")),
    Row(
        *(r.proof_print, "proof", None),
        read=proof_from,
        write=proof_to,
        fits=_proof_fits,
    ),
    Row(
        *(r.printer_resolution, "printer_resolution", _resolutions),
        read=_resolution_from,
        write=lambda value: Resolution(*value),
    ),
    Row(r.sides, "sides", lambda c: c.sides),
)
"""What a job may ask for here."""

BY_NAME: Final = {row.attr.name: row for row in ROWS}
assert {row.field for row in ROWS} <= {field.name for field in fields(Ticket)}
_NUMBERS: Final = ("document-numbers", "document-number")
"""PWG 5100.6 4.1.2 has the first; PWG 5100.14 and clients after it the second."""
OVERRIDE_RANGES: Final = ("pages", *_NUMBERS)
"""The members of "overrides" that say for what they are."""
_SIZES: Final = frozenset({r.media_size.name, r.media_size_name.name})


def read_ticket(groups: Iterable[Group], capabilities: Capabilities) -> tuple[Ticket, list[Attribute]]:
    """What was asked for, and what of it can't be honoured (to be returned as unsupported)."""
    asked: dict[str, Any] = {}
    unsupported: list[Attribute] = []
    for group in groups:
        for attribute in group.attributes.values():
            row = BY_NAME.get(attribute.name)
            if attribute.name == r.overrides.name and capabilities.overrides:
                overrides = _read_overrides(attribute, capabilities)
                if overrides is None:
                    unsupported.append(attribute)
                else:
                    asked["overrides"] = overrides
                continue
            if row is None:
                unsupported.append(Attribute(attribute.name, r.printer_uri.unsupported().values))
                continue
            read = _read_values(row, row.attr.all(attribute), capabilities)
            if read is None:
                unsupported.append(attribute)
            else:
                asked[row.field] = read
                unsupported += _strange_members(attribute)
    return Ticket(**asked), unsupported


def _strange_members(attribute: Attribute) -> list[Attribute]:
    """A collection with those of its members that are not honoured, if there are any (RFC 8011 4.1.7, PWG 5100.7)."""
    known = _MEMBERS.get(attribute.name)
    if known is None:
        return []
    values = [data for _, data in attribute.values if isinstance(data, Collection)]
    members = [member for value in values for member in value.values() if member.name not in known]
    if not members:
        return []
    return [Attribute(attribute.name, (Value(Tag.BEGIN_COLLECTION, Collection.of(*members)),))]


def _read_values(row: Row, values: list[Any], capabilities: Capabilities) -> Any:
    """The field's value, None where the printer can't honour it."""
    if not values or not all(row.is_supported(capabilities, value) for value in values):
        return None
    read = tuple(row.read(value) for value in values)
    if row.fits_all is not None and not row.fits_all(read):
        return None
    return read if row.many else read[0]


def _read_overrides(attribute: Attribute, capabilities: Capabilities) -> tuple[Override, ...] | None:
    """PWG 5100.6 4.1; None where one of them can't be honoured.

    A document can be given pages of another size, but not paper out of another tray: that takes the device.
    """
    sizes_alone = bool(capabilities.override_formats)
    found = []
    for collection in r.overrides.all(attribute):
        ranges: dict[str, tuple[tuple[int, int], ...]] = {}
        template = Group(GroupTag.JOB)
        for member in collection.values():
            if member.name in OVERRIDE_RANGES:
                ranges["pages" if member.name == "pages" else "documents"] = tuple(
                    (data.lower, data.upper) for _, data in member.values if isinstance(data, IntRange)
                )
            elif member.name == r.media_col.name and sizes_alone and not _names_sizes(member):
                return None
            elif member.name in capabilities.overrides:
                template.add(member)
            else:
                return None
        ticket, bad = read_ticket([template], capabilities)
        if bad or not (ranges.get("pages") or ranges.get("documents")):
            return None
        found.append(Override(ranges.get("pages", ()), ranges.get("documents", ()), ticket))
    return tuple(found) or None


def _names_sizes(attribute: Attribute) -> bool:
    """Whether a media-col says nothing but how large the medium is."""
    return all(name in _SIZES for collection in r.media_col.all(attribute) for name in collection)


def _write_override(override: Override) -> Collection:
    ranges = (("pages", override.pages), ("document-numbers", override.documents))
    members = [
        Attribute(name, tuple(Value(Tag.RANGE, IntRange(*pair)) for pair in pairs))
        for name, pairs in ranges
        if pairs
    ]
    return Collection.of(*members, *write_ticket(override.ticket))


def write_ticket(ticket: Ticket) -> list[Attribute]:
    """The Job Template attributes of a job: what its owner asked for."""
    found = []
    for row in ROWS:
        value = getattr(ticket, row.field)
        if value is None:
            continue
        values = cast(Values, value) if row.many else (value,)
        found.append(row.attr(*(row.write(one) for one in values)))
    if ticket.overrides:
        found.append(r.overrides(*map(_write_override, ticket.overrides)))
    return found
