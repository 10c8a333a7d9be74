"""An event in ippget's words (RFC 3995 9, RFC 3996 9)."""

from __future__ import annotations

from functools import lru_cache

from pagebell.ipp import registry as r
from pagebell.ipp.encoder import encode_attribute, integer_writer
from pagebell.ipp.registry import JobState, PrinterState
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.describe_job import time_attribute
from pagebell.ipp.values import Attribute
from pagebell.model.event import Event, EventKind, JobStatus
from pagebell.model.subscription import Subscription
from pagebell.model.wording import event_text, language_for
from pagebell.spooler.eventlog import Notification

_KEPT = 4096
"""Encoded events; as many as the event log keeps at hand."""
_subscription_id = integer_writer(r.notify_subscription_id.name)
_sequence_number = integer_writer(r.notify_sequence_number.name)


def event_group(notification: Notification, subscription: Subscription, origin: Origin) -> list[bytes]:
    """One event-notification group, encoded (RFC 3996 9.1): its own three attributes, and what all readers share."""
    return [
        _subscription_id(subscription.id),
        _sequence_number(notification.number),
        _user_data(subscription.user_data),
        _shared(notification.event, subscription.charset, subscription.language, origin),
    ]


@lru_cache(maxsize=_KEPT)
def _user_data(octets: bytes) -> bytes:
    return encode_attribute(r.notify_user_data(octets))


@lru_cache(maxsize=_KEPT)
def _shared(event: Event, charset: str, language: str, origin: Origin) -> bytes:
    """What is the same for all who read an event in one language, encoded once for all of them."""
    return b"".join(map(encode_attribute, _attributes(event, charset, language, origin)))


def _attributes(event: Event, charset: str, language: str, origin: Origin) -> list[Attribute]:
    attributes = [
        r.notify_subscribed_event(event.kind.value),
        r.notify_printer_uri(origin.printer(event.printer)),
        r.printer_up_time(max(1, int(event.at))),
        time_attribute(r.printer_current_time, event.at),
        r.notify_charset(charset),
        r.notify_natural_language(language_for(language)),
        r.notify_text(event_text(event, language)),
    ]
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
