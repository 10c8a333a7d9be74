"""What the doorkeeper found out about a request, for whatever answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pagebell.entrance.visitor import Scope, visitor_of
from pagebell.model.access import Principal, Visitor
from pagebell.model.errors import NotAuthenticated, NotAuthorized

Header = tuple[bytes, bytes]
_KEY: Final = "pagebell.admission"


class TurnedAway(Exception):
    """A request is answered at once, by an HTTP status and a sentence; `str()` of it is the sentence."""

    def __init__(self, status: int, text: str, *headers: Header) -> None:
        super().__init__(text)
        self.status, self.headers = status, headers


@dataclass(frozen=True, slots=True)
class Admission:
    """Somebody who was let in, known or not."""

    visitor: Visitor
    who: Principal
    """With the rights that follow; in the name of whoever asks as long as it is not authenticated."""
    challenge: TurnedAway | None = None
    """How to ask for proof; None where none would be looked at."""
    headers: tuple[Header, ...] = ()
    """What the answer tells in return: the server's own proof."""

    def principal(self, name: str | None = None) -> Principal:
        """Who asks; `name` is what they call themselves, which counts as long as they have proved nothing."""
        if self.who.authenticated or not name:
            return self.who
        return self.who.called(name)

    def turned_away(self, refusal: NotAuthorized) -> TurnedAway:
        """What HTTP answers to a refusal: how to ask for proof, if proof could help, else 403 Forbidden."""
        why = f"{str(refusal)[:1].upper()}{str(refusal)[1:]}."
        if self.challenge is None or not isinstance(refusal, NotAuthenticated):
            return TurnedAway(403, why)
        return TurnedAway(self.challenge.status, f"{why} {self.challenge}", *self.challenge.headers)


def admit_to(scope: Scope, admission: Admission) -> None:
    """Let what answers the request know."""
    scope[_KEY] = admission


def admission_of(scope: Scope) -> Admission:
    """Who was let in with this request; without a doorkeeper before it, nobody in particular."""
    found = scope.get(_KEY)
    if isinstance(found, Admission):
        return found
    visitor = visitor_of(scope)
    return Admission(visitor, Principal("anonymous", host=visitor.address))
