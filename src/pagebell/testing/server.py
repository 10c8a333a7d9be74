"""A real print server on a port of its own, for tests of programs that speak IPP by the network."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self, TypeVar

from pagebell.app import Running, serve
from pagebell.config import check
from pagebell.model.access import SYSTEM
from pagebell.model.event import PrinterName
from pagebell.model.job import Job
from pagebell.spooler.ports import JobQuery

T = TypeVar("T")
PRINTER = PrinterName("virtual")
START_LIMIT = 30.0


class PrintServer:
    """A server in a thread, with one virtual printer behind it; time is real, so give it many pages a minute.

    with PrintServer("simulated://?ppm=6000&media=2") as server:
        subprocess.run(["ipptool", server.uri, "print-job.test"])
        assert server.command("status").startswith("Tray 1 is out of paper")
        server.command("refill")
    """

    def __init__(self, device: str = "simulated://?ppm=6000") -> None:
        self._device = device
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pagebell-test-server")
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._running: Running | None = None

    @property
    def uri(self) -> str:
        """The printer's URI, `ipp://127.0.0.1:PORT/ipp/print/virtual`."""
        return self._server.uri(PRINTER)

    def command(self, text: str) -> str:
        """Tell the virtual printer what to do: `jam`, `clear`, `refill 100`, `offline`, `online`, `status`, ..."""
        spooler = self._server.spooler
        return self._call(lambda: spooler.printers.command(PRINTER, text, SYSTEM))

    def jobs(self) -> list[Job]:
        """All jobs, those that wait or print first."""
        listing = self._server.spooler.jobs.list(JobQuery(finished=None))
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(listing, self._loop).result(START_LIMIT)

    def waiting(self) -> int:
        """How many readers wait for events at this moment."""
        subscriptions = self._server.spooler.subscriptions
        return self._call(lambda: subscriptions.waiting)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(START_LIMIT):
            raise TimeoutError("the print server did not start in time")
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def _server(self) -> Running:
        if self._running is None:
            raise RuntimeError("the server runs only inside `with`")
        return self._running

    def _call(self, function: Callable[[], T]) -> T:
        async def call() -> T:
            return function()

        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(START_LIMIT)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to whoever started it
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pagebell-"))
            config = check(
                {
                    "server": {"state": folder, "ipp": "127.0.0.1:0"},
                    "rpc": {"listen": "off"},
                    "printers": {PRINTER: {"device": self._device}},
                },
                "testing",
            )
            self._running = await stack.enter_async_context(serve(config))
            self._ready.set()
            await self._stop.wait()
