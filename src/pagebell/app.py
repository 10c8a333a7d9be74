"""The composition root: the only place that knows all the parts and puts them together."""

from __future__ import annotations

import fcntl
import ipaddress
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

from pagebell.clock import SystemClock
from pagebell.config import Config, split_address
from pagebell.converters.inspect import WorkerInspector
from pagebell.converters.pages import PageConverter
from pagebell.couriers import make_couriers
from pagebell.devices import make_device
from pagebell.discovery.records import Place, host_name
from pagebell.entrance import Auth, Doorkeeper, Entry, TurnedAway
from pagebell.entrance.admission import Header, admit_to
from pagebell.fetchers.by_scheme import FetcherByScheme
from pagebell.fetchers.http import HttpFetcher
from pagebell.http.certificates import CertificateError, Certificates, own_certificate
from pagebell.http.listener import Listener
from pagebell.http.outbound import AllowList
from pagebell.http.settings import TlsMode
from pagebell.ipp.decoder import Limits
from pagebell.ipp.server import Service
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.http import (
    IppApplication,
    Message,
    Receive,
    Scope,
    Send,
    has_ipp_body,
    is_ipp,
    refuse_media_type,
    tell,
)
from pagebell.model.access import SYSTEM, Principal
from pagebell.model.errors import Refusal
from pagebell.model.event import PrinterName
from pagebell.model.identifiers import Identifiers
from pagebell.proofs import Proofs, ProofsError, proofs
from pagebell.signers import Signers
from pagebell.sources import make_sources
from pagebell.spooler.printers import PrinterWish
from pagebell.spooler.spooler import Spooler
from pagebell.stores.files import FileDocumentStore
from pagebell.stores.sqlite import SqliteStore, StoreUnusable
from pagebell.stores.tiered import TieredDocumentStore
from pagebell.stores.users import UserFile
from pagebell.web.api.application import turned_away
from pagebell.web.site import is_for_programs, site, takes_document

if TYPE_CHECKING:
    from pagebell.discovery.announcer import Announcer
    from pagebell.windows import WindowsDoor
    from pagebell.winspool.server.desk import Ask

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
    tls: TlsMode = TlsMode.OFF
    certificate: Path | None = None
    """The certificate in use, with TLS."""
    windows: WindowsDoor | None = None
    """Where Windows clients are taken."""

    @property
    def authority(self) -> str:
        """HOST:PORT as in URIs."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def uri(self, printer: str) -> str:
        """A printer's IPP URI."""
        scheme = "ipps" if self.tls is TlsMode.REQUIRE else "ipp"
        return f"{scheme}://{self.authority}/ipp/print/{quote(printer)}"

    @property
    def page(self) -> str:
        """The URL of the web page."""
        return f"{'https' if self.tls is TlsMode.REQUIRE else 'http'}://{self.authority}/"


@asynccontextmanager
async def serve(config: Config) -> AsyncIterator[Running]:
    """Run a server as long as the context lasts. Raises StartError."""
    folder = prepare_state_folder(config.state_folder())
    with _sole_use(folder):
        async with AsyncExitStack() as stack:
            inspector = WorkerInspector()
            stack.push_async_callback(inspector.aclose)
            try:
                couriers = make_couriers(config.couriers, folder / "couriers")
                sources = make_sources(config.sources)
            except ValueError as error:
                raise StartError(str(error)) from None
            try:
                signers = Signers.of(config.resources.signers)
            except ValueError as error:
                raise StartError(f"resources.signers: {error}") from None
            store = SqliteStore(folder / "pagebell.db")
            spooler = Spooler(
                store,
                TieredDocumentStore(store, FileDocumentStore(folder / "spool")),
                SystemClock(),
                make_device,
                inspector,
                config.policy(),
                PageConverter(folder / "prepared"),
                couriers,
                sources,
                signers,
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
    directory = UserFile(folder, config.rules(), Identifiers(UUID(spooler.system.uuid)))
    try:
        checked = proofs(config, directory)
    except ProofsError as error:
        raise StartError(str(error)) from None
    stack.push_async_callback(checked.aclose)
    door = _doorkeeper(config, checked)
    application = _Application(spooler, door)
    certificate, key = _certificate(config, folder, host, _dns_sd_name(spooler))
    try:
        certificates = None if certificate is None or key is None else Certificates(certificate, key)
    except CertificateError as error:
        raise StartError(f"{error}; see [tls] in the configuration, or choose --tls off") from None
    listener = Listener(application, config.http_limits(), config.tls.mode, certificates, _has_document)
    try:
        host, port = await listener.open(host, port)
    except OSError as error:
        known = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise StartError(
            f"can't listen on {config.server.ipp}: {known}; choose another address with --ipp"
        ) from None
    stack.push_async_callback(listener.close)
    announcer = _announcer(spooler, config, host, port)
    service = Service(
        spooler,
        Limits(octets=config.ipp.max_attributes_octets),
        _fetcher(config),
        None if announcer is None else announcer.name_of,
    )
    windows = await _windows(
        stack, spooler, checked, config, _ipp_inside(service, host, port, config.tls.mode)
    )
    stack.callback(spooler.begin_stop)
    running = Running(spooler, host, port, folder, config.tls.mode, certificate, windows)
    application.ipp = IppApplication(
        service,
        running.authority,
        both_schemes=config.tls.mode is TlsMode.ALLOW,
        ways=door.ways,
    )
    if announcer is not None:
        announcer.start()
        stack.push_async_callback(announcer.stop)
    return running


def _announcer(spooler: Spooler, config: Config, host: str, port: int) -> Announcer | None:
    """What tells the local network of the printers, where that is wanted."""
    wanted = config.dns_sd.enabled
    if not (wanted is True or (wanted == "auto" and not ipaddress.ip_address(host).is_loopback)):
        return None
    from pagebell.discovery.announcer import Announcer, addresses_of  # noqa: PLC0415  # many servers tell nobody

    login = config.access.auth is Auth.REQUIRE

    def place() -> Place:
        return Place(_dns_sd_name(spooler), port, tuple(addresses_of(host)), config.tls.mode, login)

    return Announcer(spooler, place, host)


def _dns_sd_name(spooler: Spooler) -> str:
    return host_name(socket.gethostname(), spooler.system.uuid)


async def _windows(
    stack: AsyncExitStack, spooler: Spooler, checked: Proofs, config: Config, ipp: Ask
) -> WindowsDoor | None:
    """The door for Windows clients, which takes long to import. Raises StartError."""
    if config.rpc.listen == "off" and not config.rpc.samba_np:
        return None
    from pagebell.windows import AddressError, open_door  # noqa: PLC0415

    try:
        return await open_door(stack, spooler, checked, config, ipp)
    except AddressError as error:
        raise StartError(str(error)) from None


def _ipp_inside(service: Service, host: str, port: int, tls: TlsMode) -> Ask:
    """IPP for those who send it inside of something else, and have proved who they are."""
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    origin = Origin(authority, secure=tls is TlsMode.REQUIRE, both_schemes=tls is TlsMode.ALLOW)

    async def once(octets: bytes) -> AsyncIterator[bytes]:
        yield octets

    async def ask(octets: bytes, by: Principal) -> bytes:
        answer = await service.answer(once(octets), lambda _: by, origin)
        return answer.octets

    return ask


def _doorkeeper(config: Config, checked: Proofs) -> Doorkeeper:
    """Who comes in by HTTP. Raises StartError."""
    has_tls = config.tls.mode is not TlsMode.OFF
    if config.access.auth is Auth.REQUIRE and not has_tls:
        raise StartError('access.auth = "require" needs encryption: choose --tls allow or --tls require')
    entry = Entry(config.access.admin_from, config.access.auth, has_tls)
    return Doorkeeper(entry, checked.directory, checked.schemes(), checked.attempts)


def _certificate(config: Config, folder: Path, *called: str) -> tuple[Path, Path] | tuple[None, None]:
    """The files of the operator's certificate, or of our own, for those names too. Raises StartError."""
    if config.tls.mode is TlsMode.OFF:
        return None, None
    if config.tls.certificate:
        return Path(config.tls.certificate).expanduser(), Path(config.tls.key).expanduser()
    try:
        return own_certificate(folder / "tls", *called)
    except CertificateError as error:
        raise StartError(f"{error}; name another folder with --state, or choose --tls off") from None


def _fetcher(config: Config) -> FetcherByScheme:
    """What fetches documents that clients name. Raises StartError."""
    try:
        allowed = AllowList(config.ipp.fetch_from)
    except ValueError as error:
        raise StartError(f"ipp.fetch-from: {error}") from None
    if not allowed:
        return FetcherByScheme()
    from pagebell.fetchers.ftp import FtpFetcher  # noqa: PLC0415  # most servers fetch nothing

    return FetcherByScheme(HttpFetcher(allowed), FtpFetcher(allowed))


def _has_document(url: bytes, headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a request's body has documents in it, whose size the spooler limits."""
    return has_ipp_body(headers) or takes_document(url)


class _Application:
    """The ASGI application: IPP by its media type, everything else is for browsers."""

    def __init__(self, spooler: Spooler, door: Doorkeeper) -> None:
        self.ipp: IppApplication | None = None
        self._door = door
        self._site = site(spooler)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            admission = await self._door.admit(scope)
            admit_to(scope, admission)
            await self._answer(scope, receive, _with(admission.headers, send))
        except TurnedAway as turned:
            if is_for_programs(scope["path"]):
                await turned_away(turned)(scope, receive, send)
                return
            await tell(scope, receive, send, turned.status, str(turned), *turned.headers)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS" and not is_for_programs(scope["path"]):
            await tell(scope, receive, send, 200, "", (b"allow", b"GET, HEAD, OPTIONS, POST"))
        elif self.ipp is not None and is_ipp(scope):
            await self.ipp(scope, receive, send)
        elif scope["method"] == "POST" and not is_for_programs(scope["path"]):
            await refuse_media_type(scope, receive, send)
        else:
            await self._site(scope, receive, send)


def _with(headers: tuple[Header, ...], send: Send) -> Send:
    """Send with further headers."""
    if not headers:
        return send

    async def more(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return more
