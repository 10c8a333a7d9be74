"""What is built of a message stays in proportion to its octets, whatever they say."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc
from uuid import UUID

import pytest

from pagebell.dcerpc.endpoint_mapper import ept_map, twr_t
from pagebell.dcerpc.mgmt import rpc_if_id_t, rpc_if_id_vector_t
from pagebell.dcerpc.ndr import BYTE, DWORD, NdrError, Struct, Transfer, array, ptr
from pagebell.dcerpc.ndr.compiler import codec
from pagebell.winspool.idl.containers import (
    RPC_BIDI_DATA,
    RPC_BIDI_RESPONSE_CONTAINER,
    RPC_BIDI_RESPONSE_DATA,
)
from pagebell.winspool.idl.notify import (
    RPC_V2_NOTIFY_INFO,
    RPC_V2_NOTIFY_INFO_DATA,
    RPC_V2_NOTIFY_OPTIONS,
    RPC_V2_NOTIFY_OPTIONS_TYPE,
    STRING_CONTAINER,
)
from pagebell.winspool.idl.rprn_jobs import (
    EBranchOfficeJobEventType,
    RPC_BranchOfficeJobData,
    RPC_BranchOfficeJobDataContainer,
    RPC_BranchOfficeLogOfflineFileFull,
)
from pagebell.winspool.idl.rprn_packages import RpcGetPrinterDriverPackagePath
from tests.dcerpc.idl import Node

MULTIPLE = 300
"""Octets of memory for each of the message, at most: a Python object for a structure of a single octet."""
DECLARED_MULTIPLE = 64
"""The same for what the interfaces declare, whose elements are larger."""
GROUND = 64 << 10
"""Octets of memory that even the shortest message may take."""


class Nothing(Struct):
    """An element without an octet."""


class Crowd(Struct):
    """Two arrays side by side, each as long as one likes."""

    first: array[Nothing] | None = None
    others: array[Nothing] | None = None


class Crowds(Struct):
    """Arrays of arrays."""

    Count: DWORD = 0
    all: array[Crowd] | None = None


class Family(Struct):
    """A tree, as wide as its depth allows."""

    value: BYTE = 0
    left: Family | None = None
    right: Family | None = None


class Letters(Struct):
    """Elements of one octet."""

    letters: array[Letter] | None = None


class Letter(Struct):
    """The smallest element there is."""

    value: BYTE = 0


class Same(Struct):
    """Pointers that may all lead to one place."""

    all: array[ptr[Letter]] | None = None


def taken(kind: type[Struct], octets: bytes, transfer: Transfer = Transfer.NDR) -> int:
    """The most memory that it took to read a message or to refuse it."""
    codec(kind, transfer)
    with contextlib.suppress(NdrError):
        kind.decode(b"", transfer)
    tracemalloc.start(1)
    try:
        with contextlib.suppress(NdrError):
            kind.decode(octets, transfer)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def tree(depth: int) -> bytes:
    """A full tree."""
    if not depth:
        return struct.pack("<BxxxII", 1, 0, 0)
    return struct.pack("<BxxxII", 1, 1, 1) + 2 * tree(depth - 1)


def crowds(count: int) -> bytes:
    """So many structures, each of which announces two arrays as long as there are octets."""
    arrays = struct.pack("<III", count, 1, count)
    heads = struct.pack("<II", 1, 1) * count
    return (
        struct.pack("<III", count, 1, count)
        + heads
        + struct.pack("<II", 8 * count, 8 * count) * count
        + arrays
    )


HOSTILE = {
    "elements without octets": (Crowds, crowds(2000)),
    "two arrays without octets": (Crowd, struct.pack("<IIII", 1, 1, 60_000, 60_000) + bytes(60_000)),
    "elements of an octet": (Letters, struct.pack("<II", 1, 65_000) + bytes(65_000)),
    "a tree": (Family, tree(13)),
    "a chain": (Node, struct.pack("<BxxxI", 1, 1) * 20_000),
    "one referent for all": (
        Same,
        struct.pack("<II", 1, 20_000) + struct.pack("<I", 7) * 20_000 + bytes(20_000),
    ),
    "a referent for each": (
        Same,
        struct.pack("<II", 1, 9000) + struct.pack("<9000I", *range(1, 9001)) + bytes(9000),
    ),
    "a count beyond all": (Letters, struct.pack("<II", 1, 0xFFFFFFFF) + bytes(1000)),
}


DECLARED: dict[str, Struct] = {
    "options": RPC_V2_NOTIFY_OPTIONS(pTypes=(RPC_V2_NOTIFY_OPTIONS_TYPE(Type=1, pFields=(0,)),) * 3000),
    "members": RPC_V2_NOTIFY_INFO(
        aData=tuple(
            RPC_V2_NOTIFY_INFO_DATA(Type=1, Field=n, Reserved=2, Data=STRING_CONTAINER(pszString=""))
            for n in range(3000)
        )
    ),
    "answers": RPC_BIDI_RESPONSE_CONTAINER(
        aData=(RPC_BIDI_RESPONSE_DATA(pSchema="", data=RPC_BIDI_DATA(dwBidiType=4, u="")),) * 3000
    ),
    "branch office": RPC_BranchOfficeJobDataContainer(
        JobData=(
            RPC_BranchOfficeJobData(
                eEventType=EBranchOfficeJobEventType.kLogOfflineFileFull,
                JobInfo=RPC_BranchOfficeLogOfflineFileFull(pMachineName=""),
            ),
        )
        * 3000
    ),
    "towers": ept_map.Reply(max_towers=3000, ITowers=(twr_t(),) * 3000),
    "interfaces": rpc_if_id_vector_t(
        if_id=(rpc_if_id_t(uuid=UUID(int=1), vers_major=1, vers_minor=0),) * 3000
    ),
    "numbers": RpcGetPrinterDriverPackagePath.Reply(pszDriverPackageCab=(1000,) * 30_000),
}


@pytest.mark.parametrize("transfer", Transfer)
@pytest.mark.parametrize("name", DECLARED)
def test_what_is_declared_takes_little_memory(name: str, transfer: Transfer) -> None:
    value = DECLARED[name]
    octets = value.encode(transfer)
    assert taken(type(value), octets, transfer) <= GROUND + DECLARED_MULTIPLE * len(octets)
    assert type(value).decode(octets, transfer) == value


@pytest.mark.parametrize("name", HOSTILE)
def test_memory_is_in_proportion_to_the_octets(name: str) -> None:
    kind, octets = HOSTILE[name]
    assert taken(kind, octets) <= GROUND + MULTIPLE * len(octets)


def test_arrays_side_by_side_have_no_more_elements_than_there_are_octets() -> None:
    octets = struct.pack("<IIII", 1, 1, 40, 40) + bytes(60)
    with pytest.raises(NdrError, match="do not fit") as caught:
        Crowd.decode(octets)
    assert caught.value.path == "others"
    assert len(Crowd.decode(struct.pack("<IIII", 1, 1, 20, 20) + bytes(60)).others or ()) == 20
