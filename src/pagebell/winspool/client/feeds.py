"""News of a printer as they come: by [MS-PAR]'s call that waits, or by calls to us. Each feed registers once.

A feed yields what the server tells. Its first item is everything as it was when it began; so is each one after
something got lost.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

from pagebell.dcerpc.ndr import Call, ContextHandle
from pagebell.ipp.errors import BadAnswer, ClientError, ConnectionFailed
from pagebell.ipp.events import DEFAULT_PACE, Pace
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
from pagebell.winspool.client.answering import Answering, Mailbox, News, Unreachable
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
    ChangeFlag.ADD_JOB
    | ChangeFlag.DELETE_JOB
    | ChangeFlag.ADD_PRINTER
    | ChangeFlag.SET_PRINTER
    | ChangeFlag.DELETE_PRINTER
)
_SAYS_NOTHING: Final = 50
"""Notifications in a row that a server may send without a change."""
_JOBS: Final = (
    *(J.STATUS, J.STATUS_STRING, J.DOCUMENT, J.USER_NAME, J.POSITION),
    *(J.TOTAL_PAGES, J.PAGES_PRINTED, J.TOTAL_BYTES),
)
Wanted = Mapping[int, Sequence[int]]
"""Members to listen for, by type."""
WANTED: Final[Wanted] = {NotifyType.JOB: _JOBS, NotifyType.PRINTER: (P.STATUS,)}
WANTED_OF_SERVER: Final[Wanted] = {NotifyType.JOB: (*_JOBS, J.PRINTER_NAME), NotifyType.PRINTER: (P.STATUS,)}
"""The same of all printers of a server."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a server told, by job and by member."""

    flags: int = 0
    jobs: Mapping[int, Mapping[int, Any]] = field(default_factory=dict)
    printer: Mapping[int, Any] = field(default_factory=dict)
    whole: bool = False
    """Everything as it is, and not only what changed."""


def options(wanted: Wanted = WANTED) -> RPC_V2_NOTIFY_OPTIONS:
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


@dataclass(slots=True)
class Trust:
    """A server that speaks again and again and tells nothing is not listened to for ever."""

    uri: str
    left: int = _SAYS_NOTHING

    def after(self, told: Told | None) -> None:
        """What was told, None where something got lost. Raises BadAnswer."""
        if told is not None and (told.flags or told.jobs or told.printer):
            self.left = _SAYS_NOTHING
            return
        self.left -= 1
        if not self.left:
            raise BadAnswer(self.uri, "it speaks again and again, and tells of no change")


class Deaf(Exception):
    """The server does not tell, or we can't be told, in this way; `str()` says why."""


# ---------------------------------------------------------------- [MS-PAR]


def _filter(color: int, wanted: Wanted) -> RpcPrintPropertiesCollection:
    number = EPrintPropertyType.kPropertyTypeInt32
    values = {
        REGISTER_FLAGS: RpcPrintPropertyValue(ePropertyType=number, value=int(WANTED_FLAGS)),
        REGISTER_OPTIONS: RpcPrintPropertyValue(ePropertyType=number, value=0),
        REGISTER_FIELDS: RpcPrintPropertyValue(
            ePropertyType=EPrintPropertyType.kPropertyTypeNotificationOptions,
            value=NOTIFY_OPTIONS_CONTAINER(pOptions=options(wanted)),
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
async def by_waiting(
    session: Session, printer: ContextHandle, wanted: Wanted = WANTED
) -> AsyncIterator[AsyncIterator[Told]]:
    """A feed by RpcAsyncGetRemoteNotifications. Raises Deaf, ConnectionFailed."""
    reply = await _registered(
        session, RpcSyncRegisterForRemoteNotifications, hPrinter=printer, pNotifyFilter=_filter(0, wanted)
    )
    handle = reply.phRpcHandle
    if not handle:
        raise Deaf("the server has registered us, it says, and gives no handle")
    try:
        yield _waited(session, handle, wanted)
    finally:
        with contextlib.suppress(ClientError):
            await session.call(RpcSyncUnRegisterForRemoteNotifications, phRpcHandle=handle)


async def _registered(session: Session, kind: type[Call], **fields: Any) -> Any:
    """A registration. Raises Deaf where the server has none of that, ConnectionFailed."""
    try:
        return await session.demand(kind, **fields)
    except ConnectionFailed:
        raise
    except ClientError as error:
        raise Deaf(str(error)) from None


async def _waited(session: Session, handle: ContextHandle, wanted: Wanted) -> AsyncIterator[Told]:
    uri, color, lost = session.address.uri, 1, True
    trust = Trust(uri)
    while True:
        if lost:
            color += 1
            again = _filter(color, wanted)
            reply = await session.call(
                RpcSyncRefreshRemoteNotifications, hRpcHandle=handle, pNotifyFilter=again
            )
        else:
            reply = await session.call(RpcAsyncGetRemoteNotifications, wait=True, hRpcHandle=handle)
        if reply.result:
            raise WindowsError(reply.result & 0xFFFF, uri)
        flags, info = _unwrapped(reply.ppNotifyData, uri)
        if not lost and info.Flags & NotifyFlag.INFO_DISCARDED:
            trust.after(None)
            lost = True
            continue
        told = told_of(flags, info, uri, whole=lost)
        if not lost:
            trust.after(told)
        yield told
        lost = False


# ---------------------------------------------------------------- [MS-RPRN]


@contextlib.asynccontextmanager
async def by_calls(
    session: Session, printer: ContextHandle, wanted: Wanted = WANTED, pace: Pace = DEFAULT_PACE
) -> AsyncIterator[AsyncIterator[Told]]:
    """A feed by RpcRouterReplyPrinterEx, which the server calls at our side. Raises Deaf, ConnectionFailed."""
    answering = Answering()
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(answering.serving(session.local_host, session.listening))
        except (OSError, Unreachable) as error:
            raise Deaf(str(error)) from None
        box = answering.mailbox()
        await _registered(
            session,
            RpcRemoteFindFirstPrinterChangeNotificationEx,
            hPrinter=printer,
            fdwFlags=int(WANTED_FLAGS),
            pszLocalMachine=rf"\\{machine_name()}",
            dwPrinterLocal=box.cookie,
            pOptions=options(wanted),
        )
        try:
            yield _called(session, printer, box, wanted, pace)
        finally:
            with contextlib.suppress(ClientError):
                await session.call(RpcFindClosePrinterChangeNotification, hPrinter=printer)


async def _called(
    session: Session, printer: ContextHandle, box: Mailbox, wanted: Wanted, pace: Pace
) -> AsyncIterator[Told]:
    """What calls tell; until one has come, everything is asked for again and again.

    For who takes a registration may yet never call: no Samba from 4.17 on tells of changes, since the messages
    between its own processes get lost.
    """
    uri, lost, delay = session.address.uri, True, pace.quick
    trust = Trust(uri)
    while True:
        if lost:
            box.color += 1
            reply = await session.demand(
                RpcRouterRefreshPrinterChangeNotification,
                hPrinter=printer,
                dwColor=box.color,
                pOptions=options(wanted),
            )
            yield told_of(0, reply.ppInfo or RPC_V2_NOTIFY_INFO(), uri, whole=True)
        news = await _next(box, uri, delay)
        if news is None:
            lost, delay = True, min(delay * 1.5, pace.slow)
            continue
        lost, delay = news.lost, inf
        told = None if lost else told_of(news.flags, news.info, uri)
        trust.after(told)
        if told is not None:
            yield told


async def _next(box: Mailbox, uri: str, seconds: float) -> News | None:
    """The next notification; None where none came in time. Raises ConnectionFailed when the channel is closed."""
    if not box.news.empty():
        return box.news.get_nowait()
    got = asyncio.ensure_future(box.news.get())
    closed = asyncio.ensure_future(box.closed.wait())
    try:
        await asyncio.wait(
            {got, closed}, timeout=None if seconds == inf else seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if got.done():
            return got.result()
        if closed.done():
            raise ConnectionFailed(uri, "the server tells nothing more")
        return None
    finally:
        got.cancel()
        closed.cancel()
        await asyncio.wait({got, closed})


def feed_of(
    session: Session, printer: ContextHandle, wanted: Wanted = WANTED, pace: Pace = DEFAULT_PACE
) -> AbstractAsyncContextManager[AsyncIterator[Told]]:
    """The feed that fits the way by which we are connected. Entering raises Deaf, ConnectionFailed."""
    if session.way is Way.PAR:
        return by_waiting(session, printer, wanted)
    return by_calls(session, printer, wanted, pace)
