"""NDR: what the octets are, what is refused and where, and that nothing is lost on the way."""

from __future__ import annotations

import contextlib
import struct
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagebell.dcerpc.ndr import (
    BYTE,
    DWORD,
    HYPER,
    WORD,
    ContextHandle,
    NdrError,
    Order,
    Struct,
    Transfer,
    array,
    count_of,
    fixed,
    ptr,
    ref,
    size_is,
    varying_array,
    wstr,
)
from tests.dcerpc.idl import (
    RPC_V2_NOTIFY_INFO,
    RPC_V2_NOTIFY_INFO_DATA,
    RPC_V2_NOTIFY_OPTIONS,
    RPC_V2_NOTIFY_OPTIONS_TYPE,
    SPLCLIENT_CONTAINER,
    SPLCLIENT_INFO_1,
    STRING_CONTAINER,
    SYSTEMTIME_CONTAINER,
    Colour,
    Echo,
    Entry,
    EptMap,
    Everything,
    Node,
    RpcRemoteFindFirstPrinterChangeNotificationEx,
    Size,
    Twr,
)

BOTH = pytest.mark.parametrize("transfer", Transfer)
HANDLE = ContextHandle(UUID("11223344-5566-7788-99aa-bbccddeeff00"))

names = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)
dword = st.integers(0, 0xFFFFFFFF)
word = st.integers(0, 0xFFFF)
handles = st.builds(ContextHandle, uuid=st.uuids(), attributes=st.just(0))
info = st.builds(
    SPLCLIENT_INFO_1,
    pMachineName=st.none() | names,
    pUserName=st.none() | names,
    dwBuildNum=dword,
    dwMajorVersion=dword,
    dwMinorVersion=dword,
    wProcessorArchitecture=word,
)
containers = st.builds(SPLCLIENT_CONTAINER, Level=st.just(1), ClientInfo=st.none() | info) | st.builds(
    SPLCLIENT_CONTAINER, Level=st.just(9), ClientInfo=st.none()
)


def tuples(of: Any, size: int = 4) -> Any:
    return st.lists(of, max_size=size).map(tuple)


@st.composite
def everythings(draw: st.DrawFn) -> Everything:
    part = draw(st.none() | st.binary(max_size=40))
    return Everything(
        a=draw(st.integers(0, 255)),
        b=draw(st.integers(-(1 << 63), (1 << 63) - 1)),
        colour=draw(st.sampled_from(Colour)),
        c=draw(st.integers(0, 255)),
        size=draw(st.sampled_from(Size)),
        native=draw(st.integers(-(1 << 31), (1 << 31) - 1)),
        label=draw(st.binary(min_size=3, max_size=3)),
        triple=draw(st.tuples(word, word, word)),
        names=draw(st.none() | tuples(st.none() | names)),
        big=draw(st.none() | tuples(st.integers(0, (1 << 64) - 1))),
        colours=draw(st.none() | tuples(st.sampled_from(Colour))),
        must=draw(st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=8)),
        length=0 if part is None else len(part),
        part=part,
        handle=draw(handles),
        tail=draw(tuples(containers)),
    )


notify_data = (
    st.builds(
        RPC_V2_NOTIFY_INFO_DATA,
        Type=word,
        Field=word,
        Reserved=st.just(0x10001),
        Id=dword,
        Data=st.tuples(dword, dword),
    )
    | st.builds(
        RPC_V2_NOTIFY_INFO_DATA,
        Type=word,
        Field=word,
        Reserved=st.just(2),
        Id=dword,
        Data=st.builds(STRING_CONTAINER, pszString=st.none() | names),
    )
    | st.builds(
        RPC_V2_NOTIFY_INFO_DATA,
        Type=word,
        Field=word,
        Reserved=st.just(4),
        Id=dword,
        Data=st.builds(SYSTEMTIME_CONTAINER, cbBuf=dword, pSystemTime=st.none() | st.tuples(*[word] * 8)),
    )
)
echoes = st.builds(
    Echo,
    text=names,
    everything=st.none() | everythings(),
    shared=st.none() | st.builds(Twr, tower_octet_string=st.binary(max_size=9)),
    again=st.none() | st.builds(Twr, tower_octet_string=st.binary(max_size=9)),
)


# ---------------------------------------------------------------- round trips


@BOTH
@given(value=echoes)
def test_what_was_encoded_decodes_to_the_same_value(transfer: Transfer, value: Echo) -> None:
    assert Echo.decode(value.encode(transfer), transfer) == value


@BOTH
@given(value=st.builds(RPC_V2_NOTIFY_INFO, aData=tuples(notify_data)))
def test_unions_and_deferred_referents_come_back(transfer: Transfer, value: RPC_V2_NOTIFY_INFO) -> None:
    assert RPC_V2_NOTIFY_INFO.decode(value.encode(transfer), transfer) == value


@pytest.mark.parametrize("kind", [Echo, RPC_V2_NOTIFY_INFO, EptMap, EptMap.Reply, Entry])
@BOTH
@given(data=st.binary(max_size=200))
def test_any_octets_give_a_value_or_the_typed_error(
    transfer: Transfer, kind: type[Struct], data: bytes
) -> None:
    for order in Order:
        with contextlib.suppress(NdrError):
            kind.decode(data, transfer, order)


@BOTH
@given(value=echoes, data=st.data())
def test_each_cut_of_a_message_is_an_error_with_a_place(
    transfer: Transfer, value: Echo, data: st.DataObject
) -> None:
    octets = value.encode(transfer)
    end = data.draw(st.integers(0, max(len(octets) - 9, 0)))
    if end < len(octets) - 8:
        with pytest.raises(NdrError):
            Echo.decode(octets[:end], transfer)


def test_octets_after_the_value_are_left_alone() -> None:
    octets = Twr(tower_octet_string=b"abc").encode()
    assert Twr.decode(octets + b"trailing") == Twr(tower_octet_string=b"abc")


# ---------------------------------------------------------------- octets by hand, from C706 14


def test_conformance_goes_to_the_front_of_the_structure() -> None:
    assert Twr(tower_octet_string=b"abc").encode() == struct.pack("<II3s", 3, 3, b"abc")
    assert Twr(tower_octet_string=b"abc").encode(Transfer.NDR64) == struct.pack("<QI3sx", 3, 3, b"abc")


def test_full_pointers_with_one_identifier_share_their_referent() -> None:
    tower = struct.pack("<II1sxxx", 1, 1, b"z")
    text = struct.pack("<III4s", 1, 0, 1, b"\0\0")
    value = Echo.decode(text + struct.pack("<II", 0, 7) + tower + struct.pack("<I", 7))
    assert value.shared == Twr(tower_octet_string=b"z")
    assert value.again is value.shared


def test_the_towers_conformance_is_the_requests_max_towers() -> None:
    reply = EptMap.Reply(entry_handle=HANDLE, max_towers=4, towers=(Twr(tower_octet_string=b"t"), None))
    octets = reply.encode()
    assert struct.unpack_from("<IIII", octets, 20) == (2, 4, 0, 2)
    assert EptMap.Reply.decode(octets) == reply


def test_referent_identifiers_differ_within_one_message() -> None:
    value = SPLCLIENT_INFO_1(
        pMachineName="a",
        pUserName="b",
        dwBuildNum=0,
        dwMajorVersion=0,
        dwMinorVersion=0,
        wProcessorArchitecture=0,
    )
    _, first, second = struct.unpack_from("<III", value.encode())
    assert (first, second) == (0x20000, 0x20004)


def test_a_big_endian_peer_is_understood() -> None:
    text = struct.pack(">III", 3, 0, 3) + "ab\0".encode("utf-16-be") + bytes(2)
    assert Echo.decode(text + bytes(12), Transfer.NDR, Order.BIG).text == "ab"
    octets = struct.pack(">I", 0) + HANDLE.uuid.bytes
    assert (
        RpcRemoteFindFirstPrinterChangeNotificationEx.decode(octets + bytes(20), order=Order.BIG).hPrinter
        == HANDLE
    )


# ---------------------------------------------------------------- errors tell where


def options(**changes: int) -> bytearray:
    value = RPC_V2_NOTIFY_OPTIONS(
        pTypes=(
            RPC_V2_NOTIFY_OPTIONS_TYPE(Type=1, pFields=(1, 2)),
            RPC_V2_NOTIFY_OPTIONS_TYPE(Type=0, pFields=(3,)),
        )
    )
    call = RpcRemoteFindFirstPrinterChangeNotificationEx(
        hPrinter=HANDLE, fdwFlags=0, fdwOptions=0, pszLocalMachine=None, dwPrinterLocal=0, pOptions=value
    )
    return bytearray(call.encode())


def test_a_count_that_contradicts_its_array_is_named_with_its_path() -> None:
    octets = options()
    at = octets.index(struct.pack("<HHIII", 0, 0, 0, 0, 1)) + 12
    octets[at] = 2
    with pytest.raises(NdrError) as caught:
        RpcRemoteFindFirstPrinterChangeNotificationEx.decode(bytes(octets))
    assert caught.value.path == "pOptions.pTypes[1].Count"


def test_a_cut_names_the_first_field_that_is_missing() -> None:
    octets = bytes(options())
    at = octets.index(struct.pack("<III", 2, 0, 2))
    with pytest.raises(NdrError) as caught:
        RpcRemoteFindFirstPrinterChangeNotificationEx.decode(octets[: at + 6])
    assert caught.value.path == "pOptions.Reserved"
    assert caught.value.offset == at


def test_a_value_out_of_range_is_named_when_encoding() -> None:
    with pytest.raises(NdrError) as caught:
        RPC_V2_NOTIFY_OPTIONS(pTypes=(RPC_V2_NOTIFY_OPTIONS_TYPE(Type=70000),)).encode()
    assert caught.value.path == "pTypes[0].Type"


def test_a_huge_count_is_refused_before_anything_is_built() -> None:
    with pytest.raises(NdrError, match="do not fit"):
        RPC_V2_NOTIFY_INFO.decode(struct.pack("<IIII", 0xFFFFFFF0, 2, 0, 0xFFFFFFF0) + bytes(64))


def test_nesting_without_end_is_refused() -> None:
    link = struct.pack("<BxxxI", 1, 1)
    with pytest.raises(NdrError, match="nested"):
        Node.decode(link * 20000)


def test_a_string_needs_its_terminator_and_ends_there() -> None:
    head = struct.pack("<III", 3, 0, 3)
    with pytest.raises(NdrError, match="terminator"):
        Echo.Reply.decode(head + "abc".encode("utf-16-le") + bytes(8))
    assert Echo.Reply.decode(head + "a\0c".encode("utf-16-le") + bytes(8)).text == "a"
    with pytest.raises(NdrError, match="terminator"):
        Echo.Reply(text="a\0b").encode()


def test_an_array_of_characters_may_hold_several_strings() -> None:
    """pDependentFiles of RPC_DRIVER_INFO_3: each with its terminator, and one more at the end."""
    value = STRING_CONTAINER(pszString="one\0two\0")
    assert value.encode() == struct.pack("<III", 18, 0x20000, 9) + "one\0two\0\0".encode("utf-16-le")
    assert STRING_CONTAINER.decode(value.encode()) == value


def test_broken_utf16_is_a_typed_error() -> None:
    with pytest.raises(NdrError) as caught:
        Echo.Reply.decode(struct.pack("<III", 2, 0, 2) + b"\x00\xd8\0\0" + bytes(8))
    assert caught.value.path == "text"


def test_a_union_tag_must_be_what_the_switch_announced() -> None:
    octets = bytearray(SPLCLIENT_CONTAINER(Level=1, ClientInfo=None).encode())
    octets[4] = 9
    with pytest.raises(NdrError, match="tag 9"):
        SPLCLIENT_CONTAINER.decode(bytes(octets))


def test_a_tag_without_an_arm_is_refused_both_ways() -> None:
    with pytest.raises(NdrError, match="tag 3"):
        SPLCLIENT_CONTAINER(Level=3, ClientInfo=None).encode()
    with pytest.raises(NdrError, match="tag 3"):
        SPLCLIENT_CONTAINER.decode(struct.pack("<III", 3, 3, 0))


def test_a_null_pointer_has_nothing_to_count() -> None:
    """[MS-RPCE] 3.1.1.5.3.3.1.2, which [MS-RPRN], [MS-PAR] and [MS-PAN] ask for in their sections 3.1.x.4."""
    with pytest.raises(NdrError, match="cbBuf"):
        STRING_CONTAINER.decode(struct.pack("<II", 12, 0))
    assert STRING_CONTAINER.decode(struct.pack("<II", 0, 0)).pszString is None


def test_an_unknown_enumerator_and_a_number_out_of_range_are_refused() -> None:
    class Painted(Struct):
        colour: Colour

    with pytest.raises(NdrError, match="Colour"):
        Painted.decode(b"\x09\x00")

    class PaintedTwice(Struct):
        first: Colour
        second: Colour

    with pytest.raises(NdrError, match=r"^first"):
        PaintedTwice.decode(b"\x09\x00\x01\x00")


# ---------------------------------------------------------------- shapes that are rare


class Tail(Struct):
    kind: BYTE
    text: wstr


class Outer(Struct):
    """The conformance of the innermost structure goes to the very front."""

    head: HYPER
    tail: Tail


class Pairs(Struct):
    most: DWORD = 9
    count: DWORD = count_of("inner")
    inner: Annotated[varying_array[ref[Outer]], size_is("most")] | None = None
    texts: array[ptr[wstr]] | None = None
    kinds: Annotated[tuple[Size, ...], fixed(2)] = (Size.SMALL, Size.LARGE)
    boxes: Annotated[tuple[SPLCLIENT_CONTAINER, ...], fixed(2)]
    many: Annotated[tuple[WORD, ...], fixed(20)] = tuple(range(20))


@BOTH
@given(
    value=st.builds(
        Pairs,
        inner=st.none()
        | tuples(
            st.builds(Outer, head=st.integers(0, 99), tail=st.builds(Tail, kind=st.just(1), text=names))
        ),
        texts=st.none() | tuples(st.none() | names),
        boxes=st.tuples(containers, containers),
    )
)
def test_rare_shapes_come_back(transfer: Transfer, value: Pairs) -> None:
    assert Pairs.decode(value.encode(transfer), transfer) == value


def test_the_innermost_conformance_goes_to_the_very_front() -> None:
    octets = Outer(head=7, tail=Tail(kind=1, text="ab")).encode()
    assert octets == struct.pack("<I4xqB3xII", 3, 7, 1, 0, 3) + "ab\0".encode("utf-16-le")
