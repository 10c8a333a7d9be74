"""`--desktop` against a D-Bus session and a notification service that records what it is asked to show."""

# D-Bus' signatures stand where types do elsewhere
# ruff: noqa: F722, F821

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from pagebell.cli.desktop import Desktop, connected
from pagebell.cli.failures import CommandError
from pagebell.cli.prompting import Asker
from pagebell.ipp.notices import Dialog, Notice
from tests import peers

pytest.importorskip("desktop_notifier", reason="not run: the extra 'desktop' is missing")
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, method
from dbus_fast.service import signal as emitted

pytestmark = pytest.mark.interop("dbus-daemon")
CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>"""


class Service(ServiceInterface):
    """org.freedesktop.Notifications: keeps what is shown; the test presses the buttons."""

    def __init__(self, *capabilities: str) -> None:
        super().__init__("org.freedesktop.Notifications")
        self.capabilities = list(capabilities)
        self.shown: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.closed: asyncio.Queue[int] = asyncio.Queue()
        self._last = 0

    @method()
    def GetCapabilities(self) -> "as":
        return self.capabilities

    @method()
    def GetServerInformation(self) -> "ssss":
        return ["recorder", "pagebell", "1", "1.2"]

    @method()
    def Notify(
        self,
        app_name: "s",
        replaces_id: "u",
        app_icon: "s",
        summary: "s",
        body: "s",
        actions: "as",
        hints: "a{sv}",
        expire_timeout: "i",
    ) -> "u":
        self._last += 1
        buttons = dict(zip(actions[1::2], actions[::2], strict=True))
        told = {"id": self._last, "app": app_name, "title": summary, "text": body, "buttons": buttons}
        self.shown.put_nowait(told | {"urgency": hints["urgency"].value})
        return self._last

    @method()
    def CloseNotification(self, number: "u"):
        self.closed.put_nowait(number)

    @emitted()
    def ActionInvoked(self, number, key) -> "us":
        return [number, key]

    @emitted()
    def NotificationReplied(self, number, text) -> "us":
        return [number, text]

    @emitted()
    def NotificationClosed(self, number, why) -> "uu":
        return [number, why]


class Talk:
    """A `Conversation` that keeps the answers."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    async def answer(self, choice: str, text: str) -> None:
        self.said.append((choice, text))

    async def respond(self, octets: bytes) -> bytes | None:
        return None

    async def leave(self) -> None:
        """Nobody minds."""


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    program = peers.find("dbus-daemon")
    with tempfile.TemporaryDirectory(prefix="pb") as name:  # a socket's path must be short
        folder = Path(name)
        (folder / "bus.conf").write_text(CONFIGURATION.format(socket=folder / "bus"))
        with peers.started(
            folder, program, f"--config-file={folder / 'bus.conf'}", "--nofork", "--nopidfile"
        ) as peer:
            peer.wait_for_file(folder / "bus")
            address = f"unix:path={folder / 'bus'}"
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
            yield address


@pytest.fixture
async def service(bus: str) -> AsyncIterator[Service]:
    made = Service("actions", "body", "body-markup", "inline-reply")
    line = await MessageBus(bus_address=bus).connect()
    line.export("/org/freedesktop/Notifications", made)
    await line.request_name("org.freedesktop.Notifications")
    yield made
    line.disconnect()
    await line.wait_for_disconnect()


@pytest.fixture
async def desktop(service: Service) -> AsyncIterator[Desktop]:
    made = await connected()
    yield made
    bus = made._notifier._backend.bus
    bus.disconnect()
    await bus.wait_for_disconnect()


class Notes:
    """A `Screen`."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def prompt(self, prompt: object) -> None:
        raise AssertionError("there is no keyboard")


async def shown_by(service: Service, desktop: Desktop) -> dict[str, Any]:
    """What is shown next, as soon as its sender knows its number."""
    shown = await service.shown.get()
    while shown["id"] not in desktop._notifier._backend._platform_to_interface_notification_identifier:
        await asyncio.sleep(0)
    return shown


def dialog(talk: Talk, **more: Any) -> Dialog:
    return Dialog(1, "Second sides", "Turn <all> pages.", ("ok", "cancel"), talk, **more)


async def test_notice_is_shown_and_no_markup_of_strangers(service: Service, desktop: Desktop) -> None:
    await desktop.tell("Printer p\x1b[1m", "Toner & <b>ink</b> are low")
    shown = await shown_by(service, desktop)
    assert (shown["app"], shown["title"], shown["urgency"]) == ("Pagebell", "Printer p [1m", 1)
    assert shown["text"] == "Toner &amp; &lt;b&gt;ink&lt;/b&gt; are low."


async def test_button_answers(service: Service, desktop: Desktop) -> None:
    talk, screen = Talk(), Notes()
    asking = asyncio.create_task(Asker(screen, "", desktop).ask(dialog(talk)))
    shown = await shown_by(service, desktop)
    assert (shown["title"], shown["text"]) == ("Second sides", "Turn &lt;all&gt; pages.")
    assert shown["urgency"] == 2 and {"Ok", "Cancel"} <= shown["buttons"].keys()
    service.ActionInvoked(shown["id"], shown["buttons"]["Cancel"])
    await asking
    assert talk.said == [("cancel", "")]
    assert screen.notes[-1] == "Second sides: cancel."


async def test_pin_is_typed_where_the_desktop_has_a_place_for_it(service: Service, desktop: Desktop) -> None:
    talk = Talk()
    asking = asyncio.create_task(Asker(Notes(), "", desktop).ask(dialog(talk, entry="PIN", secret=True)))
    shown = await shown_by(service, desktop)
    assert shown["buttons"]["PIN"] == "inline-reply" and "Ok" not in shown["buttons"]
    service.NotificationReplied(shown["id"], "4711")
    await asking
    assert talk.said == [("ok", "4711")]


async def test_question_that_is_answered_elsewhere_is_taken_back(service: Service, desktop: Desktop) -> None:
    talk, screen = Talk(), Notes()
    asked = dialog(talk)
    asking = asyncio.create_task(Asker(screen, "", desktop).ask(asked))
    shown = await shown_by(service, desktop)
    asked.end()
    await asking
    assert talk.said == [] and "answered elsewhere" in screen.notes[-1]
    assert await service.closed.get() == shown["id"]


async def test_question_that_is_put_aside_is_no_answer(service: Service, desktop: Desktop) -> None:
    talk = Talk()
    asked = dialog(talk)
    asking = asyncio.create_task(Asker(Notes(), "", desktop).ask(asked))
    service.NotificationClosed((await shown_by(service, desktop))["id"], 2)
    await desktop.tell("More", "of it")
    assert (await shown_by(service, desktop))["title"] == "More" and not asking.done()
    asked.end()
    await asking
    assert talk.said == []


async def test_notices_go_to_screen_and_desktop(service: Service, desktop: Desktop) -> None:
    async def heard() -> AsyncIterator[Notice | Dialog]:
        yield Notice("Toner", "It is low.", "p")
        shown.append(await shown_by(service, desktop))

    shown: list[dict[str, Any]] = []
    screen = Notes()
    await Asker(screen, "", desktop).hear(heard(), lambda one: True)  # type: ignore[arg-type]
    assert screen.notes == ["Toner: It is low."]
    assert shown[0]["title"] == "Toner"


async def test_without_a_session_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    with pytest.raises(CommandError, match="No desktop session can be reached"):
        await connected()
