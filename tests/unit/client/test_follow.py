"""Following a job: by events, by asking, through lost connections, and when nobody can tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from pagebell.ipp import Client
from pagebell.ipp import registry as r
from pagebell.ipp.codec import Message, encode
from pagebell.ipp.errors import ConnectionFailed, NotAllowed
from pagebell.ipp.events import Pace
from pagebell.ipp.follow import Feedback, JobUpdate
from pagebell.ipp.registry import JobState, Op, PrinterState, Status
from tests.scripted import (
    IPPGET,
    SUBSCRIBED,
    ScriptedServer,
    answer,
    drop,
    event,
    failed,
    job,
    printer,
    reply,
)

QUICK = Pace(quick=0.001, slow=0.01, retry=0.001, retry_most=0.002, patience=60)
EVENTS = Pace(quick=0.001, slow=60, safety=60, retry=0.001, retry_most=0.002, patience=60)
"""With events nothing is asked in between: a test would wait for ever if it were needed."""


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as running:
        yield running


async def updates(server: ScriptedServer, pace: Pace = QUICK) -> list[JobUpdate]:
    async with Client(server.uri) as client, asyncio.timeout(20):
        return [update async for update in client.follow(7, pace=pace)]


def states(found: list[JobUpdate]) -> list[JobState]:
    return [update.job.state for update in found]


async def test_server_without_events_is_asked_until_the_job_is_final(server: ScriptedServer) -> None:
    server.on(Op.GET_PRINTER_ATTRIBUTES, printer())
    server.on(
        Op.GET_JOB_ATTRIBUTES,
        job(JobState.PENDING, r.number_of_intervening_jobs(2)),
        job(JobState.PENDING, r.number_of_intervening_jobs(2)),
        job(JobState.PROCESSING, r.job_impressions(2), r.job_impressions_completed(0)),
        job(JobState.PROCESSING, r.job_impressions_completed(1)),
        job(JobState.COMPLETED, r.job_impressions_completed(2)),
    )
    found = await updates(server)
    assert states(found) == [3, 5, 5, 9]  # what did not change is not told again
    assert found[0].job.ahead == 2
    assert [update.job.impressions for update in found[1:]] == [2, 2, 2]  # what was told once is kept
    assert {update.feedback for update in found} == {Feedback.POLLING}


async def test_printer_trouble_is_an_update(server: ScriptedServer) -> None:
    server.on(
        Op.GET_PRINTER_ATTRIBUTES,
        printer(),
        printer(),
        printer(r.printer_state_reasons("media-empty-error"), r.printer_state(PrinterState.STOPPED)),
    )
    server.on(
        Op.GET_JOB_ATTRIBUTES, job(JobState.PROCESSING), job(JobState.PROCESSING), job(JobState.CANCELED)
    )
    found = await updates(server)
    assert [update.printer.reasons for update in found][:2] == [(), ("media-empty-error",)]


async def test_events_are_merged_in_order(server: ScriptedServer) -> None:
    server.on(Op.GET_PRINTER_ATTRIBUTES, IPPGET)
    server.on(Op.CREATE_JOB_SUBSCRIPTIONS, SUBSCRIBED)
    server.on(
        Op.GET_JOB_ATTRIBUTES,
        job(JobState.PENDING, r.job_impressions(3)),
        job(JobState.COMPLETED, r.job_impressions(3), r.job_impressions_completed(3)),
    )
    server.on(
        Op.GET_NOTIFICATIONS,
        answer(event(1, JobState.PROCESSING), operation=(r.notify_get_interval(0),)),
        answer(
            event(1, JobState.PROCESSING),  # a server that repeats itself
            event(2, JobState.PROCESSING, r.job_impressions_completed(1)),
            operation=(r.notify_get_interval(0),),
        ),
        answer(event(3, JobState.COMPLETED), status=Status.SUCCESSFUL_OK_EVENTS_COMPLETE),
    )
    found = await updates(server, EVENTS)
    assert states(found) == [3, 5, 5, 9]
    assert [update.job.impressions_completed for update in found] == [None, None, 1, 3]
    assert {update.feedback for update in found} == {Feedback.EVENTS}
    asked = [
        message.groups[0].get(r.notify_sequence_numbers) for message in server.asked(Op.GET_NOTIFICATIONS)
    ]
    assert asked == [1, 2, 3]


async def test_open_answer_tells_each_event_as_it_comes(server: ScriptedServer) -> None:
    told = asyncio.Event()

    async def stream(request: web.Request, message: Message) -> web.StreamResponse:
        assert message.groups[0].get(r.notify_wait) is True
        kind = {"Content-Type": 'multipart/related; type="application/ipp"; boundary="cut"'}
        response = web.StreamResponse(headers=kind)
        await response.prepare(request)
        head = b"--cut\r\nContent-Type: application/ipp\r\n\r\n"
        await response.write(head + encode(answer(event(1, JobState.PROCESSING))) + b"\r\n")
        await told.wait()
        await response.write(head + encode(answer(event(2, JobState.COMPLETED))) + b"\r\n--cut--\r\n")
        return response

    server.on(Op.GET_PRINTER_ATTRIBUTES, IPPGET)
    server.on(Op.CREATE_JOB_SUBSCRIPTIONS, SUBSCRIBED)
    server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.PENDING), job(JobState.COMPLETED))
    server.on(Op.GET_NOTIFICATIONS, stream)
    found = []
    async with Client(server.uri) as client, asyncio.timeout(20):
        async for update in client.follow(7, pace=EVENTS):
            found.append(update.job.state)
            if update.job.state == JobState.PROCESSING:
                told.set()  # the second event is sent only when the first one was told
    assert found == [3, 5, 9]


async def test_missed_event_makes_it_look(server: ScriptedServer) -> None:
    server.on(Op.GET_PRINTER_ATTRIBUTES, IPPGET)
    server.on(Op.CREATE_JOB_SUBSCRIPTIONS, SUBSCRIBED)
    server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.PENDING), job(JobState.COMPLETED))
    server.on(
        Op.GET_NOTIFICATIONS, answer(event(5, JobState.PROCESSING), operation=(r.notify_get_interval(0),))
    )
    assert states(await updates(server, EVENTS)) == [3, 9]


async def test_events_that_come_too_seldom_are_replaced_by_asking(server: ScriptedServer) -> None:
    server.on(Op.GET_PRINTER_ATTRIBUTES, IPPGET)
    server.on(Op.CREATE_JOB_SUBSCRIPTIONS, SUBSCRIBED)
    server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.PENDING), job(JobState.PROCESSING), job(JobState.COMPLETED))
    server.on(Op.GET_NOTIFICATIONS, answer(operation=(r.notify_get_interval(60),)))  # as CUPS does
    found = await updates(server)
    assert states(found) == [3, 5, 9]
    assert found[-1].feedback is Feedback.POLLING
    assert len(server.asked(Op.GET_NOTIFICATIONS)) == 1


async def test_refused_subscription_means_asking(server: ScriptedServer) -> None:
    server.on(Op.GET_PRINTER_ATTRIBUTES, IPPGET)
    server.on(Op.CREATE_JOB_SUBSCRIPTIONS, failed(Status.CLIENT_ERROR_TOO_MANY_SUBSCRIPTIONS))
    server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.PENDING), job(JobState.COMPLETED))
    assert [update.feedback for update in await updates(server)] == [Feedback.POLLING] * 2


async def test_lost_connection_is_told_once_and_taken_up_again(server: ScriptedServer) -> None:
    server.on(Op.GET_PRINTER_ATTRIBUTES, printer())
    server.on(
        Op.GET_JOB_ATTRIBUTES,
        job(JobState.PROCESSING),
        *[drop] * 6,
        job(JobState.PROCESSING),
        job(JobState.COMPLETED),
    )
    found = await updates(server)
    assert [update.feedback for update in found] == [
        Feedback.POLLING,
        Feedback.INTERRUPTED,
        Feedback.POLLING,
        Feedback.POLLING,
    ]
    assert "the connection was lost" in found[1].problem
    assert found[1].job.state == JobState.PROCESSING


async def test_lost_connection_goes_on_at_the_same_event(server: ScriptedServer) -> None:
    server.on(Op.GET_PRINTER_ATTRIBUTES, IPPGET)
    server.on(Op.CREATE_JOB_SUBSCRIPTIONS, SUBSCRIBED)
    server.on(Op.GET_JOB_ATTRIBUTES, *[job(JobState.PROCESSING)] * 2, job(JobState.COMPLETED))
    server.on(
        Op.GET_NOTIFICATIONS,
        answer(event(1, JobState.PROCESSING), operation=(r.notify_get_interval(0),)),
        drop,
        drop,
        answer(event(2, JobState.COMPLETED), status=Status.SUCCESSFUL_OK_EVENTS_COMPLETE),
    )
    found = await updates(server, EVENTS)
    assert found[-1].job.state == JobState.COMPLETED
    assert len(server.asked(Op.CREATE_JOB_SUBSCRIPTIONS)) == 1
    last = server.asked(Op.GET_NOTIFICATIONS)[-1].groups[0]
    assert last.get(r.notify_sequence_numbers) == 2


async def test_patience_has_an_end(server: ScriptedServer) -> None:
    server.on(Op.GET_PRINTER_ATTRIBUTES, printer())
    server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.PROCESSING), drop)
    with pytest.raises(ConnectionFailed):
        await updates(server, Pace(quick=0.001, retry=0.001, retry_most=0.002, patience=0.05))


@pytest.mark.parametrize(
    ("last", "text"),
    [
        (failed(Status.CLIENT_ERROR_NOT_FOUND), "no longer knows"),
        (failed(Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED), "does not tell"),
        (answer(job(JobState.PENDING).groups[0].add()), "does not tell"),
    ],
    ids=["forgotten", "not offered", "no state"],
)
async def test_printer_that_cannot_tell_is_said_so(server: ScriptedServer, last: Message, text: str) -> None:
    del last.groups[1:]
    if last.code == 0:
        last = job(JobState.PENDING)
        del last.groups[1].attributes["job-state"]
    server.on(Op.GET_PRINTER_ATTRIBUTES, printer())
    server.on(Op.GET_JOB_ATTRIBUTES, last)
    (only,) = await updates(server)
    assert only.feedback is Feedback.NONE
    assert text in only.problem


async def test_refusal_is_raised(server: ScriptedServer) -> None:
    server.on(Op.GET_PRINTER_ATTRIBUTES, printer())
    server.on(Op.GET_JOB_ATTRIBUTES, failed(Status.CLIENT_ERROR_NOT_AUTHORIZED))
    with pytest.raises(NotAllowed):
        await updates(server)


async def test_reader_that_stops_early_leaves_nothing_behind(server: ScriptedServer) -> None:
    asked, released = asyncio.Event(), asyncio.Event()

    async def waits(request: web.Request, message: Message) -> web.StreamResponse:
        asked.set()
        await released.wait()
        return reply(answer())

    server.on(Op.GET_PRINTER_ATTRIBUTES, IPPGET)
    server.on(Op.CREATE_JOB_SUBSCRIPTIONS, SUBSCRIBED)
    server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.PENDING))
    server.on(Op.GET_NOTIFICATIONS, waits)
    async with Client(server.uri) as client:
        found = client.follow(7, pace=EVENTS)
        await anext(found)
        waiting = asyncio.ensure_future(anext(found))
        await asked.wait()
        waiting.cancel()
        await asyncio.wait({waiting})
        await found.aclose()
    released.set()
    left = [task for task in asyncio.all_tasks() if "RequestHandler" not in repr(task.get_coro())]
    assert left == [asyncio.current_task()]
    assert len(server.asked(Op.CANCEL_SUBSCRIPTION)) == 1
