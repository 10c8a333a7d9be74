"""What generated code calls: the checks and conversions that are not worth writing out at each place.

Everything here raises `NdrError` without a place; the compiler adds offset and path on the way out.
"""

from __future__ import annotations

import functools
import struct
import uuid
from typing import Any, NoReturn

from pagebell.dcerpc.ndr.errors import NdrError
from pagebell.dcerpc.ndr.types import ContextHandle

GAPS = tuple(bytes(n) for n in range(8))
MAX_ELEMENTS = 1 << 16
"""The most constructed elements of one message; octets and numbers are bounded by its length."""


class Reading(dict[Any, Any]):
    """One message on its way in: the full pointers that were followed, and how many elements it may still have.

    An element may take no octets at all, so that arrays side by side could each be as long as the rest of the
    message. All arrays together have at most an element for each octet; what is built stays in proportion.
    """

    __slots__ = ("left",)

    def __init__(self, octets: int) -> None:
        super().__init__()
        self.left = min(octets, MAX_ELEMENTS)

    def take(self, count: int) -> None:
        """Allow an array so many elements."""
        if count > self.left:
            short(count)
        self.left -= count


def short(count: int) -> NoReturn:
    """Refuse a count that the rest of the octets cannot hold."""
    raise NdrError(f"{count} elements do not fit")


def miscounted(value: int) -> NoReturn:
    """Refuse a count that contradicts the array."""
    raise NdrError(f"{value} contradicts the array's own count")


def no_arm(tag: int) -> NoReturn:
    """Refuse the tag of a union: it has no arm, or is not what the switch announced."""
    raise NdrError(f"no arm for tag {tag}")


def null() -> NoReturn:
    """Refuse a null [ref] pointer."""
    raise NdrError("null where the pointer is [ref]")


def within(value: int, low: int | None, high: int | None) -> int:
    """Return a number that is inside its [range]."""
    if (low is not None and value < low) or (high is not None and value > high):
        raise NdrError(f"{value} is not in {low}..{high}")
    return value


def exactly(value: Any, count: int) -> Any:
    """Return a fixed array that has its size."""
    if len(value) != count:
        raise NdrError(f"{len(value)} elements, not {count}")
    return value


def variance(size: int, first: int, count: int) -> None:
    """Check a varying array's part: from its first element, and not beyond its size (C706 14.3.3.3)."""
    if first or count > size:
        raise NdrError(f"{count} elements from {first} in {size}")


def text2(value: str, most: int = 0) -> bytes:
    """Return UTF-16 characters with their terminator."""
    if "\0" in value:
        raise NdrError("a string cannot hold its terminator")
    return _limited(value.encode("utf-16-le") + b"\0\0", 2, most)


def chars2_out(value: str) -> bytes:
    """Return UTF-16 characters of an array, with a terminator; those of a list of strings have more of them inside."""
    return value.encode("utf-16-le") + b"\0\0"


def text1(value: str, most: int = 0) -> bytes:
    """Return Latin-1 characters with their terminator."""
    if "\0" in value:
        raise NdrError("a string cannot hold its terminator")
    return _limited(value.encode("latin-1") + b"\0", 1, most)


def _limited(data: bytes, unit: int, most: int) -> bytes:
    if most and len(data) > most * unit:
        raise NdrError(f"{len(data) // unit} characters, at most {most}")
    return data


def string2(
    data: bytes, offset: int, size: int, first: int, count: int, *, encoding: str = "utf-16-le"
) -> str:
    """Read a [string] of UTF-16: up to its terminator, as a C program sees it."""
    octets = data[offset : offset + 2 * count]
    if first or count > size or len(octets) != 2 * count:
        raise NdrError(f"{count} characters from {first} in {size}")
    text, terminator, _ = octets.decode(encoding).partition("\0")
    if not terminator:
        raise NdrError("string without terminator")
    return text


def string1(data: bytes, offset: int, size: int, first: int, count: int) -> str:
    """Read a [string] of octets."""
    octets = data[offset : offset + count]
    if first or count > size or len(octets) != count:
        raise NdrError(f"{count} characters from {first} in {size}")
    text, terminator, _ = octets.decode("latin-1").partition("\0")
    if not terminator:
        raise NdrError("string without terminator")
    return text


def chars2(data: bytes, offset: int, count: int, encoding: str = "utf-16-le") -> str:
    """Read a conformant array of UTF-16 that holds a string; its one terminator goes."""
    octets = data[offset : offset + 2 * count]
    if len(octets) != 2 * count:
        raise NdrError(f"{count} characters do not fit")
    return octets.decode(encoding).removesuffix("\0")


def opaque16(data: bytes) -> uuid.UUID:
    """Make a UUID of its octets."""
    return uuid.UUID(bytes_le=data)


NAMESPACE: dict[str, Any] = {
    "GAPS": GAPS,
    "pack": struct.pack,
    "unpack": struct.unpack_from,
    "new": object.__new__,
    "put": object.__setattr__,
    "opaque16": opaque16,
    "opaque16_big": lambda data: uuid.UUID(bytes=data),
    "opaque20_big": ContextHandle.from_big_endian,
    "string1_big": string1,
    "string2_big": functools.partial(string2, encoding="utf-16-be"),
    "chars2_big": functools.partial(chars2, encoding="utf-16-be"),
    "opaque20": ContextHandle.from_bytes,
    **{f.__name__: f for f in (short, miscounted, no_arm, null, within, exactly, variance)},
    **{f.__name__: f for f in (text1, text2, string1, string2, chars2, chars2_out)},
}
"""The globals of generated code."""
