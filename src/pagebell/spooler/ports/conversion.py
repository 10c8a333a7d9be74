"""What is done with documents before they are printed: looking into them, and making them fit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from pagebell.model.document import Document, Ticket
from pagebell.model.printer import Capabilities


class Inspector(Protocol):
    """Looks into documents before they are printed."""

    async def impressions(self, path: Path, format: str) -> int | None:
        """Count the pages; None where the format has none to count.

        Raises DocumentDamaged where it is not what its format says, or can't be read in bounded time and memory.
        """
        ...


class Conversion(Protocol):
    """A document made fit for its device."""

    @property
    def document(self) -> Document:
        """As it is now: its size, digest and pages are the result's."""
        ...

    @property
    def left_out(self) -> int:
        """How many pages were left out at its beginning because they are out already."""
        ...

    def read(self) -> AsyncIterator[bytes]:
        """Its octets, in chunks."""
        ...

    async def remove(self) -> None:
        """It is not needed any more."""
        ...


class Converter(Protocol):
    """Does to documents what their tickets ask for and their devices can't do."""

    def widen(self, capabilities: Capabilities) -> Capabilities:
        """What a device of these capabilities can do with the converter's help."""
        ...

    def takes(self, format: str) -> bool:
        """Whether it can do anything to documents of that MIME type."""
        ...

    async def convert(
        self, path: Path, document: Document, ticket: Ticket, device: Capabilities, leave_out: int = 0
    ) -> Conversion | None:
        """Make it fit for the device, without so many pages that are out; None if it can go there as it is.

        With pages left out, the copies are made here. Raises DocumentDamaged, NoRoom.
        """
        ...

    def settled(self, ticket: Ticket, device: Capabilities) -> Ticket:
        """The ticket without what `convert` has done."""
        ...
