"""A job's password: what its owner must type before it is printed (PWG 5100.11 job-password). Kept as a hash only."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

PLAIN: Final = "none"
DIGESTS: Final = {
    "sha2-256": "sha256",
    "sha2-384": "sha384",
    "sha2-512": "sha512",
    "sha3-256": "sha3_256",
    "sha3-384": "sha3_384",
    "sha3-512": "sha3_512",
}
"""What a client may have made of it, by IPP's keyword for job-password-encryption."""
SALT: Final = 16
"""Octets that are to be unlike any others."""


@dataclass(frozen=True, slots=True)
class JobPassword:
    """The hash of a password, or of its client's digest of it. A few digits are found out by whoever has the hash and
    tries all of them: it keeps them from being read, no more.
    """

    hash: bytes
    salt: bytes
    encryption: str = PLAIN

    @classmethod
    def sealed(cls, octets: bytes, encryption: str, salt: bytes) -> JobPassword:
        """Of what a client sent. Raises ValueError for what can't be a password under that encryption."""
        if encryption != PLAIN and len(octets) != hashlib.new(DIGESTS[encryption]).digest_size:
            raise ValueError(f"{len(octets)} octets are no {encryption}")
        if not octets:
            raise ValueError("an empty password")
        return cls(_hash(octets, salt), salt, encryption)

    def opens(self, typed: str) -> bool:
        """Whether that is it."""
        octets = typed.encode()
        if self.encryption != PLAIN:
            octets = hashlib.new(DIGESTS[self.encryption], octets).digest()
        return hmac.compare_digest(_hash(octets, self.salt), self.hash)


def _hash(octets: bytes, salt: bytes) -> bytes:
    return hashlib.scrypt(octets, salt=salt, n=1 << 12, r=8, p=1, dklen=32)
