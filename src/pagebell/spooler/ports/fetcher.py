"""How documents are had that clients name instead of sending them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol


class FetchFailed(Exception):
    """The document can't be fetched, or may not be from there; `str()` of it tells why."""


class SchemeRefused(Exception):
    """Documents are not fetched by that URI scheme; `str()` of it says so."""


class Fetcher(Protocol):
    """Fetches documents that clients name."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """URI schemes that it knows; none where nothing may be fetched."""
        ...

    def check(self, uri: str) -> None:
        """Raise SchemeRefused or FetchFailed for what is forbidden whatever is there; connects to nothing."""
        ...

    def fetch(self, uri: str) -> AsyncIterator[bytes]:
        """The octets, in chunks. Raises SchemeRefused, FetchFailed."""
        ...
