"""Keywords, states and errors in plain words."""

from __future__ import annotations

import re

import pytest

from pagebell.cli import reasons
from pagebell.cli.failures import sentence
from pagebell.cli.happenings import meaning
from pagebell.cli.progress import Tone
from pagebell.cli.words import (
    STATES,
    is_grave,
    is_troubled,
    job_reason,
    outcome,
    plain_text,
    printer_reason,
    printer_state,
    printer_troubles,
    progress,
    size,
)
from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag
from pagebell.ipp.errors import EXCEPTIONS, HttpError, Refused, Untrusted, ipp_error
from pagebell.ipp.follow import Feedback, JobUpdate
from pagebell.ipp.registry import JobState, PrinterState, Status
from pagebell.ipp.results import JobInfo, Notification, PrinterInfo

SENTENCE = re.compile(r"[A-Z][^_]*[.]")


def now(job: JobInfo, *printer_reasons: str, feedback: Feedback = Feedback.EVENTS) -> str:
    return progress(JobUpdate(job, PrinterInfo("ipp://h/", reasons=printer_reasons), feedback))


def test_every_registered_job_reason_has_words() -> None:
    assert reasons.JOB.keys() >= r.job_state_reasons.keywords


@pytest.mark.parametrize("ending", ["", "-error", "-warning", "-report"])
def test_every_registered_printer_reason_has_words(ending: str) -> None:
    for keyword in r.printer_state_reasons.keywords:
        text = printer_reason(keyword + ending)
        assert text == "" or SENTENCE.fullmatch(text), keyword
        assert not text.startswith("The printer reports"), keyword


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("media-empty-error", "The printer is out of paper."),
        ("media-low-warning", "The printer is low on paper."),
        ("stapler-unrecoverable-storage-error", "The stapler has broken storage."),
        ("media-path-input-feed-error", "The paper path's entry does not feed."),
        ("sheet-rotator-jam", "The sheet rotator is jammed."),
        ("com.example-wobbly-warning", "The printer reports: com.example wobbly."),
    ],
)
def test_printer_reason(keyword: str, text: str) -> None:
    assert printer_reason(keyword) == text


def test_unknown_keywords_are_safe_to_show() -> None:
    assert job_reason("\x1b[31m-x") == "Reason: ?[31m x."
    assert plain_text("two\nlines\x1b[0m") == "two lines [0m."


def test_grave_troubles_come_first_and_reports_not_at_all() -> None:
    found = printer_troubles(["toner-low-warning", "media-empty-error", "fan-failure-report", "none"])
    assert found == ["The printer is out of paper.", "The printer is low on toner."]
    assert is_grave(["media-jam"])
    assert not is_grave(["toner-low-warning", "connecting-to-device", "none"])
    assert is_troubled(["media-empty-warning"])  # ippeveprinter, while it is still printing
    assert not is_troubled(["toner-low-warning", "media-empty-report"])


def test_every_job_state_has_a_word() -> None:
    assert STATES.keys() == set(JobState.__members__.values())


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (JobInfo(1, state=JobState.PENDING), "Waiting to be printed."),
        (JobInfo(1, state=JobState.PENDING, ahead=1), "Waiting; 1 job comes first."),
        (JobInfo(1, state=JobState.PENDING, ahead=3), "Waiting; 3 jobs come first."),
        (
            JobInfo(1, state=JobState.PENDING_HELD, reasons=("job-hold-until-specified",)),
            "Held. It waits for the time that was set, or to be released.",
        ),
        (JobInfo(1, state=JobState.PROCESSING, reasons=("job-printing",)), "Printing."),
        (JobInfo(1, state=JobState.PROCESSING, reasons=("job-interpreting",)), "The printer is reading it."),
        (JobInfo(1, state=JobState.PROCESSING, impressions=1), "Printing: 0 of 1 page."),
        (JobInfo(1, state=JobState.PROCESSING, impressions=5, impressions_completed=7), "Printing: 5 of 5 pages."),
        (JobInfo(1, state=JobState.PROCESSING, impressions_completed=1), "Printing: 1 page so far."),
        (JobInfo(1, state=JobState.PROCESSING, reasons=("processing-to-stop-point",)), "Being cancelled."),
        (JobInfo(1, state=JobState.PROCESSING_STOPPED, reasons=("printer-stopped",)), "The printer has stopped."),
        (
            JobInfo(1, state=JobState.PROCESSING_STOPPED, reasons=("printer-stopped",), impressions_completed=1),
            "The printer has stopped. 1 page came out.",
        ),
    ],
)  # fmt: skip
def test_progress(job: JobInfo, text: str) -> None:
    assert now(job) == text


def test_out_of_paper_comes_before_the_pages() -> None:
    job = JobInfo(1, state=JobState.PROCESSING, impressions=5, impressions_completed=2)
    assert now(job, "media-empty-error") == "The printer is out of paper. 2 of 5 pages came out."
    assert now(job, "toner-low-warning") == "Printing: 2 of 5 pages. The printer is low on toner."


def test_interruption_is_said() -> None:
    job = JobInfo(1, state=JobState.PROCESSING)
    assert now(job, feedback=Feedback.INTERRUPTED) == "The connection is lost; trying again."


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (JobInfo(1, state=JobState.COMPLETED, reasons=("job-completed-successfully",)), "Printed."),
        (JobInfo(1, state=JobState.COMPLETED, impressions_completed=1), "Printed: 1 page."),
        (JobInfo(1, state=JobState.COMPLETED, reasons=("processing-to-stop-point",)), "Printed."),
        (
            JobInfo(1, state=JobState.COMPLETED, reasons=("job-completed-with-warnings",)),
            "Printed. There were warnings.",
        ),
        (JobInfo(1, state=JobState.CANCELED, reasons=("job-canceled-by-user",)), "Cancelled."),
        (
            JobInfo(1, state=JobState.CANCELED, reasons=("job-canceled-at-device",), impressions_completed=2),
            "Cancelled at the printer after 2 pages.",
        ),
        (
            JobInfo(1, state=JobState.ABORTED, reasons=("document-format-error",)),
            "Not printed. The document is damaged, or not of the kind that it claims to be.",
        ),
        (
            JobInfo(1, state=JobState.ABORTED, message="disk full", impressions_completed=1),
            "Not printed to the end; it stopped after 1 page. disk full.",
        ),
    ],
)
def test_outcome(job: JobInfo, text: str) -> None:
    assert outcome(job) == text


@pytest.mark.parametrize(
    ("printer", "text"),
    [
        (PrinterInfo("", state=PrinterState.IDLE), "idle"),
        (PrinterInfo("", state=PrinterState.PROCESSING), "printing"),
        (PrinterInfo("", state=PrinterState.STOPPED, reasons=("paused",)), "paused"),
        (
            PrinterInfo("", state=PrinterState.STOPPED, reasons=("media-jam-error",)),
            "stopped: Paper is jammed in the printer.",
        ),
        (PrinterInfo("", state=PrinterState.IDLE, accepting=False), "idle, takes no jobs"),
        (PrinterInfo(""), "unknown"),
    ],
)
def test_printer_state(printer: PrinterInfo, text: str) -> None:
    assert printer_state(printer) == text


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (99_500, "100 kB"),
        (999_600, "1.0 MB"),
        (2_500_000_000, "2.5 GB"),
        (10**13, "10000 GB"),
    ],
)
def test_size(octets: int, text: str) -> None:
    assert size(octets) == text


def test_every_error_status_has_a_sentence_that_says_what_to_do() -> None:
    for status in EXCEPTIONS:
        text = sentence(ipp_error(Status(status)))
        assert SENTENCE.fullmatch(text), status


def test_errors_of_the_way_there() -> None:
    assert "'pagebell serve'" in sentence(Refused("ipp://h/", "connection refused"))
    assert "--insecure" in sentence(Untrusted("ipps://h/", "self-signed certificate"))
    assert "PAGEBELL_PASSWORD" in sentence(HttpError("ipp://h/", 401, "it wants a password"))
    assert sentence(FileNotFoundError(2, "No such file or directory", "a.pdf")).startswith(
        "Cannot read a.pdf: no such"
    )


@pytest.mark.parametrize(
    ("event", "attribute", "words"),
    [
        ("resource-installed", r.notify_resource_id(3), "Resource 3 was installed."),
        ("resource-state-changed", r.notify_resource_id(3), "Resource 3 is in another state."),
        ("system-state-changed", r.system_state(r.SystemState.PROCESSING), "The server is printing."),
        ("system-restarted", r.system_state(r.SystemState.IDLE), "The server has been restarted."),
        ("some-day-later", r.notify_text("It will be told."), "It will be told."),
    ],
)
def test_event_of_the_server_is_told_in_words(event: str, attribute: Attribute, words: str) -> None:
    group = Group.of(GroupTag.EVENT_NOTIFICATION, r.notify_subscribed_event(event), attribute)
    assert meaning(Notification.of(group), None) == (Tone.GOING, words)
