"""Octets set by hand after the specification's IDL, where Samba has no declaration of it or another one.

Each vector is written as its members stand in the IDL, with the gaps that C706 14 and [MS-RPCE] 2.2.5 ask for.
"""

from __future__ import annotations

import struct
from uuid import UUID

import pytest

from pagebell.dcerpc.ndr import ContextHandle, Struct, Transfer
from pagebell.winspool.idl import rprn_ipp, rprn_notify
from pagebell.winspool.idl.containers import (
    RPC_BIDI_DATA,
    RPC_BIDI_REQUEST_CONTAINER,
    RPC_BIDI_REQUEST_DATA,
)
from pagebell.winspool.idl.types import (
    PRINTER_INFO_STRESS,
    RPC_DRIVER_INFO_6,
    SPLCLIENT_INFO_2,
    SPLCLIENT_INFO_3,
)

HANDLE = ContextHandle(UUID("11223344-5566-7788-99aa-bbccddeeff00"))
NAME = bytes(HANDLE)
FIRST, SECOND, THIRD = 0x20000, 0x20004, 0x20008
"""Identifiers of referents: any that are not zero, ours in this order."""


def short(text: str) -> bytes:
    """A [string] in NDR: maximum, offset and actual count of its characters, filled up to four octets."""
    octets = text.encode("utf-16-le") + b"\0\0"
    return struct.pack("<III", len(text) + 1, 0, len(text) + 1) + octets + bytes(-len(octets) % 4)


def wide(text: str, gap: int = 8) -> bytes:
    """The same in NDR64."""
    octets = text.encode("utf-16-le") + b"\0\0"
    return struct.pack("<QQQ", len(text) + 1, 0, len(text) + 1) + octets + bytes(-len(octets) % gap)


VECTORS: dict[str, tuple[Struct, bytes, bytes]] = {
    "the 64 bits of SPLCLIENT_INFO_3 stand at a multiple of eight": (
        SPLCLIENT_INFO_3(
            pMachineName=None, pUserName=None, dwBuildNum=1, wProcessorArchitecture=9, hSplPrinter=7
        ),
        struct.pack("<3I 2I 3I H2x 4x Q", 0, 0, 0, 0, 0, 1, 0, 0, 9, 7),
        struct.pack("<3I4x 2Q 3I H2x Q", 0, 0, 0, 0, 0, 1, 0, 0, 9, 7),
    ),
    "LONG_PTR is as long as a pointer": (
        SPLCLIENT_INFO_2(notUsed=-1),
        struct.pack("<i", -1),
        struct.pack("<q", -1),
    ),
    "the version of a driver stands at a multiple of eight": (
        RPC_DRIVER_INFO_6(cVersion=3, dwlDriverVersion=0x0102030405060708),
        struct.pack("<I 5I 3I 2I 2I 2I 4x Q 4I", 3, *[0] * 14, 0x0102030405060708, *[0] * 4),
        struct.pack("<I4x 5Q 3Q I4x Q I4x Q 2I Q 4Q", 3, *[0] * 14, 0x0102030405060708, *[0] * 4),
    ),
    "wProcessorArchitecture of PRINTER_INFO_STRESS is a WORD": (
        PRINTER_INFO_STRESS(wProcessorArchitecture=9, wProcessorLevel=6, cRefIC=1),
        struct.pack("<2I 3I 8H 18I 2H 3I", *[0] * 31, 9, 6, 1, 0, 0),
        struct.pack("<2Q 3I 8H 18I 2H 3I4x", *[0] * 31, 9, 6, 1, 0, 0),
    ),
    "bidirectional data are an array of structures": (
        RPC_BIDI_REQUEST_CONTAINER(
            aData=(
                RPC_BIDI_REQUEST_DATA(dwReqNumber=7, pSchema="a", data=RPC_BIDI_DATA(dwBidiType=1, u=-5)),
                RPC_BIDI_REQUEST_DATA(dwReqNumber=8, pSchema="b", data=RPC_BIDI_DATA(dwBidiType=4, u="c")),
            )
        ),
        struct.pack("<I 3I IIIIi IIIII", 2, 1, 0, 2, 7, FIRST, 1, 1, -5, 8, SECOND, 4, 4, THIRD)
        + b"".join(map(short, "abc")),
        struct.pack("<Q 3I4x I4xQI4xI4xi4x", 2, 1, 0, 2, 7, FIRST, 1, 1, -5)
        + struct.pack("<I4xQI4xI4xQ", 8, SECOND, 4, 4, THIRD)
        + b"".join((wide("a"), wide("b"), wide("c", 1))),
    ),
    "RpcWaitForPrinterChange": (
        rprn_notify.RpcWaitForPrinterChange(hPrinter=HANDLE, Flags=0x100),
        NAME + struct.pack("<I", 0x100),
        NAME + struct.pack("<I", 0x100),
    ),
    "its reply": (
        rprn_notify.RpcWaitForPrinterChange.Reply(pFlags=0x100, result=5),
        struct.pack("<II", 0x100, 5),
        struct.pack("<II", 0x100, 5),
    ),
    "RpcRemoteFindFirstPrinterChangeNotification": (
        rprn_notify.RpcRemoteFindFirstPrinterChangeNotification(
            hPrinter=HANDLE, fdwFlags=0x100, pszLocalMachine="me", dwPrinterLocal=7
        ),
        NAME + struct.pack("<III", 0x100, 0, FIRST) + short("me") + struct.pack("<II I", 7, 0, 0),
        NAME + struct.pack("<II4xQ", 0x100, 0, FIRST) + wide("me") + struct.pack("<IIQ", 7, 0, 0),
    ),
    "its reply with nothing": (
        rprn_notify.RpcRemoteFindFirstPrinterChangeNotification.Reply(result=5),
        struct.pack("<II", 0, 5),
        struct.pack("<QI", 0, 5),
    ),
    "RpcIppCreateJobOnPrinter": (
        rprn_ipp.RpcIppCreateJobOnPrinter(
            hPrinter=HANDLE, jobId=3, pdlFormat="pdf", jobAttributeGroupBuffer=b"12345"
        ),
        NAME + struct.pack("<II", 3, FIRST) + short("pdf") + struct.pack("<II5s", 5, 5, b"12345"),
        NAME + struct.pack("<IQ", 3, FIRST) + wide("pdf") + struct.pack("<I4xQ5s", 5, 5, b"12345"),
    ),
    "RpcIppGetJobAttributes": (
        rprn_ipp.RpcIppGetJobAttributes(hPrinter=HANDLE, jobId=3, attributeNames=("a", "bc")),
        NAME + struct.pack("<IIIII", 3, 2, 2, FIRST, SECOND) + short("a") + short("bc")[:-2],
        NAME + struct.pack("<II4xQQQ", 3, 2, 2, FIRST, SECOND) + wide("a") + wide("bc", 2),
    ),
    "RpcIppSetJobAttributes": (
        rprn_ipp.RpcIppSetJobAttributes(hPrinter=HANDLE, jobId=3, jobAttributeGroupBuffer=b"12345"),
        NAME + struct.pack("<III5s", 3, 5, 5, b"12345"),
        NAME + struct.pack("<II4xQ5s", 3, 5, 5, b"12345"),
    ),
    "RpcIppGetPrinterAttributes": (
        rprn_ipp.RpcIppGetPrinterAttributes(hPrinter=HANDLE, attributeNames=("a",)),
        NAME + struct.pack("<III", 1, 1, FIRST) + short("a"),
        NAME + struct.pack("<IQQ", 1, 1, FIRST) + wide("a", 2),
    ),
    "RpcIppSetPrinterAttributes": (
        rprn_ipp.RpcIppSetPrinterAttributes(hPrinter=HANDLE, jobAttributeGroupBuffer=b"12345"),
        NAME + struct.pack("<II5s", 5, 5, b"12345"),
        NAME + struct.pack("<IQ5s", 5, 5, b"12345"),
    ),
    "an IPP response": (
        rprn_ipp.RpcIppGetPrinterAttributes.Reply(ippResponseBuffer=b"12345", result=0x80004005),
        struct.pack("<III5s3xI", 5, FIRST, 5, b"12345", 0x80004005),
        struct.pack("<I4xQQ5s3xI", 5, FIRST, 5, b"12345", 0x80004005),
    ),
    "RpcRegeneratePrintDeviceCapabilities": (
        rprn_ipp.RpcRegeneratePrintDeviceCapabilities(hPrinter=HANDLE),
        NAME,
        NAME,
    ),
}


@pytest.mark.parametrize("transfer", Transfer)
@pytest.mark.parametrize("name", VECTORS)
def test_octets_are_those_of_the_idl(name: str, transfer: Transfer) -> None:
    value, narrow, broad = VECTORS[name]
    octets = broad if transfer is Transfer.NDR64 else narrow
    assert value.encode(transfer).hex(" ", 4) == octets.hex(" ", 4)
    assert type(value).decode(octets, transfer) == value
