"""A disk that is really full: a small file system of the server's own, and what becomes of jobs until there is room."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.codec import GroupTag, Message, encode
from pagebell.ipp.registry import JobState, Op, PrinterState, Status
from tests.asking import Asker, build, job_group, job_id
from tests.peers import absent
from tests.server import ServerProcess, wait_for

pytestmark = pytest.mark.interop("unshare", "mount")

MEGABYTE = bytes(range(256)) * 4096
ROOM = 24
"""Megabytes that the file system has."""
MOUNT = f'mount -t tmpfs -o size={ROOM}m none "$0" && exec "$@"'


class Disk:
    """The server's own file system, seen from outside."""

    def __init__(self, server: ServerProcess, folder: Path) -> None:
        self.folder = Path(f"/proc/{server.process.pid}/root{folder}")

    def fill(self) -> None:
        """Take all the room that is left."""
        with (self.folder / "filler").open("ab", buffering=0) as file:
            for piece in (MEGABYTE, MEGABYTE[:4096], b"x"):
                self._fill(file.fileno(), piece)

    def _fill(self, file: int, piece: bytes) -> None:
        try:
            while os.write(file, piece):
                pass
        except OSError:
            return

    def clear(self) -> None:
        """Give it back."""
        (self.folder / "filler").unlink()

    def files(self, below: str) -> list[int]:
        """The sizes of all files below a folder."""
        return [path.stat().st_size for path in (self.folder / below).rglob("*") if path.is_file()]


@contextmanager
def confined(folder: Path, small: Path, **devices: str) -> Iterator[tuple[Asker, Disk]]:
    """A server with a small file system at `small`, mounted where nobody else sees it."""
    if os.geteuid() != 0:
        absent("only root can mount a file system")
    small.mkdir(parents=True)
    prefix = ("unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNT, str(small))
    with (
        ServerProcess(folder, devices=devices, prefix=prefix) as server,
        Asker(server.authority) as ask,
    ):
        yield ask, Disk(server, small)


def printed(ask: Asker, data: bytes, path: str = "/ipp/print") -> Message:
    """What Print-Job answers; its document comes in chunks."""

    def body() -> Iterator[bytes]:
        yield encode(build(Op.PRINT_JOB, ask.uri(path)))
        for start in range(0, len(data), len(MEGABYTE)):
            yield data[start : start + len(MEGABYTE)]

    return ask.post(body(), path)


def of_job(ask: Asker, number: int) -> JobState:
    group = ask.ask(Op.GET_JOB_ATTRIBUTES, r.job_id(number)).group(GroupTag.JOB)
    assert group is not None
    state = group.get(r.job_state)
    assert state is not None
    return state


def of_printer(ask: Asker, attr: Attr[Any], path: str) -> list[Any]:
    group = ask.ask(Op.GET_PRINTER_ATTRIBUTES, path=path).group(GroupTag.PRINTER)
    assert group is not None
    return group.all(attr)


def test_jobs_are_refused_for_a_time_while_there_is_no_room(tmp_path: Path) -> None:
    with confined(tmp_path, tmp_path / "state", Null="null:") as (ask, disk):
        held = [job_group(r.job_hold_until("indefinite"))]
        waiting = job_id(ask.ask(Op.PRINT_JOB, groups=held, data=MEGABYTE))
        disk.fill()
        for document in (b"x", MEGABYTE * 3):  # within the state's own file, and as a file of its own
            answer = printed(ask, document)
            assert answer.code == Status.SERVER_ERROR_TEMPORARY_ERROR
            assert "at present" in str(answer)
        assert ask.ask(Op.GET_PRINTER_ATTRIBUTES).code == Status.SUCCESSFUL_OK
        assert of_job(ask, waiting) is JobState.PENDING_HELD
        disk.clear()
        assert printed(ask, MEGABYTE).code == Status.SUCCESSFUL_OK
        ask.ask(Op.RELEASE_JOB, r.job_id(waiting))
        wait_for(lambda: of_job(ask, waiting) is JobState.COMPLETED, "the job that had waited")


def test_document_that_does_not_fit_takes_no_room_from_others(tmp_path: Path) -> None:
    with confined(tmp_path, tmp_path / "state", Null="null:") as (ask, disk):
        before = sum(disk.files("."))
        answer = printed(ask, MEGABYTE * (ROOM + 8))
        assert answer.code == Status.SERVER_ERROR_TEMPORARY_ERROR
        wait_for(lambda: disk.files("spool") == [], "what had come to be removed")
        assert sum(disk.files(".")) - before < len(MEGABYTE)
        for _ in range(3):
            assert printed(ask, MEGABYTE * 4).code == Status.SUCCESSFUL_OK


def test_job_that_is_printing_goes_on_where_there_is_room_again(tmp_path: Path) -> None:
    with confined(tmp_path, tmp_path / "state", Slow="simulated://?ppm=600&warmup=0") as (ask, disk):
        number = job_id(ask.ask(Op.PRINT_JOB, data=b"%!PS\n%%Pages: 30\n%%EOF\n"))
        wait_for(lambda: of_job(ask, number) is JobState.PROCESSING, "the job to be printed")
        disk.fill()
        assert printed(ask, b"x").code == Status.SERVER_ERROR_TEMPORARY_ERROR
        disk.clear()
        wait_for(lambda: of_job(ask, number) is JobState.COMPLETED, "its end")


def test_output_folder_that_is_full_stops_its_printer_and_no_other(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with confined(tmp_path, out, Full=out.as_uri(), Null="null:") as (ask, disk):
        disk.fill()
        number = job_id(printed(ask, MEGABYTE, "/ipp/print/Full"))

        def stopped() -> bool:
            return of_printer(ask, r.printer_state, "/ipp/print/Full") == [PrinterState.STOPPED]

        wait_for(stopped, "the printer to stop")
        other = job_id(printed(ask, MEGABYTE, "/ipp/print/Null"))
        wait_for(lambda: of_job(ask, other) is JobState.COMPLETED, "the other printer's job")
        disk.clear()
        wait_for(lambda: of_job(ask, number) is JobState.COMPLETED, "the job that had no room", 60)
        assert disk.files(".") == [len(MEGABYTE)]
