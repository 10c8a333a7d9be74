"""Documents and tickets: what is to be printed, and how its owner asked for it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import NewType

from pagebell.model.names import ResourceId

DocumentKey = NewType("DocumentKey", str)
"""Names a stored document's octets in the document store."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a job. Its octets are immutable once stored."""

    number: int
    """From 1, in the order sent (IPP document-number)."""
    key: DocumentKey
    format: str
    """MIME type as sent or detected, e.g. `application/pdf`."""
    octets: int
    digest: str
    """SHA-256 of the stored octets, hexadecimal."""
    name: str = ""
    impressions: int | None = None
    """Pages counted in it; None where they can't be or have not been counted."""
    language: str = ""
    uri: str = ""
    """Where it was fetched from, if by reference."""
    canceled: bool = False
    """Not to be printed, though its job is (PWG 5100.5 Cancel-Document)."""
    resources: tuple[ResourceId, ...] = ()
    """Of its printer's, those that were allocated to it (PWG 5100.22 8.4)."""


@dataclass(frozen=True, slots=True)
class MediaSize:
    """Paper dimensions in hundredths of a millimetre (PWG 5101.1)."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Media:
    """A chosen medium (PWG 5100.7 media-col); what is None is left to the printer."""

    size: MediaSize | None = None
    source: str | None = None
    type: str | None = None
    color: str | None = None
    bottom_margin: int | None = None
    left_margin: int | None = None
    right_margin: int | None = None
    top_margin: int | None = None
    """Margins in hundredths of a millimetre."""


class PageSet(enum.Enum):
    """Sides of a document to print in one pass; there are as many backs as fronts, the last perhaps blank."""

    FRONTS = "fronts"
    BACKS = "backs"
    BACKS_REVERSED = "backs-reversed"
    """The last sheet's first."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the owner asked for, in the PWG semantic model's names; None means not asked.

    IPP Job Template attributes and Windows' DEVMODE are two spellings of this.
    """

    copies: int | None = None
    finishings: tuple[int, ...] | None = None
    finishings_col: tuple[str, ...] | None = None
    """The same wish by the names of templates (PWG 5100.1 finishing-template)."""
    job_hold_until: str | None = None
    job_hold_until_time: float | None = None
    """Seconds since 1970."""
    job_priority: int | None = None
    job_sheets: str | None = None
    media: str | None = None
    media_col: Media | None = None
    multiple_document_handling: str | None = None
    number_up: int | None = None
    orientation_requested: int | None = None
    output_bin: str | None = None
    page_ranges: tuple[tuple[int, int], ...] | None = None
    page_set: PageSet | None = None
    """Of a two-sided job the fronts or the backs alone, one-sided: where paper is turned by hand."""
    print_color_mode: str | None = None
    print_content_optimize: str | None = None
    print_quality: int | None = None
    print_rendering_intent: str | None = None
    print_scaling: str | None = None
    printer_resolution: tuple[int, int, int] | None = None
    """Cross-feed, feed, units (3: dots per inch, 4: per centimetre)."""
    proof: Proof | None = None
    sides: str | None = None
    overrides: tuple[Override, ...] | None = None

    def over(self, defaults: Ticket) -> Ticket:
        """What is asked for here, and of the rest what `defaults` say."""
        asked = {field: getattr(self, field) for field in self.__slots__ if getattr(self, field) is not None}
        return replace(defaults, **asked) if asked else defaults


@dataclass(frozen=True, slots=True)
class Proof:
    """Copies to look at before the others are printed, perhaps on other paper (PWG 5100.11 proof-print)."""

    copies: int = 1
    media: str | None = None
    media_col: Media | None = None

    def of(self, ticket: Ticket) -> Ticket:
        """The job's ticket as it is for the proof."""
        if self.media is None and self.media_col is None:
            return replace(ticket, copies=self.copies)
        return replace(ticket, copies=self.copies, media=self.media, media_col=self.media_col)


@dataclass(frozen=True, slots=True)
class Override:
    """Other wishes for some of the pages (PWG 5100.6 overrides)."""

    pages: tuple[tuple[int, int], ...]
    documents: tuple[tuple[int, int], ...]
    """Ranges of document numbers; empty for all."""
    ticket: Ticket


NO_WISHES = Ticket()
