"""Printers in a directory, where clients ask for that: SetPrinter at level 7. [MS-RPRN] 2.3.3, 3.1.4.2.5"""

from __future__ import annotations

import logging
from typing import Protocol

from pagebell.directory import DirectoryError, PrintQueue
from pagebell.model.printer import Printer
from pagebell.winspool.constants import DsPrint
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.profile import profile
from pagebell.winspool.werror import Win32, Win32Error

log = logging.getLogger(__name__)


class Catalog(Protocol):
    """Where printers are published."""

    @property
    def host(self) -> str:
        """The server's full name, as clients know it."""
        ...

    async def publish(self, queue: PrintQueue) -> None:
        """Write a queue's entry, anew or over an older one. Raises DirectoryError."""
        ...

    async def unpublish(self, queue: PrintQueue) -> None:
        """Take a queue's entry away, if there is one. Raises DirectoryError."""
        ...


async def carry_out(desk: Desk, printer: Printer, action: int) -> None:
    """Do what DSPRINT_* asks for, where a directory is configured. Raises Win32Error."""
    catalog = desk.catalog
    if catalog is None:
        return
    queue = _queue(desk, printer, catalog.host)
    try:
        if action in (DsPrint.UNPUBLISH, DsPrint.REPUBLISH):
            await catalog.unpublish(queue)
        if action != DsPrint.UNPUBLISH:
            await catalog.publish(queue)
    except DirectoryError as error:
        log.warning("%s is not published as it should be: %s", printer.name, error)
        raise Win32Error(Win32.DS_UNAVAILABLE) from None


def _queue(desk: Desk, printer: Printer, host: str) -> PrintQueue:
    able = desk.spooler.printers.capabilities(printer.name)
    return PrintQueue(
        name=printer.name,
        server=host,
        description=printer.info,
        location=printer.location,
        driver=profile(desk.spooler.settings, printer).driver,
        color=able.color,
        duplex=any(side != "one-sided" for side in able.sides),
    )
