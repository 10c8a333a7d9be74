"""Samba's daemons in a folder of their own: before our print service, before our client, or with their own service."""

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
 interfaces = {host}/24
 bind interfaces only = yes
 smb ports = 445
 disable netbios = yes
 rpc start on demand helpers = no
 load printers = no
 printing = bsd
 server smb encrypt = default
 map to guest = bad user
 log file = {folder}/log.%m
 usershare path =
 {folders}

[PDF]
 path = {folder}/spool
 printable = yes
"""
_OWN_SERVICE = """
[global]
 print notify backchannel = yes
 lpq cache time = 0
 print command = mv %s {folder}/queue/
 lpq command = {folder}/lpq
 lprm command = rm -f {folder}/queue/smbprn.*

[Sim]
 path = {folder}/spool
 printable = yes
"""
_LPQ = """#!/bin/sh
echo "Rank    Owner   Job     File(s)                         Total Size"
cd {folder}/queue && for file in smbprn.*; do
  [ -e "$file" ] && printf 'active  root    1       %s       1024 bytes\\n' "$file"
done
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
    inside: tuple[str, ...] = ()
    """What runs a command on its computer, where that is not ours."""
    own_service: bool = False
    """Whether Samba's own print service is there, with a printer `Sim`."""
    without: frozenset[str] = frozenset()
    """Samba's RPC services that are not there, as we are there instead."""

    @property
    def configuration(self) -> Path:
        return self.folder / "smb.conf"

    @property
    def spool(self) -> Path:
        """Where smbd writes documents."""
        return self.folder / "spool"

    @property
    def queue(self) -> Path:
        """What `Sim` prints: a job lasts until its file is taken away."""
        return self.folder / "queue"

    @property
    def socket(self) -> Path:
        """Where it expects the print service."""
        return self.folder / "ncalrpc" / "np" / "spoolss"

    def prepare(self) -> None:
        """Write the settings, and make the user known."""
        for name in (*_FOLDERS.values(), "spool", "queue"):
            (self.folder / name).mkdir()
        (self.folder / "ncalrpc/np").mkdir(mode=0o700)
        lines = "\n ".join(f"{option} = {self.folder / name}" for option, name in _FOLDERS.items())
        settings = _SETTINGS.format(host=self.host, folder=self.folder, folders=lines)
        if self.own_service:
            settings += _OWN_SERVICE.format(folder=self.folder)
            (self.folder / "lpq").write_text(_LPQ.format(folder=self.folder))
            (self.folder / "lpq").chmod(0o755)
        self.configuration.write_text(settings)
        subprocess.run(
            ["pdbedit", "-s", str(self.configuration), "-t", "-a", "-u", "root"],
            input=f"{PASSWORD}\n{PASSWORD}\n",
            text=True,
            capture_output=True,
            check=True,
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run smbd, and Samba's RPC services."""
        helpers = [str(one) for one in sorted(LIBEXEC.glob("rpcd_*")) if one.name not in self.without]
        settings = ("-s", str(self.configuration), "-F", "--no-process-group")
        with ExitStack() as stack:
            daemon = str(LIBEXEC / "samba-dcerpcd")
            peer = stack.enter_context(started(self.folder, *self.inside, daemon, *settings, *helpers))
            peer.wait_for_file(self.folder / "ncalrpc/np/srvsvc")
            smbd = stack.enter_context(started(self.folder, *self.inside, find("smbd"), *settings))
            smbd.wait_for_address(self.host, 445)
            yield


PRINTING = frozenset({"rpcd_spoolss"})


def front(
    folder: Path,
    host: str,
    inside: tuple[str, ...] = (),
    *,
    own_service: bool = False,
    without: frozenset[str] = PRINTING,
) -> Front:
    """A front that can run; else the test is reported as not run."""
    if os.geteuid() != 0:
        absent("smbd needs root")
    for program in ("smbd", "pdbedit", "rpcclient", "smbclient"):
        find(program)
    if not (LIBEXEC / "samba-dcerpcd").exists():
        absent("samba-dcerpcd is missing")
    one = Front(folder, host, inside, own_service, frozenset() if own_service else without)
    one.prepare()
    return one
