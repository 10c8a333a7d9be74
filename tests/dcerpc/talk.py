"""What a client says to a server's association, PDU by PDU, and what is answered."""

from __future__ import annotations

from uuid import UUID

from pagebell.dcerpc.association import ServerAssociation
from pagebell.dcerpc.events import CallReceived, Closed, ServerEvent, StepWanted
from pagebell.dcerpc.groups import Groups
from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.negotiation import NDR
from pagebell.dcerpc.ntlm import NtlmInitiator
from pagebell.dcerpc.offer import Offer
from pagebell.dcerpc.pdu import (
    AlterContext,
    AnyPdu,
    Auth3,
    Bind,
    Context,
    Fault,
    Flag,
    Header,
    Request,
    Syntax,
    Verifier,
)
from pagebell.dcerpc.pdu_codec import decode, encode
from pagebell.dcerpc.protection import SecurityContext, fragments
from pagebell.dcerpc.security import AuthType, Level
from tests.dcerpc.servers import PASSWORD, USER, mechanisms

BELL = Syntax(UUID(int=1), 1, 2)
LAMP = Syntax(UUID(int=2), 1)
BOTH = Flag.FIRST | Flag.LAST


class Play:
    """A server's association, spoken to in PDUs."""

    def __init__(self, limits: Limits | None = None, groups: Groups | None = None) -> None:
        limits = limits or Limits()
        self.offer = Offer(
            interfaces=lambda: (BELL, LAMP),
            mechanisms=mechanisms(),
            groups=Groups(limits) if groups is None else groups,
            limits=limits,
            address="135",
        )
        self.server = ServerAssociation(self.offer)
        self.events: list[ServerEvent] = []

    def say(self, *pdus: AnyPdu | bytes) -> list[AnyPdu]:
        for pdu in pdus:
            self.events += self.server.receive(pdu if isinstance(pdu, bytes) else encode(pdu))
        return self.answers()

    def answers(self) -> list[AnyPdu]:
        return [decode(data) for data in split(self.server.data_to_send())]

    async def steps(self) -> None:
        """Do what the shell does for an authentication."""
        for event in [e for e in self.events if isinstance(e, StepWanted)]:
            self.events.remove(event)
            self.events += self.server.stepped(await event.security.mechanism.step(event.token))

    def calls(self) -> list[CallReceived]:
        return [e for e in self.events if isinstance(e, CallReceived)]

    @property
    def closed(self) -> bool:
        return any(isinstance(e, Closed) for e in self.events)


def split(data: bytes) -> list[bytes]:
    parts = []
    while data:
        size = Header.read(data).frag_length
        parts.append(data[:size])
        data = data[size:]
    return parts


def bind(*contexts: Context, group: int = 0, flags: Flag = BOTH, verifier: Verifier | None = None) -> Bind:
    asked = contexts or (Context(0, BELL, (NDR,)),)
    return Bind(
        call_id=1, flags=flags, max_xmit=5840, max_recv=5840, group=group, contexts=asked, verifier=verifier
    )


def alter(*contexts: Context, verifier: Verifier | None = None) -> AlterContext:
    return AlterContext(call_id=2, max_xmit=5840, max_recv=5840, contexts=contexts, verifier=verifier)


def request(
    call_id: int = 3, flags: Flag = BOTH, stub: bytes = b"", context: int = 0, hint: int = 0
) -> Request:
    return Request(
        call_id=call_id, flags=flags, context_id=context, opnum=0, stub=stub, alloc_hint=hint or len(stub)
    )


def fault_of(answers: list[AnyPdu]) -> tuple[int, int]:
    (fault,) = answers
    assert isinstance(fault, Fault)
    return fault.call_id, fault.status


async def authenticated(play: Play, level: Level = Level.INTEGRITY, number: int = 5) -> SecurityContext:
    """Bind and authenticate as a client does; return the client's security context."""
    initiator = NtlmInitiator(USER, PASSWORD)
    token = await initiator.step(b"")
    play.say(bind(flags=BOTH | Flag.HEADER_SIGN, verifier=Verifier(AuthType.NTLM, level, number, token)))
    await play.steps()
    (ack,) = play.answers()
    assert ack.verifier is not None
    proof = await initiator.step(ack.verifier.token)
    play.say(Auth3(verifier=Verifier(AuthType.NTLM, level, number, proof)))
    await play.steps()
    return SecurityContext(AuthType.NTLM, level, number, initiator)


def signed(security: SecurityContext, pdu: Request) -> bytes:
    (data,) = fragments(pdu, 5840, security, header_sign=True)
    return data
