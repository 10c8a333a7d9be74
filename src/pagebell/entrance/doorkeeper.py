"""Who may come in by HTTP: credentials are checked before a request's body is read."""

from __future__ import annotations

import enum
import ipaddress
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pagebell.entrance.admission import Admission, Header, TurnedAway
from pagebell.entrance.attempts import Attempts
from pagebell.entrance.schemes import END_POINT, Conversation, MoreWanted, NotProven, Scheme
from pagebell.entrance.visitor import Scope, visitor_of
from pagebell.model.access import ADMINISTRATOR, Credentials, Identity, Right, Visitor

if TYPE_CHECKING:
    from pagebell.spooler.ports import Directory

log = logging.getLogger(__name__)
_WHO: Final = "identity"
_ADDRESSES: Final = 4096
"""Addresses of which it is remembered whether they may administer."""
_MEMORY: Final = 1.0
"""Seconds for which strangers are told of the same schemes; whoever gives credentials is told of those of now."""
_UPGRADE: Final[tuple[Header, ...]] = ((b"upgrade", b"TLS/1.2, HTTP/1.1"), (b"connection", b"upgrade"))


class Auth(enum.Enum):
    """How much HTTP clients have to prove."""

    OFF = "off"
    """Nothing, and nothing is looked at."""
    OFFER = "offer"
    """Nothing; whoever is refused and could have more rights is asked."""
    REQUIRE = "require"
    """Who they are, for everything but what a printer can do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the operator decided about coming in."""

    admin_from: tuple[str, ...] = ()
    """Networks whose clients may administer without further proof."""
    auth: Auth = Auth.OFFER
    has_tls: bool = True
    """Whether connections can be encrypted; credentials are taken on no others."""


class Doorkeeper:
    """The one place that makes principals of HTTP requests."""

    def __init__(
        self,
        entry: Entry,
        directory: Directory,
        schemes: Sequence[Scheme],
        attempts: Attempts,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._networks = [ipaddress.ip_network(network) for network in entry.admin_from]
        self._entry, self._directory, self._attempts, self._now = entry, directory, attempts, now
        self._schemes = schemes if entry.auth is not Auth.OFF else ()
        self._is_administrators = lru_cache(_ADDRESSES)(self._in_networks)
        self._lately: list[Scheme] = []
        self._looked = -math.inf

    async def admit(self, scope: Scope) -> Admission:
        """Who asks. Raises TurnedAway: 401 for a wrong proof, 426 for one in the clear, 429 for too many."""
        visitor = visitor_of(scope)
        state = scope.get("state", {})
        conversation: Conversation = state.get("conversation", {})
        conversation[END_POINT] = state.get("end_point", b"")
        who, headers = await self._proven(visitor, conversation)
        principal = await self._directory.principal(who, visitor.address)
        if who is not None:
            principal = principal.granted(self._rights(principal.rights, visitor), may_prove=False)
            return Admission(visitor, principal, headers=headers)
        offered = await self._offered_lately()
        challenge = self._challenge(visitor, offered) if offered else None
        rights = frozenset[Right]() if self._entry.auth is Auth.REQUIRE else principal.rights
        rights = self._rights(rights, visitor)
        return Admission(visitor, principal.granted(rights, may_prove=challenge is not None), challenge)

    async def ways(self) -> tuple[str, ...]:
        """The schemes that clients have to use, in the words of `uri-authentication-supported`; none: no need."""
        if self._entry.auth is not Auth.REQUIRE:
            return ()
        return tuple(scheme.name.lower() for scheme in await self._offered_lately())

    async def _offered(self) -> list[Scheme]:
        return [scheme for scheme in self._schemes if await scheme.offered()]

    async def _offered_lately(self) -> list[Scheme]:
        """As `_offered`, a moment ago: every request of a stranger needs it, and it may be in a file."""
        if self._now() >= self._looked + _MEMORY:
            self._lately, self._looked = await self._offered(), self._now()
        return self._lately

    async def _proven(
        self, visitor: Visitor, conversation: Conversation
    ) -> tuple[Identity | None, tuple[Header, ...]]:
        """What the request, or an earlier one of its connection, proves."""
        if visitor.credentials is None:
            known: Any = conversation.get(_WHO)
            return (known if isinstance(known, Identity) and not visitor.forwarded else None), ()
        conversation.pop(_WHO, None)
        schemes = await self._offered()
        self._object(visitor, schemes)
        scheme = next((s for s in schemes if s.name.lower() == visitor.credentials.scheme), None)
        if scheme is None:
            raise self._asking(schemes, "This kind of credentials is not taken here.")
        return await self._check(visitor, visitor.credentials, scheme, conversation, schemes)

    async def _check(
        self,
        visitor: Visitor,
        credentials: Credentials,
        scheme: Scheme,
        conversation: Conversation,
        schemes: Sequence[Scheme],
    ) -> tuple[Identity, tuple[Header, ...]]:
        if wait := self._attempts.wait(visitor.address):
            retry = (b"retry-after", str(wait).encode())
            raise TurnedAway(429, f"Too many wrong passwords: try again in {wait} seconds.", retry)
        try:
            who, answer = await scheme.prove(credentials.secret, conversation)
        except MoreWanted as more:
            raise TurnedAway(401, "Go on.", (b"www-authenticate", more.token.encode())) from None
        except NotProven as error:
            self._attempts.failed(visitor.address)
            log.warning("%s: %s: %s", visitor.address, scheme.name, error)
            raise self._asking(schemes, "That is not a user name and a password of this server.") from None
        if scheme.name == "Negotiate" and not visitor.forwarded:
            conversation[_WHO] = who  # RFC 4559 4.2 proves a request; its clients expect it of the connection
        return who, ((b"www-authenticate", answer.encode()),) if answer else ()

    def _object(self, visitor: Visitor, schemes: Sequence[Scheme]) -> None:
        """Raise TurnedAway for credentials that are not looked at.

        In the clear they are refused, so that nobody gets used to sending them so. Encrypted, they are refused
        where there is nobody to compare them with: to ignore them would let their sender believe that they
        were checked. That is no 401, which would have to ask for credentials (RFC 9110 15.5.2), and people would
        type one password after another.
        """
        if not visitor.secure:
            text = "Passwords and tokens are not taken over an open connection: "
            if self._entry.has_tls:
                raise TurnedAway(426, text + "use an ipps: or https: address.", *_UPGRADE)
            raise TurnedAway(403, text + "this server has encryption switched off.")
        if not schemes:
            raise TurnedAway(
                403, "This server knows no users: leave the user name and the password or token out."
            )

    def _challenge(self, visitor: Visitor, schemes: Sequence[Scheme]) -> TurnedAway | None:
        """How to ask for proof: encryption comes first (RFC 2817 4.2)."""
        if visitor.secure:
            return self._asking(schemes, "Give a user name and a password.")
        if self._entry.has_tls:
            return TurnedAway(426, "Come back encrypted, with an ipps: or https: address.", *_UPGRADE)
        return None

    def _asking(self, schemes: Sequence[Scheme], text: str) -> TurnedAway:
        return TurnedAway(401, text, *((b"www-authenticate", s.challenge().encode()) for s in schemes))

    def _rights(self, rights: frozenset[Right], visitor: Visitor) -> frozenset[Right]:
        """Those, or what the address gives.

        A page that somebody looks at has no more rights than anybody, though their browser runs on a computer that
        may administer: else every web site could, by a host name that leads to this server. The same holds for
        what a proxy on such a computer passes on.
        """
        if visitor.from_page or visitor.forwarded or not self._is_administrators(visitor.address):
            return rights
        return ADMINISTRATOR

    def _in_networks(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self._networks)
