"""Notifications that clients wait for: [MS-PAR] 3.1.4.9. A call that waits keeps no other from being answered."""

from __future__ import annotations

from typing import Any

from pagebell.dcerpc.ndr import Transfer
from pagebell.dcerpc.service import Caller
from pagebell.model.errors import NotFound
from pagebell.winspool.changes import (
    REGISTER_COLOR,
    REGISTER_FIELDS,
    REGISTER_FLAGS,
    REGISTER_OPTIONS,
    TOLD_COLOR,
    TOLD_FLAGS,
    TOLD_INFO,
)
from pagebell.winspool.constants import Access
from pagebell.winspool.idl.notify import (
    NOTIFY_OPTIONS_CONTAINER,
    NOTIFY_REPLY_CONTAINER,
    RPC_V2_NOTIFY_OPTIONS,
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
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.table import Table
from pagebell.winspool.server.watching import PAR_METHOD, Told, Watcher, asked, wanted, watch
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
_MAY_USE = (
    Access.PRINTER_ACCESS_USE
    | Access.PRINTER_ACCESS_ADMINISTER
    | Access.MAXIMUM_ALLOWED
    | Access.GENERIC_ALL
    | Access.GENERIC_READ
    | Access.GENERIC_WRITE
    | Access.GENERIC_EXECUTE
)
"""With one of these a printer's handle can be listened with. [MS-PAR] 3.1.4.9.1, note 30"""
_KINDS = {
    REGISTER_FLAGS: EPrintPropertyType.kPropertyTypeInt32,
    REGISTER_OPTIONS: EPrintPropertyType.kPropertyTypeInt32,
    REGISTER_FIELDS: EPrintPropertyType.kPropertyTypeNotificationOptions,
    REGISTER_COLOR: EPrintPropertyType.kPropertyTypeInt32,
}


def _filter(collection: RpcPrintPropertiesCollection) -> dict[str, Any]:
    """The four properties that must be there, by name. Raises Win32Error. [MS-PAR] 2.2.3, 2.2.4"""
    found: dict[str, Any] = {}
    for one in collection.propertiesCollection or ():
        kind = _KINDS.get(one.propertyName or "")
        if kind is None or one.propertyValue.ePropertyType != kind or one.propertyName in found:
            raise Win32Error(Win32.INVALID_PARAMETER)
        found[one.propertyName or ""] = one.propertyValue.value
    if found.keys() != _KINDS.keys():
        raise Win32Error(Win32.INVALID_PARAMETER)
    return found


def _options(found: dict[str, Any]) -> RPC_V2_NOTIFY_OPTIONS | None:
    container = found[REGISTER_FIELDS]
    return container.pOptions if isinstance(container, NOTIFY_OPTIONS_CONTAINER) else None


def _unsigned(number: int) -> int:
    return number & 0xFFFFFFFF


def _signed(number: int) -> int:
    return number - (1 << 32) if number & 0x80000000 else number


def _collection(told: Told) -> RpcPrintPropertiesCollection:
    """A notification as named properties. [MS-PAR] 2.2.3"""
    number = EPrintPropertyType.kPropertyTypeInt32
    values = (
        (TOLD_FLAGS, RpcPrintPropertyValue(ePropertyType=number, value=_signed(told.flags))),
        (
            TOLD_INFO,
            RpcPrintPropertyValue(
                ePropertyType=EPrintPropertyType.kPropertyTypeNotificationReply,
                value=NOTIFY_REPLY_CONTAINER(pInfo=told.info),
            ),
        ),
        (TOLD_COLOR, RpcPrintPropertyValue(ePropertyType=number, value=_signed(told.color))),
    )
    return RpcPrintPropertiesCollection(
        propertiesCollection=tuple(
            RpcPrintNamedProperty(propertyName=name, propertyValue=value) for name, value in values
        )
    )


class _Shared(RpcAsyncGetRemoteNotifications.Reply):
    """A reply that goes to many clients, and is marshalled once."""

    def encode(self, transfer: Transfer = Transfer.NDR) -> bytes:
        """The octets, as they were made before."""
        made: dict[Transfer, bytes] = self.__dict__.setdefault("_made", {})
        if transfer not in made:
            made[transfer] = super().encode(transfer)
        return made[transfer]


async def _run_down(watcher: Watcher) -> None:
    await watcher.close()


@calls.answers_to(RpcSyncRegisterForRemoteNotifications, hresult=True)
async def register(
    desk: Desk, caller: Caller, call: RpcSyncRegisterForRemoteNotifications
) -> RpcSyncRegisterForRemoteNotifications.Reply:
    """[MS-PAR] 3.1.4.9.1"""
    opened = desk.opened(caller, call.hPrinter)
    found = _filter(call.pNotifyFilter)
    wants = wanted(
        opened, _unsigned(found[REGISTER_FLAGS]), _unsigned(found[REGISTER_OPTIONS]), _options(found)
    )
    if opened.printer is not None and not opened.access & _MAY_USE:
        raise Win32Error(Win32.ACCESS_DENIED)
    color = _unsigned(found[REGISTER_COLOR])
    watcher = await watch(desk, opened, wants, await desk.by(caller), PAR_METHOD, color)
    return RpcSyncRegisterForRemoteNotifications.Reply(phRpcHandle=caller.handles.open(watcher, _run_down))


@calls.answers_to(RpcSyncUnRegisterForRemoteNotifications, hresult=True)
async def unregister(
    desk: Desk, caller: Caller, call: RpcSyncUnRegisterForRemoteNotifications
) -> RpcSyncUnRegisterForRemoteNotifications.Reply:
    """[MS-PAR] 3.1.4.9.2: a call that waits with the handle ends, too."""
    await caller.handles.close(call.phRpcHandle, Watcher).close()
    return RpcSyncUnRegisterForRemoteNotifications.Reply()


@calls.answers_to(RpcSyncRefreshRemoteNotifications, hresult=True)
async def refresh(
    desk: Desk, caller: Caller, call: RpcSyncRefreshRemoteNotifications
) -> RpcSyncRefreshRemoteNotifications.Reply:
    """[MS-PAR] 3.1.4.9.3"""
    watcher = caller.handles.get(call.hRpcHandle, Watcher)
    found = _filter(call.pNotifyFilter)
    members = asked(watcher.scope, _options(found))
    told = await watcher.everything(members, _unsigned(found[REGISTER_COLOR]))
    return RpcSyncRefreshRemoteNotifications.Reply(ppNotifyData=_collection(told))


@calls.answers_to(RpcAsyncGetRemoteNotifications, hresult=True)
async def get(
    desk: Desk, caller: Caller, call: RpcAsyncGetRemoteNotifications
) -> RpcAsyncGetRemoteNotifications.Reply:
    """[MS-PAR] 3.1.4.9.4: answered when there is something."""
    watcher = caller.handles.get(call.hRpcHandle, Watcher)
    try:
        told = await watcher.next()
    except NotFound:
        raise Win32Error(Win32.INVALID_HANDLE) from None
    if "par" not in told.made:
        told.made["par"] = _Shared(ppNotifyData=_collection(told))
    reply: _Shared = told.made["par"]
    return reply
