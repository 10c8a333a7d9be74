"""What can go wrong between an IPP client and a server, as exceptions; one table from status codes."""

from __future__ import annotations

from typing import Final

from pagebell.ipp.registry import Status


class ClientError(Exception):
    """Anything that keeps a client from its answer; ``str()`` is one sentence for people."""


class OptionError(ClientError, ValueError):
    """An option that cannot be sent: its name or its value is not as IPP defines it."""


class ConnectionFailed(ClientError):
    """The server cannot be reached, or the connection was lost on the way."""

    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(f"{uri}: {reason}")
        self.uri = uri
        self.reason = reason


class Refused(ConnectionFailed):
    """Nobody listens there, or the name is not known: no request was sent."""


class Silent(ConnectionFailed):
    """The server took the request and then said nothing within the time limit."""


class Untrusted(ConnectionFailed):
    """The server's certificate cannot be verified; nothing was sent."""


class HttpError(ClientError):
    """The server answered with an HTTP status instead of an IPP message (RFC 8010 3.4.3)."""

    def __init__(self, uri: str, status: int, reason: str) -> None:
        super().__init__(f"{uri}: {reason} (HTTP {status})")
        self.uri = uri
        self.status = status
        self.reason = reason


class AnsweredElsewhere(ClientError):
    """Somebody else has answered a dialog, or nothing is asked any more."""


class BadAnswer(ClientError):
    """The server's answer is not a sensible IPP message."""

    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(f"{uri}: {reason}")
        self.uri = uri
        self.reason = reason


class IppError(ClientError):
    """The server answered with an error status (RFC 8011 B.1)."""

    def __init__(self, status: Status, message: str = "", unsupported: tuple[str, ...] = ()) -> None:
        text = f"{message} ({status.keyword})" if message else status.keyword
        if unsupported:
            text += f": {', '.join(unsupported)}"
        super().__init__(text)
        self.status = status
        self.message = message
        """The server's own words, perhaps empty."""
        self.unsupported = unsupported
        """The attributes that it does not support, with the values that were sent."""


class BadRequest(IppError):
    """The server holds the request for malformed."""


class NotAllowed(IppError):
    """This user may not do that, or has to say first who they are."""


class NotPossible(IppError):
    """The object's present state does not allow it."""


class NotFound(IppError):
    """There is no such printer, job or subscription, or no longer."""


class Unsupported(IppError):
    """The server does not offer this operation, attribute, value or format."""


class DocumentRejected(IppError):
    """The document cannot be printed as it is."""


class TooLarge(IppError):
    """The request, or the number of things asked for, is beyond the server's limits."""


class AccountRefused(IppError):
    """The account that pays for printing is missing, closed or spent."""


class Unavailable(IppError):
    """Not now: the same request may succeed later."""


class NotAccepting(Unavailable):
    """The printer takes no jobs at present."""


class ServerFailed(IppError):
    """The server or its device broke down."""


EXCEPTIONS: Final[dict[Status, type[IppError]]] = {
    **dict.fromkeys((Status.CLIENT_ERROR_BAD_REQUEST, Status.SERVER_ERROR_VERSION_NOT_SUPPORTED), BadRequest),
    **dict.fromkeys(
        (
            Status.CLIENT_ERROR_FORBIDDEN,
            Status.CLIENT_ERROR_NOT_AUTHENTICATED,
            Status.CLIENT_ERROR_NOT_AUTHORIZED,
        ),
        NotAllowed,
    ),
    **dict.fromkeys(
        (
            Status.CLIENT_ERROR_NOT_POSSIBLE,
            Status.CLIENT_ERROR_NOT_FETCHABLE,
            Status.SERVER_ERROR_JOB_CANCELED,
            Status.CLIENT_ERROR_TIMEOUT,
        ),
        NotPossible,
    ),
    **dict.fromkeys((Status.CLIENT_ERROR_NOT_FOUND, Status.CLIENT_ERROR_GONE), NotFound),
    **dict.fromkeys(
        (
            Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            Status.CLIENT_ERROR_URI_SCHEME_NOT_SUPPORTED,
            Status.CLIENT_ERROR_CHARSET_NOT_SUPPORTED,
            Status.CLIENT_ERROR_CONFLICTING_ATTRIBUTES,
            Status.CLIENT_ERROR_COMPRESSION_NOT_SUPPORTED,
            Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE,
            Status.CLIENT_ERROR_IGNORED_ALL_SUBSCRIPTIONS,
            Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED,
            Status.SERVER_ERROR_MULTIPLE_DOCUMENT_JOBS_NOT_SUPPORTED,
        ),
        Unsupported,
    ),
    **dict.fromkeys(
        (
            Status.CLIENT_ERROR_COMPRESSION_ERROR,
            Status.CLIENT_ERROR_DOCUMENT_FORMAT_ERROR,
            Status.CLIENT_ERROR_DOCUMENT_ACCESS_ERROR,
            Status.CLIENT_ERROR_DOCUMENT_PASSWORD_ERROR,
            Status.CLIENT_ERROR_DOCUMENT_PERMISSION_ERROR,
            Status.CLIENT_ERROR_DOCUMENT_SECURITY_ERROR,
            Status.CLIENT_ERROR_DOCUMENT_UNPRINTABLE_ERROR,
        ),
        DocumentRejected,
    ),
    **dict.fromkeys(
        (
            Status.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE,
            Status.CLIENT_ERROR_REQUEST_VALUE_TOO_LONG,
            Status.CLIENT_ERROR_TOO_MANY_SUBSCRIPTIONS,
            Status.SERVER_ERROR_TOO_MANY_JOBS,
            Status.SERVER_ERROR_TOO_MANY_DOCUMENTS,
            Status.SERVER_ERROR_TOO_MANY_PRINTERS,
        ),
        TooLarge,
    ),
    **dict.fromkeys(
        (
            Status.CLIENT_ERROR_ACCOUNT_INFO_NEEDED,
            Status.CLIENT_ERROR_ACCOUNT_CLOSED,
            Status.CLIENT_ERROR_ACCOUNT_LIMIT_REACHED,
            Status.CLIENT_ERROR_ACCOUNT_AUTHORIZATION_FAILED,
        ),
        AccountRefused,
    ),
    **dict.fromkeys(
        (
            Status.SERVER_ERROR_SERVICE_UNAVAILABLE,
            Status.SERVER_ERROR_TEMPORARY_ERROR,
            Status.SERVER_ERROR_BUSY,
        ),
        Unavailable,
    ),
    Status.SERVER_ERROR_NOT_ACCEPTING_JOBS: NotAccepting,
    **dict.fromkeys(
        (
            Status.SERVER_ERROR_INTERNAL_ERROR,
            Status.SERVER_ERROR_DEVICE_ERROR,
            Status.SERVER_ERROR_PRINTER_IS_DEACTIVATED,
        ),
        ServerFailed,
    ),
}
"""Every registered error status; a test proves that none is missing."""


def ipp_error(status: Status, message: str = "", unsupported: tuple[str, ...] = ()) -> IppError:
    """Make the exception for an error status, registered or not (RFC 8011 B.1)."""
    kind = EXCEPTIONS.get(status) or (ServerFailed if status >= 0x0500 else IppError)
    return kind(status, message, unsupported)
