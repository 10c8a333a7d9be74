"""Subscription Template groups of a request, and the groups that answer them one by one (RFC 3995 5.2, 5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Section
from pagebell.ipp.message import Group
from pagebell.ipp.registry import ATTRIBUTES, Op, Status
from pagebell.ipp.requests import CHARSETS, sift
from pagebell.ipp.server.call import Call, Reply
from pagebell.ipp.server.describe_printer import (
    DEFAULT_EVENTS,
    EVENTS,
    MAX_EVENTS,
    RESOURCE_EVENTS,
    SYSTEM_EVENTS,
)
from pagebell.ipp.server.events import CARRIED
from pagebell.ipp.server.status import status_of
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.model.errors import Unsupported
from pagebell.model.event import EventKind
from pagebell.model.subscription import Subscription
from pagebell.model.wording import LANGUAGES, language_for
from pagebell.spooler.intake import SubscriptionWish

MOST_GROUPS = 20
"""Subscription groups in one request."""
_TEMPLATE: Final = frozenset(
    name for name, attr in ATTRIBUTES.items() if Section.SUBSCRIPTION_TEMPLATE in attr.sections
)
_METHODS: Final = (r.notify_recipient_uri.name, r.notify_pull_method.name)


@dataclass(frozen=True, slots=True)
class Wish:
    """One group: what can be granted of it, or the status that says why not."""

    wish: SubscriptionWish | None
    status: Status = Status.SUCCESSFUL_OK
    unsupported: tuple[Attribute, ...] = ()
    reason: str = ""
    """Why not, in words."""


_TOO_MANY: Final = Wish(
    None,
    Status.CLIENT_ERROR_TOO_MANY_SUBSCRIPTIONS,
    reason="the server has as many subscriptions as it may have",
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """All groups of a request, in order."""

    each: tuple[Wish, ...]

    @property
    def granted(self) -> tuple[SubscriptionWish, ...]:
        """Those to be created."""
        return tuple(wish.wish for wish in self.each if wish.wish is not None)

    @property
    def reason(self) -> str:
        """Why the first of them that can't be created can't."""
        return next((wish.reason for wish in self.each if wish.wish is None and wish.reason), "")

    def within(self, room: int) -> Wishes:
        """What comes of them where so many more subscriptions can be made."""
        each = []
        for wish in self.each:
            fits = wish.wish is None or room > 0
            room -= wish.wish is not None
            each.append(wish if fits else _TOO_MANY)
        return Wishes(tuple(each))


def read_wishes(call: Call, *, job: bool) -> Wishes:
    """Read the groups of a request; `job`: the subscriptions live as long as a job, leases are not for them.

    Raises RequestRefused where one does not say how its events are to be had, or in two ways (RFC 3995 5.2, 5.3).
    """
    groups = call.request.subscriptions
    for group in groups:
        if sum(name in group for name in _METHODS) != 1:
            raise call.refuse(
                Status.CLIENT_ERROR_BAD_REQUEST,
                f"each subscription group needs '{_METHODS[0]}' or '{_METHODS[1]}', and not both",
            )
    wishes = tuple(_Reader(call, group, job).read() for group in groups[:MOST_GROUPS])
    return Wishes(wishes + (_TOO_MANY,) * (len(groups) - MOST_GROUPS))


RESOURCE_DEFAULT: Final = ("resource-state-changed",)
"""What a resource's subscriber hears who asks for nothing that there is: its printer's default never happens."""


def _heard(call: Call) -> tuple[str, ...]:
    """What can happen to what the subscriptions are of."""
    if call.request.operation.code in (Op.CREATE_RESOURCE, Op.CREATE_RESOURCE_SUBSCRIPTIONS):
        return RESOURCE_EVENTS
    if call.request.operation.code is Op.CREATE_PRINTER:
        return EVENTS
    return SYSTEM_EVENTS if call.place.server else EVENTS


class _Reader:
    """One group as it is read: what is not supported is put aside, to be told (RFC 3995 5.2, rules 1 to 5)."""

    def __init__(self, call: Call, group: Group, job: bool) -> None:
        self._call = call
        self._job = job
        self._good, self._unsupported = sift(group)
        self._status = Status.SUCCESSFUL_OK
        self._reason = ""
        foreign = [name for name in self._good.attributes if name not in _TEMPLATE]
        for name in (*foreign, *((r.notify_lease_duration.name,) if job else ())):
            if self._good.attributes.pop(name, None) is not None:
                self._put_aside(ATTRIBUTES[name].unsupported())

    def read(self) -> Wish:
        """The wish, and what of the group is no part of it: all of that, also where nothing is made (rule 9)."""
        good = self._good
        refused = self._refused_delivery()
        events = self._events()
        wish = SubscriptionWish(
            events=events,
            lease=good.get(r.notify_lease_duration),
            user_data=good.get(r.notify_user_data) or b"",
            charset=self._charset(),
            language=self._language(),
            attributes=self._carried(),
            interval=good.get(r.notify_time_interval) or 0,
            uri=self._uri(),
            recipient=good.get(r.notify_recipient_uri) or "",
        )
        if refused is None and not events:
            refused = Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
        if refused is not None:
            return Wish(None, refused, tuple(self._unsupported), self._reason)
        if self._unsupported and self._status is Status.SUCCESSFUL_OK:
            self._status = Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
        return Wish(wish, self._status, tuple(self._unsupported))

    def _put_aside(self, attribute: Attribute) -> None:
        """Remember it as not supported; further values of an attribute join the first."""
        for index, known in enumerate(self._unsupported):
            if known.name == attribute.name:
                self._unsupported[index] = replace(known, values=known.values + attribute.values)
                return
        self._unsupported.append(attribute)

    def _refused_delivery(self) -> Status | None:
        """Why nothing can be delivered as the group wants it: to a recipient, or to who fetches (RFC 3995 5.3)."""
        recipient, pull = self._good.get(r.notify_recipient_uri), self._good.get(r.notify_pull_method)
        if recipient is not None:
            try:
                self._call.spooler.subscriptions.deliveries.check(recipient)
            except Unsupported as refusal:
                self._put_aside(self._good.attributes[r.notify_recipient_uri.name])
                self._reason = str(refusal)
                return status_of(refusal)
        elif pull != "ippget":
            if pull is not None:
                self._put_aside(self._good.attributes[r.notify_pull_method.name])
            return Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
        return None

    def _events(self) -> frozenset[EventKind]:
        """notify-events, or the default's where none of them is known; nothing for 'none' alone (5.3.3.4.1)."""
        names = self._good.all(r.notify_events)
        if set(names) == {"none"}:
            self._put_aside(r.notify_events("none"))
            return frozenset()
        supported = _heard(self._call)
        known = [name for name in names[:MAX_EVENTS] if name in supported and name != "none"]
        unknown = [name for name in names[:MAX_EVENTS] if name not in known]
        if len(names) > MAX_EVENTS:  # the values beyond are unsupported ones (5.3.3)
            unknown += names[MAX_EVENTS:]
            self._status = Status.SUCCESSFUL_OK_TOO_MANY_EVENTS
        if unknown:
            self._put_aside(r.notify_events(*unknown))
        default = RESOURCE_DEFAULT if supported is RESOURCE_EVENTS else DEFAULT_EVENTS
        return frozenset(EventKind(name) for name in known or default)

    def _uri(self) -> str:
        """notify-printer-uri: the printer's as the request has it (5.4.5); the server's own is none."""
        return "" if self._call.place.server else self._call.text(r.printer_uri)

    def _charset(self) -> str:
        """notify-charset, else the request's (5.3.6)."""
        wanted = self._good.get(r.notify_charset)
        if wanted is not None and wanted.lower() not in CHARSETS:
            self._put_aside(r.notify_charset(wanted))
            wanted = None
        return (wanted or self._call.request.charset).lower()

    def _language(self) -> str:
        """notify-natural-language, else the request's, else English: one that there are texts in (5.3.7)."""
        wanted = self._good.get(r.notify_natural_language)
        if wanted is not None and wanted.lower() not in LANGUAGES:
            self._put_aside(r.notify_natural_language(wanted))
            wanted = None
        return language_for(wanted or self._call.request.language)

    def _carried(self) -> tuple[str, ...]:
        """notify-attributes (5.3.4)."""
        names = self._good.all(r.notify_attributes)
        unknown = [name for name in names if name not in CARRIED]
        if unknown:
            self._put_aside(r.notify_attributes(*unknown))
        return tuple(dict.fromkeys(name for name in names if name in CARRIED))


def wish_groups(reply: Reply, wishes: Wishes, created: Sequence[Subscription] | None) -> Reply:
    """Append a group for each wish, with its id or its status (RFC 3995 5.2, rules 7 and 8).

    `created` are the subscriptions that could be made, in order; None where nothing was to be made (Validate-Job).
    """
    rest = iter(created or ())
    if created is not None:
        wishes = wishes.within(len(created))
    for wish in wishes.each:
        attributes = {attribute.name: attribute for attribute in wish.unsupported}
        told: list[Attribute] = []
        subscription = next(rest, None) if wish.wish is not None else None
        if subscription is not None:
            told.append(r.notify_subscription_id(subscription.id))
            if subscription.scope.job is None:
                told.append(r.notify_lease_duration(subscription.lease))
        status = _status(wish, subscription)
        if status is not Status.SUCCESSFUL_OK:
            told.append(r.notify_status_code(status))
        attributes.update((attribute.name, attribute) for attribute in told)
        reply.add(GroupTag.SUBSCRIPTION, attributes.values())
    if any(wish.wish is None for wish in wishes.each):
        reply.status = Status.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS  # hides other warnings (RFC 3995 12.1)
    return reply


def _status(wish: Wish, made: Subscription | None) -> Status:
    """Another lease than the one that was asked for is a substituted attribute, too (RFC 3995 5.2, 5.3.8)."""
    asked = None if made is None or wish.wish is None else wish.wish.lease
    if wish.status is Status.SUCCESSFUL_OK and made is not None and asked not in (None, made.lease):
        return Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
    return wish.status
