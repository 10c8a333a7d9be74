"""Arrays with elements in them, which `filled` leaves empty."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from pagebell.dcerpc.ndr import Struct
from pagebell.winspool.idl import (
    containers,
    notify,
    par_notify,
    rprn_data,
    rprn_ipp,
    rprn_jobs,
    rprn_notify,
    rprn_packages,
)
from pagebell.winspool.idl.types import SYSTEMTIME
from tests.winspool.filled import filled

S = TypeVar("S", bound=Struct)


def units(text: str) -> tuple[int, ...]:
    """A text as the elements of an array."""
    return tuple(map(ord, text))


DRIVERS = tuple(
    rprn_packages.CORE_PRINTER_DRIVER(
        CoreDriverGUID=UUID(int=n), dwlDriverVersion=n, szPackageID=units(f"driver{n}".ljust(260, "\0"))
    )
    for n in (201, 202)
)
OPTIONS = notify.RPC_V2_NOTIFY_OPTIONS(
    Reserved=1,
    pTypes=(
        notify.RPC_V2_NOTIFY_OPTIONS_TYPE(Type=0, pFields=(4, 20)),
        notify.RPC_V2_NOTIFY_OPTIONS_TYPE(Type=1, pFields=(13, 14, 16)),
    ),
)
"""Of a printer the driver's name and how many jobs it has; of jobs the document, the priority, and when they came."""
Data = notify.RPC_V2_NOTIFY_INFO_DATA
NEWS = notify.RPC_V2_NOTIFY_INFO(
    aData=(
        Data(
            Type=0,
            Field=4,
            Reserved=notify.TABLE_STRING,
            Id=401,
            Data=notify.STRING_CONTAINER(pszString="driver"),
        ),
        Data(Type=0, Field=20, Reserved=notify.TABLE_DWORD, Id=402, Data=(403, 0)),
        Data(
            Type=1,
            Field=13,
            Reserved=notify.TABLE_STRING,
            Id=404,
            Data=notify.STRING_CONTAINER(pszString="document"),
        ),
        Data(Type=1, Field=14, Reserved=notify.TABLE_DWORD, Id=405, Data=(406, 0)),
        Data(
            Type=1,
            Field=16,
            Reserved=notify.TABLE_TIME,
            Id=407,
            Data=notify.SYSTEMTIME_CONTAINER(pSystemTime=SYSTEMTIME(wYear=2026, wMonth=5, wDay=17)),
        ),
    )
)
QUESTION = containers.RPC_BIDI_REQUEST_DATA(
    dwReqNumber=408, pSchema="schema", data=containers.RPC_BIDI_DATA(dwBidiType=1, u=409)
)
ANSWER = containers.RPC_BIDI_RESPONSE_DATA(
    dwReqNumber=410, pSchema="schema", data=containers.RPC_BIDI_DATA(dwBidiType=1, u=411)
)

Kind = rprn_jobs.RPC_EPrintPropertyType
PROPERTIES = tuple(
    rprn_jobs.RPC_PrintNamedProperty(
        propertyName=f"property{kind.value}",
        propertyValue=rprn_jobs.RPC_PrintPropertyValue(ePropertyType=kind, value=value),
    )
    for kind, value in {
        Kind.kRpcPropertyTypeString: "value",
        Kind.kRpcPropertyTypeInt32: 412,
        Kind.kRpcPropertyTypeInt64: 413,
        Kind.kRpcPropertyTypeByte: 41,
        Kind.kRpcPropertyTypeBuffer: rprn_jobs.PropertyBlob(pBuf=b"octets"),
    }.items()
)
Event = rprn_jobs.EBranchOfficeJobEventType
EVENTS = tuple(
    rprn_jobs.RPC_BranchOfficeJobData(eEventType=event, JobId=int(event), JobInfo=filled(kind))
    for event, kind in {
        Event.kLogJobPrinted: rprn_jobs.RPC_BranchOfficeJobDataPrinted,
        Event.kLogJobRendered: rprn_jobs.RPC_BranchOfficeJobDataRendered,
        Event.kLogJobError: rprn_jobs.RPC_BranchOfficeJobDataError,
        Event.kLogJobPipelineError: rprn_jobs.RPC_BranchOfficeJobDataPipelineFailed,
        Event.kLogOfflineFileFull: rprn_jobs.RPC_BranchOfficeLogOfflineFileFull,
    }.items()
)
Type = notify.EPrintPropertyType
NAMED = {
    kind: notify.RpcPrintNamedProperty(
        propertyName=f"property{kind.value}",
        propertyValue=notify.RpcPrintPropertyValue(ePropertyType=kind, value=value),
    )
    for kind, value in {
        Type.kPropertyTypeString: "value",
        Type.kPropertyTypeInt32: 414,
        Type.kPropertyTypeInt64: 415,
        Type.kPropertyTypeByte: 42,
        Type.kPropertyTypeTime: notify.SYSTEMTIME_CONTAINER(pSystemTime=SYSTEMTIME(wYear=2026)),
        Type.kPropertyTypeDevMode: filled(containers.DEVMODE_CONTAINER),
        Type.kPropertyTypeSD: filled(containers.SECURITY_CONTAINER),
        Type.kPropertyTypeNotificationReply: notify.NOTIFY_REPLY_CONTAINER(pInfo=NEWS),
        Type.kPropertyTypeNotificationOptions: notify.NOTIFY_OPTIONS_CONTAINER(pOptions=OPTIONS),
    }.items()
}
MOST = {
    kind: one for kind, one in NAMED.items() if kind not in (Type.kPropertyTypeTime, Type.kPropertyTypeSD)
}
"""Properties of all kinds, and of all but two, which tshark does not read."""
EVERY_KIND = notify.RpcPrintPropertiesCollection(propertiesCollection=tuple(NAMED.values()))
MOST_KINDS = notify.RpcPrintPropertiesCollection(propertiesCollection=tuple(MOST.values()))
ELEMENTS: dict[type[Struct], dict[str, Any]] = {
    rprn_notify.RpcRemoteFindFirstPrinterChangeNotificationEx: {"pOptions": OPTIONS},
    rprn_notify.RpcRouterRefreshPrinterChangeNotification: {"pOptions": OPTIONS},
    rprn_notify.RpcRouterRefreshPrinterChangeNotification.Reply: {"ppInfo": NEWS},
    rprn_notify.RpcRouterReplyPrinterEx: {"dwReplyType": 0, "Reply_": NEWS},
    rprn_data.RpcSendRecvBidiData: {"pReqData": containers.RPC_BIDI_REQUEST_CONTAINER(aData=(QUESTION,))},
    rprn_data.RpcSendRecvBidiData.Reply: {
        "ppRespData": containers.RPC_BIDI_RESPONSE_CONTAINER(aData=(ANSWER,))
    },
    rprn_packages.RpcGetCorePrinterDrivers: {"cCorePrinterDrivers": len(DRIVERS)},
    rprn_packages.RpcGetCorePrinterDrivers.Reply: {"pCorePrinterDrivers": DRIVERS},
    rprn_jobs.RpcEnumJobNamedProperties.Reply: {"ppProperties": PROPERTIES},
    rprn_jobs.RpcLogJobInfoForBranchOffice: {
        "pBranchOfficeJobDataContainer": rprn_jobs.RPC_BranchOfficeJobDataContainer(JobData=EVENTS)
    },
    rprn_ipp.RpcIppGetJobAttributes: {"attributeNames": ("one", "two")},
    rprn_ipp.RpcIppGetPrinterAttributes: {"attributeNames": ("one", "two")},
    par_notify.RpcSyncRegisterForRemoteNotifications: {"pNotifyFilter": MOST_KINDS},
    par_notify.RpcSyncRefreshRemoteNotifications: {"pNotifyFilter": EVERY_KIND},
    par_notify.RpcSyncRefreshRemoteNotifications.Reply: {"ppNotifyData": MOST_KINDS},
    par_notify.RpcAsyncGetRemoteNotifications.Reply: {"ppNotifyData": MOST_KINDS},
}
"""What to put into which call or reply."""


def changed(value: S, changes: Mapping[type[Struct], dict[str, Any]]) -> S:
    """The same with what its kind, or what that inherits from, is to have."""
    return dataclasses.replace(
        value, **next((changes[kind] for kind in type(value).__mro__ if kind in changes), {})
    )
