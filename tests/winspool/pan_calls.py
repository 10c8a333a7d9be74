"""The calls of [MS-PAN], one by one, as a client makes them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any
from uuid import UUID

from pagebell.dcerpc.client import RpcClient
from pagebell.dcerpc.ndr import ContextHandle
from pagebell.model.dialog import Addressees, Question
from pagebell.winspool.asyncui import OK, MessageBoxReply
from pagebell.winspool.asyncui_xml import write_response
from pagebell.winspool.idl import pan
from pagebell.winspool.idl.pan import (
    ASYNC_UI,
    PrintAsyncNotifyConversationStyle,
    PrintAsyncNotifyUserFilter,
)
from tests.unit.spooler.stage import P1
from tests.winspool.stand import Stand

QUEUE = r"\\127.0.0.1\p1"
VENDOR = UUID("11111111-2222-3333-4444-555555555555")
HERE = Addressees(P1)
TURN = Question("Turn the pages", "Put them back into the tray.")
YES = write_response(MessageBoxReply(OK))
UNI = PrintAsyncNotifyConversationStyle.kUniDirectional
BI = PrintAsyncNotifyConversationStyle.kBiDirectional


@contextlib.asynccontextmanager
async def client(here: Stand, user: str = "ada") -> AsyncIterator[RpcClient]:
    async with here.client(user, interface=pan.IRPCREMOTEOBJECT) as rpc:
        yield rpc


async def create(rpc: RpcClient) -> ContextHandle:
    reply = await rpc.call(pan.IRPCRemoteObject_Create())
    assert reply.result == 0 and reply.ppRemoteObj
    return reply.ppRemoteObj


async def register(rpc: RpcClient, handle: ContextHandle, style: Any = UNI, **values: Any) -> int:
    wanted: dict[str, Any] = {
        "pName": QUEUE,
        "pInNotificationType": ASYNC_UI,
        "NotifyFilter": PrintAsyncNotifyUserFilter.kPerUser,
    }
    call = pan.IRPCAsyncNotify_RegisterClient(
        pRegistrationObj=handle, conversationStyle=style, **(wanted | values)
    )
    return (await rpc.call(call)).result


async def unregister(rpc: RpcClient, handle: ContextHandle) -> int:
    return (await rpc.call(pan.IRPCAsyncNotify_UnregisterClient(pRegistrationObj=handle))).result


async def get(rpc: RpcClient, handle: ContextHandle) -> Any:
    return await rpc.call(pan.IRPCAsyncNotify_GetNotification(pRemoteObj=handle))


async def channels(rpc: RpcClient, handle: ContextHandle) -> Any:
    return await rpc.call(pan.IRPCAsyncNotify_GetNewChannel(pRemoteObj=handle))


async def send(rpc: RpcClient, channel: ContextHandle, octets: bytes | None = None, kind: Any = None) -> Any:
    return await rpc.call(
        pan.IRPCAsyncNotify_GetNotificationSendResponse(
            pChannel=channel, pInNotificationType=kind, pInNotificationData=octets
        )
    )


async def close(rpc: RpcClient, channel: ContextHandle, octets: bytes | None, kind: UUID = ASYNC_UI) -> Any:
    return await rpc.call(
        pan.IRPCAsyncNotify_CloseChannel(pChannel=channel, pInNotificationType=kind, pReason=octets)
    )


async def opened(here: Stand, rpc: RpcClient, question: Any = TURN, kind: UUID = ASYNC_UI) -> Any:
    """A remote object that is registered, a dialog, and the client's channel of it."""
    handle = await create(rpc)
    assert await register(rpc, handle, BI, pInNotificationType=kind) == 0
    dialog = await here.spooler.dialogs.open(HERE, question, kind=kind)
    (channel,) = (await channels(rpc, handle)).ppChannelCtxt
    return handle, dialog, channel


async def settled(call: Awaitable[Any]) -> asyncio.Future[Any]:
    """A call that waits at the server: another one of the same connection has been answered since."""
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0)
    return task
