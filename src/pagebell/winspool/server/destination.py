"""Whom the server calls back, and whom it never does. Pure.

A client names the machine that notifications are to go to, and Windows connects to it, with its own credentials: who
may register makes a print server log on where they like. Here a name only ever says where the request came from; other
machines are called if an administrator lists them, and nobody with credentials.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class NotThere(Exception):
    """That machine is not called; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which machines may be called."""

    listed: tuple[str, ...] = ()
    """Networks and host names of machines that may be named by others."""
    anonymous: bool = False
    """Whether callers whom nobody knows are called back, too."""


def destination(reach: Reach, peer: str, machine: str | None, known_as: str | None, *, proved: bool) -> str:
    """The address to call. Raises NotThere.

    `peer` is where the request came from, `machine` what it names, `known_as` what the client called itself before;
    `proved` is whether the caller has authenticated.
    """
    if not proved and not reach.anonymous:
        raise NotThere("callers that have not authenticated are not called back")
    name = (machine or "").lstrip("\\").rstrip(".")
    if not name:
        return peer
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        pass
    else:
        if address == _address(peer) or any(address in network for network in _networks(reach)):
            return name
        raise NotThere(f"the request came from {peer}, and {name} is not among those that may be called")
    if name.casefold() in (entry.casefold() for entry in reach.listed):
        return name
    if known_as is None or _first(known_as) == _first(name):
        return peer
    raise NotThere(f"{peer} calls itself {known_as} and asks for calls to {name}")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _networks(reach: Reach) -> list[Network]:
    networks: list[Network] = []
    for entry in reach.listed:
        try:
            networks.append(ipaddress.ip_network(entry))
        except ValueError:
            continue
    return networks


def _first(name: str) -> str:
    """A machine's name without its domain."""
    return name.lstrip("\\").partition(".")[0].casefold()
