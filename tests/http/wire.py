"""HTTP octet by octet: what a test sends is what goes out, and it reads what came back."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pagebell.ipp.codec import Message, decode

DEADLINE = 10.0


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def ipp(self) -> Message:
        """The IPP message in it."""
        assert self.status == 200, self
        assert self.headers["content-type"] == "application/ipp"
        message, end = decode(self.body)
        assert end == len(self.body)
        return message


def head(length: int | None, *lines: str, path: str = "/ipp/print", kind: str = "application/ipp") -> bytes:
    """The head of a POST; without a length it is chunked."""
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    every = [f"POST {path} HTTP/1.1", "Host: printer.test:631", f"Content-Type: {kind}", framing, *lines]
    return "\r\n".join([*every, "", ""]).encode()


def chunk(octets: bytes) -> bytes:
    """A chunk of a chunked body; of nothing: its end."""
    return b"%x\r\n%s\r\n" % (len(octets), octets)


class Wire:
    """One connection. Every wait has a deadline."""

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext | None = None, local: str | None = None
    ) -> None:
        self._address = host, port
        self._tls = tls
        self._local = None if local is None else (local, 0)

    async def __aenter__(self) -> Self:
        async with asyncio.timeout(DEADLINE):
            self.reader, self.writer = await asyncio.open_connection(
                *self._address, ssl=self._tls, local_addr=self._local
            )
        return self

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on encrypted."""
        async with asyncio.timeout(DEADLINE):
            await self.writer.start_tls(context, server_hostname="127.0.0.1")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close both directions."""
        self.writer.close()
        try:
            async with asyncio.timeout(DEADLINE):
                await self.writer.wait_closed()
        except (ConnectionError, ssl.SSLError):
            return

    async def send(self, octets: bytes) -> None:
        """Send, and wait until they are on their way."""
        self.writer.write(octets)
        async with asyncio.timeout(DEADLINE):
            await self.writer.drain()

    async def post(self, octets: bytes, *lines: str, path: str = "/ipp/print") -> Response:
        """Send a whole request with its length, and read the answer."""
        await self.send(head(len(octets), *lines, path=path) + octets)
        return await self.response()

    async def response(self) -> Response:
        """Read a response."""
        async with asyncio.timeout(DEADLINE):
            text = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = text.rstrip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            status = int(first.split()[1])
            body = b""
            if status >= 200:
                body = await self.reader.readexactly(int(headers["content-length"]))
        return Response(status, headers, body)

    async def ended(self) -> bool:
        """Whether the server has closed the connection, by now or within the deadline."""
        async with asyncio.timeout(DEADLINE):
            try:
                return await self.reader.read(1) == b""
            except (ConnectionError, ssl.SSLError):
                return True
