"""The server's association as a play: what the client says, what the server answers, octet for octet."""

from __future__ import annotations

import dataclasses
import struct
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagebell.dcerpc.association import ServerAssociation, State
from pagebell.dcerpc.client_association import (
    Acknowledged,
    Answered,
    ClientAssociation,
    Ended,
    Faulted,
    Rejected,
)
from pagebell.dcerpc.events import CallCancelled, CallReceived, Closed, ServerEvent, StepWanted
from pagebell.dcerpc.groups import Groups
from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.negotiation import NDR, NDR64, features
from pagebell.dcerpc.ntlm import NtlmInitiator
from pagebell.dcerpc.offer import Offer
from pagebell.dcerpc.pdu import (
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
    Request,
    Response,
    Result,
    Shutdown,
    Syntax,
    Verifier,
)
from pagebell.dcerpc.pdu_codec import decode, encode
from pagebell.dcerpc.protection import SecurityContext
from pagebell.dcerpc.security import AuthType, Level
from pagebell.dcerpc.status import Status
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


# ---------------------------------------------------------------- binding


def test_a_bind_is_acknowledged_with_its_context_and_a_group() -> None:
    (ack,) = Play().say(bind(flags=BOTH | Flag.CONC_MPX | Flag.HEADER_SIGN))
    assert isinstance(ack, BindAck)
    assert (ack.call_id, ack.address, ack.results) == (1, "135", (Result(0, 0, NDR),))
    assert ack.flags == BOTH | Flag.CONC_MPX | Flag.HEADER_SIGN
    assert ack.group != 0


def test_each_octet_may_come_alone_and_more_may_follow() -> None:
    play = Play()
    for octet in encode(bind()) + encode(request(stub=b"stub")) + b"\5\0":
        play.events += play.server.receive(bytes([octet]))
    assert [type(a) for a in play.answers()] == [BindAck]
    assert [c.call.stub for c in play.calls()] == [b"stub"]


def test_one_new_context_a_pdu_by_the_servers_preference() -> None:
    play = Play()
    (ack,) = play.say(
        bind(Context(0, BELL, (NDR64,)), Context(1, BELL, (NDR,)), Context(2, BELL, (features(3),)))
    )
    assert isinstance(ack, BindAck)
    assert ack.results == (Result(2, 2), Result(0, 0, NDR), Result(3, 3))
    (answer,) = play.say(alter(Context(7, LAMP, (NDR64,))))
    assert isinstance(answer, AlterContextResp)
    assert answer.results == (Result(0, 0, NDR64),)


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        (Context(0, Syntax(UUID(int=9), 1), (NDR,)), Result(2, 1)),
        (Context(0, Syntax(BELL.uuid, 2), (NDR,)), Result(2, 1)),
        (Context(0, Syntax(BELL.uuid, 1, 3), (NDR,)), Result(2, 1)),
        (Context(0, Syntax(BELL.uuid, 1, 0), (NDR,)), Result(0, 0, NDR)),
        (Context(0, BELL, (LAMP,)), Result(2, 2)),
    ],
)
def test_an_interface_needs_its_major_and_no_smaller_minor_version(asked: Context, result: Result) -> None:
    (ack,) = Play().say(bind(asked))
    assert isinstance(ack, BindAck)
    assert ack.results == (result,)


@pytest.mark.parametrize(
    ("pdu", "reason"),
    [
        (Bind(max_xmit=1, max_recv=1), 0),
        (bind(Context(0, BELL, ())), 0),
        (bind(group=77), 0),
        (bind(verifier=Verifier(99, Level.INTEGRITY, 0, b"x")), 8),
        (bind(verifier=Verifier(AuthType.NTLM, Level.NONE, 0, b"x")), 0),
        (bind(verifier=Verifier(AuthType.NTLM, Level.CALL, 0, b"x")), 9),
    ],
)
def test_a_bind_that_cannot_be_is_refused_and_closed(pdu: Bind, reason: int) -> None:
    play = Play()
    (nak,) = play.say(pdu)
    assert isinstance(nak, BindNak)
    assert nak.reason == reason
    assert play.closed


def test_a_bind_with_an_impossible_trailer_is_a_version_nak() -> None:
    data = bytearray(encode(bind()))
    data[10:12] = b"\xff\x01"
    play = Play()
    (nak,) = play.say(bytes(data))
    assert isinstance(nak, BindNak)
    assert nak.reason == 4
    assert play.closed


def test_a_second_bind_is_refused() -> None:
    play = Play()
    play.say(bind())
    (nak,) = play.say(bind())
    assert isinstance(nak, BindNak)
    assert play.closed


def test_a_context_cannot_be_changed() -> None:
    for asked in (Context(0, LAMP, (NDR,)), Context(0, BELL, (NDR64,))):
        play = Play()
        play.say(bind())
        assert fault_of(play.say(alter(asked))) == (2, Status.PROTOCOL)
        assert play.closed


def test_contexts_are_bounded() -> None:
    play = Play(Limits(contexts=2))
    play.say(bind(), alter(Context(1, LAMP, (NDR,))))
    (answer,) = play.say(alter(Context(2, LAMP, (NDR,))))
    assert isinstance(answer, AlterContextResp)
    assert answer.results == (Result(2, 3),)


def test_connections_of_a_group_join_it_while_it_lives() -> None:
    groups = Groups()
    first, second, third = Play(groups=groups), Play(groups=groups), Play(groups=groups)
    first.say(bind())
    assert first.server.group is not None
    number = first.server.group.id
    second.say(bind(group=number))
    assert second.server.group is first.server.group
    groups.leave(first.server.group)
    groups.leave(first.server.group)
    (nak,) = third.say(bind(group=number))
    assert isinstance(nak, BindNak)
    assert len(groups) == 0


OUTSIDE: list[AnyPdu] = [
    alter(),
    Auth3(),
    request(),
    CoCancel(),
    Orphaned(),
    Shutdown(),
    Fault(context_id=0, status=1),
]
SERVERS: list[AnyPdu] = [
    BindAck(max_xmit=1, max_recv=1, group=1),
    Response(context_id=0),
    BindNak(reason=0),
    Shutdown(),
]


@pytest.mark.parametrize("pdu", OUTSIDE, ids=lambda p: type(p).__name__)
def test_before_the_bind_anything_else_closes(pdu: AnyPdu) -> None:
    play = Play()
    assert play.say(pdu) == []
    assert play.closed
    assert play.server.state is State.CLOSED


@pytest.mark.parametrize("pdu", SERVERS, ids=lambda p: type(p).__name__)
def test_what_only_servers_say_closes(pdu: AnyPdu) -> None:
    play = Play()
    play.say(bind())
    assert play.say(pdu) == []
    assert play.closed


# ---------------------------------------------------------------- calls


def test_a_call_is_answered_in_fragments_that_the_client_can_take() -> None:
    play = Play()
    play.say(Bind(call_id=1, max_xmit=2048, max_recv=2048, contexts=(Context(300, BELL, (NDR,)),)))
    play.say(request(context=300))
    play.server.respond(play.calls()[0].call, bytes(5000))
    answers = play.answers()
    assert all(isinstance(a, Response) for a in answers)
    assert [len(a.stub) for a in answers if isinstance(a, Response)] == [2024, 2024, 952]
    assert [a.flags for a in answers] == [Flag.FIRST, Flag.NONE, Flag.LAST]
    # One octet of the context's number: a quirk of Windows that Samba's suite expects.
    assert {a.context_id for a in answers if isinstance(a, Response)} == {300 & 0xFF}


def test_calls_run_side_by_side_and_are_answered_in_any_order() -> None:
    play = Play()
    play.say(bind(), request(3), request(4))
    first, second = (c.call for c in play.calls())
    play.server.respond(second, b"2")
    play.server.respond(first, b"1")
    play.server.respond(first, b"again")
    assert [(a.call_id, a.stub) for a in play.answers() if isinstance(a, Response)] == [(4, b"2"), (3, b"1")]


def test_calls_are_bounded() -> None:
    play = Play(Limits(calls=1))
    play.say(bind())
    assert fault_of(play.say(request(3), request(4))) == (4, Status.SERVER_TOO_BUSY)
    assert not play.closed


def test_an_unknown_context_faults_the_call_only() -> None:
    play = Play()
    play.say(bind())
    assert fault_of(play.say(request(context=9))) == (3, Status.UNKNOWN_INTERFACE)
    assert not play.closed


def test_a_cancelled_call_is_asked_to_end_and_an_orphaned_one_is_not_answered() -> None:
    play = Play()
    play.say(bind(), request(3), request(4), CoCancel(call_id=3), Orphaned(call_id=4), CoCancel(call_id=99))
    asked = [e for e in play.events if isinstance(e, CallCancelled)]
    assert [(e.call.call_id, e.orphaned) for e in asked] == [(3, False), (4, True)]
    play.server.fault(asked[0].call, Status.CANCEL)
    play.server.respond(asked[1].call, b"late")
    assert fault_of(play.answers()) == (3, Status.CANCEL)


def test_a_call_that_may_fail_is_not_answered() -> None:
    play = Play()
    play.say(bind(), request(3, BOTH | Flag.MAYBE))
    play.server.respond(play.calls()[0].call, b"unwanted")
    assert play.answers() == []


FRAGMENTS = [
    ([request(3, Flag.LAST)], Status.PROTOCOL),
    ([request(3, Flag.NONE)], Status.PROTOCOL),
    ([request(3, Flag.FIRST), request(3, Flag.FIRST)], Status.PROTOCOL),
    ([request(3, Flag.FIRST), request(4, Flag.FIRST)], Status.PROTOCOL),
    ([request(3, Flag.FIRST, hint=1 << 30)], Status.ACCESS_DENIED),
    ([request(3, Flag.FIRST | Flag.PENDING_CANCEL)], Status.NO_CALL_ACTIVE),
    ([request(3, stub=bytes(5817))], Status.PROTOCOL),
]


@pytest.mark.parametrize(("said", "status"), FRAGMENTS)
def test_fragments_out_of_order_or_too_large_close(said: list[AnyPdu], status: int) -> None:
    play = Play()
    play.say(bind())
    assert fault_of(play.say(*said)) == (3, status)
    assert play.closed


@pytest.mark.parametrize("size", [0, 1000])
def test_fragments_without_end_are_cut_off(size: int) -> None:
    play = Play(Limits(stub=20_000, fragments=100))
    play.say(bind())
    part = encode(request(3, Flag.NONE, stub=bytes(size)))
    play.say(request(3, Flag.FIRST))
    answers: list[AnyPdu] = []
    for _ in range(200):
        answers += play.say(part)
    assert fault_of(answers) == (3, Status.ACCESS_DENIED)
    assert play.closed


def test_interface_may_have_a_larger_limit() -> None:
    play = Play(Limits(stub=2_000, larger={BELL.uuid: 5_000}))
    play.say(bind(), request(3, Flag.FIRST, bytes(2_500)), request(3, Flag.LAST, bytes(2_500)))
    (received,) = play.calls()
    assert len(received.call.stub) == 5_000
    assert fault_of(play.say(request(4, Flag.FIRST, hint=5_001))) == (4, Status.ACCESS_DENIED)


def test_later_fragments_are_only_looked_at_for_their_stub() -> None:
    play = Play()
    play.say(bind(), request(3, Flag.FIRST, b"one"))
    last = dataclasses.replace(request(3, Flag.LAST, b"two", context=99), opnum=55)
    play.say(last)
    (received,) = play.calls()
    assert (received.call.stub, received.call.opnum) == (b"onetwo", 0)


# ---------------------------------------------------------------- security


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
    from pagebell.dcerpc.protection import fragments

    (data,) = fragments(pdu, 5840, security, header_sign=True)
    return data


async def test_a_signed_call_has_a_known_caller() -> None:
    play = Play()
    security = await authenticated(play)
    play.say(signed(security, request(stub=b"stub")))
    (received,) = play.calls()
    assert (received.call.stub, str(received.call.principal)) == (b"stub", "alice")
    assert received.call.level == Level.INTEGRITY


@pytest.mark.parametrize("at", [2, 22, 24, -1])
async def test_any_changed_octet_drops_the_connection(at: int) -> None:
    play = Play()
    data = bytearray(signed(await authenticated(play), request(stub=b"stub")))
    data[at] ^= 0x40 if at == 2 else 1
    play.say(bytes(data))
    assert play.closed
    assert not play.calls()


async def test_an_unsigned_call_on_a_signed_association_is_denied() -> None:
    play = Play()
    await authenticated(play)
    assert fault_of(play.say(request())) == (3, Status.ACCESS_DENIED)
    assert play.closed


async def test_a_call_before_the_authentication_is_over_is_refused() -> None:
    play = Play()
    token = await NtlmInitiator(USER, PASSWORD).step(b"")
    play.say(bind(verifier=Verifier(AuthType.NTLM, Level.INTEGRITY, 0, token)))
    await play.steps()
    play.answers()
    verifier = Verifier(AuthType.NTLM, Level.INTEGRITY, 0, bytes(16))
    assert fault_of(play.say(dataclasses.replace(request(), verifier=verifier))) == (3, Status.PROTOCOL)


async def test_pdus_wait_for_the_step_that_came_before_them() -> None:
    play = Play()
    initiator = NtlmInitiator(USER, PASSWORD)
    first = bind(flags=BOTH, verifier=Verifier(AuthType.NTLM, Level.INTEGRITY, 0, await initiator.step(b"")))
    assert play.say(first, alter(Context(1, LAMP, (NDR,)))) == []
    assert play.server.state is State.STEPPING
    await play.steps()
    assert [type(a) for a in play.answers()] == [BindAck, AlterContextResp]


async def test_a_refused_authentication_naks_the_bind() -> None:
    play = Play()
    play.say(bind(verifier=Verifier(AuthType.NTLM, Level.INTEGRITY, 0, b"nonsense")))
    play.events += play.server.refused("no")
    (nak,) = play.answers()
    assert isinstance(nak, BindNak)
    assert play.closed


async def test_several_security_contexts_share_an_association_within_bounds() -> None:
    play = Play(Limits(security_contexts=2))
    one = await authenticated(play, Level.INTEGRITY, number=1)
    second = NtlmInitiator(USER, PASSWORD)
    context = Context(0, BELL, (NDR,))
    token = await second.step(b"")
    play.say(alter(context, verifier=Verifier(AuthType.NTLM, Level.PRIVACY, 2, token)))
    await play.steps()
    (answer,) = play.answers()
    assert answer.verifier is not None
    proof = await second.step(answer.verifier.token)
    play.say(alter(context, verifier=Verifier(AuthType.NTLM, Level.PRIVACY, 2, proof)))
    await play.steps()
    play.answers()
    two = SecurityContext(AuthType.NTLM, Level.PRIVACY, 2, second)
    play.say(signed(two, request(3)), signed(one, request(4)))
    assert [c.call.level for c in play.calls()] == [Level.PRIVACY, Level.INTEGRITY]
    third = alter(context, verifier=Verifier(AuthType.NTLM, Level.PRIVACY, 3, token))
    assert fault_of(play.say(third)) == (2, Status.PROTOCOL)


def trailer(*commands: tuple[int, bytes]) -> bytes:
    """A verification trailer, [MS-RPCE] 2.2.2.13."""
    body = b"".join(struct.pack("<HH", c, len(d)) + d for c, d in commands)
    return bytes.fromhex("8ae3137102f43671") + body


HEADER2 = struct.pack("<BxxxIIHH", 0, 0x10, 3, 0, 0)
CONTEXT = bytes(BELL) + bytes(NDR)


@pytest.mark.parametrize(
    ("end", "taken"),
    [
        (trailer((1, struct.pack("<I", 0)), (2, CONTEXT), (0x4003, HEADER2)), True),
        (trailer((0x4001, struct.pack("<I", 1))), False),
        (trailer((0x4002, bytes(LAMP) + bytes(NDR))), False),
        (trailer((0x4003, HEADER2[:-2] + b"\7\0")), False),
        (trailer((0x4077, b"")), True),
        (trailer((0xC077, b"")), False),
        (trailer((0x0077, b"")), True),
        (trailer((0x4003, HEADER2))[:-1], True),
    ],
)
def test_a_verification_trailer_must_agree_with_what_the_server_saw(end: bytes, taken: bool) -> None:
    play = Play()
    play.say(bind())
    answers = play.say(request(stub=b"stub" + end))
    assert bool(play.calls()) is taken
    if not taken:
        assert fault_of(answers) == (3, Status.ACCESS_DENIED)


def test_a_server_that_ends_says_so() -> None:
    play = Play()
    play.say(bind())
    play.server.shut_down()
    assert [type(a) for a in play.answers()] == [Shutdown]


# ---------------------------------------------------------------- any octets


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=60) | st.sampled_from([encode(p) for p in OUTSIDE + SERVERS]), max_size=8))
def test_any_octets_after_a_bind_are_answered_or_close(said: list[bytes]) -> None:
    play = Play()
    play.say(bind())
    for data in said:
        play.events += play.server.receive(data)
    assert play.server.state in (State.BOUND, State.CLOSED)
    split(play.server.data_to_send())


@settings(max_examples=150)
@given(st.data())
async def test_a_damaged_conversation_is_answered_or_closes(data: st.DataObject) -> None:
    play = Play()
    security = await authenticated(play)
    octets = bytearray(signed(security, request(stub=b"stub")) + encode(alter(Context(1, LAMP, (NDR,)))))
    for _ in range(data.draw(st.integers(1, 5))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    play.say(bytes(octets))
    assert play.server.state in (State.BOUND, State.CLOSED, State.STEPPING)


@given(st.lists(st.binary(max_size=60) | st.sampled_from([encode(p) for p in OUTSIDE + SERVERS]), max_size=6))
def test_any_octets_to_a_client_give_events_or_its_end(said: list[bytes]) -> None:
    client = ClientAssociation()
    client.bind(BELL)
    for data in said:
        for event in client.receive(data):
            assert isinstance(event, Acknowledged | Answered | Faulted | Rejected | Ended)


def test_a_client_and_a_server_agree_on_contexts() -> None:
    client, play = ClientAssociation(), Play()
    client.bind(BELL, (NDR64, NDR))
    play.events += play.server.receive(client.data_to_send())
    (event,) = client.receive(play.server.data_to_send())
    assert isinstance(event, Acknowledged)
    number = client.request(BELL, 4, b"hello")
    play.events += play.server.receive(client.data_to_send())
    (received,) = play.calls()
    play.server.respond(received.call, b"world")
    (answer,) = client.receive(play.server.data_to_send())
    assert isinstance(answer, Answered)
    assert (answer.call_id, answer.stub) == (number, b"world")
