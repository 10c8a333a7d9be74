"""Use cases of jobs: create, fill, hold, release, cancel, restart, list."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import tzinfo
from itertools import islice

from pagebell.model.access import Principal, Right
from pagebell.model.errors import Gone, NotAccepting, NotFound, TooMany, WrongState
from pagebell.model.event import EventKind, JobId, JobState, PrinterName
from pagebell.model.job import Job
from pagebell.model.lifecycle import AWAITING, HOLDS, Cause, created, printer_event, step
from pagebell.model.subscription import Scope, Subscription
from pagebell.spooler.changing import (
    INCOMING,
    JobWish,
    changed,
    closing,
    held,
    purging,
    released,
    with_name,
    without_document,
)
from pagebell.spooler.holding import ON_CREATE, zone
from pagebell.spooler.intake import DocumentSpec, Intake, Order, new_job
from pagebell.spooler.ledger import Ledger, to_end
from pagebell.spooler.ports import Change, Conflict, JobQuery
from pagebell.spooler.subscriptions import Subscriptions
from pagebell.spooler.uploads import Uploads, creation


def _full() -> TooMany:
    return TooMany("the server has as many unfinished jobs as it may have; please try again later")


class Jobs:
    """Everything that can be done with jobs."""

    def __init__(self, ledger: Ledger, subscriptions: Subscriptions) -> None:
        self._ledger = ledger
        self._subscriptions = subscriptions
        self._uploads = Uploads(ledger)
        self.holders: list[Callable[[Job], frozenset[str]]] = []
        """Each tells for which reasons a new job waits for a source's word (of `lifecycle.AWAITING`)."""

    # --- creating ---

    async def submit(self, order: Order) -> tuple[Job, tuple[Subscription, ...]]:
        """Create a job without documents: they come by `open_document`, until `close` or the last one.

        Raises NotFound, NotAccepting, NotAuthorized, TooMany, ServiceStopping, Unsupported.
        """
        job, subscriptions = self._draft(order)
        try:
            await to_end(self._ledger.update(lambda: creation(job, subscriptions, self._ledger)))
        finally:
            self._ledger.leave_places(job.id, subscriptions)
        return job, subscriptions

    async def open_document(
        self, target: Order | JobId, spec: DocumentSpec, by: Principal
    ) -> tuple[Intake, tuple[Subscription, ...]]:
        """Begin the upload of a document for a new job or one that is open.

        Raises as `submit`; also WrongState for a job that is not open.
        """
        if isinstance(target, Order):
            draft, subscriptions = self._draft(target)
            try:
                return self._uploads.begin(draft, spec, draft, subscriptions), subscriptions
            except BaseException:
                self._ledger.leave_places(draft.id, subscriptions)
                raise
        self._ledger.refuse_if_stopping()
        job = await self._ledger.job(target)
        self._ledger.at(job.printer, by).demand_own(job.owner)
        if not job.open:
            raise WrongState(f"job {job.id} takes no more documents")
        return self._uploads.begin(job, spec, None, ()), ()

    async def close(self, number: JobId, by: Principal) -> Job:
        """No more documents come. Raises NotFound, NotAuthorized, WrongState."""

        def decide(job: Job) -> Change | None:
            self._ledger.at(job.printer, by).demand_own(job.owner)
            if job.state.is_final:
                raise WrongState(f"job {job.id} is finished")
            return closing(job, self._ledger.clock.now()) if job.open else None

        return await self._ledger.update_job(number, decide)

    def validate(self, order: Order) -> None:
        """Raise what `submit` would raise, but for NotAccepting: it is no promise anyway (RFC 3998 3.1.1)."""
        ledger = self._ledger
        ledger.refuse_if_stopping()
        ledger.at(order.printer, order.by).demand(Right.PRINT)
        ledger.refuse_out_of_service(order.printer)
        if not ledger.job_places.free:
            raise _full()

    def _draft(self, order: Order) -> tuple[Job, tuple[Subscription, ...]]:
        """The job as it will be, and its subscriptions; they have their places until `Ledger.leave_places`."""
        self.validate(order)
        printer = self._ledger.printer(order.printer)
        if not printer.accepting:
            raise NotAccepting(f"printer {order.printer} does not accept jobs at present")
        job = new_job(order, printer, self._ledger.next_job_id(), self._now(), self._zone)
        job = self._for_sources(job)
        scope = Scope(job.printer_id, job.id)
        subscriptions = self._subscriptions.of_new(scope, order.subscriptions, order.by)
        self._ledger.job_places.take((job.id,))
        return job, subscriptions

    def _for_sources(self, job: Job) -> Job:
        """The job held where a source wants an answer first."""
        reasons: frozenset[str] = frozenset().union(*(hold(job) for hold in self.holders))
        if not reasons:
            return job
        return replace(job, state=JobState.PENDING_HELD, reasons=job.reasons | reasons)

    async def desert(self, number: JobId) -> None:
        """Abort an open job whose client has not been heard of for too long."""
        why = "The next document did not come in time."
        await self._uploads.break_off(number, why, frozenset({"submission-interrupted", "aborted-by-system"}))

    # --- changing ---

    async def hold(
        self, number: JobId, by: Principal, until: str | None = None, at: float | None = None
    ) -> Job:
        """Keep it from being printed until it is released, or until a time by its name or in seconds since 1970.

        Raises NotFound, NotAuthorized, WrongState.
        """
        name = None if at is not None else until or "indefinite"

        def decide(job: Job) -> Change:
            ticket = replace(job.ticket, job_hold_until=name, job_hold_until_time=at)
            return held(job, ticket, self._now(), self._zone)

        return await self._change(number, by, decide)

    async def release(self, number: JobId, by: Principal) -> Job:
        """Let a held job be printed; what an operator holds, only operators release.

        Raises NotFound, NotAuthorized, WrongState.
        """

        def decide(job: Job) -> Change:
            if ON_CREATE in job.reasons:
                self._ledger.at(job.printer, by).demand(Right.MANAGE_ALL)
            if job.reasons & AWAITING and not self._ledger.at(job.printer, by).may(Right.MANAGE_ALL):
                raise WrongState(
                    f"job {job.id} waits for an answer: 'pagebell dialogs list' shows the question"
                )
            return released(job, HOLDS, self._now())

        return await self._change(number, by, decide)

    async def change(self, number: JobId, wish: JobWish, by: Principal) -> Job:
        """Set a waiting job's attributes, all or none. Raises NotFound, NotAuthorized, WrongState."""

        def decide(job: Job) -> Change | None:
            if wish.operator_message is not None:
                self._ledger.at(job.printer, by).demand(Right.MANAGE_ALL)
            change = changed(job, wish, self._now(), self._zone)
            if change is None or not self._ledger.roster.would_move(job, change.jobs[0]):
                return change
            printer = self._ledger.printer(job.printer)
            order = printer_event(printer, self._now(), EventKind.PRINTER_QUEUE_ORDER_CHANGED, ("order",))
            return replace(change, events=(order, *change.events))

        return await self._change(number, by, decide)

    async def cancel_document(self, number: JobId, document: int, by: Principal) -> Job:
        """Leave one document of a waiting job out. Raises NotFound, NotAuthorized, WrongState."""
        return await self._change(number, by, lambda job: without_document(job, document, self._now()))

    async def name_document(self, number: JobId, document: int, name: str, by: Principal) -> Job:
        """Give a document of a waiting job another name. Raises NotFound, NotAuthorized, WrongState."""
        return await self._change(number, by, lambda job: with_name(job, document, name, self._now()))

    async def read(self, number: JobId, by: Principal) -> AsyncGenerator[bytes]:
        """The octets of its documents, one after the other. Raises NotFound, NotAuthorized, Gone."""
        job = await self._ledger.job(number)
        self._ledger.at(job.printer, by).demand_own(job.owner)
        for document in job.printable:
            async for chunk in self._ledger.documents.read(document.key):
                yield chunk

    async def _change(self, number: JobId, by: Principal, decide: Callable[[Job], Change | None]) -> Job:
        def decide_own(job: Job) -> Change | None:
            self._ledger.at(job.printer, by).demand_own(job.owner)
            return decide(job)

        return await self._ledger.update_job(number, decide_own)

    def _now(self) -> float:
        return self._ledger.clock.now()

    @property
    def _zone(self) -> tzinfo | None:
        return zone(self._ledger.policy.time_zone)

    async def cancel(self, number: JobId, by: Principal, message: str = "") -> Job:
        """Stop it; while it is on its device that takes until the device has stopped.

        Raises NotFound, NotAuthorized, WrongState.
        """
        return await self._step(number, by, Cause.CANCEL, message)

    async def restart(self, number: JobId, by: Principal, *, hold: bool = False) -> Job:
        """Print a finished job once more. Raises NotFound, NotAuthorized, WrongState, Gone, TooMany."""

        def check(job: Job) -> None:
            if not self._ledger.job_places.take((number,)):
                raise _full()
            keep = self._ledger.policy.keep_documents
            if not job.documents or (job.completed_at or 0.0) + keep <= self._ledger.clock.now():
                raise Gone(f"the documents of job {job.id} are no longer kept")

        cause = Cause.RESTART_HELD if hold else Cause.RESTART
        try:
            return await to_end(self._step(number, by, cause, check=check))
        finally:
            self._ledger.leave_places(number)

    async def cancel_all(
        self,
        printer: PrinterName | None,
        by: Principal,
        *,
        mine: bool,
        numbers: Sequence[JobId] | None = None,
    ) -> list[Job]:
        """Cancel a printer's (or everybody's) living jobs, or those of `numbers`: all of them or, on an error, none.

        Raises NotFound, NotAuthorized, WrongState about the first that can't be cancelled.
        """
        if not mine:
            (by if printer is None else self._ledger.at(printer, by)).demand(Right.MANAGE_ALL)
        if numbers is None:
            jobs = [job for job in self._ledger.roster.living(printer) if not mine or job.owner == by.name]
            jobs = [job for job in jobs if not job.is_stopping]
        else:
            jobs = [await self.job(number) for number in numbers]
        now = self._ledger.clock.now()
        for job in jobs:
            if printer is not None and job.printer != printer:
                raise NotFound(f"job {job.id} is not at printer {printer}")
            self._ledger.at(job.printer, by).demand_own(job.owner)
            step(job, Cause.CANCEL, now)
        cancelled = []
        for job in jobs:
            try:
                cancelled.append(await self.cancel(job.id, by))
            except (NotFound, WrongState):
                continue  # it finished meanwhile, or was purged
        return cancelled

    async def purge(self, printer: PrinterName, by: Principal) -> None:
        """Remove all jobs of a printer, also from history; one that is on its device when that has stopped."""
        self._ledger.at(printer, by).demand(Right.MANAGE_ALL)
        for job in list(self._ledger.roster.living(printer)):
            with suppress(NotFound):  # somebody else purges too
                await self._ledger.update_job(job.id, lambda job: purging(job, self._now()))
        while finished := await self._ledger.store.jobs(JobQuery(finished=True, printer=printer, limit=500)):
            await self.forget(finished)

    async def forget(self, finished: Sequence[Job]) -> None:
        """Remove finished jobs and their documents; those that are restarted meanwhile stay."""
        while gone := [job for job in finished if self._ledger.roster.get(job.id) is None]:
            try:
                await self._ledger.commit(Change(gone_jobs=tuple(job.id for job in gone)))
            except Conflict:
                continue
            return await self._ledger.forget_documents(gone)

    async def _step(
        self,
        number: JobId,
        by: Principal,
        cause: Cause,
        message: str = "",
        check: Callable[[Job], None] | None = None,
    ) -> Job:
        def decide(job: Job) -> Change:
            self._ledger.at(job.printer, by).demand_own(job.owner)
            now = self._ledger.clock.now()
            new, events = step(job, cause, now, message=message)
            if check is not None:
                check(job)
            if cause in (Cause.RESTART, Cause.RESTART_HELD):
                new = self._for_sources(new)
                events = created(new, now)
            if job.open and not new.state.is_final:
                new = replace(new, reasons=new.reasons | INCOMING, touched=now)
            if cause is Cause.CANCEL and by.name != job.owner:
                reasons = new.reasons - {"job-canceled-by-user"} | {"job-canceled-by-operator"}
                new, events = step(job, cause, now, reasons=reasons, message=message)
            return Change(jobs=(new,), events=events)

        return await self._ledger.update_job(number, decide)

    # --- asking ---

    async def job(self, number: JobId) -> Job:
        """Raises NotFound."""
        return await self._ledger.job(number)

    async def list(self, query: JobQuery) -> list[Job]:
        """Jobs in the order that JobQuery tells."""
        if query.finished:
            return await self._ledger.store.jobs(query)
        if query.finished is False:
            return list(islice(self._ledger.roster.select(query), query.offset, query.offset + query.limit))
        most = query.offset + query.limit
        living = list(islice(self._ledger.roster.select(query), most))
        finished = await self._ledger.store.jobs(replace(query, finished=True, offset=0, limit=most))
        ended = {job.id for job in finished}  # also those that lived when we looked first
        both = [job for job in living if job.id not in ended] + finished
        return both[query.offset : most]

    def ahead(self, job: Job) -> int:
        """How many living jobs stand before it at its printer."""
        return 0 if job.state.is_final else self._ledger.roster.ahead(job)

    def count(self, printer: PrinterName) -> int:
        """How many living jobs the printer has (IPP queued-job-count)."""
        return self._ledger.roster.count(printer)

    def is_uploading(self, number: JobId) -> bool:
        """Whether octets of it are on their way in."""
        return self._uploads.of(number) > 0
