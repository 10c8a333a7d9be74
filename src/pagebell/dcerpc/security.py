"""Authentication as steps, protection as functions: what an association asks of a security provider.

A mechanism turns tokens into tokens until it is complete, and then protects messages. It knows no PDU: it
signs and seals octets. NTLM and SPNEGO have modules of their own; others (Kerberos) come in as factories.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol


class AuthType(IntEnum):
    """Security providers, [MS-RPCE] 2.2.1.1.7."""

    NONE = 0
    SPNEGO = 9
    NTLM = 10
    KERBEROS = 16


class Level(IntEnum):
    """Authentication levels, [MS-RPCE] 2.2.1.1.8."""

    NONE = 1
    CONNECT = 2
    CALL = 3
    PACKET = 4
    INTEGRITY = 5
    PRIVACY = 6


class SecurityError(Exception):
    """A token, a signature or a credential is not good. The peer learns only that it was refused."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a peer has proved to be."""

    name: str
    domain: str = ""
    anonymous: bool = False
    mechanism: str = ""
    groups: frozenset[str] = frozenset()
    """Names and security identifiers of their groups, as far as they came along."""
    realm: str = ""
    """Who vouches for them; empty: our own table of passwords. `domain` is what they say themselves."""

    def __str__(self) -> str:
        if self.anonymous:
            return "anonymous"
        return f"{self.domain}\\{self.name}" if self.domain else self.name


ANONYMOUS = Principal("", anonymous=True)


@dataclass(frozen=True, slots=True)
class Binding:
    """The channel in which somebody proves who they are (RFC 5056); whose proof is passed on, comes by another.

    A client that names another channel is refused; one that names none only where it is `required`.
    """

    data: bytes = b""
    """`tls-server-end-point:` and the hash of the server's certificate (RFC 5929 4.1); empty for no such channel."""
    required: bool = False


NO_BINDING = Binding()


class Mechanism(Protocol):
    """One authentication, seen from either side."""

    async def step(self, token: bytes) -> bytes:
        """Take the peer's token and return ours (b"" for none); raise `SecurityError` to refuse."""

    @property
    def complete(self) -> bool:
        """Tell whether the peer is known, or the server convinced."""

    @property
    def principal(self) -> Principal:
        """Return the peer (at an acceptor) or oneself (at an initiator); only when complete."""

    @property
    def protection(self) -> Protection:
        """Return what protects messages; only when complete."""


class Protection(Protocol):
    """Signs and seals messages in the order in which they are sent."""

    @property
    def always_signs_headers(self) -> bool:
        """Tell whether headers are covered even when header signing was not negotiated."""

    def allows(self, level: Level) -> bool:
        """Tell whether what was negotiated suffices for a level."""

    def signature_size(self, level: Level, size: int) -> int:
        """Return the octets of the signature of a message of `size` octets."""

    def protect(self, level: Level, before: bytes, body: bytes, after: bytes) -> tuple[bytes, bytes]:
        """Return the body, sealed at privacy level, and the signature over all three."""

    def unprotect(self, level: Level, before: bytes, body: bytes, after: bytes, signature: bytes) -> bytes:
        """Return the body in clear; raise `SecurityError` for a signature that is not the peer's."""


Mechanisms = Mapping[int, Callable[[], Mechanism]]
"""Makes a mechanism for each authentication type that is on offer."""
