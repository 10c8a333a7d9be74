"""Push delivery: what has happened since its cursor goes to each recipient, in order, until it is taken.

A push subscription is like any other a place in the event log. Only while there is news for it does it have a task,
which reads on from the number that its recipient has been told of last, as any reader does. That number is stored
after each batch: what was under way when the server went down is taken there once more, by the same numbers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakValueDictionary

from pagebell.model.errors import NoRoom, NotFound, Unsupported, UnsupportedScheme
from pagebell.model.event import Event
from pagebell.model.subscription import Filter, Subscription, SubscriptionId
from pagebell.spooler.audience import Audience
from pagebell.spooler.backoff import Backoff
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.ports import Change, Courier, Parcel, Undelivered
from pagebell.spooler.reading import Batch

log = logging.getLogger(__name__)

BATCH: Final = 32
"""Notifications that are read, and afterwards noted as delivered, together."""
LANE_WIDTH: Final = 32
"""Parcels that are under way to one host at one time."""
LANE_WIDTH_AGAIN: Final = 4
"""Those besides that have been refused before."""
MOST_AT_ONCE: Final = 256
"""Parcels that are under way in all, and so many that have been refused before."""
LONGEST_WAIT: Final = 300.0
"""Seconds between two attempts, at most."""
LONGEST_ASKED: Final = 86_400.0
"""The same where a recipient asks for so much."""

Drop = Callable[[Sequence[SubscriptionId]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a recipient does not get what there is for it."""

    message: str
    """In a line, without anything secret."""
    since: float
    attempts: int = 0
    """How often it was tried."""
    next_attempt: float | None = None
    """When it will be tried again; None when it won't."""


class _Lane(asyncio.Semaphore):
    """The way to a host, for a few parcels at a time."""


class Deliveries:
    """All push deliveries. Lives in the event loop's thread; `start` comes after the log is restored."""

    def __init__(self, ledger: Ledger, couriers: Sequence[Courier], drop: Drop) -> None:
        self._ledger = ledger
        self._drop = drop
        self._couriers = {scheme: courier for courier in couriers for scheme in courier.schemes}
        self._all = couriers
        self._audience: Audience[SubscriptionId] = Audience()
        self._filters: dict[SubscriptionId, Filter] = {}
        self._tasks: dict[SubscriptionId, asyncio.Task[None]] = {}
        self._news: set[SubscriptionId] = set()
        self._cursors: dict[SubscriptionId, int] = {}
        """What has been delivered and not been stored yet."""
        self._lanes: WeakValueDictionary[tuple[str, bool], _Lane] = WeakValueDictionary()
        self._under_way = {again: asyncio.Semaphore(MOST_AT_ONCE) for again in (False, True)}
        """Who hangs, hangs among its like: what has failed once goes by ways of its own."""
        self._troubles: dict[SubscriptionId, Trouble] = {}
        self._group: asyncio.TaskGroup | None = None

    # --- recipients ---

    @property
    def schemes(self) -> tuple[str, ...]:
        """URI schemes of recipients (notify-schemes-supported)."""
        return tuple(sorted(self._couriers))

    def check(self, uri: str) -> None:
        """Raise UnsupportedScheme or Unsupported where nothing is taken to; connects to nothing."""
        scheme = uri.partition(":")[0].lower()
        courier = self._couriers.get(scheme) if ":" in uri else None
        if courier is None:
            known = ", ".join(f"{name}:" for name in self.schemes) or "none at all"
            told = f"events are not delivered to {uri!r}; known schemes are {known}"
            raise UnsupportedScheme(told, "notify-recipient-uri")
        try:
            courier.check(uri)
        except ValueError as error:
            raise Unsupported(f"events are not delivered to {uri}: {error}", "notify-recipient-uri") from None

    # --- the life of it all ---

    def start(self, group: asyncio.TaskGroup) -> None:
        """Take up what was not delivered before the last stop."""
        self._group = group
        self._ledger.listeners.append(self._on_change)
        for subscription in self._ledger.events.subscriptions():
            if subscription.recipient:
                self._enter(subscription)

    async def stop(self) -> None:
        """End all deliveries; what is under way is told as not delivered."""
        self._group = None
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for courier in self._all:
            await courier.aclose()

    def delivered(self, number: SubscriptionId) -> int:
        """Up to which number the recipient of a subscription has been told."""
        return self._cursor(number)

    def trouble(self, number: SubscriptionId) -> Trouble | None:
        """What keeps the recipient of a subscription from its events; None for nothing that is known of."""
        return self._troubles.get(number)

    @property
    def active(self) -> int:
        """How many subscriptions have news on their way."""
        return len(self._tasks)

    # --- who has news ---

    def _on_change(self, change: Change) -> None:
        for subscription in change.subscriptions:
            if subscription.recipient:
                self._enter(subscription)
        for event in change.events:
            for number in self._audience.hearers(event):
                self._wake(number)
        for number in change.gone_subscriptions:
            self._leave(number)

    def _enter(self, subscription: Subscription) -> None:
        number = subscription.id
        self._filters[number] = subscription.filter
        self._audience.join(subscription.filter, number)
        with suppress(NotFound):
            if self._ledger.events.available(number)[1] > self._cursor(number):
                self._wake(number)

    def _leave(self, number: SubscriptionId) -> None:
        filter_ = self._filters.pop(number, None)
        if filter_ is None:
            return
        self._audience.leave(filter_, number)
        task = self._tasks.get(number)
        if task is not None and task is not asyncio.current_task():
            task.cancel()
        self._cursors.pop(number, None)
        self._troubles.pop(number, None)
        self._news.discard(number)

    def _wake(self, number: SubscriptionId) -> None:
        self._news.add(number)
        if self._group is not None and number not in self._tasks:
            self._tasks[number] = self._group.create_task(self._serve(number), name=f"delivery {number}")

    # --- delivering ---

    async def _serve(self, number: SubscriptionId) -> None:
        try:
            while number in self._news:
                self._news.discard(number)
                try:
                    await self._catch_up(number)
                except NotFound:
                    return  # it was cancelled, or its lease is over
                except Exception:
                    log.exception("the deliveries of subscription %d have come to a stop for a while", number)
                    self._news.add(number)
                    await self._ledger.clock.sleep(LONGEST_WAIT)
        finally:
            del self._tasks[number]

    async def _catch_up(self, number: SubscriptionId) -> None:
        """Deliver all that there is. Raises NotFound when the subscription has ended."""
        while True:
            subscription = self._subscription(number)
            courier = self._courier(subscription)
            batch = await self._ledger.events.read(number, self._cursor(number), BATCH)
            if courier is None or not (batch.events or batch.missed):
                return
            try:
                for events, missed in _parcels(batch, courier.at_once):
                    parcel = Parcel(subscription, events, self._cursor(number), missed)
                    await self._insist(courier, parcel)
                    self._cursors[number] = parcel.up_to
            finally:
                await self._store(number)

    async def _insist(self, courier: Courier, parcel: Parcel) -> None:
        """Try until the recipient has taken it. Raises NotFound when the subscription has ended meanwhile."""
        number = parcel.subscription.id
        backoff = Backoff(most=LONGEST_WAIT)
        while True:
            current = replace(parcel, subscription=self._subscription(number))
            try:
                await self._attempt(courier, current, again=number in self._troubles)
            except Undelivered as problem:
                if problem.gone:  # RFC 3995 9: an error that would occur each time ends the subscription
                    log.warning("subscription %d ends: %s", number, problem)
                    await self._drop([number])
                    raise NotFound(f"there is no subscription {number}") from None
                wait = max(backoff.next(), min(problem.after or 0.0, LONGEST_ASKED))
                if self._note(number, problem, wait):
                    log.warning("subscription %d: %s; trying again", number, problem)
                    await self._store(number)
                await self._ledger.clock.sleep(wait)
            else:
                if self._troubles.pop(number, None):
                    log.info("subscription %d is delivered again", number)
                return

    def _note(self, number: SubscriptionId, problem: Undelivered, wait: float) -> bool:
        """Remember what keeps a recipient from its events; tells whether it is news."""
        now = self._ledger.clock.now()
        known = self._troubles.get(number)
        since, attempts = (now, 0) if known is None else (known.since, known.attempts)
        self._troubles[number] = Trouble(str(problem), since, attempts + 1, now + wait)
        return known is None

    async def _attempt(self, courier: Courier, parcel: Parcel, *, again: bool) -> None:
        """Raises Undelivered, also for whatever else goes wrong in a courier."""
        try:
            lane = self._lane(courier, parcel.subscription.recipient, again=again)
            async with lane, self._under_way[again]:
                await courier.deliver(parcel)
        except Undelivered:
            raise
        except ValueError as error:
            raise Undelivered(str(error)) from None
        except Exception as error:
            log.exception("the courier of subscription %d failed", parcel.subscription.id)
            raise Undelivered(f"the courier failed: {type(error).__name__}") from None

    def _lane(self, courier: Courier, uri: str, *, again: bool) -> _Lane:
        name = (courier.check(uri), again)
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = _Lane(LANE_WIDTH_AGAIN if again else LANE_WIDTH)
        return lane

    def _courier(self, subscription: Subscription) -> Courier | None:
        scheme = subscription.recipient.partition(":")[0].lower()
        courier = self._couriers.get(scheme)
        if courier is None and subscription.id not in self._troubles:
            trouble = Trouble(f"{scheme}: recipients are not configured", self._ledger.clock.now())
            self._troubles[subscription.id] = trouble
            log.warning("subscription %d waits: %s", subscription.id, trouble.message)
        return courier

    def _subscription(self, number: SubscriptionId) -> Subscription:
        subscription = self._ledger.events.subscription(number)
        if subscription.expires is not None and subscription.expires <= self._ledger.clock.now():
            raise NotFound(f"the lease of subscription {number} is over")
        return subscription

    def _cursor(self, number: SubscriptionId) -> int:
        found = self._cursors.get(number)
        return self._ledger.delivered.get(number, 0) if found is None else found

    async def _store(self, number: SubscriptionId) -> None:
        """Note how far the recipient has been told, if the disk has room; if not, later notes say it as well."""
        cursor = self._cursors.get(number)
        if cursor is None or cursor == self._ledger.delivered.get(number):
            return
        try:
            await self._ledger.commit(Change(delivered=((number, cursor),)))
        except NoRoom as error:
            log.warning("how far subscription %d is delivered can't be noted: %s", number, error)
        else:
            if self._cursors.get(number) == cursor:
                del self._cursors[number]


def _parcels(batch: Batch, most: int) -> Iterator[tuple[tuple[tuple[int, Event], ...], int]]:
    """The batch in parcels; what was missed is told with the first."""
    missed = batch.missed
    found = [(one.number, one.event) for one in batch.notifications]
    for start in range(0, max(len(found), 1), most):
        yield tuple(found[start : start + most]), missed
        missed = 0
