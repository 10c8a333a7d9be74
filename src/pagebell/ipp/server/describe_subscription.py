"""What there is to tell of a subscription (RFC 3995 5.3, 5.4)."""

from __future__ import annotations

from pagebell.ipp import registry as r
from pagebell.ipp.delivery import ATTEMPTS, DELIVERED, TROUBLE, TROUBLE_SINCE
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.describe_job import time_attribute, up_time
from pagebell.ipp.values import Attribute
from pagebell.model.subscription import Subscription, SubscriptionId
from pagebell.spooler.spooler import Spooler


def subscription_attributes(subscription: Subscription, origin: Origin, spooler: Spooler) -> list[Attribute]:
    """All of it."""
    _, newest = spooler.subscriptions.available(subscription.id)
    scope = subscription.scope
    attributes = [
        r.notify_subscription_id(subscription.id),
        r.notify_subscription_uuid(f"urn:uuid:{subscription.uuid}"),
        r.notify_events(*sorted(kind.value for kind in subscription.events)),
        r.notify_recipient_uri(subscription.recipient)
        if subscription.recipient
        else r.notify_pull_method(subscription.pull_method),
        r.notify_subscriber_user_name(subscription.owner),
        r.notify_sequence_number(newest),
        r.notify_charset(subscription.charset),
        r.notify_natural_language(subscription.language),
    ]
    if subscription.interval:
        attributes.append(r.notify_time_interval(subscription.interval))
    if scope.printer is not None:
        uris = (subscription.uri or origin.printer(one.name) for one in spooler.printers.of(scope))
        attributes += map(r.notify_printer_uri, uris)
    else:
        if scope.resource is not None:
            attributes.append(r.notify_resource_id(scope.resource))
        if scope.printers:
            attributes.append(r.notify_printer_ids(*sorted(one.id for one in spooler.printers.of(scope))))
        attributes += [r.notify_system_uri(origin.system), r.notify_system_up_time(up_time(spooler))]
    if subscription.user_data:
        attributes.append(r.notify_user_data(subscription.user_data))
    if subscription.attributes:
        attributes.append(r.notify_attributes(*subscription.attributes))
    if subscription.recipient:
        attributes += _delivery(subscription.id, spooler)
    if scope.job is not None:
        attributes.append(r.notify_job_id(scope.job))
    else:  # a job's has neither a lease nor this (RFC 3995 5.3.8, 5.4.3, 5.4.4)
        attributes.append(r.notify_printer_up_time(up_time(spooler)))
        attributes.append(r.notify_lease_duration(subscription.lease))
        end = 0 if subscription.expires is None else up_time(spooler, subscription.expires)
        attributes.append(r.notify_lease_expiration_time(max(0, end)))
    return attributes


def _delivery(number: SubscriptionId, spooler: Spooler) -> list[Attribute]:
    """How its recipient fares."""
    deliveries = spooler.subscriptions.deliveries
    attributes = [DELIVERED(deliveries.delivered(number))]
    if (trouble := deliveries.trouble(number)) is not None:
        since = time_attribute(TROUBLE_SINCE, trouble.since)
        attributes += [TROUBLE(trouble.message), since, ATTEMPTS(trouble.attempts)]
    return attributes
