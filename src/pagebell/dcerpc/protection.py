"""Requests and responses under a security context: split into fragments, signed, sealed, and taken apart.

With header signing, the PDU is signed from its first octet up to the signature; without it, the stub with its
padding alone ([MS-RPCE] 2.2.2.11 and 3.3.1.5.2.2). At privacy level the stub with its padding is sealed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pagebell.dcerpc.pdu import CALL_HEADER, PAD, TRAILER, Flag, Request, Response, Verifier
from pagebell.dcerpc.pdu_codec import call_head, trailer
from pagebell.dcerpc.security import Level, Mechanism, Principal, SecurityError

_OBJECT = 16
_FIRST, _LAST = Flag.FIRST.value, Flag.LAST.value


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
        """Tell whether each PDU carries a signature; PACKET is treated as INTEGRITY."""
        return self.level >= Level.CALL

    def matches(self, verifier: Verifier) -> bool:
        """Tell whether a verifier is of this context's type and level."""
        return (verifier.type, verifier.level) == (self.type, self.level)


def fragments(
    pdu: Request | Response, size: int, security: SecurityContext | None, *, header_sign: bool
) -> Iterator[bytes]:
    """Yield the octets of a call's fragments, none larger than `size`, in the order they must be sent."""
    room = size - CALL_HEADER - (_OBJECT if isinstance(pdu, Request) and pdu.object is not None else 0)
    if security is not None and not security.protects:
        security = None
    if security is not None:
        room -= TRAILER + security.mechanism.protection.signature_size(Level(security.level), room)
        room -= room % PAD
    stub, at, flags = pdu.stub, 0, (pdu.flags & ~Flag.LAST).value | _FIRST
    while flags & _LAST == 0:
        chunk, left = stub[at : at + room], len(stub) - at
        at += room
        if at >= len(stub):
            flags |= _LAST
        if security is None:
            yield call_head(pdu, flags, left, len(chunk), 0) + chunk
        else:
            yield _protect(pdu, flags, left, chunk, security, header_sign=header_sign)
        flags &= ~_FIRST


def _protect(
    pdu: Request | Response,
    flags: int,
    left: int,
    chunk: bytes,
    security: SecurityContext,
    *,
    header_sign: bool,
) -> bytes:
    """Return one fragment, signed and perhaps sealed."""
    protection, level = security.mechanism.protection, Level(security.level)
    pad = -len(chunk) % PAD
    body = chunk + bytes(pad) if pad else chunk
    size = protection.signature_size(level, len(body))
    before = call_head(pdu, flags, left, len(body) + TRAILER + size, size)
    after = trailer(Verifier(security.type, security.level, security.id), pad)
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
        end = len(data) - len(verifier.token) - TRAILER
        head = end - len(body)
        covered = header_sign or protection.always_signs_headers
        before, after = (data[:head], data[end : end + TRAILER]) if covered else (b"", b"")
        body = protection.unprotect(Level(security.level), before, body, after, verifier.token)
    if verifier.pad > len(body):
        raise SecurityError("more padding than stub")
    return body[: len(body) - verifier.pad] if verifier.pad else body
