"""IPP messages out of a multipart/related stream, each as soon as its last octet is there (RFC 3996 11).

::

    --boundary CRLF | header CRLF ... CRLF | CRLF | an IPP message | CRLF --boundary ...  --boundary--

An IPP message tells its own end, so a message is not held back until the next boundary comes.
"""

from __future__ import annotations

from email.message import Message as MimeHeaders
from typing import Final

from pagebell.ipp.decoder import DEFAULT_LIMITS, CodecError, Limits
from pagebell.ipp.message import Message
from pagebell.ipp.reader import MessageReader

MAX_HEADER: Final = 8192
"""Octets between two messages: boundary, headers, and whatever stands before the first boundary."""


def boundary_of(content_type: str) -> bytes | None:
    """The boundary of a multipart content type; None when it is no multipart or names none."""
    headers = MimeHeaders()
    headers["content-type"] = content_type
    if headers.get_content_maintype() != "multipart":
        return None
    boundary = headers.get_param("boundary")
    return boundary.encode() if isinstance(boundary, str) and boundary else None


class MultipartReader:
    """Collects octets, fed in any pieces, and returns the messages that they complete."""

    def __init__(self, boundary: bytes, limits: Limits = DEFAULT_LIMITS) -> None:
        self._delimiter = b"--" + boundary
        self._limits = limits
        self._head = bytearray()
        self._reader: MessageReader | None = None
        self.finished = False
        """The closing boundary was seen; what follows it is ignored."""

    def feed(self, data: bytes) -> list[Message]:
        """Take more octets. Raises CodecError when they are no such stream."""
        messages: list[Message] = []
        while data and not self.finished:
            if self._reader is None:
                data = self._find_part(data)
            else:
                message = self._reader.feed(data)
                if message is None:
                    break
                messages.append(message)
                data, self._reader = self._reader.rest, None
        return messages

    def _find_part(self, data: bytes) -> bytes:
        """Collect until a part's headers are whole; return what follows them."""
        self._head += data
        start = self._head.find(self._delimiter)
        if start >= 0:
            after = start + len(self._delimiter)
            if self._head[after : after + 2] == b"--":
                self.finished = True
                return b""
            end = self._head.find(b"\r\n\r\n", after)
            if end >= 0:
                rest = bytes(self._head[end + 4 :])
                self._head.clear()
                self._reader = MessageReader(self._limits)
                return rest
        if len(self._head) > MAX_HEADER:
            raise CodecError("no part begins where one should", len(self._head))
        return b""
