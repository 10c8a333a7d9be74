"""Times that have names, by the clock on the wall; and what becomes of jobs that wait for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.document import Ticket
from pagebell.model.errors import NotFound, WrongState
from pagebell.model.event import JobState
from pagebell.spooler.changing import JobWish
from pagebell.spooler.holding import opens, zone
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import JobQuery
from tests.unit.spooler.stage import ADA, P1, Stage

BERLIN = zone("Europe/Berlin")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("name", "now", "then"),
    [
        ("day-time", "2024-05-15T12:00", "2024-05-15T12:00"),
        ("day-time", "2024-05-15T18:00", "2024-05-16T06:00"),
        ("evening", "2024-05-15T12:00", "2024-05-15T18:00"),
        ("evening", "2024-05-15T22:00", "2024-05-16T18:00"),
        ("night", "2024-05-15T02:00", "2024-05-15T02:00"),
        ("night", "2024-05-15T06:00", "2024-05-15T22:00"),
        ("weekend", "2024-05-15T12:00", "2024-05-18T00:00"),
        ("weekend", "2024-05-19T23:59", "2024-05-19T23:59"),
        ("weekend", "2024-05-20T00:00", "2024-05-25T00:00"),
        ("second-shift", "2024-05-15T15:59", "2024-05-15T16:00"),
        ("third-shift", "2024-05-15T08:00", "2024-05-16T00:00"),
        ("evening", "2024-03-31T01:30", "2024-03-31T18:00"),
        ("no-hold", "2024-05-15T12:00", "2024-05-15T12:00"),
    ],
)
def test_time_of_a_name_opens(name: str, now: str, then: str) -> None:
    assert opens(name, at(now), BERLIN) == at(then)


def test_no_time_is_indefinite() -> None:
    assert opens("indefinite", at("2024-05-15T12:00"), BERLIN) is None


def test_zone_that_is_not_there_is_told() -> None:
    with pytest.raises(ValueError, match="there is no time zone 'Mars/Base'"):
        zone("Mars/Base")


def stage(**policy: object) -> Stage:
    return Stage(policy=Policy(time_zone="Europe/Berlin", **policy))  # type: ignore[arg-type]


async def test_job_for_the_day_is_printed_by_day() -> None:
    async with stage() as s:  # its clock begins at 23:13
        number = await s.submit(job_hold_until="day-time")
        job = await s.job(number)
        assert job.hold_until is not None
        assert job.hold_until > s.clock.now()
        await s.clock.advance(job.hold_until - s.clock.now() + 10)
        assert s.device.job == number
        assert (await s.job(number)).ticket.job_hold_until == "no-hold"


async def test_change_of_its_hold_lets_a_job_go_or_holds_it() -> None:
    async with stage() as s:
        await s.submit()
        number = await s.submit()
        jobs = s.spooler.jobs
        ticket = (await s.job(number)).ticket
        await jobs.change(number, JobWish(ticket=replace(ticket, job_hold_until="indefinite")), ADA)
        assert await s.state(number) is JobState.PENDING_HELD
        await jobs.change(number, JobWish(ticket=replace(ticket, job_hold_until="no-hold")), ADA)
        assert await s.state(number) is JobState.PENDING


async def test_changed_priority_changes_the_order() -> None:
    async with stage() as s:
        await s.submit()
        first, second = await s.submit(), await s.submit()
        await s.spooler.jobs.change(second, JobWish(ticket=Ticket(job_priority=90)), ADA)
        living = await s.spooler.jobs.list(JobQuery())
        assert [job.id for job in living][1:] == [second, first]


async def test_history_is_kept_by_number() -> None:
    async with stage(history_jobs=2) as s:
        s.device.automatic = True
        numbers = [await s.submit() for _ in range(5)]
        await s.clock.advance(130)
        kept = await s.spooler.jobs.list(JobQuery(finished=True))
        assert [job.id for job in kept] == list(reversed(numbers[-2:]))
        with pytest.raises(NotFound):
            await s.job(numbers[0])
        assert len(s.documents.documents) <= 2


async def test_history_is_kept_by_age() -> None:
    async with stage(history_age=1000.0) as s:
        s.device.automatic = True
        old = await s.submit()
        await s.clock.advance(900)
        young = await s.submit()
        await s.clock.advance(200)
        assert [job.id for job in await s.spooler.jobs.list(JobQuery(finished=True))] == [young]
        with pytest.raises(NotFound):
            await s.job(old)


async def test_purge_takes_a_suspended_job_too() -> None:
    async with stage() as s:
        await s.submit()
        await s.spooler.queue.suspend_current(P1, ADA)
        await s.clock.settle()
        await s.spooler.jobs.purge(P1, SYSTEM)
        await s.clock.settle()
        assert await s.spooler.jobs.list(JobQuery()) == []
        assert s.printer.current is None


async def test_job_suspended_on_a_slow_device_may_be_resumed_at_once() -> None:
    async with stage() as s:
        s.device.stops_slowly = True
        number = await s.submit()
        await s.spooler.queue.suspend_current(P1, ADA)
        await s.spooler.queue.resume(number, ADA)
        with pytest.raises(WrongState, match="is printing no job"):
            s.spooler.queue.current(P1)
        s.device.stops_slowly = False
        s.device.come_to_stop()
        await s.clock.settle()
        assert s.device.job == number
        assert s.device.cancelled == [number]
