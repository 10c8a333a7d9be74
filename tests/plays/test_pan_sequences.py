"""The message sequences of [MS-PAN] 4, step by step, and [MS-PRSOD] example 3.3."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from pagebell.model.dialog import Addressees, Question, Statement
from pagebell.model.document import Ticket
from pagebell.model.event import JobId, JobState
from pagebell.model.job import Job
from pagebell.model.printer import Capabilities
from pagebell.spooler.sources import Conduct, Desk, Press
from pagebell.winspool.asyncui import Balloon, MessageBox, MessageBoxReply, Text
from pagebell.winspool.asyncui_xml import read_request, write_response
from pagebell.winspool.constants import JobStatus
from pagebell.winspool.idl import pan
from tests.plays.cast import BI, EARS, PAR, RELEASE, UI, UNI, Watch, house
from tests.plays.test_print_job import DUPLEX, document, nothing_is_left
from tests.unit.spooler.sources import Idle
from tests.unit.spooler.stage import P1

PAN = pan.IRPCREMOTEOBJECT
HERE = Addressees(P1)
VENDOR = UUID("11111111-2222-3333-4444-555555555555")
REQUEST = "http://schemas.microsoft.com/2003/print/asyncui/v1/request"
RESPONSE = "http://schemas.microsoft.com/2003/print/asyncui/v1/response"
BALLOON = f"""<?xml version="1.0" ?>
<asyncPrintUIRequest xmlns="{REQUEST}"><v1><requestOpen>
<balloonUI iconID="1" resourceDll="IHV.dll">
<title stringID="1234" resourceDll="IHV.dll" />
<body stringID="100" resourceDll="IHV.dll" />
</balloonUI>
</requestOpen></v1></asyncPrintUIRequest>""".encode("utf-16-le")
BOX = f"""<asyncPrintUIRequest xmlns="{REQUEST}"><v1><requestOpen>
<messageBoxUI>
<title stringID="100" resourceDll="IHV.dll" />
<body stringID="101" resourceDll="IHV.dll" />
<buttons>
<button stringID="102" resourceDll="IHV.dll" buttonID="3"/>
<button stringID="103" resourceDll="IHV.dll" buttonID="4"/>
</buttons>
</messageBoxUI>
</requestOpen></v1></asyncPrintUIRequest>""".encode("utf-16-le")
REPLY = f"""<asyncPrintUIResponse xmlns="{RESPONSE}"><v1><requestClose>
<messageBoxUI><buttonID>4</buttonID></messageBoxUI >
</requestClose></v1></asyncPrintUIResponse>""".encode("utf-16-le")


async def test_4_1_unidirectional_communication(tmp_path: Path) -> None:
    """A server and a client; and a second one, since "each registered client would receive a copy"."""
    async with house(tmp_path) as play, play.actor("ada", PAN) as ada, play.actor("bob", PAN) as bob:
        say = play.house.spooler.dialogs.notify
        await say(HERE, b"nobody listens", VENDOR)  # is discarded
        one = await ada.creates()
        await ada.registers(one, UNI, VENDOR)
        two = await bob.creates()
        await bob.registers(two, UNI, VENDOR)
        play.reads(
            "ada: IRPCRemoteObject_Create",
            "ada: IRPCAsyncNotify_RegisterClient one way",
            "bob: IRPCRemoteObject_Create",
            "bob: IRPCAsyncNotify_RegisterClient one way",
        )
        # The call waits until the source says something.
        waiting = await ada.waits_for_a_notification(one)
        play.reads("ada: IRPCAsyncNotify_GetNotification")
        await say(HERE, b"first", VENDOR)
        told = await waiting
        assert (told.result, told.ppOutNotificationType, told.ppOutNotificationData) == (0, VENDOR, b"first")
        # What is said while no call waits is kept for the next.
        await say(HERE, b"second", VENDOR)
        told = await (await ada.waits_for_a_notification(one))
        assert told.ppOutNotificationData == b"second"
        for octets in (b"first", b"second"):
            told = await (await bob.waits_for_a_notification(two))
            assert told.ppOutNotificationData == octets
        play.reads(
            "ada: IRPCAsyncNotify_GetNotification",
            "bob: IRPCAsyncNotify_GetNotification",
            "bob: IRPCAsyncNotify_GetNotification",
        )
        # The client has enough: its call that waits ends, and the remote object goes.
        waiting = await ada.waits_for_a_notification(one)
        await ada.unregisters(one)
        assert (await waiting).ppOutNotificationData is None
        await ada.deletes(one)
        play.reads(
            "ada: IRPCAsyncNotify_GetNotification",
            "ada: IRPCAsyncNotify_UnregisterClient",
            "server: TERMINATED",
            "ada: IRPCRemoteObject_Delete",
        )
        # The other one hears on.
        await say(HERE, b"third", VENDOR)
        assert (await (await bob.waits_for_a_notification(two))).ppOutNotificationData == b"third"


async def test_4_2_asyncui_in_one_direction(tmp_path: Path) -> None:
    """A driver's balloon, whose texts are in its resource file at the client."""
    async with house(tmp_path) as play, play.actor("ada", PAN) as ada:
        remote = await ada.creates()
        await ada.registers(remote, UNI)
        waiting = await ada.waits_for_a_notification(remote)
        await play.house.spooler.dialogs.notify(HERE, BALLOON)
        told = await waiting
        play.reads(
            "ada: IRPCRemoteObject_Create",
            "ada: IRPCAsyncNotify_RegisterClient one way",
            "ada: IRPCAsyncNotify_GetNotification",
        )
        assert told.ppOutNotificationType == UI
        assert told.ppOutNotificationData == BALLOON
        assert read_request(told.ppOutNotificationData) == Balloon(
            title=Text(string_id=1234, resource="IHV.dll"),
            body=(Text(string_id=100, resource="IHV.dll"),),
            icon_id=1,
            resource="IHV.dll",
        )
        await ada.unregisters(remote)
        await ada.deletes(remote)


async def test_4_3_bidirectional_communication(tmp_path: Path) -> None:
    """Both get the first notification; who responds first has the channel, the other one is told so."""
    async with house(tmp_path) as play, play.actor("ada", PAN) as ada, play.actor("bob", PAN) as bob:
        one, two = await ada.creates(), await bob.creates()
        await ada.registers(one, BI, VENDOR)
        await bob.registers(two, BI, VENDOR)
        ada_waits = await ada.waits_for_a_channel(one)
        bob_waits = await bob.waits_for_a_channel(two)
        play.reads(
            "ada: IRPCRemoteObject_Create",
            "bob: IRPCRemoteObject_Create",
            "ada: IRPCAsyncNotify_RegisterClient both ways",
            "bob: IRPCAsyncNotify_RegisterClient both ways",
            "ada: IRPCAsyncNotify_GetNewChannel",
            "bob: IRPCAsyncNotify_GetNewChannel",
        )
        # The source opens a channel, and sends its first notification to all.
        source = await play.house.spooler.dialogs.open(HERE, b"Ready?", kind=VENDOR)
        (adas,) = (await ada_waits).ppChannelCtxt
        (bobs,) = (await bob_waits).ppChannelCtxt
        assert adas != bobs
        for actor, channel in ((ada, adas), (bob, bobs)):
            told = await actor.looks(channel)
            assert (told.pChannel, told.ppOutNotificationData) == (channel, b"Ready?")
        play.reads(
            "ada: IRPCAsyncNotify_GetNotificationSendResponse first",
            "bob: IRPCAsyncNotify_GetNotificationSendResponse first",
        )
        # Ada responds first, and has it; her call waits for what is said next.
        next_ = await ada.responds(adas, b"Yes.", VENDOR)
        assert await source.answered() == b"Yes."
        # Bob is too late: NOTIFICATION_RELEASE, and a null channel.
        told = await (await bob.responds(bobs, b"Me, too!", VENDOR))
        assert (told.result, told.ppOutNotificationType, told.ppOutNotificationData) == (0, RELEASE, None)
        assert not told.pChannel
        # The conversation goes on with Ada alone.
        await source.say(b"How many?")
        told = await next_
        assert (told.pChannel, told.ppOutNotificationData) == (adas, b"How many?")
        play.reads(
            "ada: IRPCAsyncNotify_GetNotificationSendResponse Yes.",
            "bob: IRPCAsyncNotify_GetNotificationSendResponse Me, too!",
        )
        # Her last word closes the channel.
        assert (await ada.closes(adas, b"Three.", VENDOR)).result == 0
        assert await source.answered() == b"Three."
        await source.close()
        for actor, remote in ((ada, one), (bob, two)):
            await actor.unregisters(remote)
            await actor.deletes(remote)
        play.reads(
            "ada: IRPCAsyncNotify_CloseChannel with an answer",
            "ada: IRPCAsyncNotify_UnregisterClient",
            "ada: IRPCRemoteObject_Delete",
            "bob: IRPCAsyncNotify_UnregisterClient",
            "bob: IRPCRemoteObject_Delete",
        )


async def test_4_3_the_source_may_have_the_last_word(tmp_path: Path) -> None:
    async with house(tmp_path) as play, play.actor("ada", PAN) as ada:
        remote = await ada.creates()
        await ada.registers(remote, BI, VENDOR)
        source = await play.house.spooler.dialogs.open(HERE, b"Ready?", kind=VENDOR)
        (channel,) = (await (await ada.waits_for_a_channel(remote))).ppChannelCtxt
        await ada.looks(channel)
        next_ = await ada.responds(channel, b"Yes.", VENDOR)
        assert await source.answered() == b"Yes."
        await source.close()
        told = await next_
        assert (told.result, told.ppOutNotificationType, bool(told.pChannel)) == (0, RELEASE, False)


async def test_4_4_asyncui_in_both_directions(tmp_path: Path) -> None:
    """A driver's message box with two buttons of its own; the response names the second."""
    async with house(tmp_path) as play, play.actor("ada", PAN) as ada:
        remote = await ada.creates()
        await ada.registers(remote, BI)
        waiting = await ada.waits_for_a_channel(remote)
        driver = await play.house.spooler.dialogs.open(HERE, BOX)
        (channel,) = (await waiting).ppChannelCtxt
        told = await ada.looks(channel)
        assert (told.ppOutNotificationType, told.ppOutNotificationData) == (UI, BOX)
        box = read_request(told.ppOutNotificationData)
        assert isinstance(box, MessageBox)
        assert box.title == Text(string_id=100, resource="IHV.dll")
        assert [button.answer for button in box.buttons] == [3, 4]
        assert (await ada.closes(channel, REPLY)).result == 0
        assert await driver.answered() == REPLY
        play.reads(
            "ada: IRPCRemoteObject_Create",
            "ada: IRPCAsyncNotify_RegisterClient both ways",
            "ada: IRPCAsyncNotify_GetNewChannel",
            "ada: IRPCAsyncNotify_GetNotificationSendResponse first",
            "ada: IRPCAsyncNotify_CloseChannel with an answer",
        )


# ---------------------------------------------------------------- [MS-PRSOD] 3.3


class PrintProcessor(Idle):
    """A vendor's, as example 3.3 has it: tells at arbitrary times, and asks for the pages to be put back."""

    def widen(self, printer: object, capabilities: Capabilities) -> Capabilities:  # type: ignore[override]
        return capabilities

    async def run(self, desk: Desk) -> None:
        self.desk = desk
        await super().run(desk)

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        return self._print

    async def _print(self, press: Press) -> None:
        job = press.job
        to = Addressees(job.printer, job.id, job.owner)
        await self.desk.tell(to, Statement("Manual duplex", f"{job.name}: the first sides are printed now."))
        await press.print(Ticket())
        await self.desk.tell(to, Statement("Manual duplex", f"{job.name}: please walk up to the printer."))
        await press.ask(Question("Manual duplex", "Reinsert the printed pages."))
        await press.print(Ticket())


@pytest.fixture
def processor() -> PrintProcessor:
    return PrintProcessor()


async def test_example_3_3_vendors_notifications(processor: PrintProcessor, tmp_path: Path) -> None:
    async with (
        house(tmp_path, {"processor": processor}) as play,
        play.actor("ada", PAR.interface) as ada,
        play.actor("ada", PAN) as first_thread,
        play.actor("ada", PAN) as second_thread,
    ):
        here = play.house
        # A notification announces a new print job: "the print client starts another listener thread".
        printer = await PAR.opens(ada, DUPLEX)
        watch = Watch(await EARS[PAR.name].of(ada, printer), play)
        number = await PAR.starts_doc(ada, printer, "Letter")
        assert await watch.new_job() == number
        one = await first_thread.creates()
        await first_thread.registers(one, UNI)
        two = await second_thread.creates()
        await second_thread.registers(two, BI)
        channels = await second_thread.waits_for_a_channel(two)
        play.reads(
            "ada: RpcAsyncOpenPrinter",
            "ada: RpcSyncRegisterForRemoteNotifications",
            "ada: RpcAsyncStartDocPrinter",
            f"server: job {number} is new",
            "ada: IRPCRemoteObject_Create",
            "ada: IRPCAsyncNotify_RegisterClient one way",
            "ada: IRPCRemoteObject_Create",
            "ada: IRPCAsyncNotify_RegisterClient both ways",
            "ada: IRPCAsyncNotify_GetNewChannel",
        )
        await PAR.sends_pages(ada, printer, document(1), 1)
        await PAR.ends_doc(ada, printer)
        # The print processor sends one or more notifications, at arbitrary times; the client shows each.
        for sentence in ("the first sides are printed now.", "please walk up to the printer."):
            told = await (await first_thread.waits_for_a_notification(one))
            balloon = read_request(told.ppOutNotificationData)
            assert balloon == Balloon(Text("Manual duplex"), (Text(f"Letter: {sentence}"),))
            if sentence.startswith("the first"):
                here.device.finish()
        # "The user takes appropriate action and confirms the user interface. The print client sends a response."
        (channel,) = (await channels).ppChannelCtxt
        box = read_request((await second_thread.looks(channel)).ppOutNotificationData)
        assert isinstance(box, MessageBox) and box.body == (Text("Reinsert the printed pages."),)
        await second_thread.closes(channel, write_response(MessageBoxReply(1)))
        # "The [...] print processor takes appropriate actions": it prints the second sides.
        here.device.finish()
        await watch.until(number, JobStatus.PRINTED)
        assert await here.state(JobId(number)) is JobState.COMPLETED
        assert len(here.device.received) == 2
        # Each thread unregisters; the final state is the initial one.
        for thread, remote in ((first_thread, one), (second_thread, two)):
            await thread.unregisters(remote)
            await thread.deletes(remote)
        await watch.ear.closes()
        await PAR.closes(ada, printer)
        assert play.lines[-6:] == [
            "ada: IRPCAsyncNotify_UnregisterClient",
            "ada: IRPCRemoteObject_Delete",
            "ada: IRPCAsyncNotify_UnregisterClient",
            "ada: IRPCRemoteObject_Delete",
            "ada: RpcSyncUnRegisterForRemoteNotifications",
            "ada: RpcAsyncClosePrinter",
        ]
        await nothing_is_left(here)
