"""Jobs, printers, subscriptions and the event log, kept in whole transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pagebell.model.document import DocumentKey
from pagebell.model.event import NO_ID, Event, EventKind, JobId, JobState, PrinterId, PrinterName, ResourceId
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.model.resource import Resource
from pagebell.model.subscription import Scope, Subscription, SubscriptionId
from pagebell.model.system import UNDESCRIBED, SystemDescription
from pagebell.spooler.ports.documents import Content


class Conflict(Exception):
    """The change was made from a version that is no longer the stored one: read again and decide again."""


@dataclass(frozen=True, slots=True)
class Change:
    """A unit of work: all of it is stored, durably, or nothing.

    A job, printer or resource of version 1 is inserted; any other replaces the version just before it. Subscriptions
    have no versions: of two that renew one, the later wins; one that is gone is not renewed (Conflict).

    What is about something is stored only where that is: a job and a new subscription at their printers, a new
    subscription at its resource, a setting with the printer that owns it; the default printer is one that is there; no
    printer goes before its last job, and no job that lives. Whatever came too late is a Conflict.
    """

    jobs: tuple[Job, ...] = ()
    printers: tuple[Printer, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    renewed: tuple[Subscription, ...] = ()
    events: tuple[Event, ...] = ()
    """With seq 0: the store numbers them, each higher than all before."""
    gone_jobs: tuple[JobId, ...] = ()
    gone_printers: tuple[PrinterName, ...] = ()
    gone_subscriptions: tuple[SubscriptionId, ...] = ()
    trim: int = 0
    """Events up to this number leave the log."""
    counts: tuple[Count, ...] = ()
    """Of what was trimmed, new; those of a job that has lost its subscriptions since they were made are ignored."""
    bases: tuple[Base, ...] = ()
    """Of subscriptions, if they still exist."""
    default_printer: PrinterName | None = None
    """NO_PRINTER: there is none any more."""
    system: SystemDescription | None = None
    delivered: tuple[tuple[SubscriptionId, int], ...] = ()
    """Up to which number notifications have been taken to recipients; those of unknown subscriptions are ignored."""
    contents: tuple[Content, ...] = ()
    gone_contents: tuple[DocumentKey, ...] = ()
    settings: tuple[Setting, ...] = ()
    resources: tuple[Resource, ...] = ()
    gone_resources: tuple[ResourceId, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """Octets that a front end keeps for its clients, by owner, section and name.

    The spooler looks at none of it; what a printer owns goes with the printer.
    """

    owner: str
    """A printer's name; empty for the server's own."""
    section: str
    name: str
    octets: bytes | None
    """None: there is no such setting any more."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many events of a kind have left the log within a scope, 0 to be forgotten; a job's since it was `born`."""

    scope: Scope
    kind: EventKind
    trimmed: int
    born: int = 0
    """The newest event's number when the job got the first of its subscriptions; it ends with the last."""


@dataclass(frozen=True, slots=True)
class Base:
    """Where a subscription's numbers begin, stored before events leave the log that came after it.

    `count` is how many matches there had been when it came; with a `notify-time-interval`: how many of its own
    have left the log, the newest of progress at `paced_at`.
    """

    subscription: SubscriptionId
    count: int
    paced_at: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the spooler needs to know at start."""

    printers: tuple[Printer, ...] = ()
    active: tuple[Job, ...] = ()
    """Jobs in no final state."""
    subscriptions: tuple[Subscription, ...] = ()
    births: tuple[tuple[JobId, int], ...] = ()
    """Of the jobs that have subscriptions: see `Count.born`."""
    counts: tuple[Count, ...] = ()
    bases: tuple[Base, ...] = ()
    delivered: tuple[tuple[SubscriptionId, int], ...] = ()
    """How far push deliveries had come."""
    resources: tuple[Resource, ...] = ()
    last_printer: PrinterId = NO_ID
    """The newest printer's id, also when that is gone."""
    last_job: int = 0
    last_subscription: int = 0
    last_resource: int = 0
    first_event: int | None = None
    """The oldest in the log; None if it is empty."""
    last_event: int = 0
    """The newest that ever was."""
    default_printer: PrinterName | None = None
    system: SystemDescription = UNDESCRIBED
    settings: tuple[Setting, ...] = ()
    uuid: str = ""
    """Of the server, for as long as the store lives."""


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs, in which order: living ones in the order of printing, finished ones newest first."""

    finished: bool | None = False
    """None for both, the living ones first: only the spooler answers that, stores hold one or the other."""
    printer: PrinterName | None = None
    owner: str | None = None
    states: frozenset[JobState] | None = None
    completed_after: float | None = None
    completed_before: float | None = None
    """Finished from that time on, and before that time; seconds since 1970."""
    limit: int = 1000
    offset: int = 0


Committed = Callable[[Change], None]
"""Hears of each stored change, its events numbered, in the order of storing, in the event loop's thread."""


class Store(Protocol):
    """Jobs, printers, subscriptions and the event log, in whole transactions."""

    async def open(self, committed: Committed) -> Snapshot:
        """Make ready; `committed` hears of each change before the `commit` that made it returns."""
        ...

    async def commit(self, change: Change) -> None:
        """Store all of `change` durably. Raises Conflict, or NoRoom when the disk is full."""
        ...

    async def jobs(self, query: JobQuery | Sequence[JobId]) -> list[Job]:
        """Jobs by query or by id (those that exist)."""
        ...

    async def events(self, numbers: range | Sequence[int]) -> list[Event]:
        """The events of the log with these numbers, in order; those trimmed are left out."""
        ...

    async def close(self) -> None:
        """Finish what was begun and let go of everything."""
        ...


class Contents(Protocol):
    """Where the contents are that changes carried into the store."""

    async def content(self, key: DocumentKey) -> bytes | None:
        """The octets, None if there are none by that key."""
        ...

    async def content_keys(self) -> set[DocumentKey]:
        """The keys of all."""
        ...

    async def commit(self, change: Change) -> None:
        """As `Store.commit`: contents come and go with changes."""
        ...
