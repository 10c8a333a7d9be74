"""A document of hundreds of megabytes needs no more memory than a small one."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import encode
from pagebell.ipp.registry import Op, Status
from tests.asking import Asker, build
from tests.server import ServerProcess

MEGABYTE = bytes(range(256)) * 4096
SIZE = 300
MOST = 40_000_000
"""Octets by which the server may grow."""


class Meter:
    """Looks at the server's memory each time that a piece of the document is taken."""

    def __init__(self, server: ServerProcess) -> None:
        self.process = psutil.Process(server.process.pid)
        self.before = self.process.memory_info().rss
        self.peak = self.before

    def document(self, request: bytes) -> Iterator[bytes]:
        """A request with a long document, in pieces."""
        yield request
        for _ in range(SIZE):
            yield MEGABYTE
            self.peak = max(self.peak, self.process.memory_info().rss)


@pytest.mark.parametrize("chunked", [False, True])
def test_memory_does_not_grow_with_the_document(tmp_path: Path, chunked: bool) -> None:
    with ServerProcess(tmp_path, devices={"Null": "null:"}) as server, Asker(server.authority) as ask:
        ask.ask(Op.PRINT_JOB, data=MEGABYTE)  # what is loaded at the first job is loaded now
        request = encode(build(Op.PRINT_JOB, server.uri("Null"), r.job_name("Large")))
        length = {} if chunked else {"Content-Length": str(len(request) + SIZE * len(MEGABYTE))}
        meter = Meter(server)
        answer = ask.post(meter.document(request), **length)
        assert answer.code == Status.SUCCESSFUL_OK
        stored = sum(path.stat().st_size for path in (server.state / "spool").rglob("*") if path.is_file())
        assert stored >= SIZE * len(MEGABYTE)
        meter.peak = max(meter.peak, meter.process.memory_info().rss)
    assert meter.peak - meter.before < MOST


def test_upload_to_a_dead_server_is_not_acknowledged(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, devices={"Null": "null:"}) as server, Asker(server.authority) as ask:
        request = encode(build(Op.PRINT_JOB, server.uri("Null")))

        def pieces() -> Iterator[bytes]:
            yield request + MEGABYTE
            server.kill()
            yield MEGABYTE

        with pytest.raises((OSError, http.client.HTTPException)):
            ask.post(pieces())
        server.start()  # again, on the same folder: nothing half-stored is left
        files = [path for path in (server.state / "spool").rglob("*") if path.is_file()]
        assert files == []
