"""[MS-RPRN] winspool: IPP inside RPC, as the newest Windows has it. [MS-RPRN] 3.1.4.14

Attribute groups come as the octets of IPP (RFC 8010 3.1.2), answers are whole IPP responses.
"""

from __future__ import annotations

from pagebell.dcerpc.ndr import DWORD, Call, Struct, array, blob, count_of, wstr
from pagebell.winspool.idl.rprn import WINSPOOL
from pagebell.winspool.idl.types import PRINTER_HANDLE, Result

HRESULT = DWORD


class RpcRegeneratePrintDeviceCapabilities(Call, interface=WINSPOOL, opnum=117):
    """Learn anew what a printer can do. [MS-RPRN] 3.1.4.14.1"""

    hPrinter: PRINTER_HANDLE

    Reply = Result


class RpcIppCreateJobOnPrinter(Call, interface=WINSPOOL, opnum=119):
    """Say how a job is to be printed. [MS-RPRN] 3.1.4.14.2"""

    hPrinter: PRINTER_HANDLE
    jobId: DWORD
    pdlFormat: wstr | None = None
    jobAttributeGroupBufferSize: DWORD = count_of("jobAttributeGroupBuffer")
    jobAttributeGroupBuffer: blob = b""

    class Reply(Struct):
        """An IPP response."""

        ippResponseBufferSize: DWORD = count_of("ippResponseBuffer")
        ippResponseBuffer: blob | None = None
        result: HRESULT = 0


class RpcIppGetJobAttributes(Call, interface=WINSPOOL, opnum=120):
    """Get-Job-Attributes. [MS-RPRN] 3.1.4.14.3"""

    hPrinter: PRINTER_HANDLE
    jobId: DWORD
    attributeNameCount: DWORD = count_of("attributeNames")
    attributeNames: array[wstr | None] = ()

    class Reply(Struct):
        """An IPP response."""

        ippResponseBufferSize: DWORD = count_of("ippResponseBuffer")
        ippResponseBuffer: blob | None = None
        result: HRESULT = 0


class RpcIppSetJobAttributes(Call, interface=WINSPOOL, opnum=121):
    """Set-Job-Attributes. [MS-RPRN] 3.1.4.14.4"""

    hPrinter: PRINTER_HANDLE
    jobId: DWORD
    jobAttributeGroupBufferSize: DWORD = count_of("jobAttributeGroupBuffer")
    jobAttributeGroupBuffer: blob = b""

    class Reply(Struct):
        """An IPP response."""

        ippResponseBufferSize: DWORD = count_of("ippResponseBuffer")
        ippResponseBuffer: blob | None = None
        result: HRESULT = 0


class RpcIppGetPrinterAttributes(Call, interface=WINSPOOL, opnum=122):
    """Get-Printer-Attributes. [MS-RPRN] 3.1.4.14.5"""

    hPrinter: PRINTER_HANDLE
    attributeNameCount: DWORD = count_of("attributeNames")
    attributeNames: array[wstr | None] = ()

    class Reply(Struct):
        """An IPP response."""

        ippResponseBufferSize: DWORD = count_of("ippResponseBuffer")
        ippResponseBuffer: blob | None = None
        result: HRESULT = 0


class RpcIppSetPrinterAttributes(Call, interface=WINSPOOL, opnum=123):
    """Set-Printer-Attributes. [MS-RPRN] 3.1.4.14.6"""

    hPrinter: PRINTER_HANDLE
    jobAttributeGroupBufferSize: DWORD = count_of("jobAttributeGroupBuffer")
    jobAttributeGroupBuffer: blob = b""

    class Reply(Struct):
        """An IPP response."""

        ippResponseBufferSize: DWORD = count_of("ippResponseBuffer")
        ippResponseBuffer: blob | None = None
        result: HRESULT = 0
