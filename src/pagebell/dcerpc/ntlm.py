"""NTLMv2 from both sides ([MS-NLMP] 3.1 and 3.2). NTLMv1, LM and weak keys are refused."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import os
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from pagebell.dcerpc import ntlm_keys as keys
from pagebell.dcerpc.ntlm_keys import NtlmProtection
from pagebell.dcerpc.ntlm_messages import (
    AuthenticateMessage,
    Av,
    ChallengeMessage,
    Negotiate,
    NegotiateMessage,
    pack_pairs,
    unpack_pairs,
)
from pagebell.dcerpc.security import ANONYMOUS, NO_BINDING, Binding, Level, Principal, SecurityError

_NEEDED = Negotiate.UNICODE | Negotiate.EXTENDED_SECURITY
_OFFERED = (
    _NEEDED
    | Negotiate.SIGN
    | Negotiate.SEAL
    | Negotiate.ALWAYS_SIGN
    | Negotiate.KEY_EXCHANGE
    | Negotiate.BITS_128
    | Negotiate.BITS_56
    | Negotiate.VERSION
)
_ALWAYS = Negotiate.NTLM | Negotiate.TARGET_INFO | Negotiate.TARGET_TYPE_SERVER | Negotiate.REQUEST_TARGET
_PROTECTED = Negotiate.SIGN | Negotiate.SEAL | Negotiate.ALWAYS_SIGN
_STRONG = Negotiate.EXTENDED_SECURITY | Negotiate.BITS_128
_MIC_PRESENT = 0x2
_SHORTEST = 48
"""Octets of the smallest NTLMv2 response: proof, fixed part of the blob, end of its pairs. NTLMv1 has 24."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a client says it can prove; a credential port decides."""

    user: str
    domain: str
    workstation: str
    challenge: bytes
    response: bytes


class Credentials(Protocol):
    """The port to whoever knows passwords: a table, a database, a domain controller."""

    async def session_key(self, claim: Claim) -> tuple[bytes, Principal]:
        """Return the session base key and who it is; raise `SecurityError` to refuse."""


class HashedCredentials:
    """Credentials by NT hash: `lookup(user, domain)` returns it, or None for a user it doesn't know."""

    def __init__(self, lookup: Callable[[str, str], Awaitable[bytes | None]]) -> None:
        self._lookup = lookup

    async def session_key(self, claim: Claim) -> tuple[bytes, Principal]:
        """Check the proof; an unknown user costs as much time as a wrong password."""
        hashed = await self._lookup(claim.user, claim.domain)
        key = keys.response_key(hashed or bytes(16), claim.user, claim.domain)
        proof = keys.proof(key, claim.challenge, claim.response[16:])
        if not hmac.compare_digest(proof, claim.response[:16]) or hashed is None:
            raise SecurityError(f"no proof for {claim.domain}\\{claim.user}")
        return hmac.digest(key, proof, "md5"), Principal(claim.user, claim.domain, mechanism="ntlm")


@dataclass(frozen=True, slots=True)
class Target:
    """What an acceptor says about itself; it goes into the proof."""

    computer: str = "PAGEBELL"
    domain: str = "WORKGROUP"


class NtlmAcceptor:
    """The server's side: NEGOTIATE in, CHALLENGE out, AUTHENTICATE in."""

    def __init__(
        self,
        credentials: Credentials,
        target: Target | None = None,
        *,
        anonymous: bool = False,
        binding: Binding = NO_BINDING,
        random: Callable[[int], bytes] = os.urandom,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._credentials, self._target, self._anonymous = credentials, target or Target(), anonymous
        self._binding = binding
        self._random, self._now = random, now
        self._negotiate = self._challenge = b""
        self._sent: ChallengeMessage | None = None
        self._principal: Principal | None = None
        self._protection: NtlmProtection | None = None

    @property
    def complete(self) -> bool:
        """Tell whether the client has proved itself."""
        return self._protection is not None

    @property
    def principal(self) -> Principal:
        """Return the client."""
        if self._principal is None:
            raise SecurityError("not authenticated")
        return self._principal

    @property
    def protection(self) -> NtlmProtection:
        """Return what protects messages."""
        if self._protection is None:
            raise SecurityError("not authenticated")
        return self._protection

    async def step(self, token: bytes) -> bytes:
        """Take the client's next message."""
        if self._sent is None:
            return self._answer(token)
        if self.complete:
            raise SecurityError("authentication is over")
        await self._authenticate(token, self._sent)
        return b""

    def _answer(self, token: bytes) -> bytes:
        asked = NegotiateMessage.read(token).flags
        if asked & _NEEDED != _NEEDED:
            raise SecurityError("client has no extended session security or no Unicode")
        now = int((self._now() + 11644473600) * 10**7)
        texts = {Av.DOMAIN: self._target.domain, Av.COMPUTER: self._target.computer}
        pairs: dict[int, bytes] = {k: v.encode("utf-16-le") for k, v in texts.items()}
        pairs[Av.DNS_DOMAIN] = b""
        pairs[Av.DNS_COMPUTER] = self._target.computer.lower().encode("utf-16-le")
        pairs[Av.TIMESTAMP] = struct.pack("<Q", now)
        flags = (asked & _OFFERED) | _ALWAYS | Negotiate.VERSION
        self._sent = ChallengeMessage(flags, self._random(8), self._target.computer, pairs)
        self._negotiate, self._challenge = token, bytes(self._sent)
        return self._challenge

    async def _authenticate(self, token: bytes, sent: ChallengeMessage) -> None:
        message = AuthenticateMessage.read(token)
        flags = message.flags & sent.flags
        base, principal = await self._prove(message, sent.challenge)
        strong = flags & _STRONG == _STRONG
        if flags & (Negotiate.SIGN | Negotiate.SEAL) and not strong and not principal.anonymous:
            raise SecurityError("keys of less than 128 bits, or no extended session security")
        exchanged = bool(flags & Negotiate.KEY_EXCHANGE) and bool(flags & _PROTECTED)
        if exchanged and len(message.session_key) != 16:
            raise SecurityError("no exchanged key")
        key = keys.rc4(base)(message.session_key) if exchanged else base
        if not principal.anonymous:
            self._check_mic(token, message, key)
        self._principal = principal
        self._protection = NtlmProtection(
            key,
            server=True,
            signs=strong and bool(flags & Negotiate.SIGN),
            seals=strong and bool(flags & Negotiate.SEAL),
            exchanged=exchanged,
        )

    async def _prove(self, message: AuthenticateMessage, challenge: bytes) -> tuple[bytes, Principal]:
        if not message.user and not message.nt_response:
            if not self._anonymous:
                raise SecurityError("anonymous")
            return bytes(16), dataclasses.replace(ANONYMOUS, mechanism="ntlm")
        response = message.nt_response
        if len(response) < _SHORTEST or response[16:18] != b"\1\1":
            raise SecurityError("response is not NTLMv2")
        claim = Claim(message.user, message.domain, message.workstation, challenge, response)
        proved = await self._credentials.session_key(claim)
        self._check_channel(unpack_pairs(response[44:]).get(Av.CHANNEL_BINDINGS, b""))
        return proved

    def _check_channel(self, named: bytes) -> None:
        """Refuse a proof for another channel, which the response names ([MS-NLMP] 3.2.5.1.2)."""
        if not self._binding.data:
            return
        if not named.strip(b"\0") and not self._binding.required:
            return
        if not hmac.compare_digest(named, channel_hash(self._binding)):
            raise SecurityError("a proof for another channel, or for none")

    def _check_mic(self, token: bytes, message: AuthenticateMessage, key: bytes) -> None:
        """Check the MIC over all three messages, if the proof says that there is one ([MS-NLMP] 3.2.5.1.2).

        Not every client sends one (impacket), so that its absence is no error.
        """
        flags = unpack_pairs(message.nt_response[44:]).get(Av.FLAGS, b"")
        if not int.from_bytes(flags, "little") & _MIC_PRESENT:
            return
        at = message.MIC_AT
        whole = self._negotiate + self._challenge + token[:at] + bytes(16) + token[at + 16 :]
        if not hmac.compare_digest(hmac.digest(key, whole, "md5"), message.mic):
            raise SecurityError("wrong MIC")


def channel_hash(binding: Binding) -> bytes:
    """MsvAvChannelBindings: MD5 of a gss_channel_bindings_struct, without addresses ([MS-NLMP] 2.2.2.1)."""
    octets = bytes(16) + struct.pack("<I", len(binding.data)) + binding.data
    return hashlib.md5(octets, usedforsecurity=False).digest()


class NtlmInitiator:
    """The client's side: NEGOTIATE out, CHALLENGE in, AUTHENTICATE with its MIC out."""

    def __init__(
        self,
        user: str,
        password: str | bytes,
        domain: str = "",
        *,
        level: Level = Level.PRIVACY,
        workstation: str = "",
        binding: Binding = NO_BINDING,
        random: Callable[[int], bytes] = os.urandom,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._user, self._domain, self._workstation = user, domain, workstation
        self._binding = binding
        self._hash = keys.nt_hash(password) if isinstance(password, str) else password
        self._random, self._now = random, now
        # Samba faults calls at a level below what was negotiated, so that no more is asked for than is used.
        unused = Negotiate.NONE if level >= Level.PRIVACY else Negotiate.SEAL
        unused |= Negotiate.NONE if level > Level.CONNECT else Negotiate.SIGN
        self._wanted = _OFFERED & ~unused
        self._negotiate = b""
        self._protection: NtlmProtection | None = None

    @property
    def complete(self) -> bool:
        """Tell whether all has been said."""
        return self._protection is not None

    @property
    def principal(self) -> Principal:
        """Return oneself."""
        return Principal(self._user, self._domain, mechanism="ntlm")

    @property
    def protection(self) -> NtlmProtection:
        """Return what protects messages."""
        if self._protection is None:
            raise SecurityError("not authenticated")
        return self._protection

    async def step(self, token: bytes) -> bytes:
        """Begin (with b"") or answer the server's challenge."""
        if not self._negotiate:
            self._negotiate = bytes(
                NegotiateMessage(self._wanted | Negotiate.NTLM | Negotiate.REQUEST_TARGET)
            )
            return self._negotiate
        if self.complete:
            raise SecurityError("authentication is over")
        return self._authenticate(token)

    def _authenticate(self, token: bytes) -> bytes:
        challenge = ChallengeMessage.read(token)
        needed = _NEEDED | Negotiate.BITS_128 | Negotiate.KEY_EXCHANGE
        if challenge.flags & needed != needed:
            raise SecurityError("server offers less than 128-bit keys with extended session security")
        pairs = dict(challenge.pairs)
        stamp = pairs.get(Av.TIMESTAMP) or struct.pack("<Q", int((self._now() + 11644473600) * 10**7))
        pairs[Av.FLAGS] = struct.pack("<I", _MIC_PRESENT)
        if self._binding.data:
            pairs[Av.CHANNEL_BINDINGS] = channel_hash(self._binding)
        blob = b"\1\1" + bytes(6) + stamp + self._random(8) + bytes(4) + pack_pairs(pairs) + bytes(4)
        key = keys.response_key(self._hash, self._user, self._domain)
        proof = keys.proof(key, challenge.challenge, blob)
        session_key = self._random(16)
        message = AuthenticateMessage(
            flags=challenge.flags & (self._wanted | _ALWAYS),
            user=self._user,
            domain=self._domain,
            workstation=self._workstation,
            nt_response=proof + blob,
            lm_response=bytes(24),
            session_key=keys.rc4(hmac.digest(key, proof, "md5"))(session_key),
        )
        mic = hmac.digest(session_key, self._negotiate + token + bytes(message), "md5")
        self._protection = NtlmProtection(
            session_key,
            server=False,
            signs=bool(message.flags & Negotiate.SIGN),
            seals=bool(message.flags & Negotiate.SEAL),
            exchanged=True,
        )
        return bytes(dataclasses.replace(message, mic=mic))


def nobody(challenge: bytes) -> bytes:
    """The AUTHENTICATE of nobody in particular, which proves nothing. [MS-NLMP] 3.1.5.1.2

    Raises SecurityError for a challenge that is none.
    """
    flags = ChallengeMessage.read(challenge).flags & ~(
        Negotiate.KEY_EXCHANGE | Negotiate.SIGN | Negotiate.SEAL
    )
    return bytes(AuthenticateMessage(flags | Negotiate.ANONYMOUS, "", "", "", b"", lm_response=b"\0"))
