"""The client for programs without asyncio: the same methods, each waits for its result."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from pagebell.ipp.attributes import Attr
from pagebell.ipp.client import Client, WhichJobs
from pagebell.ipp.events import DEFAULT_PACE, LEASE, Gap, Pace
from pagebell.ipp.follow import JobUpdate
from pagebell.ipp.loop_thread import LoopThread
from pagebell.ipp.notices import Dialog, Notice
from pagebell.ipp.options import Options
from pagebell.ipp.results import Events, JobInfo, Notification, PrinterInfo, Subscription
from pagebell.ipp.subscribing import Scope
from pagebell.ipp.transport import Times
from pagebell.ipp.upload import AUTO, Progress, Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SyncDialog:
    """A dialog for programs without asyncio; see ``Dialog`` for what each method does."""

    asked: Dialog
    """What is asked."""
    _run: Callable[[Coroutine[Any, Any, Any]], Any]

    def reply(self, choice: str = "", text: str = "") -> None:
        """Answer by a choice, the first where none is named, and what was typed."""
        self._run(self.asked.reply(choice, text))

    def respond(self, octets: bytes) -> bytes | None:
        """Answer a vendor's dialog; returns what is said next."""
        found: bytes | None = self._run(self.asked.respond(octets))
        return found

    def leave(self) -> None:
        """Leave it to others, or to nobody."""
        self._run(self.asked.leave())


def synchronous(
    heard: Iterator[Notice | Dialog], run: Callable[[Coroutine[Any, Any, Any]], Any]
) -> Iterator[Notice | SyncDialog]:
    """The same notices, and dialogs whose methods wait."""
    return (SyncDialog(one, run) if isinstance(one, Dialog) else one for one in heard)


class SyncClient:
    """``Client`` on an event loop in a thread of its own; see there for what each method does.

    Use it as a context manager::

        with SyncClient("ipp://printer.example/ipp/print") as client:
            job = client.print_file("letter.pdf", {"copies": 2})
            for update in client.follow(job):
                print(update.job.state)

    ``progress`` is called in the client's thread.
    """

    def __init__(
        self,
        uri: str,
        *,
        user: str = "",
        password: str = "",
        verify: bool | ssl.SSLContext = True,
        times: Times | None = None,
    ) -> None:
        self._client = Client(uri, user=user, password=password, verify=verify, times=times)
        self._loop = LoopThread()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections and end the thread; the client can't be used any more."""
        if self._loop.is_closed:
            return
        self._loop.run(self._client.close())
        self._loop.close()

    @property
    def uri(self) -> str:
        """The printer's URI as requests name it."""
        return self._client.uri

    def printer(self, *attributes: Attr[Any] | str) -> PrinterInfo:
        """The printer's description."""
        return self._loop.run(self._client.printer(*attributes))

    def printer_status(self) -> PrinterInfo:
        """Only what changes from moment to moment."""
        return self._loop.run(self._client.printer_status())

    def printers(self) -> list[PrinterInfo]:
        """All printers of the server."""
        return self._loop.run(self._client.printers())

    def default_printer(self) -> PrinterInfo:
        """The server's default printer."""
        return self._loop.run(self._client.default_printer())

    def pause(self) -> None:
        """Stop the printer."""
        self._loop.run(self._client.pause())

    def resume(self) -> None:
        """Let the printer go on."""
        self._loop.run(self._client.resume())

    def identify(self, *actions: str, message: str = "") -> None:
        """Make the printer noticed."""
        self._loop.run(self._client.identify(*actions, message=message))

    def validate(self, options: Options = (), *, document_format: str = AUTO) -> tuple[str, ...]:
        """Ask whether a job would be taken; return the options that would be ignored."""
        return self._loop.run(self._client.validate(options, document_format=document_format))

    def print_file(
        self,
        path: str | os.PathLike[str],
        options: Options = (),
        *,
        title: str = "",
        document_format: str = "",
        progress: Progress | None = None,
    ) -> JobInfo:
        """Print a file."""
        work = self._client.print_file(
            path, options, title=title, document_format=document_format, progress=progress
        )
        return self._loop.run(work)

    def print_document(
        self,
        document: Source,
        options: Options = (),
        *,
        title: str = "",
        document_format: str = AUTO,
        progress: Progress | None = None,
    ) -> JobInfo:
        """Print octets, a file, or whatever an iterator yields."""
        work = self._client.print_document(
            document, options, title=title, document_format=document_format, progress=progress
        )
        return self._loop.run(work)

    def create_job(self, options: Options = (), *, title: str = "") -> JobInfo:
        """Make a job whose documents follow."""
        return self._loop.run(self._client.create_job(options, title=title))

    def send_document(
        self,
        job: JobInfo | int,
        document: Source,
        *,
        last: bool = True,
        name: str = "",
        document_format: str = AUTO,
        progress: Progress | None = None,
    ) -> JobInfo:
        """Add a document to a job."""
        work = self._client.send_document(
            job, document, last=last, name=name, document_format=document_format, progress=progress
        )
        return self._loop.run(work)

    def close_job(self, job: JobInfo | int) -> None:
        """Say that no more documents come."""
        self._loop.run(self._client.close_job(job))

    def job(self, job: JobInfo | int) -> JobInfo:
        """A job as it is now."""
        return self._loop.run(self._client.job(job))

    def jobs(
        self, which: WhichJobs = "not-completed", *, mine: bool = False, limit: int | None = None
    ) -> list[JobInfo]:
        """The printer's or the server's jobs."""
        return self._loop.run(self._client.jobs(which, mine=mine, limit=limit))

    def cancel(self, job: JobInfo | int) -> None:
        """Cancel a job."""
        self._loop.run(self._client.cancel(job))

    def hold(self, job: JobInfo | int, until: str = "indefinite") -> None:
        """Keep a pending job from printing."""
        self._loop.run(self._client.hold(job, until))

    def release(self, job: JobInfo | int) -> None:
        """Let a held job print."""
        self._loop.run(self._client.release(job))

    def restart(self, job: JobInfo | int) -> None:
        """Print a finished job again."""
        self._loop.run(self._client.restart(job))

    def create_subscription(
        self,
        *events: str,
        scope: Scope = "printer",
        lease: int | None = None,
        recipient: str = "",
        user_data: bytes = b"",
        attributes: Iterable[str] = (),
        interval: int | None = None,
    ) -> Subscription:
        """Subscribe to events of the printer, the whole server, some of its printers, or a job."""
        work = self._client.create_subscription(
            *events,
            scope=scope,
            lease=lease,
            recipient=recipient,
            user_data=user_data,
            attributes=attributes,
            interval=interval,
        )
        return self._loop.run(work)

    def subscription(self, subscription: Subscription | int) -> Subscription:
        """A subscription as it is now."""
        return self._loop.run(self._client.subscription(subscription))

    def subscriptions(
        self, scope: Scope | None = None, *, mine: bool = True, limit: int | None = None, first: int = 1
    ) -> list[Subscription]:
        """Your subscriptions of all scopes, or of one."""
        return self._loop.run(self._client.subscriptions(scope, mine=mine, limit=limit, first=first))

    def renew_subscription(self, subscription: Subscription | int, lease: int | None = None) -> Subscription:
        """Prolong a printer's or the server's subscription."""
        return self._loop.run(self._client.renew_subscription(subscription, lease))

    def cancel_subscription(self, subscription: Subscription | int) -> None:
        """End a subscription."""
        self._loop.run(self._client.cancel_subscription(subscription))

    def notifications(self, subscription: Subscription | int, after: int = 0) -> Events:
        """The events numbered above ``after`` that the server has now."""
        return self._loop.run(self._client.notifications(subscription, after))

    def follow(self, job: JobInfo | int, *, pace: Pace = DEFAULT_PACE) -> Iterator[JobUpdate]:
        """What becomes of a job, change by change, to its end."""
        return self._each(self._client.follow(job, pace=pace))

    def events(
        self,
        scope: Scope = "printer",
        *events: str,
        subscription: Subscription | None = None,
        after: int = 0,
        lease: int = LEASE,
        pace: Pace = DEFAULT_PACE,
        on_connection: Callable[[str], None] | None = None,
    ) -> Iterator[Notification | Gap]:
        """Each event of the printer, the server or a job as it happens."""
        found = self._client.events(
            scope,
            *events,
            subscription=subscription,
            after=after,
            lease=lease,
            pace=pace,
            on_connection=on_connection,
        )
        return self._each(found)

    def notices(
        self,
        scope: Scope = "printer",
        *,
        pace: Pace = DEFAULT_PACE,
        on_connection: Callable[[str], None] | None = None,
    ) -> Iterator[Notice | SyncDialog]:
        """What the printer says to people, and what it asks them, as it comes."""
        return synchronous(
            self._each(self._client.notices(scope, pace=pace, on_connection=on_connection)), self._loop.run
        )

    def dialogs(self, job: JobInfo | int | None = None) -> list[SyncDialog]:
        """What is asked now."""
        return [SyncDialog(one, self._loop.run) for one in self._loop.run(self._client.dialogs(job))]

    def _each(self, source: AsyncGenerator[T]) -> Iterator[T]:
        async def following() -> T | None:
            return await anext(source, None)

        try:
            while (item := self._loop.run(following())) is not None:
                yield item
        finally:
            if not self._loop.is_closed:
                self._loop.run(source.aclose())
