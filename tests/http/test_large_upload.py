"""A document of hundreds of megabytes, or of two gigabytes (`make soak`), needs no more memory than a small one."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, GroupTag, encode
from pagebell.ipp.registry import JobState, Op, Status
from tests.asking import Asker, build, job_id
from tests.server import ServerProcess, wait_for

MEGABYTE = bytes(range(256)) * 4096
SOAK = os.environ.get("PAGEBELL_SOAK") == "1"
SIZE = 2100 if SOAK else 300
"""Megabytes; more than 2^31 octets where there is time for it."""
LONG = 120.0
"""Seconds to wait for a disk that is slow."""
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
            self.look()

    def look(self) -> None:
        """How much is it now?"""
        self.peak = max(self.peak, self.process.memory_info().rss)

    def finds(self, ask: Asker, number: Attribute, state: JobState) -> bool:
        """Look, and ask whether the job is in that state."""
        self.look()
        group = ask.ask(Op.GET_JOB_ATTRIBUTES, number).group(GroupTag.JOB)
        return group is not None and group.get(r.job_state) is state


@pytest.mark.timeout(600 if SOAK else 120)
@pytest.mark.parametrize("chunked", [False, True])
def test_memory_does_not_grow_with_the_document(tmp_path: Path, chunked: bool) -> None:
    with ServerProcess(tmp_path, devices={"Null": "null:"}) as server, Asker(server.authority, LONG) as ask:
        ask.ask(Op.PRINT_JOB, data=MEGABYTE)  # what is loaded at the first job is loaded now
        request = encode(build(Op.PRINT_JOB, server.uri("Null"), r.job_name("Large")))
        length = {} if chunked else {"Content-Length": str(len(request) + SIZE * len(MEGABYTE))}
        meter = Meter(server)
        answer = ask.post(meter.document(request), **length)
        assert answer.code == Status.SUCCESSFUL_OK
        stored = sum(path.stat().st_size for path in (server.state / "spool").rglob("*") if path.is_file())
        assert stored >= SIZE * len(MEGABYTE)
        number = r.job_id(job_id(answer))
        wait_for(lambda: meter.finds(ask, number, JobState.COMPLETED), "its device to have read it", LONG)
        told = ask.ask(Op.GET_JOB_ATTRIBUTES, number).group(GroupTag.JOB)
        assert told is not None and told.get(r.job_k_octets) == SIZE * 1024
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
