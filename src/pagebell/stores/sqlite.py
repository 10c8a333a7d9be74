"""State in one SQLite file: a writer thread that commits many units of work with one sync, and readers beside it.

A change that comes too late (Conflict) goes without the others of its group, which is written anew, each change a
savepoint. When the group is committed, the event loop hears of its changes in their order, and only then do the
callers go on: what they acknowledge is on disk (`synchronous=FULL`).
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pagebell.model.document import DocumentKey
from pagebell.model.errors import NoRoom
from pagebell.model.event import Event, JobId
from pagebell.model.job import Job
from pagebell.spooler.ports import Change, Committed, Conflict, JobQuery, Snapshot
from pagebell.stores import rows
from pagebell.stores.migrations import MIGRATIONS

_GROUP = 256
"""At most so many units share a sync."""
_DUE = 100
"""Syncs after which a checkpoint is made when nobody waits for"""
_QUIET = 0.2
"""so many seconds: made within a commit, as it is where the log has grown to"""
_MOST_PAGES = 4000
"""pages, it would keep somebody waiting."""
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY}

T = TypeVar("T")
Connect = Callable[[Path], sqlite3.Connection]


def connect(path: Path) -> sqlite3.Connection:
    """Open the database for one thread's use."""
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256, timeout=10.0)
    connection.execute("pragma synchronous=full")
    connection.execute(f"pragma wal_autocheckpoint={_MOST_PAGES}")
    return connection


class StoreUnusable(Exception):
    """The database can't be used; `str()` of it says why and what to do."""


@dataclass(slots=True)
class _Unit:
    change: Change
    future: asyncio.Future[None]
    error: Exception | None = None


class SqliteStore:
    """`ports.Store` over a file. `connect` is a seam: tests let the n-th statement fail."""

    def __init__(self, path: Path, connect: Connect = connect) -> None:
        self._path = path
        self._connect = connect
        self._queue: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="pagebell-read")
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._committed: Committed = lambda change: None
        self._last_event = 0

    # --- the port ---

    async def open(self, committed: Committed) -> Snapshot:
        """Make ready. Raises StoreUnusable."""
        self._loop = asyncio.get_running_loop()
        self._committed = committed
        ready: asyncio.Future[Snapshot] = self._loop.create_future()
        self._thread = threading.Thread(target=self._write, args=(ready,), name="pagebell-write")
        self._thread.start()
        return await ready

    async def commit(self, change: Change) -> None:
        """Store all of it durably. Raises Conflict, NoRoom."""
        assert self._loop is not None, "open() comes first"
        unit = _Unit(change, self._loop.create_future())
        self._queue.put(unit)
        await unit.future

    async def jobs(self, query: JobQuery | Sequence[JobId]) -> list[Job]:
        """Jobs by query or by id."""
        if isinstance(query, JobQuery):
            sql, values = rows.select_jobs(query)
        else:
            marks = ",".join("?" * len(query))
            sql, values = f"select body from job where id in ({marks}) order by id", list(query)
        return [rows.job_of(row[-1]) for row in await self._read(sql, values)]

    async def events(self, numbers: range | Sequence[int]) -> list[Event]:
        """Those events, in order."""
        if not numbers:
            return []
        if isinstance(numbers, range):
            sql = "select body from event where seq >= ? and seq < ? order by seq"
            found = await self._read(sql, [numbers.start, numbers.stop])
        else:
            marks = ",".join("?" * len(numbers))
            sql = f"select body from event where seq in ({marks}) order by seq"
            found = await self._read(sql, list(numbers))
        return [rows.event_of(body) for (body,) in found]

    async def content(self, key: DocumentKey) -> bytes | None:
        """The octets that a change carried (`ports.Contents`)."""
        found = await self._read("select octets from content where key = ?", [key])
        return found[0][0] if found else None

    async def content_keys(self) -> set[DocumentKey]:
        """The keys of all contents."""
        return {DocumentKey(key) for (key,) in await self._read("select key from content", [])}

    async def close(self) -> None:
        """Finish what was begun and close the file."""
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._opened:
            connection.close()
        self._opened.clear()

    # --- reading ---

    async def _read(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        assert self._loop is not None, "open() comes first"
        return await self._loop.run_in_executor(self._readers, self._query, sql, values)

    def _query(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False, cached_statements=64
            )
            connection.execute("pragma query_only=on")
            self._local.connection = connection
            self._opened.append(connection)
        return connection.execute(sql, values).fetchall()

    # --- writing: all below runs in the writer thread ---

    def _write(self, ready: asyncio.Future[Snapshot]) -> None:
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(closing(self._connect(self._path)))
                self._prepare(connection)
                snapshot = rows.snapshot(connection)
            except (sqlite3.Error, StoreUnusable, msgspec.DecodeError) as error:
                self._tell(_fail, ready, _unusable(self._path, error))
                return
            self._last_event = snapshot.last_event
            self._tell(_set, ready, snapshot)
            for group in self._groups(connection):
                self._commit_group(connection, group)
                self._tell(self._report, group)
            with suppress(sqlite3.Error):
                connection.execute("pragma optimize")

    def _tell(self, function: Callable[..., None], *values: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(function, *values)

    def _groups(self, connection: sqlite3.Connection) -> Iterator[list[_Unit]]:
        """Whatever waits, up to a limit; ends at None. When nothing does, there is time for a checkpoint."""
        written = 0
        while True:
            try:
                unit = self._queue.get(timeout=_QUIET if written >= _DUE else None)
            except queue.Empty:
                with suppress(sqlite3.Error):  # it will be tried again
                    connection.execute("pragma wal_checkpoint(passive)")
                written = 0
                continue
            if unit is None:
                return
            written += 1
            group = [unit]
            ended = False
            while len(group) < _GROUP and not ended:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    ended = True
                else:
                    group.append(more)
            yield group
            if ended:
                return

    def _commit_group(self, connection: sqlite3.Connection, group: list[_Unit]) -> None:
        """All units in one transaction; those that come too late (which is rare) go without the others."""
        before = self._last_event
        try:
            try:
                connection.execute("begin immediate")
                changes = [self._apply(connection, unit.change) for unit in group]
                for unit, change in zip(group, changes, strict=True):
                    unit.change = change
            except Conflict:
                self._last_event = before
                connection.execute("rollback")
                connection.execute("begin immediate")
                for unit in group:
                    self._try_unit(connection, unit)
            connection.execute("commit")
        except sqlite3.Error as error:
            self._last_event = before
            with suppress(sqlite3.Error):
                connection.execute("rollback")
            for unit in group:
                unit.error = unit.error or _refusal(error)

    def _try_unit(self, connection: sqlite3.Connection, unit: _Unit) -> None:
        before = self._last_event
        connection.execute("savepoint unit")
        try:
            unit.change = self._apply(connection, unit.change)
        except Conflict as conflict:
            self._last_event = before
            unit.error = conflict
            connection.execute("rollback to unit")
        connection.execute("release unit")

    def _apply(self, connection: sqlite3.Connection, change: Change) -> Change:
        """Write one change; returns it with its numbers. Raises Conflict."""
        change = self._numbered(change)
        rows.apply(connection, change, self._last_event)
        return change

    def _numbered(self, change: Change) -> Change:
        subscriptions = change.subscriptions
        if subscriptions:
            since = self._last_event
            subscriptions = tuple(replace(s, since=since) if s.since < 0 else s for s in subscriptions)
        first = self._last_event + 1
        events = tuple(replace(event, seq=first + i) for i, event in enumerate(change.events))
        self._last_event += len(events)
        return replace(change, subscriptions=subscriptions, events=events)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("pragma user_version").fetchone()
        if version > rows.SCHEMA_VERSION:
            raise StoreUnusable(f"{self._path} was written by a newer Pagebell; please use that one")
        steps = range(version, rows.SCHEMA_VERSION) if version else range(0)
        if not all(step in MIGRATIONS for step in steps):
            raise StoreUnusable(
                f"{self._path} was written by an older Pagebell; please start with another --state"
            )
        connection.execute("pragma journal_mode=wal")
        if version < rows.SCHEMA_VERSION:
            connection.execute("begin immediate")
            scripts = (*(MIGRATIONS[step] for step in steps), rows.SCHEMA)
            for statement in ";".join(scripts).split(";"):
                connection.execute(statement)
            connection.execute("insert or ignore into meta values ('uuid', ?)", (str(uuid.uuid4()),))
            connection.execute(f"pragma user_version={rows.SCHEMA_VERSION}")
            connection.execute("commit")

    # --- back in the event loop ---

    def _report(self, group: list[_Unit]) -> None:
        for unit in group:
            if unit.error is None:
                self._committed(unit.change)
        for unit in group:
            if unit.error is not None:
                _fail(unit.future, unit.error)
            else:
                _set(unit.future, None)


def _set(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _refusal(error: sqlite3.Error) -> Exception:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _FULL:
        return NoRoom(f"the state can't be stored at present: {error}")
    return error


def _unusable(path: Path, error: Exception) -> StoreUnusable:
    if isinstance(error, StoreUnusable):
        return error
    return StoreUnusable(f"{path} can't be used: {error}. Is it a Pagebell state file, and writable?")
