"""How often somebody may fail to prove who they are, by address."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """So many failures in a row, and then one every so many seconds."""

    failures: int = 10
    seconds: float = 6.0
    addresses: int = 10_000
    """Addresses that are remembered; beyond, the one that has been quiet longest is forgotten."""


class Attempts:
    """Failures by address, an IPv6 network of 64 bits being one; each fades with time."""

    def __init__(self, now: Callable[[], float], patience: Patience | None = None) -> None:
        self._now = now
        self._patience = patience or Patience()
        self._failures: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """Seconds until this address may try again; 0 is now."""
        over = self._level(_place(address)) + 1 - self._patience.failures
        return math.ceil(over * self._patience.seconds) if over > 0 else 0

    def failed(self, address: str) -> None:
        """A password or a token was wrong."""
        place = _place(address)
        self._failures[place] = self._level(place) + 1, self._now()
        self._failures.move_to_end(place)
        while len(self._failures) > self._patience.addresses:
            self._failures.popitem(last=False)

    def _level(self, place: str) -> float:
        level, since = self._failures.get(place, (0.0, 0.0))
        return max(0.0, level - (self._now() - since) / self._patience.seconds)


def _place(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return address
