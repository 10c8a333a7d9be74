"""The settings that all sources share, and how they are read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, TypeVar

import msgspec

EVERY: Final = "*"


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A source's table: its keys are the fields' names with hyphens, and no others."""


T = TypeVar("T", bound=SourceSettings)


def read(values: Mapping[str, object], to: type[T]) -> T:
    """Check a table. Raises ValueError that names the key."""
    try:
        return msgspec.convert(values, to)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `")
        key = place.rstrip("`").removeprefix("$").removeprefix(".")
        raise ValueError(f"{key}: {what}" if key else what) from None


def is_for(printers: Collection[str], printer: str) -> bool:
    """Whether a printer is among them."""
    return EVERY in printers or printer in printers
