"""What is measured: servers to be compared, and a sheet for the figures."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.fill import fill
from pagebell.ipp import SyncClient
from tests import peers
from tests.server import ServerProcess

ROUNDS = 3
"""Figures are medians of so many measurements."""
KILO, MEGA = 2**10, 2**20


@dataclass
class Subject:
    """A server to be measured."""

    name: str
    uri: str
    pid: int


@dataclass
class Figures:
    """Every figure measured, by what and whose."""

    rows: dict[str, dict[str, float]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, unit: str, who: str, value: float) -> None:
        """Note one figure."""
        self.rows.setdefault(what, {})[who] = value
        self.units[what] = unit
        print(f"  {what}: {who} {value:,.1f} {unit}", flush=True)


@contextmanager
def ours(folder: Path, finished: int = 0) -> Iterator[Subject]:
    """Pagebell with a paused printer."""
    folder.mkdir(parents=True)
    if finished:
        asyncio.run(fill(folder / "state", "bench", finished))
    with ServerProcess(folder, {"bench": "null:"}) as server:
        with SyncClient(server.uri("bench")) as client:
            client.pause()
        yield Subject("Pagebell", server.uri("bench"), server.process.pid)


@contextmanager
def cups(folder: Path, settings: str = "") -> Iterator[Subject]:
    """A cupsd with a stopped queue."""
    folder.mkdir(parents=True)
    out = folder / "out"
    out.touch()
    with peers.cupsd(folder, "MaxJobs 0\nMaxJobsPerPrinter 0\nMaxClients 1000\n" + settings) as uri:
        host = uri.removeprefix("ipp://").rstrip("/")
        subprocess.run(
            [peers.find("lpadmin"), "-h", host, "-p", "bench", "-v", f"file://{out}", "-E"], check=True
        )
        subprocess.run([peers.find("cupsdisable"), "-h", host, "bench"], check=True)
        port = int(host.rpartition(":")[2])
        yield Subject("cupsd", f"ipp://{host}/printers/bench", listener(port))


@contextmanager
def eve(folder: Path) -> Iterator[Subject]:
    """An ippeveprinter."""
    folder.mkdir(parents=True)
    with (
        tempfile.TemporaryDirectory(prefix="pb") as short,
        peers.service_discovery(Path(short)) as environment,
        peers.ippeveprinter(folder, environment) as uri,
    ):
        port = int(uri.split(":")[2].split("/")[0])
        yield Subject("ippeveprinter", uri.replace("localhost", "127.0.0.1"), listener(port))


@contextmanager
def ippserver(folder: Path) -> Iterator[Subject]:
    """The working group's sample server, which no distribution has: from its sources, on the PATH."""
    folder.mkdir(parents=True)
    port = peers.free_port()
    argv = [peers.find("ippserver"), "--no-dns-sd", "-n", "127.0.0.1", "-p", str(port), "-d", str(folder)]
    with peers.started(folder, *argv, "bench") as peer:
        peer.wait_for_port(port)
        yield Subject("ippserver", f"ipp://127.0.0.1:{port}/ipp/print", peer.process.pid)


def listener(port: int) -> int:
    """Process id of whoever listens on a port."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            return connection.pid
    raise LookupError(f"nobody listens on port {port}")
