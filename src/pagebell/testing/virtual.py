"""A virtual printer with a whole spooler around it, in one object: for tests of software that prints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from pagebell.devices.simulated import SimulatedDevice
from pagebell.model.access import ADMINISTRATOR, Principal
from pagebell.model.dialog import Answer
from pagebell.model.document import NO_WISHES, DocumentKey, Ticket
from pagebell.model.event import SYSTEM_KINDS, Event, EventKind, JobId
from pagebell.model.job import Job
from pagebell.model.subscription import SERVER
from pagebell.spooler.intake import DocumentSpec, Order, SubscriptionWish
from pagebell.spooler.policy import Policy
from pagebell.spooler.printers import PrinterWish
from pagebell.spooler.sources import Source
from pagebell.spooler.spooler import Spooler
from pagebell.testing.clock import FakeClock
from pagebell.testing.documents import MemoryDocumentStore
from pagebell.testing.store import MemoryStore

OPERATOR = Principal("tester", authenticated=True, rights=ADMINISTRATOR)
_PAGE = re.compile(rb"/Type\s*/Page\b")


class MarkInspector:
    """`ports.Inspector` that counts the page marks of plain PDFs such as `pagebell.testing.samples` writes."""

    def __init__(self, documents: MemoryDocumentStore) -> None:
        self._documents = documents

    async def impressions(self, path: Path, format: str) -> int | None:
        """Pages of a PDF; None for everything else."""
        if format != "application/pdf":
            return None
        return len(_PAGE.findall(self._documents.documents[DocumentKey(path.name)]))


class VirtualPrinter:
    """A SimulatedDevice behind a Spooler, in memory, on a clock that stands still until it is turned.

    async with VirtualPrinter("simulated://?ppm=60&media=2") as printer:
        job = await printer.print(pdf(3))
        await printer.clock.advance(60)
        assert printer.device.status.message == "Tray 1 is out of paper: refill it."
        printer.device.refill()
        await printer.clock.advance(60)
        assert (await printer.job(job.id)).state is JobState.COMPLETED
    """

    def __init__(
        self,
        uri: str = "simulated://",
        *,
        name: str = "virtual",
        policy: Policy | None = None,
        sources: Mapping[str, Source] | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.device = SimulatedDevice(uri, clock=self.clock)
        self.store = MemoryStore()
        self.documents = MemoryDocumentStore()
        self.uri = uri
        self.name = name
        self.spooler = Spooler(
            self.store,
            self.documents,
            self.clock,
            lambda _: self.device,
            inspector=MarkInspector(self.documents),
            policy=policy,
            sources=sources,
        )
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._exit.callback(self.documents.close)
        await self._exit.enter_async_context(self.spooler)
        self.printer = await self.spooler.printers.add(self.name, PrinterWish(device=self.uri), OPERATOR)
        wish = SubscriptionWish(events=frozenset(EventKind) - SYSTEM_KINDS)
        self._all = await self.spooler.subscriptions.create_subscription(wish, OPERATOR, scope=SERVER)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.__aexit__(kind, error, trace)

    async def print(self, octets: bytes, *, name: str = "Untitled", ticket: Ticket = NO_WISHES) -> Job:
        """Submit a document; returns its job as it was when it was stored."""
        order = Order(self.printer.name, OPERATOR, name=name, ticket=ticket)
        intake, _ = await self.spooler.jobs.open_document(order, DocumentSpec(name=name), OPERATOR)
        async with intake.whole("The document did not arrive."):
            await intake.write(octets)
            return await intake.commit()

    async def job(self, number: JobId) -> Job:
        """The job as it is now."""
        return await self.spooler.jobs.job(number)

    async def asked(self) -> str:
        """What has been asked and is not answered yet, the oldest, as a line; empty for nothing."""
        await self.clock.settle()
        dialogs = self.spooler.dialogs.open_dialogs(OPERATOR)
        return dialogs[0].status.words if dialogs else ""

    async def answer(self, choice: str, text: str = "") -> None:
        """Answer that. Raises IndexError when nothing is asked."""
        dialog = self.spooler.dialogs.open_dialogs(OPERATOR)[0]
        self.spooler.dialogs.acquire(dialog, Answer(choice, text), OPERATOR)
        await self.clock.settle()

    async def events(self) -> list[Event]:
        """All that has happened since the printer was there, in order."""
        found: list[Event] = []
        number = 0
        while batch := (await self.spooler.subscriptions.read(self._all.id, OPERATOR, number)).notifications:
            found += [notification.event for notification in batch]
            number = batch[-1].number
        return found
