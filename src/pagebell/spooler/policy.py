"""The limits and habits of a spooler: every length, count and wait that a peer could stretch."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class OnRecovery(enum.StrEnum):
    """What becomes of a job that was printing when the server went down."""

    REPRINT = "reprint"
    HOLD = "hold"


class OnSourceFailure(enum.StrEnum):
    """What becomes of the jobs that a source of dialogs holds when it fails."""

    HOLD = "hold"
    GO_ON = "go-on"


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in seconds, sizes in octets."""

    on_recovery: OnRecovery = OnRecovery.REPRINT
    on_source_failure: OnSourceFailure = OnSourceFailure.HOLD
    max_document: int = 16 * 2**30
    max_documents_per_job: int = 1000
    max_active_jobs: int = 100_000
    max_subscriptions: int = 100_000
    open_job_timeout: float = 300.0
    """How long a job waits for its next document before it is aborted (IPP multiple-operation-time-out)."""
    announce_after: int = 2**20
    """A job becomes visible when its first document is stored, or when so much of it has arrived."""
    keep_documents: float = 86_400.0
    """How long the documents of finished jobs stay on disk, for Restart-Job."""
    history_jobs: int = 100_000
    """How many finished jobs are remembered; the oldest are forgotten first, with their documents."""
    history_age: float = 90 * 86_400.0
    """How long a finished job is remembered."""
    time_zone: str = ""
    """Whose clock job-hold-until's times are of (IANA's name); empty for the machine's."""
    event_life: float = 300.0
    """How long events are kept at least (RFC 3996 ippget-event-life)."""
    max_events: int = 1_000_000
    """Beyond so many, the oldest leave the log before their time."""
    max_readers: int = 2_000
    """Readers of /events at one time."""
    max_settings_octets: int = 4 * 2**20
    """What front ends may keep for their clients, such as printer data: of each printer, and of the server."""
    max_resources: int = 1_000
    """Images, colour profiles and strings (PWG 5100.22), those that were over lately among them."""
    max_resource: int = 16 * 2**20
    max_resources_octets: int = 256 * 2**20
    """All of them together."""
    default_lease: float = 86_400.0
    max_lease: float = 67_108_863.0
    housekeeping: float = 5.0
    """How often leases, time-outs and the log's age are looked after."""
    retry_store: float = 1.0
    """How long the scheduler waits before it writes again after the disk was full."""
