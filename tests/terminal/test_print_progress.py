"""What a person sees while a document prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pagebell.testing import pdf
from tests.terminal.tmux import Terminal

pytestmark = pytest.mark.interop
COLOUR = re.compile(r"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38;)[0-9;]*m")


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    (tmp_path / "letter.pdf").write_bytes(pdf(4))
    return tmp_path / "letter.pdf"


def test_one_steady_line_tells_the_whole_story(
    screen: Terminal, reporting_printer: str, gate: Path, letter: Path
) -> None:
    screen.type(f"clear; pagebell print {letter} --to {reporting_printer}; echo status $?")
    screen.wait_for("Printing: 2 of 4 pages. The printer is out of paper.")
    (line,) = screen.lines_with("letter.pdf")
    assert line.startswith("! letter.pdf  ━━━━━━━━━━──────────")
    gate.touch()
    screen.wait_for("status 0")
    (line,) = screen.lines_with("letter.pdf")
    assert re.fullmatch(r"✓ letter\.pdf  ━{20}  Printed: 4 pages\. +\d:\d\d", line)
    assert COLOUR.search(screen.screen(colours=True))


def test_no_color_is_obeyed(screen: Terminal, reporting_printer: str, gate: Path, letter: Path) -> None:
    gate.touch()
    screen.type(f"clear; NO_COLOR=1 pagebell print {letter} --to {reporting_printer}; echo status $?")
    screen.wait_for("status 0")
    assert not COLOUR.search(screen.screen(colours=True))


def test_ctrl_c_leaves_the_job_printing_and_says_how_to_cancel_it(
    screen: Terminal, reporting_printer: str, letter: Path
) -> None:
    screen.type(f"clear; pagebell print {letter} --to {reporting_printer}; echo status $?")
    screen.wait_for("out of paper")
    screen.press("x", "C-c")
    shown = screen.wait_for("status 130")
    assert "Job 1 goes on printing. Cancel it with: pagebell cancel 1 --server" in shown
    assert "^C" not in shown
    assert len(screen.lines_with("out of paper")) == 1
    screen.type("echo seen again")
    screen.wait_for("ready> echo seen again")  # what is typed shows up again


def test_narrow_terminal_keeps_all_words(
    screen: Terminal, reporting_printer: str, gate: Path, letter: Path
) -> None:
    screen.resize(40, 20)
    screen.type(f"clear; pagebell print {letter} --to {reporting_printer}; echo status $?")
    screen.wait_for("paper")
    gate.touch()
    screen.wait_for("status 0")
    assert "Printed: 4 pages." in " ".join(screen.screen().split())
