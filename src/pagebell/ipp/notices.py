"""What printers say to people, and ask them: notices and dialogs, the same whatever a server speaks.

async for one in client.notices():
    if isinstance(one, Dialog):
        await one.reply(one.choices[0])
    else:
        print(one.words)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID

from pagebell.ipp import registry as r
from pagebell.ipp.errors import AnsweredElsewhere, BadAnswer, ClientError, HttpError, IppError, Unsupported
from pagebell.ipp.events import EventStream, Gap, Pace, lasting
from pagebell.ipp.registry import Status
from pagebell.ipp.results import JobInfo, Notification

if TYPE_CHECKING:
    from pagebell.ipp.client import Client
    from pagebell.ipp.subscribing import Scope

WORDS: Final = UUID("f6853f92-eb31-4e23-b6e7-fd69056153f0")
"""The kind of what people read; any other is a vendor's own. [MS-PAN] 2.2.1"""
NOTICE: Final = "pagebell-notice"
OPENED: Final = "pagebell-dialog-opened"
CLOSED: Final = "pagebell-dialog-closed"
API: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a printer says and that wants no answer."""

    title: str
    text: str
    printer: str = ""
    """Its name; empty for the server itself."""
    job: int | None = None
    kind: UUID = WORDS
    octets: bytes = b""
    """What it says where that is no words, but a vendor's own."""

    @property
    def words(self) -> str:
        """It as a line of text."""
        return f"{self.title}: {self.text}" if self.title and self.text else self.title or self.text


class Conversation(Protocol):
    """How a dialog is answered; each kind of server has its own."""

    async def answer(self, choice: str, text: str) -> None:
        """Answer in words. Raises AnsweredElsewhere, ClientError."""

    async def respond(self, octets: bytes) -> bytes | None:
        """Answer a vendor's dialog; returns what is said next, None at its end. Raises as `answer`."""

    async def leave(self) -> None:
        """Answer nothing."""


@dataclass(eq=False, slots=True)
class Dialog:
    """Something that a printer asks: whoever answers first has it."""

    number: int
    """The server's, or where servers number nothing, in the order of arrival."""
    title: str
    text: str
    choices: tuple[str, ...]
    """Answers to choose from; none where only a vendor's software understands the question."""
    conversation: Conversation = field(repr=False)
    entry: str = ""
    """What is to be typed besides, such as "PIN"; empty for nothing."""
    secret: bool = False
    """It is not to be seen while it is typed."""
    printer: str = ""
    job: int | None = None
    user: str = ""
    """Whom it is for; empty for anybody, or where that is not told."""
    kind: UUID = WORDS
    octets: bytes = b""
    """The question where it is no words, but a vendor's own."""
    opened: datetime | None = None
    """By the server's clock; None where that is not told."""
    _over: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer, as far as is known."""
        return not self._over.is_set()

    async def over(self) -> None:
        """Wait until nothing is asked any more: it is answered, here or elsewhere, or given up."""
        await self._over.wait()

    def end(self) -> None:
        """Note that nothing is asked any more."""
        self._over.set()

    async def reply(self, choice: str = "", text: str = "") -> None:
        """Answer by a choice, the first where none is named, and what was typed.

        Raises AnsweredElsewhere when somebody was first, ValueError for what is no choice, ClientError.
        """
        meant = choice or (self.choices[0] if self.choices else "")
        if meant not in self.choices:
            raise ValueError(f"{meant!r} is none of {', '.join(self.choices) or 'no choices'}")
        if not self.is_open:
            raise AnsweredElsewhere(_TOO_LATE)
        try:
            await self.conversation.answer(meant, text)
        except AnsweredElsewhere:
            self.end()
            raise
        self.end()

    async def respond(self, octets: bytes) -> bytes | None:
        """Answer a vendor's dialog; returns what is said next, None when the conversation is over. Raises ClientError.

        [MS-PAN] 3.1.1.4.4; servers of other kinds have no such dialogs.
        """
        said = await self.conversation.respond(octets)
        if said is None:
            self.end()
        return said

    async def leave(self) -> None:
        """Leave it to others, or to nobody."""
        self.end()
        await self.conversation.leave()


_TOO_LATE: Final = "Somebody else has answered, or nothing is asked any more."


# ---------------------------------------------------------------- of servers with a JSON API


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A dialog of a server that numbers them."""

    client: Client
    number: int
    turn: int | None
    """Which of the dialog's questions it is about; None where the server tells no turns."""

    async def answer(self, choice: str, text: str) -> None:
        """Answer by the JSON API."""
        given = {"choice": choice, "text": text} | ({} if self.turn is None else {"turn": self.turn})
        try:
            await ask(self.client, "POST", f"/dialogs/{self.number}/answer", given)
        except HttpError as error:
            if error.status in (404, 409):
                raise AnsweredElsewhere(_TOO_LATE) from None
            raise

    async def respond(self, octets: bytes) -> bytes | None:
        """Words are all that goes this way."""
        raise Unsupported(
            Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED, "vendors' dialogs go by [MS-PAN] alone"
        )

    async def leave(self) -> None:
        """The server keeps asking the others."""


async def ask(client: Client, method: str, path: str, body: object = None) -> Any:
    """Ask the server's JSON API. Raises ClientError."""
    return await client.transport().json(client.address.at(API + path), method, body)


async def dialogs(client: Client, job: int | None = None) -> list[Dialog]:
    """Those that wait for an answer by the client's user, the oldest first. Raises ClientError."""
    return [_dialog(client, one) for one in await _open(client, job)]


async def dialog(client: Client, number: int) -> Dialog:
    """One of them. Raises ClientError."""
    return _dialog(client, await ask(client, "GET", f"/dialogs/{number}"))


async def _open(client: Client, job: int | None) -> list[dict[str, Any]]:
    told = await ask(client, "GET", "/dialogs" if job is None else f"/dialogs?job={job}")
    items = told.get("items") if isinstance(told, dict) else None
    if not isinstance(items, list):
        raise BadAnswer(client.uri, "its list of dialogs is none")
    return items


def _dialog(client: Client, told: dict[str, Any]) -> Dialog:
    try:
        return Dialog(
            number=int(told["id"]),
            title=str(told["title"]),
            text=str(told["text"]),
            choices=tuple(map(str, told["choices"])),
            conversation=_Numbered(client, int(told["id"]), told.get("turn")),
            entry=str(told["entry"]),
            secret=bool(told["secret"]),
            printer=str(told["printer"] or ""),
            job=None if told["job"] is None else int(told["job"]),
            user=str(told["user"] or ""),
            opened=datetime.fromisoformat(str(told["opened"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(client.uri, f"a dialog lacks what it should have ({error})") from None


async def open_now(client: Client, scope: Scope) -> list[Dialog]:
    """What is asked now by what a scope names: a job, a printer, or the whole server. Raises ClientError."""
    book = _Book(client, EventStream(client, scope).of_job, await _printers_of(client, scope))
    await book.look()
    return book.taken()


@dataclass(slots=True)
class _Book:
    """The open dialogs as they were last seen."""

    client: Client
    job: int | None
    printers: tuple[str, ...]
    """Whose they are; empty for those of all printers."""
    known: dict[tuple[str, ...], Dialog] = field(default_factory=dict)
    new: list[Dialog] = field(default_factory=list)
    """Those that nobody has been told of."""

    async def look(self) -> None:
        """See which are new, and which are over: numbers begin anew when a server does, times don't."""
        seen = set()
        for told in await _open(self.client, self.job):
            if self.printers and told.get("printer") not in self.printers:
                continue
            key = tuple(str(told.get(name)) for name in ("id", "opened", "turn", "text"))
            if not told.get("waits", not told.get("answered_by")):  # its source is about to go on
                continue
            seen.add(key)
            if key not in self.known:
                self.known[key] = found = _dialog(self.client, told)
                self.new.append(found)
        for key in self.known.keys() - seen:
            self.known.pop(key).end()

    def taken(self) -> list[Dialog]:
        """The new ones, once, without those that are over already."""
        found, self.new = self.new, []
        return [one for one in found if one.is_open]


async def notices(
    client: Client, scope: Scope, pace: Pace, on_connection: Callable[[str], None] | None
) -> AsyncGenerator[Notice | Dialog]:
    """What is said and asked from now on, and what is asked already; see `Client.notices`."""
    stream = EventStream(client, scope, (NOTICE, OPENED, CLOSED), pace)
    book = _Book(client, stream.of_job, await _printers_of(client, scope))
    looking: set[asyncio.Task[None]] = set()

    def told(problem: str) -> None:
        if on_connection is not None:
            on_connection(problem)
        if not problem:  # it may have been started anew, and then it asks nothing of what it did
            looking.add(task := asyncio.ensure_future(_look_once(book)))
            task.add_done_callback(looking.discard)

    try:
        await stream.open()
        await book.look()
        for dialog in book.taken():
            yield dialog
        async with aclosing(lasting(stream, told)) as happenings:
            async for happening in happenings:
                if isinstance(happening, Notification) and happening.event == NOTICE:
                    yield Notice("", happening.text, happening.printer_name, happening.job_id)
                if isinstance(happening, Gap) or happening.event in (OPENED, CLOSED):
                    await _look_once(book)
                for dialog in book.taken():
                    yield dialog
    finally:
        await stream.close()
        for task in tuple(looking):
            task.cancel()
        for dialog in book.known.values():
            dialog.end()


async def _look_once(book: _Book) -> None:
    try:
        await book.look()
    except ClientError:
        return  # the connection is lost: it is looked at again when it is back


async def _printers_of(client: Client, scope: Scope) -> tuple[str, ...]:
    """The printers whose dialogs are meant; empty for all. Raises Unsupported where a printer has none."""
    if isinstance(scope, tuple):
        return scope
    if isinstance(scope, JobInfo | int) or scope == "server":
        return ()
    try:
        printer = await client.printer(r.printer_name, r.notify_events_supported)
    except IppError as error:
        if client.address.path == "/":
            return ()
        raise error
    if OPENED not in printer.events:
        raise Unsupported(Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED, "it says and asks nothing")
    return (printer.name,)
