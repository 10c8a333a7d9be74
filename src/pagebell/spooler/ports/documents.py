"""The octets of documents: on their way in, and where they are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pagebell.model.document import DocumentKey


@dataclass(frozen=True, slots=True)
class Content:
    """The octets of a document that is small enough to be stored with its job, in one sync."""

    key: DocumentKey
    octets: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """What a finished upload was."""

    octets: int
    digest: str
    content: Content | None = None
    """What must go into the transaction that stores the document's row; None if it is on disk already."""


class Upload(Protocol):
    """A document on its way to the document store: nothing of it is visible before `commit`."""

    async def write(self, chunk: bytes) -> None:
        """Take the next octets; returns when more may come (back-pressure). Raises NoRoom."""
        ...

    async def commit(self) -> Stored:
        """Put it on disk for good: when this returns, it survives a crash, or its `content` awaits the
        transaction of its row. Raises NoRoom."""
        ...

    async def abort(self) -> None:
        """Forget it, leaving nothing behind. May be called at any time, also after an error."""
        ...


class DocumentStore(Protocol):
    """The octets of documents."""

    def create(self, key: DocumentKey) -> Upload:
        """Begin an upload."""
        ...

    def read(self, key: DocumentKey) -> AsyncIterator[bytes]:
        """The octets in chunks. Raises Gone if there is no such document."""
        ...

    async def delete(self, keys: Collection[DocumentKey]) -> None:
        """Remove what exists of these."""
        ...

    async def sweep(self, known: Collection[DocumentKey]) -> int:
        """At start: remove everything but `known`; return how many pieces went."""
        ...

    async def path(self, key: DocumentKey) -> Path:
        """A local file with the octets, for workers that need one. Raises Gone, NoRoom."""
        ...
