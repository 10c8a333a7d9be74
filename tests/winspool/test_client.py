"""Our client against our server: printing, and every way to hear how it goes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pagebell.ipp.errors import Refused as NobodyThere
from pagebell.ipp.follow import Feedback, JobUpdate
from pagebell.ipp.options import parse_options
from pagebell.ipp.registry import JobState, PrinterState
from pagebell.model.access import SYSTEM
from pagebell.model.document import NO_WISHES, Ticket
from pagebell.model.event import JobId, PrinterName
from pagebell.winspool import Client, SyncClient
from pagebell.winspool.changes import ChangeFlag
from pagebell.winspool.client.addresses import AddressError
from pagebell.winspool.client.answering import Listening
from pagebell.winspool.client.errors import NoSuchJob, NotOffered, WindowsError
from pagebell.winspool.idl import rprn
from pagebell.winspool.idl.containers import DEVMODE_CONTAINER
from pagebell.winspool.idl.notify import RPC_V2_NOTIFY_INFO
from pagebell.winspool.server.calling import Callbacks, Recipient
from pagebell.winspool.server.dialing import RpcDialer
from pagebell.winspool.werror import Win32
from tests.peers import free_port
from tests.winspool.stand import CLIENT, PACE, PASSWORD, Stand, client_at


@contextlib.asynccontextmanager
async def _calling(here: Stand) -> AsyncIterator[int]:
    """The server calls its clients; gives the port of their endpoint mapper."""
    port = free_port()
    async with Callbacks(RpcDialer(seconds=5, mapper=port)).running() as here.desk.callbacks:
        yield port


# ---------------------------------------------------------------- the use case

WAYS = {"par": Feedback.EVENTS, "rprn": Feedback.EVENTS, "rprn, asking": Feedback.POLLING}


@pytest.mark.parametrize("way", WAYS)
async def test_the_use_case_from_opening_to_the_end(here: Stand, way: str) -> None:
    """[MS-PRSOD] 2.5.3.7.1 with its extension (a), by each way to hear of it."""
    seen: list[JobUpdate] = []
    async with contextlib.AsyncExitStack() as stack:
        if "asking" in way:  # the port is another program's
            taken = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            mapper = taken.getsockname()[1]
        else:
            mapper = await stack.enter_async_context(_calling(here))
        client = await stack.enter_async_context(
            client_at(here.port, way.partition(",")[0], listening=Listening(mapper))
        )
        async for update in client.print_and_follow(b"%!PS hello", title="Letter"):
            seen.append(update)
            assert update.feedback is WAYS[way]
            job = update.job
            if job.state == JobState.PROCESSING and job.impressions_completed == 0:
                here.device.printed(1)
            elif job.state == JobState.PROCESSING:
                here.device.finish()
    assert seen[-1].job.state == JobState.COMPLETED
    assert (seen[-1].job.name, seen[-1].job.owner, seen[-1].job.octets) == ("Letter", "ada", 10)
    printing = [update for update in seen if update.job.state == JobState.PROCESSING]
    assert {update.job.impressions_completed for update in printing} == {0, 1}
    assert printing[0].printer.state is PrinterState.PROCESSING
    assert here.spooler.subscriptions.list(SYSTEM).subscriptions == ()


@contextlib.asynccontextmanager
async def _watched(client: Client) -> AsyncIterator[asyncio.Queue[tuple[str, str]]]:
    """What a client hears, once it listens: events and their printers."""
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def listen() -> None:
        async with contextlib.aclosing(client.events()) as events:
            async for event in events:
                heard.put_nowait((event.event, event.printer_name))

    listening = asyncio.create_task(listen())
    try:
        yield heard
    finally:
        listening.cancel()
        await asyncio.wait({listening})


@pytest.mark.parametrize("scheme", ["par", "rprn"])
async def test_a_whole_server_is_watched(here: Stand, scheme: str) -> None:
    async with _calling(here) as mapper:
        client = client_at(here.port, scheme, "", listening=Listening(mapper))
        async with asyncio.timeout(20), _watched(client) as heard:

            async def until(*wanted: str) -> None:
                while await heard.get() != wanted:
                    pass

            while heard.empty():  # what was so at the first look is no news
                for act in (here.spooler.printers.pause, here.spooler.printers.resume):
                    await act(here.printer.name, SYSTEM)
                    async with here.client():
                        pass
            await here.add("p2")
            await until("printer-created", "p2")
            await here.spooler.printers.pause(PrinterName("p2"), SYSTEM)
            await until("printer-state-changed", "p2")
            number = await here.submit()
            await until("job-created", "p1")
            here.device.finish()
            await until("job-completed", "p1")
            assert await here.state(number) == JobState.COMPLETED
            await here.spooler.printers.remove(PrinterName("p2"), SYSTEM)
            await until("printer-deleted", "p2")


@dataclass
class Mute:
    """`calling.Dialer` and `Channel` of a server that takes registrations, and then says nothing."""

    @contextlib.asynccontextmanager
    async def __call__(self, recipient: Recipient) -> AsyncIterator[Mute]:
        yield self

    async def tell(self, flags: ChangeFlag) -> None:
        pass

    async def tell_all(self, color: int, flags: ChangeFlag, info: RPC_V2_NOTIFY_INFO) -> None:
        pass


async def test_a_server_that_tells_nothing_is_asked(here: Stand) -> None:
    """So does Samba from 4.17 on."""
    async with Callbacks(Mute()).running() as here.desk.callbacks:
        client = client_at(here.port, "rprn", listening=Listening(free_port()))
        states = []
        async with asyncio.timeout(20):
            async for update in client.print_and_follow(b"hello"):
                states.append(update.job.state)
                if update.job.state == JobState.PROCESSING:
                    here.device.finish()
        assert states[-1] == JobState.COMPLETED
        async with asyncio.timeout(20), _watched(client) as heard:
            while heard.empty():
                await here.submit()
                async with here.client():
                    pass
            assert (await heard.get())[1] == "p1"


async def test_where_nobody_tells_of_changes_the_document_is_printed_all_the_same(here: Stand) -> None:
    """[MS-PRSOD] 2.5.3.7.1: the minimal guarantee."""
    here.desk.callbacks = None
    async with client_at(here.port, "rprn", listening=Listening(free_port())) as client:
        async for update in client.print_and_follow(b"hello"):
            assert update.feedback is Feedback.POLLING
            if update.job.state == JobState.PROCESSING:
                here.device.finish()
        assert update.job.state == JobState.COMPLETED


async def test_a_job_is_followed_from_any_moment_on(here: Stand) -> None:
    number = await here.submit()
    states = []
    async with client_at(here.port) as client:
        async for update in client.follow(number):
            states.append(update.job.state)
            if update.job.state == JobState.PROCESSING:
                await here.spooler.printers.pause(here.printer.name, SYSTEM)
            if update.job.state == JobState.PROCESSING_STOPPED:
                await client.cancel(number)
                here.device.come_to_stop()
    assert states[0] == JobState.PROCESSING
    assert JobState.PROCESSING_STOPPED in states
    assert states[-1] == JobState.CANCELED


async def test_printed_from_a_file_and_by_programs_without_asyncio(here: Stand, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"words" * 50_000)
    sent: list[tuple[int, int | None]] = []

    def work() -> list[JobState]:
        uri = f"par://127.0.0.1:{here.port}/p1"
        with SyncClient(uri, user="ada", password=PASSWORD, pace=PACE) as client:
            job = client.print_file(file, progress=lambda done, all_: sent.append((done, all_)))
            assert (job.name, job.state, client.job(job).id) == ("a.txt", JobState.PROCESSING, job.id)
            assert [one.id for one in client.jobs()] == [job.id]
            here_loop.call_soon_threadsafe(here.device.finish)
            return [update.job.state for update in client.follow(job)]

    here_loop = asyncio.get_running_loop()
    assert (await asyncio.to_thread(work))[-1] is JobState.COMPLETED
    assert sent[-1] == (250_000, 250_000)


# ---------------------------------------------------------------- the other calls


@pytest.mark.parametrize("scheme", ["par", "rprn"])
async def test_jobs_are_listed_held_released_and_cancelled(here: Stand, scheme: str) -> None:
    first, second = await here.submit(), await here.submit()
    async with client_at(here.port, scheme, "") as client:
        assert [(one.id, one.ahead, one.printer_name) for one in await client.jobs()] == [
            (first, 0, "p1"),
            (second, 1, "p1"),
        ]
        await client.hold(second)
        assert (await client.job(second)).state == JobState.PENDING_HELD
        await client.release(second)
        assert (await client.job(second)).state == JobState.PENDING
        await client.cancel(second)
        assert await here.state(second) == JobState.CANCELED
        with pytest.raises(NoSuchJob, match="job 99: there is no such job"):
            await client.cancel(99)
        with pytest.raises(NotOffered):
            await client.jobs("completed")


async def test_printers_are_listed_paused_and_resumed(here: Stand) -> None:
    await here.add("p2")
    async with client_at(here.port, printer="") as client:
        assert [one.name for one in await client.printers()] == ["p1", "p2"]
    with pytest.raises(AddressError, match="name one of its printers"):
        await client.pause()
    root = client_at(here.port, user="root")
    await root.pause()
    paused = await root.printer()
    assert (paused.state, paused.reasons) == (PrinterState.STOPPED, ("paused",))
    await root.resume()
    assert (await root.printer_status()).state is PrinterState.IDLE


async def test_a_job_can_be_held_from_the_beginning(here: Stand) -> None:
    options = parse_options(["job-hold-until=indefinite", "copies=2", "finishings=4"])
    async with client_at(here.port) as client:
        job = await client.print_document(b"hello", options)
    assert job.ignored == ("finishings",)
    assert await here.state(JobId(job.id)) == JobState.PENDING_HELD


async def test_what_is_refused_is_a_sentence(here: Stand) -> None:
    async with client_at(here.port, printer="none") as client:
        with pytest.raises(WindowsError, match="there is no such printer"):
            await client.printer()
    async with client_at(here.port) as client:
        with pytest.raises(WindowsError, match="you are not allowed"):
            await client.pause()
    wrong = Client(f"par://127.0.0.1:{here.port}/p1", user="ada", password="wrong")
    with pytest.raises(WindowsError, match="does not let ada in"):
        await wrong.printer()
    nobody = Client(f"par://127.0.0.1:{free_port()}/p1", user="ada", password="x")
    with pytest.raises(NobodyThere):
        await nobody.printer()


# ---------------------------------------------------------------- what is asked for of a document


@pytest.mark.parametrize(
    ("options", "ticket"),
    [
        ([], NO_WISHES),
        (["copies=2", "print-color-mode=monochrome"], Ticket(copies=2, print_color_mode="monochrome")),
        (["sides=two-sided-long-edge", "media=na_letter_8.5x11in"], Ticket(media="na_letter_8.5x11in")),
    ],
)
async def test_options_travel_in_the_devmode_and_what_a_printer_can_not_do_is_left_out(
    here: Stand, options: list[str], ticket: Ticket
) -> None:
    """[MS-RPRN] 3.1.4.2.14, 3.1.4.1.8.1; the scripted device prints one side."""
    async with client_at(here.port) as client:
        job = await client.print_document(b"%!PS", parse_options(options))
    assert (await here.job(JobId(job.id))).ticket == ticket


async def test_devmode_that_is_none_is_refused(here: Stand) -> None:
    async with here.client() as rpc:
        reply = await rpc.call(
            rprn.RpcOpenPrinterEx(
                pPrinterName="p1",
                pDevModeContainer=DEVMODE_CONTAINER(pDevMode=b"short"),
                AccessRequired=8,
                pClientInfo=CLIENT,
            )
        )
    assert reply.result == Win32.INVALID_PARAMETER
