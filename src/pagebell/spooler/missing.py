"""What stands for a device that can't be had any more, e.g. because its plug-in is gone."""

from __future__ import annotations

from collections.abc import Collection

from pagebell.model.printer import Capabilities
from pagebell.spooler.ports import DeviceFailed, DeviceStatus, Report, Work


class MissingDevice:
    """`ports.Device`: says why it is missing, and prints nothing."""

    capabilities = Capabilities()

    def __init__(self, why: str) -> None:
        self._why = why

    async def watch(self, report: Report) -> None:
        """Report why it is missing."""
        await report(DeviceStatus(stopped=True, reasons=frozenset({"other-error"}), message=self._why))

    async def print(self, work: Work) -> None:
        """Raises DeviceFailed."""
        raise DeviceFailed(self._why)

    async def identify(self, actions: Collection[str], message: str) -> None:
        """There is nothing to be noticed."""
