"""Operations on subscriptions (RFC 3995 11) and Get-Notifications (RFC 3996 5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache, partial

from pagebell.http.push import Push
from pagebell.ipp import registry as r
from pagebell.ipp.encoder import encode_attribute, integer_writer
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.requests import sift
from pagebell.ipp.selection import select
from pagebell.ipp.server.call import Call, Reply, operation_group
from pagebell.ipp.server.describe_job import chosen, up_time
from pagebell.ipp.server.describe_printer import SHORTEST_LIFE
from pagebell.ipp.server.describe_subscription import subscription_attributes
from pagebell.ipp.server.events import Telling, carried
from pagebell.ipp.server.subscription_groups import read_wishes, wish_groups
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.model.errors import NotFound
from pagebell.model.event import JobId, ResourceId
from pagebell.model.subscription import SERVER, Scope, Subscription, SubscriptionId
from pagebell.model.wording import language_for
from pagebell.spooler.holding import zone
from pagebell.spooler.reading import Batch
from pagebell.spooler.spooler import Spooler
from pagebell.spooler.subscriptions import MOST_LISTED

Handler = Callable[[Call], Awaitable[Reply]]
MOST_EVENTS = 10_000
"""Events in one answer; who is told to come back at once can have the rest."""
PATIENCE = 20.0
"""Seconds that a client which can't read parts waits for its answer at most: libcups gives up after 30."""
_IN_A_TURN = 500
"""Subscriptions that are described between two looks at what else there is to do."""
_LEASE = r.notify_lease_duration.name
_up_time = lru_cache(4)(integer_writer(r.printer_up_time.name))


def handlers() -> dict[Op, Handler]:
    """Which function does which operation."""
    return {
        Op.CREATE_PRINTER_SUBSCRIPTIONS: create_printer_subscriptions,
        Op.CREATE_RESOURCE_SUBSCRIPTIONS: create_resource_subscriptions,
        Op.CREATE_SYSTEM_SUBSCRIPTIONS: create_system_subscriptions,
        Op.CREATE_JOB_SUBSCRIPTIONS: create_job_subscriptions,
        Op.GET_SUBSCRIPTION_ATTRIBUTES: get_subscription_attributes,
        Op.GET_SUBSCRIPTIONS: get_subscriptions,
        Op.RENEW_SUBSCRIPTION: renew_subscription,
        Op.CANCEL_SUBSCRIPTION: cancel_subscription,
        Op.GET_NOTIFICATIONS: get_notifications,
    }


async def create_printer_subscriptions(call: Call) -> Reply:
    """Create-Printer-Subscriptions, RFC 3995 11.1.2; at the root of all printers, as CUPS' clients mean it."""
    return await _create(call, SERVER if call.place.server else _scope_of_printer(call))


def _scope_of_printer(call: Call) -> Scope:
    """Of the printer aimed at. Raises NotFound."""
    return Scope(call.spooler.printers.printer(call.printer).id)


async def create_system_subscriptions(call: Call) -> Reply:
    """Create-System-Subscriptions, PWG 5100.22 6.3.3: of the server, all its printers and their jobs.

    Of some printers and their jobs only, where their ids are given.
    """
    call.demand_system()
    ids = call.request.attributes.all(r.notify_printer_ids)
    return await _create(call, Scope.of_printers(call.spooler.printers.by_id(number).id for number in ids))


async def create_resource_subscriptions(call: Call) -> Reply:
    """Create-Resource-Subscriptions, PWG 5100.22 6.2.2"""
    call.demand_system()
    attributes = call.request.attributes
    number = ResourceId(attributes.get(r.notify_resource_id) or attributes.get(r.resource_id) or 0)
    return await _create(call, Scope(resource=number))


async def create_job_subscriptions(call: Call) -> Reply:
    """Create-Job-Subscriptions, RFC 3995 11.1.1"""
    number = JobId(call.request.attributes.get(r.notify_job_id) or 0)
    return await _create(call, await _scope_of_job(call, number))


async def _scope_of_job(call: Call, number: JobId) -> Scope:
    """A job that must be at the printer aimed at; the server has all. Raises NotFound."""
    job = await call.spooler.jobs.job(number)
    if not call.place.server and job.printer != call.printer:
        raise NotFound(f"job {number} is not at printer {call.printer}")
    return Scope(job.printer_id, job.id)


async def _create(call: Call, scope: Scope) -> Reply:
    if not call.request.subscriptions:
        raise call.refuse(Status.CLIENT_ERROR_BAD_REQUEST, "the request has no subscription attributes group")
    wishes = read_wishes(call, job=scope.job is not None)
    created = await call.spooler.subscriptions.create_subscriptions(wishes.granted, call.by, scope=scope)
    reply = wish_groups(Reply(), wishes, created)
    if not created:
        reply.status = Status.CLIENT_ERROR_IGNORED_ALL_SUBSCRIPTIONS
        reason = wishes.within(0).reason or "notify-status-code of each tells why"
        reply.message = f"no subscription could be made: {reason}"
    return reply


async def get_subscription_attributes(call: Call) -> Reply:
    """Get-Subscription-Attributes, RFC 3995 11.2.4"""
    subscription = call.spooler.subscriptions.subscription(_id(call), call.by)
    return Reply().add(GroupTag.SUBSCRIPTION, _described(call, subscription, ("all",)))


async def get_subscriptions(call: Call) -> Reply:
    """Get-Subscriptions, RFC 3995 11.2.5"""
    attributes = call.request.attributes
    limit = attributes.get(r.limit)
    found: list[Subscription] = []
    for scope in await _listed(call):
        found += await _all_of(call, scope, limit)
    reply = Reply()
    for place, subscription in enumerate(sorted(found, key=lambda one: one.id)[:limit], 1):
        with suppress(NotFound):  # it has just ended
            reply.add(GroupTag.SUBSCRIPTION, _described(call, subscription, ("notify-subscription-id",)))
        if place % _IN_A_TURN == 0:
            await asyncio.sleep(0)
    return reply


async def _all_of(call: Call, scope: Scope | None, limit: int | None) -> list[Subscription]:
    """All that the client may see of a scope, or the first ones: there is no list's end but its own (11.2.5.1.2)."""
    owner = call.by.name if call.request.attributes.get(r.my_subscriptions) else None
    found: list[Subscription] = []
    after: int | None = 0
    while after is not None and (limit is None or len(found) < limit):
        page = call.spooler.subscriptions.list(
            call.by, scope=scope, owner=owner, after=after, limit=limit or MOST_LISTED
        )
        found += page.subscriptions
        after = page.next
    return found


async def _listed(call: Call) -> list[Scope | None]:
    """Whose subscriptions are listed; None for all there are. Raises NotFound, RequestRefused.

    A job's by its id (RFC 3995 11.2.5); at the server also some printers' own and a resource's, by the attributes
    that PWG 5100.22 7.1.1 and 7.1.2 have for making them.
    """
    attributes = call.request.attributes
    job, resource = attributes.get(r.notify_job_id), attributes.get(r.notify_resource_id)
    printers = attributes.all(r.notify_printer_ids) if call.is_system else []
    resource = resource if call.is_system else None
    if sum((job is not None, resource is not None, bool(printers))) > 1:
        raise call.refuse(
            Status.CLIENT_ERROR_BAD_REQUEST, "subscriptions are of a job, a resource or printers"
        )
    if job is not None:
        return [await _scope_of_job(call, JobId(job))]
    if resource is not None:
        return [Scope(resource=call.spooler.resources.resource(ResourceId(resource)).id)]
    if printers:
        return [Scope(call.spooler.printers.by_id(number).id) for number in dict.fromkeys(printers)]
    if call.place.server and not call.is_system:
        return [None]  # at the root all scopes are listed, as CUPS does
    if call.is_system:
        return list(call.spooler.subscriptions.of_system())
    return [_scope_of_printer(call)]


async def renew_subscription(call: Call) -> Reply:
    """Renew-Subscription, RFC 3995 11.2.6"""
    lease = call.request.attributes.get(r.notify_lease_duration)
    group, ignored = sift(call.request.group(GroupTag.SUBSCRIPTION))
    if lease is None:
        lease = group.get(r.notify_lease_duration)
    ignored += [r.ATTRIBUTES[name].unsupported() for name in group.attributes if name != _LEASE]
    subscription = await call.spooler.subscriptions.renew(_id(call), lease, call.by)
    reply = Reply(unsupported=ignored)
    reply.add(GroupTag.SUBSCRIPTION, [r.notify_lease_duration(subscription.lease)])
    if lease not in (None, subscription.lease):
        reply.status = Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
    return reply


async def cancel_subscription(call: Call) -> Reply:
    """Cancel-Subscription, RFC 3995 11.2.7"""
    await call.spooler.subscriptions.unsubscribe(_id(call), call.by)
    return Reply()


async def get_notifications(call: Call) -> Reply:
    """Get-Notifications, RFC 3996 5; with notify-wait the answer stays open for what happens next."""
    attributes = call.request.attributes
    cursors, missing = _cursors(call)
    wait = attributes.get(r.notify_wait) or False
    if wait and not call.reads_parts:
        return Reply(later=_first_burst(call, cursors))
    reply = await _burst(call, cursors, wait=wait)
    if missing:
        reply.unsupported.append(r.notify_subscription_ids(*missing))
        if reply.status is Status.SUCCESSFUL_OK:  # the end is told by the status alone (RFC 3996 10.1)
            reply.status = Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
    if wait and cursors:
        reply.more = partial(_bursts, call, cursors)
    return reply


def _cursors(call: Call) -> tuple[dict[SubscriptionId, int], list[int]]:
    """Where to read on in each subscription that is asked for, and the ids of those that there are not.

    Raises NotAuthorized if any is somebody else's, NotFound if there is none of them (RFC 3996 5, 5.1.1).
    """
    call.demand_place()
    attributes = call.request.attributes
    numbers = attributes.all(r.notify_sequence_numbers)
    cursors: dict[SubscriptionId, int] = {}
    missing = []
    for index, number in enumerate(attributes.all(r.notify_subscription_ids)):
        try:
            subscription = call.spooler.subscriptions.subscription(SubscriptionId(number), call.by)
        except NotFound:
            missing.append(number)
            continue
        if subscription.recipient:  # its events are delivered, not fetched
            missing.append(number)
            continue
        cursors[subscription.id] = max(0, numbers[index] - 1) if index < len(numbers) else 0
    if not cursors:
        raise NotFound(f"there is no subscription {missing[0]} whose events can be fetched")
    return cursors, missing


async def _first_burst(call: Call, cursors: dict[SubscriptionId, int]) -> Reply:
    """For a client that can't read an answer in parts: the first events, and Event Wait Mode is left with them.

    The server may leave it at any time (RFC 3996 5.2); here it does so at the first events, or after PATIENCE.
    """
    spooler = call.spooler
    news = asyncio.ensure_future(spooler.subscriptions.news(cursors))
    patience = asyncio.ensure_future(spooler.clock.sleep(PATIENCE))
    try:
        await asyncio.wait({news, patience}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        news.cancel()
        patience.cancel()
    return await _burst(call, cursors, wait=False)


async def _bursts(call: Call, cursors: dict[SubscriptionId, int], push: Push) -> AsyncGenerator[Reply]:
    """What happens next, as it happens, until every subscription has ended or the server goes down.

    Most of it is sent where it happens: there may be thousands who wait for it, each for one subscription and with a
    task that sleeps on.
    """
    subscriptions = call.spooler.subscriptions
    with subscriptions.watch(cursors) as watch:
        if len(cursors) == 1:
            with suppress(NotFound):  # it has just ended, as the first burst will find
                watch.told = _caller(call, next(iter(cursors)), push)
        while cursors:
            await watch.news()
            leave = subscriptions.is_closing
            yield await _burst(call, cursors, wait=not leave)
            if leave:
                return


def _caller(call: Call, number: SubscriptionId, push: Push) -> Callable[[Batch], bool]:
    """What calls the news of one subscription out to who waits for them, and says whether it could. Raises NotFound."""
    spooler, subscription = call.spooler, call.spooler.subscriptions.subscription(number, call.by)
    charset, language = subscription.charset, language_for(subscription.language)
    groups = _telling(call, subscription, language).groups

    def told(batch: Batch) -> bool:
        now = spooler.clock.now()
        if subscription.attributes or batch.subscription.is_over(now):
            return False
        return push((_opening(charset, language, int(now)), *groups(batch.first, batch.events)))

    return told


@lru_cache(maxsize=8)
def _opening(charset: str, language: str, now: int) -> bytes:
    """The operation attributes of what is told at that time."""
    return operation_group(charset, language, _up_time(max(1, now)))


def _telling(call: Call, subscription: Subscription, language: str) -> Telling:
    return Telling(subscription, call.origin, language, zone(call.spooler.policy.time_zone), call.by.name)


async def _burst(call: Call, cursors: dict[SubscriptionId, int], *, wait: bool) -> Reply:
    """All that there is to tell now; moves the cursors on and drops those that have come to their end.

    A client that does not wait is told when to come back, and so is one that had to be cut short: at once.
    """
    spooler, asked = call.spooler, list(cursors)
    found: list[Told] = []
    room = MOST_EVENTS
    for number in asked:
        try:
            batch = await spooler.subscriptions.read(number, call.by, cursors[number], max(1, room))
        except NotFound:
            del cursors[number]  # it was cancelled, or its lease is over, while somebody waited
            continue
        told = batch._replace(events=batch.events[:room])
        room -= len(told.events)
        subscription, further = batch.subscription, []
        if subscription.attributes:
            further = [await carried(event, subscription, call.origin, spooler) for event in told.events]
        is_over = batch.complete and told.last == batch.last
        found.append((told, further, is_over))
        cursors[number] = told.last
        if is_over:
            del cursors[number]
    reply = _events(call, asked, found)
    if not cursors:
        reply.status = Status.SUCCESSFUL_OK_EVENTS_COMPLETE
    elif not wait:
        reply.operation.append(r.notify_get_interval(get_interval(spooler) if room else 0))
    return reply


_OVER = encode_attribute(r.notify_status_code(Status.SUCCESSFUL_OK_EVENTS_COMPLETE))
"""In each event of a subscription that has ended, where another one goes on (RFC 3996 5.2). Those of the other have
none: successful-ok is 0, which is no enum (RFC 8011 5.1.5), and clients take it for a fault."""
Told = tuple[Batch, list[list[bytes]], bool]
"""Events of one subscription, what it wants to hear with each of them besides, and whether they are its last."""


def _events(call: Call, asked: Collection[SubscriptionId], found: Sequence[Told]) -> Reply:
    """The events of some of the subscriptions that were asked for."""
    reply = Reply(encoded=[_up_time(up_time(call.spooler))])
    if len(asked) > 1:
        _speak(call, reply, asked)
    elif found:
        subscription = found[0][0].subscription
        reply.language, reply.charset = language_for(subscription.language), subscription.charset
    differ = len({is_over for batch, _, is_over in found if batch.events}) > 1
    for batch, more, is_over in found:
        if differ and is_over:
            more = [[*each, _OVER] for each in more or [[]] * len(batch.events)]  # noqa: PLW2901
        telling = _telling(call, batch.subscription, reply.language)
        reply.tail += telling.groups(batch.first, batch.events, more)
    return reply


def _speak(call: Call, reply: Reply, cursors: Iterable[SubscriptionId]) -> None:
    """Answer in the charset and language of the first subscription (RFC 3996 5.2), where all agree on the charset."""
    found = []
    for number in cursors:
        with suppress(NotFound):
            found.append(call.spooler.subscriptions.subscription(number, call.by))
    if found:
        reply.language = language_for(found[0].language)
        reply.charset = found[0].charset if len({s.charset for s in found}) == 1 else "utf-8"


def get_interval(spooler: Spooler) -> int:
    """notify-get-interval: no shorter than events live, so that who keeps to it misses none (RFC 3996 5.2.1)."""
    return max(SHORTEST_LIFE, int(spooler.policy.event_life))


def _id(call: Call) -> SubscriptionId:
    """Of the one aimed at, by its number alone: but it is asked for at a printer that there is, or at the server."""
    call.demand_place()
    return SubscriptionId(call.request.attributes.get(r.notify_subscription_id) or 0)


def _described(call: Call, subscription: Subscription, default: tuple[str, ...]) -> list[Attribute]:
    asked = call.request.attributes.all(r.requested_attributes) or None
    selection = select(asked, GroupTag.SUBSCRIPTION, default)
    return chosen(subscription_attributes(subscription, call.origin, call.spooler), selection)
