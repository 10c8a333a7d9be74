"""The devices of all printers, and the task at each that works off its queue."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from pagebell.model.errors import NotFound, Unsupported
from pagebell.model.event import EventKind, PrinterName
from pagebell.model.lifecycle import printer_event
from pagebell.model.printer import Capabilities, Printer
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.missing import MissingDevice
from pagebell.spooler.ports import Change, Converter, Device, Inspector
from pagebell.spooler.schedule import PrinterTask, with_its_job
from pagebell.spooler.sources import Sources

log = logging.getLogger(__name__)

MakeDevice = Callable[[str], Device]
"""Makes a device of its URI; raises ValueError that says what is wrong with it."""
NO_DEVICE: Final = "It has no device yet; `pagebell printers change --device` gives it one."
"""What a printer says that was made without a device (PWG 5100.22 Create-Printer)."""
NOTHING_REPORTED: Final[dict[str, Any]] = {
    "device_stopped": False,
    "device_reasons": frozenset(),
    "device_message": "",
}
"""A printer whose device has said nothing yet."""


class Devices:
    """What printers print on. A device is there from before anybody hears of its printer until nobody does."""

    def __init__(
        self,
        ledger: Ledger,
        make_device: MakeDevice,
        inspector: Inspector,
        converter: Converter,
        sources: Sources,
    ) -> None:
        self._ledger = ledger
        self._make_device = make_device
        self._inspector = inspector
        self._converter = converter
        self._sources = sources
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[PrinterName, tuple[PrinterTask, asyncio.Task[None]]] = {}
        self._devices: dict[PrinterName, Device] = {}
        ledger.listeners.append(self._committed)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin to work off the queues of all printers."""
        self._group = group
        for printer in self._ledger.printers.values():
            try:
                device = self.make(printer.device or None)
            except Unsupported as error:
                device = MissingDevice(str(error))
            self.begin(printer.name, device)

    async def stop(self) -> None:
        """Stop all printers' tasks; jobs that are printing are interrupted."""
        tasks = [task for _, task in self._tasks.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def make(self, uri: str | None) -> Device:
        """A device of its URI; one that is missing of none. Raises Unsupported."""
        try:
            return MissingDevice(NO_DEVICE) if uri is None else self._make_device(uri)
        except ValueError as error:
            raise Unsupported(str(error), "device-uri") from None

    def promise(self, name: PrinterName, device: Device) -> None:
        """Have a device ready for a printer that is about to be, unless there is one of that name."""
        self._devices.setdefault(name, device)

    def forget(self, name: PrinterName) -> None:
        """Let go of the device of a printer that isn't."""
        if name not in self._ledger.printers:
            self._devices.pop(name, None)

    def begin(self, name: PrinterName, device: Device) -> None:
        """Work off the printer's queue with that device."""
        if self._group is None:
            raise RuntimeError("printers can be added only while the spooler runs")
        self._devices[name] = device
        task = PrinterTask(name, device, self._ledger, self._inspector, self._converter, self._sources)
        self._tasks[name] = (
            task,
            self._group.create_task(self._supervise(name, task), name=f"printer {name}"),
        )

    async def end(self, name: PrinterName) -> None:
        """Stop working off the printer's queue; what is on the device is interrupted."""
        _, running = self._tasks.pop(name)
        running.cancel()
        await asyncio.wait({running})

    def at(self, name: PrinterName) -> Device:
        """The printer's device. Raises NotFound."""
        try:
            return self._devices[name]
        except KeyError:
            raise NotFound(f"there is no printer {name!r}") from None

    def capabilities(self, name: PrinterName) -> Capabilities:
        """What the printer's device can do, with the converter's and the sources' help. Raises NotFound."""
        return self._sources.widen(name, self._converter.widen(self.at(name).capabilities))

    async def _supervise(self, name: PrinterName, task: PrinterTask) -> None:
        """A printer whose task fails is stopped and says so; the others go on."""
        try:
            await task.run()
        except Exception:
            log.exception("printer %s failed", name)
            failed: dict[str, Any] = {
                "device_stopped": True,
                "device_reasons": frozenset({"other-error"}),
                "device_message": "The printer failed with an internal error; see the server's log.",
            }
            await alter(self._ledger, name, lambda old: replace(old, **failed))

    def _committed(self, change: Change) -> None:
        for task, _ in tuple(self._tasks.values()):
            task.committed(change)


async def alter(
    ledger: Ledger,
    name: PrinterName,
    change: Callable[[Printer], Printer],
    kind: EventKind | None = None,
) -> Printer:
    """Give a printer new facts, and the job on it what follows; told as an event of `kind`, too, if given.

    Raises NotFound.
    """

    def decide() -> Change | None:
        old = ledger.printer(name)
        new = change(old)
        found = None if new == old else with_its_job(ledger, old, new)
        if kind is None:
            return found
        found = found or Change()
        told = found.printers[0] if found.printers else old
        event = printer_event(told, ledger.clock.now(), kind, ("state",))
        return replace(found, events=(*found.events, event))

    await ledger.update(decide)
    return ledger.printer(name)
