"""What of a request can't be set, and how that is told (RFC 3380 4.1.3), whatever it is set of."""

from __future__ import annotations

from collections.abc import Callable, Collection

from pagebell.ipp.message import Group
from pagebell.ipp.registry import Status
from pagebell.ipp.requests import RequestRefused
from pagebell.ipp.server.call import Call
from pagebell.ipp.values import Attribute, Tag, Value


def unsettable(
    call: Call,
    group: Group,
    settable: Collection[str],
    known: Collection[str],
    may_be: Callable[[Attribute], bool],
) -> list[Attribute]:
    """What is unknown, then what is not settable, then what may not be set to that; `known` has all that is told.

    Raises RequestRefused where nothing is named.
    """
    flawed = call.request.flawed
    given = [*group.attributes.values(), *flawed]
    if not given:
        raise call.refuse(Status.CLIENT_ERROR_BAD_REQUEST, "the request names nothing to set")
    others = [a.name for a in given if a.name not in settable]
    unknown = [Attribute(name, (Value(Tag.UNSUPPORTED, None),)) for name in others if name not in known]
    fixed = [Attribute(name, (Value(Tag.NOT_SETTABLE, None),)) for name in others if name in known]
    bad = [a for a in given if a.name in settable and (a in flawed or not may_be(a))]
    return unknown + fixed + bad


def demand_settable(
    call: Call,
    group: Group,
    settable: Collection[str],
    known: Collection[str],
    may_be: Callable[[Attribute], bool],
) -> None:
    """Raise RequestRefused if anything is `unsettable`, by RFC 3380's status codes."""
    refused = unsettable(call, group, settable, known, may_be)
    if refused and refused[0].values[0].tag is Tag.NOT_SETTABLE:
        status = Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE
        raise call.refuse(status, f"'{refused[0].name}' can't be set", *refused)
    if refused:
        raise values_refused(call, *refused)


def values_refused(call: Call, *attributes: Attribute) -> RequestRefused:
    """These can't be set to what they have."""
    status = Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    return call.refuse(status, f"'{attributes[0].name}' can't be set to that here", *attributes)
