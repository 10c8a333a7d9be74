"""The closed set of reasons why a request can't be done.

Each is a fact, not a status code: every protocol edge has one table that puts it in its own words.
"""

from __future__ import annotations


class Refusal(Exception):
    """A request that is understood and can't be done; `str()` of it is a sentence for the user."""


class NotFound(Refusal):
    """No such printer, job, document or subscription."""


class Gone(Refusal):
    """It existed, but what the request needs of it has been removed."""


class WrongState(Refusal):
    """The object's state does not allow the operation now (RFC 8011 client-error-not-possible)."""


class NotAuthorized(Refusal):
    """This principal may not do that."""


class NotAuthenticated(NotAuthorized):
    """It may not do that, and has proved nothing: whoever proves who they are might."""


class NotAccepting(Refusal):
    """The printer does not accept jobs at present."""


class AlreadyExists(Refusal):
    """The name is taken."""


class Unsupported(Refusal):
    """A value that this printer or server can't honour; `attribute` names what carried it."""

    def __init__(self, message: str, attribute: str = "") -> None:
        super().__init__(message)
        self.attribute = attribute


class UnsupportedScheme(Unsupported):
    """Nothing is delivered, or fetched, by that URI scheme here (RFC 3995 13.1)."""


class UnsupportedFormat(Refusal):
    """The document's format is none that the printer takes."""


class DocumentDamaged(Refusal):
    """The document's octets are not what its format or compression says."""


class TooLarge(Refusal):
    """Beyond a configured size."""


class TooMany(Refusal):
    """Beyond a configured count."""


class NoRoom(Refusal):
    """The disk is full or the store can't write at present; trying again later may help."""


class ServiceStopping(Refusal):
    """The server is shutting down."""


class OutOfService(ServiceStopping):
    """An operator has deactivated the printer or shut it down (RFC 3998 3.4, 3.5)."""


FACTS: tuple[type[Refusal], ...] = (
    NotFound,
    Gone,
    WrongState,
    NotAuthorized,
    NotAuthenticated,
    NotAccepting,
    AlreadyExists,
    Unsupported,
    UnsupportedScheme,
    UnsupportedFormat,
    DocumentDamaged,
    TooLarge,
    TooMany,
    NoRoom,
    ServiceStopping,
)
"""All of them: a protocol edge proves that its table is complete against this."""
