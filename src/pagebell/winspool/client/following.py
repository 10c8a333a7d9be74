"""Following a job to its end: by the feed where the server lets us listen, else by asking politely."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from pagebell.dcerpc.ndr import ContextHandle
from pagebell.ipp.errors import BadAnswer, ConnectionFailed
from pagebell.ipp.events import Pace, Patience, with_pauses
from pagebell.ipp.follow import Feedback, JobUpdate
from pagebell.ipp.registry import JobState
from pagebell.ipp.results import JobInfo, PrinterInfo
from pagebell.winspool.changes import ChangeFlag
from pagebell.winspool.changes import JobField as J
from pagebell.winspool.changes import PrinterField as P
from pagebell.winspool.client.addresses import Address
from pagebell.winspool.client.connecting import Connector
from pagebell.winspool.client.describe import job_of, merged_job, printer_of, was_deleted, with_status
from pagebell.winspool.client.errors import NoSuchJob, WindowsError
from pagebell.winspool.client.events import GONE
from pagebell.winspool.client.feeds import Deaf, Told, feed_of
from pagebell.winspool.client.queries import job_info, opened, printer_info
from pagebell.winspool.client.session import Session


class NoFeedback(Exception):
    """Nobody can tell of the job any more; the text is a sentence."""


@dataclass(slots=True)
class Following:
    """One job; it outlives connections."""

    job: JobInfo
    printer: PrinterInfo
    pace: Pace
    told: JobUpdate | None = None
    deaf: str = ""
    """Why the server can't tell by itself."""
    _way: Feedback = field(default=Feedback.POLLING)

    async def connected(self, session: Session, handle: ContextHandle) -> AsyncIterator[JobUpdate]:
        """Updates for as long as the connection holds, to the job's end. Raises NoFeedback, ClientError."""
        if not self.deaf:
            try:
                async with feed_of(session, handle, pace=self.pace) as feed:
                    async for update in self.listening(session, handle, feed):
                        yield update
                    return
            except (Deaf, WindowsError, BadAnswer) as reason:  # so let us ask
                self.deaf = str(reason)
        async for update in self._asking(session, handle):
            yield update

    async def listening(
        self, session: Session, handle: ContextHandle, feed: AsyncIterator[Told]
    ) -> AsyncIterator[JobUpdate]:
        """Updates from a feed, with a look now and then."""
        self._way = Feedback.EVENTS
        await self._look(session, handle)
        yield self._update()
        now = asyncio.get_running_loop().time
        due = now() + self.pace.safety
        async with aclosing(with_pauses(feed, lambda: max(0, due - now()))) as items:
            while not self.job.is_final:
                told = await anext(items)
                if told is None or await self._take(told) or now() >= due:
                    await self._look(session, handle)
                    due = now() + self.pace.safety
                if self.job.is_final:
                    await self._look(session, handle)
                if self._changed():
                    yield self._update()

    async def _take(self, told: Told) -> bool:
        """Take news into account; tells whether a look is due."""
        members = told.jobs.get(self.job.id)
        if members:
            self.job = merged_job(self.job, members)
        if P.STATUS in told.printer:
            self.printer = with_status(self.printer, told.printer[P.STATUS])
        left_out = told.whole and not members  # finished between our last look and this picture
        if members and J.STATUS in members:
            gone = was_deleted(members[J.STATUS])
        else:  # which job, flags do not say
            gone = bool(told.flags & ChangeFlag.DELETE_JOB)
        return not self.job.is_final and (left_out or gone)

    async def _asking(self, session: Session, handle: ContextHandle) -> AsyncIterator[JobUpdate]:
        """Updates from asking again and again."""
        self._way, delay = Feedback.POLLING, self.pace.quick
        while True:
            await self._look(session, handle)
            if self._changed():
                delay = self.pace.quick
                yield self._update()
            if self.job.is_final:
                return
            await asyncio.sleep(delay)
            delay = min(delay * 1.5, self.pace.slow)

    async def _look(self, session: Session, handle: ContextHandle) -> None:
        """See how the job and its printer are. Raises NoFeedback."""
        try:
            seen = job_of(await job_info(session, handle, self.job.id), session.address)
        except NoSuchJob:
            if self.job.is_final:
                return
            if "processing-to-stop-point" in self.job.reasons:
                self.job = replace(self.job, state=JobState.CANCELED, reasons=("job-canceled-by-user",))
                return
            raise NoFeedback(GONE) from None
        if not self.job.is_final or seen.is_final:
            self.job = replace(seen, ignored=self.job.ignored)
        if not self.job.is_final:
            self.printer = printer_of(await printer_info(session, handle), session.address)

    def _changed(self) -> bool:
        told = self.told
        return told is None or (told.job, told.printer) != (self.job, self.printer) or told.problem != ""

    def _update(self) -> JobUpdate:
        self.told = JobUpdate(self.job, self.printer, self._way)
        return self.told

    def interrupted(self, problem: str) -> JobUpdate | None:
        """The connection is lost; None if that was told already."""
        update = JobUpdate(self.job, self.printer, Feedback.INTERRUPTED, problem)
        if update == self.told:
            return None
        self.told = update
        return update

    def ended(self, problem: str) -> JobUpdate:
        """The last update where nobody can tell any more."""
        return JobUpdate(self.job, self.printer, Feedback.NONE, problem)


async def followed(line: Connector, printer: Address, job: JobInfo, pace: Pace) -> AsyncGenerator[JobUpdate]:
    """A job of a printer from now to its end, over as many connections as it takes.

    Raises ConnectionFailed when patience ends.
    """
    following = Following(job, PrinterInfo(printer.uri), pace)
    patience = Patience(pace)
    while True:
        try:
            async with line.session() as session, opened(session, printer.name) as handle:
                async for update in following.connected(session, handle):
                    patience.restored()
                    yield update
                return
        except NoFeedback as reason:
            yield following.ended(str(reason))
            return
        except ConnectionFailed as error:
            delay = line.delay(patience, error)
            if (interrupted := following.interrupted(str(error))) is not None:
                yield interrupted
        await asyncio.sleep(delay)
