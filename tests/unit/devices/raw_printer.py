"""A printer's raw port in process: it records what comes, and breaks off, stalls or answers as a test says."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

INQUIRY = b"@PJL INFO STATUS\r\n"


@dataclass
class Manner:
    """How it treats one connection."""

    breaks_after: int | None = None
    """Octets after which it resets the connection."""
    hangs_up_after: int | None = None
    """Octets after which it closes in an orderly way."""
    stays_open: bool = False
    """It never closes its side."""
    reads_after: asyncio.Event | None = None
    """It takes nothing before."""
    answers: Callable[[bytes], bytes] | None = None
    """What it answers, given all that it has got so far; asked at each piece."""


@dataclass
class RawPrinter:
    """Treats the n-th connection in the n-th manner, and all further ones in the last."""

    manners: list[Manner] = field(default_factory=lambda: [Manner()])
    received: list[bytearray] = field(default_factory=list)
    """What came, connection by connection."""
    port: int = 0

    async def __aenter__(self) -> Self:
        self._writers: list[asyncio.StreamWriter] = []
        await self.open()
        return self

    async def open(self) -> None:
        """Listen; at the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Listen no more."""
        self._server.close()
        await self._server.wait_closed()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers:
            writer.transport.abort()
        await self.shut()

    def uri(self, query: str = "") -> str:
        return f"socket://127.0.0.1:{self.port}" + (f"?{query}" if query else "")

    async def say(self, octets: bytes) -> None:
        """Speak up on the newest connection."""
        self._writers[-1].write(octets)
        await self._writers[-1].drain()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.received)
        self.received.append(bytearray())
        self._writers.append(writer)
        manner = self.manners[min(number, len(self.manners) - 1)]
        if manner.reads_after is not None:
            await manner.reads_after.wait()
        limits = [n for n in (manner.breaks_after, manner.hangs_up_after) if n is not None]
        most = min(limits, default=None)
        try:
            while most is None or len(self.received[number]) < most:
                octets = await reader.read(min(65_536, (most or 1 << 30) - len(self.received[number])))
                if not octets:
                    break
                self.received[number] += octets
                if manner.answers is not None:
                    writer.write(manner.answers(bytes(self.received[number])))
        except OSError:
            return
        if manner.breaks_after is not None:
            reset = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            writer.transport.abort()
        elif not manner.stays_open:
            writer.close()


async def until(true: Callable[[], object]) -> None:
    """Return when it is true; what it waits for happens in this process or on a loopback connection."""
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0)
