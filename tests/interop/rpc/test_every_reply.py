"""Every declared reply, and every structure that buffers carry, is read by Samba's library and written again alike."""

from __future__ import annotations

import dataclasses
import re
import struct
from typing import Any
from uuid import UUID

import pytest

from pagebell.dcerpc.ndr import Call, ContextHandle, Struct, Transfer
from pagebell.model.document import Ticket
from pagebell.winspool import infos
from pagebell.winspool.buffers import Info, Number, layout, pack, unpack
from pagebell.winspool.devmode import encode
from pagebell.winspool.idl import par, rprn, rprn_setup
from pagebell.winspool.security import PRINTER_SECURITY
from pagebell.winspool.server.drivers import record, with_files
from tests.interop.rpc.test_every_request import NOT_EMPTY, UNKNOWN, again
from tests.winspool.filled import filled

DEVMODE = encode(Ticket(), "p1", 300, color=False)
OWNER, GROUP, _, DACL = struct.unpack_from("<4I", PRINTER_SECURITY, 4)
LENGTH = len(PRINTER_SECURITY) - DACL
SECURITY = b"".join(
    (
        PRINTER_SECURITY[:4],
        struct.pack("<4I", OWNER + LENGTH, GROUP + LENGTH, 0, 20),
        PRINTER_SECURITY[DACL:],
        PRINTER_SECURITY[20:DACL],
    )
)
"""With its list before owner and group, as Samba writes it."""
LISTS = {"pDependentFiles", "pszzPreviousNames", "pszzColorProfiles", "pszzCoreDriverDependencies"}
UNPRINTED = {
    *("ftDriverDate_dwLowDateTime", "ftDriverDate_dwHighDateTime", "PaddingForAlignment"),
    *("ftMinInboxDriverVerDate", "stUpTime", "Submitted", "pDevMode", "pSecurityDescriptor", "dwLastError"),
}
"""What Samba prints as a date, as an error's name, or as structures of their own."""
SIZED = {72, 79, 80, 87, 102}
"""Calls of [MS-RPRN], and below of [MS-PAR], whose reply is checked against numbers in the request by Samba."""
SIZED_ASYNC = {27, 29, 64}


def kinds(stem: str, *levels: int) -> dict[int, type[Info]]:
    """Structures by level."""
    return {level: getattr(infos, f"{stem}{level}") for level in levels}


PRINTERS = kinds("PRINTER_INFO_", *range(1, 10)) | {0: infos.PRINTER_INFO_STRESS}
JOBS, FORMS = kinds("JOB_INFO_", 1, 2, 3, 4), kinds("FORM_INFO_", 1, 2)
DRIVERS = kinds("DRIVER_INFO_", *range(1, 9))
BUFFERS: dict[type[Call], tuple[str, dict[int, type[Info]]]] = {
    rprn.RpcEnumPrinters: ("pPrinterEnum", PRINTERS),
    rprn.RpcGetPrinter: ("pPrinter", PRINTERS),
    rprn.RpcEnumJobs: ("pJob", JOBS),
    rprn.RpcGetJob: ("pJob", JOBS),
    rprn_setup.RpcEnumForms: ("pForm", FORMS),
    rprn_setup.RpcGetForm: ("pForm", FORMS),
    rprn_setup.RpcEnumPrinterDrivers: ("pDrivers", DRIVERS),
    rprn_setup.RpcGetPrinterDriver: ("pDriver", DRIVERS),
    rprn_setup.RpcGetPrinterDriver2: ("pDriver", DRIVERS),
    rprn_setup.RpcEnumPorts: ("pPort", kinds("PORT_INFO_", 1, 2)),
    rprn_setup.RpcEnumMonitors: ("pMonitor", kinds("MONITOR_INFO_", 1, 2)),
    rprn_setup.RpcEnumPrintProcessors: ("pPrintProcessorInfo", kinds("PRINTPROCESSOR_INFO_", 1)),
    rprn_setup.RpcEnumPrintProcessorDatatypes: ("pDatatypes", kinds("DATATYPES_INFO_", 1)),
}
PATHS = {12, 16}
"""Calls whose buffer is a text."""


def info(kind: type[Info], first: int) -> Any:
    """A structure with another value in each member."""
    values: dict[str, Any] = {}
    for number, (name, mark) in enumerate(layout(kind).fields, first):
        if isinstance(mark, Number):
            values[name] = tuple(range(1, 1 + mark.count)) if mark.count > 1 else number
        elif name in LISTS:
            values[name] = (f"{name}{first}", "another")
        else:
            values[name] = {"pDevMode": DEVMODE, "pSecurityDescriptor": SECURITY}.get(name, f"{name}{first}")
    if "PaddingForAlignment" in values:
        values["PaddingForAlignment"] = 0
    return kind(**values)


def test_every_reply_survives_sambas_library(samba_python: str) -> None:
    asked = []
    for interface, sized in ((rprn.WINSPOOL, SIZED), (par.IREMOTEWINSPOOL, SIZED_ASYNC)):
        for opnum, call in sorted(interface.calls.items()):
            if (interface is rprn.WINSPOOL and (call in BUFFERS or opnum in PATHS)) or opnum in sized:
                continue
            reply: type[Struct] = call.Reply  # type: ignore[attr-defined]
            for transfer in Transfer:
                request = None if call in NOT_EMPTY else filled(call).encode(transfer).hex()
                octets = [request, filled(reply).encode(transfer).hex()]
                asked.append([interface.name, opnum, transfer is Transfer.NDR64, *octets])
    told = again(samba_python, asked)
    different = [
        (one[:3], octets)
        for one, (octets, _) in zip(asked, told, strict=True)
        if octets not in (one[4], "unknown")
    ]
    assert not different
    assert {one[1] for one, (octets, _) in zip(asked, told, strict=True) if octets == "unknown"} == UNKNOWN
    assert len(asked) > 250


def printed_in_order(values: list[Any], printed: str) -> Any:
    """The first value that Samba does not print where it should stand; None if there is none."""
    place = 0
    for value in values:
        text = (
            re.escape(f"'{value}'") if isinstance(value, str) else rf"\({value}\)|0x{value:016x}|: {value}\b"
        )
        found = re.compile(text).search(printed, place)
        if found is None:
            return value
        place = found.end()
    return None


def flat(value: Info) -> list[Any]:
    """What is in a structure, as Samba prints it."""
    found: list[Any] = []
    for name, _ in layout(type(value)).fields:
        if name not in UNPRINTED:
            one = getattr(value, name)
            found += one if isinstance(one, tuple) else [one]
    return found


@pytest.mark.parametrize("call", BUFFERS, ids=lambda call: call.__name__)
def test_every_structure_in_a_buffer_is_read_alike(samba_python: str, call: type[Call]) -> None:
    """Where lists are asked for in NDR64, Samba's library refuses its own octets; [MS-PAR]'s twins are above."""
    name, levels = BUFFERS[call]
    fields = {field.name for field in dataclasses.fields(call.Reply)}  # type: ignore[attr-defined]
    count, asked, values = 1 + ("pcReturned" in fields), [], []
    syntaxes = list(Transfer) if count == 1 else [Transfer.NDR]
    for level, kind in levels.items():
        value = [info(kind, 1 + 30 * number) for number in range(count)]
        buffer = pack(kind, value)
        changes: dict[str, Any] = {name: bytes(len(buffer)), "cbBuf": len(buffer), "Level": level}
        request = dataclasses.replace(filled(call), **changes)
        answer: dict[str, Any] = {name: buffer, "pcbNeeded": len(buffer), "result": 0}
        answer |= {"pcReturned": count} if count > 1 else {}
        reply = dataclasses.replace(filled(call.Reply), **answer)  # type: ignore[attr-defined]
        for transfer in syntaxes:
            octets = [one.encode(transfer).hex() for one in (request, reply)]
            asked.append(["winspool", call.opnum, transfer is Transfer.NDR64, *octets])
            values.append((transfer, kind, value))
    for (transfer, kind, value), (octets, printed) in zip(values, again(samba_python, asked), strict=True):
        missing = printed_in_order([v for one in value for v in flat(one)], printed)
        assert missing is None, (kind.__name__, missing, octets, printed)
        theirs = call.Reply.decode(bytes.fromhex(octets), transfer)  # type: ignore[attr-defined]
        assert unpack(kind, getattr(theirs, name), count) == value, kind.__name__


def test_a_driver_with_its_files_is_read_by_samba(samba_python: str) -> None:
    """DRIVER_INFO_101, for which Samba's code is written by hand."""
    known = record("A driver", "Windows x64") | {"pDependentFiles": ("one.dll", "two.dll")}
    buffer = pack(infos.DRIVER_INFO_101, [with_files(known)])
    asked = []
    for transfer in Transfer:
        request = rprn_setup.RpcGetPrinterDriver2(
            hPrinter=ContextHandle(UUID(int=5)), Level=101, pDriver=bytes(len(buffer)), cbBuf=len(buffer)
        )
        reply = rprn_setup.RpcGetPrinterDriver2.Reply(pDriver=buffer, pcbNeeded=len(buffer))
        octets = [one.encode(transfer).hex() for one in (request, reply)]
        asked.append(["winspool", request.opnum, transfer is Transfer.NDR64, *octets])
    for octets_, printed in again(samba_python, asked):
        wanted = ["A driver", "Windows x64", "pscript5.dll", "ps5ui.dll", "pscript.ppd", "pscript.hlp"]
        wanted += ["one.dll", "two.dll", "RAW", "Microsoft"]
        assert printed_in_order(wanted, printed) is None, (octets_, printed)
