"""Windows' calls against a spooler in memory, through real RPC."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pagebell.dcerpc.ndr import WERROR, Call, Struct
from pagebell.dcerpc.security import Level
from pagebell.dcerpc.status import Fault, Status
from pagebell.model.document import Ticket
from pagebell.model.event import JobId, JobState, PrinterState
from pagebell.model.printer import Capabilities
from pagebell.winspool import devmode, infos
from pagebell.winspool.buffers import unpack
from pagebell.winspool.constants import JobControl, JobStatus, PrinterControl, PrinterStatus
from pagebell.winspool.idl import par, rprn, rprn_data
from pagebell.winspool.idl.containers import DEVMODE_CONTAINER, JOB_CONTAINER, PRINTER_CONTAINER
from pagebell.winspool.idl.types import JOB_INFO_1
from pagebell.winspool.werror import Win32
from tests.winspool.stand import CLIENT, Stand, open_printer, print_document, start_doc


async def test_a_document_is_printed(here: Stand) -> None:
    async with here.client() as client:
        handle = await open_printer(client, r"\\127.0.0.1\P1")
        number = await print_document(client, handle, b"\x1b%-12345X" + bytes(5000))
        await here.clock.settle()
        job = await here.job(JobId(number))
        assert (job.owner, job.name, job.octets, job.state) == ("ada", "Letter", 5009, JobState.PROCESSING)
        assert job.documents[0].impressions == 1
        closed = await client.call(rprn.RpcClosePrinter(phPrinter=handle))
        assert (bool(closed.phPrinter), closed.result) == (False, 0)
        with pytest.raises(Fault, match="CONTEXT_MISMATCH"):
            await client.call(rprn.RpcEndDocPrinter(hPrinter=handle))


WISHES = Ticket(copies=2, sides="two-sided-long-edge", media="na_letter_8.5x11in", print_color_mode="color")
ABLE = Capabilities(formats=("text/plain",), sides=("one-sided", "two-sided-long-edge"))


async def test_devmode_of_a_handle_is_what_its_jobs_shall_be_like(here: Stand) -> None:
    """[MS-RPRN] 3.1.4.2.2, 3.1.4.2.13; what the printer can't do, here colour, is silently left out."""
    here.device.capabilities = ABLE
    async with here.client() as rpc:
        call = rprn.RpcOpenPrinterEx(
            pPrinterName="p1",
            AccessRequired=8,
            pClientInfo=CLIENT,
            pDevModeContainer=DEVMODE_CONTAINER(pDevMode=devmode.wishes(WISHES)),
        )
        handle = (await rpc.call(call)).pHandle
        number = await print_document(rpc, handle, b"hello")
        assert (await here.job(JobId(number))).ticket == replace(WISHES, print_color_mode=None)
        simplex = DEVMODE_CONTAINER(pDevMode=devmode.wishes(Ticket(sides="one-sided", print_quality=4)))
        reset = rprn_data.RpcResetPrinter(hPrinter=handle, pDevModeContainer=simplex)
        assert (await rpc.call(reset)).result == 0
        number = await print_document(rpc, handle, b"hello")
        assert (await here.job(JobId(number))).ticket == Ticket(sides="one-sided", print_quality=4)
        damaged = replace(call, pDevModeContainer=DEVMODE_CONTAINER(pDevMode=b"none"))
        assert (await rpc.call(damaged)).result == Win32.INVALID_PARAMETER


async def test_what_is_countable_is_not_taken_on_trust(here: Stand) -> None:
    async with here.client() as client:
        number = await print_document(client, await open_printer(client), b"words, words")
        assert (await here.job(JobId(number))).documents[0].format == "text/plain"
        assert (await here.job(JobId(number))).documents[0].impressions != 7


@pytest.mark.parametrize("how", ["abort", "close", "lost"])
async def test_a_document_that_is_not_ended_is_aborted(here: Stand, how: str) -> None:
    async with here.client() as client:
        handle = await open_printer(client)
        number = await start_doc(client, handle)
        assert await here.state(JobId(number)) is JobState.PENDING
        await client.call(rprn.RpcWritePrinter(hPrinter=handle, pBuf=b"half"))
        if how == "abort":
            assert (await client.call(rprn.RpcAbortPrinter(hPrinter=handle))).result == 0
        elif how == "close":
            await client.call(rprn.RpcClosePrinter(phPrinter=handle))
    while await here.state(JobId(number)) is JobState.PENDING:
        await here.clock.settle()
    job = await here.job(JobId(number))
    assert job.state is JobState.ABORTED
    assert job.message


async def test_octets_without_a_document_are_refused(here: Stand) -> None:
    async with here.client() as client:
        handle = await open_printer(client)
        for call in (
            rprn.RpcWritePrinter(hPrinter=handle, pBuf=b"x"),
            rprn.RpcStartPagePrinter(hPrinter=handle),
            rprn.RpcEndDocPrinter(hPrinter=handle),
            rprn.RpcAbortPrinter(hPrinter=handle),
        ):
            assert (await client.call(call)).result == Win32.SPL_NO_STARTDOC  # type: ignore[arg-type]
        number = await start_doc(client, handle)
        assert number
        with pytest.raises(AssertionError, match="result=6"):
            await start_doc(client, handle)


async def test_a_datatype_that_nobody_renders_is_refused(here: Stand) -> None:
    async with here.client() as client:
        handle = await open_printer(client)
        with pytest.raises(AssertionError, match=f"result={Win32.INVALID_DATATYPE}"):
            await start_doc(client, handle, pDatatype="NT EMF 1.008")


async def test_jobs_are_listed_and_told(here: Stand) -> None:
    await here.submit()
    await here.submit()
    async with here.client() as client:
        handle = await open_printer(client)
        short = await client.call(rprn.RpcEnumJobs(hPrinter=handle, NoJobs=10, Level=2))
        assert (short.result, short.pcReturned) == (Win32.INSUFFICIENT_BUFFER, 0)
        size = short.pcbNeeded
        told = await client.call(
            rprn.RpcEnumJobs(hPrinter=handle, NoJobs=10, Level=2, pJob=bytes(size), cbBuf=size)
        )
        assert (told.result, told.pcReturned, told.pcbNeeded) == (0, 2, size)
        jobs = unpack(infos.JOB_INFO_2, told.pJob or b"", 2)
        assert [(j.JobId, j.Position, j.pUserName) for j in jobs] == [(1, 1, "ada"), (2, 2, "ada")]
        assert jobs[0].Status == JobStatus.PRINTING
        one = await client.call(rprn.RpcGetJob(hPrinter=handle, JobId=2, Level=1, pJob=bytes(500), cbBuf=500))
        assert unpack(infos.JOB_INFO_1, one.pJob or b"")[0].Position == 2
        for job_id, level, result in ((9, 1, Win32.INVALID_PARAMETER), (2, 7, Win32.INVALID_LEVEL)):
            refused = await client.call(rprn.RpcGetJob(hPrinter=handle, JobId=job_id, Level=level))
            assert refused.result == result


async def test_commands_of_jobs(here: Stand) -> None:
    await here.submit()
    number = await here.submit()
    async with here.client() as client:
        handle = await open_printer(client)

        async def command(what: JobControl) -> int:
            return (await client.call(rprn.RpcSetJob(hPrinter=handle, JobId=number, Command=what))).result

        assert await command(JobControl.PAUSE) == 0
        assert await here.state(number) is JobState.PENDING_HELD
        assert await command(JobControl.RESUME) == 0
        assert await here.state(number) is JobState.PENDING
        assert await command(JobControl.CANCEL) == 0
        assert await here.state(number) is JobState.CANCELED
        assert await command(JobControl.DELETE) == Win32.INVALID_PRINTER_COMMAND
        assert await command(JobControl.RESTART) == 0
        assert await here.state(number) is JobState.PENDING
        info = JOB_INFO_1(pDocument="Another name", Priority=77)
        container = JOB_CONTAINER(Level=1, JobInfo=info)
        reply = await client.call(rprn.RpcSetJob(hPrinter=handle, JobId=number, pJobContainer=container))
        assert reply.result == 0
        job = await here.job(number)
        assert (job.name, job.priority) == ("Another name", 77)
        assert await command(JobControl.NONE) == Win32.INVALID_PARAMETER


async def test_nobody_touches_the_job_of_somebody_else(here: Stand) -> None:
    number = await here.submit()
    async with here.client("bob") as client:
        handle = await open_printer(client)
        call = rprn.RpcSetJob(hPrinter=handle, JobId=number, Command=JobControl.CANCEL)
        assert (await client.call(call)).result == Win32.ACCESS_DENIED


async def test_printers_are_paused_resumed_and_emptied(here: Stand) -> None:
    async with here.client("root") as client:
        handle = await open_printer(client, access=0x4)

        async def command(what: PrinterControl) -> int:
            return (await client.call(rprn.RpcSetPrinter(hPrinter=handle, Command=what))).result

        assert await command(PrinterControl.PAUSE) == 0
        assert here.printer.state is PrinterState.STOPPED
        reply = await client.call(rprn.RpcGetPrinter(hPrinter=handle, Level=6, pPrinter=bytes(4), cbBuf=4))
        assert unpack(infos.PRINTER_INFO_6, reply.pPrinter or b"")[0].dwStatus & PrinterStatus.PAUSED
        await here.submit()
        assert await command(PrinterControl.PURGE) == 0
        assert here.spooler.jobs.count(here.printer.name) == 0
        assert await command(PrinterControl.RESUME) == 0
        assert here.printer.state is PrinterState.IDLE
        assert (await client.call(rprn.RpcSetPrinter(hPrinter=handle, Command=99))).result


async def test_users_do_not_administer(here: Stand) -> None:
    async with here.client() as client:
        wanted = rprn.RpcOpenPrinter(pPrinterName="p1", AccessRequired=0x4)
        assert (await client.call(wanted)).result == Win32.ACCESS_DENIED
        handle = await open_printer(client)
        paused = rprn.RpcSetPrinter(hPrinter=handle, Command=PrinterControl.PAUSE)
        assert (await client.call(paused)).result == Win32.ACCESS_DENIED
        added = rprn.RpcAddPrinter(pPrinterContainer=PRINTER_CONTAINER(Level=2))
        assert (await client.call(added)).result == Win32.ACCESS_DENIED


@pytest.mark.parametrize("name", ["nothing", r"\\elsewhere\p1", ""])
async def test_names_of_nothing_open_nothing(here: Stand, name: str) -> None:
    async with here.client() as client:
        reply = await client.call(rprn.RpcOpenPrinter(pPrinterName=name))
        assert (reply.result, bool(reply.pHandle)) == (Win32.INVALID_PRINTER_NAME, False)


class Opnum90NotUsedOnWire(Call, interface=rprn.Interface("winspool", rprn.WINSPOOL.uuid, (1, 0)), opnum=90):
    class Reply(Struct):
        result: WERROR = 0


async def test_a_call_that_does_not_exist_faults_and_the_next_is_answered(here: Stand) -> None:
    async with here.client() as client:
        with pytest.raises(Fault) as refused:
            await client.call(Opnum90NotUsedOnWire())
        assert refused.value.status == Status.OPNUM_RANGE
        await open_printer(client)


async def test_rprn_asks_for_integrity(here: Stand) -> None:
    async with here.client(level=Level.CONNECT) as client:
        with pytest.raises(Fault, match="ACCESS_DENIED"):
            await open_printer(client)


async def test_huge_arrays_for_nothing_are_refused(here: Stand) -> None:
    async with here.client() as client:
        handle = await open_printer(client)
        call = rprn.RpcGetPrinterData(hPrinter=handle, pValueName="ChangeID", nSize=0x7FFFFFFF)
        with pytest.raises(Fault, match="REMOTE_NO_MEMORY"):
            await client.call(call)


# ---------------------------------------------------------------- MS-PAR


async def test_par_prints_as_rprn_does(here: Stand) -> None:
    async with here.client(level=Level.PRIVACY, interface=par.IREMOTEWINSPOOL) as client:
        opened = await client.call(
            par.RpcAsyncOpenPrinter(pPrinterName="p1", pClientInfo=CLIENT), object=par.OBJECT
        )
        assert opened.result == 0
        started = await client.call(
            par.RpcAsyncStartDocPrinter(hPrinter=opened.pHandle, pDocInfoContainer=_document()),
            object=par.OBJECT,
        )
        write = par.RpcAsyncWritePrinter(hPrinter=opened.pHandle, pBuf=b"hello")
        assert (await client.call(write, object=par.OBJECT)).pcWritten == 5
        await client.call(par.RpcAsyncEndDocPrinter(hPrinter=opened.pHandle), object=par.OBJECT)
    await here.clock.settle()
    assert await here.state(JobId(started.pJobId)) is JobState.PROCESSING


def _document() -> rprn.DOC_INFO_CONTAINER:
    from pagebell.winspool.idl.types import DOC_INFO_1

    return rprn.DOC_INFO_CONTAINER(DocInfo=DOC_INFO_1(pDocName="Letter", pDatatype="RAW"))


async def test_par_asks_for_privacy_and_its_object(here: Stand) -> None:
    call = par.RpcAsyncOpenPrinter(pPrinterName="p1", pClientInfo=CLIENT)
    async with here.client(level=Level.INTEGRITY, interface=par.IREMOTEWINSPOOL) as client:
        with pytest.raises(Fault, match="ACCESS_DENIED"):
            await client.call(call, object=par.OBJECT)
    async with here.client(level=Level.PRIVACY, interface=par.IREMOTEWINSPOOL) as client:
        with pytest.raises(Fault, match="UNSUPPORTED_TYPE"):
            await client.call(call)


def test_devmode_asks_for_nothing_but_the_wishes() -> None:
    assert devmode.decode(devmode.wishes(WISHES)) == WISHES
    assert devmode.decode(devmode.wishes(Ticket())) == Ticket()
    for one in (Ticket(print_quality=5), Ticket(printer_resolution=(600, 1200, 3))):
        assert devmode.decode(devmode.wishes(one)) == one
