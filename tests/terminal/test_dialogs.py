"""A printer asks, somebody answers at the keyboard or elsewhere, and the job goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pagebell.testing.samples import pdf
from tests.server import PAGEBELL, ServerProcess
from tests.terminal.tmux import Terminal

pytestmark = pytest.mark.interop
SOURCES = """
[sources.manual-duplex]
printers = ["office"]
[sources.pin-release]
printers = ["lobby"]
pins = { root = "4711" }
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    devices = dict.fromkeys(("office", "lobby"), "simulated://?ppm=6000&duplex=no")
    with ServerProcess(tmp_path_factory.mktemp("server"), devices, settings=SOURCES) as running:
        yield running


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    (tmp_path / "letter.pdf").write_bytes(pdf(4))
    return tmp_path / "letter.pdf"


def test_second_sides_are_printed_when_the_pages_are_back(
    screen: Terminal, server: ServerProcess, letter: Path
) -> None:
    sides = "-o sides=two-sided-long-edge"
    screen.type(f"clear; pagebell print {letter} --to {server.uri('office')} {sides}; echo status $?")
    shown = screen.wait_for("[o]k / [c]ancel:")
    assert "Second sides" in shown
    assert "put them back into the tray" in " ".join(shown.split())
    screen.press("Enter")
    screen.wait_for("status 0")
    assert screen.lines_with("Printed: 4 pages."), screen.screen()


def test_job_waits_for_the_pin_that_does_not_show(
    screen: Terminal, server: ServerProcess, letter: Path
) -> None:
    screen.type(f"clear; pagebell print {letter} --to {server.uri('lobby')}; echo status $?")
    screen.wait_for("PIN (nothing to cancel):")
    screen.type("4711")
    screen.wait_for("status 0")
    assert "4711" not in screen.screen()
    assert screen.lines_with("Printed: 4 pages."), screen.screen()


def test_question_that_is_answered_elsewhere_goes_from_the_screen(
    screen: Terminal, server: ServerProcess, letter: Path
) -> None:
    sides = "-o sides=two-sided-long-edge"
    screen.type(f"clear; pagebell print {letter} --to {server.uri('office')} {sides}; echo status $?")
    screen.wait_for("[o]k / [c]ancel:")
    root = ("--server", f"ipp://{server.authority}/")
    done = subprocess.run(
        [PAGEBELL, "dialogs", "list", *root], capture_output=True, text=True, timeout=60, check=True
    )
    assert "put them back" in done.stdout
    done = subprocess.run(
        [PAGEBELL, "dialogs", "answer", *root], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "Answered: ok.\n"
    screen.wait_for("status 0")
    assert screen.lines_with("Printed: 4 pages."), screen.screen()
