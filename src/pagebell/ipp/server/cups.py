"""The operations by which CUPS clients find and administer printers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pagebell.ipp import registry as r
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Op, PrinterState, Status
from pagebell.ipp.selection import select
from pagebell.ipp.server.call import Call, Reply, place_of
from pagebell.ipp.server.describe_printer import PrinterDescriber
from pagebell.ipp.server.ticket import read_ticket
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.model.errors import NotFound
from pagebell.model.event import PrinterName
from pagebell.spooler.formats import OCTET_STREAM
from pagebell.spooler.ports import JobQuery
from pagebell.spooler.printers import PrinterWish

Handler = Callable[[Call], Awaitable[Reply]]


def handlers(describer: PrinterDescriber) -> dict[Op, Handler]:
    """Which function does which operation."""

    async def get_default(call: Call) -> Reply:
        """CUPS-Get-Default"""
        return _listed(call, describer, [call.spooler.printers.default.name])

    async def get_printers(call: Call) -> Reply:
        """CUPS-Get-Printers"""
        first = call.request.attributes.get(r.first_printer_name) or ""
        limit = call.request.attributes.get(r.limit) or 10_000
        names = [p.name for p in call.spooler.printers.list() if p.name >= first][:limit]
        reply = _listed(call, describer, names)
        if not names:
            raise NotFound("there is no printer yet; add one with `pagebell printers add`")
        return reply

    async def get_classes(call: Call) -> Reply:
        """CUPS-Get-Classes: printers stand alone here, and `lpstat -t` wants to hear so."""
        return Reply()

    return {
        Op.CUPS_GET_DEFAULT: get_default,
        Op.CUPS_GET_CLASSES: get_classes,
        Op.CUPS_GET_PRINTERS: get_printers,
        Op.CUPS_ADD_MODIFY_PRINTER: add_modify_printer,
        Op.CUPS_DELETE_PRINTER: delete_printer,
        Op.CUPS_SET_DEFAULT: set_default,
        Op.CUPS_ACCEPT_JOBS: accept_jobs,
        Op.CUPS_REJECT_JOBS: reject_jobs,
        Op.CUPS_MOVE_JOB: move_job,
    }


def _listed(call: Call, describer: PrinterDescriber, names: list[PrinterName]) -> Reply:
    selection = select(call.request.attributes.all(r.requested_attributes) or None, GroupTag.PRINTER)
    reply = Reply()
    for name in names:
        printer = call.spooler.printers.printer(name)
        reply.groups.append((GroupTag.PRINTER, describer.describe(printer, call.origin, selection)))
    return reply


async def add_modify_printer(call: Call) -> Reply:
    """CUPS-Add-Modify-Printer: makes the printer that printer-uri names, or changes it."""
    name = call.place.printer
    if name is None:
        raise call.refuse(Status.CLIENT_ERROR_BAD_REQUEST, "printer-uri names no printer")
    group = call.request.printer
    exists = any(printer.name == name for printer in call.spooler.printers.list())
    device = group.get(r.device_uri)
    if not exists and device is None:
        raise call.refuse(Status.CLIENT_ERROR_BAD_REQUEST, "a new printer needs a device-uri")
    wish, unsupported = _wish(call, group, name if exists else None)
    if exists:
        await call.spooler.printers.change(PrinterName(name), wish, call.by)
    else:
        await call.spooler.printers.add(name, wish, call.by)
    state = group.get(r.printer_state)
    if state is PrinterState.IDLE:
        await call.spooler.printers.resume(PrinterName(name), call.by)
    elif state is PrinterState.STOPPED:
        await call.spooler.printers.pause(PrinterName(name), call.by)
    return Reply(unsupported=unsupported)


def _wish(call: Call, group: Group, existing: str | None) -> tuple[PrinterWish, list[Attribute]]:
    """The wish, and the attributes that have no place in it."""
    taken = {
        *(r.device_uri.name, r.printer_info.name, r.printer_location.name, r.printer_state.name),
        *(r.printer_is_accepting_jobs.name, r.printer_is_shared.name),
    }
    defaults = None
    unsupported = []
    template = Group(GroupTag.JOB)
    for attribute in group.attributes.values():
        if attribute.name.endswith("-default"):
            template.add(Attribute(attribute.name.removesuffix("-default"), attribute.values))
        elif attribute.name not in taken:
            unsupported.append(attribute)
    if template.attributes and existing is not None:
        ticket, bad = read_ticket([template], call.spooler.printers.capabilities(PrinterName(existing)))
        defaults = ticket
        unsupported += [Attribute(a.name + "-default", a.values) for a in bad]
    return (
        PrinterWish(
            device=group.get(r.device_uri),
            info=_text(group.get(r.printer_info)),
            location=_text(group.get(r.printer_location)),
            accepting=group.get(r.printer_is_accepting_jobs),
            defaults=defaults,
        ),
        unsupported,
    )


def _text(value: str | None) -> str | None:
    return None if value is None else str(value)


async def delete_printer(call: Call) -> Reply:
    """CUPS-Delete-Printer"""
    await call.spooler.printers.remove(_named(call), call.by)
    return Reply()


async def set_default(call: Call) -> Reply:
    """CUPS-Set-Default"""
    await call.spooler.printers.set_default(_named(call), call.by)
    return Reply()


async def accept_jobs(call: Call) -> Reply:
    """CUPS-Accept-Jobs"""
    await call.spooler.printers.change(_named(call), PrinterWish(accepting=True), call.by)
    return Reply()


async def reject_jobs(call: Call) -> Reply:
    """CUPS-Reject-Jobs"""
    await call.spooler.printers.change(_named(call), PrinterWish(accepting=False), call.by)
    return Reply()


async def move_job(call: Call) -> Reply:
    """CUPS-Move-Job: lets another printer print a job, or all living jobs of a printer."""
    uri: str | None = call.request.job.get(r.job_printer_uri)
    target = place_of(uri or "")
    if target is None or target.printer is None:
        raise call.refuse(Status.CLIENT_ERROR_BAD_REQUEST, "job-printer-uri names no printer")
    name = call.spooler.printers.printer(PrinterName(target.printer)).name
    formats = (OCTET_STREAM, *call.spooler.printers.capabilities(name).formats)
    place = call.place
    if place.job is not None or r.job_id.name in call.request.attributes:
        numbers = [call.job_id]
    else:
        numbers = [job.id for job in await call.spooler.jobs.list(JobQuery(printer=_named(call)))]
    for number in numbers:
        await call.spooler.queue.relocate(number, name, formats, call.by)
    return Reply()


def _named(call: Call) -> PrinterName:
    name = call.place.printer
    if name is None:
        raise call.refuse(Status.CLIENT_ERROR_BAD_REQUEST, "printer-uri names no printer")
    return call.spooler.printers.printer(PrinterName(name)).name
