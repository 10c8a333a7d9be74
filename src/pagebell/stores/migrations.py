"""How a state file of an older version is brought up to date, in SQL: each step makes the next version of one."""

from __future__ import annotations

from typing import Final

_RESOURCES = """
alter table count rename to count_before;
create table count (
    printer text not null,
    job integer not null,
    resource integer not null,
    kind text not null,
    trimmed integer not null,
    born integer not null,
    primary key (job, printer, resource, kind)
) without rowid;
insert into count select printer, job, 0, kind, trimmed, born from count_before;
drop table count_before
"""
"""What befalls resources is counted, too."""

_PRINTER_IDS = """
create table identity (id integer primary key, name text not null unique);
insert into identity
    select json_extract(cast(body as text), '$.id'), name from printer
    where json_extract(cast(body as text), '$.id') > 0;
insert or ignore into identity (name) select name from printer;
insert or ignore into identity (name) select printer from count where printer != '';
insert or ignore into identity (name)
    select json_extract(cast(body as text), '$.printer') from event
    where json_extract(cast(body as text), '$.printer') != '';
insert or ignore into identity (name)
    select json_extract(cast(body as text), '$.scope.printer') from subscription
    where json_extract(cast(body as text), '$.scope.printer') is not null;
insert or ignore into identity (name)
    select one.value from subscription, json_each(cast(subscription.body as text), '$.scope.printers') as one;
delete from job where printer not in (select name from printer);
update job set body = cast(json_set(
    cast(body as text), '$.printer_id', (select id from identity where name = job.printer)
) as blob);
update event set body = cast(json_set(
    cast(body as text), '$.printer_id',
    (select id from identity where name = json_extract(cast(event.body as text), '$.printer'))
) as blob);
update subscription set body = cast(json_set(
    cast(body as text), '$.scope.printer',
    (select id from identity where name = json_extract(cast(subscription.body as text), '$.scope.printer'))
) as blob);
update subscription set body = cast(json_set(
    cast(body as text), '$.scope.printers', json((
        select json_group_array(id) from (
            select identity.id from json_each(cast(subscription.body as text), '$.scope.printers') as one
            join identity on identity.name = one.value order by identity.id
        )
    ))
) as blob);
alter table printer rename to printer_before;
create table printer (
    name text primary key,
    id integer not null unique,
    version integer not null,
    body blob not null
) without rowid;
insert into printer
    select name, identity.id, version, cast(json_set(cast(body as text), '$.id', identity.id) as blob)
    from printer_before join identity using (name);
drop table printer_before;
alter table count rename to count_before;
create table count (
    printer integer not null,
    job integer not null,
    resource integer not null,
    kind text not null,
    trimmed integer not null,
    born integer not null,
    primary key (job, printer, resource, kind)
) without rowid;
insert into count
    select coalesce((select id from identity where name = printer), 0), job, resource, kind, trimmed, born
    from count_before;
drop table count_before;
insert or replace into meta select 'last-printer', coalesce(max(id), 0) from identity;
delete from meta where key = 'default-printer' and value not in (select name from printer);
drop table identity
"""
"""Everything refers to printers by their ids, which are theirs alone.

A name that only the past knows gets an id of its own, as the numbers of notifications are counted with it; printers
that had no id yet get one. Jobs whose printer is gone should have gone with it.
"""

MIGRATIONS: Final[dict[int, str]] = {3: _RESOURCES, 4: _PRINTER_IDS}
"""By the version that they begin with. A `;` stands between statements, and nowhere else."""
