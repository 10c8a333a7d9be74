"""The verification trailer: what a client saw negotiated, inside of what is signed ([MS-RPCE] 2.2.2.13).

It stands behind the parameters of a request, at the end of its stub:

     0  8a e3 13 71 02 f4 36 71
     8  command (0x4000: the last; 0x8000: must be understood), length, data; and so on

A provider that doesn't sign headers thereby protects them all the same.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pagebell.dcerpc.pdu import Request
from pagebell.dcerpc.security import SecurityError

MAGIC = bytes.fromhex("8ae3137102f43671")
LONGEST = 128
"""The trailer is looked for in so many octets at the end; all commands together take 88."""
_END, _MUST, _NUMBER = 0x4000, 0x8000, 0x3FFF
_HEADER = struct.Struct("<BxxxIIHH")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the server saw, for comparison."""

    request: Request
    interface: bytes
    transfer: bytes
    header_sign: bool


def verify(stub: bytes, seen: Seen) -> None:
    """Raise `SecurityError` if the stub ends with a trailer that contradicts what the server saw."""
    commands = _commands(stub)
    for command, data in commands:
        check = _CHECKS.get(command & _NUMBER)
        if check is None:
            if command & _MUST:
                raise SecurityError(f"verification command {command:#x} is unknown")
        elif not check(data, seen):
            raise SecurityError("verification trailer contradicts the association")


def _commands(stub: bytes) -> list[tuple[int, bytes]]:
    """Return the trailer's commands; none when the stub's end is no whole trailer, but data."""
    at = stub.rfind(MAGIC, max(0, len(stub) - LONGEST))
    if at < 0:
        return []
    return list(_read(stub, at + len(MAGIC))) if _whole(stub, at + len(MAGIC)) else []


def _whole(stub: bytes, at: int) -> bool:
    while at + 4 <= len(stub):
        command, size = struct.unpack_from("<HH", stub, at)
        at += 4 + size
        if command & _END:
            return at == len(stub)
    return False


def _read(stub: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at < len(stub):
        command, size = struct.unpack_from("<HH", stub, at)
        yield command, stub[at + 4 : at + 4 + size]
        at += 4 + size


def _bitmask(data: bytes, seen: Seen) -> bool:
    """A client that can sign headers must have said so in its bind."""
    return seen.header_sign or not int.from_bytes(data[:4], "little") & 1


def _context(data: bytes, seen: Seen) -> bool:
    return data == seen.interface + seen.transfer


def _header(data: bytes, seen: Seen) -> bool:
    if len(data) != _HEADER.size:
        return False
    kind, _, call_id, context_id, opnum = _HEADER.unpack(data)
    request = seen.request
    return (kind, call_id, context_id, opnum) == (0, request.call_id, request.context_id, request.opnum)


_CHECKS: dict[int, Callable[[bytes, Seen], bool]] = {1: _bitmask, 2: _context, 3: _header}
