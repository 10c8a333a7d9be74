"""Stores to be held to their contract, and what is stored in them; a new store is one more line in STORES."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pagebell.model.event import Event, EventKind, JobId, JobState, PrinterId, PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.model.subscription import SERVER, Scope, Subscription, SubscriptionId
from pagebell.spooler.ports import Change, Snapshot, Store
from pagebell.stores.sqlite import SqliteStore
from pagebell.testing import MemoryStore

_memories: dict[Path, MemoryStore] = {}


def _memory(folder: Path) -> Store:
    """The same store for the same folder, as a file would be."""
    return _memories.setdefault(folder, MemoryStore())


def _sqlite(folder: Path) -> Store:
    return SqliteStore(folder / "state.db")


STORES: list[Callable[[Path], Store]] = [_memory, _sqlite]

P1, P2, P3 = PrinterName("p1"), PrinterName("p2"), PrinterName("p3")
ID1, ID2, ID3 = PrinterId(1), PrinterId(2), PrinterId(3)
IDS = {P1: ID1, P2: ID2, P3: ID3}
"""The first two are there from the start."""
KINDS = frozenset({EventKind.JOB_CREATED})


@dataclass
class Opened:
    """A store, and what it told of its changes."""

    store: Store
    snapshot: Snapshot
    told: list[Change] = field(default_factory=list)

    async def commit(self, **parts: object) -> None:
        await self.store.commit(Change(**parts))  # type: ignore[arg-type]


async def open_(store: Store) -> Opened:
    told: list[Change] = []
    snapshot = await store.open(told.append)
    return Opened(store, snapshot, told)


async def reopened(opened: Opened, make: Callable[[], Store]) -> Opened:
    await opened.store.close()
    return await open_(make())


def job(number: int, **values: object) -> Job:
    given = {
        "id": JobId(number),
        "uuid": f"u{number}",
        "printer": P1,
        "name": f"job {number}",
        "owner": "ada",
        "created": 1.0,
        "state": JobState.PENDING,
    }
    given |= values
    return Job(**{"printer_id": IDS[PrinterName(str(given["printer"]))], **given})  # type: ignore[arg-type]


def done(number: int, at: float, **values: object) -> Job:
    return job(number, **{"state": JobState.COMPLETED, "completed_at": at, **values})


def event(printer: PrinterName = P1, of: int | None = None) -> Event:
    number = None if of is None else JobId(of)
    return Event(EventKind.JOB_CREATED, 1.0, printer, number, printer_id=IDS[printer])


def subscription(number: int, scope: Scope = SERVER, **values: object) -> Subscription:
    given = {
        "id": SubscriptionId(number),
        "uuid": f"s{number}",
        "scope": scope,
        "events": KINDS,
        "owner": "ada",
        "created": 1.0,
    }
    return Subscription(**{**given, **values})  # type: ignore[arg-type]


def printer(name: PrinterName = P3, **values: object) -> Printer:
    given = {"name": name, "uuid": "u", "device": "null:", "created": 1.0, "id": IDS[name]}
    return Printer(**{**given, **values})  # type: ignore[arg-type]
