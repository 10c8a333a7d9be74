"""A client of [MS-PAN]: what a print server tells its users, and what it asks them.

    async with connect(...) as rpc, notifications(rpc, Wanted(r"\\\\server\\queue")) as arrived:
        async for one in arrived:
            ...                                   # a Notification, or a Channel that waits for `respond` or `close`

One connection carries all: calls that wait do not keep others from being answered. `lasting` makes another when it is
lost.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pagebell.dcerpc.client import Disconnected, RpcClient
from pagebell.dcerpc.ndr import ContextHandle
from pagebell.dcerpc.status import Fault
from pagebell.ipp.errors import ConnectionFailed
from pagebell.winspool.idl.pan import (
    ASYNC_UI,
    NOTIFICATION_RELEASE,
    IRPCAsyncNotify_CloseChannel,
    IRPCAsyncNotify_GetNewChannel,
    IRPCAsyncNotify_GetNotification,
    IRPCAsyncNotify_GetNotificationSendResponse,
    IRPCAsyncNotify_RegisterClient,
    IRPCAsyncNotify_UnregisterClient,
    IRPCRemoteObject_Create,
    IRPCRemoteObject_Delete,
    PanResult,
    PrintAsyncNotifyConversationStyle,
    PrintAsyncNotifyUserFilter,
)

MOST_WAITING: Final = 64
"""Notifications that nobody has taken yet; the server keeps further ones."""


class PanError(Exception):
    """The server refused; `str()` of it says what and why."""

    def __init__(self, what: str, code: int) -> None:
        name = next((r.name.lower().replace("_", " ") for r in PanResult if r == code), "an error")
        super().__init__(f"{what}: {name} (0x{code:08X})")
        self.code = code

    @property
    def final(self) -> bool:
        """Tell whether asking again is of no use. [MS-PAN] 3.1.1.4.1, 3.1.1.4.3"""
        return self.code in (PanResult.ACCESS_DENIED, PanResult.INVALID_NAME, PanResult.TERMINATED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client registers for. [MS-PAN] 3.1.1.4.1"""

    printer: str | None = None
    r"""`\\server\printer`; None: the server itself."""
    kind: UUID = ASYNC_UI
    everybody: bool = False
    """Also what is meant for others, which takes the right to administer the printer."""


@dataclass(frozen=True, slots=True)
class Notification:
    """Something that the server tells."""

    kind: UUID
    octets: bytes


class Channel:
    """Something that the server asks; whoever answers first has the rest of the conversation for themselves."""

    def __init__(self, rpc: RpcClient, handle: ContextHandle, kind: UUID, octets: bytes) -> None:
        self._rpc = rpc
        self._handle = handle
        self.kind = kind
        self.octets = octets
        """The first notification."""

    async def respond(self, octets: bytes) -> bytes | None:
        """Answer, and wait for what is said next; None: the conversation is over, or another client's."""
        reply = await _next(self._rpc, self._handle, self.kind, octets)
        self._handle = reply.pChannel
        if not reply.pChannel or reply.ppOutNotificationType == NOTIFICATION_RELEASE:
            return None
        return reply.ppOutNotificationData or b""

    async def close(self, octets: bytes | None = None) -> bool:
        """Answer for the last time, or not at all; False: another client had the conversation."""
        handle, self._handle = self._handle, ContextHandle()
        kind = NOTIFICATION_RELEASE if octets is None else self.kind
        reply = await self._rpc.call(
            IRPCAsyncNotify_CloseChannel(pChannel=handle, pInNotificationType=kind, pReason=octets or None)
        )
        _check("closing a channel", reply.result)
        return reply.result != PanResult.ACQUIRED_BY_ANOTHER


@contextlib.asynccontextmanager
async def notifications(
    rpc: RpcClient, wanted: Wanted, *, both_ways: bool = True
) -> AsyncIterator[AsyncIterator[Notification | Channel]]:
    """Register while the block runs, and iterate over what comes. Raises PanError, Fault, Disconnected.

    Without `both_ways` nothing is registered for that would want an answer.
    """
    arrived: Arrived = asyncio.Queue(MOST_WAITING)

    async def registered() -> None:
        ready.set()

    async def run() -> None:
        try:
            await _listen_both(rpc, wanted, both_ways, arrived, registered)
        except (PanError, Fault, OSError) as error:
            await arrived.put(error)
            ready.set()

    ready = asyncio.Event()
    async with asyncio.TaskGroup() as own:
        task = own.create_task(run())
        await ready.wait()
        try:
            yield _each(arrived)
        finally:
            task.cancel()


@dataclass(frozen=True, slots=True)
class Contact:
    """The connection is lost, and why; or it is back, and everything registered anew."""

    problem: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Seconds between attempts to register, growing from the first to the longest. [MS-PAN] 3.1.1.4.1, 3.2.2.2"""

    first: float = 1.0
    most: float = 60.0

    def delays(self) -> Iterator[float]:
        """They, one after the other, without end."""
        delay = self.first
        while True:
            yield delay
            delay = min(delay * 2, self.most)


Connect = Callable[[], contextlib.AbstractAsyncContextManager[RpcClient]]
"""Makes a connection; raises ConnectionFailed where that may come right by itself."""
Arrived = asyncio.Queue[Any]
"""What comes in: a Notification, a Channel, a Contact, or the exception with which it ends."""
_LEAVING: Final = 3.0
"""Seconds that unregistering may take."""
DEFAULT_RETRY: Final = Retry()


async def lasting(
    connect: Connect, wanted: Wanted, *, both_ways: bool = True, retry: Retry = DEFAULT_RETRY
) -> AsyncGenerator[Notification | Channel | Contact]:
    """What comes, for ever: a server that is lost is waited for, and registered with anew. Closing it unregisters.

    A Contact tells of each loss and each return. Channels are lost with their connection; those that nobody has
    acquired come again by new ones. Raises what `connect` raises when the server can't be reached to begin with, and
    PanError when asking again is of no use.
    """
    arrived: Arrived = asyncio.Queue(MOST_WAITING)
    task = asyncio.create_task(_keep(connect, wanted, both_ways, retry, arrived), name="notifications")
    try:
        async for one in _each(arrived):
            yield one
    finally:
        for _ in range(2):
            task.cancel()
            await asyncio.wait({task}, timeout=_LEAVING)


async def _keep(connect: Connect, wanted: Wanted, both_ways: bool, retry: Retry, arrived: Arrived) -> None:
    """Register, and anew after each loss; an error that means no goes into the queue."""
    met, delays, delay, clock = False, retry.delays(), 0.0, asyncio.get_running_loop().time
    while True:
        began: float | None = None

        async def registered() -> None:
            nonlocal met, began
            if met:
                await arrived.put(Contact())
            met, began = True, clock()

        try:
            async with connect() as rpc:
                await _listen_to_end(rpc, wanted, both_ways, arrived, registered)
        except Exception as error:  # noqa: BLE001 - the task's boundary: whoever reads the queue gets it
            if not _may_mend(error, met):
                await arrived.put(error)
                return
            if began is not None:
                await arrived.put(Contact(str(error)))
        if began is not None and clock() - began > delay:  # it was well for a while
            delays = retry.delays()
        delay = next(delays)
        await asyncio.sleep(delay)


def _may_mend(error: Exception, met: bool) -> bool:
    """Whether to try again; TERMINATED comes from a server whose connection has ended since."""
    if isinstance(error, PanError):
        return error.code == PanResult.TERMINATED or not error.final
    return met and isinstance(error, ConnectionFailed | Fault | OSError)


async def _listen_to_end(
    rpc: RpcClient, wanted: Wanted, both_ways: bool, arrived: Arrived, registered: _Registered
) -> None:
    """As `_listen_both`; a server that says that nothing more comes isn't asked again until it goes down."""
    try:
        await _listen_both(rpc, wanted, both_ways, arrived, registered)
    except PanError as error:
        if error.code == PanResult.TERMINATED:  # [MS-PAN] 3.1.1.4.3, 3.1.1.4.5
            await rpc.ended()
        raise


_Registered = Callable[[], Awaitable[None]]


async def _listen_both(
    rpc: RpcClient, wanted: Wanted, both_ways: bool, arrived: Arrived, registered: _Registered
) -> None:
    """Register for one direction or both, say so, and listen until an error ends it. Raises the first."""
    found: Exception | None = None
    try:
        async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            for style in _STYLES if both_ways else _STYLES[:1]:
                handle = await stack.enter_async_context(_registration(rpc, wanted, style))
                waiter = _listen if style is _ONE_WAY else _accept
                tasks.create_task(waiter(rpc, handle, arrived))
            await registered()
    except* (PanError, Fault, OSError) as errors:
        found = _first(errors)
    if found is not None:
        raise found


_ONE_WAY: Final = PrintAsyncNotifyConversationStyle.kUniDirectional
_STYLES: Final = (_ONE_WAY, PrintAsyncNotifyConversationStyle.kBiDirectional)


async def _each(arrived: Arrived) -> AsyncGenerator[Any]:
    while True:
        one = await arrived.get()
        if isinstance(one, Exception):
            raise one
        yield one


def _first(errors: BaseExceptionGroup[BaseException]) -> Exception:
    found: BaseException = errors
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, Exception), "that is all that was caught"
    return found


@contextlib.asynccontextmanager
async def _registration(
    rpc: RpcClient, wanted: Wanted, style: PrintAsyncNotifyConversationStyle
) -> AsyncIterator[ContextHandle]:
    made = await rpc.call(IRPCRemoteObject_Create())
    _check("making a remote object", made.result)
    handle = made.ppRemoteObj
    try:
        everybody = PrintAsyncNotifyUserFilter.kAllUsers
        reply = await rpc.call(
            IRPCAsyncNotify_RegisterClient(
                pRegistrationObj=handle,
                pName=wanted.printer,
                pInNotificationType=wanted.kind,
                NotifyFilter=everybody if wanted.everybody else PrintAsyncNotifyUserFilter.kPerUser,
                conversationStyle=style,
            )
        )
        _check("registering for notifications", reply.result)
        try:
            yield handle
        finally:
            with contextlib.suppress(Fault, Disconnected):
                await rpc.call(IRPCAsyncNotify_UnregisterClient(pRegistrationObj=handle))
    finally:
        with contextlib.suppress(Fault, Disconnected):
            await rpc.call(IRPCRemoteObject_Delete(ppRemoteObj=handle))


@contextlib.contextmanager
def _waiting(what: str) -> Iterator[None]:
    """For a call that waits: servers may throw what they may return. [MS-PAN] 3.1.1.4.3, 3.1.1.4.5"""
    try:
        yield
    except Fault as fault:
        if fault.status in (PanResult.STILL_WAITING, PanResult.TERMINATED):
            raise PanError(what, fault.status) from None
        raise


async def _listen(rpc: RpcClient, handle: ContextHandle, arrived: Arrived) -> None:
    """Ask anew as soon as there was an answer, so that little waits at the server. [MS-PAN] 3.2.2.4"""
    while True:
        with _waiting("waiting for a notification"):
            reply = await rpc.call(IRPCAsyncNotify_GetNotification(pRemoteObj=handle))
        _check("waiting for a notification", reply.result)
        kind = reply.ppOutNotificationType
        if kind is None or kind == NOTIFICATION_RELEASE:
            raise PanError("waiting for a notification", PanResult.TERMINATED)
        await arrived.put(Notification(kind, reply.ppOutNotificationData or b""))


async def _accept(rpc: RpcClient, handle: ContextHandle, arrived: Arrived) -> None:
    async with asyncio.TaskGroup() as tasks:
        while True:
            with _waiting("waiting for a channel"):
                reply = await rpc.call(IRPCAsyncNotify_GetNewChannel(pRemoteObj=handle))
            _check("waiting for a channel", reply.result)
            for channel in reply.ppChannelCtxt or ():
                tasks.create_task(_begin(rpc, channel, arrived))


async def _begin(rpc: RpcClient, handle: ContextHandle, arrived: Arrived) -> None:
    """Wait for what is said first on a channel; another client may have answered it before."""
    try:
        reply = await _next(rpc, handle, None, None)
    except PanError:
        return  # of this channel nothing will come; others are not concerned
    kind = reply.ppOutNotificationType
    if reply.pChannel and kind is not None and kind != NOTIFICATION_RELEASE:
        await arrived.put(Channel(rpc, reply.pChannel, kind, reply.ppOutNotificationData or b""))


async def _next(
    rpc: RpcClient, handle: ContextHandle, kind: UUID | None, octets: bytes | None
) -> IRPCAsyncNotify_GetNotificationSendResponse.Reply:
    reply = await rpc.call(
        IRPCAsyncNotify_GetNotificationSendResponse(
            pChannel=handle, pInNotificationType=kind, pInNotificationData=octets or None
        )
    )
    _check("talking on a channel", reply.result)
    return reply


def _check(what: str, code: int) -> None:
    if code & 0x80000000:
        raise PanError(what, code)
