"""notify-printer-ids: the server tells of some printers and their jobs only (PWG 5100.22 6.3.3.1, 7.1.1)."""

from __future__ import annotations

import asyncio

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Group, GroupTag, Message
from pagebell.ipp.registry import Op, Status
from pagebell.model.access import SYSTEM
from pagebell.model.event import PrinterName
from pagebell.spooler.printers import PrinterWish
from tests.asking import subscription_group
from tests.unit.ipp_server.door import ADMIN, Door, door, first, status
from tests.unit.ipp_server.subscribing import SYSTEM_URI, described, events, fetch, number_of

WANTED = r.notify_events("job-created", "printer-config-changed", "printer-deleted", "system-config-changed")


async def ask(d: Door, *ids: int) -> Message:
    more = (r.notify_printer_ids(*ids),) if ids else ()
    op = Op.CREATE_SYSTEM_SUBSCRIPTIONS
    return await d.ask(op, *more, path=SYSTEM_URI, groups=[subscription_group(WANTED)])


async def subscribed(d: Door, *ids: int) -> Group:
    answer = await ask(d, *ids)
    assert status(answer) is Status.SUCCESSFUL_OK, str(answer)
    return first(answer, GroupTag.SUBSCRIPTION)


async def told(d: Door, subscription: Group) -> list[str]:
    """The last parts of the printers' URIs, in the order of events."""
    found = await events(d, subscription)
    numbers = [event.get(r.notify_sequence_number) for event in found]
    assert numbers == list(range(1, len(found) + 1))
    return [str(event.get(r.notify_printer_uri)).rpartition("/")[2] for event in found]


async def test_server_tells_of_these_printers_alone_also_after_a_restart() -> None:
    async with door() as d:
        await d.add("p2")
        await d.add("p3")
        some, all_, one = await subscribed(d, 3, 1, 3), await subscribed(d), await subscribed(d, 2)
        for printer in ("p2", "p1", "p3", "p1"):
            await d.submit(printer=printer)
        await d.ask(Op.CREATE_RESOURCE, r.resource_type("static-image"), path=SYSTEM_URI, user=ADMIN)
        for _ in range(2):
            assert await told(d, some) == ["p1", "p3", "p1"]
            assert await told(d, one) == ["p2"]
            assert await told(d, all_) == ["p2", "p1", "p3", "p1"]
            group = await described(d, some)
            assert group.all(r.notify_printer_ids) == [1, 3]
            assert group.get(r.notify_system_uri) == "ipp://printer.test/ipp/system"
            assert r.notify_printer_uri.name not in group
            assert r.notify_printer_ids.name not in await described(d, all_)
            await d.restart()
        await d.submit(printer="p3")
        assert await told(d, some) == ["p1", "p3", "p1", "p3"]


async def test_unknown_printer_is_not_found_and_nothing_is_made() -> None:
    """As with the job of Create-Job-Subscriptions: the ids are the request's, so there is one answer to all groups."""
    async with door() as d:
        answer = await ask(d, 1, 9)
        assert status(answer) is Status.CLIENT_ERROR_NOT_FOUND, str(answer)
        listed = await d.ask(Op.GET_SUBSCRIPTIONS, path=SYSTEM_URI)
        assert listed.groups_of(GroupTag.SUBSCRIPTION) == []


async def test_it_is_the_servers_subscription_not_the_printers() -> None:
    async with door() as d:
        number = number_of(await subscribed(d, 1))
        listed = await d.ask(Op.GET_SUBSCRIPTIONS, path=SYSTEM_URI)
        assert [g.get(r.notify_subscription_id) for g in listed.groups_of(GroupTag.SUBSCRIPTION)] == [number]
        assert (await d.ask(Op.GET_SUBSCRIPTIONS)).groups_of(GroupTag.SUBSCRIPTION) == []
        printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert printer.get(r.number_of_printer_subscriptions) == 0
        await subscribed(d)
        system = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, path=SYSTEM_URI), GroupTag.SYSTEM)
        assert system.get(r.number_of_system_subscriptions) == 2


async def test_it_ends_with_the_last_of_its_printers() -> None:
    async with door() as d:
        await d.add("p2")
        some = await subscribed(d, 1, 2)
        await d.spooler.printers.remove(PrinterName("p2"), SYSTEM)
        assert await told(d, some) == ["p2"], "it hears that the printer is gone"
        assert (await described(d, some)).all(r.notify_printer_ids) == [1]
        await d.spooler.printers.remove(PrinterName("p1"), SYSTEM)
        assert status(await fetch(d, some)) is Status.CLIENT_ERROR_NOT_FOUND


@pytest.mark.parametrize("printer", ["p1", "p2", "p3"])
async def test_who_waits_is_woken_by_these_printers_alone(printer: str) -> None:
    async with door() as d:
        await d.add("p2")
        await d.add("p3")
        number = number_of(await subscribed(d, 1, 3))
        waiting = asyncio.ensure_future(d.spooler.subscriptions.read(number, SYSTEM, wait=True))  # type: ignore[arg-type]
        await d.clock.settle()
        await d.spooler.printers.change(PrinterName(printer), PrinterWish(info="New"), SYSTEM)
        await d.clock.settle()
        assert waiting.done() is (printer != "p2")
        waiting.cancel()


async def test_numbers_go_on_when_the_log_is_trimmed() -> None:
    async with door(housekeeping=1e9, event_life=60.0) as d:
        await d.add("p2")
        some = await subscribed(d, 1, 2)
        await d.submit()
        await d.submit(printer="p2")
        await d.clock.advance(120)
        await d.spooler.tidy()
        await d.submit(printer="p2")
        for _ in range(2):
            assert [e.get(r.notify_sequence_number) for e in await events(d, some)] == [3]
            await d.restart()
