"""Messages that tshark 4.0 does not read as the specifications have them, and why: nobody's but its own errors.

Samba's library reads all of these (`test_every_request`, `test_every_reply`, `test_octets_by_hand`). A name here that
tshark does read fails the test: it has learnt something.
"""

from __future__ import annotations

import itertools

from pagebell.dcerpc.ndr import Transfer

OPERATIONS = {
    "Opnum37NotUsedOnWire": "AddPort",
    "RpcPlayGdiScriptOnPrinterIC": "PlayDiscriptOnPrinterIC",
    "RpcEnumPrintProcessors": "EnumPrintProcessor",
    "RpcEnumPrintProcessorDatatypes": "EnumPrintProcDataTypes",
    "RpcFindClosePrinterChangeNotification": "FCPN",
    "RpcRemoteFindFirstPrinterChangeNotificationEx": "RFFPCNEX",
    "RpcRouterReplyPrinterEx": "RRPCN",
    "RpcRouterRefreshPrinterChangeNotification": "RFNPCNEX",
}
"""Calls that it knows by other names than the specification's."""
NAMELESS = {
    *("RpcSetPort", "RpcDeletePrinterKey", "RpcAddPerMachineConnection", "RpcDeletePerMachineConnection"),
    *("RpcEnumPerMachineConnections", "RpcXcvData", "RpcFlushPrinter", "RpcSendRecvBidiData"),
    *("RpcGetJobNamedPropertyValue", "RpcSetJobNamedProperty", "RpcDeleteJobNamedProperty"),
    *("RpcEnumJobNamedProperties", "RpcLogJobInfoForBranchOffice", "RpcRegeneratePrintDeviceCapabilities"),
    *("RpcIppCreateJobOnPrinter", "RpcIppGetJobAttributes", "RpcIppSetJobAttributes"),
    *("RpcIppGetPrinterAttributes", "RpcIppSetPrinterAttributes"),
}
"""Calls of [MS-RPRN] that it does not know at all."""
UNIMPLEMENTED = {
    *(
        "RpcOpenPrinter",
        "RpcAddPrinter",
        "RpcGetPrinterDriver",
        "RpcDeletePrinterDriver",
        "RpcAddPrintProcessor",
    ),
    *(
        "RpcEnumPrintProcessors",
        "RpcGetPrintProcessorDirectory",
        "RpcAbortPrinter",
        "RpcReadPrinter",
        "RpcAddJob",
    ),
    *("RpcScheduleJob", "RpcWaitForPrinterChange", "RpcEnumPorts", "RpcEnumMonitors", "Opnum37NotUsedOnWire"),
    *("RpcDeletePort", "RpcCreatePrinterIC", "RpcPlayGdiScriptOnPrinterIC", "RpcDeletePrinterIC"),
    *("RpcAddMonitor", "RpcDeleteMonitor", "RpcDeletePrintProcessor", "RpcEnumPrintProcessorDatatypes"),
    *("RpcResetPrinter", "RpcAddPortEx", "RpcRemoteFindFirstPrinterChangeNotification"),
    *("RpcDeletePrinterDataEx", "RpcDeletePrinterDriverEx", "RpcAddPrinterDriverEx"),
}
"""Calls of which it knows the name alone: "Unimplemented dissector"."""
REPLY_ALONE = {"RpcAddPrinterDriver", "RpcAddPrinterEx"}
"""Calls of whose messages it has code for the reply alone."""
NOWHERE = {
    *("RpcAddMonitor", "RpcAddPortEx", "RpcSetPort", "RpcAddPrinterDriverEx", "RpcSendRecvBidiData"),
    *("RpcGetJobNamedPropertyValue", "RpcSetJobNamedProperty", "RpcEnumJobNamedProperties"),
    "RpcLogJobInfoForBranchOffice",
    *("RpcOpenPrinter", "RpcAddPrinter", "RpcAddPrinterEx", "RpcAddPrinterDriver", "RpcGetPrinterDriver"),
    *(
        "RpcWaitForPrinterChange",
        "RpcRemoteFindFirstPrinterChangeNotification",
        "RpcFlushPrinter",
        "RpcDeletePort",
    ),
    *("Opnum37NotUsedOnWire", "RpcRegeneratePrintDeviceCapabilities", "RpcIppCreateJobOnPrinter"),
    *(
        "RpcIppGetJobAttributes",
        "RpcIppSetJobAttributes",
        "RpcIppGetPrinterAttributes",
        "RpcIppSetPrinterAttributes",
    ),
}
"""Those that it does not read either where [MS-PAR] has the same call by another number."""
PRINTER_LEVELS = ("STRESS", *range(1, 10))


def _each(call: str, structure: str, levels: tuple[object, ...]) -> list[str]:
    return [f"{call} {structure}_{level} request" for level in levels]


RPRN: dict[str, list[str]] = {
    "it reads pJobContainer as a number; [MS-RPRN] 3.1.4.3.1 has [in, unique] JOB_CONTAINER* pJobContainer": _each(
        "RpcSetJob", "JOB_INFO", (1, 2, 3, 4)
    ),
    "it wants the handle back; in [MS-RPRN] 3.1.4.2.4 hPrinter is [in] alone": ["RpcDeletePrinter reply"],
    "it knows but level 3 of PRINTER_CONTAINER; [MS-RPRN] 2.2.1.2.9 has 0 to 9": _each(
        "RpcSetPrinter", "PRINTER_INFO", ("STRESS", 1, 2, *range(4, 10))
    ),
    "it looks for pName before Flags, which [MS-RPRN] 2.2.1.6.1 has first": [
        *("RpcAddForm FORM_INFO_1 request", "RpcSetForm FORM_INFO_1 request")
    ],
    "it knows but level 1 of FORM_CONTAINER; [MS-RPRN] 2.2.1.2.4 has 1 and 2": [
        *("RpcAddForm RPC_FORM_INFO_2 request", "RpcSetForm RPC_FORM_INFO_2 request")
    ],
    "it reads pBuffer as a number; [MS-RPRN] 3.2.4.1.1 and 3.2.4.1.2 have [in, unique, size_is(cbBuffer)] BYTE*": [
        *("RpcReplyOpenPrinter request", "RpcRouterReplyPrinter request")
    ],
    "it knows but level 1 of SPLCLIENT_CONTAINER; [MS-RPRN] 2.2.1.2.14 has 1 to 3": _each(
        "RpcOpenPrinterEx", "SPLCLIENT_INFO", (2, 3)
    ),
    "it looks for a second count in the octets; [MS-RPRN] 3.1.4.2.19 has [out, size_is(nSize)] BYTE* pData": [
        "RpcGetPrinterDataEx reply"
    ],
    "it counts octets; [MS-RPRN] 3.1.4.4.10 has size_is(cchDriverPackageCab) of wchar_t": [
        *("RpcGetPrinterDriverPackagePath request", "RpcGetPrinterDriverPackagePath reply")
    ],
}
"""[MS-RPRN], whose dissector is written by hand: packet-dcerpc-spoolss.c."""
PAR: dict[str, list[str]] = {
    "its configuration, winspool.cnf, says TODO of the container and has it read as an array of octets": [
        *_each("RpcAsyncSetJob", "JOB_INFO", (1, 2, 3, 4)),
        *_each("RpcAsyncAddPrinterDriver", "DRIVER_INFO", (1, 2)),
        *_each("RpcAsyncAddPrinterDriver", "RPC_DRIVER_INFO", (3, 4, 6, 8)),
        *_each("RpcAsyncAddPort", "PORT_INFO", (1, 2, 3, "FF")),
        *_each("RpcAsyncSetPort", "PORT_INFO", (1, 2, 3, "FF")),
        *_each("RpcAsyncAddMonitor", "MONITOR_INFO", (1, 2)),
        *("RpcAsyncSendRecvBidiData request", "RpcAsyncSendRecvBidiData reply"),
        *("RpcAsyncGetCorePrinterDrivers reply", "RpcAsyncGetJobNamedPropertyValue reply"),
        *("RpcAsyncSetJobNamedProperty request", "RpcAsyncEnumJobNamedProperties reply"),
        "RpcAsyncLogJobInfoForBranchOffice request",
    ],
    "it says TODO of SYSTEMTIME_CONTAINER, and has no pointer in SECURITY_CONTAINER; [MS-RPRN] 2.2.1.2.13 has one": [
        "RpcSyncRefreshRemoteNotifications request"
    ],
    "it takes PRINTER_CONTAINER by packet-dcerpc-spoolss.c, which takes what follows for a part of it": [
        *_each("RpcAsyncSetPrinter", "PRINTER_INFO", PRINTER_LEVELS),
        *_each("RpcAsyncAddPrinter", "PRINTER_INFO", PRINTER_LEVELS),
        *_each("RpcAsyncAddPrinter", "SPLCLIENT_INFO", (1, 2, 3)),
    ],
    "it takes FORM_CONTAINER by packet-dcerpc-spoolss.c, which looks for pName before Flags, and knows no level 2": [
        *("RpcAsyncAddForm FORM_INFO_1 request", "RpcAsyncSetForm FORM_INFO_1 request"),
        *("RpcAsyncAddForm RPC_FORM_INFO_2 request", "RpcAsyncSetForm RPC_FORM_INFO_2 request"),
    ],
    "it takes SPLCLIENT_CONTAINER by packet-dcerpc-spoolss.c, which knows but level 1": _each(
        "RpcAsyncOpenPrinter", "SPLCLIENT_INFO", (2, 3)
    ),
}
"""[MS-PAR], whose dissector is made of Samba's IDL, but for the containers."""
WIDE = (
    "packet-dcerpc-spoolss.c knows no NDR64, where counts take eight octets and structures end with a gap: "
    "[MS-RPCE] 2.2.5.3.2.1 and 2.2.5.3.4.1"
)
RPRN_NDR64: dict[str, list[str]] = {
    WIDE: [
        *("RpcAddForm without request", "RpcSetForm without request", "RpcSetJob without request"),
        *("RpcReplyOpenPrinter without request", "RpcRouterReplyPrinter without request"),
        *("RpcEnumPrinterData reply", "RpcEnumPrinterDataEx reply", "RpcEnumPrinterKey reply"),
        *("RpcGetCorePrinterDrivers request", "RpcGetPrinterData reply", "RpcSetPrinterData request"),
        *("RpcGetPrinterDriverDirectory request", "RpcGetPrinterDriverDirectory reply"),
        *("RpcOpenPrinterEx SPLCLIENT_INFO_1 request", "RpcSetPrinter PRINTER_INFO_3 request"),
        *("RpcRouterRefreshPrinterChangeNotification reply", "RpcRouterReplyPrinterEx request"),
        *("RpcRemoteFindFirstPrinterChangeNotificationEx request", "RpcGetPrinterDataEx without reply"),
        *("RpcRouterRefreshPrinterChangeNotification request",),
        *("RpcSetPrinterDataEx request", "RpcStartDocPrinter DOC_INFO_1 request", "RpcWritePrinter request"),
    ]
}
PAR_NDR64: dict[str, list[str]] = {
    WIDE: [
        *("RpcAsyncOpenPrinter SPLCLIENT_INFO_1 request", "RpcAsyncCreatePrinterIC request"),
        *("RpcAsyncResetPrinter request", "RpcAsyncStartDocPrinter DOC_INFO_1 request"),
    ],
    "it knows no alignment of unions, which in NDR64 is that of the widest arm: [MS-RPCE] 2.2.5.3.4.4": [
        *("RpcSyncRegisterForRemoteNotifications request", "RpcSyncRefreshRemoteNotifications reply"),
        "RpcAsyncGetRemoteNotifications reply",
    ],
}
EXCEPTIONS = {
    ("winspool", Transfer.NDR): RPRN,
    ("winspool", Transfer.NDR64): RPRN | RPRN_NDR64,
    ("IRemoteWinspool", Transfer.NDR): PAR,
    ("IRemoteWinspool", Transfer.NDR64): PAR | PAR_NDR64,
}


def excepted(interface: str, transfer: Transfer) -> set[str]:
    """Messages with a reason."""
    return set(itertools.chain.from_iterable(EXCEPTIONS[interface, transfer].values()))
