"""Telling clients by calling them: one task a client, so that a slow one costs nobody else time. [MS-RPRN] 3.1.4.10"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from pagebell.model.errors import NotFound, Refusal
from pagebell.winspool.changes import ChangeFlag
from pagebell.winspool.idl.notify import RPC_V2_NOTIFY_INFO
from pagebell.winspool.server.destination import Reach
from pagebell.winspool.server.watching import Told, Watcher

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A client that wants to be called."""

    address: str
    machine: str
    r"""What it calls itself, such as `\\client`; it checks that it is meant."""
    cookie: int
    """By which it knows what it registered for (dwPrinterLocal)."""


class CallFailed(Exception):
    """A client can't be called, or does not do as it should; `str()` says why."""


class Channel(Protocol):
    """The way to one client, once RpcReplyOpenPrinter has opened it."""

    async def tell(self, flags: ChangeFlag) -> None:
        """RpcRouterReplyPrinter. Raises CallFailed."""
        ...

    async def tell_all(self, color: int, flags: ChangeFlag, info: RPC_V2_NOTIFY_INFO) -> None:
        """RpcRouterReplyPrinterEx. Raises CallFailed."""
        ...


class Dialer(Protocol):
    """Opens channels; on leaving the context, RpcReplyClosePrinter."""

    def __call__(self, recipient: Recipient) -> AbstractAsyncContextManager[Channel]:
        """Open a channel. Entering raises CallFailed."""
        ...


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Seconds, and how many."""

    answer: float = 10.0
    """For a client to answer a call, or to be reached at all."""
    channels: int = 4096
    """Clients that are called."""
    of_one: int = 2048
    """The same of one address, behind which there may be many."""


@dataclass(slots=True, eq=False)
class Callbacks:
    """All channels; `running` gives their tasks a parent."""

    dial: Dialer
    reach: Reach = field(default_factory=Reach)
    limits: CallLimits = field(default_factory=CallLimits)
    _tasks: asyncio.TaskGroup | None = None
    _open: dict[str, int] = field(default_factory=dict)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Callbacks]:
        """Call clients while the block runs."""
        error: Exception | None = None
        async with asyncio.TaskGroup() as self._tasks:
            try:
                yield self
            except Exception as raised:  # noqa: BLE001 - it is raised again below, out of the task group
                error = raised
            finally:
                for task in tuple(self._running):
                    task.cancel()
        if error is not None:
            raise error

    def __len__(self) -> int:
        return sum(self._open.values())

    async def begin(self, watcher: Watcher, recipient: Recipient) -> Calling:
        """Open a channel and tell by it what the watcher hears. Raises CallFailed."""
        if self._tasks is None:
            raise CallFailed("the server is not up yet")
        count = self._open.get(recipient.address, 0)
        if count >= self.limits.of_one or len(self) >= self.limits.channels:
            raise CallFailed("as many clients are called as may be")
        self._open[recipient.address] = count + 1
        calling = Calling(self, watcher, recipient)
        calling.task = self._tasks.create_task(calling.run(), name=f"calls to {recipient.address}")
        self._running.add(calling.task)
        calling.task.add_done_callback(lambda task: self._gone(task, recipient.address))
        try:
            await asyncio.shield(calling.opened)
        except asyncio.CancelledError:
            calling.task.cancel()
            raise
        return calling

    def _gone(self, task: asyncio.Task[None], address: str) -> None:
        self._running.discard(task)
        left = self._open[address] - 1
        if left:
            self._open[address] = left
        else:
            del self._open[address]


@dataclass(slots=True, eq=False)
class Calling:
    """One client that is called until it is told no more, or does not answer."""

    callbacks: Callbacks
    watcher: Watcher
    recipient: Recipient
    task: asyncio.Task[None] | None = None
    opened: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def run(self) -> None:
        """Open the channel, tell, close it; whatever goes wrong concerns this client alone."""
        try:
            await self._talk()
        except (CallFailed, TimeoutError) as error:
            self._failed(str(error) or "it did not answer in time")
        except (NotFound, Refusal):
            pass  # nothing more will come
        except Exception:
            log.exception("calling %s", self.recipient.address)
            self._failed("something unexpected went wrong")
        finally:
            self._failed("the server is shutting down", quiet=True)
            await self.watcher.close()

    def _failed(self, why: str, *, quiet: bool = False) -> None:
        if not self.opened.done():
            self.opened.set_exception(CallFailed(why))
            self.opened.exception()  # nobody may be waiting any more
        elif not quiet:
            log.warning("%s is told nothing more: %s", self.recipient.address, why)

    async def _talk(self) -> None:
        async with self.callbacks.dial(self.recipient) as channel:
            if not self.opened.done():
                self.opened.set_result(None)
            while True:
                told = await self.watcher.next()
                async with asyncio.timeout(self.callbacks.limits.answer):
                    await _tell(channel, told)

    async def end(self) -> None:
        """Tell no more: the channel is closed by the task on its way out."""
        await self.watcher.close()
        if self.task is not None:
            await asyncio.wait({self.task}, timeout=self.callbacks.limits.answer)
            self.task.cancel()


async def _tell(channel: Channel, told: Told) -> None:
    """By the call that has room for it. [MS-RPRN] 3.1.4.10.4"""
    if told.data or told.discarded:
        await channel.tell_all(told.color, told.flags, told.info)
    else:
        await channel.tell(told.flags)
