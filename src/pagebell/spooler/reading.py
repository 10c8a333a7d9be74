"""What readers of the event log get, and how they wait for it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Final, NamedTuple, Protocol

from pagebell.model.event import Event
from pagebell.model.subscription import Subscription, SubscriptionId

log = logging.getLogger(__name__)
_AT_ONCE: Final = 100
"""Readers told in one turn of the loop: between them others are served."""


class Notification(NamedTuple):
    """An event as one subscription's n-th (`number` is its notify-sequence-number)."""

    number: int
    event: Event


class Batch(NamedTuple):
    """What a reader gets: events in order; `missed` of them were dropped before the first.

    Readers that are told the same have the same tuple of events.
    """

    subscription: Subscription
    first: int
    """The number of the first one."""
    events: tuple[Event, ...]
    missed: int = 0
    complete: bool = False
    """No more will come: the subscription's job is finished, and this reaches its end."""

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """The events with their numbers."""
        return tuple(map(Notification, count(self.first), self.events))

    @property
    def last(self) -> int:
        """Number of the last one, to read on from; where there is none, of the last before them."""
        return self.first + len(self.events) - 1


class Turns:
    """Readers that are told of news one after the other, some in each turn of the loop."""

    def __init__(self) -> None:
        self._due: deque[Watch] = deque()

    def add(self, watch: Watch) -> None:
        """Its turn will come."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._next)
        self._due.append(watch)

    def _next(self) -> None:
        for _ in range(min(_AT_ONCE, len(self._due))):
            self._due.popleft().tell()
        if self._due:
            asyncio.get_running_loop().call_soon(self._next)


class Log(Protocol):
    """What is read."""

    def has_news(self, number: SubscriptionId, after: int) -> bool:
        """Whether there is something to tell above that number, or nothing will come any more."""
        ...

    def at_hand(self, number: SubscriptionId, after: int) -> Batch | None:
        """All above that number; None where it takes time to find, or is more than events or the end of them."""
        ...


class Watch:
    """A reader that waits, again and again.

    One that waits for one subscription and can tell its events at once by `told` need not be woken for them: that is
    called in the loop, and says whether it told them.
    """

    __slots__ = ("_cursors", "_is_due", "_log", "_turns", "_waiter", "told")

    def __init__(self, cursors: dict[SubscriptionId, int], log: Log, turns: Turns) -> None:
        self._cursors, self._log, self._turns = cursors, log, turns
        self._waiter: asyncio.Future[None] | None = None
        self._is_due = False
        self.told: Callable[[Batch], bool] | None = None

    def wake(self) -> None:
        """Something happened that may concern it."""
        if self._waiter is None or self._is_due or self._waiter.done():
            return
        if self.told is None:
            self._waiter.set_result(None)
        else:
            self._is_due = True
            self._turns.add(self)

    def tell(self) -> None:
        """Its turn has come; it is woken only for what it can't tell here and now."""
        self._is_due = False
        if self.told is None or self._waiter is None or self._waiter.done():
            return
        ((number, after),) = self._cursors.items()
        try:
            batch = self._log.at_hand(number, after)
            if batch is not None and (not batch.events or self.told(batch)):
                self._cursors[number] = after + len(batch.events)
                return
        except Exception:
            log.exception("internal error while a reader was told of news")
        self._waiter.set_result(None)

    async def news(self) -> None:
        """Return when one of its subscriptions can be read on from its number, has ended, or the server goes down."""
        has_news = self._log.has_news
        while not any(has_news(number, after) for number, after in self._cursors.items()):
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
