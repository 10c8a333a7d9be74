"""An operation of the JSON API as a row of a table: what it is reached by, what it takes, gives and does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pagebell.model.access import Principal
from pagebell.model.errors import (
    AlreadyExists,
    DocumentDamaged,
    Gone,
    NoRoom,
    NotAccepting,
    NotAuthenticated,
    NotAuthorized,
    NotFound,
    Refusal,
    ServiceStopping,
    TooLarge,
    TooMany,
    Unsupported,
    UnsupportedFormat,
    UnsupportedScheme,
    WrongState,
)
from pagebell.spooler.spooler import Spooler

STATUS: dict[type[Refusal], int] = {
    NotFound: 404,
    Gone: 410,
    WrongState: 409,
    NotAuthorized: 403,
    NotAuthenticated: 401,
    NotAccepting: 409,
    AlreadyExists: 409,
    Unsupported: 422,
    UnsupportedScheme: 422,
    UnsupportedFormat: 415,
    DocumentDamaged: 422,
    TooLarge: 413,
    TooMany: 503,
    NoRoom: 507,
    ServiceStopping: 503,
}
"""The one table from the model's facts to HTTP's status codes (RFC 9110 15, RFC 4918 11)."""
REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    426: "Upgrade Required",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
    507: "Insufficient Storage",
}


def status_of(refusal: Refusal) -> int:
    """The status code for a fact; a fact's subclass is answered as it."""
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request whose parts have been read and checked."""

    spooler: Spooler
    by: Principal
    path: dict[str, Any]
    query: Any
    """An object of the endpoint's `query`."""
    body: Any
    """An object of the endpoint's `body`."""
    media_type: str
    stream: Callable[[], AsyncIterator[bytes]]
    """The octets of a document."""


Handler = Callable[[Ask], Awaitable[msgspec.Struct | None]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation; the handler's docstring says what it does."""

    method: str
    path: str
    """Below /api/v1; parameters as starlette has them, `{job:int}`."""
    handler: Handler
    answer: type[msgspec.Struct] | None
    """None: 204, with nothing."""
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    document: bool = False
    """The body is a document to print, of any size."""
    created: str = ""
    """It makes something, 201, that is found here under its id."""
    refusals: tuple[type[Refusal], ...] = ()
    example: dict[str, Any] = field(default_factory=dict, hash=False)
    """A body that works."""

    @property
    def status(self) -> int:
        """The status of success."""
        if self.answer is None:
            return 204
        return 201 if self.created else 200
