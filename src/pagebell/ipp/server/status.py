"""The one table from the model's facts to IPP status codes (RFC 8011 appendix B)."""

from __future__ import annotations

from pagebell.ipp.registry import Status
from pagebell.model import errors

STATUS: dict[type[errors.Refusal], Status] = {
    errors.NotFound: Status.CLIENT_ERROR_NOT_FOUND,
    errors.Gone: Status.CLIENT_ERROR_NOT_POSSIBLE,  # the job is there, its documents are not: RFC 8011 4.3.7
    errors.WrongState: Status.CLIENT_ERROR_NOT_POSSIBLE,
    errors.NotAuthorized: Status.CLIENT_ERROR_NOT_AUTHORIZED,
    errors.NotAuthenticated: Status.CLIENT_ERROR_NOT_AUTHENTICATED,
    errors.NotAccepting: Status.SERVER_ERROR_NOT_ACCEPTING_JOBS,
    errors.AlreadyExists: Status.CLIENT_ERROR_NOT_POSSIBLE,
    errors.Unsupported: Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
    errors.UnsupportedScheme: Status.CLIENT_ERROR_URI_SCHEME_NOT_SUPPORTED,
    errors.UnsupportedFormat: Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
    errors.DocumentDamaged: Status.CLIENT_ERROR_DOCUMENT_FORMAT_ERROR,
    errors.TooLarge: Status.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE,
    errors.TooMany: Status.SERVER_ERROR_BUSY,
    errors.NoRoom: Status.SERVER_ERROR_TEMPORARY_ERROR,
    errors.ServiceStopping: Status.SERVER_ERROR_SERVICE_UNAVAILABLE,
}


def status_of(refusal: errors.Refusal) -> Status:
    """The status code for a fact; a fact's subclass is answered as it."""
    for kind in type(refusal).__mro__:
        found = STATUS.get(kind)
        if found is not None:
            return found
    return Status.SERVER_ERROR_INTERNAL_ERROR
