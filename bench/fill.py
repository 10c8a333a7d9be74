"""A state folder with a long history, made in seconds rather than printed in hours."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from pagebell.model.event import JobId, JobState, PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.spooler.ports import Change
from pagebell.stores.sqlite import SqliteStore

_UNIT = 1000
_SPAN = 60 * 86_400.0
"""Seconds over which the jobs finished: a server that is busy with forgetting old ones would be measured as such."""


async def fill(folder: Path, printer: str, finished: int) -> None:
    """Make a state folder with a printer and so many finished jobs."""
    begin = time.time() - _SPAN
    folder.mkdir(parents=True)
    store = SqliteStore(folder / "pagebell.db")
    await store.open(lambda change: None)
    name = PrinterName(printer)
    queue = Printer(name=name, uuid=str(uuid.uuid4()), device="null:", created=begin, info=printer)
    await store.commit(Change(printers=(queue,), default_printer=name))
    for first in range(1, finished + 1, _UNIT):
        numbers = range(first, min(first + _UNIT, finished + 1))
        jobs = (_job(JobId(number), name, begin + _SPAN * number / (finished + 1)) for number in numbers)
        await store.commit(Change(jobs=tuple(jobs)))
    await store.close()


def _job(number: JobId, printer: PrinterName, at: float) -> Job:
    return Job(
        id=number,
        uuid=str(uuid.UUID(int=number)),
        printer=printer,
        name=f"document {number}",
        owner="bench",
        created=at,
        processing_at=at,
        completed_at=at + 1,
        state=JobState.COMPLETED,
        reasons=frozenset({"job-completed-successfully"}),
        impressions=2,
        impressions_completed=2,
    )
