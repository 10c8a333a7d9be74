"""Printers published in OpenLDAP, whose schema has Active Directory's class for them, and looked up by its tools."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pagebell.cli import main
from pagebell.directory import Catalog, Directory, DirectoryError, Login
from pagebell.directory.print_queue import PrintQueue
from pagebell.testing import PrintServer
from pagebell.winspool import Client
from pagebell.winspool.constants import Access, DsPrint
from pagebell.winspool.idl import rprn
from pagebell.winspool.idl.containers import PRINTER_CONTAINER
from pagebell.winspool.idl.types import PRINTER_INFO_7
from tests.peers import find, free_port, started
from tests.server import ServerProcess, wait_for

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


def ldapsearch(ldap: str, wanted: str) -> str:
    """What OpenLDAP's own program finds."""
    search = [find("ldapsearch"), "-x", "-LLL", "-o", "ldif-wrap=no", "-H", ldap, "-b", BASE, wanted]
    return subprocess.run(search, capture_output=True, text=True, check=True).stdout


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
    told = ldapsearch(ldap, "(objectClass=printQueue)")
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


async def test_an_entry_is_brought_up_to_date_and_known_by_what_the_directory_calls_it(ldap: str) -> None:
    catalog = Catalog(ldap, "print.pagebell.test", Login(ADMIN, PASSWORD))
    queue = PrintQueue("Office", catalog.host, location="2nd floor", color=True)
    first = await catalog.publish(queue)
    moved = await catalog.publish(replace(queue, location=""))
    assert moved == first
    told = ldapsearch(ldap, f"(entryUUID={first.guid})")
    assert "printColor: TRUE" in told and "location" not in told
    await catalog.remove(first.dn)
    await catalog.remove(first.dn)
    assert ldapsearch(ldap, "(printerName=Office)") == ""
    again = await catalog.publish(queue)
    assert again.dn == first.dn and again.guid not in (None, first.guid)
    await catalog.remove(again.dn)
    with pytest.raises(DirectoryError):
        await Catalog(ldap, "elsewhere.test", Login(ADMIN, PASSWORD)).publish(queue)


async def act(client: Client, kind: type[Any], **fields: Any) -> None:
    """Make an administrator's call about a printer."""
    async with client.session() as session:
        name = session.address.name
        opened = await session.demand(
            rprn.RpcOpenPrinterEx,
            pPrinterName=name,
            AccessRequired=Access.PRINTER_ACCESS_ADMINISTER,
            pClientInfo=session.client_info,
        )
        await session.demand(kind, hPrinter=opened.pHandle, **fields)


def publishing_server(ldap: str, folder: Path) -> ServerProcess:
    """A server that publishes there, with an administrator `root`."""
    (folder / "password").write_text(f"{PASSWORD}\n")
    place = f'ldap = "{ldap}"\nhost = "print.pagebell.test"\nbind = "{ADMIN}"'
    settings = f'[directory]\n{place}\npassword-file = "{folder}/password"\n[rpc]\nepm = "off"\n'
    devices = {"Sim": "simulated://?ppm=30"}
    server = ServerProcess(folder / "server", devices, settings, rpc="127.0.0.1:0")
    server.add_user("root", PASSWORD, "--admin")
    return server


async def test_the_entry_is_the_same_by_whichever_door(
    ldap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published by SetPrinter, then by the command; and it goes with its printer."""
    monkeypatch.setenv("PAGEBELL_LDAP_PASSWORD", PASSWORD)
    server = publishing_server(ldap, tmp_path)
    with server:
        client = Client(f"rprn://127.0.0.1:{server.rpc_port}/Sim", user="root", password=PASSWORD)
        info = PRINTER_CONTAINER(Level=7, PrinterInfo=PRINTER_INFO_7(dwAction=DsPrint.PUBLISH))
        await act(client, rprn.RpcSetPrinter, pPrinterContainer=info)
        by_windows = ldapsearch(ldap, "(printerName=Sim)")
        assert "url: ipp://print.pagebell.test:" in by_windows
        assert "printPagesPerMinute: 30" in by_windows and "printMediaSupported: iso_a4" in by_windows
        command = ["publish", "Sim", "--ldap", ldap, "--bind", ADMIN, "--host", "print.pagebell.test"]
        assert await asyncio.to_thread(main, [*command, "--server", f"ipp://{server.authority}/"]) == 0
        by_command = ldapsearch(ldap, "(printerName=Sim)")
        assert sorted(by_command.splitlines()) == sorted(by_windows.splitlines())
        await act(client, rprn.RpcDeletePrinter)
        wait_for(lambda: ldapsearch(ldap, "(printerName=Sim)") == "", "the entry's end")


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


async def test_a_server_stops_at_once_though_its_directory_keeps_silent(tmp_path: Path) -> None:
    """What was asked for while there was no directory is done at the next start: a connection that is not answered."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = publishing_server(f"ldap://127.0.0.1:{silent.getsockname()[1]}", tmp_path)
        settings, server.settings = server.settings, '[rpc]\nepm = "off"\n'
        with server:
            client = Client(f"rprn://127.0.0.1:{server.rpc_port}/Sim", user="root", password=PASSWORD)
            info = PRINTER_CONTAINER(Level=7, PrinterInfo=PRINTER_INFO_7(dwAction=DsPrint.PUBLISH))
            await act(client, rprn.RpcSetPrinter, pPrinterContainer=info)
        server.settings = settings
        with server:
            silent.settimeout(20)
            connection, _ = silent.accept()
            began = time.monotonic()
        connection.close()
    assert time.monotonic() - began < 10
