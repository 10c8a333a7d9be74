"""The spooler: printers, jobs, subscriptions and the one event log, behind every protocol's door."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

from pagebell.model.document import DocumentKey
from pagebell.model.errors import NoRoom
from pagebell.model.lifecycle import Cause, settle, step, unasked
from pagebell.spooler.absent import IdentityConverter, NoSigners, NullInspector
from pagebell.spooler.devices import NOTHING_REPORTED, Devices, MakeDevice
from pagebell.spooler.dialogs import Dialogs
from pagebell.spooler.feed import Feed
from pagebell.spooler.jobs import Jobs
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import (
    Change,
    Clock,
    Converter,
    Courier,
    DocumentStore,
    Inspector,
    JobQuery,
    Signers,
    Store,
)
from pagebell.spooler.printers import Printers
from pagebell.spooler.properties import Properties
from pagebell.spooler.queue import Queue
from pagebell.spooler.reprint import Reprints
from pagebell.spooler.resources import Resources
from pagebell.spooler.schedule import recovery_cause
from pagebell.spooler.settings import Settings
from pagebell.spooler.sources import Source, Sources
from pagebell.spooler.subscriptions import Subscriptions
from pagebell.spooler.system import System
from pagebell.spooler.tally import Tally

log = logging.getLogger(__name__)

COUNT_EVERY = 60.0
"""Seconds between two looks at how many finished jobs there are: counting them is not free."""
_THEN = {
    Cause.ADJOURN: "it goes on where it was",
    Cause.INTERRUPT: "it is printed again from the start",
    Cause.RECOVER_HELD: "release it to print it",
}
_AT_ONCE = 100
"""Jobs that are forgotten in one transaction."""


class Spooler:
    """An asynchronous context: inside, it takes jobs and prints them; entering it is recovery.

    `jobs`, `queue`, `printers`, `subscriptions`, `dialogs`, `resources`, `settings`, `properties` and `system` are all
    that front ends use.
    """

    def __init__(
        self,
        store: Store,
        documents: DocumentStore,
        clock: Clock,
        make_device: MakeDevice,
        inspector: Inspector | None = None,
        policy: Policy | None = None,
        converter: Converter | None = None,
        couriers: Sequence[Courier] = (),
        sources: Mapping[str, Source] | None = None,
        signers: Signers | None = None,
    ) -> None:
        self._ledger = Ledger(store, documents, clock, policy or Policy())
        self.subscriptions = Subscriptions(self._ledger, couriers)
        self.feed = Feed(self._ledger)
        self.resources = Resources(self._ledger, self.subscriptions, signers or NoSigners())
        self.jobs = Jobs(self._ledger, self.subscriptions)
        self.dialogs = Dialogs(self._ledger)
        self.sources = Sources(self._ledger, self.dialogs, self.jobs, sources or {})
        self.queue = Queue(self._ledger, self.jobs)
        self.reprints = Reprints(self._ledger, self.jobs)
        self._devices = Devices(
            self._ledger,
            make_device,
            inspector or NullInspector(),
            converter or IdentityConverter(),
            self.sources,
        )
        self.printers = Printers(self._ledger, self.jobs, self.queue, self._devices)
        self.settings = Settings(self._ledger)
        self.properties = Properties(self._ledger)
        self.tally = Tally()
        self._ledger.listeners.append(self.tally.committed)
        self.system = System(self._ledger)
        self.clock = clock
        self.started = clock.now()
        self._exit = AsyncExitStack()
        self._swept = 0.0
        self._counted = 0.0

    @property
    def policy(self) -> Policy:
        """Its limits and habits."""
        return self._ledger.policy

    async def __aenter__(self) -> Self:
        await self._ledger.open()
        self.started = self.clock.now()
        async with AsyncExitStack() as starting:
            starting.push_async_callback(self._ledger.store.close)
            await self._recover()
            group = await starting.enter_async_context(asyncio.TaskGroup())
            self._devices.start(group)
            self.subscriptions.deliveries.start(group)
            self.dialogs.start(group)
            self.sources.start(group)
            self.feed.start(group)
            self._teller = group.create_task(self.system.run(), name="the server's own events")
            await self.system.started()
            self._housekeepers = [
                group.create_task(self._keep_house(), name="housekeeping"),
                group.create_task(self._end_leases(), name="leases"),
            ]
            self._exit = starting.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.begin_stop()
        async with self._exit:
            for task in self._housekeepers:
                task.cancel()
            await self.subscriptions.deliveries.stop()
            await self.sources.stop()
            await self._devices.stop()
            await self.dialogs.stop()
            self._teller.cancel()
            await self.system.stopping()
            if isinstance(error, asyncio.CancelledError):
                raise error  # any other goes on as itself, not in the task group's wrapping

    def begin_stop(self) -> None:
        """Take no more jobs, and let nobody wait for events any longer; leaving the context does the rest."""
        self._ledger.stopping = True
        self._ledger.events.close()
        self.feed.close()
        self.dialogs.begin_stop()

    # --- recovery ---

    async def _recover(self) -> None:
        """Jobs that were printing are taken up again or held; printers are idle; leftovers go."""
        ledger = self._ledger
        now = self.clock.now()
        for printer in list(ledger.printers.values()):
            fresh = replace(
                printer,
                **NOTHING_REPORTED,
                current=None,
                questions=(),
                failed_sources=(),
            )
            if fresh != printer:
                settled, events = settle(printer, fresh, now)
                await ledger.store.commit(Change(printers=(settled,), events=events))
        for job in list(ledger.roster.living()):
            quiet = unasked(job, now, job.message)  # whoever asks, asks anew
            if quiet is not None:
                await ledger.store.commit(Change(jobs=(quiet[0],), events=quiet[1]))
        for job in list(ledger.roster.living()):
            if not job.is_on_device:
                continue
            cause = recovery_cause(job, ledger.policy.on_recovery)
            told = "" if job.is_stopping else f"The server went down while this was printing; {_THEN[cause]}."
            new, events = step(job, cause, now, message=told)
            gone = (new.id,) if new.purging and new.state.is_final else ()
            await ledger.store.commit(Change(jobs=(new,), events=events, gone_jobs=gone))
            log.info("job %d was printing when the server went down: now %s", new.id, new.state.name.lower())
        removed = await ledger.documents.sweep(await self._kept_documents(now))
        if removed:
            log.info("removed %d leftover files of documents that were never acknowledged", removed)

    async def _kept_documents(self, now: float) -> set[DocumentKey]:
        keys = {document.key for job in self._ledger.roster.living() for document in job.documents}
        self._swept = now - self.policy.keep_documents
        query = JobQuery(finished=True, completed_after=self._swept)
        while jobs := await self._ledger.store.jobs(query):
            keys.update(document.key for job in jobs for document in job.documents)
            query = replace(query, offset=query.offset + len(jobs))
        resources = self._ledger.resources.values()
        return keys | {one.data.key for one in resources if one.data is not None and one.has_octets}

    # --- housekeeping ---

    async def _keep_house(self) -> None:
        while True:
            await self.clock.sleep(self.policy.housekeeping)
            try:
                await self.tidy()
            except NoRoom as error:
                log.warning("housekeeping must wait: %s", error)

    async def _end_leases(self) -> None:
        """A subscription ends at its second, and who waits for its events is told (RFC 3995 5.4.3, RFC 3996 10.1)."""
        while True:
            await self._ledger.events.leases.run_out(self.clock)
            try:
                await self.subscriptions.end_leases()
            except NoRoom:  # nobody reads them any more, and they end when there is room
                await self.clock.sleep(self.policy.housekeeping)

    async def tidy(self) -> None:
        """Do what is due: end leases and deserted jobs, trim the log, remove the documents of old jobs."""
        ledger, policy = self._ledger, self.policy
        now = self.clock.now()
        await self.subscriptions.end_leases()
        for job in ledger.roster.open():
            idle = now - job.touched
            if idle >= policy.open_job_timeout and not self.jobs.is_uploading(job.id):
                await self.jobs.desert(job.id)
        await self.queue.release_due()
        await self.resources.tidy()
        trim = ledger.too_old()
        if trim > 0:
            await self.subscriptions.trim(trim)
        await self._remove_documents(now - policy.keep_documents)
        await self._forget_history(now)

    async def _remove_documents(self, before: float) -> None:
        query = JobQuery(finished=True, completed_after=self._swept, completed_before=before)
        while jobs := await self._ledger.store.jobs(query):
            await self._ledger.forget_documents(jobs)
            query = replace(query, offset=query.offset + len(jobs))
        self._swept = max(self._swept, before)

    async def _forget_history(self, now: float) -> None:
        """Finished jobs that are too old, or too many, go with their documents."""
        old = JobQuery(finished=True, completed_before=now - self.policy.history_age, limit=_AT_ONCE)
        while jobs := await self._ledger.store.jobs(old):
            await self.jobs.forget(jobs)
        if now < self._counted + COUNT_EVERY:
            return
        self._counted = now
        surplus = JobQuery(finished=True, offset=self.policy.history_jobs, limit=_AT_ONCE)
        while jobs := await self._ledger.store.jobs(surplus):
            await self.jobs.forget(jobs)
