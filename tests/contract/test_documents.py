"""What every `ports.DocumentStore` keeps to; a new one is one more line in STORES."""

import hashlib
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from pagebell.model.document import DocumentKey
from pagebell.model.errors import Gone
from pagebell.spooler.ports import Change, DocumentStore, Stored, Upload
from pagebell.stores.files import FileDocumentStore
from pagebell.stores.tiered import TieredDocumentStore
from pagebell.testing import MemoryDocumentStore

KEY, OTHER = DocumentKey("1-1-abc"), DocumentKey("2-1-def")

_memories: dict[Path, MemoryDocumentStore] = {}


def _memory(folder: Path) -> DocumentStore:
    return _memories.setdefault(folder, MemoryDocumentStore())


def _files(folder: Path) -> DocumentStore:
    return FileDocumentStore(folder)


class _Tiered(TieredDocumentStore):
    """With a store of contents that takes them at once, as the transaction of the document's row does."""

    def __init__(self, folder: Path) -> None:
        self.kept: dict[DocumentKey, bytes] = {}
        super().__init__(self, FileDocumentStore(folder))

    async def content(self, key: DocumentKey) -> bytes | None:
        return self.kept.get(key)

    async def content_keys(self) -> set[DocumentKey]:
        return set(self.kept)

    async def commit(self, change: Change) -> None:
        for key in change.gone_contents:
            self.kept.pop(key, None)

    async def delete(self, keys: Collection[DocumentKey]) -> None:
        for key in keys:
            self.kept.pop(key, None)
        await super().delete(keys)


_tiereds: dict[Path, _Tiered] = {}


def _tiered(folder: Path) -> DocumentStore:
    return _tiereds.setdefault(folder, _Tiered(folder))


STORES: list[Callable[[Path], DocumentStore]] = [_memory, _files, _tiered]


async def commit(documents: DocumentStore, upload: Upload) -> Stored:
    """Commit, with the transaction that takes a small document's content."""
    stored = await upload.commit()
    if stored.content is not None:
        assert isinstance(documents, _Tiered)
        documents.kept[stored.content.key] = stored.content.octets
    return stored


@pytest.fixture(params=STORES, ids=lambda make: make.__name__.strip("_"))
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> DocumentStore:
    store: DocumentStore = request.param(tmp_path)
    return store


async def content(documents: DocumentStore, key: DocumentKey) -> bytes:
    return b"".join([chunk async for chunk in documents.read(key)])


async def put(documents: DocumentStore, key: DocumentKey, octets: bytes) -> None:
    upload = documents.create(key)
    await upload.write(octets)
    await commit(documents, upload)


@pytest.mark.parametrize("chunks", [[], [b"a"], [b"a", b"", b"bc"], [b"x" * 700_000, b"y" * 700_000]])
async def test_what_is_committed_is_read_back_whole(documents: DocumentStore, chunks: list[bytes]) -> None:
    upload = documents.create(KEY)
    for chunk in chunks:
        await upload.write(chunk)
    stored = await commit(documents, upload)
    whole = b"".join(chunks)
    assert (stored.octets, stored.digest) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert await content(documents, KEY) == whole
    assert (await documents.path(KEY)).read_bytes() == whole


async def test_nothing_is_seen_before_commit(documents: DocumentStore) -> None:
    upload = documents.create(KEY)
    await upload.write(b"half")
    with pytest.raises(Gone):
        await content(documents, KEY)
    await upload.abort()


async def test_abort_leaves_nothing(documents: DocumentStore) -> None:
    upload = documents.create(KEY)
    await upload.write(b"x" * 2_000_000)
    await upload.abort()
    await upload.abort()
    with pytest.raises(Gone):
        await content(documents, KEY)
    assert await documents.sweep([]) == 0


async def test_abort_before_the_first_octet_is_fine(documents: DocumentStore) -> None:
    await documents.create(KEY).abort()


async def test_unknown_document_is_gone(documents: DocumentStore) -> None:
    with pytest.raises(Gone):
        await content(documents, KEY)
    with pytest.raises(Gone):
        await documents.path(KEY)


async def test_delete_removes_what_is_there(documents: DocumentStore) -> None:
    await put(documents, KEY, b"x")
    await put(documents, OTHER, b"y")
    await documents.delete([KEY, DocumentKey("no-such")])
    with pytest.raises(Gone):
        await content(documents, KEY)
    assert await content(documents, OTHER) == b"y"


async def test_sweep_removes_all_but_the_known_and_counts(documents: DocumentStore) -> None:
    await put(documents, KEY, b"x")
    await put(documents, OTHER, b"y")
    begun = documents.create(DocumentKey("3-1-xyz"))
    await begun.write(b"z" * 2_000_000)
    assert await documents.sweep([OTHER]) == 2
    assert await content(documents, OTHER) == b"y"
    await begun.abort()
