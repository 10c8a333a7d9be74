"""The programs that we did not write and that judge us: found, started in a folder of their own, and ended.

A peer that is missing skips the test with a reason; under CI it fails, for there it has to be installed.
Every peer listens on a loopback port that was free a moment ago, and is ended by its process id.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from tests.server import ServerProcess, wait_for

DEADLINE = 20.0
"""Seconds for a peer to be ready, or to end."""

_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/lib/cups/daemon")


def find(program: str) -> str:
    """The path of a peer's program; without it the test is not run, or fails under CI."""
    path = shutil.which(program) or shutil.which(program, path=os.pathsep.join(_FOLDERS))
    if path is None:
        missing(program)
    return str(path)


def missing(program: str) -> NoReturn:
    absent(f"{program} is missing")


def absent(what: str) -> NoReturn:
    """Say what was not run; under CI that is a failure."""
    reason = f"not run: {what}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def need_mapper(server: ServerProcess, host: str) -> None:
    """Port 135 of this address, where clients of RPC ask for all others; somebody else may have it."""
    if f"Endpoint mapper: {host}:135" not in server.output:
        absent(f"{host}:135: {server.output}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_listening(port: int, host: str = "127.0.0.1") -> bool:
    try:
        socket.create_connection((host, port), 0.5).close()
    except OSError:
        return False
    return True


@dataclass(frozen=True)
class Peer:
    """A running peer."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_for_port(self, port: int) -> None:
        self._wait(lambda: is_listening(port), f"port {port}")

    def wait_for_address(self, host: str, port: int) -> None:
        self._wait(lambda: is_listening(port, host), f"{host}:{port}")

    def wait_for_file(self, path: Path) -> None:
        self._wait(path.exists, str(path))

    def wait_for_text(self, text: str) -> None:
        self._wait(lambda: text in self.log.read_text(errors="replace"), repr(text))

    def _wait(self, true: Callable[[], bool], what: str) -> None:
        def done() -> bool:
            if self.process.poll() is not None:
                pytest.fail(f"{self.process.args!r} ended: {self.log.read_text(errors='replace')[-2000:]}")
            return true()

        wait_for(done, f"{what} of {self.process.args!r}", DEADLINE)


@contextmanager
def started(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> Iterator[Peer]:
    """Run a peer in a folder; its output goes to a file there."""
    log = folder / f"{Path(arguments[0]).name}-{free_port()}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | (environment or {}),
            start_new_session=True,  # its children end with it
        )
    try:
        yield Peer(process, log)
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a peer and its children to end; those that do not listen are made to."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            continue
        if number == signal.SIGKILL:
            return


# --- DNS-SD, which ippeveprinter does not start without ---

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/>
    <allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""

_AVAHI = """[server]
host-name=pagebell-test-{number}
use-ipv4=yes
use-ipv6=no
allow-interfaces=lo
enable-dbus=yes
[publish]
publish-workstation=no
publish-hinfo=no
publish-addresses=no
"""


@contextmanager
def service_discovery(folder: Path, prefix: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """What to add to the environment of programs that announce themselves: the system's Avahi, or our own.

    `prefix` is a command that runs ours in a network of its own.

    avahi-daemon has one place for its process id in the whole system; where we may, ours gets a place of its
    own, and it claims no address, so that several test runs do not get in each other's way.
    """
    if (
        not prefix
        and Path("/run/avahi-daemon/socket").exists()
        and Path("/run/dbus/system_bus_socket").exists()
    ):
        yield {}
        return
    bus = folder / "bus"
    (folder / "bus.conf").write_text(_BUS.format(path=bus))
    environment = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={bus}"}
    bus_arguments = (find("dbus-daemon"), f"--config-file={folder / 'bus.conf'}", "--nofork", "--nopidfile")
    with started(folder, *bus_arguments) as daemon:
        daemon.wait_for_file(bus)
        with avahi(folder, _AVAHI.format(number=os.getpid()), prefix, environment):
            yield environment


@contextmanager
def avahi(
    folder: Path, settings: str, prefix: tuple[str, ...] = (), environment: dict[str, str] | None = None
) -> Iterator[Peer]:
    """An Avahi of our own, which announces the services that are in the folder `services`, if there is one."""
    (folder / "avahi.conf").write_text(settings)
    command = (
        *prefix,
        *_own_avahi_folders(folder / "services"),
        find("avahi-daemon"),
        f"--file={folder / 'avahi.conf'}",
        *("--no-drop-root", "--no-chroot", "--no-rlimits", "--debug"),
    )
    with started(folder, *command, environment=environment) as peer:
        peer.wait_for_text("Server startup complete")
        yield peer


@contextmanager
def own_network(folder: Path) -> Iterator[tuple[str, ...]]:
    """A network of nothing but a loopback interface, which carries multicast: the command that runs others there."""
    programs = find("unshare"), find("nsenter"), find("ip")
    if os.geteuid() != 0 or subprocess.run([programs[0], "--net", "true"], check=False).returncode:
        absent("the right to make a network")
    setup = "ip link set lo up multicast on && ip route add 224.0.0.0/4 dev lo && echo ready && exec sleep infinity"
    with started(folder, programs[0], "--net", "sh", "-c", setup) as holder:
        holder.wait_for_text("ready")
        yield (programs[1], f"--net=/proc/{holder.process.pid}/ns/net")


def _own_avahi_folders(services: Path) -> tuple[str, ...]:
    """What to put before avahi-daemon so that it sees an empty /run/avahi-daemon, and its services in that folder.

    Nothing without the right.
    """
    apart = ("unshare", "--mount", "--propagation", "private")
    if os.geteuid() != 0 or subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        return ()
    mount = "mkdir -p /run/avahi-daemon && mount -t tmpfs none /run/avahi-daemon"
    if services.is_dir():
        mount += f" && mount --bind {shlex.quote(str(services))} /etc/avahi/services"
    return (*apart, "sh", "-c", f'{mount} && exec "$@"', "sh")


# --- printers and servers ---


@contextmanager
def ippeveprinter(
    folder: Path, environment: dict[str, str], *arguments: str, command: str = "/bin/true"
) -> Iterator[str]:
    """A printer made of software; ``command`` is what it runs for each job. Gives its URI.

    It keeps its jobs in ``folder``: never give it a device node, which it would replace by a file.
    """
    program, port = find("ippeveprinter"), free_port()
    formats = "application/pdf,image/pwg-raster,text/plain"
    given = (program, "-p", str(port), "-d", str(folder), "-r", "off", "-n", "localhost", "-f", formats)
    with started(folder, *given, "-c", command, *arguments, f"Peer {port}", environment=environment) as peer:
        peer.wait_for_port(port)
        yield f"ipp://localhost:{port}/ipp/print"


_CUPSD = """Listen 127.0.0.1:{port}
LogLevel info
DefaultAuthType None
WebInterface No
Browsing Off
MaxLogSize 0
<Location />
  Order allow,deny
  Allow all
</Location>
<Location /admin>
  Order allow,deny
  Allow all
</Location>
<Policy default>
  JobPrivateAccess all
  JobPrivateValues none
  SubscriptionPrivateAccess all
  SubscriptionPrivateValues none
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""

_CUPS_FILES = """ServerRoot {folder}/root
CacheDir {folder}/cache
StateDir {folder}/state
RequestRoot {folder}/spool
TempDir {folder}/tmp
ErrorLog {folder}/error_log
AccessLog {folder}/access_log
PageLog {folder}/page_log
Printcap {folder}/printcap
FileDevice Yes
SystemGroup root
Sandboxing relaxed
"""


@contextmanager
def cupsd(folder: Path, settings: str = "") -> Iterator[str]:
    """A CUPS server with no printers, where everybody may do everything; with further settings. Gives its URI."""
    program, port = find("cupsd"), free_port()
    for name in ("root", "cache", "state", "spool", "tmp"):
        (folder / name).mkdir(parents=True)
    (folder / "cupsd.conf").write_text(_CUPSD.format(port=port) + settings)
    (folder / "cups-files.conf").write_text(_CUPS_FILES.format(folder=folder))
    for one in (folder, *folder.parents):
        if os.geteuid() == 0 and one.stat().st_uid == 0 and one != Path("/"):
            one.chmod(one.stat().st_mode | 0o011)  # its filters run as another user
    given = (program, "-f", "-c", str(folder / "cupsd.conf"), "-s", str(folder / "cups-files.conf"))
    with started(folder, *given) as peer:
        peer.wait_for_port(port)
        yield f"ipp://127.0.0.1:{port}/"
