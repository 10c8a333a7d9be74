"""What becomes of a job that waits when somebody changes it: pure decisions, each a Change or a refusal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo

from pagebell.model.document import Document, Ticket
from pagebell.model.errors import NotFound, WrongState
from pagebell.model.event import Event, EventKind, JobState
from pagebell.model.job import DEFAULT_PRIORITY, Job
from pagebell.model.lifecycle import HOLDS, PRINTED_TWICE, Cause, job_event, let_go, printer_event, step
from pagebell.model.printer import Printer
from pagebell.spooler.holding import FREE, SPECIFIED, opens
from pagebell.spooler.ports import Change, Content

INCOMING = frozenset({"job-incoming"})


def new_default(printer: Printer, now: float) -> Change:
    """That printer becomes the server's default one."""
    told = printer_event(printer, now, EventKind.PRINTER_CONFIG_CHANGED, ("default",))
    return Change(default_printer=printer.name, events=(told,))


@dataclass(frozen=True, slots=True)
class JobWish:
    """What a waiting job is to be; None leaves things as they are (RFC 3380 4.2)."""

    name: str | None = None
    ticket: Ticket | None = None
    """All of it, as it is to be."""
    operator_message: str | None = None


def changed(job: Job, wish: JobWish, now: float, where: tzinfo | None) -> Change | None:
    """The job as wished. Raises WrongState (RFC 3380 4.2, table 2): what it looks like is settled when it starts."""
    if job.state.is_final or (wish.ticket is not None and job.state >= JobState.PROCESSING):
        raise WrongState(f"job {job.id} can't be changed any more: it is {_state(job)}")
    ticket = job.ticket if wish.ticket is None else wish.ticket
    new = replace(
        job,
        name=job.name if wish.name is None else wish.name,
        ticket=ticket,
        priority=job.priority
        if ticket.job_priority == job.ticket.job_priority
        else ticket.job_priority or DEFAULT_PRIORITY,
        operator_message=job.operator_message if wish.operator_message is None else wish.operator_message,
    )
    if new == job:
        return None
    if new.resumed is not None and ticket != job.ticket:  # other pages than those that are out
        twice = {PRINTED_TWICE} if new.resumed else set()
        new = replace(new, resumed=None, impressions_completed=0, reasons=new.reasons | twice)
    names = tuple(
        n for n in ("name", "ticket", "priority", "operator_message") if getattr(new, n) != getattr(job, n)
    )
    events = (job_event(new, now, EventKind.JOB_CONFIG_CHANGED, names),)
    change = Change(jobs=(replace(new, version=job.version + 1),), events=events)
    old_hold = (job.ticket.job_hold_until, job.ticket.job_hold_until_time)
    if (ticket.job_hold_until, ticket.job_hold_until_time) == old_hold:
        return change
    moved = held(new, ticket, now, where)
    return replace(moved, events=events + moved.events)


def held(job: Job, ticket: Ticket, now: float, where: tzinfo | None) -> Change:
    """The job held as its new ticket says, or released. Raises WrongState."""
    at = ticket.job_hold_until_time
    if at is None and ticket.job_hold_until not in FREE:
        at = opens(ticket.job_hold_until or "", now, where)
    elif at is None:
        at = now
    if at is not None and at <= now:
        if job.state is JobState.PENDING:
            new = replace(job, ticket=ticket, version=job.version + 1)
            return Change(
                jobs=(new,), events=(job_event(new, now, EventKind.JOB_CONFIG_CHANGED, ("ticket",)),)
            )
        return released(replace(job, ticket=ticket), frozenset({SPECIFIED}), now)
    reasons = (job.reasons & (INCOMING | HOLDS)) | {SPECIFIED}
    new, events = step(replace(job, ticket=ticket), Cause.HOLD, now, reasons=reasons)
    touched = now if job.open else job.touched
    return Change(jobs=(replace(new, hold_until=at, touched=touched),), events=events)


def released(job: Job, reasons: frozenset[str], now: float) -> Change:
    """The job without these reasons to be held. Raises WrongState."""
    new, events = let_go(job, reasons, now)
    ticket = job.ticket
    if SPECIFIED in reasons and ticket.job_hold_until not in FREE:
        ticket = replace(ticket, job_hold_until="no-hold")
    ticket = replace(ticket, job_hold_until_time=None) if SPECIFIED in reasons else ticket
    touched = now if job.open else job.touched
    return Change(jobs=(replace(new, ticket=ticket, touched=touched),), events=events)


def without_document(job: Job, number: int, now: float) -> Change:
    """The job with one document cancelled. Raises NotFound, WrongState."""
    document = _document(job, number)
    if document.canceled:
        raise WrongState(f"document {number} of job {job.id} is canceled already")
    return _with(job, replace(document, canceled=True), now)


def with_name(job: Job, number: int, name: str, now: float) -> Change:
    """The job with one document renamed. Raises NotFound, WrongState."""
    return _with(job, replace(_document(job, number), name=name), now)


def _document(job: Job, number: int) -> Document:
    found = next((document for document in job.documents if document.number == number), None)
    if found is None:
        raise NotFound(f"job {job.id} has no document {number}")
    if job.state not in (JobState.PENDING, JobState.PENDING_HELD):
        raise WrongState(f"the documents of job {job.id} can't be changed any more: it is {_state(job)}")
    return found


def _with(job: Job, document: Document, now: float) -> Change:
    documents = tuple(document if d.number == document.number else d for d in job.documents)
    new = replace(job, documents=documents, version=job.version + 1)
    return Change(jobs=(new,), events=(job_event(new, now, EventKind.JOB_CONFIG_CHANGED, ("documents",)),))


def _state(job: Job) -> str:
    return job.state.name.lower().replace("_", "-")


def purging(job: Job, now: float) -> Change | None:
    """The living job cancelled, to be forgotten as soon as it is over."""
    if job.state.is_final:
        return None
    doomed = replace(job, purging=True)
    events: tuple[Event, ...] = ()
    if job.is_stopping:
        doomed = replace(doomed, version=job.version + 1)
    else:
        reasons = {"job-canceled-by-operator", *(("processing-to-stop-point",) if job.is_on_device else ())}
        doomed, events = step(doomed, Cause.CANCEL, now, reasons=frozenset(reasons))
    return Change(jobs=(doomed,), events=events)


def contents(content: Content | None) -> tuple[Content, ...]:
    """What of a stored document goes into its job's transaction."""
    return () if content is None else (content,)


def with_document(job: Job, document: Document, content: Content | None, last: bool, now: float) -> Change:
    """The job with one more document. Raises WrongState."""
    if job.state.is_final or job.state >= JobState.PROCESSING:
        raise WrongState(f"job {job.id} takes no more documents")
    documents = tuple(sorted((*job.documents, document), key=lambda d: d.number))
    new = replace(job, documents=documents, touched=now, version=job.version + 1)
    if last and job.open:
        return replace(closing(new, now, new.version, ("documents",)), contents=contents(content))
    event = job_event(new, now, EventKind.JOB_CONFIG_CHANGED, ("documents",))
    return Change(jobs=(new,), events=(event,), contents=contents(content))


def closing(job: Job, now: float, version: int | None = None, changed: tuple[str, ...] = ()) -> Change:
    """No more documents come: the job may be printed. `changed` is what else is new."""
    new = replace(job, open=False, reasons=job.reasons - INCOMING, version=version or job.version + 1)
    return Change(
        jobs=(new,), events=(job_event(new, now, EventKind.JOB_STATE_CHANGED, ("reasons", *changed)),)
    )
