"""Operations on subscriptions (RFC 3995 11) and Get-Notifications (RFC 3996 5)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

from pagebell.ipp import registry as r
from pagebell.ipp.encoder import integer_writer
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.selection import select
from pagebell.ipp.server.call import Call, Origin, Reply
from pagebell.ipp.server.describe_job import chosen, up_time
from pagebell.ipp.server.describe_printer import SHORTEST_LIFE
from pagebell.ipp.server.events import event_group
from pagebell.ipp.server.subscription_groups import Wish, Wishes, read_wishes, wish_groups
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.model.errors import NotAuthorized, NotFound, Refusal, TooMany
from pagebell.model.event import JobId
from pagebell.model.subscription import Scope, Subscription, SubscriptionId
from pagebell.spooler.spooler import Spooler
from pagebell.spooler.subscriptions import MOST_LISTED

Handler = Callable[[Call], Awaitable[Reply]]
MOST_EVENTS = 1000
"""Events of one subscription in one answer; the rest waits for the next."""
_up_time = integer_writer(r.printer_up_time.name)


def handlers() -> dict[Op, Handler]:
    """Which function does which operation."""
    return {
        Op.CREATE_PRINTER_SUBSCRIPTIONS: create_printer_subscriptions,
        Op.CREATE_JOB_SUBSCRIPTIONS: create_job_subscriptions,
        Op.GET_SUBSCRIPTION_ATTRIBUTES: get_subscription_attributes,
        Op.GET_SUBSCRIPTIONS: get_subscriptions,
        Op.RENEW_SUBSCRIPTION: renew_subscription,
        Op.CANCEL_SUBSCRIPTION: cancel_subscription,
        Op.GET_NOTIFICATIONS: get_notifications,
    }


async def create_printer_subscriptions(call: Call) -> Reply:
    """Create-Printer-Subscriptions, RFC 3995 11.1.2"""
    return await _create(call, Scope(call.printer), job=False)


async def create_job_subscriptions(call: Call) -> Reply:
    """Create-Job-Subscriptions, RFC 3995 11.1.1"""
    number = JobId(call.request.attributes.get(r.notify_job_id) or 0)
    return await _create(call, await _scope_of_job(call, number), job=True)


async def _scope_of_job(call: Call, number: JobId) -> Scope:
    """A job that must be at the printer aimed at. Raises NotFound."""
    job = await call.spooler.jobs.job(number)
    if job.printer != call.printer:
        raise NotFound(f"job {number} is not at printer {call.printer}")
    return Scope(job.printer, job.id)


async def _create(call: Call, scope: Scope, *, job: bool) -> Reply:
    if not call.request.subscriptions:
        raise call.refuse(Status.CLIENT_ERROR_BAD_REQUEST, "the request has no subscription attributes group")
    wishes = read_wishes(call.request.subscriptions, call.spooler.subscriptions.deliveries.check, job=job)
    created: list[Subscription] = []
    each: list[Wish] = []
    for wish in wishes.each:
        answer = wish
        if wish.wish is not None:
            try:
                made = await call.spooler.subscriptions.create_subscription(wish.wish, call.by, scope=scope)
                created.append(made)
            except TooMany:
                answer = Wish(None, Status.CLIENT_ERROR_TOO_MANY_SUBSCRIPTIONS)
        each.append(answer)
    reply = wish_groups(Reply(), Wishes(tuple(each)), created)
    if not created:
        reply.status = Status.CLIENT_ERROR_IGNORED_ALL_SUBSCRIPTIONS
        reply.message = "no subscription could be made; notify-status-code of each tells why"
    return reply


async def get_subscription_attributes(call: Call) -> Reply:
    """Get-Subscription-Attributes, RFC 3995 11.2.4"""
    subscription = call.spooler.subscriptions.subscription(_id(call), call.by)
    return Reply().add(GroupTag.SUBSCRIPTION, _described(call, subscription, ("all",)))


async def get_subscriptions(call: Call) -> Reply:
    """Get-Subscriptions, RFC 3995 11.2.5"""
    attributes = call.request.attributes
    scope = Scope(call.printer)
    if (number := attributes.get(r.notify_job_id)) is not None:
        scope = await _scope_of_job(call, JobId(number))
    page = call.spooler.subscriptions.list(
        call.by,
        scope=scope,
        owner=call.by.name if attributes.get(r.my_subscriptions) else None,
        limit=attributes.get(r.limit) or MOST_LISTED,
    )
    reply = Reply()
    for subscription in page.subscriptions:
        reply.add(GroupTag.SUBSCRIPTION, _described(call, subscription, ("notify-subscription-id",)))
    return reply


async def renew_subscription(call: Call) -> Reply:
    """Renew-Subscription, RFC 3995 11.2.6"""
    lease = call.request.attributes.get(r.notify_lease_duration)
    subscription = await call.spooler.subscriptions.renew(_id(call), lease, call.by)
    return Reply().add(GroupTag.SUBSCRIPTION, [r.notify_lease_duration(subscription.lease)])


async def cancel_subscription(call: Call) -> Reply:
    """Cancel-Subscription, RFC 3995 11.2.7"""
    await call.spooler.subscriptions.unsubscribe(_id(call), call.by)
    return Reply()


async def get_notifications(call: Call) -> Reply:
    """Get-Notifications, RFC 3996 5; with notify-wait the answer stays open for what happens next."""
    attributes = call.request.attributes
    numbers = attributes.all(r.notify_sequence_numbers)
    cursors: dict[SubscriptionId, int] = {}
    refusals: list[tuple[int, Refusal]] = []
    for index, number in enumerate(attributes.all(r.notify_subscription_ids)):
        try:
            subscription = call.spooler.subscriptions.subscription(SubscriptionId(number), call.by)
        except (NotFound, NotAuthorized) as refusal:
            refusals.append((number, refusal))
            continue
        cursors[subscription.id] = max(0, numbers[index] - 1) if index < len(numbers) else 0
    if not cursors:
        raise refusals[0][1]
    wait = attributes.get(r.notify_wait) or False
    reply = await _burst(call, cursors, wait=wait)
    if refusals:
        reply.unsupported.append(r.notify_subscription_ids(*(number for number, _ in refusals)))
        reply.status = Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
    if wait and cursors:
        reply.more = _bursts(call, cursors)
    return reply


async def _bursts(call: Call, cursors: dict[SubscriptionId, int]) -> AsyncGenerator[Reply]:
    """What happens next, as it happens, until every subscription has ended or the server goes down."""
    subscriptions = call.spooler.subscriptions
    with subscriptions.watch(cursors) as watch:
        while cursors:
            await watch.news()
            leave = subscriptions.is_closing
            yield await _burst(call, cursors, wait=not leave)
            if leave:
                return


async def _burst(call: Call, cursors: dict[SubscriptionId, int], *, wait: bool) -> Reply:
    """All that there is to tell now; moves the cursors on and drops those that have come to their end.

    A client that does not wait is told when to come back; so is one that had to be cut short.
    """
    spooler = call.spooler
    reply = Reply(encoded=[_up_time(up_time(spooler))])
    for number in list(cursors):
        try:
            batch = await spooler.subscriptions.read(number, call.by, cursors[number], MOST_EVENTS)
        except NotFound:
            del cursors[number]  # it was cancelled, or its lease is over, while somebody waited
            continue
        reply.groups += (
            (GroupTag.EVENT_NOTIFICATION, event_group(notification, batch.subscription, call.origin))
            for notification in batch.notifications
        )
        cursors[number] = batch.last or cursors[number] + batch.missed
        if batch.complete:
            del cursors[number]
    if not cursors:
        reply.status = Status.SUCCESSFUL_OK_EVENTS_COMPLETE
    elif not wait:
        reply.operation.append(r.notify_get_interval(get_interval(spooler)))
    return reply


def get_interval(spooler: Spooler) -> int:
    """notify-get-interval: no shorter than events live, so that who keeps to it misses none (RFC 3996 5.2.1)."""
    return max(SHORTEST_LIFE, int(spooler.policy.event_life))


def _id(call: Call) -> SubscriptionId:
    return SubscriptionId(call.request.attributes.get(r.notify_subscription_id) or 0)


def _described(call: Call, subscription: Subscription, default: tuple[str, ...]) -> list[Attribute]:
    asked = call.request.attributes.all(r.requested_attributes) or None
    selection = select(asked, GroupTag.SUBSCRIPTION, default)
    return chosen(subscription_attributes(subscription, call.origin, call.spooler), selection)


def subscription_attributes(subscription: Subscription, origin: Origin, spooler: Spooler) -> list[Attribute]:
    """All that there is to tell of a subscription (RFC 3995 5.3, 5.4)."""
    _, newest = spooler.subscriptions.available(subscription.id)
    scope = subscription.scope
    attributes = [
        r.notify_subscription_id(subscription.id),
        r.notify_subscription_uuid(f"urn:uuid:{subscription.uuid}"),
        r.notify_events(*(sorted(kind.value for kind in subscription.events) or ("none",))),
        r.notify_recipient_uri(subscription.recipient)
        if subscription.recipient
        else r.notify_pull_method(subscription.pull_method),
        r.notify_subscriber_user_name(subscription.owner),
        r.notify_sequence_number(newest),
        r.notify_printer_up_time(up_time(spooler)),
        r.notify_charset(subscription.charset),
        r.notify_natural_language(subscription.language),
        r.notify_time_interval(subscription.interval),
    ]
    if scope.printer is not None:
        attributes.append(r.notify_printer_uri(origin.printer(scope.printer)))
    if subscription.user_data:
        attributes.append(r.notify_user_data(subscription.user_data))
    if subscription.attributes:
        attributes.append(r.notify_attributes(*subscription.attributes))
    if scope.job is not None:
        attributes.append(r.notify_job_id(scope.job))
    else:
        attributes.append(r.notify_lease_duration(subscription.lease))
        end = 0 if subscription.expires is None else up_time(spooler, subscription.expires)
        attributes.append(r.notify_lease_expiration_time(max(0, end)))
    return attributes
