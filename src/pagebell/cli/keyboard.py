"""The keyboard while something else is on the screen: one line at a time, key by key, without a thread."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_ENTER = "\r\n"
_DELETE = "\x7f\b"
_CLEAR, _END = "\x15", "\x04"
_MOST = 1000
"""Characters of a line."""


@dataclass(slots=True)
class Typed:
    """A line as it is typed: Backspace takes a sign back, Ctrl-U all of them."""

    text: str = ""
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )
    _escape: str = ""

    def feed(self, octets: bytes) -> bool:
        """Take what was pressed; tells whether Enter was. Raises EOFError for Ctrl-D on an empty line."""
        for sign in self._decoder.decode(octets):
            if sign in _ENTER:
                return True
            if self._escape or sign == "\x1b":
                self._escape = _escaped(self._escape, sign)
            elif sign in _DELETE:
                self.text = self.text[:-1]
            elif sign == _CLEAR:
                self.text = ""
            elif sign == _END and not self.text:
                raise EOFError
            elif sign.isprintable() and len(self.text) < _MOST:
                self.text += sign
        return False


def _escaped(before: str, sign: str) -> str:
    """What is open of the sequence that an arrow or another key sends; empty at its end."""
    if not before:
        return sign
    if before == "\x1b":
        return before + sign if sign in "[O" else ""
    return "" if "@" <= sign <= "~" else before + sign


def is_at_keyboard() -> bool:
    """Whether somebody can answer here."""
    return sys.stdin.isatty() and sys.stdout.isatty()


async def typed_line(seen: Callable[[str], None]) -> str:
    """One line, typed from now on; ``seen`` is called with what there is of it. Raises EOFError."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str] = loop.create_future()
    typed = Typed()
    with _key_by_key() as descriptor:

        def ready() -> None:
            octets = os.read(descriptor, 4096)
            try:
                if not octets:
                    raise EOFError
                if typed.feed(octets):
                    done.set_result(typed.text)
                else:
                    seen(typed.text)
                    return
            except EOFError as error:
                done.set_exception(error)
            loop.remove_reader(descriptor)

        loop.add_reader(descriptor, ready)
        try:
            return await done
        finally:
            loop.remove_reader(descriptor)


@contextmanager
def _key_by_key() -> Iterator[int]:
    """A descriptor that gives keys as they are pressed, unseen; those pressed before were meant for something else."""
    import termios  # noqa: PLC0415 - not everywhere

    descriptor = os.dup(sys.stdin.fileno())
    try:
        old = termios.tcgetattr(descriptor)
        quiet = [*old[:3], old[3] & ~(termios.ECHO | termios.ICANON), *old[4:]]
        quiet[6] = [*old[6]]
        quiet[6][termios.VMIN], quiet[6][termios.VTIME] = 1, 0
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, quiet)
        try:
            yield descriptor
        finally:
            with suppress(termios.error):
                termios.tcsetattr(descriptor, termios.TCSADRAIN, old)
    finally:
        os.close(descriptor)
