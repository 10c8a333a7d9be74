"""What is to be printed for somebody's eyes alone: job-password, where the printer waits for it (PWG 5100.11)."""

from __future__ import annotations

import secrets

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.registry import Status
from pagebell.ipp.requests import RequestRefused
from pagebell.ipp.server.call import Call
from pagebell.ipp.values import Attribute, IntRange
from pagebell.model.printer import Capabilities
from pagebell.model.secret import DIGESTS, PLAIN, SALT, JobPassword

_MOST = 255
"""Octets of an octetString."""


def read_password(call: Call, capabilities: Capabilities) -> JobPassword | None:
    """The job's password; what can't be honoured is refused, for without it the document would be anybody's."""
    attributes = call.request.attributes
    if r.document_password.name in attributes:
        raise _refusal(
            call, r.document_password, "can't be honoured, and without it the document is not printed"
        )
    octets = attributes.get(r.job_password)
    if octets is None:
        return None
    if not capabilities.job_password:
        raise _refusal(call, r.job_password, "can't be honoured, and without it the document is not printed")
    if not call.origin.secure:
        raise _refusal(call, r.job_password, "goes over encrypted connections alone: use an ipps:// address")
    encryption = attributes.get(r.job_password_encryption) or PLAIN
    if encryption != PLAIN and encryption not in DIGESTS:
        raise _refusal(call, r.job_password_encryption, f"is not one of {PLAIN}, {', '.join(DIGESTS)}")
    try:
        return JobPassword.sealed(octets, encryption, secrets.token_bytes(SALT))
    except ValueError as error:
        raise _refusal(call, r.job_password, f"is none: {error}") from None


def _refusal(call: Call, attr: Attr[bytes] | Attr[str], why: str) -> RequestRefused:
    return call.refuse(
        Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED, f"'{attr.name}' {why}", attr.unsupported()
    )


def password_attributes(capabilities: Capabilities) -> list[Attribute]:
    """What a printer says of it; nothing where it waits for no password."""
    if not capabilities.job_password:
        return []
    return [
        r.job_password_supported(_MOST),
        r.job_password_encryption_supported(PLAIN, *DIGESTS),
        r.job_password_length_supported(IntRange(1, _MOST)),
        r.job_password_repertoire_configured("iana_utf-8_any"),
        r.job_password_repertoire_supported("iana_utf-8_any"),
    ]
