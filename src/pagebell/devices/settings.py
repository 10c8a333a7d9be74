"""What a network device's URI says beside the address: `?name=value` pairs that are the device's own."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode

from pagebell.spooler.ports import DeviceFailed, JobCutOff


class OnBreak(enum.StrEnum):
    """What becomes of a job whose connection broke when part of it may have been printed."""

    REPRINT = "reprint"
    """It is sent again from its first byte, and says so."""
    HOLD = "hold"
    """It is held until somebody releases or cancels it."""
    ABORT = "abort"


TWICE = "Its connection to the printer broke, and it was sent again: pages may have come out twice."
"""What a job says that was sent again."""
MOST_BREAKS = 3
"""So often is a job sent before it is held whatever the policy: it may be what breaks the printer."""


def decide(policy: OnBreak, breaks: int, what: str) -> None:
    """Return if the job is to be sent again after it was cut off so many times.

    Raises JobCutOff or DeviceFailed; `what` is a sentence that says what happened.
    """
    if policy is OnBreak.ABORT:
        raise DeviceFailed(f"{what} Part of it may have been printed.")
    if policy is OnBreak.HOLD:
        raise JobCutOff(f"{what} Part of it may have been printed; release it to print it again.")
    if breaks >= MOST_BREAKS:
        raise JobCutOff(f"{what} It was sent {breaks} times in vain; release it to print it again.")


def on_break(text: str) -> OnBreak:
    """Read the policy. Raises ValueError."""
    try:
        return OnBreak(text)
    except ValueError:
        raise ValueError(f"write one of {', '.join(OnBreak)}") from None


def seconds(text: str) -> float:
    """Read a time. Raises ValueError."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 86_400:
        raise ValueError("write a number of seconds from 1 to 86400")
    return float(text)


def words(text: str) -> tuple[str, ...]:
    """Read a list with commas. Raises ValueError."""
    found = tuple(word for word in text.split(",") if word)
    if not found:
        raise ValueError("at least one is wanted")
    return found


def flag(text: str) -> bool:
    """Read yes or no. Raises ValueError."""
    if text not in ("yes", "no"):
        raise ValueError("write yes or no")
    return text == "yes"


def read(query: str, known: Mapping[str, Callable[[str], object]]) -> tuple[dict[str, object], str]:
    """The values of those names that are known, and what else the query has. Raises ValueError."""
    values: dict[str, object] = {}
    others = []
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            others.append((name, text))
            continue
        try:
            values[name] = known[name](text)
        except ValueError as error:
            raise ValueError(f"{name}={text} in a device URI: {error}") from None
    return values, urlencode(others)
