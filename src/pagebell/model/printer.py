"""Printers: a queue with capabilities, a device behind it, and a state."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from pagebell.model.access import Grant
from pagebell.model.dialog import DialogId
from pagebell.model.document import NO_WISHES, MediaSize, Ticket
from pagebell.model.event import NO_ID, JobId, PrinterId, PrinterName, PrinterState, PrinterStatus, ResourceId
from pagebell.model.system import NOBODY, Contact

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}")


def printer_name(text: str) -> PrinterName:
    """Make a printer's name of `text`: letters, digits, `.`, `_` and `-`, so that it fits every protocol.

    Raises ValueError.
    """
    if not _NAME.fullmatch(text):
        raise ValueError(
            f"{text!r} is no name for a printer: use up to 127 letters, digits, '.', '_' and '-', "
            "beginning with a letter or digit"
        )
    return PrinterName(text)


PDF_VERSIONS = ("adobe-1.3", "adobe-1.4", "adobe-1.5", "adobe-1.6", "iso-32000-1_2008")
"""As far as PDF documents are looked into here."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a device can do. Sizes in hundredths of a millimetre, resolutions in dots per inch."""

    make_and_model: str = "Pagebell"
    formats: tuple[str, ...] = ("application/octet-stream",)
    """MIME types that it takes; the first is preferred."""
    media: tuple[str, ...] = ("iso_a4_210x297mm", "na_letter_8.5x11in")
    """PWG 5101.1 self-describing names; the first is the default."""
    media_sources: tuple[str, ...] = ("auto",)
    media_types: tuple[str, ...] = ("stationery",)
    margins: tuple[int, ...] = (423,)
    """Smallest unprintable border."""
    sides: tuple[str, ...] = ("one-sided",)
    color: bool = False
    resolutions: tuple[int, ...] = (300,)
    finishings: tuple[int, ...] = (3,)
    """RFC 8011 5.2.6 enum values; 3 is none."""
    output_bins: tuple[str, ...] = ("face-down",)
    pdf_versions: tuple[str, ...] = ()
    """PWG 5100.13 pdf-versions-supported; none where nobody knows."""
    number_up: tuple[int, ...] = (1,)
    """Pages that it puts on one side of a sheet."""
    number_up_formats: tuple[str, ...] = ()
    """MIME types of which it does so; none for all that it takes."""
    page_ranges: tuple[str, ...] = ()
    """MIME types of which it prints some pages only, where asked to."""
    overrides: tuple[str, ...] = ()
    """Template attributes that may be others for some of the pages (PWG 5100.6)."""
    override_formats: tuple[str, ...] = ()
    """MIME types of which it does so; none for all that it takes."""
    qualities: tuple[int, ...] = (4,)
    """RFC 8011 5.2.13 enum values: 3 draft, 4 normal, 5 high."""
    pages_per_minute: int = 60
    max_copies: int = 999
    collates: bool = True
    """It puts copies in the order that is asked for (IPP multiple-document-handling)."""
    paper: bool = True
    """False of what keeps documents as they are: then they themselves must be as they were asked for."""
    resumes: bool = False
    """It can begin a job behind the pages that are out already."""
    job_password: bool = False
    """Jobs may wait for a password that came with them (PWG 5100.11)."""
    identify: tuple[str, ...] = ()
    """How it can make itself noticed: display, flash, sound, speak."""

    def of(self, format: str | None = None) -> Capabilities:
        """What it can do to documents of that MIME type; None: to those of one or the other."""
        return self if format is None else _of_format(self, format)


@lru_cache(maxsize=1024)
def _of_format(found: Capabilities, format: str) -> Capabilities:
    ranges = found.page_ranges if format in found.page_ranges else ()
    up = found.number_up if format in (found.number_up_formats or (format,)) else (1,)
    overrides = found.overrides if format in (found.override_formats or (format,)) else ()
    return replace(found, page_ranges=ranges, number_up=up, overrides=overrides)


@dataclass(frozen=True, slots=True)
class Supply:
    """Something that a printer uses up, such as toner."""

    kind: str
    """As in RFC 3805's PrtMarkerSuppliesTypeTC: `toner`, `ink`, `staples` ..."""
    color: str
    level: int
    """Percent; -2 if nobody knows, -3 if there is some (RFC 3805 prtMarkerSuppliesLevel)."""
    description: str


@dataclass(frozen=True, slots=True)
class Printer:
    """One printer. Values only: `pagebell.model.lifecycle` makes its next version.

    `state`, `reasons` and `message` follow from `paused`, `current` and what the device reported last.
    """

    name: PrinterName
    uuid: str
    device: str
    """The device's URI, e.g. `file:///var/spool/out` or `simulated://?ppm=30`."""
    created: float
    id: PrinterId = NO_ID
    """Which printer it is, for good (IPP printer-id)."""
    info: str = ""
    location: str = ""
    alias: str = ""
    """A further name by which clients know it, of any characters; no other printer has it."""
    access: tuple[Grant, ...] | None = None
    """Who may do what here; None where the server's own rules are all."""
    accepting: bool = True
    paused: bool = False
    """By an operator."""
    pausing: bool = False
    """To be paused as soon as it has no job."""
    holding_new: bool = False
    """New jobs are held until an operator releases them all (RFC 3998 3.3)."""
    deactivated: bool = False
    """It answers questions and nothing else (RFC 3998 3.4)."""
    shut_down: bool = False
    """As deactivated, until it is started up (RFC 3998 3.5)."""
    device_stopped: bool = False
    device_reasons: frozenset[str] = frozenset()
    device_message: str = ""
    supplies: tuple[Supply, ...] = ()
    """What the device uses up, as it said last."""
    questions: tuple[tuple[DialogId, str], ...] = ()
    """What it asks people at present: open dialogs, each with its words."""
    failed_sources: tuple[str, ...] = ()
    """Sources of dialogs that have failed at it."""
    current: JobId | None = None
    """The job being printed."""
    state: PrinterState = PrinterState.IDLE
    defaults: Ticket = NO_WISHES
    organization: str = ""
    organizational_unit: str = ""
    geo_location: str = ""
    """A `geo:` URI (RFC 5870); empty where nobody has said."""
    contact: Contact = NOBODY
    """Whom its users turn to (PWG 5100.22 7.6.1)."""
    operator_message: str = ""
    """Words of an operator to its users (IPP printer-message-from-operator)."""
    operator_message_at: float = 0.0
    resources: tuple[ResourceId, ...] = ()
    """What administrators have given it of the installed ones (PWG 5100.22 Allocate-Printer-Resources)."""
    changed: float = 0.0
    """When its configuration last changed; seconds since 1970."""
    state_changed: float = 0.0
    version: int = 1

    @property
    def reasons(self) -> frozenset[str]:
        """printer-state-reasons: what the device says, and what operators have done."""
        if not any(getattr(self, name) for name, _ in _OF_OPERATORS):
            return self.device_reasons
        return self.device_reasons | {reason for name, reason in _OF_OPERATORS if getattr(self, name)}

    @property
    def configuration(self) -> tuple[object, ...]:
        """All that administrators set: equal as long as none of it changes."""
        return (
            *(self.uuid, self.changed, self.device, self.info, self.location, self.alias, self.defaults),
            *(self.organization, self.organizational_unit, self.geo_location, self.operator_message),
            *(self.resources, self.contact),
        )

    @property
    def title(self) -> str:
        """The name that people see."""
        return self.alias or self.name

    def is_called(self, name: str) -> bool:
        """Whether that is one of its names; they do not differ by case."""
        return name.casefold() in (self.name.casefold(), self.alias.casefold())

    @property
    def is_out_of_service(self) -> bool:
        """Whether it refuses all but questions."""
        return self.deactivated or self.shut_down

    @property
    def starts_jobs(self) -> bool:
        """Whether the next job may go to its device now."""
        return not (self.paused or self.pausing or self.device_stopped)

    @property
    def message(self) -> str:
        """The state in plain words, where there is something to say."""
        if self.shut_down:
            return "Shut down by an operator."
        if self.deactivated:
            return "Deactivated by an operator."
        if self.paused:
            return "Paused by an operator."
        if self.device_message or not (self.questions or self.failed_sources):
            return self.device_message
        if self.questions:
            return self.questions[0][1]
        return f"The source {self.failed_sources[0]} failed; see the server's log."

    def status(self) -> PrinterStatus:
        """What an event tells of it."""
        return PrinterStatus(self.state, self.reasons, self.message, self.accepting, self.current)


_OF_OPERATORS = (
    ("paused", "paused"),
    ("pausing", "moving-to-paused"),
    ("holding_new", "hold-new-jobs"),
    ("deactivated", "deactivated"),
    ("shut_down", "shutdown"),
    ("questions", "pagebell-answer-needed-report"),
    ("failed_sources", "pagebell-source-failed-warning"),
)
"""What an operator or a source did, and the printer-state-reason that tells of it (RFC 8011 5.4.12, RFC 3998 9.2)."""

_INCH, _MM = 2540, 100


def media_size(name: str) -> MediaSize | None:
    """Read the dimensions out of a self-describing media name (PWG 5101.1 5), None where it has none."""
    match = re.fullmatch(r"[^_]+_[^_]+_([\d.]+)x([\d.]+)(in|mm)", name)
    if match is None:
        return None
    unit = _INCH if match[3] == "in" else _MM
    try:
        return MediaSize(round(float(match[1]) * unit), round(float(match[2]) * unit))
    except ValueError:
        return None
