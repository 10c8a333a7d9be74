"""A terminal, and the printers that its tests print on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.conftest import discovery, gate, reporting_printer
from tests.terminal.tmux import Terminal, terminal

__all__ = ["discovery", "gate", "reporting_printer"]


@pytest.fixture
def screen() -> Iterator[Terminal]:
    """A terminal of 100 columns."""
    with tempfile.TemporaryDirectory(prefix="pb") as folder, terminal(Path(folder)) as made:
        yield made
