"""The progress lines: steady on a terminal of any width, told by shape as well as by colour."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pagebell.cli.progress import Line, LiveDisplay, PlainDisplay, Tone, elapsed


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(screen: LiveDisplay, width: int) -> list[str]:
    console = screen.terminal
    with console.capture() as captured:
        console.print(screen.render())
    lines = captured.get().splitlines()
    assert all(len(line) <= width for line in lines)
    return [" ".join(line.split()) for line in lines]


def screen_of(width: int, encoding: str = "utf-8") -> LiveDisplay:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    return LiveDisplay(Console(width=width, file=file, color_system=None), Clock())


def test_line_has_mark_name_bar_words_and_time() -> None:
    screen = screen_of(80)
    screen.show(0, Line("a.pdf", "Printing: 1 of 4 pages.", fraction=0.25))
    screen.clock.now = 61  # type: ignore[attr-defined]
    assert shown(screen, 80) == ["· a.pdf ━━━━━─────────────── Printing: 1 of 4 pages. 1:01"]


def test_time_stands_still_at_the_end() -> None:
    screen = screen_of(80)
    screen.show(0, Line("a.pdf", "Printing."))
    screen.clock.now = 5  # type: ignore[attr-defined]
    screen.show(0, Line("a.pdf", "Printed.", Tone.DONE, 1.0))
    screen.clock.now = 50  # type: ignore[attr-defined]
    assert shown(screen, 80) == ["✓ a.pdf ━━━━━━━━━━━━━━━━━━━━ Printed. 0:05"]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_long_names_and_words_fit_any_width(width: int) -> None:
    screen = screen_of(width)
    screen.show(0, Line("n" * 100, "word " * 30, Tone.TROUBLE, 0.5))
    text = " ".join(shown(screen, width))
    assert text.count("word") == 30 or width == 20  # words are wrapped, never cut


def test_terminal_without_unicode_gets_plain_signs() -> None:
    screen = screen_of(80, "ascii")
    screen.show(0, Line("a.pdf", "Not printed.", Tone.FAILED, 0.5))
    assert shown(screen, 80) == ["x a.pdf ##########---------- Not printed. 0:00"]


def test_plain_display_tells_each_change_once(capsys: pytest.CaptureFixture[str]) -> None:
    screen = PlainDisplay()
    for line in (
        Line("a", "Sending: 1 of 2 MB.", passing=True),
        Line("a", "Printing."),
        Line("a", "Printing.", fraction=0.5),
        Line("a", "Printed.", Tone.DONE),
    ):
        screen.show(0, line)
    screen.show(1, Line("b", "Not printed.", Tone.FAILED))
    out = capsys.readouterr()
    assert out.out == "a: Printing.\na: Printed.\n"
    assert out.err == "b: Not printed.\n"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (60, "1:00"), (3661, "1:01:01")])
def test_elapsed(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text
