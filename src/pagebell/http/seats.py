"""Who is connected: a seat for each connection, counted in all and by address, and watched over by deadlines.

One sweep over all seats a few times a second is cheaper than a timer for each request, and a connection in the
middle of anything has its deadline as a plain number.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from pagebell.http.settings import HttpLimits

log = logging.getLogger(__name__)

NEVER: Final = math.inf
CLOSING_TIME: Final = 5.0
"""Seconds that a closed connection may still take to hand over its last octets."""


class Seat:
    """One connection's place. Its deadlines are in the loop's time; NEVER where nothing is awaited."""

    __slots__ = (
        "answer_by",
        "closing",
        "handshake_by",
        "network",
        "overdue",
        "read_by",
        "seats",
        "transport",
    )

    def __init__(self, seats: Seats, transport: asyncio.Transport, network: str) -> None:
        self.seats = seats
        self.transport = transport
        self.network = network
        self.closing = False
        self.handshake_by = NEVER
        self.read_by = NEVER
        self.answer_by = NEVER
        self.overdue: Callable[[], None] = transport.abort
        """What is done when the peer did not send or take in time; a late handshake is always cut off."""

    def leave(self) -> None:
        """The connection is gone; to say so twice does no harm."""
        self.seats.vacate(self)


class Seats:
    """All connections of a listener."""

    def __init__(self, limits: HttpLimits, loop: asyncio.AbstractEventLoop) -> None:
        self._limits = limits
        self._loop = loop
        self._taken: set[Seat] = set()
        self._by_network: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self.resting = False
        self._pause = min(1.0, max(0.01, limits.shortest / 4))

    def __len__(self) -> int:
        return len(self._taken)

    def __iter__(self) -> Iterator[Seat]:
        return iter(list(self._taken))

    def take(self, transport: asyncio.Transport) -> Seat | None:
        """A seat for a new connection; None when all are taken, or too many by its peer."""
        network = network_of(transport.get_extra_info("peername"))
        limits = self._limits
        if len(self._taken) >= limits.max_connections:
            return None
        if self._by_network[network] >= limits.max_connections_per_address:
            return None
        seat = Seat(self, transport, network)
        self._taken.add(seat)
        self._by_network[network] += 1
        return seat

    def vacate(self, seat: Seat) -> None:
        """Give a seat back."""
        if seat in self._taken:
            self._taken.remove(seat)
            self._by_network[seat.network] -= 1
            if not self._by_network[seat.network]:
                del self._by_network[seat.network]

    def watch(self) -> None:
        """Sweep now and then until `rest` is called."""
        self._timer = self._loop.call_later(self._pause, self.watch)
        self.sweep()

    def rest(self) -> None:
        """Watch no more, and let nobody sit down."""
        self.resting = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def sweep(self) -> None:
        """Act on every deadline that has passed."""
        now = self._loop.time()
        late = []
        for seat in self._taken:
            if seat.read_by <= now or seat.answer_by <= now or seat.handshake_by <= now:
                late.append(seat)
            elif not seat.closing and seat.transport.is_closing():
                seat.closing = True
                seat.read_by = now + CLOSING_TIME
        for seat in late:
            if seat.transport.is_closing() or seat.handshake_by <= now:
                seat.transport.abort()
                continue
            try:
                seat.overdue()
            except Exception:
                log.exception("internal error while a connection was closed")
                seat.transport.abort()  # one that can't be closed in peace must not keep the others open


def network_of(peer: object) -> str:
    """What counts as one peer: an IPv4 address, or an IPv6 network of 64 bits, which is what one household gets."""
    host = str(peer[0]) if isinstance(peer, tuple) and peer else ""
    if ":" not in host:
        return host
    try:
        address = ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{int(address) >> 64:x}/64"
