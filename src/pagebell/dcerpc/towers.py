"""Protocol towers: what the endpoint mapper says about where an interface is (C706 appendix L).

A tower is a count and so many floors; a floor is a left-hand side (protocol identifier and its data) and a
right-hand side (address data), each with a length of two octets, little-endian. Ours have five floors:

    0d UUID major | minor     the interface
    0d UUID major | minor     the transfer syntax
    0b            | minor     connection-oriented RPC
    07            | port      TCP, big-endian
    09            | address   IPv4, big-endian; all zeros for IPv6, which has no floor of its own
"""

from __future__ import annotations

import ipaddress
import struct
import uuid
from dataclasses import dataclass

from pagebell.dcerpc.pdu import Syntax

UUID_FLOOR, TCP_FLOOR, IP_FLOOR, CO_FLOOR = 0x0D, 0x07, 0x09, 0x0B
_MOST_FLOORS = 8


class TowerError(ValueError):
    """The octets are no tower."""


@dataclass(frozen=True, slots=True)
class Floor:
    """One floor: its protocol identifier with its data, and its address data."""

    protocol: int
    left: bytes
    right: bytes

    def __bytes__(self) -> bytes:
        size = len(self.left) + 1
        return (
            struct.pack("<HB", size, self.protocol)
            + self.left
            + struct.pack("<H", len(self.right))
            + self.right
        )

    @property
    def syntax(self) -> Syntax:
        """Return the interface or transfer syntax that a UUID floor names."""
        if self.protocol != UUID_FLOOR or len(self.left) != 18 or len(self.right) < 2:
            raise TowerError("no UUID floor")
        major, minor = int.from_bytes(self.left[16:], "little"), int.from_bytes(self.right[:2], "little")
        return Syntax(uuid.UUID(bytes_le=self.left[:16]), major, minor)


def uuid_floor(syntax: Syntax) -> Floor:
    """Return the floor of an interface or transfer syntax."""
    left = syntax.uuid.bytes_le + struct.pack("<H", syntax.major)
    return Floor(UUID_FLOOR, left, struct.pack("<H", syntax.minor))


def encode_tower(interface: Syntax, transfer: Syntax, host: str, port: int) -> bytes:
    """Return the tower of an interface on a TCP endpoint."""
    try:
        packed = ipaddress.IPv4Address(host).packed
    except ValueError:
        packed = bytes(4)
    floors = (
        uuid_floor(interface),
        uuid_floor(transfer),
        Floor(CO_FLOOR, b"", bytes(2)),
        Floor(TCP_FLOOR, b"", struct.pack(">H", port)),
        Floor(IP_FLOOR, b"", packed),
    )
    return struct.pack("<H", len(floors)) + b"".join(map(bytes, floors))


def decode_tower(data: bytes) -> tuple[Floor, ...]:
    """Read a tower's floors."""
    try:
        (count,) = struct.unpack_from("<H", data)
        if count > _MOST_FLOORS:
            raise TowerError(f"{count} floors")
        floors, at = [], 2
        for _ in range(count):
            left, at = _side(data, at)
            right, at = _side(data, at)
            floors.append(Floor(left[0], left[1:], right))
    except (struct.error, IndexError):
        raise TowerError("tower is cut off") from None
    return tuple(floors)


def _side(data: bytes, at: int) -> tuple[bytes, int]:
    (size,) = struct.unpack_from("<H", data, at)
    end = at + 2 + size
    if end > len(data):
        raise TowerError("tower is cut off")
    return data[at + 2 : end], end


def port_of(data: bytes) -> int:
    """Return the TCP port that a tower names."""
    for floor in decode_tower(data):
        if floor.protocol == TCP_FLOOR and len(floor.right) == 2:
            return int.from_bytes(floor.right, "big")
    raise TowerError("no TCP floor")
