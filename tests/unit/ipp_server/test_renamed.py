"""What is told was told: events keep the names of their time, and those after a change have the new ones."""

from __future__ import annotations

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Group, GroupTag, Message, encode
from pagebell.ipp.registry import Op
from pagebell.model.access import SYSTEM
from pagebell.model.event import JobId, ResourceId
from pagebell.spooler.printers import PrinterWish
from tests.asking import job_group, subscription_group
from tests.unit.ipp_server.door import ADMIN, P1, Door
from tests.unit.ipp_server.subscribing import SYSTEM_URI, fetch, number_of, subscribe
from tests.unit.ipp_server.test_waiting import Waiter

HEARD = ("job-state-changed", "job-config-changed", "printer-state-changed", "printer-config-changed")
OF_SYSTEM = (*HEARD, "resource-state-changed", "resource-config-changed")


async def happen(d: Door) -> None:
    """Something befalls the printer, the job and the resource."""
    await d.spooler.printers.pause(d.printer.name, SYSTEM)
    await d.spooler.printers.resume(d.printer.name, SYSTEM)
    await d.spooler.jobs.release(JobId(1), SYSTEM)
    await d.spooler.jobs.hold(JobId(1), SYSTEM)
    await d.clock.settle()


async def rename(d: Door) -> None:
    wish = PrinterWish(alias="Front Desk", info="Laser by the door")
    await d.spooler.printers.change(d.printer.name, wish, SYSTEM)
    groups = [job_group(r.job_name("Novel"))]
    await d.ask(Op.SET_JOB_ATTRIBUTES, r.job_id(1), groups=groups)
    named = [Group.of(GroupTag.RESOURCE, r.resource_name("Crest"))]
    await d.ask(Op.SET_RESOURCE_ATTRIBUTES, r.resource_id(1), path=SYSTEM_URI, groups=named, user=ADMIN)
    await d.clock.settle()


def groups_of(*messages: Message) -> list[Group]:
    return [group for message in messages for group in message.groups_of(GroupTag.EVENT_NOTIFICATION)]


def octets(groups: list[Group]) -> list[bytes]:
    return [encode(Message((2, 0), 0, 1, [group])) for group in groups]


def names(groups: list[Group]) -> set[str]:
    """All that somebody or something is called in them."""
    text = " ".join(str(group.get(r.notify_text)) for group in groups)
    found = {name for name in ("Logo", "Crest") if f"({name})" in text}
    found |= {str(group.get(r.job_name)) for group in groups if group.get(r.job_name) is not None}
    return found | {
        str(group.get(r.notify_printer_uri)).rpartition("/")[2]
        for group in groups
        if r.notify_printer_uri.name in group
    }


@pytest.mark.parametrize("language", ["en", "de"])
async def test_renamed_things_have_their_old_names_in_old_events(language: str) -> None:
    """A printer's further name and its description change nothing: events name it as its URI does."""
    async with Door() as d:
        await d.held()
        speaking = r.notify_natural_language(language)
        everything = await subscribe(d, r.notify_events(*OF_SYSTEM), speaking, path=SYSTEM_URI)
        of_printer = await subscribe(d, r.notify_events(*HEARD), speaking, path=P1)
        await d.spooler.resources.create("static-image", SYSTEM, name="Logo")
        async with Waiter(d, number_of(everything)) as waiter:
            await happen(d)
            before = groups_of(await fetch(d, everything)), groups_of(await fetch(d, of_printer))
            assert names(before[0]) == {"Untitled", "Logo", "p1"}
            assert names(before[1]) == {"Untitled", "p1"}
            await rename(d)
            await happen(d)
            await d.spooler.resources.cancel(ResourceId(1), SYSTEM)
            await d.clock.settle()
            for subscription, old in zip((everything, of_printer), before, strict=True):
                now = groups_of(await fetch(d, subscription))
                assert octets(now[: len(old)]) == octets(old), "what was told stays as it was"
                renamed = {"Novel", "p1"} | ({"Crest"} if subscription is everything else set())
                assert names(now[len(old) :]) == renamed
            heard = groups_of(waiter.first, *waiter.at_once, *waiter.woken)
            assert octets(heard) == octets(groups_of(await fetch(d, everything)))


async def test_what_is_carried_besides_is_as_it_is_when_it_is_read() -> None:
    """RFC 3995 5.3.4 leaves it open when; a description that an event does not record is told as it is now."""
    async with Door() as d:
        group = subscription_group(
            r.notify_events("printer-state-changed"), r.notify_attributes("printer-info")
        )
        answer = await d.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[group])
        made = answer.groups_of(GroupTag.SUBSCRIPTION)[0]
        async with Waiter(d, number_of(made)) as waiter:
            for info in ("Laser", "Ink"):
                await d.spooler.printers.change(d.printer.name, PrinterWish(info=info), SYSTEM)
                await d.spooler.printers.pause(d.printer.name, SYSTEM)
                await d.spooler.printers.resume(d.printer.name, SYSTEM)
                await d.clock.settle()
            heard = [group.get(r.printer_info) for group in groups_of(*waiter.at_once, *waiter.woken)]
        assert heard == ["Laser", "Laser", "Ink", "Ink"]
        read = [group.get(r.printer_info) for group in groups_of(await fetch(d, made))]
        assert read == ["Ink"] * 4
