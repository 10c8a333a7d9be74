"""Every member of a job and a printer that the specification has: each is caused to change, and heard of."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.document import Ticket
from pagebell.winspool.changes import ChangeFlag as F
from pagebell.winspool.changes import JobField as J
from pagebell.winspool.changes import NotifyType
from pagebell.winspool.changes import PrinterField as P
from pagebell.winspool.constants import JobStatus, PrinterStatus, RegType
from pagebell.winspool.security import ADMINISTRATORS, EVERYONE, Descriptor, Entry
from tests.unit.spooler.stage import P2
from tests.winspool import acts
from tests.winspool.acts import Act
from tests.winspool.listening import Heard
from tests.winspool.stand import Stand

PRINTER, JOB, SERVER = NotifyType.PRINTER, NotifyType.JOB, NotifyType.SERVER
OPEN_TO_ALL = Descriptor(
    4, ADMINISTRATORS, ADMINISTRATORS, None, (Entry(0, 0, (0xF000C).to_bytes(4, "little") + EVERYONE),)
).encode()


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
    (JOB, J.STATUS, "p1", acts.finish, JobStatus.PRINTED | JobStatus.COMPLETE),
    (JOB, J.STATUS, "p1", acts.cancel, lambda value: value & (JobStatus.DELETED | JobStatus.PRINTING)),
    (JOB, J.DOCUMENT, "p1", acts.rename_job, "Novel"),
    (JOB, J.PRIORITY, "p1", acts.ticket(job_priority=70), 70),
    (JOB, J.DEVMODE, "p1", acts.ticket(copies=3), lambda value: len(value) > 200),
    (JOB, J.POSITION, None, acts.finish, 0),
    (JOB, J.TOTAL_BYTES, "p1", acts.spool, 5),
    (JOB, J.PAGES_PRINTED, "p1", acts.page, 1),
    (PRINTER, P.PAGES_PRINTED, "p1", acts.page, 1),
    (PRINTER, P.TOTAL_PAGES, "p1", acts.page, 1),
    (JOB, J.BYTES_PRINTED, "p1", acts.finish, 5),
    (PRINTER, P.COMMENT, "p1", acts.change(info="Laser"), "Laser"),
    (PRINTER, P.LOCATION, "p1", acts.change(location="Cellar"), "Cellar"),
    (PRINTER, P.LOCATION, None, acts.change(location="Attic"), "Attic"),
    (PRINTER, P.PORT_NAME, "p1", acts.change(device="scripted:other"), "scripted:p1"),
    (PRINTER, P.DEVMODE, "p1", acts.change(defaults=Ticket(copies=2)), lambda value: len(value) > 200),
    (PRINTER, P.STATUS, "p1", acts.pause, PrinterStatus.PAUSED),
    (PRINTER, P.STATUS, "p1", acts.unreachable, lambda value: value & PrinterStatus.OFFLINE),
    (PRINTER, P.STATUS, "p1", acts.remove_printer, lambda value: True),
    (PRINTER, P.CJOBS, "p1", acts.print_job, 1),
    (PRINTER, P.TOTAL_BYTES, "p1", acts.finish, 5),
    (PRINTER, P.BYTES_PRINTED, "p1", acts.finish, 5),
    (PRINTER, P.DRIVER_NAME, "p1", acts.set_info(pDriverName="Other"), "Other"),
    (PRINTER, P.PRINTER_NAME, "p1", acts.set_info(pPrinterName="Big One"), "Big One"),
    (PRINTER, P.SEPFILE, "p1", acts.set_info(pSepFile="page.sep"), "page.sep"),
    (PRINTER, P.PARAMETERS, "p1", acts.set_info(pParameters="x=1"), "x=1"),
    (PRINTER, P.DATATYPE, "p1", acts.set_info(pDatatype="TEXT"), "TEXT"),
    (PRINTER, P.SECURITY_DESCRIPTOR, "p1", acts.set_info(3, OPEN_TO_ALL), lambda value: len(value) > 20),
    (PRINTER, P.ATTRIBUTES, "p1", acts.set_info(Attributes=0x448), lambda value: value & 0x400),
    (PRINTER, P.PRIORITY, "p1", acts.set_info(Priority=9), 9),
    (PRINTER, P.DEFAULT_PRIORITY, "p1", acts.set_info(DefaultPriority=7), 7),
    (PRINTER, P.START_TIME, "p1", acts.set_info(StartTime=60), 60),
    (PRINTER, P.UNTIL_TIME, "p1", acts.set_info(UntilTime=120), 120),
    (PRINTER, P.AVERAGE_PPM, "p1", acts.change(device="scripted:other"), 60),
    (PRINTER, P.OBJECT_GUID, "p1", acts.set_info(7, dwAction=1), lambda value: len(value) == 38),
    (PRINTER, P.CJOBS, "p1", acts.move_job, 1),
    (JOB, J.PRINTER_NAME, None, acts.move_job, "p2"),
    (JOB, J.PORT_NAME, None, acts.move_job, "scripted:p2"),
    (JOB, J.STATUS_STRING, None, acts.move_job, "It was moved from printer p1."),
    (JOB, J.TOTAL_PAGES, "p1", acts.spool_octets, 1),
    (JOB, J.TIME, "p1", acts.print_job, 0),
    (
        PRINTER,
        P.BRANCH_OFFICE_PRINTING,
        "p1",
        acts.data("EnableBranchOfficePrinting", RegType.DWORD, acts.DWORD_1),
        1,
    ),
    (
        SERVER,
        0,
        None,
        acts.data("PrintDriverIsolationGroups", RegType.SZ, "a\\\\b\0".encode("utf-16-le"), ""),
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
