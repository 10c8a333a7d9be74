"""The three NTLM messages and their target information ([MS-NLMP] 2.2)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag

from pagebell.dcerpc.security import SecurityError

SIGNATURE = b"NTLMSSP\0"
VERSION = b"\x0a\0\0\0\0\0\0\x0f"
"""Windows 10.0, NTLM revision 15. Some clients refuse a CHALLENGE without it."""
MOST_PAIRS = 64


class Negotiate(IntFlag):
    """NegotiateFlags, [MS-NLMP] 2.2.2.5; those that we set or look at."""

    NONE = 0
    UNICODE = 0x00000001
    REQUEST_TARGET = 0x00000004
    SIGN = 0x00000010
    SEAL = 0x00000020
    NTLM = 0x00000200
    ANONYMOUS = 0x00000800
    ALWAYS_SIGN = 0x00008000
    TARGET_TYPE_SERVER = 0x00020000
    EXTENDED_SECURITY = 0x00080000
    TARGET_INFO = 0x00800000
    VERSION = 0x02000000
    BITS_128 = 0x20000000
    KEY_EXCHANGE = 0x40000000
    BITS_56 = 0x80000000


class Av(IntEnum):
    """AvId, [MS-NLMP] 2.2.2.1."""

    END = 0
    COMPUTER = 1
    DOMAIN = 2
    DNS_COMPUTER = 3
    DNS_DOMAIN = 4
    FLAGS = 6
    TIMESTAMP = 7
    CHANNEL_BINDINGS = 10


def pack_pairs(pairs: Mapping[int, bytes]) -> bytes:
    """Return AV pairs: identifier, length, value, and the end."""
    return b"".join(struct.pack("<HH", k, len(v)) + v for k, v in pairs.items()) + bytes(4)


def unpack_pairs(data: bytes) -> dict[int, bytes]:
    """Read AV pairs up to their end."""
    pairs: dict[int, bytes] = {}
    at = 0
    for _ in range(MOST_PAIRS):
        kind, size = _numbers("<HH", data, at)
        if kind == Av.END:
            return pairs
        pairs[kind] = _cut(data, at + 4, size)
        at += 4 + size
    raise SecurityError("target information without end")


@dataclass(frozen=True, slots=True)
class NegotiateMessage:
    """The client's first: signature 0, type 8, flags 12."""

    flags: Negotiate

    def __bytes__(self) -> bytes:
        return SIGNATURE + struct.pack("<II", 1, self.flags) + bytes(16) + VERSION

    @classmethod
    def read(cls, data: bytes) -> NegotiateMessage:
        """Read the flags; the rest says nothing that is used."""
        _expect(data, 1)
        (flags,) = _numbers("<I", data, 12)
        return cls(Negotiate(flags))


@dataclass(frozen=True, slots=True)
class ChallengeMessage:
    """The server's answer: target name 12, flags 20, challenge 24, target information 40, version 48."""

    flags: Negotiate
    challenge: bytes
    target: str
    pairs: Mapping[int, bytes] = field(default_factory=dict)

    def __bytes__(self) -> bytes:
        name, info = self.target.encode("utf-16-le"), pack_pairs(self.pairs)
        head = struct.pack("<IHHII", 2, len(name), len(name), 56, self.flags) + self.challenge + bytes(8)
        place = struct.pack("<HHI", len(info), len(info), 56 + len(name))
        return SIGNATURE + head + place + VERSION + name + info

    @classmethod
    def read(cls, data: bytes) -> ChallengeMessage:
        """Read what a client needs."""
        _expect(data, 2)
        size, _, at, flags = _numbers("<HHII", data, 12)
        target = _text(_cut(data, at, size))
        size, _, at = _numbers("<HHI", data, 40)
        pairs = unpack_pairs(_cut(data, at, size)) if size else {}
        return cls(Negotiate(flags), _cut(data, 24, 8), target, pairs)


@dataclass(frozen=True, slots=True)
class AuthenticateMessage:
    """The client's proof: six buffers from 12, flags 60, version 64, MIC 72, payload from 88."""

    flags: Negotiate
    user: str
    domain: str
    workstation: str
    nt_response: bytes
    lm_response: bytes = b""
    session_key: bytes = b""
    mic: bytes = bytes(16)

    MIC_AT = 72

    def __bytes__(self) -> bytes:
        texts = (s.encode("utf-16-le") for s in (self.domain, self.user, self.workstation))
        buffers = (self.lm_response, self.nt_response, *texts, self.session_key)
        places, payload, at = b"", b"", 88
        for buffer in buffers:
            places += struct.pack("<HHI", len(buffer), len(buffer), at)
            payload += buffer
            at += len(buffer)
        return (
            SIGNATURE
            + struct.pack("<I", 3)
            + places
            + struct.pack("<I", self.flags)
            + VERSION
            + self.mic
            + payload
        )

    @classmethod
    def read(cls, data: bytes) -> AuthenticateMessage:
        """Read a proof; buffers that lie outside of the message are an error."""
        _expect(data, 3)
        buffers = []
        for at in range(12, 60, 8):
            size, _, offset = _numbers("<HHI", data, at)
            buffers.append(_cut(data, offset, size) if size else b"")
        lm, nt, domain, user, workstation, key = buffers
        (flags,) = _numbers("<I", data, 60)
        return cls(
            flags=Negotiate(flags),
            user=_text(user),
            domain=_text(domain),
            workstation=_text(workstation),
            nt_response=nt,
            lm_response=lm,
            session_key=key,
            mic=data[72:88],
        )


def _expect(data: bytes, kind: int) -> None:
    if data[:8] != SIGNATURE or data[8:12] != struct.pack("<I", kind):
        raise SecurityError(f"no NTLM message of type {kind}")


def _numbers(fmt: str, data: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(fmt, data, at)
    except struct.error:
        raise SecurityError("NTLM message is cut off") from None


def _cut(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise SecurityError("NTLM message is cut off")
    return data[at : at + size]


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-16-le")
    except UnicodeDecodeError:
        raise SecurityError("NTLM message with broken text") from None
