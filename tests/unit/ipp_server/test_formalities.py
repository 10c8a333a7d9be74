"""What holds for every request: versions, charsets, languages, groups, limits, targets, and what is left aside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import (
    Attribute,
    Collection,
    Group,
    GroupTag,
    LangString,
    Limits,
    Message,
    Tag,
    Value,
    encode,
)
from pagebell.ipp.registry import Op, PrinterState
from pagebell.ipp.registry import Status as S
from pagebell.ipp.server.status import STATUS, status_of
from pagebell.model import errors
from pagebell.model.access import SYSTEM
from tests.asking import build, job_id
from tests.unit.ipp_server.door import P1, Door, door, first, principal, status

URI = f"ipp://printer.test{P1}"
HEAD = (r.attributes_charset("utf-8"), r.attributes_natural_language("en"))


def request(*attributes: Attribute, op: int = Op.GET_PRINTER_ATTRIBUTES, number: int = 1) -> Message:
    return Message((2, 0), op, number, [Group.of(GroupTag.OPERATION, *attributes)])


async def send(d: Door, message: Message) -> Message:
    return await d.send(encode(message))


# --- versions, numbers, operations ---


@pytest.mark.parametrize("version", [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2)])
async def test_answer_has_the_version_of_its_request(d: Door, version: tuple[int, int]) -> None:
    answer = await send(d, replace(build(Op.GET_PRINTER_ATTRIBUTES, URI), version=version))
    assert (answer.version, status(answer)) == (version, S.SUCCESSFUL_OK)


@pytest.mark.parametrize(
    ("version", "nearest"), [((0, 0), (1, 0)), ((0, 9), (1, 0)), ((3, 0), (2, 2)), ((255, 255), (2, 2))]
)
async def test_other_major_versions_are_refused_in_the_nearest(
    d: Door, version: tuple[int, int], nearest: tuple[int, int]
) -> None:
    answer = await send(d, replace(build(Op.GET_PRINTER_ATTRIBUTES, URI), version=version))
    assert (answer.version, status(answer)) == (nearest, S.SERVER_ERROR_VERSION_NOT_SUPPORTED)


@pytest.mark.parametrize(("version", "nearest"), [((1, 7), (1, 1)), ((2, 9), (2, 2))])
async def test_minor_versions_from_the_future_are_answered_in_the_nearest(
    d: Door, version: tuple[int, int], nearest: tuple[int, int]
) -> None:
    answer = await send(d, replace(build(Op.GET_PRINTER_ATTRIBUTES, URI), version=version))
    assert (answer.version, status(answer)) == (nearest, S.SUCCESSFUL_OK)


@pytest.mark.parametrize("op", [0, 1, Op.PRINT_URI, Op.CUPS_GET_DEVICES, 0x3FFF, 0x7FFF])
async def test_operation_that_is_not_offered_is_refused(d: Door, op: int) -> None:
    assert status(await send(d, build(op, URI))) is S.SERVER_ERROR_OPERATION_NOT_SUPPORTED


async def test_request_id_comes_back_and_must_be_positive(d: Door) -> None:
    message = build(Op.GET_PRINTER_ATTRIBUTES, URI)
    assert (await send(d, replace(message, request_id=2**31 - 1))).request_id == 2**31 - 1
    assert status(await send(d, replace(message, request_id=0))) is S.CLIENT_ERROR_BAD_REQUEST


# --- charset and language ---


@pytest.mark.parametrize(
    "head",
    [
        (),
        (r.attributes_charset("utf-8"),),
        (r.attributes_natural_language("en"), r.attributes_charset("utf-8"), r.printer_uri(URI)),
        (r.printer_uri(URI), *HEAD),
    ],
)
async def test_charset_and_language_come_first(d: Door, head: tuple[Attribute, ...]) -> None:
    assert status(await send(d, request(*head))) is S.CLIENT_ERROR_BAD_REQUEST


async def test_charset_that_is_not_supported_is_refused_in_one_that_is(d: Door) -> None:
    head = (r.attributes_charset("utf-16"), r.attributes_natural_language("en"), r.printer_uri(URI))
    answer = await send(d, request(*head))
    assert status(answer) is S.CLIENT_ERROR_CHARSET_NOT_SUPPORTED
    assert first(answer, GroupTag.OPERATION).get(r.attributes_charset) == "utf-8"


async def test_every_natural_language_is_accepted(d: Door) -> None:
    head = (r.attributes_charset("us-ascii"), r.attributes_natural_language("tlh-aq"), r.printer_uri(URI))
    assert status(await send(d, request(*head))) is S.SUCCESSFUL_OK


async def test_names_with_a_language_of_their_own_are_understood(d: Door) -> None:
    answer = await d.ask(Op.PRINT_JOB, r.job_name(LangString("Été", "fr")), data=b"x")
    job = first(await d.ask(Op.GET_JOB_ATTRIBUTES, r.job_id(job_id(answer))), GroupTag.JOB)
    assert job.get(r.job_name) == "Été"


# --- groups ---


async def test_groups_out_of_order_or_twice_are_refused(d: Door) -> None:
    operation, job = build(Op.PRINT_JOB, URI).groups[0], Group.of(GroupTag.JOB, r.copies(1))
    watch = Group.of(GroupTag.SUBSCRIPTION, r.notify_pull_method("ippget"))
    for groups in (
        [],
        [job, operation],
        [operation, operation],
        [operation, job, job],
        [operation, watch, job],
    ):
        answer = await send(d, Message((2, 0), Op.PRINT_JOB, 1, groups))
        assert status(answer) is S.CLIENT_ERROR_BAD_REQUEST, groups
    assert d.store.history[d.told :] == []


async def test_groups_that_an_operation_does_not_know_are_ignored(d: Door) -> None:
    future = Group.of(GroupTag(0x0F), r.copies(1))
    assert status(await d.ask(Op.VALIDATE_JOB, groups=[future])) is S.SUCCESSFUL_OK


async def test_two_subscription_groups_make_two_subscriptions(d: Door) -> None:
    watch = Group.of(GroupTag.SUBSCRIPTION, r.notify_pull_method("ippget"))
    answer = await d.ask(Op.PRINT_JOB, groups=[watch, watch], data=b"x")
    made = [group.get(r.notify_subscription_id) for group in answer.groups_of(GroupTag.SUBSCRIPTION)]
    assert len(made) == 2 and None not in made and made[0] != made[1]


# --- attributes that are not as they should be ---


WRONG: list[tuple[str, Attribute, S]] = [
    ("syntax", Attribute("limit", r.job_name("many").values), S.CLIENT_ERROR_BAD_REQUEST),
    ("count", Attribute("limit", r.job_ids(1, 2).values), S.CLIENT_ERROR_BAD_REQUEST),
    ("out-of-band", Attribute("limit", r.limit.no_value().values), S.CLIENT_ERROR_BAD_REQUEST),
    (
        "range",
        Attribute("limit", (Value(Tag.INTEGER, 0),)),
        S.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
    ),
    (
        "length",
        Attribute("which-jobs", (Value(Tag.KEYWORD, "x" * 256),)),
        S.CLIENT_ERROR_REQUEST_VALUE_TOO_LONG,
    ),
    (
        "name too long",
        Attribute("requesting-user-name", (Value(Tag.NAME, "x" * 256),)),
        S.CLIENT_ERROR_REQUEST_VALUE_TOO_LONG,
    ),
]


@pytest.mark.parametrize(("attribute", "expected"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
async def test_operation_attribute_that_is_wrong_refuses_the_request(
    d: Door, attribute: Attribute, expected: S
) -> None:
    answer = await send(d, request(*HEAD, r.printer_uri(URI), attribute, op=Op.GET_JOBS))
    assert status(answer) is expected
    returned = answer.group(GroupTag.UNSUPPORTED)
    if expected is S.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED:
        assert returned is not None and attribute.name in returned


async def test_operation_attribute_that_nobody_knows_is_returned_as_unsupported(d: Door) -> None:
    answer = await d.ask(Op.GET_JOBS, Attribute("x-vendor-wish", r.copies(1).values))
    assert status(answer) is S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
    assert first(answer, GroupTag.UNSUPPORTED).attributes["x-vendor-wish"].values[0].tag is Tag.UNSUPPORTED


JOB_WISHES: list[tuple[Attribute, bool]] = [
    # what can't be honoured, and whether its value comes back (else: 'unsupported')
    (r.copies(100_000), True),
    (r.sides("two-sided-long-edge"), True),
    (r.media("iso_a0_841x1189mm"), True),
    (r.print_color_mode("color"), True),
    (Attribute("copies", r.job_name("two").values), True),
    (r.page_ranges.unsupported(), True),
    (Attribute("x-gold-leaf", r.copies(1).values), False),
    (r.job_account_id("B-52"), False),
]


@pytest.mark.parametrize(("wish", "kept"), JOB_WISHES, ids=[wish.name for wish, _ in JOB_WISHES])
@pytest.mark.parametrize("fidelity", [True, False])
async def test_wish_that_cannot_be_honoured_is_told_or_with_fidelity_refused(
    d: Door, wish: Attribute, kept: bool, fidelity: bool
) -> None:
    group = Group.of(GroupTag.JOB, r.job_priority(70), wish)
    answer = await d.ask(Op.PRINT_JOB, r.ipp_attribute_fidelity(fidelity), groups=[group], data=b"x")
    returned = first(answer, GroupTag.UNSUPPORTED).attributes
    assert set(returned) == {wish.name}
    assert returned[wish.name].values == (wish.values if kept else r.copies.unsupported().values)
    if fidelity:
        assert status(answer) is S.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
        assert d.store.history[d.told :] == []
    else:
        assert status(answer) is S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
        job = first(await d.ask(Op.GET_JOB_ATTRIBUTES, r.job_id(job_id(answer))), GroupTag.JOB)
        assert job.get(r.job_priority) == 70
        assert wish.name not in job


async def test_unsupported_group_stands_before_the_job(d: Door) -> None:
    answer = await d.ask(Op.PRINT_JOB, groups=[Group.of(GroupTag.JOB, r.copies(100_000))], data=b"x")
    assert [group.tag for group in answer.groups] == [GroupTag.OPERATION, GroupTag.UNSUPPORTED, GroupTag.JOB]


# --- limits ---


def nested(depth: int) -> Attribute:
    inner = r.media_color("white")
    for _ in range(depth):
        inner = Attribute("media-col", (Value(Tag.BEGIN_COLLECTION, Collection.of(inner)),))
    return inner


@pytest.mark.parametrize(
    "attribute",
    [nested(10), r.requested_attributes(*["copies"] * 60), r.requested_attributes("x" * 250, "y" * 250)],
    ids=["too deep", "too many values", "too long"],
)
async def test_message_beyond_the_limits_is_refused(attribute: Attribute) -> None:
    stage = door()
    stage.limits = Limits(octets=400, attributes=20, values=50, depth=4)
    if attribute.name == "requested-attributes" and len(attribute.values) == 60:
        stage.limits = replace(stage.limits, octets=4000)
    async with stage as d:
        answer = await send(d, build(Op.GET_PRINTER_ATTRIBUTES, URI, attribute))
        assert status(answer) in (
            S.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE,
            S.CLIENT_ERROR_REQUEST_VALUE_TOO_LONG,
        )
        assert status(await d.ask(Op.GET_JOBS)) is S.SUCCESSFUL_OK


async def test_message_in_any_pieces_is_the_same_message(d: Door) -> None:
    octets = encode(build(Op.PRINT_JOB, URI)) + b"document"
    for size in (1, 2, 7, 64):
        answer = await d.send(*[octets[at : at + size] for at in range(0, len(octets), size)])
        assert status(answer) is S.SUCCESSFUL_OK
        d.device.finish()
        await d.clock.settle()
    assert {documents for _, documents in d.device.received} == {(b"document",)}


@pytest.mark.parametrize("cut", range(0, 60, 7))
async def test_message_cut_short_is_a_bad_request(d: Door, cut: int) -> None:
    octets = encode(build(Op.PRINT_JOB, URI))
    assert status(await d.send(octets[: len(octets) - 1 - cut])) is S.CLIENT_ERROR_BAD_REQUEST


async def test_bug_in_a_handler_is_an_internal_error_and_tells_nothing(
    d: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("a secret path")

    monkeypatch.setattr(d.spooler.printers, "list", break_down)
    answer = await d.ask(Op.CUPS_GET_PRINTERS)
    assert status(answer) is S.SERVER_ERROR_INTERNAL_ERROR
    assert "secret" not in str(answer)
    assert "a secret path" in caplog.text


# --- targets ---


@pytest.mark.parametrize(
    "path", ["", "/", "/ipp", "/ipp/print", "/ipp/print/p1", "/printers", "/printers/p1"]
)
async def test_printer_has_these_uris(d: Door, path: str) -> None:
    answer = await d.ask(Op.GET_PRINTER_ATTRIBUTES, path=path)
    assert first(answer, GroupTag.PRINTER).get(r.printer_name) == "p1"


@pytest.mark.parametrize("path", ["/ipp/print/p1/1", "/printers/p1/1", "/jobs/1"])
async def test_job_has_these_uris(d: Door, path: str) -> None:
    await d.held()
    uri = r.job_uri(f"ipp://printer.test{path}")
    answer = await send(d, request(*HEAD, uri, op=Op.GET_JOB_ATTRIBUTES))
    assert first(answer, GroupTag.JOB).get(r.job_uri) == "ipp://printer.test/ipp/print/p1/1"


@pytest.mark.parametrize(
    "path",
    ["/ipp/print/p2", "/ipp/print/p1/x", "/jobs/x", "/jobs/1/2", "/ipp/faxout", "/admin", "/printers/%00"],
)
async def test_what_is_not_there_is_not_found(d: Door, path: str) -> None:
    uri = r.printer_uri(f"ipp://printer.test{path}")
    answer = await send(d, request(*HEAD, uri, r.job_id(1), op=Op.GET_JOB_ATTRIBUTES))
    assert status(answer) is S.CLIENT_ERROR_NOT_FOUND


async def test_server_without_printers_says_that_there_is_none(d: Door) -> None:
    await d.spooler.printers.remove(d.printer.name, SYSTEM)
    for op in (Op.CUPS_GET_DEFAULT, Op.CUPS_GET_PRINTERS, Op.GET_PRINTER_ATTRIBUTES):
        assert status(await d.ask(op, path="/")) is S.CLIENT_ERROR_NOT_FOUND


# --- the table of facts ---


def test_every_fact_of_the_model_has_a_status() -> None:
    assert set(STATUS) == set(errors.FACTS)


@pytest.mark.parametrize("fact", errors.FACTS)
def test_no_fact_is_an_internal_error(fact: type[errors.Refusal]) -> None:
    class Special(fact):  # type: ignore[valid-type,misc]
        pass

    kind: Any = Special
    assert status_of(kind("so it is")) is STATUS[fact]


# --- questions that are asked again ---


async def test_question_asked_again_is_answered_with_its_own_number_and_as_things_are_now(d: Door) -> None:
    asked = r.requested_attributes("printer-state", "printer-info")
    printer = (*HEAD, r.printer_uri(URI), asked)
    first_answer = await send(d, request(*printer, number=1))
    assert first(first_answer, GroupTag.PRINTER).get(r.printer_state) == PrinterState.IDLE
    await d.spooler.printers.pause(d.printer.name, SYSTEM)
    again = await send(d, request(*printer, number=2**31 - 1))
    assert (first_answer.request_id, again.request_id) == (1, 2**31 - 1)
    assert first(again, GroupTag.PRINTER).get(r.printer_state) == PrinterState.STOPPED
    bad = await send(d, request(*printer, number=-1))
    assert (bad.request_id, status(bad)) == (-1, S.CLIENT_ERROR_BAD_REQUEST)


async def test_same_question_by_somebody_else_is_answered_to_them(d: Door) -> None:
    number = await d.watched()
    question = request(
        *(*HEAD, r.printer_uri(URI), r.requesting_user_name("ada"), r.notify_subscription_id(number)),
        op=Op.GET_SUBSCRIPTION_ATTRIBUTES,
    )
    assert status(await send(d, question)) == S.SUCCESSFUL_OK
    d.principal = lambda user: principal("mallory")  # type: ignore[method-assign]
    assert status(await send(d, question)) == S.CLIENT_ERROR_NOT_AUTHORIZED


async def test_what_a_question_has_that_is_not_supported_is_told_each_time(d: Door) -> None:
    question = request(*HEAD, r.printer_uri(URI), Attribute("x-nonsense", (Value(Tag.INTEGER, 1),)))
    for _ in range(2):
        answer = await send(d, question)
        assert status(answer) == S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
        assert list(first(answer, GroupTag.UNSUPPORTED).attributes) == ["x-nonsense"]
