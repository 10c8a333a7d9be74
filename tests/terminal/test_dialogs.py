"""A printer asks, somebody answers at the keyboard or elsewhere, and the job goes on."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pagebell.testing.samples import pdf
from tests.server import PAGEBELL, ServerProcess, wait_for
from tests.terminal.tmux import Terminal, terminal

pytestmark = pytest.mark.interop
SOURCES = """
[rpc]
epm = "off"
[sources.manual-duplex]
printers = ["office"]
[sources.pin-release]
printers = ["lobby"]
pins = { root = "4711", ada = "4711" }
[sources.supply-alert]
"""
SIDES = "-o sides=two-sided-long-edge"
PASSWORD = "Secret123"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    devices = dict.fromkeys(("office", "lobby"), "simulated://?ppm=6000&duplex=no")
    folder = tmp_path_factory.mktemp("server")
    running = ServerProcess(folder, devices, settings=SOURCES, rpc="127.0.0.1:0")
    command("users", "add", "ada", "--password-env", "PW", "--state", str(running.state))
    with running:
        yield running


@pytest.fixture
def screen() -> Iterator[Terminal]:
    """A terminal where ada has logged in."""
    variables = {"PAGEBELL_PASSWORD": PASSWORD, "LOGNAME": "ada"}
    with (
        tempfile.TemporaryDirectory(prefix="pb") as folder,
        terminal(Path(folder), environment=variables) as made,
    ):
        yield made


def command(*arguments: str) -> str:
    """A command at another terminal."""
    run = subprocess.run(
        [PAGEBELL, *arguments],
        env={**os.environ, "PW": PASSWORD, "LOGNAME": "ada", "PAGEBELL_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return run.stdout


@pytest.fixture(autouse=True)
def _nothing_waits(server: ServerProcess) -> None:
    """By [MS-PAN] one hears of all jobs of one's own at a printer."""
    command("cancel", "--all", "--server", f"ipp://{server.authority}/")


def windows(server: ServerProcess) -> str:
    """HOST:PORT for Windows clients."""
    found = re.search(r"Windows clients: (\S+)", server.output)
    assert found is not None, server.output
    return found[1]


def uri(server: ServerProcess, way: str, printer: str) -> str:
    return server.uri(printer) if way == "ipp" else f"{way}://{windows(server)}/{printer}"


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    (tmp_path / "letter.pdf").write_bytes(pdf(4))
    return tmp_path / "letter.pdf"


@pytest.mark.parametrize("way", ["ipp", "par"])
def test_second_sides_are_printed_when_the_pages_are_back(
    screen: Terminal, server: ServerProcess, letter: Path, way: str
) -> None:
    screen.type(f"clear; pagebell print {letter} --to {uri(server, way, 'office')} {SIDES}; echo status $?")
    shown = screen.wait_for("[o]k / [c]ancel:")
    assert "Second sides" in shown
    assert "put them back into the tray" in " ".join(shown.split())
    assert screen.lines_with("· letter.pdf") or screen.lines_with("! letter.pdf"), "the progress goes on"
    screen.type("x")
    screen.wait_for("'x' is none of the answers.")
    screen.type("o")
    screen.wait_for("status 0")
    assert screen.lines_with("Second sides: ok.")
    assert screen.lines_with("Printed: 4 pages."), screen.screen()
    assert not screen.lines_with("[o]k"), "the question is gone"


def test_job_waits_for_the_pin_that_does_not_show(
    screen: Terminal, server: ServerProcess, letter: Path
) -> None:
    screen.type(f"clear; pagebell print {letter} --to {uri(server, 'par', 'lobby')}; echo status $?")
    screen.wait_for("PIN (nothing to cancel):")
    screen.type("0815")
    screen.wait_for("That was not the PIN.")
    screen.type("4711")
    screen.wait_for("status 0")
    assert "4711" not in screen.screen() and "0815" not in screen.screen()
    assert screen.lines_with("Printed: 4 pages."), screen.screen()


def test_question_that_is_answered_elsewhere_goes_from_the_screen(
    screen: Terminal, server: ServerProcess, letter: Path
) -> None:
    screen.type(f"clear; pagebell print {letter} --to {uri(server, 'par', 'office')} {SIDES}; echo status $?")
    screen.wait_for("[o]k / [c]ancel:")
    where = ("--server", f"ipp://{server.authority}/")
    assert "put them back" in command("dialogs", "list", *where)
    assert command("dialogs", "answer", *where) == "Answered: ok.\n"
    screen.wait_for("status 0")
    assert screen.lines_with("Second sides: answered elsewhere"), screen.screen()
    assert screen.lines_with("Printed: 4 pages."), screen.screen()


def test_two_jobs_ask_one_after_the_other_on_a_narrow_screen(
    screen: Terminal, server: ServerProcess, letter: Path
) -> None:
    screen.resize(44, 20)
    to = uri(server, "par", "office")
    screen.type(f"clear; NO_COLOR=1 pagebell print {letter} {letter} --to {to} {SIDES}; echo status $?")
    screen.wait_for("[o]k / [c]ancel:")
    assert len(screen.lines_with("[o]k")) == 1
    screen.press("Enter")
    screen.wait_for("Second sides: ok.")
    screen.wait_for("[o]k / [c]ancel:")
    screen.type("c")
    screen.wait_for("status 1")
    assert len(screen.lines_with("Printed: 4 pages.")) == 1
    assert screen.lines_with("Second sides: cancel.")
    assert "Cancelled after 2" in screen.screen()


def test_balloon_comes_while_the_progress_is_shown(screen: Terminal, tmp_path: Path) -> None:
    letter = tmp_path / "letter.pdf"
    letter.write_bytes(pdf(4))
    devices = {"office": "simulated://?ppm=6000&media=2"}
    running = ServerProcess(tmp_path / "server", devices, settings=SOURCES, rpc="127.0.0.1:0")
    command("users", "add", "ada", "--password-env", "PW", "--state", str(running.state))
    with running:
        screen.type(f"clear; pagebell print {letter} --to {uri(running, 'par', 'office')}; echo status $?")
        screen.wait_for("Printer office: It is out of paper.")
        command("printers", "command", "office", "refill", "--server", f"ipp://{running.authority}/")
        screen.wait_for("status 0")
        assert screen.lines_with("Printed: 4 pages."), screen.screen()


def test_ctrl_c_says_that_an_answer_is_awaited(screen: Terminal, server: ServerProcess, letter: Path) -> None:
    to = uri(server, "par", "office")
    screen.type(f"clear; pagebell print {letter} --to {to} --user ada {SIDES}; echo status $?")
    screen.wait_for("[o]k / [c]ancel:")
    screen.press("C-c")
    shown = " ".join(screen.wait_for("status 130").split())
    assert "waits for an answer ('pagebell dialogs answer --server" in shown
    screen.type("echo seen again")
    screen.wait_for("ready> echo seen again")
    assert command("dialogs", "answer", "--server", to, "--user", "ada") == "Answered: ok.\n"


def test_without_a_terminal_it_says_how_to_answer(
    screen: Terminal, server: ServerProcess, letter: Path
) -> None:
    to = uri(server, "par", "office")
    screen.resize(300, 24)
    screen.type(f"clear; pagebell print {letter} --to {to} {SIDES} < /dev/null | cat; echo status $?")
    shown = " ".join(screen.wait_for("Answer with: pagebell dialogs answer").split())
    assert "put them back into the tray" in shown
    command("dialogs", "answer", "--server", to)
    screen.wait_for("Printed: 4 pages.")


@pytest.mark.parametrize("way", ["ipp", "par"])
def test_whoever_watches_is_asked_too(
    screen: Terminal, server: ServerProcess, letter: Path, way: str
) -> None:
    to = uri(server, way, "office")
    command("print", str(letter), "--no-wait", "--to", to, "-o", "sides=two-sided-long-edge")
    screen.type(f"clear; pagebell watch {to}; echo status $?")
    screen.wait_for("[o]k / [c]ancel:")
    screen.press("Enter")
    screen.wait_for("Second sides: ok.")
    screen.wait_for("Printed: 4 pages.")
    screen.press("C-c")
    screen.wait_for("status 130")


def test_programs_that_watch_get_a_record_and_no_prompt(
    screen: Terminal, server: ServerProcess, letter: Path
) -> None:
    to = uri(server, "par", "office")
    where = f"ipp://{server.authority}/"
    command("print", str(letter), "--no-wait", "--to", to, "-o", "sides=two-sided-long-edge")
    wait_for(lambda: "put them" in command("dialogs", "list", "--server", where), "the question")
    screen.type(f"clear; pagebell watch {to} --json | grep --line-buffered dialog-opened")
    shown = screen.wait_for("pagebell-dialog-opened")
    assert "[o]k" not in shown
    screen.press("C-c")
    command("dialogs", "answer", "--server", where)
