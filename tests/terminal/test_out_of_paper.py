"""The whole story on a screen: our command, our server, our virtual printer that runs out of paper."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from pagebell.testing.samples import pdf
from tests.server import PAGEBELL, ServerProcess
from tests.terminal.tmux import Terminal

pytestmark = pytest.mark.interop


def test_paper_runs_out_is_refilled_and_the_rest_prints(screen: Terminal, tmp_path: Path) -> None:
    letter = tmp_path / "letter.pdf"
    letter.write_bytes(pdf(5))
    with ServerProcess(tmp_path / "server", {"office": "simulated://?ppm=3000&media=3"}) as server:
        screen.type(f"clear; pagebell print {letter} --to {server.uri('office')}; echo status $?")
        screen.wait_for("The printer is out of paper. 3 of 5 pages came out.")
        (line,) = screen.lines_with("letter.pdf")
        assert line.startswith("! letter.pdf  ━━━━━━━━━━━━────────")
        root = ["--server", f"ipp://{server.authority}/"]
        refilled = subprocess.run(
            [PAGEBELL, "printers", "command", "office", "refill", *root],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert "Ready. Paper: 3 of 3 sheets." in refilled.stdout
        screen.wait_for("status 0")
    (line,) = screen.lines_with("letter.pdf")
    assert re.fullmatch(r"✓ letter\.pdf  ━{20}  Printed: 5 pages\. +\d:\d\d", line)
