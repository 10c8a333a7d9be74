"""The progress of documents on the screen: a steady line each on a terminal, a line a change elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console, RenderableType
from rich.console import Group as RenderGroup
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pagebell.cli.console import is_live
from pagebell.cli.questions import Prompt

REFRESH: Final = 8
"""Drawings a second: as many as eyes follow without unrest."""
NAME_WIDTH: Final = 30
_ASKED: Final = "It waits for your answer."
"""What a document's line says whose question stands below."""
_FOR_PROMPT: Final = 8
"""Rows that a question takes."""


class Tone(Enum):
    """How a line is meant; each has a mark, for colours are not seen by all."""

    GOING = ("·", ".", "")
    TROUBLE = ("!", "!", "yellow")
    DONE = ("✓", "+", "green")
    LEFT = ("→", ">", "")
    UNKNOWN = ("?", "?", "yellow")
    FAILED = ("✗", "x", "red")

    def mark(self, ascii_only: bool) -> str:
        """The sign before the name."""
        return self.value[1 if ascii_only else 0]

    @property
    def style(self) -> str:
        """The colour of mark and text."""
        return self.value[2]

    @property
    def is_end(self) -> bool:
        """Nothing more will be told."""
        return self not in (Tone.GOING, Tone.TROUBLE)


@dataclass(frozen=True, slots=True)
class Line:
    """How one document stands."""

    name: str
    text: str
    tone: Tone = Tone.GOING
    fraction: float = 0.0
    """How far it is, of sending or of printing."""
    passing: bool = False
    """Worth drawing over, but not a line of its own."""


class Display(Protocol):
    """Shows lines by their number, and notes between them."""

    def show(self, number: int, line: Line) -> None:
        """A document stands so now."""

    def note(self, text: str) -> None:
        """Something to tell besides."""

    def prompt(self, prompt: Prompt | None) -> None:
        """What is asked at the keyboard now; None for nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def display(terminal: Console) -> Display:
    """The right display for where the output goes."""
    return LiveDisplay(terminal) if is_live(terminal) else PlainDisplay()


class PlainDisplay:
    """A line for each change, for pipes and files; what failed goes to standard error."""

    def __init__(self) -> None:
        self._told: dict[int, str] = {}
        self._prompt: Prompt | None = None

    def show(self, number: int, line: Line) -> None:
        """Write a line unless it says what was said before."""
        if line.passing or self._told.get(number) == line.text:
            return
        self._told[number] = line.text
        out = sys.stderr if line.tone is Tone.FAILED else sys.stdout
        print(f"{line.name}: {line.text}", file=out, flush=True)

    def note(self, text: str) -> None:
        """Write a line."""
        print(text, flush=True)

    def prompt(self, prompt: Prompt | None) -> None:
        """Write the question once, and what is typed as it is typed."""
        old, self._prompt = self._prompt, prompt
        if prompt is None:
            if old is not None:
                print(flush=True)
        elif old is None or replace(prompt, typed="") != replace(old, typed=""):
            asked = prompt.remark or f"{prompt.title}\n{prompt.text}"
            print(f"\n{asked}\n{prompt.label}{prompt.typed}", end="", flush=True)
        else:
            gone = max(len(old.typed) - len(prompt.typed), 0)
            print("\b \b" * gone + prompt.typed[len(old.typed) :], end="", flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left to do."""


@dataclass(slots=True)
class _Row:
    line: Line
    since: float
    until: float | None = None


@dataclass(slots=True)
class LiveDisplay:
    """Lines that are drawn over in place, and stay when all is told."""

    terminal: Console
    clock: Callable[[], float] = time.monotonic
    _rows: dict[int, _Row] = field(default_factory=dict)
    _live: Live | None = None
    _echo: Callable[[], None] | None = None
    _prompt: Prompt | None = None

    def show(self, number: int, line: Line) -> None:
        """Change a line; it is drawn at the next refresh."""
        now = self.clock()
        row = self._rows.setdefault(number, _Row(line, now))
        row.line = line
        row.until = now if line.tone.is_end else None

    def note(self, text: str) -> None:
        """Write a line above the others."""
        self.terminal.print(text)

    def prompt(self, prompt: Prompt | None) -> None:
        """What is asked stands below the lines, which go on."""
        self._prompt = prompt
        if self._live is not None:
            self._live.refresh()

    def _draw(self) -> None:
        self._live = Live(
            get_renderable=self.render, console=self.terminal, refresh_per_second=REFRESH, transient=False
        )
        self._live.start(refresh=False)

    def __enter__(self) -> Self:
        self._echo = silence_keys()
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        if self._echo is not None:
            self._echo()

    def render(self) -> RenderableType:
        """All lines, and below them what is asked."""
        prompt = self._prompt
        if prompt is None:
            return self._lines(list(self._rows.values()))
        asked = [Text(prompt.title, style="bold"), Text(prompt.text)]
        if prompt.remark:
            asked.append(Text(prompt.remark, style=Tone.TROUBLE.style))
        asked.append(Text.assemble((prompt.label, "bold"), prompt.typed, ("_", "blink")))
        rows = list(self._rows.values())
        if len(rows) > self.terminal.height - _FOR_PROMPT:  # the question must be seen
            rows = [row for row in rows if not row.line.tone.is_end][
                : max(self.terminal.height - _FOR_PROMPT, 1)
            ]
        above: list[RenderableType] = [self._lines(rows), Text()] if rows else []
        return RenderGroup(*above, *asked)

    def _lines(self, rows: list[_Row]) -> Table:
        """Mark, name, bar, words, time of each."""
        width = self.terminal.width
        plain = not (self.terminal.encoding or "").lower().startswith("utf")
        names = max((len(row.line.name) for row in self._rows.values()), default=0)
        bar = 20 if width >= 76 else 10 if width >= 56 else 0
        grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
        grid.add_column(
            width=min(names + 2, NAME_WIDTH, max(width // 4, 8)), no_wrap=True, overflow="ellipsis"
        )
        if bar:
            grid.add_column(width=bar, no_wrap=True)
        grid.add_column(ratio=1, overflow="fold")
        grid.add_column(width=7, justify="right", no_wrap=True, style="dim")
        for row in rows:
            line = row.line
            style = line.tone.style
            name = Text.assemble((line.tone.mark(plain), style), " ", line.name)
            asked = self._prompt is not None and line.text == self._prompt.text
            text = Text(_ASKED if asked else line.text, style=style)
            cells = [name, *([_bar(line, bar, plain)] if bar else []), text]
            grid.add_row(*cells, elapsed((row.until or self.clock()) - row.since))
        return grid


def silence_keys() -> Callable[[], None] | None:
    """Stop the terminal from writing pressed keys, ^C above all, into lines that are drawn over.

    Returns what brings the old setting back; None where there is no such setting.
    """
    try:
        import termios  # noqa: PLC0415 - not everywhere

        keyboard = sys.stdin.fileno()
        old = termios.tcgetattr(keyboard)
        quiet = [*old[:3], old[3] & ~termios.ECHO, *old[4:]]
        termios.tcsetattr(keyboard, termios.TCSANOW, quiet)
    except (ImportError, OSError, ValueError, termios.error):
        return None
    return lambda: termios.tcsetattr(keyboard, termios.TCSANOW, old)


def _bar(line: Line, width: int, ascii_only: bool) -> Text:
    """How far, told by shape and not by colour alone."""
    full, empty = ("#", "-") if ascii_only else ("━", "─")
    done = round(width * min(max(line.fraction, 0.0), 1.0))
    return Text.assemble((full * done, line.tone.style), (empty * (width - done), "dim"))


def elapsed(seconds: float) -> str:
    """Minutes and seconds, with hours where there are some."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
