"""What the spooler needs of the outside, each as a `typing.Protocol`; adapters are chosen in `pagebell.app`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from pagebell.model.access import Identity, Principal
from pagebell.model.document import Document, DocumentKey, Ticket
from pagebell.model.event import Event, EventKind, JobId, JobState, PrinterName, ResourceId
from pagebell.model.job import Job
from pagebell.model.printer import Capabilities, Printer, Supply
from pagebell.model.resource import Resource
from pagebell.model.subscription import Scope, Subscription, SubscriptionId


class Clock(Protocol):
    """Time comes in by this alone."""

    def now(self) -> float:
        """Seconds since 1970."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when that time has passed."""
        ...


class Conflict(Exception):
    """The change was made from a version that is no longer the stored one: read again and decide again."""


@dataclass(frozen=True, slots=True)
class Change:
    """A unit of work: all of it is stored, durably, or nothing.

    A job, printer or resource of version 1 is inserted; any other replaces the version just before it. Subscriptions
    have no versions: of two that renew one, the later wins; one that is gone is not renewed (Conflict).
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
class Content:
    """The octets of a document that is small enough to be stored with its job, in one sync."""

    key: DocumentKey
    octets: bytes


@dataclass(frozen=True, slots=True)
class Count:
    """How many events of a kind have left the log within a scope; a job's since it was `born`."""

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
    last_job: int = 0
    last_subscription: int = 0
    last_resource: int = 0
    first_event: int | None = None
    """The oldest in the log; None if it is empty."""
    last_event: int = 0
    """The newest that ever was."""
    default_printer: PrinterName | None = None
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


@dataclass(frozen=True, slots=True)
class Stored:
    """What a finished upload was."""

    octets: int
    digest: str
    content: Content | None = None
    """What must go into the transaction that stores the document's row; None if it is on disk already."""


class Upload(Protocol):
    """A document on its way to the document store: nothing of it is visible before `commit`."""

    async def write(self, chunk: bytes) -> None:
        """Take the next octets; returns when more may come (back-pressure). Raises NoRoom."""
        ...

    async def commit(self) -> Stored:
        """Put it on disk for good: when this returns, it survives a crash, or its `content` awaits the
        transaction of its row. Raises NoRoom."""
        ...

    async def abort(self) -> None:
        """Forget it, leaving nothing behind. May be called at any time, also after an error."""
        ...


class DocumentStore(Protocol):
    """The octets of documents."""

    def create(self, key: DocumentKey) -> Upload:
        """Begin an upload."""
        ...

    def read(self, key: DocumentKey) -> AsyncIterator[bytes]:
        """The octets in chunks. Raises Gone if there is no such document."""
        ...

    async def delete(self, keys: Collection[DocumentKey]) -> None:
        """Remove what exists of these."""
        ...

    async def sweep(self, known: Collection[DocumentKey]) -> int:
        """At start: remove everything but `known`; return how many pieces went."""
        ...

    async def path(self, key: DocumentKey) -> Path:
        """A local file with the octets, for workers that need one. Raises Gone, NoRoom."""
        ...


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """What a device says of itself, as printer-state-reasons keywords (with -warning, -error, -report)."""

    stopped: bool = False
    """It can't print until somebody does something."""
    reasons: frozenset[str] = frozenset()
    message: str = ""
    """In plain words, e.g. `Tray 1 is out of paper.`"""
    supplies: tuple[Supply, ...] = ()
    """What it uses up; none if it can't tell."""


class DeviceFailed(Exception):
    """This job can't be printed on this device; `str()` of it tells why, `reasons` are job-state-reasons."""

    def __init__(self, message: str, reasons: frozenset[str] = frozenset({"aborted-by-system"})) -> None:
        super().__init__(message)
        self.reasons = reasons


class JobCanceled(DeviceFailed):
    """Somebody cancelled the job at the device."""

    def __init__(self, message: str, reasons: frozenset[str] = frozenset({"job-canceled-at-device"})) -> None:
        super().__init__(message, reasons)


class JobCutOff(Exception):
    """Nobody can say how much of the job was printed: it is held until somebody decides; `str()` tells why."""


class Work(Protocol):
    """A job as its device sees it."""

    @property
    def job(self) -> Job:
        """The job as it is now."""
        ...

    @property
    def documents(self) -> Sequence[Document]:
        """What to print, in order."""
        ...

    def read(self, document: Document) -> AsyncIterator[bytes]:
        """A document's octets, in chunks; waits while the printer is paused."""
        ...

    async def printed(self, impressions: int) -> None:
        """Report that so many pages are out in all; waits while the printer is paused."""
        ...

    async def remark(self, message: str, reasons: frozenset[str] = frozenset()) -> None:
        """Tell the job's owner at once, and again when it is done: for instance that pages may be out twice."""
        ...


Report = Callable[[DeviceStatus], Awaitable[None]]


class Device(Protocol):
    """Where pages go: one job at a time."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, as far as is known now."""
        ...

    async def watch(self, report: Report) -> None:
        """Report the status whenever it or the capabilities change, for as long as the printer lives."""
        ...

    async def print(self, work: Work) -> None:
        """Print the job; return when its last sheet is out. Raises DeviceFailed.

        Cancelled (as a task), it stops at once and leaves the device ready for the next job.
        """
        ...

    async def identify(self, actions: Collection[str], message: str) -> None:
        """Make the device noticed (PWG 5100.13 Identify-Printer)."""
        ...


@runtime_checkable
class Commandable(Protocol):
    """A device that can be told things by an administrator: a virtual printer to jam, to run out of paper."""

    def command(self, text: str) -> str:
        """Do what the words say; returns its state in words. Raises ValueError that lists the known commands."""
        ...


class DeviceFactory(Protocol):
    """Makes devices of URIs; a plug-in offers one under its URI scheme (entry points `pagebell.devices`)."""

    def __call__(self, uri: str) -> Device:
        """Make the device. Raises ValueError that says what is wrong with the URI."""
        ...


class Directory(Protocol):
    """Who is who: the people that may come in, and what they may do."""

    async def principal(self, who: Identity | None, host: str) -> Principal:
        """Somebody who has proved to be `who` (None: nobody in particular), with the rights that follow."""
        ...

    async def nt_hash(self, name: str) -> bytes | None:
        """What NTLM needs to check a proof; None for somebody unknown. Names do not differ by case."""
        ...

    async def prove(self, name: str, password: str) -> Identity | None:
        """Who that is, if it is the password; an unknown name takes as long as a wrong password."""
        ...

    async def edition(self, name: str) -> str:
        """Another text whenever the user's password may be another."""
        ...

    async def has_passwords(self) -> bool:
        """Whether there is anybody whose password could be checked."""
        ...


class Inspector(Protocol):
    """Looks into documents before they are printed."""

    async def impressions(self, path: Path, format: str) -> int | None:
        """Count the pages; None where the format has none to count.

        Raises DocumentDamaged where it is not what its format says, or can't be read in bounded time and memory.
        """
        ...


class Conversion(Protocol):
    """A document made fit for its device."""

    @property
    def document(self) -> Document:
        """As it is now: its size, digest and pages are the result's."""
        ...

    @property
    def left_out(self) -> int:
        """How many pages were left out at its beginning because they are out already."""
        ...

    def read(self) -> AsyncIterator[bytes]:
        """Its octets, in chunks."""
        ...

    async def remove(self) -> None:
        """It is not needed any more."""
        ...


class Converter(Protocol):
    """Does to documents what their tickets ask for and their devices can't do."""

    def widen(self, capabilities: Capabilities) -> Capabilities:
        """What a device of these capabilities can do with the converter's help."""
        ...

    def takes(self, format: str) -> bool:
        """Whether it can do anything to documents of that MIME type."""
        ...

    async def convert(
        self, path: Path, document: Document, ticket: Ticket, device: Capabilities, leave_out: int = 0
    ) -> Conversion | None:
        """Make it fit for the device, without so many pages that are out; None if it can go there as it is.

        With pages left out, the copies are made here. Raises DocumentDamaged, NoRoom.
        """
        ...

    def settled(self, ticket: Ticket, device: Capabilities) -> Ticket:
        """The ticket without what `convert` has done."""
        ...


class FetchFailed(Exception):
    """The document can't be fetched, or may not be from there; `str()` of it tells why."""


class SchemeRefused(Exception):
    """Documents are not fetched by that URI scheme; `str()` of it says so."""


class Fetcher(Protocol):
    """Fetches documents that clients name."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """URI schemes that it knows; none where nothing may be fetched."""
        ...

    def check(self, uri: str) -> None:
        """Raise SchemeRefused or FetchFailed for what is forbidden whatever is there; connects to nothing."""
        ...

    def fetch(self, uri: str) -> AsyncIterator[bytes]:
        """The octets, in chunks. Raises SchemeRefused, FetchFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes to a subscription's recipient at once."""

    subscription: Subscription
    events: tuple[tuple[int, Event], ...]
    """In order, each with its notify-sequence-number; none where there is nothing to tell but a gap."""
    after: int = 0
    """The recipient has been told of all up to this number."""
    missed: int = 0
    """So many of the next were dropped."""

    @property
    def up_to(self) -> int:
        """Up to which number the recipient knows all that can be known, once it has this."""
        return self.events[-1][0] if self.events else self.after + self.missed


class Undelivered(Exception):
    """The recipient has not taken the parcel; `str()` of it tells why, without anything secret.

    `after`: seconds that the recipient wishes to be left alone. `gone`: it never will take one, so that the
    subscription ends (RFC 3995 9).
    """

    def __init__(self, message: str, *, after: float | None = None, gone: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.gone = gone


class Courier(Protocol):
    """Takes notifications to recipients by some push delivery method (RFC 3995 9); entry points `pagebell.couriers`."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """The URI schemes of its recipients, in small letters."""
        ...

    @property
    def at_once(self) -> int:
        """How many notifications may be in one parcel."""
        ...

    def check(self, uri: str) -> str:
        """The lane to that recipient: a few parcels a lane are under way at one time. Connects to nothing.

        Raises ValueError that says why nothing is taken there.
        """
        ...

    async def deliver(self, parcel: Parcel) -> None:
        """Return when the recipient has taken it, in bounded time. Raises Undelivered."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...


class CourierFactory(Protocol):
    """Makes a courier of its table in the configuration; a plug-in offers one (entry points `pagebell.couriers`)."""

    def __call__(self, settings: Mapping[str, object], folder: Path) -> Courier:
        """Make it; in `folder`, which need not exist, it may keep things. Raises ValueError that names the setting."""
        ...
