"""What is kept in SQLite: the tables, and changes, snapshots and queries in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

import msgspec

from pagebell.model.event import Event, PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.model.subscription import Filter, Subscription
from pagebell.spooler.ports import Change, Conflict, Interest, JobQuery, Setting, Snapshot

SCHEMA_VERSION = 2
SCHEMA = """
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists printer (name text primary key, version integer not null, body blob not null) without rowid;
create table if not exists job (
    id integer primary key autoincrement,
    printer text not null,
    state integer not null,
    owner text not null,
    completed_at real,
    version integer not null,
    body blob not null
);
create index if not exists job_living on job (id) where completed_at is null;
create index if not exists job_finished on job (completed_at, id) where completed_at is not null;
create index if not exists job_finished_printer on job (printer, completed_at, id) where completed_at is not null;
create index if not exists job_finished_owner on job (owner, completed_at, id) where completed_at is not null;
create index if not exists job_finished_state on job (state, completed_at, id) where completed_at is not null;
create table if not exists subscription (
    id integer primary key autoincrement, filter text not null, body blob not null
);
create table if not exists delivery (subscription integer primary key, number integer not null);
create index if not exists subscription_filter on subscription (filter);
create table if not exists interest (
    filter text primary key, born integer not null, trimmed integer not null
) without rowid;
create table if not exists content (key text primary key, octets blob not null);
create table if not exists event (seq integer primary key, body blob not null);
create table if not exists setting (
    owner text not null,
    section text not null,
    name text not null,
    octets blob not null,
    primary key (owner, section, name)
) without rowid;
"""
"""Run on what an older version left, too: it adds what is missing."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_job = msgspec.json.Decoder(Job)
_printer = msgspec.json.Decoder(Printer)
_subscription = msgspec.json.Decoder(Subscription)
_event = msgspec.json.Decoder(Event)
_filter = msgspec.json.Decoder(Filter)


def job_of(body: bytes) -> Job:
    """A job out of its row."""
    return _job.decode(body)


def apply(connection: sqlite3.Connection, change: Change, last_event: int) -> None:
    """Write one change, numbered already; `last_event` is the newest event's number after it. Raises Conflict."""
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
    if change.gone_jobs:
        connection.executemany("delete from job where id = ?", [(number,) for number in change.gone_jobs])
    for name in change.gone_printers:
        execute("delete from printer where name = ?", (name,))
        execute("delete from setting where owner = ?", (name,))
    for setting in change.settings:
        _put_setting(connection, setting)
    for subscription_id in change.gone_subscriptions:
        _drop_subscription(connection, subscription_id)
    for subscription_id, delivered in change.delivered:
        known = "select ?, ? where exists (select 1 from subscription where id = ?)"
        execute(f"insert or replace into delivery {known}", (subscription_id, delivered, subscription_id))
    for interest in change.interests:
        values = (interest.trimmed, _key(interest.filter))
        execute("update interest set trimmed = ? where filter = ?", values)
    if change.trim:
        execute("delete from event where seq <= ?", (change.trim,))
        execute("insert or replace into meta values ('last-event', ?)", (last_event,))
    if change.default_printer is not None:
        execute("insert or replace into meta values ('default-printer', ?)", (change.default_printer,))


def snapshot(connection: sqlite3.Connection) -> Snapshot:
    """What the spooler needs to know at start."""

    def bodies(sql: str) -> Iterable[bytes]:
        return (body for (body,) in connection.execute(sql))

    def number(sql: str) -> int:
        row = connection.execute(sql).fetchone()
        return int(row[0] or 0) if row else 0

    default = connection.execute("select value from meta where key = 'default-printer'").fetchone()
    return Snapshot(
        printers=tuple(map(_printer.decode, bodies("select body from printer"))),
        active=tuple(map(_job.decode, bodies("select body from job where completed_at is null order by id"))),
        subscriptions=tuple(map(_subscription.decode, bodies("select body from subscription order by id"))),
        interests=tuple(
            Interest(_filter.decode(key), born, trimmed)
            for key, born, trimmed in connection.execute("select filter, born, trimmed from interest")
        ),
        delivered=tuple(connection.execute("select subscription, number from delivery")),
        last_job=number("select seq from sqlite_sequence where name = 'job'"),
        last_subscription=number("select seq from sqlite_sequence where name = 'subscription'"),
        last_event=max(
            number("select max(seq) from event"),
            number("select value from meta where key = 'last-event'"),
        ),
        default_printer=PrinterName(default[0]) if default else None,
        settings=tuple(
            Setting(*row)
            for row in connection.execute("select owner, section, name, octets from setting order by 1, 2, 3")
        ),
        uuid=connection.execute("select value from meta where key = 'uuid'").fetchone()[0],
    )


def _put_setting(connection: sqlite3.Connection, setting: Setting) -> None:
    key = (setting.owner, setting.section, setting.name)
    if setting.octets is None:
        connection.execute("delete from setting where owner = ? and section = ? and name = ?", key)
    else:
        connection.execute("insert or replace into setting values (?, ?, ?, ?)", (*key, setting.octets))


def numbered_event(seq: int, body: bytes) -> Event:
    """An event out of its row."""
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
    connection.execute("delete from delivery where subscription = ?", (number,))
    left = "select 1 from subscription where filter = ?"
    connection.execute(f"delete from interest where filter = ? and not exists ({left})", (row[0], row[0]))


_PRINTING_ORDER = "json_extract(cast(body as text), '$.priority') desc, id"


def select_jobs(query: JobQuery) -> tuple[str, list[object]]:
    """SQL for a query; finished jobs come newest first, living ones in the order of printing.

    An index is used of an owner's jobs, else of those in a state, else of a printer's: SQLite has no figures
    to choose by, and is kept from the others by the sign before a column (https://sqlite.org/optoverview.html#uplus).
    """
    where = ["completed_at is not null" if query.finished else "completed_at is null"]
    values: list[object] = []
    sign = ""
    if query.owner is not None:
        where.append("owner = ?")
        values.append(query.owner)
        sign = "+"
    if query.states is not None:
        where.append(f"{sign}state in ({','.join('?' * len(query.states))})")
        values += sorted(query.states)
        sign = "+"
    if query.printer is not None:
        where.append(f"{sign}printer = ?")
        values.append(query.printer)
    if query.completed_after is not None:
        where.append("completed_at >= ?")
        values.append(query.completed_after)
    if query.completed_before is not None:
        where.append("completed_at < ?")
        values.append(query.completed_before)
    order = "completed_at desc, id desc" if query.finished else _PRINTING_ORDER
    sql = f"select body from job where {' and '.join(where)} order by {order} limit ? offset ?"
    return sql, [*values, query.limit, query.offset]
