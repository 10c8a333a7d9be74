"""What may be set of the server itself, and to what (PWG 5100.22 6.3.15, 7.2): all that is named, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from pagebell.ipp import registry as r
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Status
from pagebell.ipp.server.call import Call, Reply
from pagebell.ipp.server.contacts import read_contact
from pagebell.ipp.server.settable import unsettable
from pagebell.ipp.values import OUT_OF_BAND, Attribute, GroupTag
from pagebell.model.access import Right
from pagebell.model.errors import NotFound
from pagebell.model.event import PrinterName
from pagebell.model.geo import spot
from pagebell.model.names import label


def _plain(attribute: Attribute) -> Any:
    data = attribute.values[0].data
    return str(data) if isinstance(data, str) else data


def _label(attribute: Attribute) -> str | None:
    name: str = _plain(attribute)
    return name if name and label(name) == name else None


def _place(attribute: Attribute) -> str | None:
    uri: str = _plain(attribute) or ""
    return uri if not uri or spot(uri) is not None else None


_FIELDS: Final[dict[str, tuple[str, Callable[[Attribute], Any]]]] = {
    r.system_asset_tag.name: ("asset_tag", _plain),
    r.system_contact_col.name: ("contact", read_contact),
    r.system_dns_sd_name.name: ("dns_sd_name", _label),
    r.system_geo_location.name: ("geo_location", _place),
    r.system_info.name: ("info", _plain),
    r.system_location.name: ("location", _plain),
    r.system_name.name: ("name", _plain),
    r.system_service_contact_col.name: ("service_contact", read_contact),
}
"""Fields of SystemDescription, and what makes them of attributes; None of what can't be."""
SETTABLE: Final = tuple(sorted((*_FIELDS, r.system_default_printer_id.name)))
"""system-settable-attributes-supported"""


async def set_system_attributes(call: Call, known: Collection[str]) -> Reply:
    """Set-System-Attributes, PWG 5100.22 6.3.15; `known` are the names of all that the server tells of itself."""
    call.demand_system()
    call.by.demand(Right.ADMINISTER)
    group = call.request.group(GroupTag.SYSTEM)
    refuse_unsettable(call, group, SETTABLE, known)
    facts: dict[str, Any] = {}
    bad: list[Attribute] = []
    for attribute in group.attributes.values():
        if attribute.name in _FIELDS:
            field, read = _FIELDS[attribute.name]
            facts[field] = read(attribute)
            bad += [attribute] * (facts[field] is None)
    default = _default_printer(call, group)
    if default is None and r.system_default_printer_id.name in group:
        bad.append(group.attributes[r.system_default_printer_id.name])
    if bad:
        raise _refused(call, *bad)
    await call.spooler.system.change(call.by, default, **facts)
    return Reply()


def _default_printer(call: Call, group: Group) -> PrinterName | None:
    number = group.get(r.system_default_printer_id)
    try:
        return None if number is None else call.spooler.printers.by_id(number).name
    except NotFound:
        return None


def refuse_unsettable(call: Call, group: Group, settable: Collection[str], known: Collection[str]) -> None:
    """Refuse the request if any of it can't be set (PWG 5100.22 6.2.6, 6.3.15), telling what as RFC 3380 4.1.3 has it.

    Raises RequestRefused.
    """
    refused = unsettable(call, group, settable, known, _may_be)
    if refused:
        raise _refused(call, *refused)


def _may_be(attribute: Attribute) -> bool:
    """Whether the attribute itself allows that value, if it is an out-of-band one (RFC 3380 8)."""
    tag = attribute.values[0].tag
    return tag not in OUT_OF_BAND or tag in r.ATTRIBUTES[attribute.name].out_of_band


def _refused(call: Call, *attributes: Attribute) -> Exception:
    what = "can't be set" if attributes[0].values[0].tag in OUT_OF_BAND else "can't be set to that"
    return call.refuse(Status.CLIENT_ERROR_NOT_POSSIBLE, f"'{attributes[0].name}' {what}", *attributes)
