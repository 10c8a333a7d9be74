"""What PWG 5100.22 (2025) demands of operations that change printers, and of their answers: 6.1.1 to 6.1.8, 6.3."""

from __future__ import annotations

from unittest import mock

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Collection, Group, GroupTag, Message
from pagebell.ipp.registry import Op, PrinterState, SystemState
from pagebell.ipp.registry import Status as S
from pagebell.ipp.values import Tag
from tests.asking import subscription_group
from tests.unit.ipp_server.door import ADMIN, Door, door, first, status
from tests.unit.ipp_server.test_system import AT, NEW, PRINT
from tests.unit.ipp_server.test_system_answers import a_resource

STATE = {"printer-is-accepting-jobs", "printer-state", "printer-state-reasons"}
IDENTITY = {"printer-id", "printer-uuid", "printer-xri-supported"}
SYSTEM_STATE = {"system-state", "system-state-reasons"}
IGNORED = S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES


async def ask(d: Door, op: Op, *attributes: Attribute, groups: list[Group] | None = None) -> Message:
    return await d.ask(op, *attributes, path=AT, groups=groups or [], user=ADMIN)


async def printer(d: Door, name: str = "p1") -> Group:
    await d.clock.settle()
    return first(await d.ask(Op.GET_PRINTER_ATTRIBUTES, path=f"/ipp/print/{name}"), GroupTag.PRINTER)


def is_at_rest(told: Group) -> bool:
    """Stopped, paused, and taking no jobs."""
    state = told.get(r.printer_state), told.get(r.printer_is_accepting_jobs)
    return state == (PrinterState.STOPPED, False) and "paused" in told.all(r.printer_state_reasons)


# --- one printer ---


@pytest.mark.parametrize(
    "ops",
    [
        (Op.SHUTDOWN_ONE_PRINTER,),
        (Op.SHUTDOWN_ONE_PRINTER, Op.STARTUP_ONE_PRINTER),
        (Op.RESTART_ONE_PRINTER,),
    ],
)
async def test_answer_about_one_printer_tells_where_it_is_and_how_it_is(ops: tuple[Op, ...]) -> None:
    """6.1.6.2, 6.1.7.2 and 6.1.8.2."""
    async with door() as d:
        for op in ops:
            answer = await ask(d, op, r.printer_id(1))
        told, seen = first(answer, GroupTag.PRINTER), await printer(d)
        assert set(told.attributes) == STATE | {"printer-xri-supported"}
        assert all(told.attributes[name] == seen.attributes[name] for name in STATE)


async def test_printer_that_was_started_up_is_at_rest() -> None:
    """6.1.8: stopped, paused and taking no jobs, until it is resumed and enabled."""
    async with door() as d:
        await ask(d, Op.SHUTDOWN_ONE_PRINTER, r.printer_id(1))
        assert "shutdown" in (await printer(d)).all(r.printer_state_reasons)
        answer = await ask(d, Op.STARTUP_ONE_PRINTER, r.printer_id(1))
        assert is_at_rest(first(answer, GroupTag.PRINTER))
        assert is_at_rest(await printer(d))
        await d.ask(Op.RESUME_PRINTER, user=ADMIN)
        await d.ask(Op.ENABLE_PRINTER, user=ADMIN)
        assert (await printer(d)).get(r.printer_state) is PrinterState.IDLE


async def test_answer_about_a_deleted_printer_says_so() -> None:
    """6.3.4.2: it is stopped and has the single reason 'deleted'; 6.1.3.2: it takes no jobs."""
    async with door() as d:
        await d.add("p2")
        answer = await ask(d, Op.DELETE_PRINTER, r.printer_id(2))
        told = first(answer, GroupTag.PRINTER)
        assert set(told.attributes) == STATE
        assert told.all(r.printer_state_reasons) == ["deleted"]
        assert told.get(r.printer_state) is PrinterState.STOPPED
        assert told.get(r.printer_is_accepting_jobs) is False
        assert set(first(answer, GroupTag.SYSTEM).attributes) == SYSTEM_STATE


async def test_answer_tells_which_resources_the_printer_has_now() -> None:
    """6.1.1.2 and 6.1.2.2; the printer itself tells it, too (table 7)."""
    async with door() as d:
        await a_resource(d)
        assert (await printer(d)).attributes["printer-resource-ids"].values[0].tag is Tag.NO_VALUE
        about = r.printer_id(1), r.resource_ids(1)
        answer = await ask(d, Op.ALLOCATE_PRINTER_RESOURCES, *about)
        assert first(answer, GroupTag.PRINTER).all(r.printer_resource_ids) == [1]
        assert (await printer(d)).all(r.printer_resource_ids) == [1]
        answer = await ask(d, Op.DEALLOCATE_PRINTER_RESOURCES, *about)
        assert first(answer, GroupTag.PRINTER).all(r.printer_resource_ids) == []


# --- all printers ---


@pytest.mark.parametrize("op", [Op.DISABLE_ALL_PRINTERS, Op.ENABLE_ALL_PRINTERS])
async def test_answer_about_who_takes_jobs_tells_of_every_printer(op: Op) -> None:
    """6.3.5.2 and 6.3.6.2."""
    async with door() as d:
        await d.add("p2")
        answer = await ask(d, op)
        told = answer.groups_of(GroupTag.PRINTER)
        assert [group.get(r.printer_id) for group in told] == [1, 2]
        assert all(set(group.attributes) == STATE | IDENTITY for group in told)
        assert {group.get(r.printer_is_accepting_jobs) for group in told} == {op is Op.ENABLE_ALL_PRINTERS}
        assert answer.group(GroupTag.SYSTEM) is None


@pytest.mark.parametrize(
    "op",
    [
        *(Op.PAUSE_ALL_PRINTERS, Op.PAUSE_ALL_PRINTERS_AFTER_CURRENT_JOB, Op.RESUME_ALL_PRINTERS),
        *(Op.SHUTDOWN_ALL_PRINTERS, Op.STARTUP_ALL_PRINTERS),
    ],
)
async def test_answer_about_all_printers_tells_of_each_and_of_the_system(op: Op) -> None:
    """6.3.10.2, 6.3.11.2, 6.3.14.2, 6.3.16.2 and 6.3.17.2."""
    async with door() as d:
        await d.add("p2")
        answer = await ask(d, op)
        told = answer.groups_of(GroupTag.PRINTER)
        assert [group.get(r.printer_id) for group in told] == [1, 2]
        assert all(set(group.attributes) == STATE | IDENTITY for group in told)
        assert set(first(answer, GroupTag.SYSTEM).attributes) == SYSTEM_STATE


async def test_system_that_was_restarted_has_its_printers_at_rest() -> None:
    """6.3.13, steps 1 and 5; 6.3.13.2."""
    async with door() as d:
        answer = await ask(d, Op.RESTART_SYSTEM)
        assert first(answer, GroupTag.OPERATION).get(r.restart_get_interval) == 0
        assert answer.groups_of(GroupTag.PRINTER) == []
        assert first(answer, GroupTag.SYSTEM).get(r.system_state) is SystemState.STOPPED
        assert is_at_rest(await printer(d))
        await ask(d, Op.ENABLE_ALL_PRINTERS)
        await ask(d, Op.RESUME_ALL_PRINTERS)
        assert (await printer(d)).get(r.printer_state) is PrinterState.IDLE


async def test_message_to_all_printers_is_each_printers() -> None:
    """6.3, note: system-message-from-operator becomes their printer-message-from-operator."""
    async with door() as d:
        await d.add("p2")
        answer = await ask(d, Op.PAUSE_ALL_PRINTERS, r.system_message_from_operator("Back at noon."))
        assert status(answer) is S.SUCCESSFUL_OK, str(answer)
        for name in ("p1", "p2"):
            assert (await printer(d, name)).get(r.printer_message_from_operator) == "Back at noon."


# --- a new printer ---


async def test_new_printer_is_at_rest_with_the_operators_message() -> None:
    """6.3.1 and 6.3.1.2; 6.1, note: its printer-message-from-operator is kept."""
    async with door() as d:
        answer = await ask(d, Op.CREATE_PRINTER, PRINT, r.printer_message_from_operator("New!"), groups=NEW)
        assert status(answer) is S.SUCCESSFUL_OK, str(answer)
        told = first(answer, GroupTag.PRINTER)
        assert set(told.attributes) >= STATE | IDENTITY
        assert is_at_rest(told)
        seen = await printer(d, "Second-Floor")
        assert is_at_rest(seen)
        assert seen.get(r.printer_message_from_operator) == "New!"
        system = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, path=AT), GroupTag.SYSTEM)
        assert system.get(r.system_state) is SystemState.IDLE, "of the printers one is idle"
        await d.restart()
        assert is_at_rest(await printer(d, "Second-Floor"))


async def test_new_printer_has_the_subscriptions_that_it_was_made_with() -> None:
    """6.3.1.1 and 6.3.1.2, groups 3 to N and 4 to N: they are the printer's."""
    async with door() as d:
        wanted = subscription_group(r.notify_events("printer-config-changed"))
        answer = await ask(d, Op.CREATE_PRINTER, PRINT, groups=[*NEW, wanted])
        assert status(answer) is S.SUCCESSFUL_OK, str(answer)
        made = first(answer, GroupTag.SUBSCRIPTION)
        listed = await d.ask(Op.GET_SUBSCRIPTIONS, path="/ipp/print/Second-Floor", user=ADMIN)
        (told,) = listed.groups_of(GroupTag.SUBSCRIPTION)
        assert told.get(r.notify_subscription_id) == made.get(r.notify_subscription_id)
        about = r.notify_subscription_id(told.get(r.notify_subscription_id) or 0)
        answer = await ask(d, Op.GET_SUBSCRIPTION_ATTRIBUTES, about)
        assert first(answer, GroupTag.SUBSCRIPTION).all(r.notify_events) == ["printer-config-changed"]


async def test_ways_that_a_new_printer_can_not_have_are_told() -> None:
    """printer-xri-requested, 6.3.1.1 and 7.1.10."""
    async with door() as d:

        def wish(authentication: str) -> Attribute:
            kinds = r.xri_authentication(authentication), r.xri_security("none")
            return r.printer_xri_requested(Collection.of(*kinds))

        good = await ask(d, Op.CREATE_PRINTER, PRINT, wish("requesting-user-name"), groups=NEW)
        assert status(good) is S.SUCCESSFUL_OK, str(good)
        named = [Group.of(GroupTag.PRINTER, r.printer_name("other"))]
        other = await ask(d, Op.CREATE_PRINTER, PRINT, wish("certificate"), groups=named)
        assert status(other) is IGNORED, str(other)
        assert "printer-xri-requested" in first(other, GroupTag.UNSUPPORTED)


async def test_one_printer_too_many_has_a_status_of_its_own() -> None:
    """10.1"""
    async with door() as d:
        with mock.patch("pagebell.spooler.printers.MOST_PRINTERS", 1):
            answer = await ask(d, Op.CREATE_PRINTER, PRINT, groups=NEW)
        assert status(answer) is S.SERVER_ERROR_TOO_MANY_PRINTERS, str(answer)
