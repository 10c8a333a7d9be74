"""News of a printer as they come: by [MS-PAR]'s call that waits, or by calls to us. Each feed registers once.

A feed yields what the server tells. Its first item is everything as it was when it began; so is each one after
something got lost.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pagebell.dcerpc.ndr import ContextHandle
from pagebell.ipp.errors import BadAnswer, ClientError, ConnectionFailed
from pagebell.winspool.changes import (
    FIELDS,
    REGISTER_COLOR,
    REGISTER_FIELDS,
    REGISTER_FLAGS,
    REGISTER_OPTIONS,
    TOLD_FLAGS,
    TOLD_INFO,
    ChangeFlag,
    NotifyFlag,
    NotifyType,
    data_type,
)
from pagebell.winspool.changes import JobField as J
from pagebell.winspool.changes import PrinterField as P
from pagebell.winspool.client.addresses import Way
from pagebell.winspool.client.answering import Answering, Mailbox
from pagebell.winspool.client.errors import WindowsError
from pagebell.winspool.client.session import Session, machine_name
from pagebell.winspool.idl.notify import (
    NOTIFY_OPTIONS_CONTAINER,
    NOTIFY_REPLY_CONTAINER,
    RPC_V2_NOTIFY_INFO,
    RPC_V2_NOTIFY_OPTIONS,
    RPC_V2_NOTIFY_OPTIONS_TYPE,
    EPrintPropertyType,
    RpcPrintNamedProperty,
    RpcPrintPropertiesCollection,
    RpcPrintPropertyValue,
)
from pagebell.winspool.idl.par_notify import (
    RpcAsyncGetRemoteNotifications,
    RpcSyncRefreshRemoteNotifications,
    RpcSyncRegisterForRemoteNotifications,
    RpcSyncUnRegisterForRemoteNotifications,
)
from pagebell.winspool.idl.rprn_notify import (
    RpcFindClosePrinterChangeNotification,
    RpcRemoteFindFirstPrinterChangeNotificationEx,
    RpcRouterRefreshPrinterChangeNotification,
)

WANTED_FLAGS: Final = (
    ChangeFlag.ADD_JOB | ChangeFlag.DELETE_JOB | ChangeFlag.SET_PRINTER | ChangeFlag.DELETE_PRINTER
)
_JOBS: Final = (
    *(J.STATUS, J.STATUS_STRING, J.DOCUMENT, J.USER_NAME, J.POSITION),
    *(J.TOTAL_PAGES, J.PAGES_PRINTED, J.TOTAL_BYTES),
)
WANTED: Final[Mapping[int, Sequence[int]]] = {NotifyType.JOB: _JOBS, NotifyType.PRINTER: (P.STATUS,)}


@dataclass(frozen=True, slots=True)
class Told:
    """What a server told, by job and by member."""

    flags: int = 0
    jobs: Mapping[int, Mapping[int, Any]] = field(default_factory=dict)
    printer: Mapping[int, Any] = field(default_factory=dict)
    whole: bool = False
    """Everything as it is, and not only what changed."""


def options(wanted: Mapping[int, Sequence[int]] = WANTED) -> RPC_V2_NOTIFY_OPTIONS:
    """What to listen for, as it is marshalled."""
    types = (RPC_V2_NOTIFY_OPTIONS_TYPE(Type=kind, pFields=tuple(these)) for kind, these in wanted.items())
    return RPC_V2_NOTIFY_OPTIONS(pTypes=tuple(types))


def told_of(flags: int, info: RPC_V2_NOTIFY_INFO, uri: str, *, whole: bool = False) -> Told:
    """What a server told. Raises BadAnswer for members that are not what they say."""
    jobs: dict[int, dict[int, Any]] = {}
    printer: dict[int, Any] = {}
    for one in info.aData:
        known = FIELDS.get(one.Type)
        if known is None or one.Field not in {int(name) for name in known}:
            continue  # of a newer server
        if one.Reserved & 0xFFFF != data_type(one.Type, one.Field):
            raise BadAnswer(uri, f"member {one.Field} is of another type than the specification says")
        if one.Type == NotifyType.JOB:
            jobs.setdefault(one.Id, {})[one.Field] = _plain(one.Data)
        elif one.Type == NotifyType.PRINTER:
            printer[one.Field] = _plain(one.Data)
    return Told(flags & 0xFFFFFFFF, jobs, printer, whole)


def _plain(data: Any) -> Any:
    """What is in a container; of numbers the lower half."""
    if isinstance(data, tuple):
        return data[0]
    names = ("pszString", "pSystemTime", "pDevMode", "pSecurity")
    return next((getattr(data, name) for name in names if hasattr(data, name)), None)


class Deaf(Exception):
    """The server does not tell, or we can't be told, in this way; `str()` says why."""


# ---------------------------------------------------------------- [MS-PAR]


def _filter(color: int, flags: int = WANTED_FLAGS) -> RpcPrintPropertiesCollection:
    number = EPrintPropertyType.kPropertyTypeInt32
    values = {
        REGISTER_FLAGS: RpcPrintPropertyValue(ePropertyType=number, value=int(flags)),
        REGISTER_OPTIONS: RpcPrintPropertyValue(ePropertyType=number, value=0),
        REGISTER_FIELDS: RpcPrintPropertyValue(
            ePropertyType=EPrintPropertyType.kPropertyTypeNotificationOptions,
            value=NOTIFY_OPTIONS_CONTAINER(pOptions=options()),
        ),
        REGISTER_COLOR: RpcPrintPropertyValue(ePropertyType=number, value=color),
    }
    named = (RpcPrintNamedProperty(propertyName=name, propertyValue=value) for name, value in values.items())
    return RpcPrintPropertiesCollection(propertiesCollection=tuple(named))


def _unwrapped(collection: RpcPrintPropertiesCollection | None, uri: str) -> tuple[int, RPC_V2_NOTIFY_INFO]:
    """Flags and members of a notification. Raises BadAnswer."""
    properties = (collection.propertiesCollection if collection is not None else None) or ()
    found = {one.propertyName: one.propertyValue.value for one in properties}
    flags, reply = found.get(TOLD_FLAGS), found.get(TOLD_INFO)
    if not isinstance(flags, int) or not isinstance(reply, NOTIFY_REPLY_CONTAINER):
        raise BadAnswer(uri, "a notification lacks what the specification demands")
    return flags, reply.pInfo or RPC_V2_NOTIFY_INFO()


@contextlib.asynccontextmanager
async def by_waiting(session: Session, printer: ContextHandle) -> AsyncIterator[AsyncIterator[Told]]:
    """A feed by RpcAsyncGetRemoteNotifications. Raises Deaf, ClientError."""
    reply = await session.call(
        RpcSyncRegisterForRemoteNotifications, hPrinter=printer, pNotifyFilter=_filter(0)
    )
    if reply.result:
        raise Deaf(f"it does not let us listen (error {reply.result:#x})")
    handle = reply.phRpcHandle
    try:
        yield _waited(session, handle)
    finally:
        with contextlib.suppress(ClientError):
            await session.call(RpcSyncUnRegisterForRemoteNotifications, phRpcHandle=handle)


async def _waited(session: Session, handle: ContextHandle) -> AsyncIterator[Told]:
    uri, color, lost = session.address.uri, 1, True
    while True:
        if lost:
            color += 1
            reply = await session.call(
                RpcSyncRefreshRemoteNotifications, hRpcHandle=handle, pNotifyFilter=_filter(color)
            )
        else:
            reply = await session.call(RpcAsyncGetRemoteNotifications, wait=True, hRpcHandle=handle)
        if reply.result:
            raise WindowsError(reply.result & 0xFFFF, uri)
        flags, info = _unwrapped(reply.ppNotifyData, uri)
        if not lost and info.Flags & NotifyFlag.INFO_DISCARDED:
            lost = True
            continue
        yield told_of(flags, info, uri, whole=lost)
        lost = False


# ---------------------------------------------------------------- [MS-RPRN]


@contextlib.asynccontextmanager
async def by_calls(session: Session, printer: ContextHandle) -> AsyncIterator[AsyncIterator[Told]]:
    """A feed by RpcRouterReplyPrinterEx, which the server calls at our side. Raises Deaf, ClientError."""
    answering, mapper = Answering(), session.mapper
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(answering.serving(session.local_host, mapper))
        except OSError as error:
            raise Deaf(f"port {mapper} can't be had here ({error.strerror})") from None
        box = answering.mailbox()
        reply = await session.call(
            RpcRemoteFindFirstPrinterChangeNotificationEx,
            hPrinter=printer,
            fdwFlags=int(WANTED_FLAGS),
            pszLocalMachine=rf"\\{machine_name()}",
            dwPrinterLocal=box.cookie,
            pOptions=options(),
        )
        if reply.result:
            raise Deaf(f"it does not call us (error {reply.result})")
        try:
            yield _called(session, printer, box)
        finally:
            with contextlib.suppress(ClientError):
                await session.call(RpcFindClosePrinterChangeNotification, hPrinter=printer)


async def _called(session: Session, printer: ContextHandle, box: Mailbox) -> AsyncIterator[Told]:
    uri, lost = session.address.uri, True
    while True:
        if lost:
            box.color += 1
            reply = await session.demand(
                RpcRouterRefreshPrinterChangeNotification,
                hPrinter=printer,
                dwColor=box.color,
                pOptions=options(),
            )
            yield told_of(0, reply.ppInfo or RPC_V2_NOTIFY_INFO(), uri, whole=True)
        news = await _next(box, uri)
        lost = news.lost
        if not lost:
            yield told_of(news.flags, news.info, uri)


async def _next(box: Mailbox, uri: str) -> Any:
    """The next notification. Raises ConnectionFailed when the server closes the channel."""
    if not box.news.empty():
        return box.news.get_nowait()
    got = asyncio.ensure_future(box.news.get())
    closed = asyncio.ensure_future(box.closed.wait())
    try:
        await asyncio.wait({got, closed}, return_when=asyncio.FIRST_COMPLETED)
        if got.done():
            return got.result()
        raise ConnectionFailed(uri, "the server tells nothing more")
    finally:
        got.cancel()
        closed.cancel()
        await asyncio.wait({got, closed})


def feed_of(session: Session, printer: ContextHandle) -> Any:
    """The feed that fits the way by which we are connected."""
    return by_waiting(session, printer) if session.way is Way.PAR else by_calls(session, printer)
