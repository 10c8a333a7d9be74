"""Every structure that buffers of [MS-RPRN] carry is read by tshark, and shown by the names and values that we gave.

Its dissector is written by hand, and knows about half of the levels. In NDR64 it takes a buffer's count for four
octets, and comes to the end of none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pagebell.dcerpc.ndr import Call, Struct, Transfer
from pagebell.winspool.buffers import Info, Number, Offset, layout, pack
from pagebell.winspool.idl import rprn, rprn_setup
from pagebell.winspool.server.drivers import record, with_files
from tests.interop.rpc import tshark
from tests.interop.rpc.test_every_message_tshark import wrong
from tests.interop.rpc.test_every_reply import BUFFERS, LISTS, info
from tests.interop.rpc.tshark_exceptions import UNIMPLEMENTED
from tests.winspool.filled import filled

SEVERAL = {rprn.RpcEnumJobs, rprn_setup.RpcEnumForms, rprn_setup.RpcEnumPrinterDrivers}
"""Calls of whose buffers tshark reads more than the first structure."""
NAMES = {
    **{
        "PRINTER pDescription": "printerdesc",
        "PRINTER pName": "printername",
        "PRINTER pComment": "printercomment",
    },
    **{"PRINTER pLocation": "printerlocation", "PRINTER pSepFile": "setpfile"},
    **{"PRINTER pszObjectGUID": "printer.guid", "JOB pDocument": "document", "JOB pStatus": "textstatus"},
    **{"FORM pName": "form.name", "DRIVER pName": "drivername", "DRIVER pOEMUrl": "oemrul"},
}
"""tshark's names of texts, where they are not the specification's in small letters."""
MISNAMED = {
    "JOB_INFO_1 pMachineName": "servername",
    "DRIVER_INFO_6 pMonitorName": "defaultdatatype",
    "DRIVER_INFO_6 pDefaultDataType": "",
}
"""Its errors: in [MS-RPRN] 2.2.2.4.6 DependentFilesOffset stands before the offsets of these two, not behind them, so
that the last of the three is shown as a list, which has no value of its own."""
HIDDEN = {
    *("PRINTER_INFO_2 Priority", "PRINTER_INFO_2 DefaultPriority", "PRINTER_INFO_2 cJobs"),
    *("PRINTER_INFO_2 AveragePPM", "PRINTER_INFO_2 StartTime", "PRINTER_INFO_2 UntilTime"),
    *("JOB_INFO_2 StartTime", "JOB_INFO_2 UntilTime", "JOB_INFO_2 Time"),
}
"""Numbers that it reads and does not show."""
PARTS = {
    "pDevMode": ("spoolss.devmode.devicename", "p1"),
    "pSecurityDescriptor": ("nt.sec_desc.type", "0x8004"),
}
"""Structures that it takes apart, and one of their parts."""
DATES = {"ftDriverDate_dwLowDateTime", "ftDriverDate_dwHighDateTime", "ftMinInboxDriverVerDate"}
"""Numbers that it shows as dates."""
UNKNOWN = {
    **{
        f"{call} PRINTER_INFO_{level}": "Unknown printer info level"
        for call in ("RpcEnumPrinters", "RpcGetPrinter")
        for level in (4, 6, 8, 9)
    },
    **{f"RpcEnumJobs JOB_INFO_{level}": f"Unknown job info level {level}" for level in (3, 4)},
    **{f"RpcGetJob JOB_INFO_{level}": f"Unknown job info level {level}" for level in (2, 3, 4)},
    "RpcGetForm FORM_INFO_2": "Unknown form info level 2",
    **{
        f"{call} DRIVER_INFO_{level}": f"Unknown driver info level {level}"
        for call in ("RpcEnumPrinterDrivers", "RpcGetPrinterDriver2")
        for level in (4, 5, 7)
    },
    "RpcGetPrinterDriver2 DRIVER_INFO_101": "Unknown data follows",
}
"""Levels that it has no code for, and what it says."""
AS_ANOTHER = {"RpcEnumForms FORM_INFO_2"}
"""Levels that it reads as level 1: of the second structure nothing is right."""


@dataclass(frozen=True)
class Filled:
    """A call, and its reply with structures of a level."""

    name: str
    call: Call
    reply: Struct
    values: Sequence[Info]


def exchanges() -> Iterator[Filled]:
    """Each level of each call of which tshark reads the replies."""
    for call, (name, levels) in BUFFERS.items():
        for level, kind in levels.items():
            if call.__name__ not in UNIMPLEMENTED:
                count = 2 if call in SEVERAL else 1
                yield _exchange(call, name, level, [info(kind, 101 + 30 * n) for n in range(count)])
    files = [with_files(record("A driver", "Windows x64"))]
    yield _exchange(rprn_setup.RpcGetPrinterDriver2, "pDriver", 101, files)


def _exchange(call: type[Call], name: str, level: int, values: Sequence[Info]) -> Filled:
    kind: type[Info] = type(values[0])
    octets = pack(kind, values)
    request: dict[str, Any] = {name: bytes(len(octets)), "cbBuf": len(octets), "Level": level}
    answer: dict[str, Any] = {name: octets, "pcbNeeded": len(octets), "result": 0}
    reply = filled(call.Reply)  # type: ignore[attr-defined]
    answer |= {"pcReturned": len(values)} if hasattr(reply, "pcReturned") else {}
    return Filled(
        f"{call.__name__} {kind.__name__}",
        dataclasses.replace(filled(call), **request),
        dataclasses.replace(reply, **answer),
        values,
    )


def shown_by(kind: str, member: str) -> str:
    """By what name tshark shows a text."""
    family = kind.partition("_")[0]
    plain = member.removeprefix("p").lower()
    return MISNAMED.get(f"{kind} {member}", NAMES.get(f"{family} {member}", plain))


def members(kind: type[Info]) -> list[tuple[str, Number | Offset]]:
    """Those that tshark shows as they are."""
    left_out = DATES | PARTS.keys() | {"PaddingForAlignment"}
    fields = layout(kind).fields
    return [
        (name, mark)
        for name, mark in fields
        if name not in left_out and f"{kind.__name__} {name}" not in HIDDEN
    ]


def named_otherwise(values: Sequence[Info], shown: tshark.Shown) -> Iterator[str]:
    """Texts that tshark shows by another name, and structures whose part is not there."""
    kind = type(values[0])
    for name, (part, told) in PARTS.items():
        if (name in dict(layout(kind).fields)) != (told in shown.of(part)):
            yield f"{name} has {shown.of(part)} as {part}"
    for name, mark in members(kind):
        field = shown_by(kind.__name__, name)
        texts = [getattr(value, name) for value in values]
        has_name = isinstance(mark, Offset) and name not in LISTS and field
        if has_name and shown.of(f"spoolss.{field}") != texts:
            yield f"{name} is shown as {field}: {shown.of(f'spoolss.{field}')}"


def ordered_otherwise(values: Sequence[Info], shown: tshark.Shown) -> Iterator[str]:
    """Texts, numbers, and the first of each list that are not shown in the order of the structures."""
    place = (tshark.plain(text) for _, text in shown.values)
    for value in values:
        for name, _ in members(type(value)):
            one = getattr(value, name)
            several = one if isinstance(one, tuple) else (one,)
            for single in several[:1] if name in LISTS else several:
                if str(single) not in place:
                    yield f"{name} {single} is not shown where it stands"


def read(path: str, folder: Path, transfer: Transfer) -> dict[str, list[str]]:
    """Have tshark read them all; return what is wrong with each."""
    every = list(exchanges())
    pairs = [(one.call, one.reply) for one in every]
    shown = tshark.show(path, folder / "buffers.pcap", rprn.WINSPOOL, transfer, pairs)
    found: dict[str, list[str]] = {}
    for one, (asked, answered) in zip(every, shown, strict=True):
        said = [*named_otherwise(one.values, answered), *ordered_otherwise(one.values, answered)]
        found[one.name] = [*wrong(one.call, asked), *(answered.complaints or said)]
    return found


def test_every_structure_in_a_buffer_is_shown_by_tshark(peer: Callable[[str], str], tmp_path: Path) -> None:
    found = read(peer("tshark"), tmp_path, Transfer.NDR)
    unread = {name: said for name, said in found.items() if said}
    assert unread.keys() == UNKNOWN.keys() | AS_ANOTHER
    assert {name: said[0] for name, said in unread.items() if name not in AS_ANOTHER} == UNKNOWN
    assert len(found) - len(unread) > 25


def test_tshark_comes_to_the_end_of_no_buffer_in_ndr64(peer: Callable[[str], str], tmp_path: Path) -> None:
    assert all(read(peer("tshark"), tmp_path, Transfer.NDR64).values())
