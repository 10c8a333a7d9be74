"""When a held job is let go: by the clock, at times that have names, or by somebody (RFC 8011 5.2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from pagebell.model.document import Ticket
from pagebell.model.printer import Printer

SPECIFIED: Final = "job-hold-until-specified"
ON_CREATE: Final = "job-held-on-create"
"""Held since the printer holds new jobs (RFC 3998 9.1)."""
FREE: Final = (None, "no-hold")

_ALL_WEEK = range(7)
_WINDOWS: Final = {
    # name: hours of local time from, to (of the next day where that is less); days, Monday is 0
    "day-time": (6, 18, _ALL_WEEK),
    "evening": (18, 22, _ALL_WEEK),
    "night": (22, 6, _ALL_WEEK),
    "weekend": (0, 24, (5, 6)),
    "second-shift": (16, 24, _ALL_WEEK),
    "third-shift": (0, 8, _ALL_WEEK),
}
HOLDS: Final = ("no-hold", "indefinite", *_WINDOWS)
"""What job-hold-until may say."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a job is held, and until when; None for until somebody releases it."""

    reasons: frozenset[str]
    until: float | None = None


@lru_cache(maxsize=8)
def zone(name: str) -> tzinfo | None:
    """The time zone of that name (IANA's), None for the machine's. Raises ValueError."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (OSError, KeyError) as error:
        raise ValueError(f"there is no time zone {name!r}; use a name such as Europe/Paris") from error


def opens(name: str, now: float, where: tzinfo | None = None) -> float | None:
    """When the time of that name is: `now` while it is that time already, None where no time ever is."""
    window = _WINDOWS.get(name)
    if window is None:
        return now if name in FREE else None
    first, last, days = window
    local = datetime.fromtimestamp(now, where)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    for offset in range(-1, 9):
        day = midnight + timedelta(days=offset)
        if day.weekday() not in days:
            continue
        begins = (day + timedelta(hours=first)).timestamp()
        ends = (day + timedelta(hours=last, days=last < first)).timestamp()
        if now < ends:
            return max(now, begins)
    raise AssertionError("every window opens at least once a week")


def hold_of(ticket: Ticket, printer: Printer, now: float, where: tzinfo | None = None) -> Hold | None:
    """How a new job is held; None if it may be printed at once."""
    reasons = {ON_CREATE} if printer.holding_new else set()
    until: float | None = None
    name = ticket.job_hold_until or (None if ticket.job_hold_until_time else printer.defaults.job_hold_until)
    if ticket.job_hold_until_time is not None and ticket.job_hold_until_time > now:
        reasons.add(SPECIFIED)
        until = ticket.job_hold_until_time
    elif name not in FREE:
        opening = opens(name or "", now, where)
        if opening is None or opening > now:
            reasons.add(SPECIFIED)
            until = opening
    return Hold(frozenset(reasons), until) if reasons else None
