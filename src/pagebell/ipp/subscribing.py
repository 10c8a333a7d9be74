"""A client's subscriptions: one way to make, list, renew and end them, whatever their scope (RFC 3995 11).

The standard has a door for each scope: Create-Printer-Subscriptions, Create-Job-Subscriptions, and
Create-System-Subscriptions of PWG 5100.22. A server without the last, as CUPS, takes
Create-Printer-Subscriptions at its root for all of its printers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from pagebell.ipp import registry as r
from pagebell.ipp.addresses import SYSTEM_PATH
from pagebell.ipp.errors import BadRequest, HttpError, NotFound, Unsupported, ipp_error
from pagebell.ipp.message import Group, Message
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.results import JobInfo, Subscription, number_of
from pagebell.ipp.values import Attribute, GroupTag

if TYPE_CHECKING:
    from pagebell.ipp.client import Client

Scope = Literal["printer", "server"] | tuple[str, ...] | JobInfo | int
"""Whose events: the client's printer's, all of its server's, those of some of its printers by their names, or one
job's (also by its number)."""

_CUPS_PATHS: Final = ("/printers/", "/classes/")
"""There notify-job-id stands in the subscription's group, too: CUPS 2.4 looks for it nowhere else, though it is an
operation attribute (RFC 3995 11.1.1.1), and without it subscribes to the whole printer."""

_ALL: Final = r.requested_attributes("all")
_NO_SYSTEM: Final = (Unsupported, NotFound, BadRequest)


async def create(
    client: Client,
    events: Sequence[str],
    scope: Scope,
    *,
    lease: int | None = None,
    recipient: str = "",
    user_data: bytes = b"",
    attributes: Sequence[str] = (),
    interval: int | None = None,
) -> Subscription:
    """Make one subscription. Raises IppError, also with what the server says of its group; ValueError for no scope."""
    if not isinstance(scope, tuple | JobInfo | int) and scope not in ("printer", "server"):
        raise ValueError(
            f"{scope!r} is no scope: that is 'printer', 'server', a tuple of printers' names, or a job"
        )
    group = Group(GroupTag.SUBSCRIPTION)
    group.add(r.notify_recipient_uri(recipient) if recipient else r.notify_pull_method("ippget"))
    group.add(r.notify_events(*events))
    if user_data:
        group.add(r.notify_user_data(user_data))
    if attributes:
        group.add(r.notify_attributes(*attributes))
    if interval is not None:
        group.add(r.notify_time_interval(interval))
    if lease is not None and not isinstance(scope, JobInfo | int):
        group.add(r.notify_lease_duration(lease))
    if scope == "server":
        return await _create_of_server(client, group)
    if isinstance(scope, tuple):
        ids = r.notify_printer_ids(*await _ids(client, scope))
        answer = await client.call(Op.CREATE_SYSTEM_SUBSCRIPTIONS, ids, groups=[group], path=SYSTEM_PATH)
        return _granted(answer, SYSTEM_PATH)
    if scope == "printer":
        return _granted(await client.call(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[group]))
    path = await _path_of_job(client, scope)
    number = r.notify_job_id(number_of(scope))
    if path.startswith(_CUPS_PATHS):
        group.add(number)
    answer = await client.call(Op.CREATE_JOB_SUBSCRIPTIONS, number, groups=[group], path=path)
    return _granted(answer, path)


async def _create_of_server(client: Client, group: Group) -> Subscription:
    try:
        answer = await client.call(Op.CREATE_SYSTEM_SUBSCRIPTIONS, groups=[group], path=SYSTEM_PATH)
        return _granted(answer, SYSTEM_PATH)
    except _NO_SYSTEM:
        pass
    except HttpError as error:
        if error.status not in (404, 405):
            raise
    return _granted(await client.call(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[group], path="/"), "/")


async def _ids(client: Client, names: Sequence[str]) -> list[int]:
    """The printer-ids of printers, by their names. Raises NotFound; Unsupported of a server without the like."""
    asked = r.requested_attributes("printer-id", "printer-name")
    answer = await client.call(Op.GET_PRINTERS, asked, path=SYSTEM_PATH)
    printers = answer.groups_of(GroupTag.PRINTER)
    ids = {str(printer.get(r.printer_name)): printer.get(r.printer_id) or 0 for printer in printers}
    for name in names:
        if name not in ids:
            raise NotFound(Status.CLIENT_ERROR_NOT_FOUND, f"There is no printer {name}.")
    return sorted({ids[name] for name in names})


async def _path_of_job(client: Client, job: JobInfo | int) -> str:
    """Where the job's printer is; a client of a whole server has to look that up."""
    if client.address.path != "/":
        return client.address.path
    info = job if isinstance(job, JobInfo) and job.printer_uri else await client.job(job)
    return "/" + info.printer_uri.split("://", 1)[-1].partition("/")[2]


def _granted(answer: Message, path: str = "") -> Subscription:
    """The one subscription of the answer, or what its group says against it (RFC 3995 11.1.3)."""
    granted = answer.group(GroupTag.SUBSCRIPTION)
    if granted is None or granted.get(r.notify_subscription_id) is None:
        status = None if granted is None else granted.get(r.notify_status_code)
        raise ipp_error(Status(int(status or Status.CLIENT_ERROR_IGNORED_ALL_SUBSCRIPTIONS)))
    made = Subscription.of(granted, path)
    if granted.get(r.notify_status_code) is None:
        return made
    return replace(made, events=(), ignored=made.events)  # the answer has the unsupported ones (RFC 3995 5.2)


async def one(client: Client, subscription: Subscription | int) -> Subscription:
    """All that the server tells of a subscription (RFC 3995 11.2.4)."""
    path = path_of(client, subscription)
    number = r.notify_subscription_id(number_of(subscription))
    answer = await client.call(Op.GET_SUBSCRIPTION_ATTRIBUTES, number, _ALL, path=path)
    group = answer.group(GroupTag.SUBSCRIPTION) or Group(GroupTag.SUBSCRIPTION)
    return Subscription.of(group.add(number), path)


async def some(
    client: Client, scope: Scope | None, *, mine: bool, limit: int | None, first: int
) -> list[Subscription]:
    """Those of a scope, or of all scopes, in the order of their numbers (RFC 3995 11.2.5).

    ``first`` counts from 1. The operation itself has a limit only, so what stands before is left out here.
    """
    path = client.address.path if scope == "printer" else "/"
    wanted: list[Attribute] = []
    if isinstance(scope, JobInfo | int):
        path = await _path_of_job(client, scope)
        wanted.append(r.notify_job_id(number_of(scope)))
    has_others = scope == "server" or isinstance(scope, tuple)  # they are sorted out here
    end = None if limit is None else first - 1 + limit
    if end is not None and not has_others:
        wanted.append(r.limit(end))
    try:
        answer = await client.call(Op.GET_SUBSCRIPTIONS, *wanted, _ALL, r.my_subscriptions(mine), path=path)
    except NotFound:
        return []  # CUPS, where there are none
    found = [Subscription.of(group) for group in answer.groups_of(GroupTag.SUBSCRIPTION)]
    if scope == "server":
        found = [each for each in found if each.scope == "server"]
    if isinstance(scope, tuple):
        ids = await _ids(client, scope)
        found = [each for each in found if sorted(each.printer_ids) == ids]
    found.sort(key=lambda subscription: subscription.id)
    return found[first - 1 : end]


async def renew(client: Client, subscription: Subscription | int, lease: int | None) -> Subscription:
    """Prolong a printer's or the server's subscription (RFC 3995 11.2.6)."""
    path = path_of(client, subscription)
    number = number_of(subscription)
    wish = [] if lease is None else [Group.of(GroupTag.SUBSCRIPTION, r.notify_lease_duration(lease))]
    answer = await client.call(
        Op.RENEW_SUBSCRIPTION, r.notify_subscription_id(number), groups=wish, path=path
    )
    granted = answer.group(GroupTag.SUBSCRIPTION)
    return Subscription(number, None if granted is None else granted.get(r.notify_lease_duration), path=path)


async def cancel(client: Client, subscription: Subscription | int) -> None:
    """End a subscription (RFC 3995 11.2.7)."""
    path = path_of(client, subscription)
    number = r.notify_subscription_id(number_of(subscription))
    await client.call(Op.CANCEL_SUBSCRIPTION, number, path=path)


def path_of(client: Client, subscription: Subscription | int) -> str:
    """Where requests about it are posted."""
    path = "" if isinstance(subscription, int) else subscription.path
    return path or client.address.path


def wish_for_events(number: int, after: int, *, wait: bool) -> tuple[Attribute, ...]:
    """What Get-Notifications asks of one subscription (RFC 3996 5.1)."""
    return (
        r.notify_subscription_ids(number),
        r.notify_sequence_numbers(after + 1),
        r.notify_wait(wait),
    )
