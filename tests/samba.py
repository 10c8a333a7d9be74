"""smbd in front of our print server: Samba's daemons without their own print service, in a folder of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers import absent, find, started

LIBEXEC = Path("/usr/libexec/samba")
PASSWORD = "Secret123"
_SETTINGS = """[global]
 workgroup = WORKGROUP
 netbios name = FRONT
 server role = standalone server
 interfaces = {host}/8
 bind interfaces only = yes
 smb ports = 445
 disable netbios = yes
 rpc start on demand helpers = no
 load printers = no
 printing = bsd
 server smb encrypt = default
 log file = {folder}/log.%m
 usershare path =
 {folders}

[PDF]
 path = {folder}/spool
 printable = yes
"""
_FOLDERS = {
    **{f"{name} directory": name for name in ("lock", "state", "cache", "pid")},
    **{"private dir": "private", "ncalrpc dir": "ncalrpc", "winbindd socket directory": "winbindd"},
}


@dataclass(frozen=True)
class Front:
    """Samba's folder and settings; its user is `root`, who is a Unix user everywhere."""

    folder: Path
    host: str

    @property
    def configuration(self) -> Path:
        return self.folder / "smb.conf"

    @property
    def spool(self) -> Path:
        """Where smbd writes documents."""
        return self.folder / "spool"

    @property
    def socket(self) -> Path:
        """Where it expects the print service."""
        return self.folder / "ncalrpc" / "np" / "spoolss"

    def prepare(self) -> None:
        """Write the settings, and make the user known."""
        for name in (*_FOLDERS.values(), "spool"):
            (self.folder / name).mkdir()
        (self.folder / "ncalrpc/np").mkdir(mode=0o700)
        lines = "\n ".join(f"{option} = {self.folder / name}" for option, name in _FOLDERS.items())
        self.configuration.write_text(_SETTINGS.format(host=self.host, folder=self.folder, folders=lines))
        subprocess.run(
            ["pdbedit", "-s", str(self.configuration), "-t", "-a", "-u", "root"],
            input=f"{PASSWORD}\n{PASSWORD}\n",
            text=True,
            capture_output=True,
            check=True,
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run smbd, and every RPC service of Samba's but the one for printing, which is there already."""
        helpers = [str(one) for one in sorted(LIBEXEC.glob("rpcd_*")) if one.name != "rpcd_spoolss"]
        settings = ("-s", str(self.configuration), "-F", "--no-process-group")
        with ExitStack() as stack:
            daemon = str(LIBEXEC / "samba-dcerpcd")
            peer = stack.enter_context(started(self.folder, daemon, *settings, *helpers))
            peer.wait_for_file(self.folder / "ncalrpc/np/srvsvc")
            smbd = stack.enter_context(started(self.folder, find("smbd"), *settings))
            smbd.wait_for_address(self.host, 445)
            yield


def front(folder: Path, host: str) -> Front:
    """A front that can run; else the test is reported as not run."""
    if os.geteuid() != 0:
        absent("smbd needs root")
    for program in ("smbd", "pdbedit", "rpcclient", "smbclient"):
        find(program)
    if not (LIBEXEC / "samba-dcerpcd").exists():
        absent("samba-dcerpcd is missing")
    one = Front(folder, host)
    one.prepare()
    return one
