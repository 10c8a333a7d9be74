"""What the arguments of commands have to be."""

from __future__ import annotations

from pagebell.cli.text import readable


def demand_text(_: object, value: object) -> None:
    """Raise UsageError for an argument, or one of several, that can't travel as text; a file's name need not.

    It is every parameter's validator, but has to be named again in the classes that have several.
    """
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str) and (told := readable(text)) != text:
            from pagebell.cli.failures import UsageError  # noqa: PLC0415 - help has no need of it

            raise UsageError(f"{told} is no text in UTF-8.")
