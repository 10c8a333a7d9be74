"""Octets to PDUs and back; the layouts stand in the PDUs' docstrings."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable

from pagebell.dcerpc.pdu import (
    HEADER,
    TRAILER,
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
    Header,
    Orphaned,
    PacketType,
    PduError,
    Request,
    Response,
    Result,
    Shutdown,
    Syntax,
    Verifier,
)

DREP = b"\x10\0\0\0"
"""Little-endian, ASCII, IEEE."""
_HEADER = struct.Struct("<BBBB4sHHI")
_TRAILER = struct.Struct("<BBBBI")
_REQUEST = struct.Struct("<IHH")
_RESPONSE = struct.Struct("<IHBx")


class _Reader:
    """Reads numbers in the peer's order; a cut is an error with its offset."""

    def __init__(self, data: bytes, big_endian: bool, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end
        self.order = ">" if big_endian else "<"

    def take(self, size: int) -> bytes:
        if self.at + size > self.end:
            raise PduError(f"{size} octets are missing", self.at)
        self.at += size
        return self.data[self.at - size : self.at]

    def numbers(self, fmt: str) -> tuple[int, ...]:
        return struct.unpack(self.order + fmt, self.take(struct.calcsize("<" + fmt)))

    def uuid(self) -> uuid.UUID:
        data = self.take(16)
        return uuid.UUID(bytes=data) if self.order == ">" else uuid.UUID(bytes_le=data)

    def syntax(self) -> Syntax:
        identifier = self.uuid()
        (version,) = self.numbers("I")
        return Syntax(identifier, version & 0xFFFF, version >> 16)


def decode(data: bytes) -> AnyPdu:
    """Read one whole PDU; raise `PduError` for what is none. A sealed stub stays sealed."""
    header = Header.read(data)
    if header.version != 5 or header.minor > 1:
        raise PduError(f"version {header.version}.{header.minor}")
    if header.frag_length != len(data):
        raise PduError(f"frag_length {header.frag_length} in {len(data)} octets", 8)
    verifier, end = _verifier(data, header)
    try:
        read = _READ[PacketType(header.type)]
    except ValueError:
        raise PduError(f"PTYPE {header.type}", 2) from None
    return read(header, _Reader(data, header.big_endian, HEADER, end), verifier)


def _verifier(data: bytes, header: Header) -> tuple[Verifier | None, int]:
    """Return the security trailer and where the body ends."""
    if not header.auth_length:
        return None, len(data)
    at = header.frag_length - header.auth_length - TRAILER
    if at < HEADER:
        raise PduError(f"auth_length {header.auth_length} in {header.frag_length} octets", 10)
    kind, level, pad, _, context = struct.unpack_from(">BBBBI" if header.big_endian else "<BBBBI", data, at)
    return Verifier(kind, level, context, data[at + TRAILER :], pad), at


def _bind(header: Header, r: _Reader, verifier: Verifier | None) -> Bind:
    xmit, recv, group, count = r.numbers("HHIB")
    if count:
        r.take(3)
    contexts = []
    for _ in range(count):
        identifier, transfers, _ = r.numbers("HBB")
        abstract = r.syntax()
        contexts.append(Context(identifier, abstract, tuple(r.syntax() for _ in range(transfers))))
    made = Bind if header.type == PacketType.BIND else AlterContext
    return made(
        call_id=header.call_id,
        flags=header.flags,
        verifier=verifier,
        max_xmit=xmit,
        max_recv=recv,
        group=group,
        contexts=tuple(contexts),
    )


def _bind_ack(header: Header, r: _Reader, verifier: Verifier | None) -> BindAck:
    xmit, recv, group, size = r.numbers("HHIH")
    address = r.take(size).rstrip(b"\0").decode("latin-1")
    r.take(-r.at % 4)
    count, *_ = r.numbers("BBH")
    results = []
    for _ in range(count):
        result, reason = r.numbers("HH")
        results.append(Result(result, reason, r.syntax()))
    made = BindAck if header.type == PacketType.BIND_ACK else AlterContextResp
    return made(
        call_id=header.call_id,
        flags=header.flags,
        verifier=verifier,
        max_xmit=xmit,
        max_recv=recv,
        group=group,
        address=address,
        results=tuple(results),
    )


def _bind_nak(header: Header, r: _Reader, verifier: Verifier | None) -> BindNak:
    (reason,) = r.numbers("H")
    return BindNak(call_id=header.call_id, flags=header.flags, reason=reason)


def _request(header: Header, r: _Reader, verifier: Verifier | None) -> Request:
    hint, context, opnum = r.numbers("IHH")
    return Request(
        call_id=header.call_id,
        flags=header.flags,
        verifier=verifier,
        alloc_hint=hint,
        context_id=context,
        opnum=opnum,
        object=r.uuid() if header.flags & Flag.OBJECT else None,
        stub=r.take(r.end - r.at),
        big_endian=header.big_endian,
    )


def _response(header: Header, r: _Reader, verifier: Verifier | None) -> Response:
    hint, context, _ = r.numbers("IHH")
    return Response(
        call_id=header.call_id,
        flags=header.flags,
        verifier=verifier,
        alloc_hint=hint,
        context_id=context,
        stub=r.take(r.end - r.at),
        big_endian=header.big_endian,
    )


def _fault(header: Header, r: _Reader, verifier: Verifier | None) -> Fault:
    _, context, _, status = r.numbers("IHHI")
    return Fault(
        call_id=header.call_id, flags=header.flags, verifier=verifier, context_id=context, status=status
    )


def _bare(made: type[Auth3 | Shutdown | CoCancel | Orphaned]) -> Callable[..., AnyPdu]:
    def read(header: Header, r: _Reader, verifier: Verifier | None) -> AnyPdu:
        return made(call_id=header.call_id, flags=header.flags, verifier=verifier)

    return read


_READ: dict[PacketType, Callable[[Header, _Reader, Verifier | None], AnyPdu]] = {
    PacketType.REQUEST: _request,
    PacketType.RESPONSE: _response,
    PacketType.FAULT: _fault,
    PacketType.BIND: _bind,
    PacketType.ALTER_CONTEXT: _bind,
    PacketType.BIND_ACK: _bind_ack,
    PacketType.ALTER_CONTEXT_RESP: _bind_ack,
    PacketType.BIND_NAK: _bind_nak,
    PacketType.AUTH3: _bare(Auth3),
    PacketType.SHUTDOWN: _bare(Shutdown),
    PacketType.CO_CANCEL: _bare(CoCancel),
    PacketType.ORPHANED: _bare(Orphaned),
}


def encode(pdu: AnyPdu) -> bytes:
    """Return the octets of a PDU, little-endian.

    A verifier's `pad` is taken as it is for requests and responses, whose stub holds the padding already;
    every other PDU is filled up to four octets here.
    """
    verifier = pdu.verifier
    token = verifier.token if verifier is not None else b""
    if isinstance(pdu, Request | Response):
        end = b"" if verifier is None else trailer(verifier, verifier.pad)
        behind = len(pdu.stub) + len(end) + len(token)
        head = call_head(pdu, pdu.flags, pdu.alloc_hint, behind, len(token))
        return b"".join((head, pdu.stub, end, token))
    body, end = _body(pdu), b""
    if verifier is not None:
        pad = -len(body) % 4
        body, end = body + bytes(pad), trailer(verifier, pad)
    size = HEADER + len(body) + len(end) + len(token)
    head = _HEADER.pack(5, 0, pdu.type, pdu.flags, DREP, size, len(token), pdu.call_id)
    return b"".join((head, body, end, token))


def trailer(verifier: Verifier, pad: int) -> bytes:
    """Return a security trailer without its token or signature."""
    return _TRAILER.pack(verifier.type, verifier.level, pad, 0, verifier.context_id)


def call_head(pdu: Request | Response, flags: int, hint: int, behind: int, auth: int) -> bytes:
    """Return what stands in front of a stub; `behind` octets follow, of which `auth` are a signature."""
    if isinstance(pdu, Response):
        head = _RESPONSE.pack(hint, pdu.context_id, 0)
    else:
        head = _REQUEST.pack(hint, pdu.context_id, pdu.opnum)
        if pdu.object is not None:
            head += pdu.object.bytes_le
            flags |= Flag.OBJECT.value
    size = HEADER + len(head) + behind
    return _HEADER.pack(5, 0, pdu.type, flags, DREP, size, auth, pdu.call_id) + head


def _body(pdu: AnyPdu) -> bytes:
    match pdu:
        case Bind():
            head = struct.pack("<HHIBxxx", pdu.max_xmit, pdu.max_recv, pdu.group, len(pdu.contexts))
            return head + b"".join(map(_context, pdu.contexts))
        case BindAck():
            address = pdu.address.encode("latin-1") + b"\0" if pdu.address else b""
            head = struct.pack("<HHIH", pdu.max_xmit, pdu.max_recv, pdu.group, len(address)) + address
            head += bytes(-len(head) % 4) + struct.pack("<Bxxx", len(pdu.results))
            return head + b"".join(
                struct.pack("<HH", r.result, r.reason) + bytes(r.transfer) for r in pdu.results
            )
        case BindNak():
            # One version, 5.0, and three octets up to a multiple of four.
            return struct.pack("<HBBBxxx", pdu.reason, 1, 5, 0)
        case Fault():
            return struct.pack("<IHBxII", 32, pdu.context_id, 0, pdu.status, 0)
        case Auth3():
            return bytes(4)
    return b""


def _context(context: Context) -> bytes:
    head = struct.pack("<HBx", context.id, len(context.transfers))
    return head + bytes(context.abstract) + b"".join(map(bytes, context.transfers))
