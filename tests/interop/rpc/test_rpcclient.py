"""Samba's rpcclient does all that it can do about printing, on a server as its users run it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers import need_mapper
from tests.rpcclient import CHANGES, JOB, LOOKS, check, run, script
from tests.server import PAGEBELL, ServerProcess

HOST, OPEN_HOST = "127.0.0.17", "127.0.0.18"
"""rpcclient wants the endpoint mapper at port 135 of the server's address; whoever comes to the second may print."""
PASSWORD = "Secret123"
SETTINGS = '[rpc]\npar-protection = "integrity"\n'
OPEN_SETTINGS = '[rpc]\nanonymous = true\nprotection = "none"\n'
PROTECTIONS = ("sign", "seal", "ntlm,sign", "spnego,seal")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    yield from _running(tmp_path_factory.mktemp("server"), HOST, SETTINGS)


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    yield from _running(tmp_path_factory.mktemp("open"), OPEN_HOST, OPEN_SETTINGS)


def _running(folder: Path, host: str, settings: str) -> Iterator[ServerProcess]:
    running = ServerProcess(folder, settings=settings, rpc=f"{host}:0")
    running.add_user("alice", PASSWORD)
    running.add_user("root", PASSWORD, "--admin")
    with running:
        need_mapper(running, host)
        yield running


@pytest.fixture
def rpcclient(peer: Callable[[str], str], tmp_path: Path) -> Callable[..., str]:
    """Runs commands with some options of the binding."""

    def call(commands: str, options: str, user: str = "root", host: str = HOST) -> str:
        binding = f"ncacn_ip_tcp:{host}" + (f"[{options}]" if options else "")
        login = f"WORKGROUP\\{user}%{PASSWORD}"
        return run([peer("rpcclient"), "-U", login, binding], tmp_path, commands)

    return call


def hold_job(server: ServerProcess, tmp_path: Path) -> tuple[int, int]:
    """A job of alice's that waits: its number and its size."""
    letter = tmp_path / "letter.txt"
    letter.write_text("To be or not to be.\n")
    argv = [str(PAGEBELL), "print", str(letter), "--hold", "--no-wait", "-u", "alice"]
    done = subprocess.run(
        [*argv, "--server", f"ipp://{server.authority}/"], capture_output=True, text=True, check=True
    )
    found = re.search(r"as job (\d+)", done.stdout)
    assert found is not None, done.stdout
    return int(found[1]), letter.stat().st_size


@pytest.mark.parametrize("options", PROTECTIONS)
def test_each_command_does_what_it_should(
    rpcclient: Callable[..., str], server: ServerProcess, tmp_path: Path, options: str
) -> None:
    job, size = hold_job(server, tmp_path)
    commands = LOOKS + JOB + CHANGES
    told = rpcclient(script(commands, host=HOST, job=job), options)
    check(told, commands, host=HOST, job=job, size=size)
    assert f"[{job}]" not in rpcclient("enumjobs PDF 1", options)
    assert "hello" not in rpcclient("getprinter PDF 1", options)


@pytest.mark.parametrize("options", ["", "connect"])
def test_without_protection_people_look_around_where_that_is_allowed(
    rpcclient: Callable[..., str], open_server: ServerProcess, tmp_path: Path, options: str
) -> None:
    told = rpcclient(script(LOOKS), options, host=OPEN_HOST)
    check(told, LOOKS)
    told = rpcclient("setprinter PDF hello", "", host=OPEN_HOST)
    assert "WERR_ACCESS_DENIED" in told


@pytest.mark.parametrize("options", ["", "connect"])
def test_without_protection_nobody_comes_in_elsewhere(
    rpcclient: Callable[..., str], server: ServerProcess, options: str
) -> None:
    assert "ACCESS_DENIED" in rpcclient("enumprinters 1", options)


@pytest.mark.parametrize("options", ["sign", "ntlm,sign", "spnego,sign"])
def test_commands_of_par(rpcclient: Callable[..., str], server: ServerProcess, options: str) -> None:
    """With a seal it encrypts the object that it names, and no server reads that."""
    told = rpcclient(rf"winspool_AsyncOpenPrinter \\\\{HOST}\\PDF", options)
    assert "opened successfully" in told
    assert "is installed" in rpcclient("winspool_AsyncCorePrinterDriverInstalled", options)


def test_a_wrong_password_and_a_strangers_name_are_refused(
    rpcclient: Callable[..., str], server: ServerProcess
) -> None:
    assert "ACCESS_DENIED" in rpcclient("enumprinters 1", "sign", user="mallory")


def test_a_driver_that_is_not_in_windows_box_is_not_taken(
    rpcclient: Callable[..., str], server: ServerProcess
) -> None:
    driver = "Mine:a.dll:b.dll:c.dll:d.hlp:NULL:RAW:NULL"
    assert "WERR_ACCESS_DENIED" in rpcclient(f'adddriver "Windows x64" "{driver}" 3', "sign")
    printer = "Another Another 'MS Publisher Color Printer' LPT1:".replace("'", '"')
    assert "Printer Another successfully installed." in rpcclient(f"addprinter {printer}", "sign")
    assert "Successfully set Another to driver Mine." in rpcclient("setdriver Another Mine", "sign")
