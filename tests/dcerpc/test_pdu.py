"""PDUs: octets by hand from C706 12.6, both byte orders, round trips, and any octets."""

from __future__ import annotations

import contextlib
import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagebell.dcerpc.pdu import (
    AlterContext,
    AlterContextResp,
    AnyPdu,
    Auth3,
    Bind,
    BindAck,
    BindNak,
    CoCancel,
    Context,
    Fault,
    Flag,
    Orphaned,
    PduError,
    Request,
    Response,
    Result,
    Shutdown,
    Syntax,
    Verifier,
)
from pagebell.dcerpc.pdu_codec import decode, encode

u8, u16, u32 = st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
flags = st.sampled_from([Flag.FIRST | Flag.LAST, Flag.FIRST, Flag.LAST, Flag.FIRST | Flag.CONC_MPX])
syntaxes = st.builds(Syntax, st.uuids(), u16, u16)
verifiers = st.none() | st.builds(Verifier, u8, u8, u32, st.binary(min_size=1, max_size=40))
contexts = st.lists(
    st.builds(Context, u16, syntaxes, st.lists(syntaxes, max_size=3).map(tuple)), max_size=3
).map(tuple)
results = st.lists(st.builds(Result, u16, u16, syntaxes), max_size=3).map(tuple)
common = {"call_id": u32, "flags": flags, "verifier": verifiers}
bare = {"call_id": u32, "flags": flags}
pdus = st.one_of(
    *(
        st.builds(k, **common, max_xmit=u16, max_recv=u16, group=u32, contexts=contexts)
        for k in (Bind, AlterContext)
    ),
    *(
        st.builds(
            k,
            **common,
            max_xmit=u16,
            max_recv=u16,
            group=u32,
            address=st.sampled_from(["", "135"]),
            results=results,
        )
        for k in (BindAck, AlterContextResp)
    ),
    st.builds(BindNak, **bare, reason=u16),
    st.builds(Request, **common, context_id=u16, opnum=u16, alloc_hint=u32, stub=st.binary(max_size=50)),
    st.builds(Response, **common, context_id=u16, alloc_hint=u32, stub=st.binary(max_size=50)),
    st.builds(Fault, **bare, context_id=u16, status=u32),
    *(st.builds(k, **common) for k in (Auth3, Shutdown, CoCancel, Orphaned)),
)

NDR = Syntax(UUID("8a885d04-1ceb-11c9-9fe8-08002b104860"), 2)
MGMT = Syntax(UUID("afa8bd80-7d8a-11c9-bef4-08002b102989"), 1)
# Written by hand after C706 12.6.4.3: the management interface, NDR.
BIND = bytes.fromhex(
    "05000b0310000000480000000100000000100010 00000000 01000000 0000 0100"
    "80bda8af8a7dc911bef408002b102989 01000000 045d888aeb1cc9119fe808002b104860 02000000".replace(" ", "")
)


def test_a_bind_by_hand_is_read_and_written() -> None:
    pdu = Bind(call_id=1, max_xmit=4096, max_recv=4096, contexts=(Context(0, MGMT, (NDR,)),))
    assert decode(BIND) == pdu
    assert encode(pdu) == BIND


def test_a_big_endian_request_is_read() -> None:
    body = struct.pack(">IHH", 4, 1, 7) + NDR.uuid.bytes + b"stub"
    data = struct.pack(">BBBB4sHHI", 5, 0, 0, 0x83, bytes(4), 16 + len(body), 0, 9) + body
    pdu = decode(data)
    assert isinstance(pdu, Request)
    assert (pdu.call_id, pdu.context_id, pdu.opnum, pdu.object) == (9, 1, 7, NDR.uuid)
    assert (pdu.stub, pdu.big_endian) == (b"stub", True)


def test_a_bind_nak_names_one_version_and_is_24_octets() -> None:
    assert encode(BindNak(call_id=1, reason=4))[16:] == struct.pack("<HBBB", 4, 1, 5, 0) + bytes(3)


@given(pdus)
def test_what_was_encoded_decodes_to_the_same_pdu(pdu: AnyPdu) -> None:
    data = encode(pdu)
    back = decode(data)
    assert struct.unpack_from("<H", data, 8)[0] == len(data)
    assert type(back) is type(pdu)
    assert encode(back) == data


@given(pdus, st.data())
def test_a_pdu_that_is_cut_or_longer_is_refused(pdu: AnyPdu, data: st.DataObject) -> None:
    octets = encode(pdu)
    with pytest.raises(PduError):
        decode(octets[: data.draw(st.integers(0, len(octets) - 1))])
    with pytest.raises(PduError):
        decode(octets + b"x")


@given(st.binary(max_size=120), st.integers(0, 20), st.booleans())
def test_any_octets_give_a_pdu_or_the_typed_error(body: bytes, kind: int, big: bool) -> None:
    order, drep = (">", bytes(4)) if big else ("<", b"\x10\0\0\0")
    for auth in (0, len(body) // 2):
        head = struct.pack(order + "BBBB4sHHI", 5, 0, kind, 3, drep, 16 + len(body), auth, 1)
        with contextlib.suppress(PduError):
            decode(head + body)
    with contextlib.suppress(PduError):
        decode(body)


@pytest.mark.parametrize(("at", "value"), [(0, 4), (1, 2), (2, 99)])
def test_another_version_or_an_unknown_type_is_refused(at: int, value: int) -> None:
    data = bytearray(BIND)
    data[at] = value
    with pytest.raises(PduError):
        decode(bytes(data))
