"""The client's shell: one connection, any number of calls side by side.

    async with connect("127.0.0.1", port, WINSPOOL, security=ntlm("alice", "secret")) as client:
        reply = await client.call(RpcOpenPrinterEx(...))

A call that takes long does not keep others from being answered. A call whose task is cancelled is orphaned.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from pagebell.dcerpc.client_association import (
    Acknowledged,
    Answered,
    ClientAssociation,
    ClientEvent,
    Ended,
    Faulted,
    Rejected,
)
from pagebell.dcerpc.kerberos import KerberosInitiator
from pagebell.dcerpc.limits import DEFAULT, Limits
from pagebell.dcerpc.ndr import Call, Interface, Procedure, Struct
from pagebell.dcerpc.negotiation import NDR
from pagebell.dcerpc.ntlm import NtlmInitiator
from pagebell.dcerpc.pdu import Syntax
from pagebell.dcerpc.protection import SecurityContext
from pagebell.dcerpc.security import AuthType, Level, Mechanism, SecurityError
from pagebell.dcerpc.service import syntax
from pagebell.dcerpc.sockets import prepare, quick_ack
from pagebell.dcerpc.spnego import KERBEROS_OID, SpnegoInitiator
from pagebell.dcerpc.status import Fault, Refused
from pagebell.dcerpc.tasks import beside

R = TypeVar("R", bound=Struct)
_CHUNK = 1 << 16
_MOST_LEGS = 8


class Disconnected(ConnectionError):
    """The connection ended before the answer came."""


@dataclass(frozen=True, slots=True)
class Security:
    """How a client authenticates, and how its calls are protected."""

    type: AuthType
    mechanism: Mechanism
    level: Level = Level.PRIVACY


def ntlm(user: str, password: str | bytes, domain: str = "", level: Level = Level.PRIVACY) -> Security:
    """Authenticate by NTLMv2; a password of octets is taken for an NT hash."""
    return Security(AuthType.NTLM, NtlmInitiator(user, password, domain, level=level), level)


def spnego(user: str, password: str | bytes, domain: str = "", level: Level = Level.PRIVACY) -> Security:
    """Authenticate by NTLMv2 within SPNEGO."""
    return Security(
        AuthType.SPNEGO, SpnegoInitiator(NtlmInitiator(user, password, domain, level=level)), level
    )


def kerberos(host: str, service: str = "host", level: Level = Level.PRIVACY) -> Security:
    """Authenticate by the tickets that are there, within SPNEGO, to a server by its full name.

    Raises KerberosUnavailable.
    """
    initiator = KerberosInitiator(host, service, level)
    return Security(AuthType.SPNEGO, SpnegoInitiator(initiator, KERBEROS_OID), level)


class RpcClient:
    """A bound connection; `connect` makes one."""

    def __init__(
        self,
        association: ClientAssociation,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        transfers: Sequence[Syntax],
        limits: Limits,
    ) -> None:
        self._association, self._reader, self._writer = association, reader, writer
        self._transfers, self._limits = transfers, limits
        self._waiting: dict[int, asyncio.Future[ClientEvent]] = {}
        self._turn = asyncio.Lock()
        self._altering = asyncio.Lock()
        self._over: str = ""
        self._ended = asyncio.Event()

    @property
    def group(self) -> int:
        """Return the association group, for a second connection that shares the context handles."""
        return self._association.group

    @property
    def local_host(self) -> str:
        """Return the address of ours that the server sees; empty for a stream that has none."""
        return str((self._writer.get_extra_info("sockname") or ("",))[0])

    async def ended(self) -> str:
        """Wait until the connection ends; return why."""
        await self._ended.wait()
        return self._over

    async def call(self, call: Procedure[R], *, object: uuid.UUID | None = None) -> R:
        """Make a call and return its reply; raise `Fault` when it was faulted.

        `object` is the object UUID that goes with it.
        """
        procedure = cast(Call, call)
        interface = syntax(procedure.interface)
        transfer = self._association.presentation(interface)
        if transfer is None:
            await self._agree(procedure.interface)
            transfer = self._association.presentation(interface)
            if transfer is None:
                raise Fault(0x1C010003, executed=False)
        stub = procedure.encode(transfer)
        if self._association.multiplexed:
            answer = await self._request(interface, procedure.opnum, stub, object)
        else:
            async with self._turn:
                answer = await self._request(interface, procedure.opnum, stub, object)
        return call.Reply.decode(answer.stub, transfer, answer.order)

    async def _agree(self, interface: Interface) -> None:
        """Bring a further interface into the association."""
        async with self._altering:
            if self._association.presentation(syntax(interface)) is None:
                self._check()
                await self._answer(self._association.alter(syntax(interface), self._transfers))

    async def _request(
        self, interface: Syntax, opnum: int, stub: bytes, object: uuid.UUID | None
    ) -> Answered:
        self._check()
        call_id = self._association.request(interface, opnum, stub, object)
        try:
            return cast(Answered, await self._answer(call_id))
        except asyncio.CancelledError:
            self._association.abandon(call_id)
            self._write()
            raise

    def _check(self) -> None:
        if self._over:
            raise Disconnected(self._over)

    async def _answer(self, call_id: int) -> ClientEvent:
        """Send what there is and wait for the event of a number."""
        future: asyncio.Future[ClientEvent] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = future
        try:
            self._write()
            await self._writer.drain()
            return await future
        except OSError as error:
            raise error if isinstance(error, Disconnected) else Disconnected(str(error)) from None
        finally:
            self._waiting.pop(call_id, None)
            if not future.cancel() and not future.cancelled():
                future.exception()

    def _write(self) -> None:
        data = self._association.data_to_send()
        if data and not self._writer.is_closing():
            self._writer.write(data)

    async def establish(self, interface: Interface, security: Security | None, group: int) -> None:
        """Bind and authenticate; `connect` does it."""
        context, token = None, b""
        if security is not None:
            context = SecurityContext(security.type, security.level, 0, security.mechanism)
            token = await security.mechanism.step(b"")
        call_id = self._association.bind(syntax(interface), self._transfers, context, token, group)
        event = cast(Acknowledged, await self._answer(call_id))
        if context is not None:
            await self._authenticate(interface, context.mechanism, event.token)
        if self._association.presentation(syntax(interface)) is None:
            raise Fault(0x1C010003, executed=False)

    async def _authenticate(self, interface: Interface, mechanism: Mechanism, token: bytes) -> None:
        for _ in range(_MOST_LEGS):
            answer = await mechanism.step(token)
            if mechanism.complete:
                if answer:
                    self._association.auth3(answer)
                    self._write()
                return
            call_id = self._association.alter(syntax(interface), self._transfers, answer)
            token = cast(Acknowledged, await self._answer(call_id)).token
        raise SecurityError("authentication without end")

    async def receive(self) -> None:
        """Read until the connection ends; `connect` runs it beside the calls."""
        reason, connection = "server closed the connection", self._writer.get_extra_info("socket")
        try:
            while data := await self._reader.read(_CHUNK):
                quick_ack(connection)
                for event in self._association.receive(data):
                    if isinstance(event, Ended):
                        reason = event.reason
                        return
                    self._settle(event)
        except OSError as error:
            reason = str(error)
        finally:
            self._over = reason
            self._ended.set()
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(Disconnected(reason))

    def _settle(self, event: ClientEvent) -> None:
        match event:
            case Rejected(reason):
                for future in self._waiting.values():
                    if not future.done():
                        future.set_exception(Refused(reason))
            case Faulted(call_id, status):
                self._resolve(call_id, event, Fault(status))
            case Acknowledged(call_id) | Answered(call_id):
                self._resolve(call_id, event, None)

    def _resolve(self, call_id: int, event: ClientEvent, error: Exception | None) -> None:
        future = self._waiting.get(call_id)
        if future is None or future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(event)


@contextlib.asynccontextmanager
async def connect(
    host: str,
    port: int,
    interface: Interface,
    *,
    security: Security | None = None,
    transfers: Sequence[Syntax] = (NDR,),
    group: int = 0,
    limits: Limits = DEFAULT,
) -> AsyncIterator[RpcClient]:
    """Connect, bind and authenticate; the connection ends with the block.

    Raise `Refused` for a bind_nak, `Fault` for an interface that isn't there or a user who isn't known,
    `OSError` for a connection that fails, `TimeoutError` for a server that is silent.
    """
    async with asyncio.timeout(limits.bind_seconds):
        reader, writer = await asyncio.open_connection(host, port)
    prepare(writer.get_extra_info("socket"))
    bound = over(
        reader, writer, interface, security=security, transfers=transfers, group=group, limits=limits
    )
    async with bound as client:
        yield client


@contextlib.asynccontextmanager
async def over(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    interface: Interface,
    *,
    security: Security | None = None,
    transfers: Sequence[Syntax] = (NDR,),
    group: int = 0,
    limits: Limits = DEFAULT,
) -> AsyncIterator[RpcClient]:
    """Bind and authenticate over a stream that exists, such as a named pipe; it ends with the block. As `connect`."""
    client = RpcClient(ClientAssociation(limits), reader, writer, transfers, limits)
    try:
        async with beside(client.receive()):
            async with asyncio.timeout(limits.bind_seconds):
                await client.establish(interface, security, group)
            yield client
    finally:
        writer.close()
