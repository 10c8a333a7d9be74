"""What DNS-SD tells of a printer and of the server: values, no network.

A printer's are those of PWG 5100.14 4.2 and Apple's Bonjour Printing 1.2.1, the server's those of PWG 5100.22 11.
"""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final
from urllib.parse import quote

from pagebell.http.settings import TlsMode
from pagebell.model.geo import spot
from pagebell.model.names import MAX_LABEL, cut, label
from pagebell.model.printer import Capabilities, Printer, media_size
from pagebell.model.system import SystemDescription

MAX_PAIR: Final = 255
"""Octets of a key with its value (RFC 6763 6.1)."""
_LOGIN: Final = "username,password"
_ANYWHERE: Final = 0x99
"""As exact as the earth is large: nobody knows (PWG 5100.22 11.1.3)."""
_EQUATOR, _SEA_LEVEL = 2**31, 10_000_000
"""Where angles are counted from, in thousandths of a second, and heights, in centimetres."""
_LEFT_OUT: Final = "application/octet-stream"
_STAPLES: Final = frozenset({4, *range(20, 36)})
_PUNCHES: Final = frozenset({5, *range(70, 94)})
_BINDS: Final = frozenset({7, *range(50, 54)})
_PAPERS: Final = ((21_000, "<legal-A4"), (27_900, "legal-A4"), (42_000, "tabloid-A3"), (45_800, "isoC-A2"))
"""PaperMax of what is narrower than so many hundredths of a millimetre."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server is reached."""

    host: str
    """What its addresses go by, with `.local`."""
    port: int
    addresses: tuple[str, ...]
    tls: TlsMode = TlsMode.OFF
    login: bool = False
    """Whether clients must say who they are."""


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """One service of a printer."""

    type: str
    """Such as `_ipp._tcp`."""
    port: int
    """0 where the service isn't there, and the record only keeps others off the name (RFC 6763 8)."""
    subtypes: tuple[str, ...] = ()
    text: tuple[tuple[str, str], ...] = ()
    """Keys and values of the TXT record, in their order."""


def host_name(machine: str, server: str) -> str:
    """What a server's addresses go by: a name that is its own, by its UUID.

    The machine's may be announced by another program, such as Avahi, which would take addresses that it does not
    announce for another machine's.
    """
    own = f"-{server[:8]}"
    return f"{cut(machine.partition('.')[0] or 'pagebell', MAX_LABEL - len(own))}{own}.local"


@dataclass(frozen=True, slots=True)
class Presence:
    """What the network is told of a printer, or of the server itself."""

    wish: str
    """The name it would have with nobody else around."""
    records: tuple[ServiceRecord, ...]
    location: bytes = b""
    """Data of a LOC record for each of them; empty where nobody has said where it is."""


def location(uri: str) -> bytes:
    """A `geo:` URI as the data of a LOC record (RFC 1876 2); empty for no place on earth."""
    place = spot(uri)
    if place is None:
        return b""
    exact = _ANYWHERE if place.uncertainty is None else _metres(2 * place.uncertainty)
    degrees = (_EQUATOR + round(angle * 3_600_000) for angle in (place.latitude, place.longitude))
    height = max(0, min(_SEA_LEVEL + round((place.altitude or 0.0) * 100), 2**32 - 1))
    upright = _ANYWHERE if place.altitude is None else exact
    return struct.pack(">4B3I", 0, _metres(1), exact, upright, *degrees, height)


def _metres(length: float) -> int:
    """So many metres as a digit of centimetres and a power of ten, rounded up."""
    digits, power = ceil(min(length, 9e7) * 100), 0
    while digits > 9:
        digits, power = -(-digits // 10), power + 1
    return digits << 4 | power


def instance_name(wish: str, taken: Container[str]) -> str:
    """The name that people see: the one that is wished for, with a number where that one is taken.

    `taken` has names in lower case, as DNS compares them.
    """
    name, number = wish, 1
    while name.lower() in taken:
        number += 1
        end = f" ({number})"
        name = cut(wish, MAX_LABEL - len(end)) + end
    return name


def system_presence(description: SystemDescription, uuid: str, place: Place) -> Presence:
    """The server's one service, which is there with TLS alone (PWG 5100.22 11.1.1)."""
    text = [("note", description.location)] * bool(description.location)
    text += [("UUID", uuid), *([("air", _LOGIN)] if place.login else ())]
    record = ServiceRecord(
        "_ipps-system._tcp", place.port, text=tuple(_pair(key, value) for key, value in text)
    )
    records = () if place.tls is TlsMode.OFF else (record,)
    return Presence(description.title, records, location(description.geo_location))


def printer_presence(printer: Printer, capabilities: Capabilities, place: Place) -> Presence:
    """A printer goes by what it is, or by its name."""
    wish = label(printer.info) or label(printer.name) or "Printer"
    return Presence(wish, service_records(printer, capabilities, place), location(printer.geo_location))


def service_records(printer: Printer, capabilities: Capabilities, place: Place) -> tuple[ServiceRecord, ...]:
    """The services of a printer: the one that keeps the name, `_ipp`, and `_ipps` where there is TLS."""
    subtypes = ("_print", *(("_universal",) if "image/urf" in capabilities.formats else ()))
    services = [ServiceRecord("_printer._tcp", 0)]
    for kind, secure in (("_ipp._tcp", False), ("_ipps._tcp", True)):
        if place.tls is TlsMode.OFF and secure:
            continue
        text = _text(
            printer, capabilities, place, "https" if secure or place.tls is TlsMode.REQUIRE else "http"
        )
        services.append(
            ServiceRecord(kind, place.port, subtypes, tuple(_pair(key, value) for key, value in text))
        )
    return tuple(services)


def _text(
    printer: Printer, capabilities: Capabilities, place: Place, scheme: str
) -> Iterator[tuple[str, str]]:
    can, path = capabilities, quote(printer.name)
    yield from (("txtvers", "1"), ("qtotal", "1"), ("rp", f"ipp/print/{path}"))
    yield "ty", can.make_and_model
    yield "adminurl", f"{scheme}://{place.host}:{place.port}/printers/{path}"
    yield "note", printer.location
    yield from (("priority", "50"), ("product", f"({can.make_and_model})"), ("kind", "document"))
    yield "pdl", _formats(can)
    yield "UUID", printer.uuid
    if place.tls is not TlsMode.OFF:
        yield "TLS", "1.3"
    if place.login:
        yield "air", _LOGIN
    yield "Color", _flag(can.color)
    yield "Duplex", _flag(len(can.sides) > 1)
    yield "Copies", _flag(can.max_copies > 1)
    yield "Collate", _flag(can.collates)
    finishings = frozenset(can.finishings)
    for key, among in (("Bind", _BINDS), ("Punch", _PUNCHES), ("Staple", _STAPLES)):
        if finishings & among:
            yield key, "T"
    yield from (("Scan", "F"), ("Fax", "F"))
    largest = max((min(size.x, size.y) for size in map(media_size, can.media) if size), default=0)
    if largest:
        yield "PaperMax", next((word for below, word in _PAPERS if largest < below), ">isoC-A2")
    if "image/urf" in can.formats:
        yield "URF", _urf(can)


def _formats(capabilities: Capabilities) -> str:
    """As many as there is room for, none of them halved."""
    found = ""
    for name in capabilities.formats:
        longer = f"{found},{name}" if found else name
        if name != _LEFT_OUT and len(f"pdl={longer}") <= MAX_PAIR:
            found = longer
    return found or _LEFT_OUT


def _urf(capabilities: Capabilities) -> str:
    """What of Apple Raster: its version, copies, kinds of colour, resolutions, and both sides."""
    resolutions = "-".join(map(str, sorted(capabilities.resolutions)))
    words = ["V1.4", f"CP{capabilities.max_copies}", "W8", *["SRGB24"] * capabilities.color]
    return ",".join((*words, f"RS{resolutions}", *["DM1"] * (len(capabilities.sides) > 1)))


def _pair(key: str, value: str) -> tuple[str, str]:
    return key, cut(value, MAX_PAIR - len(key) - 1)


def _flag(value: bool) -> str:
    return "T" if value else "F"
