"""The settings that all sources share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

EVERY: Final = "*"


def printers_of(settings: Mapping[str, object], *others: str) -> frozenset[str]:
    """The names of the printers that a source is for; EVERY for all. Raises ValueError for unknown settings."""
    unknown = sorted(set(settings) - {"printers", *others})
    if unknown:
        raise ValueError(f"there is no setting {unknown[0]}; there are {', '.join(['printers', *others])}")
    names = settings.get("printers", [EVERY])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError('printers takes a list of names, such as ["Office"], or ["*"] for all')
    return frozenset(names)


def is_for(printers: Collection[str], printer: str) -> bool:
    """Whether a printer is among them."""
    return EVERY in printers or printer in printers
