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
from pagebell.ipp.registry import PrinterState as State
from pagebell.ipp.requests import RequestRefused
from pagebell.ipp.selection import select
from pagebell.ipp.server import operator_handlers
from pagebell.ipp.server.call import Call, Reply
from pagebell.ipp.server.contacts import read_contact
from pagebell.ipp.server.describe_job import chosen
from pagebell.ipp.server.describe_printer import Announced, PrinterDescriber
from pagebell.ipp.server.describe_system import (
    CREATION_ATTRIBUTES,
    status_attributes,
    system_attributes,
)
from pagebell.ipp.server.operator_handlers import ACTS, Act
from pagebell.ipp.server.subscription_groups import read_wishes, wish_groups
from pagebell.ipp.server.system_setting import set_system_attributes
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.model.access import Right
from pagebell.model.errors import NotFound, TooMany, WrongState
from pagebell.model.event import NO_PRINTER, PrinterName, PrinterState, ResourceId
from pagebell.model.geo import is_near, spot
from pagebell.model.printer import Printer
from pagebell.model.subscription import Scope
from pagebell.spooler.printers import PrinterWish

Handler = Callable[[Call], Awaitable[Reply]]
Tell = Callable[[Call], list[Attribute]]
_BRIEF: Final = (
    *("printer-id", "printer-info", "printer-is-accepting-jobs", "printer-name", "printer-service-type"),
    *("printer-state", "printer-state-reasons", "printer-uuid", "printer-xri-supported"),
)
"""What Get-Printers tells unless asked for something else: as system-configured-printers, and the UUID (6.1.4)."""
_LONG: Final = frozenset({r.system_configured_printers.name, r.system_configured_resources.name})
"""What Get-System-Attributes tells only if asked for it (6.3.8.1)."""
_STATE: Final = ("printer-is-accepting-jobs", "printer-state", "printer-state-reasons")
_TOLD_OF_ONE: Final = (*_STATE, "printer-xri-supported")
"""What is told of a printer that was shut down, started up or restarted (6.1.6.2, 6.1.7.2, 6.1.8.2),"""
_TOLD_OF_EACH: Final = (*_TOLD_OF_ONE, "printer-id", "printer-uuid")
"""and of each where something was done to all of them (6.3.5.2 and so on)."""


async def _start_up(call: Call, name: PrinterName) -> Printer:
    return await call.spooler.printers.start_up(name, call.by, paused=True)


async def _restart(call: Call, name: PrinterName) -> Printer:
    return await call.spooler.printers.restart(name, call.by, paused=True)


_OF_ALL: Final[dict[Op, Act]] = {
    Op.DISABLE_ALL_PRINTERS: ACTS[Op.DISABLE_PRINTER],
    Op.ENABLE_ALL_PRINTERS: ACTS[Op.ENABLE_PRINTER],
    Op.PAUSE_ALL_PRINTERS: ACTS[Op.PAUSE_PRINTER],
    Op.PAUSE_ALL_PRINTERS_AFTER_CURRENT_JOB: ACTS[Op.PAUSE_PRINTER_AFTER_CURRENT_JOB],
    Op.RESUME_ALL_PRINTERS: ACTS[Op.RESUME_PRINTER],
    Op.SHUTDOWN_ALL_PRINTERS: ACTS[Op.SHUTDOWN_PRINTER],
    Op.STARTUP_ALL_PRINTERS: _start_up,
    Op.RESTART_SYSTEM: _restart,
}
"""What is done to every printer."""
_OF_ONE: Final[dict[Op, Act]] = {
    Op.RESTART_ONE_PRINTER: ACTS[Op.RESTART_PRINTER],
    Op.SHUTDOWN_ONE_PRINTER: ACTS[Op.SHUTDOWN_PRINTER],
    Op.STARTUP_ONE_PRINTER: _start_up,
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


def handlers(
    describer: PrinterDescriber, operations: Callable[[], Iterable[Op]], announced: Announced
) -> dict[Op, Handler]:
    """Which function does which operation."""

    def tell(call: Call) -> list[Attribute]:
        return system_attributes(call.origin, call.spooler, operations(), announced(NO_PRINTER))

    async def set_attributes(call: Call) -> Reply:
        return await set_system_attributes(call, {attribute.name for attribute in tell(call)})

    async def get_system_attributes(call: Call) -> Reply:
        """Get-System-Attributes, PWG 5100.22 6.3.8"""
        call.demand_system()
        asked = call.request.attributes.all(r.requested_attributes) or None
        found = tell(call)
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

    return {
        Op.GET_SYSTEM_ATTRIBUTES: get_system_attributes,
        Op.GET_PRINTERS: get_printers,
        Op.CREATE_PRINTER: partial(create_printer, describer),
        Op.DELETE_PRINTER: delete_printer,
        Op.SET_SYSTEM_ATTRIBUTES: set_attributes,
        Op.GET_SYSTEM_SUPPORTED_VALUES: partial(get_system_supported_values, tell),
        **{op: partial(_on_all, describer, act) for op, act in _OF_ALL.items()},
        **{op: partial(_on_one, describer, act) for op, act in _OF_ONE.items()},
    }


async def create_printer(describer: PrinterDescriber, call: Call) -> Reply:
    """Create-Printer, PWG 5100.22 6.3.1: paused and taking no jobs; without a device-uri it waits for one besides.

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
    ignored = [a for a in group.attributes.values() if not _can_have(a)]
    group = Group.of(GroupTag.PRINTER, *(a for a in group.attributes.values() if a not in ignored))
    wishes = read_wishes(call, job=False)
    wish = replace(_wish(group), resources=_resources(call))
    try:
        made = await call.spooler.printers.add("-".join(str(name).split()), wish, call.by)
    except TooMany as refusal:
        raise call.refuse(Status.SERVER_ERROR_TOO_MANY_PRINTERS, str(refusal)) from None
    await operator_handlers.note_printer(call, made.name)
    reply = _told(describer, call, made.name, (*_TOLD_OF_EACH, "printer-name"))
    reply.unsupported = ignored + _unusual_ways(call, made.name)
    if not wishes.each:
        return reply
    subscriptions = call.spooler.subscriptions
    created = await subscriptions.create_subscriptions(wishes.granted, call.by, scope=Scope(made.id))
    return wish_groups(reply, wishes, created)


def _wanted_printers(call: Call) -> list[Printer]:
    attributes = call.request.attributes
    which = attributes.get(r.which_printers) or "all"
    if which not in _WHICH:
        raise _refused(call, r.which_printers.name, f"which-printers {which} is not supported")
    near = attributes.get(r.printer_geo_location)
    place = None if near is None else spot(near)
    if near is not None and place is None:
        raise _refused(call, r.printer_geo_location.name, f"{near} is no place on earth")
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
        and (place is None or is_near(place, printer.geo_location))
        and (not services or "print" in services)
        and (format_ is None or format_.lower() in printers.capabilities(printer.name).formats)
    ]


def _refused(call: Call, name: str, why: str) -> RequestRefused:
    status = Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    return call.refuse(status, why, call.request.attributes.attributes[name])


def _can_have(attribute: Attribute) -> bool:
    """Whether a new printer can have it, and with that value."""
    if attribute.name == r.printer_geo_location.name:
        return spot(r.printer_geo_location.first(attribute) or "") is not None
    if attribute.name == r.printer_contact_col.name:
        return read_contact(attribute) is not None
    return attribute.name in CREATION_ATTRIBUTES


def _wish(group: Group) -> PrinterWish:
    contact = group.attributes.get(r.printer_contact_col.name)

    def text(value: str | None) -> str | None:
        return None if value is None else str(value)

    return PrinterWish(
        device=group.get(r.device_uri),
        info=text(group.get(r.printer_info) or group.get(r.printer_name)),
        location=text(group.get(r.printer_location)),
        accepting=False,
        paused=True,
        geo_location=group.get(r.printer_geo_location),
        contact=None if contact is None else read_contact(contact),
    )


def _unusual_ways(call: Call, name: PrinterName) -> list[Attribute]:
    """printer-xri-requested, where the printer is not to be had in one of these ways (PWG 5100.22 7.1.10)."""
    asked = call.request.attributes.all(r.printer_xri_requested)
    wanted = {(one.first(r.xri_authentication), one.first(r.xri_security)) for one in asked}
    ways = {(call.origin.authentication, "tls" if secure else "none") for _, secure in call.origin.ways(name)}
    return [] if wanted <= ways else [call.request.attributes.attributes[r.printer_xri_requested.name]]


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
    """Delete-Printer, PWG 5100.22 6.3.4; it need not be shut down first, as 6.1.3 has it."""
    await call.spooler.printers.remove(call.printer, call.by)
    state = r.printer_state(State.STOPPED), r.printer_state_reasons("deleted")
    reply = Reply().add(GroupTag.PRINTER, [*state, r.printer_is_accepting_jobs(False)])
    return reply.add(GroupTag.SYSTEM, status_attributes(call.spooler)[:2])


async def get_system_supported_values(tell: Tell, call: Call) -> Reply:
    """Get-System-Supported-Values, PWG 5100.22 6.3.9; also which printers there are to be the default."""
    call.demand_system()
    asked = call.request.attributes.all(r.requested_attributes) or None
    ids = sorted(printer.id for printer in call.spooler.printers.all())
    default = r.system_default_printer_id
    values = [value for number in ids for value in default(number).values]
    found = [attribute for attribute in tell(call) if attribute.name.endswith("-supported")]
    found.append(Attribute(default.name, tuple(values)) if values else default.no_value())
    return Reply().add(GroupTag.SYSTEM, chosen(found, select(asked, GroupTag.SYSTEM)))


async def _try(act: Act, call: Call, name: PrinterName) -> None:
    with suppress(NotFound, WrongState):
        await act(call, name)
        await operator_handlers.note_printer(call, name, r.system_message_from_operator)


async def _on_one(describer: PrinterDescriber, act: Act, call: Call) -> Reply:
    name = call.printer
    await act(call, name)
    await operator_handlers.note_printer(call, name)
    return _told(describer, call, name, _TOLD_OF_ONE)


async def _on_all(describer: PrinterDescriber, act: Act, call: Call) -> Reply:
    """Do it to every printer; one in whose state that makes no sense is left as it is."""
    call.demand_system()
    call.by.demand(Right.MANAGE_ALL)
    for printer in call.spooler.printers.list():
        await _try(act, call, printer.name)
    reply, op = Reply(), call.request.operation.code
    if op is Op.RESTART_SYSTEM:
        reply.operation.append(r.restart_get_interval(0))
    else:
        every = sorted(call.spooler.printers.all(), key=lambda printer: printer.id)
        reply.groups = [
            group for p in every for group in _told(describer, call, p.name, _TOLD_OF_EACH).groups
        ]
    if op not in (Op.DISABLE_ALL_PRINTERS, Op.ENABLE_ALL_PRINTERS):
        reply.add(GroupTag.SYSTEM, status_attributes(call.spooler)[:2])
    return reply


def _told(describer: PrinterDescriber, call: Call, name: PrinterName, names: tuple[str, ...]) -> Reply:
    printer, selection = call.spooler.printers.printer(name), select(list(names), GroupTag.PRINTER)
    return Reply(groups=[(GroupTag.PRINTER, describer.describe(printer, call.origin, selection))])
