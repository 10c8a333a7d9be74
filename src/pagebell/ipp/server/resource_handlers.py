"""Operations on resources, and on what printers have of them (PWG 5100.22 6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.selection import select
from pagebell.ipp.server.call import Call, Reply
from pagebell.ipp.server.describe_job import chosen
from pagebell.ipp.server.describe_more import resource_ids
from pagebell.ipp.server.describe_resource import resource_attributes
from pagebell.ipp.server.subscription_groups import read_wishes, wish_groups
from pagebell.ipp.server.system_setting import refuse_unsettable
from pagebell.ipp.values import Attribute, GroupTag, Tag, Value
from pagebell.model.errors import Unsupported
from pagebell.model.event import ResourceId
from pagebell.model.resource import FORMATS, Release, Resource
from pagebell.spooler.resources import DataSpec

Handler = Callable[[Call], Awaitable[Reply]]
SETTABLE: Final = (r.resource_info.name, r.resource_name.name)
"""resource-settable-attributes-supported"""
_BRIEF: Final = ("resource-id", "resource-state", "resource-state-reasons", "resource-uuid")
"""What is told of a resource that something was done to."""
_CONFIGURED: Final = (
    *("resource-format", "resource-id", "resource-info", "resource-name", "resource-state"),
    *("resource-state-reasons", "resource-type", "resource-uuid"),
)
"""What is told who asks for nothing: as system-configured-resources, and the UUID (PWG 5100.22 6.1.5, 6.2.3, 6.3.7)."""


def handlers() -> dict[Op, Handler]:
    """Which function does which operation."""
    return {
        Op.CREATE_RESOURCE: create_resource,
        Op.SEND_RESOURCE_DATA: send_resource_data,
        Op.INSTALL_RESOURCE: install_resource,
        Op.CANCEL_RESOURCE: cancel_resource,
        Op.SET_RESOURCE_ATTRIBUTES: set_resource_attributes,
        Op.GET_RESOURCES: get_resources,
        Op.GET_RESOURCE_ATTRIBUTES: get_resource_attributes,
        Op.GET_PRINTER_RESOURCES: get_printer_resources,
        Op.ALLOCATE_PRINTER_RESOURCES: partial(_give, take=False),
        Op.DEALLOCATE_PRINTER_RESOURCES: partial(_give, take=True),
    }


# --- a resource's life ---


async def create_resource(call: Call) -> Reply:
    """Create-Resource, PWG 5100.22 6.3.2"""
    call.demand_system()
    attributes, group = call.request.attributes, call.request.group(GroupTag.RESOURCE)
    kind = attributes.get(r.resource_type) or ""
    if kind not in FORMATS:
        raise _refused(call, r.resource_type.name, f"there are no resources of type {kind} here")
    fixed = [a for a in group.attributes.values() if a.name not in SETTABLE]
    wishes = read_wishes(call, job=False)
    resource, subscriptions = await call.spooler.resources.create(
        kind,
        call.by,
        name=_text(group, r.resource_name) or "",
        info=_text(group, r.resource_info) or "",
        language=attributes.get(r.resource_natural_language) or _own_language(call, kind),
        release=Release(
            attributes.get(r.resource_version) or b"",
            call.text(r.resource_string_version),
            call.text(r.resource_patches),
        ),
        subscriptions=wishes.granted,
    )
    reply = _told(call, resource)
    reply.unsupported += [Attribute(a.name, (Value(Tag.UNSUPPORTED, None),)) for a in fixed]
    reply.operation.append(r.resource_format_accepted(*FORMATS[kind]))
    return wish_groups(reply, wishes, subscriptions)


def _own_language(call: Call, kind: str) -> str:
    """Words are in some language (PWG 5100.22 7.9.8): the request's, where nobody says in which."""
    return call.request.language if kind == "static-strings" else ""


async def send_resource_data(call: Call) -> Reply:
    """Send-Resource-Data, PWG 5100.22 6.2.5"""
    call.demand_system()
    attributes = call.request.attributes
    spec = DataSpec(
        format=(attributes.get(r.resource_format) or "").lower(),
        signature=tuple(attributes.all(r.resource_signature)),
        version=attributes.get(r.resource_version) or b"",
        string_version=call.text(r.resource_string_version),
        patches=call.text(r.resource_patches),
        language=attributes.get(r.resource_natural_language) or "",
    )
    try:
        return _told(call, await call.spooler.resources.fill(_id(call), spec, call.body, call.by))
    except Unsupported as refusal:
        raise _refused(call, r.resource_signature.name, str(refusal)) from None


async def install_resource(call: Call) -> Reply:
    """Install-Resource, PWG 5100.22 6.2.4"""
    call.demand_system()
    return _told(call, await call.spooler.resources.install(_id(call), call.by))


async def cancel_resource(call: Call) -> Reply:
    """Cancel-Resource, PWG 5100.22 6.2.1; one that is in use waits until no printer has it any more."""
    call.demand_system()
    return _told(call, await call.spooler.resources.cancel(_id(call), call.by, call.text(r.message)))


async def set_resource_attributes(call: Call) -> Reply:
    """Set-Resource-Attributes, PWG 5100.22 6.2.6: all that is named, or nothing."""
    call.demand_system()
    group = call.request.group(GroupTag.RESOURCE)
    resource = call.spooler.resources.resource(_id(call))
    told = resource_attributes(resource, call.origin, call.spooler)
    refuse_unsettable(call, group, SETTABLE, {attribute.name for attribute in told})
    name, info = _text(group, r.resource_name), _text(group, r.resource_info)
    return _told(call, await call.spooler.resources.change(resource.id, call.by, name=name, info=info))


def _text(group: Group, attr: Attr[str]) -> str | None:
    value: str | None = group.get(attr)
    return None if value is None else str(value)


# --- asking ---


async def get_resources(call: Call) -> Reply:
    """Get-Resources, PWG 5100.22 6.3.7"""
    call.demand_system()
    return _list(call, call.spooler.resources.all())


async def get_printer_resources(call: Call) -> Reply:
    """Get-Printer-Resources, PWG 5100.22 6.1.5"""
    printer = call.spooler.printers.printer(call.printer)
    return _list(call, call.spooler.resources.of_printer(printer))


async def get_resource_attributes(call: Call) -> Reply:
    """Get-Resource-Attributes, PWG 5100.22 6.2.3"""
    call.demand_system()
    return _list(call, [call.spooler.resources.resource(_id(call))])


def _list(call: Call, resources: Iterable[Resource]) -> Reply:
    attributes = call.request.attributes
    selection = select(attributes.all(r.requested_attributes) or None, GroupTag.RESOURCE, _CONFIGURED)
    first = (attributes.get(r.first_index) or 1) - 1
    limit = attributes.get(r.limit)
    found = [resource for resource in resources if _is_wanted(call, resource)]
    reply = Reply()
    for resource in found[first : None if limit is None else first + limit]:
        told = resource_attributes(resource, call.origin, call.spooler)
        reply.add(GroupTag.RESOURCE, chosen(told, selection))
    return reply


def _is_wanted(call: Call, resource: Resource) -> bool:
    attributes = call.request.attributes
    formats, ids = attributes.all(r.resource_formats), attributes.all(r.resource_ids)
    states, types = attributes.all(r.resource_states), attributes.all(r.resource_types)
    return (
        (not formats or (resource.data is not None and resource.data.format in formats))
        and (not ids or resource.id in ids)
        and (not states or resource.state in states)
        and (not types or resource.type in types)
    )


# --- at printers ---


async def _give(call: Call, *, take: bool) -> Reply:
    """Allocate-Printer-Resources, PWG 5100.22 6.1.1, and Deallocate-Printer-Resources, 6.1.2: all, or none."""
    resources = call.spooler.resources
    printers = call.spooler.printers
    if printers.printer(call.printer).shut_down:
        raise call.refuse(Status.CLIENT_ERROR_FORBIDDEN, f"printer {call.printer} is shut down")
    numbers = [ResourceId(number) for number in call.request.attributes.all(r.resource_ids)]
    try:
        await (resources.deallocate if take else resources.allocate)(call.printer, numbers, call.by)
    except Unsupported as refusal:
        raise _refused(call, r.resource_ids.name, str(refusal)) from None
    return Reply().add(GroupTag.PRINTER, [resource_ids(printers.printer(call.printer))])


def _id(call: Call) -> ResourceId:
    return ResourceId(call.request.attributes.get(r.resource_id) or 0)


def _told(call: Call, resource: Resource) -> Reply:
    told = resource_attributes(resource, call.origin, call.spooler)
    return Reply().add(GroupTag.RESOURCE, chosen(told, select(list(_BRIEF), GroupTag.RESOURCE)))


def _refused(call: Call, name: str, why: str) -> Exception:
    status = Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    return call.refuse(status, why, call.request.attributes.attributes[name])
