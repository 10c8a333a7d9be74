"""Printers in a directory: what clients ask for, and what follows from what becomes of the printers."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest_asyncio

from pagebell.dcerpc.client import RpcClient
from pagebell.dcerpc.ndr import ContextHandle
from pagebell.directory import DirectoryError, Place, PrintQueue
from pagebell.ipp.server import Service
from pagebell.ipp.server.call import Origin
from pagebell.model.access import Principal
from pagebell.model.printer import Capabilities
from pagebell.spooler.feed import HEARTBEAT
from pagebell.spooler.printers import PrinterWish
from pagebell.testing import ScriptedDevice
from pagebell.winspool import infos
from pagebell.winspool.buffers import unpack
from pagebell.winspool.idl import rprn
from pagebell.winspool.idl.types import PRINTER_INFO_7
from pagebell.winspool.server.publishing import SOONEST, Publisher
from pagebell.winspool.werror import Win32
from tests.unit.spooler.stage import P1, SYSTEM
from tests.winspool.stand import Stand, open_printer
from tests.winspool.test_kept import ALL, set_printer, told

PUBLISH, UPDATE, UNPUBLISH, REPUBLISH, PENDING = 1, 2, 4, 8, 0x80000000
DEVICE = Capabilities(
    make_and_model="Bell 1",
    color=True,
    sides=("one-sided", "two-sided-long-edge"),
    media=("iso_a4_210x297mm",),
    pages_per_minute=30,
)


@dataclass
class Shelf:
    """`publishing.Catalog`, in memory."""

    host: str = "print.example"
    there: dict[str, PrintQueue] = field(default_factory=dict)
    """By their places."""
    acts: list[str] = field(default_factory=list)
    gone: bool = False
    fails: str = ""
    """What it does not do."""
    guids: dict[str, UUID] = field(default_factory=dict)

    async def publish(self, queue: PrintQueue) -> Place:
        self._act("publish")
        dn = f"CN={queue.common_name}"
        self.there[dn] = queue
        return Place(dn, self.guids.setdefault(dn, uuid4()))

    async def remove(self, dn: str) -> None:
        self._act("remove")
        self.there.pop(dn, None)
        self.guids.pop(dn, None)

    def _act(self, what: str) -> None:
        if self.gone or what == self.fails:
            raise DirectoryError("nobody is there")
        self.acts.append(what)


class Published(Stand):
    """A stand beside a directory."""

    shelf: Shelf

    @contextlib.asynccontextmanager
    async def publishing(self) -> AsyncIterator[Published]:
        async def ask(octets: bytes, by: Principal) -> bytes:
            async def body() -> AsyncIterator[bytes]:
                yield octets

            origin = Origin("0.0.0.0:8631", both_schemes=True)
            return (await Service(self.spooler).answer(body(), lambda _: by, origin)).octets

        async with self.serving(), Publisher(self.spooler, self.shelf, ask).running() as publisher:
            self.desk.publisher = publisher
            await self.clock.settle()
            yield self


@pytest_asyncio.fixture
async def here() -> AsyncIterator[Published]:
    made = Published(devices={"scripted:p1": ScriptedDevice(DEVICE)})
    made.shelf = Shelf()
    async with made, made.publishing():  # type: ignore[attr-defined]
        yield made


async def seven(client: RpcClient, handle: ContextHandle) -> infos.PRINTER_INFO_7:
    (found,) = unpack(infos.PRINTER_INFO_7, await told(client, handle, 7))
    assert isinstance(found, infos.PRINTER_INFO_7)
    return found


async def asked(client: RpcClient, handle: ContextHandle, action: int) -> int:
    return await set_printer(client, handle, 7, PRINTER_INFO_7(dwAction=action))


async def publish(here: Published) -> None:
    async with here.client("root") as client:
        assert await asked(client, await open_printer(client, access=ALL), PUBLISH) == 0


async def test_printers_are_published_where_a_directory_is(here: Published) -> None:
    actions = {
        PUBLISH: ["publish"],
        UPDATE: ["publish"],
        REPUBLISH: ["remove", "publish"],
        UNPUBLISH: ["remove"],
    }
    async with here.client("root") as client:
        handle = await open_printer(client, access=ALL)
        for action, acts in actions.items():
            here.shelf.acts.clear()
            assert await asked(client, handle, action) == 0
            await here.clock.settle()
            assert here.shelf.acts == acts
            state = UNPUBLISH if action == UNPUBLISH else PUBLISH
            assert (await seven(client, handle)).dwAction == state
            assert list(here.shelf.there) == ([] if action == UNPUBLISH else ["CN=PRINT-p1"])
        here.shelf.gone = True
        assert await asked(client, handle, PUBLISH) == Win32.DS_UNAVAILABLE
        assert (await seven(client, handle)).dwAction == UNPUBLISH


async def test_republishing_changes_what_the_directory_identifies_it_by(here: Published) -> None:
    """[MS-RPRN] 2.2.1.10.8: "Republishing also MUST change the GUID of the published printer"."""
    async with here.client("root") as client:
        handle = await open_printer(client, access=ALL)
        seen = []
        for action in (PUBLISH, UPDATE, REPUBLISH):
            assert await asked(client, handle, action) == 0
            (guid,) = here.shelf.guids.values()
            seen.append((await seven(client, handle)).pszObjectGUID)
            assert seen[-1] == f"{{{guid}}}".upper()
        assert seen[0] == seen[1] != seen[2]


async def test_an_entry_has_all_that_the_printer_tells_by_ipp(here: Published) -> None:
    await publish(here)
    (queue,) = here.shelf.there.values()
    assert queue == PrintQueue(
        name="p1",
        server="print.example",
        description="p1",
        driver="Bell 1",
        urls=("ipps://print.example:8631/ipp/print/p1", "ipp://print.example:8631/ipp/print/p1"),
        color=True,
        duplex=True,
        pages_per_minute=30,
        media=("iso_a4_210x297mm",),
    )


async def test_an_entry_changes_with_its_printer_by_whatever_door(here: Published) -> None:
    await publish(here)
    await here.spooler.printers.change(P1, PrinterWish(location="2nd floor"), SYSTEM)
    await here.clock.settle()
    (queue,) = here.shelf.there.values()
    assert queue.location == "2nd floor"
    here.shelf.acts.clear()
    await here.spooler.printers.change(P1, PrinterWish(operator_message="Soon!"), SYSTEM)
    await here.clock.settle()
    assert here.shelf.acts == [], "the directory does not tell of that"


async def test_an_entry_goes_with_its_printer(here: Published) -> None:
    await publish(here)
    async with here.client("root") as client:
        handle = await open_printer(client, access=ALL)
        assert (await client.call(rprn.RpcDeletePrinter(hPrinter=handle))).result == 0
    await here.clock.settle()
    assert here.shelf.there == {}


async def test_a_directory_that_is_away_gets_it_later(here: Published) -> None:
    """[MS-RPRN] 3.1.4.2.4: the printer is deleted all the same, and nobody is told of the directory."""
    await publish(here)
    here.shelf.gone = True
    async with here.client("root") as client:
        handle = await open_printer(client, access=ALL)
        assert (await client.call(rprn.RpcDeletePrinter(hPrinter=handle))).result == 0
    await here.clock.settle()
    here.shelf.gone = False
    assert list(here.shelf.there) == ["CN=PRINT-p1"]
    await here.clock.advance(SOONEST)
    assert here.shelf.there == {}


async def test_what_was_left_at_the_end_is_done_at_the_next_start() -> None:
    """[MS-RPRN] 2.3.3.4"""
    made = Published(devices={"scripted:p1": ScriptedDevice(DEVICE)})
    made.shelf = Shelf()
    async with made:
        await made.add("p2")
        async with made.serving(), made.client("root") as client:  # no directory is named
            handle = await open_printer(client, access=ALL)
            assert await asked(client, handle, PUBLISH) == 0
            assert (await seven(client, handle)).dwAction == PENDING | PUBLISH
        async with made.publishing(), made.client("root") as client:
            handle = await open_printer(client, access=ALL)
            assert (await seven(client, handle)).dwAction == PUBLISH
            assert await asked(client, await open_printer(client, "p2", ALL), PUBLISH) == 0
        await made.spooler.printers.remove(P1, SYSTEM)
        assert set(made.shelf.there) == {"CN=PRINT-p1", "CN=PRINT-p2"}
        await made.restart()
        async with made.publishing():
            assert set(made.shelf.there) == {"CN=PRINT-p2"}


async def test_an_entry_moves_with_the_servers_name(here: Published) -> None:
    await publish(here)
    here.shelf.host = "other.example"
    async with here.client("root") as client:
        assert await asked(client, await open_printer(client, access=ALL), UPDATE) == 0
    assert list(here.shelf.there) == ["CN=OTHER-p1"]


async def test_what_failed_half_way_is_made_good(here: Published) -> None:
    """The entry is away when the directory goes away, and the printer is wanted there still."""
    await publish(here)
    here.shelf.fails = "publish"
    async with here.client("root") as client:
        handle = await open_printer(client, access=ALL)
        assert await asked(client, handle, REPUBLISH) == Win32.DS_UNAVAILABLE
        assert here.shelf.there == {}
        here.shelf.fails = ""
        await here.clock.advance(HEARTBEAT + SOONEST)
        assert (await seven(client, handle)).dwAction == PUBLISH
    assert list(here.shelf.there) == ["CN=PRINT-p1"]
