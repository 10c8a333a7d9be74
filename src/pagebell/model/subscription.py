"""Subscriptions: who wants to hear which facts of which object, until when.

One object for a printer's, a job's and the server's events, as the IPP working group's proposal of 1999 had it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NewType, Self

from pagebell.model.event import SUB_EVENTS, Event, EventKind, JobId, PrinterId, ResourceId

SubscriptionId = NewType("SubscriptionId", int)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose events: the server's; a printer's and its jobs'; (`printer` and `job`) a job's and its printer's;

    a resource's; or those of some printers and their jobs. A printer is meant by its id, not by its name: one that is
    made anew under the name of one that is gone is another.
    """

    printer: PrinterId | None = None
    job: JobId | None = None
    resource: ResourceId | None = None
    printers: tuple[PrinterId, ...] = ()
    """In their order, each once: what the server is asked to tell of these alone (PWG 5100.22 7.1.1)."""

    @classmethod
    def of_printers(cls, numbers: Iterable[PrinterId]) -> Self:
        """The same scope for the same printers."""
        return cls(printers=tuple(sorted(set(numbers))))

    @property
    def all_printers(self) -> tuple[PrinterId, ...]:
        """The printers that it names."""
        return self.printers if self.printer is None else (self.printer,)

    def covers(self, event: Event) -> bool:
        """Scope is exact: a job's subscription never hears another job, a printer's no other printer.

        A job's subscription that asks for printer events hears those of the job's printer (RFC 3995 5.3.3.5.1).
        """
        if self.resource is not None:
            return event.resource == self.resource
        if self.printers:
            return event.printer_id in self.printers
        if self.job is not None and event.job is not None:
            return event.job == self.job  # wherever it was moved to
        return self.printer is None or event.printer_id == self.printer


SERVER = Scope()


@dataclass(frozen=True, slots=True)
class Filter:
    """Scope and wanted kinds: what a subscription hears of, as a rule to read."""

    scope: Scope
    kinds: frozenset[EventKind]

    @classmethod
    def of(cls, scope: Scope, wanted: frozenset[EventKind]) -> Filter:
        """The filter for `wanted`, with the sub-events that each includes (RFC 3995 5.3.3.4)."""
        kinds = wanted.union(*(SUB_EVENTS.get(kind, frozenset()) for kind in wanted))
        return cls(scope, kinds)

    def matches(self, event: Event) -> bool:
        """Whether a subscription hears of an event; but nothing befalls a finished job (RFC 3995 5.3.3.5.1)."""
        return event.kind in self.kinds and self.scope.covers(event)


def subscribed(wanted: frozenset[EventKind], kind: EventKind) -> EventKind:
    """The kind among `wanted` that brings `kind`: that itself, or the one that includes it (RFC 3995 8.1)."""
    if kind in wanted:
        return kind
    return next(one for one in wanted if kind in SUB_EVENTS.get(one, ()))


@dataclass(frozen=True, slots=True)
class Subscription:
    """A filter and a cursor over the event log, never a queue (RFC 3995 5).

    It hears of events numbered above `since`: its first match has the notify-sequence-number 1. `expires` is in
    seconds since 1970, None for a job's, which lives as long as its job.
    """

    id: SubscriptionId
    uuid: str
    scope: Scope
    events: frozenset[EventKind]
    owner: str
    created: float
    expires: float | None = None
    lease: int = 0
    """Granted seconds; 0 for no end."""
    user_data: bytes = b""
    charset: str = "utf-8"
    language: str = "en"
    attributes: tuple[str, ...] = ()
    """Further attributes to carry (notify-attributes)."""
    interval: int = 0
    """Least seconds between two progress events (notify-time-interval)."""
    pull_method: str = "ippget"
    uri: str = ""
    """By which its printer was aimed at when it was made (notify-printer-uri); empty where by none."""
    recipient: str = ""
    """Where its events are taken to (notify-recipient-uri); empty for one whose events are fetched."""
    secret: str = field(default="", repr=False)
    """What signs its webhooks; empty for the server's. Never told to anybody, never in a log."""
    since: int = -1
    """Number of the newest event when it came; given by the store, -1 before that."""

    def is_over(self, now: float) -> bool:
        """Whether its lease has run out."""
        return self.expires is not None and self.expires <= now

    def subscribed(self, event: Event) -> EventKind:
        """Which of its wanted kinds brings it this event."""
        return subscribed(self.events, event.kind)

    @property
    def filter(self) -> Filter:
        """What it listens for."""
        return Filter.of(self.scope, self.events)
