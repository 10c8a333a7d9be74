"""Samba's clients hear of changes: by calls that wait, and by calls to them; and its packer agrees about the octets."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from pagebell.dcerpc.ndr import Call, ContextHandle, Transfer
from pagebell.winspool.changes import ChangeFlag, JobField, NotifyType
from pagebell.winspool.client.answering import Answering, News, Unreachable
from pagebell.winspool.constants import JobStatus
from pagebell.winspool.idl import par_notify, rprn_notify
from tests.interop.rpc.test_spoolss_peers import PASSWORD, configuration
from tests.peers import absent, need_mapper
from tests.server import ServerProcess
from tests.winspool.listening import filtered, options
from tests.wire import Wire, wire

__all__ = ["configuration"]
HERE = Path(__file__).parent
HOST = "127.0.0.16"
OBJECT = "9940ca8e-512f-4c58-88a9-61098d6896bd"
DEVICES = {"Sim": "simulated://?ppm=600"}
HANDLE = ContextHandle(UUID("11223344-5566-7788-99aa-bbccddeeff00"))
FIELDS = {0: (4, 18), 1: (10, 13, 22)}
REQUESTS: dict[str, Call] = {
    "find_first": rprn_notify.RpcRemoteFindFirstPrinterChangeNotificationEx(
        hPrinter=HANDLE,
        fdwFlags=0x100,
        pszLocalMachine=r"\\me",
        dwPrinterLocal=4711,
        pOptions=options(FIELDS),
    ),
    "refresh": rprn_notify.RpcRouterRefreshPrinterChangeNotification(
        hPrinter=HANDLE, dwColor=3, pOptions=options(FIELDS)
    ),
    "register": par_notify.RpcSyncRegisterForRemoteNotifications(
        hPrinter=HANDLE, pNotifyFilter=filtered(0x100, options(FIELDS), 7)
    ),
}


def test_requests_equal_sambas(samba_python: str) -> None:
    argv = [samba_python, str(HERE / "samba_notify.py")]
    run = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True)
    for name, packed in json.loads(run.stdout).items():
        for transfer, octets in zip((Transfer.NDR, Transfer.NDR64), packed, strict=True):
            assert REQUESTS[name].encode(transfer).hex() == octets, (name, transfer)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with _running(tmp_path_factory.mktemp("notify"), HOST) as running:
        yield running


def _running(folder: Path, host: str) -> ServerProcess:
    running = ServerProcess(folder, devices=DEVICES, rpc=f"{host}:0")
    running.add_user("alice", PASSWORD)
    return running


def listen_by_samba(
    samba_python: str, configuration: Path, way: str, binding: str, host: str = HOST
) -> list[str]:
    """The command of Samba's client."""
    argv = [samba_python, str(HERE / "listen_by_samba.py"), way, str(configuration), binding]
    return [*argv, "alice", PASSWORD, f"\\\\{host}\\Sim"]


def _documents(members: list[Any]) -> list[Any]:
    return [
        value for type_, field, _, value in members if (type_, field) == (NotifyType.JOB, JobField.DOCUMENT)
    ]


def test_samba_registers_prints_receives_and_asks(
    samba_python: str, server: ServerProcess, configuration: Path
) -> None:
    """The use case step by step, and [MS-PAR] 4.5, with Samba's library as the client."""
    need_mapper(server, HOST)
    argv = listen_by_samba(samba_python, configuration, "par", f"{OBJECT}@ncacn_ip_tcp:{HOST}[seal]")
    run = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, cwd=server.folder)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    first = told["heard"][0]
    assert first["flags"] & ChangeFlag.ADD_JOB
    assert (first["color"], told["everything"]["color"]) == (7, 7)
    assert _documents(first["members"]) == _documents(told["everything"]["members"]) == ["From Samba"]
    statuses = [status for one in told["heard"] for status in _statuses(one["members"])]
    assert statuses[0] & JobStatus.SPOOLING and statuses[-1] & JobStatus.PRINTED
    assert told["heard"][-1]["flags"] & ChangeFlag.DELETE_JOB
    assert told["asked"] & JobStatus.PRINTED
    assert told["written"] == 23


def _statuses(members: list[Any]) -> list[int]:
    found = []
    for type_, field, _, value in members:
        if (type_, field) == (NotifyType.JOB, JobField.STATUS):
            found.append(value[0])
    return found


async def _where_it_connects_from(stack: AsyncExitStack, answering: Answering) -> None:
    """Listen at port 135 of 127.0.0.1, as soon as no other server of these tests does."""
    deadline = time.monotonic() + 60
    while True:
        try:
            await stack.enter_async_context(answering.serving("127.0.0.1"))
            return
        except Unreachable as error:
            if time.monotonic() > deadline:
                absent(f"127.0.0.1:135: {error}")
            await asyncio.sleep(0.1)  # by the other's end


async def heard_for_samba(argv: list[str], folder: Path) -> tuple[dict[str, Any], list[News]]:
    """Samba's client registers and prints, and our listener stands in for its computer's; what both tell."""
    answering = Answering()
    box = answering.mailbox(4711)
    async with AsyncExitStack() as stack:
        await _where_it_connects_from(stack, answering)
        pipe = subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder
        )
        async with asyncio.timeout(60):
            news = [await box.news.get()]
            while not any(status & JobStatus.PRINTED for status in _statuses(_members(news))):
                news.append(await box.news.get())
            out, wrong = await process.communicate(b"\n")
            assert process.returncode == 0, wrong
            await box.closed.wait()
    return json.loads(out), news


async def test_samba_registers_and_is_called(
    samba_python: str, server: ServerProcess, configuration: Path
) -> None:
    """[MS-RPRN] 4.5: Samba's library registers, and our listener stands in for its computer's."""
    need_mapper(server, HOST)
    argv = listen_by_samba(samba_python, configuration, "rprn", f"ncacn_ip_tcp:{HOST}[sign]")
    told, news = await heard_for_samba(argv, server.folder)
    assert _documents(told["everything"]["members"]) == ["From Samba"]
    assert told["asked"] & JobStatus.PRINTED
    assert news[0].flags & ChangeFlag.ADD_JOB
    assert "From Samba" in {getattr(one.Data, "pszString", "") for one in news[0].info.aData}
    assert _statuses(_members(news))[0] & JobStatus.SPOOLING


def _members(news: list[News]) -> list[Any]:
    return [[one.Type, one.Field, one.Id, one.Data] for each in news for one in each.info.aData]


def _run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def apart() -> Iterator[Wire]:
    with wire() as made:
        yield made


def test_rpcclient_registers_and_its_computer_is_called(
    peer: Callable[[str], str], configuration: Path, apart: Wire, tmp_path: Path
) -> None:
    """rffpcnex, over a wire; rpcclient itself takes no calls, so that something else on its computer must."""
    rpcclient, ours, its, inside = peer("rpcclient"), apart.ours, apart.its, apart.inside
    with _running(tmp_path, ours) as server:
        need_mapper(server, ours)
        answering = subprocess.Popen(
            [*inside, sys.executable, str(HERE / "answer_calls.py"), its, "123"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert answering.stdout is not None
            assert answering.stdout.readline() == '"ready"\n', answering.communicate()[1]
            login = ["-s", str(configuration), "-U", f"WORKGROUP\\alice%{PASSWORD}"]
            argv = [*inside, rpcclient, *login, f"ncacn_ip_tcp:{ours}[sign]", "-c", "rffpcnex Sim"]
            told = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, cwd=tmp_path)
            assert "Error rffpcnex" not in told.stdout and "WERR" not in told.stdout + told.stderr, told
            assert answering.stdout.readline() == '"closed"\n'
        finally:
            answering.kill()
            answering.communicate()
        assert re.search("is told nothing more", server.log) is None
