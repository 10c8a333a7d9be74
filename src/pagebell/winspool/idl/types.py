"""Structures that IDL marshals: INFO structures as parameters. [MS-RPRN] 2.2.1"""

from __future__ import annotations

from pagebell.dcerpc.ndr import (
    DWORD,
    INT3264,
    LONG,
    UINT3264,
    ULONGLONG,
    WERROR,
    WORD,
    Struct,
    context_handle,
    count_of,
    cstr,
    wchars,
    wstr,
)

PRINTER_HANDLE = context_handle
GDI_HANDLE = context_handle
STRING_HANDLE = wstr


class Result(Struct):
    """What a call answers that tells no more than what came of it: a Windows error code. [MS-ERREF] 2.2"""

    result: WERROR = 0


class SYSTEMTIME(Struct):
    """A date and a time, in UTC. [MS-DTYP] 2.3.13"""

    wYear: WORD = 0
    wMonth: WORD = 0
    wDayOfWeek: WORD = 0
    wDay: WORD = 0
    wHour: WORD = 0
    wMinute: WORD = 0
    wSecond: WORD = 0
    wMilliseconds: WORD = 0


class FILETIME(Struct):
    """Tenths of microseconds since 1601. [MS-DTYP] 2.3.3"""

    dwLowDateTime: DWORD = 0
    dwHighDateTime: DWORD = 0


class SIZE(Struct):
    """A width and a height. [MS-RPRN] 2.2.1.1.8"""

    cx: LONG = 0
    cy: LONG = 0


class RECTL(Struct):
    """A rectangle. [MS-RPRN] 2.2.1.1.9"""

    left: LONG = 0
    top: LONG = 0
    right: LONG = 0
    bottom: LONG = 0


class DOC_INFO_1(Struct):
    """A document that is about to be sent. [MS-RPRN] 2.2.1.4"""

    pDocName: wstr | None = None
    pOutputFile: wstr | None = None
    pDatatype: wstr | None = None


class DRIVER_INFO_1(Struct):
    """A driver's name. [MS-RPRN] 2.2.1.5.1"""

    pName: wstr | None = None


class DRIVER_INFO_2(Struct):
    """A driver and its files. [MS-RPRN] 2.2.1.5.2"""

    cVersion: DWORD = 0
    pName: wstr | None = None
    pEnvironment: wstr | None = None
    pDriverPath: wstr | None = None
    pDataFile: wstr | None = None
    pConfigFile: wstr | None = None


class RPC_DRIVER_INFO_3(DRIVER_INFO_2):
    """The same with its dependent files. [MS-RPRN] 2.2.1.5.3"""

    pHelpFile: wstr | None = None
    pMonitorName: wstr | None = None
    pDefaultDataType: wstr | None = None
    cchDependentFiles: DWORD = count_of("pDependentFiles")
    pDependentFiles: wchars | None = None


class RPC_DRIVER_INFO_4(RPC_DRIVER_INFO_3):
    """The same with the names that it had before. [MS-RPRN] 2.2.1.5.4"""

    cchPreviousNames: DWORD = count_of("pszzPreviousNames")
    pszzPreviousNames: wchars | None = None


class RPC_DRIVER_INFO_6(RPC_DRIVER_INFO_4):
    """The same with its maker. [MS-RPRN] 2.2.1.5.5"""

    ftDriverDate: FILETIME = FILETIME()
    dwlDriverVersion: ULONGLONG = 0
    pMfgName: wstr | None = None
    pOEMUrl: wstr | None = None
    pHardwareID: wstr | None = None
    pProvider: wstr | None = None


class RPC_DRIVER_INFO_8(RPC_DRIVER_INFO_6):
    """The same with what its package depends on. [MS-RPRN] 2.2.1.5.6"""

    pPrintProcessor: wstr | None = None
    pVendorSetup: wstr | None = None
    cchColorProfiles: DWORD = count_of("pszzColorProfiles")
    pszzColorProfiles: wchars | None = None
    pInfPath: wstr | None = None
    dwPrinterDriverAttributes: DWORD = 0
    cchCoreDependencies: DWORD = count_of("pszzCoreDriverDependencies")
    pszzCoreDriverDependencies: wchars | None = None
    ftMinInboxDriverVerDate: FILETIME = FILETIME()
    dwlMinInboxDriverVerVersion: ULONGLONG = 0


class FORM_INFO_1(Struct):
    """A form: paper of a size. [MS-RPRN] 2.2.1.6.1"""

    Flags: DWORD = 0
    pName: wstr | None = None
    Size: SIZE = SIZE()
    ImageableArea: RECTL = RECTL()


class RPC_FORM_INFO_2(FORM_INFO_1):
    """The same with where its name is found in other languages. [MS-RPRN] 2.2.1.6.2"""

    pKeyword: cstr | None = None
    StringType: DWORD = 1
    pMuiDll: wstr | None = None
    dwResourceId: DWORD = 0
    pDisplayName: wstr | None = None
    wLangID: WORD = 0


class JOB_INFO_1(Struct):
    """A job. [MS-RPRN] 2.2.1.7.1"""

    JobId: DWORD = 0
    pPrinterName: wstr | None = None
    pMachineName: wstr | None = None
    pUserName: wstr | None = None
    pDocument: wstr | None = None
    pDatatype: wstr | None = None
    pStatus: wstr | None = None
    Status: DWORD = 0
    Priority: DWORD = 0
    Position: DWORD = 0
    TotalPages: DWORD = 0
    PagesPrinted: DWORD = 0
    Submitted: SYSTEMTIME = SYSTEMTIME()


class JOB_INFO_2(Struct):
    """A job, and more of it. [MS-RPRN] 2.2.1.7.2"""

    JobId: DWORD = 0
    pPrinterName: wstr | None = None
    pMachineName: wstr | None = None
    pUserName: wstr | None = None
    pDocument: wstr | None = None
    pNotifyName: wstr | None = None
    pDatatype: wstr | None = None
    pPrintProcessor: wstr | None = None
    pParameters: wstr | None = None
    pDriverName: wstr | None = None
    pDevMode: UINT3264 = 0
    pStatus: wstr | None = None
    pSecurityDescriptor: UINT3264 = 0
    Status: DWORD = 0
    Priority: DWORD = 0
    Position: DWORD = 0
    StartTime: DWORD = 0
    UntilTime: DWORD = 0
    TotalPages: DWORD = 0
    Size: DWORD = 0
    Submitted: SYSTEMTIME = SYSTEMTIME()
    Time: DWORD = 0
    PagesPrinted: DWORD = 0


class JOB_INFO_3(Struct):
    """The order of jobs. [MS-RPRN] 2.2.1.7.3"""

    JobId: DWORD = 0
    NextJobId: DWORD = 0
    Reserved: DWORD = 0


class JOB_INFO_4(JOB_INFO_2):
    """JOB_INFO_2 with the upper half of its size. [MS-RPRN] 2.2.1.7.4"""

    SizeHigh: LONG = 0


class PRINTER_INFO_STRESS(Struct):
    """Counters. [MS-RPRN] 2.2.1.10.1"""

    pPrinterName: wstr | None = None
    pServerName: wstr | None = None
    cJobs: DWORD = 0
    cTotalJobs: DWORD = 0
    cTotalBytes: DWORD = 0
    stUpTime: SYSTEMTIME = SYSTEMTIME()
    MaxcRef: DWORD = 0
    cTotalPagesPrinted: DWORD = 0
    dwGetVersion: DWORD = 0
    fFreeBuild: DWORD = 0
    cSpooling: DWORD = 0
    cMaxSpooling: DWORD = 0
    cRef: DWORD = 0
    cErrorOutOfPaper: DWORD = 0
    cErrorNotReady: DWORD = 0
    cJobError: DWORD = 0
    dwNumberOfProcessors: DWORD = 0
    dwProcessorType: DWORD = 0
    dwHighPartTotalBytes: DWORD = 0
    cChangeID: DWORD = 0
    dwLastError: DWORD = 0
    Status: DWORD = 0
    cEnumerateNetworkPrinters: DWORD = 0
    cAddNetPrinters: DWORD = 0
    wProcessorArchitecture: WORD = 0
    wProcessorLevel: WORD = 0
    cRefIC: DWORD = 0
    dwReserved2: DWORD = 0
    dwReserved3: DWORD = 0


class PRINTER_INFO_1(Struct):
    """A printer's names. [MS-RPRN] 2.2.1.10.2"""

    Flags: DWORD = 0
    pDescription: wstr | None = None
    pName: wstr | None = None
    pComment: wstr | None = None


class PRINTER_INFO_2(Struct):
    """A printer. [MS-RPRN] 2.2.1.10.3"""

    pServerName: wstr | None = None
    pPrinterName: wstr | None = None
    pShareName: wstr | None = None
    pPortName: wstr | None = None
    pDriverName: wstr | None = None
    pComment: wstr | None = None
    pLocation: wstr | None = None
    pDevMode: UINT3264 = 0
    pSepFile: wstr | None = None
    pPrintProcessor: wstr | None = None
    pDatatype: wstr | None = None
    pParameters: wstr | None = None
    pSecurityDescriptor: UINT3264 = 0
    Attributes: DWORD = 0
    Priority: DWORD = 0
    DefaultPriority: DWORD = 0
    StartTime: DWORD = 0
    UntilTime: DWORD = 0
    Status: DWORD = 0
    cJobs: DWORD = 0
    AveragePPM: DWORD = 0


class PRINTER_INFO_3(Struct):
    """A printer's security descriptor; the SECURITY_CONTAINER has it. [MS-RPRN] 2.2.1.10.4"""

    pSecurityDescriptor: UINT3264 = 0


class PRINTER_INFO_4(Struct):
    """A printer's names and attributes. [MS-RPRN] 2.2.1.10.5"""

    pPrinterName: wstr | None = None
    pServerName: wstr | None = None
    Attributes: DWORD = 0


class PRINTER_INFO_5(Struct):
    """A printer's port. [MS-RPRN] 2.2.1.10.6"""

    pPrinterName: wstr | None = None
    pPortName: wstr | None = None
    Attributes: DWORD = 0
    DeviceNotSelectedTimeout: DWORD = 0
    TransmissionRetryTimeout: DWORD = 0


class PRINTER_INFO_6(Struct):
    """A printer's status. [MS-RPRN] 2.2.1.10.7"""

    dwStatus: DWORD = 0


class PRINTER_INFO_7(Struct):
    """A printer in the directory service. [MS-RPRN] 2.2.1.10.8"""

    pszObjectGUID: wstr | None = None
    dwAction: DWORD = 0


class PRINTER_INFO_8(Struct):
    """A printer's defaults; the DEVMODE_CONTAINER has them. [MS-RPRN] 2.2.1.10.9"""

    pDevMode: UINT3264 = 0


class PRINTER_INFO_9(Struct):
    """The caller's own defaults; the DEVMODE_CONTAINER has them. [MS-RPRN] 2.2.1.10.10"""

    pDevMode: UINT3264 = 0


class SPLCLIENT_INFO_1(Struct):
    """Who and what the client is. [MS-RPRN] 2.2.1.11.1"""

    dwSize: DWORD = 28
    pMachineName: wstr | None = None
    pUserName: wstr | None = None
    dwBuildNum: DWORD = 0
    dwMajorVersion: DWORD = 0
    dwMinorVersion: DWORD = 0
    wProcessorArchitecture: WORD = 0


class SPLCLIENT_INFO_2(Struct):
    """Never used. [MS-RPRN] 2.2.1.11.2"""

    notUsed: INT3264 = 0


class SPLCLIENT_INFO_3(Struct):
    """Never used. [MS-RPRN] 2.2.1.11.3"""

    cbSize: DWORD = 0
    dwFlags: DWORD = 0
    dwSize: DWORD = 0
    pMachineName: wstr | None = None
    pUserName: wstr | None = None
    dwBuildNum: DWORD = 0
    dwMajorVersion: DWORD = 0
    dwMinorVersion: DWORD = 0
    wProcessorArchitecture: WORD = 0
    hSplPrinter: ULONGLONG = 0
