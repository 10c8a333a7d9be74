"""An event in ippget's words (RFC 3995 9, RFC 3996 5.2)."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Final

from pagebell.ipp import registry as r
from pagebell.ipp.registry import JobState, PrinterState, SystemState
from pagebell.ipp.selection import select
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.describe_job import job_attributes, time_attribute, up_time
from pagebell.ipp.values import Attribute, GroupTag, LangString, Tag, Value
from pagebell.model.errors import NotFound
from pagebell.model.event import Event, EventKind, JobId, JobStatus
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.model.subscription import Subscription
from pagebell.model.wording import event_text
from pagebell.spooler.eventlog import Notification
from pagebell.spooler.spooler import Spooler

_OF_JOBS: Final = (
    *(
        "job-impressions",
        "job-k-octets",
        "job-media-sheets-completed",
        "job-name",
        "job-originating-user-name",
    ),
    *("job-printer-uri", "job-priority", "job-state-message", "job-uri", "job-uuid", "number-of-documents"),
    *("time-at-completed", "time-at-creation", "time-at-processing"),
)
_OF_PRINTERS: Final = (
    *("printer-id", "printer-info", "printer-location", "printer-name", "printer-state-message"),
    *("printer-uuid", "queued-job-count"),
)
_OF_SUBSCRIPTIONS: Final = (
    *("notify-job-id", "notify-lease-duration", "notify-subscriber-user-name", "notify-subscription-uuid"),
    "notify-time-interval",
)
CARRIED: Final = tuple(sorted((*_OF_JOBS, *_OF_PRINTERS, *_OF_SUBSCRIPTIONS)))
"""notify-attributes-supported: what an event can carry beside what it always does (RFC 3995 5.3.4.1)."""


def event_attributes(
    notification: Notification,
    subscription: Subscription,
    origin: Origin,
    spooler: Spooler,
    language: str = "en",
) -> list[Attribute]:
    """One event-notification group (RFC 3996 5.2); `language` is the answer's."""
    event = notification.event
    subscribed = subscription.subscribed(event)
    text = event_text(event, subscription.language)
    attributes = [
        r.notify_subscription_id(subscription.id),
        r.notify_sequence_number(notification.number),
        r.notify_subscribed_event(subscribed.value),
        r.printer_up_time(up_time(spooler, event.at)),
        time_attribute(r.printer_current_time, event.at),
        r.notify_charset(subscription.charset),
        r.notify_natural_language(subscription.language),
        r.notify_user_data(subscription.user_data),
        r.notify_text(text if subscription.language == language else LangString(text, subscription.language)),
    ]
    if subscription.scope.printer is None:
        attributes += [
            r.notify_system_uri(origin.system),
            r.notify_system_up_time(up_time(spooler, event.at)),
        ]
    if event.printer:
        attributes.append(r.notify_printer_uri(origin.printer(event.printer)))
    return attributes + _what_happened(event)


def _what_happened(event: Event) -> list[Attribute]:
    """What the event itself tells, whoever hears of it."""
    attributes: list[Attribute] = []
    if event.job is not None:
        attributes += [r.job_id(event.job), r.notify_job_id(event.job)]  # CUPS' clients look for the latter
    if event.job_status is not None:
        attributes += _job(event, event.job_status)
    if event.printer_status is not None:
        status = event.printer_status
        attributes += [
            r.printer_state(PrinterState(status.state)),
            r.printer_state_reasons(*(sorted(status.reasons) or ("none",))),
            r.printer_state_message(status.message),
            r.printer_is_accepting_jobs(status.accepting),
        ]
    if event.system_status is not None:
        attributes += [
            r.system_state(SystemState(event.system_status.state)),
            r.system_state_reasons(*(sorted(event.system_status.reasons) or ("none",))),
        ]
    return attributes


def _job(event: Event, status: JobStatus) -> list[Attribute]:
    attributes = [
        r.job_state(JobState(status.state)),
        r.job_state_reasons(*(sorted(status.reasons) or ("none",))),
        r.job_state_message(status.message),
        r.job_name(status.name),
    ]
    if event.kind in (EventKind.JOB_PROGRESS, EventKind.JOB_COMPLETED):
        attributes.append(r.job_impressions_completed(status.impressions_completed))
    if status.impressions is not None:
        attributes.append(r.job_impressions(status.impressions))
    return attributes


# --- notify-attributes ---


async def carried(
    event: Event, subscription: Subscription, origin: Origin, spooler: Spooler
) -> list[Attribute]:
    """The further attributes that the subscription wants with each event (notify-attributes, RFC 3995 5.3.4).

    What the event recorded is told as it was then, all else as it is now. A printer's event has the job that the
    subscription is about, or the printer's current one; without any it has none of a job's attributes.
    """
    wanted = subscription.attributes
    if not wanted:
        return []
    found = [a for a in _of_subscription(subscription) if a.name in wanted]
    if any(name in _OF_JOBS for name in wanted):
        found += await _of_job(event, subscription, origin, spooler)
    printer = next((p for p in spooler.printers.all() if p.name == event.printer), None)
    if printer is not None:
        found += _of_printer(event, printer, spooler)
    known = {attribute.name for attribute in _what_happened(event)}
    return [a for a in found if a.name in wanted and a.name not in known]


def _of_subscription(subscription: Subscription) -> list[Attribute]:
    found = [
        r.notify_subscriber_user_name(subscription.owner),
        r.notify_subscription_uuid(f"urn:uuid:{subscription.uuid}"),
        r.notify_time_interval(subscription.interval),
    ]
    if subscription.scope.job is None:
        return [*found, r.notify_lease_duration(subscription.lease)]
    return [*found, r.notify_job_id(subscription.scope.job)]


async def _of_job(
    event: Event, subscription: Subscription, origin: Origin, spooler: Spooler
) -> list[Attribute]:
    number: JobId | None = event.job or subscription.scope.job
    if number is None and event.printer_status is not None:
        number = event.printer_status.current
    if number is None:
        return []
    try:
        job = await spooler.jobs.job(number)
    except NotFound:  # it has been purged
        return []
    if event.job_status is not None:
        job = _as_it_was(job, event.job_status)
    names = [name for name in subscription.attributes if name in _OF_JOBS]
    return job_attributes(job, origin, spooler, select(names, GroupTag.JOB))


def _as_it_was(job: Job, status: JobStatus) -> Job:
    return replace(
        job,
        name=status.name,
        message=status.message,
        impressions=status.impressions,
        impressions_completed=status.impressions_completed,
    )


def _of_printer(event: Event, printer: Printer, spooler: Spooler) -> list[Attribute]:
    status = event.printer_status
    return [
        r.printer_id(printer.id),
        r.printer_info(printer.info),
        r.printer_location(printer.location),
        r.printer_name(printer.name),
        r.printer_state_message(printer.message if status is None else status.message),
        r.printer_uuid(f"urn:uuid:{printer.uuid}"),
        r.queued_job_count(spooler.jobs.count(printer.name)),
    ]


# --- charsets ---

_TEXTS: Final = frozenset({Tag.TEXT, Tag.NAME, Tag.TEXT_LANG, Tag.NAME_LANG})


def readable(attributes: list[Attribute], charset: str) -> list[Attribute]:
    """The attributes for a reader of that charset (notify-charset, RFC 3995 5.3.6): plain letters for us-ascii."""
    if charset != "us-ascii":
        return attributes
    return [replace(a, values=tuple(map(_plain, a.values))) for a in attributes]


def _plain(value: Value) -> Value:
    if value.tag not in _TEXTS or not isinstance(value.data, str) or value.data.isascii():
        return value
    text = unicodedata.normalize("NFKD", value.data.translate(_LETTERS))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = text.encode("ascii", "replace").decode()
    if isinstance(value.data, LangString):
        return value._replace(data=LangString(text, value.data.language))
    return value._replace(data=text)


_LETTERS: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "’": "'", "“": '"', "”": '"', "–": "-"}
)
