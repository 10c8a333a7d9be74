"""What things are called."""

from __future__ import annotations

from typing import Final, NewType

PrinterName = NewType("PrinterName", str)
NO_PRINTER = PrinterName("")
"""Stands in an event that befell the server itself: no printer has this name."""
PrinterId = NewType("PrinterId", int)
"""Which printer it is, whatever others have had its name: IPP's printer-id, from 1 to 65535 (PWG 5100.22 7.7.2).

It is the printer's for as long as that lives, and no other's while a subscription or an event remembers it.
"""
NO_ID = PrinterId(0)
"""No printer has this one."""
JobId = NewType("JobId", int)
"""Unique in the server, never used again."""
ResourceId = NewType("ResourceId", int)
"""As a job's."""
MAX_LABEL: Final = 63
"""Octets of a name on the local network (RFC 6763 4.1.1)."""


def label(text: str) -> str:
    """A name as the local network can carry it: no control characters, 63 octets.

    Full stops become spaces: the library that announces it takes them for the ends of labels.
    """
    return cut(one_line(text.replace(".", " ")), MAX_LABEL)


def one_line(text: str) -> str:
    """What others have a say in, without control characters and line ends."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def cut(text: str, octets: int) -> str:
    """So many octets of UTF-8 at most, with no character halved."""
    return text.encode()[:octets].decode(errors="ignore").rstrip()
