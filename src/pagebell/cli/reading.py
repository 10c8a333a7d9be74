"""What is printed: files, and standard input."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

STDIN: Final = "-"
_PIECE: Final = 64 * 1024


def demand_readable(file: str) -> None:
    """Raise OSError before anything is sent; a pipe is not opened, for that happens once only."""
    path = Path(file)
    if not path.is_fifo():
        path.open("rb").close()


async def joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A piece that was read already, and those after it."""
    yield first
    async for piece in rest:
        yield piece


async def stdin_pieces() -> AsyncIterator[bytes]:
    """Standard input, whatever it is, without a thread that could not be interrupted."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    try:
        pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    except ValueError:  # a regular file is always ready
        while piece := await asyncio.to_thread(sys.stdin.buffer.read, _PIECE):
            yield piece
        return
    try:
        while piece := await reader.read(_PIECE):
            yield piece
    finally:
        pipe.close()
