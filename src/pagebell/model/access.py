"""Who may do what."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pagebell.model.errors import NotAuthorized


class Right(enum.Enum):
    """What a principal may be allowed."""

    PRINT = "print"
    MANAGE_OWN = "manage own jobs and subscriptions"
    MANAGE_ALL = "manage everybody's jobs, pause and resume printers"
    ADMINISTER = "add, change and remove printers"


class Trustee(enum.Enum):
    """Whom a printer's own rules speak of."""

    EVERYBODY = "everybody"
    KNOWN = "everybody who has proved who they are"
    UNKNOWN = "nobody in particular"
    OWNER = "whoever owns the job"


@dataclass(frozen=True, slots=True)
class Grant:
    """A rule of a printer: rights that somebody has there, or has not."""

    to: Trustee
    rights: frozenset[Right]
    denied: bool = False


EVERYBODY = frozenset({Right.PRINT, Right.MANAGE_OWN})
OPERATOR = EVERYBODY | {Right.MANAGE_ALL}
ADMINISTRATOR = frozenset(Right)


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks for something: a name, how far it is believed, and the rights that follow."""

    name: str
    authenticated: bool = False
    host: str = ""
    """The address that the request came from."""
    rights: frozenset[Right] = EVERYBODY

    def may(self, right: Right) -> bool:
        """Whether it has that right."""
        return right in self.rights

    def demand(self, right: Right) -> None:
        """Raise NotAuthorized without that right."""
        if right not in self.rights:
            raise NotAuthorized(f"{self.name or 'an anonymous user'} may not {right.value} here")

    def within(self, grants: Iterable[Grant] | None) -> Principal:
        """The same principal with the rights that it has at a printer of these rules; None: as everywhere.

        Of the rules that speak of a right the first decides. They neither take anything from administrators nor from
        operators, who are the server's own and could change them.
        """
        if grants is None or self.may(Right.ADMINISTER):
            return self
        decided: dict[Right, bool] = {}
        for grant in grants:
            for right in self._told(grant):
                decided.setdefault(right, not grant.denied)
        kept = self.rights & {Right.MANAGE_ALL}
        return replace(self, rights=kept | {right for right, allowed in decided.items() if allowed})

    def _told(self, grant: Grant) -> frozenset[Right]:
        """The rights of which a rule says something to this principal."""
        if grant.to is Trustee.OWNER:
            return grant.rights & {Right.MANAGE_OWN}
        applies = grant.to is Trustee.EVERYBODY or (grant.to is Trustee.KNOWN) == self.authenticated
        return grant.rights if applies else frozenset()

    def demand_own(self, owner: str) -> None:
        """Raise NotAuthorized unless it owns the thing or manages everybody's."""
        if not self.owns(owner):
            raise NotAuthorized(
                f"this belongs to {owner}; {self.name or 'an anonymous user'} may not touch it"
            )

    def owns(self, owner: str) -> bool:
        """Whether the thing of `owner` is its to manage."""
        return self.may(Right.MANAGE_ALL) or (self.may(Right.MANAGE_OWN) and self.name == owner)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody offers to prove who they are, as in an HTTP Authorization header (RFC 9110 11.4)."""

    scheme: str
    """In small letters: basic, bearer, ..."""
    secret: str = field(repr=False)
    """Never part of a message or a log line."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """All that a request tells of its sender, before any of it is believed."""

    address: str
    secure: bool = False
    """Whether nobody on the way could read or change it."""
    credentials: Credentials | None = None
    name: str | None = None
    """What they call themselves: IPP's requesting-user-name."""
    from_page: bool = False
    """A web page's script sent it: a browser tells whose (the header `Origin`), which no print client does."""


SYSTEM = Principal("pagebell", authenticated=True, rights=ADMINISTRATOR)
"""The server itself."""
