"""Who acts in the plays: clients whose every call becomes a line, and a server on whose stage a play is given.

    printer = await ada.opens("p1")
    play.reads("ada: RpcAsyncOpenPrinter p1")

A play is a test that can be read beside the specification. `reads` holds what was said since it was last called against
the script, line by line; nothing else may have been said.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pagebell.converters.pages import PageConverter
from pagebell.dcerpc.client import RpcClient
from pagebell.dcerpc.ndr import Call, ContextHandle, Interface
from pagebell.dcerpc.security import Level
from pagebell.model.document import Ticket
from pagebell.model.printer import Capabilities
from pagebell.sources.manual_duplex import ManualDuplex
from pagebell.spooler.sources import Source
from pagebell.testing import ScriptedDevice
from pagebell.winspool import devmode
from pagebell.winspool.changes import ChangeFlag, JobField
from pagebell.winspool.client.answering import Answering, Listening, Mailbox
from pagebell.winspool.constants import JobStatus
from pagebell.winspool.idl import pan, par, par_notify, rprn, rprn_notify
from pagebell.winspool.idl.containers import DEVMODE_CONTAINER, DOC_INFO_CONTAINER
from pagebell.winspool.idl.pan import PanResult, PrintAsyncNotifyConversationStyle, PrintAsyncNotifyUserFilter
from pagebell.winspool.idl.types import DOC_INFO_1
from pagebell.winspool.server.calling import Callbacks
from pagebell.winspool.server.dialing import RpcDialer
from tests.winspool.listening import Heard, filtered, heard, of_collection, options
from tests.winspool.stand import CLIENT, Stand

QUEUE = r"\\127.0.0.1\p1"
FIELDS: Mapping[int, Iterable[int]] = {1: (JobField.STATUS, JobField.PAGES_PRINTED, JobField.DOCUMENT)}
"""The members of jobs that the clients of these plays want to know."""
WANTED = ChangeFlag.ADD_JOB | ChangeFlag.SET_JOB | ChangeFlag.DELETE_JOB
UI, RELEASE = pan.ASYNC_UI, pan.NOTIFICATION_RELEASE
BI = PrintAsyncNotifyConversationStyle.kBiDirectional
UNI = PrintAsyncNotifyConversationStyle.kUniDirectional


@dataclass
class Play:
    """What was said, and up to where it has been held against the script."""

    house: House
    lines: list[str] = field(default_factory=list)
    _read: int = 0

    def say(self, line: str) -> None:
        """One more line."""
        self.lines.append(line)

    def reads(self, *script: str) -> None:
        """What has been said since the last time is this."""
        said, self._read = self.lines[self._read :], len(self.lines)
        assert said == list(script)

    @contextlib.asynccontextmanager
    async def actor(self, name: str, interface: Interface, user: str = "") -> AsyncIterator[Actor]:
        """A client's connection; it is the user of that name unless another one is given."""
        async with self.house.client(user or name, Level.PRIVACY, interface) as rpc:
            yield Actor(name, rpc, self)


@dataclass
class Actor:
    """One connection of a client; each call of it is a line, with what is wrong where it fails."""

    name: str
    rpc: RpcClient
    play: Play

    async def calls(self, call: Call, said: str = "") -> Any:
        """Call, and wait for the answer."""
        object_ = par.OBJECT if call.interface is par.IREMOTEWINSPOOL else None
        line = " ".join(filter(None, (f"{self.name}: {type(call).__name__}", said)))
        self.play.say(line)
        reply: Any = await self.rpc.call(call, object=object_)  # type: ignore[arg-type]
        result = getattr(reply, "result", 0)
        if result:
            known = next((one.name for one in PanResult if one == result), hex(result))
            self.play.say(f"server: {known}")
        return reply

    async def begins(self, call: Call, said: str = "") -> asyncio.Task[Any]:
        """Call, and do not wait: the server will answer when there is something to tell."""
        task = asyncio.create_task(self.calls(call, said))
        await asyncio.sleep(0)
        return task

    # --- [MS-PAN] ---

    async def creates(self) -> ContextHandle:
        """A remote object."""
        handle: ContextHandle = (await self.calls(pan.IRPCRemoteObject_Create())).ppRemoteObj
        return handle

    async def registers(self, remote: ContextHandle, style: Any, kind: Any = UI) -> int:
        """For what is said at the queue to this user."""
        call = pan.IRPCAsyncNotify_RegisterClient(
            pRegistrationObj=remote,
            pName=QUEUE,
            pInNotificationType=kind,
            NotifyFilter=PrintAsyncNotifyUserFilter.kPerUser,
            conversationStyle=style,
        )
        way = "both ways" if style == BI else "one way"
        return int((await self.calls(call, way)).result)

    async def waits_for_a_channel(self, remote: ContextHandle) -> asyncio.Task[Any]:
        return await self.begins(pan.IRPCAsyncNotify_GetNewChannel(pRemoteObj=remote))

    async def waits_for_a_notification(self, remote: ContextHandle) -> asyncio.Task[Any]:
        return await self.begins(pan.IRPCAsyncNotify_GetNotification(pRemoteObj=remote))

    async def looks(self, channel: ContextHandle) -> Any:
        """The first call on a channel: what is said?"""
        return await self.calls(pan.IRPCAsyncNotify_GetNotificationSendResponse(pChannel=channel), "first")

    async def responds(self, channel: ContextHandle, octets: bytes, kind: Any) -> asyncio.Task[Any]:
        """A further call: an answer, and what is said next?"""
        call = pan.IRPCAsyncNotify_GetNotificationSendResponse(
            pChannel=channel, pInNotificationType=kind, pInNotificationData=octets
        )
        return await self.begins(call, octets.decode())

    async def closes(self, channel: ContextHandle, octets: bytes | None, kind: Any = UI) -> Any:
        """The last call."""
        call = pan.IRPCAsyncNotify_CloseChannel(pChannel=channel, pInNotificationType=kind, pReason=octets)
        return await self.calls(call, "with an answer" if octets else "")

    async def unregisters(self, remote: ContextHandle) -> None:
        """No more is wanted."""
        assert (await self.calls(pan.IRPCAsyncNotify_UnregisterClient(pRegistrationObj=remote))).result == 0

    async def deletes(self, remote: ContextHandle) -> None:
        """The remote object goes."""
        assert not (await self.calls(pan.IRPCRemoteObject_Delete(ppRemoteObj=remote))).ppRemoteObj


# ---------------------------------------------------------------- MS-RPRN and MS-PAR


class Ear(Protocol):
    """How a client hears of changes."""

    async def hears(self) -> Heard: ...
    async def closes(self) -> None: ...


@dataclass(frozen=True)
class Dialect:
    """One of the two protocols: the same procedures by other names, but for how changes are told."""

    name: str
    interface: Interface
    open: Any
    start_doc: Any
    start_page: Any
    write: Any
    end_page: Any
    end_doc: Any
    close: Any

    async def opens(self, actor: Actor, ticket: Ticket | None = None) -> ContextHandle:
        """Step 1 of the use case."""
        wishes = DEVMODE_CONTAINER(pDevMode=None if ticket is None else devmode.wishes(ticket))
        call = self.open(pPrinterName=QUEUE, AccessRequired=8, pClientInfo=CLIENT, pDevModeContainer=wishes)
        handle: ContextHandle = (await actor.calls(call)).pHandle
        assert handle
        return handle

    async def starts_doc(self, actor: Actor, printer: ContextHandle, name: str) -> int:
        """Step 2."""
        document = DOC_INFO_CONTAINER(DocInfo=DOC_INFO_1(pDocName=name, pDatatype="RAW"))
        return int((await actor.calls(self.start_doc(hPrinter=printer, pDocInfoContainer=document))).pJobId)

    async def sends_pages(self, actor: Actor, printer: ContextHandle, octets: bytes, pages: int) -> None:
        """Step 3, for all pages."""
        most = len(octets) // pages + 1
        for page in range(pages):
            await actor.calls(self.start_page(hPrinter=printer))
            piece = octets[page * most : (page + 1) * most]
            reply = await actor.calls(self.write(hPrinter=printer, pBuf=piece))
            assert reply.pcWritten == len(piece)
            await actor.calls(self.end_page(hPrinter=printer))

    async def ends_doc(self, actor: Actor, printer: ContextHandle) -> None:
        """Step 4."""
        await actor.calls(self.end_doc(hPrinter=printer))

    async def closes(self, actor: Actor, printer: ContextHandle) -> None:
        """Step 5."""
        assert not (await actor.calls(self.close(phPrinter=printer))).phPrinter


@dataclass
class Waiter:
    """[MS-PAR] 3.1.4.9: the client calls, and the server answers when something has changed."""

    actor: Actor
    handle: ContextHandle

    @classmethod
    async def of(cls, actor: Actor, printer: ContextHandle) -> Waiter:
        call = par_notify.RpcSyncRegisterForRemoteNotifications(
            hPrinter=printer, pNotifyFilter=filtered(WANTED, options(FIELDS), 7)
        )
        return cls(actor, (await actor.calls(call)).phRpcHandle)

    async def hears(self) -> Heard:
        call = par_notify.RpcAsyncGetRemoteNotifications(hRpcHandle=self.handle)
        return of_collection((await self.actor.rpc.call(call, object=par.OBJECT)).ppNotifyData)

    async def closes(self) -> None:
        call = par_notify.RpcSyncUnRegisterForRemoteNotifications(phRpcHandle=self.handle)
        await self.actor.calls(call)


@dataclass
class Called:
    """[MS-RPRN] 3.1.4.10 and 3.2.4: the server calls the client."""

    actor: Actor
    handle: ContextHandle
    mailbox: Mailbox

    @classmethod
    async def of(cls, actor: Actor, printer: ContextHandle) -> Called:
        mailbox = actor.play.house.answering.mailbox()
        call = rprn_notify.RpcRemoteFindFirstPrinterChangeNotificationEx(
            hPrinter=printer,
            fdwFlags=WANTED,
            pszLocalMachine=r"\\127.0.0.1",
            dwPrinterLocal=mailbox.cookie,
            pOptions=options(FIELDS),
        )
        await actor.calls(call)
        return cls(actor, printer, mailbox)

    async def hears(self) -> Heard:
        news = await self.mailbox.news.get()
        return heard(news.flags, news.info, 0)

    async def closes(self) -> None:
        call = rprn_notify.RpcFindClosePrinterChangeNotification(hPrinter=self.handle)
        await self.actor.calls(call)
        await self.mailbox.closed.wait()
        self.actor.play.say("server: RpcReplyClosePrinter")


@dataclass
class Watch:
    """What a client has heard of the jobs: it shows it to its user as it comes."""

    ear: Ear
    play: Play
    status: dict[int, JobStatus] = field(default_factory=dict)

    async def until(self, job: int, status: JobStatus, pages: int = 0) -> None:
        """Hear until the job has that status, and so many pages are out."""
        printed = 0
        async with asyncio.timeout(30):
            while not self.status.get(job, JobStatus(0)) & status or printed < pages:
                news = await self.ear.hears()
                for (kind, member, number), value in news.data.items():
                    if kind == 1 and member == JobField.STATUS:
                        self.status[number] = JobStatus(value)
                    if kind == 1 and number == job and member == JobField.PAGES_PRINTED:
                        printed = value
        told = f", {pages} pages out" if pages else ""
        self.play.say(f"server: job {job} is {status.name}{told}")

    async def new_job(self) -> int:
        """Hear until there is a job that was not there before; its number."""
        async with asyncio.timeout(30):
            while True:
                news = await self.ear.hears()
                for (kind, member, number), value in news.data.items():
                    if kind == 1 and member == JobField.STATUS:
                        self.status[number] = JobStatus(value)
                if news.flags & ChangeFlag.ADD_JOB:
                    number = max(self.status)
                    self.play.say(f"server: job {number} is new")
                    return number


RPRN = Dialect(
    "MS-RPRN",
    rprn.WINSPOOL,
    rprn.RpcOpenPrinterEx,
    rprn.RpcStartDocPrinter,
    rprn.RpcStartPagePrinter,
    rprn.RpcWritePrinter,
    rprn.RpcEndPagePrinter,
    rprn.RpcEndDocPrinter,
    rprn.RpcClosePrinter,
)
PAR = Dialect(
    "MS-PAR",
    par.IREMOTEWINSPOOL,
    par.RpcAsyncOpenPrinter,
    par.RpcAsyncStartDocPrinter,
    par.RpcAsyncStartPagePrinter,
    par.RpcAsyncWritePrinter,
    par.RpcAsyncEndPagePrinter,
    par.RpcAsyncEndDocPrinter,
    par.RpcAsyncClosePrinter,
)
EARS: Mapping[str, Any] = {"MS-RPRN": Called, "MS-PAR": Waiter}


class House(Stand):
    """A server with a printer that prints one side, and a vendor's component that makes two of it."""

    answering: Answering

    @contextlib.asynccontextmanager
    async def playing(self) -> AsyncIterator[Play]:
        """Open the doors; clients can be called back."""
        mapper = free_port()
        self.answering = Answering()
        async with (
            self.serving(),
            self.answering.serving("127.0.0.1", Listening(mapper)),
            Callbacks(RpcDialer(seconds=10, mapper=mapper)).running() as self.desk.callbacks,
        ):
            yield Play(self)


@contextlib.asynccontextmanager
async def house(folder: Path, sources: Mapping[str, Source] | None = None) -> AsyncIterator[Play]:
    """A play about to begin."""
    made = House(
        sources=sources or {"manual-duplex": ManualDuplex({"printers": ["p1"]})},
        converter=PageConverter(folder),
        devices={"scripted:p1": ScriptedDevice(Capabilities(formats=("application/pdf",)))},
    )
    async with made, made.playing() as play:
        yield play


def free_port() -> int:
    """Of 127.0.0.1."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
