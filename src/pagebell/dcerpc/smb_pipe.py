r"""Streams over the named pipe of an SMB server, such as `\pipe\spoolss` (the optional extra `pagebell[smb]`).

The SMB client is smbprotocol's, which blocks: two threads carry octets between the pipe and a socket pair, at whose
other end calls are made as over any connection. [MS-RPCE] 2.1.1.2
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

from pagebell.dcerpc.ntlm import nobody
from pagebell.dcerpc.ntlm_messages import Negotiate, NegotiateMessage
from pagebell.dcerpc.security import SecurityError

PORT: Final = 445
_CHUNK: Final = 1 << 16
_HEAD: Final = 16
"""Octets before a PDU's body."""


class PipeUnavailable(OSError):
    """The pipe can't be opened; `str()` says why."""


class PipeRefused(PipeUnavailable):
    """The server does not take who we say that we are."""


@dataclass(frozen=True, slots=True)
class PipeLogin:
    """Who opens a pipe; without a name nobody in particular, and without a password whoever has tickets."""

    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def anonymous(self) -> bool:
        """Whether nothing is to be proved."""
        return not self.user


@contextlib.asynccontextmanager
async def open_pipe(
    host: str, pipe: str, login: PipeLogin, seconds: float = 10.0
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a pipe as a stream; it is closed with the block. Raises PipeUnavailable, TimeoutError."""
    async with asyncio.timeout(seconds):
        opened = await asyncio.to_thread(_Pipe.open, host, pipe, login, seconds)
    ours, theirs = socket.socketpair()
    threads = [
        threading.Thread(target=work, args=(theirs,), name=f"pipe {pipe} of {host}", daemon=True)
        for work in (opened.read_into, opened.write_from)
    ]
    try:
        for thread in threads:
            thread.start()
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            yield reader, writer
        finally:
            writer.close()
    finally:
        await asyncio.to_thread(opened.close)
        for thread in threads:
            await asyncio.to_thread(thread.join, seconds)
        theirs.close()


@dataclass(slots=True)
class _Pipe:
    """An open pipe, seen from threads."""

    connection: Any
    handle: Any

    @classmethod
    def open(cls, host: str, pipe: str, login: PipeLogin, seconds: float) -> _Pipe:
        """Connect, log on, open. Raises PipeUnavailable."""
        try:
            from smbprotocol import open as smb  # noqa: PLC0415 - an optional extra
            from smbprotocol.connection import Connection  # noqa: PLC0415
            from smbprotocol.exceptions import LogonFailure, SMBException  # noqa: PLC0415
            from smbprotocol.session import Session  # noqa: PLC0415
            from smbprotocol.tree import TreeConnect  # noqa: PLC0415
            from spnego.exceptions import SpnegoError  # noqa: PLC0415
        except ImportError:
            raise PipeUnavailable("named pipes need the package smbprotocol: install pagebell[smb]") from None
        connection = Connection(uuid.uuid4(), host, PORT, require_signing=not login.anonymous)
        try:
            connection.connect(timeout=seconds)
            session = Session(connection, login.user, login.password or None, require_encryption=False)
            if login.anonymous:
                _begin_as_nobody(session)
            else:
                session.connect()
            tree = TreeConnect(session, rf"\\{host}\IPC$")
            tree.connect(require_secure_negotiate=not login.anonymous)
            handle = smb.Open(tree, pipe)
            handle.create(
                smb.ImpersonationLevel.Identification,
                smb.FilePipePrinterAccessMask.FILE_READ_DATA | smb.FilePipePrinterAccessMask.FILE_WRITE_DATA,
                0,
                smb.ShareAccess.FILE_SHARE_READ | smb.ShareAccess.FILE_SHARE_WRITE,
                smb.CreateDisposition.FILE_OPEN,
                0,
            )
        except (LogonFailure, SpnegoError) as error:
            connection.disconnect(close=False)
            raise PipeRefused(f"{host}: {error}") from None
        except (SMBException, SecurityError, OSError, ValueError) as error:
            connection.disconnect(close=False)
            raise PipeUnavailable(f"{host}, pipe {pipe}: {error}") from None
        return cls(connection, handle)

    def read_into(self, line: socket.socket) -> None:
        """Carry what the server says, until the pipe is closed."""
        with contextlib.suppress(Exception):
            while octets := self.handle.read(0, _CHUNK):
                line.sendall(octets)
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_WR)

    def write_from(self, line: socket.socket) -> None:
        """Carry what we say, a message for each PDU (C706 12.6.1: frag_length), until the other end is closed."""
        waiting = b""
        with contextlib.suppress(Exception):
            while octets := line.recv(_CHUNK):
                waiting += octets
                while _HEAD <= len(waiting) >= (size := int.from_bytes(waiting[8:10], "little")) >= _HEAD:
                    self.handle.write(waiting[:size], 0)
                    waiting = waiting[size:]

    def close(self) -> None:
        """Close the connection, and the pipe with it; who reads is told. To say goodbye could take for ever."""
        with contextlib.suppress(Exception):
            self.connection.disconnect(close=False, timeout=5)


def _begin_as_nobody(session: Any) -> None:
    """Set a session up that proves nothing, which smbprotocol by itself does for users only. [MS-SMB2] 3.2.4.2.3"""
    from smbprotocol.exceptions import MoreProcessingRequired  # noqa: PLC0415
    from smbprotocol.session import SMB2SessionSetupRequest, SMB2SessionSetupResponse  # noqa: PLC0415

    connection = session.connection

    def say(token: bytes) -> bytes:
        request = SMB2SessionSetupRequest()
        request["security_mode"] = connection.client_security_mode
        request["buffer"] = token
        try:
            head = connection.receive(connection.send(request, sid=session.session_id, credit_request=64))
        except MoreProcessingRequired as more:
            head = more.header
        session.session_id = head["session_id"].get_value()
        answer = SMB2SessionSetupResponse()
        answer.unpack(head["data"].get_value())
        return bytes(answer["buffer"].get_value())

    flags = Negotiate.UNICODE | Negotiate.NTLM | Negotiate.REQUEST_TARGET | Negotiate.EXTENDED_SECURITY
    say(nobody(say(bytes(NegotiateMessage(flags)))))
    session.encrypt_data = False
    connection.session_table[session.session_id] = session
