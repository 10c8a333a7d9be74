"""Documents on their way out: any source as a stream of octets that tells how far it is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHUNK: Final = 128 * 1024
"""Octets to read from a file and hand to the connection at a time."""

Source = bytes | os.PathLike[str] | AsyncIterable[bytes] | Iterable[bytes]
"""A document: its octets, a file's path, or an iterator of pieces."""

Progress = Callable[[int, int | None], None]
"""Called with the octets sent so far and those in all, None when nobody knows."""

AUTO: Final = "application/octet-stream"
"""The printer shall find out the format itself (RFC 8011 5.4.22)."""

_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"RaS2", "image/pwg-raster"),
    (b"UNIRAST", "image/urf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%!", "application/postscript"),
)


def document_format(head: bytes, name: str = "") -> str:
    """The MIME type of a document that begins so; AUTO when there is no sign of it."""
    for magic, mime in _MAGIC:
        if head.startswith(magic):
            return mime
    return "text/plain" if name.lower().endswith((".txt", ".text")) else AUTO


async def file_format(path: os.PathLike[str]) -> str:
    """The MIME type of a file by its first octets; AUTO for a pipe, which can be read once only. Raises OSError."""

    def head() -> bytes:
        if Path(path).is_fifo():
            return b""
        with Path(path).open("rb") as file:
            return file.read(16)

    return document_format(await asyncio.to_thread(head), str(path))


def _ignore(sent: int, total: int | None) -> None:
    """Nobody watches."""


@dataclass(slots=True)
class Upload:
    """One document to send, perhaps more than once."""

    source: Source
    progress: Progress = _ignore
    finished: bool = False
    """The last octet was handed to the connection."""
    answered: bool = False
    """The answer has begun; no more time limits."""
    error: Exception | None = None
    """Why the source or its watcher failed."""

    @property
    def repeatable(self) -> bool:
        """It can be sent from its beginning again."""
        return isinstance(self.source, bytes) or (
            isinstance(self.source, os.PathLike) and Path(self.source).is_file()
        )

    async def pieces(self) -> AsyncIterator[bytes]:
        """The document's octets; tells its progress after each piece was taken. Raises OSError of files."""
        self.finished = False
        sent, total = 0, await asyncio.to_thread(_size, self.source)
        self.progress(0, total)
        async for piece in _read(self.source):
            if piece:
                yield piece
                sent += len(piece)
                self.progress(sent, total)
        self.finished = True


def _size(source: Source) -> int | None:
    if isinstance(source, bytes):
        return len(source)
    if isinstance(source, os.PathLike):
        path = Path(source)
        return path.stat().st_size if path.is_file() else None
    return None


async def _read(source: Source) -> AsyncIterator[bytes]:
    if isinstance(source, bytes):
        for start in range(0, len(source), CHUNK):
            yield source[start : start + CHUNK]
    elif isinstance(source, os.PathLike):
        with await asyncio.to_thread(Path(source).open, "rb") as file:
            while piece := await asyncio.to_thread(file.read, CHUNK):
                yield piece
    elif isinstance(source, AsyncIterable):
        async for piece in source:
            yield piece
    else:
        for piece in source:
            yield piece
