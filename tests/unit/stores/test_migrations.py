"""A state file of an older version is brought up to date, and nothing in it is lost; one that is too old is refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pagebell.model.event import EventKind, PrinterName
from pagebell.model.printer import Printer
from pagebell.model.subscription import SERVER, Scope
from pagebell.spooler.ports import Change, Count
from pagebell.stores.rows import MIGRATIONS, SCHEMA_VERSION
from pagebell.stores.sqlite import SqliteStore, StoreUnusable

P1 = PrinterName("p1")
COUNTS = (
    Count(SERVER, EventKind.JOB_CREATED, 7),
    Count(Scope(P1), EventKind.JOB_CREATED, 5),
)
OLD_COUNT = """
drop table resource;
drop table count;
create table count (
    printer text not null,
    job integer not null,
    kind text not null,
    trimmed integer not null,
    born integer not null,
    primary key (job, printer, kind)
) without rowid;
insert into count values ('', 0, 'job-created', 7, 0), ('p1', 0, 'job-created', 5, 0);
pragma user_version = 3;
"""
"""What version 3 had in the place of ours."""


async def of_version_3(path: Path) -> None:
    store = SqliteStore(path)
    await store.open(lambda change: None)
    await store.commit(Change(printers=(Printer(P1, "u1", "null:", 1.0),)))
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OLD_COUNT)


async def test_state_of_version_3_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    await of_version_3(path)
    for _ in range(2):  # the second start finds it done
        store = SqliteStore(path)
        snapshot = await store.open(lambda change: None)
        await store.close()
        assert [printer.name for printer in snapshot.printers] == [P1]
        assert set(snapshot.counts) == set(COUNTS)
        assert snapshot.resources == ()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma user_version").fetchone() == (SCHEMA_VERSION,)
        tables = {name for (name,) in connection.execute("select name from sqlite_master")}
    assert "count_before" not in tables


async def test_migration_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.db"
    await of_version_3(path)
    monkeypatch.setitem(MIGRATIONS, 3, f"{MIGRATIONS[3]}; insert into nowhere values (1)")
    with pytest.raises(StoreUnusable, match="nowhere"):
        await SqliteStore(path).open(lambda change: None)
    monkeypatch.undo()
    store = SqliteStore(path)
    assert set((await store.open(lambda change: None)).counts) == set(COUNTS)
    await store.close()


@pytest.mark.parametrize(("version", "said"), [(min(MIGRATIONS) - 1, "older"), (SCHEMA_VERSION + 1, "newer")])
async def test_state_of_a_strange_version_is_refused(tmp_path: Path, version: int, said: str) -> None:
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"pragma user_version = {version}")
    with pytest.raises(StoreUnusable, match=f"{said} Pagebell"):
        await SqliteStore(path).open(lambda change: None)
