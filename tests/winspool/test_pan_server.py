"""[MS-PAN] over real RPC: every method in every state, and who may register for what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pagebell.dcerpc.client import RpcClient
from pagebell.dcerpc.ndr import ContextHandle
from pagebell.dcerpc.status import Fault
from pagebell.model.subscription import Scope
from pagebell.winspool.idl import pan
from pagebell.winspool.idl.pan import (
    ASYNC_UI,
    NOTIFICATION_RELEASE,
    PRINTER_CONFIGURATION,
    PanResult,
    PrintAsyncNotifyUserFilter,
)
from tests.unit.spooler.stage import ID1
from tests.winspool.pan_calls import (
    BI,
    UNI,
    VENDOR,
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
from tests.winspool.stand import Stand

# ---------------------------------------------------------------- every method in every state

FRESH, ONE_WAY, BOTH_WAYS, ENDED = "fresh", "one way", "both ways", "unregistered"
States = dict[str, int | None]
REMOTE: dict[str, tuple[Callable[[RpcClient, ContextHandle], Awaitable[Any]], States]] = {
    # None: the call waits, as it should. [MS-PAN] 3.1.1.4.1 to 3.1.1.4.5, "A server MUST NOT"
    "register": (
        register,
        {FRESH: 0, ONE_WAY: PanResult.INVALID_PARAMETER, BOTH_WAYS: PanResult.INVALID_PARAMETER, ENDED: 0},
    ),
    "unregister": (
        unregister,
        {FRESH: PanResult.TERMINATED, ONE_WAY: 0, BOTH_WAYS: 0, ENDED: PanResult.TERMINATED},
    ),
    "get notification": (
        get,
        {
            FRESH: PanResult.TERMINATED,
            ONE_WAY: None,
            BOTH_WAYS: PanResult.INVALID_PARAMETER,
            ENDED: PanResult.TERMINATED,
        },
    ),
    "get new channel": (
        channels,
        {
            FRESH: PanResult.TERMINATED,
            ONE_WAY: PanResult.INVALID_PARAMETER,
            BOTH_WAYS: None,
            ENDED: PanResult.TERMINATED,
        },
    ),
}


@pytest.mark.parametrize("method", REMOTE)
@pytest.mark.parametrize("state", [FRESH, ONE_WAY, BOTH_WAYS, ENDED])
async def test_remote_object_in_each_state(here: Stand, method: str, state: str) -> None:
    call, results = REMOTE[method]
    async with client(here) as rpc:
        handle = await create(rpc)
        if state != FRESH:
            assert await register(rpc, handle, BI if state == BOTH_WAYS else UNI) == 0
        if state == ENDED:
            assert await unregister(rpc, handle) == 0
        asked = await settled(call(rpc, handle))
        if results[state] is None:
            assert (await call(rpc, handle)).result == PanResult.STILL_WAITING
            assert not asked.done()
            assert await unregister(rpc, handle) == 0  # never behind a call that waits
            assert (await asked).result == PanResult.TERMINATED
        else:
            answer = await asked
            assert (answer if isinstance(answer, int) else answer.result) == results[state]


LOOKED, ANSWERED = "looked", "answered"
LATE, LOST, OVER, CLOSED = "another's, unseen", "another's", "over", "closed"
NOTHING = (0, False, None)
RELEASED = (0, False, NOTIFICATION_RELEASE)
NOT_YET = (PanResult.STILL_WAITING, True, None)
WRONG = (PanResult.OTHER_TYPE, True, None)
TOO_LATE = (PanResult.ACQUIRED_BY_ANOTHER, False, None)
REFUSED = (PanResult.OTHER_TYPE, False, None)
CHANNEL: dict[str, dict[str, Any]] = {
    # (result, whether the handle lives on, what type comes out); None: the call waits. [MS-PAN] 3.1.1.4.4, 3.1.1.4.6
    "look": {
        **{FRESH: (0, True, VENDOR), LATE: RELEASED},
        **{LOOKED: WRONG, ANSWERED: NOT_YET, LOST: WRONG, OVER: WRONG},
    },
    "respond": {
        **{FRESH: (0, True, VENDOR), LATE: RELEASED},  # a response to nothing is ignored
        **{LOOKED: None, ANSWERED: NOT_YET, LOST: RELEASED, OVER: RELEASED},
    },
    "respond with another type": {
        **{FRESH: WRONG, LATE: WRONG, LOOKED: WRONG, ANSWERED: NOT_YET, LOST: WRONG, OVER: WRONG},
    },
    "close with an answer": {
        **{FRESH: NOTHING, LOOKED: NOTHING, ANSWERED: NOTHING},
        **{LATE: TOO_LATE, LOST: TOO_LATE, OVER: TOO_LATE},
    },
    "close without": dict.fromkeys((FRESH, LATE, LOOKED, ANSWERED, LOST, OVER), NOTHING),
    "close with another type": dict.fromkeys((FRESH, LATE, LOOKED, ANSWERED, LOST, OVER), REFUSED),
}
CALLS: dict[str, Callable[[RpcClient, ContextHandle], Awaitable[Any]]] = {
    "look": send,
    "respond": lambda rpc, channel: send(rpc, channel, b"yes", VENDOR),
    "respond with another type": lambda rpc, channel: send(rpc, channel, b"yes", ASYNC_UI),
    "close with an answer": lambda rpc, channel: close(rpc, channel, b"yes", VENDOR),
    "close without": lambda rpc, channel: close(rpc, channel, None, NOTIFICATION_RELEASE),
    "close with another type": lambda rpc, channel: close(rpc, channel, b"yes", ASYNC_UI),
}


@pytest.mark.parametrize(
    ("method", "state"), [(method, state) for method, states in CHANNEL.items() for state in states]
)
async def test_channel_in_each_state(here: Stand, method: str, state: str) -> None:
    async with client(here) as rpc, client(here, "bob") as other:
        _, dialog, channel = await opened(here, rpc, b"ready?", VENDOR)
        waiting = None
        if state not in (FRESH, LATE):
            assert (await send(rpc, channel)).ppOutNotificationData == b"ready?"
        if state == ANSWERED:
            waiting = await settled(send(rpc, channel, b"first", VENDOR))
            assert await dialog.answered() == b"first"
        if state in (LATE, LOST):
            here.spooler.dialogs.acquire(dialog, b"mine", await here.desk.by(_Called(other)))  # type: ignore[arg-type]
        if state == OVER:
            await dialog.close()
        asked = await settled(CALLS[method](rpc, channel))
        expected = CHANNEL[method][state]
        if expected is None:
            await dialog.answered()
            assert not asked.done()
            await dialog.say(b"and now?")
            answer = await asked
            assert (answer.ppOutNotificationData, answer.pChannel) == (b"and now?", channel)
            return
        answer = await asked
        kind = getattr(answer, "ppOutNotificationType", None)
        assert (answer.result, bool(answer.pChannel), kind) == expected
        if waiting is not None and method.startswith("close"):
            assert (await waiting).ppOutNotificationType == NOTIFICATION_RELEASE
        await dialog.close()
        if waiting is not None:
            await waiting


@pytest.mark.parametrize("method", CHANNEL)
@pytest.mark.parametrize("how", ["close without", "close with an answer", "close with another type"])
async def test_closed_channel_is_none_whatever_was_said_last(here: Stand, method: str, how: str) -> None:
    """[MS-PAN] 3.1.1.4.6: upon receipt the server makes the handle null."""
    async with client(here) as rpc:
        _, dialog, channel = await opened(here, rpc, b"ready?", VENDOR)
        await CALLS[how](rpc, channel)
        with pytest.raises(Fault, match="CONTEXT_MISMATCH"):
            await CALLS[method](rpc, channel)
        assert dialog.status.is_open is (how != "close with an answer")


class _Called:
    """Stands for the caller bob."""

    def __init__(self, rpc: RpcClient) -> None:
        from pagebell.dcerpc.security import Principal

        self.principal, self.peer = Principal("bob"), "127.0.0.1"


async def test_handles_that_are_none_fault(here: Stand) -> None:
    async with client(here) as rpc:
        handle = await create(rpc)
        gone = (await rpc.call(pan.IRPCRemoteObject_Delete(ppRemoteObj=handle))).ppRemoteObj
        assert not gone
        for call in (register, unregister, get, channels, send):
            with pytest.raises(Fault):
                await call(rpc, handle)  # type: ignore[operator]


# ---------------------------------------------------------------- who may register for what


@pytest.mark.parametrize(
    ("user", "values", "result"),
    [
        ("ada", {"pName": None}, 0),
        ("ada", {"pName": r"\\127.0.0.1"}, PanResult.INVALID_NAME),
        ("ada", {"pName": ""}, PanResult.INVALID_NAME),
        ("ada", {"pName": r"\\127.0.0.1\p1, Job 1"}, PanResult.INVALID_NAME),
        ("ada", {"pName": "p1"}, PanResult.INVALID_NAME),
        ("ada", {"pName": r"\\127.0.0.1\none"}, PanResult.INVALID_NAME),
        ("ada", {"pName": "\\\\a\\b\\c"}, PanResult.INVALID_NAME),
        ("ada", {"NotifyFilter": PrintAsyncNotifyUserFilter.kAllUsers}, PanResult.ACCESS_DENIED),
        (
            "ada",
            {"pName": None, "NotifyFilter": PrintAsyncNotifyUserFilter.kAllUsers},
            PanResult.ACCESS_DENIED,
        ),
        ("root", {"NotifyFilter": PrintAsyncNotifyUserFilter.kAllUsers}, 0),
        ("ada", {"pInNotificationType": NOTIFICATION_RELEASE}, PanResult.INVALID_PARAMETER),
        ("ada", {"pInNotificationType": PRINTER_CONFIGURATION, "style": BI}, PanResult.INVALID_PARAMETER),
    ],
)
async def test_who_may_register_for_what(here: Stand, user: str, values: dict[str, Any], result: int) -> None:
    async with client(here, user) as rpc:
        assert await register(rpc, await create(rpc), **values) == result


async def test_lost_client_leaves_nothing_behind(here: Stand) -> None:
    async with client(here) as rpc:
        _, dialog, channel = await opened(here, rpc, b"ready?", VENDOR)
        assert await register(rpc, await create(rpc)) == 0
        await send(rpc, channel)
        waiting = await settled(send(rpc, channel, b"yes", VENDOR))
        assert await dialog.answered() == b"yes"
        waiting.cancel()
    async with asyncio.timeout(10):
        while dialog.status.is_open or here.spooler.subscriptions.count(Scope(ID1)):
            await asyncio.sleep(0)
