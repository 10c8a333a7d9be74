"""How documents travel: in chunks, slowly, compressed, broken off, and to a server that wants no more of them."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pagebell.app import Running
from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, encode
from pagebell.ipp.registry import Op, Status
from pagebell.model.event import JobState
from pagebell.spooler.ports import JobQuery
from tests.asking import build, job_id
from tests.http.wire import Wire, chunk, head
from tests.watching import finished

Connect = Callable[[], Wire]
TEXT = b"All the news that is fit to print.\n" * 3000


def print_job(*attributes: Attribute) -> bytes:
    return encode(build(Op.PRINT_JOB, "ipp://printer.test/ipp/print/PDF", *attributes))


def contents(folder: Path) -> list[bytes]:
    """What is in its files."""
    return [path.read_bytes() for path in folder.iterdir()]


def leftovers(running: Running) -> list[Path]:
    return [path for path in (running.state / "spool").rglob("*") if path.is_file()]


async def test_chunked_upload_arrives_whole(connect: Connect, running: Running, output: Path) -> None:
    octets = print_job() + TEXT
    async with connect() as wire:
        await wire.send(head(None))
        for start in range(0, len(octets), 7001):
            await wire.send(chunk(octets[start : start + 7001]))
        await wire.send(chunk(b""))
        await finished(running.spooler, job_id((await wire.response()).ipp))
    assert contents(output) == [TEXT]


async def test_upload_octet_by_octet_arrives_whole(connect: Connect, running: Running, output: Path) -> None:
    octets = print_job() + b"slow\n"
    async with connect() as wire:
        await wire.send(head(len(octets)))
        for octet in octets:
            await wire.send(bytes([octet]))
            await asyncio.sleep(0)
        await finished(running.spooler, job_id((await wire.response()).ipp))
    assert contents(output) == [b"slow\n"]


async def test_client_that_expects_100_continue_is_told_to_go_on(connect: Connect, running: Running) -> None:
    octets = print_job() + TEXT
    async with connect() as wire:
        await wire.send(head(len(octets), "Expect: 100-continue"))
        assert (await wire.response()).status == 100
        await wire.send(octets)
        assert (
            await finished(running.spooler, job_id((await wire.response()).ipp))
        ).state is JobState.COMPLETED


async def test_refusal_reaches_a_client_that_still_sends_and_its_connection_lives(connect: Connect) -> None:
    request = print_job(r.document_format("application/x-nobody-has-this"))
    rest = b"x" * 2_000_000
    async with connect() as wire:
        await wire.send(head(len(request) + len(rest)) + request)
        answer = (await wire.response()).ipp
        assert answer.code == Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED
        await wire.send(rest)
        again = await wire.post(encode(build(Op.GET_JOBS, "ipp://printer.test/")))
        assert again.ipp.code == Status.SUCCESSFUL_OK


async def test_client_that_sends_for_ever_after_its_refusal_is_cut_off(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pagebell.ipp.server.http.LINGER", 100_000)
    request = print_job(r.document_format("application/x-nobody-has-this"))
    async with connect() as wire:
        await wire.send(head(None) + chunk(request))
        assert (await wire.response()).ipp.code == Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED
        with suppress(ConnectionError):
            while not wire.reader.at_eof():
                await wire.send(chunk(b"x" * 10_000))
        assert await wire.ended()


@pytest.mark.parametrize("chunked", [True, False])
async def test_upload_that_breaks_off_aborts_its_job_and_leaves_no_file(
    connect: Connect, running: Running, output: Path, chunked: bool, caplog: pytest.LogCaptureFixture
) -> None:
    octets = print_job(r.job_name("Half")) + TEXT[:50_000]
    async with connect() as wire:
        await wire.send(head(None) + chunk(octets) if chunked else head(len(octets) + 1) + octets)
    job = await finished(running.spooler)
    assert (job.state, job.name, job.documents) == (JobState.ABORTED, "Half", ())
    assert job.message == "The document broke off while it was sent."
    assert leftovers(running) == []
    assert contents(output) == []
    assert "internal error" not in caplog.text


async def test_document_of_a_created_job_that_breaks_off_aborts_it(
    connect: Connect, running: Running
) -> None:
    uri = "ipp://printer.test/ipp/print/PDF"
    async with connect() as wire:
        number = job_id((await wire.post(encode(build(Op.CREATE_JOB, uri)))).ipp)
        send = encode(build(Op.SEND_DOCUMENT, uri, r.job_id(number), r.last_document(True)))
        await wire.send(head(len(send) + 100) + send + b"half")
    job = await finished(running.spooler, number)
    assert job.state is JobState.ABORTED
    assert leftovers(running) == []


async def test_request_that_breaks_off_in_its_attributes_does_nothing(
    connect: Connect, running: Running
) -> None:
    octets = print_job()
    async with connect() as wire:
        await wire.send(head(len(octets)) + octets[:-20])
    async with connect() as wire:
        assert (await wire.post(encode(build(Op.GET_JOBS, "ipp://printer.test/")))).status == 200
    assert await running.spooler.jobs.list(JobQuery()) == []
    assert await running.spooler.jobs.list(JobQuery(finished=True)) == []


def raw_deflate(octets: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(octets) + engine.flush()


@pytest.mark.parametrize(
    ("compression", "squeeze"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)],
)
async def test_compressed_document_is_printed_as_it_was(
    connect: Connect, running: Running, output: Path, compression: str, squeeze: Callable[[bytes], bytes]
) -> None:
    async with connect() as wire:
        answer = await wire.post(print_job(r.compression(compression)) + squeeze(TEXT))
        await finished(running.spooler, job_id(answer.ipp))
    assert contents(output) == [TEXT]


@pytest.mark.parametrize(
    "damage",
    [lambda octets: octets[:-30], lambda octets: octets[:60] + b"?" * 60 + octets[120:], lambda octets: TEXT],
    ids=["cut short", "overwritten", "not compressed at all"],
)
async def test_damaged_compression_is_refused_and_its_job_aborted(
    connect: Connect, running: Running, damage: Callable[[bytes], bytes]
) -> None:
    async with connect() as wire:
        answer = await wire.post(print_job(r.compression("gzip")) + damage(gzip.compress(TEXT)))
        assert answer.ipp.code == Status.CLIENT_ERROR_COMPRESSION_ERROR
        assert (await wire.post(encode(build(Op.GET_JOBS, "ipp://printer.test/")))).status == 200
    job = await finished(running.spooler)
    assert job.state is JobState.ABORTED
    assert "compression-error" in job.reasons
    assert leftovers(running) == []


class TestSilence:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"http": {"body-silence": 0.2}}

    async def test_client_that_falls_silent_is_taken_for_gone(
        self, connect: Connect, running: Running
    ) -> None:
        octets = print_job() + b"and then"
        async with connect() as wire:
            await wire.send(head(len(octets) + 1) + octets)
            assert (await wire.response()).status == 408
            assert await wire.ended()
        assert (await finished(running.spooler)).state is JobState.ABORTED
        assert leftovers(running) == []


class TestTooLarge:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"spooler": {"max-document": 10_000}}

    async def test_document_beyond_the_limit_is_refused_and_its_job_aborted(
        self, connect: Connect, running: Running
    ) -> None:
        async with connect() as wire:
            answer = await wire.post(print_job() + b"x" * 10_001)
            assert answer.ipp.code == Status.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE
        assert (await finished(running.spooler)).state is JobState.ABORTED
        assert leftovers(running) == []

    async def test_what_inflates_beyond_the_limit_is_refused(
        self, connect: Connect, running: Running
    ) -> None:
        async with connect() as wire:
            answer = await wire.post(print_job(r.compression("gzip")) + gzip.compress(bytes(50_000_000)))
            assert answer.ipp.code == Status.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE
        assert leftovers(running) == []
