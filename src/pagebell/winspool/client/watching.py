"""Watching a printer, or a whole print server, for as long as somebody wants to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from pagebell.ipp.errors import ConnectionFailed
from pagebell.ipp.events import Patience
from pagebell.ipp.results import Notification, PrinterInfo
from pagebell.winspool.changes import ChangeFlag
from pagebell.winspool.changes import JobField as J
from pagebell.winspool.client.addresses import Address
from pagebell.winspool.client.connecting import Connector
from pagebell.winspool.client.describe import members_of, printer_of, was_deleted
from pagebell.winspool.client.errors import NoSuchJob, NotOffered, WindowsError
from pagebell.winspool.client.events import Events
from pagebell.winspool.client.feeds import WANTED, WANTED_OF_SERVER, Deaf, Told, feed_of
from pagebell.winspool.client.queries import all_printers, job_info, opened, queued_jobs
from pagebell.winspool.client.session import Session

_OF_PRINTERS: Final = ChangeFlag.ADD_PRINTER | ChangeFlag.SET_PRINTER | ChangeFlag.DELETE_PRINTER


async def happenings(line: Connector, on_connection: Callable[[str], None]) -> AsyncGenerator[Notification]:
    """What happens at the printer, or at all printers of the server, over as many connections as it takes.

    Raises NotOffered, ConnectionFailed when patience ends, and other ClientErrors.
    """
    events, patience, lost = Events(line.address), Patience(line.pace), False
    while True:
        try:
            async for found in _connected(line, events):
                patience.restored()
                if lost:
                    lost = False
                    on_connection("")
                for event in found:
                    yield event
        except ConnectionFailed as error:
            delay = line.delay(patience, error)
            if not lost:
                lost = True
                on_connection(error.reason)
        await asyncio.sleep(delay)


async def _connected(line: Connector, events: Events) -> AsyncGenerator[Iterable[Notification]]:
    """What is told as long as a connection holds, at first what happened while there was none."""
    whole = not line.address.printer
    async with line.session() as session, opened(session) as handle:
        try:
            wanted = WANTED_OF_SERVER if whole else WANTED
            async with feed_of(session, handle, wanted, line.pace) as feed:
                async for told in feed:
                    printers = None
                    if whole and (told.whole or told.printer or told.flags & _OF_PRINTERS):
                        printers = await _printers(session)
                    jobs = await _jobs(session, printers) if printers and told.whole else told.jobs
                    news = await _settled(session, events, replace(told, jobs=jobs))
                    yield events.of(news, printers)
        except Deaf as reason:
            raise NotOffered(f"{line.address.uri} does not tell of changes: {reason}.") from None


async def _printers(session: Session) -> list[PrinterInfo]:
    """All of the server's: a notification does not say which of them it is about. [MS-RPRN] 2.2.1.13.3"""
    return [printer_of(info, session.address) for info in await all_printers(session)]


async def _jobs(session: Session, printers: Iterable[PrinterInfo]) -> dict[int, dict[int, Any]]:
    """Members of all jobs: Samba's picture of a server has none."""
    found: dict[int, dict[int, Any]] = {}
    for printer in printers:
        async with opened(session, session.address.at(printer.name).name) as handle:
            found |= {info.JobId: members_of(info) for info in await queued_jobs(session, handle)}
    return found


async def _settled(session: Session, events: Events, told: Told) -> Told:
    """News with what became of jobs that are gone, as far as the server still knows."""
    jobs = dict(told.jobs)
    gone = [number for number, members in told.jobs.items() if was_deleted(members.get(J.STATUS))]
    if told.whole:
        gone += events.jobs - told.jobs.keys()
    for number in gone:
        members = told.jobs.get(number, {})
        printer = session.address.at(members.get(J.PRINTER_NAME) or events.printer(number))
        jobs[number] = {**members, J.STATUS: await _last_status(session, printer, number)}
    return replace(told, jobs=jobs)


async def _last_status(session: Session, printer: Address, number: int) -> int | None:
    """None for a job that is listed no longer."""
    try:
        async with opened(session, printer.name) as handle:
            return (await job_info(session, handle, number)).Status
    except (NoSuchJob, WindowsError):
        return None
