"""[MS-PRSOD] 2.5.3.7.1, the whole of it: a print job with change notifications, and a vendor's component that asks.

Main success scenario with extensions (a) and (b), over MS-RPRN, and over MS-PAR (variation (a)). The vendor's component
is one that prints both sides on a printer that knows one, as in example 3.3.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pikepdf
import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.document import Ticket
from pagebell.model.event import JobId, JobState
from pagebell.winspool.asyncui import CANCEL, OK, MessageBox, MessageBoxReply
from pagebell.winspool.asyncui_xml import read_request, write_response
from pagebell.winspool.constants import JobStatus
from pagebell.winspool.idl import pan
from tests.plays.cast import BI, EARS, PAR, RPRN, UI, Actor, Dialect, House, Play, Watch, house
from tests.watching import finished

DUPLEX = Ticket(sides="two-sided-long-edge")


def document(pages: int) -> bytes:
    """Its n-th page is 100 + n wide."""
    octets = io.BytesIO()
    with pikepdf.new() as made:
        for number in range(1, pages + 1):
            made.add_blank_page(page_size=(100 + number, 200))
        made.save(octets)
    return octets.getvalue()


def pages_of(octets: bytes) -> list[int]:
    """The numbers of the pages that came to the device."""
    with pikepdf.open(io.BytesIO(octets)) as read:
        return [int(page.mediabox[2]) - 100 for page in read.pages]


def device_prints(here: House, pages: int) -> None:
    """What is on the device comes out."""
    here.device.printed(pages)
    here.device.finish()


async def nothing_is_left(here: House) -> None:
    """No subscription, dialog or call back outlives what it was for."""
    assert here.spooler.subscriptions.list(SYSTEM).subscriptions == ()
    assert here.spooler.dialogs.open_dialogs(SYSTEM) == ()
    assert here.desk.callbacks is not None
    while len(here.desk.callbacks):
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def cast(play: Play, dialect: Dialect) -> AsyncIterator[tuple[Actor, Actor, Actor]]:
    """Ada's connections: one to print by, one to watch by, one for what vendors have to say."""
    async with (
        play.actor("printing", dialect.interface, "ada") as printing,
        play.actor("watching", dialect.interface, "ada") as watching,
        play.actor("listening", pan.IRPCREMOTEOBJECT, "ada") as listening,
    ):
        yield printing, watching, listening


@pytest.mark.parametrize("dialect", [RPRN, PAR], ids=lambda one: one.name)
async def test_print_job_with_changes_and_a_vendors_question(  # noqa: PLR0915 - a play is read as a whole
    dialect: Dialect, tmp_path: Path
) -> None:
    async with house(tmp_path) as play, cast(play, dialect) as (printing, watching, listening):
        here = play.house

        # Extension (b): "Prior to the previous step 1, the print client [...] register[s] for change notifications".
        watched = await dialect.opens(watching)
        ear = await EARS[dialect.name].of(watching, watched)
        watch = Watch(ear, play)
        registered = {
            "MS-RPRN": "watching: RpcRemoteFindFirstPrinterChangeNotificationEx",
            "MS-PAR": "watching: RpcSyncRegisterForRemoteNotifications",
        }[dialect.name]
        play.reads(f"watching: {dialect.open.__name__}", registered)

        # 1. The print client opens a printer handle; what it wants of its jobs goes with it.
        printer = await dialect.opens(printing, DUPLEX)
        play.reads(f"printing: {dialect.open.__name__}")

        # 2. The print client starts a new print job.
        number = await dialect.starts_doc(printing, printer, "Letter")
        assert await watch.new_job() == number
        play.reads(f"printing: {dialect.start_doc.__name__}", f"server: job {number} is new")

        # Extension (b): when notifications "signal the arrival of a new print job, the print client attempts to
        # listen to the print queue [...] by using the Print System Asynchronous Notification Protocol".
        remote = await listening.creates()
        await listening.registers(remote, BI)
        channel_there = await listening.waits_for_a_channel(remote)
        play.reads(
            "listening: IRPCRemoteObject_Create",
            "listening: IRPCAsyncNotify_RegisterClient both ways",
            "listening: IRPCAsyncNotify_GetNewChannel",
        )

        # 3. The start of a logical page, its data, its end; and so for all pages in the document.
        await dialect.sends_pages(printing, printer, document(5), 5)
        page = [dialect.start_page, dialect.write, dialect.end_page]
        play.reads(*(f"printing: {call.__name__}" for call in page * 5))

        # 4. The print client ends the print job, which is printed from now on: the fronts.
        await dialect.ends_doc(printing, printer)
        await watch.until(number, JobStatus.PRINTING)
        play.reads(f"printing: {dialect.end_doc.__name__}", f"server: job {number} is PRINTING")
        device_prints(here, 3)
        await watch.until(number, JobStatus.PRINTING, 3)
        play.reads(f"server: job {number} is PRINTING, 3 pages out")

        # The vendor's component asks the user to put the pages back.
        (channel,) = (await channel_there).ppChannelCtxt
        said = await listening.looks(channel)
        assert said.ppOutNotificationType == UI
        box = read_request(said.ppOutNotificationData)
        assert isinstance(box, MessageBox)
        assert box.title is not None and box.title.text == "Second sides"
        assert "Turn the printed pages of Letter over along their long edge" in str(box.body[0].text)
        assert [button.answer for button in box.buttons] == [OK, CANCEL]
        more = await listening.waits_for_a_channel(remote)
        play.reads(
            "listening: IRPCAsyncNotify_GetNotificationSendResponse first",
            "listening: IRPCAsyncNotify_GetNewChannel",
        )
        assert here.device.work is None  # it waits

        # The user does so, and confirms; the component goes on with the backs.
        assert (await listening.closes(channel, write_response(MessageBoxReply(OK)))).result == 0
        device_prints(here, 3)
        play.reads("listening: IRPCAsyncNotify_CloseChannel with an answer")

        # "After step 4, [...] the print client continues to listen for [...] notifications signaling the end of the
        # print job": both sides are printed.
        await watch.until(number, JobStatus.PRINTED)
        play.reads(f"server: job {number} is PRINTED")
        job = await here.job(JobId(number))
        assert (job.state, job.owner, job.name) == (JobState.COMPLETED, "ada", "Letter")
        fronts, backs = (octets for _, (octets,) in here.device.received)
        assert pages_of(fronts) == [1, 3, 5]
        assert pages_of(backs)[:2] == [2, 4]

        # "The print client closes the asynchronous notification connection when all the jobs have been processed."
        await listening.unregisters(remote)
        await more
        await listening.deletes(remote)
        play.reads(
            "listening: IRPCAsyncNotify_UnregisterClient",
            "server: TERMINATED",
            "listening: IRPCRemoteObject_Delete",
        )

        # 5. The print client closes the printer handle, and before it what it has registered for.
        await dialect.closes(printing, printer)
        await ear.closes()
        await dialect.closes(watching, watched)
        play.reads(
            f"printing: {dialect.close.__name__}",
            *{
                "MS-RPRN": (
                    "watching: RpcFindClosePrinterChangeNotification",
                    "server: RpcReplyClosePrinter",
                ),
                "MS-PAR": ("watching: RpcSyncUnRegisterForRemoteNotifications",),
            }[dialect.name],
            f"watching: {dialect.close.__name__}",
        )
        await nothing_is_left(here)


@pytest.mark.parametrize("dialect", [RPRN, PAR], ids=lambda one: one.name)
async def test_user_who_declines_the_vendors_question_gets_no_backs(dialect: Dialect, tmp_path: Path) -> None:
    """[MS-PRSOD] 3.3: the component takes "appropriate actions that are based on the response"."""
    async with house(tmp_path) as play, cast(play, dialect) as (printing, watching, listening):
        here = play.house
        watched = await dialect.opens(watching)
        ear = await EARS[dialect.name].of(watching, watched)
        watch = Watch(ear, play)
        printer = await dialect.opens(printing, DUPLEX)
        number = await dialect.starts_doc(printing, printer, "Letter")
        assert await watch.new_job() == number
        remote = await listening.creates()
        await listening.registers(remote, BI)
        await dialect.sends_pages(printing, printer, document(2), 2)
        await dialect.ends_doc(printing, printer)
        device_prints(here, 1)
        (channel,) = (await (await listening.waits_for_a_channel(remote))).ppChannelCtxt
        await listening.looks(channel)
        await listening.closes(channel, write_response(MessageBoxReply(CANCEL)))
        await watch.until(number, JobStatus.DELETED)
        job = await here.job(JobId(number))
        assert (job.state, job.message) == (JobState.CANCELED, "Cancelled before the second sides.")
        assert len(here.device.received) == 1
        await listening.unregisters(remote)
        await ear.closes()
        await nothing_is_left(here)


async def test_minimal_guarantee_the_job_prints_without_any_feedback(tmp_path: Path) -> None:
    """[MS-PRSOD] 2.5.3.7.1: "the print job might print, but the print client cannot show feedback"."""
    async with house(tmp_path) as play, play.actor("ada", RPRN.interface) as printing:
        here = play.house
        printer = await RPRN.opens(printing)
        number = await RPRN.starts_doc(printing, printer, "Letter")
        await RPRN.sends_pages(printing, printer, document(2), 2)
        await RPRN.ends_doc(printing, printer)
        await RPRN.closes(printing, printer)
        device_prints(here, 2)
        assert (await finished(here.spooler, JobId(number))).state is JobState.COMPLETED
        await nothing_is_left(here)
