"""Events as people and programs read them: a line each, in words or as JSON."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from rich.console import Console
from rich.text import Text

from pagebell.cli.console import is_live, print_json
from pagebell.cli.progress import Display, Tone, display
from pagebell.cli.questions import Prompt
from pagebell.cli.text import plain_text
from pagebell.cli.words import is_troubled, outcome, printer_state, progress
from pagebell.ipp import registry as r
from pagebell.ipp.events import Gap
from pagebell.ipp.follow import Feedback, JobUpdate
from pagebell.ipp.notices import CLOSED, NOTICE, OPENED
from pagebell.ipp.registry import JobState, SystemState
from pagebell.ipp.results import UNSET, JobInfo, Notification, PrinterInfo

_SPOKEN: Final = {
    "job-config-changed": "It was changed.",
    "printer-queue-order-changed": "The order of its jobs changed.",
    "printer-config-changed": "Its settings changed.",
    "printer-media-changed": "Its paper changed.",
    "printer-finishings-changed": "Its finishings changed.",
    "printer-created": "The printer was added.",
    "printer-deleted": "The printer was removed.",
    "system-restarted": "The server has been restarted.",
    "system-shutdown": "The server is shutting down.",
    "system-config-changed": "The server's settings changed.",
    "system-stopped": "All printers are stopped.",
}
"""Events that tell no state, in words."""
_OF_RESOURCES: Final = {
    "resource-created": "was made",
    "resource-installed": "was installed",
    "resource-canceled": "was cancelled",
    "resource-config-changed": "was described anew",
    "resource-state-changed": "is in another state",
}
_OF_SERVERS: Final = {
    SystemState.IDLE: "is idle",
    SystemState.PROCESSING: "is printing",
    SystemState.STOPPED: "has stopped",
}
_MOST_JOBS: Final = 10_000
"""Jobs to know at a time."""


class Report(Protocol):
    """Where events are told."""

    def tell(self, happening: Notification | Gap) -> None:
        """Something happened."""

    def connection(self, problem: str) -> None:
        """The connection is lost, and why; or it is back."""

    def outcome(self, job: JobInfo) -> None:
        """What became of the job that was watched."""


class JsonLines:
    """One object a line."""

    def tell(self, happening: Notification | Gap) -> None:
        """Write the event, or {"event": "gap"}."""
        if isinstance(happening, Gap):
            _write({"event": "gap", "missed": happening.missed})
        else:
            _write(described(happening))

    def connection(self, problem: str) -> None:
        """Write {"event": "connection-lost"} or {"event": "connection-restored"}."""
        _write(
            {"event": "connection-lost", "reason": problem} if problem else {"event": "connection-restored"}
        )

    def outcome(self, job: JobInfo) -> None:
        """Write {"event": "outcome"}: the job as it is in the end."""
        _write(
            {
                "event": "outcome",
                "job": job.id,
                "job_name": job.name,
                "job_state": job.state.keyword,
                "job_state_reasons": job.reasons,
                "impressions_completed": job.impressions_completed,
            }
        )


def described(event: Notification) -> dict[str, object]:
    """An event for programs; what its server does not tell is left out."""
    raw = event.raw
    job, printer = JobInfo.of(raw), PrinterInfo.of(raw)
    told: dict[str, object] = {
        "event": event.event,
        "sequence": event.sequence or None,
        "subscription": event.subscription or None,
        "time": None if event.when is None else event.when.isoformat(),
        "printer": event.printer_name,
        "printer_uri": event.printer_uri,
        "printer_state": None if printer.state is None else printer.state.keyword,
        "printer_state_reasons": printer.reasons if r.printer_state_reasons.name in raw else None,
        "accepting": printer.accepting,
        "job": event.job_id,
        "job_name": job.name,
        "job_state": None if job.state is UNSET else job.state.keyword,
        "job_state_reasons": job.reasons if r.job_state_reasons.name in raw else None,
        "impressions": job.impressions,
        "impressions_completed": job.impressions_completed,
        "text": event.text,
    }
    return {key: value for key, value in told.items() if value is not None and value != ""}


def _write(told: dict[str, object]) -> None:
    print_json(told)


@dataclass(slots=True)
class Log:
    """A line each for people; on a terminal, a job's progress is drawn over."""

    terminal: Console
    _passing: int | None = None
    _final: int | None = None
    _jobs: dict[int, JobInfo] = field(default_factory=dict)
    """Those that are not final, with all that was told of them."""
    _told: dict[str, str] = field(default_factory=dict)
    """The last words about each printer: what people do not see is no news."""
    asks: bool = False
    """Questions are asked here."""
    _width: int = 0
    _asking: Display | None = None

    def note(self, text: str) -> None:
        """Write what somebody says."""
        self._line(datetime.now().astimezone(), Tone.TROUBLE, "", text)

    def prompt(self, prompt: Prompt | None) -> None:
        """What is asked stands below all lines while it is asked."""
        if self._asking is None and prompt is not None:
            self._asking = display(self.terminal).__enter__()
        if self._asking is not None:
            self._asking.prompt(prompt)
            if prompt is None:
                self._asking.__exit__(None, None, None)
                self._asking = None

    def tell(self, happening: Notification | Gap) -> None:
        """Write the event's time, place and meaning."""
        if isinstance(happening, Gap):
            self._line(datetime.now().astimezone(), Tone.TROUBLE, "", happening.text)
            return
        job = self._job(happening)
        tone, text = meaning(happening, job)
        if happening.event == OPENED and not self.asks:
            text = f"{text} Answer with: pagebell dialogs answer"
        place = happening.printer_name
        if job is not None:
            place = f"{place}  {job.id} {plain_text(job.name).rstrip('.')}".rstrip()
        elif happening.event.startswith("printer-state") and self._told.get(place) == text:
            return
        else:
            self._told[place] = text
        passing = happening.job_id if happening.event == "job-progress" else None
        self._line((happening.when or datetime.now()).astimezone(), tone, place, text, passing)

    def connection(self, problem: str) -> None:
        """Write that it is lost, or back."""
        text = f"The connection is lost ({problem}); trying again." if problem else "Connected again."
        self._line(datetime.now().astimezone(), Tone.TROUBLE if problem else Tone.GOING, "", text)

    def outcome(self, job: JobInfo) -> None:
        """Write what became of the job, unless an event has told it."""
        if self._final != job.id:
            tone = Tone.DONE if job.state == JobState.COMPLETED else Tone.FAILED
            when = (job.completed or datetime.now()).astimezone()
            name = plain_text(job.name).rstrip(".")
            self._line(when, tone, f"{job.printer_name}  {job.id} {name}".strip(), outcome(job))

    def _job(self, event: Notification) -> JobInfo | None:
        """The job of an event, as far as it is known by now."""
        if event.job_id is None:
            return None
        job = self._jobs.get(event.job_id, JobInfo(event.job_id)).merged(event)
        self._jobs[job.id] = job
        if job.is_final:
            self._final = self._jobs.pop(job.id).id
        elif len(self._jobs) > _MOST_JOBS:
            self._jobs.pop(next(iter(self._jobs)))
        return job

    def _line(self, when: datetime, tone: Tone, place: str, text: str, passing: int | None = None) -> None:
        ascii_only = not (self.terminal.encoding or "").lower().startswith("utf")
        self._width = max(self._width, min(len(place), 40))
        line = Text.assemble(
            (f"{when:%H:%M:%S}", "dim"),
            " ",
            (tone.mark(ascii_only), tone.style),
            " ",
            place.ljust(self._width) + "  " if place else "",
            (text, tone.style),
        )
        over = passing is not None and passing == self._passing and self._asking is None
        if over and is_live(self.terminal):
            self.terminal.file.write("\x1b[1A\x1b[2K")
        one_row = line.cell_len <= self.terminal.width
        self._passing = passing if one_row else None
        self.terminal.print(line)
        sys.stdout.flush()


def meaning(event: Notification, job: JobInfo | None) -> tuple[Tone, str]:
    """An event in plain words, and how grave it is; ``job`` is its job as it stands with it."""
    known = _SPOKEN.get(event.event)
    if known is not None:
        return Tone.GOING, known
    resource, server = event.raw.get(r.notify_resource_id), event.raw.get(r.system_state)
    if resource is not None and event.event in _OF_RESOURCES:
        return Tone.GOING, f"Resource {resource} {_OF_RESOURCES[event.event]}."
    if server in _OF_SERVERS:
        return Tone.GOING, f"The server {_OF_SERVERS[server]}."
    printer = PrinterInfo.of(event.raw)
    if event.event in (NOTICE, OPENED):
        return Tone.TROUBLE, plain_text(event.text)
    if event.event == CLOSED:
        return Tone.GOING, "The question is closed."
    if job is not None and event.event == "job-completed" and not job.is_final:
        return Tone.UNKNOWN, plain_text(event.text)
    if job is not None and job.state is not UNSET:
        if job.is_final:
            return (Tone.DONE if job.state == JobState.COMPLETED else Tone.FAILED), outcome(job)
        trouble = job.state == JobState.PROCESSING_STOPPED or is_troubled(printer.reasons)
        words = progress(JobUpdate(job, PrinterInfo(""), Feedback.EVENTS))
        return (Tone.TROUBLE if trouble else Tone.GOING), words
    if printer.state is not None:
        words = printer_state(printer).rstrip(".")
        return (
            Tone.TROUBLE if is_troubled(printer.reasons) else Tone.GOING
        ), f"{words[:1].upper()}{words[1:]}."
    return Tone.GOING, plain_text(event.text) or plain_text(event.event)
