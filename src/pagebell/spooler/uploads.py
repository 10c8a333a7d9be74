"""Uploads under way: from the first octet to the row of their document, or to the end of their job."""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from dataclasses import replace

from pagebell.model.document import Document, DocumentKey
from pagebell.model.errors import NoRoom, NotFound, TooMany
from pagebell.model.event import JobId
from pagebell.model.job import Job
from pagebell.model.lifecycle import Cause, created, step
from pagebell.model.subscription import Subscription
from pagebell.spooler.changing import INCOMING, contents, with_document
from pagebell.spooler.intake import DocumentSpec, Intake
from pagebell.spooler.ledger import Ledger, to_end
from pagebell.spooler.ports import Change, Content

log = logging.getLogger(__name__)


def creation(job: Job, subscriptions: tuple[Subscription, ...], ledger: Ledger) -> Change:
    """A new job with its subscriptions and its first event.

    Raises NotFound where its printer has gone, Unsupported for a resource that it can't have.
    """
    if ledger.printer(job.printer).id != job.printer_id:
        raise NotFound(f"printer {job.printer} is another one by now")
    return Change(
        jobs=(job,),
        subscriptions=subscriptions,
        events=created(job, ledger.clock.now()),
        resources=ledger.take_resources(job.allocated),
    )


class Uploads:
    """The documents that are on their way in."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._incoming: dict[JobId, set[DocumentKey]] = {}

    def of(self, number: JobId) -> int:
        """How many are under way into a job."""
        return len(self._incoming.get(number, ()))

    def begin(
        self, job: Job, spec: DocumentSpec, draft: Job | None, subscriptions: tuple[Subscription, ...]
    ) -> Intake:
        """An upload into `job`; `draft` is the job while it is not stored yet. Raises TooMany."""
        ledger, policy = self._ledger, self._ledger.policy
        count = len(job.documents) + self.of(job.id)
        if count >= policy.max_documents_per_job:
            raise TooMany(f"job {job.id} has {count} documents, as many as a job may have")
        key = DocumentKey(f"{job.id}-{count + 1}-{uuid.uuid4().hex[:8]}")
        self._incoming.setdefault(job.id, set()).add(key)

        async def announce() -> None:
            nonlocal draft
            if draft is not None:
                job = draft
                await ledger.update(lambda: creation(job, subscriptions, ledger))
                draft = None

        async def stored(document: Document, content: Content | None, last: bool) -> Job:
            try:
                if draft is not None:
                    return await self._store_whole(draft, document, content, last, subscriptions)

                def decide(now: Job) -> Change:
                    change = with_document(now, document, content, last, ledger.clock.now())
                    return replace(change, resources=ledger.take_resources(document.resources))

                return await ledger.update_job(job.id, decide)
            finally:
                self._arrived(job.id, key)

        async def aborted(why: str, reasons: frozenset[str]) -> None:
            self._arrived(job.id, key)
            try:
                if draft is not None:
                    await self._store_aborted(draft, why, reasons, subscriptions)
                else:
                    await self.break_off(job.id, why, reasons)
            except NoRoom as error:  # nobody could do anything about it: time ends the job
                log.warning("job %d can't be aborted now, it will time out: %s", job.id, error)
            finally:
                ledger.leave_places(job.id, subscriptions)

        return Intake(
            job=job.id,
            number=count + 1,
            spec=spec,
            _upload=ledger.documents.create(key),
            _key=key,
            _limit=policy.max_document,
            _announce_after=policy.announce_after,
            _announce=announce,
            _stored=stored,
            _aborted=aborted,
        )

    async def break_off(self, number: JobId, why: str, reasons: frozenset[str]) -> None:
        """Abort a job whose documents do not come, if it still waits for them."""

        def decide(job: Job) -> Change | None:
            if job.state.is_final or not job.open:
                return None
            new, events = step(job, Cause.ABORT, self._ledger.clock.now(), reasons=reasons, message=why)
            return Change(jobs=(new,), events=events)

        with suppress(NotFound):  # it may have been purged
            await self._ledger.update_job(number, decide)

    def _arrived(self, number: JobId, key: DocumentKey) -> None:
        """That upload is no longer under way."""
        uploads = self._incoming.get(number, set())
        uploads.discard(key)
        if not uploads:
            self._incoming.pop(number, None)

    async def _store_whole(
        self,
        draft: Job,
        document: Document,
        content: Content | None,
        last: bool,
        subscriptions: tuple[Subscription, ...],
    ) -> Job:
        """A new job with its first document, in one transaction."""
        job = replace(draft, documents=(document,), open=not last)
        if last:
            job = replace(job, reasons=job.reasons - INCOMING)

        def decide() -> Change:
            return replace(creation(job, subscriptions, self._ledger), contents=contents(content))

        await self._ledger.update(decide)
        return job

    async def _store_aborted(
        self, draft: Job, why: str, reasons: frozenset[str], subscriptions: tuple[Subscription, ...]
    ) -> None:
        """A new job whose only document did not arrive: its history says so."""

        def decide() -> Change:
            change = creation(replace(draft, resources=()), subscriptions, self._ledger)
            now = self._ledger.clock.now()
            job, events = step(draft, Cause.ABORT, now, reasons=reasons, message=why)
            return replace(change, jobs=(replace(job, version=1),), events=change.events + events)

        with suppress(NotFound):
            await to_end(self._ledger.update(decide))
