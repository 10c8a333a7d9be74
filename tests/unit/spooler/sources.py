"""Sources on a stage: one that does nothing, and others made of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pagebell.model.access import SYSTEM
from pagebell.model.dialog import Question
from pagebell.model.event import PrinterName
from pagebell.model.job import Job
from pagebell.model.printer import Capabilities
from pagebell.spooler.dialogs import Dialog
from pagebell.spooler.policy import Policy
from pagebell.spooler.sources import Conduct, Desk, Press, Source
from tests.unit.spooler.stage import Stage

PDF = "application/pdf"


class Idle:
    """A source that does nothing; others are made of it by what they do."""

    def widen(self, printer: PrinterName, capabilities: Capabilities) -> Capabilities:
        return capabilities

    def holds(self, job: Job) -> str | None:
        return None

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        return None

    async def run(self, desk: Desk) -> None:
        await asyncio.Event().wait()


async def staged(source: Source, policy: Policy | None = None) -> AsyncIterator[Stage]:
    async with Stage(policy=policy or Policy()) as stage:
        stage.sources = {"it": source}
        await stage.restart()
        yield stage


def only(stage: Stage) -> Dialog:
    (dialog,) = stage.spooler.dialogs.open_dialogs(SYSTEM)
    return dialog


class TwoPasses(Idle):
    """Prints twice, and asks in between."""

    def conduct(self, job: Job, device: Capabilities) -> Conduct | None:
        return self._print

    async def _print(self, press: Press) -> None:
        await press.print(press.job.ticket)
        await press.ask(Question("Turn", "Turn the pages."), seconds=600)
        await press.print(press.job.ticket)


async def finish(stage: Stage) -> None:
    stage.device.finish()
    await stage.clock.settle()
