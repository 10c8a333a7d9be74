"""Calls over an association: in fragments, side by side, cancelled, and within bounds."""

from __future__ import annotations

import dataclasses

import pytest

from pagebell.dcerpc.events import CallCancelled
from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.negotiation import NDR
from pagebell.dcerpc.pdu import (
    AnyPdu,
    Bind,
    CoCancel,
    Context,
    Flag,
    Orphaned,
    Response,
)
from pagebell.dcerpc.pdu_codec import encode
from pagebell.dcerpc.status import Status
from tests.dcerpc.talk import (
    BELL,
    BOTH,
    Play,
    bind,
    fault_of,
    request,
)


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
