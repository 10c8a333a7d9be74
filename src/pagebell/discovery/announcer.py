"""Tells the local network of the printers and of the server itself, and follows the event log with it.

The library answers and sends; it knows no subtypes (RFC 6763 7.1). One is a further service here, whose type has
the subtype in front and whose key in the library's registry is its own: what is asked for by the instance's name is
answered by the service proper. The library lists its type with all others, where RFC 6763 9 has the services' alone,
and has no way to keep it out.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Final

import ifaddr
from zeroconf import Error as DiscoveryError
from zeroconf import (
    InterfaceChoice,
    IPVersion,
    NonUniqueNameException,
    ServiceInfo,
    ServiceNameAlreadyRegistered,
)
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from pagebell.discovery.places import Places
from pagebell.discovery.records import (
    Place,
    Presence,
    ServiceRecord,
    instance_name,
    printer_presence,
    system_presence,
)
from pagebell.model.access import SYSTEM
from pagebell.model.event import NO_PRINTER, EventKind, PrinterName
from pagebell.model.subscription import SERVER
from pagebell.spooler.backoff import Backoff
from pagebell.spooler.spooler import Spooler

log = logging.getLogger(__name__)

MOST_PRINTERS: Final = 64
"""Printers that are announced; a network has to carry what is said of each."""
GOODBYE_TIME: Final = 3.0
"""Seconds for the goodbyes at the end."""
ASKING: Final = 1500
"""Milliseconds for whoever has a name to say so: what was told is not told again for a second (RFC 6762 6), and the
library itself listens for a third of one.
"""
TRIES: Final = 20
"""Names that are tried for a printer before it goes without."""
_KINDS: Final = frozenset(
    {
        *(EventKind.PRINTER_CREATED, EventKind.PRINTER_DELETED, EventKind.PRINTER_CONFIG_CHANGED),
        EventKind.SYSTEM_CONFIG_CHANGED,
    }
)


class Announced:
    """A printer the network knows of, or the server: its name there, and what was told of it."""

    def __init__(self, name: str, presence: Presence, place: Place) -> None:
        self.name = name
        self.wish = presence.wish
        self.told = (presence, place)
        self.location = presence.location
        records = presence.records
        self.services = [_service(name, record, place) for record in records]
        self.subtypes = [
            _subtype(name, record, subtype, place) for record in records for subtype in record.subtypes
        ]


def _called(printer: PrinterName) -> str:
    return "the server" if printer == NO_PRINTER else f"printer {printer}"


def _service(name: str, record: ServiceRecord, place: Place, subtype: str = "") -> ServiceInfo:
    kind = f"{record.type}.local."
    return ServiceInfo(
        f"{subtype}._sub.{kind}" if subtype else kind,
        f"{name}.{kind}",
        record.port,
        properties=dict(record.text),
        server=f"{place.host}.",
        parsed_addresses=list(place.addresses),
    )


def _subtype(name: str, record: ServiceRecord, subtype: str, place: Place) -> ServiceInfo:
    info = _service(name, record, place, subtype)
    info.key = f"{subtype}._sub.{info.key}"
    return info


def addresses_of(host: str) -> Iterator[str]:
    """Where others reach a server that listens on that address, such as 0.0.0.0: this machine's at this moment."""
    one = ipaddress.ip_address(host)
    if not one.is_unspecified:
        yield str(one)
        return
    found = (ip for adapter in ifaddr.get_adapters() for ip in adapter.ips)
    own = {ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0]) for ip in found}
    for address in sorted(own, key=str):
        of_link = address.version == 6 and address.is_link_local
        if address.version <= one.version and not address.is_loopback and not of_link:
            yield str(address)


class Announcer:
    """Announces a server with its printers between `start` and `stop`, in a task of its own, which begins anew if it
    fails.
    """

    def __init__(self, spooler: Spooler, place: Callable[[], Place], host: str) -> None:
        self._spooler = spooler
        self._place = place
        self._host = ipaddress.ip_address(host)
        self._known: dict[PrinterName, Announced] = {}
        self._places: Places | None = None
        self._sending: set[asyncio.Future[None]] = set()
        self._failed = ""
        """Why nothing can be announced, as was said in the log."""
        self._task: asyncio.Task[None] | None = None

    def name_of(self, printer: PrinterName) -> str | None:
        """By which name the network knows a printer, or by NO_PRINTER the server itself; None while it does not."""
        known = self._known.get(printer)
        return None if known is None else known.name

    def start(self) -> None:
        """Begin; what goes wrong on the network is logged, and tried again."""
        self._task = asyncio.create_task(self._run(), name="DNS-SD")

    async def stop(self) -> None:
        """Say goodbye for all of it."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        pauses = Backoff()
        while not self._spooler.feed.is_closed:
            try:
                await self._announce_all()
            except Exception as error:  # noqa: BLE001 - nothing but announcements depends on it
                self._complain(error)
                await self._spooler.clock.sleep(pauses.next())

    def _complain(self, error: Exception) -> None:
        """Log what is wrong, if it is not what was wrong before."""
        why = str(error) or type(error).__name__
        if why != self._failed:
            bug = None if isinstance(error, OSError | RuntimeError | DiscoveryError) else error
            log.warning(
                "printers can't be announced on the network, it is tried again: %s", why, exc_info=bug
            )
        self._failed = why

    async def _announce_all(self) -> None:
        """Announce the printers until the server goes down. Raises OSError, RuntimeError, DiscoveryError."""
        version = IPVersion.All if self._host.version == 6 else IPVersion.V4Only
        where = InterfaceChoice.All if self._host.is_unspecified else [str(self._host)]
        network = AsyncZeroconf(interfaces=where, ip_version=version)
        try:
            self._places = Places(network.zeroconf)
            await self._follow(network)
        finally:
            for one in self._known.values():
                self._locate(one, b"")
            self._known.clear()
            for sending in self._sending:
                sending.cancel()
            with suppress(OSError, DiscoveryError, TimeoutError):
                async with asyncio.timeout(GOODBYE_TIME):
                    await network.async_close()

    async def _follow(self, network: AsyncZeroconf) -> None:
        """Keep up with the printers; a reader's heartbeat shows when the machine's addresses have changed."""
        feed = self._spooler.feed
        with await feed.open(SERVER, _KINDS, SYSTEM) as reader:
            place = self._place()
            while not feed.is_closed:
                while reader.is_behind:
                    await reader.read()
                if place != (place := self._place()):
                    await network.async_update_interfaces()
                await self._keep_up(network, place)
                self._failed = ""
                await reader.wait()
                await reader.read()

    async def _keep_up(self, network: AsyncZeroconf, place: Place) -> None:
        """Make what is announced what there is now."""
        all_there_is = self._presences(place)
        for name, known in list(self._known.items()):
            if name not in all_there_is or known.wish != all_there_is[name].wish:
                await self._withdraw(network, name)
        new: list[Awaitable[None]] = []
        taken = {known.name.lower() for name, known in self._known.items() if name != NO_PRINTER}
        for name, presence in all_there_is.items():
            known_one = self._known.get(name)
            if known_one is None:
                others = taken if name != NO_PRINTER else set[str]()  # its service has names of its own
                new.append(self._announce(network, name, presence, place, others))
            elif known_one.told != (presence, place):
                await self._tell(network, name, Announced(known_one.name, presence, place))
        await asyncio.gather(*new)

    def _presences(self, place: Place) -> dict[PrinterName, Presence]:
        """What there is to announce: printers by their names, the server by NO_PRINTER."""
        system, printers = self._spooler.system, self._spooler.printers
        found = {NO_PRINTER: system_presence(system.description, system.uuid, place)}
        for printer in printers.list()[:MOST_PRINTERS]:
            found[printer.name] = printer_presence(printer, printers.capabilities(printer.name), place)
        return {name: presence for name, presence in found.items() if presence.records}

    async def _announce(
        self,
        network: AsyncZeroconf,
        printer: PrinterName,
        presence: Presence,
        place: Place,
        taken: set[str],
    ) -> None:
        """Announce by the first name that nobody else has."""
        for _ in range(TRIES):
            name = instance_name(presence.wish, taken)
            taken.add(name.lower())
            one = Announced(name, presence, place)
            refused = await self._claim(network, one)
            if refused is None:
                await self._tell(network, printer, one)
                return
            if not isinstance(refused, NonUniqueNameException | ServiceNameAlreadyRegistered):
                raise refused
        log.warning("%s is not announced: others on the network have its names", _called(printer))

    async def _claim(self, network: AsyncZeroconf, one: Announced) -> Exception | None:
        """Ask the network for the name, for all services; why not, where one of them is refused."""
        asked = (AsyncServiceInfo(info.type, info.name) for info in one.services)
        if any(await asyncio.gather(*(info.async_request(network.zeroconf, ASKING) for info in asked))):
            return NonUniqueNameException()
        results = await asyncio.gather(
            *(network.async_register_service(info) for info in one.services), return_exceptions=True
        )
        refused = [result for result in results if isinstance(result, Exception)]
        for info, result in zip(one.services, results, strict=True):
            if not isinstance(result, BaseException):
                self._send(result)
                if refused:
                    self._send(await network.async_unregister_service(info))
        return refused[0] if refused else None

    async def _tell(self, network: AsyncZeroconf, name: PrinterName, one: Announced) -> None:
        """Announce it as it is now, where the name is ours."""
        old = self._known.get(name)
        gone = {info.key: info for info in old.subtypes} if old is not None else {}
        for info in (*(one.services if old is not None else ()), *one.subtypes):
            gone.pop(info.key, None)
            self._send(await network.async_update_service(info))
        network.zeroconf.registry.async_remove(list(gone.values()))
        self._locate(one, one.location)
        self._known[name] = one
        if old is None:
            log.info("%s is announced on the network as %r", _called(name), one.name)

    async def _withdraw(self, network: AsyncZeroconf, name: PrinterName) -> None:
        """Say goodbye for one of them."""
        one = self._known.pop(name)
        self._locate(one, b"")
        for info in (*one.services, *one.subtypes):
            self._send(await network.async_unregister_service(info))

    def _locate(self, one: Announced, location: bytes) -> None:
        """Tell where it is."""
        for info in one.services:
            if self._places is not None and info.port:
                self._places.put(info.name, location)

    def _send(self, sending: Awaitable[None]) -> None:
        """Keep what the library sends again and again until it has."""
        task = asyncio.ensure_future(sending)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
