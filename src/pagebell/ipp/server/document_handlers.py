"""Operations on documents, and on what is kept of finished jobs (PWG 5100.5, PWG 5100.11, RFC 3998 4.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from pagebell.ipp import registry as r
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.selection import Selection, select
from pagebell.ipp.server.call import Call, Reply
from pagebell.ipp.server.describe_document import document_attributes
from pagebell.ipp.server.job_handlers import created, document_spec, named_format, read_resources
from pagebell.ipp.server.operator_handlers import noted
from pagebell.ipp.server.settable import demand_settable
from pagebell.ipp.server.subscription_groups import read_wishes
from pagebell.ipp.server.ticket import read_ticket
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.model.document import Document
from pagebell.model.errors import NotFound
from pagebell.model.job import Job
from pagebell.spooler.intake import Order

Handler = Callable[[Call], Awaitable[Reply]]
DOCUMENT_SETTABLE = (r.document_name.name,)


def handlers() -> dict[Op, Handler]:
    """Which function does which operation."""
    return {
        Op.GET_DOCUMENTS: get_documents,
        Op.GET_DOCUMENT_ATTRIBUTES: get_document_attributes,
        Op.CANCEL_DOCUMENT: cancel_document,
        Op.SET_DOCUMENT_ATTRIBUTES: set_document_attributes,
        Op.VALIDATE_DOCUMENT: validate_document,
        Op.REPROCESS_JOB: noted(reprocess_job),
        Op.RESUBMIT_JOB: reprocess_job,
    }


# --- documents ---


async def get_documents(call: Call) -> Reply:
    """Get-Documents, PWG 5100.5 3.2.1"""
    job = await _job(call)
    attributes = call.request.attributes
    first = (attributes.get(r.first_index) or 1) - 1
    most = attributes.get(r.limit) or len(job.documents)
    selection = _selection(call, ("document-number", "last-document"))
    reply = Reply()
    for document in job.documents[first : first + most]:
        reply.add(GroupTag.DOCUMENT, document_attributes(document, job, call.origin, call.spooler, selection))
    return reply


async def get_document_attributes(call: Call) -> Reply:
    """Get-Document-Attributes, PWG 5100.5 3.3.1"""
    job = await _job(call)
    found = document_attributes(
        _document(call, job), job, call.origin, call.spooler, _selection(call, ("all",))
    )
    return Reply().add(GroupTag.DOCUMENT, found)


def _selection(call: Call, default: tuple[str, ...]) -> Selection:
    return select(call.request.attributes.all(r.requested_attributes) or None, GroupTag.DOCUMENT, default)


async def cancel_document(call: Call) -> Reply:
    """Cancel-Document, PWG 5100.5 3.3.2"""
    job = await _job(call)
    await call.spooler.jobs.cancel_document(job.id, _document(call, job).number, call.by)
    return Reply()


async def set_document_attributes(call: Call) -> Reply:
    """Set-Document-Attributes, PWG 5100.5 3.3.3: the name alone, since all else is the job's."""
    job = await _job(call)
    document = _document(call, job)
    told = document_attributes(document, job, call.origin, call.spooler, select(None, GroupTag.DOCUMENT))
    known = {attribute.name for attribute in told}
    demand_settable(call, call.request.document, DOCUMENT_SETTABLE, known, _is_value)
    name = call.request.document.get(r.document_name) or ""
    await call.spooler.jobs.name_document(job.id, document.number, str(name), call.by)
    return Reply()


def _is_value(attribute: Attribute) -> bool:
    return attribute.values[0].data is not None


async def validate_document(call: Call) -> Reply:
    """Validate-Document, PWG 5100.13 4.2"""
    name = call.printer
    document_spec(call, name)
    template = Group(GroupTag.JOB, dict(call.request.document.attributes))
    _, ignored = read_ticket([template], call.spooler.printers.capabilities(name).of(named_format(call)))
    ignored = ignored + read_resources(call, name)[1]
    if ignored and call.request.fidelity:
        raise call.refuse(
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            "the document can't be printed just as asked for (ipp-attribute-fidelity)",
            *ignored,
        )
    return Reply(unsupported=ignored)


async def _job(call: Call) -> Job:
    job = await call.spooler.jobs.job(call.job_id)
    place = call.place.printer
    if place is not None and place != job.printer:
        raise NotFound(f"job {job.id} is not at printer {place}")
    return job


def _document(call: Call, job: Job) -> Document:
    number = call.request.attributes.get(r.document_number)
    found = next((document for document in job.documents if document.number == number), None)
    if found is None:
        raise NotFound(f"job {job.id} has no document {number}")
    return found


# --- once more ---


async def reprocess_job(call: Call) -> Reply:
    """Reprocess-Job, RFC 3998 4.1, and Resubmit-Job, PWG 5100.11 4.4: a new job, changed as the request says."""
    job = await _job(call)
    request = call.request
    template = Group(GroupTag.JOB, dict(request.job.attributes))
    hold = request.attributes.attributes.get(r.job_hold_until.name)
    if hold is not None:
        template.add(hold)
    asked, ignored = read_ticket([template], call.spooler.printers.capabilities(job.printer))
    if ignored and (request.fidelity or hold in ignored):
        raise call.refuse(
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            "the job can't be printed just as asked for (ipp-attribute-fidelity)",
            *ignored,
        )
    wishes = read_wishes(call, job=True)

    def revise(order: Order) -> Order:
        held = replace(order.ticket, job_hold_until=None, job_hold_until_time=None)
        return replace(
            order,
            name=call.text(r.job_name) or order.name,
            ticket=asked.over(held),
            subscriptions=wishes.granted,
        )

    new, subscriptions = await call.spooler.reprints.reprint(job.id, call.by, revise)
    return created(call, new, wishes, subscriptions, ignored)
