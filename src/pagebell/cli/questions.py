"""What printers ask people, as a line or two on the screen; and which answer somebody means by what they type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pagebell.ipp.notices import Dialog


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question as it stands on the screen, with what was typed so far."""

    title: str
    text: str
    label: str
    """What stands before what is typed."""
    typed: str = ""
    remark: str = ""
    """What was wrong with what was typed before."""


def shown(choices: Sequence[str]) -> str:
    """The choices, the letter to press before each: `[o]k / [c]ancel`; the first is what Enter means."""
    return " / ".join(f"[{one[:1]}]{one[1:]}" for one in choices)


def chosen(choices: Sequence[str], typed: str) -> str | None:
    """The choice that was meant: by its name, its beginning, or Enter for the first; None for none of them."""
    typed = typed.strip().lower()
    if not typed:
        return choices[0] if choices else None
    exact = [one for one in choices if one.lower() == typed]
    found = exact or [one for one in choices if one.lower().startswith(typed)]
    return found[0] if len(found) == 1 else None


def label(dialog: Dialog) -> str:
    """What stands before the answer."""
    if dialog.entry:
        return f"{dialog.entry} (nothing to cancel): "
    return f"{shown(dialog.choices)}: "


def answered(dialog: Dialog, typed: str) -> tuple[str, str] | None:
    """The choice and the text that were meant; None for no answer."""
    if dialog.entry:
        return (dialog.choices[0], typed) if typed else (dialog.choices[-1], "")
    choice = chosen(dialog.choices, typed)
    return None if choice is None else (choice, "")


def record(dialog: Dialog) -> dict[str, object]:
    """A dialog for programs."""
    return {
        "id": dialog.number,
        "printer": dialog.printer,
        "job": dialog.job,
        "user": dialog.user,
        "title": dialog.title,
        "text": dialog.text,
        "choices": dialog.choices,
        "entry": dialog.entry,
        "secret": dialog.secret,
    }
