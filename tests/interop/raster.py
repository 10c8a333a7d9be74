"""Stand-ins for the PWG Raster samples that ipptool's suites expect beside them: one small white page each."""

from __future__ import annotations

import re
import struct
from pathlib import Path

_KINDS = {
    # bits a colour, bits a pixel, cupsColorSpace, colours (PWG 5102.4 4.3)
    "black-1": (1, 1, 3, 1),
    "cmyk-8": (8, 32, 6, 4),
    "sgray-8": (8, 8, 18, 1),
    "srgb-8": (8, 24, 19, 3),
    "srgb-16": (16, 48, 19, 3),
}
_SAMPLE = re.compile(r"^\s*FILE (pwg-raster-samples-(\d+)dpi/([a-z0-9-]+)/\S+)", re.MULTILINE)


def pwg_page(kind: str, dpi: int, pixels: int = 8) -> bytes:
    """A document of one square page."""
    color_bits, pixel_bits, space, colors = _KINDS[kind]
    line = -(-pixels * pixel_bits // 8)
    header = bytearray(1796)
    header[:9] = b"PwgRaster"
    numbers = {
        **{276: dpi, 280: dpi, 340: 1, 352: 72, 356: 72, 372: pixels, 376: pixels},
        **{384: color_bits, 388: pixel_bits, 392: line, 400: space, 420: colors},
    }
    for offset, number in numbers.items():
        struct.pack_into(">I", header, offset, number)
    unit = max(1, pixel_bits // 8)
    return b"RaS2" + bytes(header) + bytes((pixels - 1, line // unit - 1)) + b"\xff" * unit


def make_samples(folder: Path, suite: str) -> None:
    """Make every sample that the suite's text names."""
    for name, dpi, kind in set(_SAMPLE.findall(suite)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pwg_page(kind, int(dpi)))
