"""What servers tell of printers, jobs and events, as typed values with the raw attributes at hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.delivery import DELIVERED, TROUBLE
from pagebell.ipp.message import Group
from pagebell.ipp.registry import JobState, Op, PrinterState
from pagebell.ipp.values import GroupTag

FINAL: Final = frozenset({JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED})
"""States that a job never leaves (RFC 8011 5.3.7)."""

UNSET: Final = JobState(0)
"""The server did not tell the job's state."""


def _no_group() -> Group:
    return Group(GroupTag.JOB)


def _text(group: Group, attr: Attr[str]) -> str:
    """Text without its language; empty where there is none."""
    value = group.get(attr)
    return "" if value is None else str(value)


def _reasons(group: Group, attr: Attr[Any]) -> tuple[str, ...]:
    """Reason keywords without 'none', which stands for an empty set (RFC 8011 5.3.8)."""
    return tuple(str(reason) for reason in group.all(attr) if reason != "none")


def _when(group: Group, date: Attr[datetime], ticks: Attr[int]) -> datetime | None:
    """A point in time, from the date or else from the printer's up-time clock (RFC 8011 5.3.14).

    CUPS and many printers count seconds since 1970 instead of since power-up; small counts are of no use.
    """
    exact = group.get(date)
    if exact is not None:
        return exact
    seconds = group.get(ticks)
    if seconds is None or seconds < 1_000_000_000:
        return None
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True)
class PrinterInfo:
    """A printer as it describes itself (RFC 8011 5.4); empty or None is what it does not tell."""

    uri: str
    name: str = ""
    info: str = ""
    location: str = ""
    make_and_model: str = ""
    state: PrinterState | None = None
    reasons: tuple[str, ...] = ()
    message: str = ""
    accepting: bool | None = None
    queued: int | None = None
    operations: frozenset[Op] = frozenset()
    formats: tuple[str, ...] = ()
    ippget: bool = False
    """It delivers events on request (RFC 3996)."""
    events: frozenset[str] = frozenset()
    device: str = ""
    raw: Group = field(default_factory=_no_group, repr=False, compare=False)

    @classmethod
    def of(cls, group: Group, uri: str = "") -> PrinterInfo:
        """Read a group of printer attributes; ``uri`` where the printer does not tell its own."""
        return cls(
            uri=group.get(r.printer_uri_supported) or uri,
            name=_text(group, r.printer_name),
            info=_text(group, r.printer_info),
            location=_text(group, r.printer_location),
            make_and_model=_text(group, r.printer_make_and_model),
            state=_printer_state(group),
            reasons=_reasons(group, r.printer_state_reasons),
            message=_text(group, r.printer_state_message),
            accepting=group.get(r.printer_is_accepting_jobs),
            queued=group.get(r.queued_job_count),
            operations=frozenset(Op(int(code)) for code in group.all(r.operations_supported)),
            formats=tuple(group.all(r.document_format_supported)),
            ippget="ippget" in group.all(r.notify_pull_method_supported),
            events=frozenset(group.all(r.notify_events_supported)),
            device=group.get(r.device_uri) or "",
            raw=group,
        )

    def offers(self, *operations: Op) -> bool:
        """Whether it says that it supports all of these operations."""
        return self.operations.issuperset(operations)


def _printer_state(group: Group) -> PrinterState | None:
    state = group.get(r.printer_state)
    return None if state is None else PrinterState(int(state))


@dataclass(frozen=True, slots=True)
class JobInfo:
    """A job as its server describes it (RFC 8011 5.3); empty or None is what it does not tell."""

    id: int
    uri: str = ""
    name: str = ""
    owner: str = ""
    printer_uri: str = ""
    state: JobState = UNSET
    reasons: tuple[str, ...] = ()
    message: str = ""
    impressions: int | None = None
    """Pages in all, copies included."""
    impressions_completed: int | None = None
    octets: int | None = None
    """Size of its documents, to a KiB."""
    ahead: int | None = None
    """Jobs that come before it."""
    created: datetime | None = None
    completed: datetime | None = None
    up_time: int | None = field(default=None, compare=False)
    """The printer's clock when it told this, to order what it tells."""
    ignored: tuple[str, ...] = ()
    """What the printer left out of account when it took the job: attribute names."""
    raw: Group = field(default_factory=_no_group, repr=False, compare=False)

    @classmethod
    def of(cls, group: Group, ignored: tuple[str, ...] = ()) -> JobInfo:
        """Read a group of job attributes."""
        state = group.get(r.job_state)
        kilo = group.get(r.job_k_octets)
        return cls(
            id=group.get(r.job_id) or 0,
            uri=group.get(r.job_uri) or "",
            name=_text(group, r.job_name),
            owner=_text(group, r.job_originating_user_name),
            printer_uri=group.get(r.job_printer_uri) or "",
            state=UNSET if state is None else JobState(int(state)),
            reasons=_reasons(group, r.job_state_reasons),
            message=_text(group, r.job_state_message) or _text(group, r.job_printer_state_message),
            impressions=_pages(group),
            impressions_completed=_pages_done(group),
            octets=None if kilo is None else kilo * 1024,
            ahead=group.get(r.number_of_intervening_jobs),
            created=_when(group, r.date_time_at_creation, r.time_at_creation),
            completed=_when(group, r.date_time_at_completed, r.time_at_completed),
            up_time=group.get(r.job_printer_up_time),
            ignored=ignored,
            raw=group,
        )

    @property
    def is_final(self) -> bool:
        """Nothing more becomes of it."""
        return self.state in FINAL

    @property
    def printer_name(self) -> str:
        """The last part of its printer's URI, which CUPS and Pagebell make the queue's name."""
        return self.printer_uri.rstrip("/").rsplit("/", 1)[-1]

    def merged(self, event: Notification) -> JobInfo:
        """This job with what an event about it tells anew.

        What the server told before this picture is left out: a job does not go back, and pages do not come
        out again. A final state stays.
        """
        if event.job_id not in (None, self.id) or self.is_final:
            return self
        if event.up_time is not None and self.up_time is not None and event.up_time < self.up_time:
            return self
        new = JobInfo.of(event.raw)
        done = [n for n in (self.impressions_completed, new.impressions_completed) if n is not None]
        told = r.job_state_reasons.name in event.raw
        return replace(
            self,
            state=self.state if new.state is UNSET or new.state == 0 else new.state,
            reasons=new.reasons if told else self.reasons,
            message=new.message or ("" if told else self.message),
            name=self.name or new.name,
            impressions=self.impressions if new.impressions is None else new.impressions,
            impressions_completed=max(done, default=None),
            up_time=event.up_time if event.up_time is not None else self.up_time,
        )


def _pages(group: Group) -> int | None:
    """Pages in all; CUPS leaves them out, printers sometimes count sheets instead."""
    for attr in (r.job_impressions, r.job_pages, r.job_media_sheets):
        count = group.get(attr)
        if count:
            return count
    return None


def _pages_done(group: Group) -> int | None:
    found = [group.get(attr) for attr in (r.job_impressions_completed, r.job_media_sheets_completed)]
    return max((count for count in found if count is not None), default=None)


@dataclass(frozen=True, slots=True)
class Notification:
    """One event as a subscription delivered it (RFC 3996 5.2.2, RFC 3995 9.1)."""

    subscription: int
    sequence: int
    event: str
    job_id: int | None = None
    printer_uri: str = ""
    text: str = ""
    up_time: int | None = None
    when: datetime | None = None
    raw: Group = field(default_factory=_no_group, repr=False, compare=False)

    @classmethod
    def of(cls, group: Group) -> Notification:
        """Read an event-notification group."""
        return cls(
            subscription=group.get(r.notify_subscription_id) or 0,
            sequence=group.get(r.notify_sequence_number) or 0,
            event=group.get(r.notify_subscribed_event) or "",
            job_id=group.get(r.notify_job_id) or group.get(r.job_id),
            printer_uri=group.get(r.notify_printer_uri) or "",
            text=_text(group, r.notify_text),
            up_time=group.get(r.printer_up_time),
            when=_when(group, r.printer_current_time, r.printer_up_time),
            raw=group,
        )

    @property
    def printer_name(self) -> str:
        """The last part of its printer's URI, which CUPS and Pagebell make the queue's name."""
        return self.printer_uri.rstrip("/").rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as its server describes it (RFC 3995 5); empty or None is what it does not tell."""

    id: int
    lease: int | None = None
    """Seconds that were granted; None or 0 when it has no end of its own."""
    job_id: int | None = None
    """The job whose events these are; None for a printer's and the server's."""
    printer_uri: str = ""
    """Its printer; empty for the server's."""
    events: tuple[str, ...] = ()
    owner: str = ""
    left: int | None = None
    """Seconds until its lease ends, when the server told this; None when it has no end of its own."""
    newest: int | None = None
    """The newest event's number."""
    recipient: str = ""
    """Where its events are sent; empty when they are fetched (ippget)."""
    delivered: int | None = None
    """Up to which number the recipient has been told, where the server tells this (Pagebell does)."""
    trouble: str = ""
    """Why it has not been told of the next."""
    method: str = ""
    """How they are fetched; of a Windows client's own subscription, the protocol by which it hears of them."""
    user_data: bytes = b""
    ignored: tuple[str, ...] = ()
    """What was asked for and the server does not know; told when the subscription is made."""
    printer_ids: tuple[int, ...] = ()
    """The printers of the server that it tells of, by their printer-ids; none for all of them."""
    path: str = field(default="", compare=False)
    """Where its requests are posted; empty for where the client posts others."""
    raw: Group = field(default_factory=_no_group, repr=False, compare=False)

    @classmethod
    def of(cls, group: Group, path: str = "") -> Subscription:
        """Read a subscription attributes group."""
        lease, ends = group.get(r.notify_lease_duration), group.get(r.notify_lease_expiration_time)
        now = group.get(r.notify_printer_up_time)
        return cls(
            id=group.get(r.notify_subscription_id) or 0,
            lease=lease,
            job_id=group.get(r.notify_job_id),
            printer_uri=group.get(r.notify_printer_uri) or "",
            events=tuple(group.all(r.notify_events)),
            owner=_text(group, r.notify_subscriber_user_name),
            left=max(0, ends - now) if ends and now else None,
            newest=group.get(r.notify_sequence_number),
            recipient=group.get(r.notify_recipient_uri) or "",
            delivered=group.get(DELIVERED),
            trouble=_text(group, TROUBLE),
            method=group.get(r.notify_pull_method) or "",
            user_data=group.get(r.notify_user_data) or b"",
            printer_ids=tuple(group.all(r.notify_printer_ids)),
            path=path,
            raw=group,
        )

    @property
    def scope(self) -> str:
        """Whose events they are: "job", "printer" or "server"."""
        if self.job_id is not None:
            return "job"
        return "printer" if self.printer_name else "server"

    @property
    def printer_name(self) -> str:
        """The last part of its printer's URI; empty for the server's."""
        path = self.printer_uri.split("://", 1)[-1].partition("/")[2].rstrip("/")
        return "" if path in ("", "ipp/system") else path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Events:
    """One answer of Get-Notifications."""

    notifications: tuple[Notification, ...]
    interval: int | None = None
    """Seconds after which to ask again; None when the server keeps the answer open."""
    complete: bool = False
    """There will be no more (RFC 3996 10.2)."""
