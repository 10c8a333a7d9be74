"""Declarations that several tests share; shapes that the specifications really use."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pagebell.dcerpc.ndr import (
    BYTE,
    DWORD,
    GUID,
    HYPER,
    INT3264,
    ULONGLONG,
    WERROR,
    WORD,
    Call,
    Enum16,
    Enum32,
    Interface,
    Struct,
    array,
    blob,
    char_array,
    context_handle,
    count_of,
    cstr,
    fixed,
    length_is,
    octets,
    ptr,
    ranged,
    ref,
    size_is,
    switch_is,
    unsent,
    varying_array,
    varying_blob,
    wchars,
    wstr,
)

SPOOLSS = Interface("spoolss", UUID("12345678-1234-abcd-ef00-0123456789ab"), (1, 0))
ECHO = Interface("echo", UUID("60a15ec5-4de8-11d7-a637-005056a20182"), (1, 0))


class RPC_V2_NOTIFY_OPTIONS_TYPE(Struct):
    Type: WORD
    Reserved0: WORD = 0
    Reserved1: DWORD = 0
    Reserved2: DWORD = 0
    Count: DWORD = count_of("pFields")
    pFields: array[WORD] | None = None


class RPC_V2_NOTIFY_OPTIONS(Struct):
    Version: DWORD = 2
    Reserved: DWORD = 0
    Count: DWORD = count_of("pTypes")
    pTypes: array[RPC_V2_NOTIFY_OPTIONS_TYPE] | None = None


class RpcRemoteFindFirstPrinterChangeNotificationEx(Call, interface=SPOOLSS, opnum=65):
    hPrinter: context_handle
    fdwFlags: DWORD
    fdwOptions: DWORD
    pszLocalMachine: wstr | None
    dwPrinterLocal: DWORD
    pOptions: RPC_V2_NOTIFY_OPTIONS | None

    class Reply(Struct):
        result: WERROR


class DEVMODE_CONTAINER(Struct):
    cbBuf: DWORD = count_of("pDevMode")
    pDevMode: blob | None = None


class SPLCLIENT_INFO_1(Struct):
    dwSize: DWORD = 28
    pMachineName: wstr | None
    pUserName: wstr | None
    dwBuildNum: DWORD
    dwMajorVersion: DWORD
    dwMinorVersion: DWORD
    wProcessorArchitecture: WORD


class SPLCLIENT_CONTAINER(Struct):
    Level: DWORD
    ClientInfo: Annotated[SPLCLIENT_INFO_1 | None, switch_is("Level", {1: SPLCLIENT_INFO_1 | None, 9: None})]


class RpcOpenPrinterEx(Call, interface=SPOOLSS, opnum=69):
    pPrinterName: wstr | None
    pDatatype: wstr | None
    pDevModeContainer: DEVMODE_CONTAINER
    AccessRequired: DWORD
    pClientInfo: SPLCLIENT_CONTAINER

    class Reply(Struct):
        pHandle: context_handle
        result: WERROR


class SYSTEMTIME_CONTAINER(Struct):
    cbBuf: DWORD
    pSystemTime: Annotated[tuple[WORD, ...], fixed(8)] | None


class STRING_CONTAINER(Struct):
    cbBuf: DWORD = count_of("pszString", unit=2)
    pszString: wchars | None = None


class RPC_V2_NOTIFY_INFO_DATA(Struct):
    Type: WORD
    Field: WORD
    Reserved: DWORD
    Id: DWORD
    Data: Annotated[
        tuple[int, ...] | STRING_CONTAINER | SYSTEMTIME_CONTAINER,
        switch_is(
            "Reserved",
            {1: Annotated[tuple[DWORD, ...], fixed(2)], 2: STRING_CONTAINER, 4: SYSTEMTIME_CONTAINER},
            mask=0xFFFF,
        ),
    ]


class RPC_V2_NOTIFY_INFO(Struct):
    Version: DWORD = 2
    Flags: DWORD = 0
    Count: DWORD = count_of("aData")
    aData: array[RPC_V2_NOTIFY_INFO_DATA] = ()


class RpcRouterReplyPrinterEx(Call, interface=SPOOLSS, opnum=66):
    hNotify: context_handle
    dwColor: DWORD
    fdwFlags: DWORD
    dwReplyType: DWORD
    Reply_: Annotated[
        RPC_V2_NOTIFY_INFO | None, switch_is("dwReplyType", {0: RPC_V2_NOTIFY_INFO | None}, default=None)
    ]

    class Reply(Struct):
        pdwResult: DWORD
        result: WERROR


class Colour(Enum16):
    RED = 1
    BLUE = 2


class Size(Enum32):
    SMALL = 1
    LARGE = 70000


class Twr(Struct):
    tower_length: DWORD = count_of("tower_octet_string")
    tower_octet_string: blob = b""


class Entry(Struct):
    object: GUID
    tower: ptr[Twr] = None
    annotation: Annotated[str, char_array(64)] = ""


class EptMap(Call, interface=ECHO, opnum=3):
    object: ptr[GUID] = None
    map_tower: ptr[Twr] = None
    entry_handle: context_handle
    max_towers: DWORD

    class Reply(Struct):
        entry_handle: context_handle
        max_towers: unsent = 0
        num_towers: DWORD = count_of("towers")
        towers: Annotated[varying_array[ptr[Twr]], size_is("max_towers")] = ()
        status: DWORD = 0


class Node(Struct):
    value: BYTE
    next: Node | None = None


class Everything(Struct):
    """One of each kind, with odd alignments between them."""

    a: BYTE
    b: HYPER
    colour: Colour
    c: BYTE
    size: Size
    native: INT3264
    label: Annotated[bytes, octets(3)]
    triple: Annotated[tuple[WORD, ...], fixed(3)]
    names: array[wstr | None] | None
    big: array[ULONGLONG] | None
    colours: array[Colour] | None
    must: ref[cstr]
    limited: Annotated[WORD, ranged(1, 9)] = 5
    most: DWORD = 40
    length: DWORD = 0
    part: Annotated[varying_blob, size_is("most"), length_is("length")] | None = None
    handle: context_handle
    tail: array[SPLCLIENT_CONTAINER] = ()


class Echo(Call, interface=ECHO, opnum=0):
    text: wstr
    everything: Everything | None
    shared: ptr[Twr] = None
    again: ptr[Twr] = None

    class Reply(Struct):
        text: wstr
        result: WERROR = 0
