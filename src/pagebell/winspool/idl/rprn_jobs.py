"""[MS-RPRN] winspool: properties of jobs by name, and what printers at branch offices tell of jobs."""

from __future__ import annotations

from typing import Annotated

from pagebell.dcerpc.ndr import (
    BYTE,
    DWORD,
    HYPER,
    LONG,
    SHORT,
    WERROR,
    Call,
    Enum16,
    Struct,
    array,
    blob,
    count_of,
    switch_is,
    wstr,
)
from pagebell.winspool.idl.rprn import WINSPOOL
from pagebell.winspool.idl.types import PRINTER_HANDLE, Result

LONGLONG = HYPER


class RPC_EPrintPropertyType(Enum16):
    """[MS-RPRN] 2.2.1.14.3"""

    kRpcPropertyTypeString = 1
    kRpcPropertyTypeInt32 = 2
    kRpcPropertyTypeInt64 = 3
    kRpcPropertyTypeByte = 4
    kRpcPropertyTypeBuffer = 5


class PropertyBlob(Struct):
    """Octets; the specification has no name for it. [MS-RPRN] 2.2.1.14.1"""

    cbBuf: DWORD = count_of("pBuf")
    pBuf: blob | None = None


_T = RPC_EPrintPropertyType


class RPC_PrintPropertyValue(Struct):
    """A value with its type. [MS-RPRN] 2.2.1.14.1"""

    ePropertyType: RPC_EPrintPropertyType = _T.kRpcPropertyTypeInt32
    value: Annotated[
        str | int | PropertyBlob | None,
        switch_is(
            "ePropertyType",
            {
                _T.kRpcPropertyTypeString: wstr | None,
                _T.kRpcPropertyTypeInt32: LONG,
                _T.kRpcPropertyTypeInt64: LONGLONG,
                _T.kRpcPropertyTypeByte: BYTE,
                _T.kRpcPropertyTypeBuffer: PropertyBlob,
            },
            tag=RPC_EPrintPropertyType,
        ),
    ] = 0


class RPC_PrintNamedProperty(Struct):
    """A name with its value. [MS-RPRN] 2.2.1.14.2"""

    propertyName: wstr | None = None
    propertyValue: RPC_PrintPropertyValue = RPC_PrintPropertyValue()


class EBranchOfficeJobEventType(Enum16):
    """[MS-RPRN] 2.2.1.15.1"""

    kInvalidJobState = 0
    kLogJobPrinted = 1
    kLogJobRendered = 2
    kLogJobError = 3
    kLogJobPipelineError = 4
    kLogOfflineFileFull = 5


class RPC_BranchOfficeJobDataPrinted(Struct):
    """A job was printed. [MS-RPRN] 2.2.1.15.5"""

    Status: DWORD = 0
    pDocumentName: wstr | None = None
    pUserName: wstr | None = None
    pMachineName: wstr | None = None
    pPrinterName: wstr | None = None
    pPortName: wstr | None = None
    Size: LONGLONG = 0
    TotalPages: DWORD = 0


class RPC_BranchOfficeJobDataRendered(Struct):
    """A job was rendered. [MS-RPRN] 2.2.1.15.6"""

    Size: LONGLONG = 0
    ICMMethod: DWORD = 0
    Color: SHORT = 0
    PrintQuality: SHORT = 0
    YResolution: SHORT = 0
    Copies: SHORT = 0
    TTOption: SHORT = 0


class RPC_BranchOfficeJobDataError(Struct):
    """A job failed. [MS-RPRN] 2.2.1.15.3"""

    LastError: DWORD = 0
    pDocumentName: wstr | None = None
    pUserName: wstr | None = None
    pPrinterName: wstr | None = None
    pDataType: wstr | None = None
    TotalSize: LONGLONG = 0
    PrintedSize: LONGLONG = 0
    TotalPages: DWORD = 0
    PrintedPages: DWORD = 0
    pMachineName: wstr | None = None
    pJobError: wstr | None = None
    pErrorDescription: wstr | None = None


class RPC_BranchOfficeJobDataPipelineFailed(Struct):
    """A job could not be rendered. [MS-RPRN] 2.2.1.15.4"""

    pDocumentName: wstr | None = None
    pPrinterName: wstr | None = None
    pExtraErrorInfo: wstr | None = None


class RPC_BranchOfficeLogOfflineFileFull(Struct):
    """What could not be told is being lost. [MS-RPRN] 2.2.1.15.7"""

    pMachineName: wstr | None = None


_E = EBranchOfficeJobEventType


class RPC_BranchOfficeJobData(Struct):
    """Something happened to a job. [MS-RPRN] 2.2.1.15.2"""

    eEventType: EBranchOfficeJobEventType
    JobId: DWORD = 0
    JobInfo: Annotated[
        Struct,
        switch_is(
            "eEventType",
            {
                _E.kLogJobPrinted: RPC_BranchOfficeJobDataPrinted,
                _E.kLogJobRendered: RPC_BranchOfficeJobDataRendered,
                _E.kLogJobError: RPC_BranchOfficeJobDataError,
                _E.kLogJobPipelineError: RPC_BranchOfficeJobDataPipelineFailed,
                _E.kLogOfflineFileFull: RPC_BranchOfficeLogOfflineFileFull,
            },
            tag=EBranchOfficeJobEventType,
        ),
    ]


class RPC_BranchOfficeJobDataContainer(Struct):
    """What happened to jobs. [MS-RPRN] 2.2.1.2.17"""

    cJobDataEntries: DWORD = count_of("JobData")
    JobData: array[RPC_BranchOfficeJobData] = ()


class RpcGetJobNamedPropertyValue(Call, interface=WINSPOOL, opnum=110):
    """Read a property. [MS-RPRN] 3.1.4.12.1"""

    hPrinter: PRINTER_HANDLE
    JobId: DWORD
    pszName: wstr

    class Reply(Struct):
        """The property."""

        pValue: RPC_PrintPropertyValue = RPC_PrintPropertyValue()
        result: WERROR = 0


class RpcSetJobNamedProperty(Call, interface=WINSPOOL, opnum=111):
    """Give a job a property. [MS-RPRN] 3.1.4.12.2"""

    hPrinter: PRINTER_HANDLE
    JobId: DWORD
    pProperty: RPC_PrintNamedProperty

    Reply = Result


class RpcDeleteJobNamedProperty(Call, interface=WINSPOOL, opnum=112):
    """Take one away. [MS-RPRN] 3.1.4.12.3"""

    hPrinter: PRINTER_HANDLE
    JobId: DWORD
    pszName: wstr

    Reply = Result


class RpcEnumJobNamedProperties(Call, interface=WINSPOOL, opnum=113):
    """List a job's. [MS-RPRN] 3.1.4.12.4"""

    hPrinter: PRINTER_HANDLE
    JobId: DWORD

    class Reply(Struct):
        """All of them."""

        pcProperties: DWORD = count_of("ppProperties")
        ppProperties: array[RPC_PrintNamedProperty] | None = None
        result: WERROR = 0


class RpcLogJobInfoForBranchOffice(Call, interface=WINSPOOL, opnum=116):
    """Tell what happened to jobs that never came here. [MS-RPRN] 3.1.4.13.1"""

    hPrinter: PRINTER_HANDLE
    pBranchOfficeJobDataContainer: RPC_BranchOfficeJobDataContainer

    Reply = Result
