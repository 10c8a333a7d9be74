r"""Behind smbd: it keeps the sessions, and we answer its pipe `\pipe\spoolss` and print what comes to its shares."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import find
from tests.samba import PASSWORD, Front, front
from tests.server import ServerProcess, wait_for

HOST = "127.0.0.23"


@pytest.fixture(scope="module")
def samba() -> Iterator[Front]:
    with tempfile.TemporaryDirectory(prefix="pb") as folder:  # a socket's path must be short
        yield front(Path(folder), HOST)


@pytest.fixture(scope="module")
def server(samba: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """At smbd's pipe, and at a port of its own beside it."""
    lines = ["[rpc]", 'epm = "off"', f'samba-np = "{samba.socket}"', f'samba-spool = ["{samba.spool}"]']
    lines += ["[access]", 'administrators = ["@S-1-22-2-0"]']
    folder = tmp_path_factory.mktemp("behind")
    running = ServerProcess(folder, settings="\n".join(lines), rpc=f"{HOST}:0")
    running.add_user("root", PASSWORD, "--admin")
    with running, samba.running():
        yield running


def rpcclient(samba: Front, commands: str, *more: str) -> str:
    argv = [find("rpcclient"), "-s", str(samba.configuration), "-U", f"WORKGROUP\\root%{PASSWORD}", *more]
    run = subprocess.run(
        [*argv, HOST, "-c", commands], capture_output=True, text=True, timeout=30, check=False
    )
    return run.stdout + run.stderr


@pytest.mark.parametrize("protection", ["sign", "encrypt"])
def test_rpcclient_reaches_us_over_smb(samba: Front, server: ServerProcess, protection: str) -> None:
    told = rpcclient(
        samba,
        "enumprinters 2; openprinter_ex PDF; enumjobs PDF; getprinter PDF 2",
        f"--client-protection={protection}",
        "--option=client min protocol=SMB3",
    )
    assert "printername:[PDF]" in told, told
    assert "Printer PDF opened successfully" in told
    assert "WERR" not in told and "NT_STATUS" not in told
    assert f"{HOST}" in told


def test_guests_are_nobody_in_particular(samba: Front, server: ServerProcess) -> None:
    """smbd lets them in as its guest account; we take nobody whom nobody knows."""
    argv = [find("rpcclient"), "-s", str(samba.configuration), "-U", "WORKGROUP\\nosuch%x"]
    argv += ["--client-protection=off", "--option=client ipc signing=off", HOST, "-c", "enumprinters 1"]
    run = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert "ACCESS_DENIED" in run.stdout + run.stderr
    assert "by smbd: anonymous" in server.log


def test_smbclient_prints_on_a_share(samba: Front, server: ServerProcess, tmp_path: Path) -> None:
    octets = b"To be or not to be.\n" * 20_000
    letter = tmp_path / "letter.txt"
    letter.write_bytes(octets)
    argv = [find("smbclient"), "-s", str(samba.configuration), "-U", f"WORKGROUP\\root%{PASSWORD}"]
    run = subprocess.run(
        [*argv, f"//{HOST}/PDF", "-c", f"print {letter}"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    output = server.state / "output"
    found = wait_for(lambda: list(output.glob("*letter*")), "the printed file")
    wait_for(lambda: found[0].read_bytes() == octets, "all of it")
    assert list(samba.spool.iterdir()) == []


def test_socket_is_for_root_alone(samba: Front, server: ServerProcess) -> None:
    assert samba.socket.stat().st_mode & 0o777 == 0o600


def test_rpcclient_compares_a_printer_with_one_of_another_server(samba: Front, server: ServerProcess) -> None:
    """It reaches the other server by SMB in any case."""
    told = rpcclient(samba, f"printercmp PDF {HOST}")
    assert "Security descriptors match" in told, told
    assert "failed" not in told and "WERR" not in told, told


def test_a_pipes_handles_are_not_those_of_a_port(samba: Front, server: ServerProcess) -> None:
    """smbtorture opens a printer at the port, and closes it at smbd's pipe, which is another association."""
    argv = [find("smbtorture"), "-s", str(samba.configuration), "-U", f"WORKGROUP\\root%{PASSWORD}"]
    argv += [f"ncacn_ip_tcp:{HOST}[{server.rpc_port},seal]", "rpc.iremotewinspool.handles.OpenPrinter"]
    run = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, cwd=samba.folder)
    assert "success: handles.OpenPrinter" in run.stdout, run.stdout + run.stderr
