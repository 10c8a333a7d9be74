"""Peers: programs that we did not write. One that is missing is named, and fails the run under CI."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers import absent

ROOT = Path(__file__).parents[3]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "interop" in item.path.parts:
            item.add_marker(pytest.mark.interop)


@pytest.fixture
def peer() -> Callable[[str], str]:
    """Return the path of a program, or report it as not run."""

    def find(program: str) -> str:
        path = shutil.which(program)
        if path is None:
            absent(f"{program} is missing")
        return str(path)

    return find


@pytest.fixture(scope="session")
def impacket_python() -> str:
    """A Python that has impacket: ours, or the one that IMPACKET_PYTHON names."""
    for python in (os.environ.get("IMPACKET_PYTHON"), str(ROOT / ".venv-peers/bin/python")):
        if (
            python
            and not subprocess.run(
                [python, "-c", "import impacket"], capture_output=True, check=False
            ).returncode
        ):
            return python
    absent("impacket is missing")
