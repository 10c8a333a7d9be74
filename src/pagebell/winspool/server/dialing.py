r"""Calls to clients by DCE/RPC: over TCP where the client's endpoint mapper names a port, else by its named pipe.

Nothing proves who we are: these calls carry no credentials whatsoever. [MS-RPRN] 3.1.4.10.3, 3.2.4.1
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass

from pagebell.dcerpc.client import RpcClient, connect, over
from pagebell.dcerpc.endpoint_lookup import NotRegistered, find_port
from pagebell.dcerpc.endpoint_mapper import PORT
from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.ndr import ContextHandle, NdrError
from pagebell.dcerpc.smb_pipe import PipeLogin, open_pipe
from pagebell.dcerpc.status import Fault, Refused
from pagebell.winspool.changes import ChangeFlag
from pagebell.winspool.idl.notify import RPC_V2_NOTIFY_INFO
from pagebell.winspool.idl.rprn import WINSPOOL
from pagebell.winspool.idl.rprn_notify import (
    RpcReplyClosePrinter,
    RpcReplyOpenPrinter,
    RpcRouterReplyPrinter,
    RpcRouterReplyPrinterEx,
)
from pagebell.winspool.server.calling import CallFailed, Channel, Recipient

log = logging.getLogger(__name__)
PIPE = "spoolss"
_FAILURES = (OSError, Fault, Refused, NdrError, NotRegistered, TimeoutError)


@dataclass(frozen=True, slots=True)
class RpcDialer:
    """`calling.Dialer` over the network."""

    seconds: float = 10.0
    """For connecting, and for each answer."""
    mapper: int = PORT
    """The port of clients' endpoint mappers."""
    pipes: bool = True
    """Whether to try the client's named pipe where TCP does not lead to it."""

    def __call__(self, recipient: Recipient) -> AbstractAsyncContextManager[Channel]:
        """Open a channel. Entering raises CallFailed."""
        return self._channel(recipient)

    @contextlib.asynccontextmanager
    async def _channel(self, recipient: Recipient) -> AsyncIterator[Channel]:
        async with AsyncExitStack() as stack:
            client, handle = await self._opened(stack, recipient)
            try:
                yield _Channel(client, handle)
            finally:
                with contextlib.suppress(*_FAILURES):
                    async with asyncio.timeout(self.seconds):
                        await client.call(RpcReplyClosePrinter(phNotify=handle))

    async def _opened(self, stack: AsyncExitStack, recipient: Recipient) -> tuple[RpcClient, ContextHandle]:
        try:
            async with asyncio.timeout(self.seconds):
                client = await self._reach(stack, recipient.address)
                call = RpcReplyOpenPrinter(pMachine=recipient.machine, dwPrinterRemote=recipient.cookie)
                reply = await client.call(call)
        except _FAILURES as error:
            raise CallFailed(str(error) or "it is silent") from None
        if reply.result:
            raise CallFailed(f"it does not want to be called (error {reply.result})")
        return client, reply.phPrinterNotify

    async def _reach(self, stack: AsyncExitStack, address: str) -> RpcClient:
        limits = Limits(bind_seconds=self.seconds)
        try:
            port = await find_port(address, WINSPOOL, port=self.mapper, limits=limits)
            return await stack.enter_async_context(connect(address, port, WINSPOOL, limits=limits))
        except _FAILURES as error:
            if not self.pipes:
                raise
            return await self._by_pipe(stack, address, limits, error)

    async def _by_pipe(
        self, stack: AsyncExitStack, address: str, limits: Limits, before: BaseException
    ) -> RpcClient:
        try:
            pipe = await stack.enter_async_context(open_pipe(address, PIPE, PipeLogin(), self.seconds))
            return await stack.enter_async_context(over(*pipe, WINSPOOL, limits=limits))
        except _FAILURES as error:
            raise CallFailed(f"by TCP: {_said(before)}; by SMB: {_said(error)}") from None


@dataclass(slots=True)
class _Channel:
    """`calling.Channel` by RPC."""

    client: RpcClient
    handle: ContextHandle

    async def tell(self, flags: ChangeFlag) -> None:
        """RpcRouterReplyPrinter. Raises CallFailed."""
        try:
            reply = await self.client.call(RpcRouterReplyPrinter(hNotify=self.handle, fdwFlags=flags))
        except _FAILURES as error:
            raise CallFailed(str(error) or "it is silent") from None
        _check(reply.result)

    async def tell_all(self, color: int, flags: ChangeFlag, info: RPC_V2_NOTIFY_INFO) -> None:
        """RpcRouterReplyPrinterEx. Raises CallFailed."""
        call = RpcRouterReplyPrinterEx(hNotify=self.handle, dwColor=color, fdwFlags=flags, Reply_=info)
        try:
            reply = await self.client.call(call)
        except _FAILURES as error:
            raise CallFailed(str(error) or "it is silent") from None
        _check(reply.result)


def _said(error: BaseException) -> str:
    return str(error) or "it is silent"


def _check(result: int) -> None:
    if result:
        raise CallFailed(f"it refuses notifications (error {result})")
