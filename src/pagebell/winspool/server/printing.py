"""Opening, printing and closing: [MS-PRSOD] 2.5.3.7.1 on the server's side."""

from __future__ import annotations

from pagebell.dcerpc.service import Caller
from pagebell.model.access import Right
from pagebell.model.document import NO_WISHES, Ticket
from pagebell.model.errors import NotFound, Refusal
from pagebell.model.event import JobId, JobState, PrinterName
from pagebell.spooler.formats import OCTET_STREAM
from pagebell.spooler.intake import DocumentSpec, Order
from pagebell.winspool import devmode
from pagebell.winspool.idl.par import RpcAsyncOpenPrinter
from pagebell.winspool.idl.rprn import (
    RpcAbortPrinter,
    RpcAddJob,
    RpcClosePrinter,
    RpcEndDocPrinter,
    RpcEndPagePrinter,
    RpcOpenPrinter,
    RpcOpenPrinterEx,
    RpcReadPrinter,
    RpcScheduleJob,
    RpcStartDocPrinter,
    RpcStartPagePrinter,
    RpcWritePrinter,
)
from pagebell.winspool.idl.types import Result
from pagebell.winspool.server.desk import Desk, Incoming, Opened, Reader, granted
from pagebell.winspool.server.handover import SpoolFile
from pagebell.winspool.server.names import Name, is_ours, parse
from pagebell.winspool.server.table import Table, offered
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
_VISTA = 6000
"""The build of the first Windows that speaks [MS-PAR]."""

DATATYPES: dict[str, str] = {
    "raw": OCTET_STREAM,
    "raw [ff appended]": OCTET_STREAM,
    "raw [ff auto]": OCTET_STREAM,
    "text": "text/plain",
    "xps_pass": "application/oxps",
}
"""Data types by their names, and the format that each speaks for; the octets tell more than RAW does."""


def datatype_format(datatype: str | None) -> str:
    """The format that a data type speaks for. Raises Win32Error."""
    found = DATATYPES.get((datatype or "RAW").casefold())
    if found is None:
        raise Win32Error(Win32.INVALID_DATATYPE)
    return found


# ---------------------------------------------------------------- handles


@calls.answers_to(RpcOpenPrinter, RpcOpenPrinterEx)
async def open_printer(
    desk: Desk, caller: Caller, call: RpcOpenPrinter | RpcOpenPrinterEx
) -> RpcOpenPrinter.Reply:
    """[MS-RPRN] 3.1.4.2.2 and 3.1.4.2.14"""
    if isinstance(call, RpcOpenPrinterEx) and (
        call.pClientInfo.Level != 1 or not call.pClientInfo.ClientInfo
    ):
        raise Win32Error(Win32.INVALID_LEVEL if call.pClientInfo.Level != 1 else Win32.INVALID_PARAMETER)
    if isinstance(call, RpcAsyncOpenPrinter):
        _refuse_old(call)
    name = parse(call.pPrinterName)
    opened = await _open(desk, caller, name, call.pDatatype)
    by = await desk.at(caller, opened)
    opened.access = granted(by, call.AccessRequired)
    if isinstance(call, RpcOpenPrinterEx):
        opened.machine = getattr(call.pClientInfo.ClientInfo, "pMachineName", None)
    if opened.printer is not None:
        by.demand(Right.PRINT)
        opened.ticket = wishes(desk, opened.printer, call.pDevModeContainer.pDevMode)
    handle = caller.handles.open(opened, desk.run_down)
    return type(call).Reply(pHandle=handle)  # type: ignore[return-value]  # the two replies are alike


def wishes(desk: Desk, printer: PrinterName, octets: bytes | None) -> Ticket:
    """What a DEVMODE asks for and the printer can do; the rest is corrected in silence. [MS-RPRN] 3.1.4.1.8.1

    A document that a driver has made lies on its pages as it should: nothing is turned. Raises Win32Error.
    """
    if not octets:
        return NO_WISHES
    try:
        asked = devmode.decode(octets)
    except devmode.DevmodeError:
        raise Win32Error(Win32.INVALID_PARAMETER) from None
    able = desk.spooler.printers.capabilities(printer)
    copies = asked.copies if asked.copies is not None and 1 < asked.copies <= able.max_copies else None
    return Ticket(
        copies=copies,
        media=asked.media if asked.media in able.media else None,
        sides=asked.sides if asked.sides in able.sides else None,
        print_color_mode=asked.print_color_mode if able.color or asked.print_color_mode != "color" else None,
        print_quality=asked.print_quality if asked.print_quality in able.qualities else None,
    )


def _refuse_old(call: RpcAsyncOpenPrinter) -> None:
    """[MS-PAR] is not for clients from before Windows Vista, and Windows refuses them."""
    if getattr(call.pClientInfo.ClientInfo, "dwBuildNum", 0) < _VISTA:
        raise Win32Error(Win32.ACCESS_DENIED)


async def _open(desk: Desk, caller: Caller, name: Name, datatype: str | None) -> Opened:
    """What a name stands for. Raises Win32Error."""
    if not is_ours(name.server, (desk.settings.computer, *desk.settings.names, "localhost")):
        raise Win32Error(Win32.INVALID_PRINTER_NAME)
    opened = Opened(prefix=name.prefix, monitor=name.monitor)
    if name.printer:
        if datatype is not None:
            datatype_format(datatype)
        try:
            found = desk.spooler.printers.find(name.printer)
        except NotFound:
            raise Win32Error(Win32.INVALID_PRINTER_NAME) from None
        opened.printer, opened.printer_id, opened.datatype = found.name, found.id, datatype
        if name.job is not None:
            job = await desk.spooler.jobs.job(JobId(name.job))
            if job.printer_id != opened.printer_id:
                raise Win32Error(Win32.INVALID_PARAMETER)
            opened.job = job.id
    return opened


@calls.answers_to(RpcClosePrinter)
async def close_printer(desk: Desk, caller: Caller, call: RpcClosePrinter) -> RpcClosePrinter.Reply:
    """[MS-RPRN] 3.1.4.2.9; a document that was not ended is given up, but one in smbd's file ends with the handle."""
    opened = caller.handles.close(call.phPrinter, Opened)
    await desk.let_go(opened)
    async with opened.turn:
        if opened.document is not None:
            incoming, opened.document = opened.document, None
            if incoming.file is not None:
                await incoming.commit()
            else:
                await incoming.abort("The printer was closed before the document's end.")
    return RpcClosePrinter.Reply()


# ---------------------------------------------------------------- a document


@calls.answers_to(RpcStartDocPrinter)
async def start_doc(desk: Desk, caller: Caller, call: RpcStartDocPrinter) -> RpcStartDocPrinter.Reply:
    """[MS-RPRN] 3.1.4.9.1: the job exists from now on, as after IPP's Create-Job."""
    opened, printer = desk.printer(caller, call.hPrinter)
    if call.pDocInfoContainer.Level != 1:
        raise Win32Error(Win32.INVALID_LEVEL)
    info = call.pDocInfoContainer.DocInfo
    if info is None:
        raise Win32Error(Win32.INVALID_PARAMETER)
    if opened.job is not None:
        raise Win32Error(Win32.INVALID_HANDLE)
    format_ = datatype_format(info.pDatatype or opened.datatype)
    by = await desk.by(caller)
    async with opened.turn:
        if opened.document is not None:
            raise Win32Error(Win32.INVALID_HANDLE)
        name = info.pDocName or "Untitled"
        file = None
        if info.pOutputFile and caller.uid is not None:
            file = SpoolFile.open(info.pOutputFile, desk.settings.smbd_spool, caller.uid)
        job, _ = await desk.spooler.jobs.submit(Order(printer.name, by, name=name, ticket=opened.ticket))
        intake, _ = await desk.spooler.jobs.open_document(job.id, DocumentSpec(format_, name=name), by)
        opened.document = Incoming(job.id, intake, file=file)
    return RpcStartDocPrinter.Reply(pJobId=job.id)


@calls.answers_to(RpcStartPagePrinter)
async def start_page(desk: Desk, caller: Caller, call: RpcStartPagePrinter) -> Result:
    """[MS-RPRN] 3.1.4.9.2"""
    desk.printer(caller, call.hPrinter)[0].printing()
    return Result()


@calls.answers_to(RpcEndPagePrinter)
async def end_page(desk: Desk, caller: Caller, call: RpcEndPagePrinter) -> Result:
    """[MS-RPRN] 3.1.4.9.4"""
    desk.printer(caller, call.hPrinter)[0].printing().pages += 1
    return Result()


@calls.answers_to(RpcWritePrinter)
async def write(desk: Desk, caller: Caller, call: RpcWritePrinter) -> RpcWritePrinter.Reply:
    """[MS-RPRN] 3.1.4.9.3; the answer comes when the spooler has room for more."""
    opened, _ = desk.printer(caller, call.hPrinter)
    async with opened.turn:
        incoming = opened.printing()
        try:
            await incoming.intake.write(call.pBuf)
        except Refusal as refusal:
            opened.document = None
            await incoming.abort(str(refusal))
            raise
    return RpcWritePrinter.Reply(pcWritten=len(call.pBuf))


@calls.answers_to(RpcEndDocPrinter)
async def end_doc(desk: Desk, caller: Caller, call: RpcEndDocPrinter) -> Result:
    """[MS-RPRN] 3.1.4.9.7: acknowledged means that the job is on disk."""
    opened, _ = desk.printer(caller, call.hPrinter)
    async with opened.turn:
        incoming = opened.printing()
        opened.document = None
        await incoming.commit()
    return Result()


@calls.answers_to(RpcAbortPrinter)
async def abort(desk: Desk, caller: Caller, call: RpcAbortPrinter) -> Result:
    """[MS-RPRN] 3.1.4.9.5"""
    opened, _ = desk.printer(caller, call.hPrinter)
    async with opened.turn:
        incoming = opened.printing()
        opened.document = None
        await incoming.abort("The program that was printing gave up.")
    return Result()


# ---------------------------------------------------------------- what is not offered


@calls.answers_to(RpcReadPrinter, sized=(("pBuf", "cbBuf", 1),))
async def read(desk: Desk, caller: Caller, call: RpcReadPrinter) -> RpcReadPrinter.Reply:
    """[MS-RPRN] 3.1.4.9.6: of a job, its documents; a printer's port has nothing to be read."""
    opened, _ = desk.printer(caller, call.hPrinter)
    if opened.job is None:
        raise Win32Error(Win32.INVALID_HANDLE)
    async with opened.turn:
        job = await desk.spooler.jobs.job(opened.job)
        if job.state in (JobState.CANCELED, JobState.ABORTED):
            raise Win32Error(Win32.PRINT_CANCELLED)
        if opened.reader is None:
            opened.reader = Reader(desk.spooler.jobs.read(job.id, await desk.by(caller)))
        taken = await opened.reader.take(call.cbBuf)
    return RpcReadPrinter.Reply(pBuf=taken.ljust(call.cbBuf, b"\0"), pcNoBytesRead=len(taken))


@calls.answers_to(RpcAddJob)
async def add_job(desk: Desk, caller: Caller, call: RpcAddJob) -> RpcAddJob.Reply:
    """[MS-RPRN] 3.1.4.3.4: nobody else writes into our spool folder."""
    desk.printer(caller, call.hPrinter)
    offered(call.pAddJob, call.cbBuf)
    raise Win32Error(Win32.INVALID_PARAMETER if call.Level in (1, 2, 3) else Win32.INVALID_LEVEL)


@calls.answers_to(RpcScheduleJob)
async def schedule_job(desk: Desk, caller: Caller, call: RpcScheduleJob) -> Result:
    """[MS-RPRN] 3.1.4.3.5"""
    desk.printer(caller, call.hPrinter)
    raise Win32Error(Win32.SPL_NO_ADDJOB)
