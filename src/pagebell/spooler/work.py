"""A job on its device: what the device gets of it, and what it says of its progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from pagebell.model.document import Document
from pagebell.model.errors import NoRoom
from pagebell.model.job import Job, Milestone
from pagebell.model.lifecycle import Cause, progressed, remarked
from pagebell.spooler.ledger import Decide, Ledger
from pagebell.spooler.ports import Change
from pagebell.spooler.preparing import Prepared


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job's printing ended."""

    cause: Cause
    reasons: frozenset[str] | None = None
    message: str = ""


class JobWork:
    """A job as its device sees it (`ports.Work`)."""

    def __init__(
        self, ledger: Ledger, job: Job, running: asyncio.Event, prepared: Prepared, *, step: bool = False
    ) -> None:
        self._ledger = ledger
        self._job = job
        self._running = running
        self._prepared = prepared
        self._step = step
        self.out = prepared.before
        """Pages that are out in all."""
        self._message = ""
        self._reasons: frozenset[str] = frozenset()

    @property
    def job(self) -> Job:
        """With what is left for the device to do, the printer's defaults among it."""
        job = self._ledger.roster.get(self._job.id) or self._job
        if self._step:
            pages = self._prepared.impressions(self._job.documents)
            job = replace(job, impressions_completed=self.out - self._prepared.before)
        else:
            pages = None if job.impressions is None else job.impressions - self._prepared.before
        return replace(job, ticket=self._prepared.ticket, impressions=pages)

    @property
    def documents(self) -> Sequence[Document]:
        """Those to print, as the device gets them."""
        return self._prepared.documents(self._job)

    async def read(self, document: Document) -> AsyncIterator[bytes]:
        """A document's octets; waits while the printer is paused."""
        async for chunk in self._prepared.read(document, self._ledger.documents):
            await self._running.wait()
            yield chunk

    async def printed(self, impressions: int) -> None:
        """So many pages are out in all."""
        await self._running.wait()
        ledger = self._ledger
        impressions += self._prepared.before
        self.out = impressions

        def decide() -> Change | None:
            job = ledger.roster.get(self._job.id)
            if not self._is_here(job) or job is None or job.impressions_completed == impressions:
                return None
            new, events = progressed(job, ledger.clock.now(), impressions)
            return Change(jobs=(new,), events=events)

        await self._store(decide)

    async def remark(self, message: str, reasons: frozenset[str] = frozenset()) -> None:
        """Tell the owner something, and give the job more reasons."""
        self._message = message
        self._reasons |= reasons
        ledger = self._ledger

        def decide() -> Change | None:
            job = ledger.roster.get(self._job.id)
            if not self._is_here(job) or job is None or job.is_stopping:
                return None
            new, events = remarked(job, ledger.clock.now(), message, reasons)
            return Change(jobs=(new,), events=events)

        await self._store(decide)

    async def keep(self, milestones: tuple[Milestone, ...]) -> None:
        """Store how far its source has come, so that it goes on there after a restart."""
        ledger = self._ledger

        def decide() -> Change | None:
            job = ledger.roster.get(self._job.id)
            if not self._is_here(job) or job is None:
                return None
            return Change(jobs=(replace(job, milestones=milestones, version=job.version + 1),))

        await self._store(decide)

    def step(self, prepared: Prepared) -> JobWork:
        """The same job, prepared for one of several steps."""
        return JobWork(self._ledger, self._job, self._running, prepared, step=True)

    def _is_here(self, job: Job | None) -> bool:
        """Whether it is still printed, and by this device."""
        return job is not None and job.is_on_device and job.printer == self._job.printer

    def completed(self) -> Ending:
        """How a job that was printed ends: with what its device remarked."""
        if not self._reasons:
            return Ending(Cause.COMPLETE, message=self._message)
        return Ending(Cause.COMPLETE, self._reasons | {"job-completed-with-warnings"}, self._message)

    async def _store(self, decide: Decide) -> None:
        async def attempt() -> None:
            await self._ledger.update(decide)

        await self._ledger.insist(attempt, NoRoom)
