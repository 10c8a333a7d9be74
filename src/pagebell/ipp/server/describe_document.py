"""A document as IPP attributes (PWG 5100.5 9)."""

from __future__ import annotations

from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from pagebell.ipp import registry as r
from pagebell.ipp.registry import DocumentState
from pagebell.ipp.selection import Selection
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.describe_job import chosen, time_attribute, up_time
from pagebell.ipp.values import Attribute
from pagebell.model.document import Document
from pagebell.model.event import JobState
from pagebell.model.job import Job
from pagebell.spooler.spooler import Spooler

_STATES: Final = {
    JobState.PENDING: (DocumentState.PENDING, "none"),
    JobState.PENDING_HELD: (DocumentState.PENDING, "none"),
    JobState.PROCESSING: (DocumentState.PROCESSING, "printing"),
    JobState.PROCESSING_STOPPED: (DocumentState.PROCESSING_STOPPED, "printer-stopped"),
    JobState.CANCELED: (DocumentState.CANCELED, "canceled-by-user"),
    JobState.ABORTED: (DocumentState.ABORTED, "aborted-by-system"),
    JobState.COMPLETED: (DocumentState.COMPLETED, "completed-successfully"),
}
"""A document goes where its job goes, unless it was cancelled alone."""


def document_attributes(
    document: Document, job: Job, origin: Origin, spooler: Spooler, selection: Selection
) -> list[Attribute]:
    """What was asked for of a document."""
    state, reason = _STATES[job.state]
    if document.canceled:
        state, reason = DocumentState.CANCELED, "canceled-by-user"
    last = not job.open and document is job.documents[-1]
    attributes = [
        r.attributes_charset(job.charset),
        r.attributes_natural_language(document.language or job.language),
        r.document_number(document.number),
        r.document_resource_ids(*document.resources)
        if document.resources
        else r.document_resource_ids.no_value(),
        r.document_name(document.name),
        r.document_state(state),
        r.document_state_reasons(reason),
        r.document_state_message(job.message),
        r.document_format(document.format),
        r.document_format_detected(document.format),
        r.document_job_id(job.id),
        r.document_job_uri(origin.job(job.printer, job.id)),
        r.document_printer_uri(origin.printer(job.printer)),
        r.document_uuid(f"urn:uuid:{_uuid(job, document)}"),
        r.k_octets((document.octets + 1023) // 1024),
        r.last_document(last),
        r.printer_up_time(up_time(spooler)),
        *_times(job, spooler),
    ]
    if document.uri:
        attributes.append(r.document_uri(document.uri))
    if document.language:
        attributes.append(r.document_natural_language(document.language))
    if document.impressions is not None:
        attributes.append(r.impressions(document.impressions))
    return chosen(attributes, selection)


def _uuid(job: Job, document: Document) -> UUID:
    return uuid5(NAMESPACE_URL, f"urn:uuid:{job.uuid}/{document.number}")


def _times(job: Job, spooler: Spooler) -> list[Attribute]:
    pairs = (
        (r.time_at_creation, r.date_time_at_creation, job.created),
        (r.time_at_processing, r.date_time_at_processing, job.processing_at),
        (r.time_at_completed, r.date_time_at_completed, job.completed_at),
    )
    found = []
    for tick, date, at in pairs:
        found.append(tick.no_value() if at is None else tick(up_time(spooler, at)))
        found.append(time_attribute(date, at))
    return found
