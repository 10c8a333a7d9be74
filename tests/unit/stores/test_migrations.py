"""A state file of an older version is brought up to date, and nothing in it is lost; one that is too old is refused.

`state-4.sql` is what the last server of version 4 left: printer p3 was removed, and an event of it had been trimmed.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.event import EventKind, JobId, PrinterId, PrinterName
from pagebell.model.lifecycle import printer_event
from pagebell.model.printer import Printer
from pagebell.model.subscription import SERVER, Scope, SubscriptionId
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import Change, Setting
from pagebell.spooler.subscriptions import Subscriptions
from pagebell.stores.migrations import MIGRATIONS
from pagebell.stores.rows import SCHEMA_VERSION
from pagebell.stores.sqlite import SqliteStore, StoreUnusable
from pagebell.testing import FakeClock, MemoryDocumentStore

P1, P2, P3 = map(PrinterName, ("p1", "p2", "p3"))
ID1, ID2, ID3 = map(PrinterId, (1, 2, 3))
COMPLETED = EventKind.JOB_COMPLETED
DUMP = Path(__file__).parents[2] / "data" / "state-4.sql"
TO_3 = """
alter table count rename to count_after;
create table count (
    printer text not null,
    job integer not null,
    kind text not null,
    trimmed integer not null,
    born integer not null,
    primary key (job, printer, kind)
) without rowid;
insert into count select printer, job, kind, trimmed, born from count_after;
drop table count_after;
drop table resource;
update printer set body = cast(json_remove(cast(body as text), '$.id') as blob);
pragma user_version = 3;
"""
"""What version 3 had in the place of that: no resources, no ids."""


def left_by(version: int, path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(DUMP.read_text())
        if version == 3:
            connection.executescript(TO_3)
    return path


@pytest.fixture(params=sorted(MIGRATIONS))
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return left_by(request.param, tmp_path / "state.db")


def ledger_of(store: SqliteStore) -> Ledger:
    return Ledger(store, MemoryDocumentStore(), FakeClock(), Policy())


async def test_what_an_older_server_left_is_all_there_and_refers_to_printers_by_id(path: Path) -> None:
    for _ in range(2):  # the second start finds it done
        store = SqliteStore(path)
        snapshot = await store.open(lambda change: None)
        events = await store.events(range(100))
        await store.close()
        assert {printer.name: printer.id for printer in snapshot.printers} == {P1: ID1, P2: ID2}
        assert snapshot.last_printer == ID3, "that is p3's, which is gone"
        assert {(job.id, job.printer, job.printer_id) for job in snapshot.active} == {
            *((1, P1, ID1), (4, P2, ID2), (6, P1, ID1)),
        }
        scopes = [SERVER, Scope(ID1), Scope.of_printers([ID1, ID2, ID3]), Scope(ID2, JobId(4))]
        assert [one.scope for one in snapshot.subscriptions] == scopes
        counted = {(one.scope, one.trimmed) for one in snapshot.counts if one.kind is COMPLETED}
        assert counted == {(SERVER, 1), (Scope(ID3), 1)}
        assert {(event.printer, event.printer_id) for event in events} == {(P1, ID1), (P3, ID3)}
        assert snapshot.settings == (Setting("p2", "data", "kept", b"x"),)
        assert snapshot.default_printer == P1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma user_version").fetchone() == (SCHEMA_VERSION,)
        tables = {name for (name,) in connection.execute("select name from sqlite_master")}
    assert not {"count_before", "printer_before", "identity"} & tables


async def test_numbers_of_notifications_go_on_and_a_printer_of_an_old_name_is_another(path: Path) -> None:
    store = SqliteStore(path)
    ledger = ledger_of(store)
    await ledger.open()
    subscriptions, three = Subscriptions(ledger), SubscriptionId(3)
    told = [(2, COMPLETED), (3, COMPLETED), (4, EventKind.PRINTER_DELETED)]
    number = ledger.next_printer_id()
    new = Printer(P3, "new", "null:", 1.0, number)
    for _ in range(2):
        batch = await subscriptions.read(three, SYSTEM)
        assert [(one.number, one.event.kind) for one in batch.notifications] == told
        assert batch.missed == 1
        events = (printer_event(new, 2.0, EventKind.PRINTER_DELETED),)
        await ledger.commit(Change(printers=(new,), events=events))
        new = replace(new, version=new.version + 1)
    assert number not in (ID1, ID2, ID3)
    await store.close()


async def test_jobs_that_outlived_their_printer_are_gone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("update job set printer = 'p9' where id = 1")
        connection.commit()
    store = SqliteStore(path)
    snapshot = await store.open(lambda change: None)
    await store.close()
    assert [job.id for job in snapshot.active] == [4, 6]


async def test_default_printer_that_is_gone_is_none(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("update meta set value = 'p9' where key = 'default-printer'")
        connection.commit()
    store = SqliteStore(path)
    assert (await store.open(lambda change: None)).default_printer is None
    await store.close()


async def test_migration_that_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = max(MIGRATIONS)
    monkeypatch.setitem(MIGRATIONS, last, f"{MIGRATIONS[last]}; insert into nowhere values (1)")
    with pytest.raises(StoreUnusable, match="nowhere"):
        await SqliteStore(path).open(lambda change: None)
    monkeypatch.undo()
    store = SqliteStore(path)
    assert len((await store.open(lambda change: None)).subscriptions) == 4
    await store.close()


@pytest.mark.parametrize(("version", "said"), [(min(MIGRATIONS) - 1, "older"), (SCHEMA_VERSION + 1, "newer")])
async def test_state_of_a_strange_version_is_refused(tmp_path: Path, version: int, said: str) -> None:
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"pragma user_version = {version}")
    with pytest.raises(StoreUnusable, match=f"{said} Pagebell"):
        await SqliteStore(path).open(lambda change: None)
