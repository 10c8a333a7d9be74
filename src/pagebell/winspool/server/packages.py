"""Packages of drivers that Windows brings along, and that others build upon. [MS-RPRN] 3.1.4.4.9, [MS-PAR] 3.1.4.2

Queues name drivers that are in Windows' box, and so are the drivers that those build upon: clients have them, and look
them up by what is told here. Packages of others are never taken.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from pagebell.dcerpc.service import Caller
from pagebell.model.access import Right
from pagebell.winspool.idl.par_more import (
    RpcAsyncCorePrinterDriverInstalled,
    RpcAsyncDeletePrinterDriverPackage,
    RpcAsyncInstallPrinterDriverFromPackage,
    RpcAsyncUploadPrinterDriverPackage,
)
from pagebell.winspool.idl.rprn_packages import (
    CORE_PRINTER_DRIVER,
    PACKAGE_ID,
    RpcGetCorePrinterDrivers,
    RpcGetPrinterDriverPackagePath,
)
from pagebell.winspool.idl.types import FILETIME
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.ports import folder_of, visitor
from pagebell.winspool.server.table import Table
from pagebell.winspool.werror import Win32, Win32Error, hresult_of

calls = Table()
CORE = {
    UUID(f"D20EA372-DD35-4950-9ED8-A6335AFE79{tail}"): name
    for tail, name in (
        ("F0", "unidrv"),
        ("F1", "pscript"),
        ("F2", "pclxl"),
        ("F4", "plotter"),
        ("F5", "xpsdrv"),
    )
}
"""Drivers that others build upon, by the identifiers that Windows' own driver files have for them."""
DATED = datetime(2006, 6, 21, tzinfo=UTC)
VERSION = (6 << 48) | (1 << 32) | (7600 << 16) | 16385
"""Date and version of those in Windows' box, the same since Windows 7."""
LEAST_PATH = 260
"""Characters that a client must have room for. [MS-PAR] 3.1.4.2.8"""
MOST = 64
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_TICKS = int((DATED - _EPOCH).total_seconds()) * 10_000_000
_FILETIME = FILETIME(dwLowDateTime=_TICKS & 0xFFFFFFFF, dwHighDateTime=_TICKS >> 32)


def package_of(name: str, folder: str) -> str:
    """The identifier of the package that a driver is in."""
    return f"ntprint_{name}.inf_{folder}"


def _units(text: str, room: int) -> tuple[int, ...]:
    octets = text.encode("utf-16-le", "surrogatepass")
    units = tuple(int.from_bytes(octets[at : at + 2], "little") for at in range(0, len(octets), 2))
    return (*units, *(0,) * (room - len(units)))


def _texts(units: tuple[int, ...]) -> list[str]:
    octets = b"".join(unit.to_bytes(2, "little") for unit in units)
    return [text for text in octets.decode("utf-16-le", "replace").split("\0") if text]


def _folder(environment: str) -> str:
    """Here an environment must be named. Raises Win32Error."""
    if not environment:
        raise Win32Error(Win32.INVALID_ENVIRONMENT)
    return folder_of(environment)


@calls.answers_to(
    RpcGetCorePrinterDrivers,
    sized=(("pCorePrinterDrivers", "cCorePrinterDrivers", CORE_PRINTER_DRIVER()),),
    hresult=True,
)
async def get_core_drivers(
    desk: Desk, caller: Caller, call: RpcGetCorePrinterDrivers
) -> RpcGetCorePrinterDrivers.Reply:
    """[MS-RPRN] 3.1.4.4.9"""
    await visitor(desk, caller, call.pszServer)
    asked = _texts(call.pszzCoreDriverDependencies)
    if not call.cCorePrinterDrivers or call.cCorePrinterDrivers != len(asked):
        raise Win32Error(Win32.INVALID_PARAMETER)
    folder = _folder(call.pszEnvironment)
    found = tuple(_core(text, folder) for text in asked)
    return RpcGetCorePrinterDrivers.Reply(pCorePrinterDrivers=found)


def _core(text: str, folder: str) -> CORE_PRINTER_DRIVER:
    try:
        guid = UUID(text)
    except ValueError:
        raise Win32Error(Win32.INVALID_PARAMETER) from None
    if guid not in CORE:
        raise Win32Error(Win32.NOT_FOUND)
    return CORE_PRINTER_DRIVER(
        CoreDriverGUID=guid,
        ftDriverDate=_FILETIME,
        dwlDriverVersion=VERSION,
        szPackageID=_units(package_of(CORE[guid], folder), PACKAGE_ID),
    )


@calls.answers_to(RpcGetPrinterDriverPackagePath, hresult=True)
async def package_path(
    desk: Desk, caller: Caller, call: RpcGetPrinterDriverPackagePath
) -> RpcGetPrinterDriverPackagePath.Reply:
    """[MS-RPRN] 3.1.4.4.10: on a share, or on a disk for whoever names no server; neither exists."""
    server = await visitor(desk, caller, call.pszServer)
    folder = _folder(call.pszEnvironment)
    buffer, room = call.pszDriverPackageCab, call.cchDriverPackageCab
    if (len(buffer) if buffer is not None else 0) != room:
        raise Win32Error(Win32.INVALID_USER_BUFFER)
    if call.pszPackageID not in {package_of(name, folder) for name in CORE.values()}:
        raise Win32Error(Win32.FILE_NOT_FOUND)
    top = rf"\\{server}\print$" if call.pszServer else r"C:\Windows\System32\spool\drivers"
    path = rf"{top}\{folder}\PCC\{call.pszPackageID}.cab"
    needed = len(_units(path, 0)) + 1
    reply = RpcGetPrinterDriverPackagePath.Reply
    if not room:
        return reply(pcchRequiredSize=needed)
    if needed > room:
        code = hresult_of(Win32.INSUFFICIENT_BUFFER)
        return reply(pszDriverPackageCab=(0,) * room, pcchRequiredSize=needed, result=code)
    return reply(pszDriverPackageCab=_units(path, room), pcchRequiredSize=needed)


@calls.answers_to(RpcAsyncCorePrinterDriverInstalled, hresult=True)
async def is_installed(
    desk: Desk, caller: Caller, call: RpcAsyncCorePrinterDriverInstalled
) -> RpcAsyncCorePrinterDriverInstalled.Reply:
    """[MS-PAR] 3.1.4.2.10"""
    await visitor(desk, caller, call.pszServer)
    _folder(call.pszEnvironment)
    date = call.ftDriverDate.dwHighDateTime << 32 | call.ftDriverDate.dwLowDateTime
    there = call.CoreDriverGUID in CORE and date <= _TICKS and call.dwlDriverVersion <= VERSION
    return RpcAsyncCorePrinterDriverInstalled.Reply(pbDriverInstalled=int(there))


# ---------------------------------------------------------------- packages of clients


async def _administered(desk: Desk, caller: Caller, server: str | None) -> None:
    await visitor(desk, caller, server)
    (await desk.by(caller)).demand(Right.ADMINISTER)


@calls.answers_to(RpcAsyncUploadPrinterDriverPackage, hresult=True)
async def upload(
    desk: Desk, caller: Caller, call: RpcAsyncUploadPrinterDriverPackage
) -> RpcAsyncUploadPrinterDriverPackage.Reply:
    """[MS-PAR] 3.1.4.2.8: no path that a client names leads anywhere from here."""
    await _administered(desk, caller, call.pszServer)
    if call.pszDestInfPath is None or call.pcchDestInfPath < LEAST_PATH:
        raise Win32Error(Win32.INVALID_PARAMETER)
    _folder(call.pszEnvironment)
    raise Win32Error(Win32.FILE_NOT_FOUND)


@calls.answers_to(RpcAsyncInstallPrinterDriverFromPackage, hresult=True)
async def install(
    desk: Desk, caller: Caller, call: RpcAsyncInstallPrinterDriverFromPackage
) -> RpcAsyncInstallPrinterDriverFromPackage.Reply:
    """[MS-PAR] 3.1.4.2.7: there is nothing that could be installed."""
    await _administered(desk, caller, call.pszServer)
    if not call.pszDriverName:
        raise Win32Error(Win32.INVALID_PARAMETER)
    _folder(call.pszEnvironment)
    raise Win32Error(Win32.FILE_NOT_FOUND)


@calls.answers_to(RpcAsyncDeletePrinterDriverPackage, hresult=True)
async def delete(
    desk: Desk, caller: Caller, call: RpcAsyncDeletePrinterDriverPackage
) -> RpcAsyncDeletePrinterDriverPackage.Reply:
    """[MS-PAR] 3.1.4.2.12: what Windows brings along stays."""
    await _administered(desk, caller, call.pszServer)
    if not call.pszInfPath:
        raise Win32Error(Win32.NOT_FOUND)
    folder = _folder(call.pszEnvironment)
    ours = call.pszInfPath in {package_of(name, folder) for name in CORE.values()}
    raise Win32Error(Win32.ACCESS_DENIED if ours else Win32.NOT_FOUND)
