"""Peers for the tests of this folder, each started once for all tests of a module."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import peers


@pytest.fixture(scope="module")
def discovery() -> Iterator[dict[str, str]]:
    """The environment in which printers can announce themselves."""
    with (
        tempfile.TemporaryDirectory(prefix="pb") as folder,  # a socket's path must be short
        peers.service_discovery(Path(folder)) as environment,
    ):
        yield environment


@pytest.fixture(scope="module")
def printer(tmp_path_factory: pytest.TempPathFactory, discovery: dict[str, str]) -> Iterator[str]:
    """An ippeveprinter that prints at once and on both sides."""
    with peers.ippeveprinter(tmp_path_factory.mktemp("printer"), discovery, "-2") as uri:
        yield uri


REPORTING = """#!/bin/sh
# As long as the file "gate" is missing, the printer is out of paper after its second page.
echo "ATTR: job-impressions=4" >&2
for page in 1 2 3 4; do
  if [ $page = 3 ]; then
    echo "STATE: +media-empty" >&2
    until [ -e {gate} ]; do sleep 0.05; done
    echo "STATE: -media-empty" >&2
  fi
  echo "ATTR: job-impressions-completed=$page" >&2
done
"""


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """When this file is made, the reporting printer has paper again."""
    return tmp_path / "gate"


@pytest.fixture
def reporting_printer(tmp_path: Path, discovery: dict[str, str], gate: Path) -> Iterator[str]:
    """An ippeveprinter that counts pages and runs out of paper."""
    command = tmp_path / "command.sh"
    command.write_text(REPORTING.format(gate=gate))
    command.chmod(0o755)
    with peers.ippeveprinter(tmp_path, discovery, command=str(command)) as uri:
        yield uri
    gate.touch()


@pytest.fixture(scope="module")
def cups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A CUPS server."""
    with peers.cupsd(tmp_path_factory.mktemp("cups")) as uri:
        yield uri


@pytest.fixture(scope="session")
def _samba_python() -> str | None:
    """The system's Python with Samba's bindings, which no virtual environment has."""
    for python in ("/usr/bin/python3", shutil.which("python3")):
        if python and os.path.exists(python):
            run = subprocess.run([python, "-c", "import samba.dcerpc"], capture_output=True, check=False)
            if run.returncode == 0:
                return python
    return None


@pytest.fixture
def samba_python(_samba_python: str | None) -> str:
    if _samba_python is None:
        peers.absent("python3-samba is missing")
    return str(_samba_python)
