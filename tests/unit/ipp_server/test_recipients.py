"""Push delivery by IPP: who is delivered to is judged before anything is made (RFC 3995 5.3.1, 5.3.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message
from pagebell.ipp.delivery import ATTEMPTS, DELIVERED, TROUBLE, TROUBLE_SINCE
from pagebell.ipp.registry import Op, Status
from pagebell.spooler.deliveries import LONGEST_WAIT
from tests.unit.ipp_server.door import P1, Door, first, status
from tests.unit.ipp_server.subscribing import SYSTEM_URI
from tests.unit.spooler.test_deliveries import Post, away

TO = r.notify_recipient_uri("post://a/1")
CREATED = r.notify_events("job-created")


@pytest.fixture
async def d() -> AsyncIterator[Door]:
    async with Door(couriers=(Post(),)) as door:
        yield door


def template(*attributes: Attribute) -> Group:
    return Group.of(GroupTag.SUBSCRIPTION, *attributes)


async def subscribe(d: Door, *attributes: Attribute) -> Message:
    return await d.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[template(*attributes)])


def post(d: Door) -> Post:
    (found,) = d.couriers
    assert isinstance(found, Post)
    return found


def message_of(answer: Message) -> str:
    return answer.groups[0].get(r.status_message) or ""


async def test_events_are_taken_to_the_recipient_of_a_printers_subscription(d: Door) -> None:
    answer = await subscribe(d, TO, CREATED)
    assert status(answer) is Status.SUCCESSFUL_OK
    await d.submit()
    assert post(d).numbers("post://a/1") == [1]


async def test_events_are_taken_to_the_recipient_of_a_jobs_subscription(d: Door) -> None:
    await d.ask(Op.PRINT_JOB, groups=[template(TO, r.notify_events("job-state-changed"))], data=b"x")
    await d.clock.settle()
    assert len(post(d).numbers("post://a/1")) > 1


async def test_recipient_is_told_as_it_was_given_and_no_pull_method(d: Door) -> None:
    given = "POST://A/1%7e"
    answer = await subscribe(d, r.notify_recipient_uri(given), CREATED)
    number = first(answer, GroupTag.SUBSCRIPTION).get(r.notify_subscription_id)
    assert number is not None
    told = first(
        await d.ask(Op.GET_SUBSCRIPTION_ATTRIBUTES, r.notify_subscription_id(number)), GroupTag.SUBSCRIPTION
    )
    assert told.get(r.notify_recipient_uri) == given
    assert r.notify_pull_method.name not in told


async def test_dead_recipient_is_seen_in_its_subscription_until_it_is_told_again(d: Door) -> None:
    post(d).failing["post://a/1"] = away
    answer = await subscribe(d, TO, CREATED)
    number = first(answer, GroupTag.SUBSCRIPTION).get(r.notify_subscription_id)
    assert number is not None

    async def told() -> Group:
        asked = r.notify_subscription_id(number)
        return first(await d.ask(Op.GET_SUBSCRIPTION_ATTRIBUTES, asked), GroupTag.SUBSCRIPTION)

    fresh = await told()
    assert fresh.get(DELIVERED) == 0
    assert TROUBLE.name not in fresh
    await d.submit()
    troubled = await told()
    assert (troubled.get(DELIVERED), troubled.get(TROUBLE)) == (0, "nobody is there")
    since, attempts = troubled.get(TROUBLE_SINCE), troubled.get(ATTEMPTS)
    assert since is not None
    assert since.timestamp() == int(d.clock.now())
    assert attempts == 1
    post(d).failing.clear()
    await d.clock.advance(LONGEST_WAIT)
    healed = await told()
    assert healed.get(DELIVERED) == 1
    assert TROUBLE.name not in healed


@pytest.mark.parametrize(
    ("uri", "wanted"),
    [
        ("mailto:ada@printer.test", Status.CLIENT_ERROR_URI_SCHEME_NOT_SUPPORTED),
        ("post://forbidden/", Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED),
    ],
)
async def test_recipient_that_is_not_allowed_is_refused_and_never_connected_to(
    d: Door, uri: str, wanted: Status
) -> None:
    answer = await subscribe(d, r.notify_recipient_uri(uri), CREATED)
    assert status(answer) is Status.CLIENT_ERROR_IGNORED_ALL_SUBSCRIPTIONS
    group = first(answer, GroupTag.SUBSCRIPTION)
    assert group.get(r.notify_status_code) == wanted
    assert group.get(r.notify_recipient_uri) == uri
    assert f"events are not delivered to {uri}" in message_of(answer).replace("'", "")
    await d.submit()
    assert post(d).tried == []


@pytest.mark.parametrize("attributes", [(TO, r.notify_pull_method("ippget")), ()])
async def test_both_or_neither_of_recipient_and_pull_method_is_a_bad_request(
    d: Door, attributes: tuple[Attribute, ...]
) -> None:
    answer = await subscribe(d, *attributes, CREATED)
    assert status(answer) is Status.CLIENT_ERROR_BAD_REQUEST
    assert answer.group(GroupTag.SUBSCRIPTION) is None  # RFC 3995 5.2, rule 4


@pytest.mark.parametrize(
    ("op", "path", "tag"),
    [
        (Op.GET_PRINTER_ATTRIBUTES, P1, GroupTag.PRINTER),
        (Op.GET_SYSTEM_ATTRIBUTES, SYSTEM_URI, GroupTag.SYSTEM),
    ],
)
async def test_printers_and_the_server_tell_the_schemes_that_are_configured(
    d: Door, op: Op, path: str, tag: GroupTag
) -> None:
    """RFC 3995 5.3.1.1, PWG 5100.22 7.2.17."""
    assert first(await d.ask(op, path=path), tag).all(r.notify_schemes_supported) == ["post"]
    async with Door() as plain:
        assert r.notify_schemes_supported.name not in first(await plain.ask(op, path=path), tag)


async def test_what_is_delivered_is_not_fetched_too(d: Door) -> None:
    """RFC 3996 5.1.1: not found, as long as the subscription has no notify-pull-method."""
    number = first(await subscribe(d, TO, CREATED), GroupTag.SUBSCRIPTION).get(r.notify_subscription_id)
    assert number is not None
    answer = await d.ask(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number))
    assert status(answer) is Status.CLIENT_ERROR_NOT_FOUND


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        ("de", "Auftrag 1 am Drucker p1 ist eingegangen.", "de"),
        ("de-AT", "Job 1 at printer p1 has come in.", "en"),
        ("tlh", "Job 1 at printer p1 has come in.", "en"),
    ],
)
async def test_text_of_an_event_is_in_the_subscriptions_language(
    d: Door, language: str, text: str, told: str
) -> None:
    pull = (r.notify_pull_method("ippget"), r.notify_natural_language(language), CREATED)
    number = first(await subscribe(d, *pull), GroupTag.SUBSCRIPTION).get(r.notify_subscription_id)
    assert number is not None
    await d.submit()
    answer = await d.ask(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number))
    event = first(answer, GroupTag.EVENT_NOTIFICATION)
    assert str(event.get(r.notify_text)).startswith(f"{text} (")
    assert event.get(r.notify_natural_language) == told
