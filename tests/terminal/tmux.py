"""A real terminal for tests, played by tmux: type into it, and see what a person would see."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import peers
from tests.server import wait_for


@dataclass(frozen=True)
class Terminal:
    """One terminal with a shell in it."""

    program: str
    socket: Path

    def type(self, text: str) -> None:
        """Type a text and press Enter."""
        self._tmux("send-keys", "-t", "t", "-l", text)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: Enter, C-c, Up, ..."""
        self._tmux("send-keys", "-t", "t", *keys)

    def screen(self, *, colours: bool = False) -> str:
        """What is on the screen now, its lines without blanks at their ends; with escape sequences if wished."""
        shown = self._tmux("capture-pane", "-p", "-t", "t", *(["-e"] if colours else []))
        return "\n".join(line.rstrip() for line in shown.splitlines()).rstrip()

    def lines_with(self, text: str) -> list[str]:
        """The lines of the screen that have a text in them."""
        return [line for line in self.screen().splitlines() if text in line]

    def wait_for(self, text: str) -> str:
        """Wait until a text shows up; returns the screen."""
        try:
            wait_for(lambda: text in self.screen(), repr(text))
        except AssertionError:
            pytest.fail(f"{text!r} does not show up; the screen is:\n{self.screen()}")
        return self.screen()

    def resize(self, width: int, height: int) -> None:
        """Make the window larger or smaller."""
        self._tmux("resize-window", "-t", "t", "-x", str(width), "-y", str(height))

    def _tmux(self, *arguments: str) -> str:
        given = [self.program, "-S", str(self.socket), *arguments]
        done = subprocess.run(given, capture_output=True, text=True, check=False, timeout=peers.DEADLINE)
        if done.returncode:
            pytest.fail(f"{shlex.join(given)}: {done.stderr}")
        return done.stdout


@contextmanager
def terminal(
    folder: Path, width: int = 100, height: int = 24, environment: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """A terminal whose shell has a short prompt, our commands first in its PATH, and nothing else of ours."""
    program = peers.find("tmux")
    commands = Path(sys.executable).parent
    plain = {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PS1": "ready> ",
        "LC_ALL": "C.UTF-8",
        **(environment or {}),
    }
    shell = shlex.join(["env", "-i", "TERM=screen-256color", *(f"{k}={v}" for k, v in plain.items()), "sh"])
    made = Terminal(program, folder / "tmux")
    size = ("-x", str(width), "-y", str(height))
    made._tmux("-u", "-f", os.devnull, "new-session", "-d", *size, "-s", "t", "-c", str(folder), shell)
    try:
        made.wait_for("ready>")
        yield made
    finally:
        made._tmux("kill-server")  # of our own socket: no other tmux
