"""What Samba's rpcclient can ask a print server for: all its commands about printing, and what it then tells.

Left out are `rffpcnex`, which wants to be called back over SMB (see tests/interop/rpc/test_notification_peers.py), and
`printercmp`, which reaches the other server by SMB (see tests/interop/test_behind_smbd.py).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.kerberos import REALM

FOLDERS = ("private dir", "lock directory", "state directory", "cache directory")
Commands = tuple[tuple[str, str], ...]
"""Each with something that it tells."""
LOOKS: Commands = (
    ("openprinter PDF 8", "Printer PDF opened successfully"),
    ("openprinter_ex PDF 8", "Printer PDF opened successfully"),
    *((f"enumprinters {level}", "PDF") for level in (0, 1, 2, 4, 5)),
    ("getprinter PDF 0", "number_of_processors:[0x1]"),
    ("getprinter PDF 1", "comment:[Writes documents to a folder]"),
    ("getprinter PDF 2", "printprocessor:[winprint]"),
    ("getprinter PDF 3", "SID: S-1-5-32-544"),
    ("getprinter PDF 7", "action:[0x4]"),
    ("enumforms PDF 1", "A4\n\tflag: FORM_BUILTIN (1)\n\twidth: 210000, length: 297000"),
    ("enumforms PDF 2", "keyword: Envelope #10"),
    ("getform PDF A4", "width: 210000, length: 297000"),
    ("getdata PDF ChangeID", "ChangeID: REG_DWORD: 0x"),
    ("getdataex PDF DsSpooler printerName", "printerName: REG_SZ: PDF"),
    ("enumkey PDF", "DsDriver\nDsSpooler\nPrinterDriverData"),
    ("enumdataex PDF DsSpooler", "printerName: REG_SZ: PDF"),
    ("enumports 1", "Port Name:\t[file:PDF]"),
    ("enumports 2", "Port Name:\t[file:PDF]"),
    ("enummonitors 1", "monitor_name: Local Port"),
    ("enummonitors 2", "dll_name: localspl.dll"),
    ("enumprocs", "print_processor_name: winprint"),
    ("enumprocdatatypes", "name_array: RAW"),
    ("enumdrivers 1", "Driver Name: [MS Publisher Color Printer]"),
    ("enumdrivers 3", "Driver Path: [pscript5.dll]"),
    *((f"getdriver PDF {level}", "[MS Publisher Color Printer]") for level in (1, 2, 3, 5, 6)),
    ("getdriverdir", "print$\\w32x86]"),
    ("getprintprocdir", "prnproc$\\w32x86"),
    ("getcoreprinterdrivers", ""),
    ("createprinteric PDF", ""),
    ("playgdiscriptonprinteric PDF", ""),
)
"""Commands that everybody may give who may print, and something of what each tells."""
CHANGES: Commands = (
    ("openprinter PDF", "Printer PDF opened successfully"),
    ("openprinter_ex PDF", "Printer PDF opened successfully"),
    ("setprinter PDF hello", "Success in setting comment."),
    ("getprinter PDF 1", "comment:[hello]"),
    ('setprinter PDF "Writes documents to a folder"', "Success in setting comment."),
    ("setprintername PDF Front", "Success in setting printername."),
    ("getprinter Front 1", "\\Front]"),
    ("setprintername Front PDF", "Success in setting printername."),
    ("addform PDF foo 1", ""),
    ("getform PDF foo", "foo\n\tflag: FORM_USER (0)"),
    ("setform PDF foo", ""),
    ("deleteform PDF foo", ""),
    ("setprinterdata PDF string Word value", "SetPrinterData succeeded [Word: value]"),
    ("setprinterdata PDF dword Number 7", "SetPrinterData succeeded [Number: 7]"),
    ("setprinterdata PDF multistring Words a b", "SetPrinterData succeeded [Words: a]"),
    ("setprinterdata PDF binary Octets 0102", "SetPrinterData succeeded [Octets: 0102]"),
    ("getdata PDF Number", "Number: REG_DWORD: 0x00000007"),
    ("enumdata PDF", "Word: REG_SZ: value"),
    ("enumdataex PDF PrinterDriverData", "Words: REG_MULTI_SZ: a b"),
    ("addpermachineconnection \\\\\\\\{host} queue", ""),
    ("enumpermachineconnections \\\\\\\\{host}", ""),
    ("delpermachineconnection \\\\\\\\{host} queue", ""),
)
"""Commands of administrators."""
JOB: Commands = (
    ("enumjobs PDF 1", "{job}]: alice"),
    ("enumjobs PDF 2", "{size} bytes"),
    ("getjob PDF {job} 1", "{job}]: alice"),
    ("getjob PDF {job} 2", "{size} bytes"),
    ("setjob PDF {job} 1", ""),
    ("getjob PDF {job}", "{job}]: alice"),
    ("setjob PDF {job} 2", ""),
    ("setjob PDF {job} 3", ""),
)
"""What is done with a job, at last cancelling it."""


def run(
    argv: Sequence[str], folder: Path, commands: str, environment: Mapping[str, str] | None = None
) -> str:
    """What rpcclient says to some commands; `argv` begins with it, or with what runs it."""
    configuration = folder / "smb.conf"
    lines = ["[global]", "workgroup = WORKGROUP", f"realm = {REALM}"]
    configuration.write_text("\n".join([*lines, *(f"{name} = {folder}" for name in FOLDERS)]) + "\n")
    done = subprocess.run(
        [*argv, "-s", str(configuration), "-c", commands],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
    )
    return done.stdout + done.stderr


def script(commands: Commands, **values: object) -> str:
    """The commands in their order."""
    return "; ".join(command.format(**values) for command, _ in commands)


def check(told: str, commands: Commands, **values: object) -> None:
    """All went well, and each command told what it had to, one behind the other."""
    assert "result was" not in told and "NT_STATUS" not in told, told
    at = 0
    for command, word in commands:
        expected = word.format(**values)
        assert expected in told[at:], (command, expected, told[at:])
        at += told[at:].index(expected) + len(expected)
