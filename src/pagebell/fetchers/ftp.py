"""Fetching by FTP, without a user of one's own, from hosts that an administrator has listed and from no others.

Print-URI comes with FTP (RFC 2911 4.4.27). The host's addresses are judged as those of HTTP (`http/outbound.py`), and
data come from the very address that was judged, whatever address the server names for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aioftp
from yarl import URL

from pagebell.http.outbound import AllowList, Lookup, SchemeUnknown, UriRefused, addresses, lookup
from pagebell.spooler.ports import FetchFailed, SchemeRefused

_PORT: Final = 21
_CHUNK: Final = 2**16
_CONNECT, _SILENCE = 10, 30
"""Seconds for a connection, and without a word."""
_OPENING: Final = 60.0
"""Seconds from the first connection to the first octet."""
_BINARY: Final = ";type=i"
"""The one way of RFC 1738 3.2.2 in which documents stay as they are."""


class FtpFetcher:
    """`ports.Fetcher` for ftp."""

    def __init__(self, allowed: AllowList, look_up: Lookup = lookup, silence: float = _SILENCE) -> None:
        self._allowed = allowed
        self._look_up = look_up
        self._silence = silence

    @property
    def schemes(self) -> tuple[str, ...]:
        """None without a list of hosts."""
        return ("ftp",) if self._allowed else ()

    def check(self, uri: str) -> None:
        """Raises SchemeRefused, FetchFailed; connects to nothing."""
        self._target(uri)

    def _target(self, uri: str) -> tuple[str, int, str]:
        """Host, port and path."""
        try:
            url = self._allowed.judge(uri, self.schemes)
        except SchemeUnknown as refused:
            raise SchemeRefused(f"documents are not fetched by {refused}:") from None
        except UriRefused as refused:
            raise FetchFailed(f"documents are not fetched from there: {refused}") from None
        return url.host or "", url.explicit_port or _PORT, _path(url)

    async def fetch(self, uri: str) -> AsyncIterator[bytes]:
        """The octets, in chunks. Raises SchemeRefused, FetchFailed."""
        host, port, path = self._target(uri)
        try:
            found = await addresses(self._allowed, self._look_up, host, port)
            async with self._connected(found, port) as client:
                async with asyncio.timeout(_OPENING):
                    await client.login()
                    stream = await client.download_stream(path)
                async with stream:  # at its end the server must say that this was all
                    async for chunk in stream.iter_by_block(_CHUNK):
                        yield chunk
        except UriRefused as refused:
            raise FetchFailed(f"documents are not fetched from there: {refused}") from None
        except aioftp.StatusCodeError as error:
            raise FetchFailed(f"{uri} can't be fetched: {_said(error)}") from None
        except (aioftp.AIOFTPException, OSError, TimeoutError, LookupError, ValueError) as error:
            raise FetchFailed(f"{uri} can't be fetched: {str(error) or 'the server is silent'}") from None

    @asynccontextmanager
    async def _connected(self, found: list[str], port: int) -> AsyncIterator[_Client]:
        """A conversation with the first of the addresses where somebody answers."""
        client = _Client(found, connection_timeout=_CONNECT, socket_timeout=self._silence)
        try:
            await client.connect(found[0], port)
            yield client
        finally:
            client.drop()


class _Client(aioftp.Client):
    """A client whose connections all go to one of the addresses that it was given."""

    def __init__(self, found: list[str], **settings: float) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self._found = found
        self._opened: list[asyncio.StreamWriter] = []

    async def _open_connection(
        self, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        failure: OSError = OSError("it has no address")
        for address in self._found:
            try:
                async with asyncio.timeout(_CONNECT):
                    reader, writer = await asyncio.open_connection(address, port)
            except OSError as error:  # TimeoutError, too
                failure = error
                continue
            self._found = [address]
            self._opened.append(writer)
            return reader, writer
        raise failure

    def drop(self) -> None:
        """Let go of all connections, also those of which the library has lost sight."""
        for writer in self._opened:
            writer.close()


def _path(url: URL) -> str:
    """What to ask the server for: RFC 1738's path, from where one comes in. Raises FetchFailed."""
    path = url.path.removeprefix("/")
    if path.lower().endswith(_BINARY):
        path = path[: -len(_BINARY)]
    if not path or ";type=" in path.lower() or not path.isprintable():
        raise FetchFailed(f"{url} names no document that could be fetched by FTP")
    return path


def _said(error: aioftp.StatusCodeError) -> str:
    """The server's own words."""
    return " ".join(line.strip(" -") for line in error.info)[:200]
