"""A queue with an `ipp:` device in front of another server, both in this process; time is real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pagebell.app import Running, serve
from pagebell.clock import SystemClock
from pagebell.config import check
from pagebell.devices.ipp import IppDevice
from pagebell.ipp.events import Pace
from pagebell.model.access import ADMINISTRATOR, Principal
from pagebell.model.document import NO_WISHES, Ticket
from pagebell.model.event import Event, JobId, JobState, PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.spooler.intake import DocumentSpec, Order
from pagebell.spooler.ports import JobQuery
from pagebell.spooler.printers import PrinterWish
from pagebell.spooler.spooler import Spooler
from pagebell.testing import MemoryDocumentStore, MemoryStore
from tests.watching import finished

ADA = Principal("ada", authenticated=True, rights=ADMINISTRATOR)
FRONT = PrinterName("front")
BACK = PrinterName("back")
QUICK = Pace(quick=0.02, slow=0.1, retry=0.02, retry_most=0.1)
LIMIT = 30.0


class QuickClock(SystemClock):
    """Time is real, but nobody waits long to try again."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, 0.1) if seconds <= 60 else seconds)


class Front:
    """The spooler in front, with one printer."""

    def __init__(self, spooler: Spooler, store: MemoryStore) -> None:
        self.spooler = spooler
        self.store = store

    @property
    def printer(self) -> Printer:
        return self.spooler.printers.printer(FRONT)

    async def print(self, *documents: bytes, name: str = "letter", ticket: Ticket = NO_WISHES) -> JobId:
        order = Order(FRONT, ADA, name=name, ticket=ticket)
        if len(documents) == 1:
            intake, _ = await self.spooler.jobs.open_document(order, DocumentSpec(name=name), ADA)
            await intake.write(documents[0])
            return (await intake.commit()).id
        job, _ = await self.spooler.jobs.submit(order)
        for number, octets in enumerate(documents, 1):
            spec = DocumentSpec(name=f"{name} {number}")
            intake, _ = await self.spooler.jobs.open_document(job.id, spec, ADA)
            await intake.write(octets)
            await intake.commit(last=number == len(documents))
        return job.id

    async def log(self) -> list[Event]:
        return await self.store.events(range(1, 10_000))

    async def job(self, number: JobId) -> Job:
        return await self.spooler.jobs.job(number)

    async def ended(self, number: JobId) -> Job:
        return await finished(self.spooler, number)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Return when it is true; what it waits for happens in this process or at a peer."""
    async with asyncio.timeout(LIMIT):
        while not await true():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def front(target: str, query: str = "") -> AsyncIterator[Front]:
    """A queue in front of an IPP printer."""
    store, documents = MemoryStore(), MemoryDocumentStore()

    def make(uri: str) -> IppDevice:
        return IppDevice(uri, clock=QuickClock(), pace=QUICK)

    try:
        async with Spooler(store, documents, SystemClock(), make) as spooler:
            await spooler.printers.add(FRONT, PrinterWish(device=target + query), ADA)
            yield Front(spooler, store)
    finally:
        documents.close()


@asynccontextmanager
async def back(folder: Path, device: str, port: int = 0) -> AsyncIterator[Running]:
    """A server to forward to."""
    table = {
        "server": {"state": str(folder), "ipp": f"127.0.0.1:{port}"},
        "printers": {BACK: {"device": device}},
    }
    async with serve(check(table, "testing")) as running:
        yield running


async def jobs_there(running: Running) -> list[Job]:
    """All jobs of the server behind, oldest first."""
    return sorted(await running.spooler.jobs.list(JobQuery(finished=None)), key=lambda job: job.id)


def is_printing(job: Job) -> bool:
    return job.state is JobState.PROCESSING
