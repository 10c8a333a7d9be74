"""What of a request can't be set, told as RFC 3380 4.1.3 has it: for jobs, printers, resources and the server."""

from __future__ import annotations

from collections.abc import Callable, Collection

from pagebell.ipp.message import Group
from pagebell.ipp.registry import Status
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
