"""How somebody proves who they are in HTTP (RFC 9110 11): Basic, Negotiate; Bearer would be one more `Scheme`."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from pagebell.dcerpc.security import Binding, Mechanism, SecurityError
from pagebell.model.access import Identity

if TYPE_CHECKING:
    from pagebell.spooler.ports import Directory

REALM: Final = "Pagebell"
_LONGEST_SECRET: Final = 1024
_LONGEST_TOKEN: Final = 2**16
_REMEMBERED: Final = 1000
_MEMORY: Final = 300.0
"""Seconds for which a password that was right is not checked again, so that not every request costs a slow hash."""

Conversation = dict[str, Any]
"""What is kept between the requests of one connection."""
END_POINT: Final = "end point"
"""Where it has the octets of the connection's channel binding, `tls-server-end-point`; empty in the clear."""


class NotProven(Exception):
    """The proof is none; `str()` of it is for the log, without any secret."""


class MoreWanted(Exception):
    """The proof has a further leg: `token` goes back in WWW-Authenticate."""

    def __init__(self, token: str) -> None:
        super().__init__("another leg")
        self.token = token


class Scheme(Protocol):
    """One way to prove who one is."""

    @property
    def name(self) -> str:
        """As in WWW-Authenticate."""

    async def offered(self) -> bool:
        """Whether anybody could prove anything by it."""

    def challenge(self) -> str:
        """The value of WWW-Authenticate that asks for it."""

    async def prove(self, secret: str, conversation: Conversation) -> tuple[Identity, str]:
        """Who it is, and what to answer in return. Raises NotProven, MoreWanted."""


class Basic:
    """A name and a password (RFC 7617), which only an encrypted connection may carry."""

    name = "Basic"

    def __init__(self, directory: Directory, now: Callable[[], float]) -> None:
        self._directory, self._now = directory, now
        self._key = os.urandom(32)
        self._known: OrderedDict[bytes, tuple[Identity, float]] = OrderedDict()

    async def offered(self) -> bool:
        """Where somebody has a password."""
        return await self._directory.has_passwords()

    def challenge(self) -> str:
        """Passwords are UTF-8."""
        return f'Basic realm="{REALM}", charset="UTF-8"'

    async def prove(self, secret: str, conversation: Conversation) -> tuple[Identity, str]:
        """Compare the password; one that was right a moment ago, and still is the user's, quickly."""
        name, password = _name_and_password(secret)
        edition = await self._directory.edition(name)
        digest = hmac.digest(self._key, f"{edition}\0{name}\0{password}".encode(), "sha256")
        found = self._known.get(digest)
        if found is not None and found[1] > self._now():
            return found[0], ""
        who = await self._directory.prove(name, password)
        if who is None:
            raise NotProven(f"wrong user name or password of {name!r}")
        self._known[digest] = who, self._now() + _MEMORY
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return who, ""


def _name_and_password(secret: str) -> tuple[str, str]:
    """Raises NotProven."""
    try:
        if len(secret) > _LONGEST_SECRET:
            raise NotProven("credentials too long")
        octets = base64.b64decode(secret, validate=True)
        name, colon, password = octets.decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise NotProven("Basic credentials that can't be read") from None
    if not colon or not name or any(c < " " for c in octets.decode()):
        raise NotProven("Basic credentials without a name")
    return name, password


class Negotiate:
    """Kerberos or NTLM by SPNEGO (RFC 4559); what is proved holds for the connection, as its clients expect.

    A proof that names the connection that it is for holds for no other (RFC 5929), so that nobody can pass it on.
    """

    name = "Negotiate"
    _UNDER_WAY: Final = "negotiate"

    def __init__(
        self,
        acceptor: Callable[[Binding], Mechanism],
        identity: Callable[[Mechanism], Identity],
        *,
        bound: bool = False,
    ) -> None:
        """With `bound`, a proof has to name its connection."""
        self._acceptor, self._identity, self._bound = acceptor, identity, bound

    async def offered(self) -> bool:
        """Always: it is put together only where there is a key or somebody with a password."""
        return True

    def challenge(self) -> str:
        """The client begins."""
        return "Negotiate"

    async def prove(self, secret: str, conversation: Conversation) -> tuple[Identity, str]:
        """One leg."""
        try:
            if len(secret) > _LONGEST_TOKEN:
                raise NotProven("token too long")
            token = base64.b64decode(secret, validate=True)
        except binascii.Error:
            raise NotProven("Negotiate with a token that can't be read") from None
        binding = Binding(conversation.get(END_POINT, b""), self._bound)
        mechanism: Mechanism = conversation.pop(self._UNDER_WAY, None) or self._acceptor(binding)
        try:
            answer = base64.b64encode(await mechanism.step(token)).decode()
            if not mechanism.complete:
                conversation[self._UNDER_WAY] = mechanism
                raise MoreWanted(f"Negotiate {answer}")
            who = self._identity(mechanism)
        except SecurityError as error:
            raise NotProven(str(error)) from None
        return who, f"Negotiate {answer}" if answer else ""
