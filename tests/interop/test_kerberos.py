"""Kerberos on both doors, in a realm of our own: rpcclient, curl, CUPS' lp and our client come with tickets."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import pty
import re
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pagebell.dcerpc.client import connect, kerberos
from pagebell.dcerpc.kerberos import KerberosInitiator, Keytab
from pagebell.dcerpc.security import NO_BINDING, Binding, Level, SecurityError
from pagebell.dcerpc.spnego import KERBEROS_OID, SpnegoInitiator
from pagebell.winspool.idl import rprn
from pagebell.winspool.idl.rprn import WINSPOOL
from tests import rpcclient
from tests.kerberos import PASSWORD, REALM, Realm, realm
from tests.peers import absent, find, need_mapper
from tests.server import PAGEBELL, ServerProcess

HOST, NAME = "127.0.0.21", "printer.pagebell.test"
"""Kerberos wants names: each peer gets its own /etc/hosts."""

SETTINGS = """[access]
keytab = "{keytab}"
auth = "require"
admin-from = []
administrators = ["alice"]
[rpc]
names = ["printer.pagebell.test"]
"""


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    with realm(tmp_path_factory.mktemp("kdc")) as one:
        one.add_user("alice")
        one.add_user("bob")
        one.keytab(f"host/{NAME}", "HTTP/localhost")
        one.log_in("alice")
        yield one


@pytest.fixture(scope="module")
def server(domain: Realm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = SETTINGS.format(keytab=domain.folder / "keytab")
    folder = tmp_path_factory.mktemp("server")
    running = ServerProcess(folder, settings=settings, rpc=f"{HOST}:0", environment=domain.environment)
    running.add_user("carol", PASSWORD)
    with running:
        yield running


@pytest.fixture(scope="module")
def with_names(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """What to put before a program that shall know the server's name."""
    apart = ("unshare", "--mount", "--propagation", "private")
    if os.geteuid() != 0 or subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        absent("names of one's own need the right to mount")
    hosts = tmp_path_factory.mktemp("names") / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{HOST} {NAME}\n")
    return (*apart, "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh")


def run(domain: Realm, *argv: str, **more: str) -> str:
    done = subprocess.run(
        argv,
        env={**os.environ, **domain.environment, **more},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("options", ["krb5,sign", "krb5,seal", "spnego,sign", "spnego,seal"])
def test_rpcclient_comes_with_a_ticket(
    domain: Realm, server: ServerProcess, with_names: tuple[str, ...], tmp_path: Path, options: str
) -> None:
    need_mapper(server, HOST)
    cache = domain.environment["KRB5CCNAME"]
    argv = (*with_names, find("rpcclient"), "--use-kerberos=required", f"--use-krb5-ccache={cache}")
    argv = (*argv, "-U", f"alice@{REALM}", f"ncacn_ip_tcp:{NAME}[{options}]")
    commands = rpcclient.LOOKS + rpcclient.CHANGES
    told = rpcclient.run(argv, tmp_path, rpcclient.script(commands, host=NAME), domain.environment)
    rpcclient.check(told, commands, host=NAME)


def test_sambas_raw_protocol_suite_comes_with_tickets(
    domain: Realm, server: ServerProcess, with_names: tuple[str, ...], samba_python: str, tmp_path: Path
) -> None:
    """Its cases of Kerberos; tests/interop/rpc/test_rpc_peers.py has all others."""
    need_mapper(server, HOST)
    smb = tmp_path / "smb.conf"
    folders = ("private dir", "lock directory", "state directory", "cache directory")
    smb.write_text(f"[global]\nrealm = {REALM}\n" + "".join(f"{name} = {tmp_path}\n" for name in folders))
    who = {"USERNAME": "alice", "PASSWORD": PASSWORD, "DOMAIN": "PAGEBELL", "REALM": REALM}
    where = {"SERVER": HOST, "TARGET_HOSTNAME": NAME, "SMB_CONF_PATH": str(smb), "IGNORE_RANDOM_PAD": "1"}
    stem = "samba.tests.dcerpc.raw_protocol.TestDCERPC_BIND.test_krb5_"
    cases = [f"hdr_sign_delayed{n}_ok1" for n in (1, 2)] + [f"hdr_sign_delayed{n}_fail1" for n in (1, 2, 3)]
    cases += [f"{what}_{level}" for what in ("signing", "hdr_signing") for level in ("packet", "integrity")]
    argv = (*with_names, samba_python, "-W", "ignore", "-m", "unittest", *(stem + case for case in cases))
    told = run(domain, *argv, **who, **where)
    assert told.startswith("0\n") and f"Ran {len(cases)} tests" in told, told


def login(domain: Realm, name: str) -> dict[str, str]:
    """Tickets of somebody else than alice, in a cache of their own."""
    cache = {"KRB5CCNAME": f"FILE:{domain.folder / name}"}
    domain.log_in(name, cache)
    return cache


async def test_our_client_calls_with_a_ticket(
    domain: Realm, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in domain.environment.items():
        monkeypatch.setenv(name, value)
    for level in (Level.INTEGRITY, Level.PRIVACY):
        security = kerberos(NAME, level=level)
        async with connect(HOST, server.rpc_port, WINSPOOL, security=security) as client:
            reply = await client.call(
                rprn.RpcEnumPrinters(Flags=2, Name=None, Level=1, pPrinterEnum=None, cbBuf=0)
            )
            assert reply.pcbNeeded > 0


@pytest.mark.parametrize(
    ("title", "printer"), [("PAR", "par://{}/PDF"), ("RPRN", "rprn://{}/PDF"), ("UNC", r"\\{}\PDF")]
)
def test_our_commands_print_and_list_with_the_tickets_of_the_cache(
    domain: Realm, server: ServerProcess, with_names: tuple[str, ...], title: str, printer: str
) -> None:
    """By the Windows protocols, and with nothing else to show."""
    need_mapper(server, HOST)
    where = printer.format(NAME)
    told = run(domain, *with_names, str(PAGEBELL), "print", "/etc/hosts", "--to", where, "--title", title)
    assert told.startswith("0\n"), told
    nobody = {"KRB5CCNAME": "FILE:/nowhere"}
    refused = run(domain, *with_names, str(PAGEBELL), "print", "/etc/hosts", "--to", where, **nobody)
    assert refused.startswith("1\n"), refused
    assert "people whom it does not know" in refused or "you are not allowed" in refused, refused
    jobs = ("jobs", "--all", "--server", f"ipps://localhost:{server.port}/", "--insecure")
    assert re.search(rf"{title} .*alice", run(domain, str(PAGEBELL), *jobs))


def test_curl_negotiates_and_logs_in_by_password(
    domain: Realm, server: ServerProcess, with_names: tuple[str, ...]
) -> None:
    if "SPNEGO" not in run(domain, find("curl"), "--version"):
        absent("this curl does not negotiate")
    page = (find("curl"), "--silent", "--show-error", "--cacert", str(server.state / "tls/certificate.pem"))
    page = (*page, "--write-out", "%{http_code} %{num_connects}\n", "--output", "/dev/null")
    url = f"https://localhost:{server.port}/"
    assert "\n401 1\n" in run(domain, *page, url)
    assert "\n200 1\n" in run(domain, *page, "--negotiate", "--user", ":", url)
    # What was proved holds for the connection.
    assert "\n200 1\n200 0\n" in run(domain, *page, "--negotiate", "--user", ":", url, "-o", "/dev/null", url)
    assert "\n200 1\n" in run(domain, *page, "--basic", "--user", f"carol:{PASSWORD}", url)
    assert "\n401 1\n" in run(domain, *page, "--basic", "--user", "carol:wrong", url)
    assert "\n401 1\n" in run(domain, *page, "--negotiate", "--user", ":", url, KRB5CCNAME="FILE:/nowhere")


def test_our_client_comes_with_a_ticket_or_a_password(
    domain: Realm, server: ServerProcess, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    where = ("--server", f"ipps://localhost:{server.port}/", "--insecure")
    document = ("print", "/etc/hosts", *where, "--no-wait")
    assert run(domain, str(PAGEBELL), *document).startswith("0\n")
    nobody = {"KRB5CCNAME": "FILE:/nowhere"}
    by_file = (*document, "-u", "carol", "--password-file", str(secret))
    assert run(domain, str(PAGEBELL), *by_file, **nobody).startswith("0\n")
    by_variable = run(domain, str(PAGEBELL), *document, "-u", "carol", **nobody, PAGEBELL_PASSWORD=PASSWORD)
    assert by_variable.startswith("0\n")
    wrong = run(domain, str(PAGEBELL), *document, "-u", "carol", **nobody, PAGEBELL_PASSWORD="wrong")
    assert wrong.startswith("1\n")
    assert "user name and a password" in wrong
    told = run(domain, str(PAGEBELL), "jobs", "--all", *where)
    assert [name for name in ("alice", "carol") if name in told] == ["alice", "carol"], told


def lp(domain: Realm, argv: tuple[str, ...], typed: str = "", **more: str) -> str:
    """Print by CUPS' lp; what is typed is a password. Gives all that the terminal saw."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [find("setsid"), "-w", "-c", *argv, "/etc/hosts"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, **domain.environment, "HOME": str(domain.folder), **more},
        )
        os.close(theirs)
        seen = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:  # nobody has the terminal any more
                break
            seen += chunk
            if b"Password for" in chunk:
                os.write(ours, typed.encode() + b"\n")
        process.wait(20)
    finally:
        os.close(ours)
    return seen.decode()


def test_lp_comes_back_encrypted_and_asks_for_the_password(domain: Realm, server: ServerProcess) -> None:
    """With tickets it would not: it uses none for a server on its own machine (see tests/domain)."""
    argv = (find("lp"), "-h", f"localhost:{server.port}", "-d", "PDF", "-U", "carol")
    told = lp(domain, argv, PASSWORD)
    assert "Password for carol" in told
    assert "request id is" in told


def channel(certificate: Path) -> Binding:
    """As a client finds it, by what it sees of the server."""
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    return Binding(b"tls-server-end-point:" + hashlib.sha256(der).digest())


ELSEWHERE = Binding(b"tls-server-end-point:" + bytes(32))


async def negotiated(server: ServerProcess, binding: Binding) -> int:
    """The status of a page that is asked for with a ticket for a connection."""
    initiator = KerberosInitiator("localhost", "HTTP", Level.CONNECT, dce=False, binding=binding)
    token = base64.b64encode(await SpnegoInitiator(initiator, KERBEROS_OID).step(b"")).decode()
    trust = ssl.create_default_context(cafile=server.state / "tls/certificate.pem")
    reader, writer = await asyncio.open_connection("localhost", server.port, ssl=trust)
    head = (
        f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Negotiate {token}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode())
    status = (await reader.readline()).split()[1]
    writer.close()
    return int(status)


async def test_a_ticket_for_another_connection_is_refused(
    domain: Realm, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in domain.environment.items():
        monkeypatch.setenv(name, value)
    here = channel(server.state / "tls/certificate.pem")
    found = [await negotiated(server, binding) for binding in (here, ELSEWHERE, NO_BINDING)]
    assert found == [200, 401, 200]


@pytest.mark.parametrize(("named", "expected"), [(True, True), (False, False), (None, False)])
async def test_a_ticket_has_to_name_its_connection_where_that_is_required(
    domain: Realm, monkeypatch: pytest.MonkeyPatch, named: bool | None, expected: bool
) -> None:
    for name, value in domain.environment.items():
        monkeypatch.setenv(name, value)
    here = Binding(b"tls-server-end-point:" + bytes(range(32)), required=True)
    binding = NO_BINDING if named is None else here if named else ELSEWHERE
    client = KerberosInitiator("localhost", "HTTP", Level.CONNECT, dce=False, binding=binding)
    server = Keytab(domain.folder / "keytab").acceptor()(here)
    with contextlib.nullcontext() if expected else pytest.raises(SecurityError):
        await server.step(await client.step(b""))
    assert server.complete is expected


def test_our_client_names_the_connection_where_that_is_required(domain: Realm, tmp_path: Path) -> None:
    settings = SETTINGS.format(keytab=domain.folder / "keytab").replace("[rpc]", "bound-proofs = true\n[rpc]")
    with ServerProcess(tmp_path, settings=settings, environment=domain.environment) as strict:
        where = ("--server", f"ipps://localhost:{strict.port}/", "--insecure")
        told = run(domain, str(PAGEBELL), "print", "/etc/hosts", *where, "--no-wait")
        assert told.startswith("0\n"), told
        assert "alice" in run(domain, str(PAGEBELL), "jobs", "--all", *where)


def test_somebody_of_another_realm_comes_in_by_their_whole_name(
    domain: Realm, server: ServerProcess, tmp_path: Path
) -> None:
    """alice of elsewhere is not the administrator of that name."""
    where = ("--server", f"ipps://localhost:{server.port}/", "--insecure")
    with realm(tmp_path, "ELSEWHERE.TEST", domain) as other:
        domain.trusts(other)
        other.add_user("alice")
        other.log_in("alice")
        told = run(other, str(PAGEBELL), "print", "/etc/hosts", *where, "--no-wait", "--title", "From afar")
        assert told.startswith("0\n"), told
        assert "alice@ELSEWHERE.TEST" in run(other, str(PAGEBELL), "jobs", "--all", *where)
        told = run(other, str(PAGEBELL), "printers", "pause", "PDF", *where)
        assert told.startswith("1\n") and "may not" in told, told


async def accepted(domain: Realm, monkeypatch: pytest.MonkeyPatch) -> frozenset[str]:
    """The groups of alice's ticket."""
    for name, value in domain.environment.items():
        monkeypatch.setenv(name, value)
    client = KerberosInitiator("localhost", "HTTP", Level.CONNECT, dce=False)
    server = Keytab(domain.folder / "keytab").acceptor()(NO_BINDING)
    await server.step(await client.step(b""))
    assert server.principal.name == "alice"
    return server.principal.groups


async def test_a_ticket_that_tells_no_groups_has_none(
    domain: Realm, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert await accepted(domain, monkeypatch) == frozenset()
    assert caplog.messages == []


async def test_groups_that_cant_be_read_are_logged_and_count_for_nothing(
    domain: Realm, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gssapi = pytest.importorskip("gssapi")

    def broken(*_: object) -> None:
        raise gssapi.exceptions.GSSError(13 << 16, 0)  # GSS_S_FAILURE

    monkeypatch.setattr(gssapi.raw, "get_name_attribute", broken)
    assert await accepted(domain, monkeypatch) == frozenset()
    (told,) = caplog.messages
    assert told.startswith("the groups of a ticket can't be read: ")
    monkeypatch.delattr(gssapi.raw, "get_name_attribute")
    assert await accepted(domain, monkeypatch) == frozenset()
    assert "RFC 6680" in caplog.messages[-1]


async def test_a_mistake_of_ours_is_not_taken_for_a_ticket_without_groups(
    domain: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    gssapi = pytest.importorskip("gssapi")
    monkeypatch.setattr(gssapi.raw, "get_name_attribute", lambda: None)
    with pytest.raises(TypeError):
        await accepted(domain, monkeypatch)
