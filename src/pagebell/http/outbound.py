"""Going out by HTTP and FTP, to hosts that an administrator has listed and to no others.

The name in a URI must be listed, and so must the addresses it stands for if they are of this machine or of
private networks. Addresses are checked when they are known, for each connection anew, and the connection goes to
the address that was checked: a name that changes its mind leads nowhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host; raises OSError."""


class UriRefused(Exception):
    """Nothing is connected to for this URI; `str()` of it tells why."""


class SchemeUnknown(UriRefused):
    """Its scheme is none of those asked for."""


MOST_LOOKUPS: Final = 64
_lookups = threading.BoundedSemaphore(MOST_LOOKUPS)


async def lookup(host: str, port: int) -> list[str]:
    """Ask the system's resolver. Raises OSError.

    Each name has a thread of its own, since a name server that does not answer keeps it for half a minute: in the
    few threads of the event loop that would keep all others waiting.
    """
    if not _lookups.acquire(blocking=False):
        raise OSError(f"{MOST_LOOKUPS} names are being looked up already")
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def tell(addresses: list[str] | OSError) -> None:
        if found.done():
            return
        if isinstance(addresses, OSError):
            found.set_exception(addresses)
        else:
            found.set_result(addresses)

    def ask() -> None:
        try:
            result = _addresses(host, port)
        finally:
            _lookups.release()
        with suppress(RuntimeError):  # the loop has come to its end
            loop.call_soon_threadsafe(tell, result)

    threading.Thread(target=ask, name=f"lookup of {host}", daemon=True).start()
    return await found


def _addresses(host: str, port: int) -> list[str] | OSError:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return error
    except UnicodeError as error:
        return OSError(f"{host} is no host's name: {error}")
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


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

    def lists(self, host: str) -> bool:
        """Whether the host is listed itself, by its name or its address, whatever a name server says."""
        try:
            return self.may_connect(host, host)
        except ValueError:
            here = _is_this_machine(host) and any(self.may_connect(host, one) for one in ("127.0.0.1", "::1"))
            return here or self.knows(host)

    def may_connect(self, host: str, address: str) -> bool:
        """Whether a connection to that address may be made for that host."""
        found = _plain(ipaddress.ip_address(address))
        if any(found in network for network in self._networks):
            return True
        if _is_this_machine(host):  # who lists that can mean nothing else
            return self.knows(host) and found.is_loopback
        return self.knows(host) and _is_public(found)

    def judge(self, uri: str, schemes: Iterable[str]) -> URL:
        """The URI as it is connected to. Raises UriRefused for what is forbidden whatever its name stands for."""
        try:
            url = URL(uri)
            host = url.host
            url.explicit_port  # noqa: B018  # a port that can't be is told now
        except ValueError as error:
            raise UriRefused(f"{uri} can't be read: {error}") from None
        if url.scheme not in schemes:
            raise SchemeUnknown(url.scheme or "no scheme")
        if not host or url.user or url.password:
            raise UriRefused(f"{uri} names no host, or a user besides")
        try:
            literal = self.may_connect(host, host)
        except ValueError:  # a name: its addresses are checked when they are known
            literal = bool(self._networks) or self.knows(host)
        if not literal:
            raise UriRefused(f"{host} is not a host that may be connected to")
        return url


def _is_this_machine(host: str) -> bool:
    """RFC 6761 6.3"""
    return host.lower().rstrip(".") == "localhost"


_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052 2.1"""
_ALLOCATED: Final = ipaddress.IPv6Network("2000::/3")
"""All that is anybody's in public (RFC 4291 2.4)."""


def _plain(address: Address) -> Address:
    """An IPv4 address within an IPv6 one, mapped, by NAT64 or by 6to4 (RFC 3056), is judged as what it is."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _ALLOCATED:
        return False
    return address.is_global and not address.is_multicast


async def addresses(allowed: AllowList, look_up: Lookup, host: str, port: int) -> list[str]:
    """Where connections for that host may go, an address at least.

    Raises OSError, and UriRefused where one of its addresses is forbidden: such names are made to deceive.
    """
    found = await look_up(host, port)
    if not found or not all(allowed.may_connect(host, address) for address in found):
        raise UriRefused(f"{host} is not a host that may be connected to")
    return found


class CheckedResolver(AbstractResolver):
    """Resolves names to addresses that may be connected to."""

    def __init__(self, allowed: AllowList, look_up: Lookup) -> None:
        self._allowed = allowed
        self._look_up = look_up

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError, UriRefused."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await addresses(self._allowed, self._look_up, host, port)
        ]

    async def close(self) -> None:
        """There is nothing to close."""


def connector(allowed: AllowList, look_up: Lookup = lookup, **options: object) -> aiohttp.TCPConnector:
    """Connections to what the list allows; each name is resolved anew. Options are aiohttp's."""
    resolver = CheckedResolver(allowed, look_up)
    return aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, **options)  # type: ignore[arg-type]


def refusal_in(error: BaseException) -> UriRefused | None:
    """The list's own refusal, where that is what stands behind an error of aiohttp's."""
    if isinstance(error, UriRefused):
        return error
    return error.__cause__ if isinstance(error.__cause__, UriRefused) else None
