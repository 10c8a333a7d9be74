"""[MS-PAN] on a socket, octets put together by hand: a client that shares nothing with ours, NTLM by pyspnego.

It does what the specification bids clients to do and ours do not: it authenticates at level packet ([MS-PAN] 2.1),
and brings the second interface in by an alter_context with a security context of its own, as impacket does.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import spnego

REMOTE_OBJECT = UUID("ae33069b-a2a8-46ee-a235-ddfd339be281").bytes_le
ASYNC_NOTIFY = UUID("0b6edbfa-4a24-4fc6-8a23-942b1eca65d1").bytes_le
NDR = UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le
ASYNC_UI = UUID("f6853f92-eb31-4e23-b6e7-fd69056153f0").bytes_le
REQUEST, RESPONSE, FAULT, BIND, BIND_ACK, ALTER, ALTER_RESP, AUTH3 = 0, 2, 3, 11, 12, 14, 15, 16
NTLM, PACKET = 10, 4
WHOLE, MULTIPLEXED, HEADER_SIGN = 3, 16, 4


@dataclass
class Raw:
    """A connection. `REMOTE_OBJECT` is presentation and security context 0, `ASYNC_NOTIFY` is 1."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    user: str
    password: str
    group: int = 0
    calls: int = 0
    secured: list[Any] = field(default_factory=list)

    async def join(self, kind: int, interface: bytes) -> None:
        """Bind, or alter the context: one interface, authenticated anew."""
        number = len(self.secured)
        security: Any = spnego.client(self.user, self.password, hostname="pagebell", protocol="ntlm")
        context = struct.pack("<HBx16sHH16sI", number, 1, interface, 1, 0, NDR, 2)
        body = struct.pack("<HHIB3x", 5840, 5840, self.group, 1) + context
        self._send(kind, body, number, security.step())
        type_, answer, token = await self._receive()
        assert type_ == (BIND_ACK if kind == BIND else ALTER_RESP)
        self.group = struct.unpack_from("<I", answer, 20)[0]
        self._send(AUTH3, bytes(4), number, security.step(token))
        assert security.complete
        self.secured.append(security)

    async def call(self, interface: int, opnum: int, stub: bytes) -> bytes:
        """A signed call; its reply's stub, when its signature is good."""
        stub += bytes(-len(stub) % 4)
        body = struct.pack("<IHH", len(stub), interface, opnum) + stub
        self._send(REQUEST, body, interface, None)
        type_, answer, signature = await self._receive()
        assert type_ == RESPONSE, answer.hex()
        self.secured[interface].verify(answer, signature)
        padding = answer[-6]
        return answer[24 : len(answer) - 8 - padding]

    def _send(self, kind: int, body: bytes, security: int, token: bytes | None) -> None:
        self.calls += kind != AUTH3
        length = 16 if token is None else len(token)
        flags = WHOLE | (HEADER_SIGN | MULTIPLEXED if kind in (BIND, ALTER) else 0)
        whole = 16 + len(body) + 8 + length
        head = struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, whole, length, self.calls)
        signed = head + body + struct.pack("<BBBBI", NTLM, PACKET, 0, 0, security)
        self.writer.write(signed + (self.secured[security].sign(signed) if token is None else token))

    async def _receive(self) -> tuple[int, bytes, bytes]:
        """A PDU: its type, it up to its verifier's token, and that."""
        head = await self.reader.readexactly(16)
        whole, length = struct.unpack_from("<HH", head, 8)
        pdu = head + await self.reader.readexactly(whole - 16)
        return head[2], pdu[: whole - length], pdu[whole - length :]

    # --- the calls ---

    async def create(self) -> bytes:
        """A remote object's handle. [MS-PAN] 3.1.2.4.1"""
        reply = await self.call(0, 0, b"")
        assert reply[20:24] == bytes(4)
        return reply[:20]

    async def register(self, remote: bytes, name: str, *, one_way: bool = False) -> int:
        """For what is said to the user, of AsyncUI. [MS-PAN] 3.1.1.4.1"""
        text = (name + "\0").encode("utf-16-le")
        count = len(text) // 2
        string = struct.pack("<IIII", 0x20000, count, 0, count) + text + bytes(-len(text) % 4)
        return _result(await self.call(1, 0, remote + string + ASYNC_UI + struct.pack("<II", 0, one_way)))

    async def channels(self, remote: bytes) -> list[bytes]:
        """Handles of channels, as soon as there is one. [MS-PAN] 3.1.1.4.3"""
        reply = await self.call(1, 3, remote)
        (count,) = struct.unpack_from("<I", reply)
        assert len(reply) == 12 + 20 * count + 4 and _result(reply) == 0
        return [reply[12 + 20 * n : 32 + 20 * n] for n in range(count)]

    async def close_channel(self, channel: bytes, answer: bytes) -> int:
        """The last answer. [MS-PAN] 3.1.1.4.6"""
        size = len(answer)
        reply = await self.call(1, 6, channel + ASYNC_UI + struct.pack("<III", size, 0x20000, size) + answer)
        assert reply[:20] == bytes(20)
        return _result(reply)


def _result(reply: bytes) -> int:
    return int.from_bytes(reply[-4:], "little")


@contextlib.asynccontextmanager
async def raw_client(port: int, user: str, password: str) -> AsyncIterator[Raw]:
    """Connect, with both interfaces."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        client = Raw(reader, writer, user, password)
        await client.join(BIND, REMOTE_OBJECT)
        await client.join(ALTER, ASYNC_NOTIFY)
        yield client
    finally:
        writer.close()
