"""NDR and NDR64: a class body is the IDL and its own codec (C706 14, [MS-RPCE] 2.2.4 and 2.2.5).

    class RPC_V2_NOTIFY_OPTIONS_TYPE(Struct):
        Type: WORD
        Reserved0: WORD = 0
        Reserved1: DWORD = 0
        Reserved2: DWORD = 0
        Count: DWORD = count_of("pFields")
        pFields: array[WORD] | None = None          # | None is [unique]

    octets = value.encode(Transfer.NDR64)
    value = RPC_V2_NOTIFY_OPTIONS_TYPE.decode(octets, Transfer.NDR64)

Classes are compiled to Python source once per class and transfer syntax.  Octets that make no sense raise
`NdrError` with the offset and the path of the field, such as `pOptions.pTypes[1].Count`.
"""

from pagebell.dcerpc.ndr.declaration import Call, Interface, Procedure, Struct, count_of
from pagebell.dcerpc.ndr.errors import NdrError
from pagebell.dcerpc.ndr.types import (
    BYTE,
    DOUBLE,
    DWORD,
    FLOAT,
    GUID,
    HYPER,
    INT3264,
    LONG,
    SHORT,
    UINT3264,
    ULONGLONG,
    WERROR,
    WORD,
    ContextHandle,
    Enum16,
    Enum32,
    Order,
    Transfer,
    array,
    blob,
    char_array,
    context_handle,
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

__all__ = [
    "BYTE",
    "DOUBLE",
    "DWORD",
    "FLOAT",
    "GUID",
    "HYPER",
    "INT3264",
    "LONG",
    "SHORT",
    "UINT3264",
    "ULONGLONG",
    "WERROR",
    "WORD",
    "Call",
    "ContextHandle",
    "Enum16",
    "Enum32",
    "Interface",
    "NdrError",
    "Order",
    "Procedure",
    "Struct",
    "Transfer",
    "array",
    "blob",
    "char_array",
    "context_handle",
    "count_of",
    "cstr",
    "fixed",
    "length_is",
    "octets",
    "ptr",
    "ranged",
    "ref",
    "size_is",
    "switch_is",
    "unsent",
    "varying_array",
    "varying_blob",
    "wchars",
    "wstr",
]
