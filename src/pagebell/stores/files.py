"""Documents as files: written aside, synced, and renamed into place, so that a document is there whole or not."""

from __future__ import annotations

import asyncio
import errno
import hashlib
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from pagebell.model.document import DocumentKey
from pagebell.model.errors import Gone, NoRoom
from pagebell.spooler.ports import Stored
from pagebell.stores.disk import Disk

_BUFFER = 2**20
"""Octets gathered before a worker thread writes them."""
_CHUNK = 2**18
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE}


def _refusal(error: OSError) -> Exception:
    if error.errno in _NO_ROOM:
        return NoRoom(f"the document can't be stored at present: {error.strerror}")
    return error


class FileUpload:
    """A document on its way into a FileDocumentStore (`ports.Upload`)."""

    def __init__(self, aside: Path, target: Path, disk: Disk) -> None:
        self._aside = aside
        self._target = target
        self._disk = disk
        self._file: BinaryIO | None = None
        self._buffer = bytearray()
        self._digest = hashlib.sha256()
        self._octets = 0

    async def write(self, chunk: bytes) -> None:
        """Take the next octets. Raises NoRoom."""
        self._buffer += chunk
        if len(self._buffer) >= _BUFFER:
            full, self._buffer = self._buffer, bytearray()
            await self._in_thread(full, last=False)

    async def commit(self) -> Stored:
        """Put it on disk for good. Raises NoRoom."""
        await self._in_thread(self._buffer, last=True)
        return Stored(self._octets, self._digest.hexdigest())

    async def abort(self) -> None:
        """Leave nothing behind."""
        await asyncio.to_thread(self._discard)

    async def _in_thread(self, data: bytearray, *, last: bool) -> None:
        try:
            await asyncio.to_thread(self._put, data, last)
        except OSError as error:
            raise _refusal(error) from error

    def _put(self, data: bytearray, last: bool) -> None:
        if self._file is None:
            self._file = self._disk.create(self._aside)
        self._digest.update(data)
        self._octets += len(data)
        self._disk.write(self._file, memoryview(data))
        if last:
            self._disk.sync(self._file)
            self._file.close()
            self._disk.move(self._aside, self._target)
            self._disk.sync_folder(self._target.parent)

    def _discard(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        for path in (self._aside, self._target):
            with suppress(OSError):
                self._disk.remove(path)


class FileDocumentStore:
    """Documents in a folder (`ports.DocumentStore`): `incoming/` for uploads, `documents/` for what is stored."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self._disk = disk or Disk()
        self._incoming = folder / "incoming"
        self._documents = folder / "documents"
        for path in (self._incoming, self._documents):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def create(self, key: DocumentKey) -> FileUpload:
        """Begin an upload."""
        return FileUpload(self._incoming / key, self._documents / key, self._disk)

    async def read(self, key: DocumentKey) -> AsyncIterator[bytes]:
        """The octets in chunks. Raises Gone."""
        try:
            file = await asyncio.to_thread(self._file(key).open, "rb")
        except FileNotFoundError:
            raise Gone("the document is no longer kept") from None
        try:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk
        finally:
            file.close()

    async def delete(self, keys: Collection[DocumentKey]) -> None:
        """Remove what exists of these; what can't be removed now goes at the next start."""
        if keys:
            await asyncio.to_thread(self._delete, list(keys))

    def _delete(self, keys: Collection[DocumentKey]) -> None:
        for key in keys:
            with suppress(OSError):
                self._disk.remove(self._file(key))

    async def sweep(self, known: Collection[DocumentKey]) -> int:
        """Remove everything but `known`; return how many files went."""
        return await asyncio.to_thread(self._sweep, frozenset(known))

    def _sweep(self, known: frozenset[DocumentKey]) -> int:
        leftovers = list(self._incoming.iterdir())
        leftovers += [path for path in self._documents.iterdir() if path.name not in known]
        for path in leftovers:
            with suppress(OSError):
                self._disk.remove(path)
        return len(leftovers)

    async def path(self, key: DocumentKey) -> Path:
        """The file with the octets. Raises Gone."""
        path = self._file(key)
        if not path.exists():
            raise Gone("the document is no longer kept")
        return path

    async def lay_out(self, key: DocumentKey, octets: bytes) -> None:
        """Make a file of octets that are kept elsewhere, unsynced: it can be made again. Raises NoRoom."""
        try:
            await asyncio.to_thread(self._file(key).write_bytes, octets)
        except OSError as error:
            raise _refusal(error) from error

    def _file(self, key: DocumentKey) -> Path:
        return self._documents / key
