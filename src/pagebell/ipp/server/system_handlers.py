"""Operations on the server itself, at /ipp/system (PWG 5100.22)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from pagebell.ipp import registry as r
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.requests import RequestRefused
from pagebell.ipp.selection import select
from pagebell.ipp.server import operator_handlers
from pagebell.ipp.server.call import Call, Reply
from pagebell.ipp.server.describe_job import chosen
from pagebell.ipp.server.describe_printer import PrinterDescriber
from pagebell.ipp.server.describe_system import (
    CREATION_ATTRIBUTES,
    SETTABLE,
    status_attributes,
    system_attributes,
)
from pagebell.ipp.server.operator_handlers import Act
from pagebell.ipp.values import Attribute, GroupTag, Tag
from pagebell.model.access import Right
from pagebell.model.errors import NotFound, WrongState
from pagebell.model.event import PrinterName, PrinterState, ResourceId
from pagebell.model.printer import Printer
from pagebell.spooler.printers import PrinterWish

Handler = Callable[[Call], Awaitable[Reply]]
_BRIEF: Final = (
    *("printer-id", "printer-info", "printer-is-accepting-jobs", "printer-name", "printer-service-type"),
    *("printer-state", "printer-state-reasons", "printer-uuid", "printer-xri-supported"),
)
"""What Get-Printers tells unless asked for something else: as system-configured-printers, and the UUID (6.1.4)."""
_LONG: Final = frozenset({r.system_configured_printers.name, r.system_configured_resources.name})
"""What Get-System-Attributes tells only if asked for it (6.3.8.1)."""
_NEW: Final = (
    *("printer-id", "printer-is-accepting-jobs", "printer-name", "printer-state", "printer-state-reasons"),
    *("printer-uuid", "printer-xri-supported"),
)
"""What Create-Printer answers."""
_OF_ALL: Final[dict[Op, Op]] = {
    Op.DISABLE_ALL_PRINTERS: Op.DISABLE_PRINTER,
    Op.ENABLE_ALL_PRINTERS: Op.ENABLE_PRINTER,
    Op.PAUSE_ALL_PRINTERS: Op.PAUSE_PRINTER,
    Op.PAUSE_ALL_PRINTERS_AFTER_CURRENT_JOB: Op.PAUSE_PRINTER_AFTER_CURRENT_JOB,
    Op.RESUME_ALL_PRINTERS: Op.RESUME_PRINTER,
    Op.SHUTDOWN_ALL_PRINTERS: Op.SHUTDOWN_PRINTER,
    Op.STARTUP_ALL_PRINTERS: Op.STARTUP_PRINTER,
    Op.RESTART_SYSTEM: Op.RESTART_PRINTER,
}
"""What is done to every printer, and what that is called when it is done to one."""
_OF_ONE: Final[dict[Op, Op]] = {
    Op.RESTART_ONE_PRINTER: Op.RESTART_PRINTER,
    Op.SHUTDOWN_ONE_PRINTER: Op.SHUTDOWN_PRINTER,
    Op.STARTUP_ONE_PRINTER: Op.STARTUP_PRINTER,
}
_WHICH: Final[dict[str, Callable[[Printer], bool]]] = {
    "all": lambda printer: True,
    "accepting": lambda printer: printer.accepting and printer.state is not PrinterState.STOPPED,
    "idle": lambda printer: printer.state is PrinterState.IDLE,
    "not-accepting": lambda printer: not printer.accepting,
    "processing": lambda printer: printer.state is PrinterState.PROCESSING,
    "shutdown": lambda printer: printer.state is PrinterState.STOPPED and printer.shut_down,
    "stopped": lambda printer: printer.state is PrinterState.STOPPED and not printer.shut_down,
    "testing": lambda printer: False,
}
"""which-printers (PWG 5100.22 7.1.27)"""


def handlers(describer: PrinterDescriber, operations: Callable[[], Iterable[Op]]) -> dict[Op, Handler]:
    """Which function does which operation."""

    async def get_system_attributes(call: Call) -> Reply:
        """Get-System-Attributes, PWG 5100.22 6.3.8"""
        call.demand_system()
        asked = call.request.attributes.all(r.requested_attributes) or None
        found = system_attributes(call.origin, call.spooler, operations())
        if asked is None:
            found = [attribute for attribute in found if attribute.name not in _LONG]
        return Reply().add(GroupTag.SYSTEM, chosen(found, select(asked, GroupTag.SYSTEM)))

    async def get_printers(call: Call) -> Reply:
        """Get-Printers, PWG 5100.22 6.1.4"""
        call.demand_system()
        attributes = call.request.attributes
        selection = select(attributes.all(r.requested_attributes) or None, GroupTag.PRINTER, _BRIEF)
        first = (attributes.get(r.first_index) or 1) - 1
        limit = attributes.get(r.limit)
        found = _wanted_printers(call)[first : None if limit is None else first + limit]
        reply = Reply()
        for printer in found:
            reply.groups.append((GroupTag.PRINTER, describer.describe(printer, call.origin, selection)))
        return reply

    async def create_printer(call: Call) -> Reply:
        """Create-Printer, PWG 5100.22; without a device-uri it waits, stopped, for one.

        A name with spaces is made fit, and stays as printer-info; the answer tells how the printer is called now.
        """
        call.demand_system()
        group = call.request.printer
        name = group.get(r.printer_name)
        if name is None:
            raise call.refuse(Status.CLIENT_ERROR_BAD_REQUEST, "a new printer needs a 'printer-name'")
        service = call.request.attributes.all(r.printer_service_type)
        if service != ["print"]:
            raise _refused(call, r.printer_service_type.name, "there are only printers that print here")
        ignored = [a for a in group.attributes.values() if a.name not in CREATION_ATTRIBUTES]
        wish = replace(_wish(group), resources=_resources(call))
        printer = await call.spooler.printers.add("-".join(str(name).split()), wish, call.by)
        reply = Reply(unsupported=ignored)
        selection = select(list(_NEW), GroupTag.PRINTER)
        reply.groups.append((GroupTag.PRINTER, describer.describe(printer, call.origin, selection)))
        return reply.add(GroupTag.SYSTEM, status_attributes(call.spooler)[:2])

    return {
        Op.GET_SYSTEM_ATTRIBUTES: get_system_attributes,
        Op.GET_PRINTERS: get_printers,
        Op.CREATE_PRINTER: create_printer,
        Op.DELETE_PRINTER: delete_printer,
        Op.SET_SYSTEM_ATTRIBUTES: set_system_attributes,
        Op.GET_SYSTEM_SUPPORTED_VALUES: partial(get_system_supported_values, operations),
        **{op: partial(_on_all, operator_handlers.ACTS[act]) for op, act in _OF_ALL.items()},
        **{op: partial(_on_one, operator_handlers.ACTS[act]) for op, act in _OF_ONE.items()},
    }


def _wanted_printers(call: Call) -> list[Printer]:
    attributes = call.request.attributes
    which = attributes.get(r.which_printers) or "all"
    if which not in _WHICH:
        raise _refused(call, r.which_printers.name, f"which-printers {which} is not supported")
    if r.printer_geo_location.name in attributes:
        raise _refused(call, r.printer_geo_location.name, "printers are not told apart by distance here")
    ids = attributes.all(r.printer_ids)
    location = attributes.get(r.printer_location)
    services = attributes.all(r.printer_service_type)
    format_ = attributes.get(r.document_format)
    printers = call.spooler.printers
    return [
        printer
        for printer in sorted(printers.all(), key=lambda printer: printer.id)
        if _WHICH[which](printer)
        and (not ids or printer.id in ids)
        and (location is None or printer.location == str(location))
        and (not services or "print" in services)
        and (format_ is None or format_.lower() in printers.capabilities(printer.name).formats)
    ]


def _refused(call: Call, name: str, why: str) -> RequestRefused:
    status = Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    return call.refuse(status, why, call.request.attributes.attributes[name])


def _wish(group: Group) -> PrinterWish:
    def text(value: str | None) -> str | None:
        return None if value is None else str(value)

    return PrinterWish(
        device=group.get(r.device_uri),
        info=text(group.get(r.printer_info) or group.get(r.printer_name)),
        location=text(group.get(r.printer_location)),
        accepting=group.get(r.printer_is_accepting_jobs),
        geo_location=group.get(r.printer_geo_location),
    )


def _resources(call: Call) -> tuple[ResourceId, ...]:
    """What the new printer shall be given of the installed resources. Raises RequestRefused."""
    numbers = tuple(
        ResourceId(number) for number in dict.fromkeys(call.request.attributes.all(r.resource_ids))
    )
    unusable = call.spooler.resources.unusable(numbers)
    if unusable is not None:
        raise _refused(call, r.resource_ids.name, f"resource {unusable} is not installed")
    return numbers


async def delete_printer(call: Call) -> Reply:
    """Delete-Printer, PWG 5100.22"""
    await call.spooler.printers.remove(call.printer, call.by)
    return Reply()


async def set_system_attributes(call: Call) -> Reply:
    """Set-System-Attributes, PWG 5100.22: all that is named, or nothing."""
    call.demand_system()
    call.by.demand(Right.ADMINISTER)
    group = call.request.group(GroupTag.SYSTEM)
    bad = [
        a for a in group.attributes.values() if a.name not in SETTABLE or a.values[0].tag is not Tag.INTEGER
    ]
    flawed: list[Attribute] = call.request.unsupported + bad
    if flawed or not group.attributes:
        status = Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE if flawed else Status.CLIENT_ERROR_BAD_REQUEST
        raise call.refuse(status, f"only {', '.join(SETTABLE)} can be set", *flawed)
    printer = call.spooler.printers.by_id(group.get(r.system_default_printer_id) or 0)
    await call.spooler.printers.set_default(printer.name, call.by)
    return Reply()


async def get_system_supported_values(operations: Callable[[], Iterable[Op]], call: Call) -> Reply:
    """Get-System-Supported-Values, PWG 5100.22 6.3.9; also which printers there are to be the default."""
    call.demand_system()
    asked = call.request.attributes.all(r.requested_attributes) or None
    ids = sorted(printer.id for printer in call.spooler.printers.all())
    default = r.system_default_printer_id
    values = [value for number in ids for value in default(number).values]
    attributes = system_attributes(call.origin, call.spooler, operations())
    found = [attribute for attribute in attributes if attribute.name.endswith("-supported")]
    found.append(Attribute(default.name, tuple(values)) if values else default.no_value())
    return Reply().add(GroupTag.SYSTEM, chosen(found, select(asked, GroupTag.SYSTEM)))


async def _on_all(act: Act, call: Call) -> Reply:
    """Do it to every printer; one in whose state that makes no sense is left as it is."""
    call.demand_system()
    call.by.demand(Right.MANAGE_ALL)
    for printer in call.spooler.printers.list():
        await _try(act, call, printer.name)
    return Reply().add(GroupTag.SYSTEM, status_attributes(call.spooler)[:2])


async def _try(act: Act, call: Call, name: PrinterName) -> None:
    with suppress(NotFound, WrongState):
        await act(call, name)
        await operator_handlers.note_printer(call, name)


async def _on_one(act: Act, call: Call) -> Reply:
    name = call.printer
    await act(call, name)
    await operator_handlers.note_printer(call, name)
    return Reply()
