"""Notices and dialogs by the library, from a server that tells them by IPP and takes answers by its JSON API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from pagebell.app import Running
from pagebell.ipp import Client, SyncClient
from pagebell.ipp.errors import AnsweredElsewhere, HttpError, Unsupported
from pagebell.ipp.notices import Dialog, Notice
from pagebell.ipp.sync import SyncDialog
from pagebell.model.dialog import Addressees, Answer, Question, Statement
from pagebell.model.event import PrinterName
from pagebell.spooler.dialogs import Dialog as Asked

PDF, SLOW = PrinterName("PDF"), PrinterName("Slow")
TURN = Question("Turn the pages", "Put them back into the tray.")
Heard = AsyncGenerator[Notice | Dialog]


@asynccontextmanager
async def listening(running: Running, scope: Any = "printer", user: str = "ada") -> AsyncIterator[Heard]:
    uri = running.uri(PDF) if scope == "printer" else f"ipp://{running.host}:{running.port}/"
    async with Client(uri, user=user) as client, aclosing(client.notices(scope)) as heard:
        yield heard


async def dialog(heard: Heard) -> Dialog:
    one = await anext(heard)
    assert isinstance(one, Dialog)
    return one


async def asked(running: Running, question: Question = TURN, to: Addressees | None = None) -> Asked:
    return await running.spooler.dialogs.open(to or Addressees(PDF), question)


async def test_what_is_asked_already_is_found_and_answered(running: Running) -> None:
    source = await asked(running)
    async with listening(running) as heard:
        found = await dialog(heard)
        assert (found.title, found.text, found.choices) == (TURN.title, TURN.text, ("ok", "cancel"))
        assert (found.printer, found.job, found.is_open) == ("PDF", None, True)
        await found.reply("cancel")
        assert not found.is_open
    assert await source.answered() == Answer("cancel")
    assert source.status.answered_by == "ada"


async def test_notices_and_dialogs_of_one_printer_come_as_they_are_made(running: Running) -> None:
    async with listening(running) as heard:
        before = asyncio.ensure_future(anext(heard))
        while not running.spooler.subscriptions.waiting:
            await asyncio.sleep(0)
        await running.spooler.dialogs.notify(Addressees(SLOW), Statement("Toner", "It is low there."))
        await running.spooler.dialogs.notify(Addressees(PDF), Statement("Toner", "It is low."))
        assert await before == Notice("", "Toner: It is low.", "PDF")
        await asked(running, to=Addressees(SLOW))
        pin = Question("PIN", "Type it.", entry="PIN", secret=True)
        source = await asked(running, pin)
        found = await dialog(heard)
        assert (found.number, found.entry, found.secret) == (source.id, "PIN", True)
        await found.reply(text="4711")
        assert await source.answered() == Answer("ok", "4711")


async def test_dialog_that_goes_on_asks_who_answered_again(running: Running) -> None:
    """Also in the same words: it is another question."""
    source = await asked(running)
    async with listening(running) as heard, listening(running, user="bob") as others:
        first, theirs = await dialog(heard), await dialog(others)
        for _ in range(2):
            await first.reply()
            assert await source.answered() == Answer("ok")
            await source.say(TURN)
            second = await dialog(heard)
            assert (second.number, second.text, second.user) == (source.id, TURN.text, "ada")
            with pytest.raises(AnsweredElsewhere):
                await first.conversation.answer("ok", "")
            first = second
        with pytest.raises(AnsweredElsewhere):
            await theirs.reply()
        later = asyncio.ensure_future(anext(others))
        await running.spooler.dialogs.notify(Addressees(PDF), Statement("Toner", "It is low."))
        assert await later == Notice("", "Toner: It is low.", "PDF")


async def test_dialog_ends_when_somebody_else_was_first(running: Running) -> None:
    await asked(running)
    async with listening(running) as heard, listening(running, user="bob") as others:
        mine, theirs = await dialog(heard), await dialog(others)
        await theirs.reply()
        with pytest.raises(AnsweredElsewhere):
            await mine.reply()
        assert not mine.is_open
        with pytest.raises(AnsweredElsewhere):
            await mine.reply()


async def test_dialog_that_its_source_gives_up_ends_everywhere(running: Running) -> None:
    source = await asked(running)
    async with listening(running, "server") as heard:
        found = await dialog(heard)
        waiting = asyncio.ensure_future(anext(heard))
        await source.close()
        await found.over()
        waiting.cancel()
        await asyncio.wait({waiting})


async def test_what_is_no_choice_is_refused_here_and_there(running: Running) -> None:
    source = await asked(running)
    async with Client(running.uri(PDF), user="ada") as client:
        (found,) = await client.dialogs()
        with pytest.raises(ValueError, match="none of ok, cancel"):
            await found.reply("perhaps")
        with pytest.raises(HttpError, match="is none of ok, cancel"):
            await found.conversation.answer("perhaps", "")
        assert (await client.dialog(source.id)).title == TURN.title
        with pytest.raises(HttpError, match="no open dialog 99"):
            await client.dialog(99)
        with pytest.raises(Unsupported):
            await found.respond(b"octets")
        await found.leave()
    assert source.status.answered_by == ""


async def test_programs_without_asyncio_have_the_same(running: Running) -> None:
    source = await asked(running)

    def work() -> tuple[str, list[str]]:
        with SyncClient(running.uri(PDF), user="ada") as client:
            now = [one.asked.title for one in client.dialogs()]
            for one in client.notices():
                assert isinstance(one, SyncDialog)
                one.reply("ok")
                return one.asked.text, now
        raise AssertionError

    assert await asyncio.to_thread(work) == (TURN.text, [TURN.title])
    assert await source.answered() == Answer("ok")


async def test_encrypted_connections_and_long_lists_are_the_same(running: Running) -> None:
    text = "Put them back into the tray. " * 250
    for number in range(30):
        await asked(running, Question(f"Turn {number}", text))
    uri = f"ipps://{running.host}:{running.port}/ipp/print/PDF"
    async with Client(uri, user="ada", verify=False) as client:
        found = await client.dialogs()
        assert [one.title for one in found] == [f"Turn {number}" for number in range(30)]
        assert {one.text for one in found} == {text}
        await found[0].reply()
        async with aclosing(client.notices()) as heard:
            assert (await dialog(heard)).title == "Turn 1"
