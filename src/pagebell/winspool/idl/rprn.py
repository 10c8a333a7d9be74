"""[MS-RPRN] winspool: print and observe. `rprn_more` has what clients ask besides.

Buffers that a caller offers (`[in, out, unique, size_is(cbBuf)]`) come back filled, with the size that would have
been enough in `pcbNeeded` ([MS-RPRN] 3.1.4.1.9). Their counts are compared by the handlers, which have a WERROR for it.
"""

from __future__ import annotations

from uuid import UUID

from pagebell.dcerpc.ndr import DWORD, WERROR, Call, ContextHandle, Interface, Struct, blob, count_of, wstr
from pagebell.winspool.idl.containers import (
    DEVMODE_CONTAINER,
    DOC_INFO_CONTAINER,
    JOB_CONTAINER,
    PRINTER_CONTAINER,
    SECURITY_CONTAINER,
    SPLCLIENT_CONTAINER,
)
from pagebell.winspool.idl.types import PRINTER_HANDLE, STRING_HANDLE, Result

WINSPOOL = Interface("winspool", UUID("12345678-1234-ABCD-EF00-0123456789AB"), (1, 0), r"\pipe\spoolss")
NO_HANDLE = ContextHandle()


class RpcEnumPrinters(Call, interface=WINSPOOL, opnum=0):
    """List printers. [MS-RPRN] 3.1.4.2.1"""

    Flags: DWORD
    Name: STRING_HANDLE | None = None
    Level: DWORD
    pPrinterEnum: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """Printers."""

        pPrinterEnum: blob | None = None
        pcbNeeded: DWORD = 0
        pcReturned: DWORD = 0
        result: WERROR = 0


class RpcOpenPrinter(Call, interface=WINSPOOL, opnum=1):
    """Open a printer, port, job or server. [MS-RPRN] 3.1.4.2.2"""

    pPrinterName: STRING_HANDLE | None = None
    pDatatype: wstr | None = None
    pDevModeContainer: DEVMODE_CONTAINER = DEVMODE_CONTAINER()
    AccessRequired: DWORD = 0

    class Reply(Struct):
        """Its handle."""

        pHandle: PRINTER_HANDLE = NO_HANDLE
        result: WERROR = 0


class RpcSetJob(Call, interface=WINSPOOL, opnum=2):
    """Pause, resume, cancel, restart or change a job. [MS-RPRN] 3.1.4.3.1"""

    hPrinter: PRINTER_HANDLE
    JobId: DWORD
    pJobContainer: JOB_CONTAINER | None = None
    Command: DWORD = 0

    Reply = Result


class RpcGetJob(Call, interface=WINSPOOL, opnum=3):
    """Tell of a job. [MS-RPRN] 3.1.4.3.2"""

    hPrinter: PRINTER_HANDLE
    JobId: DWORD
    Level: DWORD
    pJob: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """The job."""

        pJob: blob | None = None
        pcbNeeded: DWORD = 0
        result: WERROR = 0


class RpcEnumJobs(Call, interface=WINSPOOL, opnum=4):
    """List a printer's jobs. [MS-RPRN] 3.1.4.3.3"""

    hPrinter: PRINTER_HANDLE
    FirstJob: DWORD = 0
    NoJobs: DWORD = 0
    Level: DWORD
    pJob: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """Jobs."""

        pJob: blob | None = None
        pcbNeeded: DWORD = 0
        pcReturned: DWORD = 0
        result: WERROR = 0


class RpcAddPrinter(Call, interface=WINSPOOL, opnum=5):
    """Add a printer. [MS-RPRN] 3.1.4.2.3"""

    pName: STRING_HANDLE | None = None
    pPrinterContainer: PRINTER_CONTAINER
    pDevModeContainer: DEVMODE_CONTAINER = DEVMODE_CONTAINER()
    pSecurityContainer: SECURITY_CONTAINER = SECURITY_CONTAINER()

    class Reply(Struct):
        """Its handle."""

        pHandle: PRINTER_HANDLE = NO_HANDLE
        result: WERROR = 0


class RpcDeletePrinter(Call, interface=WINSPOOL, opnum=6):
    """Remove a printer. [MS-RPRN] 3.1.4.2.4"""

    hPrinter: PRINTER_HANDLE

    Reply = Result


class RpcSetPrinter(Call, interface=WINSPOOL, opnum=7):
    """Change, pause, resume or empty a printer. [MS-RPRN] 3.1.4.2.5"""

    hPrinter: PRINTER_HANDLE
    pPrinterContainer: PRINTER_CONTAINER = PRINTER_CONTAINER()
    pDevModeContainer: DEVMODE_CONTAINER = DEVMODE_CONTAINER()
    pSecurityContainer: SECURITY_CONTAINER = SECURITY_CONTAINER()
    Command: DWORD = 0

    Reply = Result


class RpcGetPrinter(Call, interface=WINSPOOL, opnum=8):
    """Tell of a printer. [MS-RPRN] 3.1.4.2.6"""

    hPrinter: PRINTER_HANDLE
    Level: DWORD
    pPrinter: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """The printer."""

        pPrinter: blob | None = None
        pcbNeeded: DWORD = 0
        result: WERROR = 0


class RpcStartDocPrinter(Call, interface=WINSPOOL, opnum=17):
    """Begin a document, which makes a job. [MS-RPRN] 3.1.4.9.1"""

    hPrinter: PRINTER_HANDLE
    pDocInfoContainer: DOC_INFO_CONTAINER = DOC_INFO_CONTAINER()

    class Reply(Struct):
        """The job's number."""

        pJobId: DWORD = 0
        result: WERROR = 0


class RpcStartPagePrinter(Call, interface=WINSPOOL, opnum=18):
    """Begin a page. [MS-RPRN] 3.1.4.9.2"""

    hPrinter: PRINTER_HANDLE

    Reply = Result


class RpcWritePrinter(Call, interface=WINSPOOL, opnum=19):
    """Send octets of a document. [MS-RPRN] 3.1.4.9.3"""

    hPrinter: PRINTER_HANDLE
    pBuf: blob = b""
    cbBuf: DWORD = count_of("pBuf")

    class Reply(Struct):
        """How many were taken."""

        pcWritten: DWORD = 0
        result: WERROR = 0


class RpcEndPagePrinter(Call, interface=WINSPOOL, opnum=20):
    """End a page. [MS-RPRN] 3.1.4.9.4"""

    hPrinter: PRINTER_HANDLE

    Reply = Result


class RpcAbortPrinter(Call, interface=WINSPOOL, opnum=21):
    """Give up the document that is being sent. [MS-RPRN] 3.1.4.9.5"""

    hPrinter: PRINTER_HANDLE

    Reply = Result


class RpcReadPrinter(Call, interface=WINSPOOL, opnum=22):
    """Read octets of a job. [MS-RPRN] 3.1.4.9.6"""

    hPrinter: PRINTER_HANDLE
    cbBuf: DWORD

    class Reply(Struct):
        """So many octets, in an array of the size that was asked for."""

        pBuf: blob = b""
        pcNoBytesRead: DWORD = 0
        result: WERROR = 0


class RpcEndDocPrinter(Call, interface=WINSPOOL, opnum=23):
    """End the document: it may be printed. [MS-RPRN] 3.1.4.9.7"""

    hPrinter: PRINTER_HANDLE

    Reply = Result


class RpcAddJob(Call, interface=WINSPOOL, opnum=24):
    """Ask for a file to write a document to. [MS-RPRN] 3.1.4.3.4"""

    hPrinter: PRINTER_HANDLE
    Level: DWORD
    pAddJob: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """The file."""

        pAddJob: blob | None = None
        pcbNeeded: DWORD = 0
        result: WERROR = 0


class RpcScheduleJob(Call, interface=WINSPOOL, opnum=25):
    """Print what was written to such a file. [MS-RPRN] 3.1.4.3.5"""

    hPrinter: PRINTER_HANDLE
    JobId: DWORD

    Reply = Result


class RpcGetPrinterData(Call, interface=WINSPOOL, opnum=26):
    """Read a value of a printer's or the server's. [MS-RPRN] 3.1.4.2.7"""

    hPrinter: PRINTER_HANDLE
    pValueName: wstr
    nSize: DWORD

    class Reply(Struct):
        """The value, in an array of the size that was offered."""

        pType: DWORD = 0
        pData: blob = b""
        pcbNeeded: DWORD = 0
        result: WERROR = 0


class RpcClosePrinter(Call, interface=WINSPOOL, opnum=29):
    """Close a handle. [MS-RPRN] 3.1.4.2.9"""

    phPrinter: PRINTER_HANDLE

    class Reply(Struct):
        """The null handle."""

        phPrinter: PRINTER_HANDLE = NO_HANDLE
        result: WERROR = 0


class RpcOpenPrinterEx(Call, interface=WINSPOOL, opnum=69):
    """Open a printer, port, job or server. [MS-RPRN] 3.1.4.2.14"""

    pPrinterName: STRING_HANDLE | None = None
    pDatatype: wstr | None = None
    pDevModeContainer: DEVMODE_CONTAINER = DEVMODE_CONTAINER()
    AccessRequired: DWORD = 0
    pClientInfo: SPLCLIENT_CONTAINER = SPLCLIENT_CONTAINER()

    class Reply(Struct):
        """Its handle."""

        pHandle: PRINTER_HANDLE = NO_HANDLE
        result: WERROR = 0


class RpcAddPrinterEx(Call, interface=WINSPOOL, opnum=70):
    """Add a printer. [MS-RPRN] 3.1.4.2.15"""

    pName: STRING_HANDLE | None = None
    pPrinterContainer: PRINTER_CONTAINER
    pDevModeContainer: DEVMODE_CONTAINER = DEVMODE_CONTAINER()
    pSecurityContainer: SECURITY_CONTAINER = SECURITY_CONTAINER()
    pClientInfo: SPLCLIENT_CONTAINER = SPLCLIENT_CONTAINER()

    class Reply(Struct):
        """Its handle."""

        pHandle: PRINTER_HANDLE = NO_HANDLE
        result: WERROR = 0


class RpcGetPrinterDataEx(Call, interface=WINSPOOL, opnum=78):
    """Read a value under a key. [MS-RPRN] 3.1.4.2.19"""

    hPrinter: PRINTER_HANDLE
    pKeyName: wstr
    pValueName: wstr
    nSize: DWORD

    class Reply(Struct):
        """The value, in an array of the size that was offered."""

        pType: DWORD = 0
        pData: blob = b""
        pcbNeeded: DWORD = 0
        result: WERROR = 0
