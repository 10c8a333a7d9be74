"""Several ways of fetching as one: each URI goes to the one that knows its scheme."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pagebell.spooler.ports import Fetcher, SchemeRefused


class FetcherByScheme:
    """`ports.Fetcher`"""

    def __init__(self, *fetchers: Fetcher) -> None:
        self._by_scheme = {scheme: fetcher for fetcher in fetchers for scheme in fetcher.schemes}

    @property
    def schemes(self) -> tuple[str, ...]:
        """Of all."""
        return tuple(self._by_scheme)

    def check(self, uri: str) -> None:
        """Raises SchemeRefused, FetchFailed; connects to nothing."""
        self._for(uri).check(uri)

    def fetch(self, uri: str) -> AsyncIterator[bytes]:
        """The octets, in chunks. Raises SchemeRefused, FetchFailed."""
        return self._for(uri).fetch(uri)

    def _for(self, uri: str) -> Fetcher:
        scheme, separator, _ = uri.partition(":")
        fetcher = self._by_scheme.get(scheme.lower())
        if fetcher is None:
            raise SchemeRefused(f"documents are not fetched by {scheme if separator else 'no scheme'}:")
        return fetcher
