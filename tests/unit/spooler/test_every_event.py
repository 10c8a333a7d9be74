"""Every event that can be subscribed to happens: each comes of something that people, devices or sources do."""

from __future__ import annotations

from pagebell.model.access import SYSTEM
from pagebell.model.dialog import Addressees, Question, Statement
from pagebell.model.event import EventKind
from pagebell.model.subscription import SERVER
from pagebell.spooler.changing import JobWish
from pagebell.spooler.printers import PrinterWish
from tests.unit.spooler.stage import P1, P2, Stage
from tests.unit.spooler.test_resources import filled


async def jobs(stage: Stage) -> None:
    """Two jobs wait behind one that stops, goes on and is finished."""
    spooler = stage.spooler
    await stage.submit()
    later = [await stage.submit() for _ in range(2)]
    stage.device.printed(1)
    stage.device.stop("media-jam-error", "Jammed.")
    await stage.clock.settle()
    stage.device.ready()
    await spooler.queue.promote(later[-1], SYSTEM)
    await spooler.jobs.change(later[0], JobWish(name="Novel"), SYSTEM)
    stage.device.finish()
    await stage.clock.settle()


async def printers(stage: Stage) -> None:
    """Supplies go empty and are filled; a printer is added, described, shut down, started again and removed."""
    for reason in ("media-empty-error", "stapler-supply-empty-warning"):
        stage.device.warn(reason)
        await stage.clock.settle()
        stage.device.ready()
        await stage.clock.settle()
    await stage.add(P2)
    await stage.spooler.printers.change(P2, PrinterWish(info="Laser"), SYSTEM)
    for act in (
        *(stage.spooler.printers.shut_down, stage.spooler.printers.start_up),
        *(stage.spooler.printers.pause, stage.spooler.printers.restart, stage.spooler.printers.remove),
    ):
        await act(P2, SYSTEM)


async def resources(stage: Stage) -> None:
    """One is made, filled, installed, named anew and cancelled."""
    found = await filled(stage)
    await stage.spooler.resources.install(found.id, SYSTEM)
    await stage.spooler.resources.change(found.id, SYSTEM, name="Crest")
    await stage.spooler.resources.cancel(found.id, SYSTEM)


async def dialogs(stage: Stage) -> None:
    """A source says something, and asks."""
    await stage.spooler.dialogs.notify(Addressees(P1), Statement("Toner", "It is low."))
    await (await stage.spooler.dialogs.open(Addressees(P1), Question("Turn", "Turn the pages."))).close()


async def test_every_event_happens_and_is_heard() -> None:
    async with Stage() as stage:
        everything = frozenset(EventKind)
        number = (await stage.subscribe(SERVER, everything)).id
        for act in (jobs, printers, resources, dialogs):
            await act(stage)
        await stage.spooler.printers.pause(P1, SYSTEM)  # the last printer: nothing prints any more
        await stage.restart()
        batch = await stage.spooler.subscriptions.read(number, SYSTEM, 0, 10_000)
        heard = {event.kind for _, event in batch.notifications}
        assert everything - heard == set()
