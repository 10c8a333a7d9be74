"""[MS-RPRN] winspool: drivers, print processors, forms and ports."""

from __future__ import annotations

from pagebell.dcerpc.ndr import DWORD, WERROR, Call, Struct, blob, wstr
from pagebell.winspool.idl.containers import DRIVER_CONTAINER, FORM_CONTAINER
from pagebell.winspool.idl.rprn import WINSPOOL
from pagebell.winspool.idl.types import PRINTER_HANDLE, STRING_HANDLE, Result


class RpcAddPrinterDriver(Call, interface=WINSPOOL, opnum=9):
    """Add a driver. [MS-RPRN] 3.1.4.4.1"""

    pName: STRING_HANDLE | None = None
    pDriverContainer: DRIVER_CONTAINER

    Reply = Result


class RpcEnumPrinterDrivers(Call, interface=WINSPOOL, opnum=10):
    """List drivers. [MS-RPRN] 3.1.4.4.2"""

    pName: STRING_HANDLE | None = None
    pEnvironment: wstr | None = None
    Level: DWORD
    pDrivers: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pDrivers: blob | None = None
        pcbNeeded: DWORD = 0
        pcReturned: DWORD = 0
        result: WERROR = 0


class RpcGetPrinterDriver(Call, interface=WINSPOOL, opnum=11):
    """Tell of a printer's driver. [MS-RPRN] 3.1.4.4.3"""

    hPrinter: PRINTER_HANDLE
    pEnvironment: wstr | None = None
    Level: DWORD
    pDriver: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pDriver: blob | None = None
        pcbNeeded: DWORD = 0
        result: WERROR = 0


class RpcGetPrinterDriverDirectory(Call, interface=WINSPOOL, opnum=12):
    """Where drivers are. [MS-RPRN] 3.1.4.4.4"""

    pName: STRING_HANDLE | None = None
    pEnvironment: wstr | None = None
    Level: DWORD
    pDriverDirectory: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pDriverDirectory: blob | None = None
        pcbNeeded: DWORD = 0
        result: WERROR = 0


class RpcDeletePrinterDriver(Call, interface=WINSPOOL, opnum=13):
    """Remove a driver. [MS-RPRN] 3.1.4.4.5"""

    pName: STRING_HANDLE | None = None
    pEnvironment: wstr
    pDriverName: wstr

    Reply = Result


class RpcEnumPrintProcessors(Call, interface=WINSPOOL, opnum=15):
    """List print processors. [MS-RPRN] 3.1.4.8.2"""

    pName: STRING_HANDLE | None = None
    pEnvironment: wstr | None = None
    Level: DWORD
    pPrintProcessorInfo: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pPrintProcessorInfo: blob | None = None
        pcbNeeded: DWORD = 0
        pcReturned: DWORD = 0
        result: WERROR = 0


class RpcGetPrintProcessorDirectory(Call, interface=WINSPOOL, opnum=16):
    """Where print processors are. [MS-RPRN] 3.1.4.8.3"""

    pName: STRING_HANDLE | None = None
    pEnvironment: wstr | None = None
    Level: DWORD
    pPrintProcessorDirectory: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pPrintProcessorDirectory: blob | None = None
        pcbNeeded: DWORD = 0
        result: WERROR = 0


class RpcAddForm(Call, interface=WINSPOOL, opnum=30):
    """Add a form. [MS-RPRN] 3.1.4.5.1"""

    hPrinter: PRINTER_HANDLE
    pFormInfoContainer: FORM_CONTAINER

    Reply = Result


class RpcDeleteForm(Call, interface=WINSPOOL, opnum=31):
    """Remove a form. [MS-RPRN] 3.1.4.5.2"""

    hPrinter: PRINTER_HANDLE
    pFormName: wstr

    Reply = Result


class RpcGetForm(Call, interface=WINSPOOL, opnum=32):
    """Tell of a form. [MS-RPRN] 3.1.4.5.3"""

    hPrinter: PRINTER_HANDLE
    pFormName: wstr
    Level: DWORD
    pForm: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pForm: blob | None = None
        pcbNeeded: DWORD = 0
        result: WERROR = 0


class RpcSetForm(Call, interface=WINSPOOL, opnum=33):
    """Change a form. [MS-RPRN] 3.1.4.5.4"""

    hPrinter: PRINTER_HANDLE
    pFormName: wstr
    pFormInfoContainer: FORM_CONTAINER

    Reply = Result


class RpcEnumForms(Call, interface=WINSPOOL, opnum=34):
    """List forms. [MS-RPRN] 3.1.4.5.5"""

    hPrinter: PRINTER_HANDLE
    Level: DWORD
    pForm: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pForm: blob | None = None
        pcbNeeded: DWORD = 0
        pcReturned: DWORD = 0
        result: WERROR = 0


class RpcEnumPorts(Call, interface=WINSPOOL, opnum=35):
    """List ports. [MS-RPRN] 3.1.4.6.1"""

    pName: STRING_HANDLE | None = None
    Level: DWORD
    pPort: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pPort: blob | None = None
        pcbNeeded: DWORD = 0
        pcReturned: DWORD = 0
        result: WERROR = 0


class RpcEnumMonitors(Call, interface=WINSPOOL, opnum=36):
    """List port monitors. [MS-RPRN] 3.1.4.7.1"""

    pName: STRING_HANDLE | None = None
    Level: DWORD
    pMonitor: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pMonitor: blob | None = None
        pcbNeeded: DWORD = 0
        pcReturned: DWORD = 0
        result: WERROR = 0


class RpcEnumPrintProcessorDatatypes(Call, interface=WINSPOOL, opnum=51):
    """List the data types of a print processor. [MS-RPRN] 3.1.4.8.5"""

    pName: STRING_HANDLE | None = None
    pPrintProcessorName: wstr | None = None
    Level: DWORD
    pDatatypes: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pDatatypes: blob | None = None
        pcbNeeded: DWORD = 0
        pcReturned: DWORD = 0
        result: WERROR = 0


class RpcGetPrinterDriver2(Call, interface=WINSPOOL, opnum=53):
    """Tell of a printer's driver. [MS-RPRN] 3.1.4.4.6"""

    hPrinter: PRINTER_HANDLE
    pEnvironment: wstr | None = None
    Level: DWORD
    pDriver: blob | None = None
    cbBuf: DWORD = 0
    dwClientMajorVersion: DWORD = 0
    dwClientMinorVersion: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pDriver: blob | None = None
        pcbNeeded: DWORD = 0
        pdwServerMaxVersion: DWORD = 0
        pdwServerMinVersion: DWORD = 0
        result: WERROR = 0


class RpcDeletePrinterDriverEx(Call, interface=WINSPOOL, opnum=84):
    """Remove a driver. [MS-RPRN] 3.1.4.4.7"""

    pName: STRING_HANDLE | None = None
    pEnvironment: wstr
    pDriverName: wstr
    dwDeleteFlag: DWORD = 0
    dwVersionNum: DWORD = 0

    Reply = Result


class RpcAddPrinterDriverEx(Call, interface=WINSPOOL, opnum=89):
    """Add a driver. [MS-RPRN] 3.1.4.4.8"""

    pName: STRING_HANDLE | None = None
    pDriverContainer: DRIVER_CONTAINER
    dwFileCopyFlags: DWORD = 0

    Reply = Result


class RpcAddPrintProcessor(Call, interface=WINSPOOL, opnum=14):
    """Add a print processor. [MS-RPRN] 3.1.4.8.1"""

    pName: STRING_HANDLE | None = None
    pEnvironment: wstr
    pPathName: wstr
    pPrintProcessorName: wstr

    Reply = Result


class RpcDeletePrintProcessor(Call, interface=WINSPOOL, opnum=48):
    """Remove a print processor. [MS-RPRN] 3.1.4.8.4"""

    Name: STRING_HANDLE | None = None
    pEnvironment: wstr | None = None
    pPrintProcessorName: wstr

    Reply = Result


class Opnum37NotUsedOnWire(Call, interface=WINSPOOL, opnum=37):
    """What was RpcAddPort: the specification has no more than its number, but there are programs that call it."""

    pName: STRING_HANDLE | None = None
    hWnd: DWORD = 0
    pMonitorName: wstr

    Reply = Result
