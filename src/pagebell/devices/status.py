"""A device's status board: what it says of itself now, and telling each change to the spooler."""

from __future__ import annotations

import asyncio

from pagebell.spooler.ports import DeviceStatus, Report

READY = DeviceStatus()


class StatusBoard:
    """The status as last set. Lives in the event loop's thread."""

    def __init__(self) -> None:
        self._status = READY
        self._changed = asyncio.Event()

    @property
    def status(self) -> DeviceStatus:
        """As last set."""
        return self._status

    def set(self, status: DeviceStatus) -> None:
        """Take the new status; who waits for a change is woken if it is one."""
        if status != self._status:
            self._status = status
            self.wake()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def change(self) -> None:
        """Return at the next change."""
        await self._changed.wait()

    async def watch(self, report: Report) -> None:
        """Report the status now and at each change, for ever (`ports.Device.watch`)."""
        told = None
        while True:
            while told != self._status:
                told = self._status
                await report(told)
            await self.change()
