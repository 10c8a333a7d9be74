"""The write-ahead log is brought into the state file while nobody waits."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

from pagebell.stores.sqlite import SqliteStore
from tests.contract.stores import event, open_

MANY = 150
"""Commits, one after the other."""


async def test_log_is_brought_in_when_nobody_waits(tmp_path: Path) -> None:
    brought_in = threading.Event()
    pages: list[tuple[int, int, int]] = []

    class Noting(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
            cursor = super().execute(sql, parameters)
            if "wal_checkpoint" in sql:
                pages.append(cursor.fetchone())
                brought_in.set()
            return cursor

    def connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, factory=Noting)

    opened = await open_(SqliteStore(tmp_path / "state.db", connect))
    try:
        for _ in range(MANY):
            await opened.commit(events=(event(),))
        assert await asyncio.to_thread(brought_in.wait, 20)
    finally:
        await opened.store.close()
    busy, in_log, done = pages[0]
    assert not busy
    assert in_log == done > 0
