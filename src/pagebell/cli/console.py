"""The terminal: one place that knows its width, colours and whether it is one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.table import Table

PIPE_WIDTH: Final = 200
"""Columns of output that no terminal shows."""


def console() -> Console:
    """Standard output. Colours follow NO_COLOR and TERM; nothing is coloured for looking like a number."""
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(highlight=False, markup=False, emoji=False, width=width, soft_wrap=False)


def is_live(terminal: Console) -> bool:
    """Whether lines can be drawn over: on a terminal that can move its cursor."""
    return terminal.is_terminal and not terminal.is_dumb_terminal and os.environ.get("TERM") != "dumb"


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """A table without lines: its headings are dim, its columns are apart."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def print_table(rows: Table, otherwise: str) -> int:
    """Print a table, or that sentence in place of an empty one; the command's exit status."""
    console().print(rows if rows.row_count else otherwise)
    return 0


def print_json(told: Mapping[str, object]) -> None:
    """One JSON object a line, for programs, at once."""
    print(json.dumps(told, ensure_ascii=False), flush=True)
