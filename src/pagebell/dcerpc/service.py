"""Services: which coroutine answers which call, and who is calling."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pagebell.dcerpc.groups import Handles
from pagebell.dcerpc.ndr import Call, Interface, Struct
from pagebell.dcerpc.pdu import Syntax
from pagebell.dcerpc.security import Level, Principal

C = TypeVar("C", bound=Call)
Handler = Callable[["Caller", C], Awaitable[Struct]]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what is theirs."""

    principal: Principal | None
    """None: nobody authenticated."""
    level: Level
    handles: Handles
    peer: str = ""
    """The peer's address."""
    local: str = ""
    """The address of ours that the peer connected to."""
    object: uuid.UUID | None = None
    uid: int | None = None
    """The Unix user that the caller is on this machine, where smbd says so."""


def syntax(interface: Interface) -> Syntax:
    """Return an interface's identity on the wire."""
    return Syntax(interface.uuid, *interface.version)


@dataclass(slots=True)
class Service:
    """An interface with its handlers, and the protection that it insists on.

    `authenticated` refuses callers that nobody knows, and is the default; `minimum` refuses calls that were
    protected less.
    """

    interface: Interface
    minimum: Level = Level.NONE
    authenticated: bool = True
    annotation: str = ""
    handlers: dict[int, tuple[type[Call], Handler[Any]]] = field(default_factory=dict)

    def implements(self, call: type[C]) -> Callable[[Handler[C]], Handler[C]]:
        """Register a coroutine `(caller, call) -> call.Reply` for a call of this interface."""
        if call.interface is not self.interface:
            raise TypeError(f"{call.__name__} is not of {self.interface.name}")

        def register(handler: Handler[C]) -> Handler[C]:
            if call.opnum in self.handlers:
                raise TypeError(f"{call.__name__} has a handler")
            self.handlers[call.opnum] = call, handler
            return handler

        return register

    def admits(self, principal: Principal | None, level: Level) -> bool:
        """Tell whether a caller may call at all."""
        if level < self.minimum:
            return False
        known = principal is not None and not principal.anonymous
        return known or not self.authenticated
