"""The server's side of an association: octets in, events and octets out; no I/O and no clock.

    (state, PDU)              what happens
    NEW      bind             contexts are negotiated; bind_ack or bind_nak, perhaps after a step
    BOUND    bind             bind_nak, closed
    BOUND    alter_context    as bind; alter_context_resp or fault
    BOUND    auth3            a step that nobody answers
    BOUND    request          first, middle or last fragment of a call
    BOUND    co_cancel        the call is asked to end
    BOUND    orphaned         the call is asked to end, and not answered
    STEPPING anything         waits until the step is reported
    CLOSED   anything         is dropped
    all else                  the connection is closed

Where C706 leaves a choice, what is answered is what Windows answers, since its clients know nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, ClassVar

from pagebell.dcerpc.assembly import Agreed, Assembly
from pagebell.dcerpc.authentication import Refusal, begin, check_padding, suffices
from pagebell.dcerpc.events import (
    CallCancelled,
    CallReceived,
    Closed,
    IncomingCall,
    ServerEvent,
    StepWanted,
)
from pagebell.dcerpc.groups import Group
from pagebell.dcerpc.negotiation import ProtocolError, negotiate
from pagebell.dcerpc.offer import Offer
from pagebell.dcerpc.pdu import (
    CALL_HEADER,
    HEADER,
    TRAILER,
    WHOLE,
    AlterContext,
    AlterContextResp,
    AnyPdu,
    Auth3,
    Bind,
    BindAck,
    BindNak,
    CoCancel,
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
    Verifier,
)
from pagebell.dcerpc.pdu_codec import decode, encode
from pagebell.dcerpc.protection import SecurityContext, fragments
from pagebell.dcerpc.security import AuthType
from pagebell.dcerpc.status import NakReason, Status

_SMALLEST = 2048
"""Both sides take fragments of this size ([MS-RPCE] 3.3.3.1 says 1432, Windows answers this)."""


class State(Enum):
    """Where an association stands."""

    NEW = auto()
    BOUND = auto()
    STEPPING = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class _Pending:
    """A PDU that waits for a step of its authentication."""

    pdu: Bind | Auth3
    security: SecurityContext
    results: Sequence[Result] = ()


class ServerAssociation:
    """One connection's association."""

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._limits = offer.limits
        self._input = bytearray()
        self._output: list[bytes] = []
        self._events: list[ServerEvent] = []
        self._agreed = Agreed(fragment=offer.limits.fragment)
        self._pending: _Pending | None = None
        self._assembly = Assembly(offer.limits)
        self._calls: dict[int, IncomingCall] = {}
        self.state = State.NEW
        self.group: Group | None = None

    # ------------------------------------------------------------ the shell's side

    def receive(self, data: bytes) -> list[ServerEvent]:
        """Take octets from the peer and return what they lead to."""
        if self.state is not State.CLOSED:
            self._input += data
            self._process()
        return self._taken()

    def stepped(self, answer: bytes) -> list[ServerEvent]:
        """Report the mechanism's answer to the token of `StepWanted`."""
        pending, self._pending = self._pending, None
        if pending is not None and self.state is State.STEPPING:
            self.state = State.BOUND
            self._guarded(pending.pdu, lambda: self._after_step(pending, answer))
            self._process()
        return self._taken()

    def refused(self, reason: str) -> list[ServerEvent]:
        """Report that the mechanism refused the token of `StepWanted`."""
        pending, self._pending = self._pending, None
        if pending is not None and self.state is State.STEPPING:
            self.state = State.BOUND
            pending.security.failed = True
            if not isinstance(pending.pdu, Auth3):
                self._refuse(pending.pdu, Refusal(reason, Status.ACCESS_DENIED, NakReason.CHECKSUM))
            self._process()
        return self._taken()

    def respond(self, call: IncomingCall, stub: bytes) -> None:
        """Answer a call."""
        if not self._ended(call):
            return
        response = Response(
            call_id=call.call_id,
            # Windows answers with one octet of the context's number, and its clients look at no more.
            context_id=call.context_id & 0xFF,
            stub=stub,
        )
        parts = fragments(
            response, self._agreed.fragment, call.security, header_sign=self._agreed.header_sign
        )
        self._output.extend(parts)

    def fault(self, call: IncomingCall, status: int, *, executed: bool = True) -> None:
        """End a call with a fault."""
        if self._ended(call):
            self._fault(call.call_id, call.context_id, status, executed=executed)

    def shut_down(self) -> None:
        """Ask the client to close: the server ends."""
        if self.state is State.BOUND:
            self._output.append(encode(Shutdown()))

    def data_to_send(self) -> bytes:
        """Return the octets for the peer, once."""
        data, self._output = b"".join(self._output), []
        return data

    @property
    def busy(self) -> bool:
        """Tell whether calls are running."""
        return bool(self._calls)

    @property
    def alive(self) -> bool:
        """Tell whether silence is in order: calls are running, or the client holds handles."""
        return self.busy or (self.group is not None and len(self.group.handles) > 0)

    @property
    def midway(self) -> bool:
        """Tell whether the peer owes us the rest of a PDU, of a call or of an authentication."""
        return bool(self._input) or self._assembly.call is not None or self._agreed.unfinished

    # ------------------------------------------------------------ PDUs

    def _taken(self) -> list[ServerEvent]:
        events, self._events = self._events, []
        return events

    def _close(self, reason: str) -> None:
        if self.state is not State.CLOSED:
            self.state = State.CLOSED
            self._input.clear()
            self._events.append(Closed(reason))

    def _process(self) -> None:
        """Take whole PDUs off the input while the state lets them through."""
        while self.state in (State.NEW, State.BOUND) and len(self._input) >= HEADER:
            try:
                header = Header.read(self._input)
            except PduError as error:
                return self._close(str(error))
            if header.type == PacketType.REQUEST and header.frag_length > self._limits.fragment:
                self._fault(header.call_id, 0, Status.PROTOCOL)
                return self._close(f"fragment of {header.frag_length} octets")
            if len(self._input) < header.frag_length:
                return None
            data = bytes(self._input[: header.frag_length])
            del self._input[: header.frag_length]
            self._one(header, data)
        return None

    def _one(self, header: Header, data: bytes) -> None:
        try:
            pdu = decode(data)
        except PduError as error:
            if header.type == PacketType.BIND:
                self._output.append(
                    encode(BindNak(call_id=header.call_id, reason=NakReason.PROTOCOL_VERSION))
                )
            return self._close(str(error))
        handle = self._TABLE.get((self.state, type(pdu)))
        if handle is None:
            return self._close(f"{type(pdu).__name__} in state {self.state.name}")
        return self._guarded(pdu, lambda: handle(self, pdu, data))

    def _guarded(self, pdu: AnyPdu, act: Callable[[], None]) -> None:
        try:
            act()
        except Refusal as refusal:
            self._refuse(pdu, refusal)

    def _refuse(self, pdu: AnyPdu, refusal: Refusal) -> None:
        if type(pdu) is Bind:
            self._output.append(encode(BindNak(call_id=pdu.call_id, reason=refusal.nak)))
        else:
            self._fault(pdu.call_id, 0, refusal.status, executed=False)
        self._close(str(refusal))

    def _fault(self, call_id: int, context_id: int, status: int, *, executed: bool = True) -> None:
        flags = WHOLE if executed else WHOLE | Flag.DID_NOT_EXECUTE
        self._output.append(encode(Fault(call_id=call_id, flags=flags, context_id=context_id, status=status)))

    # ------------------------------------------------------------ bind, alter_context, auth3

    def _bind(self, pdu: Bind, data: bytes) -> None:
        results = self._negotiated(pdu)
        self.group = self._offer.groups.join(pdu.group)
        if self.group is None:
            raise Refusal(f"no association group {pdu.group:#x}")
        offered = min(max(pdu.max_xmit, _SMALLEST), max(pdu.max_recv, _SMALLEST), self._limits.fragment)
        self._agreed.fragment = offered & ~7
        self._agreed.multiplexed = bool(pdu.flags & Flag.CONC_MPX)
        self.state = State.BOUND
        self._authenticate(pdu, data, results)

    def _bind_again(self, pdu: Bind, data: bytes) -> None:
        raise Refusal("second bind")

    def _alter(self, pdu: AlterContext, data: bytes) -> None:
        if pdu.verifier is not None and pdu.verifier.type == AuthType.NONE:
            raise Refusal("authentication by nothing", Status.ACCESS_DENIED)
        self._authenticate(pdu, data, self._negotiated(pdu))

    def _negotiated(self, pdu: Bind) -> list[Result]:
        try:
            results, added = negotiate(
                pdu.contexts,
                self._agreed.contexts,
                self._offer.interfaces(),
                self._offer.transfers,
                self._limits.contexts,
            )
        except ProtocolError as error:
            raise Refusal(str(error)) from None
        self._agreed.contexts |= added
        self._agreed.header_sign |= bool(pdu.flags & Flag.HEADER_SIGN)
        return results

    def _authenticate(self, pdu: Bind, data: bytes, results: Sequence[Result]) -> None:
        verifier = pdu.verifier
        if verifier is None:
            return self._acknowledge(pdu, results, None)
        check_padding(data, verifier, NakReason.PROTOCOL_VERSION)
        security = self._agreed.security.get(verifier.context_id)
        if security is None:
            security = begin(verifier, self._agreed.security, self._offer)
            if type(pdu) is Bind:
                self._agreed.default = security
        elif verifier.type != security.type:
            raise Refusal("another provider for an authentication in progress", Status.SEC_PKG_ERROR)
        elif security.mechanism.complete or not security.matches(verifier):
            raise Refusal("authentication is over, or of another level", Status.ACCESS_DENIED)
        return self._step(_Pending(pdu, security, results), verifier.token)

    def _step(self, pending: _Pending, token: bytes) -> None:
        self._pending, self.state = pending, State.STEPPING
        self._events.append(StepWanted(pending.security, token))

    def _after_step(self, pending: _Pending, answer: bytes) -> None:
        pdu, security = pending.pdu, pending.security
        if security.mechanism.complete and not suffices(security):
            security.failed = True
            raise Refusal(
                "the level's protection was not negotiated", Status.SEC_PKG_ERROR, NakReason.CHECKSUM
            )
        if isinstance(pdu, Auth3):
            # What would have to be answered cannot be: the authentication fails, as in Windows.
            security.failed |= bool(answer) or not security.mechanism.complete
            return
        verifier = Verifier(security.type, security.level, security.id, answer)
        self._acknowledge(pdu, pending.results, verifier)

    def _acknowledge(self, pdu: Bind, results: Sequence[Result], verifier: Verifier | None) -> None:
        altered = isinstance(pdu, AlterContext)
        kind = AlterContextResp if altered else BindAck
        flags = WHOLE | (pdu.flags & (Flag.HEADER_SIGN if altered else Flag.HEADER_SIGN | Flag.CONC_MPX))
        ack = kind(
            call_id=pdu.call_id,
            flags=flags,
            verifier=verifier,
            max_xmit=self._agreed.fragment,
            max_recv=self._agreed.fragment,
            group=self.group.id if self.group is not None else 0,
            address="" if altered else self._offer.address,
            results=tuple(results),
        )
        self._output.append(encode(ack))

    def _auth3(self, pdu: Auth3, data: bytes) -> None:
        verifier = pdu.verifier
        security = self._agreed.security.get(verifier.context_id) if verifier is not None else None
        if verifier is None or security is None or security.mechanism.complete:
            raise Refusal("auth3 without an authentication in progress")
        if verifier.pad > max(0, len(data) - CALL_HEADER - TRAILER - len(verifier.token)):
            raise Refusal("more padding than PDU", Status.REMOTE_NO_MEMORY)
        if not security.matches(verifier):
            raise Refusal("another provider or level", Status.ACCESS_DENIED)
        self._step(_Pending(pdu, security), verifier.token)

    # ------------------------------------------------------------ calls

    def _request(self, pdu: Request, data: bytes) -> None:
        outcome = self._assembly.add(pdu, data, self._agreed)
        if outcome.fault is not None:
            self._fault(outcome.call_id, outcome.context_id, outcome.fault, executed=not outcome.not_executed)
        if outcome.close:
            self._close(outcome.close)
        elif outcome.call is not None:
            self._start(outcome.call)

    def _start(self, call: IncomingCall) -> None:
        if call.call_id in self._calls or len(self._calls) >= self._limits.calls:
            busy = call.call_id not in self._calls
            status = Status.SERVER_TOO_BUSY if busy else Status.PROTOCOL
            return self._fault(call.call_id, call.context_id, status, executed=False)
        self._calls[call.call_id] = call
        self._events.append(CallReceived(call))
        return None

    def _ended(self, call: IncomingCall) -> bool:
        """Forget a call; tell whether it is to be answered."""
        if self._calls.get(call.call_id) is not call:
            return False
        del self._calls[call.call_id]
        return not call.maybe and self.state is not State.CLOSED

    def _cancel(self, pdu: CoCancel | Orphaned, data: bytes) -> None:
        """Ask a running call to end; a call that is not here any more, or not yet whole, is left alone."""
        call = self._calls.get(pdu.call_id)
        if call is None:
            return
        orphaned = isinstance(pdu, Orphaned)
        if orphaned:
            del self._calls[pdu.call_id]
        self._events.append(CallCancelled(call, orphaned))

    _TABLE: ClassVar[Mapping[tuple[State, type[AnyPdu]], Callable[[Any, Any, bytes], None]]] = {
        (State.NEW, Bind): _bind,
        (State.BOUND, Bind): _bind_again,
        (State.BOUND, AlterContext): _alter,
        (State.BOUND, Auth3): _auth3,
        (State.BOUND, Request): _request,
        (State.BOUND, CoCancel): _cancel,
        (State.BOUND, Orphaned): _cancel,
    }
