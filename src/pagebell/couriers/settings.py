"""Reading a courier's table of the configuration."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    """A table: its keys are the fields' names with hyphens, and no others."""


def read(values: Mapping[str, object], to: type[T]) -> T:
    """Check a table. Raises ValueError that names the key."""
    try:
        return msgspec.convert(values, to)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `")
        key = place.rstrip("`").removeprefix("$").removeprefix(".")
        raise ValueError(f"{key}: {what}" if key else what) from None


@lru_cache(maxsize=8)
def trust(file: str) -> ssl.SSLContext:
    """Whose certificates are believed: the system's authorities, or those in the file. Raises ValueError."""
    try:
        return ssl.create_default_context(cafile=str(Path(file).expanduser()) if file else None)
    except OSError as error:
        raise ValueError(f"ca-file: {file} can't be used: {error.strerror or error}") from None


def secret_of(file: str, what: str) -> str:
    """The text of a file that holds something secret. Raises ValueError."""
    try:
        return Path(file).expanduser().read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{what}: {file} can't be read: {error}") from None
