"""The custom-marshalled INFO structures; the specification writes their names with an underscore before them.

[MS-RPRN] 2.2.2: the same fields as the structures of `idl.types`, but for lists of strings, blocks and a few more.
"""

from __future__ import annotations

from pagebell.winspool.buffers import (
    DWORD,
    DWORDLONG,
    EXTENT,
    LONG,
    NO_TIME,
    RECTANGLE,
    SYSTEMTIME,
    WORD,
    Info,
    block,
    descriptor,
    devmode,
    narrow,
    text,
    texts,
)


class JOB_INFO_1(Info):
    """A job. [MS-RPRN] 2.2.2.6.1"""

    JobId: DWORD = 0
    pPrinterName: text = None
    pMachineName: text = None
    pUserName: text = None
    pDocument: text = None
    pDatatype: text = None
    pStatus: text = None
    Status: DWORD = 0
    Priority: DWORD = 0
    Position: DWORD = 0
    TotalPages: DWORD = 0
    PagesPrinted: DWORD = 0
    Submitted: SYSTEMTIME = NO_TIME


class JOB_INFO_2(Info):
    """A job, and more of it. [MS-RPRN] 2.2.2.6.2"""

    JobId: DWORD = 0
    pPrinterName: text = None
    pMachineName: text = None
    pUserName: text = None
    pDocument: text = None
    pNotifyName: text = None
    pDatatype: text = None
    pPrintProcessor: text = None
    pParameters: text = None
    pDriverName: text = None
    pDevMode: devmode = None
    pStatus: text = None
    pSecurityDescriptor: descriptor = None
    Status: DWORD = 0
    Priority: DWORD = 0
    Position: DWORD = 0
    StartTime: DWORD = 0
    UntilTime: DWORD = 0
    TotalPages: DWORD = 0
    Size: DWORD = 0
    Submitted: SYSTEMTIME = NO_TIME
    Time: DWORD = 0
    PagesPrinted: DWORD = 0


class JOB_INFO_3(Info):
    """The order of jobs. [MS-RPRN] 2.2.2.6.3"""

    JobId: DWORD = 0
    NextJobId: DWORD = 0
    Reserved: DWORD = 0


class JOB_INFO_4(JOB_INFO_2):
    """JOB_INFO_2 with the upper half of its size. [MS-RPRN] 2.2.2.6.4"""

    SizeHigh: LONG = 0


class PRINTER_INFO_STRESS(Info):
    """Counters. [MS-RPRN] 2.2.2.9.1"""

    pPrinterName: text = None
    pServerName: text = None
    cJobs: DWORD = 0
    cTotalJobs: DWORD = 0
    cTotalBytes: DWORD = 0
    stUpTime: SYSTEMTIME = NO_TIME
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


class PRINTER_INFO_1(Info):
    """A printer's names. [MS-RPRN] 2.2.2.9.2"""

    Flags: DWORD = 0
    pDescription: text = None
    pName: text = None
    pComment: text = None


class PRINTER_INFO_2(Info):
    """A printer. [MS-RPRN] 2.2.2.9.3"""

    pServerName: text = None
    pPrinterName: text = None
    pShareName: text = None
    pPortName: text = None
    pDriverName: text = None
    pComment: text = None
    pLocation: text = None
    pDevMode: devmode = None
    pSepFile: text = None
    pPrintProcessor: text = None
    pDatatype: text = None
    pParameters: text = None
    pSecurityDescriptor: descriptor = None
    Attributes: DWORD = 0
    Priority: DWORD = 0
    DefaultPriority: DWORD = 0
    StartTime: DWORD = 0
    UntilTime: DWORD = 0
    Status: DWORD = 0
    cJobs: DWORD = 0
    AveragePPM: DWORD = 0


class PRINTER_INFO_3(Info):
    """A printer's security descriptor. [MS-RPRN] 2.2.2.9.4"""

    pSecurityDescriptor: descriptor = None


class PRINTER_INFO_4(Info):
    """A printer's names and attributes. [MS-RPRN] 2.2.2.9.5"""

    pPrinterName: text = None
    pServerName: text = None
    Attributes: DWORD = 0


class PRINTER_INFO_5(Info):
    """A printer's port. [MS-RPRN] 2.2.2.9.6"""

    pPrinterName: text = None
    pPortName: text = None
    Attributes: DWORD = 0
    DeviceNotSelectedTimeout: DWORD = 0
    TransmissionRetryTimeout: DWORD = 0


class PRINTER_INFO_6(Info):
    """A printer's status. [MS-RPRN] 2.2.2.9.7"""

    dwStatus: DWORD = 0


class PRINTER_INFO_7(Info):
    """A printer in the directory service. [MS-RPRN] 2.2.2.9.8"""

    pszObjectGUID: text = None
    dwAction: DWORD = 0


class PRINTER_INFO_8(Info):
    """A printer's defaults. [MS-RPRN] 2.2.2.9.9"""

    pDevMode: devmode = None


class PRINTER_INFO_9(Info):
    """The caller's own defaults. [MS-RPRN] 2.2.2.9.10"""

    pDevMode: devmode = None


class DRIVER_INFO_1(Info):
    """A driver's name. [MS-RPRN] 2.2.2.4.1"""

    pName: text = None


class DRIVER_INFO_2(Info):
    """A driver and its files. [MS-RPRN] 2.2.2.4.2"""

    cVersion: DWORD = 0
    pName: text = None
    pEnvironment: text = None
    pDriverPath: text = None
    pDataFile: text = None
    pConfigFile: text = None


class DRIVER_INFO_3(DRIVER_INFO_2):
    """The same with its dependent files. [MS-RPRN] 2.2.2.4.3"""

    pHelpFile: text = None
    pDependentFiles: texts = None
    pMonitorName: text = None
    pDefaultDataType: text = None


class DRIVER_INFO_4(DRIVER_INFO_3):
    """The same with the names that it had before. [MS-RPRN] 2.2.2.4.4"""

    pszzPreviousNames: texts = None


class DRIVER_INFO_5(DRIVER_INFO_2):
    """A driver, its files, and how often they changed. [MS-RPRN] 2.2.2.4.5"""

    dwDriverAttributes: DWORD = 0
    dwConfigVersion: DWORD = 0
    dwDriverVersion: DWORD = 0


class DRIVER_INFO_6(DRIVER_INFO_4):
    """The same with its maker. [MS-RPRN] 2.2.2.4.6"""

    ftDriverDate_dwLowDateTime: DWORD = 0
    ftDriverDate_dwHighDateTime: DWORD = 0
    PaddingForAlignment: DWORD = 0
    dwlDriverVersion: DWORDLONG = 0
    pMfgName: text = None
    pOEMUrl: text = None
    pHardwareID: text = None
    pProvider: text = None


class DRIVER_INFO_7(Info):
    """From where a driver is to be installed; no call lists its level. [MS-RPRN] 2.2.2.4.7"""

    cbSize: DWORD = 20
    cVersion: DWORD = 0
    szDriverName: text = None
    szInfName: text = None
    szInstallSourceRoot: text = None


class DRIVER_INFO_8(DRIVER_INFO_6):
    """The same with what its package depends on. [MS-RPRN] 2.2.2.4.8"""

    pPrintProcessor: text = None
    pVendorSetup: text = None
    pszzColorProfiles: texts = None
    pInfPath: text = None
    dwPrinterDriverAttributes: DWORD = 0
    pszzCoreDriverDependencies: texts = None
    ftMinInboxDriverVerDate: DWORDLONG = 0
    dwlMinInboxDriverVerVersion: DWORDLONG = 0


class DRIVER_INFO_101(Info):
    """A driver, and its files with their kinds and versions. [MS-RPRN] 2.2.2.4.9"""

    cVersion: DWORD = 0
    pName: text = None
    pEnvironment: text = None
    pFileInfo: block = None
    """What `driver_files` makes."""
    dwFileCount: DWORD = 0
    pMonitorName: text = None
    pDefaultDataType: text = None
    pszzPreviousNames: texts = None
    ftDriverDate_dwLowDateTime: DWORD = 0
    ftDriverDate_dwHighDateTime: DWORD = 0
    dwlDriverVersion: DWORDLONG = 0
    pMfgName: text = None
    pOEMUrl: text = None
    pHardwareID: text = None
    pProvider: text = None


class DRIVER_FILE_INFO(Info):
    """One of them. [MS-RPRN] 2.2.2.4.10"""

    pFileName: text = None
    FileType: DWORD = 0
    FileVersion: DWORD = 0


class FORM_INFO_1(Info):
    """A form. [MS-RPRN] 2.2.2.5.1"""

    Flags: DWORD = 0
    pName: text = None
    Size: EXTENT = (0, 0)
    ImageableArea: RECTANGLE = (0, 0, 0, 0)


class FORM_INFO_2(FORM_INFO_1):
    """The same with where its name is found in other languages. [MS-RPRN] 2.2.2.5.2"""

    pKeyword: narrow = None
    StringType: DWORD = 1
    pMuiDll: text = None
    dwResourceId: DWORD = 0
    pDisplayName: text = None
    wLangID: WORD = 0
    unused: WORD = 0


class MONITOR_INFO_1(Info):
    """A port monitor's name. [MS-RPRN] 2.2.2.7.1"""

    pName: text = None


class MONITOR_INFO_2(MONITOR_INFO_1):
    """A port monitor. [MS-RPRN] 2.2.2.7.2"""

    pEnvironment: text = None
    pDLLName: text = None


class PORT_INFO_1(Info):
    """A port's name. [MS-RPRN] 2.2.2.8.1"""

    pPortName: text = None


class PORT_INFO_2(PORT_INFO_1):
    """A port. [MS-RPRN] 2.2.2.8.2"""

    pMonitorName: text = None
    pDescription: text = None
    fPortType: DWORD = 0
    Reserved: DWORD = 0


class PRINTPROCESSOR_INFO_1(Info):
    """A print processor's name. [MS-RPRN] 2.2.2.12"""

    pName: text = None


class DATATYPES_INFO_1(Info):
    """A data type's name. [MS-RPRN] 2.2.2.3"""

    pName: text = None
