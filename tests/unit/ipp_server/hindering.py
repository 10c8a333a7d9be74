"""Something happens right before an operation, which then shows its status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pagebell.ipp.codec import Message
from pagebell.ipp.registry import Op, Status
from pagebell.model.access import Principal
from tests.unit.ipp_server.door import status
from tests.unit.ipp_server.test_by_reference import Referring
from tests.unit.ipp_server.test_operations import Play


@dataclass
class Hindered(Referring):
    """A door at which something happens right before one operation."""

    target: int = 0
    happen: Happen | None = None
    rights: frozenset[Any] | None = None
    may_prove: bool = False

    async def ask(self, op: int, *attributes: Any, **more: Any) -> Message:
        if op == self.target and self.happen is not None:
            await self.happen(self)
        return await super().ask(op, *attributes, **more)

    def principal(self, user: str | None) -> Principal:
        """Who asks."""
        found = super().principal(user)
        return (
            found
            if self.rights is None
            else Principal(found.name, rights=self.rights, may_prove=self.may_prove)
        )


async def full(d: Hindered) -> None:
    d.store.full = True


async def stopping(d: Hindered) -> None:
    d.spooler._ledger.stopping = True


async def powerless(d: Hindered) -> None:
    d.rights = frozenset()


async def unproved(d: Hindered) -> None:
    d.rights, d.may_prove = frozenset(), True


Happen = Callable[[Hindered], Awaitable[None]]


async def status_when(happen: Happen, op: Op, play: Play) -> Status:
    """What the operation answers in that play when something happens before it."""
    async with Hindered(target=op, happen=happen) as d:
        try:
            return status(await play(d))
        finally:
            d.store.full = d.spooler._ledger.stopping = False
