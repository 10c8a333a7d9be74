"""IPP inside RPC: the newest Windows hands IPP's attribute groups through a printer's handle. [MS-RPRN] 3.1.4.14

The IPP door does the work; here its requests are made, about the printer and the job that the handle stands for.
"""

from __future__ import annotations

from pagebell.dcerpc.service import Caller
from pagebell.ipp import registry as r
from pagebell.ipp.codec import CodecError, Group, GroupTag, Message, decode, encode
from pagebell.ipp.registry import Op, Status
from pagebell.model.access import Principal
from pagebell.model.printer import Printer
from pagebell.winspool.idl.rprn_ipp import (
    RpcIppCreateJobOnPrinter,
    RpcIppGetJobAttributes,
    RpcIppGetPrinterAttributes,
    RpcIppSetJobAttributes,
    RpcIppSetPrinterAttributes,
    RpcRegeneratePrintDeviceCapabilities,
)
from pagebell.winspool.idl.types import Result
from pagebell.winspool.server.desk import Ask, Desk
from pagebell.winspool.server.jobs import job_of
from pagebell.winspool.server.table import Table
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
VERSION = (2, 0)
MOST_NAMES = 1000
_END = bytes([GroupTag.END])
"""What ends all groups (RFC 8010 3.1.1)."""


def _groups(octets: bytes, tag: GroupTag) -> list[Group]:
    """The attribute groups that a client sends, with or without their delimiters. Raises Win32Error."""
    if not octets:
        return [Group(tag)]
    head = b"" if octets[0] < 0x10 else bytes([tag])
    end = b"" if octets.endswith(_END) else _END
    whole = bytes([*VERSION, 0, 0, 0, 0, 0, 1]) + head + octets + end
    try:
        found = decode(whole)[0].groups
    except CodecError:
        raise Win32Error(Win32.INVALID_PARAMETER) from None
    if any(group.tag != tag for group in found):
        raise Win32Error(Win32.INVALID_PARAMETER)
    return found


async def _ask(
    desk: Desk,
    caller: Caller,
    printer: Printer,
    op: Op,
    job: int = 0,
    groups: tuple[Group, ...] = (),
    names: tuple[str | None, ...] = (),
) -> bytes:
    """Ask the IPP door; an operation that it refuses is an answer, too."""
    if desk.ipp is None:
        raise Win32Error(Win32.NOT_SUPPORTED)
    if len(names) > MOST_NAMES:
        raise Win32Error(Win32.INVALID_PARAMETER)
    return await ask(desk.ipp, await desk.by(caller), printer, op, job, groups, names)


async def ask(
    ipp: Ask,
    by: Principal,
    printer: Printer,
    op: Op,
    job: int = 0,
    groups: tuple[Group, ...] = (),
    names: tuple[str | None, ...] = (),
) -> bytes:
    """Ask as somebody who has proved who they are."""
    about = Group.of(
        GroupTag.OPERATION,
        r.attributes_charset("utf-8"),
        r.attributes_natural_language("en"),
        r.printer_uri(f"ipp://localhost/ipp/print/{printer.name}"),
    )
    if job:
        about.add(r.job_id(job))
    about.add(r.requesting_user_name(by.name))
    if names:
        about.add(r.requested_attributes(*(name for name in names if name)))
    request = Message(VERSION, op, 1, [about, *groups])
    return await ipp(encode(request), by)


@calls.answers_to(RpcRegeneratePrintDeviceCapabilities)
async def regenerate(desk: Desk, caller: Caller, call: RpcRegeneratePrintDeviceCapabilities) -> Result:
    """[MS-RPRN] 3.1.4.14.1: what a printer can do is asked of its device whenever somebody wants to know."""
    desk.printer(caller, call.hPrinter)
    return Result()


@calls.answers_to(RpcIppGetPrinterAttributes, hresult=True)
async def get_printer_attributes(
    desk: Desk, caller: Caller, call: RpcIppGetPrinterAttributes
) -> RpcIppGetPrinterAttributes.Reply:
    """[MS-RPRN] 3.1.4.14.5"""
    _, printer = desk.printer(caller, call.hPrinter)
    answer = await _ask(desk, caller, printer, Op.GET_PRINTER_ATTRIBUTES, names=call.attributeNames)
    return RpcIppGetPrinterAttributes.Reply(ippResponseBuffer=answer)


@calls.answers_to(RpcIppSetPrinterAttributes, hresult=True)
async def set_printer_attributes(
    desk: Desk, caller: Caller, call: RpcIppSetPrinterAttributes
) -> RpcIppSetPrinterAttributes.Reply:
    """[MS-RPRN] 3.1.4.14.6"""
    _, printer = desk.printer(caller, call.hPrinter)
    groups = tuple(_groups(call.jobAttributeGroupBuffer, GroupTag.PRINTER))
    answer = await _ask(desk, caller, printer, Op.SET_PRINTER_ATTRIBUTES, groups=groups)
    return RpcIppSetPrinterAttributes.Reply(ippResponseBuffer=answer)


@calls.answers_to(RpcIppGetJobAttributes, hresult=True)
async def get_job_attributes(
    desk: Desk, caller: Caller, call: RpcIppGetJobAttributes
) -> RpcIppGetJobAttributes.Reply:
    """[MS-RPRN] 3.1.4.14.3"""
    printer, job = await job_of(desk, desk.printer(caller, call.hPrinter)[0], call.jobId)
    answer = await _ask(desk, caller, printer, Op.GET_JOB_ATTRIBUTES, job.id, names=call.attributeNames)
    return RpcIppGetJobAttributes.Reply(ippResponseBuffer=answer)


@calls.answers_to(RpcIppSetJobAttributes, hresult=True)
async def set_job_attributes(
    desk: Desk, caller: Caller, call: RpcIppSetJobAttributes
) -> RpcIppSetJobAttributes.Reply:
    """[MS-RPRN] 3.1.4.14.4"""
    printer, job = await job_of(desk, desk.printer(caller, call.hPrinter)[0], call.jobId)
    groups = tuple(_groups(call.jobAttributeGroupBuffer, GroupTag.JOB))
    answer = await _ask(desk, caller, printer, Op.SET_JOB_ATTRIBUTES, job.id, groups)
    return RpcIppSetJobAttributes.Reply(ippResponseBuffer=answer)


@calls.answers_to(RpcIppCreateJobOnPrinter, hresult=True)
async def create_job(
    desk: Desk, caller: Caller, call: RpcIppCreateJobOnPrinter
) -> RpcIppCreateJobOnPrinter.Reply:
    """[MS-RPRN] 3.1.4.14.2: the job is there since RpcStartDocPrinter; it gets its attributes."""
    printer, job = await job_of(desk, desk.printer(caller, call.hPrinter)[0], call.jobId)
    able = desk.spooler.printers.capabilities(printer.name)
    if call.pdlFormat and call.pdlFormat not in able.formats:
        refusal = Message(VERSION, Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED, 1)
        refusal.groups = [
            Group.of(GroupTag.OPERATION, r.attributes_charset("utf-8"), r.attributes_natural_language("en"))
        ]
        return RpcIppCreateJobOnPrinter.Reply(ippResponseBuffer=encode(refusal))
    groups = tuple(_groups(call.jobAttributeGroupBuffer, GroupTag.JOB))
    answer = b""
    if any(group.attributes for group in groups):
        answer = await _ask(desk, caller, printer, Op.SET_JOB_ATTRIBUTES, job.id, groups)
    if not answer or decode(answer)[0].code < 0x100:
        told = ("job-id", "job-uri", "job-state", "job-state-reasons", "job-state-message")
        answer = await _ask(desk, caller, printer, Op.GET_JOB_ATTRIBUTES, job.id, names=told)
    return RpcIppCreateJobOnPrinter.Reply(ippResponseBuffer=answer)
