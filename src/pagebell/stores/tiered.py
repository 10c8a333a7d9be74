"""Small documents in the state's own transaction, large ones in files.

A file needs three syncs of its own (octets, rename, folder); a small document's octets go to disk in the sync
that its job's row needs anyway.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection
from pathlib import Path

from pagebell.model.document import DocumentKey
from pagebell.spooler.ports import Change, Content, Contents, Stored
from pagebell.stores.files import FileDocumentStore, FileUpload

SMALL = 2**16
"""Octets up to which a document is small."""


class TieredUpload:
    """A document on its way in: kept in memory as long as it is small (`ports.Upload`)."""

    def __init__(self, key: DocumentKey, file: FileUpload) -> None:
        self._key = key
        self._file = file
        self._small: bytearray | None = bytearray()

    async def write(self, chunk: bytes) -> None:
        """Take the next octets. Raises NoRoom."""
        if self._small is not None:
            self._small += chunk
            if len(self._small) <= SMALL:
                return
            chunk, self._small = bytes(self._small), None
        await self._file.write(chunk)

    async def commit(self) -> Stored:
        """The content to be stored with the row, or a synced file. Raises NoRoom."""
        if self._small is None:
            return await self._file.commit()
        octets = bytes(self._small)
        return Stored(len(octets), hashlib.sha256(octets).hexdigest(), Content(self._key, octets))

    async def abort(self) -> None:
        """Leave nothing behind."""
        if self._small is None:
            await self._file.abort()


class TieredDocumentStore:
    """`ports.DocumentStore` over files and over what the store took with its changes."""

    def __init__(self, contents: Contents, files: FileDocumentStore) -> None:
        self._contents = contents
        self._files = files

    def create(self, key: DocumentKey) -> TieredUpload:
        """Begin an upload."""
        return TieredUpload(key, self._files.create(key))

    async def read(self, key: DocumentKey) -> AsyncIterator[bytes]:
        """The octets in chunks. Raises Gone."""
        content = await self._contents.content(key)
        if content is not None:
            yield content
            return
        async for chunk in self._files.read(key):
            yield chunk

    async def delete(self, keys: Collection[DocumentKey]) -> None:
        """Remove the files of these; contents go with the change that says so."""
        await self._files.delete(keys)

    async def sweep(self, known: Collection[DocumentKey]) -> int:
        """Remove everything but `known`; return how many pieces went."""
        gone = tuple(await self._contents.content_keys() - set(known))
        if gone:
            await self._contents.commit(Change(gone_contents=gone))
        return len(gone) + await self._files.sweep(known)

    async def path(self, key: DocumentKey) -> Path:
        """A file with the octets; for a small document it is made when first asked for. Raises Gone, OSError."""
        content = await self._contents.content(key)
        if content is not None:
            await self._files.lay_out(key, content)
        return await self._files.path(key)
