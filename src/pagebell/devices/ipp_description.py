"""An IPP printer's description of itself, as a queue's capabilities and state; a ticket in its words.

What a printer tells is taken with care: names that are no IPP keywords, sizes beyond reason and lists without
end are left out, since they are told on to our own clients.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from pagebell.devices.ipp_supplies import supplies
from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.message import Group
from pagebell.ipp.registry import PrinterState
from pagebell.ipp.results import PrinterInfo
from pagebell.ipp.values import Attribute, Collection, IntRange, Resolution, Tag, Value
from pagebell.model.document import Media, Override, Ticket
from pagebell.model.names import one_line
from pagebell.model.printer import Capabilities, media_size
from pagebell.spooler.ports import DeviceStatus

MOST: Final = 300
"""Values taken of any attribute."""
_SHOWN: Final = 500
_DPI: Final = 3
_PER_CENTIMETRE: Final = 2.54
AUTO: Final = "application/octet-stream"

UNKNOWN: Final = Capabilities(
    make_and_model="IPP Printer",
    formats=(
        "application/pdf",
        "image/pwg-raster",
        "image/urf",
        "image/jpeg",
        "image/png",
        "application/postscript",
        "text/plain",
        AUTO,
    ),
    sides=("one-sided", "two-sided-long-edge", "two-sided-short-edge"),
    color=True,
    resolutions=(300, 600),
)
"""A printer that has not described itself yet: nobody is turned away before it has."""


def capabilities(told: Group) -> Capabilities:
    """What a printer can do, from its attributes (RFC 8011 5.2, 5.4, PWG 5100.7)."""
    media = [name for name in _words(told, r.media_supported) if media_size(name) is not None]
    media = [name for name in media if not name.startswith("custom_")]
    copies = told.get(r.copies_supported)
    color = told.get(r.color_supported)
    default = next(iter(_words(told, r.media_default)), None)
    model: str | None = told.get(r.printer_make_and_model)
    return Capabilities(
        make_and_model=sentence(model or "")[:127] or UNKNOWN.make_and_model,
        formats=_formats(told),
        media=_first(media, default) or UNKNOWN.media,
        media_sources=_words(told, r.media_source_supported) or ("auto",),
        media_types=_words(told, r.media_type_supported) or ("stationery",),
        margins=_margins(told),
        sides=_words(told, r.sides_supported) or ("one-sided",),
        color=color is True,
        resolutions=_resolutions(told),
        finishings=_finishings(told),
        pdf_versions=_words(told, r.pdf_versions_supported),
        overrides=_overrides(told),
        qualities=_qualities(told),
        output_bins=_words(told, r.output_bin_supported) or ("face-down",),
        pages_per_minute=max(1, min(100_000, told.get(r.pages_per_minute) or 1)),
        max_copies=max(1, copies.upper) if isinstance(copies, IntRange) else 1,
        identify=_words(told, r.identify_actions_supported),
    )


def _words(told: Group, attr: Attr[str]) -> tuple[str, ...]:
    """Values that can be told on as they are."""
    found = []
    for value in told.all(attr)[:MOST]:
        try:
            attr(str(value))
        except ValueError:
            continue
        if str(value).isprintable():
            found.append(str(value))
    return tuple(dict.fromkeys(found))


def _first(values: Iterable[str], default: object) -> tuple[str, ...]:
    """The printer's default before the others."""
    return tuple(sorted(values, key=lambda value: value != default))


def _formats(told: Group) -> tuple[str, ...]:
    """Those with a meaning of their own first: octet-stream lets the printer guess."""
    found = _words(told, r.document_format_supported)
    return tuple(sorted(found, key=lambda name: name == AUTO)) or (AUTO,)


def _margins(told: Group) -> tuple[int, ...]:
    sides = (
        r.media_bottom_margin_supported,
        r.media_left_margin_supported,
        r.media_right_margin_supported,
        r.media_top_margin_supported,
    )
    found = {margin for attr in sides for margin in told.all(attr)[:MOST] if 0 <= margin < 10_000}
    return tuple(sorted(found)) or (423,)


def _resolutions(told: Group) -> tuple[int, ...]:
    found = set()
    for value in told.all(r.printer_resolution_supported)[:MOST]:
        dots = min(value.cross_feed, value.feed)
        found.add(dots if value.units == _DPI else round(dots * _PER_CENTIMETRE))
    return tuple(sorted(dots for dots in found if 0 < dots <= 10_000)) or (300,)


def _finishings(told: Group) -> tuple[int, ...]:
    """3 is none, which comes first."""
    found = {int(value) for value in told.all(r.finishings_supported)[:MOST]} - {3}
    return (3, *sorted(number for number in found if 3 < number < 2**16))


def _qualities(told: Group) -> tuple[int, ...]:
    found = {int(value) for value in told.all(r.print_quality_supported)[:MOST]}
    return tuple(sorted(found & {3, 4, 5})) or (4,)


def _overrides(told: Group) -> tuple[str, ...]:
    """Those of Job Template attributes; none where single pages can't be named (PWG 5100.6)."""
    found = _words(told, r.overrides_supported)
    if "pages" not in found:
        return ()
    return tuple(name for name in found if name in _MAY_DIFFER)


_MAY_DIFFER: Final = frozenset(
    {"media", "media-col", "orientation-requested", "output-bin", "print-quality", "sides"}
)


# --- its state ---


def status(info: PrinterInfo) -> DeviceStatus:
    """A printer's state and reasons as our own (RFC 8011 5.4.11, 5.4.12)."""
    reasons = []
    for reason in info.reasons[:MOST]:
        try:
            r.printer_state_reasons(reason)
        except ValueError:
            continue
        reasons.append(reason)
    stopped = info.state == PrinterState.STOPPED
    message = sentence(info.message)
    if not message and stopped:
        message = f"The printer has stopped: {', '.join(sorted(reasons)) or 'it does not say why'}."
    return DeviceStatus(stopped, frozenset(reasons), message, supplies(info.raw))


def sentence(text: str) -> str:
    """A printer's words fit to be told on."""
    return one_line(str(text))[:_SHOWN]


# --- the ticket ---

_OURS: Final = frozenset({"job_hold_until", "job_hold_until_time", "job_priority", "job_sheets", "proof"})
"""What the queue itself does with a job."""


@dataclass(frozen=True, slots=True)
class Request:
    """A ticket in a printer's words, and what of it the printer has no word for."""

    options: tuple[Attribute, ...]
    left_out: tuple[str, ...]


def request(ticket: Ticket, told: Group) -> Request:
    """Those wishes of a ticket that a printer supports, by what it told of itself."""
    options, left_out = [], []
    ticket = _by_number(ticket)
    for field in fields(ticket):
        value = getattr(ticket, field.name)
        if value is None or field.name in _OURS:
            continue
        attr = r.ATTRIBUTES.get(field.name.replace("_", "-"))
        made = None if attr is None else _attribute(attr, value, told)
        if made is None or attr is None:
            continue
        if _supports(told, attr, made):
            options.append(made)
        else:
            left_out.append(attr.name)
    return Request(tuple(options), tuple(left_out))


def _by_number(ticket: Ticket) -> Ticket:
    """Finishings by their numbers, which printers without templates know as well (PWG 5100.1)."""
    if ticket.finishings_col is None:
        return ticket
    numbers = [int(r.Finishings.named(name)) for name in ticket.finishings_col]
    return replace(ticket, finishings=tuple(numbers), finishings_col=None)


def _attribute(attr: Attr[Any], value: Any, told: Group) -> Attribute | None:
    """None for what can't be said in IPP."""
    if attr.name == r.overrides.name:
        return _all_overrides(value, told)
    values = value if attr.multiple and isinstance(value, tuple) else (value,)
    try:
        return attr(*(_value(attr, one) for one in values))
    except ValueError:
        return None


def _value(attr: Attr[Any], value: Any) -> Any:
    if isinstance(value, Media):
        return _media(value)
    if attr.name == r.printer_resolution.name:
        return Resolution(*value)
    if isinstance(value, tuple):
        return IntRange(*value)
    return value if attr.enum is None else attr.enum(value)


def _media(media: Media) -> Collection:
    """A media-col (PWG 5100.7)."""
    members: list[Attribute] = []
    if media.size is not None:
        size = Collection.of(r.x_dimension(media.size.x), r.y_dimension(media.size.y))
        members.append(r.media_size(size))
    for field in fields(media):
        value = getattr(media, field.name)
        if field.name == "size" or value is None:
            continue
        name = field.name if field.name.startswith("media_") else f"media_{field.name}"
        attr: Attr[Any] | None = getattr(r, name, None)
        if attr is not None:
            members.append(attr(value))
    return Collection.of(*members)


def _all_overrides(overrides: Iterable[Override], told: Group) -> Attribute:
    """PWG 5100.6; later specifications have "document-number" for its "document-numbers"."""
    names = told.all(r.overrides_supported)
    numbers = "document-number" if "document-numbers" not in names else "document-numbers"
    found = []
    for override in overrides:
        ranges = (("pages", override.pages), (numbers, override.documents))
        members = [
            Attribute(name, tuple(Value(Tag.RANGE, IntRange(*pair)) for pair in pairs))
            for name, pairs in ranges
            if pairs
        ]
        found.append(Collection.of(*members, *request(override.ticket, told).options))
    return r.overrides(*found)


def _supports(told: Group, attr: Attr[Any], made: Attribute) -> bool:
    """By xxx-supported: a list of values, a range, a limit, or a plain yes (RFC 8011 5.2)."""
    if attr.name == r.overrides.name:
        members = told.all(r.overrides_supported)
        return all(name in members for value in attr.all(made) for name in value)
    if attr.name == r.media_col.name:
        members = told.all(r.media_col_supported)
        return all(name in members for value in attr.all(made) for name in value)
    supported = told.attributes.get(f"{attr.name}-supported")
    if supported is None:
        return False
    known = [value.data for value in supported.values]
    return all(_is_among(value.data, known) for value in made.values)


def _is_among(value: object, known: list[Any]) -> bool:
    for one in known:
        if isinstance(one, bool):
            if one:
                return True
        elif isinstance(one, IntRange) and isinstance(value, int):
            if one.lower <= value <= one.upper:
                return True
        elif one == value:
            return True
    return False
