"""What is kept in SQLite: the tables, and changes, snapshots and queries in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from pagebell.model.event import NO_PRINTER, Event, EventKind, JobId, PrinterId, PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.model.resource import Resource
from pagebell.model.subscription import Scope, Subscription
from pagebell.model.system import UNDESCRIBED, SystemDescription
from pagebell.spooler.ports import Base, Change, Conflict, Count, JobQuery, Setting, Snapshot

SCHEMA_VERSION = 5
SCHEMA = """
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists printer (
    name text primary key,
    id integer not null unique,
    version integer not null,
    body blob not null
) without rowid;
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
    id integer primary key autoincrement,
    job integer,
    born integer,
    base integer,
    paced_at real,
    body blob not null
);
create index if not exists subscription_job on subscription (job, born) where job is not null;
create table if not exists count (
    printer integer not null,
    job integer not null,
    resource integer not null,
    kind text not null,
    trimmed integer not null,
    born integer not null,
    primary key (job, printer, resource, kind)
) without rowid;
create table if not exists delivery (subscription integer primary key, number integer not null);
create table if not exists content (key text primary key, octets blob not null);
create table if not exists resource (
    id integer primary key autoincrement,
    version integer not null,
    body blob not null
);
create table if not exists event (seq integer primary key, body blob not null);
create table if not exists setting (
    owner text not null,
    section text not null,
    name text not null,
    octets blob not null,
    primary key (owner, section, name)
) without rowid;
"""
"""Run on what an older version left, too, after its `migrations`: it adds what is missing."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_job = msgspec.json.Decoder(Job)
_printer = msgspec.json.Decoder(Printer)
_subscription = msgspec.json.Decoder(Subscription)
_resource = msgspec.json.Decoder(Resource)
_system = msgspec.json.Decoder(SystemDescription)
_event = msgspec.json.Decoder(Event)


def job_of(body: bytes) -> Job:
    """A job out of its row."""
    return _job.decode(body)


def apply(connection: sqlite3.Connection, change: Change, last_event: int) -> None:
    """Write one change, numbered already; `last_event` is the newest event's number after it. Raises Conflict."""
    execute = connection.execute
    for printer in change.printers:
        _put_printer(connection, printer)
    for resource in change.resources:
        _put_resource(connection, resource)
    for job in change.jobs:
        _put_job(connection, job)
    for subscription in change.subscriptions:
        _add_subscription(connection, subscription)
    for subscription in change.renewed:
        _renew_subscription(connection, subscription)
    if change.events:
        rows = [(event.seq, _encode(event)) for event in change.events]
        connection.executemany("insert into event values (?, ?)", rows)
    for content in change.contents:
        execute("insert into content values (?, ?)", (content.key, content.octets))
    for key in change.gone_contents:
        execute("delete from content where key = ?", (key,))
    for number in change.gone_jobs:
        _drop_job(connection, number)
    for name in change.gone_printers:
        _refuse_inhabited(connection, name)
        execute("delete from printer where name = ?", (name,))
        execute("delete from setting where owner = ?", (name,))
    for resource_id in change.gone_resources:
        execute("delete from resource where id = ?", (resource_id,))
        execute("delete from count where resource = ?", (resource_id,))
    for setting in change.settings:
        _put_setting(connection, setting)
    for subscription_id in change.gone_subscriptions:
        _drop_subscription(connection, subscription_id)
    for count in change.counts:
        _put_count(connection, count)
    if change.bases:
        bases = [(base.count, base.paced_at, base.subscription) for base in change.bases]
        connection.executemany("update subscription set base = ?, paced_at = ? where id = ?", bases)
    for subscription_id, delivered in change.delivered:
        known = "select ?, ? where exists (select 1 from subscription where id = ?)"
        execute(f"insert or replace into delivery {known}", (subscription_id, delivered, subscription_id))
    if change.trim:
        execute("delete from event where seq <= ?", (change.trim,))
        execute("insert or replace into meta values ('last-event', ?)", (last_event,))
    if change.default_printer is not None:
        if change.default_printer != NO_PRINTER:
            _refuse_unknown(connection, change.default_printer)
        execute("insert or replace into meta values ('default-printer', ?)", (change.default_printer,))
    if change.system is not None:
        execute("insert or replace into meta values ('system', ?)", (_encode(change.system).decode(),))


def snapshot(connection: sqlite3.Connection) -> Snapshot:
    """What the spooler needs to know at start."""

    def bodies(sql: str) -> Iterable[bytes]:
        return (body for (body,) in connection.execute(sql))

    def number(sql: str) -> int:
        row = connection.execute(sql).fetchone()
        return int(row[0] or 0) if row else 0

    default = connection.execute("select value from meta where key = 'default-printer'").fetchone()
    system = connection.execute("select value from meta where key = 'system'").fetchone()
    return Snapshot(
        printers=tuple(map(_printer.decode, bodies("select body from printer"))),
        active=tuple(map(_job.decode, bodies("select body from job where completed_at is null order by id"))),
        subscriptions=tuple(map(_subscription.decode, bodies("select body from subscription order by id"))),
        births=tuple(connection.execute("select distinct job, born from subscription where job is not null")),
        counts=tuple(
            Count(Scope(printer or None, job or None, resource or None), EventKind(kind), trimmed, born)
            for printer, job, resource, kind, trimmed, born in connection.execute("select * from count")
        ),
        bases=tuple(
            Base(*row)
            for row in connection.execute(
                "select id, base, paced_at from subscription where base is not null order by id"
            )
        ),
        delivered=tuple(connection.execute("select subscription, number from delivery")),
        resources=tuple(map(_resource.decode, bodies("select body from resource order by id"))),
        last_printer=PrinterId(number("select value from meta where key = 'last-printer'")),
        last_job=number("select seq from sqlite_sequence where name = 'job'"),
        last_subscription=number("select seq from sqlite_sequence where name = 'subscription'"),
        last_resource=number("select seq from sqlite_sequence where name = 'resource'"),
        first_event=connection.execute("select min(seq) from event").fetchone()[0],
        last_event=max(
            number("select max(seq) from event"),
            number("select value from meta where key = 'last-event'"),
        ),
        default_printer=PrinterName(default[0]) if default and default[0] != NO_PRINTER else None,
        system=_system.decode(system[0]) if system else UNDESCRIBED,
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
        return
    if setting.owner:
        _refuse_unknown(connection, setting.owner)
    connection.execute("insert or replace into setting values (?, ?, ?, ?)", (*key, setting.octets))


def event_of(body: bytes) -> Event:
    """An event out of its row."""
    return _event.decode(body)


def _put_job(connection: sqlite3.Connection, job: Job) -> None:
    values = (job.printer, job.state, job.owner, job.completed_at, job.version, _encode(job), job.id)
    sql = "select 1 from printer where name = ? and id = ?"
    if connection.execute(sql, (job.printer, job.printer_id)).fetchone() is None:
        raise Conflict(f"printer {job.printer} of job {job.id}")
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
            sql = "insert into printer (name, id, version, body) values (?, ?, ?, ?)"
            connection.execute(sql, (printer.name, printer.id, printer.version, _encode(printer)))
        except sqlite3.IntegrityError:
            raise Conflict(f"printer {printer.name}") from None
        connection.execute("insert or replace into meta values ('last-printer', ?)", (printer.id,))
        return
    sql = "update printer set version=?, body=? where name=? and version=?"
    values = (printer.version, _encode(printer), printer.name, printer.version - 1)
    if connection.execute(sql, values).rowcount != 1:
        raise Conflict(f"printer {printer.name}")


def _drop_job(connection: sqlite3.Connection, number: JobId) -> None:
    row = connection.execute("delete from job where id = ? returning completed_at", (number,)).fetchone()
    if row is not None and row[0] is None:
        raise Conflict(f"job {number}")


def _refuse_unknown(connection: sqlite3.Connection, printer: str) -> None:
    """Raise Conflict where there is no such printer."""
    if connection.execute("select 1 from printer where name = ?", (printer,)).fetchone() is None:
        raise Conflict(f"printer {printer}")


def _refuse_inhabited(connection: sqlite3.Connection, printer: PrinterName) -> None:
    """Raise Conflict where a printer still has jobs."""
    for there in ("completed_at is null", "completed_at is not null"):  # for each there is an index
        sql = f"select 1 from job where printer = ? and {there} limit 1"
        if connection.execute(sql, (printer,)).fetchone() is not None:
            raise Conflict(f"jobs of printer {printer}")


def _put_resource(connection: sqlite3.Connection, resource: Resource) -> None:
    if resource.version == 1:
        connection.execute(
            "insert into resource (id, version, body) values (?, 1, ?)", (resource.id, _encode(resource))
        )
        return
    sql = "update resource set version=?, body=? where id=? and version=?"
    values = (resource.version, _encode(resource), resource.id, resource.version - 1)
    if connection.execute(sql, values).rowcount != 1:
        raise Conflict(f"resource {resource.id}")


def _add_subscription(connection: sqlite3.Connection, subscription: Subscription) -> None:
    _refuse_lost(connection, subscription)
    job, born = subscription.scope.job, None
    if job is not None:
        sql = "select born from subscription where job = ? limit 1"
        born = (connection.execute(sql, (job,)).fetchone() or (subscription.since,))[0]
    values = (subscription.id, job, born, _encode(subscription))
    connection.execute("insert into subscription (id, job, born, body) values (?, ?, ?, ?)", values)


def _refuse_lost(connection: sqlite3.Connection, subscription: Subscription) -> None:
    """Raise Conflict where a subscription is about a printer or a resource that is gone."""
    scope = subscription.scope
    found: list[tuple[str, int]] = [("printer", number) for number in scope.all_printers]
    found += [] if scope.resource is None else [("resource", scope.resource)]
    for table, number in found:
        if connection.execute(f"select 1 from {table} where id = ?", (number,)).fetchone() is None:
            raise Conflict(f"{table} {number} of subscription {subscription.id}")


def _renew_subscription(connection: sqlite3.Connection, subscription: Subscription) -> None:
    sql = "update subscription set body = ? where id = ?"
    if connection.execute(sql, (_encode(subscription), subscription.id)).rowcount != 1:
        raise Conflict(f"subscription {subscription.id}")


def _drop_subscription(connection: sqlite3.Connection, number: int) -> None:
    """With a job's last one its counts go."""
    connection.execute("delete from delivery where subscription = ?", (number,))
    row = connection.execute("delete from subscription where id = ? returning job", (number,)).fetchone()
    if row is not None and row[0] is not None:
        left = "select 1 from subscription where job = ?"
        connection.execute(f"delete from count where job = ? and not exists ({left})", (row[0], row[0]))


def _put_count(connection: sqlite3.Connection, count: Count) -> None:
    scope = count.scope
    key = (scope.printer or 0, scope.job or 0, scope.resource or 0, count.kind)
    if not count.trimmed:
        sql = "delete from count where printer = ? and job = ? and resource = ? and kind = ?"
        connection.execute(sql, key)
        return
    values: tuple[object, ...] = (*key, count.trimmed, count.born)
    sql = "insert or replace into count select ?, ?, ?, ?, ?, ?"
    if scope.job is not None:
        sql += " where exists (select 1 from subscription where job = ? and born = ?)"
        values += (scope.job, count.born)
    connection.execute(sql, values)


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
