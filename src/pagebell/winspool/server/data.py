"""Printer data: what the server tells of itself, and what clients keep here. [MS-RPRN] 3.1.4.2"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from pagebell.dcerpc.service import Caller
from pagebell.model.access import Right
from pagebell.model.errors import NotFound
from pagebell.model.printer import Printer
from pagebell.winspool.constants import RegType
from pagebell.winspool.idl.rprn import RpcGetPrinterData, RpcGetPrinterDataEx
from pagebell.winspool.idl.rprn_data import (
    RpcDeletePrinterData,
    RpcDeletePrinterDataEx,
    RpcDeletePrinterKey,
    RpcEnumPrinterData,
    RpcEnumPrinterDataEx,
    RpcEnumPrinterKey,
    RpcSetPrinterData,
    RpcSetPrinterDataEx,
)
from pagebell.winspool.idl.types import Result
from pagebell.winspool.server.describe import BUILD, VERSION, change_id, port_name
from pagebell.winspool.server.desk import Desk, Opened
from pagebell.winspool.server.meaning import ISOLATION_GROUPS, SERVER_DATA
from pagebell.winspool.server.profile import profile
from pagebell.winspool.server.table import Table
from pagebell.winspool.server.values import DRIVER_DATA, DS_SPOOLER, SERVER, Value, dword, string, strings
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
ISOLATION, BRANCH_OFFICE = "printdriverisolationgroups", "enablebranchofficeprinting"
_VERSION_INFO = struct.pack("<5I256x", 276, VERSION, 0, BUILD, 2)
_VERSION_INFO_EX = struct.pack("<5I256x3H2B", 284, VERSION, 0, BUILD, 2, 0, 0, 0, 3, 0)
SET_BY_CLIENTS = {
    "beepenabled": 0,
    "eventlog": 0,
    "netpopup": 0,
    "netpopuptocomputer": 0,
    "portthreadpriority": 0,
    "restartjobonpoolenabled": 1,
    "restartjobonpoolerror": 600,
    "retrypopup": 0,
    "schedulerthreadpriority": 0,
}
"""Numbers that administrators may set, and what they are before that. [MS-RPRN] 2.2.3.10"""


def _server_values(desk: Desk) -> dict[str, Value]:
    """What the server tells of itself. [MS-RPRN] 2.2.3.10"""
    told = [
        string("Architecture", "Windows x64"),
        string("DefaultSpoolDirectory", desk.settings.spool_directory),
        string("DNSMachineName", (desk.settings.names or (desk.settings.computer,))[-1]),
        dword("DsPresent", 0),
        dword("DsPresentForUser", 0),
        dword("MajorVersion", 3),
        dword("MinorVersion", 0),
        Value("OSVersion", RegType.BINARY, _VERSION_INFO),
        Value("OSVersionEx", RegType.BINARY, _VERSION_INFO_EX),
        dword("PortThreadPriorityDefault", 0),
        dword("RemoteFax", 0),
        dword("SchedulerThreadPriorityDefault", 0),
        dword("W3SvcInstalled", 0),
        dword("PrintDriverIsolationExecutionPolicy", 1),
        dword("V4DriverDisallowPrinterUIApp", 1),
        *(dword(name, number) for name, number in SET_BY_CLIENTS.items()),
    ]
    return {value.name.casefold(): value for value in told}


def _value(desk: Desk, opened: Opened, key: str, name: str) -> Value:
    """The value that a client asks for. Raises Win32Error."""
    if opened.printer is None:
        found = desk.values.get(SERVER, "", name) or _server_values(desk).get(name.casefold())
        if found is None:
            raise Win32Error(Win32.INVALID_PARAMETER)
        return found
    printer = desk.printer_of(opened)
    if name.casefold() == "changeid":
        return dword("ChangeID", change_id(desk, printer))
    found = desk.values.get(printer.name, key, name)
    if found is None and key.casefold() == DS_SPOOLER.casefold():
        found = _published(desk, printer).get(name.casefold())
    if found is None:
        raise Win32Error(Win32.FILE_NOT_FOUND)
    return found


def _published(desk: Desk, printer: Printer) -> dict[str, Value]:
    """What a directory service would be told of a printer, by the attributes' names. [MS-RPRN] 2.3.3.1"""
    kept, computer = profile(desk.spooler.settings, printer), desk.settings.computer
    told = [
        string("description", printer.info),
        string("driverName", desk.driver(printer)),
        string("location", printer.location),
        strings("portName", port_name(printer)),
        dword("priority", kept.priority),
        dword("printEndTime", kept.until),
        dword("printStartTime", kept.start),
        string("printerName", printer.title),
        string("printSeparatorFile", kept.separator),
        strings("printShareName", printer.name),
        string("printSpooling", "PrintAfterSpooled"),
        string("serverName", (desk.settings.names or (computer,))[-1]),
        string("shortServerName", computer),
        string("uNCName", rf"\\{computer}\{printer.name}"),
        dword("versionNumber", 4),
    ]
    return {value.name.casefold(): value for value in told}


@calls.answers_to(RpcGetPrinterData, RpcGetPrinterDataEx, sized=(("pData", "nSize", 1),))
async def get_data(
    desk: Desk, caller: Caller, call: RpcGetPrinterData | RpcGetPrinterDataEx
) -> RpcGetPrinterData.Reply:
    """[MS-RPRN] 3.1.4.2.7 and 3.1.4.2.19"""
    opened = desk.opened(caller, call.hPrinter)
    key = call.pKeyName if isinstance(call, RpcGetPrinterDataEx) else DRIVER_DATA
    if opened.printer is not None and not key:
        raise Win32Error(Win32.INVALID_PARAMETER)
    found = _value(desk, opened, key, call.pValueName)
    enough = len(found.data) <= call.nSize
    return type(call).Reply(  # type: ignore[return-value]  # the two replies are alike
        pType=found.type,
        pData=found.data.ljust(call.nSize, b"\0") if enough else bytes(call.nSize),
        pcbNeeded=len(found.data),
        result=Win32.SUCCESS if enough else Win32.MORE_DATA,
    )


@calls.answers_to(RpcSetPrinterData, RpcSetPrinterDataEx)
async def set_data(desk: Desk, caller: Caller, call: RpcSetPrinterData | RpcSetPrinterDataEx) -> Result:
    """[MS-RPRN] 3.1.4.2.8 and 3.1.4.2.18"""
    opened = desk.opened(caller, call.hPrinter)
    key = call.pKeyName if isinstance(call, RpcSetPrinterDataEx) else DRIVER_DATA
    (await desk.at(caller, opened)).demand(Right.ADMINISTER)
    value = Value(call.pValueName, call.Type, call.pData)
    if opened.printer is None:
        if not _is_settable(value):
            raise Win32Error(Win32.INVALID_PARAMETER)
        await desk.values.set(SERVER, "", value)
        isolation = (ISOLATION_GROUPS,) if value.name.casefold() == ISOLATION else ()
        await desk.spooler.system.announce(SERVER_DATA, *isolation)
    elif not key or not value.name:
        raise Win32Error(Win32.INVALID_PARAMETER)
    else:
        await desk.values.set(opened.printer, key, value)
        await desk.spooler.system.announce(*_told(key, value.name), printer=opened.printer)
    return Result()


def _is_settable(value: Value) -> bool:
    """Whether administrators may set this value of the server's. [MS-RPRN] 2.2.3.10"""
    if value.name.casefold() == ISOLATION:
        return value.type == RegType.SZ
    return value.name.casefold() in SET_BY_CLIENTS and value.type == RegType.DWORD and len(value.data) == 4


def _told(key: str, name: str) -> tuple[str, ...]:
    """What has changed of a printer when a value of its data has."""
    if key.casefold() != DRIVER_DATA.casefold():
        return ("data",)
    branch = ("branch-office-printing",) if name.casefold() == BRANCH_OFFICE else ()
    return ("driver-data", *branch)


async def _changing(desk: Desk, caller: Caller, opened: Opened) -> str:
    """The printer whose values an administrator changes. Raises NotAuthorized, Win32Error."""
    (await desk.at(caller, opened)).demand(Right.ADMINISTER)
    if opened.printer is None:
        raise Win32Error(Win32.INVALID_HANDLE)
    return opened.printer


@calls.answers_to(RpcDeletePrinterData, RpcDeletePrinterDataEx)
async def delete_data(
    desk: Desk, caller: Caller, call: RpcDeletePrinterData | RpcDeletePrinterDataEx
) -> Result:
    """[MS-RPRN] 3.1.4.2.17 and 3.1.4.2.22"""
    key = call.pKeyName if isinstance(call, RpcDeletePrinterDataEx) else DRIVER_DATA
    if not key:
        raise Win32Error(Win32.INVALID_PARAMETER)
    owner = await _changing(desk, caller, desk.opened(caller, call.hPrinter))
    try:
        await desk.values.delete(owner, key, call.pValueName)
    except NotFound:
        raise Win32Error(Win32.FILE_NOT_FOUND) from None
    return Result()


@calls.answers_to(RpcDeletePrinterKey)
async def delete_key(desk: Desk, caller: Caller, call: RpcDeletePrinterKey) -> Result:
    """[MS-RPRN] 3.1.4.2.23"""
    if not call.pKeyName:
        raise Win32Error(Win32.INVALID_PARAMETER)
    try:
        await desk.values.delete_key(
            await _changing(desk, caller, desk.opened(caller, call.hPrinter)), call.pKeyName
        )
    except NotFound:
        raise Win32Error(Win32.FILE_NOT_FOUND) from None
    return Result()


# ---------------------------------------------------------------- listing


def _units(text: str, count: int) -> tuple[int, ...]:
    """Text in an array of so many 16-bit units."""
    octets = text.encode("utf-16-le", "surrogatepass").ljust(2 * count, b"\0")
    return struct.unpack(f"<{count}H", octets)


@calls.answers_to(RpcEnumPrinterData, sized=(("pValueName", "cbValueName", 2), ("pData", "cbData", 1)))
async def enum_data(desk: Desk, caller: Caller, call: RpcEnumPrinterData) -> RpcEnumPrinterData.Reply:
    """[MS-RPRN] 3.1.4.2.16: with no room at all, the largest sizes are told."""
    _, printer = desk.printer(caller, call.hPrinter)
    values = desk.values.all(printer.name, DRIVER_DATA)
    if call.dwIndex >= len(values):
        raise Win32Error(Win32.NO_MORE_ITEMS)
    room, units = call.cbData, call.cbValueName // 2
    if not call.cbData and not call.cbValueName:
        names = max((len(v.name.encode("utf-16-le")) + 2 for v in values), default=0)
        largest = max((len(v.data) for v in values), default=0)
        return RpcEnumPrinterData.Reply(pcbValueName=names, pcbData=largest)
    value = values[call.dwIndex]
    name_size = len(value.name.encode("utf-16-le")) + 2
    if name_size > 2 * units or len(value.data) > room:
        return RpcEnumPrinterData.Reply(
            pValueName=(0,) * units,
            pcbValueName=name_size,
            pData=bytes(room),
            pcbData=len(value.data),
            result=Win32.MORE_DATA,
        )
    return RpcEnumPrinterData.Reply(
        pValueName=_units(value.name, units),
        pcbValueName=name_size,
        pType=value.type,
        pData=value.data.ljust(room, b"\0"),
        pcbData=len(value.data),
    )


_ENTRY = struct.Struct("<5I")


def pack_values(values: Sequence[Value]) -> bytes:
    """PRINTER_ENUM_VALUES: name offset and size, type, data offset and size. [MS-RPRN] 2.2.2.11"""
    place, rows, tail = _ENTRY.size * len(values), [], b""
    for number, value in enumerate(values):
        name = value.name.encode("utf-16-le") + b"\0\0"
        at = place + len(tail)
        gap = -(at + len(name)) & 3
        start = number * _ENTRY.size
        data_at = at + len(name) + gap
        rows.append(
            _ENTRY.pack(
                at - start, len(name), value.type, data_at - start if value.data else 0, len(value.data)
            )
        )
        tail += name + bytes(gap) + value.data + bytes(-len(value.data) & 3)
    return b"".join(rows) + tail


@calls.answers_to(RpcEnumPrinterDataEx, sized=(("pEnumValues", "cbEnumValues", 1),))
async def enum_data_ex(desk: Desk, caller: Caller, call: RpcEnumPrinterDataEx) -> RpcEnumPrinterDataEx.Reply:
    """[MS-RPRN] 3.1.4.2.20"""
    _, printer = desk.printer(caller, call.hPrinter)
    if not call.pKeyName:
        raise Win32Error(Win32.INVALID_PARAMETER)
    values = desk.values.all(printer.name, call.pKeyName)
    if call.pKeyName.casefold() == DS_SPOOLER.casefold():
        set_here = {value.name.casefold() for value in values}
        values += [v for n, v in _published(desk, printer).items() if n not in set_here]
    if not values and desk.values.keys(printer.name, call.pKeyName) is None:
        raise Win32Error(Win32.FILE_NOT_FOUND)
    packed, room = pack_values(values), call.cbEnumValues
    if len(packed) > room:
        return RpcEnumPrinterDataEx.Reply(
            pEnumValues=bytes(room), pcbEnumValues=len(packed), result=Win32.MORE_DATA
        )
    return RpcEnumPrinterDataEx.Reply(
        pEnumValues=packed.ljust(room, b"\0"), pcbEnumValues=len(packed), pnEnumValues=len(values)
    )


@calls.answers_to(RpcEnumPrinterKey, sized=(("pSubkey", "cbSubkey", 2),))
async def enum_keys(desk: Desk, caller: Caller, call: RpcEnumPrinterKey) -> RpcEnumPrinterKey.Reply:
    """[MS-RPRN] 3.1.4.2.21"""
    _, printer = desk.printer(caller, call.hPrinter)
    keys, room = desk.values.keys(printer.name, call.pKeyName), call.cbSubkey // 2
    if keys is None:
        raise Win32Error(Win32.FILE_NOT_FOUND)
    text = "".join(key + "\0" for key in keys) + "\0"
    size = len(text.encode("utf-16-le", "surrogatepass")) + (0 if keys else 2)
    if size > 2 * room:
        return RpcEnumPrinterKey.Reply(pSubkey=(0,) * room, pcbSubkey=size, result=Win32.MORE_DATA)
    return RpcEnumPrinterKey.Reply(pSubkey=_units(text, room), pcbSubkey=size)
