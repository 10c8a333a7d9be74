"""Operations on printers (RFC 8011 4.2.5, 4.2.7 to 4.2.9; PWG 5100.13 5.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pagebell.ipp import registry as r
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.selection import select
from pagebell.ipp.server.call import Call, Reply
from pagebell.ipp.server.describe_printer import PrinterDescriber
from pagebell.ipp.server.job_handlers import named_format
from pagebell.ipp.values import GroupTag
from pagebell.model.printer import Printer
from pagebell.spooler.spooler import Spooler

Handler = Callable[[Call], Awaitable[Reply]]


def handlers(describer: PrinterDescriber) -> dict[Op, Handler]:
    """Which function does which operation."""

    async def get_printer_attributes(call: Call) -> Reply:
        """Get-Printer-Attributes, RFC 8011 4.2.5"""
        return describe(call, describer)

    return {
        Op.GET_PRINTER_ATTRIBUTES: get_printer_attributes,
        Op.PURGE_JOBS: purge_jobs,
        Op.IDENTIFY_PRINTER: identify_printer,
        Op.PAGEBELL_COMMAND_DEVICE: command_device,
    }


def describe(call: Call, describer: PrinterDescriber) -> Reply:
    """The attributes that were asked for of the printer that is aimed at."""
    printer = call.spooler.printers.printer(call.printer)
    selection = select(call.request.attributes.all(r.requested_attributes) or None, GroupTag.PRINTER)
    format_ = call.request.attributes.get(r.document_format)
    if format_ is not None and not _takes(call.spooler, printer, format_.lower()):
        raise call.refuse(
            Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
            f"printer {printer.name} does not take documents of format {format_}",
            call.request.attributes.attributes[r.document_format.name],
        )
    reply = Reply()
    found = describer.describe(printer, call.origin, selection, named_format(call))
    reply.groups.append((GroupTag.PRINTER, found))
    return reply


def _takes(spooler: Spooler, printer: Printer, format_: str) -> bool:
    return format_ in ("application/octet-stream", *spooler.printers.capabilities(printer.name).formats)


async def purge_jobs(call: Call) -> Reply:
    """Purge-Jobs, RFC 8011 4.2.9"""
    await call.spooler.jobs.purge(call.printer, call.by)
    return Reply()


async def identify_printer(call: Call) -> Reply:
    """Identify-Printer, PWG 5100.13 5.1"""
    name = call.printer
    supported = call.spooler.printers.capabilities(name).identify
    asked = call.request.attributes.all(r.identify_actions)
    unknown = [action for action in asked if action not in supported]
    if unknown:
        raise call.refuse(
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            f"printer {name} can't {unknown[0]}",
            r.identify_actions(*unknown),
        )
    message = call.text(r.message)
    await call.spooler.printers.identify(name, asked or supported[:1], message, call.by)
    return Reply()


async def command_device(call: Call) -> Reply:
    """Pagebell-Command-Device: `message` says what a virtual printer should do; its state comes back in words."""
    return Reply(message=call.spooler.printers.command(call.printer, call.text(r.message), call.by))
