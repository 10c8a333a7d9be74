"""Events as they happen: by waiting or polling, through lost connections, none lost unsaid and none twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from pagebell.ipp import Client, SyncClient
from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message, encode
from pagebell.ipp.errors import ConnectionFailed, NotAllowed, NotFound, Unsupported
from pagebell.ipp.events import Gap, Pace
from pagebell.ipp.registry import JobState, Op, Status
from pagebell.ipp.results import Notification, Subscription
from pagebell.ipp.subscribing import SYSTEM_PATH, Scope
from tests.scripted import SUBSCRIBED, ScriptedServer, answer, drop, event, failed, job, printer

QUICK = Pace(quick=0.001, slow=0.001, retry=0.001, retry_most=0.002, patience=60)
NOW = r.notify_get_interval(0)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as running:
        running.on(Op.GET_PRINTER_ATTRIBUTES, printer(r.notify_events_supported("job-completed", "none")))
        running.on(Op.CREATE_PRINTER_SUBSCRIPTIONS, SUBSCRIBED)
        running.on(Op.CREATE_JOB_SUBSCRIPTIONS, SUBSCRIBED)
        running.on(Op.CANCEL_SUBSCRIPTION, answer())
        yield running


def burst(*numbers: int, operation: tuple[Attribute, ...] = (NOW,)) -> Message:
    return answer(*(event(n, JobState.PROCESSING) for n in numbers), operation=operation)


async def first(
    server: ScriptedServer, count: int, scope: Scope = "printer", pace: Pace = QUICK
) -> list[Notification | Gap]:
    found = []
    async with Client(server.uri) as client, asyncio.timeout(20):
        events = client.events(scope, pace=pace)
        async for item in events:
            found.append(item)
            if len(found) == count:
                break
        await events.aclose()
    return found


def numbers(found: list[Notification | Gap]) -> list[int | str]:
    return [item.text if isinstance(item, Gap) else item.sequence for item in found]


def asked_from(server: ScriptedServer) -> list[int | None]:
    return [one.groups[0].get(r.notify_sequence_numbers) for one in server.asked(Op.GET_NOTIFICATIONS)]


async def test_events_are_polled_in_order_and_the_subscription_is_ended(server: ScriptedServer) -> None:
    server.on(Op.GET_NOTIFICATIONS, burst(1, 2), burst(), burst(2, 3))
    assert numbers(await first(server, 3)) == [1, 2, 3]
    assert asked_from(server) == [1, 3, 3]
    wish = server.asked(Op.CREATE_PRINTER_SUBSCRIPTIONS)[0].group(GroupTag.SUBSCRIPTION)
    assert wish is not None
    assert wish.all(r.notify_events) == ["job-completed"]  # all that the printer has
    (ended,) = server.asked(Op.CANCEL_SUBSCRIPTION)
    assert ended.groups[0].get(r.notify_subscription_id) == 1


async def test_dropped_events_are_told_as_a_gap_at_once(server: ScriptedServer) -> None:
    server.on(Op.GET_NOTIFICATIONS, burst(1), burst(5))
    assert numbers(await first(server, 3)) == [1, "3 events were missed.", 5]


async def test_lost_connection_is_told_and_reading_goes_on_at_the_next_number(server: ScriptedServer) -> None:
    server.on(Op.GET_NOTIFICATIONS, burst(1), drop, drop, drop, burst(), burst(1, 2))
    told: list[str] = []
    async with Client(server.uri) as client, asyncio.timeout(20):
        events = client.events(pace=QUICK, on_connection=told.append)
        assert numbers([await anext(events), await anext(events)]) == [1, 2]
        await events.aclose()
    assert ["lost" in one for one in told] == [True, False]
    assert told[-1] == ""
    assert asked_from(server)[-1] == 2
    assert len(server.asked(Op.CREATE_PRINTER_SUBSCRIPTIONS)) == 1


async def test_server_that_forgot_the_subscription_gets_another_and_that_is_told(
    server: ScriptedServer,
) -> None:
    server.on(Op.GET_NOTIFICATIONS, burst(1, 2), failed(Status.CLIENT_ERROR_NOT_FOUND), burst(1))
    found = await first(server, 4)
    assert numbers(found)[:2] == [1, 2]
    assert found[2] == Gap()
    assert numbers(found)[3] == 1  # the new one counts anew
    assert asked_from(server) == [1, 3, 1]


async def test_ended_subscription_of_a_printer_is_made_anew(server: ScriptedServer) -> None:
    over = answer(status=Status.SUCCESSFUL_OK_EVENTS_COMPLETE)
    server.on(Op.GET_NOTIFICATIONS, burst(1), over, burst(1))
    assert numbers(await first(server, 3))[0::2] == [1, 1]
    assert len(server.asked(Op.CREATE_PRINTER_SUBSCRIPTIONS)) == 2


async def test_lease_is_renewed_before_it_ends_also_while_nothing_happens(server: ScriptedServer) -> None:
    renewed = asyncio.Event()

    async def wait(request: web.Request, message: Message) -> web.StreamResponse:
        kind = {"Content-Type": 'multipart/related; type="application/ipp"; boundary="cut"'}
        response = web.StreamResponse(headers=kind)
        await response.prepare(request)
        head = b"--cut\r\nContent-Type: application/ipp\r\n\r\n"
        await response.write(head + encode(burst(operation=())) + b"\r\n")
        await renewed.wait()
        await response.write(head + encode(burst(1, operation=())) + b"\r\n--cut--\r\n")
        return response

    async def renew(request: web.Request, message: Message) -> web.StreamResponse:
        renewed.set()
        return web.Response(body=encode(answer()), content_type="application/ipp")

    short = Group.of(GroupTag.SUBSCRIPTION, r.notify_subscription_id(1), r.notify_lease_duration(1))
    server.on(Op.CREATE_PRINTER_SUBSCRIPTIONS, answer(short))
    server.on(Op.GET_NOTIFICATIONS, wait)
    server.on(Op.RENEW_SUBSCRIPTION, renew)
    assert numbers(await first(server, 1)) == [1]
    (asked,) = server.asked(Op.RENEW_SUBSCRIPTION)
    wish = asked.group(GroupTag.SUBSCRIPTION)
    assert wish is not None
    assert wish.get(r.notify_lease_duration) == 3600


async def test_events_of_a_job_end_with_it(server: ScriptedServer) -> None:
    done = answer(event(2, JobState.COMPLETED), status=Status.SUCCESSFUL_OK_EVENTS_COMPLETE)
    server.on(Op.GET_NOTIFICATIONS, burst(1), done)
    server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.COMPLETED))
    assert numbers(await first(server, 100, scope=7)) == [1, 2]
    assert not server.asked(Op.CANCEL_SUBSCRIPTION)  # it went with the job


async def test_job_that_only_stopped_is_not_over_whatever_the_server_says(server: ScriptedServer) -> None:
    """CUPS 2.4 answers successful-ok-events-complete for processing-stopped, too (scheduler/ipp.c)."""
    stopped = answer(event(1, JobState.PROCESSING_STOPPED), status=Status.SUCCESSFUL_OK_EVENTS_COMPLETE)
    done = answer(event(2, JobState.COMPLETED), status=Status.SUCCESSFUL_OK_EVENTS_COMPLETE)
    server.on(Op.GET_NOTIFICATIONS, stopped, done)
    server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.PROCESSING_STOPPED), job(JobState.COMPLETED))
    assert numbers(await first(server, 100, scope=7)) == [1, 2]


async def test_job_that_was_finished_while_we_were_away_ends_its_events(server: ScriptedServer) -> None:
    server.on(Op.CREATE_JOB_SUBSCRIPTIONS, SUBSCRIBED, failed(Status.CLIENT_ERROR_NOT_POSSIBLE))
    server.on(Op.GET_NOTIFICATIONS, burst(1), failed(Status.CLIENT_ERROR_NOT_FOUND))
    assert numbers(await first(server, 100, scope=7))[0] == 1


async def test_another_jobs_and_printers_events_are_left_out_without_a_gap(server: ScriptedServer) -> None:
    """CUPS 2.4 sends a job's subscriber other jobs' events, and a printer's those of other printers."""
    foreign = event(2, JobState.COMPLETED, number=8)
    server.on(Op.GET_NOTIFICATIONS, answer(event(1, JobState.PENDING), foreign, event(3, JobState.PENDING)))
    assert numbers(await first(server, 2, scope=7)) == [1, 3]
    other = r.notify_printer_uri("ipp://localhost/printers/Other")
    mine = r.notify_printer_uri("ipp://localhost/printers/Office")
    server.on(
        Op.GET_NOTIFICATIONS,
        answer(event(1, JobState.PENDING, other), event(2, JobState.PENDING, mine), operation=(NOW,)),
    )
    async with Client(f"ipp://127.0.0.1:{server.port}/printers/Office") as client, asyncio.timeout(20):
        assert (await anext(client.events(pace=QUICK))).text == ""
    assert asked_from(server)[-1] == 1


async def test_events_that_the_server_does_not_know_are_an_error_and_leave_no_subscription(
    server: ScriptedServer,
) -> None:
    ignored = r.notify_status_code(Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES)
    told = (r.notify_subscription_id(1), ignored, r.notify_events("job-eaten"))
    server.on(Op.CREATE_PRINTER_SUBSCRIPTIONS, answer(Group.of(GroupTag.SUBSCRIPTION, *told)))
    server.on(Op.CANCEL_SUBSCRIPTION, answer())
    async with Client(server.uri) as client:
        with pytest.raises(Unsupported, match="no event called job-eaten") as refused:
            await anext(client.events("printer", "job-eaten"))
    assert refused.value.unsupported == ("notify-events",)
    assert len(server.asked(Op.CANCEL_SUBSCRIPTION)) == 1


async def test_refusal_is_raised(server: ScriptedServer) -> None:
    server.on(Op.CREATE_PRINTER_SUBSCRIPTIONS, failed(Status.CLIENT_ERROR_NOT_AUTHORIZED))
    with pytest.raises(NotAllowed):
        await first(server, 1)
    server.on(Op.CREATE_PRINTER_SUBSCRIPTIONS, failed(Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED))
    with pytest.raises(Unsupported):
        await first(server, 1)


async def test_patience_has_an_end(server: ScriptedServer) -> None:
    server.on(Op.GET_NOTIFICATIONS, burst(1), drop)
    with pytest.raises(ConnectionFailed):
        await first(server, 9, pace=Pace(quick=0.001, retry=0.001, retry_most=0.002, patience=0.02))


async def test_client_that_closes_ends_what_nobody_read_to_its_end(server: ScriptedServer) -> None:
    server.on(Op.GET_NOTIFICATIONS, burst(1, 2, 3))
    async with Client(server.uri) as client:
        async for _ in client.events(pace=QUICK):
            break
    assert len(server.asked(Op.CANCEL_SUBSCRIPTION)) == 1


async def test_own_subscription_is_taken_up_after_a_number_and_left_alone(server: ScriptedServer) -> None:
    server.on(Op.GET_NOTIFICATIONS, burst(5, 6))
    async with Client(server.uri) as client:
        events = client.events(subscription=Subscription(1), after=4, pace=QUICK)
        assert numbers([await anext(events), await anext(events)]) == [5, 6]
        await events.aclose()
    assert asked_from(server) == [5]
    assert not server.asked(Op.CREATE_PRINTER_SUBSCRIPTIONS)
    assert not server.asked(Op.CANCEL_SUBSCRIPTION)


async def test_job_that_does_not_exist_is_an_error_and_not_an_end(server: ScriptedServer) -> None:
    server.on(Op.CREATE_JOB_SUBSCRIPTIONS, failed(Status.CLIENT_ERROR_NOT_FOUND))
    async with Client(server.uri) as client:
        with pytest.raises(NotFound):
            await anext(client.events(99, pace=QUICK))


async def test_what_is_no_scope_is_said_so(server: ScriptedServer) -> None:
    async with Client(server.uri) as client:
        for wrong in ("PDF", client):
            with pytest.raises(ValueError, match="is no scope: that is 'printer', 'server'"):
                await anext(client.events(wrong))  # type: ignore[arg-type]


async def test_end_of_a_subscription_that_was_chosen_is_told_and_no_other_made(
    server: ScriptedServer,
) -> None:
    server.on(Op.GET_NOTIFICATIONS, burst(5), failed(Status.CLIENT_ERROR_NOT_FOUND))
    async with Client(server.uri) as client:
        events = client.events(subscription=Subscription(9), after=4, pace=QUICK)
        assert isinstance(await anext(events), Notification)
        with pytest.raises(NotFound):
            await anext(events)
    assert server.asked(Op.CREATE_PRINTER_SUBSCRIPTIONS) == []


async def test_servers_events_come_from_its_system_object(server: ScriptedServer) -> None:
    server.on(Op.CREATE_SYSTEM_SUBSCRIPTIONS, SUBSCRIBED)
    server.on(Op.GET_NOTIFICATIONS, burst(1))
    await first(server, 1, scope="server")
    for op in (Op.CREATE_SYSTEM_SUBSCRIPTIONS, Op.GET_NOTIFICATIONS, Op.CANCEL_SUBSCRIPTION):
        (asked,) = server.asked(op)
        assert (asked.groups[0].get(r.system_uri) or "").endswith(SYSTEM_PATH)
        assert asked.groups[0].get(r.printer_uri) is None


async def test_events_of_some_printers_come_from_the_system_object_by_their_ids(
    server: ScriptedServer,
) -> None:
    """Whatever a server tells besides that does not know notify-printer-ids is left out."""
    server.on(
        Op.GET_PRINTERS,
        answer(
            *(
                Group.of(GroupTag.PRINTER, r.printer_id(number), r.printer_name(name))
                for number, name in ((1, "Office"), (2, "Lab"), (7, "Hall"))
            )
        ),
    )
    server.on(Op.CREATE_SYSTEM_SUBSCRIPTIONS, SUBSCRIBED)
    told = [
        event(number, JobState.PROCESSING, r.notify_printer_uri(f"ipp://localhost/ipp/print/{name}"))
        for number, name in enumerate(("Lab", "Office", "Hall"), 1)
    ]
    server.on(Op.GET_NOTIFICATIONS, answer(*told, operation=(r.notify_get_interval(0),)))
    found = await first(server, 2, scope=("Hall", "Lab", "Hall"))
    assert [one.printer_name for one in found if isinstance(one, Notification)] == ["Lab", "Hall"]
    (asked,) = server.asked(Op.CREATE_SYSTEM_SUBSCRIPTIONS)
    assert asked.groups[0].all(r.notify_printer_ids) == [2, 7]
    async with Client(server.uri) as client:
        with pytest.raises(NotFound, match="no printer Moon"):
            await client.create_subscription("job-completed", scope=("Hall", "Moon"))


async def test_server_without_system_object_is_asked_at_its_root(server: ScriptedServer) -> None:
    server.on(Op.GET_NOTIFICATIONS, burst(1))
    await first(server, 1, scope="server")
    (asked,) = server.asked(Op.CREATE_PRINTER_SUBSCRIPTIONS)
    assert asked.groups[0].get(r.printer_uri) == f"ipp://127.0.0.1:{server.port}/"


async def test_subscriptions_come_in_pages_with_their_scopes(server: ScriptedServer) -> None:
    groups = [
        Group.of(GroupTag.SUBSCRIPTION, r.notify_subscription_id(n), *more)
        for n, more in (
            (9, (r.notify_printer_uri("ipp://localhost/printers/Office"), r.notify_job_id(3))),
            (4, (r.notify_printer_uri("ipp://localhost/printers/Office"), r.notify_lease_duration(60))),
            (5, ()),
        )
    ]
    server.on(Op.GET_SUBSCRIPTIONS, answer(*groups))
    async with Client(server.uri) as client:
        found = await client.subscriptions()
        assert [(one.id, one.scope, one.printer_name) for one in found] == [
            (4, "printer", "Office"),
            (5, "server", ""),
            (9, "job", "Office"),
        ]
        assert [one.id for one in await client.subscriptions(limit=2, first=2)] == [5, 9]
    asked = server.asked(Op.GET_SUBSCRIPTIONS)[-1].groups[0]
    assert (asked.get(r.limit), asked.get(r.my_subscriptions)) == (3, True)
    assert asked.get(r.printer_uri) == f"ipp://127.0.0.1:{server.port}/"


async def test_sync_client_reads_events(server: ScriptedServer) -> None:
    server.on(Op.GET_NOTIFICATIONS, burst(1, 2))

    def work() -> list[str]:
        with SyncClient(server.uri) as client:
            found = client.events(pace=QUICK)
            return [next(found).text, next(found).text]

    assert await asyncio.to_thread(work) == ["", ""]
    assert len(server.asked(Op.CANCEL_SUBSCRIPTION)) == 1
