"""Both ways to hear of changes, as one: calls that wait ([MS-PAR]) and calls back ([MS-RPRN])."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pagebell.dcerpc.client import RpcClient
from pagebell.dcerpc.ndr import ContextHandle
from pagebell.dcerpc.security import Level
from pagebell.winspool.changes import (
    REGISTER_COLOR,
    REGISTER_FIELDS,
    REGISTER_FLAGS,
    REGISTER_OPTIONS,
    TOLD_COLOR,
    TOLD_FLAGS,
    TOLD_INFO,
    ChangeFlag,
)
from pagebell.winspool.idl import par, par_notify, rprn_notify
from pagebell.winspool.idl.notify import (
    NOTIFY_OPTIONS_CONTAINER,
    RPC_V2_NOTIFY_INFO,
    RPC_V2_NOTIFY_OPTIONS,
    RPC_V2_NOTIFY_OPTIONS_TYPE,
    EPrintPropertyType,
    RpcPrintNamedProperty,
    RpcPrintPropertiesCollection,
    RpcPrintPropertyValue,
)
from pagebell.winspool.server.calling import Callbacks, CallFailed, Recipient
from tests.winspool.stand import CLIENT, Stand, open_printer


def options(fields: Mapping[int, Iterable[int]]) -> RPC_V2_NOTIFY_OPTIONS | None:
    if not fields:
        return None
    types = [RPC_V2_NOTIFY_OPTIONS_TYPE(Type=type_, pFields=tuple(these)) for type_, these in fields.items()]
    return RPC_V2_NOTIFY_OPTIONS(pTypes=tuple(types))


def filtered(
    flags: int = 0, wanted: RPC_V2_NOTIFY_OPTIONS | None = None, color: int = 0, category: int = 0
) -> RpcPrintPropertiesCollection:
    """RemoteNotifyFilter, [MS-PAR] 2.2.3"""
    number, these = EPrintPropertyType.kPropertyTypeInt32, EPrintPropertyType.kPropertyTypeNotificationOptions
    signed = flags - (1 << 32) if flags & 0x80000000 else flags
    values = {
        REGISTER_FLAGS: RpcPrintPropertyValue(ePropertyType=number, value=signed),
        REGISTER_OPTIONS: RpcPrintPropertyValue(ePropertyType=number, value=category),
        REGISTER_FIELDS: RpcPrintPropertyValue(
            ePropertyType=these, value=NOTIFY_OPTIONS_CONTAINER(pOptions=wanted)
        ),
        REGISTER_COLOR: RpcPrintPropertyValue(ePropertyType=number, value=color),
    }
    return RpcPrintPropertiesCollection(
        propertiesCollection=tuple(
            RpcPrintNamedProperty(propertyName=name, propertyValue=value) for name, value in values.items()
        )
    )


@dataclass
class Heard:
    """A notification, whichever way it came."""

    flags: int
    data: dict[tuple[int, int, int], Any]
    """By type, field and id."""
    color: int = 0
    discarded: bool = False


def heard(flags: int, info: RPC_V2_NOTIFY_INFO, color: int) -> Heard:
    data = {(one.Type, one.Field, one.Id): plain(one.Data) for one in info.aData}
    return Heard(flags & 0xFFFFFFFF, data, color, bool(info.Flags & 1))


def plain(data: Any) -> Any:
    """What is in a container."""
    if isinstance(data, tuple):
        return data[0] | data[1] << 32
    return next(
        getattr(data, name)
        for name in ("pszString", "pSystemTime", "pDevMode", "pSecurity")
        if hasattr(data, name)
    )


def of_collection(collection: RpcPrintPropertiesCollection | None) -> Heard:
    assert collection is not None and collection.propertiesCollection is not None
    found: dict[str, Any] = {
        str(one.propertyName): one.propertyValue.value for one in collection.propertiesCollection
    }
    assert found.keys() == {TOLD_FLAGS, TOLD_INFO, TOLD_COLOR}
    return heard(found[TOLD_FLAGS], found[TOLD_INFO].pInfo, found[TOLD_COLOR])


class Listener(Protocol):
    async def next(self) -> Heard: ...
    async def refresh(self, fields: Mapping[int, Iterable[int]], color: int) -> Heard: ...
    async def close(self) -> int: ...


# ---------------------------------------------------------------- [MS-PAR]


@dataclass
class Waiting:
    client: RpcClient
    handle: ContextHandle

    async def next(self) -> Heard:
        reply = await par_call(self.client, par_notify.RpcAsyncGetRemoteNotifications(hRpcHandle=self.handle))
        assert reply.result == 0, hex(reply.result)
        return of_collection(reply.ppNotifyData)

    async def refresh(self, fields: Mapping[int, Iterable[int]], color: int) -> Heard:
        wanted = filtered(0, options(fields), color)
        call = par_notify.RpcSyncRefreshRemoteNotifications(hRpcHandle=self.handle, pNotifyFilter=wanted)
        reply = await par_call(self.client, call)
        assert reply.result == 0, hex(reply.result)
        return of_collection(reply.ppNotifyData)

    async def close(self) -> int:
        call = par_notify.RpcSyncUnRegisterForRemoteNotifications(phRpcHandle=self.handle)
        return int((await par_call(self.client, call)).result)


async def par_call(client: RpcClient, call: Any) -> Any:
    return await client.call(call, object=par.OBJECT)


async def par_open(client: RpcClient, name: str | None, access: int = 8) -> ContextHandle:
    call = par.RpcAsyncOpenPrinter(pPrinterName=name, AccessRequired=access, pClientInfo=CLIENT)
    reply = await par_call(client, call)
    assert reply.result == 0, reply
    handle: ContextHandle = reply.pHandle
    return handle


async def register(client: RpcClient, handle: ContextHandle, collection: RpcPrintPropertiesCollection) -> Any:
    call = par_notify.RpcSyncRegisterForRemoteNotifications(hPrinter=handle, pNotifyFilter=collection)
    return await par_call(client, call)


@contextlib.asynccontextmanager
async def by_waiting(
    here: Stand,
    flags: int,
    fields: Mapping[int, Iterable[int]],
    name: str | None = "p1",
    color: int = 7,
    user: str = "ada",
) -> AsyncIterator[Waiting]:
    async with here.client(user, Level.PRIVACY, par.IREMOTEWINSPOOL) as client:
        handle = await par_open(client, name, 8 if name else 0)
        reply = await register(client, handle, filtered(flags, options(fields), color))
        assert reply.result == 0, hex(reply.result)
        yield Waiting(client, reply.phRpcHandle)


# ---------------------------------------------------------------- [MS-RPRN]


def _open() -> asyncio.Event:
    gate = asyncio.Event()
    gate.set()
    return gate


@dataclass
class Line:
    """`calling.Channel`, and `calling.Dialer`, without a network."""

    told: asyncio.Queue[Heard] = field(default_factory=asyncio.Queue)
    opened: list[Recipient] = field(default_factory=list)
    closed: int = 0
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    refuse: bool = False
    stuck: bool = False
    gate: asyncio.Event = field(default_factory=_open)
    """While it is closed the client does not answer."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """The client has been called."""

    @contextlib.asynccontextmanager
    async def __call__(self, recipient: Recipient) -> AsyncIterator[Line]:  # type: ignore[override]
        self.opened.append(recipient)
        if self.refuse:
            raise CallFailed("nobody is there")
        try:
            yield self
        finally:
            self.closed += 1
            self.hung_up.set()

    async def tell(self, flags: ChangeFlag) -> None:
        await self._pass(Heard(flags, {}))

    async def tell_all(self, color: int, flags: ChangeFlag, info: RPC_V2_NOTIFY_INFO) -> None:
        await self._pass(heard(flags, info, color))

    async def _pass(self, one: Heard) -> None:
        self.reached.set()
        if self.stuck:
            await asyncio.Event().wait()
        await self.gate.wait()
        self.told.put_nowait(one)


@dataclass
class Called:
    client: RpcClient
    handle: ContextHandle
    line: Line

    async def next(self) -> Heard:
        return await self.line.told.get()

    async def refresh(self, fields: Mapping[int, Iterable[int]], color: int) -> Heard:
        call = rprn_notify.RpcRouterRefreshPrinterChangeNotification(
            hPrinter=self.handle, dwColor=color, pOptions=options(fields)
        )
        reply = await self.client.call(call)
        assert reply.result == 0 and reply.ppInfo is not None
        return heard(0, reply.ppInfo, color)

    async def close(self) -> int:
        call = rprn_notify.RpcFindClosePrinterChangeNotification(hPrinter=self.handle)
        return (await self.client.call(call)).result


@contextlib.asynccontextmanager
async def by_calls(
    here: Stand, flags: int, fields: Mapping[int, Iterable[int]], name: str | None = "p1"
) -> AsyncIterator[Called]:
    line = Line()
    async with Callbacks(line).running() as here.desk.callbacks, here.client("ada") as client:  # type: ignore[arg-type]
        handle = await open_printer(client, name, 8 if name else 0)  # type: ignore[arg-type]
        call = rprn_notify.RpcRemoteFindFirstPrinterChangeNotificationEx(
            hPrinter=handle,
            fdwFlags=flags,
            pszLocalMachine=r"\\me",
            dwPrinterLocal=4711,
            pOptions=options(fields),
        )
        assert (await client.call(call)).result == 0
        yield Called(client, handle, line)


WAYS = {"MS-PAR": by_waiting, "MS-RPRN": by_calls}


async def settle(here: Stand) -> None:
    """A call went there and back on another connection: what was sent before it has arrived."""
    async with here.client() as client:
        await open_printer(client)
    await here.clock.settle()
