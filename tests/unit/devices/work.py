"""A job as devices see it, without a spooler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any

from pagebell.model.document import Document, DocumentKey, Ticket
from pagebell.model.event import JobId, JobState, PrinterName
from pagebell.model.job import Job
from pagebell.spooler.ports import Device, DeviceStatus
from pagebell.testing import FakeClock


class Work:
    def __init__(
        self,
        *octets: bytes,
        pages: int | None = 1,
        number: int = 1,
        name: str = "Report",
        format: str = "application/pdf",
        **ticket: Any,
    ) -> None:
        self._octets = octets
        self._piece = max(7, max(map(len, octets), default=0) // 100)
        self.documents: Sequence[Document] = [
            Document(n, DocumentKey(str(n)), format, len(o), "") for n, o in enumerate(octets, 1)
        ]
        self.job = Job(
            id=JobId(number),
            uuid="u",
            printer=PrinterName("p"),
            name=name,
            owner="ada",
            created=0.0,
            state=JobState.PROCESSING,
            ticket=Ticket(**ticket),
            impressions=pages,
        )
        self.begun = False
        """Somebody has begun to read."""
        self.progress: list[int] = []
        self.remarks: list[tuple[str, frozenset[str]]] = []

    async def read(self, document: Document) -> AsyncIterator[bytes]:
        self.begun = True
        octets = self._octets[document.number - 1]
        for start in range(0, len(octets), self._piece):
            yield octets[start : start + self._piece]

    async def printed(self, impressions: int) -> None:
        self.progress.append(impressions)

    async def remark(self, message: str, reasons: frozenset[str] = frozenset()) -> None:
        self.remarks.append((message, reasons))


class Bench:
    """A device at work on a clock that the test turns, and everything that it reported."""

    def __init__(self, device: Device, clock: FakeClock) -> None:
        self.device = device
        self.clock = clock
        self.reports: list[DeviceStatus] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Bench:
        self.start(self.device.watch(self._report))
        await self.clock.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def _report(self, status: DeviceStatus) -> None:
        self.reports.append(status)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.append(task)
        return task
