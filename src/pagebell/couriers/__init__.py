"""Who takes events to recipients: couriers, found by their names among the entry points `pagebell.couriers`.

A plug-in offers its own under `[project.entry-points."pagebell.couriers"]`: the name of its table in the
configuration, and something that makes a `ports.Courier` of that table.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

from pagebell.spooler.ports import Courier, CourierFactory

GROUP = "pagebell.couriers"


def names() -> list[str]:
    """The names of all couriers that there are."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def make_couriers(tables: Mapping[str, Mapping[str, object]], folder: Path) -> list[Courier]:
    """Make those that have a table; they keep things in `folder`. Raises ValueError that names the setting."""
    return [_make(name, table, folder) for name, table in tables.items()]


def _make(name: str, table: Mapping[str, object], folder: Path) -> Courier:
    for point in entry_points(group=GROUP, name=name):
        try:
            factory: CourierFactory = point.load()
        except Exception as error:
            told = f"couriers.{name}: the plug-in {point.value} can't be loaded: {error!r}"
            raise ValueError(told) from error
        try:
            return factory(table, folder)
        except ValueError as error:
            raise ValueError(f"couriers.{name}: {error}") from None
    raise ValueError(f"couriers.{name}: there is no such courier; known are {', '.join(names())}")
