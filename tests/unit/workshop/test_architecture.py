"""The rules of ARCHITECTURE.md are watched: what breaks one is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LINTER = Path(sys.executable).with_name("lint-imports")
PLANTED = [
    ("model/job.py", "import pagebell.spooler.ports", "Dependencies point inwards"),
    ("web/pages.py", "import pagebell.ipp.server.service", "Dependencies point inwards"),
    ("spooler/spooler.py", "import pagebell.stores.sqlite", "Only the composition root"),
    ("ipp/server/http.py", "import pagebell.devices", "Only the composition root"),
    ("ipp/encoder.py", "import pagebell.model.job", "The protocol's words"),
    ("ipp/client.py", "import pagebell.ipp.server.ticket", "Client and server share"),
    ("ipp/decoder.py", "import asyncio", "Decisions and codecs"),
    ("model/lifecycle.py", "import time", "Decisions and codecs"),
    ("stores/files.py", "import starlette", "HTTP stays"),
]


def broken(folder: Path) -> str:
    """The names of the contracts that the package in a folder breaks."""
    done = subprocess.run(
        [LINTER, "--config", ROOT / "pyproject.toml", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.replace(" \n", " ").splitlines()
    assert lines and "Contracts" in done.stdout, done.stdout + done.stderr
    return "\n".join(line for line in lines if " BROKEN" in line)


def test_planted_violations_are_found_each_by_its_rule(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    assert broken(tmp_path) == ""
    for file, line, rule in PLANTED:
        path = tmp_path / "pagebell" / file
        clean = path.read_text()
        path.write_text(f"{clean}\n{line}\n")
        found = broken(tmp_path)
        assert rule in found, (file, line, found)
        path.write_text(clean)
