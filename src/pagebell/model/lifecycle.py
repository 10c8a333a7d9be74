"""The life of a job and of a printer, as tables (RFC 8011 5.3.7 and 5.4.11).

The law: a state changes here and nowhere else, and whoever asks for a change gets the events that tell of it
in the same breath, so that neither is ever stored without the other.

    PENDING <--------- RELEASE/HOLD ---------> PENDING_HELD
       | START  ^ INTERRUPT, ADJOURN            CANCEL, ABORT from any of the four living states
       v        |
    PROCESSING <----- CONTINUE/STOP -----> PROCESSING_STOPPED
       |                                            | SUSPEND from both, RESUME back to PENDING
       | COMPLETE        | CANCELED        | ABORT
       v                 v                 v
    COMPLETED         CANCELED          ABORTED        --- RESTART ---> PENDING, --- RESTART_HELD ---> PENDING_HELD
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace

from pagebell.model.document import Document
from pagebell.model.errors import WrongState
from pagebell.model.event import Event, EventKind, JobState, PrinterState
from pagebell.model.job import Job
from pagebell.model.printer import Capabilities, Printer


class Cause(enum.Enum):
    """Why a job's state changes."""

    HOLD = "hold"
    RELEASE = "release"
    START = "start"
    STOP = "stop"
    CONTINUE = "continue"
    CANCEL = "cancel"
    CANCELED = "have canceled"
    ABORT = "abort"
    COMPLETE = "complete"
    INTERRUPT = "interrupt"
    ADJOURN = "adjourn"
    RECOVER_HELD = "hold after a crash"
    SUSPEND = "suspend"
    RESUME = "resume"
    PROVE = "wait for the proof of"
    RESTART = "restart"
    RESTART_HELD = "restart and hold"


@dataclass(frozen=True, slots=True)
class Step:
    """Where a cause leads, and the job-state-reasons there."""

    to: JobState
    reasons: frozenset[str] = frozenset()


def _step(to: JobState, *reasons: str) -> Step:
    return Step(to, frozenset(reasons))


_CANCELED = _step(JobState.CANCELED, "job-canceled-by-user")
_ABORTED = _step(JobState.ABORTED, "aborted-by-system")
_COMPLETED = _step(JobState.COMPLETED, "job-completed-successfully")
_HELD = _step(JobState.PENDING_HELD, "job-hold-until-specified")
_RECOVERED = _step(JobState.PENDING, "pagebell-reprinting-after-interruption")
_RECOVERED_HELD = _step(JobState.PENDING_HELD, "pagebell-held-after-interruption")
_PENDING = _step(JobState.PENDING)
_PRINTING = _step(JobState.PROCESSING, "job-printing")
_STOPPED = _step(JobState.PROCESSING_STOPPED, "printer-stopped")
_SUSPENDED = _step(JobState.PROCESSING_STOPPED, "job-suspended")
_PROVED = _step(JobState.PENDING_HELD, "job-held-for-review")

STEPS: dict[tuple[JobState, Cause], Step] = {
    (JobState.PENDING, Cause.HOLD): _HELD,
    (JobState.PENDING, Cause.START): _PRINTING,
    (JobState.PENDING, Cause.CANCEL): _CANCELED,
    (JobState.PENDING, Cause.ABORT): _ABORTED,
    (JobState.PENDING_HELD, Cause.HOLD): _HELD,
    (JobState.PENDING_HELD, Cause.RELEASE): _PENDING,
    (JobState.PENDING_HELD, Cause.CANCEL): _CANCELED,
    (JobState.PENDING_HELD, Cause.ABORT): _ABORTED,
    (JobState.PROCESSING, Cause.STOP): _STOPPED,
    (JobState.PROCESSING, Cause.CANCEL): _step(
        JobState.PROCESSING, "processing-to-stop-point", "job-canceled-by-user"
    ),
    (JobState.PROCESSING, Cause.CANCELED): _CANCELED,
    (JobState.PROCESSING, Cause.ABORT): _ABORTED,
    (JobState.PROCESSING, Cause.COMPLETE): _COMPLETED,
    (JobState.PROCESSING, Cause.INTERRUPT): _RECOVERED,
    (JobState.PROCESSING, Cause.ADJOURN): _PENDING,
    (JobState.PROCESSING, Cause.RECOVER_HELD): _RECOVERED_HELD,
    (JobState.PROCESSING, Cause.SUSPEND): _SUSPENDED,
    (JobState.PROCESSING, Cause.PROVE): _PROVED,
    (JobState.PROCESSING_STOPPED, Cause.PROVE): _PROVED,
    (JobState.PROCESSING_STOPPED, Cause.SUSPEND): _SUSPENDED,
    (JobState.PROCESSING_STOPPED, Cause.RESUME): _PENDING,
    (JobState.PROCESSING_STOPPED, Cause.STOP): _STOPPED,
    (JobState.PROCESSING_STOPPED, Cause.CONTINUE): _PRINTING,
    (JobState.PROCESSING_STOPPED, Cause.CANCEL): _step(
        JobState.PROCESSING_STOPPED, "processing-to-stop-point", "job-canceled-by-user"
    ),
    (JobState.PROCESSING_STOPPED, Cause.CANCELED): _CANCELED,
    (JobState.PROCESSING_STOPPED, Cause.ABORT): _ABORTED,
    (JobState.PROCESSING_STOPPED, Cause.COMPLETE): _COMPLETED,
    (JobState.PROCESSING_STOPPED, Cause.INTERRUPT): _RECOVERED,
    (JobState.PROCESSING_STOPPED, Cause.ADJOURN): _PENDING,
    (JobState.PROCESSING_STOPPED, Cause.RECOVER_HELD): _RECOVERED_HELD,
    (JobState.CANCELED, Cause.RESTART): _PENDING,
    (JobState.ABORTED, Cause.RESTART): _PENDING,
    (JobState.COMPLETED, Cause.RESTART): _PENDING,
    (JobState.CANCELED, Cause.RESTART_HELD): _HELD,
    (JobState.ABORTED, Cause.RESTART_HELD): _HELD,
    (JobState.COMPLETED, Cause.RESTART_HELD): _HELD,
}

PRINTED_TWICE = "pagebell-possibly-printed-twice"
"""The job-state-reason of a job that was sent to its device anew after part of it may have been printed."""
_LASTING = frozenset({PRINTED_TWICE})
"""Reasons that stay with a job from when they are told to its end, whatever its printer does meanwhile."""
_OF_CANCEL = frozenset({"job-canceled-by-user", "job-canceled-by-operator", "job-canceled-at-device"})
_WHILE_STOPPING = {Cause.CANCELED, Cause.COMPLETE, Cause.ABORT, Cause.INTERRUPT, Cause.RECOVER_HELD}
"""What may befall a job that was cancelled and has not come to its stop yet."""
_WHILE_SUSPENDED = {Cause.RESUME, Cause.CANCEL, Cause.ABORT, Cause.COMPLETE, Cause.PROVE}
"""What may befall a suspended job; its device may have finished it before it stopped."""


def step(
    job: Job, cause: Cause, now: float, *, reasons: frozenset[str] | None = None, message: str = ""
) -> tuple[Job, tuple[Event, ...]]:
    """Make the job's next version, and the events that tell of it. Pure.

    `reasons`, where given, stand in for the table's job-state-reasons. Raises WrongState where the table has no
    such step (RFC 8011: client-error-not-possible).
    """
    found = STEPS.get((job.state, cause))
    if found is None or not _is_allowed(job, cause):
        raise WrongState(f"can't {cause.value} job {job.id}: it {_condition(job)}")
    if job.is_suspended and cause is Cause.CANCEL:  # it is on no device that would have to stop first
        found = _CANCELED
    elif (
        job.is_stopping and reasons is None and cause in (Cause.CANCELED, Cause.INTERRUPT, Cause.RECOVER_HELD)
    ):
        found = Step(JobState.CANCELED, job.reasons & _OF_CANCEL)
    goes_on = found.to >= JobState.PROCESSING or cause in (Cause.RESUME, Cause.ADJOURN)
    begun = job.processing_at is not None and goes_on
    lasting = job.reasons & _LASTING if begun else ()
    new = replace(
        job,
        state=found.to,
        reasons=found.reasons.union(lasting) if reasons is None else reasons,
        message=message,
        version=job.version + 1,
    )
    if found.to.is_final:
        new = replace(new, completed_at=now, open=False)
    elif cause is Cause.START:
        new = replace(new, processing_at=job.processing_at or now, impressions_completed=job.out)
    elif cause is Cause.RESUME:
        new = replace(new, resumed=job.impressions_completed)
    elif cause in _FROM_THE_START:
        kept = job.milestones if cause is Cause.RECOVER_HELD and job.rests else None
        new = replace(new, processing_at=None, completed_at=None, resumed=None, milestones=kept)
        new = replace(new, impressions_completed=new.out)
    if found.to is not JobState.PENDING_HELD:
        new = replace(new, hold_until=None)
    elif cause is Cause.PROVE:
        new = replace(new, proved=True)
    return new, (job_event(new, now, _kind(job.state, found.to), _changes(job, new)),)


def begin(
    job: Job, now: float, documents: tuple[Document, ...], impressions: int | None
) -> tuple[Job, tuple[Event, ...]]:
    """The job on its device, with what was learned of its documents before, and the event that tells both.

    Raises WrongState.
    """
    new, _ = step(replace(job, documents=documents, impressions=impressions), Cause.START, now)
    return new, (job_event(new, now, _kind(job.state, new.state), _changes(job, new)),)


_FROM_THE_START = {
    *(Cause.RESTART, Cause.RESTART_HELD, Cause.INTERRUPT, Cause.RECOVER_HELD, Cause.PROVE),
}
"""What lets a job be printed from its first page; one that rested goes on where it was when it is let go."""


def _is_allowed(job: Job, cause: Cause) -> bool:
    """What a job's reasons add to its state."""
    if job.is_stopping:
        return cause in _WHILE_STOPPING
    if job.is_suspended:
        return cause in _WHILE_SUSPENDED
    return cause is not Cause.RESUME


def _condition(job: Job) -> str:
    if job.is_stopping:
        return "is being cancelled already"
    if job.is_suspended:
        return "is suspended"
    return f"is {job.state.name.lower().replace('_', '-')}"


def _kind(old: JobState, new: JobState) -> EventKind:
    """The most specific kind; a restarted job is created once more (RFC 3995 5.3.3.4.3)."""
    if old.is_final:
        return EventKind.JOB_CREATED
    if new.is_final:
        return EventKind.JOB_COMPLETED
    if new is JobState.PROCESSING_STOPPED and old is not new:
        return EventKind.JOB_STOPPED
    return EventKind.JOB_STATE_CHANGED


ANSWER_NEEDED = "pagebell-answer-needed"
"""The job-state-reason of a job that somebody is asked about; its message is the question."""
AWAITING = frozenset({"job-password-wait", "job-held-for-authorization", "pagebell-held-by-source"})
"""The job-state-reasons of jobs that a source holds: it lets them go, or an operator does, but not their owner."""
HOLDS = frozenset(
    {
        *("job-hold-until-specified", "job-held-on-create", "job-held-for-review"),
        *("pagebell-held-after-interruption", *AWAITING),
    }
)
"""The job-state-reasons that each keep a job held."""


def let_go(job: Job, reasons: frozenset[str], now: float, message: str = "") -> tuple[Job, tuple[Event, ...]]:
    """Take away some reasons for which a job is held: without any left it may be printed. Raises WrongState."""
    left = job.reasons - reasons
    cause = Cause.HOLD if left & HOLDS else Cause.RELEASE
    if cause is Cause.HOLD and job.state is not JobState.PENDING_HELD:
        raise WrongState(f"can't release job {job.id}: it {_condition(job)}")
    new, events = step(job, cause, now, reasons=left, message=message)
    return (replace(new, hold_until=None) if "job-hold-until-specified" in reasons else new), events


_WATCHED = ("state", "reasons", "message", "impressions", "impressions_completed", "priority", "name")


def _changes(old: Job, new: Job) -> tuple[str, ...]:
    return tuple(name for name in _WATCHED if getattr(old, name) != getattr(new, name))


def job_event(job: Job, now: float, kind: EventKind, changed: tuple[str, ...] = ()) -> Event:
    """Tell of something that befell `job` and left it as it is now."""
    return Event(
        kind, now, job.printer, job.id, job_status=job.status(), changed=changed, printer_id=job.printer_id
    )


def created(job: Job, now: float) -> tuple[Event, ...]:
    """The event of a job's coming to be."""
    names = ("state", "reasons", *(("documents",) if job.documents else ()))
    return (job_event(job, now, EventKind.JOB_CREATED, names),)


def progressed(job: Job, now: float, impressions_completed: int) -> tuple[Job, tuple[Event, ...]]:
    """The job with so many pages done in all, and the event; it must be processing."""
    new = replace(job, impressions_completed=impressions_completed, version=job.version + 1)
    return new, (job_event(new, now, EventKind.JOB_PROGRESS, _changes(job, new)),)


def remarked(
    job: Job, now: float, message: str, reasons: frozenset[str] = frozenset()
) -> tuple[Job, tuple[Event, ...]]:
    """The job with something told to its owner, besides what its state says, and the event."""
    new = replace(job, message=message, reasons=job.reasons | reasons, version=job.version + 1)
    return new, (job_event(new, now, EventKind.JOB_STATE_CHANGED, _changes(job, new)),)


def asked(job: Job, now: float, text: str) -> tuple[Job, tuple[Event, ...]] | None:
    """The job with a question to people in its message, and the event; None where it can't wait for an answer."""
    if job.state.is_final or (ANSWER_NEEDED in job.reasons and job.message == text):
        return None
    return remarked(job, now, text, frozenset({ANSWER_NEEDED}))


def unasked(job: Job, now: float, text: str) -> tuple[Job, tuple[Event, ...]] | None:
    """The job without that question, and the event; None where it does not show it."""
    if job.state.is_final or ANSWER_NEEDED not in job.reasons:
        return None
    message = "" if job.message == text else job.message
    new = replace(job, message=message, reasons=job.reasons - {ANSWER_NEEDED}, version=job.version + 1)
    return new, (job_event(new, now, EventKind.JOB_STATE_CHANGED, _changes(job, new)),)


_PRINTER_STATE: dict[tuple[bool, bool], PrinterState] = {
    # (stopped by an operator or the device, has a job)
    (False, False): PrinterState.IDLE,
    (False, True): PrinterState.PROCESSING,
    (True, False): PrinterState.STOPPED,
    (True, True): PrinterState.STOPPED,
}


def settle(old: Printer, new: Printer, now: float) -> tuple[Printer, tuple[Event, ...]]:
    """Bring the state of `new` in line with its facts, `old` being the version before. Pure.

    Returns the next version and what there is to tell: nothing where only facts changed that nobody sees.
    """
    if new.pausing and new.current is None:
        new = replace(new, pausing=False, paused=True)
    stopped = new.paused or new.device_stopped
    state = _PRINTER_STATE[stopped, new.current is not None]
    visible = state is not old.state or new.reasons != old.reasons or new.message != old.message
    new = replace(
        new,
        state=state,
        state_changed=now if visible else old.state_changed,
        version=old.version + 1,
    )
    events = []
    if visible:
        kind = EventKind.PRINTER_STATE_CHANGED
        if state is PrinterState.STOPPED and old.state is not state:
            kind = EventKind.PRINTER_STOPPED
        names = ("state", "reasons", "message")
        changed = tuple(name for name in names if getattr(old, name) != getattr(new, name))
        events.append(printer_event(new, now, kind, changed))
    for kind, is_of in _SUPPLIED.items():
        if {r for r in new.device_reasons if is_of(r)} != {r for r in old.device_reasons if is_of(r)}:
            events.append(printer_event(new, now, kind, ("reasons",)))
    if new.accepting != old.accepting:
        events.append(printer_event(new, now, EventKind.PRINTER_STATE_CHANGED, ("accepting",)))
    return new, tuple(events)


_FINISHERS = (
    *("binder", "bander", "die-cutter", "folder", "imprinter", "inserter", "perforater", "puncher"),
    *(
        "separation-cutter",
        "sheet-rotator",
        "slitter",
        "stacker",
        "stapler",
        "stitcher",
        "trimmer",
        "wrapper",
    ),
)
_SUPPLIED: dict[EventKind, Callable[[str], bool]] = {
    EventKind.PRINTER_MEDIA_CHANGED: lambda reason: reason.startswith("media-empty"),
    EventKind.PRINTER_FINISHINGS_CHANGED: lambda reason: reason.startswith(_FINISHERS) and "-empty" in reason,
}
"""What goes empty and is filled again, by the device's reasons that tell of it (RFC 3995 5.3.3.4.2)."""


def configured(old: Capabilities, new: Capabilities) -> EventKind:
    """The most specific kind of event for a device that can do something else now (RFC 3995 5.3.3.4.2)."""
    changed = {name for name in old.__slots__ if getattr(old, name) != getattr(new, name)}
    if changed <= {"media", "media_sources", "media_types"}:
        return EventKind.PRINTER_MEDIA_CHANGED
    return (
        EventKind.PRINTER_FINISHINGS_CHANGED
        if changed <= {"finishings"}
        else EventKind.PRINTER_CONFIG_CHANGED
    )


def printer_event(printer: Printer, now: float, kind: EventKind, changed: tuple[str, ...] = ()) -> Event:
    """Tell of something that befell `printer` and left it as it is now."""
    return Event(
        kind, now, printer.name, printer_status=printer.status(), changed=changed, printer_id=printer.id
    )
