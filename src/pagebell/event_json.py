"""An event in JSON, the same wherever it is told: in webhooks, in server-sent events and by the JSON API."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum

import msgspec

from pagebell.model.event import Event
from pagebell.model.wording import event_text, language_for


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it was right after an event."""

    id: int
    state: str
    """IPP's job-state keyword, such as `completed`."""
    state_reasons: list[str]
    state_message: str
    name: str
    owner: str
    impressions: int | None
    """Pages in all; null where nobody can say."""
    impressions_completed: int


class PrinterView(msgspec.Struct, frozen=True, kw_only=True):
    """A printer as it was right after an event."""

    state: str
    """IPP's printer-state keyword, such as `idle`."""
    state_reasons: list[str]
    state_message: str
    accepting_jobs: bool


class ServerView(msgspec.Struct, frozen=True, kw_only=True):
    """The server as a whole, as it was right after an event."""

    state: str
    """IPP's system-state keyword, such as `idle`."""
    state_reasons: list[str]


class ResourceView(msgspec.Struct, frozen=True, kw_only=True):
    """A resource as it was right after an event."""

    id: int
    name: str
    state: str
    """IPP's resource-state keyword, such as `installed`."""
    state_reasons: list[str]
    state_message: str


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, to whom, and how things were right after it."""

    event: str
    """IPP's notify-events keyword, such as `job-completed`."""
    time: str
    """RFC 3339, in UTC."""
    printer: str | None
    """Null in events of the server itself and of resources."""
    text: str
    """The event for people."""
    language: str
    """What `text` is written in."""
    job: JobView | None = None
    """In events of a job."""
    printer_status: PrinterView | None = None
    """In events of a printer."""
    server: ServerView | None = None
    """In events of the server itself."""
    resource: ResourceView | None = None
    """In events of a resource."""


def event_view(event: Event, language: str = "en", reader: str | None = None) -> EventView:
    """The event for people of that language, or the nearest there is; `reader` hears also what is for them alone."""
    job, printer, server = event.job_status, event.printer_status, event.system_status
    return EventView(
        event=event.kind.value,
        time=timestamp(event.at),
        printer=event.printer or None,
        text=event_text(event, language, reader),
        language=language_for(language),
        job=None
        if job is None or event.job is None
        else JobView(
            id=event.job,
            state=keyword(job.state),
            state_reasons=sorted(job.reasons),
            state_message=job.message,
            name=job.name,
            owner=job.owner,
            impressions=job.impressions,
            impressions_completed=job.impressions_completed,
        ),
        printer_status=None
        if printer is None
        else PrinterView(
            state=keyword(printer.state),
            state_reasons=sorted(printer.reasons),
            state_message=printer.message,
            accepting_jobs=printer.accepting,
        ),
        server=None
        if server is None
        else ServerView(state=keyword(server.state), state_reasons=sorted(server.reasons)),
        resource=_resource(event),
    )


def _resource(event: Event) -> ResourceView | None:
    status = event.resource_status
    if status is None or event.resource is None:
        return None
    return ResourceView(
        id=event.resource,
        name=status.name,
        state=keyword(status.state),
        state_reasons=sorted(status.reasons),
        state_message=status.message,
    )


def keyword(state: Enum) -> str:
    """A state as IPP calls it."""
    return state.name.lower().replace("_", "-")


def timestamp(at: float) -> str:
    """Seconds since 1970 as RFC 3339 has them, in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
