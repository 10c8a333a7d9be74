"""Every flag and every member that the specification has: each is caused, and heard of through both protocols."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from pagebell.dcerpc.client import RpcClient
from pagebell.model.access import SYSTEM
from pagebell.model.document import Ticket
from pagebell.spooler.changing import JobWish
from pagebell.spooler.printers import PrinterWish
from pagebell.winspool import infos
from pagebell.winspool.buffers import unpack
from pagebell.winspool.changes import ChangeFlag as F
from pagebell.winspool.changes import JobField as J
from pagebell.winspool.changes import NotifyType
from pagebell.winspool.changes import PrinterField as P
from pagebell.winspool.constants import JobStatus, PrinterStatus, RegType
from pagebell.winspool.idl import rprn_data, rprn_setup
from pagebell.winspool.idl.containers import DRIVER_CONTAINER, FORM_CONTAINER
from pagebell.winspool.idl.types import DRIVER_INFO_2, FORM_INFO_1, PRINTER_INFO_3, PRINTER_INFO_7, SIZE
from pagebell.winspool.security import ADMINISTRATORS, EVERYONE, Descriptor, Entry
from pagebell.winspool.server.desk import Settings
from tests.unit.spooler.stage import P1, P2
from tests.winspool.listening import WAYS, Heard
from tests.winspool.stand import Stand, open_printer, print_document, stand
from tests.winspool.test_kept import ALL, fields, set_printer, told

PRINTER, JOB, SERVER = NotifyType.PRINTER, NotifyType.JOB, NotifyType.SERVER
Act = Callable[[Stand], Awaitable[None]]


@pytest_asyncio.fixture
async def here() -> AsyncIterator[Stand]:
    async with stand() as found:
        found.desk.settings = Settings(computer="PAGEBELL", accept_driver_records=True)
        yield found


@pytest.fixture(params=sorted(WAYS))
def way(request: pytest.FixtureRequest) -> Any:
    return WAYS[request.param]


async def _as_root(here: Stand, work: Callable[[RpcClient], Awaitable[Any]]) -> None:
    async with here.client("root") as client:
        assert (await work(client)).result == 0


async def _print(here: Stand) -> None:
    await here.submit(b"hello")


async def _spool(here: Stand) -> None:
    async with here.client("bob") as client:
        await print_document(client, await open_printer(client), b"hello")


async def _spool_octets(here: Stand) -> None:
    """Nobody else can count their pages: the client does."""
    async with here.client("bob") as client:
        await print_document(client, await open_printer(client), bytes(range(200)))


async def _page(here: Stand) -> None:
    await here.submit(b"hello")
    here.device.printed(1)
    await here.clock.settle()


async def _finish(here: Stand) -> None:
    await here.submit(b"hello")
    here.device.finish()
    await here.clock.settle()


async def _cancel(here: Stand) -> None:
    await here.submit(b"one")
    await here.spooler.jobs.cancel(await here.submit(b"two"), SYSTEM)


def _change(**wish: Any) -> Act:
    async def act(here: Stand) -> None:
        await here.spooler.printers.change(P1, PrinterWish(**wish), SYSTEM)

    return act


async def _rename_job(here: Stand) -> None:
    await here.submit(b"one")
    await here.spooler.jobs.change(await here.submit(b"two"), JobWish(name="Novel"), SYSTEM)


def _ticket(**ticket: Any) -> Act:
    async def act(here: Stand) -> None:
        await here.submit(b"one")
        await here.spooler.jobs.change(await here.submit(b"two"), JobWish(ticket=Ticket(**ticket)), SYSTEM)

    return act


async def _add_printer(here: Stand) -> None:
    await here.add(P2)


async def _remove_printer(here: Stand) -> None:
    await here.spooler.printers.remove(P1, SYSTEM)


async def _pause(here: Stand) -> None:
    await here.spooler.printers.pause(P1, SYSTEM)


async def _unreachable(here: Stand) -> None:
    here.device.stop("timed-out", "The printer does not answer.")
    await here.clock.settle()


async def _set_form(here: Stand, name: str = "") -> None:
    form = FORM_CONTAINER(FormInfo=FORM_INFO_1(pName="Mine", Size=SIZE(cx=1000, cy=1000)))

    async def work(client: RpcClient) -> Any:
        handle = await open_printer(client, "p1")
        added = await client.call(rprn_setup.RpcAddForm(hPrinter=handle, pFormInfoContainer=form))
        if name == "add":
            return added
        if name == "set":
            call: Any = rprn_setup.RpcSetForm(hPrinter=handle, pFormName="Mine", pFormInfoContainer=form)
        else:
            call = rprn_setup.RpcDeleteForm(hPrinter=handle, pFormName="Mine")
        return await client.call(call)

    await _as_root(here, work)


def _form(name: str) -> Act:
    return lambda here: _set_form(here, name)


def _driver(*, delete: bool) -> Act:
    async def act(here: Stand) -> None:
        async def work(client: RpcClient) -> Any:
            info = DRIVER_INFO_2(cVersion=3, pName="D", pEnvironment="Windows x64")
            container = DRIVER_CONTAINER(Level=2, DriverInfo=info)
            reply: Any = await client.call(rprn_setup.RpcAddPrinterDriver(pDriverContainer=container))
            if delete:
                gone = rprn_setup.RpcDeletePrinterDriver(pEnvironment="Windows x64", pDriverName="D")
                reply = await client.call(gone)
            return reply

        await _as_root(here, work)

    return act


def _data(name: str, type_: int, octets: bytes, printer: str = "p1") -> Act:
    async def act(here: Stand) -> None:
        async def work(client: RpcClient) -> Any:
            handle = await open_printer(client, printer or None, 0)  # type: ignore[arg-type]
            return await client.call(
                rprn_data.RpcSetPrinterData(hPrinter=handle, pValueName=name, Type=type_, pData=octets)
            )

        await _as_root(here, work)

    return act


def _set(level: int = 2, descriptor: bytes | None = None, **changed: Any) -> Act:
    """What Windows' programs do: they get a printer's description, and set it with something changed."""

    async def act(here: Stand) -> None:
        async def work(client: RpcClient) -> Any:
            handle = await open_printer(client, "p1", ALL)
            if level == 2:
                (info,) = unpack(infos.PRINTER_INFO_2, await told(client, handle, 2))
                assert await set_printer(client, handle, 2, fields(info, **changed)) == 0  # type: ignore[arg-type]
            elif level == 3:
                assert await set_printer(client, handle, 3, PRINTER_INFO_3(), descriptor=descriptor) == 0
            else:
                assert await set_printer(client, handle, level, PRINTER_INFO_7(**changed)) == 0
            return SimpleNamespace(result=0)

        await _as_root(here, work)

    return act


async def _move_job(here: Stand) -> None:
    await here.add(P2)
    await here.spooler.printers.pause(P2, SYSTEM)
    await here.submit(b"one")
    await here.spooler.queue.relocate(await here.submit(b"two"), P2, {"text/plain"}, SYSTEM)


def _announce(*names: str) -> Act:
    return lambda here: here.spooler.system.announce(*names)


DWORD_1 = (1).to_bytes(4, "little")
OPEN_TO_ALL = Descriptor(
    4, ADMINISTRATORS, ADMINISTRATORS, None, (Entry(0, 0, (0xF000C).to_bytes(4, "little") + EVERYONE),)
).encode()
FLAGS: list[tuple[F, str | None, Act]] = [
    (F.SET_PRINTER, "p1", _change(location="Cellar")),
    (F.SET_PRINTER, "p1", _pause),
    (F.DELETE_PRINTER, "p1", _remove_printer),
    (F.ADD_JOB, "p1", _print),
    (F.SET_JOB, "p1", _rename_job),
    (F.DELETE_JOB, "p1", _finish),
    (F.DELETE_JOB, "p1", _cancel),
    (F.DELETE_JOB, "p1", _move_job),
    (F.WRITE_JOB, "p1", _spool),
    (F.SET_PRINTER_DRIVER, "p1", _data("Duplex", RegType.DWORD, DWORD_1)),
    (F.SET_PRINTER_DRIVER, "p1", _set(pDriverName="Other")),
    (F.SET_PRINTER, "p1", _set(Priority=9)),
    (F.ADD_PRINTER, None, _add_printer),
    (F.FAILED_CONNECTION_PRINTER, None, _unreachable),
    (F.ADD_FORM, None, _form("add")),
    (F.SET_FORM, None, _form("set")),
    (F.DELETE_FORM, None, _form("delete")),
    (F.ADD_PORT, None, _add_printer),
    (F.CONFIGURE_PORT, None, _change(device="scripted:other")),
    (F.DELETE_PORT, None, _remove_printer),
    (F.ADD_PRINT_PROCESSOR, None, _announce("print-processor-added")),
    (F.DELETE_PRINT_PROCESSOR, None, _announce("print-processor-deleted")),
    (F.SERVER, None, _data("BeepEnabled", RegType.DWORD, DWORD_1, "")),
    (F.ADD_PRINTER_DRIVER, None, _driver(delete=False)),
    (F.SET_PRINTER_DRIVER, None, _data("Duplex", RegType.DWORD, DWORD_1)),
    (F.DELETE_PRINTER_DRIVER, None, _driver(delete=True)),
]
"""A flag, whose handle it is for, and what causes it."""


@pytest.mark.parametrize(("flag", "handle", "act"), FLAGS, ids=lambda value: getattr(value, "name", None))
async def test_every_flag_is_caused_and_heard(
    here: Stand, way: Any, flag: F, handle: str | None, act: Act
) -> None:
    async with way(here, flag, {}, handle) as listener:
        await act(here)
        assert (await listener.next()).flags & flag


def test_no_flag_is_left_out() -> None:
    assert {flag for flag, _, _ in FLAGS} == {flag for flag in F if flag is not F.TIMEOUT}


# ---------------------------------------------------------------- members

A_JOB: dict[J, Any] = {
    J.PRINTER_NAME: "p1",
    J.MACHINE_NAME: "\\\\",
    J.PORT_NAME: "scripted:p1",
    J.USER_NAME: "ada",
    J.NOTIFY_NAME: "ada",
    J.DATATYPE: "RAW",
    J.PRINT_PROCESSOR: "winprint",
    J.PARAMETERS: "",
    J.DRIVER_NAME: "MS Publisher Color Printer",
    J.DEVMODE: lambda value: len(value) > 200,
    J.STATUS: lambda value: not value & JobStatus.ERROR,
    J.STATUS_STRING: "",
    J.SECURITY_DESCRIPTOR: lambda value: value[:1] == b"\x01",
    J.DOCUMENT: "Untitled",
    J.PRIORITY: 50,
    J.POSITION: 1,
    J.SUBMITTED: lambda value: (value.wYear, value.wMonth, value.wDay) == (2023, 11, 14),
    J.START_TIME: 0,
    J.UNTIL_TIME: 0,
    J.TIME: 0,
    J.TOTAL_PAGES: lambda value: value in (0, 1),
    J.PAGES_PRINTED: 0,
    J.TOTAL_BYTES: 5,
    J.BYTES_PRINTED: 0,
}
"""Of a job that is added, everything is new."""
A_PRINTER: dict[P, Any] = {
    P.SERVER_NAME: "",
    P.PRINTER_NAME: "p2",
    P.SHARE_NAME: "p2",
    P.PORT_NAME: "scripted:p2",
    P.DRIVER_NAME: "MS Publisher Color Printer",
    P.COMMENT: "p2",
    P.LOCATION: "",
    P.DEVMODE: lambda value: len(value) > 200,
    P.SEPFILE: "",
    P.PRINT_PROCESSOR: "winprint",
    P.PARAMETERS: "",
    P.DATATYPE: "RAW",
    P.SECURITY_DESCRIPTOR: lambda value: value[:1] == b"\x01",
    P.ATTRIBUTES: lambda value: value & 0x48 == 0x48,
    P.PRIORITY: 1,
    P.DEFAULT_PRIORITY: 0,
    P.START_TIME: 0,
    P.UNTIL_TIME: 0,
    P.STATUS: 0,
    P.CJOBS: 0,
    P.AVERAGE_PPM: 60,
    P.TOTAL_PAGES: 0,
    P.PAGES_PRINTED: 0,
    P.TOTAL_BYTES: 0,
    P.BYTES_PRINTED: 0,
    P.OBJECT_GUID: lambda value: len(value) == 38,
    P.BRANCH_OFFICE_PRINTING: 0,
}


def _agrees(expected: Any, value: Any) -> bool:
    return bool(expected(value)) if callable(expected) else expected == value


async def test_every_member_of_a_new_job_is_heard(here: Stand, way: Any) -> None:
    assert set(A_JOB) == set(J)
    async with way(here, 0, {JOB: J}) as listener:
        number = await here.submit(b"hello")
        told = await listener.next()
        assert told.flags & F.ADD_JOB
        for member, expected in A_JOB.items():
            assert _agrees(expected, told.data[JOB, member, number]), (member, told.data[JOB, member, number])


async def test_every_member_of_a_new_printer_is_heard_by_the_servers_listeners(here: Stand, way: Any) -> None:
    assert set(A_PRINTER) == set(P)
    async with way(here, 0, {PRINTER: P}, None) as listener:
        await here.add(P2)
        told = await listener.next()
        assert told.flags & F.ADD_PRINTER
        for member, expected in A_PRINTER.items():
            assert _agrees(expected, told.data[PRINTER, member, 0]), (member, told.data[PRINTER, member, 0])


MEMBERS: list[tuple[NotifyType, int, str | None, Act, Any]] = [
    (JOB, J.STATUS, "p1", _finish, JobStatus.PRINTED | JobStatus.COMPLETE),
    (JOB, J.STATUS, "p1", _cancel, lambda value: value & (JobStatus.DELETED | JobStatus.PRINTING)),
    (JOB, J.DOCUMENT, "p1", _rename_job, "Novel"),
    (JOB, J.PRIORITY, "p1", _ticket(job_priority=70), 70),
    (JOB, J.DEVMODE, "p1", _ticket(copies=3), lambda value: len(value) > 200),
    (JOB, J.POSITION, None, _finish, 0),
    (JOB, J.TOTAL_BYTES, "p1", _spool, 5),
    (JOB, J.PAGES_PRINTED, "p1", _page, 1),
    (PRINTER, P.PAGES_PRINTED, "p1", _page, 1),
    (PRINTER, P.TOTAL_PAGES, "p1", _page, 1),
    (JOB, J.BYTES_PRINTED, "p1", _finish, 5),
    (PRINTER, P.COMMENT, "p1", _change(info="Laser"), "Laser"),
    (PRINTER, P.LOCATION, "p1", _change(location="Cellar"), "Cellar"),
    (PRINTER, P.LOCATION, None, _change(location="Attic"), "Attic"),
    (PRINTER, P.PORT_NAME, "p1", _change(device="scripted:other"), "scripted:p1"),
    (PRINTER, P.DEVMODE, "p1", _change(defaults=Ticket(copies=2)), lambda value: len(value) > 200),
    (PRINTER, P.STATUS, "p1", _pause, PrinterStatus.PAUSED),
    (PRINTER, P.STATUS, "p1", _unreachable, lambda value: value & PrinterStatus.OFFLINE),
    (PRINTER, P.STATUS, "p1", _remove_printer, lambda value: True),
    (PRINTER, P.CJOBS, "p1", _print, 1),
    (PRINTER, P.TOTAL_BYTES, "p1", _finish, 5),
    (PRINTER, P.BYTES_PRINTED, "p1", _finish, 5),
    (PRINTER, P.DRIVER_NAME, "p1", _set(pDriverName="Other"), "Other"),
    (PRINTER, P.PRINTER_NAME, "p1", _set(pPrinterName="Big One"), "Big One"),
    (PRINTER, P.SEPFILE, "p1", _set(pSepFile="page.sep"), "page.sep"),
    (PRINTER, P.PARAMETERS, "p1", _set(pParameters="x=1"), "x=1"),
    (PRINTER, P.DATATYPE, "p1", _set(pDatatype="TEXT"), "TEXT"),
    (PRINTER, P.SECURITY_DESCRIPTOR, "p1", _set(3, OPEN_TO_ALL), lambda value: len(value) > 20),
    (PRINTER, P.ATTRIBUTES, "p1", _set(Attributes=0x448), lambda value: value & 0x400),
    (PRINTER, P.PRIORITY, "p1", _set(Priority=9), 9),
    (PRINTER, P.DEFAULT_PRIORITY, "p1", _set(DefaultPriority=7), 7),
    (PRINTER, P.START_TIME, "p1", _set(StartTime=60), 60),
    (PRINTER, P.UNTIL_TIME, "p1", _set(UntilTime=120), 120),
    (PRINTER, P.AVERAGE_PPM, "p1", _change(device="scripted:other"), 60),
    (PRINTER, P.OBJECT_GUID, "p1", _set(7, dwAction=1), lambda value: len(value) == 38),
    (PRINTER, P.CJOBS, "p1", _move_job, 1),
    (JOB, J.PRINTER_NAME, None, _move_job, "p2"),
    (JOB, J.PORT_NAME, None, _move_job, "scripted:p2"),
    (JOB, J.STATUS_STRING, None, _move_job, "It was moved from printer p1."),
    (JOB, J.TOTAL_PAGES, "p1", _spool_octets, 1),
    (JOB, J.TIME, "p1", _print, 0),
    (PRINTER, P.BRANCH_OFFICE_PRINTING, "p1", _data("EnableBranchOfficePrinting", RegType.DWORD, DWORD_1), 1),
    (
        SERVER,
        0,
        None,
        _data("PrintDriverIsolationGroups", RegType.SZ, "a\\\\b\0".encode("utf-16-le"), ""),
        "a\\\\b",
    ),
]
"""A member, whose handle, what changes it, and its value then."""


@pytest.mark.parametrize(("type_", "member", "handle", "act", "expected"), MEMBERS)
async def test_a_member_that_changes_is_heard(
    here: Stand, way: Any, type_: NotifyType, member: int, handle: str | None, act: Act, expected: Any
) -> None:
    async with way(here, 0, {type_: [member]}, handle) as listener:
        await act(here)
        while True:
            async with asyncio.timeout(10):
                heard: Heard = await listener.next()
            values = [
                value for (kind, field, _), value in heard.data.items() if (kind, field) == (type_, member)
            ]
            if any(_agrees(expected, value) for value in values):
                return


def test_no_member_that_can_change_is_left_out() -> None:
    """What is always the same here is told of new printers and jobs, above."""
    changing = {(type_, member) for type_, member, *_ in MEMBERS}
    assert {one for one in P if (PRINTER, one) not in changing} == {
        P.SERVER_NAME,
        P.SHARE_NAME,
        P.PRINT_PROCESSOR,
    }
    assert {one for one in J if (JOB, one) not in changing} == {
        *(J.MACHINE_NAME, J.USER_NAME, J.NOTIFY_NAME, J.DATATYPE, J.PRINT_PROCESSOR, J.PARAMETERS),
        *(J.DRIVER_NAME, J.SECURITY_DESCRIPTOR, J.SUBMITTED, J.START_TIME, J.UNTIL_TIME),
    }


async def test_a_job_from_elsewhere_is_new_to_its_printers_listeners(here: Stand, way: Any) -> None:
    await here.add(P2)
    await here.spooler.printers.pause(P2, SYSTEM)
    await here.submit(b"one")
    number = await here.submit(b"two")
    async with way(here, F.ADD_JOB, {JOB: J}, "p2") as listener:
        await here.spooler.queue.relocate(number, P2, {"text/plain"}, SYSTEM)
        told = await listener.next()
        assert told.flags & F.ADD_JOB
        assert {field for kind, field, _ in told.data if kind == JOB} == set(J)
