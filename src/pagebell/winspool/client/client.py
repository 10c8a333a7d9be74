"""A client for Windows print servers, and for whatever speaks like one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self, TypeVar
from uuid import UUID

from pagebell.dcerpc.ndr import ContextHandle
from pagebell.ipp.errors import BadAnswer, ClientError, ConnectionFailed
from pagebell.ipp.events import DEFAULT_PACE, Pace
from pagebell.ipp.follow import JobUpdate
from pagebell.ipp.notices import Dialog, Notice
from pagebell.ipp.options import Options, read_options
from pagebell.ipp.results import JobInfo, Notification, PrinterInfo, number_of
from pagebell.ipp.upload import Progress, Source, Upload
from pagebell.winspool.client.addresses import Address, AddressError, parse
from pagebell.winspool.client.answering import Listening
from pagebell.winspool.client.connecting import Connector
from pagebell.winspool.client.describe import job_of, printer_of
from pagebell.winspool.client.errors import NoSuchJob, NotOffered
from pagebell.winspool.client.feeds import Deaf, feed_of
from pagebell.winspool.client.following import Following, NoFeedback, followed
from pagebell.winspool.client.notices import Desk, connector, heard
from pagebell.winspool.client.queries import all_printers, job_info, opened, printer_info, queued_jobs
from pagebell.winspool.client.sending import Order, arrived, command, order_of, send
from pagebell.winspool.client.session import Identity, Session, Times
from pagebell.winspool.client.watching import happenings
from pagebell.winspool.constants import JobControl, PrinterControl
from pagebell.winspool.idl import rprn
from pagebell.winspool.idl.containers import PRINTER_CONTAINER
from pagebell.winspool.idl.pan import ASYNC_UI
from pagebell.winspool.pan_client import DEFAULT_RETRY, Retry

T = TypeVar("T")
WhichJobs = Literal["not-completed", "completed", "all"]
DEFAULT_TIMES: Final = Times()
DEFAULT_LISTENING: Final = Listening()


class Client:
    r"""Speaks to one printer of a Windows print server, or to the server, by [MS-PAR] or [MS-RPRN].

    ``uri`` is ``par://HOST/QUEUE``, ``rprn://HOST/QUEUE`` or ``\\HOST\QUEUE``, which tries [MS-PAR], then [MS-RPRN]
    over TCP, then over SMB. Use it as a context manager::

        async with Client("par://server.example/Office", user="ada", password="...") as client:
            async for update in client.print_and_follow("letter.pdf"):
                print(update.job.state)

    Without a password the Kerberos tickets that are there are used, and where there are none, nobody's name. What a
    server says and does wrong, and what it refuses, raises exceptions of ``pagebell.ipp.errors`` and
    ``pagebell.winspool.client.errors``. ``listening`` is where servers find us that call us; where nothing of that
    can be had, the server is asked again and again instead. Once it has been reached, a server that dies is waited
    for (``pace.patience``).
    """

    def __init__(
        self,
        uri: str,
        *,
        user: str = "",
        password: str = "",
        times: Times = DEFAULT_TIMES,
        pace: Pace = DEFAULT_PACE,
        listening: Listening = DEFAULT_LISTENING,
    ) -> None:
        self.address: Address = parse(uri)
        self._line = Connector(self.address, Identity(user, password), times, pace, listening)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Connections live no longer than what they are for: there is nothing to close."""

    @property
    def uri(self) -> str:
        """The printer's or server's address."""
        return self.address.uri

    @property
    def user(self) -> str:
        """Whom it prints as."""
        return self._line.identity.name

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A connection, for calls of your own. Raises ClientError."""
        async with self._line.session() as session:
            yield session

    # --- printers ---

    async def printer(self) -> PrinterInfo:
        """The printer's description."""
        self._demand_printer()

        async def work(session: Session) -> PrinterInfo:
            async with opened(session) as handle:
                return printer_of(await printer_info(session, handle), self.address)

        return await self._line.retried(work)

    async def printer_status(self) -> PrinterInfo:
        """What changes from moment to moment, and the rest."""
        return await self.printer()

    async def printers(self) -> list[PrinterInfo]:
        """All printers of the server."""

        async def work(session: Session) -> list[PrinterInfo]:
            return [printer_of(info, self.address) for info in await all_printers(session)]

        return await self._line.retried(work)

    async def default_printer(self) -> PrinterInfo:
        """The printer that was named; servers of this kind have no other default."""
        return await self.printer()

    async def pause(self) -> None:
        """Stop the printer."""
        await self._control(PrinterControl.PAUSE)

    async def resume(self) -> None:
        """Let the printer go on."""
        await self._control(PrinterControl.RESUME)

    async def _control(self, what: PrinterControl) -> None:
        self._demand_printer()

        async def work(session: Session) -> None:
            async with opened(session) as handle:
                await session.demand(
                    rprn.RpcSetPrinter,
                    hPrinter=handle,
                    pPrinterContainer=PRINTER_CONTAINER(),
                    Command=int(what),
                )

        await self._line.retried(work)

    def _demand_printer(self) -> None:
        if not self.address.printer:
            raise AddressError(f"{self.uri} is a server; name one of its printers, as {self.uri}/QUEUE")

    # --- jobs ---

    async def jobs(self, which: WhichJobs = "not-completed", *, mine: bool = False) -> list[JobInfo]:
        """The jobs of the printer, or of all printers of the server; those that wait and print."""
        if which == "completed":
            raise NotOffered(f"{self.uri} does not tell of finished jobs: Windows print servers forget them.")

        async def work(session: Session) -> list[JobInfo]:
            found = []
            for name in await self._names(session):
                async with opened(session, name) as handle:
                    found += [job_of(info, self.address) for info in await queued_jobs(session, handle)]
            return found

        found = await self._line.retried(work)
        return [job for job in found if job.owner == self.user] if mine else found

    async def _names(self, session: Session) -> list[str]:
        """Names of the printers that are meant, as calls have them."""
        if self.address.printer:
            return [self.address.name or ""]
        return [self.address.at(info.pPrinterName or "").name or "" for info in await all_printers(session)]

    async def job(self, job: JobInfo | int) -> JobInfo:
        """A job as it is now. Raises NoSuchJob."""
        return await self._line.retried(lambda session: self._with_job(session, number_of(job), _described))

    async def _with_job(
        self,
        session: Session,
        number: int,
        act: Callable[[Session, ContextHandle, JobInfo], Awaitable[T]],
    ) -> T:
        """Do something with a job, on the printer where it is found."""
        for name in await self._names(session):
            async with opened(session, name) as handle:
                with contextlib.suppress(NoSuchJob):
                    job = job_of(await job_info(session, handle, number), self.address)
                    return await act(session, handle, job)
        raise NoSuchJob(number, self.uri)

    async def cancel(self, job: JobInfo | int) -> None:
        """Stop a job for good."""
        await self._command(job, JobControl.DELETE)

    async def hold(self, job: JobInfo | int) -> None:
        """Keep a job from printing."""
        await self._command(job, JobControl.PAUSE)

    async def release(self, job: JobInfo | int) -> None:
        """Let a held job print."""
        await self._command(job, JobControl.RESUME)

    async def restart(self, job: JobInfo | int) -> None:
        """Print a job again."""
        await self._command(job, JobControl.RESTART)

    async def _command(self, job: JobInfo | int, what: JobControl) -> None:
        async def act(session: Session, handle: ContextHandle, found: JobInfo) -> None:
            await command(session, handle, found.id, what)

        await self._line.retried(lambda session: self._with_job(session, number_of(job), act))

    # --- printing ---

    async def print_file(
        self,
        path: str | os.PathLike[str],
        options: Options = (),
        *,
        title: str = "",
        document_format: str = "",
        progress: Progress | None = None,
    ) -> JobInfo:
        """Print a file. Raises OSError when it cannot be read."""
        file = Path(path)
        return await self.print_document(file, options, title=title or file.name, progress=progress)

    async def print_document(
        self,
        source: Source,
        options: Options = (),
        *,
        title: str = "",
        document_format: str = "",
        progress: Progress | None = None,
    ) -> JobInfo:
        """Print a document; it is sent again from its beginning when the server dies over it, if that can be."""
        order = self._order(source, options, title, progress)

        async def work(session: Session) -> JobInfo:
            async with opened(session, devmode=order.devmode) as handle:
                return await self._sent(session, handle, order)

        return await self._line.retried(work)

    def _order(self, source: Source, options: Options, title: str, progress: Progress | None) -> Order:
        self._demand_printer()
        upload = Upload(source) if progress is None else Upload(source, progress)
        return order_of(upload, title or "Untitled", read_options(options))

    async def _sent(self, session: Session, handle: ContextHandle, order: Order) -> JobInfo:
        """Send it, unless it is there; returns the job as it is then."""
        if not await arrived(session, handle, order):
            if order.number and not order.upload.repeatable:
                raise BadAnswer(self.uri, "the connection was lost, and what was printed can't be read again")
            await send(session, handle, order)
        try:
            job = job_of(await job_info(session, handle, order.number), self.address)
        except NoSuchJob:  # so fast
            job = JobInfo(
                order.number, uri=self.uri, name=order.title, printer_uri=self.uri.replace("\\", "/")
            )
        return replace(job, ignored=order.ignored)

    async def print_and_follow(
        self,
        source: Source | str,
        options: Options = (),
        *,
        title: str = "",
        progress: Progress | None = None,
    ) -> AsyncGenerator[JobUpdate]:
        """Print a document and tell how it goes, as [MS-PRSOD] 2.5.3.7.1 has it with its extension (a).

        Listening begins before the job does. Where the server does not let us listen, it is printed all the same.
        """
        file = Path(source) if isinstance(source, str) else source
        name = title or (file.name if isinstance(file, Path) else "")
        order = self._order(file, options, name, progress)
        job: JobInfo | None = None
        try:
            async with (
                self.session() as session,
                opened(session, devmode=order.devmode) as handle,
                feed_of(session, handle, pace=self._line.pace) as feed,
            ):
                job = await self._sent(session, handle, order)
                following = Following(job, PrinterInfo(self.uri), self._line.pace)
                async for update in following.listening(session, handle, feed):
                    yield update
                return
        except (Deaf, NoFeedback):
            pass
        except ConnectionFailed:
            if not self._line.met:
                raise
        except ClientError:
            if job is None:
                raise
        if job is None:
            job = await self._line.retried(lambda session: self._again(session, order))
        async for update in self.follow(job):
            yield update

    async def _again(self, session: Session, order: Order) -> JobInfo:
        async with opened(session, devmode=order.devmode) as handle:
            return await self._sent(session, handle, order)

    # --- following ---

    async def follow(self, job: JobInfo | int, *, pace: Pace | None = None) -> AsyncGenerator[JobUpdate]:
        """A job from now to its end: a picture first, then each change. Raises ConnectionFailed when patience ends."""
        known = job if isinstance(job, JobInfo) else await self.job(job)
        printer = self.address if self.address.printer else self.address.at(known.printer_name)
        updates = followed(self._line, printer, known, pace or self._line.pace)
        async with contextlib.aclosing(updates):
            async for update in updates:
                yield update

    async def events(
        self, *, on_connection: Callable[[str], None] = lambda problem: None
    ) -> AsyncGenerator[Notification]:
        """What happens at the printer, or at all printers of the server, as it happens, for ever.

        A lost connection is made again: ``on_connection`` is called with the reason when it is lost, and with
        nothing when it is back. Raises NotOffered where the server does not let us listen.
        """
        events = happenings(self._line, on_connection)
        async with contextlib.aclosing(events):
            async for event in events:
                yield event

    def notices(
        self,
        *,
        kind: UUID = ASYNC_UI,
        everybody: bool = False,
        retry: Retry = DEFAULT_RETRY,
        on_connection: Callable[[str], None] = lambda problem: None,
    ) -> AsyncGenerator[Notice | Dialog]:
        """What the printer, or the server, says to people and asks them, by [MS-PAN], as it comes; for ever.

        It registers when it is first read and unregisters when it is closed. A lost server is waited for, and no notice
        and no dialog is told twice. Of a vendor's own ``kind`` octets are told, and ``Dialog.respond`` answers.
        ``everybody`` is for those who look after the printer: also what is meant for others. Raises ClientError.
        """
        connect = connector(self.address, self._line.identity, self._line.times)
        return heard(
            Desk(self.address, kind), connect, everybody=everybody, retry=retry, on_connection=on_connection
        )


async def _described(session: Session, handle: ContextHandle, job: JobInfo) -> JobInfo:
    return job
