r"""The names that clients open: `\\server`, `\\server\printer`, `printer, Job 5`. [MS-RPRN] 2.2.4.14, 2.2.4.16"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from pagebell.winspool.werror import Win32, Win32Error

_LONGEST = 1024
_JOB = re.compile(r"(?P<name>.*), *Job +(?P<job>\d{1,10})", re.IGNORECASE)
_HINT = re.compile(r"(?P<name>.*[^ ]), ?(?:LocalOnly|DrvConvert).*")
"""What clients may append to a printer's name; nothing follows from it here. [MS-RPRN] 2.2.4.14"""
_MONITOR = re.compile(r", *Xcv(?P<kind>Monitor|Port) (?P<name>.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Name:
    """A name, taken apart."""

    server: str = ""
    printer: str = ""
    job: int | None = None
    monitor: str | None = None

    @property
    def prefix(self) -> str:
        """How the server's name stands before a printer's."""
        return rf"\\{self.server}" if self.server else ""


def parse(text: str | None) -> Name:
    """Take a name apart. Raises Win32Error."""
    if text is None:
        return Name()
    if not text or len(text) > _LONGEST or (text.startswith("\\\\") and text.endswith("\\")):
        raise Win32Error(Win32.INVALID_PRINTER_NAME)
    server, rest = "", text
    if text.startswith("\\\\"):
        server, _, rest = text[2:].partition("\\")
        if not server:
            raise Win32Error(Win32.INVALID_PRINTER_NAME)
    if found := _MONITOR.fullmatch(rest):
        return Name(server, monitor=found["name"])
    if found := _HINT.fullmatch(rest):
        rest = found["name"]
    if found := _JOB.fullmatch(rest):
        return Name(server, found["name"].strip(), int(found["job"]))
    if "\\" in rest or "," in rest:
        raise Win32Error(Win32.INVALID_PRINTER_NAME)
    return Name(server, rest)


def is_ours(server: str, names: tuple[str, ...]) -> bool:
    """Whether a server's name is one of `names`, with or without a domain, or an address."""
    if not server:
        return True
    try:
        ipaddress.ip_address(server)
    except ValueError:
        folded = server.casefold()
        return any(
            folded == name or folded.startswith(name + ".") for name in map(str.casefold, names) if name
        )
    return True
