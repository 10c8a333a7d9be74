"""The command ``pagebell watch``: what happens on a server, at a printer or with a job, as it happens."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from pagebell.cli.connection import LOCAL, Connection, run
from pagebell.cli.console import console
from pagebell.cli.desktop import Desktop, connected
from pagebell.cli.failures import CommandError, UsageError, no_subscription
from pagebell.cli.happenings import JsonLines, Log, Report
from pagebell.cli.keyboard import is_at_keyboard
from pagebell.cli.prompting import Asker, Attention, Recorder
from pagebell.cli.text import plain_text
from pagebell.ipp import registry as r
from pagebell.ipp.client import Client
from pagebell.ipp.errors import ClientError, NotFound, Unsupported
from pagebell.ipp.events import EventStream, Gap, Pace, lasting
from pagebell.ipp.notices import NOTICE, OPENED, Dialog, Notice, open_now
from pagebell.ipp.registry import JobState
from pagebell.ipp.results import JobInfo, Notification, Subscription
from pagebell.ipp.subscribing import Scope
from pagebell.winspool.client.addresses import is_windows

if TYPE_CHECKING:
    from pagebell.winspool.client.client import Client as WindowsClient

PACE: Final = Pace(patience=inf)
_SHORTEST: Final = 1.0
"""Seconds between two polls at least."""
_BEGINNING: Final = 200
"""Signs by which a question is known again in its event, where it may be cut off."""


def watch(
    target: str = "",
    /,
    *,
    events: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    json: Annotated[bool, Parameter(negative="")] = False,
    subscription: int | None = None,
    after: int = 0,
    every: float | None = None,
    desktop: Annotated[bool, Parameter(negative="")] = False,
    connection: Connection = LOCAL,
) -> int:
    """Print what happens as it happens: on the server, at one printer, or with one job until it is done.

    Parameters
    ----------
    target
        A printer's name or address, or a job's number; the whole server when left out.
    events
        Only these, as IPP names them: job-completed,printer-state-changed. All when left out.
    json
        One JSON object a line, for programs.
    subscription
        Read a subscription that exists, and leave it as it is, instead of making one for the time.
    after
        With --subscription: only events numbered above this.
    every
        Ask a server that keeps no answer open every so many seconds, and not when it wishes (CUPS: a minute).
    desktop
        Show what printers say and ask as notifications on the desktop, too.
    """
    if every is not None and every < _SHORTEST:
        raise UsageError(f"--every takes {_SHORTEST:g} second or more.")
    wanted = keywords(events)
    log = Log(console(), asks=is_at_keyboard())
    report = JsonLines() if json else log

    if is_windows(target) or is_windows(connection.server):
        return run(lambda: _windows(connection, target, report, desktop))

    async def work() -> int:
        client, scope = await aim(connection, target)
        async with client:
            if isinstance(scope, JobInfo) and scope.is_final:
                report.outcome(scope)
                return _status(scope)
            if not json:
                _greet(client, scope)
            found = None if subscription is None else await _found(client, subscription)
            pace = PACE if every is None else replace(PACE, poll=every)
            stream = EventStream(client, scope, wanted, pace, subscription=found, seen=after)
            open_already: list[Dialog] = []
            try:
                await stream.open()  # who watches wants to know at once whether anything can be seen
                _say_unknown(stream)
                async with (
                    _asking(connection, stream, None if json else log, desktop, open_already) as shown,
                    aclosing(lasting(stream, report.connection)) as happenings,
                ):
                    async for happening in happenings:
                        if _opens(happening, open_already):
                            continue
                        report.tell(happening)
                        if shown is not None and isinstance(happening, Notification):
                            await _show(shown, happening)
            except NotFound:
                if subscription is None:
                    raise
                raise CommandError(f"Subscription {subscription} is over.") from None
            except Unsupported as error:
                raise CommandError(_deaf(error, wanted)) from None
            if not isinstance(scope, JobInfo):
                return 0
            done = await client.job(scope)
            report.outcome(done)
            return _status(done)

    return run(work)


@asynccontextmanager
async def _asking(
    connection: Connection, stream: EventStream, log: Log | None, wanted: bool, told: list[Dialog]
) -> AsyncIterator[Desktop | None]:
    """Ask at the keyboard, and on the desktop where that is wanted, what is asked while the block runs.

    Elsewhere what is asked already is told once, and put among `told`; the events tell of it from now on.
    """
    client, scope = stream.client, stream.scope
    desktop = await connected() if wanted else None
    hint = connection.at(client.address.at("/").uri).hint()
    if log is None or not (log.asks or desktop):
        mention = Recorder().ask if log is None else Asker(log, hint).mention
        with suppress(ClientError):
            await stream.open()  # before it is looked what is asked, so that nothing is missed in between
            told += await open_now(client, scope)
            for dialog in told:
                await mention(dialog)
        yield desktop
        return
    asker = Asker(log, hint, desktop)

    def is_for_us(one: Notice | Dialog) -> bool:
        return isinstance(one, Dialog) and one.user in ("", client.user)

    heard = asker.hear(client.notices(scope, pace=PACE), is_for_us)
    hearing = asyncio.create_task(heard, name="questions")
    try:
        yield desktop
    finally:
        hearing.cancel()
        await asyncio.wait({hearing})


def _opens(event: Notification | Gap, told: list[Dialog]) -> bool:
    """Whether it is the opening of a dialog that was told already; once for each."""
    if isinstance(event, Gap) or event.event != OPENED:
        return False
    for one in told:
        words = f"{one.title}: {one.text}" if one.title else one.text
        same = (event.printer_name, event.job_id) == (one.printer, one.job)
        if same and event.text[:_BEGINNING] == words[:_BEGINNING] and _at_once(event.when, one.opened):
            told.remove(one)
            return True
    return False


def _at_once(one: datetime | None, other: datetime | None) -> bool:
    """An event's time has tenths of a second."""
    return one is not None and other is not None and abs(one - other) < timedelta(seconds=0.2)


async def _show(desktop: Desktop, event: Notification) -> None:
    """Notices, on the desktop."""
    if event.event == NOTICE:
        await desktop.tell(event.printer_name, event.text)


async def _windows(connection: Connection, target: str, report: Log | JsonLines, desktop: bool) -> int:
    """What a Windows print server tells of all its printers, of one, or, to its end, of one of its jobs."""
    is_job = target.isascii() and target.isdigit()
    client = connection.any("" if is_job else target)
    assert not isinstance(client, Client)
    hint = connection.at(client.uri).hint()
    shown = await connected() if desktop else None
    teller = Asker(report, hint, shown) if isinstance(report, Log) else Recorder()
    attention = Attention(teller, client.notices)
    try:
        if is_job:
            return await _windows_job(client, int(target), report, attention)
        for job in await client.jobs():
            attention.see(job)
        async for event in client.events(on_connection=report.connection):
            report.tell(event)
            if event.job_id is not None:
                attention.see(JobInfo.of(event.raw))
        return 0
    finally:
        await attention.close()


async def _windows_job(client: WindowsClient, number: int, report: Report, attention: Attention) -> int:
    from pagebell.winspool.client.events import Events  # noqa: PLC0415 - takes its time to load

    job = await client.job(number)
    events = Events(client.address)
    async for update in client.follow(job):
        job = update.job
        attention.see(job)
        for event in events.of_update(update):
            report.tell(event)
    report.outcome(job)
    return _status(job)


async def aim(connection: Connection, target: str) -> tuple[Client, Scope]:
    """The client and the scope of a printer's name, some names with commas, an address, a job's number, or nothing.

    Raises ClientError when it is not there.
    """
    if target.isascii() and target.isdigit():
        async with connection.client() as client:
            job = await client.job(int(target))
        if client.address.path == "/" and job.printer_uri:
            path = "/" + job.printer_uri.split("://", 1)[-1].partition("/")[2]
            client = connection.client(client.address.at(path).uri)
        return client, job
    if "," in target and "://" not in target:
        return connection.client(), tuple(target.split(","))
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(connection.client(target))
        whole = client.address.path == "/"
        if not whole:
            await client.printer_status()
        stack.pop_all()  # it goes on
    return client, "server" if whole else "printer"


def keywords(given: Iterable[str]) -> tuple[str, ...]:
    """Event keywords, given one by one or with commas between them."""
    return tuple(word for text in given for word in text.replace(",", " ").split())


async def _found(client: Client, number: int) -> Subscription:
    try:
        found = await client.subscription(number)
    except NotFound:
        raise CommandError(no_subscription(number)) from None
    if found.recipient:
        where = plain_text(found.recipient).rstrip(".")
        raise CommandError(
            f"The events of subscription {number} are sent to {where}, and can't be read here."
        )
    return found


def _say_unknown(stream: EventStream) -> None:
    if stream.events and stream.subscription is not None and stream.subscription.ignored:
        print(f"pagebell: {unknown_events(stream.subscription.ignored)}", file=sys.stderr)


def unknown_events(names: Iterable[str]) -> str:
    """What was wanted and can't be heard."""
    return f"The server knows no event called {plain_text(', '.join(names))}"


def _greet(client: Client, scope: Scope) -> None:
    """Say on a terminal that it is at work: it may be long until something happens."""
    if not sys.stderr.isatty():
        return
    if isinstance(scope, JobInfo):
        what = f"job {scope.id}"
        what += f", {plain_text(scope.name).rstrip('.')}" if scope.name else ""
    else:
        what = f"all of {client.uri}" if scope == "server" else client.uri
        if isinstance(scope, tuple):
            what = f"{', '.join(scope)} of {client.uri}"
    print(f"Watching {what}. Ctrl-C ends it.", file=sys.stderr)


def _deaf(error: Unsupported, wanted: Iterable[str]) -> str:
    if r.notify_events.name in error.unsupported:
        return unknown_events(wanted)
    said = plain_text(error.message).rstrip(".") or error.status.keyword
    return f"This server tells no events (it says: {said}). 'pagebell jobs' shows how things stand."


def _status(job: JobInfo) -> int:
    return 0 if job.state == JobState.COMPLETED else 1
