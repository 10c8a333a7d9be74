"""Properties that programs attach to jobs, and what printers at branch offices tell. [MS-RPRN] 3.1.4.12, 3.1.4.13"""

from __future__ import annotations

import logging

from pagebell.dcerpc.service import Caller
from pagebell.model.errors import NotFound
from pagebell.model.event import JobId
from pagebell.model.job import Job, Property
from pagebell.winspool.idl.rprn_jobs import (
    PropertyBlob,
    RPC_EPrintPropertyType,
    RPC_PrintNamedProperty,
    RPC_PrintPropertyValue,
    RpcDeleteJobNamedProperty,
    RpcEnumJobNamedProperties,
    RpcGetJobNamedPropertyValue,
    RpcLogJobInfoForBranchOffice,
    RpcSetJobNamedProperty,
)
from pagebell.winspool.idl.types import Result
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.jobs import job_of
from pagebell.winspool.server.table import Table
from pagebell.winspool.werror import Win32, Win32Error

log = logging.getLogger(__name__)
calls = Table()
LARGEST, LONGEST = 1 << 14, 256
"""Octets of a value, characters of a name."""
_T = RPC_EPrintPropertyType
_WIDTHS = {_T.kRpcPropertyTypeInt32: 32, _T.kRpcPropertyTypeInt64: 64, _T.kRpcPropertyTypeByte: 8}


def _value(kept: Property) -> RPC_PrintPropertyValue:
    if kept.octets is not None:
        blob = PropertyBlob(pBuf=kept.octets)
        return RPC_PrintPropertyValue(ePropertyType=_T.kRpcPropertyTypeBuffer, value=blob)
    if isinstance(kept.value, str):
        return RPC_PrintPropertyValue(ePropertyType=_T.kRpcPropertyTypeString, value=kept.value)
    kind = next(kind for kind, width in _WIDTHS.items() if width == kept.width)
    return RPC_PrintPropertyValue(ePropertyType=kind, value=kept.value)


def _property(named: RPC_PrintNamedProperty) -> Property:
    """Raises Win32Error for one that can't be kept."""
    name, kind, value = named.propertyName, named.propertyValue.ePropertyType, named.propertyValue.value
    if not name or len(name) > LONGEST:
        raise Win32Error(Win32.INVALID_PARAMETER)
    octets = value.pBuf or b"" if isinstance(value, PropertyBlob) else None
    text = value if isinstance(value, str) else ""
    if len(text) > LARGEST or len(octets or b"") > LARGEST:
        raise Win32Error(Win32.INVALID_PARAMETER)
    return Property(name, value if isinstance(value, int) else text, _WIDTHS.get(kind, 0), octets)


async def _job(
    desk: Desk, caller: Caller, call: RpcGetJobNamedPropertyValue | RpcEnumJobNamedProperties
) -> Job:
    """A job of the caller's own, or any for whoever manages all."""
    opened = desk.opened(caller, call.hPrinter)
    _, job = await job_of(desk, opened, call.JobId)
    by = await desk.by(caller)
    by.within(desk.spooler.printers.printer(job.printer).access).demand_own(job.owner)
    return job


@calls.answers_to(RpcGetJobNamedPropertyValue)
async def get_property(
    desk: Desk, caller: Caller, call: RpcGetJobNamedPropertyValue
) -> RpcGetJobNamedPropertyValue.Reply:
    """[MS-RPRN] 3.1.4.12.1"""
    job = await _job(desk, caller, call)
    found = next((p for p in job.properties if p.name.casefold() == call.pszName.casefold()), None)
    if found is None:
        raise Win32Error(Win32.NOT_FOUND)
    return RpcGetJobNamedPropertyValue.Reply(pValue=_value(found))


@calls.answers_to(RpcEnumJobNamedProperties)
async def enum_properties(
    desk: Desk, caller: Caller, call: RpcEnumJobNamedProperties
) -> RpcEnumJobNamedProperties.Reply:
    """[MS-RPRN] 3.1.4.12.4"""
    job = await _job(desk, caller, call)
    told = tuple(RPC_PrintNamedProperty(propertyName=p.name, propertyValue=_value(p)) for p in job.properties)
    return RpcEnumJobNamedProperties.Reply(ppProperties=told)


@calls.answers_to(RpcSetJobNamedProperty)
async def set_property(desk: Desk, caller: Caller, call: RpcSetJobNamedProperty) -> Result:
    """[MS-RPRN] 3.1.4.12.2"""
    _, job = await job_of(desk, desk.opened(caller, call.hPrinter), call.JobId)
    await desk.spooler.properties.attach(job.id, _property(call.pProperty), await desk.by(caller))
    return Result()


@calls.answers_to(RpcDeleteJobNamedProperty)
async def delete_property(desk: Desk, caller: Caller, call: RpcDeleteJobNamedProperty) -> Result:
    """[MS-RPRN] 3.1.4.12.3"""
    _, job = await job_of(desk, desk.opened(caller, call.hPrinter), call.JobId)
    try:
        await desk.spooler.properties.detach(JobId(job.id), call.pszName, await desk.by(caller))
    except NotFound:
        raise Win32Error(Win32.NOT_FOUND) from None
    return Result()


@calls.answers_to(RpcLogJobInfoForBranchOffice)
async def log_job(desk: Desk, caller: Caller, call: RpcLogJobInfoForBranchOffice) -> Result:
    """[MS-RPRN] 3.1.4.13.1: jobs that went to a printer past this server; they go to its log."""
    _, printer = desk.printer(caller, call.hPrinter)
    entries = call.pBranchOfficeJobDataContainer.JobData
    if not entries:
        raise Win32Error(Win32.INVALID_PARAMETER)
    for entry in entries[:MOST_LOGGED]:
        log.info("%s: printed past this server on %s: %s", caller.peer, printer.name, entry)
    return Result()


MOST_LOGGED = 20
"""Lines for one call."""
