"""[MS-PAN]: the message sequences of section 4, by our client over real RPC."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from pagebell.model.dialog import Addressees, Answer, Statement
from pagebell.model.event import EventKind
from pagebell.winspool.asyncui import Balloon, MessageBox, Text
from pagebell.winspool.asyncui_xml import read_request
from pagebell.winspool.idl.pan import (
    ASYNC_UI,
    PRINTER_CONFIGURATION,
)
from pagebell.winspool.pan_client import Channel, Notification, PanError, Wanted, notifications
from tests.unit.spooler.stage import P1
from tests.winspool.pan_calls import (
    HERE,
    QUEUE,
    TURN,
    VENDOR,
    YES,
    client,
)
from tests.winspool.stand import Stand


async def test_notice_reaches_every_client_that_asked(here: Stand) -> None:
    """[MS-PAN] 4.1 and 4.2"""
    async with contextlib.AsyncExitStack() as stack:
        arrived = []
        for user in ("ada", "bob"):
            rpc = await stack.enter_async_context(client(here, user))
            arrived.append(await stack.enter_async_context(notifications(rpc, Wanted(QUEUE))))
        say = here.spooler.dialogs.notify
        await say(Addressees(P1, user="bob"), Statement("Bob", "only"))
        await say(HERE, b"vendor", VENDOR)
        await say(HERE, Statement("Toner", "It is low."))
        for_bob = await anext(arrived[1])
        assert isinstance(for_bob, Notification)
        assert read_request(for_bob.octets) == Balloon(Text("Bob"), (Text("only"),))
        for notices in arrived:
            told = await anext(notices)
            assert isinstance(told, Notification) and told.kind == ASYNC_UI
            assert read_request(told.octets) == Balloon(Text("Toner"), (Text("It is low."),))


async def test_first_client_to_answer_has_the_channel(here: Stand) -> None:
    """[MS-PAN] 4.3 and 4.4"""
    async with contextlib.AsyncExitStack() as stack:
        arrived = []
        for user in ("ada", "bob"):
            rpc = await stack.enter_async_context(client(here, user))
            arrived.append(await stack.enter_async_context(notifications(rpc, Wanted(QUEUE))))
        dialog = await here.spooler.dialogs.open(HERE, TURN)
        channels_ = [await anext(one) for one in arrived]
        for channel in channels_:
            assert isinstance(channel, Channel)
            box = read_request(channel.octets)
            assert isinstance(box, MessageBox) and box.title == Text("Turn the pages")
        assert await channels_[1].close(YES)
        assert not await channels_[0].close(YES)
        assert await dialog.answered() == Answer("ok")
        assert dialog.status.answered_by == "bob"


async def test_conversation_goes_on_with_who_has_it(here: Stand) -> None:
    async with client(here) as rpc, notifications(rpc, Wanted(QUEUE, VENDOR)) as arrived:
        dialog = await here.spooler.dialogs.open(HERE, b"1", kind=VENDOR)
        channel = await anext(arrived)
        assert isinstance(channel, Channel)

        async def source() -> list[Any]:
            said = [await dialog.answered()]
            await dialog.say(b"2")
            said.append(await dialog.answered())
            await dialog.close()
            return said

        talk = asyncio.create_task(source())
        assert await channel.respond(b"one") == b"2"
        assert await channel.respond(b"two") is None
        assert await talk == [b"one", b"two"]


async def test_dialog_that_was_there_before_is_found(here: Stand) -> None:
    await here.spooler.dialogs.open(HERE, TURN)
    async with client(here) as rpc, notifications(rpc, Wanted()) as arrived:
        assert isinstance(await anext(arrived), Channel)


async def test_change_of_configuration_is_told(here: Stand) -> None:
    """[MS-PAN] 2.2.8"""
    async with client(here) as rpc:
        wanted = Wanted(QUEUE, PRINTER_CONFIGURATION)
        async with notifications(rpc, wanted, both_ways=False) as arrived:
            await here.spooler.system.announce("media_ready", printer=P1)
            told = await anext(arrived)
    assert isinstance(told, Notification)
    text = told.octets.decode("utf-16-le")
    assert 'printerName="p1"' in text and r'<ReducedSchema name="\Printer:media_ready"' in text
    assert here.store.history[-1].kind is EventKind.PRINTER_CONFIG_CHANGED


async def test_refused_client_is_told_why(here: Stand) -> None:
    async with client(here) as rpc:
        async with notifications(rpc, Wanted(r"\\127.0.0.1\none")) as arrived:
            with pytest.raises(PanError, match="invalid name") as caught:
                await anext(arrived)
        assert caught.value.final
