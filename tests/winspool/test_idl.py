"""What is declared has the names, the numbers, the order and the types of the specifications' IDL.

`tests/data/winspool_idl.toml` has the facts, made by `tools/gen_winspool.py`; where PAGEBELL_WINSPOOL_IDL names
a folder with the specifications as Markdown, they are made anew and compared.
"""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pagebell.dcerpc.ndr import Call, Interface, Struct
from pagebell.dcerpc.ndr.declaration import fields_of
from pagebell.dcerpc.ndr.types import Array, Node, Opaque, Pointer, Scalar, StructOf, Text, Union
from pagebell.winspool.idl import (
    containers,
    notify,
    par,
    par_more,
    par_notify,
    rprn,
    rprn_data,
    rprn_ipp,
    rprn_jobs,
    rprn_notify,
    rprn_packages,
    rprn_ports,
    rprn_setup,
    types,
)
from pagebell.winspool.idl.notify import EPrintPropertyType
from pagebell.winspool.idl.rprn_jobs import EBranchOfficeJobEventType, RPC_EPrintPropertyType

ROOT = Path(__file__).parents[2]
PATH = ROOT / "tests/data/winspool_idl.toml"
FACTS = tomllib.loads(PATH.read_text())
MODULES = (containers, notify, rprn_ipp, rprn_jobs, rprn_notify, rprn_packages, rprn_data, rprn_setup, types)
MODULES += (par_more, par_notify, rprn_ports)
SPECIFIED = {"MS-RPRN": rprn.WINSPOOL, "MS-PAR": par.IREMOTEWINSPOOL}
SPELT = {"Reply_": "Reply"}
"""Names that a class body can't have."""


NUMBERS = {
    **{"B": "u8", "h": "i16", "H": "u16", "i": "i32", "I": "u32", "q": "i64", "Q": "u64", "f": "f32"},
    **{"iq": "iptr", "IQ": "uptr"},
}
ENUMS = (EPrintPropertyType, RPC_EPrintPropertyType, EBranchOfficeJobEventType)
BIDI = (
    "BIDI_NULL",
    "BIDI_INT",
    "BIDI_FLOAT",
    "BIDI_BOOL",
    "BIDI_STRING",
    "BIDI_TEXT",
    "BIDI_ENUM",
    "BIDI_BLOB",
)
VALUES = {
    **{member.name: int(member) for one in ENUMS for member in one},
    **{name: number for number, name in enumerate(BIDI)},
    **{f"TABLE_{name}": getattr(notify, f"TABLE_{name}") for name in ("DWORD", "STRING", "DEVMODE", "TIME")},
    "TABLE_SECURITYDESCRIPTOR": notify.TABLE_SECURITYDESCRIPTOR,
}
"""What the IDL's names of a union's arms stand for."""


def shape(node: Node, counted: str = "") -> str:
    """A type in the words of `tools/gen_winspool.py`; `?` counts what the handlers compare themselves."""
    match node:
        case Scalar(enum=None):
            bounds = "" if node.low is None else f"{{{node.low}..{node.high}}}"
            return NUMBERS[node.code + node.code64] + bounds
        case Scalar():
            assert node.enum is not None
            return node.enum.__name__
        case Opaque():
            return {16: "guid", 20: "handle"}[node.size]
        case Text():
            return f"str{8 * node.unit}" if node.varying else f"u{8 * node.unit}[{counted or '?'}]"
        case Array():
            return f"{shape(node.of)}[{node.fixed or node.size_is or counted or '?'}]"
        case Pointer():
            return f"{node.kind.value} {shape(node.to, counted)}"
        case StructOf():
            return node.cls.__name__
        case Union():
            mask = "" if node.mask is None else f" & {node.mask:#x}"
            arms = sorted((int(value), shape(arm)) for value, arm in node.arms.items())
            return f"union {node.switch}{mask} " + "; ".join(f"{value}={arm}" for value, arm in arms)
    return "nothing"


def told(kind: type[Struct]) -> dict[str, str]:
    """The types of a declaration's fields."""
    fields = fields_of(kind)
    counts = {one.counts: one.name + (f"/{one.unit}" if one.unit > 1 else "") for one in fields if one.counts}
    return {SPELT.get(one.name, one.name): shape(one.node, counts.get(one.name, "")) for one in fields}


def specified(text: str) -> str:
    """A type of the IDL, with the arms of unions by their values and in order."""
    if not text.startswith("union "):
        return text
    whole = re.fullmatch(r"union (?:(0x\w+) & )?(\w+)(?: & (0x\w+))? (.*)", text)
    assert whole is not None, text
    before, switch, behind, arms = whole.groups()
    mask = f" & {int(before or behind, 0):#x}" if before or behind else ""
    found = []
    for arm in arms.split("; "):
        values, _, made = arm.partition("=")
        found += [(VALUES[one] if one in VALUES else int(one, 0), made) for one in values.split(",")]
    return f"union {switch}{mask} " + "; ".join(f"{value}={made}" for value, made in sorted(found))


def alike(ours: str, theirs: str) -> bool:
    """Whether two types are the same, but for counts that are the handlers' business."""
    if "[?]" in ours:
        theirs = re.sub(r"\[[^\]]*\]", "[?]", theirs)
    return ours == specified(theirs)


def names(kind: type[Struct]) -> list[str]:
    fields: list[Any] = list(dataclasses.fields(kind))  # type: ignore[arg-type]
    return [SPELT.get(field.name, field.name) for field in fields]


CALLS = [
    pytest.param(specification, call, id=call.__name__)
    for specification, interface in SPECIFIED.items()
    for call in interface.calls.values()
]


@pytest.mark.parametrize(("specification", "call"), CALLS)
def test_a_call_is_as_its_specification_has_it(specification: str, call: type[Call]) -> None:
    name, *parameters = FACTS[specification]["methods"][str(call.opnum)]
    assert call.__name__ == name
    if "NotUsedOnWire" in name:
        return
    parsed = [(*one.partition(": ")[0].split(), one.partition(": ")[2]) for one in parameters]
    assert names(call) == [one for one, *ways, _ in parsed if "in" in ways]
    assert names(call.Reply) == [one for one, *ways, _ in parsed if "out" in ways] + ["result"]
    asked, answered = told(call), told(call.Reply)
    different = {
        f"{way} {one}": (types_[one], made)
        for one, *ways, made in parsed
        for way, types_ in (("in", asked), ("out", answered))
        if way in ways and not alike(types_[one], made)
    }
    assert not different


@pytest.mark.parametrize("specification", SPECIFIED)
def test_every_call_of_the_specification_is_declared(specification: str) -> None:
    interface: Interface = SPECIFIED[specification]
    numbered = FACTS[specification]["methods"].items()
    absent = {name for opnum, (name, *_) in numbered if int(opnum) not in interface.calls}
    assert [name for name in absent if "NotUsedOnWire" not in name] == []


def test_members_of_structures_are_the_specifications() -> None:
    known = {**FACTS["MS-PAR"]["structures"], **FACTS["MS-RPRN"]["structures"]}
    ours = {
        name: kind
        for module in MODULES
        for name, kind in vars(module).items()
        if isinstance(kind, type)
        and issubclass(kind, Struct)
        and not issubclass(kind, Call)
        and name in known
    }
    order = {name: [one.partition(": ")[0] for one in members] for name, members in known.items()}
    assert {name: names(kind) for name, kind in ours.items()} == {name: order[name] for name in ours}
    different = [
        (name, member, made, theirs)
        for name, kind in ours.items()
        for (member, made), theirs in zip(told(kind).items(), known[name], strict=True)
        if not alike(made, theirs.partition(": ")[2])
    ]
    assert not different
    assert len(ours) > 45


def test_the_facts_are_those_of_the_specifications() -> None:
    folder = os.environ.get("PAGEBELL_WINSPOOL_IDL")
    if not folder:
        pytest.skip("PAGEBELL_WINSPOOL_IDL names no folder with MS-RPRN.md and MS-PAR.md")
    paths = [str(Path(folder) / name) for name in ("MS-RPRN.md", "MS-PAR.md")]
    tool = ROOT / "tools/gen_winspool.py"
    run = subprocess.run([sys.executable, str(tool), *paths], capture_output=True, text=True, check=True)
    assert tomllib.loads(run.stdout) == FACTS
