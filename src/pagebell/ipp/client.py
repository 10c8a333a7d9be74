"""A client for any IPP printer or print server."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncGenerator, Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from pagebell.ipp import notices as said
from pagebell.ipp import printing, subscribing
from pagebell.ipp import registry as r
from pagebell.ipp.addresses import Address, parse_address
from pagebell.ipp.asking import (
    OLD_VERSION,
    PRINTER_LIST,
    PRINTER_STATUS,
    build,
    cut,
    read_events,
    requested,
    succeeded,
)
from pagebell.ipp.attributes import Attr
from pagebell.ipp.errors import BadAnswer, IppError, Unsupported
from pagebell.ipp.events import DEFAULT_PACE, LEASE, EventStream, Gap, Pace, lasting
from pagebell.ipp.follow import Follower, JobUpdate
from pagebell.ipp.login import Ask, Login, login_name
from pagebell.ipp.message import Group, Message
from pagebell.ipp.notices import Dialog, Notice
from pagebell.ipp.options import Options
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.results import Events, JobInfo, Notification, PrinterInfo, Subscription
from pagebell.ipp.subscribing import Scope, path_of, target_of
from pagebell.ipp.upload import AUTO, Progress, Source, Upload, file_format
from pagebell.ipp.values import Attribute, GroupTag

if TYPE_CHECKING:
    from pagebell.ipp.transport import Times, Transport

WhichJobs = Literal["not-completed", "completed", "all"]


class Client:
    """Speaks to one printer, or to one server with many, over IPP: the one list of all that a client can do.

    ``uri`` is an ipp, ipps, http or https URI. Use it as a context manager::

        async with Client("ipp://printer.example/ipp/print") as client:
            job = await client.print_file("letter.pdf", {"copies": 2})
            async for update in client.follow(job):
                print(update.job.state)

    A server that asks for proof gets a Kerberos ticket where there is one (the extra ``pagebell[kerberos]``), else the
    ``password``, or the one that ``ask(user, host)`` returns; over open connections nothing. ``verify`` is False to
    accept any certificate, or an SSLContext. All methods raise the exceptions of ``pagebell.ipp.errors``.
    """

    def __init__(
        self,
        uri: str,
        *,
        user: str = "",
        password: str = "",
        ask: Ask | None = None,
        verify: bool | ssl.SSLContext = True,
        times: Times | None = None,
    ) -> None:
        self.address = parse_address(uri)
        self.user = user or (self.address.credentials or ("",))[0] or login_name()
        login = Login(user, password, ask)
        self._how: dict[str, Any] = {"login": login, "user": self.user, "verify": verify, "times": times}
        self._transport: Transport | None = None
        self._old: set[Address] = set()  # servers that speak IPP/1.1 only
        self.streams: set[EventStream] = set()
        """Those with subscriptions of their own, which end with the client."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the subscriptions of streams that nobody reads to their end, and close all connections."""
        for stream in list(self.streams):
            await stream.close()
        if self._transport is not None:
            await self._transport.close()
            self._transport = None

    @property
    def uri(self) -> str:
        """The printer's URI as requests name it, without credentials."""
        return self.address.uri

    # --- any operation ---

    async def call(
        self,
        operation: Op,
        *attributes: Attribute,
        groups: Iterable[Group] = (),
        path: str | None = None,
        target: Attribute | None = None,
        upload: Upload | None = None,
    ) -> Message:
        """Perform any operation with these operation attributes; raises IppError for an error status.

        ``path`` is where to post on the same server, ``target`` replaces printer-uri.
        """
        address = self.address if path is None else self.address.at(path)
        message = self._request(address, operation, attributes, groups, target)
        answer = await self.transport().exchange(address, message, upload)
        if answer.code == Status.SERVER_ERROR_VERSION_NOT_SUPPORTED and message.version != OLD_VERSION:
            self._old.add(self.address.at("/"))
            message.version = OLD_VERSION
            if upload is None or upload.repeatable:
                answer = await self.transport().exchange(address, message, upload)
        return succeeded(answer)

    def _request(
        self,
        address: Address,
        operation: Op,
        attributes: Iterable[Attribute],
        groups: Iterable[Group] = (),
        target: Attribute | None = None,
    ) -> Message:
        message = build(operation, [target or r.printer_uri(address.uri)], self.user, attributes, groups)
        if self.address.at("/") in self._old:
            message.version = OLD_VERSION
        return message

    def transport(self) -> Transport:
        """Its connections, for requests of your own."""
        from pagebell.ipp.transport import Transport  # noqa: PLC0415 - its library takes long to load

        if self._transport is None:
            self._transport = Transport(**self._how)
        return self._transport

    # --- printers ---

    async def printer(self, *attributes: Attr[Any] | str) -> PrinterInfo:
        """The printer's description: all of it, or these attributes and groups (RFC 8011 4.2.5)."""
        answer = await self.call(Op.GET_PRINTER_ATTRIBUTES, requested(attributes or ("all",)))
        return PrinterInfo.of(answer.group(GroupTag.PRINTER) or Group(GroupTag.PRINTER), self.uri)

    async def printer_status(self) -> PrinterInfo:
        """Only what changes from moment to moment."""
        return await self.printer(*PRINTER_STATUS)

    async def printers(self) -> list[PrinterInfo]:
        """All printers of a server like CUPS or Pagebell; a printer on its own is the one there is."""
        try:
            answer = await self.call(Op.CUPS_GET_PRINTERS, requested(PRINTER_LIST))
        except Unsupported:
            return [await self.printer()]
        except IppError as error:
            if error.status != Status.CLIENT_ERROR_NOT_FOUND:
                raise
            return []
        return [PrinterInfo.of(group) for group in answer.groups_of(GroupTag.PRINTER)]

    async def default_printer(self) -> PrinterInfo:
        """The server's default printer; a printer on its own is its own."""
        try:
            answer = await self.call(Op.CUPS_GET_DEFAULT, requested(PRINTER_LIST))
        except Unsupported:
            return await self.printer()
        return PrinterInfo.of(answer.group(GroupTag.PRINTER) or Group(GroupTag.PRINTER), self.uri)

    async def pause(self) -> None:
        """Stop the printer after what it can't stop (RFC 8011 4.2.7)."""
        await self.call(Op.PAUSE_PRINTER)

    async def resume(self) -> None:
        """Let a paused printer go on (RFC 8011 4.2.8)."""
        await self.call(Op.RESUME_PRINTER)

    async def identify(self, *actions: str, message: str = "") -> None:
        """Make the printer noticed: flash, sound, display, speak (PWG 5100.13 5.1)."""
        wanted = [r.identify_actions(*actions)] if actions else []
        await self.call(Op.IDENTIFY_PRINTER, *wanted, *([r.message(cut(message, 127))] if message else []))

    # --- jobs ---

    async def validate(self, options: Options = (), *, document_format: str = AUTO) -> tuple[str, ...]:
        """Ask whether a job would be taken; return the options that would be ignored (RFC 8011 4.2.3)."""
        return await printing.validate(self, options, document_format)

    async def print_file(
        self,
        path: str | os.PathLike[str],
        options: Options = (),
        *,
        title: str = "",
        document_format: str = "",
        progress: Progress | None = None,
    ) -> JobInfo:
        """Print a file; its format is told by its first octets. Raises OSError when it cannot be read."""
        file = Path(path)
        kind = document_format or await file_format(file)
        return await self.print_document(
            file, options, title=title or file.name, document_format=kind, progress=progress
        )

    async def print_document(
        self,
        document: Source,
        options: Options = (),
        *,
        title: str = "",
        document_format: str = AUTO,
        progress: Progress | None = None,
    ) -> JobInfo:
        """Print octets, a file, or whatever an iterator yields, as one job (RFC 8011 4.2.1)."""
        return await printing.submit(self, document, options, title, document_format, progress)

    async def create_job(self, options: Options = (), *, title: str = "") -> JobInfo:
        """Make a job whose documents follow (RFC 8011 4.2.4)."""
        return await printing.create(self, options, title)

    async def send_document(
        self,
        job: JobInfo | int,
        document: Source,
        *,
        last: bool = True,
        name: str = "",
        document_format: str = AUTO,
        progress: Progress | None = None,
    ) -> JobInfo:
        """Add a document to a job (RFC 8011 4.3.1)."""
        number = _number(job)
        return await printing.send(self, number, document, name, document_format, progress, last=last)

    async def close_job(self, job: JobInfo | int) -> None:
        """Say that no more documents come (PWG 5100.7 5.2)."""
        await self.call(Op.CLOSE_JOB, r.job_id(_number(job)))

    async def job(self, job: JobInfo | int) -> JobInfo:
        """A job as it is now (RFC 8011 4.3.4)."""
        return await printing.job(self, _number(job))

    async def jobs(
        self, which: WhichJobs = "not-completed", *, mine: bool = False, limit: int | None = None
    ) -> list[JobInfo]:
        """The printer's or the server's jobs (RFC 8011 4.2.6)."""
        return await printing.jobs(self, which, mine=mine, limit=limit)

    async def cancel(self, job: JobInfo | int) -> None:
        """Cancel a job (RFC 8011 4.3.3)."""
        await self.call(Op.CANCEL_JOB, r.job_id(_number(job)))

    async def hold(self, job: JobInfo | int, until: str = "indefinite") -> None:
        """Keep a pending job from printing (RFC 8011 4.3.5)."""
        await self.call(Op.HOLD_JOB, r.job_id(_number(job)), r.job_hold_until(until))

    async def release(self, job: JobInfo | int) -> None:
        """Let a held job print (RFC 8011 4.3.6)."""
        await self.call(Op.RELEASE_JOB, r.job_id(_number(job)))

    async def restart(self, job: JobInfo | int) -> None:
        """Print a finished job again, while the server still has its documents (RFC 8011 4.3.7)."""
        await self.call(Op.RESTART_JOB, r.job_id(_number(job)))

    def follow(self, job: JobInfo | int, *, pace: Pace = DEFAULT_PACE) -> AsyncGenerator[JobUpdate]:
        """What becomes of a job, change by change, until it is final or nobody can tell any more.

        Uses the server's events where it has ippget, else asks politely. Lost connections are taken up again
        with back-off; after ``pace.patience`` seconds without the server it raises ConnectionFailed.
        """
        return Follower(self, job if isinstance(job, JobInfo) else JobInfo(job), pace).updates()

    # --- events ---

    def events(
        self,
        scope: Scope = "printer",
        *events: str,
        subscription: Subscription | None = None,
        after: int = 0,
        lease: int = LEASE,
        pace: Pace = DEFAULT_PACE,
        on_connection: Callable[[str], None] | None = None,
    ) -> AsyncGenerator[Notification | Gap]:
        """Each event of the printer, the server or a job as it happens, none twice; a Gap where some are lost.

        ``events`` are keywords such as "job-completed"; without any, all that the server has. It subscribes,
        renews, and waits, or polls where the server has no wait mode; it goes on after a lost connection, which
        ``on_connection`` hears of: why, and an empty text when it is back. A job's events end with the job.
        A ``subscription`` that exists is read on ``after`` an event's number and left as it is, and its end
        raises NotFound; one that this makes is cancelled. After ``pace.patience`` seconds without the server:
        ConnectionFailed.
        """
        stream = EventStream(self, scope, events, pace, lease, subscription, after)
        return lasting(stream, on_connection)

    def notices(
        self,
        scope: Scope = "printer",
        *,
        pace: Pace = DEFAULT_PACE,
        on_connection: Callable[[str], None] | None = None,
    ) -> AsyncGenerator[Notice | Dialog]:
        """What the printer says to people, and what it asks them, as it comes: also what it asks already.

        The scope, the lost connection and its end are those of ``events``. A Dialog is answered by its ``reply``;
        it ends when somebody else was first. Raises Unsupported where a printer says and asks nothing.
        """
        return said.notices(self, scope, pace, on_connection)

    async def dialogs(self, job: JobInfo | int | None = None) -> list[Dialog]:
        """What is asked now, of you or, where you look after the printers, of anybody: of one job or of all."""
        return await said.dialogs(self, None if job is None else _number(job))

    async def dialog(self, number: int) -> Dialog:
        """One of them."""
        return await said.dialog(self, number)

    async def create_subscription(
        self,
        *events: str,
        scope: Scope = "printer",
        lease: int | None = None,
        recipient: str = "",
        user_data: bytes = b"",
        attributes: Iterable[str] = (),
        interval: int | None = None,
    ) -> Subscription:
        """Subscribe to events of the printer, the whole server, some of its printers, or a job (RFC 3995 11.1).

        They are fetched by ``notifications``, or sent to ``recipient``, a URI of a scheme that the server has.
        ``lease`` is in seconds, 0 for one without an end; a job's lives as long as its job. ``attributes`` are
        carried besides; ``interval`` are the least seconds between two job-progress events.
        """
        return await subscribing.create(
            *(self, events, scope),
            lease=lease,
            recipient=recipient,
            user_data=user_data,
            attributes=tuple(attributes),
            interval=interval,
        )

    async def subscription(self, subscription: Subscription | int) -> Subscription:
        """A subscription as it is now (RFC 3995 11.2.4)."""
        return await subscribing.one(self, subscription)

    async def subscriptions(
        self, scope: Scope | None = None, *, mine: bool = True, limit: int | None = None, first: int = 1
    ) -> list[Subscription]:
        """Your subscriptions of all scopes, or of one; ``mine=False`` for all that you may see.

        In the order of their numbers, by pages of ``limit`` where wished: ``first`` is the first one's place.
        """
        return await subscribing.some(self, scope, mine=mine, limit=limit, first=first)

    async def renew_subscription(
        self, subscription: Subscription | int, lease: int | None = None
    ) -> Subscription:
        """Let a printer's or the server's subscription live ``lease`` seconds from now (RFC 3995 11.2.6)."""
        return await subscribing.renew(self, subscription, lease)

    async def cancel_subscription(self, subscription: Subscription | int) -> None:
        """End a subscription (RFC 3995 11.2.7)."""
        await subscribing.cancel(self, subscription)

    async def notifications(self, subscription: Subscription | int, after: int = 0) -> Events:
        """The events numbered above ``after`` that the server has now (RFC 3996 5)."""
        async for events in self.wait_notifications(subscription, after, wait=False):
            return events
        raise BadAnswer(self.uri, "its answer is empty")

    async def wait_notifications(
        self, subscription: Subscription | int, after: int = 0, *, wait: bool = True
    ) -> AsyncGenerator[Events]:
        """The events above ``after`` as they occur, for as long as the server keeps its answer open.

        The last answer tells by ``interval`` when to ask again, or by ``complete`` that there is no more.
        """
        address = self.address.at(path_of(self, subscription))
        wanted = subscribing.wish_for_events(_number(subscription), after, wait=wait)
        target = target_of(address.path, address.uri)
        message = self._request(address, Op.GET_NOTIFICATIONS, wanted, target=target)
        answers = self.transport().stream(address, message)
        try:
            async for answer in answers:
                yield read_events(succeeded(answer))
        finally:
            await answers.aclose()


def _number(thing: JobInfo | Subscription | int) -> int:
    return thing if isinstance(thing, int) else thing.id
