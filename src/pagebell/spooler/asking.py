"""How an open dialog shows in its job and its printer, for those whose protocol has no dialogs."""

from __future__ import annotations

from dataclasses import replace

from pagebell.model.dialog import DialogStatus, Question, short
from pagebell.model.lifecycle import asked, settle, unasked
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.ports import Change

_UNREADABLE = "It waits for an answer that only its vendor's software can give."


def shown(ledger: Ledger, status: DialogStatus, change: Change) -> Change:
    """The change with what its job and printer say of a dialog that opens or closes: message, reasons, events."""
    now = ledger.clock.now()
    content = status.content
    text = short(content.text) if isinstance(content, Question) else _UNREADABLE
    if status.to.user is not None:  # messages are read by all who may see the job or the printer
        text = f"It waits for an answer by {status.to.user}."
    job = None if status.to.job is None else ledger.roster.get(status.to.job)
    if job is not None:
        found = (asked if status.is_open else unasked)(job, now, text)
        if found is not None:
            change = replace(change, jobs=(found[0],), events=(*change.events, *found[1]))
    printer = None if status.to.printer is None else ledger.printers.get(status.to.printer)
    if printer is None:
        return change
    others = tuple(one for one in printer.questions if one[0] != status.id)
    questions = (*others, (status.id, text)) if status.is_open else others
    if questions == printer.questions:
        return change
    settled, events = settle(printer, replace(printer, questions=questions), now)
    return replace(change, printers=(settled,), events=(*change.events, *events))
