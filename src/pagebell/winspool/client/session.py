"""A connection to a print server: the same calls by [MS-PAR] or [MS-RPRN], whichever the server lets us in by."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from pagebell.dcerpc.client import Disconnected, RpcClient, Security, connect, kerberos, over, spnego
from pagebell.dcerpc.endpoint_lookup import NotRegistered, find_port
from pagebell.dcerpc.kerberos import KerberosUnavailable, ticket_holder
from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.ndr import Call, Interface, NdrError
from pagebell.dcerpc.security import SecurityError
from pagebell.dcerpc.smb_pipe import PORT as SMB_PORT
from pagebell.dcerpc.smb_pipe import PipeLogin, PipeRefused, open_pipe
from pagebell.dcerpc.status import Fault, Refused, Status
from pagebell.ipp.errors import BadAnswer, ClientError, ConnectionFailed, Silent
from pagebell.ipp.errors import Refused as NobodyThere
from pagebell.winspool.client.addresses import Address, Way
from pagebell.winspool.client.answering import Listening
from pagebell.winspool.client.errors import NotLetIn, WindowsError
from pagebell.winspool.idl import rprn_data, rprn_setup
from pagebell.winspool.idl.containers import SPLCLIENT_CONTAINER
from pagebell.winspool.idl.par import IREMOTEWINSPOOL, OBJECT
from pagebell.winspool.idl.rprn import WINSPOOL
from pagebell.winspool.idl.types import SPLCLIENT_INFO_1
from pagebell.winspool.werror import Win32

log = logging.getLogger(__name__)
DECLARED = (rprn_data, rprn_setup)
"""Imported for the calls that they add to the interface."""
PIPE: Final = "spoolss"
_BUILD = 19045
"""The build that we tell: servers let no client speak [MS-PAR] that is older than Windows Vista."""


def _twins() -> dict[type[Call], type[Call]]:
    """[MS-PAR]'s calls by those of [MS-RPRN] that they are defined by."""
    ours = set(WINSPOOL.calls.values())
    return {
        base: call for call in IREMOTEWINSPOOL.calls.values() for base in call.__mro__[1:] if base in ours
    }


TWINS: Final = _twins()


@dataclass(frozen=True, slots=True)
class Times:
    """Patience, in seconds."""

    connect: float = 10.0
    answer: float = 60.0
    """For an answer to a call that does not wait for anything."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who prints: by name and password, by the tickets that are there, or as nobody."""

    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def domain(self) -> str:
        r"""What stands before the user in `DOMAIN\user`."""
        return self.user.rpartition("\\")[0]

    @property
    def name(self) -> str:
        """The user without the domain."""
        return self.user.rpartition("\\")[2] or _login_name()

    def securities(self, host: str) -> list[Security | None]:
        """How to prove it to a server, the best first."""
        if self.password:
            return [spnego(self.name, self.password, self.domain)]
        ways: list[Security | None] = []
        kerberos = _kerberos(host)
        if kerberos is not None:
            ways.append(kerberos)
        return [*ways, None]


def _login_name() -> str:
    return os.environ.get("LOGNAME") or os.environ.get("USER") or "anonymous"


def _kerberos(host: str) -> Security | None:
    """The tickets of the user's cache, if the extra is there and they are."""
    try:
        return kerberos(host) if ticket_holder() is not None else None
    except (KerberosUnavailable, SecurityError) as error:
        log.debug("no Kerberos: %s", error)
        return None


@dataclass(slots=True)
class Session:
    """One connection, by one way."""

    address: Address
    way: Way
    rpc: RpcClient
    identity: Identity
    times: Times
    listening: Listening = field(default_factory=Listening)
    """Where the server may call us."""

    async def call(self, kind: Any, *, wait: bool = False, **fields: Any) -> Any:
        """Make a call, named as in [MS-RPRN]; returns its reply, whatever its error code.

        With `wait`, the answer may take as long as it likes. Raises ClientError.
        """
        made = (TWINS.get(kind, kind) if self.way is Way.PAR else kind)(**fields)
        marked = OBJECT if self.way is Way.PAR else None
        try:
            async with asyncio.timeout(None if wait else self.times.answer):
                return await self.rpc.call(made, object=marked)
        except TimeoutError:
            raise Silent(self.address.uri, f"no answer for {self.times.answer:.0f} s") from None
        except (NdrError, SecurityError) as error:
            raise BadAnswer(self.address.uri, f"{kind.__name__}: {error}") from None
        except Fault as fault:
            raise self._fault(fault, kind) from None
        except (Refused, OSError) as error:
            raise ConnectionFailed(self.address.uri, str(error)) from None

    def _fault(self, fault: Fault, kind: type[Call]) -> ClientError:
        if fault.status == Status.ACCESS_DENIED:
            return WindowsError(Win32.ACCESS_DENIED, self.address.uri)
        if fault.status == Status.CONTEXT_MISMATCH:  # the spooler has been down since the handle was opened
            return ConnectionFailed(self.address.uri, "the server does not know the handle any more")
        return BadAnswer(self.address.uri, f"{kind.__name__} was faulted: {fault}")

    async def demand(self, kind: Any, what: str = "", **fields: Any) -> Any:
        """As `call`; an error code is raised as WindowsError."""
        reply = await self.call(kind, **fields)
        if reply.result:
            raise WindowsError(reply.result, what or self.address.uri)
        return reply

    @property
    def client_info(self) -> SPLCLIENT_CONTAINER:
        """What we say of ourselves when opening something. [MS-RPRN] 2.2.1.11.1"""
        return SPLCLIENT_CONTAINER(
            ClientInfo=SPLCLIENT_INFO_1(
                pMachineName=rf"\\{machine_name()}",
                pUserName=self.identity.name,
                dwBuildNum=_BUILD,
                dwMajorVersion=10,
                wProcessorArchitecture=9,
            )
        )

    @property
    def local_host(self) -> str:
        """The address of ours that the server sees. Raises OSError."""
        if self.way is not Way.PIPE:
            return self.rpc.local_host
        family = socket.AF_INET6 if ":" in self.address.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as line:  # nothing is sent
            line.connect((self.address.host, SMB_PORT))
            return str(line.getsockname()[0])


def machine_name() -> str:
    """What this computer calls itself."""
    return socket.gethostname().partition(".")[0] or "client"


@contextlib.asynccontextmanager
async def open_session(
    address: Address, identity: Identity, times: Times, listening: Listening
) -> AsyncIterator[Session]:
    """Connect by the first way that works ([MS-PRSOD] 2.7.1.5). Raises ClientError."""
    async with AsyncExitStack() as stack:
        session = await _first(stack, address, identity, times)
        session.listening = listening
        yield session


async def _first(stack: AsyncExitStack, address: Address, identity: Identity, times: Times) -> Session:
    errors: list[ClientError] = []
    for way in address.ways:
        ways = identity.securities(address.host)
        if way is Way.PIPE and None not in ways:
            ways.append(None)  # the session proves it already
        for security in ways:
            if way is Way.PAR and security is None:
                continue  # it is for those who are known
            try:
                rpc = await _reach(stack, address, way, security, times, identity)
            except ClientError as error:
                log.debug("%s by %s: %s", address.uri, way.value, error)
                errors.append(error)
                if isinstance(error, NotLetIn) and error.lasting:
                    break
            else:
                return Session(address, way, rpc, identity, times)
    if not errors:
        raise NotLetIn(address.uri, "people whom it does not know")
    refused = [error for error in errors if isinstance(error, WindowsError)]
    if refused or len(errors) == 1:
        raise (refused or errors)[0]
    reasons = dict.fromkeys(error.reason for error in errors if isinstance(error, ConnectionFailed))
    raise NobodyThere(address.uri, "; ".join(reasons))


@contextlib.asynccontextmanager
async def open_rpc(
    address: Address, identity: Identity, times: Times, interface: Interface
) -> AsyncIterator[RpcClient]:
    """Connect over TCP to another interface of the server, for those who are known to it. Raises ClientError."""
    error: ClientError = NotLetIn(address.uri, "people whom it does not know")
    async with AsyncExitStack() as stack:
        for security in identity.securities(address.host):
            if security is None:
                continue
            try:
                rpc = await _reach(stack, address, Way.PAR, security, times, identity, interface)
            except ClientError as raised:
                error = raised
            else:
                yield rpc
                return
        raise error


_INTERFACES: Final[dict[Way, Interface]] = {
    Way.PAR: IREMOTEWINSPOOL,
    Way.RPRN: WINSPOOL,
    Way.PIPE: WINSPOOL,
}


async def _reach(
    stack: AsyncExitStack,
    address: Address,
    way: Way,
    security: Security | None,
    times: Times,
    identity: Identity,
    interface: Interface | None = None,
) -> RpcClient:
    """A bound connection by one way, to that way's interface or to another. Raises ClientError."""
    interface = interface or _INTERFACES[way]
    user, limits = identity.name, Limits(bind_seconds=times.connect)
    try:
        if way is Way.PIPE:
            login = PipeLogin(identity.user or (identity.name if security else ""), identity.password)
            pipe = await stack.enter_async_context(open_pipe(address.host, PIPE, login, times.connect))
            return await stack.enter_async_context(over(*pipe, interface, security=security, limits=limits))
        port = address.port or await find_port(address.host, interface, limits=limits)
        opening = connect(address.host, port, interface, security=security, limits=limits)
        return await stack.enter_async_context(opening)
    except PipeRefused:
        raise NotLetIn(address.uri, user, lasting=True) from None
    except TimeoutError:
        raise Silent(address.uri, f"no answer for {times.connect:.0f} s") from None
    except NotRegistered:
        raise NobodyThere(address.uri, f"it does not speak {way.value}") from None
    except Fault as fault:
        if fault.status == Status.ACCESS_DENIED:
            raise NotLetIn(address.uri, user) from None
        raise NobodyThere(address.uri, f"{way.value}: {fault}") from None
    except SecurityError as error:
        raise NotLetIn(address.uri, user, str(error)) from None
    except (Refused, Disconnected) as error:
        raise NobodyThere(address.uri, f"{way.value}: {error}") from None
    except NdrError as error:
        raise BadAnswer(address.uri, str(error)) from None
    except OSError as error:
        raise NobodyThere(address.uri, error.strerror or str(error)) from None
