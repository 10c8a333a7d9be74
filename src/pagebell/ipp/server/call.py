"""One request on its way through the server, and the reply to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from pagebell.http.push import Push
from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.encoder import encode_attribute, encode_message_parts
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Status
from pagebell.ipp.requests import Request, RequestRefused
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.model.access import Principal
from pagebell.model.event import JobId, PrinterName
from pagebell.spooler.spooler import Spooler


class Place(NamedTuple):
    """What the path of an object's URI names; a None printer is the default one, or all of a server."""

    printer: str | None = None
    job: int | None = None
    server: bool = False


@lru_cache(maxsize=1024)
def place_of(uri: str) -> Place | None:
    """Read a printer's, a job's or the server's URI; None where there can be no such object.

    `/ipp/print[/NAME[/ID]]`, `/ipp/system` (PWG 5100.22), and as CUPS clients name them `/printers/NAME[/ID]`,
    `/jobs/ID` and `/`.
    """
    try:
        parts = [unquote(part) for part in urlsplit(uri).path.split("/") if part]
    except ValueError:
        return None
    match parts:
        case [] | ["printers"] | ["jobs"]:
            return Place(server=True)
        case ["ipp", "system"]:
            return Place(server=True)
        case ["ipp"] | ["ipp", "print"]:
            return Place()
        case ["ipp", "print", name] | ["printers", name]:
            return Place(name)
        case ["ipp", "print", name, number] | ["printers", name, number] if _is_id(number):
            return Place(name, int(number))
        case ["jobs", number] if _is_id(number):
            return Place(None, int(number))
        case _:
            return None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10


class Origin(NamedTuple):
    """How the client reached us: what its answers' URIs are made of."""

    authority: str
    """Host and port as the client wrote them."""
    secure: bool = False
    """Whether they came by TLS; what they are told to use is of the same kind."""
    both_schemes: bool = False
    """Whether they could have come the other way as well, on the same port."""
    proofs: tuple[str, ...] = ()
    """By what clients must prove who they are, which they do encrypted only; none where they need not."""

    def printer(self, name: str) -> str:
        """A printer's URI."""
        return _printer_uri(self.secure or bool(self.proofs), self.authority, name)

    def ways(self, name: str) -> list[tuple[str, bool]]:
        """Every URI of a printer and whether it means TLS; the client's own way comes first (RFC 8011 5.4.1)."""
        return [(_printer_uri(secure, self.authority, name), secure) for secure in self._kinds]

    @property
    def system(self) -> str:
        """The URI of the server itself (PWG 5100.22)."""
        return self.system_ways()[0][0]

    def system_ways(self) -> list[tuple[str, bool]]:
        """As `ways`, of the server itself."""
        return [(f"{_scheme(secure)}://{self.authority}/ipp/system", secure) for secure in self._kinds]

    @property
    def _kinds(self) -> tuple[bool, ...]:
        if self.proofs:
            return (True,)
        return (self.secure, not self.secure) if self.both_schemes else (self.secure,)

    @property
    def authentication(self) -> str:
        """How it is known who asks (RFC 8011 5.4.2): a name and a password where that is among the ways."""
        if "basic" in self.proofs:
            return "basic"
        return self.proofs[0] if self.proofs else "requesting-user-name"

    def job(self, printer: str, number: int) -> str:
        """A job's URI."""
        return f"{self.printer(printer)}/{number}"

    def page(self, path: str = "/") -> str:
        """A web page's URL."""
        return f"{'https' if self.secure else 'http'}://{self.authority}{path}"


def _printer_uri(secure: bool, authority: str, name: str) -> str:
    return f"{_scheme(secure)}://{authority}/ipp/print/{quote(name)}"


def _scheme(secure: bool) -> str:
    return "ipps" if secure else "ipp"


Body = AsyncIterator[bytes]


class BodyBroken(Exception):
    """The client went away in the middle of its request, or has been silent for too long."""


@dataclass(slots=True)
class Call:
    """A checked request with who asks, how they reached us, and the document data that follow."""

    request: Request
    by: Principal
    origin: Origin
    spooler: Spooler
    body: Body
    reads_parts: bool = True
    """Whether the client can read an answer in parts; libcups takes any answer for a plain IPP message."""

    def refuse(self, status: Status, message: str, *unsupported: Attribute) -> RequestRefused:
        """An answer that says why nothing was done."""
        group = Group.of(GroupTag.UNSUPPORTED, *unsupported) if unsupported else None
        return RequestRefused(status, message, group)

    def text(self, attr: Attr[str]) -> str:
        """An operation attribute's text, empty where it is absent."""
        value: str | None = self.request.attributes.get(attr)
        return "" if value is None else str(value)

    @property
    def place(self) -> Place:
        """What job-uri, printer-uri, or system-uri with or without printer-id names.

        Raises RequestRefused with client-error-not-found; NotFound.
        """
        attributes = self.request.attributes
        system = attributes.get(r.system_uri)
        uri = attributes.get(r.job_uri) or attributes.get(r.printer_uri) or system or ""
        place = place_of(uri)
        if place is None or (uri == system and not place.server):
            raise self.refuse(Status.CLIENT_ERROR_NOT_FOUND, f"there is nothing at {uri}")
        number = attributes.get(r.printer_id)
        if uri == system and number is not None:
            return Place(self.spooler.printers.by_id(number).name)
        return place

    @property
    def is_system(self) -> bool:
        """Whether it is aimed at the server itself, by system-uri (PWG 5100.22)."""
        return r.system_uri.name in self.request.attributes and self.place.server

    def demand_system(self) -> None:
        """Raise RequestRefused with client-error-not-found where it is aimed at anything but the server itself."""
        if not self.is_system:
            uri = self.request.attributes.get(r.system_uri)
            raise self.refuse(
                Status.CLIENT_ERROR_NOT_FOUND, f"{uri} is not the server: it is at {self.origin.system}"
            )

    @property
    def printer(self) -> PrinterName:
        """The printer aimed at; the default one where none is named. Raises NotFound, RequestRefused."""
        name = self.place.printer
        if name is None:
            return self.spooler.printers.default.name
        return self.spooler.printers.printer(PrinterName(name)).name

    @property
    def printer_or_all(self) -> PrinterName | None:
        """The printer aimed at; None for all, where CUPS' clients name the server. Raises as `printer`."""
        return None if self.place.server else self.printer

    def demand_place(self) -> None:
        """Raise NotFound, RequestRefused where the printer aimed at is not there; nothing more is asked of it."""
        if self.place.printer is not None:
            self.spooler.printers.printer(PrinterName(self.place.printer))

    @property
    def job_id(self) -> JobId:
        """The job aimed at, by job-uri or printer-uri with job-id."""
        number = self.place.job
        if number is None:
            number = self.request.attributes.get(r.job_id)
        if number is None:
            raise self.refuse(Status.CLIENT_ERROR_BAD_REQUEST, "the request names no job")
        return JobId(number)


Following = Callable[[Push], AsyncGenerator["Reply"]]
"""Makes the replies that follow; it is given what sends a successful one at once, by the pieces of its groups."""


@dataclass(slots=True)
class Reply:
    """What a handler answers: groups of encoded attributes behind the operation attributes."""

    status: Status = Status.SUCCESSFUL_OK
    message: str = ""
    groups: list[tuple[GroupTag, list[bytes]]] = field(default_factory=list)
    unsupported: list[Attribute] = field(default_factory=list)
    operation: list[Attribute] = field(default_factory=list)
    """Further operation attributes,"""
    encoded: list[bytes] = field(default_factory=list)
    """and such as are encoded already."""
    tail: list[bytes] = field(default_factory=list)
    """Pieces of further groups, encoded with their tags."""
    charset: str = "utf-8"
    language: str = "en"
    later: Coroutine[None, None, Reply] | None = None
    """The answer in this one's stead, which takes its time: it is given up when the client goes away."""
    more: Following | None = None
    """What follows as it happens, each as another part of the same answer (RFC 3996 11)."""

    def add(self, tag: GroupTag, attributes: Iterable[Attribute]) -> Reply:
        """Append a group."""
        self.groups.append((tag, [encode_attribute(attribute) for attribute in attributes]))
        return self


@lru_cache(maxsize=64)
def _head(charset: str, language: str) -> tuple[bytes, bytes]:
    return (
        encode_attribute(r.attributes_charset(charset)),
        encode_attribute(r.attributes_natural_language(language)),
    )


@lru_cache(maxsize=64)
def operation_group(charset: str, language: str, *encoded: bytes) -> bytes:
    """The operation attributes of a reply that has nothing else to say."""
    return bytes([GroupTag.OPERATION]) + b"".join([*_head(charset, language), *encoded])


def encode_reply(reply: Reply, version: tuple[int, int], request_id: int) -> bytes:
    """The octets of a reply; unsupported attributes come before the objects (RFC 8011 4.1.7)."""
    head = [*_head(reply.charset, reply.language), *reply.encoded]
    if reply.message:
        head.append(encode_attribute(r.status_message(_cut(reply.message, 255))))
    head += [encode_attribute(attribute) for attribute in reply.operation]
    groups: list[tuple[GroupTag, list[bytes]]] = [(GroupTag.OPERATION, head)]
    if reply.unsupported:
        unique = {attribute.name: attribute for attribute in reply.unsupported}
        groups.append((GroupTag.UNSUPPORTED, [encode_attribute(a) for a in unique.values()]))
    return encode_message_parts(version, reply.status, request_id, groups + reply.groups, reply.tail)


def _cut(text: str, octets: int) -> str:
    """As much of `text` as fits so many octets."""
    return text.encode()[:octets].decode("utf-8", "ignore")
