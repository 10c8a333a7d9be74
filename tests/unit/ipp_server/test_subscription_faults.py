"""Requests about subscriptions that are not quite right: what is told of each fault, and what is done all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.server import subscription_handlers
from pagebell.ipp.values import Tag, Value
from pagebell.model.subscription import Scope
from pagebell.spooler.policy import Policy
from tests.asking import job_group, subscription_group
from tests.unit.ipp_server.door import ADMIN, Door, first, status
from tests.unit.ipp_server.subscribing import (
    NONE_MADE,
    OK,
    SUBSTITUTED,
    UNSUPPORTED,
    described,
    events,
    fetch,
    number_of,
    status_of,
    subscribe,
)
from tests.unit.spooler.stage import P1

COMPLETE = Status.SUCCESSFUL_OK_EVENTS_COMPLETE
NOT_FOUND = Status.CLIENT_ERROR_NOT_FOUND


@pytest.fixture
async def d() -> AsyncIterator[Door]:
    async with Door(policy=Policy(max_lease=5000, default_lease=700)) as door:
        yield door


def lease(value: int) -> Attribute:
    """notify-lease-duration as a peer may send it, whatever its value."""
    return Attribute(r.notify_lease_duration.name, (Value(Tag.INTEGER, value),))


def text(attribute: Attribute) -> Attribute:
    """The same with a value of a syntax that it can't have."""
    return Attribute(attribute.name, (Value(Tag.TEXT, "x"),))


# --- groups that fail (RFC 3995 5.2) ---


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (r.notify_pull_method("telepathy"), UNSUPPORTED),
        (r.notify_recipient_uri("gopher://x/"), Status.CLIENT_ERROR_URI_SCHEME_NOT_SUPPORTED),
    ],
)
async def test_group_that_fails_is_told_all_that_is_not_supported_in_it(
    d: Door, wish: Attribute, code: Status
) -> None:
    """Rule 9"""
    more = (r.notify_events("printer-on-fire"), r.notify_charset("latin-9"), r.notify_attributes("moon"))
    unknown = Attribute("notify-moon", r.limit(1).values)
    group = Group.of(GroupTag.SUBSCRIPTION, wish, *more, text(r.notify_time_interval(1)), unknown)
    answer = await d.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[group])
    told = first(answer, GroupTag.SUBSCRIPTION)
    assert (status(answer), status_of(told)) == (NONE_MADE, code)
    assert set(told.attributes) - {r.notify_status_code.name} == set(group.attributes)


async def test_group_with_no_event_is_told_all_that_is_not_supported_in_it(d: Door) -> None:
    told = await subscribe(d, r.notify_events("none"), r.notify_charset("latin-9"))
    assert status_of(told) == UNSUPPORTED
    assert set(told.attributes) == {"notify-events", "notify-charset", "notify-status-code"}


async def test_none_twice_is_none_alone(d: Door) -> None:
    told = await subscribe(d, r.notify_events("none", "none"))
    assert (status_of(told), r.notify_subscription_id.name in told) == (UNSUPPORTED, False)


@pytest.mark.parametrize(
    "group", [Group(GroupTag.SUBSCRIPTION), Group.of(GroupTag.SUBSCRIPTION, r.notify_events("none"))]
)
@pytest.mark.parametrize("op", [Op.CREATE_PRINTER_SUBSCRIPTIONS, Op.CREATE_JOB, Op.VALIDATE_JOB])
async def test_group_without_a_way_to_have_its_events_fails_the_request(
    d: Door, op: Op, group: Group
) -> None:
    """Rule 4: without any subscription group in the answer, and nothing is made."""
    answer = await d.ask(op, groups=[subscription_group(), group])
    assert status(answer) is Status.CLIENT_ERROR_BAD_REQUEST
    assert answer.groups_of(GroupTag.SUBSCRIPTION) == answer.groups_of(GroupTag.JOB) == []
    assert d.spooler.subscriptions.count(Scope(d.printer.id)) == d.spooler.jobs.count(P1) == 0


# --- leases (RFC 3995 5.3.8, 11.2.6) ---


@pytest.mark.parametrize(
    ("asked", "granted"), [(0, 5000), (5001, 5000), (67_108_864, 5000), (2**31 - 1, 5000), (-1, 700)]
)
async def test_lease_that_is_not_supported_is_told_with_the_nearest(
    d: Door, asked: int, granted: int
) -> None:
    group = await subscribe(d, lease(asked))
    assert (group.get(r.notify_lease_duration), status_of(group)) == (granted, SUBSTITUTED)
    wish = Group.of(GroupTag.SUBSCRIPTION, lease(asked))
    answer = await d.ask(Op.RENEW_SUBSCRIPTION, r.notify_subscription_id(number_of(group)), groups=[wish])
    assert status(answer) is SUBSTITUTED
    assert first(answer, GroupTag.SUBSCRIPTION).get(r.notify_lease_duration) == granted
    assert status(await fetch(d, group)) is OK


async def test_lease_that_is_granted_as_asked_for_is_no_fault(d: Door) -> None:
    assert status_of(await subscribe(d, lease(5000))) == status_of(await subscribe(d)) == OK


@pytest.mark.parametrize(("asked", "code"), [(2**31 - 1, SUBSTITUTED), (-1, UNSUPPORTED)])
async def test_renewal_among_the_operation_attributes_is_judged_alike(
    d: Door, asked: int, code: Status
) -> None:
    group = await subscribe(d)
    answer = await d.ask(Op.RENEW_SUBSCRIPTION, r.notify_subscription_id(number_of(group)), lease(asked))
    assert status(answer) is code
    assert status(await fetch(d, group)) is OK


async def test_renewal_changes_nothing_but_the_lease(d: Door) -> None:
    group = await subscribe(d, r.notify_events("job-created"))
    wish = Group.of(
        GroupTag.SUBSCRIPTION, lease(99), r.notify_events("job-stopped"), text(r.notify_user_data(b""))
    )
    answer = await d.ask(Op.RENEW_SUBSCRIPTION, r.notify_subscription_id(number_of(group)), groups=[wish])
    assert status(answer) is SUBSTITUTED
    assert set(first(answer, GroupTag.UNSUPPORTED).attributes) == {"notify-events", "notify-user-data"}
    found = await described(d, group)
    assert (found.all(r.notify_events), found.get(r.notify_lease_duration)) == (["job-created"], 99)


# --- aims ---


@pytest.mark.parametrize(
    "op",
    [Op.GET_SUBSCRIPTION_ATTRIBUTES, Op.RENEW_SUBSCRIPTION, Op.CANCEL_SUBSCRIPTION, Op.GET_NOTIFICATIONS],
)
async def test_printer_that_is_not_there_has_no_subscriptions(d: Door, op: Op) -> None:
    number = number_of(await subscribe(d))
    attr = r.notify_subscription_ids if op is Op.GET_NOTIFICATIONS else r.notify_subscription_id
    assert status(await d.ask(op, attr(number), path="/ipp/print/moon")) is NOT_FOUND
    assert status(await d.ask(op, attr(number))) is OK


async def test_restarted_job_takes_no_further_subscriptions(d: Door) -> None:
    """RFC 3995 11.2.1"""
    job = await d.completed()
    groups = [subscription_group(r.notify_events("job-created"))]
    answer = await d.ask(Op.RESTART_JOB, r.job_id(job), groups=groups)
    assert (status(answer), answer.groups_of(GroupTag.SUBSCRIPTION)) == (SUBSTITUTED, [])
    returned = first(answer, GroupTag.UNSUPPORTED).attributes
    assert set(returned) == {"notify-pull-method", "notify-events"}
    assert {value.tag for one in returned.values() for value in one.values} == {Tag.UNSUPPORTED}


# --- Get-Notifications (RFC 3996 5) ---


async def ended(d: Door) -> Group:
    """The subscription of a job that was printed."""
    wish = subscription_group(r.notify_events("job-created", "job-completed"))
    answer = await d.ask(Op.PRINT_JOB, groups=[job_group(), wish], data=b"x")
    d.device.finish()
    await d.clock.settle()
    return first(answer, GroupTag.SUBSCRIPTION)


async def test_unknown_id_among_others_hides_no_end(d: Door) -> None:
    job = await ended(d)
    unknown = Group.of(GroupTag.SUBSCRIPTION, r.notify_subscription_id(999))
    answer = await fetch(d, job, unknown)
    assert status(answer) is COMPLETE  # 10.1: nothing else tells the client not to ask again
    assert first(answer, GroupTag.UNSUPPORTED).all(r.notify_subscription_ids) == [999]
    answer = await fetch(d, unknown, await subscribe(d))
    assert status(answer) is SUBSTITUTED
    assert r.notify_get_interval.name in first(answer, GroupTag.OPERATION)
    assert status(await fetch(d, unknown)) is NOT_FOUND


async def test_events_tell_which_subscription_has_ended_where_another_goes_on(d: Door) -> None:
    """5.2, where "the status of each is not the same". That of the others is 0, which is no enum (RFC 8011 5.1.5)."""
    printer = await subscribe(d, r.notify_events("job-created"), r.notify_attributes("job-priority"))
    job = await ended(d)
    answer = await fetch(d, printer, job)
    assert status(answer) is OK
    told = answer.groups_of(GroupTag.EVENT_NOTIFICATION)
    codes = [(e.get(r.notify_subscription_id), e.get(r.notify_status_code)) for e in told]
    one, two = number_of(printer), number_of(job)
    assert codes == [(one, None), (two, COMPLETE), (two, COMPLETE)]
    assert told[0].get(r.job_priority) == 50
    for same in ((printer,), (job,), (printer, printer)):
        assert all(r.notify_status_code.name not in event for event in await events(d, *same))


async def test_asking_from_number_0_is_asking_from_the_first(d: Door) -> None:
    """system-config-printer does; notify-sequence-number is 0 before the first (RFC 3995 5.4.2)."""
    group = await subscribe(d, r.notify_events("job-created"))
    await d.held()
    zero = Attribute("notify-sequence-numbers", (Value(Tag.INTEGER, 0),))
    answer = await d.ask(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number_of(group)), zero)
    assert status(answer) is OK
    assert [e.get(r.notify_sequence_number) for e in answer.groups_of(GroupTag.EVENT_NOTIFICATION)] == [1]


# --- Get-Subscriptions (RFC 3995 11.2.5) ---


async def test_list_without_a_limit_has_all(d: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """11.2.5.1.2: however many the server reads at a time."""
    for name, most in (("MOST_LISTED", 2), ("_IN_A_TURN", 2)):
        monkeypatch.setattr(subscription_handlers, name, most)
    for user in ("ada", "bob") * 4:
        await subscribe(d, user=user)

    async def listed(
        *attributes: Attribute, user: str = ADMIN, path: str = "/ipp/print/p1"
    ) -> list[int | None]:
        answer = await d.ask(Op.GET_SUBSCRIPTIONS, *attributes, user=user, path=path)
        return [group.get(r.notify_subscription_id) for group in answer.groups_of(GroupTag.SUBSCRIPTION)]

    assert await listed() == await listed(path="/") == [1, 2, 3, 4, 5, 6, 7, 8]
    assert await listed(r.limit(5)) == [1, 2, 3, 4, 5]
    assert await listed(user="bob") == await listed(r.my_subscriptions(True), user="bob") == [2, 4, 6, 8]
    assert await listed(r.limit(3), user="bob") == [2, 4, 6]
