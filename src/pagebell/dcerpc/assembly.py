"""Requests out of their fragments, each checked under its security context. Pure.

As in Windows, one request at a time may be on its way in fragments; those that are complete run side by side.
The first fragment settles context, operation and security; those fields of later ones are not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pagebell.dcerpc.events import IncomingCall
from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.ndr import Order
from pagebell.dcerpc.negotiation import TRANSFERS, Presentation
from pagebell.dcerpc.pdu import Flag, Request, Verifier
from pagebell.dcerpc.protection import SecurityContext, stub_of
from pagebell.dcerpc.security import Level, SecurityError
from pagebell.dcerpc.status import Status
from pagebell.dcerpc.verification import Seen, verify

_WHOLE = Flag.FIRST | Flag.LAST


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a fragment led to: a call, a fault, the end of the connection, or nothing yet."""

    call: IncomingCall | None = None
    fault: int | None = None
    call_id: int = 0
    context_id: int = 0
    not_executed: bool = False
    close: str = ""


@dataclass(slots=True)
class Agreed:
    """What bind and alter_context have settled so far."""

    contexts: dict[int, Presentation] = field(default_factory=dict)
    security: dict[int, SecurityContext] = field(default_factory=dict)
    default: SecurityContext | None = None
    """The authentication that came with the bind; unsigned calls run under it."""
    header_sign: bool = False
    multiplexed: bool = False
    fragment: int = 0

    @property
    def unfinished(self) -> bool:
        """Tell whether an authentication is in progress."""
        return any(not s.mechanism.complete and not s.failed for s in self.security.values())


@dataclass(frozen=True, slots=True)
class _Partial:
    """A request whose last fragment is still to come."""

    first: Request
    presentation: Presentation
    security: SecurityContext | None
    parts: list[bytes] = field(default_factory=list)


class _Refused(Exception):
    """A fragment is refused; an internal signal."""

    def __init__(
        self, reason: str, status: int, context_id: int, *, not_executed: bool = False, alive: bool = False
    ) -> None:
        super().__init__(reason)
        self.status, self.context_id = status, context_id
        self.not_executed, self.alive = not_executed, alive
        self.call_id: int | None = None


class Assembly:
    """The one request that is on its way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.call: _Partial | None = None
        self._size = 0

    def add(self, pdu: Request, data: bytes, agreed: Agreed) -> Outcome:
        """Take one fragment; `data` is its octets, as they were signed."""
        try:
            partial = self._place(pdu, agreed)
            outcome = self._grow(pdu, self._clear(pdu, data, partial, agreed), partial)
            if outcome.call is not None:
                self._verify(outcome.call, partial, agreed)
            return outcome
        except _Refused as refused:
            call_id = pdu.call_id if refused.call_id is None else refused.call_id
            return Outcome(
                fault=refused.status,
                call_id=call_id,
                context_id=refused.context_id,
                not_executed=refused.not_executed,
                close="" if refused.alive else str(refused),
            )

    def _place(self, pdu: Request, agreed: Agreed) -> _Partial:
        """Return the request that a fragment belongs to, or begins."""
        pending = self.call
        if pending is not None:
            if pdu.call_id == pending.first.call_id:
                if (pdu.verifier is None) != (pending.first.verifier is None):
                    raise _Refused("fragment without verifier", Status.PROTOCOL, pending.first.context_id)
                return pending
            refused = _Refused("fragments of two calls at once", Status.PROTOCOL, 0)
            if not agreed.multiplexed:
                refused.call_id, refused.context_id = pending.first.call_id, pending.first.context_id
            raise refused
        if not pdu.flags & Flag.FIRST and not agreed.multiplexed:
            raise _Refused("fragment without a first one", Status.PROTOCOL, 0)
        presentation = agreed.contexts.get(pdu.context_id)
        if presentation is None:
            raise _Refused("unknown context", Status.UNKNOWN_INTERFACE, 0, not_executed=True, alive=True)
        return _Partial(pdu, presentation, self._authorize(pdu, agreed))

    def _authorize(self, pdu: Request, agreed: Agreed) -> SecurityContext | None:
        """Return the security context that a call runs under, None for none."""
        verifier = pdu.verifier
        chosen = agreed.default if verifier is None else self._named(pdu, verifier, agreed.security)
        if chosen is None:
            return None
        if chosen.failed:
            raise _Refused("authentication failed", Status.ACCESS_DENIED, pdu.context_id)
        if not chosen.mechanism.complete:
            raise _Refused("authentication unfinished", Status.PROTOCOL, 0, not_executed=True)
        if verifier is None and chosen.level > Level.CONNECT:
            raise _Refused("unprotected call", Status.ACCESS_DENIED, pdu.context_id)
        return chosen

    @staticmethod
    def _named(pdu: Request, verifier: Verifier, security: Mapping[int, SecurityContext]) -> SecurityContext:
        named = security.get(verifier.context_id)
        if named is None or not named.matches(verifier):
            raise _Refused("no such security context", Status.ACCESS_DENIED, pdu.context_id)
        return named

    def _clear(self, pdu: Request, data: bytes, partial: _Partial, agreed: Agreed) -> bytes:
        try:
            return stub_of(data, pdu, partial.security, header_sign=agreed.header_sign)
        except SecurityError as error:
            raise _Refused(str(error), Status.SEC_PKG_ERROR, partial.first.context_id) from None

    @staticmethod
    def _verify(call: IncomingCall, partial: _Partial, agreed: Agreed) -> None:
        """Compare what the client saw with what we saw."""
        seen = Seen(
            partial.first,
            bytes(partial.presentation.asked),
            bytes(partial.presentation.transfer),
            agreed.header_sign,
        )
        try:
            verify(call.stub, seen)
        except SecurityError as error:
            raise _Refused(str(error), Status.ACCESS_DENIED, call.context_id) from None

    def _grow(self, pdu: Request, stub: bytes, partial: _Partial) -> Outcome:
        """Add a fragment's stub to its request."""
        context = partial.first.context_id
        begins = self.call is None
        if bool(pdu.flags & Flag.FIRST) != begins:
            raise _Refused("fragment out of order", Status.PROTOCOL, context)
        if begins and pdu.flags & Flag.PENDING_CANCEL:
            raise _Refused("cancelled before it began", Status.NO_CALL_ACTIVE, 0, not_executed=True)
        most = self._limits.stub_for(partial.presentation.interface.uuid)
        if pdu.flags & _WHOLE == Flag.FIRST and pdu.alloc_hint > most:
            raise _Refused(f"stub of {pdu.alloc_hint} octets", Status.ACCESS_DENIED, context)
        self._size = len(stub) + (0 if begins else self._size)
        if self._size > most or len(partial.parts) >= self._limits.fragments:
            raise _Refused("stub too large", Status.ACCESS_DENIED, context)
        partial.parts.append(stub)
        if not pdu.flags & Flag.LAST:
            self.call = partial
            return Outcome()
        self.call = None
        return Outcome(call=_whole(partial))


def _whole(partial: _Partial) -> IncomingCall:
    first, parts = partial.first, partial.parts
    stub = parts[0] if len(parts) == 1 else b"".join(parts)
    return IncomingCall(
        call_id=first.call_id,
        context_id=first.context_id,
        interface=partial.presentation.interface,
        transfer=TRANSFERS[partial.presentation.transfer],
        order=Order.BIG if first.big_endian else Order.LITTLE,
        opnum=first.opnum,
        stub=stub,
        object=first.object,
        security=partial.security,
        maybe=bool(first.flags & Flag.MAYBE),
    )
