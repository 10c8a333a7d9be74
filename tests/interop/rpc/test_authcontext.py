"""smbtorture's `rpc.authcontext`: a pipe belongs to the session that opened it. smbd in front, our RPC server behind.

It asks an LSA interface, of which the two calls are here that it makes.
"""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from pagebell.dcerpc.ndr import DWORD, Call, Interface, Struct, blob, context_handle, wstr
from pagebell.dcerpc.pipe_server import listen_for_smbd
from pagebell.dcerpc.server import RpcServer
from pagebell.dcerpc.service import Caller, Service
from tests.samba import PASSWORD, Front, front

HOST = "127.0.0.29"
LSARPC = Interface("lsarpc", UUID("12345778-1234-abcd-ef00-0123456789ab"), (0, 0))


class LSAPR_OBJECT_ATTRIBUTES(Struct):
    """[MS-LSAD] 2.2.9: all of it is ignored."""

    Length: DWORD
    RootDirectory: blob | None
    ObjectName: wstr | None
    Attributes: DWORD
    SecurityDescriptor: blob | None
    SecurityQualityOfService: blob | None


class LsarClose(Call, interface=LSARPC, opnum=0):
    """[MS-LSAD] 3.1.4.9.4"""

    ObjectHandle: context_handle

    class Reply(Struct):
        ObjectHandle: context_handle
        result: DWORD = 0


class LsarOpenPolicy2(Call, interface=LSARPC, opnum=44):
    """[MS-LSAD] 3.1.4.4.1"""

    SystemName: wstr | None
    ObjectAttributes: LSAPR_OBJECT_ATTRIBUTES
    DesiredAccess: DWORD

    class Reply(Struct):
        PolicyHandle: context_handle
        result: DWORD = 0


def authority(opened_by: list[str]) -> Service:
    """Policies for everybody; tells who has opened one."""
    service = Service(LSARPC, authenticated=False)

    @service.implements(LsarOpenPolicy2)
    async def open_policy(caller: Caller, call: LsarOpenPolicy2) -> LsarOpenPolicy2.Reply:
        opened_by.append(str(caller.principal))
        return LsarOpenPolicy2.Reply(PolicyHandle=caller.handles.open("a policy"))

    @service.implements(LsarClose)
    async def close(caller: Caller, call: LsarClose) -> LsarClose.Reply:
        caller.handles.close(call.ObjectHandle, str)
        return LsarClose.Reply(ObjectHandle=call.ObjectHandle)

    return service


async def test_smbtortures_suite_of_pipes_and_sessions(peer: Callable[[str], str]) -> None:
    opened_by: list[str] = []
    with tempfile.TemporaryDirectory(prefix="pb") as folder:  # a socket's path must be short
        samba = front(Path(folder), HOST, without=frozenset({"rpcd_spoolss", "rpcd_lsad"}))
        with samba.configuration.open("a") as settings:
            settings.write("[global]\nserver min protocol = NT1\nclient min protocol = NT1\n")
        pipe = samba.socket.with_name("lsarpc")
        async with listen_for_smbd(RpcServer([authority(opened_by)]), pipe):
            run = await asyncio.to_thread(torture, peer("smbtorture"), samba)
    assert "success: authcontext" in run, run
    assert len(opened_by) == 1, "the second session's call has not reached us"


def torture(program: str, samba: Front) -> str:
    argv = [program, "-s", str(samba.configuration), "-U", f"WORKGROUP\\root%{PASSWORD}"]
    with samba.running():
        run = subprocess.run(
            [*argv, f"ncacn_np:{HOST}[]", "rpc.authcontext"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=samba.folder,
        )
    return run.stdout + run.stderr
