"""What a printer tells of itself: what is asked for, and as it is now."""

from __future__ import annotations

from pagebell.ipp import registry as r
from pagebell.ipp.codec import (
    GroupTag,
)
from pagebell.ipp.registry import Op, PrinterState
from pagebell.ipp.registry import Status as S
from pagebell.model.access import SYSTEM
from pagebell.model.event import PrinterName
from pagebell.spooler.printers import PrinterWish
from tests.unit.ipp_server.door import ADMIN, Door, first, status


async def described(d: Door, *names: str) -> set[str]:
    answer = await d.ask(Op.GET_PRINTER_ATTRIBUTES, r.requested_attributes(*names))
    assert status(answer) in (S.SUCCESSFUL_OK, S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES)
    return set(first(answer, GroupTag.PRINTER).attributes)


async def test_attributes_come_by_name_and_by_group(d: Door) -> None:
    assert await described(d, "printer-name", "copies-default") == {"printer-name", "copies-default"}
    every = await described(d, "all")
    parts = [await described(d, f"{of}-template") for of in ("job", "subscription")]
    parts.append(await described(d, "printer-description"))
    assert set.union(*parts) == every
    twice = {name for name in every if sum(name in part for part in parts) > 1}
    assert twice == {  # RFC 3995 has them in table 1, too; each other attribute stands in one group
        *("charset-supported", "generated-natural-language-supported"),
        "notify-max-events-supported",
    }
    for part, name in zip(
        parts, ("sides-supported", "notify-events-supported", "printer-state"), strict=True
    ):
        assert name in part


async def test_media_col_database_comes_only_when_it_is_named(d: Door) -> None:
    assert "media-col-database" not in await described(d, "all")
    assert "media-col-database" in await described(d, "all", "media-col-database")


async def test_printer_tells_its_state(d: Door) -> None:
    await d.waiting()
    await d.ask(Op.PAUSE_PRINTER, user=ADMIN)
    printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
    assert printer.get(r.printer_state) is PrinterState.STOPPED
    assert printer.all(r.printer_state_reasons) == ["paused"]
    assert printer.get(r.queued_job_count) == 2


async def test_description_of_a_printer_is_that_of_its_last_change(d: Door) -> None:
    await d.add("other")
    names = r.requested_attributes("printer-info", "printer-name", "printer-type", "printer-state-message")
    seen = []
    for change in ("", "info", "pause", "default"):
        if change == "info":
            await d.spooler.printers.change(
                d.printer.name, PrinterWish(device=d.printer.device, info="new"), SYSTEM
            )
        elif change == "pause":
            await d.spooler.printers.pause(d.printer.name, SYSTEM)
        elif change == "default":
            await d.spooler.printers.set_default(PrinterName("other"), SYSTEM)
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES, names), GroupTag.PRINTER)
        seen.append([str(told.get(a)) for a in (r.printer_info, r.printer_state_message)])
        other = first(
            await d.ask(Op.GET_PRINTER_ATTRIBUTES, names, path="/ipp/print/other"), GroupTag.PRINTER
        )
        assert (other.get(r.printer_info), other.get(r.printer_name)) == ("other", "other")
        types = [group.get(r.printer_type) or 0 for group in (told, other)]
        assert [bool(bits & 0x20000) for bits in types] == [change != "default", change == "default"]
    assert seen == [
        ["p1", ""],
        ["new", ""],
        ["new", "Paused by an operator."],
        ["new", "Paused by an operator."],
    ]
