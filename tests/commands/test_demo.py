"""`make demo`: the whole way of a document, from the command to the last sheet."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.server import PAGEBELL


def test_demo_prints_a_document_and_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [PAGEBELL, "demo", "--pages", "2"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Printed: 2 pages." in done.stdout
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_demo_without_pages_is_refused_in_a_sentence() -> None:
    done = subprocess.run(
        [PAGEBELL, "demo", "--pages", "0"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "pagebell: The document can have from 1 to 1000 pages.\n"
