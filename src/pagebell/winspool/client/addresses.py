r"""Where a printer is, as people write it: par://HOST/QUEUE, rprn://HOST/QUEUE, `\\HOST\QUEUE`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from pagebell.ipp.errors import ClientError

SCHEMES: Final = ("par", "rprn")


class Way(Enum):
    """How a print server is spoken to."""

    PAR = "[MS-PAR] over TCP"
    RPRN = "[MS-RPRN] over TCP"
    PIPE = "[MS-RPRN] over SMB"


WAYS: Final[dict[str, tuple[Way, ...]]] = {
    "par": (Way.PAR,),
    "rprn": (Way.RPRN, Way.PIPE),
    "": (Way.PAR, Way.RPRN, Way.PIPE),
}
"""What is tried, in this order. [MS-PRSOD] 2.7.1.5"""


class AddressError(ClientError, ValueError):
    """That is no address of a Windows printer; ``str()`` says what is wrong."""


@dataclass(frozen=True, slots=True)
class Address:
    """A print server, or one of its printers."""

    host: str
    printer: str = ""
    scheme: str = ""
    r"""`par`, `rprn`, or empty for `\\HOST\QUEUE`."""
    port: int = 0
    """0: the endpoint mapper is asked."""

    @property
    def ways(self) -> tuple[Way, ...]:
        """How to get there, the best first."""
        return WAYS[self.scheme]

    @property
    def server(self) -> str:
        r"""The server's name as calls have it, `\\HOST`."""
        return rf"\\{self.host}"

    @property
    def name(self) -> str | None:
        """What is to be opened: the printer, or the server. [MS-RPRN] 2.2.4.14"""
        return rf"{self.server}\{self.printer}" if self.printer else self.server

    @property
    def uri(self) -> str:
        """As it is written."""
        if not self.scheme:
            return self.name or ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{host}{port}/{quote(self.printer)}"

    def at(self, printer: str) -> Address:
        """Another printer of the same server; a printer's name may come with its server's."""
        return replace(self, printer=printer.rsplit("\\", 1)[-1])


def is_windows(text: str) -> bool:
    """Whether it looks like an address of this kind."""
    return text.startswith("\\\\") or text.partition("://")[0].lower() in SCHEMES


def parse(text: str) -> Address:
    """Raises AddressError."""
    if text.startswith("\\\\"):
        host, _, printer = text[2:].partition("\\")
        return _checked(Address(host, printer.rstrip("\\")), text)
    try:
        parts = urlsplit(text)
        port = parts.port or 0
    except ValueError as error:
        raise AddressError(f"{text!r} is no address: {error}") from None
    if parts.scheme not in SCHEMES:
        raise AddressError(rf"{text!r} is no Windows printer: write par://HOST/QUEUE or \\HOST\QUEUE")
    if parts.username or parts.password:
        raise AddressError(f"leave user and password out of the address of {parts.hostname}; see --user")
    return _checked(Address(parts.hostname or "", unquote(parts.path).strip("/"), parts.scheme, port), text)


def _checked(address: Address, text: str) -> Address:
    if not address.host or any(sign in address.host for sign in "\\/ "):
        raise AddressError(rf"{text!r} names no server: write par://HOST/QUEUE or \\HOST\QUEUE")
    if any(sign in address.printer for sign in "\\/,") or not (address.host + address.printer).isprintable():
        raise AddressError(f"{address.printer!r} is no printer's name")
    return address
