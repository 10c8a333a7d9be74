"""Events: facts that happened, free of any protocol's words."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from pagebell.model.dialog import DialogStatus, Notice
from pagebell.model.names import NO_ID, NO_PRINTER, JobId, PrinterId, PrinterName, ResourceId

__all__ = [
    "NO_ID",
    "NO_PRINTER",
    "RESOURCE_KINDS",
    "SUB_EVENTS",
    "SYSTEM_KINDS",
    "Event",
    "EventKind",
    "JobId",
    "JobState",
    "JobStatus",
    "PrinterId",
    "PrinterName",
    "PrinterState",
    "PrinterStatus",
    "ResourceId",
    "ResourceState",
    "ResourceStatus",
    "SystemStatus",
]


class JobState(enum.IntEnum):
    """RFC 8011 5.3.7"""

    PENDING = 3
    PENDING_HELD = 4
    PROCESSING = 5
    PROCESSING_STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9

    @property
    def is_final(self) -> bool:
        """No printing is to come (RFC 8011's "completed" jobs)."""
        return self >= JobState.CANCELED


class PrinterState(enum.IntEnum):
    """RFC 8011 5.4.11"""

    IDLE = 3
    PROCESSING = 4
    STOPPED = 5


class ResourceState(enum.IntEnum):
    """PWG 5100.22 7.9.11, resource-state"""

    PENDING = 3
    AVAILABLE = 4
    INSTALLED = 5
    CANCELED = 6
    ABORTED = 7


class EventKind(enum.StrEnum):
    """RFC 3995 5.3.3.4, PWG 5100.22 8, and what sources say; an event has the most specific kind that fits."""

    PRINTER_STATE_CHANGED = "printer-state-changed"
    PRINTER_STOPPED = "printer-stopped"
    PRINTER_RESTARTED = "printer-restarted"
    PRINTER_SHUTDOWN = "printer-shutdown"
    PRINTER_CONFIG_CHANGED = "printer-config-changed"
    PRINTER_MEDIA_CHANGED = "printer-media-changed"
    PRINTER_FINISHINGS_CHANGED = "printer-finishings-changed"
    PRINTER_QUEUE_ORDER_CHANGED = "printer-queue-order-changed"
    PRINTER_CREATED = "printer-created"
    PRINTER_DELETED = "printer-deleted"
    JOB_STATE_CHANGED = "job-state-changed"
    JOB_CREATED = "job-created"
    JOB_COMPLETED = "job-completed"
    JOB_STOPPED = "job-stopped"
    JOB_CONFIG_CHANGED = "job-config-changed"
    JOB_PROGRESS = "job-progress"
    NOTICE = "pagebell-notice"
    DIALOG_OPENED = "pagebell-dialog-opened"
    DIALOG_CLOSED = "pagebell-dialog-closed"
    RESOURCE_STATE_CHANGED = "resource-state-changed"
    RESOURCE_CREATED = "resource-created"
    RESOURCE_INSTALLED = "resource-installed"
    RESOURCE_CANCELED = "resource-canceled"
    RESOURCE_CONFIG_CHANGED = "resource-config-changed"
    SYSTEM_STATE_CHANGED = "system-state-changed"
    SYSTEM_STOPPED = "system-stopped"
    SYSTEM_RESTARTED = "system-restarted"
    SYSTEM_SHUTDOWN = "system-shutdown"
    SYSTEM_CONFIG_CHANGED = "system-config-changed"


SUB_EVENTS: dict[EventKind, frozenset[EventKind]] = {
    EventKind.PRINTER_STATE_CHANGED: frozenset(
        {EventKind.PRINTER_STOPPED, EventKind.PRINTER_RESTARTED, EventKind.PRINTER_SHUTDOWN}
    ),
    EventKind.PRINTER_CONFIG_CHANGED: frozenset(
        {EventKind.PRINTER_MEDIA_CHANGED, EventKind.PRINTER_FINISHINGS_CHANGED}
    ),
    EventKind.JOB_STATE_CHANGED: frozenset(
        {EventKind.JOB_CREATED, EventKind.JOB_COMPLETED, EventKind.JOB_STOPPED}
    ),
    EventKind.RESOURCE_STATE_CHANGED: frozenset(
        {EventKind.RESOURCE_CREATED, EventKind.RESOURCE_INSTALLED, EventKind.RESOURCE_CANCELED}
    ),
    EventKind.SYSTEM_STATE_CHANGED: frozenset(
        {EventKind.SYSTEM_STOPPED, EventKind.SYSTEM_RESTARTED, EventKind.SYSTEM_SHUTDOWN}
    ),
}
"""Who asks for the key hears these too (RFC 3995 5.3.3.4)."""
SYSTEM_KINDS: frozenset[EventKind] = frozenset(kind for kind in EventKind if kind.startswith("system-"))
"""What befalls the server itself: only subscriptions of its scope hear of it."""
RESOURCE_KINDS: frozenset[EventKind] = frozenset(kind for kind in EventKind if kind.startswith("resource-"))
"""What befalls resources: subscriptions of one and of the server hear of it."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job as it was right after an event."""

    state: JobState
    reasons: frozenset[str]
    message: str
    name: str
    owner: str
    impressions: int | None
    impressions_completed: int


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """A printer as it was right after an event."""

    state: PrinterState
    reasons: frozenset[str]
    message: str
    accepting: bool
    current: JobId | None = field(default=None, compare=False)
    """The job that it was printing: no news in itself."""


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """The server as a whole: what its printers are together (PWG 5100.22 7.3)."""

    state: PrinterState
    reasons: frozenset[str]


@dataclass(frozen=True, slots=True)
class ResourceStatus:
    """A resource as it was right after an event."""

    state: ResourceState
    reasons: frozenset[str]
    message: str
    name: str


@dataclass(frozen=True, slots=True)
class Event:
    """A fact, the object that it befell, and that object's status right after.

    `seq` is its number in the log: given by the store, rising, 0 before that. `at` is in seconds since 1970.
    """

    kind: EventKind
    at: float
    printer: PrinterName
    """What it is called; `printer_id` is which one it is."""
    job: JobId | None = None
    job_status: JobStatus | None = None
    printer_status: PrinterStatus | None = None
    system_status: SystemStatus | None = None
    resource: ResourceId | None = None
    resource_status: ResourceStatus | None = None
    notice: Notice | None = None
    dialog: DialogStatus | None = None
    changed: tuple[str, ...] = ()
    """Names of the attributes that changed, in the model's words."""
    printer_id: PrinterId | None = None
    """None where the event befell the server itself."""
    seq: int = 0

    def __hash__(self) -> int:
        return self.seq
