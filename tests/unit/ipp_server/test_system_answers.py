"""What PWG 5100.22 (2025) demands that each answer of the System has in it: sections 6.1 to 6.3, one by one."""

from __future__ import annotations

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Group, GroupTag
from pagebell.ipp.registry import Op
from pagebell.model.access import SYSTEM
from pagebell.model.event import PrinterName
from tests.unit.ipp_server.door import ADMIN, Door, door, first
from tests.unit.spooler.test_resources import PNG

AT = "/ipp/system"
CONFIGURED = {
    *("printer-id", "printer-info", "printer-is-accepting-jobs", "printer-name", "printer-service-type"),
    *("printer-state", "printer-state-reasons", "printer-xri-supported"),
}
"""Table 11"""
CONFIGURED_RESOURCE = {
    *("resource-format", "resource-id", "resource-info", "resource-name", "resource-state"),
    *("resource-state-reasons", "resource-type"),
}
"""Table 12; a resource without data has no format yet."""
REQUIRED = {
    *("charset-configured", "charset-supported", "document-format-supported", "ippget-event-life"),
    *("generated-natural-language-supported", "ipp-features-supported", "ipp-versions-supported"),
    *("multiple-document-printers-supported", "natural-language-configured", "operations-supported"),
    *("printer-creation-attributes-supported", "printer-service-type-supported", "system-uuid"),
    *("resource-format-supported", "resource-type-supported", "resource-settable-attributes-supported"),
    *("system-contact-col", "system-current-time", "system-default-printer-id", "system-geo-location"),
    *("system-info", "system-location", "system-make-and-model", "system-mandatory-printer-attributes"),
    *("system-name", "system-settable-attributes-supported", "system-xri-supported", "system-up-time"),
    *("system-config-change-date-time", "system-config-change-time", "system-config-changes"),
    "system-dns-sd-name",
    *("system-state", "system-state-change-date-time", "system-state-change-time", "system-state-reasons"),
    *("notify-attributes-supported", "notify-events-default", "notify-events-supported"),
    *("notify-lease-duration-default", "notify-lease-duration-supported", "notify-max-events-supported"),
    *("notify-pull-method-supported", "system-firmware-name", "system-firmware-patches"),
    *("system-firmware-string-version", "system-firmware-version", "system-time-source-configured"),
    *("xri-authentication-supported", "xri-security-supported", "xri-uri-scheme-supported"),
}
"""Tables 1 and 2, and what else sections 7.2 and 7.3 call REQUIRED."""
EVENTS = {
    *("printer-config-changed", "printer-created", "printer-deleted", "printer-state-changed"),
    *("printer-stopped", "resource-canceled", "resource-config-changed", "resource-created"),
    *("resource-installed", "resource-state-changed", "system-config-changed", "system-restarted"),
    *("system-shutdown", "system-state-changed", "system-stopped"),
}
"""7.2.12"""


async def test_system_tells_all_that_is_required_but_the_long_lists_only_if_asked() -> None:
    """6.3.8.1: all of the System attributes except for system-configured-printers and -resources."""
    async with door() as d:
        told = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, path=AT), GroupTag.SYSTEM)
        assert set(told.attributes) >= REQUIRED
        assert set(told.all(r.notify_events_supported)) >= EVENTS
        assert told.all(r.printer_service_type_supported) == ["print"]
        long = {"system-configured-printers", "system-configured-resources"}
        assert not long & set(told.attributes)
        for asked in ("all", "system-status"):
            answer = await d.ask(Op.GET_SYSTEM_ATTRIBUTES, r.requested_attributes(asked), path=AT)
            assert set(first(answer, GroupTag.SYSTEM).attributes) >= long


async def test_configuration_that_has_not_changed_since_the_start_changed_at_zero() -> None:
    """7.3.7 and 7.3.8."""
    async with door() as d:
        await d.restart()

        async def changes() -> tuple[int | None, int | None]:
            told = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, path=AT), GroupTag.SYSTEM)
            return told.get(r.system_config_changes), told.get(r.system_config_change_time)

        assert await changes() == (0, 0)
        await d.add("p2")
        assert await changes() == (1, int(d.clock.now()))


async def test_printer_counts_what_changed_it_once_each_time() -> None:
    """printer-config-changes, 7.7.1: by one for each operation, not for each attribute."""
    async with door() as d:

        async def changes() -> int | None:
            asked = r.requested_attributes("printer-config-changes")
            told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES, asked), GroupTag.PRINTER)
            return told.get(r.printer_config_changes)

        before = await changes() or 0
        new = Group.of(GroupTag.PRINTER, r.printer_info("Ours"), r.printer_location("Hall"))
        await d.ask(Op.SET_PRINTER_ATTRIBUTES, groups=[new], user=ADMIN)
        assert await changes() == before + 1
        await d.ask(Op.PAUSE_PRINTER, user=ADMIN)
        await d.add("p2")
        assert await changes() == before + 1
        name = PrinterName("p1")
        await d.spooler.printers.remove(name, SYSTEM)
        await d.add("p1")
        assert await changes() == 0


async def test_printers_are_told_as_the_system_lists_them() -> None:
    """6.1.4.1 and 6.1.4.2: only the entry of system-configured-printers, and the UUID.

    pwg5100.22-printers.test wants more, such as printer-location, whatever the text says ("MUST only return").
    """
    async with door() as d:
        told = first(await d.ask(Op.GET_PRINTERS, path=AT), GroupTag.PRINTER)
        assert set(told.attributes) == CONFIGURED | {"printer-uuid"}
        asked = r.requested_attributes("system-configured-printers")
        system = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, asked, path=AT), GroupTag.SYSTEM)
        (listed,) = system.all(r.system_configured_printers)
        assert set(listed) == CONFIGURED


async def test_printers_are_selected_by_what_they_do() -> None:
    """which-printers, 7.1.27."""
    async with door() as d:
        for name in ("paused", "closed", "down"):
            await d.add(name)
        printers = d.spooler.printers
        await printers.pause(PrinterName("paused"), SYSTEM)
        await printers.accept(PrinterName("closed"), False, SYSTEM)
        await printers.shut_down(PrinterName("down"), SYSTEM)
        await d.clock.settle()

        async def found(which: str) -> list[str | None]:
            answer = await d.ask(Op.GET_PRINTERS, r.which_printers(which), path=AT)
            return [group.get(r.printer_name) for group in answer.groups_of(GroupTag.PRINTER)]

        assert await found("all") == ["p1", "paused", "closed", "down"]
        assert await found("accepting") == ["p1"]
        assert await found("not-accepting") == ["closed", "down"]
        assert await found("idle") == ["p1", "closed"]
        assert await found("stopped") == ["paused"]
        assert await found("shutdown") == ["down"]
        assert await found("testing") == []
        await d.printing()
        assert await found("processing") == ["p1"]


@pytest.mark.parametrize("op", [Op.GET_RESOURCES, Op.GET_RESOURCE_ATTRIBUTES, Op.GET_PRINTER_RESOURCES])
async def test_resources_are_told_as_the_system_lists_them(op: Op) -> None:
    """6.1.5.1, 6.2.3.1 and 6.3.7.1: only the entry of system-configured-resources, and the UUID.

    pwg5100.22-resources.test wants everything of Get-Resources, whatever the text says ("MUST only return").
    """
    async with door() as d:
        await a_resource(d)
        await d.ask(Op.ALLOCATE_PRINTER_RESOURCES, r.resource_ids(1), user=ADMIN)
        number = (r.resource_id(1),) if op is Op.GET_RESOURCE_ATTRIBUTES else ()
        at = "/ipp/print/p1" if op is Op.GET_PRINTER_RESOURCES else AT
        told = first(await d.ask(op, *number, path=at), GroupTag.RESOURCE)
        assert set(told.attributes) == CONFIGURED_RESOURCE | {"resource-uuid"}


async def test_supported_values_are_told_as_asked_for() -> None:
    """6.3.9.1: all of the xxx-supported attributes where nothing is asked for."""
    async with door() as d:
        await d.add("p2")
        op = Op.GET_SYSTEM_SUPPORTED_VALUES
        told = first(await d.ask(op, path=AT), GroupTag.SYSTEM)
        every = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, path=AT), GroupTag.SYSTEM)
        supported = {name for name in every.attributes if name.endswith("-supported")}
        assert set(told.attributes) == supported | {"system-default-printer-id"}
        assert told.all(r.system_default_printer_id) == [1, 2]
        one = await d.ask(op, r.requested_attributes("charset-supported"), path=AT)
        assert set(first(one, GroupTag.SYSTEM).attributes) == {"charset-supported"}


async def a_resource(d: Door) -> None:
    """Number 1, an installed image."""
    await d.ask(Op.CREATE_RESOURCE, r.resource_type("static-image"), path=AT, user=ADMIN)
    as_png = r.resource_format("image/png")
    await d.ask(Op.SEND_RESOURCE_DATA, r.resource_id(1), as_png, path=AT, user=ADMIN, data=PNG)
    await d.ask(Op.INSTALL_RESOURCE, r.resource_id(1), path=AT, user=ADMIN)


async def test_state_that_has_not_changed_since_the_start_changed_at_zero() -> None:
    """7.3.28; the date is that of the start, since 7.3.27 has no value for none."""
    async with door() as d:
        await d.restart()
        for changed in (0, int(d.clock.now())):
            told = first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, path=AT), GroupTag.SYSTEM)
            assert told.get(r.system_state_change_time) == changed
            date = told.get(r.system_state_change_date_time)
            assert date is not None and date.timestamp() == int(d.clock.now())
            await d.ask(Op.PAUSE_PRINTER, user=ADMIN)
