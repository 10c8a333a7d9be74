"""Both sides on a printer that prints one: the fronts, a question, the backs.

[sources.manual-duplex]
printers = ["Office"]
reverse = true          # backs begin with the last sheet: for printers that stack the pages face up
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pagebell.model.dialog import CANCEL, OK, Question
from pagebell.model.document import PageSet
from pagebell.model.event import PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Capabilities
from pagebell.sources.settings import EVERY, SourceSettings, is_for, read
from pagebell.spooler.ports import JobCanceled
from pagebell.spooler.sources import Conduct, Desk, Press

PDF = "application/pdf"
LONG, SHORT = "two-sided-long-edge", "two-sided-short-edge"
_EDGE = {LONG: "long", SHORT: "short"}


class ManualDuplexSettings(SourceSettings, frozen=True):
    """`[sources.manual-duplex]`: both sides on printers that print one."""

    printers: tuple[str, ...] = (EVERY,)
    """The names of the printers that it is for; "*" stands for all."""
    reverse: bool = False
    """The backs begin with the last sheet: for printers that stack their pages face up."""


class ManualDuplex:
    """Claims two sides for one-sided printers of PDF, and prints them in two passes."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        given = read(settings, ManualDuplexSettings)
        self._printers = given.printers
        self._backs = PageSet.BACKS_REVERSED if given.reverse else PageSet.BACKS

    def widen(self, printer: PrinterName, capabilities: Capabilities) -> Capabilities:
        """Two sides, where there is one."""
        if not is_for(self._printers, printer) or not _is_one_sided(capabilities):
            return capabilities
        return replace(capabilities, sides=(*capabilities.sides, LONG, SHORT))

    def holds(self, job: Job) -> str | None:
        """Nothing: it asks while the job prints."""
        return None

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        """Two passes for a job that wants two sides of more than one page."""
        if job.ticket.sides not in _EDGE or not is_for(self._printers, job.printer):
            return None
        if not _is_one_sided(device) or any(document.format != PDF for document in job.printable):
            return None
        return None if job.impressions == 1 else self._print

    async def run(self, desk: Desk) -> None:
        """Nothing to do between jobs."""

    async def _print(self, press: Press) -> None:
        ticket = press.job.ticket
        edge = _EDGE[ticket.sides or LONG]
        await press.print(replace(ticket, page_set=PageSet.FRONTS))
        question = Question(
            "Second sides",
            f"Turn the printed pages of {press.job.name} over along their {edge} edge and put them back into the "
            "tray. Then choose OK to print the second sides.",
            (OK, CANCEL),
        )
        if (await press.ask(question)).choice == CANCEL:
            raise JobCanceled("Cancelled before the second sides.")
        await press.print(replace(ticket, page_set=self._backs))


def _is_one_sided(capabilities: Capabilities) -> bool:
    return PDF in capabilities.formats and LONG not in capabilities.sides
