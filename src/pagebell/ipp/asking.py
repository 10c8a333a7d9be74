"""The client's requests and answers as messages: what stands where (RFC 8011 4.1, 4.2; RFC 3995 11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr, Section
from pagebell.ipp.errors import OptionError, ipp_error
from pagebell.ipp.message import Group, Message
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.results import Events, Notification
from pagebell.ipp.values import Attribute, Collection, GroupTag

VERSION: Final = (2, 0)
OLD_VERSION: Final = (1, 1)

JOB_ATTRIBUTES: Final[tuple[Attr[Any], ...]] = (
    *(r.job_id, r.job_uri, r.job_name, r.job_originating_user_name, r.job_printer_uri),
    *(r.job_state, r.job_state_reasons, r.job_state_message, r.job_printer_state_message),
    *(r.job_impressions, r.job_impressions_completed, r.job_pages, r.job_k_octets),
    *(r.job_media_sheets, r.job_media_sheets_completed, r.number_of_intervening_jobs),
    *(r.date_time_at_creation, r.time_at_creation, r.date_time_at_completed, r.time_at_completed),
    r.job_printer_up_time,
)
"""What JobInfo is made of."""

PRINTER_STATUS: Final[tuple[Attr[Any], ...]] = (
    *(r.printer_state, r.printer_state_reasons, r.printer_state_message),
    *(r.printer_is_accepting_jobs, r.queued_job_count),
)
"""What changes from moment to moment."""

PRINTER_LIST: Final[tuple[Attr[Any], ...]] = (
    *(r.printer_name, r.printer_info, r.printer_location, r.printer_make_and_model, r.printer_uri_supported),
    *(*PRINTER_STATUS, r.device_uri),
)

_IN_OPERATION: Final = frozenset(
    attr.name
    for attr in (
        *(r.job_name, r.document_name, r.document_format, r.document_natural_language, r.document_charset),
        *(r.compression, r.ipp_attribute_fidelity, r.job_mandatory_attributes, r.job_password),
        *(r.job_password_encryption, r.job_impressions, r.job_pages, r.job_media_sheets, r.job_account_id),
        *(r.job_accounting_user_id, r.document_password, r.auth_info, r.job_phone_number),
    )
)
"""Options of a job that travel as operation attributes (RFC 8011 4.2.1.1, PWG 5100.7)."""


def build(
    operation: Op,
    target: Sequence[Attribute],
    user: str,
    attributes: Iterable[Attribute] = (),
    groups: Iterable[Group] = (),
) -> Message:
    """A request: charset and language first, then the target, then the rest (RFC 8011 4.1.4, 4.1.5)."""
    first = Group.of(
        GroupTag.OPERATION,
        r.attributes_charset("utf-8"),
        r.attributes_natural_language("en"),
        *target,
        r.requesting_user_name(cut(user, 255)),
        *attributes,
    )
    return Message(VERSION, int(operation), 1, [first, *(group for group in groups if group.attributes)])


def requested(attrs: Iterable[Attr[Any] | str]) -> Attribute:
    """Which attributes the answer shall have."""
    return r.requested_attributes(*(attr if isinstance(attr, str) else attr.name for attr in attrs))


def is_job_option(name: str) -> bool:
    """Whether a client may give this attribute with a job."""
    attr = r.ATTRIBUTES.get(name)
    return attr is not None and (Section.JOB_TEMPLATE in attr.sections or name in _IN_OPERATION)


def job_groups(options: Iterable[Attribute]) -> tuple[list[Attribute], Group]:
    """Part a job's options into operation attributes and the job's group. Raises OptionError."""
    operation: list[Attribute] = []
    job = Group(GroupTag.JOB)
    for option in options:
        attr = r.ATTRIBUTES.get(option.name)
        if option.name in _IN_OPERATION:
            operation.append(option)
        elif attr is None or Section.JOB_TEMPLATE in attr.sections:
            job.add(option)
        else:
            raise OptionError(f"'{option.name}' is not something that can be asked for with a job.")
    return operation, job


def unsupported(answer: Message) -> tuple[str, ...]:
    """Names of the attributes that the server left out of account, with the members of collections."""
    names: list[str] = []
    for group in answer.groups_of(GroupTag.UNSUPPORTED):
        for attribute in group.attributes.values():
            names += _names(attribute)
    return tuple(names)


def _names(attribute: Attribute) -> list[str]:
    members = [value.data for value in attribute.values if isinstance(value.data, Collection)]
    inner = [f"{attribute.name}/{name}" for collection in members for name in collection]
    return inner or [attribute.name]


def cut(text: str, octets: int) -> str:
    """Text shortened to so many octets of UTF-8, at a character's end; of a file's name, what can be read."""
    return text.encode(errors="replace")[:octets].decode(errors="ignore")


def succeeded(answer: Message) -> Message:
    """The answer itself, unless its status is an error (RFC 8011 B.1: from 0x0400)."""
    if answer.code < 0x0400:
        return answer
    operation = answer.group(GroupTag.OPERATION)
    text = "" if operation is None else operation.get(r.status_message) or ""
    raise ipp_error(Status(answer.code), str(text), unsupported(answer))


def read_events(answer: Message) -> Events:
    """An answer of Get-Notifications (RFC 3996 5.2)."""
    operation = answer.group(GroupTag.OPERATION)
    groups = answer.groups_of(GroupTag.EVENT_NOTIFICATION)
    return Events(
        tuple(map(Notification.of, groups)),
        None if operation is None else operation.get(r.notify_get_interval),
        answer.code == Status.SUCCESSFUL_OK_EVENTS_COMPLETE,
    )
