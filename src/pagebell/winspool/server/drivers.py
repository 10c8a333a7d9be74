"""Drivers: queues name one that Windows brings along; none is ever taken from a client. [MS-RPRN] 3.1.4.4"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterable
from typing import Any, cast

from pagebell.dcerpc.service import Caller
from pagebell.model.access import Right
from pagebell.winspool import infos
from pagebell.winspool.buffers import Info, layout, pack
from pagebell.winspool.idl.containers import DRIVER_CONTAINER
from pagebell.winspool.idl.rprn_setup import (
    RpcAddPrinterDriver,
    RpcAddPrinterDriverEx,
    RpcDeletePrinterDriver,
    RpcDeletePrinterDriverEx,
    RpcEnumPrinterDrivers,
    RpcGetPrinterDriver,
    RpcGetPrinterDriver2,
    RpcGetPrinterDriverDirectory,
)
from pagebell.winspool.idl.types import Result
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.meaning import DRIVER_ADDED, DRIVER_DELETED
from pagebell.winspool.server.ports import HERE, fill_path, folder_of, visitor
from pagebell.winspool.server.table import Table, fill
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
KINDS: dict[int, type[Info]] = {
    1: infos.DRIVER_INFO_1,
    2: infos.DRIVER_INFO_2,
    3: infos.DRIVER_INFO_3,
    4: infos.DRIVER_INFO_4,
    5: infos.DRIVER_INFO_5,
    6: infos.DRIVER_INFO_6,
    8: infos.DRIVER_INFO_8,
}
LISTS = ("pDependentFiles", "pszzPreviousNames", "pszzColorProfiles", "pszzCoreDriverDependencies")
WITH_FILES = 101
"""The level of DRIVER_INFO_101, which RpcGetPrinterDriver2 alone knows. [MS-RPRN] 3.1.4.4.6"""
VERSION = 3
"""cVersion of drivers in user mode. [MS-RPRN] 2.2.1.3.1"""
EVERYWHERE = "all"


def record(name: str, environment: str) -> dict[str, object]:
    """All that is told of a driver that is in Windows' box."""
    return {
        "cVersion": VERSION,
        "pName": name,
        "pEnvironment": environment,
        "pDriverPath": "pscript5.dll",
        "pDataFile": "pscript.ppd",
        "pConfigFile": "ps5ui.dll",
        "pHelpFile": "pscript.hlp",
        "pDependentFiles": (),
        "pDefaultDataType": "RAW",
        "pszzPreviousNames": (),
        "pMfgName": "Microsoft",
        "pProvider": "Microsoft",
        "pPrintProcessor": "winprint",
    }


def _info(known: dict[str, object], level: int) -> Info:
    kind = KINDS[level]
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in known.items() if name in names})


FILES = (("pDriverPath", 0), ("pConfigFile", 1), ("pDataFile", 2), ("pHelpFile", 3))
DEPENDENT, FILES_AT = 4, 12
"""FileType of the files that a driver names, and of all others; where FileInfoOffset stands. [MS-RPRN] 2.2.2.4.10"""


def with_files(known: dict[str, object]) -> infos.DRIVER_INFO_101:
    """[MS-RPRN] 2.2.2.4.9, whose files' names are found from the start of the whole, not of each file."""
    named = [(str(known[name]), kind) for name, kind in FILES if known.get(name)]
    named += [(name, DEPENDENT) for name in cast("tuple[str, ...]", known.get("pDependentFiles", ()))]
    names = {field.name for field in dataclasses.fields(infos.DRIVER_INFO_101)}
    fields: dict[str, Any] = {name: value for name, value in known.items() if name in names}
    files = pack(
        infos.DRIVER_FILE_INFO,
        [infos.DRIVER_FILE_INFO(pFileName=name, FileType=kind) for name, kind in named],
    )
    made = infos.DRIVER_INFO_101(**fields, dwFileCount=len(named), pFileInfo=files)
    size = layout(infos.DRIVER_FILE_INFO).fixed.size
    (place,) = struct.unpack_from("<I", pack(infos.DRIVER_INFO_101, [made]), FILES_AT)
    rows = bytearray(files)
    for start in range(0, size * len(named), size):
        (offset,) = struct.unpack_from("<I", rows, start)
        struct.pack_into("<I", rows, start, offset + start + place)
    return dataclasses.replace(made, pFileInfo=bytes(rows))


def _level(level: int) -> type[Info]:
    if level not in KINDS:
        raise Win32Error(Win32.INVALID_LEVEL)
    return KINDS[level]


def _records(desk: Desk, environment: str) -> Iterable[dict[str, object]]:
    """The drivers of an environment."""
    named = (desk.driver(printer) for printer in desk.spooler.printers.list())
    used = dict.fromkeys(name for name in named if name)
    if environment.casefold() == HERE.casefold():
        yield from (record(name, HERE) for name in used if _key(HERE, name) not in desk.driver_records)
    for known in desk.driver_records.values():
        if str(known["pEnvironment"]).casefold() == environment.casefold():
            yield known


def _key(environment: str, name: str) -> str:
    return f"{environment}\\{name}".casefold()


@calls.answers_to(RpcEnumPrinterDrivers)
async def enum_drivers(
    desk: Desk, caller: Caller, call: RpcEnumPrinterDrivers
) -> RpcEnumPrinterDrivers.Reply:
    """[MS-RPRN] 3.1.4.4.2"""
    await visitor(desk, caller, call.pName)
    environment = call.pEnvironment or HERE
    if environment.casefold() == EVERYWHERE:
        known = [*_records(desk, HERE)]
        known += [r for r in desk.driver_records.values() if r["pEnvironment"] != HERE]
    else:
        folder_of(environment)
        known = [*_records(desk, environment)]
    kind = _level(call.Level)
    filled = fill(call.pDrivers, call.cbBuf, kind, [_info(one, call.Level) for one in known])
    return RpcEnumPrinterDrivers.Reply(
        pDrivers=filled.buffer, pcbNeeded=filled.needed, pcReturned=filled.returned, result=filled.result
    )


@calls.answers_to(RpcGetPrinterDriver)
async def get_driver(desk: Desk, caller: Caller, call: RpcGetPrinterDriver) -> RpcGetPrinterDriver.Reply:
    """[MS-RPRN] 3.1.4.4.3"""
    info = _of_printer(desk, caller, call)
    filled = fill(call.pDriver, call.cbBuf, type(info), [info])
    return RpcGetPrinterDriver.Reply(pDriver=filled.buffer, pcbNeeded=filled.needed, result=filled.result)


@calls.answers_to(RpcGetPrinterDriver2)
async def get_driver_2(desk: Desk, caller: Caller, call: RpcGetPrinterDriver2) -> RpcGetPrinterDriver2.Reply:
    """[MS-RPRN] 3.1.4.4.6"""
    info = _of_printer(desk, caller, call)
    filled = fill(call.pDriver, call.cbBuf, type(info), [info])
    return RpcGetPrinterDriver2.Reply(
        pDriver=filled.buffer, pcbNeeded=filled.needed, pdwServerMaxVersion=VERSION, result=filled.result
    )


def _of_printer(desk: Desk, caller: Caller, call: RpcGetPrinterDriver | RpcGetPrinterDriver2) -> Info:
    _, printer = desk.printer(caller, call.hPrinter)
    files = isinstance(call, RpcGetPrinterDriver2) and call.Level == WITH_FILES
    if not files:
        _level(call.Level)
    folder_of(call.pEnvironment)
    environment, name = call.pEnvironment or HERE, desk.driver(printer)
    known = desk.driver_records.get(_key(environment, name))
    if not name or (known is None and environment.casefold() != HERE.casefold()):
        raise Win32Error(Win32.UNKNOWN_PRINTER_DRIVER)
    found = known or record(name, HERE)
    return with_files(found) if files else _info(found, call.Level)


@calls.answers_to(RpcGetPrinterDriverDirectory)
async def driver_directory(
    desk: Desk, caller: Caller, call: RpcGetPrinterDriverDirectory
) -> RpcGetPrinterDriverDirectory.Reply:
    """[MS-RPRN] 3.1.4.4.4: a share that nobody can write to, for it does not exist."""
    server = await visitor(desk, caller, call.pName)
    folder = folder_of(call.pEnvironment)
    filled = fill_path(call.pDriverDirectory, call.cbBuf, rf"\\{server}\print$\{folder}")
    return RpcGetPrinterDriverDirectory.Reply(
        pDriverDirectory=filled.buffer, pcbNeeded=filled.needed, result=filled.result
    )


# ---------------------------------------------------------------- drivers of clients


async def _administered(desk: Desk, caller: Caller, server: str | None) -> None:
    """Let nobody change drivers, unless this is a test of somebody's client."""
    await visitor(desk, caller, server)
    (await desk.by(caller)).demand(Right.ADMINISTER)


@calls.answers_to(RpcAddPrinterDriver, RpcAddPrinterDriverEx)
async def add_driver(desk: Desk, caller: Caller, call: RpcAddPrinterDriver | RpcAddPrinterDriverEx) -> Result:
    """[MS-RPRN] 3.1.4.4.1 and 3.1.4.4.8: refused; who installs drivers on a server owns it."""
    await _administered(desk, caller, call.pName)
    if not desk.settings.accept_driver_records:
        raise Win32Error(Win32.ACCESS_DENIED)
    _add_record(desk, call.pDriverContainer)
    await desk.spooler.system.announce(DRIVER_ADDED)
    return Result()


def _add_record(desk: Desk, container: DRIVER_CONTAINER) -> None:
    info = container.DriverInfo
    name = getattr(info, "pName", None)
    if info is None or container.Level not in (2, 3, 4, 6, 8):
        raise Win32Error(Win32.INVALID_LEVEL)
    if not name:
        raise Win32Error(Win32.INVALID_PARAMETER)
    environment = getattr(info, "pEnvironment", None) or HERE
    folder_of(environment)
    fields = {field.name: getattr(info, field.name) for field in dataclasses.fields(info)}  # type: ignore[arg-type]
    lists = {name: fields.get(name) for name in LISTS}
    known = record(name, environment) | {
        k: v for k, v in fields.items() if isinstance(v, str) and k not in lists
    }
    known |= {key: tuple(t for t in (value or "").split("\0") if t) for key, value in lists.items()}
    desk.driver_records[_key(environment, name)] = known | {"cVersion": fields.get("cVersion", VERSION)}


@calls.answers_to(RpcDeletePrinterDriver, RpcDeletePrinterDriverEx)
async def delete_driver(
    desk: Desk, caller: Caller, call: RpcDeletePrinterDriver | RpcDeletePrinterDriverEx
) -> Result:
    """[MS-RPRN] 3.1.4.4.5 and 3.1.4.4.7"""
    await _administered(desk, caller, call.pName)
    folder_of(call.pEnvironment)
    if any(desk.driver(p).casefold() == call.pDriverName.casefold() for p in desk.spooler.printers.list()):
        raise Win32Error(Win32.PRINTER_DRIVER_IN_USE)
    if desk.driver_records.pop(_key(call.pEnvironment, call.pDriverName), None) is None:
        raise Win32Error(Win32.UNKNOWN_PRINTER_DRIVER)
    await desk.spooler.system.announce(DRIVER_DELETED)
    return Result()
