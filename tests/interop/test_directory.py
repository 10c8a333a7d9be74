"""Printers published in OpenLDAP, whose schema has Active Directory's class for them, and looked up by its tools."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pagebell.cli import main
from pagebell.directory import Catalog, Directory, DirectoryError, Login
from pagebell.directory.print_queue import PrintQueue
from pagebell.testing import PrintServer
from tests.peers import find, free_port, started

BASE, ADMIN, PASSWORD = "dc=pagebell,dc=test", "cn=admin,dc=pagebell,dc=test", "Secret123"
TEXT, NUMBER, FLAG = (
    "1.3.6.1.4.1.1466.115.121.1.15",
    "1.3.6.1.4.1.1466.115.121.1.27",
    "1.3.6.1.4.1.1466.115.121.1.7",
)
# Numbers of Active Directory's schema.
ATTRIBUTES = {
    "printerName": ("1.4.300", TEXT),
    "serverName": ("1.4.223", TEXT),
    "shortServerName": ("1.4.1209", TEXT),
    "uNCName": ("1.4.137", TEXT),
    "versionNumber": ("1.4.141", NUMBER),
    "driverName": ("1.4.229", TEXT),
    "location": ("1.4.222", TEXT),
    "url": ("1.4.749", TEXT),
    "printShareName": ("1.4.270", TEXT),
    "printColor": ("1.4.243", FLAG),
    "printDuplexSupported": ("1.4.1311", FLAG),
    "printPagesPerMinute": ("1.4.631", NUMBER),
    "printMediaSupported": ("1.4.299", TEXT),
    "dNSHostName": ("1.4.619", TEXT),
}
SEVERAL = {"url", "printMediaSupported", "printShareName"}
REQUIRED = "uNCName $ versionNumber $ serverName $ printerName $ shortServerName"


def schema() -> str:
    lines = []
    for name, (number, syntax) in ATTRIBUTES.items():
        match = {TEXT: "caseIgnoreMatch", NUMBER: "integerMatch", FLAG: "booleanMatch"}[syntax]
        substring = " SUBSTR caseIgnoreSubstringsMatch" if syntax == TEXT else ""
        single = "" if name in SEVERAL else " SINGLE-VALUE"
        kind = f"EQUALITY {match}{substring} SYNTAX {syntax}{single}"
        lines.append(f"attributetype ( 1.2.840.113556.{number} NAME '{name}' {kind} )")
    optional = " $ ".join([*(set(ATTRIBUTES) - set(REQUIRED.split(" $ ")) - {"dNSHostName"}), "description"])
    lines.append(
        "objectclass ( 1.2.840.113556.1.5.23 NAME 'printQueue' SUP top STRUCTURAL "
        f"MUST ( cn $ {REQUIRED} ) MAY ( {optional} ) )"
    )
    lines.append(
        "objectclass ( 1.2.840.113556.1.3.30 NAME 'computer' SUP top STRUCTURAL MUST cn MAY dNSHostName )"
    )
    return "\n".join(lines)


@pytest.fixture(scope="module")
def ldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("slapd"), free_port()
    program = find("slapd")
    (folder / "data").mkdir()
    (folder / "ad.schema").write_text(schema() + "\n")
    (folder / "slapd.conf").write_text(
        f"include /etc/ldap/schema/core.schema\ninclude {folder}/ad.schema\npidfile {folder}/pid\n"
        f"modulepath /usr/lib/ldap\nmoduleload back_mdb\ndatabase mdb\nmaxsize 10485760\nsuffix {BASE}\n"
        f"rootdn {ADMIN}\nrootpw {PASSWORD}\ndirectory {folder}/data\n"
    )
    (folder / "base.ldif").write_text(
        f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: pagebell\no: test\n\n"
        f"dn: cn=PRINT,{BASE}\nobjectClass: computer\ncn: PRINT\ndNSHostName: print.pagebell.test\n"
    )
    add = [program, "-T", "add", "-f", str(folder / "slapd.conf"), "-l", str(folder / "base.ldif")]
    subprocess.run(add, check=True, capture_output=True)
    uri = f"ldap://127.0.0.1:{port}"
    argv = (program, "-f", str(folder / "slapd.conf"), "-h", f"{uri}/", "-d", "0")
    with started(folder, *argv) as peer:
        peer.wait_for_port(port)
        yield uri


@pytest.fixture(scope="module")
def printer() -> Iterator[str]:
    with PrintServer() as server:
        yield server.uri


def test_printers_are_published_found_changed_and_taken_away(
    ldap: str, printer: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGEBELL_LDAP_PASSWORD", PASSWORD)
    server = printer.rpartition("/ipp/")[0]
    publish = [
        "publish",
        "virtual",
        "--ldap",
        ldap,
        "--bind",
        ADMIN,
        "--host",
        "print.pagebell.test",
        "--server",
        server,
    ]
    assert main(publish) == 0
    dn = f"CN=PRINT-virtual,cn=PRINT,{BASE}"
    assert f"virtual is published as {dn}" in capsys.readouterr().out
    search = [find("ldapsearch"), "-x", "-LLL", "-H", ldap, "-b", BASE, "(objectClass=printQueue)"]
    told = subprocess.run(search, capture_output=True, text=True, check=True).stdout
    assert "uNCName: \\\\print.pagebell.test\\virtual" in told
    assert "url: ipp://print.pagebell.test:" in told
    assert main(["discover", "VIRT", "--ldap", ldap]) == 0
    assert "\\\\print.pagebell.test\\virtual" in capsys.readouterr().out
    assert main(publish) == 0, "an entry that is there is brought up to date"
    assert main(["discover", "(nothing*)", "--ldap", ldap]) == 1
    assert main([*publish, "--remove"]) == 0
    assert main(["discover", "--ldap", ldap]) == 1
    assert main([*publish, "--remove"]) == 0
    assert "was not published" in capsys.readouterr().out


async def test_a_server_publishes_by_itself(ldap: str) -> None:
    """What SetPrinter asks for at level 7."""
    catalog = Catalog(ldap, "print.pagebell.test", Login(ADMIN, PASSWORD))
    queue = PrintQueue("Office", catalog.host, color=True)
    await catalog.publish(queue)
    with Directory.open(ldap, Login()) as directory:
        assert [(one.name, one.color) for one in directory.search()] == [("Office", True)]
        await catalog.unpublish(queue)
        assert directory.search() == []
    with pytest.raises(DirectoryError):
        await Catalog(ldap, "elsewhere.test", Login(ADMIN, PASSWORD)).publish(queue)


def test_what_goes_wrong_is_told(ldap: str) -> None:
    queue = PrintQueue("Office", "elsewhere.test")
    with Directory.open(ldap, Login(ADMIN, PASSWORD)) as directory:
        with pytest.raises(DirectoryError, match="no member"):
            directory.computer(queue.server)
        with pytest.raises(DirectoryError, match="no such place"):
            directory.publish(queue, f"OU=nowhere,{BASE}")
    with (
        pytest.raises(DirectoryError, match="password is wrong"),
        Directory.open(ldap, Login(ADMIN, "wrong")),
    ):
        raise AssertionError
    with (
        pytest.raises(DirectoryError, match="can't be reached"),
        Directory.open(f"ldap://127.0.0.1:{free_port()}", Login()),
    ):
        raise AssertionError
    with (
        pytest.raises(DirectoryError, match="open connection"),
        Directory.open("ldap://dc.example.org", Login(ADMIN, PASSWORD)),
    ):
        raise AssertionError


def test_many_queues_come_in_pages_and_broken_ones_are_passed_over(ldap: str, tmp_path: Path) -> None:
    lines = [f"dn: ou=many,{BASE}\nobjectClass: organizationalUnit\nou: many\n"]
    names = [f"Printer {n:03}" for n in range(450)]
    for name in names:
        queue = PrintQueue(name, "many.pagebell.test")
        told = "".join(f"{key}: {one}\n" for key, values in queue.attributes().items() for one in values)
        lines.append(f"dn: cn={queue.common_name},ou=many,{BASE}\nobjectClass: printQueue\n{told}")
    (tmp_path / "many.ldif").write_text("\n".join(lines))
    add = [find("ldapadd"), "-x", "-H", ldap, "-D", ADMIN, "-w", PASSWORD, "-f", str(tmp_path / "many.ldif")]
    subprocess.run(add, check=True, capture_output=True)
    with Directory.open(ldap, Login()) as directory:
        assert [queue.name for queue in directory.search(f"ou=many,{BASE}")] == names
