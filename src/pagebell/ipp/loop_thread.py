"""An event loop in a thread of its own, for clients of programs without asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs from when it is made until `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pagebell client", daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        """Whether it has come to its end."""
        return self._loop.is_closed()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin something there."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something there and wait for it; whoever is interrupted meanwhile ends it."""
        future = self.start(work)
        try:
            return future.result()
        finally:
            future.cancel()  # which does nothing to what is done

    def close(self) -> None:
        """End what is left, the loop and the thread; once is enough."""
        if self.is_closed:
            return
        self.run(self._loop.shutdown_asyncgens())
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
