"""What a Windows print server says to people and asks them, by [MS-PAN]: balloons, message boxes, vendors' own.

A dialog outlives connections: when the server is back and offers it again, it is bound to its new channel, and nobody
is told of it twice. What is asked of functions that nobody has here is declined. [MS-PAN] 3.2.3.4
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from pagebell.dcerpc.status import Fault
from pagebell.ipp.errors import AnsweredElsewhere, BadAnswer, ClientError, ConnectionFailed
from pagebell.ipp.notices import Dialog, Notice
from pagebell.model.dialog import CANCEL, OK, Answer
from pagebell.winspool import asyncui
from pagebell.winspool.asked import ASK, read_question, write_answer
from pagebell.winspool.asyncui import Balloon, Button, CustomUI, MessageBox, MessageBoxReply
from pagebell.winspool.asyncui_strings import Lookup, label, lookup, words
from pagebell.winspool.asyncui_xml import AsyncUIError, read_request, write_response
from pagebell.winspool.client.addresses import Address
from pagebell.winspool.client.session import Identity, Times, open_rpc
from pagebell.winspool.idl.pan import ASYNC_UI, IRPCREMOTEOBJECT
from pagebell.winspool.pan_client import (
    Channel,
    Connect,
    Contact,
    Notification,
    PanError,
    Retry,
    Wanted,
    lasting,
)

log = logging.getLogger(__name__)
PATIENCE: Final = 90.0
"""Seconds for which an answer waits until the server is back and asks again."""
_STANDARD: Final = {asyncui.OK: OK, asyncui.CANCEL: CANCEL}


def connector(address: Address, identity: Identity, times: Times) -> Connect:
    """Makes connections to the server's [MS-PAN]."""
    return lambda: open_rpc(address, identity, times, IRPCREMOTEOBJECT)


@dataclass(eq=False, slots=True)
class Talk:
    """One dialog with a server: a channel, or the wait for another one. It is a `Conversation`."""

    uri: str
    octets: bytes
    answers: dict[str, int] | None
    """What each choice answers in a message box; None: the choice itself goes, as JSON."""
    channel: Channel | None
    bound: asyncio.Event = field(default_factory=asyncio.Event)
    patience: float = PATIENCE

    async def answer(self, choice: str, text: str) -> None:
        """The last word on the channel. [MS-PAN] 3.2.3.4.2, 3.2.3.4.3"""
        number = None if self.answers is None else self.answers[choice]
        reply = write_answer(Answer(choice, text)) if number is None else MessageBoxReply(number)
        while True:
            channel = await self._channel()
            try:
                mine = await channel.close(write_response(reply))
            except PanError as error:
                raise BadAnswer(self.uri, str(error)) from None
            except (Fault, OSError):
                self.lose(channel)
                continue
            if not mine:
                raise AnsweredElsewhere("Somebody else has answered, or nothing is asked any more.")
            return

    async def respond(self, octets: bytes) -> bytes | None:
        """Answer, and wait for what is said next."""
        try:
            return await (await self._channel()).respond(octets)
        except PanError as error:
            raise BadAnswer(self.uri, str(error)) from None
        except (Fault, OSError) as error:
            raise ConnectionFailed(self.uri, str(error)) from None

    async def leave(self) -> None:
        """Close the channel without an answer."""
        if self.channel is not None:
            with contextlib.suppress(PanError, Fault, OSError):
                await self.channel.close()

    def bind(self, channel: Channel) -> None:
        """The server offers it again."""
        self.channel = channel
        self.bound.set()

    def lose(self, channel: Channel | None = None) -> None:
        """The connection is lost."""
        if channel is None or channel is self.channel:
            self.channel = None
            self.bound.clear()

    async def _channel(self) -> Channel:
        if self.channel is None:
            try:
                async with asyncio.timeout(self.patience):
                    await self.bound.wait()
            except TimeoutError:
                raise ConnectionFailed(self.uri, "it does not ask any more since it was lost") from None
        assert self.channel is not None, "it is bound"
        return self.channel


@dataclass(slots=True)
class Desk:
    """Turns what comes by [MS-PAN] into notices and dialogs, and keeps the dialogs."""

    address: Address
    kind: UUID = ASYNC_UI
    find: Lookup = field(default_factory=lambda: lookup(language()))
    dialogs: list[Dialog] = field(default_factory=list)
    _count: int = 0

    def notice(self, told: Notification) -> Notice | None:
        """Something said; None for what can't be shown here. [MS-PAN] 3.2.3.4.1"""
        printer = self.address.printer
        if self.kind != ASYNC_UI:
            return Notice("", "", printer, kind=told.kind, octets=told.octets)
        try:
            request = read_request(told.octets)
        except AsyncUIError as error:
            log.info("%s says what is no message: %s", self.address.uri, error)
            return None
        if not isinstance(request, Balloon):
            return None  # a function of a driver that is not here
        body = " ".join(filter(None, (words(part, self.find, printer).strip() for part in request.body)))
        return Notice(words(request.title, self.find, printer).strip(), body, printer)

    async def dialog(self, channel: Channel) -> Dialog | None:
        """Something asked; None for what is known already, and for what can't be asked here, which is declined."""
        self.dialogs = [one for one in self.dialogs if one.is_open]
        for one in self.dialogs:
            talk = one.conversation
            assert isinstance(talk, Talk), "they are of our making"
            if talk.channel is None and talk.octets == channel.octets:
                talk.bind(channel)
                return None
        try:
            made = self._made(channel)
        except AsyncUIError as error:
            log.info("%s asks what nobody here can answer: %s", self.address.uri, error)
            with contextlib.suppress(PanError, Fault, OSError):
                await channel.close()
            return None
        self.dialogs.append(made)
        return made

    def _made(self, channel: Channel) -> Dialog:
        """Raises AsyncUIError."""
        self._count += 1
        talk = Talk(self.address.uri, channel.octets, None, channel)
        printer = self.address.printer
        if self.kind != ASYNC_UI:
            kind, octets = channel.kind, channel.octets
            return Dialog(self._count, "", "", (), talk, printer=printer, kind=kind, octets=octets)
        request = read_request(channel.octets)
        if isinstance(request, MessageBox):
            body = " ".join(filter(None, (words(part, self.find, printer).strip() for part in request.body)))
            talk.answers = self._answers(request.buttons)
            title = words(request.title, self.find, printer).strip()
            return Dialog(self._count, title, body, tuple(talk.answers), talk, printer=printer)
        if not isinstance(request, CustomUI) or request.entry != ASK:
            raise AsyncUIError("a function of a driver that is not here")
        asked = read_question(request)
        return Dialog(
            self._count,
            asked.title,
            asked.text,
            asked.choices,
            talk,
            entry=asked.entry,
            secret=asked.secret,
            printer=printer,
        )

    def _answers(self, buttons: tuple[Button, ...]) -> dict[str, int]:
        """What each button answers, by what stands on it; OK and Cancel are called so in every language."""
        found: dict[str, int] = {}
        for button in buttons:
            name = _STANDARD.get(button.answer) or label(button, self.find).strip() or str(button.answer)
            found[name if name not in found else f"{name} ({button.answer})"] = button.answer
        return found

    def lost(self) -> None:
        """The connection is gone, and with it all channels."""
        for one in self.dialogs:
            assert isinstance(one.conversation, Talk), "they are of our making"
            one.conversation.lose()

    def close(self) -> None:
        """Nothing is heard any more."""
        for one in self.dialogs:
            one.end()


async def heard(
    desk: Desk,
    connect: Connect,
    *,
    everybody: bool,
    retry: Retry,
    on_connection: Callable[[str], None],
) -> AsyncGenerator[Notice | Dialog]:
    """What is said and asked, for ever; see `Client.notices`."""
    address = desk.address
    wanted = Wanted(address.name if address.printer else None, desk.kind, everybody)
    try:
        async with aclosing(lasting(connect, wanted, retry=retry)) as arrived:
            async for one in arrived:
                found: Notice | Dialog | None = None
                if isinstance(one, Contact):
                    if one.problem:
                        desk.lost()
                    on_connection(one.problem)
                elif isinstance(one, Notification):
                    found = desk.notice(one)
                else:
                    found = await desk.dialog(one)
                if found is not None:
                    yield found
    except PanError as error:
        raise _refused(address.uri, error) from None
    finally:
        desk.close()


def _refused(uri: str, error: PanError) -> ClientError:
    return ClientError(f"{uri} does not tell what its printers say: {error}.")


def language() -> str:
    """The user's, as the environment tells it."""
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((name for name in names if name), "en").partition(".")[0].replace("_", "-")
