"""A courier for tests, and subscriptions whose events it carries."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from pagebell.model.access import SYSTEM
from pagebell.model.event import EventKind
from pagebell.model.subscription import SERVER, Scope, Subscription
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.ports import Parcel, Undelivered
from tests.unit.spooler.stage import Stage

CREATED = frozenset({EventKind.JOB_CREATED})


@dataclass
class Post:
    """A courier that a test tells what becomes of its parcels."""

    schemes = ("post",)
    at_once: int = 1
    taken: dict[str, list[Parcel]] = field(default_factory=lambda: defaultdict(list))
    tried: list[str] = field(default_factory=list)
    failing: dict[str, Callable[[], Exception]] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    stuck: asyncio.Event | None = None
    under_way: int = 0
    most: int = 0
    closed: bool = False

    def check(self, uri: str) -> str:
        if "forbidden" in uri:
            raise ValueError("nobody may write there")
        return uri.rpartition("/")[0]

    async def deliver(self, parcel: Parcel) -> None:
        uri = parcel.subscription.recipient
        self.tried.append(uri)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            if self.stuck is not None:
                await self.stuck.wait()
            if uri in self.hanging:
                await asyncio.Event().wait()
            if uri in self.failing:
                raise self.failing[uri]()
        finally:
            self.under_way -= 1
        self.taken[uri].append(parcel)

    async def aclose(self) -> None:
        self.closed = True

    def numbers(self, uri: str) -> list[int]:
        return [number for parcel in self.taken[uri] for number, _ in parcel.events]


def away() -> Exception:
    return Undelivered("nobody is there")


async def push(
    s: Stage, to: str, scope: Scope = SERVER, kinds: frozenset[EventKind] = CREATED, lease: int | None = None
) -> Subscription:
    wish = SubscriptionWish(kinds, lease=lease, recipient=to)
    return await s.spooler.subscriptions.create_subscription(wish, SYSTEM, scope=scope)
