"""The processes that count pages: what kills them never hurts the server."""

import asyncio
import sys
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from pagebell.converters.inspect import WorkerInspector
from pagebell.model.errors import DocumentDamaged, Gone
from pagebell.testing import pdf

PDF = "application/pdf"


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("documents") / "three.pdf"
    path.write_bytes(pdf(3))
    return path


@pytest.fixture
async def inspector() -> AsyncIterator[WorkerInspector]:
    async with WorkerInspector() as found:
        yield found


def fake(script: str, **more: float) -> WorkerInspector:
    """An inspector whose workers run this instead."""
    return WorkerInspector(command=[sys.executable, "-I", "-c", script], **more)  # type: ignore[arg-type]


def pids(inspector: WorkerInspector) -> list[int]:
    return [worker.process.pid for worker in inspector._idle]


async def test_pages_are_counted_and_the_worker_stays_warm(
    inspector: WorkerInspector, document: Path
) -> None:
    assert pids(inspector) == []
    assert await inspector.impressions(document, PDF) == 3
    first = pids(inspector)
    assert await inspector.impressions(document, PDF) == 3
    assert pids(inspector) == first
    assert len(first) == 1


async def test_formats_without_pages_start_no_process(inspector: WorkerInspector, document: Path) -> None:
    assert await inspector.impressions(document, "application/octet-stream") is None
    assert pids(inspector) == []


async def test_damaged_document_is_told_and_the_worker_lives(
    inspector: WorkerInspector, document: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 nonsense")
    await inspector.impressions(document, PDF)
    worker = pids(inspector)
    with pytest.raises(DocumentDamaged, match="The PDF is damaged"):
        await inspector.impressions(tmp_path / "bad.pdf", PDF)
    assert pids(inspector) == worker


async def test_missing_document_is_gone(inspector: WorkerInspector, tmp_path: Path) -> None:
    with pytest.raises(Gone):
        await inspector.impressions(tmp_path / "none.pdf", PDF)


def bomb(octets: int) -> bytes:
    """A PDF whose objects unfold to so many octets."""
    chunk = zlib.compressobj(9)
    packed = b"".join([chunk.compress(b" " * 2**20) for _ in range(octets >> 20)]) + chunk.flush()
    head = b"%PDF-1.5\n"
    stream = b"<</Type /ObjStm /N 2 /First 20 /Filter /FlateDecode /Length %d>>\nstream\n" % len(packed)
    body = head + b"1 0 obj\n" + stream + packed + b"\nendstream\nendobj\n"
    rows = b"\x00\x00\x00\x00\x00\xff" + b"\x01" + len(head).to_bytes(4, "big") + b"\x00"
    rows += b"\x02" + (1).to_bytes(4, "big") + b"\x00" + b"\x02" + (1).to_bytes(4, "big") + b"\x01"
    rows += b"\x01" + len(body).to_bytes(4, "big") + b"\x00"
    table = b"4 0 obj\n<</Type /XRef /Size 5 /W [1 4 1] /Root 2 0 R /Length %d>>\nstream\n" % len(rows)
    return body + table + rows + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(body)


async def test_document_that_unfolds_beyond_the_memory_is_damaged_and_the_next_one_is_fine(
    document: Path, tmp_path: Path
) -> None:
    (tmp_path / "bomb.pdf").write_bytes(bomb(1 << 29))
    async with WorkerInspector(memory=1 << 28) as inspector:
        with pytest.raises(DocumentDamaged):
            await inspector.impressions(tmp_path / "bomb.pdf", PDF)
        assert await inspector.impressions(document, PDF) == 3


async def test_document_that_hangs_its_worker_is_damaged_and_the_process_gone(document: Path) -> None:
    hang = "import sys, time\nsys.stdin.readline()\ntime.sleep(60)"
    async with fake(hang, timeout=0.3) as inspector:
        with pytest.raises(DocumentDamaged, match="can't be read in reasonable time and memory"):
            await inspector.impressions(document, PDF)
        assert not psutil.Process().children()


async def test_document_that_kills_its_worker_is_damaged(document: Path) -> None:
    async with fake("import os, sys; sys.stdin.readline(); os.abort()") as inspector:
        with pytest.raises(DocumentDamaged):
            await inspector.impressions(document, PDF)


async def test_worker_that_talks_nonsense_is_ended(document: Path) -> None:
    async with fake("import sys; sys.stdin.readline(); print('pages: 3', flush=True)") as inspector:
        with pytest.raises(DocumentDamaged):
            await inspector.impressions(document, PDF)


async def test_worker_that_answers_without_end_is_ended(document: Path) -> None:
    endless = "import sys; sys.stdin.readline(); sys.stdout.write('x' * 10**6); sys.stdout.flush(); input()"
    async with fake(endless, timeout=5) as inspector:
        with pytest.raises(DocumentDamaged):
            await inspector.impressions(document, PDF)


async def test_worker_that_died_while_idle_is_replaced(inspector: WorkerInspector, document: Path) -> None:
    await inspector.impressions(document, PDF)
    (worker,) = inspector._idle
    worker.process.kill()
    await worker.process.wait()
    assert await inspector.impressions(document, PDF) == 3


async def test_without_processes_there_is_no_count(document: Path) -> None:
    async with WorkerInspector(command=["/no/such/program"]) as inspector:
        assert await inspector.impressions(document, PDF) is None


async def test_workers_are_recycled_and_never_more_than_allowed(document: Path) -> None:
    async with WorkerInspector(workers=2, recycle=3) as inspector:
        counts = await asyncio.gather(*[inspector.impressions(document, PDF) for _ in range(10)])
        assert counts == [3] * 10
        assert len(pids(inspector)) <= 2
        assert all(worker.documents < 3 for worker in inspector._idle)


async def test_cancelled_question_ends_its_worker(document: Path) -> None:
    async with fake("import sys, time; print(sys.stdin.readline()); time.sleep(60)", timeout=60) as inspector:
        asking = asyncio.ensure_future(inspector.impressions(document, PDF))
        while not inspector._busy:
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
        assert asking.cancelled()
        assert not psutil.Process().children()


async def test_nothing_is_left_after_close(document: Path) -> None:
    inspector = WorkerInspector()
    await inspector.impressions(document, PDF)
    (pid,) = pids(inspector)
    await inspector.aclose()
    assert not psutil.pid_exists(pid)
