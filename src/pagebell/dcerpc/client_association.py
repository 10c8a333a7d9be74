"""The client's side of an association: octets in, events and octets out; no I/O and no clock.

A bind offers an interface, once for each transfer syntax, and asks for concurrent calls and header signing.
Further interfaces and further legs of the authentication go by alter_context, a last leg by auth3.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from pagebell.dcerpc.limits import DEFAULT, Limits
from pagebell.dcerpc.ndr import Order, Transfer
from pagebell.dcerpc.negotiation import ACCEPTED, FEATURES, NDR, TRANSFERS, Presentation, features
from pagebell.dcerpc.pdu import (
    HEADER,
    WHOLE,
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
    PduError,
    Request,
    Response,
    Shutdown,
    Syntax,
    Verifier,
)
from pagebell.dcerpc.pdu_codec import decode, encode
from pagebell.dcerpc.protection import SecurityContext, fragments, stub_of
from pagebell.dcerpc.security import SecurityError
from pagebell.dcerpc.status import Status


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A bind or alter_context was answered; `token` is the server's, for the mechanism."""

    call_id: int
    token: bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """The bind was refused; `reason` is that of the bind_nak."""

    reason: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A call came back."""

    call_id: int
    stub: bytes
    order: Order


@dataclass(frozen=True, slots=True)
class Faulted:
    """A call, or an alter_context, was faulted."""

    call_id: int
    status: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The association is over: the server asked for it, or does not keep to the protocol."""

    reason: str


ClientEvent: TypeAlias = Acknowledged | Rejected | Answered | Faulted | Ended


@dataclass(slots=True)
class _Call:
    """A call that has no whole answer yet."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    abandoned: bool = False


class ClientAssociation:
    """One connection's association, as its client."""

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits
        self._input = bytearray()
        self._output: list[bytes] = []
        self._events: list[ClientEvent] = []
        self._contexts: dict[int, Presentation] = {}
        self._offered: dict[int, Presentation] = {}
        self._calls: dict[int, _Call] = {}
        self._next_call = 1
        self._next_context = 0
        self._fragment = limits.fragment
        self._header_sign = False
        self._over = False
        self.security: SecurityContext | None = None
        self.multiplexed = False
        self.group = 0

    # ------------------------------------------------------------ what the shell asks for

    def bind(
        self,
        interface: Syntax,
        transfers: Sequence[Syntax] = (NDR,),
        security: SecurityContext | None = None,
        token: bytes = b"",
        group: int = 0,
    ) -> int:
        """Open the association; return the number under which it is answered."""
        self.security = security
        contexts = [*self._offer(interface, transfers), self._features()]
        bind = Bind(
            call_id=self._call_id(),
            flags=WHOLE | Flag.CONC_MPX | (Flag.HEADER_SIGN if security is not None else Flag.NONE),
            verifier=self._verifier(token),
            max_xmit=self._limits.fragment,
            max_recv=self._limits.fragment,
            group=group,
            contexts=tuple(contexts),
        )
        self._output.append(encode(bind))
        return bind.call_id

    def alter(self, interface: Syntax, transfers: Sequence[Syntax] = (NDR,), token: bytes = b"") -> int:
        """Ask for a further interface, or go on with the authentication (with `token`)."""
        known = [
            Context(i, p.interface, (p.transfer,))
            for i, p in self._contexts.items()
            if p.interface == interface
        ]
        alter = AlterContext(
            call_id=self._call_id(),
            verifier=self._verifier(token) if token else None,
            max_xmit=self._fragment,
            max_recv=self._fragment,
            group=self.group,
            contexts=tuple(known or self._offer(interface, transfers)),
        )
        self._output.append(encode(alter))
        return alter.call_id

    def auth3(self, token: bytes) -> None:
        """Send the last leg of an authentication; nobody answers."""
        self._output.append(encode(Auth3(call_id=self._call_id(), verifier=self._verifier(token))))

    def presentation(self, interface: Syntax) -> Transfer | None:
        """Return the transfer syntax that was agreed on for an interface, None for none."""
        found = self._context(interface)
        return None if found is None else TRANSFERS[found[1].transfer]

    def request(self, interface: Syntax, opnum: int, stub: bytes, object: uuid.UUID | None = None) -> int:
        """Send a call; return the number under which it is answered."""
        found = self._context(interface)
        if found is None:
            raise ValueError(f"{interface} was not agreed on")
        call_id = self._call_id()
        request = Request(call_id=call_id, context_id=found[0], opnum=opnum, object=object, stub=stub)
        self._output += fragments(request, self._fragment, self.security, header_sign=self._header_sign)
        self._calls[call_id] = _Call()
        return call_id

    def abandon(self, call_id: int) -> None:
        """Give a call up: its answer is not wanted any more."""
        call = self._calls.get(call_id)
        if call is not None and not self._over:
            call.abandoned = True
            self._output.append(encode(Orphaned(call_id=call_id)))

    def cancel(self, call_id: int) -> None:
        """Ask the server to end a call; it answers it all the same."""
        if call_id in self._calls and not self._over:
            self._output.append(encode(CoCancel(call_id=call_id)))

    def data_to_send(self) -> bytes:
        """Return the octets for the server, once."""
        data, self._output = b"".join(self._output), []
        return data

    def receive(self, data: bytes) -> list[ClientEvent]:
        """Take octets from the server and return what they lead to."""
        self._input += data
        while not self._over and len(self._input) >= HEADER:
            try:
                header = Header.read(self._input)
                if len(self._input) < header.frag_length:
                    break
                octets = bytes(self._input[: header.frag_length])
                del self._input[: header.frag_length]
                self._one(decode(octets), octets)
            except (PduError, SecurityError) as error:
                self._end(str(error))
        events, self._events = self._events, []
        return events

    # ------------------------------------------------------------ inside

    def _call_id(self) -> int:
        self._next_call += 1
        return self._next_call - 1

    def _offer(self, interface: Syntax, transfers: Sequence[Syntax]) -> list[Context]:
        contexts = []
        for transfer in transfers:
            identifier, self._next_context = self._next_context, self._next_context + 1
            self._offered[identifier] = Presentation(interface, transfer)
            contexts.append(Context(identifier, interface, (transfer,)))
        self._asked = [context.id for context in contexts]
        return contexts

    def _features(self) -> Context:
        self._next_context += 1
        abstract = next(iter(self._offered.values())).interface
        return Context(self._next_context - 1, abstract, (features(FEATURES),))

    def _verifier(self, token: bytes) -> Verifier | None:
        one = self.security
        return None if one is None else Verifier(one.type, one.level, one.id, token)

    def _context(self, interface: Syntax) -> tuple[int, Presentation] | None:
        return next(((i, p) for i, p in self._contexts.items() if p.interface == interface), None)

    def _end(self, reason: str) -> None:
        self._over = True
        self._events.append(Ended(reason))

    def _one(self, pdu: AnyPdu, data: bytes) -> None:
        handle = self._TABLE.get(type(pdu))
        if handle is None:
            self._end(f"{type(pdu).__name__} from a server")
        else:
            handle(self, pdu, data)

    def _bound(self, pdu: BindAck, data: bytes) -> None:
        if not isinstance(pdu, AlterContextResp):
            self._fragment = min(max(pdu.max_recv, HEADER * 4), self._limits.fragment)
            self.multiplexed = bool(pdu.flags & Flag.CONC_MPX)
            self._header_sign = bool(pdu.flags & Flag.HEADER_SIGN)
            self.group = pdu.group
        for identifier, result in zip(self._asked, pdu.results, strict=False):
            offered = self._offered.get(identifier)
            if result.result == ACCEPTED and offered is not None and result.transfer == offered.transfer:
                self._contexts[identifier] = offered
        token = pdu.verifier.token if pdu.verifier is not None else b""
        self._events.append(Acknowledged(pdu.call_id, token))

    def _nak(self, pdu: BindNak, data: bytes) -> None:
        self._over = True
        self._events.append(Rejected(pdu.reason))

    def _response(self, pdu: Response, data: bytes) -> None:
        security = self.security
        if security is not None and security.protects and pdu.verifier is None:
            raise SecurityError("response without signature")
        stub = stub_of(data, pdu, security, header_sign=self._header_sign)
        call = self._calls.get(pdu.call_id)
        if call is None:
            return self._end(f"response to call {pdu.call_id}, which was not made")
        call.size += len(stub)
        if call.size > self._limits.stub or len(call.parts) >= self._limits.fragments:
            return self._end("response too large")
        if not call.abandoned:
            call.parts.append(stub)
        if not pdu.flags & Flag.LAST:
            return None
        del self._calls[pdu.call_id]
        if not call.abandoned:
            order = Order.BIG if pdu.big_endian else Order.LITTLE
            self._events.append(Answered(pdu.call_id, b"".join(call.parts), order))
        return None

    def _fault(self, pdu: Fault, data: bytes) -> None:
        call = self._calls.pop(pdu.call_id, None)
        if call is None or not call.abandoned:
            self._events.append(Faulted(pdu.call_id, pdu.status or Status.UNSPECIFIED))

    def _shutdown(self, pdu: Shutdown, data: bytes) -> None:
        self._end("server shuts down")

    _TABLE: ClassVar[Mapping[type[AnyPdu], Callable[[Any, Any, bytes], None]]] = {
        BindAck: _bound,
        AlterContextResp: _bound,
        BindNak: _nak,
        Response: _response,
        Fault: _fault,
        Shutdown: _shutdown,
    }
