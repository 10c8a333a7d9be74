"""The client's own `winspool` interface, by which print servers tell it of changes. [MS-RPRN] 3.2.4.1

It takes calls for what was registered for and nothing else: a handle is given for a cookie that nobody can guess.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pagebell.dcerpc.endpoint_mapper import PORT, EndpointMapper, Registration
from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.ndr import ContextHandle
from pagebell.dcerpc.pipe_server import PipeError, listen_for_smbd
from pagebell.dcerpc.server import Endpoint, RpcServer
from pagebell.dcerpc.service import Caller, Service, syntax
from pagebell.dcerpc.status import Fault
from pagebell.winspool.changes import NotifyFlag
from pagebell.winspool.idl.notify import RPC_V2_NOTIFY_INFO
from pagebell.winspool.idl.rprn import WINSPOOL
from pagebell.winspool.idl.rprn_notify import (
    RpcReplyClosePrinter,
    RpcReplyOpenPrinter,
    RpcRouterReplyPrinter,
    RpcRouterReplyPrinterEx,
)
from pagebell.winspool.idl.types import Result
from pagebell.winspool.werror import Win32

_MOST_UNREAD: Final = 256
"""Notifications that wait to be read; beyond that they are lost, and everything is asked for anew."""
MOST: Final = 64
"""Servers that call at the same time."""


class Unreachable(Exception):
    """No server can call us; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where servers find us that call us."""

    mapper: int = PORT
    """The port of our endpoint mapper."""
    samba_np: Path | None = None
    r"""The socket by which this computer's smbd hands its pipe `\pipe\spoolss` over, for servers that call by SMB."""


@dataclass(frozen=True, slots=True)
class News:
    """What a server told in one go."""

    flags: int
    info: RPC_V2_NOTIFY_INFO
    lost: bool = False
    """Something got lost before it."""


@dataclass(slots=True, eq=False)
class Mailbox:
    """What was registered for."""

    cookie: int
    color: int = 0
    news: asyncio.Queue[News] = field(default_factory=lambda: asyncio.Queue(_MOST_UNREAD))
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, flags: int, info: RPC_V2_NOTIFY_INFO) -> None:
        """Take a notification; where there is no room, remember that one was lost."""
        lost = bool(info.Flags & NotifyFlag.INFO_DISCARDED)
        while self.news.full():
            self.news.get_nowait()
            lost = True
        self.news.put_nowait(News(flags, info, lost))


@dataclass(slots=True)
class _Channel:
    """What a server's handle stands for."""

    mailbox: Mailbox


@dataclass(slots=True)
class Answering:
    """Takes servers' calls; `serving` opens its ports."""

    most: int = MOST
    _mailboxes: dict[int, Mailbox] = field(default_factory=dict)
    endpoint: Endpoint | None = None

    def mailbox(self, cookie: int = 0) -> Mailbox:
        """A new one, with a cookie that nobody can guess, or with this one."""
        while not cookie or cookie in self._mailboxes:
            cookie = secrets.randbits(32)
        box = self._mailboxes[cookie] = Mailbox(cookie)
        return box

    def forget(self, box: Mailbox) -> None:
        """No more is expected."""
        self._mailboxes.pop(box.cookie, None)

    @contextlib.asynccontextmanager
    async def serving(self, host: str, where: Listening = Listening()) -> AsyncIterator[Answering]:
        """Take calls at an address of ours, by every way that can be had. Raises Unreachable where there is none."""
        ways = [self._by_tcp(host, where.mapper)]
        if where.samba_np is not None:
            server = RpcServer([self.service()], limits=self._limits)
            ways.append(listen_for_smbd(server, where.samba_np))
        problems = []
        async with contextlib.AsyncExitStack() as stack:
            for way in ways:
                try:
                    await stack.enter_async_context(way)
                except (Unreachable, PipeError) as error:
                    problems.append(str(error))
            if len(problems) == len(ways):
                raise Unreachable("; ".join(problems))
            yield self

    @property
    def _limits(self) -> Limits:
        return Limits(connections=self.most, handles=256, calls=8)

    @contextlib.asynccontextmanager
    async def _by_tcp(self, host: str, mapper: int) -> AsyncIterator[None]:
        """Take calls at some port, and say at the endpoint mapper which. Raises Unreachable."""
        service, book = self.service(), EndpointMapper()
        async with contextlib.AsyncExitStack() as stack:
            try:
                server = RpcServer([service], limits=self._limits)
                self.endpoint = await stack.enter_async_context(server.listen(host, 0))
                port, known = self.endpoint.port, RpcServer([book.service()], limits=self._limits)
                book.register([Registration(syntax(WINSPOOL), port, annotation=service.annotation)])
                await stack.enter_async_context(known.listen(host, mapper))
            except OSError as error:
                raise Unreachable(f"port {mapper} can't be had here ({error.strerror})") from None
            yield

    def service(self) -> Service:
        """The interface: four calls, for servers that nobody can ask to prove who they are."""
        service = Service(WINSPOOL, authenticated=False, annotation="Notifications of printers")

        @service.implements(RpcReplyOpenPrinter)
        async def reply_open(caller: Caller, call: RpcReplyOpenPrinter) -> RpcReplyOpenPrinter.Reply:
            """[MS-RPRN] 3.2.4.1.1"""
            box = self._mailboxes.get(call.dwPrinterRemote)
            if box is None or call.dwType != 1:
                return RpcReplyOpenPrinter.Reply(result=Win32.INVALID_PARAMETER)
            return RpcReplyOpenPrinter.Reply(phPrinterNotify=caller.handles.open(_Channel(box), _run_down))

        @service.implements(RpcRouterReplyPrinter)
        async def reply(caller: Caller, call: RpcRouterReplyPrinter) -> Result:
            """[MS-RPRN] 3.2.4.1.2"""
            channel = _channel(caller, call.hNotify)
            if channel is None:
                return Result(result=Win32.INVALID_HANDLE)
            channel.mailbox.put(call.fdwFlags, RPC_V2_NOTIFY_INFO())
            return Result()

        @service.implements(RpcRouterReplyPrinterEx)
        async def reply_ex(caller: Caller, call: RpcRouterReplyPrinterEx) -> RpcRouterReplyPrinterEx.Reply:
            """[MS-RPRN] 3.2.4.1.4: what is of another colour was overtaken by a refresh."""
            channel = _channel(caller, call.hNotify)
            if channel is None:
                return RpcRouterReplyPrinterEx.Reply(result=Win32.INVALID_HANDLE)
            if call.dwColor != channel.mailbox.color:
                return RpcRouterReplyPrinterEx.Reply(pdwResult=NotifyFlag.INFO_COLORMISMATCH)
            info = call.Reply_ or RPC_V2_NOTIFY_INFO()
            channel.mailbox.put(call.fdwFlags, info)
            noted = NotifyFlag.INFO_DISCARDNOTED if info.Flags & NotifyFlag.INFO_DISCARDED else 0
            return RpcRouterReplyPrinterEx.Reply(pdwResult=noted)

        @service.implements(RpcReplyClosePrinter)
        async def reply_close(caller: Caller, call: RpcReplyClosePrinter) -> RpcReplyClosePrinter.Reply:
            """[MS-RPRN] 3.2.4.1.3"""
            channel = _channel(caller, call.phNotify)
            if channel is None:
                return RpcReplyClosePrinter.Reply(result=Win32.INVALID_HANDLE)
            caller.handles.close(call.phNotify, _Channel)
            channel.mailbox.closed.set()
            return RpcReplyClosePrinter.Reply()

        return service


async def _run_down(channel: _Channel) -> None:
    channel.mailbox.closed.set()


def _channel(caller: Caller, handle: ContextHandle) -> _Channel | None:
    try:
        return caller.handles.get(handle, _Channel)
    except Fault:
        return None
