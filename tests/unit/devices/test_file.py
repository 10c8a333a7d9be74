import asyncio
import errno
import os
import socket
import stat
from pathlib import Path

import pytest

from pagebell.devices import file as module
from pagebell.devices.file import FileDevice, safe_name
from pagebell.spooler.ports import DeviceFailed, DeviceStatus
from pagebell.testing import FakeClock
from tests.unit.devices.raw_printer import until
from tests.unit.devices.work import Bench, Work


def device(path: Path, **more: object) -> FileDevice:
    return FileDevice(f"file://{path}", **more)  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_document_appears_under_the_job_s_number_and_name(tmp_path: Path) -> None:
    work = Work(b"%PDF-1.4 ...", pages=4, number=12, name="Annual report.pdf")
    await device(tmp_path).print(work)
    assert names(tmp_path) == ["12-Annual-report.pdf.pdf"]
    assert (tmp_path / "12-Annual-report.pdf.pdf").read_bytes() == b"%PDF-1.4 ..."
    assert work.progress == [4]


async def test_several_documents_are_numbered(tmp_path: Path) -> None:
    await device(tmp_path).print(Work(b"one", b"two", format="text/plain"))
    assert names(tmp_path) == ["1-Report-1.txt", "1-Report-2.txt"]


async def test_each_copy_is_a_file(tmp_path: Path) -> None:
    await device(tmp_path).print(Work(b"one", format="image/jpeg", copies=2))
    assert names(tmp_path) == ["1-Report-1.jpg", "1-Report-2.jpg"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("/", "untitled"),
        ("", "untitled"),
        ("..", "untitled"),
        ("a\0b\nc", "a-b-c"),
        ("Überweisung №3", "Überweisung-3"),
        ("x" * 500, "x" * 80),
        ("ü" * 500, "ü" * 40),
        (".hidden", "hidden"),
    ],
)
def test_name_of_a_job_never_leads_out_of_the_folder(name: str, safe: str) -> None:
    assert safe_name(Work(name=name).job) == safe


async def test_no_file_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "1-Report.pdf").write_bytes(b"older")
    await device(tmp_path).print(Work(b"newer"))
    assert (tmp_path / "1-Report.pdf").read_bytes() == b"older"
    assert (tmp_path / "1-Report.2.pdf").read_bytes() == b"newer"


async def test_names_are_kept_apart_where_files_have_but_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "1-Report.pdf").write_bytes(b"older")
    await device(tmp_path).print(Work(b"newer"))
    assert (tmp_path / "1-Report.pdf").read_bytes() == b"older"
    assert (tmp_path / "1-Report.2.pdf").read_bytes() == b"newer"
    assert names(tmp_path) == ["1-Report.2.pdf", "1-Report.pdf"]


async def test_folder_is_made_if_its_parent_exists(tmp_path: Path) -> None:
    await device(tmp_path / "out").print(Work(b"x"))
    assert names(tmp_path / "out") == ["1-Report.pdf"]


async def test_target_file_is_replaced_by_each_job(tmp_path: Path) -> None:
    target = device(tmp_path / "last.pdf")
    await target.print(Work(b"first"))
    await target.print(Work(b"second", number=2))
    assert names(tmp_path) == ["last.pdf"]
    assert (tmp_path / "last.pdf").read_bytes() == b"second"


@pytest.mark.parametrize(
    "uri", ["file:relative", "file://host/x", "file:///a/../etc", "file:///x%00y", "http:///x"]
)
def test_odd_uris_are_refused(uri: str) -> None:
    with pytest.raises(ValueError):
        FileDevice(uri)


def test_folder_without_a_parent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no folder"):
        device(tmp_path / "no" / "such")


def special(path: Path, kind: str) -> None:
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind(str(path))
    elif kind == "link to device":
        path.symlink_to("/dev/null")
    elif kind == "link to file":
        (path.parent / "real").write_bytes(b"real")
        path.symlink_to(path.parent / "real")
    elif kind == "dangling link":
        path.symlink_to(path.parent / "nowhere")
    elif kind == "device":
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))


KINDS = ["fifo", "socket", "link to device", "link to file", "dangling link"]
if os.geteuid() == 0:
    KINDS.append("device")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_refused(tmp_path: Path, kind: str) -> None:
    special(tmp_path / "x.pdf", kind)
    with pytest.raises(ValueError, match="regular files and folders only"):
        device(tmp_path / "x.pdf")


@pytest.mark.parametrize("uri", ["file:///dev/null", "file:///dev/zero"])
def test_device_nodes_are_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="regular files and folders only"):
        FileDevice(uri)
    assert stat.S_ISCHR(os.stat(uri.removeprefix("file://")).st_mode)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_became_no_regular_file_is_refused_when_printing(tmp_path: Path, kind: str) -> None:
    target = device(tmp_path / "x.pdf")
    special(tmp_path / "x.pdf", kind)
    before = os.lstat(tmp_path / "x.pdf")
    with pytest.raises(DeviceFailed, match="regular files and folders only"):
        await target.print(Work(b"x"))
    assert os.lstat(tmp_path / "x.pdf").st_ino == before.st_ino
    assert not [name for name in names(tmp_path) if name.endswith(".part")]


async def test_swap_between_looking_and_placing_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = device(tmp_path / "x.pdf")
    sync = module._Sheet.sync

    def swap(sheet: module._Sheet) -> None:
        sync(sheet)
        os.mkfifo(tmp_path / "x.pdf")

    monkeypatch.setattr(module._Sheet, "sync", swap)
    with pytest.raises(DeviceFailed):
        await target.print(Work(b"x"))
    assert stat.S_ISFIFO(os.lstat(tmp_path / "x.pdf").st_mode)


async def test_nobody_sees_half_a_document(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    class Slow(Work):
        async def read(self, document):  # type: ignore[no-untyped-def]
            async for chunk in super().read(document):
                seen.append([name for name in names(tmp_path) if not name.startswith(".")])
                yield chunk

    await device(tmp_path).print(Slow(b"x" * 30))
    assert len(seen) > 1
    assert not any(seen)


async def test_cancelled_job_leaves_nothing(tmp_path: Path) -> None:
    reached = asyncio.Event()

    class Endless(Work):
        async def read(self, document):  # type: ignore[no-untyped-def]
            yield b"x"
            reached.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(device(tmp_path).print(Endless(b"x")))
    await reached.wait()
    task.cancel()
    await asyncio.wait({task})
    assert names(tmp_path) == []


async def test_full_disk_stops_the_device_until_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = 3
    write = os.write
    reports: list[DeviceStatus] = []

    class Clock(FakeClock):
        async def sleep(self, seconds: float) -> None:
            nonlocal room
            reports.append(target._board.status)
            room += 4

    def limited(descriptor: int, data: memoryview) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(descriptor, data[:room])
        room -= written
        return written

    target = device(tmp_path, clock=Clock())
    monkeypatch.setattr(module.os, "write", limited)
    await target.print(Work(b"0123456789"))
    monkeypatch.undo()
    assert (tmp_path / "1-Report.pdf").read_bytes() == b"0123456789"
    assert reports[0].stopped
    assert reports[0].reasons == {"output-area-full-error"}
    assert "make room" in reports[0].message
    assert target._board.status == DeviceStatus()


async def test_folder_out_of_reach_stops_the_device_and_the_document_is_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [True]
    write = module._Sheet.write

    def broken(sheet: module._Sheet, chunk: memoryview) -> int:
        if failing:
            raise OSError(errno.EIO, "Input/output error")
        return write(sheet, chunk)

    monkeypatch.setattr(module._Sheet, "write", broken)
    clock = FakeClock()
    work = Work(b"whole")
    async with Bench(device(tmp_path, clock=clock), clock) as bench:
        done = bench.start(bench.device.print(work))
        await until(lambda: clock.sleepers and bench.reports[-1].stopped)
        assert bench.reports[-1].reasons == {"connecting-to-device", "timed-out-error"}
        assert "out of reach: input/output error" in bench.reports[-1].message
        assert (names(tmp_path), done.done()) == ([], False)
        failing.clear()
        await clock.advance(6)
        async with asyncio.timeout(20):
            await done
        assert names(tmp_path) == ["1-Report.pdf"]
        assert (tmp_path / "1-Report.pdf").read_bytes() == b"whole"
        await until(lambda: bench.reports[-1] == DeviceStatus())


async def test_folder_whose_parent_is_gone_is_waited_for(tmp_path: Path) -> None:
    clock = FakeClock()
    (tmp_path / "stick").mkdir()
    async with Bench(device(tmp_path / "stick" / "out", clock=clock), clock) as bench:
        (tmp_path / "stick").rmdir()
        done = bench.start(bench.device.print(Work(b"x")))
        await until(lambda: clock.sleepers and bench.reports[-1].stopped)
        assert "there is no folder" in bench.reports[-1].message
        (tmp_path / "stick").mkdir()
        await clock.advance(6)
        async with asyncio.timeout(20):
            await done
        assert names(tmp_path / "stick" / "out") == ["1-Report.pdf"]
