"""The server's association as a play: what the client says, what the server answers, octet for octet."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagebell.dcerpc.association import State
from pagebell.dcerpc.client_association import (
    Acknowledged,
    Answered,
    ClientAssociation,
    Ended,
    Faulted,
    Rejected,
)
from pagebell.dcerpc.groups import Groups
from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.negotiation import NDR, NDR64, features
from pagebell.dcerpc.pdu import (
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
    Orphaned,
    Response,
    Result,
    Shutdown,
    Syntax,
    Verifier,
)
from pagebell.dcerpc.pdu_codec import encode
from pagebell.dcerpc.security import AuthType, Level
from pagebell.dcerpc.status import Status
from tests.dcerpc.talk import (
    BELL,
    BOTH,
    LAMP,
    Play,
    alter,
    authenticated,
    bind,
    fault_of,
    request,
    signed,
    split,
)


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
