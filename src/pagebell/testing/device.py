"""A device that does what a test says, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from pagebell.devices.status import READY, StatusBoard
from pagebell.model.event import JobId
from pagebell.model.printer import Capabilities
from pagebell.spooler.ports import DeviceFailed, DeviceStatus, Report, Work


class ScriptedDevice:
    """`ports.Device`: a job that comes stays on it until the test says `finish`, `fail` or `crash`.

        device = ScriptedDevice()
        ...
        await clock.settle()
        device.printed(1)
        device.finish()

    What is said goes to the job on the device, or to the next if there is none. With `automatic`, jobs are
    done as soon as they come. With `stops_slowly`, a cancelled job leaves the device at `come_to_stop`.
    """

    def __init__(
        self,
        capabilities: Capabilities | None = None,
        *,
        automatic: bool = False,
        stops_slowly: bool = False,
    ) -> None:
        self.capabilities = capabilities or Capabilities(
            make_and_model="Pagebell Scripted", formats=("application/pdf", "text/plain")
        )
        self.automatic = automatic
        self.stops_slowly = stops_slowly
        self.work: Work | None = None
        """The job on the device."""
        self.received: list[tuple[JobId, tuple[bytes, ...]]] = []
        """Every job that was sent to it, with its documents as they were read."""
        self.cancelled: list[JobId] = []
        self.identified: list[tuple[frozenset[str], str]] = []
        self._board = StatusBoard()
        self._script: asyncio.Queue[int | BaseException | None] = asyncio.Queue()
        self._stopped = asyncio.Event()

    @property
    def job(self) -> JobId | None:
        """Id of the job on the device."""
        return None if self.work is None else self.work.job.id

    # --- what the test says ---

    def printed(self, impressions: int) -> None:
        """So many pages are out in all."""
        self._script.put_nowait(impressions)

    def finish(self) -> None:
        """The last sheet is out."""
        self._script.put_nowait(None)

    def fail(self, message: str, *reasons: str) -> None:
        """The job can't be printed; `reasons` are job-state-reasons."""
        failed = DeviceFailed(message, frozenset(reasons)) if reasons else DeviceFailed(message)
        self._script.put_nowait(failed)

    def crash(self, error: BaseException) -> None:
        """Raise what no device should raise."""
        self._script.put_nowait(error)

    def stop(self, reason: str, message: str = "") -> None:
        """The device can't print until `ready`."""
        self._board.set(DeviceStatus(True, frozenset({reason}), message))

    def warn(self, reason: str, message: str = "") -> None:
        """The device has something to say, and prints all the same."""
        self._board.set(DeviceStatus(False, frozenset({reason}), message))

    def ready(self) -> None:
        """All is well again."""
        self._board.set(READY)

    def come_to_stop(self) -> None:
        """Let a cancelled job leave the device (with `stops_slowly`)."""
        self._stopped.set()

    # --- the port ---

    async def watch(self, report: Report) -> None:
        """Report what the test says."""
        await self._board.watch(report)

    async def print(self, work: Work) -> None:
        """Read the job's documents and follow the script."""
        self.work = work
        self._stopped.clear()
        try:
            octets = []
            for document in work.documents:
                octets.append(b"".join([chunk async for chunk in work.read(document)]))
            self.received.append((work.job.id, tuple(octets)))
            await self._follow(work)
        except asyncio.CancelledError:
            self.cancelled.append(work.job.id)
            if self.stops_slowly:
                await self._stopped.wait()
            raise
        finally:
            self.work = None

    async def _follow(self, work: Work) -> None:
        while not self.automatic:
            said = await self._script.get()
            if said is None:
                return
            if isinstance(said, BaseException):
                raise said
            await work.printed(said)

    async def identify(self, actions: Collection[str], message: str) -> None:
        """Note it in `identified`."""
        self.identified.append((frozenset(actions), message))
