"""The checks that every request goes through, whatever its operation (RFC 8011 4.1 and appendix B.1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr, Flaw
from pagebell.ipp.decoder import Fault
from pagebell.ipp.message import Group, Message
from pagebell.ipp.operations import COMMON, Operation
from pagebell.ipp.registry import Status
from pagebell.ipp.values import Attribute, GroupTag, Tag

CHARSETS: Final = frozenset({"utf-8", "us-ascii"})
_REPEATED: Final = frozenset({GroupTag.SUBSCRIPTION})
_STATUS: Final = {
    Flaw.SYNTAX: Status.CLIENT_ERROR_BAD_REQUEST,
    Flaw.CARDINALITY: Status.CLIENT_ERROR_BAD_REQUEST,
    Flaw.LENGTH: Status.CLIENT_ERROR_REQUEST_VALUE_TOO_LONG,
    Flaw.RANGE: Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
}


class RequestRefused(Exception):
    """A request that is answered with a status and nothing else done."""

    def __init__(self, status: Status, message: str, unsupported: Group | None = None) -> None:
        super().__init__(status, message, unsupported)
        self.status = status
        self.message = message
        self.unsupported = unsupported

    def __str__(self) -> str:
        return f"{self.status.keyword}: {self.message}"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is formally right: a handler need only do what it says.

    ``attributes``, ``job``, ``document`` and ``printer`` hold what is known and of the right syntax; the
    rest is in ``unsupported``, to be returned with successful-ok-ignored-or-substituted-attributes, or to
    refuse the request for (``fidelity``, and the Set operations). ``subscriptions`` are as received: each
    has its own status (RFC 3995 11.1.1.2), and ``sift`` checks them.
    """

    operation: Operation
    version: tuple[int, int]
    attributes: Group
    groups: list[Group]
    unsupported: list[Attribute] = field(default_factory=list)
    flawed: list[Attribute] = field(default_factory=list)
    """What of that was in the groups that follow the operation attributes."""

    def group(self, tag: GroupTag) -> Group:
        """The group with this tag; one that was not sent is as an empty one (RFC 8010 3.3)."""
        return next((group for group in self.groups if group.tag is tag), Group(tag))

    @property
    def job(self) -> Group:
        """Job Template attributes, or the job attributes to set."""
        return self.group(GroupTag.JOB)

    @property
    def document(self) -> Group:
        """Document Template attributes, PWG 5100.5."""
        return self.group(GroupTag.DOCUMENT)

    @property
    def printer(self) -> Group:
        """The printer attributes to set."""
        return self.group(GroupTag.PRINTER)

    @property
    def subscriptions(self) -> list[Group]:
        """One group for each subscription to create."""
        return [group for group in self.groups if group.tag is GroupTag.SUBSCRIPTION]

    @property
    def charset(self) -> str:
        """The charset to answer in: utf-8 or us-ascii."""
        return (self.attributes.get(r.attributes_charset) or "utf-8").lower()

    @property
    def language(self) -> str:
        """The natural language of the request's text and, if we have it, of the answer's."""
        return self.attributes.get(r.attributes_natural_language) or "en"

    @property
    def user(self) -> str | None:
        """Who the client says it is, which nobody has proved (RFC 8011 9.3)."""
        return self.attributes.get(r.requesting_user_name)

    @property
    def fidelity(self) -> bool:
        """Rather no job than one that is not as asked for (RFC 8011 4.2.1.1)."""
        return self.attributes.get(r.ipp_attribute_fidelity) or False


def status_of(fault: Fault) -> Status:
    """The status that answers octets which could not be decoded."""
    return Status[fault.value.upper().replace("-", "_")]


def check_request(message: Message, operation_of: Mapping[int, Operation]) -> Request:
    """Check a message against its operation, in the order in which a client can trust the answers.

    Raises RequestRefused with the status, the words for status-message and what to return as unsupported.
    """
    if message.version[0] not in (1, 2):
        version = f"{message.version[0]}.{message.version[1]}"
        raise RequestRefused(Status.SERVER_ERROR_VERSION_NOT_SUPPORTED, f"IPP/{version} is not supported")
    operation = operation_of.get(message.code)
    if operation is None:
        raise RequestRefused(
            Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED, f"operation {message.code:#06x} is not supported"
        )
    if message.request_id < 1:
        raise _bad("request-id must be greater than 0 (RFC 8011 4.1.2)")
    _check_groups(message, operation)
    received = message.groups[0]
    _check_language(received)
    attributes, unsupported = _operation_attributes(operation, received)
    _check_present(operation, attributes)
    groups, wrong = [], list[Attribute]()
    for group in message.groups[1:]:
        if group.tag not in operation.groups:
            continue
        if group.tag is not GroupTag.SUBSCRIPTION:
            group, flawed = sift(group, operation.out_of_band)  # noqa: PLW2901
            wrong += flawed
        groups.append(group)
    return Request(operation, message.version, attributes, groups, unsupported + wrong, wrong)


def sift(group: Group, out_of_band: frozenset[Tag] = frozenset()) -> tuple[Group, list[Attribute]]:
    """Part a group into what is registered and right, and what to return as unsupported (RFC 8011 4.1.7).

    An attribute that nobody knows comes back as 'unsupported', one of a wrong syntax or value as it was sent.
    """
    good, flawed = Group(group.tag), []
    for attribute in group.attributes.values():
        known = r.ATTRIBUTES.get(attribute.name)
        if known is None:
            flawed.append(Attribute(attribute.name, (r.printer_uri.unsupported().values)))
        elif known.check(attribute, out_of_band) is not None:
            flawed.append(attribute)
        else:
            good.add(attribute)
    return good, flawed


def _bad(text: str) -> RequestRefused:
    return RequestRefused(Status.CLIENT_ERROR_BAD_REQUEST, text)


def _check_groups(message: Message, operation: Operation) -> None:
    """Operation attributes come first and once; the others in the operation's order (RFC 8011 4.1.3).

    Groups that the operation does not define are extensions, and ignored.
    """
    tags = [group.tag for group in message.groups]
    if not tags or tags[0] is not GroupTag.OPERATION:
        raise _bad("the operation attributes must come first")
    if tags.count(GroupTag.OPERATION) > 1:
        raise _bad("there are two groups of operation attributes")
    expected = [tag for tag in tags if tag in operation.groups]
    if expected != sorted(expected, key=operation.groups.index):
        raise _bad(f"groups are out of order for {operation.name}")
    for tag in set(expected) - _REPEATED:
        if expected.count(tag) > 1:
            raise _bad(f"there are two groups of {tag.name.lower()} attributes")


def _check_language(received: Group) -> None:
    """attributes-charset first, attributes-natural-language second (RFC 8011 4.1.4)."""
    names = list(received.attributes)[:2]
    for place, attr in enumerate((r.attributes_charset, r.attributes_natural_language)):
        if len(names) <= place or names[place] != attr.name:
            raise _bad(f"'{attr.name}' must be operation attribute {place + 1}")
        problem = attr.check(received.attributes[attr.name])
        if problem is not None:
            raise RequestRefused(_STATUS[problem.flaw], problem.text)
    charset = received.get(r.attributes_charset)
    if charset is None or charset.lower() not in CHARSETS:
        raise RequestRefused(
            Status.CLIENT_ERROR_CHARSET_NOT_SUPPORTED, f"charset {charset!r} is not supported"
        )


@cache
def _known(operation: Operation) -> dict[str, Attr[Any]]:
    """All operation attributes that an operation takes."""
    targets = (attr for way in operation.target.value for attr in way)
    every = (*COMMON, *targets, *operation.required, *operation.optional)
    return {attr.name: attr for attr in every}


def _operation_attributes(operation: Operation, received: Group) -> tuple[Group, list[Attribute]]:
    """Check each operation attribute; those that the operation does not take are ignored and returned."""
    known = _known(operation)
    good, unsupported = Group(GroupTag.OPERATION), []
    for attribute in received.attributes.values():
        attr = known.get(attribute.name)
        if attr is None:
            unsupported.append(Attribute(attribute.name, r.printer_uri.unsupported().values))
            continue
        problem = attr.check(attribute)
        if problem is not None:
            returned = Group.of(GroupTag.UNSUPPORTED, attribute) if problem.flaw is Flaw.RANGE else None
            raise RequestRefused(_STATUS[problem.flaw], problem.text, returned)
        good.add(attribute)
    return good, unsupported


def _check_present(operation: Operation, attributes: Group) -> None:
    """The target and the required attributes are there (RFC 8011 4.1.5)."""
    ways = operation.target.value
    if not any(all(attr.name in attributes for attr in way) for way in ways):
        wanted = " or ".join(" with ".join(f"'{attr.name}'" for attr in way) for way in ways)
        raise _bad(f"{operation.name} needs {wanted}")
    for attr in operation.required:
        if attr.name not in attributes:
            raise _bad(f"{operation.name} needs '{attr.name}'")
