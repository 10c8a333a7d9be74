"""Calls beyond printing: properties of jobs, IPP inside RPC, packages, bidirectional talks, reading a job."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from pagebell.dcerpc.ndr import Call, Struct
from pagebell.dcerpc.security import Level
from pagebell.ipp import registry as r
from pagebell.ipp.codec import Group, GroupTag, Message, decode, encode
from pagebell.ipp.registry import Status
from pagebell.ipp.server import Service
from pagebell.ipp.server.call import Origin
from pagebell.model.access import Principal
from pagebell.model.event import JobId
from pagebell.winspool import infos
from pagebell.winspool.buffers import unpack
from pagebell.winspool.idl import (
    par,
    par_more,
    rprn,
    rprn_data,
    rprn_ipp,
    rprn_jobs,
    rprn_packages,
    rprn_setup,
)
from pagebell.winspool.idl.containers import (
    DRIVER_CONTAINER,
    RPC_BIDI_REQUEST_CONTAINER,
    RPC_BIDI_REQUEST_DATA,
)
from pagebell.winspool.idl.rprn_jobs import (
    PropertyBlob,
    RPC_EPrintPropertyType,
    RPC_PrintNamedProperty,
    RPC_PrintPropertyValue,
)
from pagebell.winspool.idl.types import DRIVER_INFO_2, RPC_DRIVER_INFO_8
from pagebell.winspool.server.desk import Settings
from pagebell.winspool.server.drivers import LISTS
from pagebell.winspool.werror import Win32, hresult_of
from tests.winspool.stand import CLIENT, Stand, open_printer, print_document, stand, start_doc

T = RPC_EPrintPropertyType


@pytest_asyncio.fixture
async def here() -> AsyncIterator[Stand]:
    async with stand() as found:
        service = Service(found.spooler)

        async def ask(octets: bytes, by: Principal) -> bytes:
            async def once() -> AsyncIterator[bytes]:
                yield octets

            answer = await service.answer(once(), lambda _: by, Origin("127.0.0.1:631"))
            return answer.octets

        found.desk.ipp = ask
        yield found


def answer_of(reply: Struct) -> Message:
    assert reply.result == 0  # type: ignore[attr-defined]
    octets = reply.ippResponseBuffer  # type: ignore[attr-defined]
    return decode(octets or b"")[0]


PROPERTIES = (
    RPC_PrintPropertyValue(ePropertyType=T.kRpcPropertyTypeString, value="words"),
    RPC_PrintPropertyValue(ePropertyType=T.kRpcPropertyTypeInt32, value=-5),
    RPC_PrintPropertyValue(ePropertyType=T.kRpcPropertyTypeInt64, value=2**40),
    RPC_PrintPropertyValue(ePropertyType=T.kRpcPropertyTypeByte, value=200),
    RPC_PrintPropertyValue(ePropertyType=T.kRpcPropertyTypeBuffer, value=PropertyBlob(pBuf=b"\0\xff")),
)


async def test_properties_of_a_job_are_kept_with_it(here: Stand) -> None:
    number = await here.submit()
    async with here.client() as client:
        handle = await open_printer(client)
        for place, value in enumerate(PROPERTIES):
            named = RPC_PrintNamedProperty(propertyName=f"P{place}", propertyValue=value)
            call = rprn_jobs.RpcSetJobNamedProperty(hPrinter=handle, JobId=number, pProperty=named)
            assert (await client.call(call)).result == 0
        one = rprn_jobs.RpcGetJobNamedPropertyValue(hPrinter=handle, JobId=number, pszName="p2")
        assert (await client.call(one)).pValue == PROPERTIES[2]
        missing = replace(one, pszName="nothing")
        assert (await client.call(missing)).result == Win32.NOT_FOUND
        gone = rprn_jobs.RpcDeleteJobNamedProperty(hPrinter=handle, JobId=number, pszName="P0")
        assert (await client.call(gone)).result == 0
        assert (await client.call(gone)).result == Win32.NOT_FOUND
    await here.restart()
    async with here.serving(), here.client() as client:
        handle = await open_printer(client)
        told = await client.call(rprn_jobs.RpcEnumJobNamedProperties(hPrinter=handle, JobId=number))
        assert [p.propertyValue for p in told.ppProperties or ()] == list(PROPERTIES[1:])
    async with here.serving(), here.client("bob") as client:
        handle = await open_printer(client)
        told = await client.call(rprn_jobs.RpcEnumJobNamedProperties(hPrinter=handle, JobId=number))
        assert told.result == Win32.ACCESS_DENIED


async def test_ipp_inside_rpc_tells_of_a_printer(here: Stand) -> None:
    async with here.client() as client:
        handle = await open_printer(client)
        names = ("printer-name", "printer-state")
        call = rprn_ipp.RpcIppGetPrinterAttributes(hPrinter=handle, attributeNames=names)
        told = answer_of(await client.call(call)).group(GroupTag.PRINTER)
        assert told is not None
        assert (told.get(r.printer_name), set(told.attributes)) == ("p1", set(names))
        regenerate = rprn_ipp.RpcRegeneratePrintDeviceCapabilities(hPrinter=handle)
        assert (await client.call(regenerate)).result == 0


def job_group(*attributes: object) -> bytes:
    """The octets of a group alone: neither header nor end."""
    message = Message((2, 0), 0, 1, [Group.of(GroupTag.JOB, *attributes)])  # type: ignore[arg-type]
    return encode(message)[8:-1]


@pytest.mark.parametrize("cut", [slice(None), slice(1, None)], ids=["with its tag", "without"])
async def test_ipp_inside_rpc_says_how_a_job_is_to_be_printed(here: Stand, cut: slice) -> None:
    async with here.client() as client:
        handle = await open_printer(client)
        number = await start_doc(client, handle)
        group = job_group(r.copies(3), r.job_name("By IPP"))[cut]
        create = rprn_ipp.RpcIppCreateJobOnPrinter(
            hPrinter=handle, jobId=number, jobAttributeGroupBuffer=group
        )
        created = answer_of(await client.call(create)).group(GroupTag.JOB)
        assert created is not None and created.get(r.job_id) == number
        job = await here.job(JobId(number))
        assert (job.name, job.ticket.copies) == ("By IPP", 3)
        change = rprn_ipp.RpcIppSetJobAttributes(
            hPrinter=handle, jobId=number, jobAttributeGroupBuffer=job_group(r.copies(2))
        )
        assert answer_of(await client.call(change)).code == Status.SUCCESSFUL_OK
        asked = rprn_ipp.RpcIppGetJobAttributes(hPrinter=handle, jobId=number, attributeNames=("copies",))
        told = answer_of(await client.call(asked)).group(GroupTag.JOB)
        assert told is not None and told.get(r.copies) == 2
        other = replace(create, pdlFormat="application/x-nothing")
        assert answer_of(await client.call(other)).code == Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED


async def test_ipp_inside_rpc_asks_for_the_same_rights(here: Stand) -> None:
    group = Message((2, 0), 0, 1, [Group.of(GroupTag.PRINTER, r.printer_info("Mine"))])
    for user, status in (
        ("ada", Status.CLIENT_ERROR_NOT_AUTHORIZED),
        ("root", Status.SUCCESSFUL_OK),
    ):
        async with here.client(user) as client:
            handle = await open_printer(client)
            call = rprn_ipp.RpcIppSetPrinterAttributes(
                hPrinter=handle, jobAttributeGroupBuffer=encode(group)[8:]
            )
            assert answer_of(await client.call(call)).code == status
    assert here.printer.info == "Mine"


@pytest.mark.parametrize("octets", [b"\x04\x03", b"\xff\xff\xff", b"\x02\x44\xff\xff"])
async def test_what_is_no_group_of_jobs_is_refused(here: Stand, octets: bytes) -> None:
    number = await here.submit()
    async with here.client() as client:
        handle = await open_printer(client)
        call = rprn_ipp.RpcIppSetJobAttributes(hPrinter=handle, jobId=number, jobAttributeGroupBuffer=octets)
        assert (await client.call(call)).result == hresult_of(Win32.INVALID_PARAMETER)


async def test_a_job_is_read_piece_by_piece(here: Stand) -> None:
    octets = bytes(range(256)) * 40
    async with here.client() as client:
        number = await print_document(client, await open_printer(client), octets)
        handle = await open_printer(client, f"p1, Job {number}")
        found = b""
        while True:
            reply = await client.call(rprn.RpcReadPrinter(hPrinter=handle, cbBuf=3000))
            assert (reply.result, len(reply.pBuf)) == (0, 3000)
            if not reply.pcNoBytesRead:
                break
            found += reply.pBuf[: reply.pcNoBytesRead]
        assert found == octets
        of_printer = rprn.RpcReadPrinter(hPrinter=await open_printer(client), cbBuf=10)
        assert (await client.call(of_printer)).result == Win32.INVALID_HANDLE
    async with here.client("bob") as client:
        handle = await open_printer(client, f"p1, Job {number}")
        reply = await client.call(rprn.RpcReadPrinter(hPrinter=handle, cbBuf=10))
        assert reply.result == Win32.ACCESS_DENIED


async def test_a_printer_is_asked_about_itself(here: Stand) -> None:
    async with here.client() as client:
        handle = await open_printer(client)

        async def ask(action: str, *schemas: str) -> list[tuple[int, object]]:
            data = tuple(RPC_BIDI_REQUEST_DATA(dwReqNumber=n, pSchema=s) for n, s in enumerate(schemas))
            call = rprn_data.RpcSendRecvBidiData(
                hPrinter=handle, pAction=action, pReqData=RPC_BIDI_REQUEST_CONTAINER(aData=data)
            )
            reply = await client.call(call)
            assert reply.result == 0 and reply.ppRespData is not None
            return [(one.dwResult, one.data.u) for one in reply.ppRespData.aData]

        assert await ask("Get", r"\Printer.DeviceInfo:FriendlyName") == [(0, "p1")]
        assert await ask("Get", r"\Printer.Nothing:At") == [(Win32.BIDI_SCHEMA_NOT_SUPPORTED, 0)]
        assert await ask("Set", r"\Printer.DeviceInfo:Location") == [(Win32.BIDI_SCHEMA_READ_ONLY, 0)]
        assert len(await ask("GetAll", r"\Printer.DeviceInfo")) == 4
        assert len(await ask("EnumSchema", r"\Printer")) >= 7
        odd = rprn_data.RpcSendRecvBidiData(hPrinter=handle, pAction="dance")
        assert (await client.call(odd)).result == Win32.NOT_SUPPORTED


async def test_packages_that_windows_brings_along_are_told_and_no_other(here: Stand) -> None:
    xps, units = UUID("D20EA372-DD35-4950-9ED8-A6335AFE79F5"), tuple(map(ord, "{%s}\0\0"))
    async with here.client("root", Level.PRIVACY, par.IREMOTEWINSPOOL) as client:

        async def ask(call: Call) -> Struct:
            return await client.call(call, object=par.OBJECT)

        text = tuple(map(ord, f"{{{xps}}}\0\0"))
        core = par_more.RpcAsyncGetCorePrinterDrivers(
            pszEnvironment="Windows x64", pszzCoreDriverDependencies=text, cCorePrinterDrivers=1
        )
        told = await ask(core)
        assert isinstance(told, rprn_packages.RpcGetCorePrinterDrivers.Reply)
        package = "".join(map(chr, told.pCorePrinterDrivers[0].szPackageID)).rstrip("\0")
        refused = await ask(replace(core, pszzCoreDriverDependencies=units))
        assert isinstance(refused, rprn_packages.RpcGetCorePrinterDrivers.Reply)
        assert (refused.result, len(refused.pCorePrinterDrivers)) == (
            hresult_of(Win32.INVALID_PARAMETER),
            1,
        )
        where = par_more.RpcAsyncGetPrinterDriverPackagePath(
            pszServer=r"\\PAGEBELL", pszEnvironment="Windows x64", pszPackageID=package
        )
        size = (await ask(where)).pcchRequiredSize  # type: ignore[attr-defined]
        short = replace(where, pszDriverPackageCab=(0,) * 4, cchDriverPackageCab=4)
        assert (await ask(short)).result == hresult_of(Win32.INSUFFICIENT_BUFFER)  # type: ignore[attr-defined]
        enough = replace(where, pszDriverPackageCab=(0,) * size, cchDriverPackageCab=size)
        path = "".join(map(chr, (await ask(enough)).pszDriverPackageCab))  # type: ignore[attr-defined]
        assert path == rf"\\PAGEBELL\print$\x64\PCC\{package}.cab" + "\0"
        remove = par_more.RpcAsyncDeletePrinterDriverPackage(pszInfPath=package, pszEnvironment="Windows x64")
        assert (await ask(remove)).result == hresult_of(Win32.ACCESS_DENIED)  # type: ignore[attr-defined]
        send = par_more.RpcAsyncUploadPrinterDriverPackage(
            pszInfPath=r"\\evil\share\x.inf",
            pszEnvironment="Windows x64",
            pszDestInfPath=(0,) * 260,
            pcchDestInfPath=260,
        )
        assert (await ask(send)).result == hresult_of(Win32.FILE_NOT_FOUND)  # type: ignore[attr-defined]


async def test_a_driver_that_a_printer_uses_stays(here: Stand) -> None:
    here.desk.settings = Settings(driver="D", accept_driver_records=True)
    added = rprn_setup.RpcAddPrinterDriver(
        pDriverContainer=DRIVER_CONTAINER(Level=2, DriverInfo=DRIVER_INFO_2(cVersion=3, pName="D"))
    )
    gone = rprn_setup.RpcDeletePrinterDriver(pEnvironment="Windows x64", pDriverName="d")
    async with here.client("root") as client:
        assert (await client.call(added)).result == 0
        assert (await client.call(gone)).result == Win32.PRINTER_DRIVER_IN_USE
        here.desk.settings = replace(here.desk.settings, driver="Another")
        assert (await client.call(gone)).result == 0


async def test_lists_of_a_driver_come_back_as_they_were_told(here: Stand) -> None:
    here.desk.settings = Settings(computer="PAGEBELL", accept_driver_records=True)
    lists = dict.fromkeys(LISTS, "one\x00two\x00")
    driver = RPC_DRIVER_INFO_8(pName="D", pEnvironment="Windows x64", **lists)
    async with here.client("root") as client:
        container = DRIVER_CONTAINER(Level=8, DriverInfo=driver)
        assert (await client.call(rprn_setup.RpcAddPrinterDriver(pDriverContainer=container))).result == 0
        reply = await client.call(rprn_setup.RpcEnumPrinterDrivers(Level=8, pDrivers=bytes(9000), cbBuf=9000))
    told = {one.pName: one for one in unpack(infos.DRIVER_INFO_8, reply.pDrivers or b"", reply.pcReturned)}
    assert all(getattr(told["D"], name) == ("one", "two") for name in LISTS)


@pytest.mark.parametrize("kind", [par.RpcAsyncGetPrinterDriver, rprn_setup.RpcGetPrinterDriver2])
async def test_level_101_tells_a_drivers_files(here: Stand, kind: Any) -> None:
    """The names of files are found from the start of DRIVER_INFO_101, not of their own structures."""
    interface = kind.interface
    async with here.client(level=Level.PRIVACY, interface=interface) as client:
        opened = par.RpcAsyncOpenPrinter if interface is par.IREMOTEWINSPOOL else rprn.RpcOpenPrinterEx
        object_ = par.OBJECT if interface is par.IREMOTEWINSPOOL else None
        opening = opened(pPrinterName="p1", AccessRequired=8, pClientInfo=CLIENT)
        handle = (await client.call(opening, object=object_)).pHandle
        asked = kind(hPrinter=handle, Level=101, pDriver=bytes(2000), cbBuf=2000)
        reply = await client.call(asked, object=object_)
    octets = reply.pDriver
    assert (reply.result, len(octets)) == (0, 2000)
    (driver,) = unpack(infos.DRIVER_INFO_101, octets)
    place = struct.unpack_from("<I", octets, 12)[0]
    found = [struct.unpack_from("<3I", octets, place + 12 * n) for n in range(driver.dwFileCount)]
    names = {_text(octets, at): kind for at, kind, _ in found}
    assert names == {"pscript5.dll": 0, "ps5ui.dll": 1, "pscript.ppd": 2, "pscript.hlp": 3}


def _text(octets: bytes, start: int) -> str:
    return octets[start : start + 100].decode("utf-16-le").partition("\0")[0]
