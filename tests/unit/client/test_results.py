"""What servers tell becomes typed values, and events change a job only forwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagebell.cli import words
from pagebell.ipp import registry as r
from pagebell.ipp.addresses import parse_address
from pagebell.ipp.asking import JOB_ATTRIBUTES, PRINTER_LIST
from pagebell.ipp.codec import Attribute, Group, GroupTag, LangString, Tag, Value
from pagebell.ipp.errors import OptionError
from pagebell.ipp.follow import Feedback, JobUpdate
from pagebell.ipp.registry import JobState
from pagebell.ipp.results import UNSET, JobInfo, Notification, PrinterInfo
from tests.scripted import event

JOB = JobInfo(7, state=JobState.PROCESSING, reasons=("job-printing",), impressions_completed=3, up_time=100)


def told(sequence: int, state: JobState, *attributes: object) -> Notification:
    return Notification.of(event(sequence, state, *attributes))  # type: ignore[arg-type]


def test_event_changes_state_and_reasons() -> None:
    new = JOB.merged(told(1, JobState.PROCESSING_STOPPED, r.job_state_reasons("printer-stopped")))
    assert (new.state, new.reasons) == (JobState.PROCESSING_STOPPED, ("printer-stopped",))


def test_event_from_before_the_picture_changes_nothing() -> None:
    assert JOB.merged(told(1, JobState.PENDING, r.printer_up_time(99))) == JOB


def test_pages_never_go_back_into_the_printer() -> None:
    assert JOB.merged(told(1, JobState.PROCESSING, r.job_impressions_completed(2))).impressions_completed == 3


def test_final_state_stays() -> None:
    done = replace(JOB, state=JobState.COMPLETED)
    assert done.merged(told(1, JobState.PROCESSING)) is done


def test_event_of_another_job_changes_nothing() -> None:
    assert JOB.merged(Notification.of(event(1, JobState.ABORTED, number=8))) is JOB


def test_event_without_reasons_keeps_them() -> None:
    assert JOB.merged(told(1, JobState.PROCESSING)).reasons == ("job-printing",)


def test_job_of_an_empty_group_is_all_unknown() -> None:
    job = JobInfo.of(Group(GroupTag.JOB))
    assert (job.state, job.impressions, job.created) == (UNSET, None, None)


def test_times_may_be_dates_or_seconds_since_1970_but_no_up_time() -> None:
    moment = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    assert JobInfo.of(Group.of(GroupTag.JOB, r.date_time_at_creation(moment))).created == moment
    seconds = int(moment.timestamp())
    assert JobInfo.of(Group.of(GroupTag.JOB, r.time_at_creation(seconds))).created == moment
    assert JobInfo.of(Group.of(GroupTag.JOB, r.time_at_creation(500))).created is None


def test_language_of_a_text_is_left_off() -> None:
    group = Group.of(GroupTag.JOB, r.job_name(LangString("Brief", "de")))
    assert type(JobInfo.of(group).name) is str


@pytest.mark.parametrize(
    ("given", "uri", "url"),
    [
        ("ipp://h", "ipp://h/", "http://h:631/"),
        ("ipps://h/p", "ipps://h/p", "https://h:631/p"),
        ("http://h/p", "ipp://h:80/p", "http://h:80/p"),
        ("https://h/p", "ipps://h:443/p", "https://h:443/p"),
        ("IPP://[::1]:8631/p?x=1", "ipp://[::1]:8631/p?x=1", "http://[::1]:8631/p?x=1"),
        ("ipp://ada:se%20cret@h/p", "ipp://h/p", "http://h:631/p"),
    ],
)
def test_addresses(given: str, uri: str, url: str) -> None:
    address = parse_address(given)
    assert (address.uri, address.url) == (uri, url)


def test_credentials_are_taken_out_of_the_address() -> None:
    assert parse_address("ipp://ada:se%20cret@h/").credentials == ("ada", "se cret")


@pytest.mark.parametrize("wrong", ["", "printer", "ftp://h/", "ipp://", "ipp://h:port/"])
def test_what_is_no_address_is_said_so(wrong: str) -> None:
    with pytest.raises(OptionError, match="not a printer's address"):
        parse_address(wrong)


ANYTHING = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda n: Value(Tag.INTEGER, n)),
    st.integers(-(2**31), 2**31 - 1).map(lambda n: Value(Tag.ENUM, n)),
    st.text(max_size=20).map(lambda text: Value(Tag.KEYWORD, text)),
    st.text(max_size=20).map(lambda text: Value(Tag.NAME_LANG, LangString(text, "de"))),
    st.booleans().map(lambda truth: Value(Tag.BOOLEAN, truth)),
    st.binary(max_size=9).map(lambda octets: Value(0x7E, octets)),
    st.sampled_from([Value(Tag.NO_VALUE, None), Value(Tag.UNKNOWN, None)]),
)
NAMES = st.sampled_from([attr.name for attr in (*JOB_ATTRIBUTES, *PRINTER_LIST, r.operations_supported)])


@given(st.dictionaries(NAMES, st.lists(ANYTHING, min_size=1, max_size=3)))
def test_whatever_a_server_tells_can_be_read_and_said(told: dict[str, list[Value]]) -> None:
    group = Group.of(GroupTag.JOB, *(Attribute(name, tuple(values)) for name, values in told.items()))
    job, printer = JobInfo.of(group), PrinterInfo.of(group)
    job = job.merged(Notification.of(group))
    assert words.outcome(job)
    assert words.progress(JobUpdate(job, printer, Feedback.POLLING))
    assert words.printer_state(printer)
