"""Document data as they travel (IPP compression: none, deflate, gzip) to the document's own octets."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from pagebell.model.errors import DocumentDamaged

_STEP = 2**20
"""Inflated octets handed on at once: a small upload that inflates to much never fills memory."""


class CompressionDamaged(DocumentDamaged):
    """The octets are not what `compression` says (client-error-compression-error)."""


async def inflate(body: AsyncIterator[bytes], compression: str) -> AsyncIterator[bytes]:
    """The document's octets. Raises CompressionDamaged."""
    if compression == "none":
        async for chunk in body:
            yield chunk
        return
    engine: zlib._Decompress | None = None
    async for chunk in body:
        left = chunk
        if engine is None:
            engine = _engine(left, compression)
        while left:
            try:
                octets = engine.decompress(left, _STEP)
            except zlib.error as error:
                raise CompressionDamaged(f"the document is not valid {compression}: {error}") from None
            if octets:
                yield octets
            left = engine.unused_data if engine.eof else engine.unconsumed_tail
            if engine.eof and left:  # gzip may have several members
                engine = _engine(left, compression)
    while engine is not None and not engine.eof and (octets := engine.decompress(b"", _STEP)):
        yield octets
    if engine is not None and not engine.eof:
        raise CompressionDamaged(f"the document ends in the middle of its {compression} data")


def _engine(head: bytes, compression: str) -> zlib._Decompress:
    """RFC 1952 for gzip; for deflate RFC 1951, with or without the wrapper of RFC 1950 as clients send it."""
    if compression == "gzip":
        return zlib.decompressobj(16 + zlib.MAX_WBITS)
    wrapped = len(head) >= 2 and head[0] & 0x0F == 8 and (head[0] << 8 | head[1]) % 31 == 0
    return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
