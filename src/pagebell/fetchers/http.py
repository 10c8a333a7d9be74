"""Fetching by HTTP, from hosts that an administrator has listed and from no others.

The name in the URI must be listed, and so must the addresses it stands for if they are of this machine or of
private networks; both are checked again for each redirect, and the connection goes to the address that was
checked. Without a list there is no fetching.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from pagebell.spooler.ports import FetchFailed, SchemeRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host; raises OSError."""
_PORTS: Final = {"http": 80, "https": 443, "ipp": 631, "ipps": 631}
_HTTP: Final = {"http": "http", "https": "https", "ipp": "http", "ipps": "https"}
"""RFC 3510 and RFC 7472: ipp and ipps are HTTP on another port."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 5
_CHUNK: Final = 2**16


async def lookup(host: str, port: int) -> list[str]:
    """Ask the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class AllowList:
    """Hosts by name, and networks such as 10.0.0.0/8. Raises ValueError for what is neither."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for entry in entries:
            try:
                self._networks.append(ipaddress.ip_network(entry))
            except ValueError:
                if "/" in entry or not entry:
                    raise ValueError(f"{entry!r} is no host and no network such as 10.0.0.0/8") from None
                self._names.add(entry.lower().rstrip("."))

    def __bool__(self) -> bool:
        return bool(self._names or self._networks)

    def knows(self, host: str) -> bool:
        """Whether the host is listed by its name."""
        return host.lower().rstrip(".") in self._names

    def may_connect(self, host: str, address: str) -> bool:
        """Whether a connection to that address may be made for that host."""
        found = _plain(ipaddress.ip_address(address))
        if any(found in network for network in self._networks):
            return True
        return self.knows(host) and found.is_global and not found.is_multicast


def _plain(address: Address) -> Address:
    """An IPv4 address that comes as IPv6 is judged as what it is."""
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped


class _CheckedResolver(AbstractResolver):
    """Resolves names to addresses that may be connected to."""

    def __init__(self, allowed: AllowList, look_up: Lookup) -> None:
        self._allowed = allowed
        self._look_up = look_up

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises FetchFailed where one of the addresses is forbidden: such names are made to deceive."""
        addresses = await self._look_up(host, port)
        if not addresses or not all(self._allowed.may_connect(host, address) for address in addresses):
            raise FetchFailed(f"documents are not fetched from {host}")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """There is nothing to close."""


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
            url = URL(uri)
            host, port = url.host, url.explicit_port
        except ValueError as error:
            raise FetchFailed(f"{uri} can't be read: {error}") from None
        if url.scheme not in self.schemes:
            raise SchemeRefused(f"documents are not fetched by {url.scheme or 'no scheme'}:")
        if not host or url.user or url.password:
            raise FetchFailed(f"{uri} names no host, or a user besides")
        try:
            literal = self._allowed.may_connect(host, host)
        except ValueError:  # a name: its addresses are checked when they are known
            literal = True
        if not literal:
            raise FetchFailed(f"documents are not fetched from {host}")
        return url.with_scheme(_HTTP[url.scheme]).with_port(port or _PORTS[url.scheme])

    async def fetch(self, uri: str) -> AsyncIterator[bytes]:
        """The octets, in chunks. Raises SchemeRefused, FetchFailed."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=30)
        resolver = _CheckedResolver(self._allowed, self._look_up)
        connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session:
            try:
                async for chunk in self._follow(session, uri):
                    yield chunk
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                refused = error.__cause__ if isinstance(error.__cause__, FetchFailed) else None
                raise FetchFailed(str(refused) if refused else f"{uri} can't be fetched: {error}") from None

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
