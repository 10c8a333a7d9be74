"""Use cases of the order in which jobs are printed: promote, put behind another, suspend and resume (RFC 3998 4)."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace

from pagebell.model.access import Principal, Right
from pagebell.model.errors import NotAccepting, NotFound, UnsupportedFormat, WrongState
from pagebell.model.event import EventKind, JobId, JobState, PrinterName
from pagebell.model.job import Job
from pagebell.model.lifecycle import Cause, job_event, printer_event, step
from pagebell.model.printer import Printer
from pagebell.spooler.changing import released
from pagebell.spooler.holding import ON_CREATE, SPECIFIED
from pagebell.spooler.jobs import Jobs
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.ports import Change

HIGHEST = 100
"""RFC 8011 5.2.1"""


class Queue:
    """Who is printed when."""

    def __init__(self, ledger: Ledger, jobs: Jobs) -> None:
        self._ledger = ledger
        self._jobs = jobs

    async def promote(self, number: JobId, by: Principal) -> Job:
        """Print a pending job next, before others promoted earlier (RFC 3998 4.4.1).

        Raises NotFound, NotAuthorized, WrongState.
        """
        return await self._move(number, by, None)

    async def schedule_after(self, number: JobId, predecessor: JobId | None, by: Principal) -> Job:
        """Print a pending job right after another, or next where none is named (RFC 3998 4.4.2).

        Raises NotFound, NotAuthorized, WrongState.
        """
        return await self._move(number, by, predecessor)

    def current(self, printer: PrinterName, number: JobId | None = None) -> Job:
        """The job on the printer's device; if `number` is given it must be that one. Raises NotFound, WrongState."""
        current = self._ledger.printer(printer).current
        job = None if current is None else self._ledger.roster.get(current)
        if job is None or not job.is_on_device:
            raise WrongState(f"printer {printer} is printing no job")
        if number is not None and number != job.id:
            raise WrongState(f"printer {printer} is printing job {job.id}, not {number}")
        return job

    async def cancel_current(self, printer: PrinterName, by: Principal, number: JobId | None = None) -> Job:
        """Cancel the job that is being printed (RFC 3998 4.2). Raises NotFound, NotAuthorized, WrongState."""
        return await self._jobs.cancel(self.current(printer, number).id, by)

    async def suspend_current(self, printer: PrinterName, by: Principal, number: JobId | None = None) -> Job:
        """Take the job that is being printed off its device; the next one follows (RFC 3998 4.3.1).

        Raises NotFound, NotAuthorized, WrongState.
        """
        return await self._step(self.current(printer, number).id, by, Cause.SUSPEND)

    async def resume(self, number: JobId, by: Principal) -> Job:
        """Let a suspended job go on where it was suspended (RFC 3998 4.3.2).

        Raises NotFound, NotAuthorized, WrongState.
        """
        return await self._step(number, by, Cause.RESUME)

    async def _step(self, number: JobId, by: Principal, cause: Cause) -> Job:
        def decide(job: Job) -> Change:
            self._ledger.at(job.printer, by).demand_own(job.owner)
            new, events = step(job, cause, self._ledger.clock.now())
            return Change(jobs=(new,), events=events)

        return await self._ledger.update_job(number, decide)

    async def relocate(
        self, number: JobId, target: PrinterName, formats: Collection[str], by: Principal
    ) -> Job:
        """Let another printer print a job, also one that is stuck on its own; `formats` are what that one takes.

        Raises NotFound, NotAuthorized, NotAccepting, UnsupportedFormat, WrongState, ServiceStopping.
        """
        ledger = self._ledger
        ledger.refuse_if_stopping()

        def decide(job: Job) -> Change | None:
            ledger.at(job.printer, by).demand_own(job.owner)
            ledger.at(target, by).demand(Right.PRINT)
            ledger.refuse_out_of_service(target)
            if not ledger.printer(target).accepting:
                raise NotAccepting(f"printer {target} does not accept jobs at present")
            strange = next((one.format for one in job.printable if one.format not in formats), None)
            if strange is not None:
                raise UnsupportedFormat(f"printer {target} does not take documents of format {strange}")
            if job.printer == target:
                return None
            return _relocated(job, ledger.printer(job.printer), ledger.printer(target), ledger.clock.now())

        return await ledger.update_job(number, decide)

    async def note(self, number: JobId, message: str, by: Principal) -> Job:
        """Let an operator say something to the job's owner (RFC 3998 6). Raises NotFound, NotAuthorized."""

        def decide(job: Job) -> Change:
            self._ledger.at(job.printer, by).demand(Right.MANAGE_ALL)
            new = replace(job, operator_message=message, version=job.version + 1)
            told = job_event(
                new, self._ledger.clock.now(), EventKind.JOB_CONFIG_CHANGED, ("operator_message",)
            )
            return Change(jobs=(new,), events=(told,))

        return await self._ledger.update_job(number, decide)

    # --- what is held ---

    async def release_new(self, printer: PrinterName) -> None:
        """Let the jobs go that were held since the printer held new ones."""
        for job in list(self._ledger.roster.living(printer)):
            if ON_CREATE in job.reasons:
                await self._let_go(job.id, ON_CREATE)

    async def release_due(self) -> None:
        """Let the jobs go whose time has come."""
        for job in self._ledger.roster.due(self._ledger.clock.now()):
            await self._let_go(job.id, SPECIFIED)

    async def _let_go(self, number: JobId, reason: str) -> None:
        """Hold a job no longer for that reason, if it still is, and is still there."""

        def decide(job: Job) -> Change | None:
            now = self._ledger.clock.now()
            return released(job, frozenset({reason}), now) if reason in job.reasons else None

        with suppress(NotFound):
            await self._ledger.update_job(number, decide)

    # --- the order ---

    async def _move(self, number: JobId, by: Principal, predecessor: JobId | None) -> Job:
        def decide(job: Job) -> Change:
            self._ledger.at(job.printer, by).demand(Right.MANAGE_ALL)
            if job.state is not JobState.PENDING:
                raise WrongState(f"job {job.id} has no place among those that wait to be printed")
            before = None if predecessor is None else self._predecessor(job, predecessor)
            others = [j for j in self._ledger.roster.living(job.printer) if j.id != job.id]
            moved = _first(job, others) if before is None else _behind(job, before, others)
            return self._told(job, moved)

        return await self._ledger.update_job(number, decide)

    def _predecessor(self, job: Job, number: JobId) -> Job:
        before = self._ledger.roster.get(number)
        if before is None or before.printer != job.printer:
            raise NotFound(f"there is no job {number} that waits at printer {job.printer}")
        if before.id == job.id or before.state is JobState.PENDING_HELD:
            raise WrongState(f"job {job.id} can't be printed after job {number}")
        return before

    def _told(self, job: Job, moved: list[Job]) -> Change:
        """The change that gives these jobs their new places, with its events."""
        now = self._ledger.clock.now()
        jobs = tuple(replace(new, version=new.version + 1) for new in moved)
        printer = self._ledger.printer(job.printer)
        order = printer_event(printer, now, EventKind.PRINTER_QUEUE_ORDER_CHANGED, ("order",))
        config = [
            job_event(new, now, EventKind.JOB_CONFIG_CHANGED, ("priority",))
            for new in jobs
            if new.id == job.id and new.priority != job.priority
        ]
        return Change(jobs=jobs, events=(order, *config))


def _relocated(job: Job, source: Printer, target: Printer, now: float) -> Change:
    """The job at another printer, of which both hear; from a device it is taken first. Raises WrongState."""
    if job.state.is_final or job.is_stopping:
        raise WrongState(f"job {job.id} can't be moved any more")
    new = job
    if new.is_on_device:
        new, _ = step(new, Cause.SUSPEND, now)
    if new.is_suspended:
        new, _ = step(new, Cause.RESUME, now)
    message = f"It was moved from printer {job.printer}."
    new = replace(new, printer=target.name, printer_id=target.id, rank=0.0, message=message)
    new = replace(new, version=job.version + 1)
    kind = EventKind.JOB_CONFIG_CHANGED if new.state is job.state else EventKind.JOB_STATE_CHANGED
    left = printer_event(source, now, EventKind.PRINTER_QUEUE_ORDER_CHANGED, ("left",))
    return Change(jobs=(new,), events=(left, job_event(new, now, kind, ("printer", "message"))))


def _rank(job: Job) -> float:
    return job.rank or float(job.id)


def _first(job: Job, others: list[Job]) -> list[Job]:
    """The job before all others that wait."""
    ranks = [_rank(other) for other in others if other.priority == HIGHEST]
    ticket = replace(job.ticket, job_priority=HIGHEST)
    rank = min([*ranks, float(job.id)]) - 1.0
    return [replace(job, ticket=ticket, priority=HIGHEST, rank=rank or -1.0)]


def _behind(job: Job, before: Job, others: list[Job]) -> list[Job]:
    """The job right behind another, and those that must give way for it."""
    priority = before.priority
    peers = [other for other in others if other.priority == priority and not other.is_on_device]
    lowest = min([_rank(peer) for peer in peers], default=_rank(before)) - 2.0
    rank = lowest if before.is_on_device or before.is_suspended else _rank(before)
    followers = sorted((peer for peer in peers if _rank(peer) > rank), key=lambda peer: peer.place)
    place = rank + 1.0 if not followers else (rank + _rank(followers[0])) / 2.0
    ticket = replace(job.ticket, job_priority=priority)
    place = place or (_rank(followers[0]) / 2.0 if followers else 0.5)  # 0 would mean: by its id
    moved = replace(job, ticket=ticket, priority=priority, rank=place)
    if not followers or rank < place < _rank(followers[0]):
        return [moved]
    shifted = [replace(peer, rank=_rank(peer) + 2.0 or 0.5) for peer in followers]
    return [replace(moved, rank=rank + 1.0 or 0.5), *shifted]
