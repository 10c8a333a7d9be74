"""Jobs that are moved to other printers (CUPS-Move-Job): with each status, and what becomes of them."""

from __future__ import annotations

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Group, GroupTag, Message
from pagebell.ipp.registry import JobState, Op
from pagebell.ipp.registry import Status as S
from pagebell.model.event import JobId
from pagebell.model.printer import Capabilities
from tests.unit.ipp_server.door import ADMIN, Door, door, status
from tests.unit.ipp_server.plays import (
    FORBIDDEN,
    IMPOSSIBLE,
    NOT_FOUND,
    OK,
    Play,
)

MOVE = Op.CUPS_MOVE_JOB


def to(name: str) -> list[Group]:
    return [Group.of(GroupTag.JOB, r.job_printer_uri(f"ipp://printer.test/printers/{name}"))]


async def test_waiting_job_is_moved_and_printed_there() -> None:
    async with door() as d:
        await d.add("p2")
        number = await d.waiting()
        assert status(await d.ask(MOVE, r.job_id(number), groups=to("p2"))) is OK
        await d.clock.settle()
        assert d.devices["scripted:p2"].job == number


async def test_moved_job_says_where_it_came_from() -> None:
    async with door() as d:
        await d.add("p2")
        number = await d.held()
        await d.ask(MOVE, r.job_id(number), groups=to("p2"))
        assert (await d.job(number)).message == "It was moved from printer p1."


async def test_job_that_is_stuck_on_its_printer_is_moved_and_goes_on_there() -> None:
    async with door() as d:
        await d.add("p2")
        d.device.stops_slowly = True
        number, other = await d.printing(), await d.submit()
        d.device.printed(1)
        d.device.stop("media-jam-error")
        await d.clock.settle()
        assert status(await d.ask(MOVE, r.job_id(number), groups=to("p2"))) is OK
        await d.clock.settle()
        there = d.devices["scripted:p2"]
        assert (there.job, d.device.job) == (number, number)  # the old one is still coming to its stop
        d.device.stops_slowly = False
        d.device.come_to_stop()
        d.device.ready()
        await d.clock.settle()
        assert (there.job, d.device.job) == (number, other)
        assert (await d.state(number)) == JobState.PROCESSING
        there.finish()
        await d.clock.settle()
        assert (await d.state(number)) == JobState.COMPLETED
        assert "pagebell-possibly-printed-twice" in (await d.job(number)).reasons


async def test_all_jobs_of_a_printer_are_moved() -> None:
    async with door() as d:
        await d.add("p2")
        numbers = [await d.held(), await d.held()]
        assert status(await d.ask(MOVE, groups=to("p2"), path="/printers/p1")) is OK
        assert [(await d.job(number)).printer for number in numbers] == ["p2", "p2"]


async def move(d: Door, *, job: JobId | None = None, target: str = "p2", user: str = "ada") -> Message:
    number = await d.held() if job is None else job
    return await d.ask(MOVE, r.job_id(number), groups=to(target), user=user)


async def to_one_that_takes_none(d: Door) -> Message:
    await d.ask(Op.CUPS_REJECT_JOBS, path="/printers/p2", user=ADMIN)
    return await move(d)


async def to_one_out_of_service(d: Door) -> Message:
    await d.ask(Op.DEACTIVATE_PRINTER, path="/ipp/print/p2", user=ADMIN)
    return await move(d)


async def to_one_that_takes_other_formats(d: Door) -> Message:
    d.devices["scripted:p2"].capabilities = Capabilities(formats=("image/jpeg",))
    return await move(d)


async def nowhere(d: Door) -> Message:
    return await d.ask(MOVE, r.job_id(await d.held()))


MOVING: list[tuple[Op, str, Play, S]] = [
    (MOVE, "ok", move, OK),
    (MOVE, "to where it is", lambda d: move(d, target="p1"), OK),
    (MOVE, "no such printer", lambda d: move(d, target="p9"), NOT_FOUND),
    (MOVE, "no such job", lambda d: move(d, job=JobId(99)), NOT_FOUND),
    (MOVE, "not his", lambda d: move(d, user="bob"), FORBIDDEN),
    (MOVE, "accepts none", to_one_that_takes_none, S.SERVER_ERROR_NOT_ACCEPTING_JOBS),
    (MOVE, "out of service", to_one_out_of_service, S.SERVER_ERROR_SERVICE_UNAVAILABLE),
    (MOVE, "other formats", to_one_that_takes_other_formats, S.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED),
    (MOVE, "nowhere", nowhere, S.CLIENT_ERROR_BAD_REQUEST),
]


async def finished(d: Door) -> Message:
    return await move(d, job=await d.completed())


MOVING.append((MOVE, "finished", finished, IMPOSSIBLE))


@pytest.mark.parametrize(("play", "expected"), [row[2:] for row in MOVING], ids=[row[1] for row in MOVING])
async def test_status_of_moving(play: Play, expected: S) -> None:
    async with door() as d:
        await d.add("p2")
        answer = await play(d)
        assert status(answer) is expected, str(answer)
