"""The connection-oriented PDUs as typed values (C706 12.6, [MS-RPCE] 2.2.2).

Both byte orders are read; little-endian is written. Every PDU starts with 16 octets:

     0  rpc_vers = 5        1  rpc_vers_minor      2  PTYPE        3  pfc_flags
     4  drep[4]: 0x10 is little-endian             8  frag_length  10 auth_length
    12  call_id

and ends, where auth_length is not zero, with the security trailer, aligned to four octets (in requests and
responses to 16):

     0  auth_type   1  auth_level   2  auth_pad_length   3  reserved   4  auth_context_id   8  auth_value
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import ClassVar, TypeAlias

HEADER = 16
"""Octets of the common header."""
CALL_HEADER = 24
"""Octets in front of the stub in a request without object UUID, and in a response."""
TRAILER = 8
"""Octets of the security trailer in front of auth_value."""
PAD = 16
"""Stubs are filled up to a multiple of this before the security trailer ([MS-RPCE] 2.2.2.11)."""


class PduError(ValueError):
    """The octets are no PDU; `offset` counts from its first octet."""

    def __init__(self, reason: str, offset: int = 0) -> None:
        super().__init__(f"PDU at octet {offset}: {reason}")
        self.reason = reason
        self.offset = offset


class PacketType(IntEnum):
    """PTYPE, C706 12.6.1; `AUTH3` is [MS-RPCE] 2.2.2.1."""

    REQUEST = 0
    RESPONSE = 2
    FAULT = 3
    BIND = 11
    BIND_ACK = 12
    BIND_NAK = 13
    ALTER_CONTEXT = 14
    ALTER_CONTEXT_RESP = 15
    AUTH3 = 16
    SHUTDOWN = 17
    CO_CANCEL = 18
    ORPHANED = 19


class Flag(IntFlag):
    """pfc_flags, C706 12.6.3.1 and [MS-RPCE] 2.2.2.3: 0x04 means header signing in bind and alter_context."""

    NONE = 0
    FIRST = 0x01
    LAST = 0x02
    PENDING_CANCEL = 0x04
    HEADER_SIGN = 0x04
    CONC_MPX = 0x10
    DID_NOT_EXECUTE = 0x20
    MAYBE = 0x40
    OBJECT = 0x80


WHOLE = Flag.FIRST | Flag.LAST


@dataclass(frozen=True, slots=True)
class Syntax:
    """p_syntax_id_t: a UUID and a version, of an interface or of a transfer syntax."""

    uuid: uuid.UUID
    major: int = 0
    minor: int = 0

    def __str__(self) -> str:
        return f"{self.uuid} v{self.major}.{self.minor}"

    def __bytes__(self) -> bytes:
        return self.uuid.bytes_le + struct.pack("<HH", self.major, self.minor)


NIL = uuid.UUID(int=0)
NO_SYNTAX = Syntax(NIL)


@dataclass(frozen=True, slots=True)
class Header:
    """The common header."""

    type: int
    flags: Flag
    frag_length: int
    auth_length: int
    call_id: int
    big_endian: bool = False
    version: int = 5
    minor: int = 0

    @classmethod
    def read(cls, data: bytes | bytearray | memoryview) -> Header:
        """Read the first 16 octets; lengths that contradict one another are an error."""
        if len(data) < HEADER:
            raise PduError("shorter than its header", len(data))
        big = not data[4] & 0xF0
        version, minor, kind, flags = data[0], data[1], data[2], data[3]
        frag, auth, call = struct.unpack_from(">HHI" if big else "<HHI", data, 8)
        if frag < HEADER:
            raise PduError(f"frag_length {frag}", 8)
        return cls(kind, Flag(flags), frag, auth, call, big, version, minor)


@dataclass(frozen=True, slots=True)
class Verifier:
    """The security trailer and its token or signature."""

    type: int
    level: int
    context_id: int
    token: bytes = b""
    pad: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    """p_cont_elem_t: a presentation context that is asked for."""

    id: int
    abstract: Syntax
    transfers: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """p_result_t: what became of a presentation context."""

    result: int
    reason: int = 0
    transfer: Syntax = NO_SYNTAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu:
    """What all PDUs have."""

    type: ClassVar[PacketType]
    call_id: int = 0
    flags: Flag = WHOLE
    verifier: Verifier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind(Pdu):
    """Opens an association. max_xmit 16, max_recv 18, group 20, count 24, contexts from 28."""

    type: ClassVar[PacketType] = PacketType.BIND
    max_xmit: int
    max_recv: int
    group: int = 0
    contexts: tuple[Context, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterContext(Bind):
    """As bind, on an association that lives: further contexts, further legs of an authentication."""

    type: ClassVar[PacketType] = PacketType.ALTER_CONTEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class BindAck(Pdu):
    """max_xmit 16, max_recv 18, group 20, secondary address 24 (counted, with NUL), results aligned to 4."""

    type: ClassVar[PacketType] = PacketType.BIND_ACK
    max_xmit: int
    max_recv: int
    group: int
    address: str = ""
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterContextResp(BindAck):
    """As bind_ack; its address is empty."""

    type: ClassVar[PacketType] = PacketType.ALTER_CONTEXT_RESP


@dataclass(frozen=True, slots=True, kw_only=True)
class BindNak(Pdu):
    """reason 16, count of versions 18, versions of two octets each."""

    type: ClassVar[PacketType] = PacketType.BIND_NAK
    reason: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth3(Pdu):
    """The third leg of an authentication, never answered ([MS-RPCE] 2.2.2.1). Padding at 16."""

    type: ClassVar[PacketType] = PacketType.AUTH3


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Pdu):
    """alloc_hint 16, context 20, opnum 22, object UUID 24 with the flag, stub (with its padding)."""

    type: ClassVar[PacketType] = PacketType.REQUEST
    context_id: int
    opnum: int
    alloc_hint: int = 0
    object: uuid.UUID | None = None
    stub: bytes = b""
    big_endian: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Pdu):
    """alloc_hint 16, context 20, cancel_count 22, reserved 23, stub (with its padding)."""

    type: ClassVar[PacketType] = PacketType.RESPONSE
    context_id: int
    alloc_hint: int = 0
    stub: bytes = b""
    big_endian: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Pdu):
    """alloc_hint 16, context 20, cancel_count 22, flags 23, status 24, reserved 28."""

    type: ClassVar[PacketType] = PacketType.FAULT
    context_id: int
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown(Pdu):
    """The server asks the client to close; header only."""

    type: ClassVar[PacketType] = PacketType.SHUTDOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class CoCancel(Pdu):
    """The client asks to cancel a call; header only."""

    type: ClassVar[PacketType] = PacketType.CO_CANCEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphaned(Pdu):
    """The client gives a call up; header only."""

    type: ClassVar[PacketType] = PacketType.ORPHANED


AnyPdu: TypeAlias = (
    Bind
    | AlterContext
    | BindAck
    | AlterContextResp
    | BindNak
    | Auth3
    | Request
    | Response
    | Fault
    | Shutdown
    | CoCancel
    | Orphaned
)
