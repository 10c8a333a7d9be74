"""The examples in the documentation: found by their fences, and run as a reader would run them.

The word after a fence's language says what becomes of it:

    ```sh run            runs in a shell; it must end with status 0
    ```sh serve          starts a server, which the page's later examples use, and which is stopped at its end
    ```text output       what the example before must have said; a line `...` stands for any lines, `…` for any text
    ```python run        runs as a script
    ```python test       runs under pytest, with Pagebell's fixtures, when the page's others have
    ```toml config       is a configuration that the server takes
    ```LANGUAGE file NAME    is written to this file for what follows
    ```LANGUAGE not-run: why

A page's examples run in order, in one folder. The ports of 127.0.0.1 become free ones, printer.example a virtual
printer, and a page without `serve` gets a server at its first start. Where a page uses lpadmin -m, a CUPS server
of its own is at hand.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest

from pagebell.config import check
from pagebell.testing import PrintServer, pdf
from tests import peers
from tests.server import PAGEBELL, wait_for

ROOT: Final = Path(__file__).parents[2]
TOLD: Final = "127.0.0.1:8631"
TOLD_WINDOWS: Final = "127.0.0.1:8632"
STAND_IN: Final = "printer.example"
PATIENCE: Final = 100.0
MARKED: Final = frozenset({"sh", "python", "toml", "ini"})
"""Languages in which a fence must say what becomes of it."""
PEERS: Final = ("lp", "lpstat", "cancel", "lpadmin", "lpoptions", "openssl", "curl", "systemd-analyze")
_FENCE: Final = re.compile(r"^```([a-z]+)[ \t]*([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """One fenced example."""

    page: Path
    line: int
    language: str
    mark: str
    argument: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """All pages that may have examples."""
    found = [path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts]
    return [ROOT / "README.md", *sorted(found)]


def examples(page: Path) -> list[Example]:
    """A page's examples, in order."""
    text = page.read_text()
    found = []
    for fence in _FENCE.finditer(text):
        mark, _, argument = fence[2].strip().partition(" ")
        line = text.count("\n", 0, fence.start()) + 1
        found.append(Example(page, line, fence[1], mark.rstrip(":"), argument, fence[3]))
    return found


@dataclass
class Session:
    """A reader who does what a page says, in a folder of their own."""

    folder: Path
    examples: list[Example]
    said: str = ""
    """What the last example said."""
    _stack: ExitStack = field(default_factory=ExitStack)
    _words: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        text = "".join(one.text for one in self.examples if one.mark in ("run", "serve", "test"))
        for program in PEERS:
            if re.search(rf"(^|[|&;(] *|sudo ){program} ", text, re.MULTILINE):
                peers.find(program)
        self._authority = f"127.0.0.1:{peers.free_port()}"
        self._words[TOLD] = self._authority
        self._words[TOLD_WINDOWS] = f"127.0.0.1:{peers.free_port()}"
        for name in ("letter.pdf", "report.pdf"):
            (self.folder / name).write_bytes(pdf(3))
        (self.folder / "photo.jpg").write_bytes(_JPEG)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "HOME": str(self.folder / "home"),
            "XDG_STATE_HOME": str(self.folder / "home" / "state"),
            "PATH": f"{PAGEBELL.parent}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "PAGEBELL_SERVER": f"ipp://{self._authority}/",
            "PYTHONUNBUFFERED": "1",
            "LC_ALL": "C.UTF-8",
        }
        (self.folder / "home").mkdir()
        try:
            if STAND_IN in text:
                server = self._stack.enter_context(PrintServer("simulated://?ppm=6000&warmup=0"))
                self._words[f"{STAND_IN}:9100"] = f"127.0.0.1:{peers.free_port()}"  # nobody listens there
                self._words[STAND_IN] = server.uri.split("/")[2]
            if "lpadmin " in text:
                uri = self._stack.enter_context(peers.cupsd(self.folder / "cups"))
                self._environment["CUPS_SERVER"] = uri.removeprefix("ipp://").rstrip("/")
            if text and not any(one.mark == "serve" for one in self.examples):
                self._serve(self._commands("pagebell serve"))
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def go_through(self) -> None:
        """Run all examples. Raises AssertionError that names the one that went wrong."""
        for example in self.examples:
            act = _ACTS.get(example.mark)
            if act is not None:
                act(self, example)
        if tests := sorted(self.folder.glob("test_line_*.py")):
            options = ("-q", "-p", "no:cacheprovider", "-c", os.devnull, "-o", "asyncio_mode=auto")
            self._run(f"tests of {tests[0]}", sys.executable, "-m", "pytest", *options, *tests)

    def _commands(self, text: str) -> str:
        """Shell commands in which servers take free ports."""
        if "--ipp" not in text:
            text = text.replace("pagebell serve", f"pagebell serve --ipp {TOLD}")
        if "--rpc" not in text:
            mapper = f"127.0.0.1:{peers.free_port()}"
            text = text.replace("pagebell serve", f"pagebell serve --rpc {TOLD_WINDOWS} --epm {mapper}")
        return self._filled(text)

    def _filled(self, text: str) -> str:
        for word, value in self._words.items():
            text = text.replace(word, value)
        return text

    def _run(self, what: object, *command: str | Path) -> None:
        log = self.folder / "said.log"
        with log.open("wb") as output:  # a file: what runs on in the background would hold a pipe open
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._stack.callback(peers.end, process)
        try:
            status = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{what} does not end:\n{log.read_text(errors='replace')}") from None
        self.said = log.read_text(errors="replace")
        log.unlink()
        assert status == 0, f"{what} ended with {status}:\n{self.said}"

    def run(self, example: Example) -> None:
        if example.language == "python":
            self._run(example, sys.executable, "-c", self._filled(example.text))
        else:
            self._run(example, "bash", "-euo", "pipefail", "-c", self._commands(example.text))

    def test(self, example: Example) -> None:
        path = self.folder / f"test_line_{example.line}.py"
        path.write_text(self._filled(example.text))

    def file(self, example: Example) -> None:
        (self.folder / example.argument).write_text(self._filled(example.text))

    def config(self, example: Example) -> None:
        check(tomllib.loads(example.text), str(example))

    def serve(self, example: Example) -> None:
        self._serve(self._commands(example.text))

    def output(self, example: Example) -> None:
        wanted, said = self._filled(example.text), self.said
        assert _pattern(wanted).search(_squeezed(said)), f"{example} wants\n{wanted}\nbut it said\n{said}"

    def _serve(self, text: str) -> None:
        log = self.folder / f"server-{len(list(self.folder.glob('server-*')))}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-euc", text],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._stack.callback(peers.end, process)

        def ready() -> bool:
            assert process.poll() is None, log.read_text()
            return "\nReady.\n" in log.read_text()

        wait_for(ready, f"the server of {text!r}")
        self.said = log.read_text()


_ACTS: Final[dict[str, Callable[[Session, Example], None]]] = {
    "config": Session.config,
    "file": Session.file,
    "output": Session.output,
    "run": Session.run,
    "serve": Session.serve,
    "test": Session.test,
}
MARKS: Final = frozenset({*_ACTS, "not-run"})


def _squeezed(text: str) -> str:
    """Without blanks that only align columns."""
    return "".join(" ".join(line.split()) + "\n" for line in text.splitlines())


def _pattern(wanted: str) -> re.Pattern[str]:
    parts = []
    for line in _squeezed(wanted).splitlines():
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*?".join(re.escape(part.strip()) for part in line.split("…")) + r"\n")
    return re.compile("^" + "".join(parts), re.MULTILINE)


def systemd_complaints(folder: Path, unit: str) -> str:
    """What systemd has against a unit file, the path of the program set aside."""
    program = shutil.which("true") or "/bin/true"
    path = folder / "pagebell.service"
    path.write_text(re.sub(r"(?<=^ExecStart=)\S+", program, unit, flags=re.MULTILINE))
    done = subprocess.run(
        [peers.find("systemd-analyze"), "verify", "--man=no", path],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "pagebell.service" not in done.stderr:
        pytest.skip(f"not run: systemd-analyze does not work here: {done.stderr.strip()[:200]}")
    return "\n".join(line for line in done.stderr.splitlines() if "pagebell.service" in line)


_JPEG: Final = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300" + "01" * 64 + "ffc0000b080001000101011100"
    "ffc40014000100000000000000000000000000000009ffc40014100100000000000000000000000000000000"
    "ffda0008010100003f0037ffd9"
)
"""One grey point."""
