"""How documents come in: the order for a job, and the upload of one of its documents.

open_document -> write ... write -> commit      the job and its document are on disk, and only now acknowledged
                                 -> abort       the document never was; its job is aborted and says why

`with intake.whole(...)` around it sees to it that one of the two happens.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import tzinfo

from pagebell.model.access import Principal
from pagebell.model.document import NO_WISHES, Document, DocumentKey, Ticket
from pagebell.model.errors import Refusal, TooLarge
from pagebell.model.event import EventKind, JobId, JobState, PrinterName, ResourceId
from pagebell.model.job import DEFAULT_PRIORITY, ClientProgram, Job
from pagebell.model.printer import Printer
from pagebell.model.secret import JobPassword
from pagebell.spooler.formats import HEAD, OCTET_STREAM, UNCOUNTED, detect
from pagebell.spooler.holding import hold_of
from pagebell.spooler.ledger import to_end
from pagebell.spooler.ports import Content, Stored, Upload


@dataclass(frozen=True, slots=True)
class SubscriptionWish:
    """What a subscriber asks for; the spooler grants it as a Subscription."""

    events: frozenset[EventKind]
    lease: int | None = None
    """Seconds; 0 for as long as possible; None for the default."""
    user_data: bytes = b""
    charset: str = "utf-8"
    language: str = "en"
    attributes: tuple[str, ...] = ()
    interval: int = 0
    pull_method: str = "ippget"
    """How its notifications are fetched (notify-pull-method)."""
    uri: str = ""
    """By which the subscriber calls the printer (notify-printer-uri); empty to have it called as it calls itself."""
    recipient: str = ""
    """Where its events shall be taken to, a URI; empty to have them fetched."""
    secret: str = field(default="", repr=False)
    """What shall sign its webhooks; empty for the server's secret."""


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks for when creating a job."""

    printer: PrinterName
    by: Principal
    name: str = "Untitled"
    ticket: Ticket = NO_WISHES
    password: JobPassword | None = None
    """To be typed before it is printed."""
    subscriptions: tuple[SubscriptionWish, ...] = ()
    charset: str = "utf-8"
    language: str = "en"
    clients: tuple[ClientProgram, ...] = ()
    user_uri: str = ""
    resources: tuple[ResourceId, ...] = ()


def new_job(order: Order, printer: Printer, number: JobId, now: float, where: tzinfo | None) -> Job:
    """The job as ordered, held if the order or the printer says so; its documents are still to come."""
    hold = hold_of(order.ticket, printer, now, where)
    incoming = frozenset({"job-incoming"})
    return Job(
        id=number,
        uuid=str(uuid.uuid4()),
        printer=order.printer,
        printer_id=printer.id,
        name=order.name,
        owner=order.by.name,
        host=order.by.host,
        created=now,
        touched=now,
        state=JobState.PENDING if hold is None else JobState.PENDING_HELD,
        reasons=incoming if hold is None else incoming | hold.reasons,
        hold_until=None if hold is None else hold.until,
        ticket=order.ticket,
        password=order.password,
        open=True,
        priority=order.ticket.job_priority or printer.defaults.job_priority or DEFAULT_PRIORITY,
        charset=order.charset,
        language=order.language,
        clients=order.clients,
        owner_uri=order.user_uri,
        resources=order.resources,
    )


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """What is said of a document before its octets come."""

    format: str = OCTET_STREAM
    """`application/octet-stream`: detected by its first octets."""
    name: str = ""
    language: str = ""
    uri: str = ""
    resources: tuple[ResourceId, ...] = ()


@dataclass(slots=True)
class Intake:
    """One document on its way in. `commit` or `abort` ends it; every `write` may raise NoRoom or TooLarge."""

    job: JobId
    number: int
    spec: DocumentSpec
    _upload: Upload
    _key: DocumentKey
    _limit: int
    _announce_after: int
    _announce: Callable[[], Coroutine[None, None, None]]
    _stored: Callable[[Document, Content | None, bool], Awaitable[Job]]
    _aborted: Callable[[str, frozenset[str]], Awaitable[None]]
    _octets: int = 0
    _head: bytes = field(default=b"", repr=False)
    _announced: bool = False
    _ended: bool = False

    async def write(self, chunk: bytes) -> None:
        """Take the next octets; returns when more may come."""
        if len(self._head) < HEAD:
            self._head += bytes(chunk[: HEAD - len(self._head)])
        self._octets += len(chunk)
        if self._octets > self._limit:
            raise TooLarge(f"the document is larger than the {self._limit} octets that are allowed here")
        await self._upload.write(chunk)
        if not self._announced and self._octets >= self._announce_after:
            self._announced = True
            await to_end(self._announce())

    async def commit(self, *, last: bool = True, impressions: int | None = None) -> Job:
        """Store the document and its row durably; the job as it is then. With `last`, no more documents come.

        `impressions` are the pages that its sender counted, for formats in which nobody else can.

        One that is cancelled has stored all of it, and `abort` does nothing, or nothing.
        """
        return await to_end(self._commit(last, impressions))

    async def _commit(self, last: bool, impressions: int | None) -> Job:
        stored: Stored = await self._upload.commit()
        format_ = self.spec.format
        if format_ == OCTET_STREAM:
            format_ = detect(self._head)
        document = Document(
            number=self.number,
            key=self._key,
            format=format_,
            octets=stored.octets,
            digest=stored.digest,
            name=self.spec.name,
            impressions=impressions if format_ in UNCOUNTED else None,
            language=self.spec.language,
            uri=self.spec.uri,
            resources=self.spec.resources,
        )
        job = await self._stored(document, stored.content, last)
        self._ended = True
        return job

    @asynccontextmanager
    async def whole(self, broken_off: str, reason: str = "submission-interrupted") -> AsyncIterator[None]:
        """Abort if the block ends before its `commit`: a refusal tells why, and of whatever else `broken_off` does."""
        try:
            yield
        except Refusal as refusal:
            await self.abort(str(refusal))
            raise
        finally:
            await self.abort(broken_off, reason)

    async def abort(self, why: str, reason: str = "submission-interrupted") -> None:
        """Forget the document and abort its job; does nothing after a commit or another. `why` is told to the owner."""
        if self._ended:
            return
        self._ended = True
        await self._upload.abort()
        await self._aborted(why, frozenset({reason, "aborted-by-system"}))
