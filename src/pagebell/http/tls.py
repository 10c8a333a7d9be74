"""TLS over a transport that is there already: at once, or in the middle of a conversation (RFC 2817).

asyncio's `start_tls` can't be given octets that have been read already, and its inner workings differ from
uvloop's. This one needs of a loop no more than a transport: the engine is `ssl.SSLObject` on memory buffers.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any, Final

from pagebell.http.seats import NEVER, Seat

HANDSHAKE: Final = 0x16
"""First octet of a TLS connection: the record type of a handshake (RFC 8446 5.1). No HTTP request has it."""
NO_TLS: Final = bytes((0x15, 3, 1, 0, 2, 2, 40))
"""A fatal alert, handshake_failure (RFC 8446 6.2): the client learns that there is no TLS, not only no answer."""
PIECE: Final = 2**16
EARLY: Final = 2**16
"""Octets that may wait for the end of the handshake before their writer is told to wait."""


class TlsStream(asyncio.Transport, asyncio.Protocol):
    """A transport for the protocol above, `upper`; a protocol for the transport below, `raw`.

    `upper` is told of its connection when the handshake is done, unless it has been speaking before (`announce`).
    What it writes during the handshake goes out after it.
    """

    def __init__(
        self,
        raw: asyncio.Transport,
        context: ssl.SSLContext,
        upper: asyncio.Protocol,
        seat: Seat,
        *,
        announce: bool,
    ) -> None:
        super().__init__()
        self._raw = raw
        self._upper = upper
        self._seat = seat
        self._announced = not announce
        self._inward = ssl.MemoryBIO()
        self._outward = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._inward, self._outward, server_side=True)
        self._early: bytearray | None = bytearray()
        """What waits for the end of the handshake; None after it."""
        self._full = False
        self._closing = False

    # --- the protocol of the transport below ---

    def data_received(self, data: bytes) -> None:
        """Go on with the handshake, or hand the decrypted octets up."""
        if self._closing:
            return
        self._inward.write(data)
        try:
            if self._early is not None and not self._shake_hands():
                return
            plain, ended = self._read()
            self._flush()
        except ssl.SSLError:
            self._fail()
            return
        if plain:
            self._upper.data_received(plain)
        if ended and not self._closing:
            self._upper.eof_received()
            self.close()

    def eof_received(self) -> None:
        """The peer sends no more; whatever it said, the connection ends."""
        if self._announced and not self._closing:
            self._upper.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._closing = True
        self._seat.leave()
        if self._announced:
            self._announced = False
            self._upper.connection_lost(exc)

    def pause_writing(self) -> None:
        """The transport below has enough."""
        if self._announced and not self._full:
            self._upper.pause_writing()

    def resume_writing(self) -> None:
        """The transport below takes more."""
        if self._announced and not self._full:
            self._upper.resume_writing()

    # --- the transport of the protocol above ---

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As asyncio's own TLS transports: `sslcontext`, `ssl_object`, and what the transport below knows."""
        if name == "ssl_object":
            return self._tls
        if name == "sslcontext":
            return self._tls.context
        return self._raw.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """Whether nothing can be written any more."""
        return self._closing or self._raw.is_closing()

    def is_reading(self) -> bool:
        """Whether octets are taken from the peer."""
        return self._raw.is_reading()

    def pause_reading(self) -> None:
        """Take no octets from the peer; what has been taken is handed up already."""
        self._raw.pause_reading()

    def resume_reading(self) -> None:
        """Take octets again."""
        self._raw.resume_reading()

    def get_write_buffer_size(self) -> int:
        """Octets that wait to be sent."""
        return self._raw.get_write_buffer_size() + len(self._early or b"")

    def write(self, data: bytes | bytearray | memoryview[int]) -> None:
        """Encrypt and send."""
        if self._closing or not data:
            return
        if self._early is not None:
            self._early += data
            if len(self._early) > EARLY and not self._full and self._announced:
                self._full = True
                self._upper.pause_writing()
            return
        try:
            self._encrypt(data)
        except ssl.SSLError:
            self._fail()

    def can_write_eof(self) -> bool:
        """TLS has a word for the end of what is sent: close_notify."""
        return True

    def write_eof(self) -> None:
        """Say that no more will be sent, and take no more notice of what comes."""
        self._say_goodbye()
        if not self._raw.is_closing() and self._raw.can_write_eof():
            self._raw.write_eof()

    def close(self) -> None:
        """Send what waits, then close."""
        self._say_goodbye()
        self._raw.close()

    def abort(self) -> None:
        """Close at once."""
        self._closing = True
        self._raw.abort()

    # --- the engine ---

    def _shake_hands(self) -> bool:
        """Whether the handshake is done. Raises ssl.SSLError when it fails."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        self._flush()
        early, self._early = self._early, None
        self._seat.handshake_by = NEVER
        if early:
            self._encrypt(early)
        if self._full:
            self._full = False
            self._upper.resume_writing()
        if not self._announced:
            self._announced = True
            self._upper.connection_made(self)
        return True

    def _read(self) -> tuple[bytes, bool]:
        """All that can be decrypted now, and whether the peer has said that it was the last."""
        pieces = []
        try:
            while piece := self._tls.read(PIECE):
                pieces.append(piece)
        except ssl.SSLWantReadError:
            return b"".join(pieces), False
        except ssl.SSLZeroReturnError:
            return b"".join(pieces), True
        return b"".join(pieces), True

    def _encrypt(self, data: bytes | bytearray | memoryview[int]) -> None:
        with memoryview(data) as octets:
            start = 0
            while start < len(octets):
                start += self._tls.write(octets[start : start + PIECE])
                self._flush()

    def _flush(self) -> None:
        if self._outward.pending and not self._raw.is_closing():
            self._raw.write(self._outward.read())

    def _say_goodbye(self) -> None:
        if self._closing:
            return
        self._closing = True
        if self._early is None:
            with suppress(ssl.SSLError):  # it wants the peer's goodbye, which nobody waits for
                self._tls.unwrap()
            self._flush()

    def _fail(self) -> None:
        """Octets that are not TLS, or not for us: send the alert that the engine has made, and close."""
        self._closing = True
        self._flush()
        self._raw.close()
