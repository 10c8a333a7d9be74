"""A printer that takes raw octets on a TCP port (AppSocket, known as JetDirect, port 9100).

    socket://printer.example:9100?on-break=reprint&pjl=auto&wait=90

The protocol is a bare stream: nothing in it acknowledges anything. The document is taken when the printer closes
its side after we have closed ours; a connection that ends in any other way broke. Where the printer speaks PJL
it tells besides how it is, how many pages are out, and when the last one is.

Each document goes over a connection of its own, for no two fit together in one stream without PJL.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from pagebell.clock import SystemClock
from pagebell.devices import pjl, settings
from pagebell.devices.delivery import Broken, Delivery, Line
from pagebell.devices.settings import OnBreak
from pagebell.devices.status import READY, StatusBoard, out_of_reach
from pagebell.devices.waiting import within
from pagebell.model.document import Document
from pagebell.model.lifecycle import PRINTED_TWICE
from pagebell.model.printer import Capabilities
from pagebell.spooler.backoff import Backoff
from pagebell.spooler.ports import Clock, Report, Work

log = logging.getLogger(__name__)

PORT: Final = 9100
CONNECT: Final = 10.0
"""Seconds for a connection to come about."""
FORMATS: Final = (
    "application/pdf",
    "application/postscript",
    "application/vnd.hp-pcl",
    "image/urf",
    "image/pwg-raster",
    "image/jpeg",
    "text/plain",
    "application/octet-stream",
)
_SIDES: Final = ("one-sided", "two-sided-long-edge", "two-sided-short-edge")
_PLAIN: Final = frozenset({"text/plain", "application/octet-stream"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the URI says."""

    host: str
    port: int = PORT
    on_break: OnBreak = OnBreak.REPRINT
    pjl: str = "auto"
    """`on`, `off`, or `auto`: the printer is asked, once, before the first document that is in a page
    description language; what takes plain text only would print the question."""
    wait: float = 90.0
    """Seconds for the printer to say that it has taken all."""
    capabilities: Capabilities = field(default_factory=Capabilities)

    @property
    def label(self) -> str:
        """The printer in messages."""
        return f"The {self.place}"

    @property
    def place(self) -> str:
        """The same within a sentence."""
        return f"printer at {self.host}:{self.port}"


def _choice(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"write one of {', '.join(choices)}")
        return text

    return read


_KEYS: Final[dict[str, Callable[[str], object]]] = {
    "on-break": settings.on_break,
    "pjl": _choice("auto", "on", "off"),
    "wait": settings.seconds,
    "formats": settings.words,
    "model": str,
    "color": settings.flag,
    "duplex": settings.flag,
}


def parse(uri: str) -> Settings:
    """Read `socket://HOST:PORT?name=value`. Raises ValueError that says what is wrong."""
    parts = urlsplit(uri)
    try:
        port = PORT if parts.port is None else parts.port
    except ValueError:
        port = 0
    if parts.scheme != "socket" or not parts.hostname or not port or parts.path not in ("", "/"):
        raise ValueError(f"{uri!r}: write socket://HOST or socket://HOST:PORT, such as socket://printer:9100")
    if parts.username is not None or parts.fragment:
        raise ValueError(f"{uri!r}: a raw printer port knows neither users nor passwords nor fragments")
    values, others = settings.read(parts.query, _KEYS)
    if others:
        raise ValueError(f"{others} in a device URI: known are {', '.join(sorted(_KEYS))}")
    formats, wait = values.get("formats", FORMATS), values.get("wait", 90.0)
    assert isinstance(formats, tuple) and isinstance(wait, float)
    return Settings(
        host=parts.hostname,
        port=port,
        on_break=OnBreak(str(values.get("on-break", OnBreak.REPRINT))),
        pjl=str(values.get("pjl", "auto")),
        wait=wait,
        capabilities=Capabilities(
            make_and_model=str(values.get("model", "")) or "AppSocket Printer",
            formats=formats,
            sides=_SIDES if values.get("duplex", True) else _SIDES[:1],
            color=bool(values.get("color", True)),
            resolutions=(300, 600),
            qualities=(3, 4),
            identify=("display",),
            collates=False,
        ),
    )


class SocketDevice:
    """`socket://HOST:PORT` (`ports.Device`)."""

    def __init__(
        self, uri: str, *, clock: Clock | None = None, chance: Callable[[], float] = random.random
    ) -> None:
        self.settings = parse(uri)
        self.capabilities = self.settings.capabilities
        self._clock = clock or SystemClock()
        self._backoff = Backoff(chance=chance)
        self._board = StatusBoard()
        self._knows_pjl = {"on": True, "off": False}.get(self.settings.pjl)

    async def watch(self, report: Report) -> None:
        """Report what is noticed while a job is sent: nobody is asked in between."""
        await self._board.watch(report)

    async def print(self, work: Work) -> None:
        """Send the job's documents, over and over if need be. Raises DeviceFailed, JobCutOff."""
        pages = 0
        try:
            for document in work.documents:
                copies, done = work.job.ticket.copies or 1, 0
                while done < copies:
                    delivery = await self._deliver(work, document, pages)
                    pages += delivery.pages
                    lost = () if delivery.has_ticket else pjl.wishes(work.job.ticket)
                    if lost and not done:
                        await work.remark(f"The printer has no way to be told of this: {', '.join(lost)}.")
                    done += copies if delivery.has_ticket else 1
        finally:
            self._board.set(READY)
        await work.printed(work.job.impressions or pages or len(work.documents))

    async def identify(self, actions: Collection[str], message: str) -> None:
        """Say so in the log: a connection is for one job at a time, and may have it."""
        log.info("identify %s (%s): %s", self.settings.label, ", ".join(sorted(actions)), message)

    async def _deliver(self, work: Work, document: Document, before: int) -> Delivery:
        """Send a document until the printer has it whole; what is sent again says so."""
        breaks = 0
        while True:
            line = await self._reach()
            try:
                by_pjl = await self._speaks_pjl(line, document)
                delivery = Delivery(line, work, document, before, by_pjl=by_pjl)
                if breaks:
                    await work.remark(settings.TWICE, frozenset({PRINTED_TWICE}))
                await delivery.run(self.settings.wait)
            except Broken as broken:
                self._board.set(out_of_reach(self.settings.label, str(broken)))
                if line.sent:
                    breaks += 1
                    what = f"The connection to the {self.settings.place} broke after {line.sent} octets: {broken}."
                    settings.decide(self.settings.on_break, breaks, what)
            else:
                self._backoff.reset()
                line.close()
                return delivery
            finally:
                await line.aclose()
            await self._clock.sleep(self._backoff.next())

    async def _reach(self) -> Line:
        """Connect, however long it takes."""
        host = self.settings.host
        while True:
            try:
                reader, writer = await self._connect()
            except TimeoutError:
                why = "it does not answer"
            except socket.gaierror:
                why = f"no computer is known by the name {host}"
            except OSError as error:
                why = os.strerror(error.errno).lower() if error.errno else "nobody answers"
            else:
                self._board.set(READY)
                return Line(reader, writer, self._clock, self._board)
            self._board.set(out_of_reach(self.settings.label, why))
            await self._clock.sleep(self._backoff.next())

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Raises OSError, TimeoutError; a connection that comes about too late is closed."""
        opening = asyncio.ensure_future(asyncio.open_connection(self.settings.host, self.settings.port))
        try:
            await within(self._clock, CONNECT, asyncio.wait({opening}))
            return opening.result()
        except BaseException:
            opening.cancel()
            await asyncio.wait({opening})
            if not opening.cancelled() and opening.exception() is None:
                opening.result()[1].transport.abort()
            raise

    async def _speaks_pjl(self, line: Line, document: Document) -> bool:
        """Whether to speak PJL with the printer about this document. Raises Broken."""
        if self._knows_pjl is None:
            if document.format in _PLAIN:
                return False
            self._knows_pjl = False  # also of a printer that hangs up at the question
            self._knows_pjl = await line.ask(pjl.INQUIRY)
            log.info("%s %s PJL", self.settings.label, "speaks" if self._knows_pjl else "knows no")
        return self._knows_pjl
