"""Notices and dialogs: who may answer, who comes first, and how they end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from pagebell.model.access import EVERYBODY, OPERATOR, SYSTEM, Principal
from pagebell.model.dialog import WORDS, Addressees, Answer, DialogId, Notice, Question, Statement
from pagebell.model.errors import NotAuthorized, NotFound, TooLarge, TooMany, Unsupported, WrongState
from pagebell.model.event import EventKind, PrinterName
from pagebell.model.subscription import Scope
from pagebell.model.wording import event_text
from pagebell.spooler import dialogs as module
from pagebell.spooler.dialogs import MOST_OCTETS, MOST_WORDS, Dialog
from tests.unit.spooler.stage import ADA, BOB, ID1, P1, Stage

ROOT = Principal("root", rights=OPERATOR)
GUEST = Principal("guest", rights=frozenset())
HERE = Addressees(P1)
TURN = Question("Turn the pages", "Put them back.")
SURE = Question("Sure", "Are you?")
YES = Answer("ok")


@pytest.fixture
async def stage():  # type: ignore[no-untyped-def]
    async with Stage() as made:
        yield made


def told(stage: Stage) -> list[EventKind]:
    return [event.kind for event in stage.store.history[stage.told :] if event.notice or event.dialog]


async def test_notice_is_an_event_of_its_printer(stage: Stage) -> None:
    await stage.spooler.dialogs.notify(HERE, Statement("Toner", "It is low."))
    event = stage.store.history[-1]
    assert (event.kind, event.printer) == (EventKind.NOTICE, P1)
    assert event.notice == Notice(HERE, Statement("Toner", "It is low."), WORDS)


async def test_notice_at_an_unknown_printer_is_refused(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await stage.spooler.dialogs.notify(Addressees(PrinterName("none")), b"")


async def test_answer_reaches_the_source(stage: Stage) -> None:
    dialog = await stage.spooler.dialogs.open(HERE, TURN)
    await stage.spooler.dialogs.answer(dialog.id, YES, ADA)
    assert await dialog.answered() == YES
    assert dialog.status.answered_by == "ada"
    await dialog.close()
    await dialog.close()
    assert told(stage) == [EventKind.DIALOG_OPENED, EventKind.DIALOG_CLOSED]
    assert stage.store.history[-1].dialog == dialog.status


async def test_second_answer_comes_too_late(stage: Stage) -> None:
    dialog = await stage.spooler.dialogs.open(HERE, TURN)
    await stage.spooler.dialogs.answer(dialog.id, YES, ADA)
    for by in (BOB, ADA):
        with pytest.raises(WrongState, match="ada has answered already"):
            await stage.spooler.dialogs.answer(dialog.id, Answer("cancel"), by)
    assert await dialog.answered() == YES


async def test_further_turns_belong_to_who_answered_first(stage: Stage) -> None:
    dialog = await stage.spooler.dialogs.open(HERE, b"first", kind=WORDS)
    with pytest.raises(WrongState, match="waits for an answer"):
        await dialog.say(b"second")
    stage.spooler.dialogs.acquire(dialog, b"one", ADA)
    await dialog.say(b"second")
    with pytest.raises(WrongState, match="ada has answered"):
        stage.spooler.dialogs.acquire(dialog, b"two", BOB)
    stage.spooler.dialogs.acquire(dialog, b"two", ADA)
    assert await dialog.answered() == b"two"
    await dialog.close()
    with pytest.raises(WrongState, match="over"):
        await dialog.say(b"third")


async def test_what_is_said_next_is_an_event_and_its_words_are_for_who_answered(stage: Stage) -> None:
    """It is stored before it can be answered, and read by numbers also after a restart."""
    number = (await stage.subscribe(Scope(ID1), frozenset({EventKind.DIALOG_OPENED}))).id
    dialog = await stage.spooler.dialogs.open(HERE, TURN)
    stage.spooler.dialogs.acquire(dialog, YES, ADA)
    saying = asyncio.ensure_future(dialog.say(SURE))
    with pytest.raises(WrongState, match="has answered"):
        stage.spooler.dialogs.acquire(dialog, YES, ADA)
    await saying
    assert (dialog.status.turn, dialog.answer) == (2, None)
    assert stage.spooler.printers.printer(P1).message == "It waits for an answer by ada."
    assert [seen(stage, by) for by in (ADA, BOB)] == [[dialog.id], []]
    for _ in range(2):
        batch = await stage.spooler.subscriptions.read(number, SYSTEM)
        assert [event.dialog.turn for _, event in batch.notifications if event.dialog] == [1, 2]
        texts = [
            [event_text(event, "en", reader) for _, event in batch.notifications] for reader in ("ada", "bob")
        ]
        assert texts[0] == ["Turn the pages: Put them back.", "Sure: Are you?"]
        assert texts[1] == ["Turn the pages: Put them back.", "Printer p1 asks somebody something."]
        await stage.restart()


async def test_nothing_is_said_in_a_dialog_that_ends_meanwhile(stage: Stage) -> None:
    dialog = await stage.spooler.dialogs.open(HERE, TURN)
    stage.spooler.dialogs.acquire(dialog, YES, ADA)
    said, _ = await asyncio.gather(dialog.say(SURE), dialog.close(), return_exceptions=True)
    assert told(stage)[-1] is EventKind.DIALOG_CLOSED, said
    assert not dialog.status.is_open


async def test_answer_to_what_was_asked_before_is_too_late(stage: Stage) -> None:
    dialog = await stage.spooler.dialogs.open(HERE, TURN)
    await stage.spooler.dialogs.answer(dialog.id, YES, ADA, 1)
    await dialog.say(SURE)
    with pytest.raises(WrongState, match="something else"):
        await stage.spooler.dialogs.answer(dialog.id, YES, ADA, 1)
    await stage.spooler.dialogs.answer(dialog.id, Answer("cancel"), ADA, 2)
    assert await dialog.answered() == Answer("cancel")


async def test_dialog_ends_when_its_time_is_up(stage: Stage) -> None:
    dialog = await stage.spooler.dialogs.open(HERE, TURN, seconds=60)
    waiting = asyncio.create_task(dialog.answered())
    await stage.clock.advance(59)
    assert not waiting.done()
    await stage.clock.advance(1)
    assert await waiting is None
    with pytest.raises(NotFound):
        await stage.spooler.dialogs.answer(dialog.id, YES, ADA)
    with pytest.raises(WrongState, match="over"):
        stage.spooler.dialogs.acquire(dialog, YES, ADA)


async def test_dialog_ends_with_its_job(stage: Stage) -> None:
    job = await stage.submit()
    dialog = await stage.spooler.dialogs.open(Addressees(P1, job, "ada"), TURN)
    await stage.spooler.jobs.cancel(job, ADA)
    await stage.clock.settle()
    assert await dialog.answered() is None
    with pytest.raises(WrongState, match="is finished"):
        await stage.spooler.dialogs.open(Addressees(P1, job), TURN)


async def test_dialog_ends_with_the_server(stage: Stage) -> None:
    dialog = await stage.spooler.dialogs.open(HERE, TURN, seconds=60)
    await stage.down()
    assert await dialog.answered() is None
    await stage.up()
    assert stage.spooler.dialogs.open_dialogs(ROOT) == ()


def seen(stage: Stage, by: Principal) -> list[DialogId]:
    return [dialog.id for dialog in stage.spooler.dialogs.open_dialogs(by)]


async def test_dialog_is_for_those_addressed_and_operators(stage: Stage) -> None:
    everybodys = await stage.spooler.dialogs.open(HERE, TURN)
    adas = await stage.spooler.dialogs.open(replace(HERE, user="ada"), TURN)
    both = [everybodys.id, adas.id]
    assert [seen(stage, by) for by in (ADA, BOB, ROOT, GUEST)] == [both, [everybodys.id], both, []]
    for by in (BOB, GUEST):
        with pytest.raises(NotAuthorized):
            await stage.spooler.dialogs.answer(adas.id, YES, by)
    await stage.spooler.dialogs.answer(adas.id, YES, ROOT)
    assert stage.spooler.dialogs.open_dialogs(ADA, printer=PrinterName("p2")) == ()


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (Answer("perhaps"), Unsupported),
        (b"octets", Unsupported),
        (Answer("ok", "x" * (MOST_WORDS + 1)), TooLarge),
    ],
)
async def test_answer_that_is_none_is_refused(
    stage: Stage, content: Answer | bytes, fact: type[Exception]
) -> None:
    dialog = await stage.spooler.dialogs.open(HERE, TURN)
    with pytest.raises(fact):
        await stage.spooler.dialogs.answer(dialog.id, content, ADA)
    await stage.spooler.dialogs.answer(dialog.id, YES, ADA)


async def test_words_are_no_answer_to_octets(stage: Stage) -> None:
    dialog = await stage.spooler.dialogs.open(HERE, b"octets")
    with pytest.raises(Unsupported):
        await stage.spooler.dialogs.answer(dialog.id, YES, ADA)


async def test_too_much_at_once_is_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooLarge):
        await stage.spooler.dialogs.open(HERE, bytes(MOST_OCTETS + 1))
    with pytest.raises(TooLarge):
        await stage.spooler.dialogs.notify(HERE, Statement("a", "b" * MOST_WORDS))
    monkeypatch.setattr(module, "MOST_DIALOGS", 1)
    await stage.spooler.dialogs.open(HERE, TURN)
    with pytest.raises(TooMany):
        await stage.spooler.dialogs.open(HERE, TURN)


async def test_who_waits_hears_of_new_dialogs(stage: Stage) -> None:
    waiting = asyncio.ensure_future(stage.spooler.dialogs.news())
    await stage.clock.settle()
    assert not waiting.done()
    await stage.spooler.dialogs.open(HERE, TURN)
    await asyncio.wait_for(waiting, 1)


async def test_of_many_who_answer_at_once_one_is_first(stage: Stage) -> None:
    for _ in range(100):
        dialog: Dialog = await stage.spooler.dialogs.open(HERE, TURN)
        people = [Principal(f"p{number}", rights=EVERYBODY) for number in range(5)]
        done = await asyncio.gather(
            *(stage.spooler.dialogs.answer(dialog.id, YES, by) for by in people), return_exceptions=True
        )
        assert sum(result is None for result in done) == 1
        await dialog.close()
