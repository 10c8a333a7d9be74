"""The composition root: the only place that knows all the parts and puts them together."""

from __future__ import annotations

import fcntl
import ipaddress
import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pagebell.clock import SystemClock
from pagebell.config import Config, split_address
from pagebell.converters.inspect import WorkerInspector
from pagebell.converters.pages import PageConverter
from pagebell.devices import make_device
from pagebell.ipp.decoder import Limits
from pagebell.ipp.server import Service
from pagebell.ipp.server.http import IppApplication, Receive, Scope, Send, is_ipp, refuse_media_type
from pagebell.listener import Listener
from pagebell.model.access import ADMINISTRATOR, EVERYBODY, SYSTEM, Principal
from pagebell.model.errors import Refusal
from pagebell.model.event import PrinterName
from pagebell.spooler.printers import PrinterWish
from pagebell.spooler.spooler import Spooler
from pagebell.stores.files import FileDocumentStore
from pagebell.stores.sqlite import SqliteStore, StoreUnusable
from pagebell.stores.tiered import TieredDocumentStore
from pagebell.web.pages import pages

log = logging.getLogger(__name__)

FIRST_PRINTER = "PDF"


class StartError(Exception):
    """The server can't start; `str()` of it says why and what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that takes requests."""

    spooler: Spooler
    host: str
    port: int
    state: Path

    @property
    def authority(self) -> str:
        """HOST:PORT as in URIs."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def uri(self, printer: str) -> str:
        """A printer's IPP URI."""
        return f"ipp://{self.authority}/ipp/print/{printer}"


@asynccontextmanager
async def serve(config: Config) -> AsyncIterator[Running]:
    """Run a server as long as the context lasts. Raises StartError."""
    folder = prepare_state_folder(config.state_folder())
    with _sole_use(folder):
        async with AsyncExitStack() as stack:
            inspector = WorkerInspector()
            stack.push_async_callback(inspector.aclose)
            store = SqliteStore(folder / "pagebell.db")
            spooler = Spooler(
                store,
                TieredDocumentStore(store, FileDocumentStore(folder / "spool")),
                SystemClock(),
                make_device,
                inspector,
                config.policy(),
                PageConverter(folder / "prepared"),
            )
            try:
                await stack.enter_async_context(spooler)
            except StoreUnusable as error:
                raise StartError(str(error)) from None
            await _ensure_printers(spooler, config, folder)
            yield await _listen(stack, spooler, config, folder)


def prepare_state_folder(folder: Path) -> Path:
    """Make the folder, for its owner only. Raises StartError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "output").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"the state folder {folder} can't be made: {error.strerror}; name another with --state"
        ) from None
    return folder


@contextmanager
def _sole_use(folder: Path) -> Iterator[None]:
    """Two servers never share a state folder. Raises StartError."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartError(
            f"the state folder {folder} can't be written: {error.strerror}; name another with --state"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StartError(
            f"another Pagebell is using {folder}; stop it or name another folder with --state"
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)


async def _ensure_printers(spooler: Spooler, config: Config, folder: Path) -> None:
    """The configured printers exist as configured; without any, the first start makes one."""
    known = {printer.name: printer for printer in spooler.printers.list()}
    if not known and not config.printers:
        wish = PrinterWish(device=(folder / "output").as_uri(), info="Writes documents to a folder")
        await spooler.printers.add(FIRST_PRINTER, wish, SYSTEM)
    for name, table in config.printers.items():
        wish = PrinterWish(device=table.device, info=table.info or name, location=table.location)
        old = known.get(PrinterName(name))
        try:
            if old is None:
                await spooler.printers.add(name, wish, SYSTEM)
            elif (old.device, old.info, old.location) != (wish.device, wish.info, wish.location):
                await spooler.printers.change(old.name, wish, SYSTEM)
        except Refusal as refusal:
            raise StartError(f"printers.{name}: {refusal}") from None


async def _listen(stack: AsyncExitStack, spooler: Spooler, config: Config, folder: Path) -> Running:
    host, port = split_address(config.server.ipp, "server.ipp")
    application = _Application(spooler, config)
    listener = Listener(application)
    try:
        host, port = await listener.open(host, port)
    except OSError as error:
        raise StartError(
            f"can't listen on {config.server.ipp}: {os.strerror(error.errno or 0)}; choose another address with --ipp"
        ) from None
    stack.push_async_callback(listener.close)
    running = Running(spooler, host, port, folder)
    application.ipp = IppApplication(
        Service(spooler, Limits(octets=config.ipp.max_attributes_octets)),
        Doorkeeper(config.access.admin_from).admit,
        running.authority,
        config.ipp.silence,
    )
    return running


class _Application:
    """The ASGI application: IPP by its media type, everything else is for browsers."""

    def __init__(self, spooler: Spooler, config: Config) -> None:
        self.ipp: IppApplication | None = None
        self._pages = pages(spooler)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.ipp is not None and is_ipp(scope):
            await self.ipp(scope, receive, send)
        elif scope["method"] == "POST":
            await refuse_media_type(send)
        else:
            await self._pages(scope, receive, send)


class Doorkeeper:
    """Who a request comes from, as far as its address and the name it gives tell."""

    def __init__(self, admin_from: tuple[str, ...]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in admin_from]

    def admit(self, user: str | None, peer: str) -> Principal:
        """A principal with the rights that its address gives it."""
        try:
            address = ipaddress.ip_address(peer)
            trusted = any(address in network for network in self._networks)
        except ValueError:
            trusted = False
        name = str(user) if user else "anonymous"
        return Principal(name, host=peer, rights=ADMINISTRATOR if trusted else EVERYBODY)
