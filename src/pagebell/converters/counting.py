"""How many pages a document has, by its format; runs in the worker process that a bad document may kill."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import BinaryIO

Count = Callable[[BinaryIO], "int | None"]


class Damaged(Exception):
    """The octets are not what the format says; `str()` of it is a sentence for the owner."""


class _Late(Exception):
    """Counting on would take too long."""


_CHUNK = 1 << 16
MAX_PAGES = 1_000_000
TEXT_LINES = 66
"""Lines on a page of plain text."""
BUDGET = 5.0
"""Seconds for walking through a raster document; then its pages count as unknown."""


# --- PDF ---


def pdf(file: BinaryIO) -> int:
    """Pages that can be found in a PDF, whatever its /Count claims."""
    import pypdfium2  # noqa: PLC0415 slow to load, often not needed

    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Damaged("The PDF is protected by a password: print a copy without one.") from None
        raise Damaged("The PDF is damaged: no PDF reader can open it.") from None
    try:
        claimed = min(len(document), MAX_PAGES)
        if claimed and _has_page(document, claimed - 1):
            return claimed
        return _search(lambda page: _has_page(document, page), claimed)
    finally:
        document.close()


def _has_page(document: object, index: int) -> bool:
    import pypdfium2  # noqa: PLC0415

    try:
        document[index].close()  # type: ignore[index]
    except pypdfium2.PdfiumError:
        return False
    return True


def _search(has: Callable[[int], bool], claimed: int) -> int:
    """The number of pages where the claim is too high: the first that is not there, by halving."""
    there, gone = 0, claimed
    while there < gone:
        middle = (there + gone) // 2
        if has(middle):
            there = middle + 1
        else:
            gone = middle
    if not there:
        raise Damaged("The PDF has no page that can be printed.")
    return there


# --- raster ---


def pwg(file: BinaryIO) -> int | None:
    """Pages of PWG Raster (PWG 5102.4 4): a sync word, then a header of 1796 octets before each page."""
    if file.read(4) != b"RaS2":
        raise Damaged("The document is no PWG Raster: its first octets say so.")
    reader = _Reader(file)
    pages = 0
    try:
        while header := reader.upto(1796):
            if len(header) < 1796:
                raise Damaged("The PWG Raster ends in the middle of a page's header.")
            if total := _number(header, 452):
                return min(total, MAX_PAGES)
            width, height = _number(header, 372), _number(header, 376)
            bits, line = _number(header, 388), _number(header, 392)
            reader.skip_page(max(1, bits // 8), line, height, width)
            pages += 1
    except _Late:
        return None
    if not pages:
        raise Damaged("The PWG Raster has no pages.")
    return pages


def urf(file: BinaryIO) -> int | None:
    """Pages of Apple Raster: a count at its start (0: unknown), a header of 32 octets before each page."""
    if file.read(8) != b"UNIRAST\0":
        raise Damaged("The document is no Apple Raster: its first octets say so.")
    claimed = int.from_bytes(file.read(4), "big")
    if 0 < claimed <= MAX_PAGES:
        return claimed
    reader = _Reader(file)
    pages = 0
    try:
        while header := reader.upto(32):
            if len(header) < 32:
                raise Damaged("The Apple Raster ends in the middle of a page's header.")
            width, height = _number(header, 12), _number(header, 16)
            octets = max(1, header[0] // 8)
            reader.skip_page(octets, -(-width * header[0] // 8), height, width)
            pages += 1
    except _Late:
        return None
    if not pages:
        raise Damaged("The Apple Raster has no pages.")
    return pages


def _number(header: bytes, at: int) -> int:
    return int.from_bytes(header[at : at + 4], "big")


class _Reader:
    """Octets one after the other, with a deadline."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._chunk = b""
        self._at = 0
        self._deadline = time.monotonic() + BUDGET

    def upto(self, octets: int) -> bytes:
        """So many, or fewer at the end."""
        while len(self._chunk) - self._at < octets and self._more():
            pass
        found = self._chunk[self._at : self._at + octets]
        self._at += len(found)
        return found

    def _more(self) -> bool:
        if time.monotonic() > self._deadline:
            raise _Late
        fresh = self._file.read(_CHUNK)
        self._chunk = self._chunk[self._at :] + fresh
        self._at = 0
        return bool(fresh)

    def _octet(self) -> int:
        if self._at >= len(self._chunk) and not self._more():
            raise Damaged("The raster document ends in the middle of a page.")
        octet = self._chunk[self._at]
        self._at += 1
        return octet

    def _skip(self, octets: int) -> None:
        while octets > len(self._chunk) - self._at:
            octets -= len(self._chunk) - self._at
            self._at = len(self._chunk)
            if not self._more():
                raise Damaged("The raster document ends in the middle of a page.")
        self._at += octets

    def skip_page(self, unit: int, line: int, height: int, width: int) -> None:
        """Pass over a page's compressed lines: each is a repeat count, then runs until the line is full."""
        if not 0 < width <= 1_000_000 or not 0 < height <= 1_000_000 or not 0 < line <= 1 << 26:
            raise Damaged("The raster document has a page of an impossible size.")
        while height > 0:
            height -= self._octet() + 1
            left = line
            while left > 0:
                code = self._octet()
                if code < 128:
                    self._skip(unit)
                    left -= (code + 1) * unit
                elif code == 128:
                    left = 0  # the rest of the line is white
                else:
                    self._skip((257 - code) * unit)
                    left -= (257 - code) * unit


# --- pictures, PostScript, text ---


def jpeg(file: BinaryIO) -> int:
    """A picture is one page."""
    if file.read(3) != b"\xff\xd8\xff":
        raise Damaged("The document is no JPEG picture: its first octets say so.")
    return 1


def png(file: BinaryIO) -> int:
    """A picture is one page."""
    if file.read(8) != b"\x89PNG\r\n\x1a\n":
        raise Damaged("The document is no PNG picture: its first octets say so.")
    return 1


_PAGES = re.compile(rb"^%%Pages:[ \t]*(\d{1,7}|\(atend\))", re.MULTILINE)


def postscript(file: BinaryIO) -> int | None:
    """What its structuring comments claim (DSC 3.0), at the start or, `(atend)`, at the end."""
    head = file.read(_CHUNK).replace(b"\r", b"\n")
    end = head.find(b"%%EndComments")
    found = _PAGES.search(head[:end] if end >= 0 else head)
    if found is None:
        return None
    if found[1] != b"(atend)":
        return min(int(found[1]), MAX_PAGES)
    size = file.seek(0, 2)
    file.seek(max(0, size - _CHUNK))
    told = [n for n in _PAGES.findall(file.read(_CHUNK).replace(b"\r", b"\n")) if n != b"(atend)"]
    return min(int(told[-1]), MAX_PAGES) if told else None


def text(file: BinaryIO) -> int:
    """A page for every 66 lines, and a new one at each form feed."""
    pages = lines = 0
    partial = False
    while chunk := file.read(_CHUNK):
        for index, part in enumerate(chunk.split(b"\f")):
            if index:
                pages += max(1, -(-(lines + partial) // TEXT_LINES))
                lines, partial = 0, False
            lines += part.count(b"\n")
            if part:
                partial = not part.endswith(b"\n")
    rest = lines + partial
    return max(1, pages + -(-rest // TEXT_LINES))


COUNTS: dict[str, Count] = {
    "application/pdf": pdf,
    "application/postscript": postscript,
    "image/jpeg": jpeg,
    "image/png": png,
    "image/pwg-raster": pwg,
    "image/urf": urf,
    "text/plain": text,
}
