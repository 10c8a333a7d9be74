"""impacket registers for changes, prints and hears of them: by calls that wait, and by calls to its own RPC server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pagebell.winspool.changes import ChangeFlag, JobField, NotifyType
from tests.interop.rpc.test_notification_peers import PASSWORD, _running
from tests.server import ServerProcess

HOST, CLIENT = "127.0.0.41", "127.0.0.42"
"""The server's address, and its client's, at whose port 135 impacket listens."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with _running(tmp_path_factory.mktemp("notify"), HOST) as running:
        yield running


def listening(python: str, server: ServerProcess, way: str) -> dict[str, Any]:
    """What it tells."""
    script = str(Path(__file__).with_name("listen_by_impacket.py"))
    argv = [python, script, way, HOST, str(server.rpc_port), "alice", PASSWORD, "Sim", CLIENT]
    run = subprocess.run(argv, capture_output=True, text=True, timeout=90, check=False)
    assert run.returncode == 0, run.stderr
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def test_impacket_registers_prints_polls_and_receives(impacket_python: str, server: ServerProcess) -> None:
    """[MS-PAR] 4.5"""
    told = listening(impacket_python, server, "par")
    job, first, everything = told["job"], told["first"], told["everything"]
    assert first["flags"] & ChangeFlag.ADD_JOB
    assert (first["color"], everything["color"]) == (7, 7)
    document = [NotifyType.JOB, JobField.DOCUMENT, job, "From impacket"]
    assert document in first["members"]
    assert document in everything["members"]
    assert told["gone"] == "00" * 20


def test_impacket_registers_prints_and_is_called(impacket_python: str, server: ServerProcess) -> None:
    """[MS-RPRN] 4.5"""
    told = listening(impacket_python, server, "rprn")
    assert told["called"] == {"machine": "\\\\client", "cookie": 4711}
    assert told["first"]["flags"] == ChangeFlag.ADD_JOB
    assert [NotifyType.JOB, JobField.DOCUMENT, told["job"], "From impacket"] in told["first"]["members"]
    assert told["closed"]
