"""A spooler on which plays are performed: everything in memory, on a clock that the play turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from pagebell.model.access import EVERYBODY, SYSTEM, Principal
from pagebell.model.document import NO_WISHES, Ticket
from pagebell.model.errors import Refusal
from pagebell.model.event import (
    RESOURCE_KINDS,
    SYSTEM_KINDS,
    Event,
    EventKind,
    JobId,
    JobState,
    PrinterId,
    PrinterName,
)
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.model.subscription import SERVER, Scope, Subscription
from pagebell.spooler.absent import IdentityConverter, NoSigners
from pagebell.spooler.intake import DocumentSpec, Intake, Order, SubscriptionWish
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import Converter, Courier, Device, Inspector, Signers
from pagebell.spooler.printers import PrinterWish
from pagebell.spooler.reading import Batch
from pagebell.spooler.sources import Source
from pagebell.spooler.spooler import Spooler
from pagebell.testing import FakeClock, MemoryDocumentStore, MemoryStore, ScriptedDevice
from pagebell.testing.virtual import MarkInspector

ADA = Principal("ada", rights=EVERYBODY)
BOB = Principal("bob", rights=EVERYBODY)
P1, P2 = PrinterName("p1"), PrinterName("p2")
ID1, ID2 = PrinterId(1), PrinterId(2)
IDS = {P1: ID1, P2: ID2}
ALL = frozenset(EventKind) - SYSTEM_KINDS - RESOURCE_KINDS


def line(event: Event) -> str:
    """An event as a line of a play: `job 1 stopped: processing-stopped (printer-stopped)`."""
    if event.job_status is not None:
        what = f"{event.kind} {event.job}: {event.job_status.state.name.lower()}"
        reasons = event.job_status.reasons
    elif event.dialog is not None:
        return f"{event.kind} {event.dialog.id}: {event.dialog.words}"
    elif event.notice is not None:
        return f"{event.kind}: {event.notice.words}"
    else:
        assert event.printer_status is not None
        what = f"{event.kind} {event.printer}: {event.printer_status.state.name.lower()}"
        reasons = event.printer_status.reasons
    return f"{what} ({', '.join(sorted(reasons))})" if reasons else what


@dataclass
class Stage:
    policy: Policy = field(default_factory=Policy)
    clock: FakeClock = field(default_factory=FakeClock)
    store: MemoryStore = field(default_factory=MemoryStore)
    documents: MemoryDocumentStore = field(default_factory=MemoryDocumentStore)
    devices: dict[str, ScriptedDevice] = field(default_factory=dict)
    inspector: Inspector | None = None
    converter: Converter | None = None
    make_device: Callable[[str], Device] | None = None
    couriers: Sequence[Courier] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    signers: Signers = field(default_factory=NoSigners)
    told: int = 0

    async def __aenter__(self) -> Self:
        await self.up()
        await self.add(P1)
        self.told = len(self.store.history)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()
        self.documents.close()

    # --- the server ---

    async def up(self) -> None:
        self.spooler = Spooler(
            self.store,
            self.documents,
            self.clock,
            self.make_device or self._device,
            inspector=self.inspector or MarkInspector(self.documents),
            policy=self.policy,
            converter=self.converter or IdentityConverter(),
            couriers=self.couriers,
            sources=self.sources,
            signers=self.signers,
        )
        await self.spooler.__aenter__()
        await self.clock.settle()

    async def down(self) -> None:
        await self.spooler.__aexit__(None, None, None)

    async def restart(self) -> None:
        await self.down()
        await self.up()

    def _device(self, uri: str) -> ScriptedDevice:
        return self.devices.setdefault(uri, ScriptedDevice())

    async def add(self, name: str) -> Printer:
        printer = await self.spooler.printers.add(name, PrinterWish(device=f"scripted:{name}"), SYSTEM)
        await self.clock.settle()
        return printer

    @property
    def device(self) -> ScriptedDevice:
        return self.devices["scripted:p1"]

    @property
    def printer(self) -> Printer:
        return self.spooler.printers.printer(P1)

    # --- jobs ---

    def order(
        self, *, printer: PrinterName = P1, by: Principal = ADA, ticket: Ticket = NO_WISHES, wishes: int = 0
    ) -> Order:
        return Order(printer, by, ticket=ticket, subscriptions=(SubscriptionWish(ALL),) * wishes)

    async def upload(self, target: Order | JobId, by: Principal = ADA) -> Intake:
        intake, _ = await self.spooler.jobs.open_document(target, DocumentSpec(), by)
        return intake

    async def submit(
        self, octets: bytes = b"hello", *, printer: PrinterName = P1, by: Principal = ADA, **ticket: object
    ) -> JobId:
        order = self.order(printer=printer, by=by, ticket=Ticket(**ticket))  # type: ignore[arg-type]
        intake = await self.upload(order, by)
        try:
            await intake.write(octets)
            job = await intake.commit()
        except Refusal as refusal:
            await intake.abort(str(refusal))
            raise
        await self.clock.settle()
        return job.id

    async def job(self, number: JobId) -> Job:
        return await self.spooler.jobs.job(number)

    async def state(self, number: JobId) -> JobState:
        return (await self.job(number)).state

    # --- events ---

    async def happened(self) -> list[str]:
        """What was told since this was last asked."""
        await self.clock.settle()
        new = self.store.history[self.told :]
        self.told = len(self.store.history)
        return [line(event) for event in new]

    async def subscribe(
        self,
        scope: Scope = SERVER,
        kinds: frozenset[EventKind] = ALL,
        lease: int | None = None,
        *,
        interval: int = 0,
        by: Principal = SYSTEM,
    ) -> Subscription:
        wish = SubscriptionWish(kinds, lease=lease, interval=interval)
        return await self.spooler.subscriptions.create_subscription(wish, by, scope=scope)

    async def read(self, subscription: Subscription, after: int = 0, limit: int = 10_000) -> Batch:
        return await self.spooler.subscriptions.read(subscription.id, SYSTEM, after, limit)
