"""Printers that take no jobs, are removed or get another device, and work beside each other."""

import asyncio

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.errors import NotAccepting, NotFound, TooMany
from pagebell.model.event import JobState
from pagebell.model.printer import Printer
from pagebell.spooler.printers import PrinterWish
from tests.unit.spooler.stage import P1, P2, Stage


async def test_printer_that_does_not_accept_refuses_jobs(stage: Stage) -> None:
    await stage.spooler.printers.change(P1, PrinterWish(accepting=False), SYSTEM)
    with pytest.raises(NotAccepting):
        await stage.submit()


async def test_removed_printer_takes_its_jobs_along(stage: Stage) -> None:
    await stage.add(P2)
    job = await stage.submit()
    await stage.spooler.printers.remove(P1, SYSTEM)
    await stage.clock.settle()
    with pytest.raises(NotFound):
        await stage.job(job)
    with pytest.raises(NotFound):
        stage.spooler.printers.printer(P1)
    assert stage.spooler.printers.default.name == P2
    assert stage.documents.documents == {}


async def test_new_device_gets_the_job_that_was_on_the_old_one(stage: Stage) -> None:
    job = await stage.submit()
    old = stage.device
    await stage.spooler.printers.change(P1, PrinterWish(device="scripted:new"), SYSTEM)
    await stage.clock.settle()
    assert old.cancelled == [job]
    assert stage.devices["scripted:new"].job == job


async def test_printers_work_beside_each_other(stage: Stage) -> None:
    await stage.add(P2)
    await stage.submit()
    second = await stage.submit(printer=P2)
    stage.devices["scripted:p2"].finish()
    await stage.clock.settle()
    assert await stage.state(second) is JobState.COMPLETED
    assert stage.device.job == 1


async def test_removing_and_changing_a_printer_at_once_hurts_nobody(stage: Stage) -> None:
    await stage.add(P2)
    printers = stage.spooler.printers
    results = await asyncio.gather(
        printers.remove(P1, SYSTEM),
        printers.change(P1, PrinterWish(device="scripted:new"), SYSTEM),
        printers.remove(P1, SYSTEM),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), NotFound, NotFound]
    await stage.submit(printer=P2)
    assert stage.devices["scripted:p2"].job is not None


async def test_of_two_that_are_added_at_once_the_last_one_there_is_room_for_is_added(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pagebell.spooler.printers.MOST_PRINTERS", 2)
    added = await asyncio.gather(stage.add("p2"), stage.add("p3"), return_exceptions=True)
    assert [type(one) for one in added] == [Printer, TooMany]
    assert len(stage.spooler.printers.list()) == 2
