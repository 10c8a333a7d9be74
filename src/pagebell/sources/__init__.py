"""Sources of notices and dialogs: found by entry points `pagebell.sources`, made with their settings."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Final

from pagebell.spooler.sources import Source, SourceFactory

GROUP: Final = "pagebell.sources"


def names() -> list[str]:
    """The names of all sources that there are."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def make_sources(tables: Mapping[str, Mapping[str, object]]) -> dict[str, Source]:
    """Those that have a table, by name. Raises ValueError that names the setting."""
    return {name: _make(name, table) for name, table in tables.items()}


def _make(name: str, table: Mapping[str, object]) -> Source:
    for point in entry_points(group=GROUP, name=name):
        try:
            factory: SourceFactory = point.load()
        except Exception as error:
            told = f"sources.{name}: the plug-in {point.value} can't be loaded: {error!r}"
            raise ValueError(told) from error
        try:
            return factory(table)
        except ValueError as error:
            raise ValueError(f"sources.{name}: {error}") from None
    raise ValueError(f"sources.{name}: there is no such source; known are {', '.join(names())}")
