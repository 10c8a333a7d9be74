"""A job on its device: its documents as prepared for it, and what the device says of its progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from pagebell.model.document import Document, Ticket
from pagebell.model.errors import NoRoom
from pagebell.model.job import Job
from pagebell.model.lifecycle import Cause, progressed, remarked
from pagebell.spooler.ledger import Decide, Ledger
from pagebell.spooler.ports import Change, Conversion, DocumentStore


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job's printing ended."""

    cause: Cause
    reasons: frozenset[str] | None = None
    message: str = ""


@dataclass(slots=True)
class Prepared:
    """A job's documents as its device gets them, and what is left for the device to do."""

    ticket: Ticket
    conversions: dict[int, Conversion] = field(default_factory=dict)
    """By document number; those that are not here go as they are stored."""

    def document(self, document: Document) -> Document:
        """As the device gets it."""
        found = self.conversions.get(document.number)
        return document if found is None else found.document

    def impressions(self, documents: Sequence[Document]) -> int | None:
        """Pages in all; None if one of the documents can't be counted."""
        counts = [self.document(document).impressions for document in documents if not document.canceled]
        if any(count is None for count in counts):
            return None
        return sum(count or 0 for count in counts) * (self.ticket.copies or 1)

    def read(self, document: Document, store: DocumentStore) -> AsyncIterator[bytes]:
        """Its octets. Raises Gone."""
        found = self.conversions.get(document.number)
        return store.read(document.key) if found is None else found.read()

    async def remove(self) -> None:
        """Let go of the conversions."""
        for conversion in self.conversions.values():
            await conversion.remove()


class JobWork:
    """A job as its device sees it (`ports.Work`)."""

    def __init__(
        self, ledger: Ledger, job: Job, running: asyncio.Event, prepared: Prepared, before: int | None = None
    ) -> None:
        self._ledger = ledger
        self._job = job
        self._running = running
        self._prepared = prepared
        self.out = before or 0
        """Pages that are out in all, those of earlier steps among them."""
        self._before = before
        self._message = ""
        self._reasons: frozenset[str] = frozenset()

    @property
    def job(self) -> Job:
        """With what is left for the device to do, the printer's defaults among it."""
        job = self._ledger.roster.get(self._job.id) or self._job
        job = replace(job, ticket=self._prepared.ticket)
        if self._before is None:
            return job
        return replace(job, impressions=self._prepared.impressions(self._job.documents))

    @property
    def documents(self) -> Sequence[Document]:
        """Those to print, as the device gets them."""
        return [self._prepared.document(document) for document in self._job.printable]

    async def read(self, document: Document) -> AsyncIterator[bytes]:
        """A document's octets; waits while the printer is paused."""
        async for chunk in self._prepared.read(document, self._ledger.documents):
            await self._running.wait()
            yield chunk

    async def printed(self, impressions: int) -> None:
        """So many pages are out in all."""
        await self._running.wait()
        impressions += self._before or 0
        self.out = impressions
        ledger = self._ledger

        def decide() -> Change | None:
            job = ledger.roster.get(self._job.id)
            if job is None or not job.is_on_device or job.impressions_completed == impressions:
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
            if job is None or not job.is_on_device or job.is_stopping:
                return None
            new, events = remarked(job, ledger.clock.now(), message, reasons)
            return Change(jobs=(new,), events=events)

        await self._store(decide)

    def step(self, prepared: Prepared, before: int) -> JobWork:
        """The same job, prepared for one of several steps, of which so many pages are out already."""
        return JobWork(self._ledger, self._job, self._running, prepared, before)

    def completed(self) -> Ending:
        """How a job that was printed ends: with what its device remarked."""
        if not self._reasons:
            return Ending(Cause.COMPLETE, message=self._message)
        return Ending(Cause.COMPLETE, self._reasons | {"job-completed-with-warnings"}, self._message)

    async def _store(self, decide: Decide) -> None:
        async def attempt() -> None:
            await self._ledger.update(decide)

        await self._ledger.insist(attempt, NoRoom)
