"""Servers that lie to our client, and calls to it that nobody expected."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from pagebell.dcerpc.groups import Handles
from pagebell.dcerpc.security import Level
from pagebell.dcerpc.server import RpcServer
from pagebell.dcerpc.service import Caller, Service
from pagebell.ipp.errors import BadAnswer, Silent
from pagebell.ipp.events import Pace
from pagebell.winspool import Client
from pagebell.winspool.changes import NotifyFlag
from pagebell.winspool.client.answering import Answering
from pagebell.winspool.client.session import Times
from pagebell.winspool.idl import rprn, rprn_notify
from pagebell.winspool.idl.notify import RPC_V2_NOTIFY_INFO
from pagebell.winspool.werror import Win32


@contextlib.asynccontextmanager
async def _liar(**answers: Any) -> AsyncIterator[str]:
    """A server that opens everything, and answers the rest as it is told to."""
    service = Service(rprn.WINSPOOL, authenticated=False)

    @service.implements(rprn.RpcOpenPrinterEx)
    async def open_(caller: Caller, call: rprn.RpcOpenPrinterEx) -> rprn.RpcOpenPrinterEx.Reply:
        return rprn.RpcOpenPrinterEx.Reply(pHandle=caller.handles.open(object()))

    for name, answer in answers.items():
        kind = getattr(rprn, name)

        async def handle(caller: Caller, call: Any, kind: Any = kind, answer: Any = answer) -> Any:
            if asyncio.iscoroutinefunction(answer):
                await answer()
            return answer(call) if callable(answer) else kind.Reply(**answer)

        service.implements(kind)(handle)
    async with RpcServer([service]).listen("127.0.0.1", 0) as endpoint:
        yield f"rprn://127.0.0.1:{endpoint.port}/p1"


async def _never() -> None:
    await asyncio.Event().wait()


def _more(call: Any) -> rprn.RpcGetPrinter.Reply:
    return rprn.RpcGetPrinter.Reply(
        pPrinter=bytes(call.cbBuf), pcbNeeded=call.cbBuf + 4, result=Win32.INSUFFICIENT_BUFFER
    )


LIES: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "a gigabyte is needed": (
        {"RpcGetPrinter": {"result": 122, "pcbNeeded": 1 << 30}},
        BadAnswer,
        "octets are needed",
    ),
    "always a little more": ({"RpcGetPrinter": _more}, BadAnswer, "keeps asking"),
    "an offset that leads outside": (
        {"RpcGetPrinter": lambda call: rprn.RpcGetPrinter.Reply(pPrinter=b"\xff" * call.cbBuf)},
        BadAnswer,
        "outside",
    ),
    "nothing in the buffer": ({"RpcGetPrinter": {}}, BadAnswer, "do not hold"),
    "no answer": ({"RpcGetPrinter": _never}, Silent, "no answer"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_server_that_lies_gets_a_clear_error(lie: str) -> None:
    answers, error, words = LIES[lie]
    async with _liar(**answers) as uri:
        client = Client(uri, times=Times(answer=0.2), pace=Pace(patience=0))
        with pytest.raises(error, match=words):
            await client.printer()


@pytest.mark.parametrize("written", [0, 1 << 20])
async def test_a_server_that_takes_more_or_less_than_was_sent_is_not_believed(written: int) -> None:
    answers: dict[str, Any] = {
        "RpcStartDocPrinter": {"pJobId": 1},
        "RpcStartPagePrinter": {},
        "RpcWritePrinter": {"pcWritten": written},
    }
    async with _liar(**answers) as uri:
        with pytest.raises(BadAnswer, match="of 5 octets"):
            await Client(uri, times=Times(answer=1)).print_document(b"hello")


async def test_endless_lists_of_jobs_come_to_an_end() -> None:
    async with _liar(RpcEnumJobs={"pcReturned": 1 << 31, "pJob": bytes(4096)}) as uri:
        with pytest.raises(BadAnswer, match="do not hold"):
            await Client(uri, times=Times(answer=1)).jobs()


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
