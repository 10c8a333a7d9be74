"""[MS-PAR] IRemoteWinspool: the calls of [MS-RPRN] over TCP, by other numbers.

The specification defines each method by its counterpart, and so does this module: what is declared there is
inherited, and what is implemented there serves here.
"""

from __future__ import annotations

from uuid import UUID

from pagebell.dcerpc.ndr import Interface
from pagebell.winspool.idl.rprn import (
    RpcAbortPrinter,
    RpcAddJob,
    RpcAddPrinterEx,
    RpcClosePrinter,
    RpcDeletePrinter,
    RpcEndDocPrinter,
    RpcEndPagePrinter,
    RpcEnumJobs,
    RpcEnumPrinters,
    RpcGetJob,
    RpcGetPrinter,
    RpcGetPrinterData,
    RpcGetPrinterDataEx,
    RpcOpenPrinterEx,
    RpcReadPrinter,
    RpcScheduleJob,
    RpcSetJob,
    RpcSetPrinter,
    RpcStartDocPrinter,
    RpcStartPagePrinter,
    RpcWritePrinter,
)
from pagebell.winspool.idl.rprn_data import (
    RpcAddPerMachineConnection,
    RpcCreatePrinterIC,
    RpcDeletePerMachineConnection,
    RpcDeletePrinterData,
    RpcDeletePrinterDataEx,
    RpcDeletePrinterIC,
    RpcDeletePrinterKey,
    RpcEnumPerMachineConnections,
    RpcEnumPrinterData,
    RpcEnumPrinterDataEx,
    RpcEnumPrinterKey,
    RpcPlayGdiScriptOnPrinterIC,
    RpcResetPrinter,
    RpcSendRecvBidiData,
    RpcSetPrinterData,
    RpcSetPrinterDataEx,
    RpcXcvData,
)
from pagebell.winspool.idl.rprn_setup import (
    RpcAddForm,
    RpcAddPrinterDriverEx,
    RpcAddPrintProcessor,
    RpcDeleteForm,
    RpcDeletePrinterDriver,
    RpcDeletePrinterDriverEx,
    RpcDeletePrintProcessor,
    RpcEnumForms,
    RpcEnumMonitors,
    RpcEnumPorts,
    RpcEnumPrinterDrivers,
    RpcEnumPrintProcessorDatatypes,
    RpcEnumPrintProcessors,
    RpcGetForm,
    RpcGetPrinterDriver2,
    RpcGetPrinterDriverDirectory,
    RpcGetPrintProcessorDirectory,
    RpcSetForm,
)

IREMOTEWINSPOOL = Interface("IRemoteWinspool", UUID("76F03F96-CDFD-44FC-A22C-64950A001209"), (1, 0))
OBJECT = UUID("9940CA8E-512F-4C58-88A9-61098D6896BD")
"""The object that every call must name. [MS-PAR] 1.9 and 3.1.4"""


class RpcAsyncOpenPrinter(RpcOpenPrinterEx, interface=IREMOTEWINSPOOL, opnum=0):
    """[MS-PAR] 3.1.4.1.1"""


class RpcAsyncAddPrinter(RpcAddPrinterEx, interface=IREMOTEWINSPOOL, opnum=1):
    """[MS-PAR] 3.1.4.1.2"""


class RpcAsyncSetJob(RpcSetJob, interface=IREMOTEWINSPOOL, opnum=2):
    """[MS-PAR] 3.1.4.7.1"""


class RpcAsyncGetJob(RpcGetJob, interface=IREMOTEWINSPOOL, opnum=3):
    """[MS-PAR] 3.1.4.7.2"""


class RpcAsyncEnumJobs(RpcEnumJobs, interface=IREMOTEWINSPOOL, opnum=4):
    """[MS-PAR] 3.1.4.7.3"""


class RpcAsyncAddJob(RpcAddJob, interface=IREMOTEWINSPOOL, opnum=5):
    """[MS-PAR] 3.1.4.7.4"""


class RpcAsyncScheduleJob(RpcScheduleJob, interface=IREMOTEWINSPOOL, opnum=6):
    """[MS-PAR] 3.1.4.7.5"""


class RpcAsyncDeletePrinter(RpcDeletePrinter, interface=IREMOTEWINSPOOL, opnum=7):
    """[MS-PAR] 3.1.4.1.3"""


class RpcAsyncSetPrinter(RpcSetPrinter, interface=IREMOTEWINSPOOL, opnum=8):
    """[MS-PAR] 3.1.4.1.4"""


class RpcAsyncGetPrinter(RpcGetPrinter, interface=IREMOTEWINSPOOL, opnum=9):
    """[MS-PAR] 3.1.4.1.5"""


class RpcAsyncStartDocPrinter(RpcStartDocPrinter, interface=IREMOTEWINSPOOL, opnum=10):
    """[MS-PAR] 3.1.4.8.1"""


class RpcAsyncStartPagePrinter(RpcStartPagePrinter, interface=IREMOTEWINSPOOL, opnum=11):
    """[MS-PAR] 3.1.4.8.2"""


class RpcAsyncWritePrinter(RpcWritePrinter, interface=IREMOTEWINSPOOL, opnum=12):
    """[MS-PAR] 3.1.4.8.3"""


class RpcAsyncEndPagePrinter(RpcEndPagePrinter, interface=IREMOTEWINSPOOL, opnum=13):
    """[MS-PAR] 3.1.4.8.4"""


class RpcAsyncEndDocPrinter(RpcEndDocPrinter, interface=IREMOTEWINSPOOL, opnum=14):
    """[MS-PAR] 3.1.4.8.5"""


class RpcAsyncAbortPrinter(RpcAbortPrinter, interface=IREMOTEWINSPOOL, opnum=15):
    """[MS-PAR] 3.1.4.8.6"""


class RpcAsyncGetPrinterData(RpcGetPrinterData, interface=IREMOTEWINSPOOL, opnum=16):
    """[MS-PAR] 3.1.4.1.6"""


class RpcAsyncGetPrinterDataEx(RpcGetPrinterDataEx, interface=IREMOTEWINSPOOL, opnum=17):
    """[MS-PAR] 3.1.4.1.7"""


class RpcAsyncSetPrinterData(RpcSetPrinterData, interface=IREMOTEWINSPOOL, opnum=18):
    """[MS-PAR] 3.1.4.1.8"""


class RpcAsyncSetPrinterDataEx(RpcSetPrinterDataEx, interface=IREMOTEWINSPOOL, opnum=19):
    """[MS-PAR] 3.1.4.1.9"""


class RpcAsyncClosePrinter(RpcClosePrinter, interface=IREMOTEWINSPOOL, opnum=20):
    """[MS-PAR] 3.1.4.1.10"""


class RpcAsyncAddForm(RpcAddForm, interface=IREMOTEWINSPOOL, opnum=21):
    """[MS-PAR] 3.1.4.6.1"""


class RpcAsyncDeleteForm(RpcDeleteForm, interface=IREMOTEWINSPOOL, opnum=22):
    """[MS-PAR] 3.1.4.6.2"""


class RpcAsyncGetForm(RpcGetForm, interface=IREMOTEWINSPOOL, opnum=23):
    """[MS-PAR] 3.1.4.6.3"""


class RpcAsyncSetForm(RpcSetForm, interface=IREMOTEWINSPOOL, opnum=24):
    """[MS-PAR] 3.1.4.6.4"""


class RpcAsyncEnumForms(RpcEnumForms, interface=IREMOTEWINSPOOL, opnum=25):
    """[MS-PAR] 3.1.4.6.5"""


class RpcAsyncGetPrinterDriver(RpcGetPrinterDriver2, interface=IREMOTEWINSPOOL, opnum=26):
    """[MS-PAR] 3.1.4.2.1"""


class RpcAsyncEnumPrinterData(RpcEnumPrinterData, interface=IREMOTEWINSPOOL, opnum=27):
    """[MS-PAR] 3.1.4.1.11"""


class RpcAsyncEnumPrinterDataEx(RpcEnumPrinterDataEx, interface=IREMOTEWINSPOOL, opnum=28):
    """[MS-PAR] 3.1.4.1.12"""


class RpcAsyncEnumPrinterKey(RpcEnumPrinterKey, interface=IREMOTEWINSPOOL, opnum=29):
    """[MS-PAR] 3.1.4.1.13"""


class RpcAsyncDeletePrinterData(RpcDeletePrinterData, interface=IREMOTEWINSPOOL, opnum=30):
    """[MS-PAR] 3.1.4.1.14"""


class RpcAsyncDeletePrinterDataEx(RpcDeletePrinterDataEx, interface=IREMOTEWINSPOOL, opnum=31):
    """[MS-PAR] 3.1.4.1.15"""


class RpcAsyncDeletePrinterKey(RpcDeletePrinterKey, interface=IREMOTEWINSPOOL, opnum=32):
    """[MS-PAR] 3.1.4.1.16"""


class RpcAsyncXcvData(RpcXcvData, interface=IREMOTEWINSPOOL, opnum=33):
    """[MS-PAR] 3.1.4.3.1"""


class RpcAsyncSendRecvBidiData(RpcSendRecvBidiData, interface=IREMOTEWINSPOOL, opnum=34):
    """[MS-PAR] 3.1.4.1.17"""


class RpcAsyncCreatePrinterIC(RpcCreatePrinterIC, interface=IREMOTEWINSPOOL, opnum=35):
    """[MS-PAR] 3.1.4.1.18"""


class RpcAsyncPlayGdiScriptOnPrinterIC(RpcPlayGdiScriptOnPrinterIC, interface=IREMOTEWINSPOOL, opnum=36):
    """[MS-PAR] 3.1.4.1.19"""


class RpcAsyncDeletePrinterIC(RpcDeletePrinterIC, interface=IREMOTEWINSPOOL, opnum=37):
    """[MS-PAR] 3.1.4.1.20"""


class RpcAsyncEnumPrinters(RpcEnumPrinters, interface=IREMOTEWINSPOOL, opnum=38):
    """[MS-PAR] 3.1.4.1.21"""


class RpcAsyncAddPrinterDriver(RpcAddPrinterDriverEx, interface=IREMOTEWINSPOOL, opnum=39):
    """[MS-PAR] 3.1.4.2.2"""


class RpcAsyncEnumPrinterDrivers(RpcEnumPrinterDrivers, interface=IREMOTEWINSPOOL, opnum=40):
    """[MS-PAR] 3.1.4.2.3"""


class RpcAsyncGetPrinterDriverDirectory(RpcGetPrinterDriverDirectory, interface=IREMOTEWINSPOOL, opnum=41):
    """[MS-PAR] 3.1.4.2.4"""


class RpcAsyncDeletePrinterDriver(RpcDeletePrinterDriver, interface=IREMOTEWINSPOOL, opnum=42):
    """[MS-PAR] 3.1.4.2.5"""


class RpcAsyncDeletePrinterDriverEx(RpcDeletePrinterDriverEx, interface=IREMOTEWINSPOOL, opnum=43):
    """[MS-PAR] 3.1.4.2.6"""


class RpcAsyncEnumPrintProcessors(RpcEnumPrintProcessors, interface=IREMOTEWINSPOOL, opnum=45):
    """[MS-PAR] 3.1.4.4.2"""


class RpcAsyncGetPrintProcessorDirectory(RpcGetPrintProcessorDirectory, interface=IREMOTEWINSPOOL, opnum=46):
    """[MS-PAR] 3.1.4.4.3"""


class RpcAsyncEnumPorts(RpcEnumPorts, interface=IREMOTEWINSPOOL, opnum=47):
    """[MS-PAR] 3.1.4.3.2"""


class RpcAsyncEnumMonitors(RpcEnumMonitors, interface=IREMOTEWINSPOOL, opnum=48):
    """[MS-PAR] 3.1.4.5.1"""


class RpcAsyncEnumPrintProcessorDatatypes(
    RpcEnumPrintProcessorDatatypes, interface=IREMOTEWINSPOOL, opnum=54
):
    """[MS-PAR] 3.1.4.4.5"""


class RpcAsyncAddPerMachineConnection(RpcAddPerMachineConnection, interface=IREMOTEWINSPOOL, opnum=55):
    """[MS-PAR] 3.1.4.1.22"""


class RpcAsyncDeletePerMachineConnection(RpcDeletePerMachineConnection, interface=IREMOTEWINSPOOL, opnum=56):
    """[MS-PAR] 3.1.4.1.23"""


class RpcAsyncEnumPerMachineConnections(RpcEnumPerMachineConnections, interface=IREMOTEWINSPOOL, opnum=57):
    """[MS-PAR] 3.1.4.1.24"""


class RpcAsyncReadPrinter(RpcReadPrinter, interface=IREMOTEWINSPOOL, opnum=68):
    """[MS-PAR] 3.1.4.8.7"""


class RpcAsyncResetPrinter(RpcResetPrinter, interface=IREMOTEWINSPOOL, opnum=69):
    """[MS-PAR] 3.1.4.1.25"""


class RpcAsyncAddPrintProcessor(RpcAddPrintProcessor, interface=IREMOTEWINSPOOL, opnum=44):
    """[MS-PAR] 3.1.4.4.1"""


class RpcAsyncDeletePrintProcessor(RpcDeletePrintProcessor, interface=IREMOTEWINSPOOL, opnum=53):
    """[MS-PAR] 3.1.4.4.4"""
