"""What an operator may set about HTTP and TLS, with the reasons for the defaults."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pagebell.sockets import VANISHED


class TlsMode(enum.Enum):
    """Whether connections are encrypted."""

    OFF = "off"
    ALLOW = "allow"
    """As the client wishes: TLS from the first octet, TLS after `Upgrade`, or none."""
    REQUIRE = "require"
    """Requests in the clear are answered 426 Upgrade Required."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What a peer may make the server hold and wait for; times in seconds, sizes in octets."""

    max_connections: int = 16_384
    """Connections at one time; further ones get 503. Never more than the system gives file descriptors for."""
    max_connections_per_address: int = 12_288
    """The same for one address (an IPv6 network of 64 bits): three quarters, so that nobody takes all places."""
    max_requests: int = 10_000
    """Requests on one connection; the last one's answer says `Connection: close`."""
    max_head: int = 2**16
    """Size of a request's line and headers, and of what stands between the parts of a chunked body."""
    max_headers: int = 100
    """Count of a request's headers."""
    max_body: int = 2**20
    """Size of a body that is not IPP; an IPP request's is the spooler's concern."""
    handshake_time: float = 10.0
    """From the first octet of a TLS handshake to its end."""
    head_time: float = 30.0
    """From the connection, or a request's first octet, to the end of its headers."""
    idle_time: float = 60.0
    """Between an answer and the next request."""
    body_silence: float = 60.0
    """Without an octet of a body that is awaited; while the server itself is busy nothing counts."""
    min_upload_rate: float = 16.0
    """Octets a second below which an upload uses up `body_silence`: slow lines live, drips do not."""
    answer_silence: float = 60.0
    """For a client to take some of an answer that waits for it."""
    vanished_time: float = VANISHED
    """Without a sign of life from a client's computer: who waits for news may be silent, but has to be there."""

    @property
    def shortest(self) -> float:
        """The shortest of the times: how finely they have to be watched."""
        times = (self.handshake_time, self.head_time, self.idle_time, self.body_silence, self.answer_silence)
        return min(times)
