"""Every cause in every state: the table leads somewhere, or the step is refused and changes nothing."""

from dataclasses import replace

import pytest

from pagebell.model.errors import WrongState
from pagebell.model.event import EventKind, JobId, JobState, PrinterName, PrinterState
from pagebell.model.job import Job
from pagebell.model.lifecycle import STEPS, Cause, begin, let_go, settle, step
from pagebell.model.printer import Printer

NOW = 100.0
STATES, CAUSES = list(JobState), list(Cause)
LIVING = [state for state in STATES if not state.is_final]
ON_DEVICE = [JobState.PROCESSING, JobState.PROCESSING_STOPPED]
STOPPING = frozenset({"processing-to-stop-point", "job-canceled-by-operator"})
WHILE_STOPPING = {Cause.CANCELED, Cause.COMPLETE, Cause.ABORT, Cause.INTERRUPT, Cause.RECOVER_HELD}


def job(state: JobState, reasons: frozenset[str] = frozenset()) -> Job:
    return Job(
        id=JobId(1),
        uuid="u",
        printer=PrinterName("p"),
        name="n",
        owner="ada",
        created=1.0,
        state=state,
        reasons=reasons,
        processing_at=50.0 if state in ON_DEVICE or state.is_final else None,
        completed_at=60.0 if state.is_final else None,
        impressions_completed=3,
        version=7,
    )


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_every_cause_in_every_state(state: JobState, cause: Cause) -> None:
    old = job(state, frozenset({"job-suspended"}) if cause is Cause.RESUME else frozenset())
    if (state, cause) not in STEPS:
        with pytest.raises(WrongState, match=r"can't .* job 1: it is "):
            step(old, cause, NOW)
        return
    new, (event,) = step(old, cause, NOW, message="why")
    assert new.version == old.version + 1
    assert new.message == "why"
    assert (event.job, event.at, event.job_status) == (1, NOW, new.status())
    assert (new.completed_at == NOW) is new.state.is_final
    assert new.state.is_final or new.completed_at is None
    begun = new.state in ON_DEVICE or new.state.is_final or cause in (Cause.RESUME, Cause.ADJOURN)
    assert (new.processing_at is not None) is begun or not old.processing_at
    if new.state.is_final:
        assert event.kind is EventKind.JOB_COMPLETED
    elif state.is_final:
        assert event.kind is EventKind.JOB_CREATED
    elif new.state is JobState.PROCESSING_STOPPED is not state:
        assert event.kind is EventKind.JOB_STOPPED
    else:
        assert event.kind is EventKind.JOB_STATE_CHANGED
    assert {"state"} <= set(event.changed) or new.state is state


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_every_state_is_left_by_some_cause(state: JobState) -> None:
    assert any(old is state and found.to is not state for (old, _), found in STEPS.items())


@pytest.mark.parametrize("state", LIVING, ids=lambda state: state.name)
def test_every_living_job_can_be_cancelled_and_aborted(state: JobState) -> None:
    assert step(job(state), Cause.ABORT, NOW)[0].state is JobState.ABORTED
    cancelled = step(job(state), Cause.CANCEL, NOW)[0]
    assert cancelled.is_stopping if state in ON_DEVICE else cancelled.state is JobState.CANCELED


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
@pytest.mark.parametrize("state", ON_DEVICE, ids=lambda state: state.name)
def test_job_that_is_stopping_can_only_come_to_an_end(state: JobState, cause: Cause) -> None:
    old = job(state, STOPPING)
    if cause not in WHILE_STOPPING:
        with pytest.raises(WrongState, match=r"is being cancelled already"):
            step(old, cause, NOW)
        return
    new, _ = step(old, cause, NOW)
    assert new.state.is_final
    if cause not in (Cause.COMPLETE, Cause.ABORT):
        assert (new.state, new.reasons) == (JobState.CANCELED, {"job-canceled-by-operator"})


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_suspended_job_is_resumed_or_ends(cause: Cause) -> None:
    old = job(JobState.PROCESSING_STOPPED, frozenset({"job-suspended"}))
    if cause not in (Cause.RESUME, Cause.CANCEL, Cause.ABORT, Cause.COMPLETE, Cause.PROVE):
        with pytest.raises(WrongState, match=r"is suspended"):
            step(old, cause, NOW)
        return
    new, _ = step(old, cause, NOW)
    assert not new.is_suspended
    if cause is Cause.CANCEL:
        assert (new.state, new.reasons) == (JobState.CANCELED, {"job-canceled-by-user"})


def test_job_that_is_not_suspended_is_not_resumed() -> None:
    with pytest.raises(WrongState, match=r"can't resume job 1"):
        step(job(JobState.PROCESSING_STOPPED, frozenset({"printer-stopped"})), Cause.RESUME, NOW)


def test_job_held_for_two_reasons_is_let_go_by_the_last() -> None:
    both = frozenset({"job-hold-until-specified", "job-held-on-create"})
    new, _ = let_go(job(JobState.PENDING_HELD, both), frozenset({"job-held-on-create"}), NOW)
    assert (new.state, new.reasons) == (JobState.PENDING_HELD, {"job-hold-until-specified"})
    new, _ = let_go(new, frozenset({"job-hold-until-specified"}), NOW)
    assert (new.state, new.reasons) == (JobState.PENDING, frozenset())


def test_printer_that_is_pausing_is_paused_when_its_job_is_done() -> None:
    busy, _ = settle(printer(), printer(pausing=True, current=JobId(1)), NOW)
    assert (busy.state, busy.reasons) == (PrinterState.PROCESSING, {"moving-to-paused"})
    done, (event,) = settle(busy, replace(busy, current=None), NOW)
    assert (done.state, done.reasons) == (PrinterState.STOPPED, {"paused"})
    assert event.kind is EventKind.PRINTER_STOPPED


def test_restarted_job_begins_anew() -> None:
    new, _ = step(job(JobState.COMPLETED), Cause.RESTART, NOW)
    assert (new.processing_at, new.completed_at, new.impressions_completed) == (None, None, 0)


def printer(**values: object) -> Printer:
    given = {"name": PrinterName("p"), "uuid": "u", "device": "null:", "created": 1.0}
    return Printer(**{**given, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize("current", [None, JobId(1)])
def test_state_of_a_printer_follows_from_its_facts(
    paused: bool, stopped: bool, current: JobId | None
) -> None:
    new, events = settle(printer(), printer(paused=paused, device_stopped=stopped, current=current), NOW)
    if paused or stopped:
        assert new.state is PrinterState.STOPPED
        assert [event.kind for event in events] == [EventKind.PRINTER_STOPPED]
    else:
        assert new.state is (PrinterState.IDLE if current is None else PrinterState.PROCESSING)
        assert [event.kind for event in events] == ([] if current is None else ["printer-state-changed"])
    assert new.version == 2
    assert ("paused" in new.reasons) is paused


def test_change_that_nobody_sees_has_no_event() -> None:
    new, events = settle(printer(), printer(defaults=printer().defaults, changed=9.0), NOW)
    assert events == ()
    assert new.state_changed == 0.0


def test_accepting_is_told() -> None:
    _, (event,) = settle(printer(), printer(accepting=False), NOW)
    assert (event.kind, event.changed) == (EventKind.PRINTER_STATE_CHANGED, ("accepting",))


def test_pages_that_are_counted_when_printing_begins_are_told_with_it() -> None:
    new, (event,) = begin(job(JobState.PENDING), NOW, (), 4)
    assert (new.state, new.impressions) == (JobState.PROCESSING, 4)
    assert {"state", "impressions"} <= set(event.changed)
