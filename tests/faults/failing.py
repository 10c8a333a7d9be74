"""A disk and a database whose n-th operation fails."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from pagebell.stores import sqlite
from pagebell.stores.disk import Disk


class Countdown:
    """Fails the n-th operation of a kind, and only that one."""

    def __init__(self, kind: str, n: int) -> None:
        self._kind = kind
        self.left = n
        self.failed = False

    def due(self, what: str) -> bool:
        """Whether this operation is the one."""
        if what != self._kind:
            return False
        self.left -= 1
        self.failed = self.failed or self.left == 0
        return self.left == 0


class FailingDisk(Disk):
    """`Disk` on which one operation finds no room."""

    def __init__(self, countdown: Countdown) -> None:
        self._countdown = countdown

    def _count(self, what: str) -> None:
        if self._countdown.due(what):
            raise OSError(errno.ENOSPC, "No space left on device")

    def create(self, path: Path) -> BinaryIO:
        self._count("create")
        return super().create(path)

    def write(self, file: BinaryIO, data: memoryview) -> None:
        if self._countdown.due("write"):
            super().write(file, data[: len(data) // 2])  # a disk fills up in the middle of a write
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(file, data)

    def sync(self, file: BinaryIO) -> None:
        self._count("sync")
        super().sync(file)

    def move(self, source: Path, target: Path) -> None:
        self._count("move")
        super().move(source, target)

    def sync_folder(self, folder: Path) -> None:
        self._count("sync folder")
        super().sync_folder(folder)

    def remove(self, path: Path) -> None:
        self._count("remove")
        super().remove(path)


def _full() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


_WRITES = ("insert", "update", "delete", "begin", "commit")
KINDS = ("create", "write", "sync", "move", "sync folder", *_WRITES)
"""Every operation by which something reaches the disk, or marks that it has."""


def failing_connect(countdown: Countdown) -> sqlite.Connect:
    """A `connect` for SqliteStore whose connection's n-th writing statement finds no room."""

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
            if sql.lstrip().startswith(_WRITES) and countdown.due(sql.split(maxsplit=1)[0]):
                raise _full()
            return super().execute(sql, parameters)

        def executemany(self, sql: str, parameters: Iterable[Any]) -> sqlite3.Cursor:
            if countdown.due(sql.split(maxsplit=1)[0]):
                raise _full()
            return super().executemany(sql, parameters)

    def connect(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, factory=Connection)
        connection.execute("pragma synchronous=off")
        return connection

    return connect
