"""What an IPP printer uses up, as it tells: "printer-supply" (PWG 5100.13), or the "marker-" attributes of CUPS."""

from __future__ import annotations

from typing import Final

from pagebell.ipp import registry as r
from pagebell.ipp.message import Group
from pagebell.model.printer import Supply

MOST: Final = 50
_UNKNOWN, _SOME = -2, -3
"""RFC 3805 prtMarkerSuppliesLevel"""
_SHOWN: Final = 127
_WASTE: Final = "receptacleThatIsFilled"
ATTRIBUTES: Final = (
    *(r.printer_supply, r.printer_supply_description),
    *(r.marker_names, r.marker_types, r.marker_colors, r.marker_levels),
)


def supplies(told: Group) -> tuple[Supply, ...]:
    """Those that are used up; what cannot be understood is left out."""
    lines = told.all(r.printer_supply)[:MOST]
    if not lines:
        return _markers(told)
    names = told.all(r.printer_supply_description)
    found = [_supply(line, names[at] if at < len(names) else "") for at, line in enumerate(lines)]
    return tuple(supply for supply in found if supply is not None)


def _supply(line: bytes, name: str) -> Supply | None:
    """One value of printer-supply: key=value pairs (RFC 3805 2.2, prtMarkerSuppliesTable)."""
    pairs = dict(part.split("=", 1) for part in line.decode("utf-8", "replace").split(";") if "=" in part)
    try:
        level, capacity = int(pairs["level"]), int(pairs.get("maxcapacity", "-2"))
    except (KeyError, ValueError):
        return None
    if pairs.get("class") == _WASTE:
        return None
    color = _plain(pairs.get("colorantname", "none"))
    return Supply(_plain(pairs.get("type", "other")), color, _percent(level, capacity), _plain(name))


def _percent(level: int, capacity: int) -> int:
    if level == _SOME:
        return _SOME
    if level < 0 or capacity <= 0:
        return _UNKNOWN
    return min(100, 100 * level // capacity)


def _markers(told: Group) -> tuple[Supply, ...]:
    kinds, colors, levels = told.all(r.marker_types), told.all(r.marker_colors), told.all(r.marker_levels)
    names = told.all(r.marker_names)[:MOST]
    if not len(names) == len(kinds) == len(colors) == len(levels):
        return ()
    rows = zip(names, kinds, colors, levels, strict=True)
    return tuple(
        Supply(_plain(str(kind)), _plain(color), level if 0 <= level <= 100 else _UNKNOWN, _plain(name))
        for name, kind, color, level in rows
        if not str(kind).startswith("waste")
    )


def _plain(text: str) -> str:
    """Printable, without what has a meaning of its own when the supply is told on."""
    return "".join(sign for sign in text if sign.isprintable() and sign not in ";=")[:_SHOWN]
