"""What our client makes of [MS-PAN]: notices, dialogs, and a server that goes away and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any
from uuid import UUID

import pytest

from pagebell.dcerpc.client import RpcClient
from pagebell.ipp.errors import AnsweredElsewhere, ClientError, ConnectionFailed
from pagebell.ipp.notices import Dialog, Notice
from pagebell.ipp.sync import SyncDialog
from pagebell.model.dialog import Addressees, Answer, Question, Statement
from pagebell.winspool import Client, SyncClient
from pagebell.winspool.asyncui import Balloon, Button, CustomUI, EntryPoint, MessageBox, Text
from pagebell.winspool.asyncui_xml import write_request
from pagebell.winspool.client.addresses import parse
from pagebell.winspool.client.errors import NotLetIn
from pagebell.winspool.client.notices import Desk, Talk, heard
from pagebell.winspool.idl.pan import ASYNC_UI, IRPCREMOTEOBJECT, PanResult
from pagebell.winspool.pan_client import Channel, Notification, PanError, Retry
from tests.unit.spooler.stage import P1
from tests.winspool.stand import PASSWORD, Stand

HERE = Addressees(P1)
TURN = Question("Turn the pages", "Put them back into the tray.")
VENDOR = UUID("11111111-2222-3333-4444-555555555555")
SOON = Retry(first=0.01, most=0.02)
Heard = AsyncGenerator[Notice | Dialog]


def client(here: Stand, user: str = "ada", printer: str = "p1", password: str = PASSWORD) -> Client:
    return Client(f"par://127.0.0.1:{here.port}/{printer}", user=user, password=password)


async def dialog(of: Heard) -> Dialog:
    one = await anext(of)
    assert isinstance(one, Dialog), one
    return one


async def test_balloon_and_message_box_come_in_words(here: Stand) -> None:
    async with client(here) as one, aclosing(one.notices()) as told:
        source = await here.spooler.dialogs.open(HERE, TURN)
        found = await dialog(told)
        assert (found.title, found.text, found.choices) == (TURN.title, TURN.text, ("ok", "cancel"))
        await here.spooler.dialogs.notify(HERE, Statement("Toner", "It is low."))
        notice = await anext(told)
        assert notice == Notice("Toner", "It is low.", "p1")
        assert isinstance(notice, Notice) and notice.words == "Toner: It is low."
        await found.reply("cancel")
        assert await source.answered() == Answer("cancel")
        assert not found.is_open


async def test_what_is_to_be_typed_goes_with_the_answer(here: Stand) -> None:
    question = Question("PIN", "Type it.", ("ok", "later", "cancel"), entry="PIN", secret=True)
    source = await here.spooler.dialogs.open(HERE, question)
    async with client(here) as one, aclosing(one.notices()) as told:
        found = await dialog(told)
        assert (found.entry, found.secret, found.choices) == ("PIN", True, ("ok", "later", "cancel"))
        await found.reply("later", "4711")
    assert await source.answered() == Answer("later", "4711")


async def test_whoever_is_second_is_told(here: Stand) -> None:
    async with contextlib.AsyncExitStack() as stack:
        both = [
            await stack.enter_async_context(aclosing(client(here, user).notices())) for user in ("ada", "bob")
        ]
        await here.spooler.dialogs.open(HERE, TURN)
        mine, theirs = [await dialog(one) for one in both]
        await theirs.reply()
        with pytest.raises(AnsweredElsewhere):
            await mine.reply()
        with pytest.raises(AnsweredElsewhere):
            await mine.reply()


async def test_vendors_own_are_octets_and_go_on(here: Stand) -> None:
    async with client(here) as one, aclosing(one.notices(kind=VENDOR)) as told:
        source = await here.spooler.dialogs.open(HERE, b"1", kind=VENDOR)
        found = await dialog(told)
        assert (found.octets, found.kind, found.choices) == (b"1", VENDOR, ())
        await here.spooler.dialogs.notify(HERE, b"news", VENDOR)
        assert await anext(told) == Notice("", "", "p1", kind=VENDOR, octets=b"news")
        going_on = asyncio.ensure_future(found.respond(b"one"))
        assert await source.answered() == b"one"
        await source.say(b"2")
        assert await going_on == b"2"
        going_on = asyncio.ensure_future(found.respond(b"two"))
        assert await source.answered() == b"two"
        await source.close()
        assert await going_on is None
        assert not found.is_open


async def test_programs_without_asyncio_have_the_same(here: Stand) -> None:
    source = await here.spooler.dialogs.open(HERE, TURN)

    def work() -> str:
        uri = f"par://127.0.0.1:{here.port}/p1"
        with SyncClient(uri, user="ada", password=PASSWORD) as one:
            for found in one.notices():
                assert isinstance(found, SyncDialog)
                found.reply("ok")
                return found.asked.title
        raise AssertionError

    assert await asyncio.to_thread(work) == TURN.title
    assert await source.answered() == Answer("ok")


async def test_refusals_are_sentences(here: Stand) -> None:
    for refused, kind, words in (
        (client(here, printer="none"), ClientError, "invalid name"),
        (client(here, password="wrong"), NotLetIn, "does not let ada in"),
    ):
        with pytest.raises(kind, match=words):
            await anext(refused.notices())
    with pytest.raises(ClientError, match="access denied"):
        await anext(client(here).notices(everybody=True))


# ---------------------------------------------------------------- a server that goes away


class Doors:
    """The stand's server, opened and closed."""

    def __init__(self, here: Stand) -> None:
        self.here = here
        self.stack = contextlib.AsyncExitStack()
        self.lines: list[RpcClient] = []

    async def open(self) -> None:
        await self.stack.enter_async_context(self.here.serving())  # type: ignore[arg-type]

    async def shut(self) -> None:
        await self.stack.aclose()

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator[RpcClient]:
        async with self.here.client(interface=IRPCREMOTEOBJECT) as line:
            self.lines.append(line)
            yield line


@contextlib.asynccontextmanager
async def through(doors: Doors, contacts: list[str]) -> AsyncIterator[tuple[Desk, Heard]]:
    await doors.open()
    desk = Desk(parse("par://127.0.0.1/p1"))
    listening = heard(desk, doors.connect, everybody=False, retry=SOON, on_connection=contacts.append)
    try:
        async with aclosing(listening) as told:
            yield desk, told
    finally:
        await doors.shut()


async def test_server_that_returns_tells_nothing_twice_and_takes_the_answer() -> None:
    contacts: list[str] = []
    async with Stand() as here, through(Doors(here), contacts) as (desk, told):
        source = await here.spooler.dialogs.open(HERE, TURN)
        found = await dialog(told)
        await here.spooler.dialogs.notify(HERE, Statement("Toner", "It is low."))
        assert isinstance(await anext(told), Notice)
        following = asyncio.ensure_future(anext(told))
        doors = Doors(here)
        await doors.open()  # the port is another one now
        await _lose(desk, told, contacts)
        talk = found.conversation
        assert isinstance(talk, Talk)
        await talk.bound.wait()
        assert contacts[-1] == "" and contacts[0]
        await here.spooler.dialogs.notify(HERE, Statement("Toner", "It is out."))
        assert await following == Notice("Toner", "It is out.", "p1")
        await found.reply("ok")
        assert await source.answered() == Answer("ok")
        await doors.shut()


async def _lose(desk: Desk, told: Heard, contacts: list[str]) -> None:
    """End the connection as a cable does."""
    (found,) = desk.dialogs
    talk = found.conversation
    assert isinstance(talk, Talk) and talk.channel is not None
    talk.channel._rpc._writer.close()
    while not contacts:
        await asyncio.sleep(0)


async def test_answer_that_was_given_while_the_server_was_away_arrives() -> None:
    contacts: list[str] = []
    async with Stand() as here, through(Doors(here), contacts) as (desk, told):
        source = await here.spooler.dialogs.open(HERE, TURN)
        found = await dialog(told)
        following = asyncio.ensure_future(anext(told))
        await _lose(desk, told, contacts)
        await found.reply("cancel")
        assert await source.answered() == Answer("cancel")
        following.cancel()
        await asyncio.wait({following})


async def test_dialog_that_is_not_asked_again_is_given_up() -> None:
    talk = Talk("par://there/p1", b"", None, None, patience=0)
    with pytest.raises(ConnectionFailed, match="does not ask any more"):
        await talk.answer("ok", "")


def test_waits_grow_from_a_second_to_a_minute() -> None:
    """[MS-PAN] 3.1.1.4.1"""
    delays = list(itertools.islice(Retry().delays(), 8))
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60]


# ---------------------------------------------------------------- what can't be shown


class Recorded(Channel):
    """A channel that keeps what it is closed with."""

    def __init__(self, octets: bytes, error: Exception | None = None) -> None:
        self.octets, self.kind, self.closed = octets, ASYNC_UI, list[Any]()
        self._error = error

    async def close(self, octets: bytes | None = None) -> bool:
        self.closed.append(octets)
        if self._error is not None:
            raise self._error
        return True


@pytest.mark.parametrize(
    "octets",
    [
        b"<",
        write_request(CustomUI(EntryPoint("vendor", "show"), True, "hello")),
        write_request(CustomUI(EntryPoint("pagebell", "ask"), True, "{}")),
        write_request(CustomUI(EntryPoint("pagebell", "ask"), True, '{"title":1,"text":"","choices":["a"]}')),
        write_request(CustomUI(EntryPoint("pagebell", "ask"), True, '{"title":"","text":"","choices":[]}')),
        write_request(Balloon(Text("a"), (Text("b"),))),
    ],
)
async def test_what_nobody_here_can_show_is_declined(octets: bytes) -> None:
    """[MS-PAN] 3.2.3.4.2, 3.2.3.4.3: closed without an answer"""
    channel, desk = Recorded(octets), Desk(parse("par://there/p1"))
    assert await desk.dialog(channel) is None
    assert channel.closed == [None] and desk.dialogs == []


async def test_notification_that_is_none_is_passed_over() -> None:
    desk = Desk(parse("par://there/p1"))
    assert desk.notice(Notification(ASYNC_UI, b"<")) is None
    assert desk.notice(Notification(ASYNC_UI, write_request(MessageBox(Text("a"), (), (Button(1),))))) is None


async def test_buttons_of_a_driver_are_choices_by_what_stands_on_them() -> None:
    buttons = (Button(1), Button(7, 601), Button(8, 601), Button(9, 4, "vendor.dll"))
    box = write_request(MessageBox(Text("Tray 2"), (Text("a"), Text("b")), buttons))
    channel, desk = (
        Recorded(box),
        Desk(parse("par://there/p1"), find=lambda n, dll: "Wait" if not dll else None),
    )
    found = await desk.dialog(channel)
    assert found is not None
    assert found.choices == ("ok", "Wait", "Wait (8)", "(message 4 of vendor.dll)")
    assert found.text == "a b"
    await found.reply("Wait (8)")
    assert b"8" in channel.closed[0]


async def test_error_of_the_server_is_told(here: Stand) -> None:
    box = write_request(MessageBox(Text("Tray 2"), (), (Button(1),)))
    channel = Recorded(box, PanError("closing a channel", PanResult.INVALID_PARAMETER))
    found = await Desk(parse("par://there/p1")).dialog(channel)
    assert found is not None
    with pytest.raises(ClientError, match="invalid parameter"):
        await found.reply()


async def test_server_that_is_started_anew_is_registered_with_anew() -> None:
    """It says that nothing more comes, and goes: [MS-PAN] 3.1.1.4.3, 0x8007071A"""
    contacts: list[str] = []
    async with Stand() as here, through(doors := Doors(here), contacts) as (_, told):
        await here.spooler.dialogs.open(HERE, TURN)
        first = await dialog(told)
        following = asyncio.ensure_future(anext(told))
        await here.down()
        await doors.shut()
        while not contacts:
            await asyncio.sleep(0)
        await here.up()
        await doors.open()
        source = await here.spooler.dialogs.open(HERE, TURN)  # as a source does that is asked again
        talk = first.conversation
        assert isinstance(talk, Talk)
        await talk.bound.wait()
        await here.spooler.dialogs.notify(HERE, Statement("Toner", "It is low."))
        assert await following == Notice("Toner", "It is low.", "p1")
        await first.reply("ok")
        assert await source.answered() == Answer("ok")
