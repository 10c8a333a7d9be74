"""What a person sees who watches a printer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pagebell.ipp import SyncClient
from pagebell.testing import PrintServer
from pagebell.testing.samples import pdf
from tests.server import wait_for
from tests.terminal.tmux import Terminal

pytestmark = pytest.mark.interop


def test_job_is_told_in_few_lines_its_pages_in_one_of_them(screen: Terminal, tmp_path: Path) -> None:
    letter = tmp_path / "letter.pdf"
    letter.write_bytes(pdf(5))
    with PrintServer("simulated://?ppm=6000") as server:
        screen.type(f"clear; pagebell watch {server.uri}; echo status $?")
        screen.wait_for("Ctrl-C ends it.")
        wait_for(lambda: server.waiting() == 2, "somebody who waits for events, and for questions")
        with SyncClient(server.uri) as client:
            client.print_file(letter)
        screen.wait_for("Printed: 5 pages.")
        screen.wait_for("Idle.")
        (done,) = screen.lines_with("Printed: 5 pages.")
        assert re.fullmatch(r"\d\d:\d\d:\d\d ✓ virtual  1 letter\.pdf  Printed: 5 pages\.", done)
        assert len(screen.lines_with("of 5 pages")) <= 2
        screen.press("C-c")
        screen.wait_for("status 130")
