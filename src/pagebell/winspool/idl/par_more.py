"""[MS-PAR] IRemoteWinspool: packages of drivers; the counterparts of `rprn_packages`, `rprn_jobs`, `rprn_ports`."""

from __future__ import annotations

from pagebell.dcerpc.ndr import DWORD, GUID, LONG, ULONGLONG, WORD, Call, Struct, array, wstr
from pagebell.winspool.idl.par import IREMOTEWINSPOOL
from pagebell.winspool.idl.rprn_jobs import (
    RpcDeleteJobNamedProperty,
    RpcEnumJobNamedProperties,
    RpcGetJobNamedPropertyValue,
    RpcLogJobInfoForBranchOffice,
    RpcSetJobNamedProperty,
)
from pagebell.winspool.idl.rprn_packages import (
    HRESULT,
    RpcGetCorePrinterDrivers,
    RpcGetPrinterDriverPackagePath,
)
from pagebell.winspool.idl.rprn_ports import RpcAddMonitor, RpcAddPortEx, RpcDeleteMonitor, RpcSetPort
from pagebell.winspool.idl.types import FILETIME


class RpcAsyncInstallPrinterDriverFromPackage(Call, interface=IREMOTEWINSPOOL, opnum=62):
    """Install a driver. [MS-PAR] 3.1.4.2.7"""

    pszServer: wstr | None = None
    pszInfPath: wstr | None = None
    pszDriverName: wstr
    pszEnvironment: wstr
    dwFlags: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        result: HRESULT = 0


class RpcAsyncUploadPrinterDriverPackage(Call, interface=IREMOTEWINSPOOL, opnum=63):
    """Upload a package. [MS-PAR] 3.1.4.2.8"""

    pszServer: wstr | None = None
    pszInfPath: wstr
    pszEnvironment: wstr
    dwFlags: DWORD = 0
    pszDestInfPath: array[WORD] | None = None
    pcchDestInfPath: DWORD = 0

    class Reply(Struct):
        """Where it is."""

        pszDestInfPath: array[WORD] | None = None
        pcchDestInfPath: DWORD = 0
        result: HRESULT = 0


class RpcAsyncGetCorePrinterDrivers(RpcGetCorePrinterDrivers, interface=IREMOTEWINSPOOL, opnum=64):
    """[MS-PAR] 3.1.4.2.9"""


class RpcAsyncCorePrinterDriverInstalled(Call, interface=IREMOTEWINSPOOL, opnum=65):
    """Ask for a driver that others build upon. [MS-PAR] 3.1.4.2.10"""

    pszServer: wstr | None = None
    pszEnvironment: wstr
    CoreDriverGUID: GUID
    ftDriverDate: FILETIME = FILETIME()
    dwlDriverVersion: ULONGLONG = 0

    class Reply(Struct):
        """Whether it is here."""

        pbDriverInstalled: LONG = 0
        result: HRESULT = 0


class RpcAsyncGetPrinterDriverPackagePath(
    RpcGetPrinterDriverPackagePath, interface=IREMOTEWINSPOOL, opnum=66
):
    """[MS-PAR] 3.1.4.2.11"""


class RpcAsyncDeletePrinterDriverPackage(Call, interface=IREMOTEWINSPOOL, opnum=67):
    """Remove a package. [MS-PAR] 3.1.4.2.12"""

    pszServer: wstr | None = None
    pszInfPath: wstr
    pszEnvironment: wstr

    class Reply(Struct):
        """What came of it."""

        result: HRESULT = 0


class RpcAsyncGetJobNamedPropertyValue(RpcGetJobNamedPropertyValue, interface=IREMOTEWINSPOOL, opnum=70):
    """[MS-PAR] 3.1.4.10.1"""


class RpcAsyncSetJobNamedProperty(RpcSetJobNamedProperty, interface=IREMOTEWINSPOOL, opnum=71):
    """[MS-PAR] 3.1.4.10.2"""


class RpcAsyncDeleteJobNamedProperty(RpcDeleteJobNamedProperty, interface=IREMOTEWINSPOOL, opnum=72):
    """[MS-PAR] 3.1.4.10.3"""


class RpcAsyncEnumJobNamedProperties(RpcEnumJobNamedProperties, interface=IREMOTEWINSPOOL, opnum=73):
    """[MS-PAR] 3.1.4.10.4"""


class RpcAsyncLogJobInfoForBranchOffice(RpcLogJobInfoForBranchOffice, interface=IREMOTEWINSPOOL, opnum=74):
    """[MS-PAR] 3.1.4.11.1"""


class RpcAsyncAddPort(RpcAddPortEx, interface=IREMOTEWINSPOOL, opnum=49):
    """[MS-PAR] 3.1.4.3.3"""


class RpcAsyncSetPort(RpcSetPort, interface=IREMOTEWINSPOOL, opnum=50):
    """[MS-PAR] 3.1.4.3.4"""


class RpcAsyncAddMonitor(RpcAddMonitor, interface=IREMOTEWINSPOOL, opnum=51):
    """[MS-PAR] 3.1.4.5.2"""


class RpcAsyncDeleteMonitor(RpcDeleteMonitor, interface=IREMOTEWINSPOOL, opnum=52):
    """[MS-PAR] 3.1.4.5.3"""
