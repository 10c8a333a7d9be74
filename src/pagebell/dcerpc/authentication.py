"""What an authentication may be: which provider, which level, and why not. Pure."""

from __future__ import annotations

from pagebell.dcerpc.offer import Offer
from pagebell.dcerpc.pdu import CALL_HEADER, TRAILER, Verifier
from pagebell.dcerpc.protection import SecurityContext
from pagebell.dcerpc.security import Level
from pagebell.dcerpc.status import NakReason, Status


class Refusal(Exception):
    """A PDU is answered by a nak or a fault and the connection closed; an internal signal."""

    def __init__(
        self, reason: str, status: int = Status.PROTOCOL, nak: int = NakReason.NOT_SPECIFIED
    ) -> None:
        super().__init__(reason)
        self.status, self.nak = status, nak


def begin(verifier: Verifier, known: dict[int, SecurityContext], offer: Offer) -> SecurityContext:
    """Make a security context; [MS-RPCE] 3.3.1.5.2.1 names the reasons."""
    denied = Status.ACCESS_DENIED
    if not Level.NONE < verifier.level <= Level.PRIVACY:
        raise Refusal(f"level {verifier.level}", denied)
    if verifier.type not in offer.mechanisms:
        raise Refusal(f"no security provider {verifier.type}", denied, NakReason.AUTH_TYPE)
    if verifier.level == Level.CALL:
        raise Refusal("level CALL is for datagrams", denied, NakReason.CHECKSUM)
    if len(known) >= offer.limits.security_contexts:
        raise Refusal("too many security contexts")
    mechanism = offer.mechanisms[verifier.type]()
    security = SecurityContext(verifier.type, verifier.level, verifier.context_id, mechanism)
    known[verifier.context_id] = security
    return security


def suffices(security: SecurityContext) -> bool:
    """Tell whether a complete context can seal, if it must; one that can't sign fails at a call."""
    level = Level(security.level)
    return level < Level.PRIVACY or security.mechanism.protection.allows(level)


def check_padding(data: bytes, verifier: Verifier, nak: int) -> None:
    """Refuse padding that would not fit into a request of the same size, as Windows does."""
    if verifier.pad > len(data) - CALL_HEADER - TRAILER - len(verifier.token):
        raise Refusal("more padding than PDU", Status.PROTOCOL, nak)
