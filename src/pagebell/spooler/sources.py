"""Sources of notices and dialogs: what they can do, and how one that fails is kept from harming others.

A source is a plug-in (entry points `pagebell.sources`). It hears of all events, may hold new jobs until somebody
has answered, and may print a job in several steps with questions between them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol
from uuid import UUID

from pagebell.model.access import SYSTEM
from pagebell.model.dialog import WORDS, Addressees, Answer, Question, Statement
from pagebell.model.document import Ticket
from pagebell.model.errors import NotFound, Refusal, WrongState
from pagebell.model.event import Event, JobId, PrinterName
from pagebell.model.job import Job
from pagebell.model.lifecycle import AWAITING, let_go, settle
from pagebell.model.printer import Capabilities, Printer
from pagebell.spooler.dialogs import Dialog, Dialogs
from pagebell.spooler.jobs import Jobs
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.policy import OnSourceFailure
from pagebell.spooler.ports import Change

log = logging.getLogger(__name__)

BACKLOG: Final = 10_000
"""Events that a source may leave unread: one with more hangs."""
RESTART: Final = 60.0
"""Seconds before a source that failed is started again."""
PATIENCE: Final = 10.0
"""Seconds that a source has to end when it is told to: then it is left alone."""
HELD_BY_FAILED: Final = "pagebell-held-by-source"
"""The job-state-reason of a job that a source should have looked at and could not."""


class Unanswered(Exception):
    """The question ended without an answer: by its time, or with its job."""


class SourceHangs(Exception):
    """The source does not take its events."""


class Press(Protocol):
    """A job's printing as its source conducts it."""

    @property
    def job(self) -> Job:
        """The job, its ticket as its owner and its printer want it."""
        ...

    async def print(self, ticket: Ticket) -> None:
        """Print its documents as this ticket says; returns when the last sheet is out."""
        ...

    async def ask(self, question: Question, *, seconds: float | None = None) -> Answer:
        """Ask its owner; returns with the answer. Raises Unanswered."""
        ...


Conduct = Callable[[Press], Awaitable[None]]


class Source(Protocol):
    """Something that has something to say to people."""

    def widen(self, printer: PrinterName, capabilities: Capabilities) -> Capabilities:
        """What the printer can do with the source's help."""
        ...

    def holds(self, job: Job) -> str | None:
        """For which reason (of `lifecycle.AWAITING`) a new job waits for this source; None if it does not."""
        ...

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        """How to print the job, where the source has to; None for as usual."""
        ...

    async def run(self, desk: Desk) -> None:
        """Live, for as long as the server does."""
        ...


class SourceFactory(Protocol):
    """Makes a source of its settings; a plug-in offers one under its name (entry points `pagebell.sources`)."""

    def __call__(self, settings: Mapping[str, object]) -> Source:
        """Make the source. Raises ValueError that says what is wrong with the settings."""
        ...


class Desk:
    """What a source has of the server: it sees jobs, printers and events, and speaks to people."""

    def __init__(self, name: str, ledger: Ledger, dialogs: Dialogs, jobs: Jobs) -> None:
        self.name = name
        self._ledger = ledger
        self._dialogs = dialogs
        self._jobs = jobs
        self._news: asyncio.Queue[Event] = asyncio.Queue(BACKLOG)
        self.opened: list[Dialog] = []
        """Its dialogs that are open, and some that are not."""

    async def events(self) -> AsyncIterator[Event]:
        """Each event from now on; what was before is in `jobs` and `printers`."""
        while True:
            yield await self._news.get()

    def jobs(self, reason: str = "") -> Sequence[Job]:
        """The living jobs, or those of them that have this job-state-reason."""
        return [job for job in self._ledger.roster.living() if not reason or reason in job.reasons]

    def printers(self) -> Sequence[Printer]:
        """All printers."""
        return list(self._ledger.printers.values())

    async def tell(self, to: Addressees, content: Statement | bytes, kind: UUID = WORDS) -> None:
        """Tell everybody something, or one user. Raises NotFound, TooLarge."""
        await self._dialogs.notify(to, content, kind)

    async def open(
        self, to: Addressees, question: Question | bytes, *, kind: UUID = WORDS, seconds: float | None = None
    ) -> Dialog:
        """Ask everybody something, or one user. Raises NotFound, TooMany, TooLarge, WrongState for a final job."""
        dialog = await self._dialogs.open(to, question, kind=kind, seconds=seconds)
        self.opened = [one for one in self.opened if one.status.is_open] + [dialog]
        return dialog

    async def release(self, job: JobId, reason: str) -> None:
        """Let a job go that waits for that reason; nothing is left to do for one that is over."""
        with suppress(NotFound, WrongState):
            await release(self._ledger, job, reason)

    async def cancel(self, job: JobId, message: str) -> None:
        """Cancel a job, and say why."""
        with suppress(NotFound, WrongState):
            await self._jobs.cancel(job, SYSTEM, message)

    async def sleep(self, seconds: float) -> None:
        """Return when that time has passed."""
        await self._ledger.clock.sleep(seconds)

    def _hear(self, event: Event) -> bool:
        """Take an event; tells whether there was room."""
        try:
            self._news.put_nowait(event)
        except asyncio.QueueFull:
            return False
        return True


async def release(ledger: Ledger, number: JobId, reason: str) -> None:
    """Let a job go that was held for that reason, unless others hold it. Raises NotFound, WrongState."""

    def decide(job: Job) -> Change | None:
        if reason not in job.reasons:
            return None
        new, events = let_go(job, frozenset({reason}), ledger.clock.now())
        return Change(jobs=(new,), events=events)

    await ledger.update_job(number, decide)


class Sources:
    """All sources, each in a task of its own."""

    def __init__(self, ledger: Ledger, dialogs: Dialogs, jobs: Jobs, sources: Mapping[str, Source]) -> None:
        self._ledger = ledger
        self.dialogs = dialogs
        self._jobs = jobs
        self._sources = dict(sources)
        self._desks: dict[str, Desk] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._hanging: set[str] = set()
        self._alarms: dict[str, asyncio.Future[None]] = {}
        ledger.listeners.append(self._committed)
        jobs.holders.append(self._holds)

    @property
    def names(self) -> Sequence[str]:
        """The names of all."""
        return list(self._sources)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin the life of each."""
        for name, source in self._sources.items():
            self._running[name] = group.create_task(self._live(name, source), name=f"source {name}")

    async def stop(self) -> None:
        """End all."""
        for task in self._running.values():
            task.cancel()
        if self._running:
            await asyncio.wait(self._running.values())

    def widen(self, printer: PrinterName, capabilities: Capabilities) -> Capabilities:
        """What a printer can do with the help of all."""
        for name, source in self._sources.items():
            try:
                capabilities = source.widen(printer, capabilities)
            except Exception:
                log.exception("source %s can't tell what printer %s can do", name, printer)
        return capabilities

    def conductor(self, job: Job, device: Capabilities) -> tuple[str, Conduct] | None:
        """The first source that wants to print the job in its own way, by name."""
        for name, source in self._sources.items():
            try:
                conduct = source.conduct(job, device)
            except Exception:
                log.exception("source %s can't tell how to print job %d", name, job.id)
                continue
            if conduct is not None:
                return name, conduct
        return None

    def _holds(self, job: Job) -> frozenset[str]:
        reasons = set()
        for name, source in self._sources.items():
            try:
                reason = source.holds(job)
            except Exception:
                log.exception("source %s can't tell whether job %d must wait", name, job.id)
                held = self._ledger.policy.on_source_failure is OnSourceFailure.HOLD
                reason = HELD_BY_FAILED if held else None
            if reason is not None:
                reasons.add(reason)
        return frozenset(reasons) & AWAITING

    async def _live(self, name: str, source: Source) -> None:
        """One source's life: when it fails that is told, its dialogs end, and it begins anew after a while."""
        while True:
            desk = self._desks[name] = Desk(name, self._ledger, self.dialogs, self._jobs)
            try:
                await self._watched(name, source.run(desk))
                return
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("source %s failed; it is started again in %.0f seconds", name, RESTART)
            finally:
                self._desks.pop(name, None)
                for dialog in desk.opened:
                    await dialog.close()
            await self._failed(name, source)
            await self._ledger.clock.sleep(RESTART)
            await self._report(name, failed=False)

    async def _watched(self, name: str, life: Awaitable[None]) -> None:
        """Run it until it ends or hangs. Raises what it raises, and SourceHangs."""
        task = asyncio.ensure_future(life)
        self._hanging.discard(name)
        self._alarms[name] = asyncio.get_running_loop().create_future()
        try:
            while not task.done():
                await asyncio.wait({task, self._hung(name)}, return_when=asyncio.FIRST_COMPLETED)
                if name in self._hanging:
                    raise SourceHangs(f"source {name} does not take its events")
            task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=PATIENCE)
                if not task.done():
                    log.error("source %s does not end", name)

    def _hung(self, name: str) -> asyncio.Future[None]:
        return self._alarms[name]

    async def _failed(self, name: str, source: Source) -> None:
        await self._report(name, failed=True)
        if self._ledger.policy.on_source_failure is OnSourceFailure.HOLD:
            return
        for job in list(self._ledger.roster.living()):
            with suppress(Exception):
                reason = source.holds(job)
                if reason is not None:
                    await release(self._ledger, job.id, reason)

    async def _report(self, name: str, *, failed: bool) -> None:
        """Show on every printer that a source failed, or that it is back."""
        for printer in list(self._ledger.printers):

            def decide(which: PrinterName = printer) -> Change | None:
                old = self._ledger.printers.get(which)
                if old is None or (name in old.failed_sources) is failed:
                    return None
                others = tuple(one for one in old.failed_sources if one != name)
                wish = replace(old, failed_sources=(*others, name) if failed else others)
                new, events = settle(old, wish, self._ledger.clock.now())
                return Change(printers=(new,), events=events)

            with suppress(Refusal):
                await self._ledger.update(decide)

    def _committed(self, change: Change) -> None:
        for event in change.events:
            for name, desk in tuple(self._desks.items()):
                if not desk._hear(event):
                    self._hanging.add(name)
                    alarm = self._hung(name)
                    if not alarm.done():
                        alarm.set_result(None)
