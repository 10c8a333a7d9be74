"""[MS-RPRN] winspool: printer data, information contexts, connections, and talks with printers."""

from __future__ import annotations

from pagebell.dcerpc.ndr import DWORD, WERROR, WORD, Call, Struct, array, blob, count_of, wstr
from pagebell.winspool.idl.containers import (
    DEVMODE_CONTAINER,
    RPC_BIDI_REQUEST_CONTAINER,
    RPC_BIDI_RESPONSE_CONTAINER,
)
from pagebell.winspool.idl.rprn import NO_HANDLE, WINSPOOL
from pagebell.winspool.idl.types import GDI_HANDLE, PRINTER_HANDLE, STRING_HANDLE, Result


class RpcSetPrinterData(Call, interface=WINSPOOL, opnum=27):
    """Set a value of a printer's or the server's. [MS-RPRN] 3.1.4.2.8"""

    hPrinter: PRINTER_HANDLE
    pValueName: wstr
    Type: DWORD
    pData: blob = b""
    cbData: DWORD = count_of("pData")

    Reply = Result


class RpcCreatePrinterIC(Call, interface=WINSPOOL, opnum=40):
    """Open a printer's information context. [MS-RPRN] 3.1.4.2.10"""

    hPrinter: PRINTER_HANDLE
    pDevModeContainer: DEVMODE_CONTAINER = DEVMODE_CONTAINER()

    class Reply(Struct):
        """What came of it."""

        pHandle: GDI_HANDLE = NO_HANDLE
        result: WERROR = 0


class RpcPlayGdiScriptOnPrinterIC(Call, interface=WINSPOOL, opnum=41):
    """Ask for a printer's fonts. [MS-RPRN] 3.1.4.2.11"""

    hPrinterIC: GDI_HANDLE
    pIn: blob = b""
    cIn: DWORD = count_of("pIn")
    cOut: DWORD = 0
    ul: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pOut: blob = b""
        result: WERROR = 0


class RpcDeletePrinterIC(Call, interface=WINSPOOL, opnum=42):
    """Close an information context. [MS-RPRN] 3.1.4.2.12"""

    phPrinterIC: GDI_HANDLE

    class Reply(Struct):
        """What came of it."""

        phPrinterIC: GDI_HANDLE = NO_HANDLE
        result: WERROR = 0


class RpcResetPrinter(Call, interface=WINSPOOL, opnum=52):
    """Change the data type and the settings of a handle. [MS-RPRN] 3.1.4.2.13"""

    hPrinter: PRINTER_HANDLE
    pDatatype: wstr | None = None
    pDevModeContainer: DEVMODE_CONTAINER = DEVMODE_CONTAINER()

    Reply = Result


class RpcEnumPrinterData(Call, interface=WINSPOOL, opnum=72):
    """Tell a printer's values one by one. [MS-RPRN] 3.1.4.2.16"""

    hPrinter: PRINTER_HANDLE
    dwIndex: DWORD
    cbValueName: DWORD = 0
    cbData: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pValueName: array[WORD] = ()
        pcbValueName: DWORD = 0
        pType: DWORD = 0
        pData: blob = b""
        pcbData: DWORD = 0
        result: WERROR = 0


class RpcDeletePrinterData(Call, interface=WINSPOOL, opnum=73):
    """Remove a value. [MS-RPRN] 3.1.4.2.17"""

    hPrinter: PRINTER_HANDLE
    pValueName: wstr

    Reply = Result


class RpcSetPrinterDataEx(Call, interface=WINSPOOL, opnum=77):
    """Set a value under a key. [MS-RPRN] 3.1.4.2.18"""

    hPrinter: PRINTER_HANDLE
    pKeyName: wstr
    pValueName: wstr
    Type: DWORD
    pData: blob = b""
    cbData: DWORD = count_of("pData")

    Reply = Result


class RpcEnumPrinterDataEx(Call, interface=WINSPOOL, opnum=79):
    """Tell all values of a key. [MS-RPRN] 3.1.4.2.20"""

    hPrinter: PRINTER_HANDLE
    pKeyName: wstr
    cbEnumValues: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pEnumValues: blob = b""
        pcbEnumValues: DWORD = 0
        pnEnumValues: DWORD = 0
        result: WERROR = 0


class RpcEnumPrinterKey(Call, interface=WINSPOOL, opnum=80):
    """Tell the keys under a key. [MS-RPRN] 3.1.4.2.21"""

    hPrinter: PRINTER_HANDLE
    pKeyName: wstr
    cbSubkey: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pSubkey: array[WORD] = ()
        pcbSubkey: DWORD = 0
        result: WERROR = 0


class RpcDeletePrinterDataEx(Call, interface=WINSPOOL, opnum=81):
    """Remove a value under a key. [MS-RPRN] 3.1.4.2.22"""

    hPrinter: PRINTER_HANDLE
    pKeyName: wstr
    pValueName: wstr

    Reply = Result


class RpcDeletePrinterKey(Call, interface=WINSPOOL, opnum=82):
    """Remove a key and all under it. [MS-RPRN] 3.1.4.2.23"""

    hPrinter: PRINTER_HANDLE
    pKeyName: wstr

    Reply = Result


class RpcAddPerMachineConnection(Call, interface=WINSPOOL, opnum=85):
    """Connect all users of a machine to a printer. [MS-RPRN] 3.1.4.2.24"""

    pServer: STRING_HANDLE | None = None
    pPrinterName: wstr
    pPrintServer: wstr
    pProvider: wstr

    Reply = Result


class RpcDeletePerMachineConnection(Call, interface=WINSPOOL, opnum=86):
    """Undo that. [MS-RPRN] 3.1.4.2.25"""

    pServer: STRING_HANDLE | None = None
    pPrinterName: wstr

    Reply = Result


class RpcEnumPerMachineConnections(Call, interface=WINSPOOL, opnum=87):
    """List such connections. [MS-RPRN] 3.1.4.2.26"""

    pServer: STRING_HANDLE | None = None
    pPrinterEnum: blob | None = None
    cbBuf: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pPrinterEnum: blob | None = None
        pcbNeeded: DWORD = 0
        pcReturned: DWORD = 0
        result: WERROR = 0


class RpcXcvData(Call, interface=WINSPOOL, opnum=88):
    """Talk to a port monitor. [MS-RPRN] 3.1.4.6.5"""

    hXcv: PRINTER_HANDLE
    pszDataName: wstr
    pInputData: blob = b""
    cbInputData: DWORD = count_of("pInputData")
    cbOutputData: DWORD = 0
    pdwStatus: DWORD = 0

    class Reply(Struct):
        """What came of it."""

        pOutputData: blob = b""
        pcbOutputNeeded: DWORD = 0
        pdwStatus: DWORD = 0
        result: WERROR = 0


class RpcSendRecvBidiData(Call, interface=WINSPOOL, opnum=97):
    """Ask a printer itself. [MS-RPRN] 3.1.4.2.27"""

    hPrinter: PRINTER_HANDLE
    pAction: wstr | None = None
    pReqData: RPC_BIDI_REQUEST_CONTAINER = RPC_BIDI_REQUEST_CONTAINER()

    class Reply(Struct):
        """What came of it."""

        ppRespData: RPC_BIDI_RESPONSE_CONTAINER | None = None
        result: WERROR = 0
