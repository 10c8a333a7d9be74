"""The log is read by its own numbers, from any place on, by readers that cost nothing while nothing happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pagebell.model.access import SYSTEM, Principal
from pagebell.model.errors import NotAuthorized, NotFound, ServiceStopping, TooMany
from pagebell.model.event import EventKind, JobId, PrinterName
from pagebell.model.subscription import SERVER, Filter, Scope
from pagebell.spooler import feed as module
from pagebell.spooler.feed import Reader
from pagebell.spooler.policy import Policy
from tests.unit.spooler.stage import ADA, ALL, BOB, ID1, ID2, P1, P2, Stage

CREATED = frozenset({EventKind.JOB_CREATED})


@pytest.fixture
async def s() -> AsyncIterator[Stage]:
    async with Stage(policy=Policy(housekeeping=1e9, event_life=60.0, max_readers=3)) as stage:
        yield stage


async def drain(reader: Reader) -> list[int]:
    """The numbers of all that there is to read."""
    found = []
    while reader.is_behind:
        found += [event.seq for event in (await reader.read()).events]
    return found


def wanted(s: Stage, scope: Scope, kinds: frozenset[EventKind], after: int = 0) -> list[int]:
    """The numbers of all that befell it: nothing befalls a job before it is created, and none that is finished."""
    filter_, found, lives = Filter.of(scope, kinds), [], scope.job is None
    for event in s.store.history:
        if scope.job is not None and event.job == scope.job:
            lives = event.kind is not EventKind.JOB_COMPLETED
        befalls = lives or event.job == scope.job
        found += [event.seq] * (befalls and filter_.matches(event) and event.seq > after)
    return found


@pytest.mark.parametrize("chunk", [1, 3, 500])
async def test_reader_has_every_event_of_its_scope_once_and_in_order(
    s: Stage, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", chunk)
    await s.add(P2)
    job = await s.submit()
    for scope in (SERVER, Scope(ID1), Scope(ID2), Scope(ID1, job), Scope.of_printers([ID1, ID2])):
        with await s.spooler.feed.open(scope, ALL, SYSTEM, after=0) as reader:
            found = await drain(reader)
            await s.submit(printer=P2)
            s.device.finish()
            await s.clock.settle()
            await s.submit()
            found += await drain(reader)
            assert found == wanted(s, scope, ALL)
            assert await drain(reader) == []


@pytest.mark.parametrize("chunk", [1, 500])
async def test_nothing_befalls_a_job_that_is_finished(
    s: Stage, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not through its printer either (RFC 3995 5.3.3.5.1), from wherever one reads; but one that is restarted lives."""
    monkeypatch.setattr(module, "CHUNK", chunk)
    job = await s.submit()
    scope, start = Scope(ID1, job), s.spooler.feed.newest
    with await s.spooler.feed.open(scope, ALL, SYSTEM) as live:
        heard = await drain(live)
        for step in (s.device.finish, None, s.device.finish):
            if step is not None:
                step()
            else:
                await s.spooler.jobs.restart(job, SYSTEM)
            await s.clock.settle()
            await s.spooler.printers.pause(P1, SYSTEM)
            await s.spooler.printers.resume(P1, SYSTEM)
            await s.clock.settle()
            heard += await drain(live)
    finished = [event.seq for event in s.store.history if event.kind is EventKind.JOB_COMPLETED]
    assert len(finished) == 2
    assert heard == wanted(s, scope, ALL, after=start)
    assert max(heard) == finished[-1] < s.spooler.feed.newest
    for place in range(s.spooler.feed.newest + 1):
        with await s.spooler.feed.open(scope, ALL, SYSTEM, after=place) as reader:
            assert await drain(reader) == wanted(s, scope, ALL, after=place), place


async def test_reader_goes_on_where_another_was_also_after_a_restart(s: Stage) -> None:
    await s.submit()
    with await s.spooler.feed.open(SERVER, CREATED, SYSTEM, after=0) as reader:
        assert await drain(reader) == wanted(s, SERVER, CREATED)
        place = reader.place
    await s.submit()
    await s.restart()
    await s.submit()
    with await s.spooler.feed.open(SERVER, CREATED, SYSTEM, after=place) as reader:
        assert await drain(reader) == wanted(s, SERVER, CREATED, after=place)
        assert len(wanted(s, SERVER, CREATED, after=place)) == 2


async def test_without_a_place_it_reads_what_happens_from_now_on(s: Stage) -> None:
    await s.submit()
    with await s.spooler.feed.open(SERVER, CREATED, SYSTEM) as reader:
        assert not reader.is_behind
        await s.submit()
        assert len(await drain(reader)) == 1


async def test_place_moves_on_while_nothing_concerns_the_reader(s: Stage) -> None:
    await s.add(P2)
    with await s.spooler.feed.open(Scope(ID2), CREATED, SYSTEM) as reader:
        await s.submit()
        assert reader.place == s.spooler.feed.newest
        assert not reader.is_behind
        await s.submit(printer=P2)
        number = wanted(s, Scope(ID2), CREATED)[-1]
        assert reader.place == number - 1
        assert await drain(reader) == [number]


async def test_what_left_the_log_is_told(s: Stage) -> None:
    await s.submit()
    await s.submit()
    newest = s.spooler.feed.newest
    await s.clock.advance(120)
    await s.spooler.tidy()
    await s.submit()
    with await s.spooler.feed.open(SERVER, CREATED, SYSTEM, after=1) as reader:
        passage = await reader.read()
        assert passage.dropped == newest - 1
        assert [event.seq for event in passage.events] == wanted(s, SERVER, CREATED)[-1:]
        assert (await reader.read()).dropped == 0


async def test_all_that_was_dropped_is_told_where_nothing_is_left(s: Stage) -> None:
    await s.submit()
    newest = s.spooler.feed.newest
    await s.clock.advance(120)
    await s.spooler.tidy()
    with await s.spooler.feed.open(SERVER, ALL, SYSTEM, after=1) as reader:
        assert (await reader.read()).dropped == newest - 1


async def test_place_from_another_servers_future_is_taken_for_now(s: Stage) -> None:
    with await s.spooler.feed.open(SERVER, CREATED, SYSTEM, after=10**9) as reader:
        await s.submit()
        assert len(await drain(reader)) == 1


async def test_waiting_ends_with_news_of_its_own_only(s: Stage) -> None:
    await s.add(P2)
    with await s.spooler.feed.open(Scope(ID2), CREATED, SYSTEM) as reader:
        waiting = asyncio.ensure_future(reader.wait())
        await s.submit()
        assert not waiting.done()
        await s.submit(printer=P2)
        assert waiting.done()


async def test_readers_are_woken_now_and_then_to_tell_that_they_live(s: Stage) -> None:
    with await s.spooler.feed.open(SERVER, CREATED, SYSTEM) as reader:
        for _ in range(2):
            waiting = asyncio.ensure_future(reader.wait())
            await s.clock.advance(module.HEARTBEAT)
            assert waiting.done()
            assert (await reader.read()).events == ()


async def test_waiting_ends_when_the_server_goes_down(s: Stage) -> None:
    with await s.spooler.feed.open(SERVER, CREATED, SYSTEM) as reader:
        waiting = asyncio.ensure_future(reader.wait())
        await s.clock.settle()
        s.spooler.begin_stop()
        await s.clock.settle()
        assert waiting.done()
        with pytest.raises(ServiceStopping):
            await s.spooler.feed.open(SERVER, CREATED, SYSTEM)


async def test_readers_are_counted_and_their_places_are_free_at_once(s: Stage) -> None:
    readers = [await s.spooler.feed.open(SERVER, CREATED, SYSTEM) for _ in range(3)]
    with readers[0], readers[1]:
        with readers[2], pytest.raises(TooMany):
            await s.spooler.feed.open(SERVER, CREATED, SYSTEM)
        assert len(s.spooler.feed) == 2
        await s.spooler.feed.open(SERVER, CREATED, SYSTEM)


async def test_scope_is_for_those_who_may_subscribe_to_it(s: Stage) -> None:
    job = await s.submit(by=ADA)
    for number, by, fact in [
        (job, BOB, NotAuthorized),
        (JobId(99), ADA, NotFound),
    ]:
        with pytest.raises(fact):
            await s.spooler.feed.open(Scope(ID1, number), CREATED, by)
    with pytest.raises(NotFound):
        await s.spooler.feed.open(Scope(PrinterName("nowhere")), CREATED, ADA)
    with pytest.raises(NotAuthorized):
        await s.spooler.feed.open(SERVER, CREATED, Principal("eve", rights=frozenset()))
    assert await s.spooler.feed.open(Scope(ID1, job), CREATED, ADA)
