"""Subscriptions at the IPP door, rule by rule of RFC 3995 and RFC 3996; and what other servers get wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.server.describe_printer import MAX_EVENTS
from pagebell.ipp.values import IntRange, Tag, Value
from pagebell.model.access import SYSTEM
from pagebell.spooler.policy import Policy
from tests.asking import job_group, job_id, subscription_group
from tests.unit.ipp_server.door import ADMIN, Door, first, status
from tests.unit.spooler.stage import P1

SYSTEM_URI = "/ipp/system"
OK, SUBSTITUTED = Status.SUCCESSFUL_OK, Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
IGNORED, NONE_MADE = Status.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS, Status.CLIENT_ERROR_IGNORED_ALL_SUBSCRIPTIONS
UNSUPPORTED = Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
TOO_MANY = Status.CLIENT_ERROR_TOO_MANY_SUBSCRIPTIONS


@pytest.fixture
async def d() -> AsyncIterator[Door]:
    async with Door() as door:
        yield door


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


# --- languages and charsets (RFC 3995 5.3.6, 5.3.7; RFC 3996 5.2) ---


@pytest.mark.parametrize(
    ("asked", "language", "told"),
    [("de", "de", True), ("de-CH", "de", False), ("tlh", "en", False), ("en", "en", True)],
)
async def test_events_speak_the_subscriptions_language(
    d: Door, asked: str, language: str, told: bool
) -> None:
    group = await subscribe(d, r.notify_natural_language(asked), r.notify_events("job-created"))
    assert status_of(group) == (OK if told else SUBSTITUTED)
    await d.submit()
    answer = await fetch(d, group)
    assert first(answer, GroupTag.OPERATION).get(r.attributes_natural_language) == language
    event = first(answer, GroupTag.EVENT_NOTIFICATION)
    assert event.get(r.notify_natural_language) == language
    words = {"de": "Auftrag 1 am Drucker p1", "en": "Job 1 at printer p1"}[language]
    assert str(event.get(r.notify_text)).startswith(words)


async def test_text_in_another_language_than_the_answers_says_so(d: Door) -> None:
    german = await subscribe(d, r.notify_natural_language("de"), r.notify_events("job-created"))
    french = await subscribe(d, r.notify_natural_language("fr"), r.notify_events("job-created"))
    await d.submit()
    one, two = await events(d, german, french)
    assert one.attributes["notify-text"].values[0].tag is Tag.TEXT
    assert two.attributes["notify-text"].values[0].tag is Tag.TEXT_LANG
    assert getattr(two.get(r.notify_text), "language", None) == "fr"


async def test_reader_of_ascii_gets_ascii(d: Door) -> None:
    await d.ask(Op.CREATE_JOB, r.job_name("Größe – 50 €"))
    group = await subscribe(d, r.notify_charset("us-ascii"), r.notify_events("job-completed"))
    await d.ask(Op.CANCEL_JOB, r.job_id(1))
    answer = await fetch(d, group)
    assert first(answer, GroupTag.OPERATION).get(r.attributes_charset) == "us-ascii"
    event = first(answer, GroupTag.EVENT_NOTIFICATION)
    assert (event.get(r.notify_charset), event.get(r.job_name)) == ("us-ascii", "Grosse - 50 ?")


# --- what events carry (RFC 3995 5.3.4, 8.1, 9.1; RFC 3996 5.2) ---


async def test_subscribed_event_is_one_that_was_asked_for(d: Door) -> None:
    wide = await subscribe(d, r.notify_events("job-state-changed"))
    narrow = await subscribe(d, r.notify_events("job-state-changed", "job-completed"))
    await d.completed()
    assert {e.get(r.notify_subscribed_event) for e in await events(d, wide)} == {"job-state-changed"}
    assert (await events(d, narrow))[-1].get(r.notify_subscribed_event) == "job-completed"


async def test_asked_for_attributes_come_with_each_event(d: Door) -> None:
    names = ("job-originating-user-name", "job-name", "printer-location", "notify-subscriber-user-name")
    group = await subscribe(
        d,
        r.notify_attributes(*names, "job-state", "moon"),
        r.notify_events("job-created", "printer-state-changed"),
    )
    assert (status_of(group), group.all(r.notify_attributes)) == (SUBSTITUTED, ["job-state", "moon"])
    await d.submit()
    created, printing = (await events(d, group))[:2]
    for event in (created, printing):  # of a printer's event the job is its current one
        assert event.get(r.job_originating_user_name) == "ada"
        assert event.get(r.job_name) == "Untitled"
        assert event.get(r.printer_location) == ""
        assert event.get(r.notify_subscriber_user_name) == "ada"
        assert len(event.attributes) == len(set(event.attributes))
    assert (created.get(r.job_state), printing.get(r.job_state)) == (3, None)


async def test_fixed_contents_are_not_offered_as_further_ones(d: Door) -> None:
    printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
    fixed = {"job-id", "job-state", "job-state-reasons", "job-impressions-completed", "printer-state"}
    fixed |= {"printer-state-reasons", "printer-is-accepting-jobs", "printer-up-time", "notify-user-data"}
    assert not fixed & set(printer.all(r.notify_attributes_supported))  # RFC 3995 5.3.4.1


async def test_event_has_all_that_the_tables_want(d: Door) -> None:
    group = await subscribe(d, r.notify_events("job-completed", "printer-stopped"))
    await d.completed()
    await d.spooler.printers.pause(P1, SYSTEM)
    job, printer = await events(d, group)
    common = {"notify-subscription-id", "notify-printer-uri", "notify-subscribed-event", "printer-up-time"}
    common |= {"printer-current-time", "notify-sequence-number", "notify-charset", "notify-natural-language"}
    common |= {"notify-user-data", "notify-text"}
    assert common | {"job-id", "job-state", "job-state-reasons", "job-impressions-completed"} <= set(
        job.attributes
    )
    assert common | {"printer-state", "printer-state-reasons", "printer-is-accepting-jobs"} <= set(
        printer.attributes
    )


async def test_time_interval_is_kept_and_told(d: Door) -> None:
    await d.printing()
    group = await subscribe(d, r.notify_events("job-progress"), r.notify_time_interval(10))
    for page, pause in enumerate((0, 4, 7), 1):
        await d.clock.advance(pause)
        d.device.printed(page)
        await d.clock.settle()
    assert [e.get(r.job_impressions_completed) for e in await events(d, group)] == [1, 3]
    assert (await described(d, group)).get(r.notify_time_interval) == 10
    assert r.notify_time_interval.name not in await described(d, await subscribe(d))


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
    await subscribe(d)
    await d.ask(Op.CREATE_JOB_SUBSCRIPTIONS, r.notify_job_id(job), groups=[subscription_group()] * 2)
    await subscribe(d, path=SYSTEM_URI)
    for user, seen in (("bob", 0), (ADMIN, 1)):
        listed = await d.ask(Op.GET_SUBSCRIPTIONS, user=user)
        assert (status(listed), len(listed.groups_of(GroupTag.SUBSCRIPTION))) == (OK, seen)
        printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES, user=user), GroupTag.PRINTER)
        assert printer.get(r.number_of_printer_subscriptions) == 1
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


# --- what other servers get wrong ---


async def test_many_groups_in_one_request_are_answered_one_by_one(d: Door) -> None:
    """PAPPL and ippserver loop without an end over two of them."""
    groups = [
        subscription_group(r.notify_events(name)) for name in ("job-created", "job-completed", "job-stopped")
    ]
    answer = await d.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=groups)
    numbers = [number_of(group) for group in answer.groups_of(GroupTag.SUBSCRIPTION)]
    assert len(numbers) == len(set(numbers)) == 3
    answer = await d.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[subscription_group()] * 25)
    codes = [status_of(group) for group in answer.groups_of(GroupTag.SUBSCRIPTION)]
    assert codes == [OK] * 20 + [TOO_MANY] * 5


async def test_end_of_a_job_is_told_to_the_jobs_own_subscription(d: Door) -> None:
    """Elsewhere the subscription goes with the job, and nobody hears of its end."""
    answer = await d.ask(
        Op.PRINT_JOB, groups=[subscription_group(r.notify_events("job-completed"))], data=b"x"
    )
    group = first(answer, GroupTag.SUBSCRIPTION)
    d.device.finish()
    await d.clock.settle()
    found = await fetch(d, group)
    assert status(found) is Status.SUCCESSFUL_OK_EVENTS_COMPLETE
    assert first(found, GroupTag.EVENT_NOTIFICATION).get(r.job_state) == 9
    await d.clock.advance(d.policy.event_life + 10)
    assert status(await fetch(d, group)) is Status.CLIENT_ERROR_NOT_FOUND


async def test_event_that_is_asked_for_is_answered(d: Door) -> None:
    """CUPS answers with those after the number that was asked for."""
    group = await subscribe(d, r.notify_events("job-created"))
    for _ in range(3):
        await d.held()
    for start in (1, 2, 3):
        numbers = [e.get(r.notify_sequence_number) for e in await events(d, group, start=(start,))]
        assert numbers == list(range(start, 4))


async def test_schemes_are_of_their_own_syntax_and_none_is_an_event(d: Door) -> None:
    """Others call the schemes keywords, and have no 'none'."""
    printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
    if r.notify_schemes_supported.name in printer:
        values = printer.attributes[r.notify_schemes_supported.name].values
        assert {value.tag for value in values} == {Tag.URI_SCHEME}
    assert "none" in printer.all(r.notify_events_supported)


async def test_lease_that_was_granted_ends(d: Door) -> None:
    """Others tell of a longest lease and grant any."""
    group = await subscribe(d, r.notify_lease_duration(60))
    await d.clock.advance(59)
    assert status(await fetch(d, group)) is OK
    await d.clock.advance(1)
    assert status(await fetch(d, group)) is Status.CLIENT_ERROR_NOT_FOUND
