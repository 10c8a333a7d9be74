"""Servers that do not do as they should: our client says so, prints all the same where it can, and never hangs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from pagebell.dcerpc.ndr import Call
from pagebell.dcerpc.server import RpcServer
from pagebell.dcerpc.service import Caller, Service
from pagebell.ipp.errors import BadAnswer, Silent
from pagebell.ipp.events import Pace
from pagebell.ipp.follow import Feedback
from pagebell.ipp.registry import JobState
from pagebell.winspool import Client, infos
from pagebell.winspool.changes import (
    NO_CHANGE,
    TOLD_COLOR,
    TOLD_FLAGS,
    TOLD_INFO,
    ChangeFlag,
    JobField,
    NotifyFlag,
    NotifyType,
)
from pagebell.winspool.client.answering import Listening
from pagebell.winspool.client.queries import AT_ONCE, MOST_JOBS
from pagebell.winspool.client.session import Times
from pagebell.winspool.idl import par_notify, rprn
from pagebell.winspool.idl.notify import (
    NOTIFY_REPLY_CONTAINER,
    RPC_V2_NOTIFY_INFO,
    RPC_V2_NOTIFY_INFO_DATA,
    EPrintPropertyType,
    RpcPrintNamedProperty,
    RpcPrintPropertiesCollection,
    RpcPrintPropertyValue,
)
from pagebell.winspool.server.calling import Callbacks, Channel, Recipient
from pagebell.winspool.server.dialing import RpcDialer
from pagebell.winspool.server.table import fill
from pagebell.winspool.werror import Win32
from tests.peers import free_port
from tests.winspool.stand import PACE, PASSWORD, Stand


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


async def test_a_printer_that_is_opened_without_a_handle_is_not_open() -> None:
    service = Service(rprn.WINSPOOL, authenticated=False)

    @service.implements(rprn.RpcOpenPrinterEx)
    async def open_(caller: Caller, call: rprn.RpcOpenPrinterEx) -> rprn.RpcOpenPrinterEx.Reply:
        return rprn.RpcOpenPrinterEx.Reply()

    async with RpcServer([service]).listen("127.0.0.1", 0) as endpoint:
        with pytest.raises(BadAnswer, match="no handle"):
            await Client(f"rprn://127.0.0.1:{endpoint.port}/p1", times=Times(answer=1)).printer()


async def test_a_list_of_jobs_that_goes_on_for_ever_is_read_so_far() -> None:
    def more(call: rprn.RpcEnumJobs) -> rprn.RpcEnumJobs.Reply:
        filled = fill(call.pJob, call.cbBuf, infos.JOB_INFO_2, [infos.JOB_INFO_2(JobId=1)] * AT_ONCE)
        count = AT_ONCE if not filled.result else 0
        return rprn.RpcEnumJobs.Reply(
            pJob=filled.buffer, pcbNeeded=filled.needed, pcReturned=count, result=filled.result
        )

    async with _liar(RpcEnumJobs=more) as uri:
        assert len(await Client(uri, times=Times(answer=5)).jobs()) == MOST_JOBS


# ---------------------------------------------------------------- lies about changes


def told(flags: int = 0, info: RPC_V2_NOTIFY_INFO | None = None) -> RpcPrintPropertiesCollection:
    """A notification of [MS-PAR]."""
    number, reply = EPrintPropertyType.kPropertyTypeInt32, EPrintPropertyType.kPropertyTypeNotificationReply
    values = {
        TOLD_FLAGS: RpcPrintPropertyValue(ePropertyType=number, value=flags),
        TOLD_INFO: RpcPrintPropertyValue(
            ePropertyType=reply, value=NOTIFY_REPLY_CONTAINER(pInfo=info or RPC_V2_NOTIFY_INFO())
        ),
        TOLD_COLOR: RpcPrintPropertyValue(ePropertyType=number, value=0),
    }
    return RpcPrintPropertiesCollection(
        propertiesCollection=tuple(
            RpcPrintNamedProperty(propertyName=name, propertyValue=value) for name, value in values.items()
        )
    )


def job(member: JobField, data: Any, kind: int = 1) -> RPC_V2_NOTIFY_INFO:
    """News of some job."""
    one = RPC_V2_NOTIFY_INFO_DATA(Type=NotifyType.JOB, Field=member, Reserved=kind, Id=4711, Data=data)
    return RPC_V2_NOTIFY_INFO(aData=(one,))


GET, REGISTER = (
    par_notify.RpcAsyncGetRemoteNotifications,
    par_notify.RpcSyncRegisterForRemoteNotifications,
)
Lie = tuple[type[Call], Any]
LIES_ABOUT_CHANGES: dict[str, Lie] = {
    "nothing, again and again": (GET, GET.Reply(ppNotifyData=told())),
    "lost, again and again": (
        GET,
        GET.Reply(ppNotifyData=told(0, RPC_V2_NOTIFY_INFO(Flags=NotifyFlag.INFO_DISCARDED))),
    ),
    "no properties": (GET, GET.Reply()),
    "a member of another type": (GET, GET.Reply(ppNotifyData=told(1, job(JobField.STATUS, (1, 0), 2)))),
    "an error": (GET, GET.Reply(result=Win32.INVALID_HANDLE)),
    "no handle": (REGISTER, REGISTER.Reply()),
}
BUSY: Lie = (GET, GET.Reply(ppNotifyData=told(ChangeFlag.SET_JOB, job(JobField.STATUS, (1, 0)))))
"""News of another job, again and again."""


@dataclass
class Liar(Stand):
    """A server that prints, and lies about changes."""

    lie: Lie = BUSY

    def services(self) -> list[Service]:
        services = super().services()
        kind, answer = self.lie

        async def handle(caller: Caller, call: Any) -> Any:
            return answer

        services[1].handlers[kind.opnum] = (kind, handle)
        return services


@contextlib.asynccontextmanager
async def lying(lie: Lie) -> AsyncIterator[tuple[Liar, Client]]:
    """A server that lies so, and a client of it that looks for itself now and then."""
    async with Liar(lie=lie) as here, here.serving():
        pace = Pace(quick=0.01, slow=0.02, safety=0.05, retry=0.01, retry_most=0.02, patience=5)
        uri = f"par://127.0.0.1:{here.port}/p1"
        yield here, Client(uri, user="ada", password=PASSWORD, pace=pace)


async def printed(here: Liar, client: Client) -> list[Feedback]:
    """How the client hears of a document that it prints, which it does to its end."""
    seen = []
    async with asyncio.timeout(20):
        async for update in client.print_and_follow(b"hello"):
            seen.append(update.feedback)
            if update.job.state == JobState.PROCESSING:
                here.device.finish()
    assert update.job.state == JobState.COMPLETED
    return seen


@pytest.mark.parametrize("lie", LIES_ABOUT_CHANGES)
async def test_a_document_is_printed_and_followed_whatever_is_said_of_changes(lie: str) -> None:
    async with lying(LIES_ABOUT_CHANGES[lie]) as (here, client):
        assert (await printed(here, client))[-1] in (Feedback.EVENTS, Feedback.POLLING)


async def test_the_end_of_a_job_is_seen_though_news_of_others_never_cease() -> None:
    async with lying(BUSY) as (here, client):
        assert await printed(here, client)


@pytest.mark.parametrize("lie", ["nothing, again and again", "lost, again and again"])
async def test_who_watches_is_told_that_a_server_says_nothing_again_and_again(lie: str) -> None:
    async with lying(LIES_ABOUT_CHANGES[lie]) as (_, client), asyncio.timeout(20):
        with pytest.raises(BadAnswer, match="again and again"):
            async for _ in client.events():
                pass


@dataclass
class Flooding:
    """`calling.Dialer` of a server that calls again and again, and says nothing."""

    real: RpcDialer

    @contextlib.asynccontextmanager
    async def __call__(self, recipient: Recipient) -> AsyncIterator[Channel]:
        async def flood(channel: Channel) -> None:
            while True:
                await channel.tell(NO_CHANGE)

        async with self.real(recipient) as channel:
            flooding = asyncio.create_task(flood(channel))
            try:
                yield channel
            finally:
                flooding.cancel()
                await asyncio.wait({flooding})


async def test_calls_that_say_nothing_do_not_keep_us_for_ever() -> None:
    async with Stand() as here, here.serving():  # type: ignore[attr-defined]
        mapper = free_port()
        flooding = Flooding(RpcDialer(seconds=5, mapper=mapper))
        async with Callbacks(flooding).running() as here.desk.callbacks, asyncio.timeout(20):
            uri = f"rprn://127.0.0.1:{here.port}/p1"
            client = Client(uri, user="ada", password=PASSWORD, pace=PACE, listening=Listening(mapper))
            with pytest.raises(BadAnswer, match="again and again"):
                async for _ in client.events():
                    pass
