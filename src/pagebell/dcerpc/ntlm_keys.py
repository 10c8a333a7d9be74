"""NTLM's arithmetic: hashes, session keys, signatures and seals ([MS-NLMP] 3.3 and 3.4).

MD4, MD5 and RC4 are the protocol's, not our choice; nothing else here uses them.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import struct
from collections.abc import Callable

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

from pagebell.dcerpc.security import Level, SecurityError

_MASK = 0xFFFFFFFF
_ROUNDS = (
    (0x00000000, (3, 7, 11, 19), tuple(range(16))),
    (0x5A827999, (3, 5, 9, 13), (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)),
    (0x6ED9EBA1, (3, 9, 11, 15), (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15)),
)
_MIX: tuple[Callable[[int, int, int], int], ...] = (
    lambda x, y, z: (x & y) | (~x & z),
    lambda x, y, z: (x & y) | (x & z) | (y & z),
    lambda x, y, z: x ^ y ^ z,
)


def md4(data: bytes) -> bytes:
    """Return the MD4 digest (RFC 1320); OpenSSL 3 keeps its own out of reach."""
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64) + struct.pack("<Q", len(data) * 8)
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    for start in range(0, len(padded), 64):
        words = struct.unpack_from("<16I", padded, start)
        a, b, c, d = state
        for (constant, shifts, order), mix in zip(_ROUNDS, _MIX, strict=True):
            for i, k in enumerate(order):
                total = (a + mix(b, c, d) + words[k] + constant) & _MASK
                shift = shifts[i % 4]
                a, b, c, d = d, (total << shift | total >> (32 - shift)) & _MASK, b, c
        state = [(x + y) & _MASK for x, y in zip(state, (a, b, c, d), strict=True)]
    return struct.pack("<4I", *state)


@functools.lru_cache(maxsize=256)
def nt_hash(password: str) -> bytes:
    """NTOWFv1: the hash of a password, which is as good as the password ([MS-NLMP] 3.3.1)."""
    return md4(password.encode("utf-16-le"))


def response_key(hashed: bytes, user: str, domain: str) -> bytes:
    """NTOWFv2 ([MS-NLMP] 3.3.2). Windows's upper case is one character for one: there `ß` stays `ß`."""
    upper = "".join(u if len(u := c.upper()) == 1 else c for c in user)
    return hmac.digest(hashed, (upper + domain).encode("utf-16-le"), "md5")


def proof(key: bytes, challenge: bytes, blob: bytes) -> bytes:
    """NTProofStr: proves the key over the server's challenge and the client's blob."""
    return hmac.digest(key, challenge + blob, "md5")


def rc4(key: bytes) -> Callable[[bytes], bytes]:
    """Return a stream that encrypts and decrypts."""
    return Cipher(ARC4(key), None).encryptor().update


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


class NtlmProtection:
    """Signs and seals with extended session security and 128-bit keys ([MS-NLMP] 3.4.4.2).

    A signature is: version 1, eight octets of HMAC-MD5 (through RC4 if keys were exchanged), sequence number.
    """

    always_signs_headers = True

    def __init__(
        self, session_key: bytes, *, server: bool, signs: bool, seals: bool, exchanged: bool
    ) -> None:
        ours, theirs = ("server-to-client", "client-to-server")[:: 1 if server else -1]
        self._signs, self._seals, self._exchanged = signs, seals, exchanged
        # Begun once and copied for each signature: OpenSSL takes longer to begin than to sign.
        self._sign_out, self._sign_in = (
            hmac.new(
                _md5(session_key + f"session key to {way} signing key magic constant\0".encode()),
                digestmod="md5",
            )
            for way in (ours, theirs)
        )
        self._seal_keys = [
            _md5(session_key + f"session key to {way} sealing key magic constant\0".encode())
            for way in (ours, theirs)
        ]
        self._sent = self._received = 0
        self.restart()

    def restart(self) -> None:
        """Begin both RC4 streams anew, as SPNEGO does after its MICs ([MS-SPNG] 3.3.5.1)."""
        self._out, self._in = (rc4(key) for key in self._seal_keys)

    def allows(self, level: Level) -> bool:
        """Tell whether the flags that were negotiated suffice for a level."""
        if level >= Level.PRIVACY:
            return self._seals
        return self._signs or level <= Level.CONNECT

    def signature_size(self, level: Level, size: int) -> int:
        """Return the octets of a signature."""
        return 16

    def protect(self, level: Level, before: bytes, body: bytes, after: bytes) -> tuple[bytes, bytes]:
        """Return the body, sealed at privacy level, and the signature."""
        self._require(level)
        sealed = self._out(body) if level >= Level.PRIVACY else body
        return sealed, self.mic(b"".join((before, body, after)))

    def unprotect(self, level: Level, before: bytes, body: bytes, after: bytes, signature: bytes) -> bytes:
        """Return the body in clear, behind the check of its signature."""
        self._require(level)
        clear = self._in(body) if level >= Level.PRIVACY else body
        self.check_mic(b"".join((before, clear, after)), signature)
        return clear

    def _require(self, level: Level) -> None:
        if not self.allows(level):
            raise SecurityError("this level's protection was not negotiated")

    def mic(self, data: bytes) -> bytes:
        """Sign what we send next."""
        signature = self._signature(self._sign_out, self._out, self._sent, data)
        self._sent = (self._sent + 1) & _MASK
        return signature

    def check_mic(self, data: bytes, signature: bytes) -> None:
        """Check the signature of what comes next, in constant time."""
        expected = self._signature(self._sign_in, self._in, self._received, data)
        self._received = (self._received + 1) & _MASK
        if not hmac.compare_digest(expected, signature):
            raise SecurityError("wrong signature")

    def _signature(
        self, begun: hmac.HMAC, stream: Callable[[bytes], bytes], number: int, data: bytes
    ) -> bytes:
        sequence = struct.pack("<I", number)
        signer = begun.copy()
        signer.update(sequence + data)
        checksum = signer.digest()[:8]
        return b"\1\0\0\0" + (stream(checksum) if self._exchanged else checksum) + sequence
