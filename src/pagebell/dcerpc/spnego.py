"""SPNEGO from both sides (RFC 4178, [MS-SPNG]): which mechanism, and proof that nobody changed the choice.

NegTokenInit  60 { 06 OID, A0 { 30 { A0 mechTypes, A1 reqFlags, A2 mechToken, A3 mechListMIC } } }
NegTokenResp  A1 { 30 { A0 negState, A1 supportedMech, A2 responseToken, A3 mechListMIC } }
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, cast

from pagebell.dcerpc.security import Level, Mechanism, Principal, Protection, SecurityError

SPNEGO_OID = bytes.fromhex("2b0601050502")
NTLM_OID = bytes.fromhex("2b06010401823702020a")
KERBEROS_OID = bytes.fromhex("2a864886f712010202")
MS_KERBEROS_OID = bytes.fromhex("2a864882f712010202")
"""Kerberos as Windows 2000 misspelt it; clients still offer it first ([MS-SPNG] 2.2.1)."""

_COMPLETED, _INCOMPLETE, _REQUEST_MIC = 0, 1, 3
_REJECTED = 2
_INIT, _RESP, _SEQUENCE, _OID, _OCTETS, _ENUM = 0x60, 0xA1, 0x30, 0x06, 0x04, 0x0A
_FIELD = 0xA0
_MOST_MECHANISMS = 32
_NTLM_SIGNATURE = b"NTLMSSP\0"


class _Signs(Protocol):
    """A protection that can make and check a MIC over the list of mechanisms."""

    def mic(self, data: bytes) -> bytes: ...
    def check_mic(self, data: bytes, signature: bytes) -> None: ...
    def restart(self) -> None: ...


def _tlv(tag: int, value: bytes) -> bytes:
    """Return one DER element."""
    size = len(value)
    if size < 128:
        return bytes((tag, size)) + value
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + value


def _read(data: bytes, at: int = 0) -> tuple[int, bytes, int]:
    """Read one DER element: its tag, its value, and where it ends."""
    if at + 2 > len(data):
        raise SecurityError("SPNEGO token is cut off")
    tag, size, at = data[at], data[at + 1], at + 2
    if size & 0x80:
        more = size & 0x7F
        if not 0 < more <= 4:
            raise SecurityError("SPNEGO token with an impossible length")
        size = int.from_bytes(data[at : at + more], "big")
        at += more
    if at + size > len(data):
        raise SecurityError("SPNEGO token is cut off")
    return tag, data[at : at + size], at + size


def _expect(data: bytes, tag: int) -> bytes:
    seen, value, _ = _read(data)
    if seen != tag:
        raise SecurityError(f"SPNEGO element {seen:#x} where {tag:#x} belongs")
    return value


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        tag, value, at = _read(data, at)
        yield tag, value


def _field(fields: Mapping[int, bytes], number: int, tag: int) -> bytes:
    """Return a field's value, b"" where it is absent."""
    return _expect(fields[_FIELD + number], tag) if _FIELD + number in fields else b""


def _response(state: int, mechanism: bytes = b"", token: bytes = b"", mic: bytes = b"") -> bytes:
    body = _tlv(_FIELD, _tlv(_ENUM, bytes((state,))))
    if mechanism:
        body += _tlv(_FIELD + 1, _tlv(_OID, mechanism))
    if token:
        body += _tlv(_FIELD + 2, _tlv(_OCTETS, token))
    if mic:
        body += _tlv(_FIELD + 3, _tlv(_OCTETS, mic))
    return _tlv(_RESP, _tlv(_SEQUENCE, body))


class _Negotiation:
    """What both sides share: the mechanism that was chosen, and its results."""

    def __init__(self) -> None:
        self._inner: Mechanism | None = None
        self._complete = False
        self._list = b""

    @property
    def complete(self) -> bool:
        """Tell whether the negotiation and its mechanism are over."""
        return self._complete

    @property
    def inner(self) -> Mechanism:
        """Return the mechanism that was chosen."""
        if self._inner is None:
            raise SecurityError("no mechanism was chosen")
        return self._inner

    @property
    def principal(self) -> Principal:
        """Return the mechanism's principal."""
        return self.inner.principal

    @property
    def protection(self) -> Protection:
        """Return the mechanism's protection."""
        return self.inner.protection

    def _signer(self) -> _Signs:
        return cast(_Signs, self.inner.protection)


class SpnegoAcceptor(_Negotiation):
    """The server's side: the client's first mechanism that we have."""

    def __init__(self, mechanisms: Mapping[bytes, Callable[[], Mechanism]]) -> None:
        super().__init__()
        self._mechanisms = mechanisms
        self._mic_needed = False

    async def step(self, token: bytes) -> bytes:
        """Take the client's next token."""
        if self._complete:
            raise SecurityError("authentication is over")
        return await (self._first(token) if self._inner is None else self._next(token))

    async def _first(self, token: bytes) -> bytes:
        value = _expect(token, _INIT)
        oid, name, at = _read(value)
        if oid != _OID or name != SPNEGO_OID:
            raise SecurityError("no SPNEGO token")
        fields = dict(_elements(_expect(_expect(value[at:], _FIELD), _SEQUENCE)))
        self._list = fields.get(_FIELD, b"")
        offered = [v for t, v in _elements(_expect(self._list, _SEQUENCE)) if t == _OID][:_MOST_MECHANISMS]
        chosen = next((m for m in offered if m in self._mechanisms), None)
        if chosen is None:
            raise SecurityError("no mechanism in common")
        self._inner = self._mechanisms[chosen]()
        if chosen != offered[0]:
            # The client's token is for another mechanism; RFC 4178 4.2.2 asks for MICs then.
            self._mic_needed = True
            return _response(_REQUEST_MIC, chosen)
        optimistic = _field(fields, 2, _OCTETS)
        answer = await self.inner.step(optimistic) if optimistic else b""
        self._complete = self.inner.complete
        return _response(_COMPLETED if self._complete else _INCOMPLETE, chosen, answer)

    async def _next(self, token: bytes) -> bytes:
        fields = dict(_elements(_expect(_expect(token, _RESP), _SEQUENCE)))
        inner, answer, mic = self.inner, b"", b""
        if (theirs := _field(fields, 2, _OCTETS)) and not inner.complete:
            answer = await inner.step(theirs)
        if not inner.complete:
            return _response(_INCOMPLETE, b"", answer)
        if signature := _field(fields, 3, _OCTETS):
            signer = self._signer()
            signer.check_mic(self._list, signature)
            mic = signer.mic(self._list)
            signer.restart()
        elif self._mic_needed:
            raise SecurityError("no MIC over the mechanisms")
        self._complete = True
        return _response(_COMPLETED, b"", answer, mic)


class AnyAcceptor(_Negotiation):
    """SPNEGO, or one of its mechanisms by itself, whichever the client begins with, as HTTP clients do (RFC 4559 4)."""

    def __init__(self, mechanisms: Mapping[bytes, Callable[[], Mechanism]]) -> None:
        super().__init__()
        self._mechanisms = mechanisms

    @property
    def complete(self) -> bool:
        """Tell whether the mechanism is over."""
        return self._inner is not None and self._inner.complete

    async def step(self, token: bytes) -> bytes:
        """Take the client's next token."""
        if self._inner is None:
            self._inner = self._begun(token)
        return await self._inner.step(token)

    def _begun(self, token: bytes) -> Mechanism:
        if token.startswith(_NTLM_SIGNATURE):
            oid = NTLM_OID
        else:
            kind, oid, _ = _read(_expect(token, _INIT))
            if kind != _OID:
                raise SecurityError("a token of no mechanism")
        if oid == SPNEGO_OID:
            return SpnegoAcceptor(self._mechanisms)
        if oid not in self._mechanisms:
            raise SecurityError("no such mechanism")
        return self._mechanisms[oid]()


class SpnegoInitiator(_Negotiation):
    """The client's side, with one mechanism on offer."""

    def __init__(self, mechanism: Mechanism, oid: bytes = NTLM_OID) -> None:
        super().__init__()
        self._inner, self._oid = mechanism, oid
        self._list = _tlv(_SEQUENCE, _tlv(_OID, oid))
        self._started = self._last_sent = False

    async def step(self, token: bytes) -> bytes:
        """Begin (with b"") or take the server's next token."""
        if not self._started:
            self._started = True
            first = _tlv(_FIELD, self._list) + _tlv(_FIELD + 2, _tlv(_OCTETS, await self.inner.step(b"")))
            return _tlv(_INIT, _tlv(_OID, SPNEGO_OID) + _tlv(_FIELD, _tlv(_SEQUENCE, first)))
        fields = dict(_elements(_expect(_expect(token, _RESP), _SEQUENCE)))
        state = _field(fields, 0, _ENUM)
        if state == bytes((_REJECTED,)):
            raise SecurityError("server rejected the authentication")
        if self._last_sent:
            return self._finish(fields, state)
        answer = await self.inner.step(_field(fields, 2, _OCTETS))
        if state == bytes((_COMPLETED,)) and self.inner.complete and not answer:
            # The one mechanism on offer was taken and has convinced us: there is nothing to prove by MICs.
            self._complete = True
            return b""
        mic = b""
        if self.inner.complete:
            self._last_sent = True
            if self._signs:
                mic = self._signer().mic(self._list)
        return _response(_INCOMPLETE, b"", answer, mic)

    @property
    def _signs(self) -> bool:
        """Tell whether the mechanism can sign; at level CONNECT it was not asked to."""
        return self.inner.protection.allows(Level.PACKET)

    def _finish(self, fields: Mapping[int, bytes], state: bytes) -> bytes:
        """Check the server's MIC: it proves that the server knows the key, and what was offered."""
        signature = _field(fields, 3, _OCTETS)
        if state != bytes((_COMPLETED,)) or (self._signs and not signature):
            raise SecurityError("server did not prove the negotiation")
        if self._signs:
            signer = self._signer()
            signer.check_mic(self._list, signature)
            signer.restart()
        self._complete = True
        return b""
