"""Printing what is elsewhere: Print-URI and Send-URI, where an administrator allows it (RFC 8011 4.2.2, 4.3.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from pagebell.ipp import registry as r
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.server.call import Call, Reply
from pagebell.ipp.server.inflate import CompressionDamaged, inflate
from pagebell.ipp.server.job_handlers import created, document_spec, job_reply, read_order, read_resources
from pagebell.model.job import Job
from pagebell.spooler.intake import Intake
from pagebell.spooler.ports import Fetcher, FetchFailed, SchemeRefused

Handler = Callable[[Call], Awaitable[Reply]]


def handlers(fetcher: Fetcher) -> dict[Op, Handler]:
    """Which function does which operation; none where nothing may be fetched."""
    if not fetcher.schemes:
        return {}

    async def print_uri(call: Call) -> Reply:
        """Print-URI, RFC 8011 4.2.2: answered when the document is here."""
        order, wishes, ignored = read_order(call)
        uri = _checked(call, fetcher)
        spec = replace(document_spec(call, order.printer), uri=uri)
        intake, subscriptions = await call.spooler.jobs.open_document(order, spec, call.by)
        job = await _fetch(call, fetcher, uri, intake, last=True)
        return created(call, job, wishes, subscriptions, ignored)

    async def send_uri(call: Call) -> Reply:
        """Send-URI, RFC 8011 4.3.2"""
        number = call.job_id
        job = await call.spooler.jobs.job(number)
        uri = _checked(call, fetcher)
        resources, ignored = read_resources(call, job.printer)
        spec = replace(document_spec(call, job.printer), uri=uri, resources=resources)
        last = call.request.attributes.get(r.last_document) or False
        intake, _ = await call.spooler.jobs.open_document(number, spec, call.by)
        return job_reply(call, await _fetch(call, fetcher, uri, intake, last=last), ignored)

    return {Op.PRINT_URI: print_uri, Op.SEND_URI: send_uri}


def _checked(call: Call, fetcher: Fetcher) -> str:
    """The document's URI, if it may be fetched: no job is made for one that may not."""
    uri = call.text(r.document_uri)
    try:
        fetcher.check(uri)
    except SchemeRefused as error:
        raise call.refuse(
            Status.CLIENT_ERROR_URI_SCHEME_NOT_SUPPORTED,
            str(error),
            call.request.attributes.attributes[r.document_uri.name],
        ) from None
    except FetchFailed as error:
        raise call.refuse(Status.CLIENT_ERROR_DOCUMENT_ACCESS_ERROR, str(error)) from None
    return uri


async def _fetch(call: Call, fetcher: Fetcher, uri: str, intake: Intake, *, last: bool) -> Job:
    """Take in what the URI names; if that fails its job is aborted and says why."""
    compression = call.request.attributes.get(r.compression) or "none"
    async with intake.whole("The document broke off while it was fetched.", "document-access-error"):
        try:
            async for chunk in inflate(fetcher.fetch(uri), compression):
                await intake.write(chunk)
            return await intake.commit(last=last)
        except (FetchFailed, SchemeRefused) as error:
            await intake.abort(str(error), "document-access-error")
            raise call.refuse(Status.CLIENT_ERROR_DOCUMENT_ACCESS_ERROR, str(error)) from None
        except CompressionDamaged as damage:
            await intake.abort(str(damage), "compression-error")
            raise call.refuse(Status.CLIENT_ERROR_COMPRESSION_ERROR, str(damage)) from None
