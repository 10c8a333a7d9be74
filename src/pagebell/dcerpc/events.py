"""What an association tells its shell, and what a call is. Values only."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TypeAlias

from pagebell.dcerpc.ndr import Order, Transfer
from pagebell.dcerpc.pdu import Syntax
from pagebell.dcerpc.protection import SecurityContext
from pagebell.dcerpc.security import Level, Principal


@dataclass(frozen=True, slots=True, eq=False)
class IncomingCall:
    """A request that arrived whole, as a server sees it."""

    call_id: int
    context_id: int
    interface: Syntax
    transfer: Transfer
    order: Order
    opnum: int
    stub: bytes
    object: uuid.UUID | None = None
    security: SecurityContext | None = None
    maybe: bool = False
    """Nobody waits for an answer ([maybe], C706 6.1.2)."""

    @property
    def principal(self) -> Principal | None:
        """Return who calls; None for a caller that did not authenticate."""
        return self.security.principal if self.security is not None else None

    @property
    def level(self) -> Level:
        """Return how the call was protected."""
        return Level(self.security.level) if self.security is not None else Level.NONE

    def __str__(self) -> str:
        return f"call {self.call_id} to {self.interface} opnum {self.opnum} ({len(self.stub)} octets)"


@dataclass(frozen=True, slots=True)
class StepWanted:
    """Await `mechanism.step(token)` and report it by `stepped` or `refused`; nothing else happens before."""

    security: SecurityContext
    token: bytes


@dataclass(frozen=True, slots=True)
class CallReceived:
    """Run this call; end it by `respond` or `fault`."""

    call: IncomingCall


@dataclass(frozen=True, slots=True)
class CallCancelled:
    """The client wants this call to end; an orphaned one is not answered."""

    call: IncomingCall
    orphaned: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """Send what is to be sent, then close the connection."""

    reason: str


ServerEvent: TypeAlias = StepWanted | CallReceived | CallCancelled | Closed
