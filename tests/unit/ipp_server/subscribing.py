"""How plays at the IPP door subscribe, and read what they are told."""

from __future__ import annotations

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message
from pagebell.ipp.registry import Op, Status
from tests.asking import subscription_group
from tests.unit.ipp_server.door import Door, first

SYSTEM_URI = "/ipp/system"
OK, SUBSTITUTED = Status.SUCCESSFUL_OK, Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
IGNORED, NONE_MADE = Status.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS, Status.CLIENT_ERROR_IGNORED_ALL_SUBSCRIPTIONS
UNSUPPORTED = Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
TOO_MANY = Status.CLIENT_ERROR_TOO_MANY_SUBSCRIPTIONS


async def subscribe(d: Door, *attributes: Attribute, path: str = "/ipp/print/p1", user: str = "ada") -> Group:
    """The group that answers for one subscription."""
    op = Op.CREATE_SYSTEM_SUBSCRIPTIONS if path == SYSTEM_URI else Op.CREATE_PRINTER_SUBSCRIPTIONS
    return first(
        await d.ask(op, groups=[subscription_group(*attributes)], path=path, user=user), GroupTag.SUBSCRIPTION
    )


def number_of(group: Group) -> int:
    number: int | None = group.get(r.notify_subscription_id)
    assert number is not None, str(group)
    return number


def status_of(group: Group) -> int:
    """notify-status-code, successful-ok where there is none."""
    code: int | None = group.get(r.notify_status_code)
    return OK if code is None else code


async def described(d: Door, group: Group, user: str = "ada") -> Group:
    op = Op.GET_SUBSCRIPTION_ATTRIBUTES
    answer = await d.ask(op, r.notify_subscription_id(number_of(group)), user=user)
    return first(answer, GroupTag.SUBSCRIPTION)


async def fetch(d: Door, *groups: Group, start: tuple[int, ...] = (), user: str = "ada") -> Message:
    more = (r.notify_sequence_numbers(*start),) if start else ()
    ids = r.notify_subscription_ids(*map(number_of, groups))
    return await d.ask(Op.GET_NOTIFICATIONS, ids, *more, user=user)


async def events(d: Door, *groups: Group, start: tuple[int, ...] = ()) -> list[Group]:
    return (await fetch(d, *groups, start=start)).groups_of(GroupTag.EVENT_NOTIFICATION)
