"""Properties of jobs: what programs note about a job, for others to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pagebell.model.access import Principal
from pagebell.model.errors import NotFound, TooMany
from pagebell.model.event import JobId
from pagebell.model.job import MOST_PROPERTIES, Job, Property
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.ports import Change


class Properties:
    """They go with their job."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def attach(self, number: JobId, new: Property, by: Principal) -> Job:
        """Note something, in place of what is noted by that name. Raises NotFound, NotAuthorized, TooMany."""

        def change(job: Job) -> tuple[Property, ...]:
            kept = _without(job, new.name)
            if len(kept) >= MOST_PROPERTIES:
                raise TooMany(f"job {job.id} has {MOST_PROPERTIES} properties, as many as a job may have")
            return (*kept, new)

        return await self._change(number, by, change)

    async def detach(self, number: JobId, name: str, by: Principal) -> Job:
        """Take such a note away. Raises NotFound, NotAuthorized."""

        def change(job: Job) -> tuple[Property, ...]:
            kept = _without(job, name)
            if len(kept) == len(job.properties):
                raise NotFound(f"job {job.id} has no property {name!r}")
            return kept

        return await self._change(number, by, change)

    async def _change(
        self, number: JobId, by: Principal, change: Callable[[Job], tuple[Property, ...]]
    ) -> Job:
        def decide(job: Job) -> Change:
            self._ledger.at(job.printer, by).demand_own(job.owner)
            return Change(jobs=(replace(job, properties=change(job), version=job.version + 1),))

        return await self._ledger.update_job(number, decide)


def _without(job: Job, name: str) -> tuple[Property, ...]:
    return tuple(p for p in job.properties if p.name.casefold() != name.casefold())
