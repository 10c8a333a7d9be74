"""What people and programs do to printers and jobs, each an act that can be heard of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

from pagebell.dcerpc.client import RpcClient
from pagebell.model.access import SYSTEM
from pagebell.model.document import Ticket
from pagebell.spooler.changing import JobWish
from pagebell.spooler.printers import PrinterWish
from pagebell.winspool import infos
from pagebell.winspool.buffers import unpack
from pagebell.winspool.idl import rprn_data, rprn_setup
from pagebell.winspool.idl.containers import DRIVER_CONTAINER, FORM_CONTAINER
from pagebell.winspool.idl.types import DRIVER_INFO_2, FORM_INFO_1, PRINTER_INFO_3, PRINTER_INFO_7, SIZE
from tests.unit.spooler.stage import P1, P2
from tests.winspool.stand import Stand, open_printer, print_document
from tests.winspool.test_kept import ALL, fields, set_printer, told

Act = Callable[[Stand], Awaitable[None]]
DWORD_1 = (1).to_bytes(4, "little")


async def as_root(here: Stand, work: Callable[[RpcClient], Awaitable[Any]]) -> None:
    async with here.client("root") as client:
        assert (await work(client)).result == 0


async def print_job(here: Stand) -> None:
    await here.submit(b"hello")


async def spool(here: Stand) -> None:
    async with here.client("bob") as client:
        await print_document(client, await open_printer(client), b"hello")


async def spool_octets(here: Stand) -> None:
    """Nobody else can count their pages: the client does."""
    async with here.client("bob") as client:
        await print_document(client, await open_printer(client), bytes(range(200)))


async def page(here: Stand) -> None:
    await here.submit(b"hello")
    here.device.printed(1)
    await here.clock.settle()


async def finish(here: Stand) -> None:
    await here.submit(b"hello")
    here.device.finish()
    await here.clock.settle()


async def cancel(here: Stand) -> None:
    await here.submit(b"one")
    await here.spooler.jobs.cancel(await here.submit(b"two"), SYSTEM)


def change(**wish: Any) -> Act:
    async def act(here: Stand) -> None:
        await here.spooler.printers.change(P1, PrinterWish(**wish), SYSTEM)

    return act


async def rename_job(here: Stand) -> None:
    await here.submit(b"one")
    await here.spooler.jobs.change(await here.submit(b"two"), JobWish(name="Novel"), SYSTEM)


def ticket(**ticket: Any) -> Act:
    async def act(here: Stand) -> None:
        await here.submit(b"one")
        await here.spooler.jobs.change(await here.submit(b"two"), JobWish(ticket=Ticket(**ticket)), SYSTEM)

    return act


async def add_printer(here: Stand) -> None:
    await here.add(P2)


async def remove_printer(here: Stand) -> None:
    await here.spooler.printers.remove(P1, SYSTEM)


async def pause(here: Stand) -> None:
    await here.spooler.printers.pause(P1, SYSTEM)


async def unreachable(here: Stand) -> None:
    here.device.stop("timed-out", "The printer does not answer.")
    await here.clock.settle()


async def set_form(here: Stand, name: str = "") -> None:
    form = FORM_CONTAINER(FormInfo=FORM_INFO_1(pName="Mine", Size=SIZE(cx=1000, cy=1000)))

    async def work(client: RpcClient) -> Any:
        handle = await open_printer(client, "p1")
        added = await client.call(rprn_setup.RpcAddForm(hPrinter=handle, pFormInfoContainer=form))
        if name == "add":
            return added
        if name == "set":
            call: Any = rprn_setup.RpcSetForm(hPrinter=handle, pFormName="Mine", pFormInfoContainer=form)
        else:
            call = rprn_setup.RpcDeleteForm(hPrinter=handle, pFormName="Mine")
        return await client.call(call)

    await as_root(here, work)


def form(name: str) -> Act:
    return lambda here: set_form(here, name)


def driver(*, delete: bool) -> Act:
    async def act(here: Stand) -> None:
        async def work(client: RpcClient) -> Any:
            info = DRIVER_INFO_2(cVersion=3, pName="D", pEnvironment="Windows x64")
            container = DRIVER_CONTAINER(Level=2, DriverInfo=info)
            reply: Any = await client.call(rprn_setup.RpcAddPrinterDriver(pDriverContainer=container))
            if delete:
                gone = rprn_setup.RpcDeletePrinterDriver(pEnvironment="Windows x64", pDriverName="D")
                reply = await client.call(gone)
            return reply

        await as_root(here, work)

    return act


def data(name: str, type_: int, octets: bytes, printer: str = "p1") -> Act:
    async def act(here: Stand) -> None:
        async def work(client: RpcClient) -> Any:
            handle = await open_printer(client, printer or None, 0)  # type: ignore[arg-type]
            return await client.call(
                rprn_data.RpcSetPrinterData(hPrinter=handle, pValueName=name, Type=type_, pData=octets)
            )

        await as_root(here, work)

    return act


def set_info(level: int = 2, descriptor: bytes | None = None, **changed: Any) -> Act:
    """What Windows' programs do: they get a printer's description, and set it with something changed."""

    async def act(here: Stand) -> None:
        async def work(client: RpcClient) -> Any:
            handle = await open_printer(client, "p1", ALL)
            if level == 2:
                (info,) = unpack(infos.PRINTER_INFO_2, await told(client, handle, 2))
                assert await set_printer(client, handle, 2, fields(info, **changed)) == 0  # type: ignore[arg-type]
            elif level == 3:
                assert await set_printer(client, handle, 3, PRINTER_INFO_3(), descriptor=descriptor) == 0
            else:
                assert await set_printer(client, handle, level, PRINTER_INFO_7(**changed)) == 0
            return SimpleNamespace(result=0)

        await as_root(here, work)

    return act


async def move_job(here: Stand) -> None:
    await here.add(P2)
    await here.spooler.printers.pause(P2, SYSTEM)
    await here.submit(b"one")
    await here.spooler.queue.relocate(await here.submit(b"two"), P2, {"text/plain"}, SYSTEM)


def announce(*names: str) -> Act:
    return lambda here: here.spooler.system.announce(*names)
