"""What is declared has the names, the numbers and the order of the specifications' IDL.

`tests/data/winspool_idl.toml` has the facts, made by `tools/gen_winspool.py`; where PAGEBELL_WINSPOOL_IDL names
a folder with the specifications as Markdown, they are made anew and compared.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pagebell.dcerpc.ndr import Call, Interface, Struct
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

ROOT = Path(__file__).parents[2]
PATH = ROOT / "tests/data/winspool_idl.toml"
FACTS = tomllib.loads(PATH.read_text())
MODULES = (containers, notify, rprn_ipp, rprn_jobs, rprn_notify, rprn_packages, rprn_data, rprn_setup, types)
MODULES += (par_more, par_notify, rprn_ports)
SPECIFIED = {"MS-RPRN": rprn.WINSPOOL, "MS-PAR": par.IREMOTEWINSPOOL}
SPELT = {"Reply_": "Reply"}
"""Names that a class body can't have."""


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
    told = [parameter.split() for parameter in parameters]
    assert names(call) == [one for one, *ways in told if "in" in ways]
    assert names(call.Reply) == [one for one, *ways in told if "out" in ways] + ["result"]


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
    different = {
        name: (names(kind), known[name]) for name, kind in ours.items() if names(kind) != known[name]
    }
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
