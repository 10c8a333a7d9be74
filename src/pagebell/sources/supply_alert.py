"""Tells everybody when a printer's paper or toner runs low or out.

[sources.supply-alert]
printers = ["*"]
low = 10            # percent of toner, ink and the like at which a printer says so that has no word for it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from pagebell.model.dialog import Addressees, Statement
from pagebell.model.event import PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Capabilities, Printer
from pagebell.sources.settings import EVERY, SourceSettings, is_for, read
from pagebell.spooler.sources import Conduct, Desk

_WORDS = {
    "media-low": "Its paper runs low.",
    "media-empty": "It is out of paper.",
    "toner-low": "Its toner runs low.",
    "toner-empty": "It is out of toner.",
    "marker-supply-low": "Its ink or toner runs low.",
    "marker-supply-empty": "It is out of ink or toner.",
}
_SEVERITIES = ("-report", "-warning", "-error")


class SupplyAlertSettings(SourceSettings, frozen=True):
    """`[sources.supply-alert]`: word of paper and toner that run low."""

    printers: tuple[str, ...] = (EVERY,)
    """The names of the printers that it is for; "*" stands for all."""
    low: Annotated[int, msgspec.Meta(ge=0, le=100)] = 10
    """Percent of ink, toner and the like at which that is told of a printer that has no word of its own for it."""


class SupplyAlert:
    """Remembers what each printer lacks, and tells what is new."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        given = read(settings, SupplyAlertSettings)
        self._printers, self._low = given.printers, given.low

    def widen(self, printer: PrinterName, capabilities: Capabilities) -> Capabilities:
        """The printer can do what it could."""
        return capabilities

    def holds(self, job: Job) -> str | None:
        """No job waits for it."""
        return None

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        """Jobs print as ever."""
        return None

    async def run(self, desk: Desk) -> None:
        """Look at the printers whenever something befalls one."""
        known = {printer.name: self._lacks(printer) for printer in desk.printers()}
        async for event in desk.events():
            if event.printer_status is None:
                continue
            for printer in desk.printers():
                if printer.name != event.printer or not is_for(self._printers, printer.name):
                    continue
                lacks = self._lacks(printer)
                for text in sorted(lacks - known.get(printer.name, frozenset())):
                    where = f" ({printer.location})" if printer.location else ""
                    to = Addressees(printer.name)
                    await desk.tell(to, Statement(f"Printer {printer.name}{where}", text))
                known[printer.name] = lacks

    def _lacks(self, printer: Printer) -> frozenset[str]:
        bare = {_without_severity(reason) for reason in printer.reasons}
        told = {text for reason, text in _WORDS.items() if reason in bare}
        has_word = any("toner" in reason or "marker-supply" in reason for reason in bare)
        if not has_word:
            told |= {
                f"Its {supply.description or supply.kind} runs low: {supply.level} percent are left."
                for supply in printer.supplies
                if 0 <= supply.level <= self._low
            }
        return frozenset(told)


def _without_severity(reason: str) -> str:
    for ending in _SEVERITIES:
        reason = reason.removesuffix(ending)
    return reason
