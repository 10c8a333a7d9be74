"""NTLM and SPNEGO: the specification's own vectors, refusals, and tokens of any octets."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import spnego
from hypothesis import given
from hypothesis import strategies as st
from spnego.channel_bindings import GssChannelBindings

from pagebell.dcerpc import ntlm_keys as keys
from pagebell.dcerpc.client import connect, ntlm
from pagebell.dcerpc.ntlm import Claim, HashedCredentials, NtlmAcceptor, NtlmInitiator
from pagebell.dcerpc.ntlm_keys import NtlmProtection, md4
from pagebell.dcerpc.ntlm_messages import (
    AuthenticateMessage,
    Av,
    ChallengeMessage,
    Negotiate,
    NegotiateMessage,
    pack_pairs,
    unpack_pairs,
)
from pagebell.dcerpc.security import NO_BINDING, AuthType, Binding, Level, Mechanism, SecurityError
from pagebell.dcerpc.server import RpcServer
from pagebell.dcerpc.spnego import KERBEROS_OID, NTLM_OID, AnyAcceptor, SpnegoAcceptor, SpnegoInitiator, _tlv
from pagebell.dcerpc.status import Fault, Refused
from pagebell.entrance.attempts import Attempts, Patience
from tests.dcerpc.servers import BELL, PASSWORD, USER, Bell, Echo, lookup, mechanisms

# The octets of [MS-NLMP] 4.2.4, the specification's worked example of NTLMv2.
BASE = bytes.fromhex("8de40ccadbc14a82f15cb0ad0de95ca3")
BLOB = bytes.fromhex(
    "01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c00"
    "44006f006d00610069006e0001000c005300650072007600650072000000000000000000"
)
SERVER_CHALLENGE = bytes.fromhex("0123456789abcdef")
CHALLENGE = bytes.fromhex(
    "4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef0000000000000000"
    "240024004400000006007017 0000000f53006500720076006500720002000c0044006f006d0061006900"
    "6e0001000c0053006500720076006500720000000000".replace(" ", "")
)


def acceptor(*, anonymous: bool = False) -> NtlmAcceptor:
    return NtlmAcceptor(HashedCredentials(lookup), anonymous=anonymous)


async def converse(client: Mechanism, server: Mechanism) -> None:
    token = await client.step(b"")
    while token:
        token = await server.step(token)
        if client.complete and not token:
            break
        token = await client.step(token)


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        # RFC 1320 A.5
        (b"", "31d6cfe0d16ae931b73c59d7e0c089c0"),
        (b"abc", "a448017aaf21d8525fc10ae87aa6729d"),
        (b"1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536"),
    ],
)
def test_md4_gives_the_digests_of_its_rfc(text: bytes, digest: str) -> None:
    assert md4(text).hex() == digest


def test_ntlmv2_gives_the_specifications_response_and_keys() -> None:
    key = keys.response_key(keys.nt_hash("Password"), "User", "Domain")
    assert key.hex() == "0c868a403bfd7a93a3001ef22ef02e3f"
    proof = keys.proof(key, SERVER_CHALLENGE, BLOB)
    assert proof.hex() == "68cd0ab851e51c96aabc927bebef6a1c"
    assert hmac.digest(key, proof, "md5") == BASE
    assert keys.rc4(BASE)(b"U" * 16).hex() == "c5dad2544fc9799094ce1ce90bc9d03e"


def test_sealing_gives_the_specifications_octets() -> None:
    client = NtlmProtection(b"U" * 16, server=False, signs=True, seals=True, exchanged=True)
    sealed, signature = client.protect(Level.PRIVACY, b"", "Plaintext".encode("utf-16-le"), b"")
    assert sealed.hex() == "54e50165bf1936dc996020c1811b0f06fb5f"
    assert signature.hex() == "010000007fb38ec5c55d497600000000"
    server = NtlmProtection(b"U" * 16, server=True, signs=True, seals=True, exchanged=True)
    assert server.unprotect(Level.PRIVACY, b"", sealed, b"", signature) == "Plaintext".encode("utf-16-le")


def test_the_specifications_challenge_is_read() -> None:
    message = ChallengeMessage.read(CHALLENGE)
    assert (message.challenge, message.target) == (SERVER_CHALLENGE, "Server")
    assert message.pairs[Av.DOMAIN] == "Domain".encode("utf-16-le")


@given(st.dictionaries(st.integers(1, 0xFFFF), st.binary(max_size=20), max_size=8))
def test_pairs_come_back(pairs: dict[int, bytes]) -> None:
    assert unpack_pairs(pack_pairs(pairs)) == pairs


async def test_both_sides_of_ntlm_agree() -> None:
    client, server = NtlmInitiator(USER, PASSWORD, "HOME"), acceptor()
    await converse(client, server)
    assert str(server.principal) == "HOME\\alice"
    for level in (Level.INTEGRITY, Level.PRIVACY):
        for ours, theirs in ((client, server), (server, client)):
            sealed, signature = ours.protection.protect(level, b"head", b"stub", b"tail")
            assert theirs.protection.unprotect(level, b"head", sealed, b"tail", signature) == b"stub"


async def test_both_sides_of_spnego_agree_and_sign_the_choice() -> None:
    client, server = SpnegoInitiator(NtlmInitiator(USER, PASSWORD)), SpnegoAcceptor({NTLM_OID: acceptor})
    await converse(client, server)
    assert client.complete
    assert server.complete
    sealed, signature = client.protection.protect(Level.PRIVACY, b"", b"stub", b"")
    assert server.protection.unprotect(Level.PRIVACY, b"", sealed, b"", signature) == b"stub"


async def test_a_changed_message_a_replay_and_a_wrong_signature_are_refused() -> None:
    client, server = NtlmInitiator(USER, PASSWORD), acceptor()
    await converse(client, server)
    body, signature = client.protection.protect(Level.INTEGRITY, b"", b"stub", b"")
    with pytest.raises(SecurityError):
        server.protection.unprotect(Level.INTEGRITY, b"", b"stuB", b"", signature)
    with pytest.raises(SecurityError):
        server.protection.unprotect(Level.INTEGRITY, b"", body, b"", signature)


async def test_a_wrong_password_and_an_unknown_user_are_refused() -> None:
    for user, password in ((USER, "wrong"), ("mallory", PASSWORD)):
        with pytest.raises(SecurityError):
            await converse(NtlmInitiator(user, password), acceptor())


async def test_anonymous_is_off_unless_asked_for() -> None:
    flags = Negotiate.UNICODE | Negotiate.EXTENDED_SECURITY
    nobody = bytes(AuthenticateMessage(flags, "", "", "", b""))
    refusing, allowing = acceptor(), acceptor(anonymous=True)
    for server in (refusing, allowing):
        await server.step(bytes(NegotiateMessage(flags)))
    with pytest.raises(SecurityError, match="anonymous"):
        await refusing.step(nobody)
    await allowing.step(nobody)
    assert allowing.principal.anonymous


@pytest.mark.parametrize("response", [bytes(24), b"", bytes(16) + b"\2\1" + bytes(40)])
async def test_ntlmv1_and_lm_are_refused(response: bytes) -> None:
    flags = Negotiate.UNICODE | Negotiate.EXTENDED_SECURITY
    server = acceptor()
    await server.step(bytes(NegotiateMessage(flags)))
    with pytest.raises(SecurityError, match="NTLMv2"):
        await server.step(bytes(AuthenticateMessage(flags, USER, "", "", response, lm_response=bytes(24))))


async def test_a_client_without_extended_session_security_is_refused() -> None:
    with pytest.raises(SecurityError, match="extended"):
        await acceptor().step(bytes(NegotiateMessage(Negotiate.UNICODE)))


async def test_a_changed_negotiation_breaks_the_mic() -> None:
    client, server = NtlmInitiator(USER, PASSWORD), acceptor()
    first = bytearray(await client.step(b""))
    first[20] ^= 1
    proof = await client.step(await server.step(bytes(first)))
    with pytest.raises(SecurityError, match="MIC"):
        await server.step(proof)


async def test_less_than_128_bits_is_refused_by_both() -> None:
    client = NtlmInitiator(USER, PASSWORD)
    await client.step(b"")
    weak = ChallengeMessage(
        Negotiate.UNICODE | Negotiate.EXTENDED_SECURITY, bytes(8), "X", {Av.COMPUTER: b""}
    )
    with pytest.raises(SecurityError, match="128"):
        await client.step(bytes(weak))


async def test_spnego_asks_for_a_mic_when_its_choice_was_not_the_first() -> None:
    inner = NtlmInitiator(USER, PASSWORD)
    mechanisms = _tlv(0x30, _tlv(6, KERBEROS_OID) + _tlv(6, NTLM_OID))
    first = _tlv(0xA0, mechanisms) + _tlv(0xA2, _tlv(4, b"a Kerberos ticket"))
    init = _tlv(0x60, _tlv(6, bytes.fromhex("2b0601050502")) + _tlv(0xA0, _tlv(0x30, first)))
    server = SpnegoAcceptor({NTLM_OID: acceptor})
    assert _tlv(0x0A, b"\3") in await server.step(init)

    def response(token: bytes, mic: bytes = b"") -> bytes:
        body = _tlv(0xA2, _tlv(4, token)) + (_tlv(0xA3, _tlv(4, mic)) if mic else b"")
        return _tlv(0xA1, _tlv(0x30, body))

    challenge = await server.step(response(await inner.step(b"")))
    proof = await inner.step(challenge[challenge.index(b"NTLMSSP\0") :])
    with pytest.raises(SecurityError, match="MIC"):
        await server.step(response(proof))


async def test_a_credential_port_sees_the_claim() -> None:
    seen: list[Claim] = []

    class Port(HashedCredentials):
        async def session_key(self, claim: Claim):  # type: ignore[no-untyped-def]
            seen.append(claim)
            return await super().session_key(claim)

    await converse(NtlmInitiator(USER, PASSWORD, "HOME", workstation="DESK"), NtlmAcceptor(Port(lookup)))
    assert (seen[0].user, seen[0].domain, seen[0].workstation) == (USER, "HOME", "DESK")


@given(first=st.binary(max_size=120), second=st.binary(max_size=200))
async def test_any_octets_to_an_acceptor_are_refused_or_answered(first: bytes, second: bytes) -> None:
    for make in (acceptor, lambda: SpnegoAcceptor({NTLM_OID: acceptor})):
        server = make()
        with contextlib.suppress(SecurityError):
            await server.step(first)
            await server.step(second)


@given(data=st.data())
async def test_a_damaged_token_is_refused_or_answered(data: st.DataObject) -> None:
    client, server = SpnegoInitiator(NtlmInitiator(USER, PASSWORD)), SpnegoAcceptor({NTLM_OID: acceptor})
    spoil = data.draw(st.integers(0, 1))
    token = await client.step(b"")
    for leg in range(2):
        if leg == spoil:
            changed = bytearray(token)
            for _ in range(data.draw(st.integers(1, 4))):
                changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
            token = bytes(changed[: data.draw(st.integers(0, len(changed)))])
        try:
            token = await client.step(await server.step(token))
        except SecurityError:
            return


@pytest.mark.parametrize("wrap", [lambda client: client, SpnegoInitiator])
async def test_a_mechanism_comes_alone_or_within_spnego(wrap: Callable[[Mechanism], Mechanism]) -> None:
    server = AnyAcceptor({NTLM_OID: acceptor})
    await converse(wrap(NtlmInitiator(USER, PASSWORD)), server)
    assert (server.complete, server.principal.name) == (True, USER)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda octets: _tlv(0x60, octets)))
def test_any_octets_begin_something_or_are_refused(octets: bytes) -> None:
    with contextlib.suppress(SecurityError):
        asyncio.run(AnyAcceptor({NTLM_OID: acceptor}).step(octets))


async def test_address_that_failed_too_often_is_not_looked_at() -> None:
    guard = Attempts(lambda: 0.0, Patience(failures=2))
    server = RpcServer([Bell().service()], mechanisms(), guard=guard)
    async with server.listen("127.0.0.1", 0) as endpoint:
        for password in ("wrong", "wrong", PASSWORD):
            with pytest.raises((Fault, Refused, ConnectionError)):
                async with connect("127.0.0.1", endpoint.port, BELL, security=ntlm(USER, password)) as client:
                    await client.call(Echo(data=b""))
        assert guard.wait("127.0.0.1") > 0


async def test_guesses_at_the_same_time_all_count() -> None:
    """Else so many more would be looked at, again and again, as connections can be made."""
    guesses = 5
    at_work = asyncio.Barrier(guesses)
    guard = Attempts(lambda: 0.0, Patience(failures=2, seconds=1))

    async def looked_up(user: str, domain: str) -> bytes | None:
        await at_work.wait()
        return None

    def slow() -> NtlmAcceptor:
        return NtlmAcceptor(HashedCredentials(looked_up), anonymous=False)

    async def guess() -> None:
        with pytest.raises((Fault, Refused, ConnectionError)):
            async with connect("127.0.0.1", endpoint.port, BELL, security=ntlm(USER, "wrong")) as client:
                await client.call(Echo(data=b""))

    server = RpcServer([Bell().service()], {AuthType.NTLM: slow}, guard=guard)
    async with server.listen("127.0.0.1", 0) as endpoint:
        await asyncio.gather(*(guess() for _ in range(guesses)))
        assert guard.wait("127.0.0.1") == guesses + 1 - 2


CHANNEL = Binding(b"tls-server-end-point:" + bytes(range(32)))
ELSEWHERE = Binding(b"tls-server-end-point:" + bytes(32))


def theirs(binding: Binding) -> Any:
    """pyspnego's client, which names the channel as somebody else has understood it."""
    bindings = GssChannelBindings(application_data=binding.data) if binding.data else None
    return spnego.client(USER, PASSWORD, protocol="ntlm", channel_bindings=bindings)


async def comes_in(client: Any, server: Mechanism) -> bool:
    """Whether the server takes the client's proof."""
    first = client.step() if isinstance(client, spnego.ContextProxy) else await client.step(b"")
    token = await server.step(first)
    second = client.step(token) if isinstance(client, spnego.ContextProxy) else await client.step(token)
    with contextlib.suppress(SecurityError):
        await server.step(second)
    return server.complete


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "pyspnego"])
@pytest.mark.parametrize(
    ("named", "required", "expected"),
    [
        (CHANNEL, True, True),
        (CHANNEL, False, True),
        (ELSEWHERE, True, False),
        (ELSEWHERE, False, False),
        (NO_BINDING, True, False),
        (NO_BINDING, False, True),
    ],
)
async def test_a_proof_for_another_channel_is_none(
    named: Binding, required: bool, expected: bool, ours: bool
) -> None:
    client = NtlmInitiator(USER, PASSWORD, binding=named) if ours else theirs(named)
    server = NtlmAcceptor(HashedCredentials(lookup), binding=replace(CHANNEL, required=required))
    assert await comes_in(client, server) is expected


async def test_whoever_has_no_channel_compares_none() -> None:
    client = NtlmInitiator(USER, PASSWORD, binding=CHANNEL)
    assert await comes_in(client, acceptor())
