"""The runtime knows nothing of printing, and its protocol parts do no I/O."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import pagebell.dcerpc

ROOT = Path(pagebell.dcerpc.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
SHELLS = {
    "kerberos.py",
    "patience.py",
    "pipe_server.py",
    "winbind.py",
    "client.py",
    "server.py",
    "sockets.py",
    "tasks.py",
    "endpoint_lookup.py",
    "smb_pipe.py",
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.name)
def test_it_imports_nothing_else_of_ours(path: Path) -> None:
    ours = {n for n in imported(path) if n.startswith("pagebell")}
    assert all(n.startswith("pagebell.dcerpc") for n in ours - {"pagebell.sockets"})


@pytest.mark.parametrize("path", [p for p in MODULES if p.name not in SHELLS], ids=lambda p: p.name)
def test_only_shells_do_io(path: Path) -> None:
    assert not imported(path) & {"asyncio", "socket", "select", "threading", "ssl"}
