"""[MS-PAN]: limits, input that is none, who may not call, and how it all ends with the server."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import UUID

import pytest

from pagebell.dcerpc.client import RpcClient
from pagebell.dcerpc.groups import Handles, RunDown
from pagebell.dcerpc.ndr import ContextHandle
from pagebell.dcerpc.security import Level
from pagebell.dcerpc.status import Fault
from pagebell.model.access import SYSTEM
from pagebell.model.dialog import Answer, Statement
from pagebell.winspool.asyncui import CustomUIReply, MessageBoxReply
from pagebell.winspool.asyncui_xml import MOST_CHARACTERS, write_response
from pagebell.winspool.idl import pan
from pagebell.winspool.idl.pan import ASYNC_UI, MOST_OCTETS, NOTIFICATION_RELEASE, PanResult
from pagebell.winspool.pan_client import PanError, Wanted, notifications
from pagebell.winspool.server import pan as door
from tests.winspool.pan_calls import (
    BI,
    HERE,
    QUEUE,
    TURN,
    VENDOR,
    YES,
    channels,
    client,
    close,
    create,
    get,
    opened,
    register,
    send,
    settled,
    unregister,
)
from tests.winspool.raw_pan import raw_client
from tests.winspool.stand import PASSWORD, Stand

# ---------------------------------------------------------------- how many


async def test_client_that_registers_for_ever_meets_the_limit(here: Stand) -> None:
    """[MS-PAN] 3.1.1.4.1: 0x80070015; others are not concerned, and what ends makes room."""
    async with client(here) as rpc, client(here, "bob") as other:
        handles = [await create(rpc) for _ in range(door.MOST_OF_ONE + 1)]
        results = [await register(rpc, handle) for handle in handles]
        assert results == [0] * door.MOST_OF_ONE + [PanResult.TOO_MANY_REGISTRATIONS]
        assert await register(other, await create(other)) == 0
        assert await unregister(rpc, handles[0]) == 0
        assert await register(rpc, handles[-1], BI) == 0


async def test_two_registrations_of_one_object_at_once_are_one(here: Stand) -> None:
    async with client(here) as rpc:
        handle = await create(rpc)
        results = await asyncio.gather(register(rpc, handle), register(rpc, handle))
        assert sorted(results)[0] == 0
        assert sorted(results)[1] in (PanResult.STILL_WAITING, PanResult.INVALID_PARAMETER)
        assert await unregister(rpc, handle) == 0
        assert here.spooler.subscriptions.list(SYSTEM).subscriptions == ()


async def test_registrations_of_all_have_a_limit(here: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MOST_REGISTRATIONS", 1)
    async with client(here, "bob") as other:
        async with client(here) as rpc:
            assert await register(rpc, await create(rpc), BI) == 0
            handle = await create(other)
            assert await register(other, handle, BI) == PanResult.TOO_MANY_REGISTRATIONS
        while await register(other, handle, BI) != 0:  # the first is gone, and its registration with it
            await asyncio.sleep(0)


async def test_client_with_too_many_handles_lacks_memory(
    here: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[MS-PAN] 3.1.1.4.3: 0x8007000E"""
    async with client(here) as rpc:
        groups: list[Handles] = []
        real = Handles.open

        def noted(handles: Handles, value: Any, run_down: RunDown | None = None) -> ContextHandle:
            groups.append(handles)
            return real(handles, value, run_down)

        monkeypatch.setattr(Handles, "open", noted)
        handle = await create(rpc)
        assert await register(rpc, handle, BI) == 0
        first, second = [await here.spooler.dialogs.open(HERE, TURN) for _ in range(2)]
        groups[0].limit = 2
        (channel,) = (await channels(rpc, handle)).ppChannelCtxt
        assert (await channels(rpc, handle)).result == PanResult.OUT_OF_MEMORY
        assert (await rpc.call(pan.IRPCRemoteObject_Create())).result == PanResult.OUT_OF_MEMORY
        assert (await close(rpc, channel, YES)).result == 0
        (channel,) = (await channels(rpc, handle)).ppChannelCtxt
        assert (await close(rpc, channel, YES)).result == 0
        assert await first.answered() == await second.answered() == Answer("ok")


async def test_slow_client_keeps_nobody_waiting_and_gets_what_is_left(here: Stand) -> None:
    """[MS-PAN] 3.1.1.4.5: notifications are kept up to a limit, which is that of the event log."""
    async with client(here) as slow, client(here, "bob") as quick:
        behind, there = await create(slow), await create(quick)
        assert await register(slow, behind) == await register(quick, there) == 0
        numbers = range(300)
        for number in numbers:
            await here.spooler.dialogs.notify(HERE, Statement("", f"notice {number}"))
            assert f"notice {number}<".encode("utf-16-le") in (await get(quick, there)).ppOutNotificationData
            if number == 199:
                await here.clock.advance(here.spooler.policy.event_life + 10)  # what there is leaves the log
        for number in numbers[200:]:
            assert f"notice {number}<".encode("utf-16-le") in (await get(slow, behind)).ppOutNotificationData


# ---------------------------------------------------------------- how large


@pytest.mark.parametrize(
    ("size", "result"), [(MOST_OCTETS, 0), (MOST_OCTETS + 1, PanResult.RESPONSE_TOO_LARGE)]
)
async def test_last_response_has_a_largest_size(here: Stand, size: int, result: int) -> None:
    async with client(here) as rpc:
        _, dialog, channel = await opened(here, rpc, b"ready?", VENDOR)
        answer = await close(rpc, channel, bytes(size), VENDOR)
        assert (answer.result, bool(answer.pChannel)) == (result, False)
        assert (dialog.answer is not None) == (result == 0)


async def test_response_that_is_too_large_leaves_the_channel_as_it_was(here: Stand) -> None:
    async with client(here) as rpc:
        _, dialog, channel = await opened(here, rpc, b"ready?", VENDOR)
        await send(rpc, channel)
        answer = await send(rpc, channel, bytes(MOST_OCTETS + 1), VENDOR)
        assert (answer.result, answer.pChannel) == (PanResult.RESPONSE_TOO_LARGE, channel)
        assert dialog.answer is None
        assert (await close(rpc, channel, b"yes", VENDOR)).result == 0


# ---------------------------------------------------------------- what is no answer

BILLION = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
BAD: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", PanResult.INVALID_PARAMETER),
    "not well formed": ("<a><b></a>".encode("utf-16-le"), PanResult.INVALID_PARAMETER),
    "half a character": (b"<", PanResult.INVALID_PARAMETER),
    "not UTF-16": (b"\x00\xd8<\x00", PanResult.INVALID_PARAMETER),
    "a document type": ("<!DOCTYPE a><a/>".encode("utf-16-le"), PanResult.INVALID_PARAMETER),
    "entities": (BILLION.encode("utf-16-le"), PanResult.INVALID_PARAMETER),
    "another document": ("<a/>".encode("utf-16-le"), PanResult.INVALID_PARAMETER),
    "an unknown button": (write_response(MessageBoxReply(7)), PanResult.INVALID_PARAMETER),
    "words that are no JSON": (write_response(CustomUIReply("yes")), PanResult.INVALID_PARAMETER),
    "too much": (b"<\0" * (MOST_CHARACTERS + 1), PanResult.RESPONSE_TOO_LARGE),
    "too many words": (
        write_response(CustomUIReply('{"choice": "ok", "text": "' + 10_000 * "a" + '"}')),
        PanResult.RESPONSE_TOO_LARGE,
    ),
}


@pytest.mark.parametrize("what", BAD)
async def test_answer_that_is_none_acquires_nothing_and_is_logged_once(
    here: Stand, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    octets, result = BAD[what]
    async with client(here) as rpc, client(here, "bob") as other:
        _, dialog, channel = await opened(here, rpc)
        handle = await create(other)
        assert await register(other, handle, BI) == 0
        (theirs,) = (await channels(other, handle)).ppChannelCtxt
        with caplog.at_level(logging.INFO, "pagebell"):
            caplog.clear()
            assert (await close(rpc, channel, octets or None)).result == result
        (told,) = [record for record in caplog.records if "no answer" in record.message]
        assert told.levelno == logging.INFO and len(told.message) < 300
        assert (dialog.status.answered_by, dialog.status.is_open) == ("", True)
        assert (await close(other, theirs, YES)).result == 0
        assert await dialog.answered() == Answer("ok")


# ---------------------------------------------------------------- who calls, and how


@pytest.mark.parametrize("level", [Level.CONNECT, Level.PACKET, Level.INTEGRITY, Level.PRIVACY])
async def test_calls_are_protected_by_packet_at_least(here: Stand, level: Level) -> None:
    """[MS-PAN] 2.1"""
    async with here.client("ada", level, pan.IRPCREMOTEOBJECT) as rpc:
        if level < Level.PACKET:
            with pytest.raises(Fault, match="ACCESS_DENIED"):
                await create(rpc)
        else:
            assert await register(rpc, await create(rpc)) == 0


async def test_handle_of_one_security_context_works_in_another_of_the_connection(here: Stand) -> None:
    """An independent client authenticates anew for the second interface."""
    async with raw_client(here.port, "ada", PASSWORD) as raw:
        remote = await raw.create()
        assert await raw.register(remote, QUEUE) == 0
        assert len(raw.secured) == 2
        dialog = await here.spooler.dialogs.open(HERE, TURN)
        (channel,) = await raw.channels(remote)
        assert await raw.close_channel(channel, YES) == 0
        assert dialog.status.answered_by == "ada"


async def test_handles_of_another_connection_are_none(here: Stand) -> None:
    async with client(here) as rpc, client(here, "bob") as other:
        handle = await create(rpc)
        with pytest.raises(Fault, match="CONTEXT_MISMATCH"):
            await register(other, handle)


# ---------------------------------------------------------------- how it ends


async def test_deleted_remote_object_ends_the_call_that_waits(here: Stand) -> None:
    """[MS-PAN] 3.1.1.4.5: of type NOTIFICATION_RELEASE"""
    async with client(here) as rpc:
        handle = await create(rpc)
        assert await register(rpc, handle) == 0
        waiting = await settled(get(rpc, handle))
        await rpc.call(pan.IRPCRemoteObject_Delete(ppRemoteObj=handle))
        answer = await waiting
        assert (answer.result, answer.ppOutNotificationType) == (PanResult.TERMINATED, NOTIFICATION_RELEASE)


async def test_registration_ends_and_begins_anew(here: Stand) -> None:
    async with client(here) as rpc:
        handle = await create(rpc)
        for style in (BI, pan.PrintAsyncNotifyConversationStyle.kUniDirectional):
            assert await register(rpc, handle, style) == 0
            assert await unregister(rpc, handle) == 0
        assert await register(rpc, handle) == 0
        waiting = await settled(get(rpc, handle))
        await here.spooler.dialogs.notify(HERE, b"vendor", VENDOR)  # not what it wants
        await here.spooler.dialogs.notify(HERE, Statement("Toner", "It is low."))
        assert (await waiting).ppOutNotificationType == ASYNC_UI


async def test_server_that_stops_tells_all_who_wait(here: Stand) -> None:
    """[MS-PAN] 3.1.1.4.3 to 3.1.1.4.5: an initiated server shutdown sequence"""
    async with client(here) as rpc, client(here, "bob") as other:
        handle, dialog, channel = await opened(here, rpc, b"ready?", VENDOR)
        await send(rpc, channel)
        talking = await settled(send(rpc, channel, b"yes", VENDOR))
        assert await dialog.answered() == b"yes"
        accepting = await settled(channels(rpc, handle))
        one_way = await create(other)
        assert await register(other, one_way) == 0
        listening = await settled(get(other, one_way))
        assert (await get(other, one_way)).result == PanResult.STILL_WAITING
        here.spooler.begin_stop()
        assert (await accepting).result == (await listening).result == PanResult.TERMINATED
        answer = await talking
        released = (0, False, NOTIFICATION_RELEASE)
        assert (answer.result, bool(answer.pChannel), answer.ppOutNotificationType) == released
        assert (await channels(rpc, handle)).result == PanResult.TERMINATED


@pytest.mark.parametrize("code", [PanResult.TERMINATED, PanResult.STILL_WAITING])
async def test_client_takes_what_is_thrown_as_what_is_returned(
    here: Stand, code: PanResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[MS-PAN] 3.1.1.4.3: Exceptions Thrown"""
    call = RpcClient.call

    async def throwing(rpc: RpcClient, procedure: Any, *, object: UUID | None = None) -> Any:
        if isinstance(procedure, pan.IRPCAsyncNotify_GetNewChannel):
            raise Fault(code)
        return await call(rpc, procedure, object=object)

    monkeypatch.setattr(RpcClient, "call", throwing)
    async with client(here) as rpc, notifications(rpc, Wanted(QUEUE)) as arrived:
        with pytest.raises(PanError) as caught:
            await anext(arrived)
    assert caught.value.code == code
