"""Associations whose callers have proved who they are: signed calls, several contexts, trailers."""

from __future__ import annotations

import dataclasses
import struct

import pytest

from pagebell.dcerpc.association import State
from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.negotiation import NDR
from pagebell.dcerpc.ntlm import NtlmInitiator
from pagebell.dcerpc.pdu import (
    AlterContextResp,
    BindAck,
    BindNak,
    Context,
    Verifier,
)
from pagebell.dcerpc.protection import SecurityContext
from pagebell.dcerpc.security import AuthType, Level
from pagebell.dcerpc.status import Status
from tests.dcerpc.servers import PASSWORD, USER
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
)


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
