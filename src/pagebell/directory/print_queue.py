"""What a directory knows of a printer: the class printQueue of Active Directory. Pure. [MS-RPRN] 2.3.2, 2.3.3.1"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pagebell.ipp import registry as r
from pagebell.ipp.results import PrinterInfo

OBJECT_CLASS: Final = "printQueue"
_VERSION: Final = "4"
_LONGEST_NAME: Final = 64
"""Octets of a common name in a directory (RFC 4519 2.3, as Active Directory has it)."""
REQUIRED: Final = ("printerName", "serverName", "shortServerName", "uNCName", "versionNumber")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a directory an entry is."""

    dn: str
    guid: UUID | None = None
    """What the directory itself identifies it by; None where it does not tell."""


@dataclass(frozen=True, slots=True)
class PrintQueue:
    """A printer as it stands in the directory; empty or None is what it does not tell there."""

    name: str
    server: str
    """The server's full DNS name."""
    description: str = ""
    location: str = ""
    driver: str = ""
    urls: tuple[str, ...] = ()
    """Where else it is reached, such as by IPP."""
    color: bool | None = None
    duplex: bool | None = None
    pages_per_minute: int | None = None
    media: tuple[str, ...] = ()
    dn: str = ""
    """Its place in the directory, where it has been found there."""

    @classmethod
    def of(cls, printer: PrinterInfo, server: str) -> PrintQueue:
        """A printer that tells of itself by IPP, as the queue of this server, by whichever door it is published."""
        raw = printer.raw
        return cls(
            name=printer.name,
            server=server,
            description=printer.info,
            location=printer.location,
            driver=printer.make_and_model,
            urls=tuple(sorted({_at(server, uri) for uri in raw.all(r.printer_uri_supported)}, reverse=True)),
            color=raw.get(r.color_supported),
            duplex=any(side.startswith("two-sided") for side in raw.all(r.sides_supported)),
            pages_per_minute=raw.get(r.pages_per_minute),
            media=tuple(str(one) for one in raw.all(r.media_supported))[:50],
        )

    @property
    def short_server(self) -> str:
        """The server's machine name."""
        return self.server.partition(".")[0].upper()

    @property
    def unc(self) -> str:
        r"""`\\server\printer`."""
        return rf"\\{self.server}\{self.name}"

    @property
    def common_name(self) -> str:
        """The name of its entry: server and printer, as Windows has it."""
        return f"{self.short_server}-{self.name}".encode()[:_LONGEST_NAME].decode("utf-8", "ignore")

    def attributes(self) -> dict[str, list[str]]:
        """What is written into its entry; empty is what it does not tell."""
        told: dict[str, Iterable[str]] = {
            "versionNumber": [_VERSION],
            "shortServerName": [self.short_server],
            "serverName": [self.server],
            "printerName": [self.name],
            "uNCName": [self.unc],
            "printShareName": [self.name],
            "description": _some(self.description),
            "location": _some(self.location),
            "driverName": _some(self.driver),
            "url": self.urls,
            "printColor": _flag(self.color),
            "printDuplexSupported": _flag(self.duplex),
            "printPagesPerMinute": _some("" if self.pages_per_minute is None else str(self.pages_per_minute)),
            "printMediaSupported": self.media,
        }
        return {name: list(values) for name, values in told.items()}

    @classmethod
    def read(cls, dn: str, entry: Mapping[str, Sequence[str]]) -> PrintQueue | None:
        """An entry as it was found; None for one that lacks what is required ([MS-RPRN] 2.3.3.3)."""
        values = {name.casefold(): list(found) for name, found in entry.items()}

        def first(name: str) -> str:
            return next(iter(values.get(name.casefold(), ())), "")

        if not all(first(name) for name in REQUIRED):
            return None
        speed = first("printPagesPerMinute")
        return cls(
            name=first("printerName"),
            server=first("serverName"),
            description=first("description"),
            location=first("location"),
            driver=first("driverName"),
            urls=tuple(values.get("url", ())),
            color=_read_flag(first("printColor")),
            duplex=_read_flag(first("printDuplexSupported")),
            pages_per_minute=int(speed) if speed.isascii() and speed.isdigit() else None,
            media=tuple(values.get("printmediasupported", ())),
            dn=dn,
        )


def _at(server: str, uri: str) -> str:
    """A printer's address under the name that clients know."""
    scheme, _, rest = uri.partition("://")
    authority, slash, path = rest.partition("/")
    port = authority.rpartition(":")[2] if ":" in authority.rpartition("]")[2] else ""
    return f"{scheme}://{server}{':' + port if port else ''}{slash}{path}"


def _some(text: str) -> list[str]:
    return [text] if text else []


def _flag(value: bool | None) -> list[str]:
    return [] if value is None else ["TRUE" if value else "FALSE"]


def _read_flag(text: str) -> bool | None:
    return {"TRUE": True, "FALSE": False}.get(text.upper())


def filter_of(name: str = "", location: str = "") -> str:
    """The search filter for queues whose name and location contain these texts (RFC 4515)."""
    parts = [f"(objectClass={OBJECT_CLASS})"]
    parts += [f"(printerName=*{_escaped(name)}*)"] if name else []
    parts += [f"(location=*{_escaped(location)}*)"] if location else []
    return f"(&{''.join(parts)})" if len(parts) > 1 else parts[0]


def _escaped(text: str) -> str:
    """RFC 4515 3: what means something in a filter, in hexadecimal."""
    return "".join(f"\\{ord(c):02x}" if c in "\\*()\0" else c for c in text)
