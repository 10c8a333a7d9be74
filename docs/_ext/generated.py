"""Sphinx reads `<!-- generated: NAME -->` in a page as what `reference.PARTS[NAME]` makes of the code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reference import PARTS

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_MARK = re.compile(r"^<!-- generated: ([a-z-]+) -->$", re.MULTILINE)


class UnknownPart(Exception):
    """A page asks for something that nobody generates."""


def filled(source: str) -> str:
    """The page with its marks replaced. Raises UnknownPart."""

    def part(found: re.Match[str]) -> str:
        name = found[1]
        if name not in PARTS:
            raise UnknownPart(f"nothing generates {name!r}; known are {', '.join(sorted(PARTS))}")
        return PARTS[name]().rstrip("\n")

    return _MARK.sub(part, source)


def _on_source_read(app: Sphinx, name: str, source: list[str]) -> None:
    source[0] = filled(source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Hook into Sphinx."""
    app.connect("source-read", _on_source_read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
