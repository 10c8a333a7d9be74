"""A store that is slow for as long as a test wants: what was decided waits in line, and more happens meanwhile."""

from __future__ import annotations

import asyncio

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

    async def commit(self, change: Change) -> None:
        """As `MemoryStore.commit`, in its turn."""
        self.waiting.append(change)
        try:
            async with self.gate:  # a lock of asyncio's is given in order
                await super().commit(change)
        finally:
            self.waiting.remove(change)
