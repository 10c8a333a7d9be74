"""The Windows door, put together: users, security, the two print services, the endpoint mapper. For `app` alone."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pagebell.config import Config, split_address
from pagebell.dcerpc.endpoint_mapper import PORT, EndpointMapper, Registration
from pagebell.dcerpc.pipe_server import PipeError, listen_for_smbd
from pagebell.dcerpc.security import Level, Mechanisms
from pagebell.dcerpc.server import Endpoint, RpcServer
from pagebell.dcerpc.service import Service, syntax
from pagebell.dcerpc.tasks import beside
from pagebell.directory import Catalog, Login
from pagebell.model.access import SYSTEM
from pagebell.model.identifiers import Identifiers
from pagebell.proofs import Proofs, computer_name
from pagebell.spooler.ports import Directory
from pagebell.spooler.spooler import Spooler
from pagebell.winspool.server.calling import Callbacks
from pagebell.winspool.server.desk import Ask, Desk, Settings
from pagebell.winspool.server.destination import Reach
from pagebell.winspool.server.dialing import RpcDialer
from pagebell.winspool.server.pan import LIMITS, pan_services
from pagebell.winspool.server.publishing import Publisher
from pagebell.winspool.server.service import par_service, rprn_service
from pagebell.winspool.server.watching import forget_watchers

OFF = "off"
_BETWEEN = 0.02
"""Seconds between two calls that are prepared, for clients' calls."""
LEVELS = {"none": Level.NONE, "integrity": Level.INTEGRITY, "privacy": Level.PRIVACY}


class AddressError(Exception):
    """An address can't be listened on; `str()` of it says which and why."""


@dataclass(frozen=True, slots=True)
class WindowsDoor:
    """Where Windows clients are taken."""

    host: str
    port: int
    mapper: str
    """Where the endpoint mapper is, or why there is none."""
    pipe: str = ""
    """The socket by which smbd hands its pipe over; empty for none."""

    @property
    def authority(self) -> str:
        """HOST:PORT, or that nobody is taken there."""
        if not self.port:
            return OFF
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


async def open_door(
    stack: AsyncExitStack, spooler: Spooler, proofs: Proofs, config: Config, ipp: Ask
) -> WindowsDoor | None:
    """Listen for RPC as long as the stack lasts; None where that is switched off. Raises AddressError."""
    if config.rpc.listen == OFF and not config.rpc.samba_np:
        return None
    desk = await _desk(stack, spooler, proofs.directory, config, ipp)
    pipe = await _pipe(stack, desk, proofs, config)
    if config.rpc.listen == OFF:
        return WindowsDoor("", 0, OFF, pipe)
    services = _services(desk, config)
    mechanisms = proofs.mechanisms()
    server = RpcServer(services, mechanisms, limits=LIMITS, guard=proofs.attempts)
    host, port = split_address(config.rpc.listen, "rpc.listen")
    try:
        endpoint = await stack.enter_async_context(server.listen(host, port))
    except OSError as error:
        raise AddressError(_cannot(config.rpc.listen, error, "--rpc")) from None
    mapper = await _map(stack, services, mechanisms, endpoint, config)
    await stack.enter_async_context(beside(_prepare(services)))
    return WindowsDoor(host, endpoint.port, mapper, pipe)


async def _pipe(stack: AsyncExitStack, desk: Desk, proofs: Proofs, config: Config) -> str:
    r"""Serve smbd's pipe `\pipe\spoolss`, over which [MS-RPRN] goes and [MS-PAR] does not. Raises AddressError.

    What calls need of protection is smbd's to demand, which signs and seals its sessions.
    """
    if not config.rpc.samba_np:
        return ""
    service = rprn_service(desk, Level.NONE, anonymous=config.rpc.anonymous)
    server = RpcServer([service], proofs.mechanisms(), guard=proofs.attempts)
    try:
        await stack.enter_async_context(listen_for_smbd(server, Path(config.rpc.samba_np)))
    except PipeError as error:
        raise AddressError(str(error)) from None
    return config.rpc.samba_np


def _cannot(address: str, error: OSError, option: str) -> str:
    why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
    return f"can't listen on {address}: {why}; choose another address with {option}"


async def _desk(
    stack: AsyncExitStack, spooler: Spooler, directory: Directory, config: Config, ipp: Ask
) -> Desk:
    """What the handlers share; clients that listened before a restart do not any more."""
    settings = Settings(
        computer=computer_name(config),
        names=(socket.gethostname(), *config.rpc.names),
        driver=config.rpc.default_driver,
        drivers={name: table.driver for name, table in config.printers.items() if table.driver},
        accept_driver_records=config.rpc.accept_driver_records,
        smbd_spool=config.rpc.samba_spool,
        access=config.rules().grants(Identifiers(UUID(spooler.system.uuid))),
    )
    desk = Desk(spooler, directory, settings, ipp=ipp)
    await forget_watchers(desk, SYSTEM)
    if config.rpc.callbacks:
        reach = Reach(config.rpc.callbacks_to, anonymous=config.rpc.callbacks_to_anonymous)
        desk.callbacks = await stack.enter_async_context(Callbacks(RpcDialer(), reach).running())
    catalog = _catalog(config)
    if catalog is not None:
        desk.publisher = await stack.enter_async_context(Publisher(spooler, catalog, ipp).running())
    return desk


async def _prepare(services: Iterable[Service]) -> None:
    """Compile how calls are read and written before a client waits for it: one by one, beside everything else."""
    for service in services:
        for call, _ in tuple(service.handlers.values()):
            call.prepare()
            call.Reply.prepare()  # type: ignore[attr-defined]  # each call has one
            await asyncio.sleep(_BETWEEN)


def _catalog(config: Config) -> Catalog | None:
    """Where printers are published. Raises AddressError."""
    table = config.directory
    if not table.ldap:
        return None
    try:
        password = Path(table.password_file).read_text("utf-8").strip() if table.password_file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise AddressError(f"directory.password-file: {error}") from None
    login = Login(table.bind, password) if table.bind else Login(ticket=True)
    ca = Path(table.ca) if table.ca else None
    return Catalog(table.ldap, table.host or socket.getfqdn(), login, table.base, ca)


def _services(desk: Desk, config: Config) -> list[Service]:
    """[MS-RPRN], [MS-PAR] and [MS-PAN]."""
    minimum = Level.NONE if config.rpc.anonymous else LEVELS[config.rpc.protection]
    par = par_service(desk, LEVELS[config.rpc.par_protection])
    return [rprn_service(desk, minimum, anonymous=config.rpc.anonymous), par, *pan_services(desk)]


async def _map(
    stack: AsyncExitStack,
    services: list[Service],
    mechanisms: Mechanisms,
    endpoint: Endpoint,
    config: Config,
) -> str:
    """Tell clients the port, at port 135; where nobody has asked for it, only if it may be had."""
    if config.rpc.epm == OFF:
        return OFF
    wanted = config.rpc.epm or f"{_bracketed(endpoint.host)}:{PORT}"
    mapper = EndpointMapper()
    mapper.register(
        Registration(syntax(service.interface), endpoint.port, annotation=service.annotation)
        for service in services
    )
    host, port = split_address(wanted, "rpc.epm")
    try:
        found = await stack.enter_async_context(RpcServer([mapper.service()], mechanisms).listen(host, port))
    except OSError as error:
        if config.rpc.epm:
            raise AddressError(_cannot(wanted, error, "--epm")) from None
        return f"off, since {wanted} can't be had: {os.strerror(error.errno or 0)}"
    return f"{_bracketed(found.host)}:{found.port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
