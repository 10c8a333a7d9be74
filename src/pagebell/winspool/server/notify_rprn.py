"""Notifications by calls to clients, and the old call that waits. [MS-RPRN] 3.1.4.10"""

from __future__ import annotations

import asyncio
import logging

from pagebell.dcerpc.service import Caller
from pagebell.model.errors import NotFound
from pagebell.winspool.changes import ChangeFlag
from pagebell.winspool.idl.notify import RPC_V2_NOTIFY_OPTIONS
from pagebell.winspool.idl.rprn_notify import (
    RpcFindClosePrinterChangeNotification,
    RpcRemoteFindFirstPrinterChangeNotification,
    RpcRemoteFindFirstPrinterChangeNotificationEx,
    RpcRouterRefreshPrinterChangeNotification,
    RpcWaitForPrinterChange,
)
from pagebell.winspool.idl.types import Result
from pagebell.winspool.server.calling import CallFailed, Calling, Recipient
from pagebell.winspool.server.desk import Desk, Opened
from pagebell.winspool.server.destination import NotThere, destination
from pagebell.winspool.server.table import Table
from pagebell.winspool.server.watching import RPRN_METHOD, Watcher, asked, wanted, watch
from pagebell.winspool.werror import Win32, Win32Error

log = logging.getLogger(__name__)
calls = Table()
PATIENCE = 600.0
"""Seconds that RpcWaitForPrinterChange waits, as in Windows. [MS-RPRN] 3.1.4.10.1, note 379"""


@calls.answers_to(RpcRemoteFindFirstPrinterChangeNotification)
async def find_first(
    desk: Desk, caller: Caller, call: RpcRemoteFindFirstPrinterChangeNotification
) -> RpcRemoteFindFirstPrinterChangeNotification.Reply:
    """[MS-RPRN] 3.1.4.10.3"""
    await _register(desk, caller, call, None)
    return RpcRemoteFindFirstPrinterChangeNotification.Reply(pBuffer=call.pBuffer)


@calls.answers_to(RpcRemoteFindFirstPrinterChangeNotificationEx)
async def find_first_ex(
    desk: Desk, caller: Caller, call: RpcRemoteFindFirstPrinterChangeNotificationEx
) -> Result:
    """[MS-RPRN] 3.1.4.10.4"""
    await _register(desk, caller, call, call.pOptions)
    return Result()


async def _register(
    desk: Desk,
    caller: Caller,
    call: RpcRemoteFindFirstPrinterChangeNotification | RpcRemoteFindFirstPrinterChangeNotificationEx,
    options: RPC_V2_NOTIFY_OPTIONS | None,
) -> None:
    """Begin to call a client. Raises Win32Error."""
    opened = desk.opened(caller, call.hPrinter)
    wants = wanted(opened, call.fdwFlags, call.fdwOptions, options)
    if not call.dwPrinterLocal:  # [MS-RPRN] 3.2.4.1.1: it is told back, and must not be zero
        raise Win32Error(Win32.INVALID_PARAMETER)
    recipient = _recipient(desk, caller, opened, call.pszLocalMachine, call.dwPrinterLocal)
    callbacks = desk.callbacks
    if callbacks is None:
        raise Win32Error(Win32.NOT_SUPPORTED)
    async with opened.turn:
        if opened.listening is not None or opened.closed.is_set():
            raise Win32Error(Win32.INVALID_PARAMETER)
        watcher = await watch(desk, opened, wants, await desk.by(caller), RPRN_METHOD)
        try:
            opened.listening = await callbacks.begin(watcher, recipient)
        except CallFailed as error:
            log.warning("%s can't be called back: %s", recipient.address, error)
            await watcher.close()
            raise Win32Error(Win32.RPC_S_SERVER_UNAVAILABLE) from None


def _recipient(desk: Desk, caller: Caller, opened: Opened, machine: str | None, cookie: int) -> Recipient:
    """Where to call, if that may be. Raises Win32Error."""
    if desk.callbacks is None:
        raise Win32Error(Win32.NOT_SUPPORTED)
    proved = caller.principal is not None and not caller.principal.anonymous
    try:
        address = destination(desk.callbacks.reach, caller.peer, machine, opened.machine, proved=proved)
    except NotThere as reason:
        log.warning("%s (%s) is not called back: %s", caller.peer, caller.principal or "anonymous", reason)
        raise Win32Error(Win32.ACCESS_DENIED) from None
    return Recipient(address, machine or "", cookie)


@calls.answers_to(RpcFindClosePrinterChangeNotification)
async def find_close(desk: Desk, caller: Caller, call: RpcFindClosePrinterChangeNotification) -> Result:
    """[MS-RPRN] 3.1.4.10.2: the client has been told by RpcReplyClosePrinter when this returns."""
    opened = desk.opened(caller, call.hPrinter)
    _calling(opened)
    listening, opened.listening = opened.listening, None
    if listening is not None:
        await listening.end()
    return Result()


def _calling(opened: Opened) -> Calling:
    """The notifications of a handle. Raises Win32Error where there are none (any more)."""
    calling = opened.listening
    if not isinstance(calling, Calling):
        raise Win32Error(Win32.INVALID_HANDLE)
    return calling


@calls.answers_to(RpcRouterRefreshPrinterChangeNotification)
async def refresh(
    desk: Desk, caller: Caller, call: RpcRouterRefreshPrinterChangeNotification
) -> RpcRouterRefreshPrinterChangeNotification.Reply:
    """[MS-RPRN] 3.1.4.10.5"""
    calling = _calling(desk.opened(caller, call.hPrinter))
    if calling.task is None or calling.task.done():  # the channel back is not open any more
        raise Win32Error(Win32.INVALID_HANDLE)
    members = asked(calling.watcher.scope, call.pOptions)
    told = await calling.watcher.everything(members, call.dwColor)
    return RpcRouterRefreshPrinterChangeNotification.Reply(ppInfo=told.info)


@calls.answers_to(RpcWaitForPrinterChange)
async def wait(desk: Desk, caller: Caller, call: RpcWaitForPrinterChange) -> RpcWaitForPrinterChange.Reply:
    """[MS-RPRN] 3.1.4.10.1"""
    opened = desk.opened(caller, call.hPrinter)
    watcher = await watch(
        desk, opened, wanted(opened, call.Flags, 0, None), await desk.by(caller), RPRN_METHOD
    )
    try:
        flags = await _first(desk, opened, watcher)
    finally:
        await watcher.close()
    if flags & ChangeFlag.TIMEOUT:
        return RpcWaitForPrinterChange.Reply(pFlags=flags, result=flags)
    return RpcWaitForPrinterChange.Reply(pFlags=flags)


async def _first(desk: Desk, opened: Opened, watcher: Watcher) -> ChangeFlag:
    """What happens first. Raises Win32Error when the handle is closed meanwhile."""
    happened = asyncio.ensure_future(watcher.next())
    closed = asyncio.ensure_future(opened.closed.wait())
    late = asyncio.ensure_future(desk.spooler.clock.sleep(PATIENCE))
    waiting = {happened, closed, late}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if happened.done():
            return happened.result().flags
    except NotFound:
        raise Win32Error(Win32.INVALID_HANDLE) from None
    finally:
        for one in waiting:
            one.cancel()
        await asyncio.wait(waiting)
    if closed.done() and not closed.cancelled():
        raise Win32Error(Win32.INVALID_HANDLE)
    return ChangeFlag.TIMEOUT
