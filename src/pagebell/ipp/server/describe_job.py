"""A job as IPP attributes (RFC 8011 5.3, PWG 5100.7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.registry import JobState
from pagebell.ipp.selection import Selection, select
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.clients import clients_attribute
from pagebell.ipp.server.ticket import ROWS, write_ticket
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.model.document import Document
from pagebell.model.job import Job
from pagebell.model.subscription import Scope
from pagebell.spooler.spooler import Spooler

LIST_DEFAULT = ("job-uri", "job-id")
"""What Get-Jobs returns unless asked (RFC 8011 4.2.6.1)."""


def time_attribute(attr: Attr[datetime], at: float | None) -> Attribute:
    """A dateTime of seconds since 1970, 'no-value' for None."""
    return attr.no_value() if at is None else attr(datetime.fromtimestamp(int(at), UTC))


def up_time(spooler: Spooler, at: float | None = None) -> int:
    """printer-up-time, now or at a time: it goes on while the server is down (RFC 8011 5.4.29, first choice).

    Counted from 1970, as CUPS does, since CUPS' clients take time-at-creation and the like for the date.
    """
    return ticks(spooler.clock.now() if at is None else at)


def ticks(at: float) -> int:
    """A time in terms of printer-up-time."""
    return max(1, int(at))


def _tick(attr: Attr[int], spooler: Spooler, at: float | None) -> Attribute:
    """When something happened, in terms of printer-up-time (RFC 8011 5.3.14)."""
    return attr.no_value() if at is None else attr(up_time(spooler, at))


class View(NamedTuple):
    """A job as it is told of: to whom, and by which server."""

    job: Job
    origin: Origin
    spooler: Spooler


def _kilo_octets(job: Job) -> int:
    return min((job.octets + 1023) // 1024, 2**31 - 1)


def _first_document(job: Job) -> Document | None:
    return job.documents[0] if job.documents else None


def _is_completed(job: Job) -> bool:
    return JobState(job.state) is JobState.COMPLETED


DESCRIPTIONS: Final[dict[Attr[Any], Callable[[View], Attribute | None]]] = {
    r.job_id: lambda v: r.job_id(v.job.id),
    r.job_uri: lambda v: r.job_uri(v.origin.job(v.job.printer, v.job.id)),
    r.job_uuid: lambda v: r.job_uuid(f"urn:uuid:{v.job.uuid}"),
    r.job_printer_uri: lambda v: r.job_printer_uri(v.origin.printer(v.job.printer)),
    r.job_name: lambda v: r.job_name(v.job.name),
    r.job_originating_user_name: lambda v: r.job_originating_user_name(v.job.owner),
    r.job_originating_user_uri: lambda v: (
        r.job_originating_user_uri(v.job.owner_uri) if v.job.owner_uri else None
    ),
    r.client_info: lambda v: clients_attribute(v.job.clients),
    r.job_originating_host_name: lambda v: r.job_originating_host_name(v.job.host) if v.job.host else None,
    r.job_state: lambda v: r.job_state(JobState(v.job.state)),
    r.job_state_reasons: lambda v: r.job_state_reasons(*(sorted(v.job.reasons) or ("none",))),
    r.job_state_message: lambda v: r.job_state_message(v.job.message),
    r.job_message_from_operator: lambda v: r.job_message_from_operator(v.job.operator_message),
    r.job_printer_up_time: lambda v: r.job_printer_up_time(up_time(v.spooler)),
    r.job_more_info: lambda v: r.job_more_info(v.origin.page()),
    r.job_k_octets: lambda v: r.job_k_octets(_kilo_octets(v.job)),
    r.job_k_octets_processed: lambda v: r.job_k_octets_processed(
        _kilo_octets(v.job) if _is_completed(v.job) else 0
    ),
    r.job_impressions: lambda v: (
        r.job_impressions.no_value() if v.job.impressions is None else r.job_impressions(v.job.impressions)
    ),
    r.job_impressions_completed: lambda v: r.job_impressions_completed(v.job.impressions_completed),
    r.job_media_sheets: lambda v: (
        None if v.job.impressions is None else r.job_media_sheets(_sheets(v.job, v.job.impressions))
    ),
    r.job_media_sheets_completed: lambda v: r.job_media_sheets_completed(
        _sheets(v.job, v.job.impressions_completed)
    ),
    r.number_of_job_subscriptions: lambda v: r.number_of_job_subscriptions(
        v.spooler.subscriptions.count(Scope(v.job.printer_id, v.job.id))
    ),
    r.number_of_documents: lambda v: r.number_of_documents(len(v.job.documents)),
    r.number_of_intervening_jobs: lambda v: r.number_of_intervening_jobs(v.spooler.jobs.ahead(v.job)),
    r.job_resource_ids: lambda v: (
        r.job_resource_ids(*v.job.resources) if v.job.resources else r.job_resource_ids.no_value()
    ),
    r.output_device_assigned: lambda v: r.output_device_assigned(v.job.printer),
    r.attributes_charset: lambda v: r.attributes_charset(v.job.charset),
    r.attributes_natural_language: lambda v: r.attributes_natural_language(v.job.language),
    r.time_at_creation: lambda v: _tick(r.time_at_creation, v.spooler, v.job.created),
    r.time_at_processing: lambda v: _tick(r.time_at_processing, v.spooler, v.job.processing_at),
    r.time_at_completed: lambda v: _tick(r.time_at_completed, v.spooler, v.job.completed_at),
    r.date_time_at_creation: lambda v: time_attribute(r.date_time_at_creation, v.job.created),
    r.date_time_at_processing: lambda v: time_attribute(r.date_time_at_processing, v.job.processing_at),
    r.date_time_at_completed: lambda v: time_attribute(r.date_time_at_completed, v.job.completed_at),
    r.document_format: lambda v: (
        None if (document := _first_document(v.job)) is None else r.document_format(document.format)
    ),
    r.document_name_supplied: lambda v: (
        r.document_name_supplied(document.name)
        if (document := _first_document(v.job)) is not None and document.name
        else None
    ),
}
"""What there is to tell of a job beside its ticket; None where it has no such attribute."""


@lru_cache(maxsize=256)
def _wanted(selection: Selection) -> tuple[tuple[Callable[[View], Attribute | None], ...], bool]:
    """The rows of DESCRIPTIONS that were asked for, and whether anything of the ticket was."""
    rows = tuple(row for attr, row in DESCRIPTIONS.items() if attr.name in selection)
    return rows, r.overrides.name in selection or any(row.attr.name in selection for row in ROWS)


def job_attributes(job: Job, origin: Origin, spooler: Spooler, selection: Selection) -> list[Attribute]:
    """What was asked for of a job."""
    view = View(job, origin, spooler)
    rows, with_ticket = _wanted(selection)
    found = [attribute for row in rows if (attribute := row(view)) is not None]
    if with_ticket:
        template = {attribute.name: attribute for attribute in write_ticket(job.ticket)}
        template.setdefault("job-priority", r.job_priority(job.priority))
        template.setdefault("job-hold-until", r.job_hold_until("no-hold"))
        found += chosen(list(template.values()), selection)
    return found


def _sheets(job: Job, impressions: int) -> int:
    """Sheets for so many pages: two a sheet when both sides are printed."""
    two_sided = (job.ticket.sides or "one-sided") != "one-sided"
    return (impressions + 1) // 2 if two_sided else impressions


def job_selection(requested: list[str] | None, default: tuple[str, ...] = ("all",)) -> Selection:
    """Which of a job's attributes were asked for."""
    return select(requested, GroupTag.JOB, default)


def chosen(attributes: list[Attribute], selection: Selection) -> list[Attribute]:
    """Those that were asked for."""
    return [attribute for attribute in attributes if attribute.name in selection]
