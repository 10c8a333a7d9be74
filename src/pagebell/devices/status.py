"""A device's status board: what it says of itself now, and telling each change to the spooler."""

from __future__ import annotations

import asyncio

from pagebell.spooler.ports import DeviceStatus, Report

READY = DeviceStatus()


def out_of_reach(printer: str, why: str) -> DeviceStatus:
    """A network printer that does not answer, and is tried again and again (RFC 8011 5.4.12)."""
    message = f"{printer} is out of reach: {why}. Trying again."
    return DeviceStatus(True, frozenset({"connecting-to-device", "timed-out-error"}), message)


class StatusBoard:
    """The status as last set. Lives in the event loop's thread."""

    def __init__(self) -> None:
        self._status = READY
        self._changed = asyncio.Event()
        self._edition = 0

    @property
    def status(self) -> DeviceStatus:
        """As last set."""
        return self._status

    def set(self, status: DeviceStatus) -> None:
        """Take the new status; who waits for a change is woken if it is one."""
        if status != self._status:
            self._status = status
            self.wake()

    def renew(self) -> None:
        """Have the status reported once more: what goes with it, the capabilities, has changed."""
        self._edition += 1
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
            while told != (self._status, self._edition):
                told = (self._status, self._edition)
                await report(told[0])
            await self.change()
