"""One task a printer: takes the next job, prints it on the device, tells what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from pagebell.model.document import Document, Ticket
from pagebell.model.errors import DocumentDamaged, Gone, NoRoom, NotFound, WrongState
from pagebell.model.event import Event, JobId, JobState, PrinterName
from pagebell.model.job import Job
from pagebell.model.lifecycle import Cause, begin, configured, printer_event, settle, step
from pagebell.model.printer import Printer
from pagebell.spooler.ledger import Ledger, to_end
from pagebell.spooler.policy import OnRecovery
from pagebell.spooler.ports import (
    Change,
    Converter,
    Device,
    DeviceFailed,
    DeviceStatus,
    Inspector,
    JobCanceled,
    JobCutOff,
)
from pagebell.spooler.preparing import Prepared, Preparer
from pagebell.spooler.press import JobPress, conduct_job
from pagebell.spooler.sources import Sources
from pagebell.spooler.work import Ending, JobWork

log = logging.getLogger(__name__)


_FAILED = Ending(
    Cause.ABORT, message="The printer's device failed with an internal error; see the server's log."
)
_DAMAGED = frozenset({"document-format-error", "aborted-by-system"})
_GONE = frozenset({"document-access-error", "aborted-by-system"})


class PrinterTask:
    """Works off one printer's queue for as long as the printer lives."""

    def __init__(
        self,
        name: PrinterName,
        device: Device,
        ledger: Ledger,
        inspector: Inspector,
        converter: Converter,
        sources: Sources,
    ) -> None:
        self.device = device
        self._capabilities = device.capabilities
        self._name = name
        self._ledger = ledger
        self._sources = sources
        self._preparer = Preparer(ledger, inspector, converter)
        self._news = asyncio.Event()
        self._running = asyncio.Event()
        self._printing: asyncio.Task[Ending] | None = None
        self._current: JobId | None = None

    def committed(self, change: Change) -> None:
        """Something was stored: see whether it concerns this printer."""
        for printer in change.printers:
            if printer.name == self._name:
                self._gate(printer)
                self._news.set()
        for job in change.jobs:
            if job.printer == self._name:
                self._news.set()
            if job.id == self._current and _must_leave(job, self._name):
                self._stop_device()

    def _stop_device(self) -> None:
        """Once: a device that is coming to its stop is not disturbed."""
        if self._printing is not None and not self._printing.cancelling():
            self._printing.cancel()

    async def run(self) -> None:
        """Print until cancelled; a job that is interrupted so is stored as such."""
        self._gate(self._ledger.printer(self._name))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(), name=f"watch {self._name}")
            while True:
                job = self._next()
                if job is None:
                    self._news.clear()
                    await self._news.wait()
                else:
                    await self._print(job, group)

    def _gate(self, printer: Printer) -> None:
        if printer.paused:
            self._running.clear()
        else:
            self._running.set()

    def _next(self) -> Job | None:
        printer = self._ledger.printers.get(self._name)
        if printer is None or not printer.starts_jobs or self._ledger.stopping:
            return None
        return self._ledger.roster.next(self._name)

    # --- the device's state ---

    async def _watch(self) -> None:
        try:
            await self.device.watch(self._report)
        except Exception:
            log.exception("the device of %s can no longer tell its state", self._name)
            message = "The device can no longer tell its state; see the server's log."
            await self._report(DeviceStatus(reasons=frozenset({"other-warning"}), message=message))

    async def _report(self, status: DeviceStatus) -> None:
        capabilities = self.device.capabilities
        learned = capabilities != self._capabilities

        def decide() -> Change | None:
            old = self._ledger.printers.get(self._name)
            if old is None:
                return None
            now = self._ledger.clock.now()
            new = replace(
                old,
                device_stopped=status.stopped,
                device_reasons=status.reasons,
                device_message=status.message,
                supplies=status.supplies,
                changed=now if learned else old.changed,
            )
            if new == old and not learned:
                return None
            change = with_its_job(self._ledger, old, new)
            if not learned:
                return change
            kind = configured(self._capabilities, capabilities)
            told = printer_event(change.printers[0], now, kind, ("capabilities",))
            return replace(change, events=(*change.events, told))

        async def attempt() -> None:
            await self._ledger.update(decide)

        await self._ledger.insist(attempt, NoRoom)
        self._capabilities = capabilities

    # --- one job ---

    async def _print(self, job: Job, group: asyncio.TaskGroup) -> None:
        self._current = job.id
        prepared = Prepared(self._wishes(job))
        try:
            started = await self._start(job, prepared)
            if started is None:
                return
            work = JobWork(self._ledger, started, self._running, prepared)
            for message, reasons in prepared.remarks:
                await work.remark(message, reasons)
            self._printing = group.create_task(self._on_device(work), name=f"job {job.id}")
            if _must_leave(self._ledger.roster.get(job.id), self._name):
                self._stop_device()
            await asyncio.wait({self._printing})
            await to_end(self._finish(job.id, self._ending(self._printing)))
        except asyncio.CancelledError:
            await self._interrupt(job.id)
            raise
        finally:
            self._current = None
            self._printing = None
            await prepared.remove()

    def _wishes(self, job: Job) -> Ticket:
        """What the job's owner asked for, and what its printer does unasked (RFC 8011 5.2)."""
        printer = self._ledger.printers.get(self._name)
        ticket = job.ticket if printer is None else job.ticket.over(printer.defaults)
        if ticket.proof is not None and ticket.proof.copies and not job.proved:
            return ticket.proof.of(ticket)
        return ticket

    async def _start(self, job: Job, prepared: Prepared) -> Job | None:
        """Count the pages and set the job printing; None if it is not to be printed after all."""
        ending: Ending | None = None
        documents = job.documents
        try:
            documents = await self._preparer.prepare(job, self.device.capabilities, prepared)
        except NoRoom as error:
            log.warning("job %d must wait: %s", job.id, error)
            await self._ledger.clock.sleep(self._ledger.policy.retry_store)
            return None
        except DocumentDamaged as error:
            ending = Ending(Cause.ABORT, _DAMAGED, str(error))
        except Gone as error:
            ending = Ending(Cause.ABORT, _GONE, str(error))
        started: Job | None = None

        def decide() -> Change | None:
            nonlocal started
            started = None
            now = self._ledger.clock.now()
            living = self._ledger.roster.get(job.id)
            printer = self._ledger.printers.get(self._name)
            if living is None or printer is None:
                return None
            if ending is not None:
                new, events = step(living, ending.cause, now, reasons=ending.reasons, message=ending.message)
                return _final(new, events)
            if not printer.starts_jobs:
                return None
            if living.documents != job.documents:
                return None  # one more has come: count again
            started, events = begin(living, now, documents, _impressions(prepared, documents))
            busy, printer_events = settle(printer, replace(printer, current=job.id), now)
            return Change(jobs=(started,), printers=(busy,), events=printer_events + events)

        async def attempt() -> None:
            await self._ledger.update(decide)

        try:
            await to_end(self._ledger.insist(attempt, NoRoom))
        except (WrongState, NotFound):
            return None
        return started

    async def _on_device(self, work: JobWork) -> Ending:
        try:
            ending = await self._printed(work)
            if ending is not None:
                return ending
        except JobCutOff as error:
            return Ending(Cause.RECOVER_HELD, message=str(error))
        except JobCanceled as error:
            return Ending(Cause.CANCELED, error.reasons, str(error))
        except DeviceFailed as error:
            return Ending(Cause.ABORT, error.reasons, str(error))
        except Gone as error:
            return Ending(Cause.ABORT, _GONE, str(error))
        except Exception:
            log.exception("job %d: the device of %s failed", work.job.id, self._name)
            return _FAILED
        proof = work.job.ticket.proof
        if proof is not None and proof.copies and not work.job.proved:
            return Ending(Cause.PROVE, message="Release it to print it, now that its proof is there.")
        return work.completed()

    async def _printed(self, work: JobWork) -> Ending | None:
        """Print it, or have its source do so; returns how it ended where it is not completed."""
        found = self._sources.conductor(work.job, self.device.capabilities)
        if found is None:
            await self.device.print(work)
            return None
        name, conduct = found
        press = JobPress(work, self.device, self._sources.dialogs, self._preparer)
        return await conduct_job(press, name, conduct, self._ledger.policy.on_source_failure)

    def _ending(self, printing: asyncio.Task[Ending]) -> Ending:
        if not printing.cancelled():
            return printing.result()
        return Ending(Cause.CANCELED) if printing.cancelling() else _FAILED

    async def _interrupt(self, number: JobId) -> None:
        """The printer's task ends: the device is stopped, and the job will be taken up again or held."""
        printing = self._printing
        ending: Ending | None = None
        if printing is not None:
            self._stop_device()
            await asyncio.wait({printing})
            if not printing.cancelled():
                ending = printing.result()
        job = self._ledger.roster.get(number)
        ending = ending or Ending(recovery_cause(job, self._ledger.policy.on_recovery))
        printer = self._ledger.printers.get(self._name)
        if printer is not None and printer.current == number:
            await self._finish(number, ending)

    async def _finish(self, number: JobId, ending: Ending) -> None:
        def decide() -> Change | None:
            now = self._ledger.clock.now()
            printer = self._ledger.printers.get(self._name)
            job = self._ledger.roster.get(number)
            if printer is None or printer.current != number:
                return None
            idle, printer_events = settle(printer, replace(printer, current=None), now)
            moved = job is not None and job.printer != self._name
            if job is None or moved or not _ends(job, ending):  # suspended it left the device before
                return Change(printers=(idle,), events=printer_events)
            new, events = step(job, ending.cause, now, reasons=ending.reasons, message=ending.message)
            change = _final(new, events + printer_events)
            return replace(change, printers=(idle,))

        async def attempt() -> None:
            change = await self._ledger.update(decide)
            if change is not None and change.gone_jobs:
                await self._ledger.documents.delete([d.key for job in change.jobs for d in job.documents])

        await self._ledger.insist(attempt, NoRoom)


def _must_leave(job: Job | None, printer: PrinterName) -> bool:
    """Whether the printer's device is to stop printing the job."""
    return job is None or job.is_stopping or not job.is_on_device or job.printer != printer


def _ends(job: Job, ending: Ending) -> bool:
    """Whether the end of its printing means something to the job as it is now."""
    if job.is_suspended:  # the device was ready with it before it could stop
        return ending.cause in (Cause.COMPLETE, Cause.PROVE)
    return job.is_on_device


def _final(job: Job, events: tuple[Event, ...]) -> Change:
    """A change that takes a job to a state, and out of history if it is to be purged."""
    gone = (job.id,) if job.purging and job.state.is_final else ()
    return Change(jobs=(job,), events=events, gone_jobs=gone)


def _impressions(prepared: Prepared, documents: Sequence[Document]) -> int | None:
    """Pages in all; None if one of the documents can't be counted."""
    counted = prepared.impressions(documents)
    return None if counted is None else prepared.before + counted


def recovery_cause(job: Job | None, policy: OnRecovery) -> Cause:
    """What befalls a job whose printing was cut off; one that rested meanwhile goes on where it was."""
    if job is not None and job.rests and not job.is_stopping:
        return Cause.ADJOURN
    return Cause.RECOVER_HELD if policy is OnRecovery.HOLD else Cause.INTERRUPT


def with_its_job(ledger: Ledger, old: Printer, new: Printer) -> Change:
    """The change from `old` to `new`, in which the job being printed stops and goes on with its printer."""
    now = ledger.clock.now()
    settled, events = settle(old, new, now)
    job = None if old.current is None else ledger.roster.get(old.current)
    stopped = new.paused or new.device_stopped
    if job is None or job.is_stopping or not job.is_on_device:
        return Change(printers=(settled,), events=events)
    if stopped and (job.state is JobState.PROCESSING or job.message != settled.message):
        moved, job_events = step(job, Cause.STOP, now, message=settled.message)
    elif not stopped and job.state is JobState.PROCESSING_STOPPED:
        moved, job_events = step(job, Cause.CONTINUE, now)
    else:
        return Change(printers=(settled,), events=events)
    return Change(jobs=(moved,), printers=(settled,), events=events + job_events)
