"""What stands in for a port that nobody has given the spooler an adapter for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from pagebell.model.document import Document, Ticket
from pagebell.model.printer import Capabilities
from pagebell.spooler.ports import Conversion, SchemeRefused


class NullInspector:
    """Counts nothing."""

    async def impressions(self, path: Path, format: str) -> int | None:
        """Always None."""
        return None


class IdentityConverter:
    """Lets every document go as it is."""

    def widen(self, capabilities: Capabilities) -> Capabilities:
        """Nothing is added."""
        return capabilities

    def takes(self, format: str) -> bool:
        """Nothing."""
        return False

    async def convert(
        self, path: Path, document: Document, ticket: Ticket, device: Capabilities, leave_out: int = 0
    ) -> Conversion | None:
        """Always None."""
        return None

    def settled(self, ticket: Ticket, device: Capabilities) -> Ticket:
        """The ticket as it is."""
        return ticket


class NoSigners:
    """Nobody may sign resources."""

    def is_signed(self, signature: bytes, digest: bytes) -> bool:
        """Never."""
        return False


class NullFetcher:
    """Fetches nothing."""

    schemes: tuple[str, ...] = ()

    def check(self, uri: str) -> None:
        """Always refuses."""
        raise SchemeRefused("documents are not fetched here")

    async def fetch(self, uri: str) -> AsyncIterator[bytes]:
        """Always refuses."""
        self.check(uri)
        yield b""
