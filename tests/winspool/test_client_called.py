"""Calls of a Windows server to our client: what nobody expected is refused."""

from __future__ import annotations

from typing import Any

from pagebell.dcerpc.groups import Handles
from pagebell.dcerpc.security import Level
from pagebell.dcerpc.service import Caller
from pagebell.winspool.changes import NotifyFlag
from pagebell.winspool.client.answering import Answering
from pagebell.winspool.idl import rprn_notify
from pagebell.winspool.idl.notify import RPC_V2_NOTIFY_INFO
from pagebell.winspool.werror import Win32


async def test_calls_to_us_for_what_nobody_registered_are_refused() -> None:
    service = Answering().service()
    _, open_ = service.handlers[58]
    caller: Any = None
    reply: Any = await open_(caller, rprn_notify.RpcReplyOpenPrinter(dwPrinterRemote=4711))
    assert reply.result == Win32.INVALID_PARAMETER


async def test_a_notification_of_another_colour_is_not_taken() -> None:
    answering = Answering()
    box = answering.mailbox()
    box.color = 3
    service = answering.service()
    caller = Caller(None, Level.NONE, Handles())
    opened: Any = await service.handlers[58][1](
        caller, rprn_notify.RpcReplyOpenPrinter(dwPrinterRemote=box.cookie)
    )
    tell = service.handlers[66][1]
    for color, result in ((2, NotifyFlag.INFO_COLORMISMATCH), (3, 0)):
        call = rprn_notify.RpcRouterReplyPrinterEx(
            hNotify=opened.phPrinterNotify, dwColor=color, fdwFlags=1, Reply_=RPC_V2_NOTIFY_INFO()
        )
        reply: Any = await tell(caller, call)
        assert (reply.pdwResult, reply.result) == (result, 0)
    assert box.news.qsize() == 1
    lost = rprn_notify.RpcRouterReplyPrinterEx(
        hNotify=opened.phPrinterNotify, dwColor=3, fdwFlags=0, Reply_=RPC_V2_NOTIFY_INFO(Flags=1)
    )
    assert (await tell(caller, lost)).pdwResult == NotifyFlag.INFO_DISCARDNOTED  # type: ignore[attr-defined]
