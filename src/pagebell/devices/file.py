"""A device that is a folder or a file: each job's documents appear there, whole or not at all.

A PDF is as its job's ticket wants it, copies included (`pagebell.converters.pages`); of other documents each copy is
a file.

It writes to regular files in folders and to nothing else: not to device nodes, FIFOs, sockets or through
symbolic links, whatever happens to the folder meanwhile.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import stat
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from pagebell.clock import SystemClock
from pagebell.devices.status import READY, StatusBoard, out_of_reach
from pagebell.model.document import Document
from pagebell.model.job import Job
from pagebell.model.printer import PDF_VERSIONS, Capabilities
from pagebell.spooler.ports import Clock, DeviceFailed, DeviceStatus, Report, Work

log = logging.getLogger(__name__)
T = TypeVar("T")

EXTENSIONS = {
    "application/pdf": "pdf",
    "image/pwg-raster": "pwg",
    "image/urf": "urf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "application/postscript": "ps",
    "text/plain": "txt",
    "application/vnd.hp-pcl": "pcl",
    "application/oxps": "oxps",
}
_MEDIA = (
    "iso_a4_210x297mm",
    "na_letter_8.5x11in",
    "iso_a3_297x420mm",
    "iso_a5_148x210mm",
    "na_legal_8.5x14in",
)
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_NAME_LENGTH = 80
_ASIDE = ".pagebell-"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def parse(uri: str) -> Path:
    """The path that a `file:` URI names. Raises ValueError."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
        raise ValueError(f"{uri!r}: write file:///folder or file:///folder/name.pdf")
    path = Path(unquote(parts.path))
    if not path.is_absolute() or "\0" in str(path) or ".." in path.parts:
        raise ValueError(f"{uri!r}: the path must be absolute, without '..'")
    return path


@dataclass(frozen=True, slots=True)
class Target:
    """Where documents go: a folder, and the one file in it where each job replaces the one before."""

    folder: Path
    file: str | None = None


def target(path: Path) -> Target:
    """What the path is, or is to be. Raises ValueError for what no document may be written to."""
    if path.is_dir():
        return Target(path)
    _refuse_special(path)
    if path.exists():
        return Target(path.parent, path.name)
    if not path.parent.is_dir():
        raise ValueError(f"{path}: there is no folder {path.parent}")
    return Target(path.parent, path.name) if path.suffix else Target(path)


def _refuse_special(path: Path, folder: int | None = None) -> None:
    """Raise ValueError if there is something at the path that is no regular file."""
    try:
        mode = os.stat(path, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        kind = "a symbolic link" if stat.S_ISLNK(mode) else "no regular file or folder"
        raise ValueError(f"{path} is {kind}: documents are written to regular files and folders only")


def safe_name(job: Job) -> str:
    """The job's name as part of a file's name: letters, digits and single dashes."""
    words = re.sub(r"[^\w.]+", "-", job.name).strip("-._")
    return words.encode()[:_NAME_LENGTH].decode(errors="ignore").rstrip("-._") or "untitled"


class FileDevice:
    """`file:///folder` or `file:///folder/name.ext` (`ports.Device`)."""

    capabilities = Capabilities(
        make_and_model="Pagebell File",
        formats=(
            "application/pdf",
            "image/pwg-raster",
            "image/urf",
            "image/jpeg",
            "image/png",
            "application/postscript",
            "text/plain",
            "application/octet-stream",
        ),
        media=_MEDIA,
        sides=("one-sided", "two-sided-long-edge", "two-sided-short-edge"),
        pdf_versions=PDF_VERSIONS,
        color=True,
        resolutions=(300, 600),
        identify=("display",),
        collates=False,
        paper=False,
    )

    def __init__(self, uri: str, *, clock: Clock | None = None, retry: float = 5.0) -> None:
        self._path = parse(uri)
        target(self._path)
        self._clock = clock or SystemClock()
        self._retry = retry
        self._board = StatusBoard()

    async def watch(self, report: Report) -> None:
        """Report when the disk is full or out of reach, and when no longer."""
        await self._board.watch(report)

    async def print(self, work: Work) -> None:
        """Write the job's documents. Raises DeviceFailed."""
        try:
            files = [document for document in work.documents for _ in range(work.job.ticket.copies or 1)]
            for number, document in enumerate(files, 1):
                await self._until_written(work, document, number if len(files) > 1 else None)
        except ValueError as error:
            raise DeviceFailed(str(error)) from None
        finally:
            self._board.set(READY)
        await work.printed(work.job.impressions or len(work.documents))

    async def identify(self, actions: Collection[str], message: str) -> None:
        """Say so in the log."""
        log.info("identify %s (%s): %s", self._path, ", ".join(sorted(actions)), message)

    async def _until_written(self, work: Work, document: Document, number: int | None) -> None:
        """Try again while the folder is out of reach; nobody has seen anything of the document before it is whole."""
        while True:
            try:
                where = await _in_thread(self._prepare)
                await self._write(work, document, number, where)
            except OSError as error:
                why = error.strerror or "it can't be written"
                self._board.set(out_of_reach(str(self._path), why[0].lower() + why[1:]))
                await self._clock.sleep(self._retry)
            else:
                self._board.set(READY)
                return

    def _prepare(self) -> Target:
        if not self._path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, f"there is no folder {self._path.parent}")
        where = target(self._path)
        with suppress(FileExistsError):
            where.folder.mkdir()
        return where

    async def _write(self, work: Work, document: Document, number: int | None, where: Target) -> None:
        sheet = _Sheet(where)
        try:
            await _in_thread(sheet.open)
            async for chunk in work.read(document):
                await self._put(sheet, chunk)
            await self._insist(sheet.sync)
            await _in_thread(lambda: sheet.place(work.job, document, number))
        finally:
            await _in_thread(sheet.close)

    async def _put(self, sheet: _Sheet, chunk: bytes) -> None:
        rest = memoryview(chunk)
        while rest:
            written = await self._insist(partial(sheet.write, rest))
            rest = rest[written:]

    async def _insist(self, attempt: Callable[[], T]) -> T:
        """Repeat it until there is room on the disk."""
        while True:
            try:
                result = await _in_thread(attempt)
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                message = f"The disk of {self._path} is full: make room, and printing goes on."
                self._board.set(DeviceStatus(True, frozenset({"output-area-full-error"}), message))
                await self._clock.sleep(self._retry)
            else:
                self._board.set(READY)
                return result


class _Sheet:
    """One document being written aside, until it is placed. All of it blocks: for a worker thread."""

    def __init__(self, where: Target) -> None:
        self._where = where
        self._aside = f"{_ASIDE}{uuid.uuid4().hex}.part"
        self._folder = -1
        self._file = -1

    def open(self) -> None:
        self._folder = os.open(self._where.folder, _FOLDER)
        self._file = os.open(self._aside, _NEW, 0o640, dir_fd=self._folder)
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            raise ValueError(f"{self._where.folder} is no place for regular files")

    def write(self, chunk: memoryview) -> int:
        return os.write(self._file, chunk)

    def sync(self) -> None:
        os.fsync(self._file)

    def place(self, job: Job, document: Document, number: int | None) -> None:
        """Give it its name, where no other file loses its own but the target of an earlier job."""
        suffix = "" if number is None else f"-{number}"
        if self._where.file is not None:
            stem, dot, extension = self._where.file.rpartition(".")
            name = f"{stem}{suffix}{dot}{extension}" if stem else f"{self._where.file}{suffix}"
            _refuse_special(Path(name), self._folder)
            os.replace(self._aside, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        else:
            extension = EXTENSIONS.get(document.format, "bin")
            attempt = 1
            while not self._place_new(f"{job.id}-{safe_name(job)}{suffix}{_again(attempt)}.{extension}"):
                attempt += 1
        os.fsync(self._folder)

    def _place_new(self, name: str) -> bool:
        try:
            os.link(
                self._aside,
                name,
                src_dir_fd=self._folder,
                dst_dir_fd=self._folder,
                follow_symlinks=False,
            )
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return self._move_new(name)
        return True

    def _move_new(self, name: str) -> bool:
        """As `_place_new` where files can't have two names: reserve the name, then move onto it."""
        try:
            os.close(os.open(name, _NEW, 0o640, dir_fd=self._folder))
        except FileExistsError:
            return False
        os.replace(self._aside, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        return True

    def close(self) -> None:
        """Leave nothing aside."""
        if self._file >= 0:
            with suppress(FileNotFoundError):
                os.unlink(self._aside, dir_fd=self._folder)
            os.close(self._file)
        if self._folder >= 0:
            os.close(self._folder)


def _again(attempt: int) -> str:
    return "" if attempt == 1 else f".{attempt}"


async def _in_thread(function: Callable[[], T]) -> T:
    """Run it in a worker thread, to its end even if cancelled: no descriptor is closed under a write."""
    running = asyncio.ensure_future(asyncio.to_thread(function))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        if not running.cancelled():
            running.exception()
        raise
