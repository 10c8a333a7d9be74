"""What each printer has printed since the server started: pages and octets."""

from __future__ import annotations

from dataclasses import dataclass, field

from pagebell.model.event import JobId, JobState, PrinterName
from pagebell.spooler.ports import Change


@dataclass(slots=True)
class Tally:
    """Counts by printer; it hears of each change that is stored."""

    _pages: dict[PrinterName, int] = field(default_factory=dict)
    _octets: dict[PrinterName, int] = field(default_factory=dict)
    _seen: dict[JobId, int] = field(default_factory=dict)
    """Pages of the jobs that are being printed."""

    def pages(self, printer: PrinterName) -> int:
        """Pages that are out."""
        return self._pages.get(printer, 0)

    def octets(self, printer: PrinterName) -> int:
        """Octets of jobs that are completed."""
        return self._octets.get(printer, 0)

    def committed(self, change: Change) -> None:
        """Count what is new."""
        for job in change.jobs:
            new = job.impressions_completed - self._seen.get(job.id, 0)
            if new > 0:
                self._pages[job.printer] = self.pages(job.printer) + new
            if not job.state.is_final:
                if job.impressions_completed:
                    self._seen[job.id] = job.impressions_completed
                else:
                    self._seen.pop(job.id, None)
            elif any(event.job == job.id for event in change.events):
                self._seen.pop(job.id, None)
                if job.state is JobState.COMPLETED:
                    self._octets[job.printer] = self.octets(job.printer) + job.octets
        for name in change.gone_printers:
            self._pages.pop(name, None)
            self._octets.pop(name, None)
