"""An event in ippget's words (RFC 3995 9, RFC 3996 9)."""

from __future__ import annotations

from pagebell.ipp import registry as r
from pagebell.ipp.registry import JobState, PrinterState
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.describe_job import time_attribute, up_time
from pagebell.ipp.values import Attribute
from pagebell.model.event import Event, EventKind, JobStatus
from pagebell.model.subscription import Subscription
from pagebell.model.wording import event_text, language_for
from pagebell.spooler.eventlog import Notification
from pagebell.spooler.spooler import Spooler


def event_attributes(
    notification: Notification, subscription: Subscription, origin: Origin, spooler: Spooler
) -> list[Attribute]:
    """One event-notification group (RFC 3996 9.1)."""
    event = notification.event
    attributes = [
        r.notify_subscription_id(subscription.id),
        r.notify_sequence_number(notification.number),
        r.notify_subscribed_event(event.kind.value),
        r.notify_printer_uri(origin.printer(event.printer)),
        r.printer_up_time(up_time(spooler, event.at)),
        time_attribute(r.printer_current_time, event.at),
        r.notify_charset(subscription.charset),
        r.notify_natural_language(language_for(subscription.language)),
        r.notify_user_data(subscription.user_data),
        r.notify_text(event_text(event, subscription.language)),
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
