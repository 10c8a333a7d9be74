"""Telling a document's format by its first octets (IPP document-format `application/octet-stream`)."""

from __future__ import annotations

OCTET_STREAM = "application/octet-stream"
HEAD = 512
"""How many octets are enough to tell."""

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"%!", "application/postscript"),
    (b"\x04%!", "application/postscript"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"UNIRAST\0", "image/urf"),
    (b"RaS2", "image/pwg-raster"),
    (b"\x1b%-12345X", "application/vnd.hp-pcl"),
    (b"PK\x03\x04", "application/oxps"),
)
UNCOUNTED = frozenset({OCTET_STREAM, "application/vnd.hp-pcl", "application/oxps"})
"""Formats whose pages can't be told from their octets: here the sender's word counts."""
_NO_TEXT = bytes(set(range(0x20)) - set(b"\t\n\f\r\x08\x1b"))


def detect(head: bytes) -> str:
    """The MIME type that these first octets speak for; `application/octet-stream` if none."""
    for signature, format_ in _SIGNATURES:
        if head.startswith(signature):
            return format_
    if b"%PDF-" in head:
        return "application/pdf"
    return "text/plain" if head and _is_text(head) else OCTET_STREAM


def _is_text(head: bytes) -> bool:
    if len(head.translate(None, _NO_TEXT)) != len(head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data"
    return True
