"""Every request and reply of [MS-RPRN] and [MS-PAR], as we write it, is read to its end and rightly by tshark.

`tshark_exceptions` names the messages that it does not read, each with its reason; the buffers that some calls fill
are in `test_every_buffer_tshark`.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest

from pagebell.dcerpc.ndr import Call, ContextHandle, Interface, Struct, Transfer
from pagebell.winspool.idl import (
    par,
    par_more,
    par_notify,
    rprn,
    rprn_data,
    rprn_notify,
    rprn_packages,
    rprn_setup,
)
from pagebell.winspool.idl.containers import (
    DEVMODE_CONTAINER,
    FORM_CONTAINER,
)
from pagebell.winspool.server.data import Value, pack_values
from tests.interop.rpc import tshark
from tests.interop.rpc.test_every_reply import BUFFERS
from tests.interop.rpc.test_every_request import variants
from tests.interop.rpc.tshark_exceptions import (
    NAMELESS,
    NOWHERE,
    OPERATIONS,
    REPLY_ALONE,
    UNIMPLEMENTED,
    excepted,
)
from tests.winspool.apart import apart, leaves
from tests.winspool.elements import ELEMENTS, changed, units
from tests.winspool.filled import filled

S = TypeVar("S", bound=Struct)
DECLARED = (par_more, par_notify)
"""Imported for the calls that they add."""
ARM = re.compile(r"\b(?:RPC_)?[A-Z]+_INFO_(?:\d|FF|STRESS)\b")
UNSHOWN = re.compile(r"pSecurity$|ftDriverDate")
"""What tshark shows otherwise: a descriptor by its parts, a time as a date."""


PARAMETER = re.compile(r"iremotewinspool\.winspool_\w+\.(\w+)")
OTHER_NAMES = {"Name": "pName"}
"""What Samba's IDL, and with it tshark, calls a parameter that has another name in the specifications."""
NO_CODE = {"stub data", "Unimplemented dissector: SPOOLSS"}
LEFT_OUT = NAMELESS | UNIMPLEMENTED | REPLY_ALONE


VALUES = pack_values([Value("model", 1, "one\0".encode("utf-16-le")), Value("count", 4, b"\7\0\0\0")])
FOLDER = "folder\0".encode("utf-16-le")
ZEROS = bytes(8)
DEVMODE = filled(DEVMODE_CONTAINER).pDevMode or b""
PARTS = {VALUES: ("model", "one", "count", "7"), FOLDER: ("folder",), DEVMODE: ("p1", "A4"), ZEROS: ()}
"""What octets say that tshark takes apart; of zeros, where it looks for a second count, there is nothing to show."""
PROPER: dict[type[Struct], dict[str, Any]] = ELEMENTS | {
    rprn_setup.RpcGetPrinterDriverDirectory.Reply: {"pDriverDirectory": FOLDER},
    rprn_data.RpcEnumPrinterData.Reply: {"pValueName": units("one\0")},
    rprn_data.RpcEnumPrinterDataEx.Reply: {"pEnumValues": VALUES, "pcbEnumValues": 301, "pnEnumValues": 2},
    rprn_data.RpcEnumPrinterKey.Reply: {"pSubkey": units("one\0two\0\0"), "pcbSubkey": 302},
    rprn_packages.RpcGetCorePrinterDrivers: {"pszzCoreDriverDependencies": units("one\0two\0\0")},
}
"""Octets that have a form of their own, and arrays, which `filled` leaves empty."""


def proper(value: S, numbers: Iterator[int]) -> S:
    """The same with something else in every place, and where that has a form of its own, in that form."""
    return changed(apart(value, numbers), PROPER)


def messages(interface: Interface) -> Iterator[tuple[str, Call, Struct]]:
    """Every call with its reply, and with each arm of its unions."""
    for _, call in sorted(interface.calls.items()):
        if interface is rprn.WINSPOOL and call in BUFFERS and call.__name__ not in LEFT_OUT:
            continue
        for one in [*variants(filled(call))] or [filled(call)]:
            arms = ARM.findall(repr(one))
            numbers = itertools.count(101)
            request = proper(one, numbers)
            yield " ".join((call.__name__, *arms)), request, proper(filled(call.Reply), numbers)  # type: ignore[attr-defined]


def without() -> Iterator[tuple[str, Call, Struct]]:
    """Calls without what tshark cannot read of them."""
    nothing: dict[type[Call], dict[str, Any]] = {
        rprn.RpcSetJob: {"pJobContainer": None},
        rprn_setup.RpcAddForm: {"pFormInfoContainer": FORM_CONTAINER()},
        rprn_setup.RpcSetForm: {"pFormInfoContainer": FORM_CONTAINER()},
        rprn_notify.RpcReplyOpenPrinter: {"pBuffer": None},
        rprn_notify.RpcRouterReplyPrinter: {"pBuffer": None},
        rprn_packages.RpcGetPrinterDriverPackagePath: {"pszDriverPackageCab": None},
    }
    for call, changes in nothing.items():
        numbers = itertools.count(101)
        request, reply = proper(filled(call), numbers), proper(filled(call.Reply), numbers)  # type: ignore[attr-defined]
        both = {name: value for name, value in changes.items() if hasattr(reply, name)}
        yield (
            f"{call.__name__} without",
            dataclasses.replace(request, **changes),
            dataclasses.replace(reply, **both),
        )
    numbers = itertools.count(101)
    zeros = dataclasses.replace(proper(filled(rprn.RpcGetPrinterDataEx.Reply), numbers), pData=ZEROS)
    yield "RpcGetPrinterDataEx without", proper(filled(rprn.RpcGetPrinterDataEx), numbers), zeros


def is_shown(name: str, value: Any, shown: tshark.Shown) -> bool:
    """Whether tshark shows it."""
    texts = {text for _, text in shown.values}
    if UNSHOWN.search(name):
        return True
    match value:
        case ContextHandle():
            return (value.attributes.to_bytes(4, "little") + value.uuid.bytes_le).hex(":") in texts
        case UUID():
            return str(value) in texts
        case str():
            return texts.issuperset(filter(None, value.split("\0")))
        case tuple():
            as_text = "".join(one if isinstance(one, str) else chr(one) for one in value).split("\0")
            return texts.issuperset(filter(None, as_text)) or in_a_row(value, shown)
        case bytes():
            taken_apart = value in PARTS and texts.issuperset(PARTS[value])
            return taken_apart or value.hex(":") in texts or in_a_row(value, shown)
        case _:
            return int(value) in shown.numbers


def in_a_row(values: tuple[int, ...] | bytes, shown: tshark.Shown) -> bool:
    """Whether tshark shows these numbers one after the other."""
    return f" {' '.join(map(str, values))} " in f" {' '.join(map(str, shown.numbers))} "


def wrong(message: Struct, shown: tshark.Shown) -> list[str]:
    """What tshark says against a message, and what it does not show of it, or not in this order, or by another name."""
    inside = {name for name, value in leaves(message) if not is_shown(name, value, shown)}
    return [*shown.complaints, *inside, *(name for name in misplaced(message, shown) if name not in inside)]


def misplaced(message: Struct, shown: tshark.Shown) -> Iterator[str]:
    """Parameters that tshark shows elsewhere; its names of those of [MS-PAR] are the specification's."""
    place = iter(shown.values)
    for name, value in leaves(message):
        if "." in name or not isinstance(value, str | int):
            continue
        text = value if isinstance(value, str) else str(int(value))
        field = next((field for field, one in place if tshark.plain(one) == text), None)
        own = field is not None and PARAMETER.fullmatch(field)
        if field is None or (own and own[1] not in (name, OTHER_NAMES.get(name))):
            yield name


def exchange(path: str, folder: Path, interface: Interface, transfer: Transfer) -> dict[str, list[str]]:
    """Have tshark read each message; return what is wrong with it."""
    named = [*messages(interface), *(without() if interface is rprn.WINSPOOL else ())]
    pairs = [(call, reply) for _, call, reply in named]
    shown = tshark.show(path, folder / "calls.pcap", interface, transfer, pairs)
    found: dict[str, list[str]] = {}
    for (name, call, reply), (asked, answered) in zip(named, shown, strict=True):
        for one in (asked, answered):
            assert (one.opnum, one.operation) == (call.opnum, operation(type(call)))
        found |= {f"{name} request": wrong(call, asked), f"{name} reply": wrong(reply, answered)}
    return found


def operation(call: type[Call]) -> str:
    """By what name tshark knows a call."""
    plain = call.__name__.removeprefix("Rpc")
    if call.interface is par.IREMOTEWINSPOOL:
        return f"winspool_{plain}"
    if call.__name__ in NAMELESS:
        return f"unknown operation {call.opnum}"
    return OPERATIONS.get(call.__name__, plain)


def unread(found: dict[str, list[str]]) -> set[str]:
    """Messages with which something is wrong."""
    return {label for label, said in found.items() if said}


@pytest.mark.parametrize("transfer", Transfer)
def test_every_message_of_ms_par_is_read_by_tshark(
    peer: Callable[[str], str], tmp_path: Path, transfer: Transfer
) -> None:
    found = exchange(peer("tshark"), tmp_path, par.IREMOTEWINSPOOL, transfer)
    assert unread(found) == excepted("IRemoteWinspool", transfer)
    assert len(found) > 180


@pytest.mark.parametrize("transfer", Transfer)
def test_every_message_of_ms_rprn_is_read_by_tshark(
    peer: Callable[[str], str], tmp_path: Path, transfer: Transfer
) -> None:
    found = exchange(peer("tshark"), tmp_path, rprn.WINSPOOL, transfer)
    left_out = {label for label in found if found[label] and found[label][0] in NO_CODE}
    assert unread(found) - left_out == excepted("winspool", transfer)
    assert {label.split()[0] for label in left_out if label.endswith("request")} == LEFT_OUT
    assert {label.split()[0] for label in left_out if label.endswith("reply")} == LEFT_OUT - REPLY_ALONE


def alike(one: type[Call], other: type[Call]) -> bool:
    """Whether two calls have the same octets."""
    kinds = ((one, other), (one.Reply, other.Reply))  # type: ignore[attr-defined]
    return all(filled(a).encode(t) == filled(b).encode(t) for a, b in kinds for t in Transfer)


def test_what_tshark_leaves_out_of_ms_rprn_it_reads_by_the_numbers_of_ms_par(
    peer: Callable[[str], str], tmp_path: Path
) -> None:
    """Most calls of [MS-PAR] are such of [MS-RPRN], with the same octets."""
    found = exchange(peer("tshark"), tmp_path, par.IREMOTEWINSPOOL, Transfer.NDR)
    wrongly = {label.split()[0] for label in unread(found)}
    twins = {
        base.__name__
        for call in par.IREMOTEWINSPOOL.calls.values()
        for base in call.__mro__[1:]
        if base in rprn.WINSPOOL.calls.values() and call.__name__ not in wrongly and alike(base, call)
    }
    assert LEFT_OUT - twins == NOWHERE
