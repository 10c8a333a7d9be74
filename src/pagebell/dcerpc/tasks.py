"""A task beside a block of code, and a timer beside a connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any


@contextlib.asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` in a task while the block runs; the block's own error comes out as it is, and not in a group."""
    raised: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(work)
        try:
            yield
        except Exception as error:  # noqa: BLE001 - it is raised again below, out of the task group
            raised = error
        finally:
            task.cancel()
    if raised is not None:
        raise raised


class Watchdog:
    """Deadlines that come one after the other, with one timer: it is not set for each, but looks when it rings."""

    def __init__(self, late: Callable[[], float | None]) -> None:
        """`late` is called at a deadline that has passed; it returns the next one, or None for no more."""
        self._late = late
        self._until: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, until: float | None) -> None:
        """Something is due by then, in the event loop's time; with None nothing is."""
        self._until = until
        if until is not None and (self._timer is None or self._timer.when() > until):
            self.end()
            self._timer = asyncio.get_running_loop().call_at(until, self._ring)

    def end(self) -> None:
        """Nothing will ever be due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        until = self._until
        if until is not None and asyncio.get_running_loop().time() >= until:
            until = self._late()
        self.expect(until)
