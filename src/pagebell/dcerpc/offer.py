"""What a server has for its associations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pagebell.dcerpc.groups import Groups
from pagebell.dcerpc.limits import DEFAULT, Limits
from pagebell.dcerpc.negotiation import NDR, NDR64
from pagebell.dcerpc.pdu import Syntax
from pagebell.dcerpc.security import Mechanisms


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server has for its associations; the same for all connections of one endpoint."""

    interfaces: Callable[[], Sequence[Syntax]]
    mechanisms: Mechanisms
    groups: Groups
    transfers: Sequence[Syntax] = (NDR, NDR64)
    limits: Limits = DEFAULT
    address: str = ""
    """The secondary address: the port as text, or the pipe's name."""
