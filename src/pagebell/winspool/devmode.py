"""DEVMODE, Windows' print ticket: its public part, to and from ours. [MS-RPRN] 2.2.2.1"""

from __future__ import annotations

import struct
from typing import TypeVar

from pagebell.model.document import Ticket
from pagebell.winspool.forms import BY_MEDIA, BY_PAPER

_PARTS = struct.Struct("<64sHHHHI13h64sHI12I")
SIZE = _PARTS.size
_SPEC_VERSION, _DRIVER_VERSION = 0x0401, 0x0600
ORIENTATION, PAPERSIZE, COPIES, PRINTQUALITY, COLOR, DUPLEX, YRESOLUTION, COLLATE, FORMNAME = (
    *(0x1, 0x2, 0x100, 0x400, 0x800, 0x1000, 0x2000, 0x8000),
    0x10000,
)
_QUALITIES = {3: -1, 4: -3, 5: -4}
_SIDES = {"one-sided": 1, "two-sided-long-edge": 2, "two-sided-short-edge": 3}
_COLORS = {"monochrome": 1, "color": 2}
_A4 = BY_MEDIA["iso_a4_210x297mm"]
_SIZES = struct.Struct("<HH")
_MEMBERS = (
    (6, ORIENTATION, ("orientation_requested",)),
    (7, PAPERSIZE, ("media",)),
    (19 + 0, FORMNAME, ("media",)),
    (11, COPIES, ("copies",)),
    (13, PRINTQUALITY, ("print_quality", "printer_resolution")),
    (14, COLOR, ("print_color_mode",)),
    (15, DUPLEX, ("sides",)),
    (16, YRESOLUTION, ("printer_resolution",)),
)
"""Places of members, their bit in dmFields, and what they are in a ticket."""
_NAME = 31
"""Characters of a name that is cut off to leave room for its terminator."""


K = TypeVar("K")


class DevmodeError(ValueError):
    """The octets are no DEVMODE."""


def wishes(ticket: Ticket) -> bytes:
    """A DEVMODE that asks for what the ticket does, and for nothing else."""
    parts = list(_PARTS.unpack(encode(ticket, "", 600, color=True)))
    parts[5] = 0
    for _, bit, names in _MEMBERS:
        if any(getattr(ticket, name) is not None for name in names):
            parts[5] |= bit
    if ticket.printer_resolution is None:
        parts[13] = _QUALITIES.get(ticket.print_quality or 0, 0)
    return _PARTS.pack(*parts)


def encode(ticket: Ticket, device: str, resolution: int, *, color: bool) -> bytes:
    """A DEVMODE for a printer with these defaults; `resolution` is in dots per inch."""
    form = BY_MEDIA.get(ticket.media or "", _A4)
    x, y = ticket.printer_resolution[:2] if ticket.printer_resolution else (resolution, resolution)
    fields = (
        ORIENTATION | PAPERSIZE | COPIES | PRINTQUALITY | COLOR | DUPLEX | YRESOLUTION | COLLATE | FORMNAME
    )
    mode = ticket.print_color_mode or ("color" if color else "monochrome")
    shorts = (
        {4: 2, 5: 2}.get(ticket.orientation_requested or 3, 1),
        form.paper,
        *(form.size[1] // 100, form.size[0] // 100, 100),
        ticket.copies or 1,
        15,  # DMBIN_FORMSOURCE
        min(x, 0x7FFF),
        _COLORS.get(mode, 2),
        _SIDES.get(ticket.sides or "one-sided", 1),
        min(y, 0x7FFF),
        *(1, 1),  # DMTT_BITMAP, DMCOLLATE_TRUE
    )
    name, form_name = _fixed(device), _fixed(form.name)
    rest = (0, 0, 0, 0, 1, 0, 1, 2, 1, 0, 0, 0, 0, 0)
    return _PARTS.pack(name, _SPEC_VERSION, _DRIVER_VERSION, SIZE, 0, fields, *shorts, form_name, *rest)


def _fixed(text: str) -> bytes:
    return text[:_NAME].encode("utf-16-le", "replace")[: 2 * _NAME]


def check(octets: bytes) -> bytes:
    """A DEVMODE without what follows its private part. Raises DevmodeError."""
    if len(octets) < SIZE:
        raise DevmodeError(f"{len(octets)} octets are no DEVMODE")
    size, extra = _SIZES.unpack_from(octets, 68)
    if size < SIZE:
        raise DevmodeError(f"a DEVMODE of {size} octets is too old")
    if size + extra > len(octets):
        raise DevmodeError(f"a DEVMODE of {size + extra} octets has {len(octets)}")
    return octets[: size + extra]


def renamed(octets: bytes, device: str) -> bytes:
    """The same of a printer by another name."""
    return _fixed(device).ljust(64, b"\0") + octets[64:]


def refreshed(kept: bytes, fresh: bytes, ticket: Ticket) -> bytes:
    """A DEVMODE that was kept, with the name and the values of a fresh one where these are no longer what they were."""
    found = decode(kept)
    parts, new = list(_PARTS.unpack_from(kept)), _PARTS.unpack_from(fresh)
    parts[0] = new[0]
    for place, bit, names in _MEMBERS:
        if any(getattr(found, name) != getattr(ticket, name) for name in names):
            parts[place], parts[5] = new[place], parts[5] | bit
    return _PARTS.pack(*parts) + kept[SIZE:]


def decode(octets: bytes) -> Ticket:
    """What a DEVMODE asks for. Raises DevmodeError."""
    _, _, _, _, _, fields, *rest = _PARTS.unpack_from(check(octets))
    orientation, paper, _, _, _, copies, _, quality, color, duplex, vertical = rest[:11]
    form = BY_PAPER.get(paper)
    ticket = Ticket(
        orientation_requested={1: 3, 2: 4}.get(orientation) if fields & ORIENTATION else None,
        media=form.media if form is not None and fields & PAPERSIZE else None,
        copies=copies if fields & COPIES and copies > 0 else None,
        sides=_of(_SIDES, duplex) if fields & DUPLEX else None,
        print_color_mode=_of(_COLORS, color) if fields & COLOR else None,
        print_quality=_of(_QUALITIES, quality) if fields & PRINTQUALITY else None,
        printer_resolution=(quality, vertical if fields & YRESOLUTION and vertical > 0 else quality, 3)
        if fields & PRINTQUALITY and quality > 0
        else None,
    )
    return ticket


def _of(table: dict[K, int], number: int) -> K | None:
    return next((key for key, value in table.items() if value == number), None)
