"""Every declared request is read by Samba's library and written again with the same octets, in NDR and in NDR64."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pagebell.dcerpc.ndr import Struct, Transfer
from pagebell.dcerpc.ndr.declaration import fields_of
from pagebell.dcerpc.ndr.types import Empty, Pointer, StructOf, Union
from pagebell.winspool.idl import (
    par,
    par_more,
    par_notify,
    rprn,
    rprn_data,
    rprn_ipp,
    rprn_notify,
    rprn_ports,
    rprn_setup,
)
from tests.winspool.filled import filled

DECLARED = (par_more, par_notify, rprn_data, rprn_ipp, rprn_notify, rprn_ports, rprn_setup)
"""Imported for the calls that they add."""
UNKNOWN = {28, 46, 47, 62, 96, 117, 119, 120, 121, 122, 123}
"""Calls of [MS-RPRN] that Samba 4.17's own declarations leave out."""
OTHERS = {
    *(rprn_ports.RpcAddPortEx, rprn_ports.RpcSetPort, par_more.RpcAsyncAddPort, par_more.RpcAsyncSetPort),
    par_more.RpcAsyncAddMonitor,
}
"""Calls in whose containers Samba has other unions: RpcSetPrinter's for a port, that of INFO buffers for a monitor."""
NOT_EMPTY = {*OTHERS, rprn_notify.RpcRouterReplyPrinterEx}
"""And the one whose union has no empty arm; test_ndr_samba has it."""


PECULIAR: dict[tuple[str, Transfer | None], str] = {
    ("SPLCLIENT_INFO_2", Transfer.NDR64): "LONG_PTR takes four octets with Samba",
    ("SPLCLIENT_INFO_3", None): "Samba aligns an unsigned __int64 to four",
    ("RPC_DRIVER_INFO_6", None): "Samba aligns a DWORDLONG to four",
    ("RPC_DRIVER_INFO_8", None): "Samba aligns a DWORDLONG to four",
    **dict.fromkeys(
        (("RPC_DRIVER_INFO_3", Transfer.NDR64), ("RPC_DRIVER_INFO_4", Transfer.NDR64)),
        "the counts of Samba's lists of texts take four octets",
    ),
    (
        "PRINTER_INFO_STRESS",
        Transfer.NDR64,
    ): "Samba's wProcessorArchitecture is an enum, which takes four octets",
}
"""Structures in which Samba's declarations differ from the IDL; `test_octets_by_hand` has these."""


def again(samba_python: str, asked: list[list[Any]]) -> list[tuple[str, str]]:
    """What Samba makes of calls, and what it prints of them."""
    run = subprocess.run(
        [samba_python, str(Path(__file__).with_name("samba_roundtrip.py"))],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [(octets, printed) for octets, printed in json.loads(run.stdout)]


def test_every_request_survives_sambas_library(samba_python: str) -> None:
    asked = [
        [interface.name, opnum, transfer is Transfer.NDR64, filled(call).encode(transfer).hex(), None]
        for interface in (rprn.WINSPOOL, par.IREMOTEWINSPOOL)
        for opnum, call in sorted(interface.calls.items())
        if call not in NOT_EMPTY
        for transfer in Transfer
    ]
    pairs = list(zip(asked, again(samba_python, asked), strict=True))
    different = [(one[:3], octets) for one, (octets, _) in pairs if octets not in (one[3], "unknown")]
    assert not different
    unknown = {one[1] for one, (octets, _) in pairs if octets == "unknown"}
    assert unknown == UNKNOWN
    assert len(asked) > 290


def variants(value: Struct) -> Iterator[Struct]:
    """The same with each arm of its unions filled, wherever they are."""
    for field in fields_of(type(value)):
        node = field.node.to if isinstance(field.node, Pointer) else field.node
        if isinstance(node, Union):
            for tag, arm in node.arms.items():
                of = arm.to if isinstance(arm, Pointer) else arm
                if isinstance(of, StructOf):
                    changes: dict[str, Any] = {node.switch: tag, field.name: filled(of.cls)}
                    yield dataclasses.replace(value, **changes)
                elif isinstance(arm, Empty):
                    yield dataclasses.replace(value, **{node.switch: tag, field.name: None})
        elif isinstance(node, StructOf):
            inner = getattr(value, field.name)
            for one in variants(inner if inner is not None else filled(node.cls)):
                yield dataclasses.replace(value, **{field.name: one})


def peculiar(value: Struct, transfer: Transfer) -> str:
    """Why Samba's octets are others than the specification's."""
    inner = re.findall(r"(\w+)\(", repr(value))
    for (name, syntax), why in PECULIAR.items():
        if name in inner and syntax in (None, transfer):
            return why
    return ""


def test_every_level_of_what_a_request_holds_survives(samba_python: str) -> None:
    values = [
        (interface.name, opnum, one, transfer)
        for interface in (rprn.WINSPOOL, par.IREMOTEWINSPOOL)
        for opnum, call in sorted(interface.calls.items())
        if call not in OTHERS
        for one in variants(filled(call))
        for transfer in Transfer
    ]
    asked = [
        [interface, opnum, transfer is Transfer.NDR64, one.encode(transfer).hex(), None]
        for interface, opnum, one, transfer in values
    ]
    different: dict[str, list[str]] = {}
    for (_, _, value, transfer), one, (octets, _) in zip(
        values, asked, again(samba_python, asked), strict=True
    ):
        if octets not in (one[3], "unknown"):
            why = peculiar(value, transfer)
            different.setdefault(why, []).append(f"{transfer.value} {value}: {octets} is not {one[3]}")
    assert not different.get("")
    assert set(different) == set(PECULIAR.values())
    assert len(asked) > 150
