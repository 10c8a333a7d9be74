"""What a person types, and which answer it means."""

from __future__ import annotations

import pytest

from pagebell.cli.questions import chosen, shown


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("", "ok"), ("o", "ok"), ("OK", "ok"), ("c", "cancel"), ("canc", "cancel"), ("x", None), ("okay", None)],
)
def test_answer_is_told_by_its_beginning(typed: str, meant: str | None) -> None:
    assert chosen(("ok", "cancel"), typed) == meant


def test_ambiguous_beginning_is_no_answer() -> None:
    assert chosen(("stop", "start"), "st") is None
    assert chosen((), "") is None


def test_choices_show_what_to_press() -> None:
    assert shown(("ok", "cancel")) == "[o]k / [c]ancel"
