"""One document over one TCP connection to a printer, and what the printer says meanwhile."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from pagebell.devices import pjl
from pagebell.devices.status import READY, StatusBoard
from pagebell.devices.waiting import within
from pagebell.model.document import Document
from pagebell.sockets import notice_vanished
from pagebell.spooler.ports import Clock, DeviceStatus, Work

ANSWER: Final = 3.0
"""Seconds for a printer that knows PJL to answer."""
STALL: Final = 30.0
"""Seconds without an octet taken, until that is worth telling: the printer may wait for paper."""
GOODBYE: Final = 5.0
"""Seconds for the printer to close its side after it has told that all pages are out."""
_READ: Final = 4096
_AT_ONCE: Final = struct.pack("ii", 1, 0)

UNCONFIRMED: Final = "The printer took all of it, but did not say that it was done."
STALLED: Final = DeviceStatus(
    False, frozenset({"timed-out-warning"}), "The printer takes no data at present; it may need attention."
)


class Broken(Exception):
    """The connection ended before the printer had taken everything; `str()` tells how."""


class Line:
    """A connection: what was sent, what was heard, and whether it still stands."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, clock: Clock, board: StatusBoard
    ) -> None:
        self.clock = clock
        self.board = board
        self.sent = 0
        """Octets of the document that may have reached the printer."""
        self.pages = 0
        self.ended = ""
        """The job whose last page is out."""
        self.answered = False
        """The printer has spoken PJL."""
        self.closed = False
        self.error = ""
        """How it ended, if not well."""
        self._reader = reader
        self._writer = writer
        self._news = asyncio.Event()
        writer.transport.set_write_buffer_limits(0)
        connection = writer.get_extra_info("socket")
        notice_vanished(connection)
        self._listening = asyncio.ensure_future(self._listen())

    # --- hearing ---

    async def _listen(self) -> None:
        reports = pjl.ReportReader()
        try:
            while octets := await self._reader.read(_READ):
                for report in reports.feed(octets):
                    self._hear(report)
                    self._tell()
        except OSError as error:
            self.error = _why(error)
        self.closed = True
        self._tell()

    def _hear(self, report: pjl.Report) -> None:
        self.answered = True
        if isinstance(report, pjl.Page):
            self.pages = max(self.pages, report.count)
        elif isinstance(report, pjl.Condition):
            self.board.set(report.status)
        else:
            self.ended = report.name

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def wait_news(self) -> None:
        """Wait until the printer says something or is gone."""
        await self._news.wait()

    async def news(self, seconds: float) -> bool:
        """Wait until the printer says something or is gone; False when it stays quiet for so long."""
        try:
            await within(self.clock, seconds, self._news.wait())
        except TimeoutError:
            return False
        return True

    # --- speaking ---

    async def ask(self, question: bytes) -> bool:
        """Whether the printer answers this in PJL. Raises Broken."""
        await self.put(question)
        while not self.answered:
            if not await self.news(ANSWER):
                return False
            if self.closed and not self.answered:
                raise Broken(self.error or "the printer closed it")
        return True

    async def put(self, octets: bytes) -> None:
        """Hand octets to the printer; returns when it has room for more. Raises Broken."""
        self._check()
        self._writer.write(octets)
        if not self._writer.transport.get_write_buffer_size():
            return
        draining = asyncio.ensure_future(self._writer.drain())
        try:
            while not draining.done():
                if not await self._either(draining):
                    self._stalled()
            draining.result()
        except OSError as error:
            raise Broken(_why(error)) from None
        finally:
            draining.cancel()
            await asyncio.wait({draining})
        if self.board.status == STALLED:
            self.board.set(READY)

    async def _either(self, draining: asyncio.Future[None]) -> bool:
        """Wait for room; False when there was none for long. Raises Broken when the printer is gone."""
        gone = asyncio.ensure_future(self._gone())
        try:
            await within(self.clock, STALL, _first(draining, gone))
        except TimeoutError:
            return False
        finally:
            gone.cancel()
            await asyncio.wait({gone})
        if not draining.done():
            self._check()
        return True

    async def _gone(self) -> None:
        while not self.closed:
            await self._news.wait()

    def _stalled(self) -> None:
        if self.board.status == READY:
            self.board.set(STALLED)

    def _check(self) -> None:
        if self.closed:
            raise Broken(self.error or "the printer closed it")

    def finish(self) -> None:
        """Say that nothing more comes. Raises Broken."""
        try:
            self._writer.write_eof()
        except OSError as error:
            raise Broken(_why(error)) from None

    # --- ending ---

    def close(self) -> None:
        """All is well: the connection ends in an orderly way."""
        self._writer.close()

    async def aclose(self) -> None:
        """Let go of everything; a printer that has only part of a document is told so by a reset."""
        if not self._writer.is_closing():
            connection = self._writer.get_extra_info("socket")
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self._writer.transport.abort()
        self._listening.cancel()
        await asyncio.wait({self._listening})
        with suppress(OSError):
            await self._writer.wait_closed()


async def _first(*waited: asyncio.Future[None]) -> None:
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)


def _why(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else "the connection was lost"


class Delivery:
    """A document on its way."""

    def __init__(self, line: Line, work: Work, document: Document, before: int, *, by_pjl: bool) -> None:
        self.has_ticket = False
        """The printer was told how many copies to make."""
        self._by_pjl = by_pjl
        self._line = line
        self._work = work
        self._document = document
        self._before = before
        self._name = f"Pagebell {work.job.id}-{document.number}"

    @property
    def pages(self) -> int:
        """How many are out, as far as the printer tells."""
        return self._line.pages

    async def run(self, wait: float) -> None:
        """Send it and wait until it is out, or at least taken. Raises Broken, Gone."""
        if not self._by_pjl:
            await self._send()
            await self._hand_over(wait)
            return
        telling = asyncio.ensure_future(self._tell_pages())
        try:
            await self._send()
            await self._printed(wait)
        finally:
            telling.cancel()
            await asyncio.wait({telling})
        if not telling.cancelled():
            telling.result()
        if self._line.pages:
            await self._work.printed(self._before + self._line.pages)

    async def _send(self) -> None:
        line = self._line
        chunks = self._work.read(self._document)
        first = b""
        while len(first) < len(pjl.UEL) and (chunk := await anext(chunks, b"")):
            first += chunk
        own_commands = pjl.knows_itself(first)
        self.has_ticket = self._by_pjl and not own_commands
        if self._by_pjl:
            ticket, format = self._work.job.ticket, self._document.format
            await line.put(pjl.prelude() if own_commands else pjl.opening(self._name, format, ticket))
        async for chunk in _chain(first, chunks):
            line.sent += len(chunk)
            await line.put(chunk)
        if self.has_ticket:
            await line.put(pjl.closing(self._name))
        else:
            self._name = ""

    async def _hand_over(self, wait: float) -> None:
        """Close our side; the printer closes its own when it has taken everything."""
        line = self._line
        if not line.closed:
            line.finish()
        while not line.closed:
            if not await line.news(wait):
                await self._work.remark(UNCONFIRMED)
                return
        if line.error:
            raise Broken(line.error)

    async def _printed(self, wait: float) -> None:
        """Wait for the job's last page; a printer that waits for somebody has all the time it needs."""
        line = self._line
        while self._name and line.ended != self._name and not line.closed:
            if not await line.news(wait) and not line.board.status.stopped:
                break
        if line.ended and line.ended == self._name:
            if not line.closed:
                line.finish()
                await line.news(GOODBYE)
            return
        await self._hand_over(wait)

    async def _tell_pages(self) -> None:
        told = 0
        while not self._line.closed:
            if self._line.pages > told:
                told = self._line.pages
                await self._work.printed(self._before + told)
            else:
                await self._line.wait_news()


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in rest:
        yield chunk
