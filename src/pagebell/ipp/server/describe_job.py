"""A job as IPP attributes (RFC 8011 5.3, PWG 5100.7)."""

from __future__ import annotations

from datetime import UTC, datetime

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.registry import JobState
from pagebell.ipp.selection import Selection, select
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.ticket import write_ticket
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.model.job import Job
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
    return max(1, int(spooler.clock.now() if at is None else at))


def _tick(attr: Attr[int], spooler: Spooler, at: float | None) -> Attribute:
    """When something happened, in terms of printer-up-time (RFC 8011 5.3.14)."""
    return attr.no_value() if at is None else attr(up_time(spooler, at))


def job_attributes(job: Job, origin: Origin, spooler: Spooler) -> list[Attribute]:
    """All that there is to tell of a job."""
    kilo = min((job.octets + 1023) // 1024, 2**31 - 1)
    done = JobState(job.state) is JobState.COMPLETED
    attributes = [
        r.job_id(job.id),
        r.job_uri(origin.job(job.printer, job.id)),
        r.job_uuid(f"urn:uuid:{job.uuid}"),
        r.job_printer_uri(origin.printer(job.printer)),
        r.job_name(job.name),
        r.job_originating_user_name(job.owner),
        r.job_state(JobState(job.state)),
        r.job_state_reasons(*(sorted(job.reasons) or ("none",))),
        r.job_state_message(job.message),
        r.job_printer_up_time(up_time(spooler)),
        r.job_more_info(origin.page()),
        r.job_k_octets(kilo),
        r.job_k_octets_processed(kilo if done else 0),
        r.job_impressions.no_value() if job.impressions is None else r.job_impressions(job.impressions),
        r.job_impressions_completed(job.impressions_completed),
        r.job_media_sheets_completed(_sheets(job, job.impressions_completed)),
        r.number_of_documents(len(job.documents)),
        r.number_of_intervening_jobs(spooler.jobs.ahead(job)),
        r.output_device_assigned(job.printer),
        r.attributes_charset(job.charset),
        r.attributes_natural_language(job.language),
        _tick(r.time_at_creation, spooler, job.created),
        _tick(r.time_at_processing, spooler, job.processing_at),
        _tick(r.time_at_completed, spooler, job.completed_at),
        time_attribute(r.date_time_at_creation, job.created),
        time_attribute(r.date_time_at_processing, job.processing_at),
        time_attribute(r.date_time_at_completed, job.completed_at),
    ]
    if job.impressions is not None:
        attributes.append(r.job_media_sheets(_sheets(job, job.impressions)))
    if job.host:
        attributes.append(r.job_originating_host_name(job.host))
    if job.documents:
        attributes.append(r.document_format(job.documents[0].format))
        if job.documents[0].name:
            attributes.append(r.document_name_supplied(job.documents[0].name))
    template = {attribute.name: attribute for attribute in write_ticket(job.ticket)}
    template.setdefault("job-priority", r.job_priority(job.priority))
    template.setdefault("job-hold-until", r.job_hold_until("no-hold"))
    return attributes + list(template.values())


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
