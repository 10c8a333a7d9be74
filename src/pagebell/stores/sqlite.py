"""State in one SQLite file: a writer thread that commits many units of work with one sync, and readers beside it.

Every change is a savepoint in the group's transaction: one that comes too late (Conflict) goes without the
others. When the group is committed, the event loop hears of its changes in their order, and only then do the
callers go on: what they acknowledge is on disk (`synchronous=FULL`).
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pagebell.model.document import DocumentKey
from pagebell.model.errors import NoRoom
from pagebell.model.event import Event, JobId, PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.model.subscription import Filter, Subscription
from pagebell.spooler.ports import Change, Committed, Conflict, Interest, JobQuery, Snapshot

SCHEMA_VERSION = 1
_SCHEMA = """
create table meta (key text primary key, value text not null) without rowid;
create table printer (name text primary key, version integer not null, body blob not null) without rowid;
create table job (
    id integer primary key autoincrement,
    printer text not null,
    state integer not null,
    owner text not null,
    completed_at real,
    version integer not null,
    body blob not null
);
create index job_living on job (id) where completed_at is null;
create index job_finished on job (completed_at, id) where completed_at is not null;
create index job_finished_printer on job (printer, completed_at, id) where completed_at is not null;
create table subscription (id integer primary key autoincrement, filter text not null, body blob not null);
create index subscription_filter on subscription (filter);
create table interest (filter text primary key, born integer not null, trimmed integer not null) without rowid;
create table content (key text primary key, octets blob not null);
create table event (seq integer primary key, body blob not null);
"""
_GROUP = 256
"""At most so many units share a sync."""
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY}

_encode = msgspec.json.Encoder(order="deterministic").encode
_job = msgspec.json.Decoder(Job)
_printer = msgspec.json.Decoder(Printer)
_subscription = msgspec.json.Decoder(Subscription)
_event = msgspec.json.Decoder(Event)
_filter = msgspec.json.Decoder(Filter)

T = TypeVar("T")
Connect = Callable[[Path], sqlite3.Connection]


def connect(path: Path) -> sqlite3.Connection:
    """Open the database for one thread's use."""
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256, timeout=10.0)
    connection.execute("pragma synchronous=full")
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
            sql, values = _select_jobs(query)
        else:
            marks = ",".join("?" * len(query))
            sql, values = f"select body from job where id in ({marks}) order by id", list(query)
        return [_job.decode(row[-1]) for row in await self._read(sql, values)]

    async def events(self, numbers: range | Sequence[int]) -> list[Event]:
        """Those events, in order."""
        if not numbers:
            return []
        if isinstance(numbers, range):
            sql = "select seq, body from event where seq >= ? and seq < ? order by seq"
            rows = await self._read(sql, [numbers.start, numbers.stop])
        else:
            marks = ",".join("?" * len(numbers))
            sql = f"select seq, body from event where seq in ({marks}) order by seq"
            rows = await self._read(sql, list(numbers))
        return [_numbered(seq, body) for seq, body in rows]

    async def content(self, key: DocumentKey) -> bytes | None:
        """The octets that a change carried (`ports.Contents`)."""
        rows = await self._read("select octets from content where key = ?", [key])
        return rows[0][0] if rows else None

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
        try:
            connection = self._connect(self._path)
            try:
                self._prepare(connection)
                snapshot = self._snapshot(connection)
            except BaseException:
                connection.close()
                raise
        except (sqlite3.Error, StoreUnusable, msgspec.DecodeError) as error:
            self._tell(_fail, ready, _unusable(self._path, error))
            return
        self._last_event = snapshot.last_event
        self._tell(_set, ready, snapshot)
        try:
            for group in self._groups():
                self._commit_group(connection, group)
                self._tell(self._report, group)
        finally:
            with suppress(sqlite3.Error):
                connection.execute("pragma optimize")
            connection.close()

    def _tell(self, function: Callable[..., None], *values: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(function, *values)

    def _groups(self) -> Iterator[list[_Unit]]:
        """Whatever waits, up to a limit; ends at None."""
        while True:
            unit = self._queue.get()
            if unit is None:
                return
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
        before = self._last_event
        try:
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
        execute = connection.execute
        for printer in change.printers:
            _put_printer(connection, printer)
        for job in change.jobs:
            _put_job(connection, job)
        for subscription in change.subscriptions:
            _put_subscription(connection, subscription)
        if change.events:
            rows = [(event.seq, _encode(replace(event, seq=0))) for event in change.events]
            connection.executemany("insert into event values (?, ?)", rows)
        for content in change.contents:
            execute("insert into content values (?, ?)", (content.key, content.octets))
        for key in change.gone_contents:
            execute("delete from content where key = ?", (key,))
        for number in change.gone_jobs:
            execute("delete from job where id = ?", (number,))
        for name in change.gone_printers:
            execute("delete from printer where name = ?", (name,))
        for subscription_id in change.gone_subscriptions:
            _drop_subscription(connection, subscription_id)
        for interest in change.interests:
            values = (interest.trimmed, _key(interest.filter))
            execute("update interest set trimmed = ? where filter = ?", values)
        if change.trim:
            execute("delete from event where seq <= ?", (change.trim,))
            execute("insert or replace into meta values ('last-event', ?)", (self._last_event,))
        if change.default_printer is not None:
            execute("insert or replace into meta values ('default-printer', ?)", (change.default_printer,))
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
        if version > SCHEMA_VERSION:
            raise StoreUnusable(f"{self._path} was written by a newer Pagebell; please use that one")
        connection.execute("pragma journal_mode=wal")
        if version == 0:
            connection.execute("begin immediate")
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"pragma user_version={SCHEMA_VERSION}")
            connection.execute("commit")

    def _snapshot(self, connection: sqlite3.Connection) -> Snapshot:
        def bodies(sql: str) -> Iterable[bytes]:
            return (body for (body,) in connection.execute(sql))

        def number(sql: str) -> int:
            row = connection.execute(sql).fetchone()
            return int(row[0] or 0) if row else 0

        default = connection.execute("select value from meta where key = 'default-printer'").fetchone()
        return Snapshot(
            printers=tuple(map(_printer.decode, bodies("select body from printer"))),
            active=tuple(
                map(_job.decode, bodies("select body from job where completed_at is null order by id"))
            ),
            subscriptions=tuple(
                map(_subscription.decode, bodies("select body from subscription order by id"))
            ),
            interests=tuple(
                Interest(_filter.decode(key), born, trimmed)
                for key, born, trimmed in connection.execute("select filter, born, trimmed from interest")
            ),
            last_job=number("select seq from sqlite_sequence where name = 'job'"),
            last_subscription=number("select seq from sqlite_sequence where name = 'subscription'"),
            last_event=max(
                number("select max(seq) from event"),
                number("select value from meta where key = 'last-event'"),
            ),
            default_printer=PrinterName(default[0]) if default else None,
        )

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


def _numbered(seq: int, body: bytes) -> Event:
    return replace(_event.decode(body), seq=seq)


def _key(filter_: Filter) -> str:
    return _encode(filter_).decode()


def _put_job(connection: sqlite3.Connection, job: Job) -> None:
    values = (job.printer, job.state, job.owner, job.completed_at, job.version, _encode(job), job.id)
    if job.version == 1:
        sql = "insert into job (printer, state, owner, completed_at, version, body, id) values (?, ?, ?, ?, ?, ?, ?)"
        try:
            connection.execute(sql, values)
        except sqlite3.IntegrityError:
            raise Conflict(f"job {job.id}") from None
        return
    sql = "update job set printer=?, state=?, owner=?, completed_at=?, version=?, body=? where id=? and version=?"
    if connection.execute(sql, (*values, job.version - 1)).rowcount != 1:
        raise Conflict(f"job {job.id}")


def _put_printer(connection: sqlite3.Connection, printer: Printer) -> None:
    if printer.version == 1:
        try:
            sql = "insert into printer (name, version, body) values (?, ?, ?)"
            connection.execute(sql, (printer.name, printer.version, _encode(printer)))
        except sqlite3.IntegrityError:
            raise Conflict(f"printer {printer.name}") from None
        return
    sql = "update printer set version=?, body=? where name=? and version=?"
    values = (printer.version, _encode(printer), printer.name, printer.version - 1)
    if connection.execute(sql, values).rowcount != 1:
        raise Conflict(f"printer {printer.name}")


def _put_subscription(connection: sqlite3.Connection, subscription: Subscription) -> None:
    key = _key(subscription.filter)
    sql = "insert or replace into subscription (id, filter, body) values (?, ?, ?)"
    connection.execute(sql, (subscription.id, key, _encode(subscription)))
    connection.execute("insert or ignore into interest values (?, ?, 0)", (key, subscription.since))


def _drop_subscription(connection: sqlite3.Connection, number: int) -> None:
    row = connection.execute("select filter from subscription where id = ?", (number,)).fetchone()
    if row is None:
        return
    connection.execute("delete from subscription where id = ?", (number,))
    left = "select 1 from subscription where filter = ?"
    connection.execute(f"delete from interest where filter = ? and not exists ({left})", (row[0], row[0]))


_PRINTING_ORDER = "json_extract(cast(body as text), '$.priority') desc, id"


def _select_jobs(query: JobQuery) -> tuple[str, list[object]]:
    """SQL for a query; finished jobs come newest first, living ones in the order of printing."""
    where = ["completed_at is not null" if query.finished else "completed_at is null"]
    values: list[object] = []
    for column, value in (("printer", query.printer), ("owner", query.owner)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    if query.states is not None:
        where.append(f"state in ({','.join('?' * len(query.states))})")
        values += sorted(query.states)
    if query.completed_after is not None:
        where.append("completed_at >= ?")
        values.append(query.completed_after)
    if query.completed_before is not None:
        where.append("completed_at < ?")
        values.append(query.completed_before)
    order = "completed_at desc, id desc" if query.finished else _PRINTING_ORDER
    sql = f"select body from job where {' and '.join(where)} order by {order} limit ? offset ?"
    return sql, [*values, query.limit, query.offset]
