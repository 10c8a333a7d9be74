"""A job that is printed in several steps, with questions between them, as a source conducts it.

What has been printed and answered is stored with the job. When it is taken up once more, after a restart or because it
was suspended, its source begins at its beginning, and gets what there is already instead of paper and questions. Where
a step broke off in the middle, nobody can say what is out: then there is nothing to go on from.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from pagebell.model.dialog import Addressees, Answer, Question
from pagebell.model.document import Ticket
from pagebell.model.errors import DocumentDamaged
from pagebell.model.job import UNDER_WAY, Job, Milestone
from pagebell.model.lifecycle import Cause
from pagebell.spooler.dialogs import Dialogs
from pagebell.spooler.policy import OnSourceFailure
from pagebell.spooler.ports import Device, DeviceFailed, JobCutOff
from pagebell.spooler.preparing import Prepared, Preparer
from pagebell.spooler.sources import Conduct, Unanswered
from pagebell.spooler.work import Ending, JobWork

log = logging.getLogger(__name__)

THINKING = 60.0
"""Seconds that a source may take between two steps: one that takes longer hangs."""


class JobPress:
    """`sources.Press`: prints a job on its device as often as its source says."""

    def __init__(self, work: JobWork, device: Device, dialogs: Dialogs, preparer: Preparer) -> None:
        self._work = work
        self._device = device
        self._dialogs = dialogs
        self._preparer = preparer
        self._deadline: asyncio.Timeout | None = None
        self._past = list(work.job.milestones or ()) if work.job.rests else []
        """What was done before, in order, and has not come up again yet."""
        self._done: tuple[Milestone, ...] = ()
        self.printed = 0
        """Pages that are out."""

    @property
    def job(self) -> Job:
        """The job, its ticket as its owner and its printer want it."""
        return self._work.job

    async def conducted(self, conduct: Conduct) -> None:
        """Have it printed. Raises what the device raises, Unanswered, TimeoutError of a source that hangs."""
        if not self._work.job.rests:
            await self._work.keep(())
        try:
            async with asyncio.timeout(THINKING) as self._deadline:
                await conduct(self)
        finally:
            self._deadline = None

    async def print(self, ticket: Ticket) -> None:
        """One step, if it is not done yet."""
        before = self._recall(printed=True)
        if before is not None and before.out is not None:
            self.printed = before.out
            return
        self._think(long=True)
        prepared = Prepared(ticket)
        try:
            job = replace(self._work.job, resumed=None)
            await self._preparer.prepare(job, self._device.capabilities, prepared)
            prepared.before = self.printed
            step = self._work.step(prepared)
            await self._work.keep((*self._done, UNDER_WAY))
            await self._device.print(step)
            self.printed = step.out
            await self._reached(Milestone(out=self.printed))
        finally:
            await prepared.remove()
            self._think()

    async def ask(self, question: Question, *, seconds: float | None = None) -> Answer:
        """A question to the job's owner, between two steps, if it is not answered yet. Raises Unanswered."""
        before = self._recall(printed=False)
        if before is not None and before.answer is not None:
            return before.answer
        self._think(long=True)
        job = self._work.job
        dialog = await self._dialogs.open(
            Addressees(job.printer, job.id, job.owner), question, seconds=seconds
        )
        try:
            answer = await dialog.answered()
        finally:
            await dialog.close()
            self._think()
        if not isinstance(answer, Answer):
            raise Unanswered
        await self._reached(Milestone(again=True) if question.secret else Milestone(answer=answer))
        return answer

    def _recall(self, *, printed: bool) -> Milestone | None:
        """What came of this step before; a source that does something else than before is taken at its word."""
        if self._past and (self._past[0].out is not None) is not printed:
            self._past.clear()
        if not self._past:
            return None
        before = self._past.pop(0)
        if not before.again:
            self._done += (before,)
        return before

    async def _reached(self, milestone: Milestone) -> None:
        self._done += (milestone,)
        await self._work.keep((*self._done, *self._past))

    def _think(self, *, long: bool = False) -> None:
        """The source's time to think runs, except while it waits for printer or people."""
        if self._deadline is not None and not self._deadline.expired():
            when = None if long else asyncio.get_running_loop().time() + THINKING
            self._deadline.reschedule(when)


async def conduct_job(
    press: JobPress, source: str, conduct: Conduct, policy: OnSourceFailure
) -> Ending | None:
    """Print a job by its source; the ending where that is not its completion. Raises what the device raises.

    A source that fails before a page is out harms nothing where jobs shall go on: they are printed as usual.
    """
    try:
        await press.conducted(conduct)
    except (DeviceFailed, JobCutOff):
        raise
    except DocumentDamaged as error:
        raise DeviceFailed(str(error), frozenset({"document-format-error", "aborted-by-system"})) from None
    except Unanswered:
        return Ending(Cause.RECOVER_HELD, message="Nobody answered; release the job to be asked again.")
    except Exception:
        log.exception("source %s failed at job %d", source, press.job.id)
        if policy is OnSourceFailure.GO_ON and not press.printed:
            await press.print(press.job.ticket)
            return None
        message = f"The source {source} failed; release the job to try again."
        return Ending(Cause.RECOVER_HELD, message=message)
    return None
