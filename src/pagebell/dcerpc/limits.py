"""How much a peer may ask of us; every length, count and wait of an association has its bound here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """The defaults suit a print server; octets, counts and seconds."""

    fragment: int = 5840
    """The largest request or response fragment, as Windows has it over TCP."""
    stub: int = 4 << 20
    """The largest stub, all fragments together."""
    larger: Mapping[uuid.UUID, int] = field(default_factory=dict)
    """The same for interfaces whose specification allows more."""
    fragments: int = 8192
    """The most fragments of one request; empty ones cost memory too."""
    contexts: int = 128
    """Presentation contexts on one association."""
    security_contexts: int = 32
    """Authentications on one association."""
    calls: int = 64
    """Calls that run at the same time on one association."""
    handles: int = 4096
    """Context handles of one association group."""
    connections: int = 1024
    """Connections of one server."""
    bind_seconds: float = 30.0
    """From the connection to the bind, and for each step of an authentication."""
    idle_seconds: float = 900.0
    """Without a call in progress, a context handle or an octet from the peer."""
    fragment_seconds: float = 60.0
    """For the rest of a PDU or of a fragmented request."""
    write_seconds: float = 60.0
    """For a peer to take what we have sent it."""

    def stub_for(self, interface: uuid.UUID) -> int:
        """The largest stub of a request to an interface."""
        return self.larger.get(interface, self.stub)


DEFAULT = Limits()
