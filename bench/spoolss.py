"""Printing from Windows: Pagebell beside Samba's smbd, with Samba's own library as the client of both."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from bench.stage import Figures
from pagebell.ipp import SyncClient
from tests.server import PAGEBELL, ServerProcess

CLIENT = Path(__file__).with_name("spoolss_client.py")
DAEMON = Path("/usr/libexec/samba/samba-dcerpcd")
HOST, USER, PASSWORD = "127.0.0.15", "root", "Secret123"
ROUNDS, SECONDS, JOBS = 3, 2.0, 1000
"""`root` is a Unix user everywhere, which smbd asks for."""
_READY = 20.0


@dataclass
class Peer:
    """A print server: where it is, and what it is asked to do."""

    name: str
    binding: str
    printer: str
    configuration: Path
    pids: tuple[int, ...]

    def measure(self, what: str, level: str) -> list[float]:
        """What the client prints."""
        argv = ["/usr/bin/python3", str(CLIENT), str(self.configuration), f"{self.binding}{level}]"]
        argv += [USER, PASSWORD, self.printer, what, str(SECONDS)]
        run = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
        if run.returncode:
            raise RuntimeError(f"{self.name}: {run.stderr.strip().splitlines()[-1:]}")
        return [float(number) for number in run.stdout.split()]

    def busy(self) -> float:
        """Processor seconds that its processes have taken, children included."""
        total = 0.0
        for pid in self.pids:
            for one in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
                times = one.cpu_times()
                total += times.user + times.system
        return total


def is_possible() -> str:
    """Why nothing can be measured; empty where it can."""
    if subprocess.run(["/usr/bin/python3", "-c", "import samba.dcerpc"], check=False).returncode:
        return "python3-samba is missing"
    return ""


def printing(figures: Figures, folder: Path, *, only_ours: bool = False) -> None:
    """Jobs, octets and lists, side by side."""
    if why := is_possible():
        print(f"  printing from Windows: not measured, {why}", flush=True)
        return
    with ExitStack() as stack:
        peers = [stack.enter_context(ours(folder / "windows"))]
        if not only_ours and DAEMON.exists() and shutil.which("smbd", path=_PATH) and os.geteuid() == 0:
            peers.append(stack.enter_context(samba(folder / "samba")))
        for what, unit, level, label in (
            ("jobs", "/s", "sign", "Windows jobs of 4 KB, one connection, signed"),
            ("write", "MB/s", "sign", "WritePrinter of 64 KB, signed"),
            ("write", "MB/s", "seal", "WritePrinter of 64 KB, sealed"),
            ("list", "ms", "seal", f"EnumJobs of {JOBS:,} jobs, sealed"),
        ):
            found: dict[str, list[float]] = {peer.name: [] for peer in peers}
            spent: dict[str, float] = {}
            for _ in range(ROUNDS):
                for peer in peers:
                    before, begun = peer.busy(), time.perf_counter()
                    number, *rest = peer.measure(what, level)
                    spent[peer.name] = (peer.busy() - before) / (time.perf_counter() - begun)
                    found[peer.name].append(number)
                    if rest and rest[0] < JOBS:
                        raise RuntimeError(f"{peer.name} lists {rest[0]:.0f} jobs, not {JOBS}")
            for name, values in found.items():
                figures.add(label, unit, name, median(values))
                print(f"    the server took {spent[name]:.0%} of a processor", flush=True)


_PATH = os.environ["PATH"] + ":/usr/sbin"


def _samba_client(folder: Path) -> Path:
    """A configuration for the client's library alone."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "client.conf"
    names = ("private dir", "lock directory", "state directory", "cache directory")
    lines = ["[global]", "workgroup = WORKGROUP", "interfaces = 127.0.0.1/8"]
    path.write_text("\n".join([*lines, *(f"{name} = {folder}" for name in names)]) + "\n")
    return path


@contextmanager
def ours(folder: Path) -> Iterator[Peer]:
    """Pagebell with a paused printer, and another on which a thousand jobs wait."""
    running = ServerProcess(folder, {"bench": "null:"}, rpc="127.0.0.1:0", settings='[rpc]\nepm = "off"\n')
    add = [PAGEBELL, "users", "add", USER, "--admin", "--password-env", "PW", "--state", running.state]
    subprocess.run(add, env={**os.environ, "PW": PASSWORD}, check=True, capture_output=True)
    with running:
        with SyncClient(running.uri("bench")) as client:
            client.pause()
            for _ in range(JOBS):
                client.print_document(b"a" * 100, title="bench")
        port = running.output.split("Windows clients: 127.0.0.1:")[1].split()[0]
        binding = f"ncacn_ip_tcp:127.0.0.1[{port},"
        configuration = _samba_client(folder / "client")
        yield Peer("Pagebell", binding, "bench", configuration, (running.process.pid,))


_FOLDERS = (
    *("private dir", "lock directory", "state directory", "cache directory"),
    *("pid directory", "ncalrpc dir"),
)
_GLOBAL = """[global]
workgroup = WORKGROUP
netbios name = PEER
interfaces = {host}/8
bind interfaces only = yes
rpc start on demand helpers = no
log file = {folder}/log
printing = bsd
printcap name = {folder}/printcap
print command = rm %s
lpq command = cat {folder}/queue
lprm command = true
lppause command = true
lpresume command = true
queuepause command = true
queueresume command = true
[bench]
path = {folder}/spool
printable = yes
max print jobs = 100000
"""


@contextmanager
def samba(folder: Path) -> Iterator[Peer]:
    """Samba's smbd and its RPC daemons, with a queue in which a thousand jobs wait."""
    (folder / "spool").mkdir(parents=True)
    (folder / "spool").chmod(0o1777)
    (folder / "printcap").touch()
    queue = (f"{n} {USER} {n} bench 100 bytes" for n in range(1, JOBS + 1))
    (folder / "queue").write_text("\n".join(queue) + "\n")
    configuration = folder / "smb.conf"
    text = _GLOBAL.format(host=HOST, folder=folder)
    for option in _FOLDERS:
        place = folder / option.split()[0]
        place.mkdir(mode=0o755)
        text = text.replace("[bench]", f"{option} = {place}\n[bench]")
    configuration.write_text(text)
    add = ["pdbedit", "-s", str(configuration), "-t", "-a", "-u", USER]
    entered = f"{PASSWORD}\n{PASSWORD}\n"
    subprocess.run(add, input=entered, text=True, capture_output=True, check=True)
    with ExitStack() as stack:
        smbd = [str(shutil.which("smbd", path=_PATH)), "-s", str(configuration), "-F"]
        rpcd = [str(DAEMON), "-s", str(configuration), "--libexec-rpcds", "-F"]
        daemons = [_started(stack, smbd)]
        _wait_for_port(445)
        daemons.append(_started(stack, rpcd))
        peer = Peer(
            "smbd", f"ncacn_np:{HOST}[", rf"\\{HOST}\bench", _samba_client(folder / "client"), tuple(daemons)
        )
        _wait(peer)
        yield peer


def _started(stack: ExitStack, argv: list[str]) -> int:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(argv, stdin=quiet, stdout=quiet, stderr=quiet)

    def end() -> None:
        process.terminate()
        process.wait(20)

    stack.callback(end)
    return process.pid


def _wait_for_port(port: int) -> None:
    """Its RPC daemon wants what smbd makes when it starts."""
    deadline = time.monotonic() + _READY
    while time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), 1.0).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    sys.exit("smbd does not listen")


def _wait(peer: Peer) -> None:
    """Until it lists all its jobs."""
    deadline = time.monotonic() + _READY
    while True:
        try:
            if peer.measure("list", "seal")[1] >= JOBS:
                return
            why = "it does not list its jobs"
        except RuntimeError as error:
            why = str(error)
        if time.monotonic() > deadline:
            sys.exit(f"smbd does not answer: {why}")
        time.sleep(0.5)
