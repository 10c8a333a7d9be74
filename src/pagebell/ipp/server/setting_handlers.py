"""Setting the attributes of jobs, documents and printers: all that a request names, or nothing (RFC 3380 4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from pagebell.ipp import registry as r
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.server.call import Call, Reply
from pagebell.ipp.server.contacts import read_contact
from pagebell.ipp.server.describe_job import DESCRIPTIONS
from pagebell.ipp.server.describe_more import JOB_SETTABLE, PRINTER_SETTABLE
from pagebell.ipp.server.describe_printer import PrinterDescriber
from pagebell.ipp.server.settable import demand_settable, values_refused
from pagebell.ipp.server.ticket import BY_NAME, read_ticket
from pagebell.ipp.values import Attribute, GroupTag, Tag
from pagebell.model.document import Ticket
from pagebell.model.event import PrinterName
from pagebell.model.geo import spot
from pagebell.model.system import NOBODY
from pagebell.spooler.changing import JobWish
from pagebell.spooler.formats import OCTET_STREAM
from pagebell.spooler.printers import PrinterWish

Handler = Callable[[Call], Awaitable[Reply]]
_FIELDS = {
    r.printer_geo_location.name: "geo_location",
    r.printer_info.name: "info",
    r.printer_location.name: "location",
    r.printer_message_from_operator.name: "operator_message",
    r.printer_organization.name: "organization",
    r.printer_organizational_unit.name: "organizational_unit",
}
_UNKNOWABLE = frozenset({r.printer_contact_col.name, r.printer_geo_location.name})


def handlers(describer: PrinterDescriber) -> dict[Op, Handler]:
    """Which function does which operation."""

    async def set_printer_attributes(call: Call) -> Reply:
        """Set-Printer-Attributes, RFC 3380 4.1"""
        name = call.printer
        _check_format(call, name)
        printer = call.spooler.printers.printer(name)
        known = describer.names(printer, call.origin)
        demand_settable(call, call.request.printer, PRINTER_SETTABLE, known, _may_be)
        await call.spooler.printers.change(name, _printer_wish(call, name), call.by)
        return Reply()

    async def get_printer_supported_values(call: Call) -> Reply:
        """Get-Printer-Supported-Values, RFC 3380 4.3: of the xxx-supported attributes that can be set, and none can."""
        _check_format(call, call.printer, also=(OCTET_STREAM,))
        return Reply().add(GroupTag.PRINTER, [])

    return {
        Op.SET_JOB_ATTRIBUTES: set_job_attributes,
        Op.SET_PRINTER_ATTRIBUTES: set_printer_attributes,
        Op.GET_PRINTER_SUPPORTED_VALUES: get_printer_supported_values,
    }


async def set_job_attributes(call: Call) -> Reply:
    """Set-Job-Attributes, RFC 3380 4.2"""
    job = await call.spooler.jobs.job(call.job_id)
    call.by.demand_own(job.owner)
    group = call.request.job
    known = {attr.name for attr in DESCRIPTIONS} | BY_NAME.keys()
    demand_settable(call, group, JOB_SETTABLE, known, _may_be)
    name, note = group.attributes.get(r.job_name.name), group.attributes.get(r.job_message_from_operator.name)
    template = Group(GroupTag.JOB)
    template.add(*(a for a in group.attributes.values() if a.name in BY_NAME or a.name == r.overrides.name))
    wish = JobWish(
        name=None if name is None else str(r.job_name.first(name)),
        ticket=_ticket(call, template, job.ticket, job.printer) if template.attributes else None,
        operator_message=None if note is None else str(r.job_message_from_operator.first(note) or ""),
    )
    await call.spooler.jobs.change(job.id, wish, call.by)
    return Reply()


def _may_be(attribute: Attribute) -> bool:
    """Whether that attribute may have that out-of-band value, if it is one (RFC 3380 8)."""
    tag = attribute.values[0].tag
    if tag is Tag.DELETE_ATTRIBUTE:
        return attribute.name in BY_NAME or attribute.name == r.overrides.name
    if tag in (Tag.NO_VALUE, Tag.UNKNOWN):
        return attribute.name in _UNKNOWABLE or attribute.name.endswith("-default")
    return tag is not Tag.ADMIN_DEFINE


def _ticket(call: Call, template: Group, old: Ticket, printer: PrinterName, suffix: str = "") -> Ticket:
    """The ticket with what the group sets and without what it deletes.

    Raises RequestRefused, in which names end with `suffix`, as they did in the request.
    """
    gone = {a.name for a in template.attributes.values() if a.values[0].tag in _NOTHING}
    given = Group(template.tag).add(*(a for a in template.attributes.values() if a.name not in gone))
    asked, bad = read_ticket([given], call.spooler.printers.capabilities(printer))
    if bad:
        raise values_refused(call, *(Attribute(a.name + suffix, a.values) for a in bad))
    emptied: dict[str, None] = {BY_NAME[name].field if name in BY_NAME else name: None for name in gone}
    if asked.job_hold_until is not None and asked.job_hold_until_time is None:
        emptied["job_hold_until_time"] = None
    if asked.job_hold_until_time is not None and asked.job_hold_until is None:
        emptied["job_hold_until"] = None
    return asked.over(replace(old, **emptied))


_NOTHING = (Tag.DELETE_ATTRIBUTE, Tag.NO_VALUE, Tag.UNKNOWN)


def _printer_wish(call: Call, name: PrinterName) -> PrinterWish:
    group = call.request.printer
    template = Group(GroupTag.JOB)
    fields: dict[str, Any] = {}
    for attribute in group.attributes.values():
        field = _FIELDS.get(attribute.name)
        if attribute.name == r.printer_contact_col.name:
            fields["contact"] = read_contact(attribute)
        elif field is None:
            template.add(Attribute(attribute.name.removesuffix("-default"), attribute.values))
        else:
            fields[field] = "" if attribute.values[0].tag in _NOTHING else str(attribute.values[0].data)
    place = fields.get("geo_location")
    if place and spot(place) is None:
        raise values_refused(call, group.attributes[r.printer_geo_location.name])
    if fields.get("contact", NOBODY) is None:
        raise values_refused(call, group.attributes[r.printer_contact_col.name])
    wish = PrinterWish(**fields)
    if not template.attributes:
        return wish
    defaults = call.spooler.printers.printer(name).defaults
    return replace(wish, defaults=_ticket(call, template, defaults, name, "-default"))


def _check_format(call: Call, name: PrinterName, also: tuple[str, ...] = ()) -> None:
    """Nothing here differs by format, but the format must be one (RFC 3380 4.1.2)."""
    format_ = call.request.attributes.get(r.document_format)
    formats = {*call.spooler.printers.capabilities(name).formats} - {OCTET_STREAM} | {*also}
    if format_ is not None and format_.lower() not in formats:
        raise call.refuse(
            Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
            f"printer {name} does not take documents of format {format_}",
            call.request.attributes.attributes[r.document_format.name],
        )
