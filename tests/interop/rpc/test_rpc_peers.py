"""Peers over TCP: Samba's raw protocol suite, smbtorture, Samba's own client library, tshark."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers import absent

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
HOST, NDR_HOST = "127.0.0.11", "127.0.0.12"
"""Peers that insist on port 135 get an address that nobody else has; at the second, only NDR is spoken."""
USER = "WORKGROUP\\alice%Secret123"

NOT_OURS = {
    "lsa_multi_auth": "they call an LSA interface",
    "assoc_group_ok2|assoc_group_fail3": "they open named pipes of an SMB server",
    "krb5": "they need a realm: tests/interop/test_kerberos.py has them",
}
"""Cases of the raw protocol suite that are not run, by what their names match, with their reasons."""
KNOWN = {
    "test_spnego_multiple_auth_hdr_signing": "a second context has to fail once header signing was agreed on "
    "later, but NTLM signs headers in any case"
}
"""Cases that fail, with their reasons."""
SAMBAS = 155
"""How many cases Samba's own server passes."""


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """A server on port 135 of its own address."""
    yield from _running(HOST)


@pytest.fixture
def ndr_server() -> Iterator[int]:
    """One without NDR64, which Samba's suite takes to be an error (test_..._no_ndr64)."""
    yield from _running(NDR_HOST, "ndr")


def _running(host: str, *more: str) -> Iterator[int]:
    argv = [sys.executable, "-m", "tests.interop.rpc.rpc_server", host, "135", *more]
    process = subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            assert process.stderr is not None
            reason = process.stderr.read().decode().strip().rpartition("\n")[2]
            absent(f"{host}:135: {reason}")
        yield 135
    finally:
        process.communicate(timeout=10)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "smb.conf"
    path.write_text(
        f"[global]\nworkgroup = WORKGROUP\nprivate dir = {tmp_path}\nlock directory = {tmp_path}\n"
        f"state directory = {tmp_path}\ncache directory = {tmp_path}\n"
    )
    return path


def test_sambas_raw_protocol_suite(samba_python: str, ndr_server: int, configuration: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "SERVER": NDR_HOST,
        "TARGET_HOSTNAME": NDR_HOST,
        "USERNAME": "alice",
        "PASSWORD": "Secret123",
        "DOMAIN": "WORKGROUP",
        "REALM": "WORKGROUP",
        "SMB_CONF_PATH": str(configuration),
        "IGNORE_RANDOM_PAD": "1",
        "MAX_NUM_AUTH": "32",
    }
    listing = "import samba.tests.dcerpc.raw_protocol as m; print(*[n for n in dir(m.TestDCERPC_BIND)])"
    names = subprocess.run(
        [samba_python, "-c", listing], capture_output=True, text=True, check=True, env=environment
    ).stdout.split()
    cases = [n for n in names if n.startswith("test_") and not re.search("|".join(NOT_OURS), n)]
    stem = "samba.tests.dcerpc.raw_protocol.TestDCERPC_BIND."
    run = subprocess.run(
        [samba_python, "-W", "ignore", "-m", "unittest", *(stem + c for c in cases)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env=environment,
        cwd=configuration.parent,
    )
    failed = set(re.findall(r"^(?:FAIL|ERROR): (\w+)", run.stderr, re.MULTILINE))
    assert f"Ran {len(cases)} tests" in run.stderr
    assert failed <= KNOWN.keys()
    assert len(cases) - len(failed) > SAMBAS


@pytest.mark.parametrize(
    "options", ["", "[sign]", "[seal]", "[spnego,seal]", "[connect]", "[ndr64,seal]", "[bigendian]"]
)
def test_smbtortures_management_suite(
    peer: Callable[[str], str], server: int, configuration: Path, options: str
) -> None:
    run = _torture(peer, configuration, options, "rpc.mgmt")
    assert "success: mgmt" in run


def test_smbtortures_endpoint_mapper_suite(
    peer: Callable[[str], str], server: int, configuration: Path
) -> None:
    """Map_full and Insert_noreplace register endpoints remotely, which nobody may; Lookup_simple wants
    'not registered' with the last page, where Windows and its clients have success."""
    run = _torture(peer, configuration, "", "rpc.epmapper")
    assert "success: epmapper.Lookup_terminate_search" in run
    failed = set(re.findall(r"^failure: epmapper\.(\w+)", run, re.MULTILINE))
    assert failed <= {"Map_full", "Insert_noreplace", "Lookup_simple"}


def _torture(peer: Callable[[str], str], configuration: Path, options: str, suite: str) -> str:
    argv = [peer("smbtorture"), "-s", str(configuration), "-U", USER, f"ncacn_ip_tcp:{HOST}{options}", suite]
    run = subprocess.run(
        argv, capture_output=True, text=True, timeout=60, check=False, cwd=configuration.parent
    )
    return run.stdout + run.stderr


@pytest.mark.parametrize("options", ["", ",ntlm,sign", ",ntlm,seal", ",spnego,sign", ",spnego,seal"])
def test_sambas_client_library(samba_python: str, server: int, configuration: Path, options: str) -> None:
    script = f"""
import samba.dcerpc.mgmt as mgmt
from samba.param import LoadParm
from samba.credentials import Credentials
lp = LoadParm(); lp.load({str(configuration)!r})
c = Credentials(); c.guess(lp); c.set_domain("WORKGROUP")
c.set_username("alice"); c.set_password("Secret123")
if not {options!r}: c.set_anonymous()
b = mgmt.mgmt("ncacn_ip_tcp:{HOST}[135{options}]", lp, c)
print(b.inq_if_ids().count)
"""
    run = subprocess.run(
        [samba_python, "-c", script],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=configuration.parent,
    )
    assert run.stdout.strip() == "4", run.stderr


@pytest.mark.parametrize("level", [1, 2, 5, 6])
def test_impacket_binds_at_each_level(impacket_python: str, server: int, level: int) -> None:
    """Not at level PACKET, where impacket signs nothing, and is refused."""
    script = f"""
from impacket.dcerpc.v5 import mgmt, transport
t = transport.DCERPCTransportFactory("ncacn_ip_tcp:{HOST}[135]")
t.set_credentials("alice", "Secret123", "WORKGROUP")
rpc = t.get_dce_rpc()
if {level} > 1:
    rpc.set_auth_type(10)
    rpc.set_auth_level({level})
rpc.connect()
rpc.bind(mgmt.MSRPC_UUID_MGMT)
print(mgmt.hinq_if_ids(rpc)["if_id_vector"]["count"])
"""
    run = subprocess.run(
        [impacket_python, "-c", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert run.stdout.strip() == "4", run.stderr


def test_impacket_lists_the_endpoint_mapper(impacket_python: str, server: int) -> None:
    script = f"""
from impacket.dcerpc.v5 import epm
print(len(epm.hept_lookup("{HOST}")), epm.hept_map("{HOST}", epm.MSRPC_UUID_PORTMAP, protocol="ncacn_ip_tcp"))
"""
    run = subprocess.run(
        [impacket_python, "-c", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert run.stdout.split() == ["4", f"ncacn_ip_tcp:{HOST}[135]"], run.stderr


def test_tshark_finds_nothing_malformed(
    peer: Callable[[str], str], server: int, configuration: Path, tmp_path: Path
) -> None:
    tshark, capture = peer("tshark"), tmp_path / "rpc.pcap"
    argv = [tshark, "-q", "-i", "lo", "-f", f"host {HOST}", "-w", str(capture)]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Capturing"):
                break
        else:
            absent("tshark may not capture")
        for options in ("", "[sign]", "[seal]"):
            assert "success" in _torture(peer, configuration, options, "rpc.mgmt")
    finally:
        process.terminate()
        process.communicate(timeout=20)
    show = [tshark, "-r", str(capture), "-d", "tcp.port==135,dcerpc"]
    seen = subprocess.run([*show, "-Y", "dcerpc"], capture_output=True, text=True, check=True).stdout
    malformed = subprocess.run(
        [*show, "-Y", "_ws.malformed"], capture_output=True, text=True, check=True
    ).stdout
    assert seen.count("Bind_ack") >= 3
    assert malformed == ""
