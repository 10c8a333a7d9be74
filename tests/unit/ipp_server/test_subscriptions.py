"""What a subscription group may say, who may see what, and the server's own: rules of RFC 3995 and PWG 5100.22."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.server.describe_printer import MAX_EVENTS
from pagebell.ipp.values import IntRange, Tag, Value
from pagebell.model.access import SYSTEM
from pagebell.model.event import PrinterName
from pagebell.spooler.policy import Policy
from tests.asking import job_group, job_id, subscription_group
from tests.unit.ipp_server.door import ADMIN, Door, first, status
from tests.unit.ipp_server.subscribing import (
    IGNORED,
    NONE_MADE,
    OK,
    SUBSTITUTED,
    SYSTEM_URI,
    TOO_MANY,
    UNSUPPORTED,
    described,
    fetch,
    number_of,
    status_of,
    subscribe,
)


@pytest.fixture
async def d() -> AsyncIterator[Door]:
    async with Door() as door:
        yield door


# --- what a subscription group may say (RFC 3995 5.2, 5.3) ---


async def test_unknown_event_is_ignored_and_told(d: Door) -> None:
    group = await subscribe(d, r.notify_events("job-completed", "printer-on-fire"))
    assert status_of(group) == SUBSTITUTED
    assert group.all(r.notify_events) == ["printer-on-fire"]
    assert (await described(d, group)).all(r.notify_events) == ["job-completed"]


async def test_default_stands_in_where_no_event_is_known(d: Door) -> None:
    group = await subscribe(d, r.notify_events("printer-on-fire"))
    assert status_of(group) == SUBSTITUTED
    assert (await described(d, group)).all(r.notify_events) == ["job-completed"]
    assert (await described(d, await subscribe(d))).all(r.notify_events) == ["job-completed"]


async def test_none_alone_makes_no_subscription_and_with_others_is_unsupported(d: Door) -> None:
    alone = await subscribe(d, r.notify_events("none"))
    assert (status_of(alone), r.notify_subscription_id.name in alone) == (UNSUPPORTED, False)
    among = await subscribe(d, r.notify_events("none", "job-created"))
    assert (status_of(among), among.all(r.notify_events)) == (SUBSTITUTED, ["none"])


async def test_events_beyond_the_most_are_unsupported(d: Door) -> None:
    group = await subscribe(d, r.notify_events(*["job-created"] * MAX_EVENTS, "job-stopped", "job-progress"))
    assert status_of(group) == Status.SUCCESSFUL_OK_TOO_MANY_EVENTS
    assert group.all(r.notify_events) == ["job-stopped", "job-progress"]
    assert (await described(d, group)).all(r.notify_events) == ["job-created"]


async def test_what_is_no_template_attribute_is_unsupported(d: Door) -> None:
    group = await subscribe(d, r.notify_subscription_id(7), Attribute("notify-moon", r.limit(1).values))
    assert status_of(group) == SUBSTITUTED
    assert group.attributes["notify-moon"].values[0].tag is Tag.UNSUPPORTED
    assert number_of(group) == 1


async def test_user_data_of_more_than_63_octets_are_unsupported(d: Door) -> None:
    long = Attribute("notify-user-data", (Value(Tag.OCTET_STRING, b"x" * 64),))
    group = await subscribe(d, long)
    assert status_of(group) == SUBSTITUTED
    assert group.attributes["notify-user-data"] == long
    assert r.notify_user_data.name not in await described(d, group)


async def test_unknown_way_to_fetch_makes_no_subscription(d: Door) -> None:
    wish = Group.of(GroupTag.SUBSCRIPTION, r.notify_pull_method("telepathy"))
    answer = await d.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[wish])
    group = first(answer, GroupTag.SUBSCRIPTION)
    assert (status(answer), status_of(group)) == (NONE_MADE, UNSUPPORTED)
    assert group.get(r.notify_pull_method) == "telepathy"


@pytest.mark.parametrize(
    ("asked", "granted"), [(60, 60), (0, 5000), (6000, 5000), (67_108_863, 5000), (None, 700)]
)
async def test_lease_is_the_nearest_supported(asked: int | None, granted: int) -> None:
    async with Door(policy=Policy(max_lease=5000, default_lease=700)) as d:
        printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert printer.all(r.notify_lease_duration_supported) == [IntRange(1, 5000)]
        group = await subscribe(d, *(() if asked is None else (r.notify_lease_duration(asked),)))
        assert group.get(r.notify_lease_duration) == granted
        found = await described(d, group)
        ends, now = found.get(r.notify_lease_expiration_time), found.get(r.notify_printer_up_time)
        assert ends is not None
        assert now is not None
        assert ends - now == granted
        more = () if asked is None else (r.notify_lease_duration(asked),)
        number = r.notify_subscription_id(number_of(group))
        renewed = await d.ask(Op.RENEW_SUBSCRIPTION, number, *more)
        assert first(renewed, GroupTag.SUBSCRIPTION).get(r.notify_lease_duration) == granted
        assert status(renewed) == (OK if asked in (None, granted) else SUBSTITUTED)
        in_group = [Group.of(GroupTag.SUBSCRIPTION, r.notify_lease_duration(99))]  # RFC 3995 11.2.6.1
        renewed = await d.ask(Op.RENEW_SUBSCRIPTION, number, groups=in_group)
        assert first(renewed, GroupTag.SUBSCRIPTION).get(r.notify_lease_duration) == 99


async def test_lease_of_a_jobs_subscription_is_unsupported(d: Door) -> None:
    groups = [subscription_group(r.notify_lease_duration(60))]
    answer = await d.ask(Op.CREATE_JOB, groups=groups)
    group = first(answer, GroupTag.SUBSCRIPTION)
    assert (status(answer), status_of(group)) == (OK, SUBSTITUTED)
    assert group.attributes[r.notify_lease_duration.name].values[0].tag is Tag.UNSUPPORTED
    found = await described(d, group)
    assert found.get(r.notify_job_id) == job_id(answer)
    without = {r.notify_lease_duration, r.notify_lease_expiration_time, r.notify_printer_up_time}
    assert not {attr.name for attr in without} & set(found.attributes)  # RFC 3995 5.3.8, 5.4.3, 5.4.4


async def test_job_id_names_no_printers_subscription(d: Door) -> None:
    groups = [subscription_group()]
    answer = await d.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, r.notify_job_id(1), groups=groups)  # 11.1.2.1
    assert (
        first(answer, GroupTag.UNSUPPORTED).attributes[r.notify_job_id.name].values[0].tag is Tag.UNSUPPORTED
    )
    assert r.notify_job_id.name not in await described(d, first(answer, GroupTag.SUBSCRIPTION))


# --- with jobs (RFC 3995 11.1.3, 11.2.2) ---


@pytest.mark.parametrize("op", [Op.PRINT_JOB, Op.CREATE_JOB, Op.VALIDATE_JOB])
async def test_group_that_fails_does_not_fail_the_job(op: Op) -> None:
    async with Door(policy=Policy(max_subscriptions=1)) as d:
        answer = await d.ask(
            op, groups=[job_group(), *([subscription_group()] * 3)], data=b"x" * (op is Op.PRINT_JOB)
        )
        assert status(answer) is IGNORED
        groups = answer.groups_of(GroupTag.SUBSCRIPTION)
        assert [status_of(group) for group in groups] == [OK, TOO_MANY, TOO_MANY]
        assert (r.notify_subscription_id.name in groups[0]) is (op is not Op.VALIDATE_JOB)
        assert (answer.group(GroupTag.JOB) is None) is (op is Op.VALIDATE_JOB)


async def test_jobs_subscriptions_go_with_the_job_that_is_printed_again(d: Door) -> None:
    job = await d.completed()
    answer = await d.ask(Op.RESUBMIT_JOB, r.job_id(job), groups=[job_group(), subscription_group()])
    assert (await described(d, first(answer, GroupTag.SUBSCRIPTION))).get(r.notify_job_id) == job_id(answer)


# --- who may see what ---


async def test_others_subscriptions_are_not_told_but_counted(d: Door) -> None:
    job = await d.held()
    for _ in range(3):
        await subscribe(d)
    await d.ask(Op.CREATE_JOB_SUBSCRIPTIONS, r.notify_job_id(job), groups=[subscription_group()] * 2)
    await subscribe(d, path=SYSTEM_URI)
    for user, seen in (("bob", 0), (ADMIN, 3)):
        listed = await d.ask(Op.GET_SUBSCRIPTIONS, user=user)
        assert (status(listed), len(listed.groups_of(GroupTag.SUBSCRIPTION))) == (OK, seen)
        printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES, user=user), GroupTag.PRINTER)
        assert printer.get(r.number_of_printer_subscriptions) == 3
        about = first(await d.ask(Op.GET_JOB_ATTRIBUTES, r.job_id(job), user=user), GroupTag.JOB)
        assert about.get(r.number_of_job_subscriptions) == 2
        system = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, path=SYSTEM_URI, user=user), GroupTag.SYSTEM)
        assert system.get(r.number_of_system_subscriptions) == 1


async def test_nobody_reads_anothers_events(d: Door) -> None:
    mine, his = await subscribe(d), await subscribe(d, user="bob")
    answer = await fetch(d, mine, his)
    assert status(answer) is Status.CLIENT_ERROR_NOT_AUTHORIZED  # of each of them: RFC 3996 5
    assert status(await fetch(d, mine, his, user=ADMIN)) is OK


async def test_nobody_listens_to_anothers_job(d: Door) -> None:
    job = r.notify_job_id(await d.held())
    answer = await d.ask(Op.CREATE_JOB_SUBSCRIPTIONS, job, groups=[subscription_group()], user="bob")
    assert status(answer) is Status.CLIENT_ERROR_NOT_AUTHORIZED


async def test_list_is_of_whom_and_as_long_and_as_full_as_is_asked_for(d: Door) -> None:
    """RFC 3995 11.2.5.1: my-subscriptions, limit, notify-job-id and requested-attributes, alone and together."""
    job = r.notify_job_id(await d.held())
    await d.ask(Op.CREATE_JOB_SUBSCRIPTIONS, job, groups=[subscription_group()] * 2)
    for user in ("ada", ADMIN, "ada", ADMIN):
        await subscribe(d, user=user)

    async def listed(*attributes: Attribute, user: str = "ada") -> list[int | None]:
        answer = await d.ask(Op.GET_SUBSCRIPTIONS, *attributes, user=user)
        return [group.get(r.notify_subscription_id) for group in answer.groups_of(GroupTag.SUBSCRIPTION)]

    mine, two = r.my_subscriptions(True), r.limit(2)
    assert await listed() == await listed(mine) == [3, 5]
    assert await listed(user=ADMIN) == await listed(r.my_subscriptions(False), user=ADMIN) == [3, 4, 5, 6]
    assert await listed(mine, user=ADMIN) == [4, 6]
    assert await listed(two, user=ADMIN) == [3, 4]
    assert await listed(mine, r.limit(1), user=ADMIN) == [4]
    assert await listed(job) == await listed(job, two, user=ADMIN) == [1, 2]
    assert await listed(job, mine, user=ADMIN) == []
    wanted = r.requested_attributes("notify-events", "notify-job-id", "notify-moon")
    for group in (await d.ask(Op.GET_SUBSCRIPTIONS, job, wanted)).groups_of(GroupTag.SUBSCRIPTION):
        assert set(group.attributes) == {"notify-events", "notify-job-id"}


async def test_several_subscriptions_are_read_on_each_from_its_own_number(d: Door) -> None:
    """RFC 3996 5.1.2: a number that is missing is 1, one too many is ignored."""
    wanted = r.notify_events("printer-state-changed")
    one, two = await subscribe(d, wanted), await subscribe(d, wanted)
    for _ in range(2):
        await d.spooler.printers.pause(d.printer.name, SYSTEM)
        await d.spooler.printers.resume(d.printer.name, SYSTEM)

    async def numbers(*start: int) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for group in (await fetch(d, one, two, start=start)).groups_of(GroupTag.EVENT_NOTIFICATION):
            number, of = group.get(r.notify_sequence_number), group.get(r.notify_subscription_id)
            found.setdefault(of or 0, []).append(number or 0)
        return found

    assert await numbers() == {1: [1, 2, 3, 4], 2: [1, 2, 3, 4]}
    assert await numbers(3, 4) == {1: [3, 4], 2: [4]}
    assert await numbers(4) == {1: [4], 2: [1, 2, 3, 4]}
    assert await numbers(5, 2, 9) == {2: [2, 3, 4]}


# --- the server's own (PWG 5100.22) ---


async def test_subscription_of_the_server_is_had_at_every_door(d: Door) -> None:
    group = await subscribe(d, r.notify_events("printer-created", "system-config-changed"), path=SYSTEM_URI)
    number = r.notify_subscription_id(number_of(group))
    await d.add("p2")
    for path in (SYSTEM_URI, "/ipp/print/p1"):
        answer = await d.ask(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number_of(group)), path=path)
        told = answer.groups_of(GroupTag.EVENT_NOTIFICATION)
        assert [e.get(r.notify_subscribed_event) for e in told] == [
            "printer-created",
            "system-config-changed",
        ]
        assert told[0].get(r.notify_printer_uri) == "ipp://printer.test/ipp/print/p2"
        assert told[1].get(r.notify_system_uri) == "ipp://printer.test/ipp/system"
        found = first(await d.ask(Op.GET_SUBSCRIPTION_ATTRIBUTES, number, path=path), GroupTag.SUBSCRIPTION)
        assert found.get(r.notify_system_uri) == "ipp://printer.test/ipp/system"
        assert r.notify_printer_uri.name not in found
    listed = await d.ask(Op.GET_SUBSCRIPTIONS, path=SYSTEM_URI)
    assert [g.get(r.notify_subscription_id) for g in listed.groups_of(GroupTag.SUBSCRIPTION)] == [
        number_of(group)
    ]
    assert (await d.ask(Op.GET_SUBSCRIPTIONS)).groups_of(GroupTag.SUBSCRIPTION) == []
    assert status(await d.ask(Op.RENEW_SUBSCRIPTION, number, path=SYSTEM_URI)) is OK
    assert status(await d.ask(Op.CANCEL_SUBSCRIPTION, number, path=SYSTEM_URI)) is OK


async def test_at_the_root_one_hears_of_all_printers(d: Door) -> None:
    """Where CUPS' clients subscribe to everything, as desktops do."""
    await d.add("p2")
    wish = r.notify_events("job-created", "printer-deleted", "printer-stopped")
    group = await subscribe(d, wish, path="/")
    assert status_of(group) == OK
    for name in ("p1", "p2"):
        await d.submit(printer=PrinterName(name), job_hold_until="indefinite")
    answer = await d.ask(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number_of(group)), path="/")
    told = answer.groups_of(GroupTag.EVENT_NOTIFICATION)
    uris = [str(event.get(r.notify_printer_uri)) for event in told]
    assert uris == [f"ipp://printer.test/ipp/print/{name}" for name in ("p1", "p2")]
    made = await d.ask(
        Op.CREATE_JOB_SUBSCRIPTIONS, r.notify_job_id(2), groups=[subscription_group()], path="/"
    )
    assert (await described(d, first(made, GroupTag.SUBSCRIPTION))).get(r.notify_job_id) == 2
    listed = await d.ask(Op.GET_SUBSCRIPTIONS, r.notify_job_id(2), path="/")
    assert len(listed.groups_of(GroupTag.SUBSCRIPTION)) == 1


async def test_jobs_subscriptions_are_listed_by_its_id_also_at_the_server(d: Door) -> None:
    job = r.notify_job_id(await d.held())
    await d.ask(Op.CREATE_JOB_SUBSCRIPTIONS, job, groups=[subscription_group()] * 2)
    for path in (SYSTEM_URI, "/ipp/print/p1"):
        listed = await d.ask(Op.GET_SUBSCRIPTIONS, job, path=path)
        assert len(listed.groups_of(GroupTag.SUBSCRIPTION)) == 2


async def test_attributes_for_subscribers_are_consistent(d: Door) -> None:
    printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
    system = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, path=SYSTEM_URI), GroupTag.SYSTEM)
    for group in (printer, system):
        life = group.get(r.ippget_event_life)
        assert life is not None
        assert life >= 15
        assert set(group.all(r.notify_events_default)) <= set(group.all(r.notify_events_supported))
        most = group.get(r.notify_max_events_supported)
        assert most is not None
        assert most >= max(2, len(group.all(r.notify_events_supported)) - 1)
        answer = await fetch(d, await subscribe(d))
        interval = first(answer, GroupTag.OPERATION).get(r.notify_get_interval)
        assert interval is not None
        assert interval >= life  # RFC 3996 5.2.1
    asked = await d.ask(Op.GET_PRINTER_ATTRIBUTES, r.requested_attributes("subscription-template"))
    template = first(asked, GroupTag.PRINTER)
    assert {"notify-events-supported", "notify-lease-duration-default", "notify-max-events-supported"} <= set(
        template.attributes
    )


@pytest.mark.parametrize("life", [1, 15, 400])
async def test_interval_to_come_back_is_never_shorter_than_events_live(life: float) -> None:
    async with Door(policy=replace(Policy(), event_life=life)) as d:
        printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        told = printer.get(r.ippget_event_life)
        assert told == max(15, life)
        answer = await fetch(d, await subscribe(d))
        assert first(answer, GroupTag.OPERATION).get(r.notify_get_interval) == told
