"""Waiting for what happens in a spooler of this process: each of its events is a reason to look."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pagebell.model.access import SYSTEM
from pagebell.model.event import EventKind, JobId
from pagebell.model.job import Job
from pagebell.model.subscription import SERVER
from pagebell.spooler.ports import JobQuery
from pagebell.spooler.spooler import Spooler

T = TypeVar("T")
LIMIT = 30.0


async def found(spooler: Spooler, look: Callable[[], Awaitable[T | None]]) -> T:
    """What `look` finds: it looks now, and after each event until there is something."""
    async with asyncio.timeout(LIMIT):
        with await spooler.feed.open(SERVER, frozenset(EventKind), SYSTEM) as reader:
            while (one := await look()) is None:
                await reader.wait()
                await reader.read()
            return one


async def finished(spooler: Spooler, number: JobId | None = None) -> Job:
    """The job, or any if none is named, when it is finished."""

    async def look() -> Job | None:
        jobs = await spooler.jobs.list(JobQuery(finished=True))
        return next((job for job in jobs if number in (None, job.id)), None)

    return await found(spooler, look)
