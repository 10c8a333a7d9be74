"""What the HTTP server answers by itself, before any application has been asked: a status and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer after which the connection is closed."""

    status: HTTPStatus
    text: str
    headers: tuple[tuple[str, str], ...] = ()

    def octets(self) -> bytes:
        """As it is sent."""
        body = self.text + "\n"
        upgrade = any(name == "Upgrade" for name, _ in self.headers)
        lines = [
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            *(f"{name}: {value}" for name, value in self.headers),
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(body)}",
            f"Connection: {'Upgrade, ' if upgrade else ''}close",
        ]
        return "\r\n".join([*lines, "", body]).encode("ascii")


TLS_PROTOCOLS: Final = "TLS/1.2, HTTP/1.1"
"""The stack of protocols, from the bottom, that an upgrade leads to (RFC 2817 3.3)."""
SWITCHING: Final = (
    f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {TLS_PROTOCOLS}\r\nConnection: Upgrade\r\n\r\n".encode()
)

MALFORMED: Final = Refusal(HTTPStatus.BAD_REQUEST, "This is not a request that can be read.")
NO_TUNNELS: Final = Refusal(
    HTTPStatus.METHOD_NOT_ALLOWED, "This is no proxy.", (("Allow", "GET, HEAD, OPTIONS, POST"),)
)
LATE: Final = Refusal(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to come.")
BODY_TOO_LARGE: Final = Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body of this request is too large.")
HEAD_TOO_LARGE: Final = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers of this request are too large or too many."
)
TLS_REQUIRED: Final = Refusal(
    HTTPStatus.UPGRADE_REQUIRED,
    "This server wants an encrypted connection: use an ipps: or https: address.",
    (("Upgrade", TLS_PROTOCOLS),),
)
"""RFC 2817 4.2."""
FULL: Final = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE, "There are too many connections at present.", (("Retry-After", "10"),)
)
