"""What Windows' programs keep of a printer beyond what the model knows: one setting a printer. [MS-RPRN] 2.2.2.9"""

from __future__ import annotations

import msgspec

from pagebell.model.printer import Printer
from pagebell.spooler.ports import Setting
from pagebell.spooler.settings import Settings
from pagebell.winspool.constants import PrinterAttribute

_SECTION, _NAME, _DEVMODES, _ENTRIES = "windows", "printer", "devmode", "directory"
SETTABLE = (
    PrinterAttribute.QUEUED
    | PrinterAttribute.DIRECT
    | PrinterAttribute.SHARED
    | PrinterAttribute.ENABLE_DEVQ
    | PrinterAttribute.KEEPPRINTEDJOBS
    | PrinterAttribute.DO_COMPLETE_FIRST
    | PrinterAttribute.WORK_OFFLINE
    | PrinterAttribute.ENABLE_BIDI
    | PrinterAttribute.RAW_ONLY
)
"""Attributes that clients may change; the others are facts."""


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """Times in minutes after midnight UTC, as PRINTER_INFO_2 has them."""

    driver: str = ""
    """Empty: the one that the configuration names."""
    separator: str = ""
    parameters: str = ""
    datatype: str = "RAW"
    priority: int = 1
    default_priority: int = 0
    start: int = 0
    until: int = 0
    attributes: int = int(PrinterAttribute.SHARED | PrinterAttribute.RAW_ONLY | PrinterAttribute.QUEUED)
    published: bool = False
    devmode: bytes = b""
    descriptor: bytes = b""

    def setting(self, printer: str) -> Setting:
        """As it is stored."""
        return Setting(printer, _SECTION, _NAME, msgspec.json.encode(self))


class Entry(msgspec.Struct, frozen=True):
    """Where a printer stands in a directory; the server keeps it, since it may outlive the printer."""

    dn: str
    guid: str = ""
    """What the directory identifies it by; empty where it does not tell."""

    def setting(self, printer: str) -> Setting:
        """As it is stored."""
        return Setting("", _ENTRIES, printer, msgspec.json.encode(self))


_decode_entry = msgspec.json.Decoder(Entry).decode


def entries(kept: Settings) -> dict[str, Entry]:
    """All entries that are in the directory, by their printers' names."""
    return {name: _decode_entry(octets) for name, octets in kept.get("", _ENTRIES).items()}


def entry(kept: Settings, printer: str) -> Entry | None:
    """A printer's entry; None where it has none."""
    octets = kept.get("", _ENTRIES).get(printer)
    return None if octets is None else _decode_entry(octets)


def no_entry(printer: str) -> Setting:
    """That there is none any more, as it is stored."""
    return Setting("", _ENTRIES, printer, None)


_decode = msgspec.json.Decoder(Profile).decode
_USUAL = Profile()


def profile(kept: Settings, printer: Printer) -> Profile:
    """A printer's profile."""
    octets = kept.get(printer.name, _SECTION).get(_NAME)
    return _USUAL if octets is None else _decode(octets)


def own_devmode(kept: Settings, printer: Printer, user: str) -> bytes:
    """The DEVMODE that a user has of a printer, empty where there is none. [MS-RPRN] 2.2.2.9.10"""
    return kept.get(printer.name, _DEVMODES).get(user, b"")


def keep_devmode(printer: Printer, user: str, octets: bytes) -> Setting:
    """The same as it is stored."""
    return Setting(printer.name, _DEVMODES, user, octets or None)
