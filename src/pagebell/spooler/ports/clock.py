"""The time as the spooler has it."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Time comes in by this alone."""

    def now(self) -> float:
        """Seconds since 1970."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when that time has passed."""
        ...
