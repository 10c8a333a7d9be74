"""[MS-PRSOD] 2.7.1: the spooler dies over a vendor's question and returns; what else may fail, fails as it should."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pagebell.dcerpc.client import connect, ntlm
from pagebell.dcerpc.security import SecurityError
from pagebell.dcerpc.status import Fault
from pagebell.ipp import registry as r
from pagebell.model.event import JobId, JobState
from pagebell.winspool.asyncui import OK, MessageBox, MessageBoxReply
from pagebell.winspool.asyncui_xml import read_request, write_response
from pagebell.winspool.client.client import Client
from pagebell.winspool.constants import JobStatus
from pagebell.winspool.idl import pan, rprn
from pagebell.winspool.pan_client import Channel, Wanted, notifications
from pagebell.winspool.werror import Win32
from tests.plays.cast import EARS, PAR, RPRN, Dialect, Watch, free_port, house
from tests.plays.test_print_job import document, nothing_is_left, pages_of
from tests.server import PAGEBELL, ServerProcess
from tests.unit.devices.raw_printer import RawPrinter

PASSWORD = "Secret123"
HOST = "127.0.0.1"


@contextlib.asynccontextmanager
async def server(folder: Path, printer: RawPrinter, policy: str) -> AsyncIterator[ServerProcess]:
    """A server with a one-sided printer, for whose second sides somebody must turn the pages."""
    mapper = f"{HOST}:{free_port()}"
    made = ServerProcess(
        folder,
        devices={"Office": f"socket://{HOST}:{printer.port}?duplex=no&pjl=off"},
        settings=f'[spooler]\non-recovery = "{policy}"\n[sources.manual-duplex]\n[rpc]\nepm = "{mapper}"\n',
        rpc=f"{HOST}:{free_port()}",
    )
    await asyncio.to_thread(add_ada, made.state)
    await asyncio.to_thread(made.start)
    try:
        yield made
    finally:
        await asyncio.to_thread(made.__exit__, None, None, None)


def add_ada(state: Path) -> None:
    """Ada may come in."""
    subprocess.run(
        [PAGEBELL, "users", "add", "ada", "--password-env", "PW", "--state", state],
        env={**os.environ, "PW": PASSWORD},
        check=True,
        capture_output=True,
    )


def client(server: ServerProcess) -> Client:
    return Client(f"par://{server.rpc}/Office", user="ada", password=PASSWORD)


@contextlib.asynccontextmanager
async def listening(server: ServerProcess) -> AsyncIterator[AsyncIterator[object]]:
    """The client listens to the queue by [MS-PAN]."""
    host, _, port = server.rpc.partition(":")
    async with (
        connect(host, int(port), pan.IRPCREMOTEOBJECT, security=ntlm("ada", PASSWORD)) as rpc,
        notifications(rpc, Wanted(rf"\\{HOST}\Office")) as arrived,
    ):
        yield arrived


async def question(arrived: AsyncIterator[object]) -> Channel:
    async with asyncio.timeout(60):
        channel = await anext(arrived)
    assert isinstance(channel, Channel)
    box = read_request(channel.octets)
    assert isinstance(box, MessageBox)
    assert "Turn the printed pages of Letter" in str(box.body[0].text)
    return channel


async def killed_over_its_question(running: ServerProcess) -> None:
    """Print clients are not informed: their calls fail."""
    async with listening(running) as arrived:
        await question(arrived)
        await asyncio.to_thread(running.kill)
        await anext(arrived)


@pytest.mark.parametrize("policy", ["reprint", "hold"])
async def test_2_7_1_1_question_outlives_the_spooler(policy: str, tmp_path: Path) -> None:
    """Killed while a job waits for an answer: it is asked again, and each side is printed once."""
    async with RawPrinter() as printer, server(tmp_path, printer, policy) as running:
        async with client(running) as ada:
            job = await ada.print_document(document(5), [r.sides("two-sided-long-edge")], title="Letter")
        with pytest.raises((OSError, ExceptionGroup)):
            await killed_over_its_question(running)
        assert [pages_of(octets) for octets in printer.received] == [[1, 3, 5]]

        # It returns: the job is where it was, and asks.
        await asyncio.to_thread(running.start)
        async with listening(running) as arrived, client(running) as ada:
            channel = await question(arrived)
            found = await ada.job(job)
            assert found.state.name == "PROCESSING"
            assert [pages_of(octets) for octets in printer.received] == [[1, 3, 5]]
            assert await channel.close(write_response(MessageBoxReply(OK)))
            async with asyncio.timeout(60):
                async for update in ada.follow(job):
                    last = update.job
            assert last.state.name == "COMPLETED"
        fronts, backs = (pages_of(octets) for octets in printer.received)
        assert (fronts, backs[:2], len(backs)) == ([1, 3, 5], [2, 4], 3)


@pytest.mark.parametrize("dialect", [RPRN, PAR], ids=lambda one: one.name)
async def test_2_7_1_2_lost_connection_ends_what_was_half_sent_and_nothing_else(
    dialect: Dialect, tmp_path: Path
) -> None:
    async with house(tmp_path) as play, play.actor("ada", dialect.interface) as watching:
        watched = await dialect.opens(watching)
        watch = Watch(await EARS[dialect.name].of(watching, watched), play)
        async with play.actor("ada", dialect.interface) as lost:
            printer = await dialect.opens(lost)
            whole = await dialect.starts_doc(lost, printer, "Whole")
            assert await watch.new_job() == whole
            await dialect.sends_pages(lost, printer, document(1), 1)
            await dialect.ends_doc(lost, printer)
            half = await dialect.starts_doc(lost, printer, "Half")
            assert await watch.new_job() == half
            await dialect.sends_pages(lost, printer, document(1), 1)
        await watch.until(half, JobStatus.DELETED)
        job = await play.house.job(JobId(half))
        assert (job.state, job.message) == (
            JobState.ABORTED,
            "The connection was lost before the document's end.",
        )
        play.house.device.finish()
        await watch.until(whole, JobStatus.PRINTED)
        await watch.ear.closes()
        await nothing_is_left(play.house)


@pytest.mark.parametrize("dialect", [RPRN, PAR], ids=lambda one: one.name)
async def test_2_7_1_4_server_without_room_says_so_and_takes_no_half_job(
    dialect: Dialect, tmp_path: Path
) -> None:
    async with house(tmp_path) as play, play.actor("ada", dialect.interface) as ada:
        here = play.house
        printer = await dialect.opens(ada)
        number = await dialect.starts_doc(ada, printer, "Letter")
        await ada.calls(dialect.start_page(hPrinter=printer))
        await ada.calls(dialect.write(hPrinter=printer, pBuf=document(1)))
        here.store.full = True
        assert (await ada.calls(dialect.end_doc(hPrinter=printer))).result == Win32.DISK_FULL
        here.store.full = False
        await here.clock.advance(here.spooler.policy.open_job_timeout + 10)
        assert await here.state(JobId(number)) is JobState.ABORTED
        assert here.device.received == []


async def test_2_7_1_5_failed_authentication_is_told_at_once(tmp_path: Path) -> None:
    async with house(tmp_path) as play:
        with pytest.raises((Fault, SecurityError, OSError)):
            async with connect(
                HOST, play.house.port, pan.IRPCREMOTEOBJECT, security=ntlm("ada", "wrong")
            ) as rpc:
                await rpc.call(pan.IRPCRemoteObject_Create())


@pytest.mark.parametrize("dialect", [RPRN, PAR], ids=lambda one: one.name)
async def test_2_7_1_6_what_the_printer_lacks_is_told_and_the_user_mends_it(
    dialect: Dialect, tmp_path: Path
) -> None:
    async with house(tmp_path) as play, play.actor("ada", dialect.interface) as ada:
        here = play.house
        printer = await dialect.opens(ada)
        watch = Watch(await EARS[dialect.name].of(ada, printer), play)
        number = await dialect.starts_doc(ada, printer, "Letter")
        assert await watch.new_job() == number
        await dialect.sends_pages(ada, printer, document(1), 1)
        await dialect.ends_doc(ada, printer)
        await watch.until(number, JobStatus.PRINTING)
        here.device.stop("media-empty-error", "Tray 1 is out of paper.")
        await watch.until(number, JobStatus.PAPEROUT)
        here.device.ready()
        here.device.finish()
        await watch.until(number, JobStatus.PRINTED)
        await watch.ear.closes()
        await nothing_is_left(here)


async def test_2_7_1_6_buffer_that_is_too_small_is_told_with_the_size_that_is_needed(tmp_path: Path) -> None:
    async with house(tmp_path) as play, play.actor("ada", RPRN.interface) as ada:
        printer = await RPRN.opens(ada)
        small = await ada.calls(rprn.RpcGetPrinter(hPrinter=printer, Level=2))
        assert (small.result, small.pPrinter) == (Win32.INSUFFICIENT_BUFFER, None)
        enough = rprn.RpcGetPrinter(
            hPrinter=printer, Level=2, pPrinter=bytes(small.pcbNeeded), cbBuf=small.pcbNeeded
        )
        assert (await ada.calls(enough)).result == 0
