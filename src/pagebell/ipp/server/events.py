"""An event in ippget's words (RFC 3995 9, RFC 3996 5.2)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import tzinfo
from functools import lru_cache
from itertools import chain
from struct import Struct
from typing import Final, NamedTuple

from pagebell.ipp import registry as r
from pagebell.ipp.encoder import encode_attribute, integer_writer
from pagebell.ipp.registry import JobState, PrinterState, ResourceState, SystemState
from pagebell.ipp.selection import select
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.describe_job import job_attributes, time_attribute
from pagebell.ipp.values import Attribute, GroupTag, LangString, Tag, Value
from pagebell.model.errors import NotFound
from pagebell.model.event import Event, EventKind, JobId, JobStatus
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.model.subscription import Subscription, subscribed
from pagebell.model.wording import addressee, alone, language_for, timed_text
from pagebell.spooler.spooler import Spooler

_KEPT: Final = 4096
"""Encoded events; as many as the event log keeps at hand."""
_subscription_id = integer_writer(r.notify_subscription_id.name)
_OF_JOBS: Final = (
    *(
        "job-impressions",
        "job-k-octets",
        "job-media-sheets-completed",
        "job-name",
        "job-originating-user-name",
    ),
    *("job-printer-uri", "job-priority", "job-state-message", "job-uri", "job-uuid", "number-of-documents"),
    *("time-at-completed", "time-at-creation", "time-at-processing"),
)
_OF_PRINTERS: Final = (
    *("printer-id", "printer-info", "printer-location", "printer-name", "printer-state-message"),
    *("printer-uuid", "queued-job-count"),
)
_OF_SUBSCRIPTIONS: Final = (
    *("notify-job-id", "notify-lease-duration", "notify-subscriber-user-name", "notify-subscription-uuid"),
    "notify-time-interval",
)
CARRIED: Final = tuple(sorted((*_OF_JOBS, *_OF_PRINTERS, *_OF_SUBSCRIPTIONS)))
"""notify-attributes-supported: what an event can carry beside what it always does (RFC 3995 5.3.4.1)."""


class Telling:
    """How the events of one subscription are told to a reader: as event-notification groups (RFC 3996 5.2).

    What all readers share is encoded once; a subscription's own attributes stand before it. `language` is the
    answer's, `where` whose clock its texts tell the time by, `reader` who hears also what is meant for that one alone.
    """

    __slots__ = ("_origin", "_reader", "_speech", "_start", "_voice")

    def __init__(
        self,
        subscription: Subscription,
        origin: Origin,
        language: str = "en",
        where: tzinfo | None = None,
        reader: str | None = None,
    ) -> None:
        own = language_for(subscription.language)
        of_system = subscription.scope.printer is None
        uri = "" if of_system else subscription.uri
        self._voice = Voice(
            subscription.charset, own, subscription.events, of_system, not uri, own != language, where
        )
        self._origin, self._reader = origin, reader
        self._speech = _speech(self._voice, origin)
        self._start = _TAG + _subscription_id(subscription.id) + _start(subscription.user_data, uri)

    def groups(
        self, first: int, events: tuple[Event, ...], more: Sequence[Iterable[bytes]] = ()
    ) -> list[bytes]:
        """The pieces of the groups, tags included; `first` is the first event's number, `more` what else each has."""
        words, some_private = self._speech.words(events)
        if some_private:
            own_voice = self._voice._replace(reader=self._reader)
            words = [
                text if alone(event, self._reader) is None else _shared(event, own_voice, self._origin)
                for event, text in zip(events, words, strict=True)
            ]
        start, told = self._start, enumerate(words, first)
        if more:
            said = [
                (start, _NUMBER(n), text, *further) for (n, text), further in zip(told, more, strict=True)
            ]
            return list(chain.from_iterable(said))
        return [piece for number, text in told for piece in (start, _NUMBER(number), text)]


@lru_cache(maxsize=_KEPT)
def _start(user_data: bytes, uri: str) -> bytes:
    """What follows the subscription's number in each of its events, up to the sequence number's value."""
    named = encode_attribute(r.notify_printer_uri(uri)) if uri else b""
    sequence_number = encode_attribute(r.notify_sequence_number(0))[:-_NUMBER_OCTETS]
    return encode_attribute(r.notify_user_data(user_data)) + named + sequence_number


_TAG: Final = bytes([GroupTag.EVENT_NOTIFICATION])
_NUMBER: Final = Struct(">i").pack
_NUMBER_OCTETS: Final = 4


class Voice(NamedTuple):
    """In which words events are told."""

    charset: str
    language: str
    wanted: frozenset[EventKind]
    of_system: bool
    of_many: bool
    """Each event tells which printer it is of: the subscription does not."""
    marked: bool
    """The text says which language it is in, as the answer is in another."""
    where: tzinfo | None
    """Whose clock is meant."""
    reader: str | None = None
    """Who hears also what is meant for them alone; None for what is the same for all."""


class _Speech:
    """Events as they are encoded in one voice."""

    def __init__(self, voice: Voice, origin: Origin) -> None:
        self._voice, self._origin = voice, origin
        self._kept: dict[int, tuple[Event, bytes]] = {}
        """By the events' numbers; a number alone may be another server's."""
        self._asked: tuple[Event, ...] = ()
        self._words: tuple[list[bytes], bool] = [], False

    def words(self, events: tuple[Event, ...]) -> tuple[list[bytes], bool]:
        """What is the same for all who read them, and whether some would read more; a crowd asks for the same tuple."""
        if events is not self._asked:
            self._words = list(map(self._encoded, events)), any(map(addressee, events))
            self._asked = events
        return self._words

    def _encoded(self, event: Event) -> bytes:
        told = self._kept.get(event.seq)
        if told is None or told[0] is not event:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            told = self._kept[event.seq] = event, _shared(event, self._voice, self._origin)
        return told[1]


_speech = lru_cache(maxsize=32)(_Speech)


def _shared(event: Event, voice: Voice, origin: Origin) -> bytes:
    """What is the same for all who read an event in one way."""
    told = r.notify_subscribed_event(subscribed(voice.wanted, event.kind).value)
    return b"".join(
        map(encode_attribute, [told, *readable(_attributes(event, voice, origin), voice.charset)])
    )


def _attributes(event: Event, voice: Voice, origin: Origin) -> list[Attribute]:
    text = timed_text(event, voice.language, voice.where, voice.reader)
    attributes = [
        r.printer_up_time(max(1, int(event.at))),
        time_attribute(r.printer_current_time, event.at),
        r.notify_charset(voice.charset),
        r.notify_natural_language(voice.language),
        r.notify_text(LangString(text, voice.language) if voice.marked else text),
    ]
    if voice.of_system:
        attributes += [r.notify_system_uri(origin.system), r.notify_system_up_time(max(1, int(event.at)))]
    if event.printer and voice.of_many:
        attributes.append(r.notify_printer_uri(origin.printer(event.printer)))
    return attributes + _what_happened(event)


def _what_happened(event: Event) -> list[Attribute]:
    """What the event itself tells, whoever hears of it."""
    attributes: list[Attribute] = []
    if event.job is not None:
        attributes += [r.job_id(event.job), r.notify_job_id(event.job)]  # CUPS' clients look for the latter
    if event.job_status is not None:
        attributes += _job(event, event.job_status)
    if event.printer_status is not None:
        status = event.printer_status
        attributes += [
            r.printer_state(PrinterState(status.state)),
            r.printer_state_reasons(*(sorted(status.reasons) or ("none",))),
            r.printer_state_message(status.message),
            r.printer_is_accepting_jobs(status.accepting),
        ]
    if event.system_status is not None:
        attributes += [
            r.system_state(SystemState(event.system_status.state)),
            r.system_state_reasons(*(sorted(event.system_status.reasons) or ("none",))),
        ]
    if event.resource is not None:
        attributes.append(r.notify_resource_id(event.resource))
    if event.resource_status is not None:
        resource = event.resource_status
        attributes += [
            r.resource_state(ResourceState(resource.state)),
            r.resource_state_reasons(*(sorted(resource.reasons) or ("none",))),
            r.resource_state_message(resource.message),
        ]
    return attributes


def _job(event: Event, status: JobStatus) -> list[Attribute]:
    attributes = [
        r.job_state(JobState(status.state)),
        r.job_state_reasons(*(sorted(status.reasons) or ("none",))),
        r.job_state_message(status.message),
        r.job_name(status.name),
    ]
    if event.kind in (EventKind.JOB_PROGRESS, EventKind.JOB_COMPLETED):
        attributes.append(r.job_impressions_completed(status.impressions_completed))
    if status.impressions is not None:
        attributes.append(r.job_impressions(status.impressions))
    return attributes


# --- notify-attributes ---


async def carried(event: Event, subscription: Subscription, origin: Origin, spooler: Spooler) -> list[bytes]:
    """The further attributes that the subscription wants with each event (notify-attributes, RFC 3995 5.3.4).

    What the event recorded is told as it was then, all else as it is now. A printer's event has the job that the
    subscription is about, or the printer's current one; without any it has none of a job's attributes.
    """
    wanted = subscription.attributes
    if not wanted:
        return []
    found = [a for a in _of_subscription(subscription) if a.name in wanted]
    if any(name in _OF_JOBS for name in wanted):
        found += await _of_job(event, subscription, origin, spooler)
    printer = next((p for p in spooler.printers.all() if p.id == event.printer_id), None)
    if printer is not None:
        found += _of_printer(event, printer, spooler)
    known = {attribute.name for attribute in _what_happened(event)}
    found = [a for a in found if a.name in wanted and a.name not in known]
    return [encode_attribute(a) for a in readable(found, subscription.charset)]


def _of_subscription(subscription: Subscription) -> list[Attribute]:
    found = [
        r.notify_subscriber_user_name(subscription.owner),
        r.notify_subscription_uuid(f"urn:uuid:{subscription.uuid}"),
        r.notify_time_interval(subscription.interval),
    ]
    if subscription.scope.job is None:
        return [*found, r.notify_lease_duration(subscription.lease)]
    return [*found, r.notify_job_id(subscription.scope.job)]


async def _of_job(
    event: Event, subscription: Subscription, origin: Origin, spooler: Spooler
) -> list[Attribute]:
    number: JobId | None = event.job or subscription.scope.job
    if number is None and event.printer_status is not None:
        number = event.printer_status.current
    if number is None:
        return []
    try:
        job = await spooler.jobs.job(number)
    except NotFound:  # it has been purged
        return []
    if event.job_status is not None:
        job = _as_it_was(job, event.job_status)
    names = [name for name in subscription.attributes if name in _OF_JOBS]
    return job_attributes(job, origin, spooler, select(names, GroupTag.JOB))


def _as_it_was(job: Job, status: JobStatus) -> Job:
    return replace(
        job,
        name=status.name,
        message=status.message,
        impressions=status.impressions,
        impressions_completed=status.impressions_completed,
    )


def _of_printer(event: Event, printer: Printer, spooler: Spooler) -> list[Attribute]:
    status = event.printer_status
    return [
        r.printer_id(printer.id),
        r.printer_info(printer.info),
        r.printer_location(printer.location),
        r.printer_name(printer.name),
        r.printer_state_message(printer.message if status is None else status.message),
        r.printer_uuid(f"urn:uuid:{printer.uuid}"),
        r.queued_job_count(spooler.jobs.count(printer.name)),
    ]


# --- charsets ---

_TEXTS: Final = frozenset({Tag.TEXT, Tag.NAME, Tag.TEXT_LANG, Tag.NAME_LANG})


def readable(attributes: list[Attribute], charset: str) -> list[Attribute]:
    """The attributes for a reader of that charset (notify-charset, RFC 3995 5.3.6): plain letters for us-ascii."""
    if charset != "us-ascii":
        return attributes
    return [replace(a, values=tuple(map(_plain, a.values))) for a in attributes]


def _plain(value: Value) -> Value:
    if value.tag not in _TEXTS or not isinstance(value.data, str) or value.data.isascii():
        return value
    text = unicodedata.normalize("NFKD", value.data.translate(_LETTERS))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = text.encode("ascii", "replace").decode()
    if isinstance(value.data, LangString):
        return value._replace(data=LangString(text, value.data.language))
    return value._replace(data=text)


_LETTERS: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "’": "'", "“": '"', "”": '"', "–": "-"}
)
