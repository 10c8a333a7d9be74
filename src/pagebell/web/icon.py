"""The printers' icon: a printer with a sheet, drawn here and encoded as PNG (ISO 15948)."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import Final

SIZES: Final = (48, 128, 512)
"""PWG 5100.13 6.5.18: small, medium, large."""
_CLEAR, _BODY, _DARK, _PAPER, _LAMP = (
    b"\x00\x00\x00\x00",
    b"\x3b\x5b\x82\xff",
    b"\x22\x33\x4a\xff",
    b"\xfb\xfb\xf8\xff",
    b"\x5f\xd0\x7c\xff",
)
_PARTS: Final = (
    # left, top, right, bottom in sixteenths of the picture, in the order of painting
    (4.0, 1.0, 12.0, 7.0, _PAPER),
    (1.5, 5.5, 14.5, 12.0, _BODY),
    (3.0, 8.5, 13.0, 9.5, _DARK),
    (4.0, 9.5, 12.0, 15.0, _PAPER),
    (5.0, 11.0, 11.0, 11.5, _DARK),
    (5.0, 12.5, 9.5, 13.0, _DARK),
    (12.0, 6.5, 13.0, 7.5, _LAMP),
)


@lru_cache(maxsize=len(SIZES))
def icon(size: int) -> bytes:
    """The PNG, `size` pixels a side."""
    rows = b"".join(b"\0" + _row(size, y) for y in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, octets) for kind, octets in chunks)


def _row(size: int, y: int) -> bytes:
    at = (y + 0.5) * 16 / size
    row = [_CLEAR] * size
    for left, top, right, bottom, color in _PARTS:
        if top <= at < bottom:
            first, last = round(left * size / 16), round(right * size / 16)
            row[first:last] = [color] * (last - first)
    return b"".join(row)


def _chunk(kind: bytes, octets: bytes) -> bytes:
    return struct.pack(">I", len(octets)) + kind + octets + struct.pack(">I", zlib.crc32(kind + octets))
