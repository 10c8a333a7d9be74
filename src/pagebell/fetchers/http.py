"""Fetching by HTTP, from hosts that an administrator has listed and from no others.

`http/outbound.py` judges each address, and each redirect's again. Without a list there is no fetching.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import aiohttp
from yarl import URL

from pagebell.http.outbound import AllowList, Lookup, SchemeUnknown, UriRefused, connector, lookup, refusal_in
from pagebell.spooler.ports import FetchFailed, SchemeRefused

_PORTS: Final = {"http": 80, "https": 443, "ipp": 631, "ipps": 631}
_HTTP: Final = {"http": "http", "https": "https", "ipp": "http", "ipps": "https"}
"""RFC 3510 and RFC 7472: ipp and ipps are HTTP on another port."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 5
_CHUNK: Final = 2**16


class HttpFetcher:
    """`ports.Fetcher` for http, https, ipp and ipps."""

    def __init__(self, allowed: AllowList, look_up: Lookup = lookup) -> None:
        self._allowed = allowed
        self._look_up = look_up

    @property
    def schemes(self) -> tuple[str, ...]:
        """None without a list of hosts."""
        return tuple(_PORTS) if self._allowed else ()

    def check(self, uri: str) -> None:
        """Raises SchemeRefused, FetchFailed; connects to nothing."""
        self._target(uri)

    def _target(self, uri: str) -> URL:
        try:
            url = self._allowed.judge(uri, self.schemes)
        except SchemeUnknown as refused:
            raise SchemeRefused(f"documents are not fetched by {refused}:") from None
        except UriRefused as refused:
            raise FetchFailed(f"documents are not fetched from there: {refused}") from None
        return url.with_scheme(_HTTP[url.scheme]).with_port(url.explicit_port or _PORTS[url.scheme])

    async def fetch(self, uri: str) -> AsyncIterator[bytes]:
        """The octets, in chunks. Raises SchemeRefused, FetchFailed."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=30)
        out = connector(self._allowed, self._look_up)
        async with aiohttp.ClientSession(connector=out, timeout=timeout, trust_env=False) as session:
            try:
                async for chunk in self._follow(session, uri):
                    yield chunk
            except (aiohttp.ClientError, OSError, TimeoutError, UriRefused) as error:
                refused = refusal_in(error)
                told = f"documents are not fetched from there: {refused}"
                raise FetchFailed(told if refused else f"{uri} can't be fetched: {error}") from None

    async def _follow(self, session: aiohttp.ClientSession, uri: str) -> AsyncIterator[bytes]:
        for _ in range(_MOST_REDIRECTS):
            url = self._target(uri)
            async with session.get(url, allow_redirects=False) as answer:
                if answer.status in _REDIRECTS and "Location" in answer.headers:
                    uri = str(url.join(URL(answer.headers["Location"])))
                    continue
                if answer.status != 200:
                    raise FetchFailed(f"{uri} can't be fetched: {answer.status} {answer.reason}")
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    yield chunk
                return
        raise FetchFailed(f"{uri} leads from one place to the next without an end")
