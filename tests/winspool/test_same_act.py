"""The same act through IPP, [MS-RPRN] and [MS-PAR] leaves the same rows and the same events (ARCHITECTURE.md)."""

from __future__ import annotations

import dataclasses
from typing import Any

from pagebell.dcerpc.ndr import Call
from pagebell.dcerpc.security import Level
from pagebell.ipp import registry as r
from pagebell.ipp.codec import GroupTag
from pagebell.ipp.registry import Op
from pagebell.model.event import JobId
from pagebell.model.job import Job
from pagebell.winspool.idl import par, rprn
from pagebell.winspool.idl.types import DOC_INFO_1
from tests.unit.ipp_server.door import Door, first
from tests.winspool.stand import CLIENT, open_printer, print_document, stand

OCTETS = b"The same words."
Left = tuple[Job, list[str]]


async def by_ipp() -> Left:
    async with Door() as door:
        created = await door.ask(Op.CREATE_JOB, r.job_name("Letter"))
        number = first(created, GroupTag.JOB).get(r.job_id)
        assert number is not None
        named, last = r.document_name("Letter"), r.last_document(True)
        await door.ask(Op.SEND_DOCUMENT, r.job_id(number), named, last, data=OCTETS)
        return await door.job(JobId(number)), await door.happened()


async def by_rprn() -> Left:
    async with stand() as here:
        async with here.client() as client:
            number = await print_document(client, await open_printer(client), OCTETS)
        await here.clock.settle()
        return await here.job(JobId(number)), await here.happened()


async def by_par() -> Left:
    async with stand() as here:
        async with here.client("ada", Level.PRIVACY, par.IREMOTEWINSPOOL) as client:

            async def ask(call: Call) -> Any:
                reply: Any = await client.call(call, object=par.OBJECT)
                assert reply.result == 0
                return reply

            opened = par.RpcAsyncOpenPrinter(pPrinterName="p1", AccessRequired=8, pClientInfo=CLIENT)
            handle = (await ask(opened)).pHandle
            info = DOC_INFO_1(pDocName="Letter", pDatatype="RAW")
            document = rprn.DOC_INFO_CONTAINER(DocInfo=info)
            started = await ask(par.RpcAsyncStartDocPrinter(hPrinter=handle, pDocInfoContainer=document))
            await ask(par.RpcAsyncStartPagePrinter(hPrinter=handle))
            await ask(par.RpcAsyncWritePrinter(hPrinter=handle, pBuf=OCTETS))
            await ask(par.RpcAsyncEndPagePrinter(hPrinter=handle))
            await ask(par.RpcAsyncEndDocPrinter(hPrinter=handle))
        await here.clock.settle()
        return await here.job(JobId(started.pJobId)), await here.happened()


def differing(old: Any, new: Any) -> set[str]:
    return {f.name for f in dataclasses.fields(old) if getattr(old, f.name) != getattr(new, f.name)}


async def test_the_same_act_through_ipp_rprn_and_par_leaves_the_same_rows_and_events() -> None:
    """Jobs differ by their ids and times, documents by their keys, and by what RPC does not tell: a language."""
    ipp_job, ipp_events = await by_ipp()
    for other, events in (await by_rprn(), await by_par()):
        assert events == ipp_events
        assert differing(ipp_job, other) <= {"uuid", "documents", "created", "touched", "processing_at"}
        assert differing(ipp_job.documents[0], other.documents[0]) <= {"key", "language"}
