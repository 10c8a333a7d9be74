"""Questions at the keyboard: what is typed, what is meant, and which of a printer's questions are ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest

from pagebell.cli.keyboard import Typed
from pagebell.cli.progress import PlainDisplay
from pagebell.cli.prompting import Asker, Attention, Heard, Recorder
from pagebell.cli.questions import Prompt, answered
from pagebell.cli.words import ANSWER_NEEDED
from pagebell.ipp.errors import ClientError, ConnectionFailed
from pagebell.ipp.notices import Dialog, Notice
from pagebell.ipp.registry import JobState
from pagebell.ipp.results import JobInfo


@dataclass
class Talk:
    """A `Conversation` that keeps the answers."""

    said: list[tuple[str, str]] = field(default_factory=list)

    async def answer(self, choice: str, text: str) -> None:
        self.said.append((choice, text))

    async def respond(self, octets: bytes) -> bytes | None:
        return None

    async def leave(self) -> None:
        """Nobody minds."""


@dataclass
class Notes:
    """A `Screen`."""

    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def prompt(self, prompt: Prompt | None) -> None:
        """There is no keyboard here."""


def dialog(number: int = 1, job: int | None = None, **more: object) -> Dialog:
    return Dialog(number, "Turn", "Turn the pages.", ("ok", "cancel"), Talk(), job=job, **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("keys", "text", "entered"),
    [
        (b"ok", "ok", False),
        (b"ok\r", "ok", True),
        (b"okx\x7f\n", "ok", True),
        (b"\x7f\x7fa", "a", False),
        (b"wrong\x15right", "right", False),
        ("für".encode(), "für", False),
        (b"a\x1b[1;5Cb\x1bOPc\x1bxd", "abcd", False),
        (b"a\x01\x04b", "ab", False),
        (b"\xff", "\N{REPLACEMENT CHARACTER}", False),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_line_is_what_was_typed(keys: bytes, text: str, entered: bool, at_once: bool) -> None:
    typed = Typed()
    pieces = [keys] if at_once else [keys[i : i + 1] for i in range(len(keys))]
    assert [typed.feed(piece) for piece in pieces][-1] is entered
    assert typed.text == text


def test_end_of_input_on_an_empty_line_is_no_answer() -> None:
    with pytest.raises(EOFError):
        Typed().feed(b"\x04")


def test_line_has_an_end() -> None:
    typed = Typed()
    typed.feed(b"x" * 5000)
    assert len(typed.text) == 1000


@pytest.mark.parametrize(
    ("entry", "typed", "meant"),
    [
        ("", "", ("ok", "")),
        ("", "C", ("cancel", "")),
        ("", "x", None),
        ("PIN", "4711", ("ok", "4711")),
        ("PIN", "", ("cancel", "")),
    ],
)
def test_what_is_typed_is_an_answer(entry: str, typed: str, meant: tuple[str, str] | None) -> None:
    assert answered(dialog(entry=entry), typed) == meant


def test_dumb_terminal_shows_what_is_typed(capsys: pytest.CaptureFixture[str]) -> None:
    display = PlainDisplay()
    for typed in ("", "o", "ok", "o"):
        display.prompt(Prompt("Turn", "Turn the pages.", "[o]k: ", typed))
    display.prompt(Prompt("Turn", "Turn the pages.", "[o]k: ", remark="'o' is none."))
    display.prompt(None)
    assert capsys.readouterr().out == "\nTurn\nTurn the pages.\n[o]k: ok\b \b\n'o' is none.\n[o]k: \n"


# ---------------------------------------------------------------- without a keyboard


async def heard_of(*these: Notice | Dialog | Exception) -> Heard:
    for one in these:
        if isinstance(one, Exception):
            raise one
        yield one


async def test_question_that_can_not_be_asked_is_told_with_how_to_answer() -> None:
    screen = Notes()
    asked = (
        dialog(3, job=7),
        dialog(1),
        Dialog(4, "Vendor", "", (), Talk()),
        Notice("Toner", "It is low", "p"),
    )
    await Asker(screen, " --server ipp://there/").hear(heard_of(*asked), lambda one: True)
    how = "Answer with: pagebell dialogs answer"
    assert sorted(screen.notes) == [
        "Toner: It is low.",
        f"Turn. {how} 3 --server ipp://there/ ([o]k / [c]ancel)",
        f"Turn: Turn the pages. {how} --server ipp://there/ ([o]k / [c]ancel)",
        "Vendor. Only its vendor's software can answer.",
    ]


async def test_refusal_is_told_once_and_a_lost_connection_elsewhere() -> None:
    screen = Notes()
    await Asker(screen, "").hear(heard_of(ConnectionFailed("ipp://there/", "gone")), lambda one: True)
    assert screen.notes == []
    await Asker(screen, "").hear(heard_of(ClientError("it does not tell that")), lambda one: True)
    assert screen.notes == ["it does not tell that."]


async def test_programs_get_records(capsys: pytest.CaptureFixture[str]) -> None:
    asked = (dialog(2), Notice("Toner", "It is low.", "p"), ClientError("no"))
    await Recorder().hear(heard_of(*asked), lambda one: True)
    assert capsys.readouterr().out.splitlines() == [
        '{"event": "pagebell-dialog-opened", "id": 2, "title": "Turn", "text": "Turn the pages.", '
        '"choices": ["ok", "cancel"], "secret": false}',
        '{"event": "pagebell-notice", "printer": "p", "title": "Toner", "text": "It is low."}',
    ]


# ---------------------------------------------------------------- whose questions


@dataclass
class Told:
    """A `Teller` that keeps what comes; and the stream that it comes by."""

    stream: asyncio.Queue[Notice | Dialog] = field(default_factory=asyncio.Queue)
    told: list[Notice | Dialog] = field(default_factory=list)
    registered: int = 0

    async def hear(self, heard: Heard, concerns: object) -> None:
        async for one in heard:
            if concerns(one):  # type: ignore[operator]
                self.told.append(one)

    async def ask(self, dialog: Dialog) -> None:
        self.told.append(dialog)

    async def notices(self) -> AsyncGenerator[Notice | Dialog]:
        self.registered += 1
        try:
            while True:
                yield await self.stream.get()
                self.stream.task_done()
        finally:
            self.registered -= 1


def job(number: int, state: JobState = JobState.PROCESSING, message: str = "", *reasons: str) -> JobInfo:
    return JobInfo(number, state=state, message=message, reasons=reasons)


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_printer_is_heard_from_the_first_job_to_the_last() -> None:
    """[MS-PRSOD] 2.5.3.7.1 (b)"""
    teller = Told()
    attention = Attention(teller, teller.notices)
    await settled()
    assert teller.registered == 0
    attention.see(job(1))
    attention.see(job(2))
    await settled()
    assert teller.registered == 1
    attention.see(job(1, JobState.COMPLETED))
    await settled()
    assert teller.registered == 1
    attention.see(job(2, JobState.CANCELED))
    await settled()
    assert teller.registered == 0
    attention.see(job(3))
    await settled()
    assert teller.registered == 1
    await attention.close()
    assert teller.registered == 0


async def test_questions_of_our_jobs_are_ours_also_before_we_know_the_job() -> None:
    teller = Told()
    attention = Attention(teller, teller.notices)
    attention.see(job(1))
    mine, later, others = dialog(1, job=1), dialog(2, job=2), dialog(3, job=99)
    for one in (mine, later, others):
        teller.stream.put_nowait(one)
    await settled()
    assert teller.told == [mine]
    attention.see(job(2))
    await settled()
    assert teller.told == [mine, later]
    await attention.close()


@pytest.mark.parametrize("question_first", [True, False])
async def test_question_is_over_when_the_job_does_not_show_it_any_more(question_first: bool) -> None:
    teller = Told()
    attention = Attention(teller, teller.notices)
    attention.see(job(1))
    await settled()
    asked = dialog()
    if not question_first:
        attention.see(job(1, message=asked.text))
    teller.stream.put_nowait(asked)
    await settled()
    if question_first:
        attention.see(job(1, message=asked.text))
    assert asked.is_open and attention.is_asked(job(1))
    attention.see(job(1, message=""))
    assert not asked.is_open and not attention.is_asked(job(1))
    assert attention.is_asked(job(5, JobState.PROCESSING, "?", ANSWER_NEEDED))
    await attention.close()
