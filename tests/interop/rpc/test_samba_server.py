"""Our client against Samba's own RPC server: endpoint mapper and management, at each provider and level."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from pagebell.dcerpc.client import Security, connect, ntlm, spnego
from pagebell.dcerpc.endpoint_lookup import NotRegistered, find_port
from pagebell.dcerpc.endpoint_mapper import EPT, ept_lookup
from pagebell.dcerpc.mgmt import MGMT, rpc__mgmt_inq_if_ids, rpc__mgmt_is_server_listening
from pagebell.dcerpc.ndr import Interface
from pagebell.dcerpc.security import Level
from pagebell.dcerpc.status import Fault, Refused
from tests.peers import absent

HOST = "127.0.0.13"
DAEMON = Path("/usr/libexec/samba/samba-dcerpcd")
LSA = Interface("lsarpc", UUID("12345778-1234-abcd-ef00-0123456789ab"), (0, 0))
ABSENT = Interface("absent", UUID(int=5), (1, 0))


@pytest.fixture(scope="module")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Samba's RPC daemon with one user, `root`, who is a Unix user everywhere."""
    folder = tmp_path_factory.mktemp("samba")
    if not DAEMON.exists() or os.geteuid() != 0:
        absent(f"{DAEMON} is missing" if not DAEMON.exists() else "port 135 needs root")
    folders = {"private dir": "private", "lock directory": "lock", "state directory": "state"}
    folders |= {"cache directory": "cache", "pid directory": "pid", "ncalrpc dir": "ncalrpc"}
    lines = ["[global]", "workgroup = WORKGROUP", "netbios name = PEER", f"interfaces = {HOST}/8"]
    lines += ["bind interfaces only = yes", "rpc start on demand helpers = no", "load printers = no"]
    lines += ["allow dcerpc auth level connect = yes", f"log file = {folder}/log"]
    for option, name in folders.items():
        (folder / name).mkdir()
        lines.append(f"{option} = {folder / name}")
    configuration = folder / "smb.conf"
    configuration.write_text("\n".join(lines) + "\n")
    subprocess.run(
        ["pdbedit", "-s", str(configuration), "-t", "-a", "-u", "root"],
        input="Secret123\nSecret123\n",
        text=True,
        capture_output=True,
        check=True,
    )
    ready, signal = os.pipe()
    argv = [str(DAEMON), "-s", str(configuration), "--libexec-rpcds", "-F", f"--ready-signal-fd={signal}"]
    process = subprocess.Popen(argv, pass_fds=[signal], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        os.close(signal)
        os.read(ready, 1)
        yield HOST
    finally:
        os.close(ready)
        process.terminate()
        process.communicate(timeout=20)


async def test_the_endpoint_mapper_is_read(samba: str) -> None:
    async with connect(samba, 135, EPT) as rpc:
        reply = await rpc.call(ept_lookup(inquiry_type=0, max_ents=100))
    assert "epmapper" in {entry.annotation for entry in reply.entries}
    with pytest.raises(NotRegistered):
        await find_port(samba, ABSENT)


@pytest.mark.parametrize("level", [Level.CONNECT, Level.PACKET, Level.INTEGRITY, Level.PRIVACY])
@pytest.mark.parametrize("make", [ntlm, spnego])
async def test_each_provider_at_each_level(samba: str, make: Callable[..., Security], level: Level) -> None:
    port = await find_port(samba, LSA)
    async with connect(samba, port, MGMT, security=make("root", "Secret123", "PEER", level)) as rpc:
        known = await rpc.call(rpc__mgmt_inq_if_ids())
        assert known.if_id_vector is not None
        assert LSA.uuid in [i.uuid for i in known.if_id_vector.if_id if i is not None]
        assert (await rpc.call(rpc__mgmt_is_server_listening())).result == 1


async def test_a_wrong_password_is_refused(samba: str) -> None:
    port = await find_port(samba, LSA)
    with pytest.raises((Fault, Refused)):
        async with connect(samba, port, MGMT, security=ntlm("root", "wrong", "PEER")) as rpc:
            await rpc.call(rpc__mgmt_is_server_listening())
