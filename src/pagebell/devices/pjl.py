"""The Printer Job Language, as far as it tells how printing goes: octets in, reports out; no input or output.

A printer that knows it can be told to speak up by itself (USTATUS) on the connection that brings its job:

    ESC%-12345X@PJL CRLF                        @PJL USTATUS DEVICE CRLF
    @PJL JOB NAME="Pagebell 12" CRLF            CODE=41203 CRLF
    @PJL USTATUS DEVICE=ON CRLF                 DISPLAY="LOAD TRAY 1 A4" CRLF
    @PJL USTATUS PAGE=ON CRLF                   ONLINE=FALSE CRLF FF
    @PJL ENTER LANGUAGE=PDF CRLF
    %PDF-1.7 ...                                @PJL USTATUS PAGE CRLF
    ESC%-12345X@PJL CRLF                        3 CRLF FF
    @PJL EOJ NAME="Pagebell 12" CRLF
    ESC%-12345X

Source: HP, Printer Job Language Technical Reference Manual, chapter 7 (status readback) and appendix D (codes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pagebell.model.document import Ticket
from pagebell.model.names import one_line
from pagebell.spooler.ports import DeviceStatus

UEL: Final = b"\x1b%-12345X"
"""Universal exit language: whatever came before, PJL follows."""
INQUIRY: Final = UEL + b"@PJL INFO STATUS\r\n" + UEL
MAX_REPORT: Final = 16_384
"""Octets of one report; more is no report."""
_SHOWN: Final = 200

_LANGUAGES: Final = {
    "application/pdf": "PDF",
    "application/postscript": "POSTSCRIPT",
    "application/vnd.hp-pcl": "PCL",
}
"""What the document's language is called; of others the printer finds out by itself."""


@dataclass(frozen=True, slots=True)
class Page:
    """So many pages of the job are out."""

    count: int


@dataclass(frozen=True, slots=True)
class Condition:
    """How the device is."""

    status: DeviceStatus


@dataclass(frozen=True, slots=True)
class Ended:
    """The last page of the job by that name is out."""

    name: str


Report = Page | Condition | Ended


class ReportReader:
    """Collects octets until they make reports; each ends with a form feed."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def feed(self, octets: bytes) -> Iterator[Report]:
        """Take more octets; yield the reports that they complete. What makes no sense is skipped."""
        self._octets += octets
        *whole, rest = bytes(self._octets).split(b"\f")
        self._octets = bytearray(rest[-MAX_REPORT:])
        for text in whole:
            report = read_report(text[-MAX_REPORT:].decode("utf-8", "replace"))
            if report is not None:
                yield report


def read_report(text: str) -> Report | None:
    """One report without its form feed; None for what tells nothing of interest."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    start = next((n for n, line in enumerate(lines) if line.upper().startswith("@PJL")), None)
    if start is None:
        return None
    kind = " ".join(lines[start].upper().split()[1:3])
    body = lines[start + 1 :]
    values = {
        name.strip().upper(): value.strip() for name, _, value in (line.partition("=") for line in body)
    }
    if kind == "USTATUS PAGE":
        return Page(int(body[0])) if body and _is_number(body[0]) else None
    if kind == "USTATUS JOB":
        return Ended(_unquoted(values.get("NAME", ""))) if "END" in values else None
    if kind in ("USTATUS DEVICE", "USTATUS TIMED", "INFO STATUS") and _is_number(values.get("CODE", "")):
        online = values.get("ONLINE", "").upper()
        display = _unquoted(values.get("DISPLAY", ""))
        return Condition(condition(int(values["CODE"]), display, None if not online else online == "TRUE"))
    return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _unquoted(text: str) -> str:
    return one_line(text.strip().strip('"'))[:_SHOWN]


_CODES: Final[dict[int, tuple[str, str]]] = {
    10000: ("power-down", ""),
    10002: ("paused", "The printer is offline: press its online button."),
    10003: ("marker-warming-up", "Warming up."),
    10006: ("toner-low", "The toner is low."),
    40010: ("marker-supply-missing", "The toner cartridge is missing: put one in."),
    40019: ("output-area-full", "The output tray is full: take the paper out."),
    40021: ("cover-open", "The cover is open: close it."),
    40022: ("media-jam", "Paper is jammed: open the cover and take it out."),
    40038: ("toner-low", "The toner is low: change the cartridge, or press the button to go on."),
    40079: ("paused", "The printer is offline: press its online button."),
}
"""What codes mean: the printer-state-reason (RFC 8011 5.4.12) and plain words."""

_HUNDREDS: Final[dict[int, tuple[str, str]]] = {
    11: ("media-empty", "{tray} is out of paper."),
    12: ("media-low", "{tray} needs attention."),
    15: ("output-area-full", "An output tray is full."),
    30: ("other", "The printer reports a problem and goes on by itself."),
    35: ("other", "The printer may need attention."),
    40: ("other", "The printer needs attention."),
    41: ("media-empty", "{tray} is out of the paper that the job needs: refill it."),
    42: ("media-jam", "Paper is jammed: open the cover and take it out."),
    43: ("other", "An attached paper tray or finisher needs attention."),
    44: ("media-jam", "Paper is jammed: open the cover and take it out."),
    50: ("other", "The printer has a hardware fault: call for service."),
}
"""Groups of codes by their first two digits; the third digit of a paper message is the tray."""
_READY: Final = frozenset({10000, 10001, 10003})
_PARSER: Final = range(20_000, 30_000)


def condition(code: int, display: str = "", online: bool | None = None) -> DeviceStatus:
    """What a status code says. `online` is what the printer says of itself beside the code, if it does."""
    group = code // 1000
    reason, words = _CODES.get(code) or _HUNDREDS.get(group) or ("", "")
    if code in _PARSER or (not reason and online is not False):
        return DeviceStatus()
    if not reason:
        reason, words = "other", "The printer is offline."
    stopped = (online is False or (group >= 40 and online is None)) and code not in _READY
    tray = f"Tray {code // 100 % 10}" if code // 100 % 10 else "The tray"
    message = words.format(tray=tray)
    if display and code not in _READY:
        message = f"{message} The printer's display says: {display}".strip()
    severity = "error" if stopped else ("report" if code in _READY else "warning")
    return DeviceStatus(stopped, frozenset({f"{reason}-{severity}"}), message)


def knows_itself(document: bytes) -> bool:
    """Whether a document that begins so brings its own job commands."""
    return document.startswith(UEL)


def opening(name: str, format: str, ticket: Ticket) -> bytes:
    """What goes before a document that brings no commands of its own."""
    lines = [f'@PJL JOB NAME="{name}"', *_speak_up(), *_settings(ticket)]
    if format in _LANGUAGES:
        lines.append(f"@PJL ENTER LANGUAGE={_LANGUAGES[format]}")
    return UEL + _lines(lines)


def prelude() -> bytes:
    """What goes before a document that brings its own: only that the printer shall speak up."""
    return UEL + _lines(list(_speak_up()))


def closing(name: str) -> bytes:
    """What goes behind a document that `opening` went before."""
    return UEL + _lines([f'@PJL EOJ NAME="{name}"']) + UEL


def _speak_up() -> Iterator[str]:
    for what in ("DEVICE=ON", "JOB=ON", "PAGE=ON"):
        yield f"@PJL USTATUS {what}"


_DRAFT: Final = 3
"""RFC 8011 5.2.13"""
_BINDING: Final = {"two-sided-long-edge": "LONGEDGE", "two-sided-short-edge": "SHORTEDGE"}


def wishes(ticket: Ticket) -> tuple[str, ...]:
    """What a ticket asks for that only PJL could say."""
    asked = {
        "print-color-mode": ticket.print_color_mode == "monochrome",
        "print-quality": ticket.print_quality == _DRAFT,
        "sides": ticket.sides in _BINDING,
    }
    return tuple(name for name, wanted in asked.items() if wanted)


def _settings(ticket: Ticket) -> Iterator[str]:
    """What of a ticket PJL can say."""
    if ticket.copies is not None and ticket.copies > 1:
        yield f"@PJL SET COPIES={ticket.copies}"
    if ticket.sides is not None:
        binding = _BINDING.get(ticket.sides)
        yield f"@PJL SET DUPLEX={'OFF' if binding is None else 'ON'}"
        if binding is not None:
            yield f"@PJL SET BINDING={binding}"
    if ticket.print_quality is not None:
        yield f"@PJL SET ECONOMODE={'ON' if ticket.print_quality == _DRAFT else 'OFF'}"
    if ticket.print_color_mode in ("monochrome", "color"):
        yield f"@PJL SET RENDERMODE={'COLOR' if ticket.print_color_mode == 'color' else 'GRAYSCALE'}"


def _lines(lines: list[str]) -> bytes:
    first = b"@PJL\r\n"  # right behind the exit from whatever language was before
    return first + "".join(f"{line}\r\n" for line in lines).encode("ascii", "replace")
