"""Samba's clients print on a server as its users run it: rpcclient, smbtorture, Samba's library; tshark looks on."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers import absent, need_mapper
from tests.server import ServerProcess, wait_for

HERE = Path(__file__).parent
HOST = "127.0.0.14"
"""rpcclient wants the endpoint mapper at port 135 of the server's address."""
PASSWORD = "Secret123"
SETTINGS = '[rpc]\ndefault-driver = ""\naccept-driver-records = true\npar-protection = "integrity"\n'
"""smbtorture brings drivers of its own; with ours listed, its comparison of levels reads the wrong structures."""

WINREG = "it compares with the registry, whose interface (winreg) the server has not"
PRINTSERVER = {
    **dict.fromkeys(("forms_winreg", "print_processors_winreg", "printserver_info_winreg"), WINREG),
    "enum_printers_old": f"it opens each printer and looks for its forms: {WINREG}",
}
"""Cases of rpc.spoolss.printserver that fail, with their reasons: 4 of 27."""
PRINTER = {
    **dict.fromkeys(("printer_info_winreg", "printerdata_winreg"), WINREG),
    "print_test_smbd": "it prints on the share print1, and looks for the job in the queue of another printer",
}
"""Cases of rpc.spoolss.printer that fail, with their reasons: 3 of 27 for each way to add a printer."""
PRINTER_SKIPPED = {
    "driver_info_winreg": "smbtorture skips it without drivers of its own to upload, which are refused",
    "bidi": "of servers that are not Samba's; it goes no further where ENABLE_BIDI is not set from the start",
}
"""Cases that smbtorture itself leaves out, in the two modes it has."""
PRINTER_NOT_RUN = {
    "dm": "smbtorture 4.17 itself crashes, also with Samba's own server",
    "printer_info": "it skips itself at its end; before that it takes a level 2 without a driver for an error",
}
"""Cases that prove nothing."""
PRINTER_CASES = (
    *(
        "openprinter",
        "csetprinter",
        "print_test",
        "print_test_extended",
        "print_test_smbd",
        "print_test_purge",
    ),
    *("sd", "printer_info_winreg", "change_id", "keys", "printerdata_consistency", "printerdata_keys"),
    *("printerdata_values", "printerdata_set", "printerdata_winreg", "printerdata_dsspooler"),
    *(
        "driver_info_winreg",
        "printer_rename",
        "publish_toggle",
        "print_job_enum",
        "log_jobinfo",
        "os_versions",
    ),
)
"""Cases that are run as with Samba's own server,"""
WINDOWS_CASES = ("print_test_properties", "printer_ic", "bidi")
"""and those that smbtorture leaves out with Samba's."""
PAR = {"OpenPrinter": "its second connection is a named pipe: tests/interop/test_behind_smbd.py has one"}
"""Cases of rpc.iremotewinspool that fail here: 1 of 12."""
SAMBAS = {"rpc.spoolss.printserver": 21, "rpc.spoolss.printer": 26}
"""How many cases Samba 4.17's own server passes, of 27 and of 54."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("winspool")
    running = ServerProcess(folder, settings=SETTINGS, rpc=f"{HOST}:0")
    running.add_user("alice", PASSWORD)
    running.add_user("root", PASSWORD, "--admin")
    with running:
        need_mapper(running, HOST)
        yield running


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samba")
    path = folder / "smb.conf"
    names = ("private dir", "lock directory", "state directory", "cache directory")
    path.write_text("[global]\nworkgroup = WORKGROUP\n" + "".join(f"{n} = {folder}\n" for n in names))
    return path


def _rpcclient(
    peer: Callable[[str], str], configuration: Path, commands: str, options: str = "sign", user: str = "root"
) -> str:
    binding = f"ncacn_ip_tcp:{HOST}[{options}]"
    login = f"WORKGROUP\\{user}%{PASSWORD}"
    argv = [peer("rpcclient"), "-s", str(configuration), "-U", login, binding, "-c", commands]
    run = subprocess.run(
        argv, capture_output=True, text=True, timeout=30, check=False, cwd=configuration.parent
    )
    return run.stdout + run.stderr


def test_samba_prints_a_document(
    samba_python: str, server: ServerProcess, configuration: Path, tmp_path: Path
) -> None:
    octets = b"To be or not to be.\n" * 1000
    document = tmp_path / "letter.txt"
    document.write_bytes(octets)
    argv = [
        str(HERE / "print_by_samba.py"),
        str(configuration),
        f"ncacn_ip_tcp:{HOST}[{server.rpc_port},seal]",
    ]
    argv += ["alice", PASSWORD, f"\\\\{HOST}\\PDF", str(document)]
    run = subprocess.run(
        [samba_python, *argv], capture_output=True, text=True, timeout=30, check=False, cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["written"] == len(octets)
    assert [told["job"], "From Samba", "alice", 8] in told["listed"]
    assert told["printer"][:2] == [f"\\\\{HOST}\\PDF", f"\\\\{HOST}"]
    assert told["devmode"] == "A4"
    output = server.state / "output"
    found = wait_for(lambda: list(output.glob(f"{told['job']}-*")), "the printed file")
    wait_for(lambda: found[0].read_bytes() == octets, "all of it")


@pytest.mark.parametrize("syntax", ["ndr", "ndr64"])
@pytest.mark.parametrize("level", [5, 6])
def test_impacket_opens_and_lists(
    impacket_python: str, server: ServerProcess, tmp_path: Path, level: int, syntax: str
) -> None:
    argv = [str(HERE / "impacket_rprn.py"), HOST, str(server.rpc_port), "root", PASSWORD]
    argv += [rf"\\{HOST}\PDF", str(level), syntax]
    run = subprocess.run(
        [impacket_python, *argv], capture_output=True, text=True, timeout=30, check=False, cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert (told["returned"] >= 1, told["closed"], told["refused"]) == (True, 0, 1801)
    assert "PDF" in told["listed"]
    assert "print$" in told["drivers"]


def _torture(
    peer: Callable[[str], str],
    server: ServerProcess,
    configuration: Path,
    options: str,
    *suites: str,
    samba: bool = True,
) -> tuple[set[str], set[str]]:
    """The cases that passed, and the others."""
    binding = f"ncacn_ip_tcp:{HOST}[{server.rpc_port},{options}]"
    argv = [peer("smbtorture"), "-s", str(configuration), "-U", f"WORKGROUP\\root%{PASSWORD}"]
    argv += [f"--option=torture:samba3={'yes' if samba else 'no'}", binding, *suites]
    run = subprocess.run(
        argv, capture_output=True, text=True, timeout=90, check=False, cwd=configuration.parent
    )
    passed = re.findall(r"^success: (?:[\w-]+\.)?([\w-]+)", run.stdout, re.MULTILINE)
    failed = re.findall(r"^(?:failure|error): (?:[\w-]+\.)?([\w-]+)", run.stdout, re.MULTILINE)
    return set(passed), set(failed)


def test_smbtortures_print_server_suite(
    peer: Callable[[str], str], server: ServerProcess, configuration: Path
) -> None:
    passed, failed = _torture(peer, server, configuration, "sign", "rpc.spoolss.printserver")
    assert failed == PRINTSERVER.keys()
    assert len(passed) == 27 - len(PRINTSERVER) > SAMBAS["rpc.spoolss.printserver"]


@pytest.mark.parametrize("how", ["addprinter", "addprinterex"])
def test_smbtortures_printer_suite(
    peer: Callable[[str], str], server: ServerProcess, configuration: Path, how: str
) -> None:
    cases = [f"rpc.spoolss.printer.{how}.{case}" for case in PRINTER_CASES]
    passed, failed = _torture(peer, server, configuration, "sign", *cases)
    assert failed == PRINTER.keys()
    cases = [f"rpc.spoolss.printer.{how}.{case}" for case in WINDOWS_CASES]
    more, failed = _torture(peer, server, configuration, "sign", *cases, samba=False)
    assert not failed
    passed |= more
    known = {*PRINTER, *PRINTER_SKIPPED, *PRINTER_NOT_RUN}
    assert passed == {*PRINTER_CASES, *WINDOWS_CASES} - known
    assert 2 * len(passed) == 2 * (27 - len(known)) > SAMBAS["rpc.spoolss.printer"]


def test_smbtorture_does_what_windows_xp_does(
    peer: Callable[[str], str], server: ServerProcess, configuration: Path
) -> None:
    assert _torture(peer, server, configuration, "sign", "rpc.spoolss.win") == ({"testWinXP"}, set())


def test_smbtortures_par_suite(
    peer: Callable[[str], str], server: ServerProcess, configuration: Path
) -> None:
    passed, failed = _torture(peer, server, configuration, "seal", "rpc.iremotewinspool")
    assert failed == PAR.keys()
    assert len(passed) == 12 - len(PAR)


@pytest.mark.parametrize("suite", ["rpc.mgmt", "rpc.asyncbind"])
def test_smbtortures_suites_of_any_server(
    peer: Callable[[str], str], server: ServerProcess, configuration: Path, suite: str
) -> None:
    """rpc.authcontext and rpc.bind want Samba's LSA, over SMB and at the port; test_rpc_peers has rpc.epmapper."""
    assert _torture(peer, server, configuration, "sign", suite) == ({suite.partition(".")[2]}, set())


def test_tshark_finds_nothing_malformed(
    peer: Callable[[str], str], server: ServerProcess, configuration: Path, tmp_path: Path
) -> None:
    tshark, capture = peer("tshark"), tmp_path / "spoolss.pcap"
    process = subprocess.Popen(
        [tshark, "-q", "-i", "lo", "-f", f"host {HOST}", "-w", str(capture)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        if not any(line.startswith("Capturing") for line in process.stderr):
            absent("tshark may not capture")
        commands = (
            "enumprinters 2; getprinter PDF 2; enumforms PDF; enumjobs PDF 2; enumports 2; getprinter PDF 0"
        )
        assert "printername" in _rpcclient(peer, configuration, commands)
        show = [tshark, "-r", str(capture), "-d", f"tcp.port=={server.rpc_port},dcerpc"]

        def calls() -> bool:
            run = subprocess.run([*show, "-Y", "spoolss"], capture_output=True, text=True, check=False)
            return run.stdout.count("ClosePrinter response") >= 4

        wait_for(calls, "all packets in the capture")
    finally:
        process.terminate()
        process.communicate(timeout=20)
    wrong = subprocess.run([*show, "-Y", "_ws.malformed"], capture_output=True, text=True, check=True).stdout
    assert wrong == ""
