"""What printers say to people, and ask them: notices, which are events, and dialogs, which wait for an answer.

A dialog is open to all who are addressed until somebody answers: that one has acquired it, once and for ever, and the
others are told ([MS-PAN] 3.1.1.4.4). It ends by its source, by its time, with its job or with its printer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Final
from uuid import UUID

from pagebell.model.access import Principal, Right
from pagebell.model.dialog import (
    WORDS,
    Addressees,
    Answer,
    DialogId,
    DialogStatus,
    Notice,
    Question,
    Statement,
    short,
)
from pagebell.model.errors import NoRoom, NotFound, TooLarge, TooMany, Unsupported, WrongState
from pagebell.model.event import NO_PRINTER, Event, EventKind, JobId, PrinterId, PrinterName
from pagebell.model.job import Job
from pagebell.spooler.asking import shown
from pagebell.spooler.ledger import Ledger, to_end
from pagebell.spooler.ports import Change

MOST_DIALOGS: Final = 1_000
"""Open at one time."""
MOST_WORDS: Final = 8_192
"""Characters of a statement, a question or an answer."""
MOST_OCTETS: Final = 0x00A00000
"""Of a vendor's own question or answer. [MS-PAN] 3.1.1.4.4"""
MOST_NOTICE: Final = 1 << 20
"""Octets of a vendor's own notice: it is kept in the event log."""

Asked = Question | bytes
Answered = Answer | bytes


class Dialog:
    """One conversation: its source has this object, everybody else has its number. `Dialogs.open` makes it."""

    def __init__(
        self,
        dialogs: Dialogs,
        status: DialogStatus,
        opened: float,
        expires: float | None,
        printer: PrinterId | None,
    ) -> None:
        self._dialogs = dialogs
        self.status = status
        self.printer = printer
        """Whose it is, by its id; None for the server's."""
        self.opened = opened
        self.expires = expires
        """In seconds since 1970."""
        self.answer: Answered | None = None
        """What was answered in this turn."""
        self.changed = asyncio.Event()
        """Set, and made anew, whenever something happens to it."""
        self.timer: asyncio.Task[None] | None = None

    @property
    def id(self) -> DialogId:
        """Its number."""
        return self.status.id

    def waits_for(self, by: Principal) -> bool:
        """Whether what was said last has no answer yet, and this principal may give it."""
        return self.answer is None and self.status.answered_by in ("", by.name)

    async def answered(self) -> Answered | None:
        """The answer to what was said last, as soon as it is there; None: it is over without one."""
        while self.answer is None and self.status.is_open:
            await self.changed.wait()
        return self.answer

    async def say(self, content: Asked) -> None:
        """Go on, to whoever answered: that is an event as the first one was, and its words are theirs alone.

        Raises WrongState before there is an answer, or when it is over; TooLarge, NoRoom.
        """
        await self._dialogs.go_on(self, content)

    def next_turn(self, content: Asked) -> DialogStatus:
        """It as it will be when that is said. Raises WrongState."""
        if not self.status.is_open:
            raise WrongState(f"dialog {self.id} is over")
        if self.answer is None:
            raise WrongState(f"dialog {self.id} waits for an answer to what was said last")
        status = self.status
        to = replace(status.to, user=status.answered_by)
        return replace(status, to=to, content=content, turn=status.turn + 1)

    def turn_to(self, status: DialogStatus) -> None:
        """That has been said."""
        self.status, self.answer = status, None
        self.wake()

    async def close(self) -> None:
        """End it; one that is over stays so."""
        await self._dialogs.end(self)

    def wake(self) -> None:
        """Tell all who wait that something happened."""
        self.changed.set()
        self.changed = asyncio.Event()


class Dialogs:
    """All notices and dialogs. Lives in the event loop's thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._open: dict[DialogId, Dialog] = {}
        self._last = 0
        self._opened = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None
        ledger.listeners.append(self._committed)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Have a parent for the timers; numbers go on behind those of before, each of which took an event."""
        self._tasks = tasks
        self._last = self._ledger.last_event

    @property
    def stopping(self) -> bool:
        """Nothing more will be asked, and nobody waits for an answer."""
        return self._ledger.stopping

    def begin_stop(self) -> None:
        """Wake all who wait, to tell them so."""
        self._opened.set()
        for dialog in self._open.values():
            dialog.wake()

    async def stop(self) -> None:
        """End all dialogs."""
        for dialog in list(self._open.values()):
            await self.end(dialog)

    # --- sources ---

    async def notify(self, to: Addressees, content: Statement | bytes, kind: UUID = WORDS) -> None:
        """Say something. Raises NotFound for an unknown printer, TooLarge, NoRoom."""
        printer = self._known(to)
        _measured(content, MOST_NOTICE)
        now, name, notice = self._ledger.clock.now(), to.printer or NO_PRINTER, Notice(to, content, kind)
        event = Event(EventKind.NOTICE, now, name, job=to.job, notice=notice, printer_id=printer)
        await self._ledger.commit(Change(events=(event,)))

    async def open(
        self, to: Addressees, question: Asked, *, kind: UUID = WORDS, seconds: float | None = None
    ) -> Dialog:
        """Ask something, for so many seconds. Raises NotFound, TooMany, TooLarge, WrongState for a finished job."""
        printer = self._known(to)
        _measured(question)
        if to.job is not None and (await self._ledger.job(to.job)).state.is_final:
            raise WrongState(f"job {to.job} is finished: nobody needs to be asked")
        if len(self._open) >= MOST_DIALOGS:
            raise TooMany(f"{MOST_DIALOGS} dialogs wait for an answer")
        self._last += 1
        now = self._ledger.clock.now()
        status = DialogStatus(DialogId(self._last), to, question, kind)
        dialog = Dialog(self, status, now, None if seconds is None else now + seconds, printer)
        self._open[dialog.id] = dialog
        try:
            await self._tell(EventKind.DIALOG_OPENED, dialog, lambda: status)
        except BaseException:
            self._remove(dialog)
            raise
        if seconds is not None and self._tasks is not None and dialog.status.is_open:
            dialog.timer = self._tasks.create_task(
                self._expire(dialog, seconds), name=f"dialog {dialog.id}'s time"
            )
        self._opened.set()
        if not self.stopping:
            self._opened = asyncio.Event()
        return dialog

    async def go_on(self, dialog: Dialog, content: Asked) -> None:
        """Say the next thing in a dialog; see `Dialog.say`."""
        _measured(content)
        await self._tell(EventKind.DIALOG_OPENED, dialog, lambda: dialog.next_turn(content))

    async def end(self, dialog: Dialog) -> None:
        """End a dialog; one that is over stays so."""
        if self._remove(dialog):

            async def tell() -> None:
                await self._tell(EventKind.DIALOG_CLOSED, dialog, lambda: dialog.status)

            await self._ledger.insist(tell, NoRoom)

    # --- people ---

    def open_dialogs(
        self, by: Principal, printer: PrinterName | None = None, job: JobId | None = None
    ) -> tuple[Dialog, ...]:
        """Those that wait for an answer by this principal, the oldest first."""
        return tuple(
            dialog
            for dialog in self._open.values()
            if (printer is None or dialog.status.to.printer == printer)
            and (job is None or dialog.status.to.job == job)
            and self.concerns(dialog, by)
        )

    def told(self, job: Job, by: Principal) -> Job:
        """The job as a principal is told of it: who alone is asked about it reads the question in its message."""
        for dialog in self._asked_alone(by):
            content = dialog.status.content
            if dialog.status.to.job == job.id and isinstance(content, Question):
                return replace(job, message=short(content.text))
        return job

    def asks_alone(self, by: Principal) -> bool:
        """Whether this principal, and nobody else, is asked something."""
        return any(True for _ in self._asked_alone(by))

    def _asked_alone(self, by: Principal) -> Iterator[Dialog]:
        return (
            one for one in self._open.values() if one.status.to.user == by.name and self.concerns(one, by)
        )

    def news(self) -> Awaitable[object]:
        """To be awaited for a dialog that is opened from now on."""
        return self._opened.wait()

    def concerns(self, dialog: Dialog, by: Principal) -> bool:
        """Whether a principal may see and answer it: those addressed, and operators."""
        if dialog.status.to.printer in self._ledger.printers:
            by = self._ledger.at(dialog.status.to.printer, by)
        return by.may(Right.MANAGE_ALL) or (by.may(Right.MANAGE_OWN) and dialog.status.to.include(by.name))

    def dialog(self, number: DialogId, by: Principal) -> Dialog:
        """One that is open. Raises NotFound, NotAuthorized."""
        dialog = self._open.get(number)
        if dialog is None:
            raise NotFound(f"there is no open dialog {number}")
        if not self.concerns(dialog, by):
            by.demand(Right.MANAGE_ALL)
        return dialog

    def acquire(self, dialog: Dialog, content: Answered, by: Principal) -> None:
        """Answer what was said last. Raises WrongState when somebody else was first, Unsupported, TooLarge.

        Whoever comes first has the dialog; the turns after that are theirs alone.
        """
        _measured(content)
        asked = dialog.status.content
        if (
            isinstance(asked, Question)
            and isinstance(content, Answer)
            and content.choice not in asked.choices
        ):
            raise Unsupported(f"{content.choice!r} is none of {', '.join(asked.choices)}", "choice")
        if isinstance(asked, Question) != isinstance(content, Answer):
            raise Unsupported("that is no answer to this kind of question", "kind")
        if not dialog.status.is_open:
            raise WrongState(f"dialog {dialog.id} is over")
        if not dialog.waits_for(by):
            raise WrongState(f"{dialog.status.answered_by} has answered already")
        dialog.answer = content
        dialog.status = replace(dialog.status, answered_by=by.name or "somebody")
        dialog.wake()

    async def answer(
        self, number: DialogId, content: Answered, by: Principal, turn: int | None = None
    ) -> None:
        """`acquire` by the dialog's number, and, where given, only what it asks in that turn.

        Raises NotFound, NotAuthorized, and what `acquire` raises.
        """
        dialog = self.dialog(number, by)
        if turn not in (None, dialog.status.turn):
            raise WrongState(f"dialog {number} asks something else by now")
        self.acquire(dialog, content, by)

    # --- how they end ---

    async def _expire(self, dialog: Dialog, seconds: float) -> None:
        await self._ledger.clock.sleep(seconds)
        dialog.timer = None
        await self.end(dialog)

    def _remove(self, dialog: Dialog) -> bool:
        if self._open.pop(dialog.id, None) is None:
            return False
        if dialog.timer is not None:
            dialog.timer.cancel()
            dialog.timer = None
        dialog.status = replace(dialog.status, is_open=False)
        dialog.wake()
        return True

    def _committed(self, change: Change) -> None:
        """What a source says next is said. A job is over, or a printer gone: so is what was asked about it."""
        if not self._open:
            return
        for event in change.events:
            said = event.dialog if event.kind is EventKind.DIALOG_OPENED else None
            going_on = None if said is None else self._open.get(said.id)
            if said is not None and going_on is not None and going_on.status.turn < said.turn:
                going_on.turn_to(said)
        jobs = {job.id for job in change.jobs if job.state.is_final} | set(change.gone_jobs)
        for dialog in list(self._open.values()):
            to = dialog.status.to
            if (to.job is not None and to.job in jobs) or to.printer in change.gone_printers:
                assert self._tasks is not None, "nothing is stored before the start"
                self._tasks.create_task(self.end(dialog), name=f"end of dialog {dialog.id}")

    def _known(self, to: Addressees) -> PrinterId | None:
        """Which printer it is about. Raises NotFound."""
        return None if to.printer is None else self._ledger.printer(to.printer).id

    async def _tell(self, kind: EventKind, dialog: Dialog, now: Callable[[], DialogStatus]) -> None:
        """Store the event of a dialog as it is then, and how its job and its printer show it."""

        def decide() -> Change:
            status, at = now(), self._ledger.clock.now()
            name, of = status.to.printer or NO_PRINTER, dialog.printer
            event = Event(kind, at, name, job=status.to.job, dialog=status, printer_id=of)
            seen = shown(self._ledger, status, Change())
            return replace(seen, events=(*seen.events, event))

        await to_end(self._ledger.update(decide))


def _measured(content: Statement | Question | Answer | bytes, most: int = MOST_OCTETS) -> None:
    if isinstance(content, bytes):
        size = len(content)
    else:
        most = MOST_WORDS
        size = len(content.text) + (0 if isinstance(content, Answer) else len(content.title))
    if size > most:
        raise TooLarge(f"{size} are more than the {most} that may be said at once")
