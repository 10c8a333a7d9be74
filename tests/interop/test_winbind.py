"""NTLM and Basic checked by a real winbindd: rpcclient and curl come as a user that only Samba knows."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import absent, find, need_mapper, started
from tests.samba import PASSWORD
from tests.server import ServerProcess, wait_for

HOST = "127.0.0.28"
SETTINGS = """[global]
workgroup = WORKGROUP
netbios name = PEER
server role = standalone
idmap config * : backend = tdb
idmap config * : range = 10000-20000
"""


@pytest.fixture(scope="module")
def winbindd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """What to put before a program that shall find winbindd, whose socket has one place in the whole system."""
    programs = [find(name) for name in ("winbindd", "ntlm_auth", "wbinfo", "pdbedit", "nsenter")]
    apart = ("unshare", "--mount", "--propagation", "private")
    if os.geteuid() != 0 or subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        absent("a winbindd of one's own needs the right to mount")
    folder = tmp_path_factory.mktemp("winbind")
    lines = [SETTINGS]
    for name in ("lock", "state", "cache", "pid", "private", "ncalrpc"):
        (folder / name).mkdir()
        kind = "dir" if name in ("private", "ncalrpc") else "directory"
        lines.append(f"{name} {kind} = {folder / name}\n")
    smb = folder / "smb.conf"
    smb.write_text("".join(lines))
    said = f"{PASSWORD}\n{PASSWORD}\n"
    add = [programs[3], "-s", str(smb), "-t", "-a", "-u", "root"]
    subprocess.run(add, input=said, text=True, capture_output=True, check=True)
    mount = f"mkdir -p /run/samba && mount -t tmpfs none /run/samba && mount --bind {smb} /etc/samba/smb.conf"
    mount += ' && mkdir -m 755 /run/samba/winbindd && exec "$@"'
    argv = (*apart, "sh", "-c", mount, "sh", programs[0], "-F", "--no-process-group")
    with started(folder, *argv) as peer:
        inside = (programs[4], f"--mount=/proc/{peer.process.pid}/ns/mnt")

        def answers() -> bool:
            return (
                subprocess.run([*inside, programs[2], "-p"], capture_output=True, check=False).returncode == 0
            )

        wait_for(answers, "winbindd")
        yield inside


@pytest.fixture(scope="module")
def server(winbindd: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    lines = ["[access]", f'ntlm-auth = "{find("ntlm_auth")}"', 'auth = "require"', "admin-from = []"]
    lines += ['administrators = ["root@PEER"]']
    folder = tmp_path_factory.mktemp("server")
    with ServerProcess(folder, settings="\n".join(lines), rpc=f"{HOST}:0", prefix=winbindd) as running:
        yield running


@pytest.mark.parametrize("options", ["ntlm,sign", "spnego,seal"])
def test_rpcclient_comes_by_the_domains_password(server: ServerProcess, tmp_path: Path, options: str) -> None:
    need_mapper(server, HOST)
    smb = tmp_path / "smb.conf"
    folders = ("private dir", "lock directory", "state directory", "cache directory")
    smb.write_text("[global]\n" + "".join(f"{name} = {tmp_path}\n" for name in folders))

    def told(password: str) -> str:
        argv = [find("rpcclient"), "-s", str(smb), "-U", f"PEER\\root%{password}"]
        argv += [f"ncacn_ip_tcp:{HOST}[{options}]", "-c", "openprinter_ex PDF"]
        run = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
        return run.stdout + run.stderr

    assert "Printer PDF opened successfully" in told(PASSWORD)
    assert "ACCESS_DENIED" in told("wrong")


def test_curl_logs_in_by_the_domains_password(server: ServerProcess) -> None:
    page = [find("curl"), "--silent", "--insecure", "--output", "/dev/null", "--write-out", "%{http_code}"]
    for user, status in ((f"PEER\\root:{PASSWORD}", "200"), ("PEER\\root:wrong", "401"), ("x:y", "401")):
        argv = [*page, "--basic", "--user", user, f"https://localhost:{server.port}/"]
        run = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
        assert run.stdout == status, (user, server.log)
