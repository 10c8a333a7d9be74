"""Change notifications as IDL marshals them: what a client wants to hear, and what it is told.

[MS-RPRN] 2.2.1.13, and the collections of named properties in which [MS-PAR] wraps the same ([MS-PAR] 2.2.1 to 2.2.7).
"""

from __future__ import annotations

from typing import Annotated

from pagebell.dcerpc.ndr import (
    BYTE,
    DWORD,
    HYPER,
    LONG,
    WORD,
    Enum16,
    Struct,
    array,
    context_handle,
    count_of,
    fixed,
    ranged,
    switch_is,
    wchars,
    wstr,
)
from pagebell.winspool.idl.containers import DEVMODE_CONTAINER, SECURITY_CONTAINER
from pagebell.winspool.idl.types import SYSTEMTIME

RMTNTFY_HANDLE = context_handle
VERSION = 2


class STRING_CONTAINER(Struct):
    """A text. [MS-RPRN] 2.2.1.2.15"""

    cbBuf: DWORD = count_of("pszString", unit=2)
    pszString: wchars | None = None


class SYSTEMTIME_CONTAINER(Struct):
    """A time. [MS-RPRN] 2.2.1.2.16"""

    cbBuf: DWORD = 16
    pSystemTime: SYSTEMTIME | None = None


class RPC_V2_NOTIFY_OPTIONS_TYPE(Struct):
    """Members of a printer or of jobs to listen for. [MS-RPRN] 2.2.1.13.2"""

    Type: WORD
    Reserved0: WORD = 0
    Reserved1: DWORD = 0
    Reserved2: DWORD = 0
    Count: DWORD = count_of("pFields")
    pFields: array[WORD] | None = None


class RPC_V2_NOTIFY_OPTIONS(Struct):
    """What to listen for. [MS-RPRN] 2.2.1.13.1"""

    Version: DWORD = VERSION
    Reserved: DWORD = 0
    Count: DWORD = count_of("pTypes")
    pTypes: array[RPC_V2_NOTIFY_OPTIONS_TYPE] | None = None


TABLE_DWORD, TABLE_STRING, TABLE_DEVMODE, TABLE_TIME, TABLE_SECURITYDESCRIPTOR = 1, 2, 3, 4, 5
"""[MS-RPRN] 2.2.3.5"""
Data = (
    tuple[int, ...] | STRING_CONTAINER | SYSTEMTIME_CONTAINER | DEVMODE_CONTAINER | SECURITY_CONTAINER | None
)
"""RPC_V2_NOTIFY_INFO_DATA_DATA: a member's value. [MS-RPRN] 2.2.1.13.5"""


class RPC_V2_NOTIFY_INFO_DATA(Struct):
    """A member that changed, and its value now. [MS-RPRN] 2.2.1.13.4"""

    Type: WORD
    Field: WORD
    Reserved: DWORD
    Id: DWORD = 0
    Data: Annotated[
        Data,
        switch_is(
            "Reserved",
            {
                TABLE_DWORD: Annotated[tuple[DWORD, ...], fixed(2)],
                TABLE_STRING: STRING_CONTAINER,
                TABLE_DEVMODE: DEVMODE_CONTAINER,
                TABLE_TIME: SYSTEMTIME_CONTAINER,
                TABLE_SECURITYDESCRIPTOR: SECURITY_CONTAINER,
            },
            mask=0xFFFF,
        ),
    ] = None


class RPC_V2_NOTIFY_INFO(Struct):
    """Members that changed. [MS-RPRN] 2.2.1.13.3"""

    Version: DWORD = VERSION
    Flags: DWORD = 0
    Count: DWORD = count_of("aData")
    aData: array[RPC_V2_NOTIFY_INFO_DATA] = ()


# ---------------------------------------------------------------- [MS-PAR]'s wrapping


class EPrintPropertyType(Enum16):
    """[MS-PAR] 2.2.1"""

    kPropertyTypeString = 1
    kPropertyTypeInt32 = 2
    kPropertyTypeInt64 = 3
    kPropertyTypeByte = 4
    kPropertyTypeTime = 5
    kPropertyTypeDevMode = 6
    kPropertyTypeSD = 7
    kPropertyTypeNotificationReply = 8
    kPropertyTypeNotificationOptions = 9


class NOTIFY_OPTIONS_CONTAINER(Struct):
    """[MS-PAR] 2.2.6"""

    pOptions: RPC_V2_NOTIFY_OPTIONS | None = None


class NOTIFY_REPLY_CONTAINER(Struct):
    """[MS-PAR] 2.2.7"""

    pInfo: RPC_V2_NOTIFY_INFO | None = None


_P = EPrintPropertyType
Property = (
    str
    | int
    | SYSTEMTIME_CONTAINER
    | DEVMODE_CONTAINER
    | SECURITY_CONTAINER
    | NOTIFY_REPLY_CONTAINER
    | NOTIFY_OPTIONS_CONTAINER
    | None
)


class RpcPrintPropertyValue(Struct):
    """A value with its type. [MS-PAR] 2.2.2"""

    ePropertyType: EPrintPropertyType
    value: Annotated[
        Property,
        switch_is(
            "ePropertyType",
            {
                _P.kPropertyTypeString: wstr | None,
                _P.kPropertyTypeInt32: LONG,
                _P.kPropertyTypeInt64: HYPER,
                _P.kPropertyTypeByte: BYTE,
                _P.kPropertyTypeTime: SYSTEMTIME_CONTAINER,
                _P.kPropertyTypeDevMode: DEVMODE_CONTAINER,
                _P.kPropertyTypeSD: SECURITY_CONTAINER,
                _P.kPropertyTypeNotificationReply: NOTIFY_REPLY_CONTAINER,
                _P.kPropertyTypeNotificationOptions: NOTIFY_OPTIONS_CONTAINER,
            },
            tag=EPrintPropertyType,
        ),
    ] = None


class RpcPrintNamedProperty(Struct):
    """A name with its value. [MS-PAR] 2.2.3"""

    propertyName: wstr | None = None
    propertyValue: RpcPrintPropertyValue


MOST_PROPERTIES = 50


class RpcPrintPropertiesCollection(Struct):
    """Named values. [MS-PAR] 2.2.4"""

    numberOfProperties: Annotated[DWORD, ranged(0, MOST_PROPERTIES)] = count_of("propertiesCollection")
    propertiesCollection: array[RpcPrintNamedProperty] | None = None
