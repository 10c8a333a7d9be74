"""Readers that wait for events at the IPP door: most are told at once, some have to be woken (RFC 3996 5.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, suppress

import pytest

from pagebell.http.push import Push
from pagebell.ipp import registry as r
from pagebell.ipp.codec import GroupTag, Message, decode, encode
from pagebell.ipp.registry import Op
from pagebell.ipp.registry import Status as S
from pagebell.model.access import SYSTEM
from pagebell.model.event import EventKind
from pagebell.model.subscription import Scope, SubscriptionId
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.policy import Policy
from tests.asking import build
from tests.unit.ipp_server.door import ORIGIN, P1, Door, principal, status


@pytest.fixture
async def d() -> AsyncIterator[Door]:
    async with Door() as door:
        yield door


class Waiter:
    """A client that waits: what it is sent at once, and what it has to be woken for."""

    def __init__(self, d: Door, *numbers: int, user: str = "ada", start: int = 1) -> None:
        self._d, self._user = d, user
        ids, first_wanted = r.notify_subscription_ids(*numbers), r.notify_sequence_numbers(start)
        self._question = build(
            Op.GET_NOTIFICATIONS, f"ipp://printer.test{P1}", ids, first_wanted, r.notify_wait(True), user=user
        )
        self.at_once: list[Message] = []
        self.woken: list[Message] = []
        self.takes = True

    async def __aenter__(self) -> Waiter:
        async def body() -> AsyncIterator[bytes]:
            yield encode(self._question)

        answer = await self._d.service.answer(body(), self._d.principal, ORIGIN)
        assert answer.more is not None, answer
        self.first = decode(answer.octets)[0]
        self._task = asyncio.create_task(self._wait(answer.more(self._pusher)))
        await self._d.clock.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def _pusher(self, before: bytes, after: bytes) -> Push:
        def push(pieces: Sequence[bytes]) -> bool:
            if self.takes:
                self.at_once.append(decode(b"".join((before, *pieces, after)))[0])
            return self.takes

        return push

    async def _wait(self, parts: AsyncGenerator[bytes]) -> None:
        async with aclosing(parts):
            async for octets in parts:
                self.woken.append(decode(octets)[0])

    @property
    def ended(self) -> bool:
        return self._task.done()


async def subscribed(d: Door, attributes: tuple[str, ...] = (), lease: int | None = None) -> int:
    wish = SubscriptionWish(
        events=frozenset({EventKind.PRINTER_STATE_CHANGED}), attributes=attributes, lease=lease
    )
    made = await d.spooler.subscriptions.create_subscription(
        wish, principal("ada"), scope=Scope(d.printer.id)
    )
    return made.id


def told_of(messages: list[Message]) -> list[tuple[int | None, str | None]]:
    groups = [group for message in messages for group in message.groups_of(GroupTag.EVENT_NOTIFICATION)]
    return [(g.get(r.notify_sequence_number), str(g.get(r.notify_text))) for g in groups]


async def test_each_waiting_reader_is_told_at_once_in_its_own_words_and_numbers(d: Door) -> None:
    wishes = [
        ("en", "utf-8", b""),
        ("de", "utf-8", b"one"),
        ("de", "us-ascii", b"two"),
        ("en", "utf-8", b"three"),
    ]
    numbers = []
    for language, charset, data in wishes:
        if len(numbers) == 3:  # the last one comes an event later
            await d.spooler.printers.pause(d.printer.name, SYSTEM)
            await d.spooler.printers.resume(d.printer.name, SYSTEM)
        wish = SubscriptionWish(
            events=frozenset({EventKind.PRINTER_STATE_CHANGED}),
            language=language,
            charset=charset,
            user_data=data,
        )
        by = principal("ada")
        made = await d.spooler.subscriptions.create_subscription(wish, by, scope=Scope(d.printer.id))
        numbers.append(made.id)
    async with AsyncExitStack() as stack:
        waiters = [
            await stack.enter_async_context(Waiter(d, n, start=3 - 2 * (n == numbers[3]))) for n in numbers
        ]
        await d.spooler.printers.pause(d.printer.name, SYSTEM)
        await d.clock.settle()
        for waiter, number, (language, charset, data) in zip(waiters, numbers, wishes, strict=True):
            (message,) = waiter.at_once
            (group,) = message.groups_of(GroupTag.EVENT_NOTIFICATION)
            assert group.get(r.notify_subscription_id) == number
            assert (group.get(r.notify_user_data) or b"") == data
            assert group.get(r.notify_sequence_number) == (1 if number == numbers[3] else 3)
            assert group.get(r.notify_charset) == message.groups[0].get(r.attributes_charset) == charset
            assert group.get(r.notify_natural_language) == language
            assert str(group.get(r.notify_text)).isascii() or charset == "utf-8"
            assert not waiter.woken
        texts = [told_of(waiter.at_once)[0][1] for waiter in waiters]
        assert texts[0] == texts[3] != texts[1]


async def test_reader_that_takes_nothing_at_once_misses_nothing_and_gets_nothing_twice(d: Door) -> None:
    number = await subscribed(d)
    async with Waiter(d, number) as waiter:
        for takes in (True, False, False, True):
            waiter.takes = takes
            await d.spooler.printers.pause(d.printer.name, SYSTEM)
            await d.spooler.printers.resume(d.printer.name, SYSTEM)
            await d.clock.settle()
        found = [n for n, _ in told_of(waiter.at_once)], [n for n, _ in told_of(waiter.woken)]
        assert sorted(found[0] + found[1]) == list(range(1, 9))
        assert {1, 2, 7, 8} <= set(found[0]) and {3, 4, 5, 6} <= set(found[1])


async def test_reader_whose_subscription_is_cancelled_is_told_that_this_is_the_end(d: Door) -> None:
    number = await subscribed(d)
    async with Waiter(d, number) as waiter:
        await d.spooler.subscriptions.unsubscribe(SubscriptionId(number), principal("ada"))
        await d.clock.settle()
        assert waiter.ended and not waiter.at_once
        assert [status(message) for message in waiter.woken] == [S.SUCCESSFUL_OK_EVENTS_COMPLETE]


@pytest.mark.parametrize(("lease", "renewed"), [(60, None), (7200, 60), (60, 7200)])
async def test_reader_is_told_at_the_second_at_which_the_lease_ends(lease: int, renewed: int | None) -> None:
    """RFC 3996 10.1, whoever else has a longer lease, and whenever the house is kept."""
    async with Door(policy=Policy(housekeeping=1e9)) as d:
        long, short = await subscribed(d), await subscribed(d, lease=lease)
        async with Waiter(d, short) as waiter, Waiter(d, long) as other:
            if renewed is not None:
                await d.clock.advance(30)
                await d.spooler.subscriptions.renew(SubscriptionId(short), renewed, principal("ada"))
            await d.clock.advance((renewed or lease) - 0.5)
            assert not waiter.ended and not waiter.woken
            await d.clock.advance(0.5)
            assert waiter.ended and not other.ended
            assert [status(message) for message in waiter.woken] == [S.SUCCESSFUL_OK_EVENTS_COMPLETE]


async def test_client_that_reads_no_parts_is_answered_before_it_gives_up(d: Door) -> None:
    """libcups does after 30 seconds; without any event it is told when to come back (RFC 3996 5.2)."""
    ids = r.notify_subscription_ids(await subscribed(d))
    question = build(Op.GET_NOTIFICATIONS, f"ipp://printer.test{P1}", ids, r.notify_wait(True))

    async def body() -> AsyncIterator[bytes]:
        yield encode(question)

    answer = await d.service.answer(body(), d.principal, ORIGIN, reads_parts=False)
    assert answer.later is not None
    waiting = asyncio.ensure_future(answer.later)
    await d.clock.advance(15)
    assert not waiting.done()
    await d.clock.advance(10)
    message = decode(await waiting)[0]
    assert status(message) is S.SUCCESSFUL_OK
    assert message.groups[0].get(r.notify_get_interval) == 300


async def test_reader_of_several_goes_on_with_the_others_when_one_ends(d: Door) -> None:
    one, two = await subscribed(d), await subscribed(d)
    async with Waiter(d, one, two) as waiter:
        for ending in (one, two):
            await d.spooler.printers.pause(d.printer.name, SYSTEM)
            await d.spooler.printers.resume(d.printer.name, SYSTEM)
            await d.clock.settle()
            assert not waiter.ended
            await d.spooler.subscriptions.unsubscribe(SubscriptionId(ending), principal("ada"))
            await d.clock.settle()
        assert waiter.ended
        assert status(waiter.woken[-1]) is S.SUCCESSFUL_OK_EVENTS_COMPLETE
        told: dict[int | None, list[int | None]] = {}
        for message in (waiter.first, *waiter.at_once, *waiter.woken):
            for group in message.groups_of(GroupTag.EVENT_NOTIFICATION):
                found = told.setdefault(group.get(r.notify_subscription_id), [])
                found.append(group.get(r.notify_sequence_number))
        assert told == {one: [1, 2], two: [1, 2, 3, 4]}


async def test_reader_with_attributes_of_its_own_is_woken_and_gets_them(d: Door) -> None:
    number = await subscribed(d, attributes=("printer-info",))
    async with Waiter(d, number) as waiter:
        await d.spooler.printers.pause(d.printer.name, SYSTEM)
        await d.clock.settle()
        assert not waiter.at_once
        (group,) = waiter.woken[0].groups_of(GroupTag.EVENT_NOTIFICATION)
        assert group.get(r.printer_info) == "p1"
