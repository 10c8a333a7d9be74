"""Subscription Template groups of a request, and the groups that answer them one by one (RFC 3995 5.3, 8.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pagebell.ipp import registry as r
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Status
from pagebell.ipp.requests import sift
from pagebell.ipp.server.call import Reply
from pagebell.ipp.server.describe_printer import EVENTS
from pagebell.ipp.server.status import status_of
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.model.errors import Unsupported
from pagebell.model.event import EventKind
from pagebell.model.subscription import Subscription
from pagebell.spooler.intake import SubscriptionWish

MOST_GROUPS = 20
"""Subscription groups in one request."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One group: what can be granted of it, or the status that says why not."""

    wish: SubscriptionWish | None
    status: Status
    unsupported: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """All groups of a request, in order."""

    each: tuple[Wish, ...]

    @property
    def granted(self) -> tuple[SubscriptionWish, ...]:
        """Those to be created."""
        return tuple(wish.wish for wish in self.each if wish.wish is not None)


CheckRecipient = Callable[[str], None]
"""Raises Unsupported where nothing is delivered to."""


def read_wishes(groups: Sequence[Group], check: CheckRecipient, *, job: bool) -> Wishes:
    """Read the groups; `job`: the subscriptions live as long as a job, leases are not for them."""
    wishes = [_read(group, check, job) for group in groups[:MOST_GROUPS]]
    too_many = Wish(None, Status.CLIENT_ERROR_TOO_MANY_SUBSCRIPTIONS)
    return Wishes(tuple(wishes + [too_many] * (len(groups) - MOST_GROUPS)))


def _refused_delivery(group: Group, good: Group, check: CheckRecipient) -> Wish | None:
    """Why nothing can be delivered as the group wants it: to a recipient, or to who fetches (RFC 3995 5.3)."""
    recipient, pull = good.get(r.notify_recipient_uri), good.get(r.notify_pull_method)
    if (r.notify_recipient_uri.name in group) == (r.notify_pull_method.name in group):
        return Wish(None, Status.CLIENT_ERROR_BAD_REQUEST)  # one of them, and only one, MUST be there
    if recipient is not None:
        try:
            check(recipient)
        except Unsupported as refusal:
            return Wish(None, status_of(refusal), (group.attributes[r.notify_recipient_uri.name],))
    elif pull != "ippget":
        refused = [one for one in group.attributes.values() if one.name in _METHODS]
        return Wish(None, Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED, tuple(refused))
    return None


_METHODS = (r.notify_recipient_uri.name, r.notify_pull_method.name)


def _read(group: Group, check: CheckRecipient, job: bool) -> Wish:
    good, unsupported = sift(group)
    refused = _refused_delivery(group, good, check)
    if refused is not None:
        return refused
    names = good.all(r.notify_events) or ["job-completed"]
    unknown = [name for name in names if name not in EVENTS]
    known = frozenset(EventKind(name) for name in names if name in EVENTS and name != "none")
    if unknown:
        unsupported = [*unsupported, r.notify_events(*unknown)]
    if not known and "none" not in names:
        return Wish(None, Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED, tuple(unsupported))
    lease = None if job else good.get(r.notify_lease_duration)
    wish = SubscriptionWish(
        events=known,
        lease=lease,
        user_data=good.get(r.notify_user_data) or b"",
        charset=good.get(r.notify_charset) or "utf-8",
        language=good.get(r.notify_natural_language) or "en",
        attributes=tuple(good.all(r.notify_attributes)),
        interval=good.get(r.notify_time_interval) or 0,
        recipient=good.get(r.notify_recipient_uri) or "",
    )
    status = Status.SUCCESSFUL_OK
    if unsupported:
        status = Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
    return Wish(wish, status, tuple(unsupported))


def wish_groups(reply: Reply, wishes: Wishes, created: Sequence[Subscription]) -> Reply:
    """Append a group for each wish, with its id or its status (RFC 3995 11.1.3)."""
    rest = iter(created)
    for wish in wishes.each:
        attributes: list[Attribute] = []
        subscription = next(rest, None) if wish.wish is not None else None
        if subscription is not None:
            attributes.append(r.notify_subscription_id(subscription.id))
            if subscription.scope.job is None:
                attributes.append(r.notify_lease_duration(subscription.lease))
        if wish.status is not Status.SUCCESSFUL_OK:
            attributes.append(r.notify_status_code(wish.status))
        reply.add(GroupTag.SUBSCRIPTION, [*wish.unsupported, *attributes])
    failed = [wish for wish in wishes.each if wish.wish is None]
    if failed and reply.status is Status.SUCCESSFUL_OK:
        reply.status = Status.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS
    return reply
