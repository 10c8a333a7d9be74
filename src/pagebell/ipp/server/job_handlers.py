"""Operations that create and change jobs (RFC 8011 4.2 and 4.3, PWG 5100.7)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from pagebell.ipp import registry as r
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.server.call import Call, Reply
from pagebell.ipp.server.clients import read_clients
from pagebell.ipp.server.describe_job import LIST_DEFAULT, job_attributes, job_selection
from pagebell.ipp.server.inflate import CompressionDamaged, inflate
from pagebell.ipp.server.operator_handlers import noted
from pagebell.ipp.server.passwords import read_password
from pagebell.ipp.server.subscription_groups import Wishes, read_wishes, wish_groups
from pagebell.ipp.server.ticket import read_ticket
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.model.errors import DocumentDamaged, NotFound
from pagebell.model.event import JobId, PrinterName, ResourceId
from pagebell.model.event import JobState as State
from pagebell.model.job import Job
from pagebell.model.printer import Capabilities
from pagebell.model.subscription import Subscription
from pagebell.spooler.formats import OCTET_STREAM
from pagebell.spooler.holding import FREE, HOLDS
from pagebell.spooler.intake import DocumentSpec, Intake, Order
from pagebell.spooler.ports import JobQuery

Handler = Callable[[Call], Awaitable[Reply]]
COMPRESSIONS: Final = ("none", "deflate", "gzip")
_FROM_OPERATION: Final = (r.job_hold_until.name, r.job_hold_until_time.name)
"""Job Template attributes that clients also send as operation attributes."""


def handlers() -> dict[Op, Handler]:
    """Which function does which operation."""
    return {
        Op.PRINT_JOB: print_job,
        Op.VALIDATE_JOB: validate_job,
        Op.CREATE_JOB: create_job,
        Op.SEND_DOCUMENT: send_document,
        Op.CLOSE_JOB: close_job,
        Op.CANCEL_JOB: noted(cancel_job),
        Op.HOLD_JOB: noted(hold_job),
        Op.RELEASE_JOB: noted(release_job),
        Op.RESTART_JOB: noted(restart_job),
        Op.CANCEL_JOBS: cancel_jobs,
        Op.CANCEL_MY_JOBS: cancel_my_jobs,
        Op.GET_JOB_ATTRIBUTES: get_job_attributes,
        Op.GET_JOBS: get_jobs,
    }


# --- creating ---


async def print_job(call: Call) -> Reply:
    """Print-Job, RFC 8011 4.2.1"""
    order, wishes, ignored = read_order(call)
    spec = document_spec(call, order.printer)
    intake, subscriptions = await call.spooler.jobs.open_document(order, spec, call.by)
    job = await receive(call, intake, last=True)
    return created(call, job, wishes, subscriptions, ignored)


async def validate_job(call: Call) -> Reply:
    """Validate-Job, RFC 8011 4.2.3"""
    order, wishes, ignored = read_order(call)
    document_spec(call, order.printer)
    call.spooler.jobs.validate(order)
    reply = Reply(unsupported=ignored)
    return wish_groups(reply, wishes.within(call.spooler.subscriptions.room), None)


async def create_job(call: Call) -> Reply:
    """Create-Job, RFC 8011 4.2.4"""
    order, wishes, ignored = read_order(call)
    job, subscriptions = await call.spooler.jobs.submit(order)
    return created(call, job, wishes, subscriptions, ignored)


async def send_document(call: Call) -> Reply:
    """Send-Document, RFC 8011 4.3.1; without data and with last-document it only closes the job."""
    number = call.job_id
    job = await call.spooler.jobs.job(number)
    resources, ignored = read_resources(call, job.printer)
    spec = replace(document_spec(call, job.printer), resources=resources)
    last = call.request.attributes.get(r.last_document) or False
    first = await anext(call.body, b"")
    if not first:
        if not last:
            raise call.refuse(
                Status.CLIENT_ERROR_BAD_REQUEST, "there is no document, and last-document is not true"
            )
        return job_reply(call, await call.spooler.jobs.close(number, call.by))
    intake, _ = await call.spooler.jobs.open_document(number, spec, call.by)
    return job_reply(call, await receive(call, intake, last=last, first=first), ignored)


async def close_job(call: Call) -> Reply:
    """Close-Job, PWG 5100.7 5.2"""
    return job_reply(call, await call.spooler.jobs.close(call.job_id, call.by))


def read_order(call: Call) -> tuple[Order, Wishes, list[Attribute]]:
    """What is asked for; what can't be honoured is refused under fidelity, else returned to be told."""
    request, attributes = call.request, call.request.attributes
    name = call.printer
    template = Group(GroupTag.JOB, dict(request.job.attributes))
    for attribute in attributes.attributes.values():
        if attribute.name in _FROM_OPERATION:
            template.add(attribute)
    capabilities = _capabilities(call, name)
    ticket, ignored = read_ticket([template], capabilities)
    resources, refused = read_resources(call, name)
    ignored = ignored + refused
    flawed = [a for a in request.unsupported if a.name not in request.attributes]
    password = read_password(call, capabilities)
    missing = {a.name for a in (*ignored, *flawed)} & {*attributes.all(r.job_mandatory_attributes)}
    if (request.fidelity and (ignored or flawed)) or missing:
        raise call.refuse(
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            "the job can't be printed just as asked for (ipp-attribute-fidelity)",
            *flawed,
            *ignored,
        )
    wishes = read_wishes(call, job=True)
    order = Order(
        printer=name,
        by=call.by,
        name=call.text(r.job_name) or call.text(r.document_name) or "Untitled",
        ticket=ticket,
        password=password,
        subscriptions=wishes.granted,
        charset=request.charset,
        language=request.language,
        clients=read_clients(attributes),
        user_uri=attributes.get(r.requesting_user_uri) or "",
        resources=resources,
    )
    return order, wishes, ignored


def read_resources(call: Call, printer: PrinterName) -> tuple[tuple[ResourceId, ...], list[Attribute]]:
    """resource-ids of a new job or document: those that the printer has, and the others, to be told (PWG 5100.22 8.2).

    All that there are here are of a `static` type, which jobs may have.
    """
    numbers = [ResourceId(number) for number in dict.fromkeys(call.request.attributes.all(r.resource_ids))]
    good = call.spooler.resources.lendable(printer, numbers)
    others = [number for number in numbers if number not in good]
    return good, [r.resource_ids(*others)] if others else []


def _capabilities(call: Call, printer: PrinterName) -> Capabilities:
    """What the printer can do for the documents to come, as far as their format is known."""
    return call.spooler.printers.capabilities(printer).of(named_format(call))


def named_format(call: Call) -> str | None:
    """The format that a request names; None where it is to be found out, or any."""
    format_ = call.request.attributes.get(r.document_format)
    return None if format_ is None or format_.lower() == OCTET_STREAM else format_.lower()


def document_spec(call: Call, printer: PrinterName) -> DocumentSpec:
    """What is said of the document. Raises RequestRefused for what can't be read or printed."""
    attributes = call.request.attributes
    compression = attributes.get(r.compression) or "none"
    if compression not in COMPRESSIONS:
        refused = attributes.attributes[r.compression.name]
        raise call.refuse(
            Status.CLIENT_ERROR_COMPRESSION_NOT_SUPPORTED,
            f"compression {compression} is not supported",
            refused,
        )
    format_ = (attributes.get(r.document_format) or OCTET_STREAM).lower()
    if format_ not in (OCTET_STREAM, *call.spooler.printers.capabilities(printer).formats):
        refused = attributes.attributes[r.document_format.name]
        raise call.refuse(
            Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
            f"printer {printer} does not take documents of format {format_}",
            refused,
        )
    return DocumentSpec(
        format=format_,
        name=call.text(r.document_name),
        language=attributes.get(r.document_natural_language) or "",
    )


async def receive(call: Call, intake: Intake, *, last: bool, first: bytes = b"") -> Job:
    """Take in the document; if that fails its job is aborted and says why."""
    compression = call.request.attributes.get(r.compression) or "none"
    async with intake.whole("The document broke off while it was sent."):
        try:
            body = call.body if not first else _again(first, call)
            async for chunk in inflate(body, compression):
                await intake.write(chunk)
            return await intake.commit(last=last)
        except CompressionDamaged as damage:
            await intake.abort(str(damage), "compression-error")
            raise call.refuse(Status.CLIENT_ERROR_COMPRESSION_ERROR, str(damage)) from None
        except DocumentDamaged as damage:
            await intake.abort(str(damage), "document-format-error")
            raise


async def _again(first: bytes, call: Call) -> AsyncIterator[bytes]:
    yield first
    async for chunk in call.body:
        yield chunk


_NEW: Final = ("job-id", "job-uri", "job-uuid", "job-state", "job-state-reasons", "job-state-message")
_NEW_MORE: Final = ("number-of-intervening-jobs",)


def created(
    call: Call, job: Job, wishes: Wishes, subscriptions: tuple[Subscription, ...], ignored: list[Attribute]
) -> Reply:
    """The answer to an operation that creates a job (RFC 8011 4.2.1.2)."""
    return wish_groups(job_reply(call, job, ignored), wishes, subscriptions)


def job_reply(call: Call, job: Job, ignored: Sequence[Attribute] = ()) -> Reply:
    """What job operations answer (RFC 8011 4.2.1.2)."""
    selection = job_selection(None, (*_NEW, *_NEW_MORE))
    return Reply(unsupported=list(ignored)).add(
        GroupTag.JOB, job_attributes(job, call.origin, call.spooler, selection)
    )


# --- changing ---


async def cancel_job(call: Call) -> Reply:
    """Cancel-Job, RFC 8011 4.3.3"""
    await call.spooler.jobs.cancel(call.job_id, call.by, call.text(r.message))
    return Reply()


async def hold_job(call: Call) -> Reply:
    """Hold-Job, RFC 8011 4.3.5; until a time by PWG 5100.11"""
    until, at = _hold_until(call)
    if until == "no-hold":
        await call.spooler.jobs.release(call.job_id, call.by)
    else:
        await call.spooler.jobs.hold(call.job_id, call.by, until, at)
    return Reply()


def _hold_until(call: Call) -> tuple[str | None, float | None]:
    """The hold that is asked for: by a name, or until seconds since 1970. Raises RequestRefused."""
    attributes = call.request.attributes
    until, at = attributes.get(r.job_hold_until), attributes.get(r.job_hold_until_time)
    if until is not None and until not in HOLDS:
        refused = attributes.attributes[r.job_hold_until.name]
        raise call.refuse(
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED, f"can't hold a job until {until}", refused
        )
    return until, None if at is None else at.timestamp()


async def release_job(call: Call) -> Reply:
    """Release-Job, RFC 8011 4.3.6"""
    await call.spooler.jobs.release(call.job_id, call.by)
    return Reply()


async def restart_job(call: Call) -> Reply:
    """Restart-Job, RFC 8011 4.3.7: the job keeps its subscriptions and takes no further ones (RFC 3995 11.2.1)."""
    until, at = _hold_until(call)
    held = at is not None or until not in FREE
    job = await call.spooler.jobs.restart(call.job_id, call.by, hold=held)
    if held and (at is not None or until != "indefinite"):
        await call.spooler.jobs.hold(job.id, call.by, until, at)
    names = chain.from_iterable(group.attributes for group in call.request.subscriptions)
    return Reply(unsupported=[Attribute(name, r.notify_events.unsupported().values) for name in names])


async def cancel_jobs(call: Call) -> Reply:
    """Cancel-Jobs, PWG 5100.7: all of them or, with an error, none."""
    return await _cancel(call, mine=call.request.attributes.get(r.my_jobs) or False)


async def cancel_my_jobs(call: Call) -> Reply:
    """Cancel-My-Jobs, PWG 5100.7: all of them or, with an error, none."""
    return await _cancel(call, mine=True)


async def _cancel(call: Call, *, mine: bool) -> Reply:
    numbers = [JobId(number) for number in call.request.attributes.all(r.job_ids)]
    for number in numbers:
        try:
            job = await call.spooler.jobs.job(number)
            if mine and job.owner != call.by.name:
                raise NotFound(f"job {number} is not yours")
        except NotFound as error:
            raise call.refuse(Status.CLIENT_ERROR_NOT_FOUND, str(error), r.job_ids(number)) from None
    await call.spooler.jobs.cancel_all(call.printer_or_all, call.by, mine=mine, numbers=numbers or None)
    return Reply()


# --- asking ---


async def get_job_attributes(call: Call) -> Reply:
    """Get-Job-Attributes, RFC 8011 4.3.4"""
    job = call.spooler.dialogs.told(await call.spooler.jobs.job(call.job_id), call.by)
    place = call.place
    if place.printer is not None and place.printer != job.printer:
        raise NotFound(f"job {job.id} is not at printer {place.printer}")
    selection = job_selection(call.request.attributes.all(r.requested_attributes) or None)
    return Reply().add(GroupTag.JOB, job_attributes(job, call.origin, call.spooler, selection))


_WHICH: Final[dict[str, tuple[bool | None, frozenset[State] | None]]] = {
    # which-jobs: (finished, None for both; states)
    "not-completed": (False, None),
    "completed": (True, None),
    "all": (None, None),
    "aborted": (True, frozenset({State.ABORTED})),
    "canceled": (True, frozenset({State.CANCELED})),
    "pending": (False, frozenset({State.PENDING})),
    "pending-held": (False, frozenset({State.PENDING_HELD})),
    "processing": (False, frozenset({State.PROCESSING})),
    "processing-stopped": (False, frozenset({State.PROCESSING_STOPPED})),
    "proof-print": (False, None),
}


async def get_jobs(call: Call) -> Reply:
    """Get-Jobs, RFC 8011 4.2.6 and PWG 5100.7 7.1"""
    attributes = call.request.attributes
    selection = job_selection(attributes.all(r.requested_attributes) or None, LIST_DEFAULT)
    reply = Reply()
    for job in await _wanted_jobs(call):
        told = call.spooler.dialogs.told(job, call.by)
        reply.add(GroupTag.JOB, job_attributes(told, call.origin, call.spooler, selection))
    return reply


async def _wanted_jobs(call: Call) -> list[Job]:
    attributes = call.request.attributes
    printer = call.printer_or_all
    numbers = attributes.all(r.job_ids)
    which = attributes.get(r.which_jobs) or "not-completed"
    if which not in _WHICH:
        raise call.refuse(
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            f"which-jobs {which} is not supported",
            attributes.attributes[r.which_jobs.name],
        )
    if numbers:
        if r.which_jobs.name in attributes or r.my_jobs.name in attributes:
            raise call.refuse(
                Status.CLIENT_ERROR_CONFLICTING_ATTRIBUTES, "job-ids stands alone (PWG 5100.7 7.1.1)"
            )
        return [await call.spooler.jobs.job(JobId(number)) for number in numbers]
    found = await _chosen_jobs(call, printer, *_WHICH[which])
    return [job for job in found if job.ticket.proof is not None] if which == "proof-print" else found


async def _chosen_jobs(
    call: Call, printer: PrinterName | None, finished: bool | None, states: frozenset[State] | None
) -> list[Job]:
    """Living jobs come before finished ones; `limit` and `first-index` count both."""
    attributes = call.request.attributes
    mine = attributes.get(r.my_jobs) or False
    most = min(attributes.get(r.limit) or MOST_JOBS, MOST_JOBS)
    skip = (attributes.get(r.first_index) or 1) - 1
    first_id = attributes.get(r.first_job_id)
    query = JobQuery(
        finished=finished,
        printer=printer,
        owner=call.by.name if mine else None,
        states=states,
        limit=MOST_JOBS if first_id else most,
        offset=0 if first_id else skip,
    )
    found = await call.spooler.jobs.list(query)
    if first_id:  # `limit` counts from it on
        return [job for job in found if job.id >= first_id][skip : skip + most]
    return found


MOST_JOBS: Final = 10_000
"""At most so many jobs in one answer, whatever `limit` says."""
