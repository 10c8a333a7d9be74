"""Where a printer's URI leads: the address to post to, the name to use in requests (RFC 3510, RFC 7472)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from pagebell.ipp import registry as r
from pagebell.ipp.errors import OptionError
from pagebell.ipp.values import Attribute

IPP_PORT: Final = 631
SYSTEM_PATH: Final = "/ipp/system"
"""Where a server's own object is (PWG 5100.22 4.1)."""
_SCHEMES: Final = {
    "ipp": ("http", IPP_PORT),
    "ipps": ("https", IPP_PORT),
    "http": ("http", 80),
    "https": ("https", 443),
}


@dataclass(frozen=True, slots=True)
class Address:
    """One server or printer. Credentials in a URI are taken out of it, so that they show up nowhere."""

    secure: bool
    host: str
    port: int
    path: str
    credentials: tuple[str, str] | None = None

    @property
    def uri(self) -> str:
        """The URI that names the printer in a request; its scheme is always ``ipp`` or ``ipps``."""
        port = "" if self.port == IPP_PORT else f":{self.port}"
        return f"{'ipps' if self.secure else 'ipp'}://{self._host}{port}{self.path}"

    @property
    def url(self) -> str:
        """The HTTP URL to post to."""
        return f"{'https' if self.secure else 'http'}://{self._host}:{self.port}{self.path}"

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def target(self) -> Attribute:
        """What names the object in a request: the system there, or a printer (PWG 5100.22 6.1)."""
        return r.system_uri(self.uri) if self.path == SYSTEM_PATH else r.printer_uri(self.uri)

    def at(self, path: str) -> Address:
        """The same server at another path."""
        return Address(self.secure, self.host, self.port, path, self.credentials)

    def __str__(self) -> str:
        return self.uri


def parse_address(uri: str) -> Address:
    """Read an ipp, ipps, http or https URI. Raises OptionError, which says what is wrong with it."""
    try:
        parts = urlsplit(uri.strip())
        port = parts.port
    except ValueError as error:
        raise OptionError(f"'{uri}' is not a printer's address: {error}.") from None
    if parts.scheme.lower() not in _SCHEMES or not parts.hostname:
        raise OptionError(f"'{uri}' is not a printer's address. One looks like ipp://HOST/printers/NAME.")
    scheme, default = _SCHEMES[parts.scheme.lower()]
    credentials = None
    if parts.username is not None:
        credentials = (unquote(parts.username), unquote(parts.password or ""))
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    return Address(scheme == "https", parts.hostname, port or default, path, credentials)
