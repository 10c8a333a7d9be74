"""Requests and responses under a security context: split into fragments, signed, sealed, and taken apart.

With header signing, the PDU is signed from its first octet up to the signature; without it, the stub with its
padding alone ([MS-RPCE] 2.2.2.11 and 3.3.1.5.2.2). At privacy level the stub with its padding is sealed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from pagebell.dcerpc.pdu import CALL_HEADER, PAD, TRAILER, Flag, Request, Response, Verifier
from pagebell.dcerpc.pdu_codec import encode
from pagebell.dcerpc.security import Level, Mechanism, Principal, SecurityError

_OBJECT = 16


@dataclass(slots=True)
class SecurityContext:
    """One authentication on an association, in progress or complete ([MS-RPCE] 3.3.1.1)."""

    type: int
    level: int
    id: int
    mechanism: Mechanism
    failed: bool = False

    @property
    def established(self) -> bool:
        """Tell whether calls may use it."""
        return self.mechanism.complete and not self.failed

    @property
    def principal(self) -> Principal:
        """Return the peer."""
        return self.mechanism.principal

    @property
    def protects(self) -> bool:
        """Tell whether each PDU carries a signature; level CALL is PACKET on TCP, and PACKET is INTEGRITY."""
        return self.level >= Level.CALL

    def matches(self, verifier: Verifier) -> bool:
        """Tell whether a verifier is of this context's type and level."""
        return (verifier.type, verifier.level) == (self.type, self.level)


def fragments(
    pdu: Request | Response, size: int, security: SecurityContext | None, *, header_sign: bool
) -> Iterator[bytes]:
    """Yield the octets of a call's fragments, none larger than `size`, in the order they must be sent."""
    head = CALL_HEADER + (_OBJECT if isinstance(pdu, Request) and pdu.object is not None else 0)
    room = size - head
    protected = security is not None and security.protects
    if protected and security is not None:
        room -= TRAILER + security.mechanism.protection.signature_size(Level(security.level), room)
        room -= room % PAD
    stub, at, flags = pdu.stub, 0, (pdu.flags & ~Flag.LAST) | Flag.FIRST
    while True:
        chunk = stub[at : at + room]
        left = len(stub) - at
        at += len(chunk)
        if at >= len(stub):
            flags |= Flag.LAST
        part = dataclasses.replace(pdu, flags=flags, stub=chunk, alloc_hint=left)
        yield (
            _protect(part, head, security, header_sign)
            if protected and security is not None
            else encode(part)
        )
        flags &= ~Flag.FIRST
        if flags & Flag.LAST:
            return


def _protect(pdu: Request | Response, head: int, security: SecurityContext, header_sign: bool) -> bytes:
    """Return one fragment, signed and perhaps sealed."""
    protection, level = security.mechanism.protection, Level(security.level)
    pad = -len(pdu.stub) % PAD
    body = pdu.stub + bytes(pad)
    size = protection.signature_size(level, len(body))
    verifier = Verifier(security.type, security.level, security.id, bytes(size), pad)
    data = encode(dataclasses.replace(pdu, stub=body, verifier=verifier))
    trailer = len(data) - size - TRAILER
    before, after = data[:head], data[trailer : trailer + TRAILER]
    covered = header_sign or protection.always_signs_headers
    sealed, signature = protection.protect(level, before if covered else b"", body, after if covered else b"")
    if len(signature) != size:
        raise SecurityError("the signature's size was foretold wrongly")
    return b"".join((before, sealed, after, signature))


def stub_of(
    data: bytes, pdu: Request | Response, security: SecurityContext | None, *, header_sign: bool
) -> bytes:
    """Return a fragment's stub in clear; raise `SecurityError` when its signature is wrong."""
    verifier = pdu.verifier
    if verifier is None:
        return pdu.stub
    body = pdu.stub
    if security is not None and security.protects:
        protection = security.mechanism.protection
        trailer = len(data) - len(verifier.token) - TRAILER
        head = trailer - len(body)
        covered = header_sign or protection.always_signs_headers
        before, after = (data[:head], data[trailer : trailer + TRAILER]) if covered else (b"", b"")
        body = protection.unprotect(Level(security.level), before, body, after, verifier.token)
    if verifier.pad > len(body):
        raise SecurityError("more padding than stub")
    return body[: len(body) - verifier.pad] if verifier.pad else body
