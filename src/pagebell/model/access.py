"""Who may do what."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn

from pagebell.model.errors import NotAuthenticated, NotAuthorized
from pagebell.model.identifiers import Identifiers, is_identifier


class Right(enum.Enum):
    """What a principal may be allowed."""

    LOOK = "see jobs"
    PRINT = "print"
    MANAGE_OWN = "manage own jobs and subscriptions"
    MANAGE_ALL = "manage everybody's jobs, pause and resume printers"
    ADMINISTER = "add, change and remove printers"

    __hash__ = object.__hash__
    """They are looked up in sets all the time, and Enum's own hash takes longer than that."""


class Trustee(enum.Enum):
    """Whom a printer's own rules speak of."""

    EVERYBODY = "everybody"
    KNOWN = "everybody who has proved who they are"
    UNKNOWN = "nobody in particular"
    OWNER = "whoever owns the job"
    NAMED = "whoever has a security identifier, or is in a group that has it"


@dataclass(frozen=True, slots=True)
class Grant:
    """A rule of a printer: rights that somebody has there, or has not."""

    to: Trustee
    rights: frozenset[Right]
    denied: bool = False
    identifier: str = ""
    """The security identifier that is meant, where one is."""


EVERYBODY = frozenset({Right.LOOK, Right.PRINT, Right.MANAGE_OWN})
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
    may_prove: bool = False
    """Nobody knows who this is, and somebody who proves who they are may have more rights."""
    identifiers: frozenset[str] = frozenset()
    """Security identifiers of theirs and of their groups."""

    # Every request makes two of them, and `replace` takes several times as long.

    def called(self, name: str) -> Principal:
        """The same by another name."""
        return Principal(name, self.authenticated, self.host, self.rights, self.may_prove, self.identifiers)

    def granted(self, rights: frozenset[Right], *, may_prove: bool) -> Principal:
        """The same with these rights."""
        return Principal(self.name, self.authenticated, self.host, rights, may_prove, self.identifiers)

    @property
    def proved_name(self) -> str | None:
        """Who it has proved to be; None for who only says so."""
        return self.name if self.authenticated else None

    def may(self, right: Right) -> bool:
        """Whether it has that right."""
        return right in self.rights

    def demand(self, right: Right) -> None:
        """Raise NotAuthorized without that right."""
        if right not in self.rights:
            self._refuse(f"{self.name or 'an anonymous user'} may not {right.value} here")

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
        kept = self.rights & {Right.LOOK, Right.MANAGE_ALL}
        return replace(self, rights=kept | {right for right, allowed in decided.items() if allowed})

    def _told(self, grant: Grant) -> frozenset[Right]:
        """The rights of which a rule says something to this principal."""
        if grant.to is Trustee.OWNER:
            return grant.rights & {Right.MANAGE_OWN}
        if grant.to is Trustee.NAMED:
            return grant.rights if grant.identifier in self.identifiers else frozenset()
        applies = grant.to is Trustee.EVERYBODY or (grant.to is Trustee.KNOWN) == self.authenticated
        return grant.rights if applies else frozenset()

    def demand_own(self, owner: str) -> None:
        """Raise NotAuthorized unless it owns the thing or manages everybody's."""
        if not self.owns(owner):
            self._refuse(f"this belongs to {owner}; {self.name or 'an anonymous user'} may not touch it")

    def owns(self, owner: str) -> bool:
        """Whether the thing of `owner` is its to manage."""
        return self.may(Right.MANAGE_ALL) or (self.may(Right.MANAGE_OWN) and self.name == owner)

    def _refuse(self, why: str) -> NoReturn:
        if self.may_prove:
            raise NotAuthenticated(why)
        raise NotAuthorized(why)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody has proved to be."""

    name: str
    """`alice`; `alice@OTHER.REALM` where a realm vouches that is not the server's own."""
    groups: frozenset[str] = frozenset()
    """Names and security identifiers of their groups."""
    domain: str = ""
    """The realm or domain that vouches for them; empty: this server's own users."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Who has which rights: lists of names, of groups as `@group`, and `*` for everybody who comes in.

    `groups` has further groups of this server's own, with names and security identifiers as members.
    """

    print: frozenset[str] = frozenset({"*"})
    operators: frozenset[str] = frozenset()
    administrators: frozenset[str] = frozenset()
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        print: Iterable[str] = ("*",),
        operators: Iterable[str] = (),
        administrators: Iterable[str] = (),
        groups: Mapping[str, Iterable[str]] | None = None,
    ) -> Rules:
        """Rules as somebody wrote them; names do not differ by case."""
        return cls(
            _folded(print),
            _folded(operators),
            _folded(administrators),
            {name.casefold(): _folded(members) for name, members in (groups or {}).items()},
        )

    def rights(self, who: Identity | None) -> frozenset[Right]:
        """What somebody may do; None is whoever has proved nothing."""
        words = {"*"}
        if who is not None:
            groups = _folded(who.groups) | self._groups(who)
            words |= _name(who) | {f"@{group}" for group in groups}
        if words & self.administrators:
            return ADMINISTRATOR
        if words & self.operators:
            return OPERATOR
        return EVERYBODY if words & self.print else frozenset({Right.LOOK})

    def _groups(self, who: Identity) -> frozenset[str]:
        """The groups of this server's own that somebody is in."""
        known = _name(who) | _folded(who.groups)
        return frozenset(group for group, members in self.groups.items() if members & known)

    def identifiers(self, who: Identity, own: Identifiers) -> frozenset[str]:
        """The security identifiers of somebody and of their groups: those that a domain gave, and this server's own."""
        given = {word.upper() for word in who.groups if word.startswith(_IDENTIFIERS)}
        mine = set() if who.domain else {own.user(who.name)}
        return frozenset(given | mine | {own.group(group) for group in self._groups(who)})

    def grants(self, own: Identifiers) -> tuple[Grant, ...]:
        """Who may print and manage their own jobs, as a printer's rules; a name is a user of this server's own.

        Operators and administrators are left out: no printer's rules take anything from them.
        """
        prints = frozenset({Right.PRINT})
        told = [Grant(Trustee.EVERYBODY, prints)] if "*" in self.print else []
        for word in sorted(self.print - {"*"}):
            name = word.removeprefix("@")
            known = (
                own.user(name) if name == word else own.group(name) if name in self.groups else name.upper()
            )
            if is_identifier(known):
                told.append(Grant(Trustee.NAMED, prints, identifier=known))
        return (*told, Grant(Trustee.OWNER, frozenset({Right.MANAGE_OWN})))


def _name(who: Identity) -> frozenset[str]:
    """Their name as rules may have it; domains let people have the strangest, and none makes one member of a group."""
    return frozenset() if who.name.startswith(_NO_NAMES) else _folded([who.name])


_IDENTIFIERS = ("S-1-", "s-1-")
_NO_NAMES = ("@", "*", *_IDENTIFIERS)


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)


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
    forwarded: bool = False
    """A proxy sent it for somebody else: neither its address nor its connection tells of whom."""


SYSTEM = Principal("pagebell", authenticated=True, rights=ADMINISTRATOR)
"""The server itself."""
