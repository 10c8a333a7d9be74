"""Jobs wait until their owner types a PIN: nobody finds somebody else's pages in the tray.

[sources.pin-release]
printers = ["Lobby"]
pins = { ada = "4711", bob = "0815" }      # for jobs that come without a PIN of their own (IPP job-password)
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from pagebell.model.dialog import CANCEL, OK, Addressees, Answer, Question
from pagebell.model.event import JobId, PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Capabilities
from pagebell.sources.settings import EVERY, SourceSettings, is_for, read
from pagebell.spooler.sources import Conduct, Desk

REASON = "job-password-wait"
TRIES = 3
"""Wrong PINs before a pause."""
PAUSE = 60.0
"""Seconds of that pause: a four-digit PIN takes days to guess."""


class PinReleaseSettings(SourceSettings, frozen=True):
    """`[sources.pin-release]`: jobs wait for their own PIN (IPP job-password), or else for their owner's."""

    printers: tuple[str, ...] = (EVERY,)
    """The names of the printers that it is for; "*" stands for all."""
    pins: dict[str, str] = msgspec.field(default_factory=dict)
    """PINs by owner; what comes without a PIN from somebody without one prints at once."""


class PinRelease:
    """Holds new jobs of owners with a PIN, and asks for it."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        given = read(settings, PinReleaseSettings)
        self._printers, self._pins = given.printers, given.pins
        if not all(given.pins.values()):
            raise ValueError("pins: a PIN has one character at least")

    def widen(self, printer: PrinterName, capabilities: Capabilities) -> Capabilities:
        """Jobs may bring a password."""
        return replace(capabilities, job_password=True) if is_for(self._printers, printer) else capabilities

    def holds(self, job: Job) -> str | None:
        """A job with a PIN, or whose owner has one."""
        has_pin = job.password is not None or job.owner in self._pins
        return REASON if has_pin and is_for(self._printers, job.printer) else None

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        """It prints as any other."""
        return None

    async def run(self, desk: Desk) -> None:
        """Ask about each job that waits, also about those from before a restart."""
        asking: dict[JobId, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            await self._ask_all(desk, group, asking)
            async for event in desk.events():
                if event.job_status is None:
                    continue
                if REASON in event.job_status.reasons:
                    await self._ask_all(desk, group, asking)
                elif event.job in asking:  # an operator has released it
                    asking[event.job].cancel()

    async def _ask_all(
        self, desk: Desk, group: asyncio.TaskGroup, asking: dict[JobId, asyncio.Task[None]]
    ) -> None:
        for number in [number for number, task in asking.items() if task.done()]:
            del asking[number]
        for job in desk.jobs(REASON):
            if job.id not in asking and self.holds(job):
                asking[job.id] = group.create_task(self._ask(desk, job), name=f"PIN of job {job.id}")

    async def _ask(self, desk: Desk, job: Job) -> None:
        """Ask until the PIN is right or the job is over; each attempt is a dialog of its own ([MS-PAN] 3.2.3.4.3)."""
        wrong, before = 0, ""
        while any(one.id == job.id for one in desk.jobs(REASON)):
            dialog = await desk.open(Addressees(job.printer, job.id, job.owner), _question(job, before))
            try:
                answer = await dialog.answered()
            finally:
                await dialog.close()
            before = ""
            if not isinstance(answer, Answer):
                continue
            if answer.choice == CANCEL:
                await desk.cancel(job.id, "Cancelled by its owner instead of giving the PIN.")
            elif self._is_pin(job, answer.text):
                await desk.release(job.id, REASON)
            else:
                wrong, before = wrong + 1, "That was not the PIN. "
                if wrong % TRIES == 0:
                    await desk.sleep(PAUSE)

    def _is_pin(self, job: Job, typed: str) -> bool:
        if job.password is not None:
            return job.password.opens(typed)
        return hmac.compare_digest(typed.encode(), self._pins[job.owner].encode())


def _question(job: Job, before: str) -> Question:
    text = f"{before}Type your PIN to print {job.name} on {job.printer}."
    return Question("Print with PIN", text, (OK, CANCEL), entry="PIN", secret=True)
