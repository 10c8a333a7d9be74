"""Messages out of a stream of octets, fed in any pieces (RFC 8010 3.1.1).

Where a message ends is found by stepping over tags and lengths; only then is it decoded, once, as a whole.
"""

from __future__ import annotations

from typing import Final

from pagebell.ipp.decoder import DEFAULT_LIMITS, CodecError, Fault, Limits, decode, with_header
from pagebell.ipp.message import Message

HEADER: Final = 8


class MessageReader:
    """Collects octets until they hold one message; what follows it is document data, left in ``rest``."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self.rest = b""
        self._octets = bytearray()
        self._next = HEADER  # the record that is scanned next begins here
        self._done = False

    def feed(self, data: bytes) -> Message | None:
        """Take more octets; return the message when they complete it.

        Raises CodecError for octets that are no message, ValueError when the message was complete before.
        """
        octets = self.collect(data)
        return None if octets is None else decode(octets, self.limits)[0]

    def collect(self, data: bytes) -> bytes | None:
        """As `feed`, of the message's octets: what they say is not looked at."""
        if self._done:
            raise ValueError("the message was complete: what follows it is not for this reader")
        room = self.limits.octets - len(self._octets)
        self._octets += data[:room]
        end = self._scan()
        if end is None:
            if len(data) > room:
                raise self._error("attributes part is too large", Fault.TOO_LARGE)
            return None
        self._done = True
        octets = bytes(memoryview(self._octets)[:end])
        self.rest = bytes(memoryview(self._octets)[end:]) + data[room:]
        self._octets = bytearray()
        return octets

    def finish(self) -> None:
        """Say that no more octets come; raises CodecError when the message is not complete."""
        if not self._done:
            raise self._error("message ends before its end-of-attributes tag")

    def _scan(self) -> int | None:
        """Step over whole records; return the offset behind the end-of-attributes tag once it is there."""
        octets, position, size = self._octets, self._next, len(self._octets)
        while position < size:
            tag = octets[position]
            if tag < 0x10:
                position += 1
                if tag == 3:
                    return position
                continue
            if position + 5 > size:
                break
            value = position + 5 + (octets[position + 1] << 8 | octets[position + 2])
            if value > size:
                break
            after = value + (octets[value - 2] << 8 | octets[value - 1])
            if after > size:
                break
            position = after
        self._next = position
        return None

    def _error(self, reason: str, kind: Fault = Fault.BAD_REQUEST) -> CodecError:
        return with_header(CodecError(reason, len(self._octets), kind), self._octets)
