"""Time as the machine has it."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """`ports.Clock` over the machine's clock."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Return when that time has passed."""
        await asyncio.sleep(seconds)
