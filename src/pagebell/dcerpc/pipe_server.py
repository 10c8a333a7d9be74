"""A named pipe that smbd hands over: a Unix socket, the session's user, and messages with their length before them.

Who connects must be root, as smbd is; who may connect at all, the socket's mode says, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from pagebell.dcerpc.named_pipe import LONGEST, PipeSession, read_request, reply
from pagebell.dcerpc.security import SecurityError
from pagebell.dcerpc.server import RpcServer, Session
from pagebell.dcerpc.tasks import beside

log = logging.getLogger(__name__)
_CREDENTIALS: Final = struct.Struct("3i")
_FRAGMENT_LENGTH: Final = 8
_HANDSHAKE_SECONDS: Final = 10.0
_MOST: Final = 512
"""Connections at one time; smbd makes one for each pipe that a client opens."""


class PipeError(Exception):
    """The socket can't be had; `str()` of it says why and what to do."""


@contextlib.asynccontextmanager
async def listen_for_smbd(server: RpcServer, path: Path, *, uid: int = 0) -> AsyncIterator[None]:
    """Serve the pipe behind `path` while the block runs, for processes of this user. Raises PipeError."""
    listener = _bound(path)
    try:
        async with beside(_accept(server, listener, uid)):
            yield
    finally:
        _close(listener, path)


async def _accept(server: RpcServer, listener: socket.socket, uid: int) -> None:
    places = asyncio.Semaphore(_MOST)
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as connections:
        while True:
            async with places:
                connection, _ = await loop.sock_accept(listener)
            connection.setblocking(False)
            connections.create_task(_connection(server, connection, uid, places))


async def _connection(
    server: RpcServer, connection: socket.socket, uid: int, places: asyncio.Semaphore
) -> None:
    async with places:
        try:
            await _serve(server, connection, uid)
        except (SecurityError, TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            log.warning("smbd: %s", str(error) or "too slow")
        except Exception:
            log.exception("smbd")
        finally:
            connection.close()


def _close(listener: socket.socket, path: Path) -> None:
    listener.close()
    with contextlib.suppress(OSError):
        path.unlink()


def _bound(path: Path) -> socket.socket:
    """A socket that is there for its owner alone. Raises PipeError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise PipeError(f"{path} is something else than a socket: name another with rpc.samba-np")
            if _answers(path):
                raise PipeError(
                    f"another program serves {path}: leave rpcd_spoolss out of samba-dcerpcd's list"
                )
            path.unlink()
        listener.setblocking(False)
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PipeError(f"{path} can't be served: {error.strerror or error}") from None
    except PipeError:
        listener.close()
        raise
    return listener


def _answers(path: Path) -> bool:
    """Whether somebody is there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


async def _serve(server: RpcServer, connection: socket.socket, uid: int) -> None:
    """One pipe from its handshake to its end."""
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    if _CREDENTIALS.unpack(peer)[1] != uid:
        raise SecurityError(f"a process of user {_CREDENTIALS.unpack(peer)[1]} is not smbd")
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    try:
        async with asyncio.timeout(_HANDSHAKE_SECONDS):
            length = int.from_bytes(await reader.readexactly(4), "big")
            if not 16 <= length <= LONGEST:
                raise SecurityError(f"named-pipe request of {length} octets")
            found = read_request(await reader.readexactly(length))
            writer.write(reply(found.level))
            await writer.drain()
        log.info("%s by smbd: %s", found.client, found.principal)
        await server.serve(_Reads(reader), _Writes(writer), session=_session(found))
    finally:
        writer.close()


def _session(found: PipeSession) -> Session:
    return Session(found.principal, found.client, found.server, found.uid)


class _Reads:
    """Messages in, octets out."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def read(self, n: int) -> bytes:
        """The next message; b"" at the end."""
        try:
            size = int.from_bytes(await self._reader.readexactly(2), "little")
            return await self._reader.readexactly(size) if size else await self.read(n)
        except asyncio.IncompleteReadError:
            return b""


class _Writes:
    """PDUs in, each a message out."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    @property
    def transport(self) -> asyncio.WriteTransport:
        """What can be aborted."""
        return self._writer.transport

    def write(self, data: bytes) -> None:
        """Send PDUs, which tell where they end."""
        at = 0
        while at < len(data):
            size = int.from_bytes(data[at + _FRAGMENT_LENGTH : at + _FRAGMENT_LENGTH + 2], "little")
            self._writer.write(struct.pack("<H", size) + data[at : at + size])
            at += size

    async def drain(self) -> None:
        """Wait for room."""
        await self._writer.drain()

    def close(self) -> None:
        """End it."""
        self._writer.close()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Nothing of TCP's."""
        return default
