"""Custom-marshalled structures have the members and sizes of [MS-RPRN] 2.2.2, and each call the levels of its table.

The facts are those of `test_idl`.
"""

from __future__ import annotations

import itertools
import re
import struct
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from pagebell.dcerpc.ndr import Call
from pagebell.winspool import infos
from pagebell.winspool.buffers import Info, Number, layout
from pagebell.winspool.idl import rprn
from pagebell.winspool.idl.containers import DRIVER_CONTAINER
from pagebell.winspool.idl.rprn_setup import RpcAddPrinterDriverEx
from pagebell.winspool.idl.types import (
    DRIVER_INFO_1,
    DRIVER_INFO_2,
    RPC_DRIVER_INFO_3,
    RPC_DRIVER_INFO_4,
    RPC_DRIVER_INFO_6,
    RPC_DRIVER_INFO_8,
)
from pagebell.winspool.server.desk import Settings
from pagebell.winspool.werror import Win32
from tests.winspool.stand import Stand, open_printer

FACTS = tomllib.loads((Path(__file__).parents[1] / "data/winspool_idl.toml").read_text())["MS-RPRN"]
SPELT = {"PORT_INFO_1 PortName": "Name", "DRIVER_INFO_8 CoreDriverDependencies": "CoreDependencies"}
"""Members that have the names of the same members in other structures."""
BESIDES = {"RpcGetPrinter": {9}, "RpcGetPrinterDriver": {5}}
"""Levels that other servers answer to although the tables leave them out: Windows' functions have them."""
DRIVERS: dict[int, Any] = {
    **{1: DRIVER_INFO_1, 2: DRIVER_INFO_2, 3: RPC_DRIVER_INFO_3, 4: RPC_DRIVER_INFO_4},
    **{6: RPC_DRIVER_INFO_6, 8: RPC_DRIVER_INFO_8},
}
ASKED = (*range(12), 100, 101, 102)


def plain(member: str) -> str:
    """A member's name without what says that it is an offset, or a text."""
    return re.sub(r"^(?:p?szz?|p)(?=[A-Z])", "", member.removesuffix("Offset"))


def members(kind: type[Info]) -> list[tuple[str, int]]:
    """The octets of each member; of one that we have in two parts, those of both."""
    found = []
    for whole, parts in itertools.groupby(layout(kind).fields, lambda field: field[0].partition("_dw")[0]):
        codes = (f"{mark.count}{mark.code}" if isinstance(mark, Number) else "I" for _, mark in parts)
        name = plain(whole)
        found.append((SPELT.get(f"{kind.__name__} {name}", name), struct.calcsize("<" + "".join(codes))))
    return found


@pytest.mark.parametrize("name", FACTS["infos"])
def test_a_structure_in_a_buffer_is_as_its_specification_has_it(name: str) -> None:
    told = [one.split(": ") for one in FACTS["infos"][name]]
    assert members(getattr(infos, name)) == [(plain(one), int(size)) for one, size in told]


def asking(kind: type[Call], level: int, handle: Any) -> Call:
    """A call that asks at a level."""
    if kind is RpcAddPrinterDriverEx:
        driver = DRIVERS[level](pName="D") if level in DRIVERS else None
        return kind(pDriverContainer=DRIVER_CONTAINER(Level=level, DriverInfo=driver))
    given = {"hPrinter": handle, "pFormName": "A4", "Level": level, "Flags": 2}
    return kind(**{field.name: given[field.name] for field in fields(kind) if field.name in given})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FACTS["levels"])
async def test_a_call_knows_the_levels_of_its_table(here: Stand, name: str) -> None:
    here.desk.settings = Settings(driver="D", accept_driver_records=True)
    (kind,) = (call for call in rprn.WINSPOOL.calls.values() if call.__name__ == name)
    async with here.client("root") as client:
        handle = await open_printer(client)
        replies = {level: await client.call(asking(kind, level, handle)) for level in ASKED}
    known = {level for level, reply in replies.items() if reply.result != Win32.INVALID_LEVEL}
    assert known == set(FACTS["levels"][name]) | BESIDES.get(name, set())


def test_no_call_lists_level_7_of_drivers() -> None:
    """DRIVER_INFO_7 is specified, and of no use to anybody."""
    assert "DRIVER_INFO_7" in FACTS["infos"]
    assert not [name for name, levels in FACTS["levels"].items() if "Driver" in name and 7 in levels]
