"""A store that is slow for as long as a test wants: what was decided waits in line, and more happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pagebell.spooler.ports import Change
from pagebell.testing import MemoryStore


class GatedStore(MemoryStore):
    """While somebody holds `gate`, changes wait; they are stored in the order in which they came.

    async with store.gate:
        ...
    """

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Lock()
        self.waiting: list[Change] = []
        """Changes that have come and are not stored yet."""
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        """What happens, once, between the next change's decision and its turn."""

    async def commit(self, change: Change) -> None:
        """As `MemoryStore.commit`, in its turn."""
        self.waiting.append(change)
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            await happens()
        try:
            async with self.gate:  # a lock of asyncio's is given in order
                await super().commit(change)
        finally:
            self.waiting.remove(change)
