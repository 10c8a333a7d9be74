"""tshark reads the exchanges of notifications as they happen, by both protocols, with Samba's and our own client.

The server lets [MS-PAR] go signed and not sealed, for otherwise nobody could look on.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pagebell.dcerpc.client import connect, spnego
from pagebell.dcerpc.ndr import Interface
from pagebell.dcerpc.security import Level
from pagebell.winspool import Client
from pagebell.winspool.changes import JobField
from pagebell.winspool.client.addresses import Way, parse
from pagebell.winspool.client.feeds import feed_of
from pagebell.winspool.client.queries import opened
from pagebell.winspool.client.session import Identity, Session, Times
from pagebell.winspool.constants import JobStatus
from pagebell.winspool.idl import par_notify, rprn_notify
from pagebell.winspool.idl.par import IREMOTEWINSPOOL
from pagebell.winspool.idl.rprn import WINSPOOL
from tests.interop.rpc.test_notification_peers import OBJECT, heard_for_samba, listen_by_samba
from tests.interop.rpc.test_spoolss_peers import PASSWORD, configuration
from tests.peers import absent, find, need_mapper
from tests.server import ServerProcess, wait_for

__all__ = ["configuration"]
HOST = "127.0.0.26"
BY_WAITING = {
    par_notify.RpcSyncRegisterForRemoteNotifications.opnum,
    par_notify.RpcSyncRefreshRemoteNotifications.opnum,
    par_notify.RpcAsyncGetRemoteNotifications.opnum,
    par_notify.RpcSyncUnRegisterForRemoteNotifications.opnum,
}
BY_CALLS = {
    rprn_notify.RpcRemoteFindFirstPrinterChangeNotificationEx.opnum,
    rprn_notify.RpcRouterRefreshPrinterChangeNotification.opnum,
    rprn_notify.RpcReplyOpenPrinter.opnum,
    rprn_notify.RpcRouterReplyPrinterEx.opnum,
    rprn_notify.RpcReplyClosePrinter.opnum,
    rprn_notify.RpcFindClosePrinterChangeNotification.opnum,
}
REQUEST, RESPONSE = "0", "2"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    running = ServerProcess(
        tmp_path_factory.mktemp("seen"),
        devices={"Sim": "simulated://?ppm=600"},
        settings='[rpc]\npar-protection = "integrity"\n',
        rpc=f"{HOST}:0",
    )
    running.add_user("alice", PASSWORD)
    with running:
        need_mapper(running, HOST)
        yield running


@pytest.fixture
def capture(tmp_path: Path) -> Iterator[Path]:
    """All that goes over the loopback interface by TCP, in a file."""
    path, said = tmp_path / "lo.pcapng", tmp_path / "said"
    argv = [find("dumpcap"), "-q", "-i", "lo", "-f", "tcp", "-w", str(path)]
    with said.open("wb") as log:
        process = subprocess.Popen(argv, stderr=log)
    try:
        wait_for(lambda: "File: " in said.read_text() or process.poll() is not None, "the capture")
        if process.poll() is not None:
            absent(f"dumpcap may not capture: {said.read_text().strip()}")
        yield path
    finally:
        process.terminate()
        process.wait(20)


def shown(capture: Path, *filters: str) -> list[str]:
    argv = [find("tshark"), "-r", str(capture), *filters]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False).stdout.splitlines()


def read_by_tshark(capture: Path, protocol: str, calls: set[int]) -> None:
    """Every call of the exchange is there with its answer, and read to its end."""
    fields = ("dcerpc.pkt_type", "dcerpc.opnum", "dcerpc.stub_data", "_ws.expert.message")
    these = f"{protocol} && dcerpc.opnum in {{{','.join(map(str, sorted(calls)))}}}"
    show = ("-Y", these, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a")
    show = (*show, *(part for field in fields for part in ("-e", field)))

    def told() -> list[tuple[str, ...]]:
        """Messages; one packet may have several."""
        found = []
        for line in shown(capture, *show):
            kinds, opnums, *rest = line.split("|")
            assert rest == ["", ""], line
            found += list(zip(kinds.split(","), opnums.split(","), strict=True))
        return found

    wanted = {(kind, str(opnum)) for kind in (REQUEST, RESPONSE) for opnum in calls}
    wait_for(lambda: wanted <= set(told()), "all packets in the capture")
    count = Counter(told())
    assert all(count[REQUEST, str(opnum)] == count[RESPONSE, str(opnum)] for opnum in calls)
    assert shown(capture, "-Y", "_ws.malformed") == []


@asynccontextmanager
async def session(server: ServerProcess, way: Way, interface: Interface) -> AsyncIterator[Session]:
    """Our client's, with what it says signed and not sealed."""
    security = spnego("alice", PASSWORD, level=Level.INTEGRITY)
    async with connect(HOST, server.rpc_port, interface, security=security) as rpc:
        address = parse(f"{way.name.lower()}://{HOST}:{server.rpc_port}/Sim")
        yield Session(address, way, rpc, Identity("alice", PASSWORD), Times())


async def our_client_listens(server: ServerProcess, way: Way, interface: Interface) -> None:
    """From when it registers until what is printed meanwhile is done."""
    async with (
        asyncio.timeout(60),
        session(server, way, interface) as line,
        opened(line) as handle,
        feed_of(line, handle) as feed,
    ):
        assert (await anext(feed)).whole
        client = Client(f"rprn://{HOST}:{server.rpc_port}/Sim", user="alice", password=PASSWORD)
        job = await client.print_document(b"%!PS To be or not to be", title="Hamlet")
        async for told in feed:
            if told.jobs.get(job.id, {}).get(JobField.STATUS, 0) & JobStatus.PRINTED:
                return


def test_samba_waits(samba_python: str, server: ServerProcess, configuration: Path, capture: Path) -> None:
    argv = listen_by_samba(samba_python, configuration, "par", f"{OBJECT}@ncacn_ip_tcp:{HOST}[sign]", HOST)
    run = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, cwd=server.folder)
    assert run.returncode == 0, run.stderr
    read_by_tshark(capture, "iremotewinspool", BY_WAITING)


async def test_samba_is_called(
    samba_python: str, server: ServerProcess, configuration: Path, capture: Path
) -> None:
    argv = listen_by_samba(samba_python, configuration, "rprn", f"ncacn_ip_tcp:{HOST}[sign]", HOST)
    await heard_for_samba(argv, server.folder)
    read_by_tshark(capture, "spoolss", BY_CALLS)


async def test_our_client_waits(server: ServerProcess, capture: Path) -> None:
    await our_client_listens(server, Way.PAR, IREMOTEWINSPOOL)
    read_by_tshark(capture, "iremotewinspool", BY_WAITING)


async def test_our_client_is_called(server: ServerProcess, capture: Path) -> None:
    await our_client_listens(server, Way.RPRN, WINSPOOL)
    read_by_tshark(capture, "spoolss", BY_CALLS)
    back = "dcerpc.pkt_type == 0 && dcerpc.opnum in {58,60,66}"
    proofs = shown(capture, "-Y", f"spoolss && {back}", "-T", "fields", "-e", "dcerpc.cn_auth_len")
    assert set(proofs) == {"0"}, "the server shows no credentials where it calls"
