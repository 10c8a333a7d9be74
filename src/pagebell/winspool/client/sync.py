"""The client for programs without asyncio: the same methods, each waits for its result."""

from __future__ import annotations

import os
import queue
from collections.abc import AsyncGenerator, Callable, Iterator
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from uuid import UUID

from pagebell.ipp.events import DEFAULT_PACE, Pace
from pagebell.ipp.follow import JobUpdate
from pagebell.ipp.loop_thread import LoopThread
from pagebell.ipp.notices import Notice
from pagebell.ipp.options import Options
from pagebell.ipp.results import JobInfo, PrinterInfo
from pagebell.ipp.sync import SyncDialog, synchronous
from pagebell.ipp.upload import Progress, Source
from pagebell.winspool.client.client import DEFAULT_TIMES, Client, WhichJobs
from pagebell.winspool.client.session import Times
from pagebell.winspool.idl.pan import ASYNC_UI
from pagebell.winspool.pan_client import DEFAULT_RETRY, Retry

T = TypeVar("T")
_END: Final = object()


class SyncClient:
    """``Client`` on an event loop in a thread of its own; see there for what each method does.

    Use it as a context manager::

        with SyncClient("par://server.example/Office", user="ada", password="...") as client:
            for update in client.print_and_follow("letter.pdf"):
                print(update.job.state)
    """

    def __init__(
        self,
        uri: str,
        *,
        user: str = "",
        password: str = "",
        times: Times = DEFAULT_TIMES,
        pace: Pace = DEFAULT_PACE,
    ) -> None:
        self._client = Client(uri, user=user, password=password, times=times, pace=pace)
        self._loop = LoopThread()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the thread; the client can't be used any more."""
        self._loop.close()

    def _each(self, make: Callable[[], AsyncGenerator[T]]) -> Iterator[T]:
        """What a generator yields; one task drives it from its beginning to its end."""
        found: queue.SimpleQueue[Any] = queue.SimpleQueue()

        async def drive() -> None:
            try:
                async for one in make():
                    found.put(one)
            finally:
                found.put(_END)

        driving = self._loop.start(drive())
        try:
            while (one := found.get()) is not _END:
                yield one
            driving.result()
        finally:
            driving.cancel()

    @property
    def uri(self) -> str:
        """The printer's or server's address."""
        return self._client.uri

    def printer(self) -> PrinterInfo:
        """The printer's description."""
        return self._loop.run(self._client.printer())

    def printers(self) -> list[PrinterInfo]:
        """All printers of the server."""
        return self._loop.run(self._client.printers())

    def pause(self) -> None:
        """Stop the printer."""
        self._loop.run(self._client.pause())

    def resume(self) -> None:
        """Let the printer go on."""
        self._loop.run(self._client.resume())

    def jobs(self, which: WhichJobs = "not-completed", *, mine: bool = False) -> list[JobInfo]:
        """The jobs that wait and print."""
        return self._loop.run(self._client.jobs(which, mine=mine))

    def job(self, job: JobInfo | int) -> JobInfo:
        """A job as it is now."""
        return self._loop.run(self._client.job(job))

    def cancel(self, job: JobInfo | int) -> None:
        """Stop a job for good."""
        self._loop.run(self._client.cancel(job))

    def hold(self, job: JobInfo | int) -> None:
        """Keep a job from printing."""
        self._loop.run(self._client.hold(job))

    def release(self, job: JobInfo | int) -> None:
        """Let a held job print."""
        self._loop.run(self._client.release(job))

    def restart(self, job: JobInfo | int) -> None:
        """Print a job again."""
        self._loop.run(self._client.restart(job))

    def print_file(
        self,
        path: str | os.PathLike[str],
        options: Options = (),
        *,
        title: str = "",
        progress: Progress | None = None,
    ) -> JobInfo:
        """Print a file; `progress` is called in the client's thread."""
        return self._loop.run(self._client.print_file(path, options, title=title, progress=progress))

    def print_document(
        self, source: Source, options: Options = (), *, title: str = "", progress: Progress | None = None
    ) -> JobInfo:
        """Print a document."""
        return self._loop.run(self._client.print_document(source, options, title=title, progress=progress))

    def print_and_follow(
        self,
        source: Source | str,
        options: Options = (),
        *,
        title: str = "",
        progress: Progress | None = None,
    ) -> Iterator[JobUpdate]:
        """Print a document and tell how it goes."""
        return self._each(
            lambda: self._client.print_and_follow(source, options, title=title, progress=progress)
        )

    def follow(self, job: JobInfo | int, *, pace: Pace | None = None) -> Iterator[JobUpdate]:
        """A job from now to its end."""
        return self._each(lambda: self._client.follow(job, pace=pace))

    def notices(
        self, *, kind: UUID = ASYNC_UI, everybody: bool = False, retry: Retry = DEFAULT_RETRY
    ) -> Iterator[Notice | SyncDialog]:
        """What the printer says to people and asks them, as it comes."""
        heard = self._each(lambda: self._client.notices(kind=kind, everybody=everybody, retry=retry))
        return synchronous(heard, self._loop.run)
