"""Waits with deadlines, one after the other, at the price of a timer now and then instead of one each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class Patience:
    """The deadlines of one task. Nearly all waits end long before theirs, so that one timer sees many of them pass."""

    def __init__(self) -> None:
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[Any] | None = None
        self._over = False

    async def wait(self, what: Awaitable[T], until: float) -> T:
        """Return what comes; raise TimeoutError when it has not come at `until`, by the loop's clock."""
        task = asyncio.current_task()
        assert task is not None
        asked = task.cancelling()
        self._until, self._waiting, self._over = until, task, False
        if self._timer is None or self._timer.when() > until:
            self._arm()
        try:
            return await what
        except asyncio.CancelledError:
            if self._over and task.uncancel() <= asked:
                raise TimeoutError from None
            raise
        finally:
            self._waiting = None

    def end(self) -> None:
        """There is nothing more to wait for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        self.end()
        self._timer = asyncio.get_running_loop().call_at(self._until, self._look)

    def _look(self) -> None:
        """The timer's moment: by now the deadline is mostly another, and the timer is set to that."""
        self._timer = None
        if self._waiting is None:
            return
        if asyncio.get_running_loop().time() < self._until:
            self._arm()
        else:
            self._over = True
            self._waiting.cancel()
