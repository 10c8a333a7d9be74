"""Use cases of subscriptions: one object for a printer's, a job's and the server's events."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from pagebell.model.access import Principal, Right
from pagebell.model.errors import NotFound, TooMany, WrongState
from pagebell.model.event import ResourceId
from pagebell.model.subscription import Scope, Subscription, SubscriptionId
from pagebell.spooler.deliveries import Deliveries
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.ports import Change, Conflict, Courier
from pagebell.spooler.reading import Batch, Watch

_AT_ONCE: Final = 2000
"""Events, or subscriptions, that are looked after in one transaction."""
MOST_LISTED: Final = 10_000
"""Subscriptions on one page."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some subscriptions by id; `next` is where the page after begins, None on the last."""

    subscriptions: tuple[Subscription, ...]
    next: SubscriptionId | None = None


class Subscriptions:
    """Everything that can be done with subscriptions."""

    def __init__(self, ledger: Ledger, couriers: Sequence[Courier] = ()) -> None:
        self._ledger = ledger
        self.deliveries = Deliveries(ledger, couriers, self.drop)
        self._trimming = asyncio.Lock()
        self._renewing: Counter[SubscriptionId] = Counter()
        """How often a subscription is just being renewed: it does not end by a lease that is none any more."""

    async def create_subscription(
        self, wish: SubscriptionWish, by: Principal, *, scope: Scope
    ) -> Subscription:
        """Begin to count the events of a printer, a job, a resource or the server for somebody.

        A job's are for its owner and operators (RFC 3995 11.1.1); of a printer and the server everybody hears who
        may print. Raises NotFound for an unknown one, WrongState for a finished job or resource, TooMany,
        NotAuthorized.
        """
        created = await self.create_subscriptions([wish], by, scope=scope)
        if not created:
            raise TooMany("the server has as many subscriptions as it may have; please try again later")
        return created[0]

    async def create_subscriptions(
        self, wishes: Sequence[SubscriptionWish], by: Principal, *, scope: Scope
    ) -> tuple[Subscription, ...]:
        """As `create_subscription`, several at once: as many of them as there is room for, the first ones first."""
        by.demand(Right.MANAGE_OWN)
        if scope.job is not None:
            job = await self._ledger.job(scope.job)
            by.demand_own(job.owner)
            if job.state.is_final:
                raise WrongState(f"job {job.id} is finished: nothing will happen to it")
            scope = Scope(job.printer_id, job.id)
        elif scope.resource is not None:
            self._refuse_over(scope.resource)
        self._ledger.know_printers(scope)
        granted = self.of_new(scope, wishes, by)
        if granted:
            try:
                await self._ledger.commit(Change(subscriptions=granted))
            except Conflict:
                raise NotFound("what it is about has gone meanwhile") from None
            finally:
                self.leave_places(granted)
        return tuple(self._ledger.events.subscription(subscription.id) for subscription in granted)

    def _refuse_over(self, number: ResourceId) -> None:
        """Raise NotFound; WrongState for a resource that is over (PWG 5100.22 6.2.2)."""
        resource = self._ledger.resources.get(number)
        if resource is None:
            raise NotFound(f"there is no resource {number}")
        if resource.is_over:
            raise WrongState(f"resource {number} is over: nothing will happen to it")

    def of_new(
        self, scope: Scope, wishes: Sequence[SubscriptionWish], by: Principal
    ) -> tuple[Subscription, ...]:
        """The subscriptions to be stored, also with a new object: as many as there is room for (RFC 3995 11.1.3).

        They have their places from now on, until `leave_places`.
        """
        granted = tuple(self._grant(scope, wish, by) for wish in wishes[: self.room])
        self._ledger.subscription_places.take([one.id for one in granted])
        return granted

    def leave_places(self, granted: Sequence[Subscription]) -> None:
        """These have been stored, or will not be: no places are kept for them any more."""
        self._ledger.subscription_places.leave(one.id for one in granted)

    @property
    def room(self) -> int:
        """How many more there can be."""
        return self._ledger.subscription_places.free

    async def renew(self, number: SubscriptionId, lease: int | None, by: Principal) -> Subscription:
        """Let it live `lease` seconds from now. Raises NotFound, NotAuthorized; WrongState for a job's."""
        old = self.subscription(number, by)
        if old.scope.job is not None:
            raise WrongState(f"subscription {number} lives as long as its job")
        granted = self._lease(lease)
        expires = self._ledger.clock.now() + granted if granted else None
        new = replace(old, lease=granted, expires=expires)
        self._renewing[number] += 1
        try:
            await self._ledger.commit(Change(renewed=(new,)))
        except Conflict:
            raise NotFound(f"there is no subscription {number}") from None
        finally:
            self._renewing[number] -= 1
            self._renewing = +self._renewing
        return new

    async def unsubscribe(self, number: SubscriptionId, by: Principal) -> None:
        """End it. Raises NotFound, NotAuthorized."""
        self.subscription(number, by)
        await self.drop([number])

    async def drop(self, numbers: Sequence[SubscriptionId]) -> None:
        """End those that exist, whoever they belong to."""
        await self._ledger.commit(Change(gone_subscriptions=tuple(numbers)))

    async def end_leases(self) -> None:
        """End those whose lease has run out, those of jobs that are long finished, and of printers that are gone."""
        while True:
            now = self._ledger.clock.now()
            over = self._ledger.events.over(now, now - self._ledger.policy.event_life)
            renewing = over & self._renewing.keys()
            if over > renewing:
                await self.drop(sorted(over - renewing))
            if not renewing:
                return
            await self._ledger.commit(Change())  # what was on its way before is stored then

    async def trim(self, up_to: int) -> None:
        """Let the events up to that number leave the log; subscriptions keep count of what was theirs.

        It is done bit by bit, so that nobody waits long for the store. Those of finished jobs end with their last
        event.
        """
        events = self._ledger.events
        async with self._trimming:
            if ended := events.ending(up_to):
                await self.drop(ended)
            while bases := events.unsettled(up_to, _AT_ONCE):
                await self._ledger.commit(Change(bases=bases))
            while events.trimmed_up_to < up_to:
                step = min(up_to, events.trimmed_up_to + _AT_ONCE)
                counts, bases = events.plan_trim(step)
                await self._ledger.commit(Change(trim=step, counts=counts, bases=bases))

    def subscription(self, number: SubscriptionId, by: Principal) -> Subscription:
        """Raises NotFound (also when its lease has run out) and NotAuthorized."""
        subscription = self._ledger.events.subscription(number)
        self._check(subscription, by)
        return subscription

    def _check(self, subscription: Subscription, by: Principal) -> None:
        if self._is_over(subscription):
            raise NotFound(f"there is no subscription {subscription.id}")
        by.demand_own(subscription.owner)

    def list(
        self,
        by: Principal,
        *,
        scope: Scope | None = None,
        owner: str | None = None,
        after: int = 0,
        limit: int = MOST_LISTED,
    ) -> Page:
        """Those that `by` may see, by id: of one scope and one owner where given, else of all.

        `after` is the `next` of the page before.
        """
        limit = max(1, min(limit, MOST_LISTED))
        if not by.may(Right.MANAGE_ALL):
            if owner not in (None, by.name):
                return Page(())
            owner = by.name
        candidates = self._ledger.events.select(scope=scope, owner=owner, after=after)
        seen = (s for s in candidates if not self._is_over(s) and by.owns(s.owner))
        found = tuple(islice(seen, limit + 1))
        return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)

    def of_system(self) -> Sequence[Scope]:
        """The scopes of what is subscribed to at the server itself: all that it has, and some printers together."""
        return self._ledger.events.of_system()

    def count(self, scope: Scope) -> int:
        """How many subscriptions a printer, a job or the server has, whoever they belong to: anybody may know."""
        return self._ledger.events.count(scope)

    async def read(
        self, number: SubscriptionId, by: Principal, after: int = 0, limit: int = 100, *, wait: bool = False
    ) -> Batch:
        """Its notifications numbered above `after`; with `wait`, at least one or the end. Raises as `subscription`."""
        self.subscription(number, by)
        return await self._ledger.events.read(number, after, limit, wait=wait)

    async def news(self, cursors: dict[SubscriptionId, int]) -> None:
        """Return when one of these can be read on from its number, has ended, or the server goes down."""
        await self._ledger.events.news(cursors)

    def watch(self, cursors: dict[SubscriptionId, int]) -> AbstractContextManager[Watch]:
        """`news` again and again, for who reads on and lets the numbers rise."""
        return self._ledger.events.watch(cursors)

    @property
    def waiting(self) -> int:
        """How many readers wait for events."""
        return self._ledger.events.waiting

    @property
    def is_closing(self) -> bool:
        """The server goes down: who waits for events should come back later."""
        return self._ledger.stopping

    def available(self, number: SubscriptionId) -> tuple[int, int]:
        """Numbers of the oldest notification that can still be read and of the newest."""
        return self._ledger.events.available(number)

    def _grant(self, scope: Scope, wish: SubscriptionWish, by: Principal) -> Subscription:
        if wish.recipient:
            self.deliveries.check(wish.recipient)
        now = self._ledger.clock.now()
        lease = 0 if scope.job is not None else self._lease(wish.lease)
        return Subscription(
            id=self._ledger.next_subscription_id(),
            uuid=str(uuid.uuid4()),
            scope=scope,
            events=wish.events,
            owner=by.name,
            created=now,
            expires=now + lease if lease else None,
            lease=lease,
            user_data=wish.user_data,
            charset=wish.charset,
            language=wish.language,
            attributes=wish.attributes,
            interval=wish.interval,
            pull_method="" if wish.recipient else wish.pull_method,
            uri=wish.uri,
            recipient=wish.recipient,
            secret=wish.secret,
        )

    def _lease(self, asked: int | None) -> int:
        """The nearest to what is asked for; the longest where it is to have no end (RFC 3995 5.3.8)."""
        policy = self._ledger.policy
        if asked is None:
            return int(policy.default_lease)
        longest = int(policy.max_lease)
        return longest if asked == 0 else max(1, min(asked, longest))

    def _is_over(self, subscription: Subscription) -> bool:
        return subscription.is_over(self._ledger.clock.now())
