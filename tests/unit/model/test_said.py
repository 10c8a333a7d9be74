"""What a notice says is in its event's sentence, unless it is meant for one user alone."""

from __future__ import annotations

import pytest

from pagebell.model.dialog import Addressees, Notice, Statement
from pagebell.model.event import Event, EventKind, PrinterName
from pagebell.model.wording import event_text

P1 = PrinterName("p1")


@pytest.mark.parametrize(("user", "told"), [(None, True), ("ada", False)])
def test_words_for_one_user_are_not_told_to_all(user: str | None, told: bool) -> None:
    notice = Notice(Addressees(P1, user=user), Statement("Toner", "It is low."))
    text = event_text(Event(EventKind.NOTICE, 0.0, P1, notice=notice))
    assert ("It is low." in text) is told
    assert text
