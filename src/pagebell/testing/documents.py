"""The `DocumentStore` port in memory."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterator, Collection
from pathlib import Path

from pagebell.model.document import DocumentKey
from pagebell.model.errors import Gone, NoRoom
from pagebell.spooler.ports import Stored

_CHUNK = 65536


class MemoryUpload:
    """A document on its way in (`ports.Upload`)."""

    def __init__(self, store: MemoryDocumentStore, key: DocumentKey) -> None:
        self._store = store
        self._key = key
        self._octets = bytearray()

    async def write(self, chunk: bytes) -> None:
        """Take the next octets. Raises NoRoom."""
        self._store.refuse_if_full()
        self._octets += chunk

    async def commit(self) -> Stored:
        """Let it be seen. Raises NoRoom."""
        self._store.refuse_if_full()
        octets = bytes(self._octets)
        self._store.documents[self._key] = octets
        self._store.incoming.discard(self._key)
        return Stored(len(octets), hashlib.sha256(octets).hexdigest())

    async def abort(self) -> None:
        """Leave nothing behind."""
        self._store.incoming.discard(self._key)
        self._store.documents.pop(self._key, None)


class MemoryDocumentStore:
    """`ports.DocumentStore`. While `full` is set, everything that is written is refused with NoRoom."""

    def __init__(self) -> None:
        self.full = False
        self.documents: dict[DocumentKey, bytes] = {}
        """What is stored."""
        self.incoming: set[DocumentKey] = set()
        """What is on its way in."""
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def refuse_if_full(self) -> None:
        """Raise NoRoom while `full` is set."""
        if self.full:
            raise NoRoom("there is no room in this store: its `full` is set")

    def create(self, key: DocumentKey) -> MemoryUpload:
        """Begin an upload."""
        self.incoming.add(key)
        return MemoryUpload(self, key)

    async def read(self, key: DocumentKey) -> AsyncIterator[bytes]:
        """The octets in chunks. Raises Gone."""
        if key not in self.documents:
            raise Gone("the document is no longer kept")
        octets = self.documents[key]
        for start in range(0, len(octets), _CHUNK):
            yield octets[start : start + _CHUNK]

    async def delete(self, keys: Collection[DocumentKey]) -> None:
        """Remove what exists of these."""
        for key in keys:
            self.documents.pop(key, None)

    async def sweep(self, known: Collection[DocumentKey]) -> int:
        """Remove everything but `known`; return how many pieces went."""
        doomed = set(self.documents) - set(known)
        await self.delete(doomed)
        gone = len(doomed) + len(self.incoming)
        self.incoming.clear()
        return gone

    async def path(self, key: DocumentKey) -> Path:
        """A file with the octets, in a temporary folder that goes with the store."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="pagebell-")
        path = Path(self._folder.name, key)
        if key in self.documents:
            path.write_bytes(self.documents[key])
        else:
            path.unlink(missing_ok=True)
            raise Gone("the document is no longer kept")
        return path

    def close(self) -> None:
        """Remove the temporary folder, if there is one."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
