"""The octets of NDR and NDR64 equal those of Samba's packer, and its octets decode to our values."""

from __future__ import annotations

import json
import struct
import subprocess
from pathlib import Path
from uuid import UUID

import pytest

from pagebell.dcerpc.ndr import ContextHandle, Struct, Transfer
from tests.dcerpc import idl

HANDLE = ContextHandle(UUID("11223344-5566-7788-99aa-bbccddeeff00"))
TOWER = struct.pack("<H", 1) + struct.pack("<HB", 1, 7) + struct.pack("<H", 2) + struct.pack(">H", 49152)
NOTIFY = idl.RPC_V2_NOTIFY_INFO(
    Flags=1,
    aData=(
        idl.RPC_V2_NOTIFY_INFO_DATA(
            Type=1, Field=13, Reserved=2, Id=5, Data=idl.STRING_CONTAINER(pszString="RAW")
        ),
        idl.RPC_V2_NOTIFY_INFO_DATA(Type=1, Field=10, Reserved=1, Id=5, Data=(8, 0)),
    ),
)
VALUES: dict[str, Struct] = {
    "find_first": idl.RpcRemoteFindFirstPrinterChangeNotificationEx(
        hPrinter=HANDLE,
        fdwFlags=0x100,
        fdwOptions=0,
        pszLocalMachine=r"\\client",
        dwPrinterLocal=7,
        pOptions=idl.RPC_V2_NOTIFY_OPTIONS(
            pTypes=(
                idl.RPC_V2_NOTIFY_OPTIONS_TYPE(Type=1, pFields=(10, 13)),
                idl.RPC_V2_NOTIFY_OPTIONS_TYPE(Type=0, pFields=(18,)),
            )
        ),
    ),
    "open_printer": idl.RpcOpenPrinterEx(
        pPrinterName=r"\\host\Grüße 🖨",
        pDatatype=None,
        pDevModeContainer=idl.DEVMODE_CONTAINER(),
        AccessRequired=8,
        pClientInfo=idl.SPLCLIENT_CONTAINER(
            Level=1,
            ClientInfo=idl.SPLCLIENT_INFO_1(
                pMachineName=r"\\client",
                pUserName="alice",
                dwBuildNum=9600,
                dwMajorVersion=6,
                dwMinorVersion=3,
                wProcessorArchitecture=9,
            ),
        ),
    ),
    "opened": idl.RpcOpenPrinterEx.Reply(pHandle=HANDLE, result=1801),
    "refresh": idl.RpcRouterReplyPrinterEx(
        hNotify=HANDLE, dwColor=3, fdwFlags=0, dwReplyType=0, Reply_=NOTIFY
    ),
    "notify_info": NOTIFY,
}


@pytest.fixture(scope="module")
def packed(_samba_python: str | None) -> dict[str, list[str]]:
    if _samba_python is None:
        return {}
    script = Path(__file__).with_name("samba_ndr.py")
    run = subprocess.run([_samba_python, str(script)], capture_output=True, check=True, timeout=60)
    result: dict[str, list[str]] = json.loads(run.stdout)
    return result


@pytest.mark.parametrize("transfer", Transfer)
@pytest.mark.parametrize("name", VALUES)
def test_octets_equal_those_of_sambas_packer(
    samba_python: str, packed: dict[str, list[str]], name: str, transfer: Transfer
) -> None:
    wide = transfer is Transfer.NDR64
    if wide and len(packed[name]) == 1:
        transfer, wide = Transfer.NDR, False
    theirs = bytes.fromhex(packed[name][wide])
    assert VALUES[name].encode(transfer).hex() == theirs.hex()
    assert type(VALUES[name]).decode(theirs, transfer) == VALUES[name]


def test_towers_equal_sambas_but_for_the_identifier(samba_python: str, packed: dict[str, list[str]]) -> None:
    """NDR only: in NDR64 Samba writes the tower's length before its conformance, against C706 14.3.7.1."""
    value = idl.EptMap.Reply(entry_handle=HANDLE, max_towers=4, towers=(idl.Twr(tower_octet_string=TOWER),))
    theirs = bytearray.fromhex(packed["ept_map_reply"][0])
    assert theirs[36:40] == struct.pack("<I", 1)
    theirs[36:40] = struct.pack("<I", 0x20000)
    assert value.encode().hex() == theirs.hex()
