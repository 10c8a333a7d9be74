"""Resources at the IPP door: each operation with each status, and what is told of them (PWG 5100.22)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message
from pagebell.ipp.registry import Op, ResourceState
from pagebell.ipp.registry import Status as S
from pagebell.ipp.values import Tag
from pagebell.spooler.policy import Policy
from tests.asking import subscription_group
from tests.unit.ipp_server.door import ADMIN, Door, door, first, status, text
from tests.unit.spooler.test_resources import PNG, Trusting

Play = Callable[[Door], Awaitable[Message]]
AT, NOWHERE = "/ipp/system", "/ipp/print/p1/system"
OK, FORBIDDEN, NOT_FOUND = S.SUCCESSFUL_OK, S.CLIENT_ERROR_NOT_AUTHORIZED, S.CLIENT_ERROR_NOT_FOUND
BAD, UNSUPPORTED = S.CLIENT_ERROR_BAD_REQUEST, S.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
IGNORED = S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
IMPOSSIBLE = S.CLIENT_ERROR_NOT_POSSIBLE
CREATE, SEND, INSTALL, CANCEL = (
    *(Op.CREATE_RESOURCE, Op.SEND_RESOURCE_DATA, Op.INSTALL_RESOURCE, Op.CANCEL_RESOURCE),
)
SET, GET, LIST = Op.SET_RESOURCE_ATTRIBUTES, Op.GET_RESOURCE_ATTRIBUTES, Op.GET_RESOURCES
GIVE, TAKE, HELD = Op.ALLOCATE_PRINTER_RESOURCES, Op.DEALLOCATE_PRINTER_RESOURCES, Op.GET_PRINTER_RESOURCES
SUBSCRIBE = Op.CREATE_RESOURCE_SUBSCRIPTIONS
IMAGE, AS_PNG = r.resource_type("static-image"), r.resource_format("image/png")
MAIL = Group.of(GroupTag.SUBSCRIPTION, r.notify_recipient_uri("mailto:ada@example.com"))
ONE, NONE = r.resource_id(1), r.resource_id(9)


def with_no_room(policy: Policy) -> Policy:
    return replace(policy, max_resources=0)


def described(*attributes: Attribute) -> list[Group]:
    return [Group.of(GroupTag.RESOURCE, *attributes)]


def ask(op: Op, *attributes: Attribute, **more: object) -> Play:
    return lambda d: d.ask(op, *attributes, **{"path": AT, "user": ADMIN, **more})  # type: ignore[arg-type]


async def pending(d: Door) -> None:
    answer = await d.ask(CREATE, IMAGE, path=AT, user=ADMIN)
    assert status(answer) is OK, str(answer)


async def available(d: Door) -> None:
    await pending(d)
    assert status(await d.ask(SEND, ONE, AS_PNG, path=AT, user=ADMIN, data=PNG)) is OK


async def damaged(d: Door) -> None:
    """Something has happened to what was sent."""
    await available(d)
    (key,) = d.documents.documents
    d.documents.documents[key] += b"!"


async def installed(d: Door) -> None:
    await available(d)
    assert status(await d.ask(INSTALL, ONE, path=AT, user=ADMIN)) is OK


async def canceled(d: Door) -> None:
    await installed(d)
    assert status(await d.ask(CANCEL, ONE, path=AT, user=ADMIN)) is OK


async def given(d: Door) -> None:
    await installed(d)
    assert status(await d.ask(GIVE, r.resource_ids(1), user=ADMIN)) is OK


def on(before: Callable[[Door], Awaitable[None]], op: Op, *attributes: Attribute, **more: object) -> Play:
    """An operation on resource 1 when that has got so far."""

    async def play(d: Door) -> Message:
        await before(d)
        return await ask(op, *attributes, **more)(d)

    return play


def at_printer(op: Op, *attributes: Attribute, **more: object) -> Play:
    return on(installed if op is GIVE else given, op, *attributes, **{"path": "/ipp/print/p1", **more})


def shut_down(op: Op) -> Play:
    """The same where the printer was shut down before (PWG 5100.22 6.1.1, 6.1.2)."""

    async def play(d: Door) -> Message:
        await given(d)
        await d.ask(Op.SHUTDOWN_PRINTER, user=ADMIN)
        return await ask(op, r.resource_ids(1), path="/ipp/print/p1")(d)

    return play


GOOD: dict[Op, Play] = {
    CREATE: ask(CREATE, IMAGE),
    SEND: on(pending, SEND, ONE, AS_PNG, data=PNG),
    INSTALL: on(available, INSTALL, ONE),
    CANCEL: on(pending, CANCEL, ONE),
    SET: on(pending, SET, ONE, groups=described(r.resource_name("Logo"))),
    GET: on(pending, GET, ONE),
    LIST: on(pending, LIST),
    GIVE: at_printer(GIVE, r.resource_ids(1)),
    TAKE: at_printer(TAKE, r.resource_ids(1)),
    HELD: at_printer(HELD),
    SUBSCRIBE: on(pending, SUBSCRIBE, ONE, groups=[subscription_group()]),
}
"""One of each operation that succeeds."""
ON_ONE = (SEND, INSTALL, CANCEL, SET, GET, SUBSCRIBE)
ROWS: list[tuple[Op, str, Play, S]] = [
    *((op, "ok", play, OK) for op, play in GOOD.items()),
    (CREATE, "elsewhere", ask(CREATE, IMAGE, path=NOWHERE), NOT_FOUND),
    (LIST, "elsewhere", ask(LIST, path=NOWHERE), NOT_FOUND),
    (CREATE, "of no type", ask(CREATE), BAD),
    (CREATE, "firmware", ask(CREATE, r.resource_type("executable-firmware")), UNSUPPORTED),
    (CREATE, "with more", ask(CREATE, IMAGE, groups=described(r.resource_use_count(3))), IGNORED),
    (
        *(CREATE, "one of two subscriptions"),
        ask(CREATE, IMAGE, groups=[subscription_group(), MAIL]),
        S.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS,
    ),
    (SEND, "not there", ask(SEND, NONE, AS_PNG, data=PNG), NOT_FOUND),
    (SEND, "elsewhere", ask(SEND, ONE, AS_PNG, data=PNG, path=NOWHERE), NOT_FOUND),
    (SEND, "twice", on(available, SEND, ONE, AS_PNG, data=PNG), IMPOSSIBLE),
    (
        *(SEND, "of a format that it can't have"),
        on(pending, SEND, ONE, r.resource_format("text/strings"), data=b"x"),
        S.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
    ),
    (SEND, "damaged", on(pending, SEND, ONE, AS_PNG, data=b"x"), S.CLIENT_ERROR_DOCUMENT_FORMAT_ERROR),
    (
        *(SEND, "too large"),
        on(pending, SEND, ONE, AS_PNG, data=PNG * 1000),
        S.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE,
    ),
    *((op, "not there", ask(op, NONE), NOT_FOUND) for op in (INSTALL, CANCEL, GET)),
    *((op, "elsewhere", ask(op, ONE, path=NOWHERE), NOT_FOUND) for op in (INSTALL, CANCEL, GET)),
    (INSTALL, "without data", on(pending, INSTALL, ONE), IMPOSSIBLE),
    (INSTALL, "with other data", on(damaged, INSTALL, ONE), S.CLIENT_ERROR_DOCUMENT_FORMAT_ERROR),
    (
        *(SEND, "signed by a stranger"),
        on(pending, SEND, ONE, AS_PNG, r.resource_signature(b"sig"), data=PNG),
        UNSUPPORTED,
    ),
    (CANCEL, "twice", on(canceled, CANCEL, ONE), IMPOSSIBLE),
    (SET, "not there", ask(SET, NONE, groups=described(r.resource_name("x"))), NOT_FOUND),
    (SET, "nothing", on(pending, SET, ONE), BAD),
    (
        *(SET, "what can't be set"),
        on(pending, SET, ONE, groups=described(r.resource_use_count(3))),
        IMPOSSIBLE,  # PWG 5100.22 6.2.6
    ),
    (SET, "to nothing", on(pending, SET, ONE, groups=described(r.resource_name.no_value())), IMPOSSIBLE),
    (SET, "cancelled", on(canceled, SET, ONE, groups=described(r.resource_name("x"))), IMPOSSIBLE),
    *(
        (op, "no such printer", ask(op, r.resource_ids(1), path="/ipp/print/p9"), NOT_FOUND)
        for op in (GIVE, TAKE)
    ),
    *((op, "shut down", shut_down(op), S.CLIENT_ERROR_FORBIDDEN) for op in (GIVE, TAKE)),
    (HELD, "no such printer", ask(HELD, path="/ipp/print/p9"), NOT_FOUND),
    (GIVE, "not there", at_printer(GIVE, r.resource_ids(9)), UNSUPPORTED),
    (GIVE, "not installed", on(available, GIVE, r.resource_ids(1), path="/ipp/print/p1"), UNSUPPORTED),
    (TAKE, "not given", at_printer(TAKE, r.resource_ids(9)), UNSUPPORTED),
    *(
        (
            SUBSCRIBE,
            f"named as the standard has it: {number}",
            on(pending, SUBSCRIBE, r.notify_resource_id(number), groups=[subscription_group()]),
            expected,
        )
        for number, expected in ((1, OK), (9, NOT_FOUND))
    ),
    (SUBSCRIBE, "not there", ask(SUBSCRIBE, NONE, groups=[subscription_group()]), NOT_FOUND),
]


@pytest.mark.parametrize(
    ("play", "expected"), [row[2:] for row in ROWS], ids=[f"{row[0].name.lower()}: {row[1]}" for row in ROWS]
)
async def test_status(play: Play, expected: S) -> None:
    async with door(max_resource=5000) as d:
        answer = await play(d)
        assert status(answer) is expected, str(answer)
        assert expected.value < 0x0100 or text(answer), "a refusal says why"


async def told_of(d: Door, *asked: str) -> Group:
    answer = await d.ask(GET, ONE, r.requested_attributes(*asked or ("all",)), path=AT)
    return first(answer, GroupTag.RESOURCE)


async def test_resource_is_told_with_all_that_is_known_of_it() -> None:
    """PWG 5100.22 7.8 and 7.9; what has not happened and what there is not has no value."""
    async with Door(signers=Trusting()) as d:
        await d.ask(
            *(CREATE, IMAGE, r.resource_natural_language("de")),
            groups=described(r.resource_name("Logo"), r.resource_info("Ours")),
            **{"path": AT, "user": ADMIN},  # type: ignore[arg-type]
        )
        new = await told_of(d)
        assert new.attributes["resource-data-uri"].values[0].tag is Tag.NO_VALUE
        assert ("resource-format" in new, new.get(r.resource_k_octets)) == (False, 0)
        assert new.get(r.resource_state) is ResourceState.PENDING
        said = (r.resource_signature(b"sig"), r.resource_version(b"1"), r.resource_string_version("1.0"))
        await d.ask(SEND, ONE, AS_PNG, *said, path=AT, user=ADMIN, data=PNG)
        await d.ask(INSTALL, ONE, path=AT, user=ADMIN)
        told = await told_of(d)
        assert told.get(r.resource_data_uri) == "http://printer.test/resources/1"
        assert (told.get(r.resource_name), told.get(r.resource_info)) == ("Logo", "Ours")
        assert (told.get(r.resource_format), told.get(r.resource_k_octets)) == ("image/png", 1)
        assert told.all(r.resource_signature) == [b"sig"]
        assert (told.get(r.resource_version), told.get(r.resource_string_version)) == (b"1", "1.0")
        assert told.get(r.resource_natural_language) == "de"
        assert told.get(r.resource_state) is ResourceState.INSTALLED
        assert told.all(r.resource_state_reasons) == ["none"]
        assert told.attributes["date-time-at-canceled"].values[0].tag is Tag.NO_VALUE
        assert told.get(r.time_at_installed) == int(d.clock.now())
        description = {"resource-name", "resource-info"}
        assert set((await told_of(d, "resource-description")).attributes) == description
        assert set((await told_of(d, "resource-status")).attributes) == set(told.attributes) - description


async def test_new_resource_tells_which_formats_it_takes() -> None:
    async with door() as d:
        answer = await d.ask(CREATE, IMAGE, path=AT, user=ADMIN)
        assert first(answer, GroupTag.OPERATION).all(r.resource_format_accepted) == [
            "image/png",
            "image/jpeg",
        ]


async def test_resources_are_found_by_what_is_said_of_them() -> None:
    async with door() as d:
        await installed(d)
        await d.ask(CREATE, r.resource_type("static-strings"), path=AT, user=ADMIN)
        await d.ask(CREATE, IMAGE, path=AT, user=ADMIN)

        async def found(*attributes: Attribute) -> list[int | None]:
            answer = await d.ask(LIST, *attributes, path=AT)
            return [group.get(r.resource_id) for group in answer.groups_of(GroupTag.RESOURCE)]

        assert await found() == [1, 2, 3]
        assert await found(r.resource_types("static-image")) == [1, 3]
        assert await found(r.resource_states(3)) == [2, 3]
        assert await found(r.resource_formats("image/png")) == [1]
        assert await found(r.resource_ids(3, 9)) == [3]
        assert await found(r.first_index(2), r.limit(1)) == [2]


async def test_system_tells_of_its_resources() -> None:
    async with door() as d:
        every = r.requested_attributes("all")
        empty = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, every, path=AT), GroupTag.SYSTEM)
        assert empty.attributes["system-configured-resources"].values[0].tag is Tag.NO_VALUE
        assert {"resource-object", "system-object"} <= set(empty.all(r.ipp_features_supported))
        assert "static-icc-profile" in empty.all(r.resource_type_supported)
        await installed(d)
        system = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, every, path=AT), GroupTag.SYSTEM)
        (told,) = system.all(r.system_configured_resources)
        assert (told.first(r.resource_id), told.first(r.resource_format)) == (1, "image/png")


async def test_printer_shows_the_icon_and_the_words_that_it_was_given() -> None:
    """PWG 5100.13 6.5.18 and 6.5.36."""
    async with door() as d:
        before = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        await given(d)
        strings = (r.resource_type("static-strings"), r.resource_natural_language("fr"))
        await d.ask(CREATE, *strings, path=AT, user=ADMIN)
        two = r.resource_id(2)
        await d.ask(SEND, two, r.resource_format("text/strings"), path=AT, user=ADMIN, data=b'"a" = "b";')
        await d.ask(INSTALL, two, path=AT, user=ADMIN)
        await d.ask(GIVE, r.resource_ids(2), user=ADMIN)
        shown = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert shown.all(r.printer_icons) == ["http://printer.test/resources/1"]
        assert shown.get(r.printer_strings_uri) == "http://printer.test/resources/2"
        assert shown.all(r.printer_strings_languages_supported) == ["fr"]
        held = await d.ask(HELD, r.requested_attributes("resource-id", "resource-use-count"))
        assert [
            (g.get(r.resource_id), g.get(r.resource_use_count)) for g in held.groups_of(GroupTag.RESOURCE)
        ] == [(1, 1), (2, 1)]
        await d.ask(TAKE, r.resource_ids(1, 2), user=ADMIN)
        after = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert after.all(r.printer_icons) == before.all(r.printer_icons)
        assert after.get(r.printer_strings_uri) == before.get(r.printer_strings_uri)


async def test_new_printer_has_the_resources_that_it_was_made_with() -> None:
    async with door() as d:
        await installed(d)
        fresh = [Group.of(GroupTag.PRINTER, r.printer_name("p2"), r.device_uri("scripted:2"))]
        make = (Op.CREATE_PRINTER, r.printer_service_type("print"))
        answer = await d.ask(*make, r.resource_ids(1, 9), path=AT, user=ADMIN, groups=fresh)
        assert status(answer) is UNSUPPORTED
        assert first(answer, GroupTag.UNSUPPORTED).all(r.resource_ids) == [1, 9]
        answer = await d.ask(*make, r.resource_ids(1), path=AT, user=ADMIN, groups=fresh)
        assert status(answer) is OK
        assert (await told_of(d)).get(r.resource_use_count) == 1
        answer = await d.ask(CANCEL, ONE, r.message("It is old."), path=AT, user=ADMIN)
        assert first(answer, GroupTag.RESOURCE).all(r.resource_state_reasons) == ["cancel-requested"]
        await d.ask(Op.DELETE_PRINTER, r.printer_id(2), path=AT, user=ADMIN)
        await d.clock.advance(d.policy.housekeeping)
        told = await told_of(d)
        assert told.get(r.resource_state) is ResourceState.CANCELED
        assert told.get(r.resource_state_message) == "It is old."


# --- subscriptions (PWG 5100.22 6.2.2) ---


async def test_resource_has_subscriptions_of_its_own() -> None:
    async with door() as d:
        wish = subscription_group(r.notify_events("resource-installed", "job-completed"))
        answer = await d.ask(CREATE, IMAGE, path=AT, user=ADMIN, groups=[wish])
        group = first(answer, GroupTag.SUBSCRIPTION)
        assert group.all(r.notify_events) == ["job-completed"], "no job will ever befall it"
        number = group.get(r.notify_subscription_id) or 0
        later = await d.ask(SUBSCRIBE, ONE, path=AT, groups=[subscription_group()])
        other = first(later, GroupTag.SUBSCRIPTION).get(r.notify_subscription_id) or 0
        await d.ask(SEND, ONE, AS_PNG, path=AT, user=ADMIN, data=PNG)
        await d.ask(INSTALL, ONE, path=AT, user=ADMIN)
        ids = r.notify_subscription_ids(number)
        answer = await d.ask(Op.GET_NOTIFICATIONS, ids, path=AT, user=ADMIN)
        (event,) = answer.groups_of(GroupTag.EVENT_NOTIFICATION)
        assert event.get(r.notify_subscribed_event) == "resource-installed"
        assert (event.get(r.notify_resource_id), event.get(r.resource_state)) == (1, ResourceState.INSTALLED)
        assert "notify-printer-uri" not in event
        assert "Resource 1 (static-image-1) has been installed" in str(event.get(r.notify_text))
        ids = r.notify_subscription_ids(other)
        answer = await d.ask(Op.GET_NOTIFICATIONS, ids, path=AT)
        assert [e.get(r.notify_subscribed_event) for e in answer.groups_of(GroupTag.EVENT_NOTIFICATION)] == [
            "resource-state-changed"
        ] * 2
        answer = await d.ask(Op.GET_SUBSCRIPTION_ATTRIBUTES, r.notify_subscription_id(other), path=AT)
        assert first(answer, GroupTag.SUBSCRIPTION).get(r.notify_resource_id) == 1


async def test_system_lists_subscriptions_of_printers_and_of_a_resource() -> None:
    """PWG 5100.22 7.1.1 and 7.1.2."""
    async with door() as d:
        await pending(d)
        await d.add("p2")
        await d.watched()
        await d.watched("/ipp/print/p2")
        await d.ask(Op.CREATE_SYSTEM_SUBSCRIPTIONS, path=AT, groups=[subscription_group()])
        await d.ask(SUBSCRIBE, ONE, path=AT, groups=[subscription_group()])

        async def listed(*attributes: Attribute) -> list[int | None]:
            answer = await d.ask(Op.GET_SUBSCRIPTIONS, *attributes, path=AT)
            assert status(answer) is OK, str(answer)
            return [group.get(r.notify_subscription_id) for group in answer.groups_of(GroupTag.SUBSCRIPTION)]

        assert await listed() == [3]
        assert await listed(r.notify_printer_ids(1)) == [1]
        assert await listed(r.notify_printer_ids(2, 1)) == [1, 2]
        assert await listed(r.notify_printer_ids(1, 2), r.limit(1)) == [1]
        assert await listed(r.notify_resource_id(1)) == [4]
        for unknown in (r.notify_printer_ids(1, 9), r.notify_resource_id(9)):
            assert status(await d.ask(Op.GET_SUBSCRIPTIONS, unknown, path=AT)) is NOT_FOUND
        both = await d.ask(Op.GET_SUBSCRIPTIONS, r.notify_printer_ids(1), r.notify_resource_id(1), path=AT)
        assert status(both) is BAD


async def test_resource_that_is_over_takes_no_subscriptions() -> None:
    async with door() as d:
        await canceled(d)
        answer = await d.ask(SUBSCRIBE, ONE, path=AT, groups=[subscription_group()])
        assert status(answer) is IMPOSSIBLE
