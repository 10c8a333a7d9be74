"""Printers are found by ippfind, which asks Avahi: neither is ours. The network is one of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests import peers
from tests import server as servers
from tests.server import PAGEBELL, ServerProcess

pytestmark = pytest.mark.interop(
    "ippfind", "ipptool", "avahi-daemon", "dbus-daemon", "unshare", "nsenter", "ip"
)
wait_for = partial(servers.wait_for, seconds=60.0)
"""Avahi forgets and learns in its own time."""
ON = "[dns-sd]\nenabled = true\n"
LAB = '[printers.Lab]\ndevice = "simulated://?ppm=6000"\ninfo = "Printer in the Lab"\nlocation = "Room 5"\n'


@dataclass(frozen=True)
class Network:
    """Where programs find each other, and nobody else does."""

    prefix: tuple[str, ...]
    environment: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.prefix, *arguments],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def find(self, kind: str, *filters: str) -> set[str]:
        """What ippfind tells of services: their names, and `rp` of their TXT records."""
        show = ("-x", "/bin/sh", "-c", 'echo "$IPPFIND_SERVICE_NAME|$IPPFIND_TXT_RP"', ";")
        return set(self.run("ippfind", "-T", "1", kind, *filters, *show).stdout.splitlines())


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with (
        tempfile.TemporaryDirectory(prefix="pb") as folder,  # a socket's path must be short
        peers.own_network(Path(folder)) as prefix,
        peers.service_discovery(Path(folder), prefix) as environment,
    ):
        yield Network(prefix, environment)


def server(network: Network, folder: Path, settings: str = ON + LAB) -> ServerProcess:
    return ServerProcess(folder, settings=settings, prefix=network.prefix)


def wait_until_announced(running: ServerProcess, name: str) -> None:
    wait_for(lambda: f"is announced on the network as {name!r}" in running.log, f"{name} to be announced")


def dns_sd_name(network: Network, uri: str) -> str:
    """printer-dns-sd-name, as ipptool reads it."""
    done = network.run("ipptool", "-tv", uri, "get-printer-attributes.test")
    return next((line.partition(" = ")[2] for line in done.stdout.splitlines() if "dns-sd-name" in line), "")


def test_printer_is_found_by_what_it_is_until_the_server_stops(network: Network, tmp_path: Path) -> None:
    with server(network, tmp_path) as running:
        wait_until_announced(running, "Printer in the Lab")
        for kind in ("_ipp._tcp,_print", "_ipps._tcp,_print", "_ipp._tcp,_universal", "_ipp._tcp"):
            wait_for(lambda k=kind: network.find(f"{k}.local.") == {"Printer in the Lab|ipp/print/Lab"}, kind)
        assert network.find("_ipp._tcp,_scan.local.") == set()
        told = (
            "--txt-note",
            "^Room 5$",
            "--txt-pdl",
            "image/pwg-raster",
            "--txt-TLS",
            "^1",
            "--txt-UUID",
            "^.{36}$",
        )
        assert network.find("_ipp._tcp.local.", *told)
        assert network.find("_ipp._tcp.local.", "--port", running.authority.partition(":")[2])
        assert dns_sd_name(network, running.uri("Lab")) == "Printer in the Lab"
    wait_for(lambda: not network.find("_ipp._tcp,_print.local."), "the goodbye")


def test_name_that_another_server_has_gets_a_number(network: Network, tmp_path: Path) -> None:
    with server(network, tmp_path / "one") as one:
        wait_until_announced(one, "Printer in the Lab")
        with server(network, tmp_path / "two") as two:
            wait_until_announced(two, "Printer in the Lab (2)")
            names = [dns_sd_name(network, each.uri("Lab")) for each in (one, two)]
            assert names == ["Printer in the Lab", "Printer in the Lab (2)"]
            both = {f"{name}|ipp/print/Lab" for name in names}
            wait_for(lambda: network.find("_ipp._tcp,_print.local.") == both, "both to be found")


def test_printer_that_comes_goes_and_changes_does_so_on_the_network(network: Network, tmp_path: Path) -> None:
    with server(network, tmp_path) as running:

        def pagebell(*arguments: str) -> None:
            done = network.run(
                str(PAGEBELL), "printers", *arguments, "--server", f"ipp://{running.authority}/"
            )
            assert done.returncode == 0, done.stderr

        wait_until_announced(running, "Printer in the Lab")
        pagebell("add", "Hall", "--device", "null:", "--info", "In the hall")
        wait_until_announced(running, "In the hall")
        assert network.find("_ipp._tcp,_print.local.", "--txt-rp", "^ipp/print/Hall$")
        pagebell("remove", "Hall")
        wait_for(lambda: not network.find("_ipp._tcp.local.", "--txt-rp", "^ipp/print/Hall$"), "the goodbye")
        pagebell("set", "Lab", "--location", "Room 6")
        wait_for(lambda: network.find("_ipp._tcp.local.", "--txt-note", "^Room 6$"), "the new place")
        pagebell("set", "Lab", "--info", "Red one")
        wait_for(lambda: network.find("_ipp._tcp,_print.local.") == {"Red one|ipp/print/Lab"}, "the new name")
        assert dns_sd_name(network, running.uri("Lab")) == "Red one"


SYSTEM = """{{
  NAME "{operation}"
  OPERATION {operation}
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR language attributes-natural-language en
  ATTR uri system-uri $uri
  {more}
  STATUS successful-ok
  DISPLAY system-dns-sd-name
}}
"""


def system(network: Network, running: ServerProcess, operation: str, more: str = "") -> str:
    """What ipptool shows of an operation on the server itself."""
    play = running.folder / "system.test"
    play.write_text(SYSTEM.format(operation=operation, more=more))
    done = network.run("ipptool", "-c", f"ipps://{running.authority}/ipp/system", str(play))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


def test_system_is_found_told_apart_and_called_anew(network: Network, tmp_path: Path) -> None:
    """PWG 5100.22 11.1.1, 11.1.4 and 7.2.32: "the System MUST replace the value set with a non-conflicting name"."""
    kind = "_ipps-system._tcp"  # ippfind takes no domain behind a type with a hyphen
    with server(network, tmp_path / "one") as one:
        wait_until_announced(one, "Pagebell")
        with server(network, tmp_path / "two") as two:
            wait_until_announced(two, "Pagebell (2)")
            names = [system(network, each, "Get-System-Attributes") for each in (one, two)]
            assert names == ["Pagebell", "Pagebell (2)"]
            wait_for(lambda: network.find(kind, "--txt-UUID", "^.{36}$") == {f"{n}|" for n in names}, "both")
            name = "GROUP system-attributes-tag ATTR name system-dns-sd-name"
            system(network, one, "Set-System-Attributes", f'{name} "Ours"')
            wait_until_announced(one, "Ours")
            system(network, two, "Set-System-Attributes", f'{name} "Ours" ATTR text system-location "Hall"')
            wait_until_announced(two, "Ours (2)")
            assert system(network, two, "Get-System-Attributes") == "Ours (2)"
            wait_for(lambda: network.find(kind) == {"Ours|", "Ours (2)|"}, "the new names")
            assert network.find(kind, "--txt-note", "^Hall$") == {"Ours (2)|"}
    wait_for(lambda: not network.find(kind), "the goodbyes")


ASK = """
import socket, struct
group, here = "224.0.0.251", socket.inet_aton("127.0.0.1")
ask = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ask.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
ask.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
ask.bind((group, 5353))
ask.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + here)
ask.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
ask.settimeout(20)
name = b"".join(bytes([len(part)]) + part for part in (b"Pagebell", b"_ipps-system", b"_tcp", b"local"))
ask.sendto(struct.pack(">6H", 0, 0, 1, 0, 0, 0) + name + struct.pack(">xHH", 29, 1), (group, 5353))
while not (answer := ask.recv(9000))[2] & 0x80:
    pass
print(answer.hex())
"""
"""Asks everybody, from everybody's port, and shows the first answer."""


@pytest.mark.interop("host")
def test_place_is_told_to_who_asks_for_it(tmp_path: Path) -> None:
    """LOC records, PWG 5100.22 11.1.3, as bind's host reads them."""
    with peers.own_network(tmp_path) as prefix, server(Network(prefix, {}), tmp_path) as running:
        network = Network(prefix, {})
        wait_until_announced(running, "Pagebell")
        wait_until_announced(running, "Printer in the Lab")

        def place(name: str) -> str:
            done = network.run("host", "-p", "5353", "-t", "LOC", name, "127.0.0.1")
            return next((line.partition(" location ")[2] for line in done.stdout.splitlines()[-1:]), "")

        def put(uri: str) -> None:
            system(network, running, "Set-System-Attributes", f"GROUP system-attributes-tag {uri}")

        put('ATTR uri system-geo-location "geo:46.4,-80.9,120;u=35"')
        expected = "46 24 0.000 N 80 54 0.000 W 120.00m 1m 70m 70m"
        wait_for(lambda: place("pagebell._ipps-system._tcp.local") == expected, "the place")
        assert place("Pagebell._ipp._tcp.local") == ""
        asked = network.run(sys.executable, "-c", ASK)
        assert bytes.fromhex(asked.stdout)[-16:] == bytes.fromhex("0012737389f4d4006ea407c00098c560"), (
            asked.stderr
        )
        put("ATTR unknown system-geo-location")
        wait_for(lambda: place("Pagebell._ipps-system._tcp.local") == "", "the place to go")


TAKEN = """<?xml version="1.0"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group>
  <name>Printer in the Lab</name>
  <service><type>_ipp._tcp</type><port>9</port></service>
</service-group>
"""


def test_name_that_a_printer_has_is_refused_to_others_that_ask_for_it_later(
    network: Network, tmp_path: Path
) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "other.service").write_text(TAKEN)
    with server(network, tmp_path) as running:
        wait_until_announced(running, "Printer in the Lab")
        with peers.avahi(
            tmp_path, "[server]\nenable-dbus=no\nallow-interfaces=lo\n", network.prefix
        ) as other:
            other.wait_for_text('retrying with "Printer in the Lab #2"')


def test_machine_keeps_its_name_where_the_system_announces_it(tmp_path: Path) -> None:
    """Avahi may announce fewer of the machine's addresses than it has, and takes the others for another machine's."""
    machine = socket.gethostname().partition(".")[0]
    settings = f"[server]\nhost-name={machine}\nenable-dbus=no\nuse-ipv6=no\nallow-interfaces=one\n"
    with peers.own_network(tmp_path) as prefix:
        alone = Network(prefix, {})
        assert alone.run("sh", "-ec", TWO_INTERFACES).returncode == 0
        with peers.avahi(tmp_path, settings, prefix) as system:
            with ServerProcess(tmp_path, settings=ON + LAB, prefix=prefix, ipp="0.0.0.0:0") as running:
                wait_until_announced(running, "Printer in the Lab")
            said = system.log.read_text()
            assert f"Host name is {machine}.local" in said
            assert "conflict" not in said and "goodbye record for one of our records" not in said


TWO_INTERFACES = """
ip link add one type veth peer name other
ip address add 192.0.2.1/24 dev one
ip address add 198.51.100.1/24 dev other
ip link set one up
ip link set other up
"""
HOG = """
import socket, time
hog = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
hog.bind(("", 5353))
print("ready", flush=True)
time.sleep(3600)
"""


def test_server_that_cannot_announce_says_so_once_prints_and_goes_on_trying(tmp_path: Path) -> None:
    with peers.own_network(tmp_path) as prefix:
        alone = Network(prefix, {})
        with peers.started(tmp_path, *prefix, sys.executable, "-c", HOG) as hog:
            hog.wait_for_text("ready")
            with server(alone, tmp_path) as running:
                wait_for(lambda: "can't be announced on the network" in running.log, "the warning")
                assert dns_sd_name(alone, running.uri("Lab")) == ""
                peers.end(hog.process)
                wait_until_announced(running, "Printer in the Lab")
                assert running.log.count("can't be announced on the network") == 1


def test_server_for_this_machine_alone_announces_nothing(network: Network, tmp_path: Path) -> None:
    with server(network, tmp_path, LAB) as running:
        assert dns_sd_name(network, running.uri("Lab")) == ""
        assert network.find("_ipp._tcp.local.") == set()
