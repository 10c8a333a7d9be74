"""Setting up the printers of a server, with the operations that CUPS defined for it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.client import Client
from pagebell.ipp.errors import HttpError, OptionError
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Op, PrinterState
from pagebell.ipp.values import Attribute, GroupTag

ADMIN_PATH = "/admin/"
"""Where CUPS takes these requests."""


@dataclass(frozen=True, slots=True)
class PrinterWish:
    """What a printer shall be; None leaves a thing as it is."""

    device: str | None = None
    info: str | None = None
    location: str | None = None
    accepting: bool | None = None
    running: bool | None = None

    def group(self) -> Group:
        """The wish as printer attributes. Raises OptionError for what they cannot hold."""
        state = {True: PrinterState.IDLE, False: PrinterState.STOPPED, None: None}[self.running]
        pairs: tuple[tuple[Attr[str] | Attr[bool] | Attr[int] | Attr[PrinterState], object], ...] = (
            (r.device_uri, self.device),
            (r.printer_info, self.info),
            (r.printer_location, self.location),
            (r.printer_is_accepting_jobs, self.accepting),
            (r.printer_state, state),
        )
        group = Group(GroupTag.PRINTER)
        for attr, value in pairs:
            if value is not None:
                group.add(_attribute(attr, value))
        return group


def _attribute(attr: Attr[str] | Attr[bool] | Attr[int] | Attr[PrinterState], value: object) -> Attribute:
    try:
        return attr(value)  # type: ignore[arg-type]
    except ValueError as error:
        raise OptionError(f"{error}.") from None


async def set_printer(client: Client, name: str, wish: PrinterWish) -> None:
    """Add a printer, or change the one there is (CUPS-Add-Modify-Printer)."""
    await _administer(client, Op.CUPS_ADD_MODIFY_PRINTER, name, [wish.group()])


async def remove_printer(client: Client, name: str) -> None:
    """Remove a printer and its jobs (CUPS-Delete-Printer)."""
    await _administer(client, Op.CUPS_DELETE_PRINTER, name, [])


async def _administer(client: Client, operation: Op, name: str, groups: list[Group]) -> None:
    """Post to where CUPS wants it; a server without that place gets it at its root."""
    target = r.printer_uri(printer_uri(client, name))
    try:
        await client.call(operation, groups=groups, path=ADMIN_PATH, target=target)
    except HttpError as error:
        if error.status not in (404, 405):
            raise
        await client.call(operation, groups=groups, path="/", target=target)


def printer_uri(client: Client, name: str) -> str:
    """The URI of a server's printer."""
    return client.address.at(f"/printers/{quote(name, safe='')}").uri
