"""Printing a finished job once more as a job of its own (RFC 3998 4.1, PWG 5100.11 Resubmit-Job)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pagebell.model.access import Principal
from pagebell.model.document import Document
from pagebell.model.errors import Gone, WrongState
from pagebell.model.event import JobId
from pagebell.model.job import Job
from pagebell.model.subscription import Subscription
from pagebell.spooler.intake import DocumentSpec, Order
from pagebell.spooler.jobs import Jobs
from pagebell.spooler.ledger import Ledger

Revise = Callable[[Order], Order]


class Reprints:
    """Makes new jobs of finished ones; these stay as they are."""

    def __init__(self, ledger: Ledger, jobs: Jobs) -> None:
        self._ledger = ledger
        self._jobs = jobs

    async def reprint(
        self, number: JobId, by: Principal, revise: Revise = lambda order: order
    ) -> tuple[Job, tuple[Subscription, ...]]:
        """A copy of the job, with copies of its documents, ordered as `revise` has it.

        Raises NotFound, NotAuthorized, WrongState for a job that lives, Gone, and what `Jobs.submit` raises.
        """
        old = await self._ledger.job(number)
        self._ledger.at(old.printer, by).demand_own(old.owner)
        if not old.state.is_final:
            raise WrongState(f"job {old.id} is not over yet")
        documents = [document for document in old.documents if not document.canceled]
        if not documents or (old.completed_at or 0.0) + self._ledger.policy.keep_documents <= self._now():
            raise Gone(f"the documents of job {old.id} are no longer kept")
        order = Order(old.printer, by, old.name, old.ticket, charset=old.charset, language=old.language)
        order = replace(order, resources=self._ledger.lendable(old.printer, old.resources))
        job, subscriptions = await self._jobs.submit(revise(order))
        for document in documents:
            job = await self._copy(document, job, by, last=document is documents[-1])
        return job, subscriptions

    async def _copy(self, document: Document, job: Job, by: Principal, *, last: bool) -> Job:
        resources = self._ledger.lendable(job.printer, document.resources)
        spec = DocumentSpec(document.format, document.name, document.language, document.uri, resources)
        intake, _ = await self._jobs.open_document(job.id, spec, by)
        async with intake.whole("The copy of its document broke off."):
            async for chunk in self._ledger.documents.read(document.key):
                await intake.write(chunk)
            return await intake.commit(last=last)

    def _now(self) -> float:
        return self._ledger.clock.now()
