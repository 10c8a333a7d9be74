"""Jobs: a unit of work from its submission to its history."""

from __future__ import annotations

from dataclasses import dataclass

from pagebell.model.dialog import Answer
from pagebell.model.document import NO_WISHES, Document, Ticket
from pagebell.model.event import NO_ID, JobId, JobState, JobStatus, PrinterId, PrinterName, ResourceId
from pagebell.model.secret import JobPassword

DEFAULT_PRIORITY = 50
"""RFC 8011 5.2.1: 1 is the lowest, 100 the highest."""


@dataclass(frozen=True, slots=True)
class Property:
    """Something that a program has noted about a job; nothing follows from it here."""

    name: str
    """Names do not differ by case."""
    value: str | int = ""
    width: int = 0
    """Bits of a number."""
    octets: bytes | None = None
    """In place of a value."""


MOST_PROPERTIES = 64


@dataclass(frozen=True, slots=True)
class ClientProgram:
    """A program by which a job was sent, in its own words (IPP client-info); nothing follows from it."""

    name: str
    version: bytes = b""
    version_text: str = ""
    patches: str = ""
    kind: int | None = None
    """IPP client-type."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """What the source that prints a job has done with it: printed something, or had an answer.

    One that says nothing has begun to print and not come to its end.
    """

    out: int | None = None
    """Pages that were out in all when it was printed."""
    answer: Answer | None = None
    again: bool = False
    """The answer was a secret, and is not kept: who wants it must ask again."""


UNDER_WAY = Milestone()


@dataclass(frozen=True, slots=True)
class Job:
    """One job. Values only: `pagebell.model.lifecycle` makes its next version.

    Times are in seconds since 1970. `version` counts the stored versions: the store refuses a change
    that was made from an old one.
    """

    id: JobId
    uuid: str
    printer: PrinterName
    """No job outlives its printer: it is the one that has that name now, and whose id is `printer_id`."""
    name: str
    owner: str
    created: float
    state: JobState
    reasons: frozenset[str] = frozenset()
    message: str = ""
    """What became of it, in plain words; empty where the state and reasons say it all."""
    host: str = ""
    """Where it came from (IPP job-originating-host-name)."""
    ticket: Ticket = NO_WISHES
    password: JobPassword | None = None
    """What its owner must type before it is printed, where a source asks for it."""
    documents: tuple[Document, ...] = ()
    open: bool = False
    """More documents may come (IPP Create-Job before the last Send-Document)."""
    processing_at: float | None = None
    completed_at: float | None = None
    impressions: int | None = None
    """Pages in all, copies included; None where nobody can say."""
    impressions_completed: int = 0
    priority: int = DEFAULT_PRIORITY
    rank: float = 0.0
    """Its place among the jobs of its priority, lower first; 0: by its id."""
    hold_until: float | None = None
    """When it is released by the clock; None for a job that is not held, or until somebody says so."""
    resumed: int | None = None
    """Pages that were out when it was suspended, once it goes on (RFC 3998 4.3.2)."""
    operator_message: str = ""
    """Words of an operator to its owner (IPP job-message-from-operator)."""
    proved: bool = False
    """Its proof copies have been printed (PWG 5100.11 proof-print)."""
    touched: float = 0.0
    """When its client was last heard of, for the time-out of open jobs."""
    purging: bool = False
    """To be forgotten as soon as it is final."""
    charset: str = "utf-8"
    language: str = "en"
    properties: tuple[Property, ...] = ()
    clients: tuple[ClientProgram, ...] = ()
    owner_uri: str = ""
    """The owner as the client named them beside `owner` (IPP job-originating-user-uri)."""
    resources: tuple[ResourceId, ...] = ()
    """Of its printer's, those that were allocated to it (PWG 5100.22 8.2)."""
    milestones: tuple[Milestone, ...] | None = None
    """How far the source is that prints it (spooler/press.py); None where no source does."""
    printer_id: PrinterId = NO_ID
    version: int = 1

    @property
    def octets(self) -> int:
        """Size of its documents."""
        return sum(document.octets for document in self.documents)

    @property
    def allocated(self) -> frozenset[ResourceId]:
        """The resources that it uses, for itself or for its documents."""
        return frozenset(self.resources).union(*(document.resources for document in self.documents))

    @property
    def printable(self) -> tuple[Document, ...]:
        """Its documents without those that were cancelled."""
        return tuple(document for document in self.documents if not document.canceled)

    @property
    def is_stopping(self) -> bool:
        """Cancelled, but its device has not come to a stop yet."""
        return "processing-to-stop-point" in self.reasons

    @property
    def is_suspended(self) -> bool:
        """Taken off its device so that others are printed first (RFC 3998 4.3)."""
        return "job-suspended" in self.reasons

    @property
    def is_on_device(self) -> bool:
        """Being printed, also while its printer stands still."""
        return (
            self.state in (JobState.PROCESSING, JobState.PROCESSING_STOPPED)
            and "job-suspended" not in self.reasons
        )

    @property
    def rests(self) -> bool:
        """Between two steps of the source that prints it: none of it is on its way to the paper."""
        return self.milestones is not None and UNDER_WAY not in self.milestones

    @property
    def out(self) -> int:
        """Pages that need not be printed again when it is taken up once more."""
        if self.resumed is not None:
            return self.resumed
        return max((one.out or 0 for one in self.milestones or ()), default=0) if self.rests else 0

    @property
    def place(self) -> tuple[bool, int, float, int]:
        """Sorts jobs as they are printed: on the device, by priority (RFC 8011 5.2.1), by rank, first come."""
        return (not self.is_on_device, -self.priority, self.rank or float(self.id), self.id)

    def status(self) -> JobStatus:
        """What an event tells of it."""
        return JobStatus(
            state=self.state,
            reasons=self.reasons,
            message=self.message,
            name=self.name,
            owner=self.owner,
            impressions=self.impressions,
            impressions_completed=self.impressions_completed,
        )
