"""[MS-RPRN] winspool: packages of drivers. [MS-RPRN] 3.1.4.4.9 and 3.1.4.4.10"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pagebell.dcerpc.ndr import DWORD, GUID, ULONGLONG, WORD, Call, Struct, array, count_of, fixed, wstr
from pagebell.winspool.idl.rprn import WINSPOOL
from pagebell.winspool.idl.types import FILETIME, STRING_HANDLE

HRESULT = DWORD
PACKAGE_ID = 260
_NONE = (0,) * PACKAGE_ID


class CORE_PRINTER_DRIVER(Struct):
    """A driver that others build upon. [MS-RPRN] 2.2.2.13"""

    CoreDriverGUID: GUID = UUID(int=0)
    ftDriverDate: FILETIME = FILETIME()
    dwlDriverVersion: ULONGLONG = 0
    szPackageID: Annotated[tuple[WORD, ...], fixed(PACKAGE_ID)] = _NONE


class RpcGetCorePrinterDrivers(Call, interface=WINSPOOL, opnum=102):
    """Tell of such drivers. [MS-RPRN] 3.1.4.4.9"""

    pszServer: STRING_HANDLE | None = None
    pszEnvironment: wstr
    cchCoreDrivers: DWORD = count_of("pszzCoreDriverDependencies")
    pszzCoreDriverDependencies: array[WORD] = ()
    cCorePrinterDrivers: DWORD = 0

    class Reply(Struct):
        """So many as were asked for."""

        pCorePrinterDrivers: array[CORE_PRINTER_DRIVER] = ()
        result: HRESULT = 0


class RpcGetPrinterDriverPackagePath(Call, interface=WINSPOOL, opnum=104):
    """Where a package is. [MS-RPRN] 3.1.4.4.10"""

    pszServer: STRING_HANDLE | None = None
    pszEnvironment: wstr
    pszLanguage: wstr | None = None
    pszPackageID: wstr
    pszDriverPackageCab: array[WORD] | None = None
    cchDriverPackageCab: DWORD = 0

    class Reply(Struct):
        """Its path."""

        pszDriverPackageCab: array[WORD] | None = None
        pcchRequiredSize: DWORD = 0
        result: HRESULT = 0
