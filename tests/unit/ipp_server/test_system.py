"""The server itself at /ipp/system: each operation with each status, and what it tells (PWG 5100.22)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from unittest import mock

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message
from pagebell.ipp.registry import Op, SystemState
from pagebell.ipp.registry import Status as S
from pagebell.model.access import SYSTEM
from pagebell.model.event import PrinterName
from pagebell.spooler.printers import PrinterWish
from tests.asking import subscription_group
from tests.unit.ipp_server.door import ADMIN, Door, door, first, status, text

Play = Callable[[Door], Awaitable[Message]]
AT = "/ipp/system"
OK, FORBIDDEN, NOT_FOUND = S.SUCCESSFUL_OK, S.CLIENT_ERROR_NOT_AUTHORIZED, S.CLIENT_ERROR_NOT_FOUND
BAD, UNSUPPORTED = S.CLIENT_ERROR_BAD_REQUEST, S.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
IMPOSSIBLE = S.CLIENT_ERROR_NOT_POSSIBLE
NOWHERE = "/ipp/print/p1/system"
ALL_PRINTERS = (
    *(Op.DISABLE_ALL_PRINTERS, Op.ENABLE_ALL_PRINTERS, Op.PAUSE_ALL_PRINTERS, Op.RESUME_ALL_PRINTERS),
    *(Op.PAUSE_ALL_PRINTERS_AFTER_CURRENT_JOB, Op.SHUTDOWN_ALL_PRINTERS, Op.STARTUP_ALL_PRINTERS),
    Op.RESTART_SYSTEM,
)


def ask(op: Op, *attributes: Attribute, **more: object) -> Play:
    return lambda d: d.ask(op, *attributes, **{"path": AT, **more})  # type: ignore[arg-type]


def shut_down_first(op: Op) -> Play:
    async def play(d: Door) -> Message:
        await d.ask(Op.SHUTDOWN_ONE_PRINTER, r.printer_id(1), path=AT, user=ADMIN)
        return await d.ask(op, r.printer_id(1), path=AT, user=ADMIN)

    return play


def crowded(play: Play) -> Play:
    """The same where there are as many printers as there may be."""

    async def crowd(d: Door) -> Message:
        with mock.patch("pagebell.spooler.printers.MOST_PRINTERS", 1):
            return await play(d)

    return crowd


def printer(*attributes: Attribute) -> list[Group]:
    return [Group.of(GroupTag.PRINTER, *attributes)]


def system(*attributes: Attribute) -> list[Group]:
    return [Group.of(GroupTag.SYSTEM, *attributes)]


PRINT = r.printer_service_type("print")
CREATE, SET, GET = Op.CREATE_PRINTER, Op.SET_SYSTEM_ATTRIBUTES, Op.GET_PRINTERS
NEW = printer(r.printer_name("Second Floor"), r.printer_info("Laser"), r.device_uri("scripted:2"))
SUBSCRIBE = Op.CREATE_SYSTEM_SUBSCRIPTIONS
ROWS: list[tuple[Op, str, Play, S]] = [
    (Op.GET_SYSTEM_ATTRIBUTES, "ok", ask(Op.GET_SYSTEM_ATTRIBUTES), OK),
    (Op.GET_SYSTEM_ATTRIBUTES, "elsewhere", ask(Op.GET_SYSTEM_ATTRIBUTES, path=NOWHERE), NOT_FOUND),
    (Op.GET_SYSTEM_SUPPORTED_VALUES, "ok", ask(Op.GET_SYSTEM_SUPPORTED_VALUES), OK),
    (
        Op.GET_SYSTEM_SUPPORTED_VALUES,
        "elsewhere",
        ask(Op.GET_SYSTEM_SUPPORTED_VALUES, path=NOWHERE),
        NOT_FOUND,
    ),
    (GET, "ok", ask(GET), OK),
    (GET, "elsewhere", ask(GET, path=NOWHERE), NOT_FOUND),
    (GET, "of a kind that is not known", ask(GET, r.which_printers("purple")), UNSUPPORTED),
    (GET, "near", ask(GET, r.printer_geo_location("geo:46.4,-80.9")), OK),
    (GET, "near no place", ask(GET, r.printer_geo_location("geo:here")), UNSUPPORTED),
    (CREATE, "ok", ask(CREATE, PRINT, groups=NEW, user=ADMIN), OK),
    (CREATE, "without a device", ask(CREATE, PRINT, groups=printer(r.printer_name("x")), user=ADMIN), OK),
    (CREATE, "without a name", ask(CREATE, PRINT, groups=printer(r.printer_info("x")), user=ADMIN), BAD),
    (CREATE, "without a service", ask(CREATE, groups=NEW, user=ADMIN), BAD),
    (CREATE, "a scanner", ask(CREATE, r.printer_service_type("scan"), groups=NEW, user=ADMIN), UNSUPPORTED),
    (
        CREATE,
        "one too many",
        crowded(ask(CREATE, PRINT, groups=NEW, user=ADMIN)),
        S.SERVER_ERROR_TOO_MANY_PRINTERS,
    ),
    (CREATE, "elsewhere", ask(CREATE, PRINT, groups=NEW, user=ADMIN, path=NOWHERE), NOT_FOUND),
    (CREATE, "not an administrator", ask(CREATE, PRINT, groups=NEW), FORBIDDEN),
    (
        *(CREATE, "one that is there"),
        ask(CREATE, PRINT, groups=printer(r.printer_name("p1"), r.device_uri("scripted:p1")), user=ADMIN),
        S.CLIENT_ERROR_NOT_POSSIBLE,
    ),
    (
        *(CREATE, "with more than we know"),
        ask(CREATE, PRINT, groups=printer(r.printer_name("x"), r.printer_organization("y")), user=ADMIN),
        S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES,
    ),
    (Op.DELETE_PRINTER, "ok", ask(Op.DELETE_PRINTER, r.printer_id(1), user=ADMIN), OK),
    (Op.DELETE_PRINTER, "not there", ask(Op.DELETE_PRINTER, r.printer_id(9), user=ADMIN), NOT_FOUND),
    (Op.DELETE_PRINTER, "not an administrator", ask(Op.DELETE_PRINTER, r.printer_id(1)), FORBIDDEN),
    (
        *(SET, "ok"),
        ask(SET, groups=system(r.system_default_printer_id(1), r.system_name("x")), user=ADMIN),
        OK,
    ),
    (SET, "not there", ask(SET, groups=system(r.system_default_printer_id(9)), user=ADMIN), IMPOSSIBLE),
    (SET, "nothing", ask(SET, user=ADMIN), BAD),
    (SET, "elsewhere", ask(SET, user=ADMIN, path=NOWHERE), NOT_FOUND),
    (SET, "not an administrator", ask(SET, groups=system(r.system_default_printer_id(1))), FORBIDDEN),
    (
        *(SET, "what can't be set"),
        ask(SET, groups=system(r.system_make_and_model("x")), user=ADMIN),
        IMPOSSIBLE,
    ),
    (Op.SHUTDOWN_ONE_PRINTER, "ok", ask(Op.SHUTDOWN_ONE_PRINTER, r.printer_id(1), user=ADMIN), OK),
    (
        Op.SHUTDOWN_ONE_PRINTER,
        "not there",
        ask(Op.SHUTDOWN_ONE_PRINTER, r.printer_id(9), user=ADMIN),
        NOT_FOUND,
    ),
    *(
        (op, "not there", ask(op, r.printer_id(9), user=ADMIN), NOT_FOUND)
        for op in (Op.STARTUP_ONE_PRINTER, Op.RESTART_ONE_PRINTER)
    ),
    (Op.STARTUP_ONE_PRINTER, "ok", shut_down_first(Op.STARTUP_ONE_PRINTER), OK),
    (
        *(Op.STARTUP_ONE_PRINTER, "up already"),
        ask(Op.STARTUP_ONE_PRINTER, r.printer_id(1), user=ADMIN),
        S.CLIENT_ERROR_NOT_POSSIBLE,
    ),
    (Op.RESTART_ONE_PRINTER, "ok", shut_down_first(Op.RESTART_ONE_PRINTER), OK),
    (Op.RESTART_ONE_PRINTER, "not an operator", ask(Op.RESTART_ONE_PRINTER, r.printer_id(1)), FORBIDDEN),
    *((op, "ok", ask(op, user=ADMIN), OK) for op in ALL_PRINTERS),
    *((op, "elsewhere", ask(op, user=ADMIN, path=NOWHERE), NOT_FOUND) for op in ALL_PRINTERS),
    *((op, "not an operator", ask(op), FORBIDDEN) for op in ALL_PRINTERS),
    (SUBSCRIBE, "ok", ask(SUBSCRIBE, groups=[subscription_group(r.notify_events("printer-created"))]), OK),
    (SUBSCRIBE, "nothing asked for", ask(SUBSCRIBE), BAD),
    (SUBSCRIBE, "elsewhere", ask(SUBSCRIBE, groups=[subscription_group()], path=NOWHERE), NOT_FOUND),
    (SUBSCRIBE, "some printers", ask(SUBSCRIBE, r.notify_printer_ids(1), groups=[subscription_group()]), OK),
    (
        *(SUBSCRIBE, "no such printer"),
        ask(SUBSCRIBE, r.notify_printer_ids(1, 9), groups=[subscription_group()]),
        NOT_FOUND,
    ),
    (
        SUBSCRIBE,
        "no printer's id",
        ask(
            SUBSCRIBE, Attribute("notify-printer-ids", r.limit(70_000).values), groups=[subscription_group()]
        ),
        UNSUPPORTED,
    ),
]


@pytest.mark.parametrize(
    ("play", "expected"), [row[2:] for row in ROWS], ids=[f"{row[0].name.lower()}: {row[1]}" for row in ROWS]
)
async def test_status(play: Play, expected: S) -> None:
    async with door() as d:
        answer = await play(d)
        assert status(answer) is expected, str(answer)
        assert expected.value < 0x0100 or text(answer), "a refusal says why"


async def test_system_tells_of_itself_and_its_printers() -> None:
    async with door() as d:
        await d.add("p2")
        every = r.requested_attributes("all")
        group = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, every, path=AT), GroupTag.SYSTEM)
    assert group.get(r.system_state) is SystemState.IDLE
    assert group.all(r.system_state_reasons) == ["none"]
    assert group.get(r.system_uuid) == f"urn:uuid:{d.store._uuid}"
    assert group.get(r.system_default_printer_id) == 1
    printers = group.all(r.system_configured_printers)
    assert [(p.first(r.printer_id), p.first(r.printer_name)) for p in printers] == [(1, "p1"), (2, "p2")]
    xri = group.all(r.system_xri_supported)[0]
    assert xri.first(r.xri_uri) == "ipp://printer.test/ipp/system"
    assert set(group.all(r.notify_events_supported)) >= {
        "printer-created",
        "printer-deleted",
        "system-stopped",
    }


async def test_system_attributes_come_as_asked_for() -> None:
    async with door() as d:
        asked = r.requested_attributes("system-name", "system-status")
        group = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, asked, path=AT), GroupTag.SYSTEM)
    assert {"system-name", "system-state", "system-up-time", "system-uuid"} <= set(group.attributes)
    assert not {"charset-supported", "system-info", "notify-events-supported"} & set(group.attributes)


async def test_printers_are_found_by_what_is_said_of_them() -> None:
    async with door() as d:
        for name, where in (("a", "hall"), ("b", "hall"), ("c", "cellar")):
            await d.spooler.printers.add(name, PrinterWish(device=f"scripted:{name}", location=where), SYSTEM)
        await d.spooler.printers.accept(PrinterName("b"), False, SYSTEM)
        await d.clock.settle()

        async def found(*attributes: Attribute) -> list[str | None]:
            answer = await d.ask(Op.GET_PRINTERS, *attributes, path=AT)
            return [group.get(r.printer_name) for group in answer.groups_of(GroupTag.PRINTER)]

        assert await found() == ["p1", "a", "b", "c"]
        assert await found(r.printer_location("hall")) == ["a", "b"]
        assert await found(r.printer_ids(4, 1)) == ["p1", "c"]
        assert await found(r.first_index(2), r.limit(2)) == ["a", "b"]
        assert await found(r.which_printers("not-accepting")) == ["b"]
        assert await found(r.which_printers("idle"), r.printer_location("cellar")) == ["c"]
        assert await found(r.printer_service_type("scan")) == []
        assert await found(r.document_format("text/html")) == []


async def test_printer_made_without_a_device_waits_stopped() -> None:
    async with door() as d:
        answer = await d.ask(CREATE, PRINT, path=AT, groups=printer(r.printer_name("Lab 2")), user=ADMIN)
        await d.clock.settle()
        made = first(answer, GroupTag.PRINTER)
        assert made.get(r.printer_id) == 2
        assert made.all(r.printer_xri_supported)[0].first(r.xri_uri) == "ipp://printer.test/ipp/print/Lab-2"
        assert made.get(r.printer_name) == "Lab-2"
        seen = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES, path="/ipp/print/Lab-2"), GroupTag.PRINTER)
        assert seen.get(r.printer_info) == "Lab 2"
        await d.ask(Op.RESUME_PRINTER, path="/ipp/print/Lab-2", user=ADMIN)
        seen = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES, path="/ipp/print/Lab-2"), GroupTag.PRINTER)
        assert "no device yet" in str(seen.get(r.printer_state_message))
        await d.restart()
        assert "no device yet" in d.spooler.printers.printer(PrinterName("Lab-2")).message


async def test_printer_is_named_by_its_id() -> None:
    async with door() as d:
        await d.add("p2")
        answer = await d.ask(Op.GET_PRINTER_ATTRIBUTES, r.printer_id(2), path=AT)
        assert first(answer, GroupTag.PRINTER).get(r.printer_name) == "p2"
        default = await d.ask(Op.GET_PRINTER_ATTRIBUTES, path=AT)
        assert first(default, GroupTag.PRINTER).get(r.printer_name) == "p1"
