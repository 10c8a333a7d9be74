"""The server's shell: sockets, deadlines and tasks around `ServerAssociation`.

    server = RpcServer([service], {AuthType.NTLM: lambda: NtlmAcceptor(credentials)})
    async with server.listen("127.0.0.1", 0) as endpoint:
        print(endpoint.port)

Everything runs in one tree of task groups: the listener, a task a connection, a task a call.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pagebell.dcerpc.association import ServerAssociation, State
from pagebell.dcerpc.events import CallCancelled, CallReceived, Closed, IncomingCall, ServerEvent, StepWanted
from pagebell.dcerpc.groups import Groups, Handles, Held
from pagebell.dcerpc.limits import DEFAULT, Limits
from pagebell.dcerpc.mgmt import management
from pagebell.dcerpc.ndr import NdrError
from pagebell.dcerpc.negotiation import NDR, NDR64
from pagebell.dcerpc.offer import Offer
from pagebell.dcerpc.patience import Patience
from pagebell.dcerpc.pdu import Syntax
from pagebell.dcerpc.security import Mechanisms, Principal, SecurityError
from pagebell.dcerpc.service import Caller, Service, syntax
from pagebell.dcerpc.sockets import prepare, quick_ack
from pagebell.dcerpc.status import Fault, Status
from pagebell.dcerpc.tasks import beside

log = logging.getLogger(__name__)
_CHUNK = 1 << 16
_BACKLOG = 128
_FAREWELL = 0.5
"""Seconds that calls have for their answers when the server ends."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens."""

    host: str
    port: int


class Guard(Protocol):
    """Knows which addresses have failed too often to prove who they are."""

    def wait(self, address: str) -> int:
        """Seconds until they may try again; 0 is now."""

    def failed(self, address: str) -> None:
        """Somebody there has failed."""


@dataclass(frozen=True, slots=True)
class Session:
    """What somebody else has found out about a connection's peer, such as smbd about who opened a pipe."""

    principal: Principal
    peer: str
    """The peer's address."""
    local: str
    """The address that it connected to."""
    uid: int
    """The Unix user that it is."""


class Reads(Protocol):
    """Where octets come from."""

    async def read(self, n: int) -> bytes:
        """Some octets, b"" at the end."""


class Writes(Protocol):
    """Where octets go."""

    @property
    def transport(self) -> asyncio.WriteTransport:
        """What can be aborted."""

    def write(self, data: bytes) -> None:
        """Send whole PDUs."""

    async def drain(self) -> None:
        """Wait for room."""

    def close(self) -> None:
        """End the connection."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As asyncio's transports."""


class RpcServer:
    """Serves interfaces on TCP endpoints; one server may listen on several."""

    def __init__(
        self,
        services: Iterable[Service] = (),
        mechanisms: Mechanisms | None = None,
        *,
        limits: Limits = DEFAULT,
        transfers: tuple[Syntax, ...] = (NDR, NDR64),
        principals: Mapping[int, str] | None = None,
        guard: Guard | None = None,
    ) -> None:
        """`transfers` stands in order of preference; `principals` has what inq_princ_name tells."""
        self.guard = guard
        self._services: dict[Syntax, Service] = {}
        self._mechanisms, self._limits, self._transfers = mechanisms or {}, limits, transfers
        self._groups = Groups(limits)
        self._connections = 0
        for service in (management(lambda: self.services, principals), *services):
            self.add(service)

    def add(self, service: Service) -> None:
        """Serve one more interface; connections that exist see it too."""
        self._services[syntax(service.interface)] = service

    @property
    def services(self) -> tuple[Service, ...]:
        """Return what is served."""
        return tuple(self._services.values())

    @contextlib.asynccontextmanager
    async def listen(self, host: str, port: int) -> AsyncIterator[Endpoint]:
        """Listen while the block runs; on its end, connections are cut and handles run down."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        listener.setblocking(False)
        endpoint = Endpoint(host, listener.getsockname()[1])
        offer = self.offer(str(endpoint.port))
        with listener:
            async with beside(self._accept(listener, offer)):
                yield endpoint

    async def _accept(self, listener: socket.socket, offer: Offer) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as connections:
            while True:
                try:
                    connection, _ = await loop.sock_accept(listener)
                    connection.setblocking(False)
                except OSError as error:
                    # Out of descriptors, or a connection that was gone before it was taken.
                    log.warning("cannot accept: %s", error)
                    await asyncio.sleep(0.1)
                    continue
                if self._connections >= self._limits.connections:
                    log.warning("too many connections")
                    connection.close()
                    continue
                self._connections += 1
                connections.create_task(self._connection(connection, offer))

    async def _connection(self, connection: socket.socket, offer: Offer) -> None:
        try:
            prepare(connection)
            reader, writer = await asyncio.open_connection(sock=connection)
            await self.serve(reader, writer, offer)
        except OSError:
            connection.close()
        except Exception:
            log.exception("connection")
        finally:
            self._connections -= 1

    async def serve(
        self, reader: Reads, writer: Writes, offer: Offer | None = None, session: Session | None = None
    ) -> None:
        """Serve one stream to its end; for streams that come from elsewhere, such as a named pipe.

        A session says who calls without authenticating in calls.
        """
        association = ServerAssociation(offer or self.offer(""))
        try:
            await _Connection(self, association, reader, writer, self._limits, session).run()
        finally:
            writer.close()
            if association.group is not None:
                await _run_down(self._groups.leave(association.group))

    def offer(self, address: str) -> Offer:
        """Return what connections are offered; `address` is the port or the pipe that they came by."""
        return Offer(
            interfaces=lambda: tuple(self._services),
            mechanisms=self._mechanisms,
            groups=self._groups,
            transfers=self._transfers,
            limits=self._limits,
            address=address,
        )

    def service_for(self, interface: Syntax) -> Service | None:
        """Return the service of an interface."""
        return self._services.get(interface)


async def _run_down(held: list[Held]) -> None:
    """Let each handle's owner clean up; one that fails doesn't keep the others from it."""
    for one in held:
        if one.run_down is not None:
            try:
                await one.run_down(one.value)
            except Exception:
                log.exception("running down %r", one.value)


class _Connection:
    """One connection: feeds the association, runs its calls, sends what it has to send."""

    def __init__(
        self,
        server: RpcServer,
        association: ServerAssociation,
        reader: Reads,
        writer: Writes,
        limits: Limits,
        session: Session | None,
    ) -> None:
        self._server, self._association, self._limits = server, association, limits
        self._reader, self._writer = reader, writer
        self._tasks: dict[IncomingCall, asyncio.Task[None]] = {}
        self._given_up: set[IncomingCall] = set()
        self._begun: float | None = None
        self._patience = Patience()
        self._socket = writer.get_extra_info("socket")
        self._session = session
        self._peer = str((writer.get_extra_info("peername") or ("",))[0]) if session is None else session.peer
        self._local = (
            str((writer.get_extra_info("sockname") or ("",))[0]) if session is None else session.local
        )

    async def run(self) -> None:
        """Serve until the peer goes, misbehaves or falls silent."""
        async with asyncio.TaskGroup() as calls:
            try:
                while self._association.state is not State.CLOSED:
                    data = await self._read()
                    if not data:
                        break
                    await self._handle(self._association.receive(data), calls)
                    await self._flush()
            except asyncio.CancelledError:
                if self._tasks:  # what waited for the server's end may still say so
                    await asyncio.wait(tuple(self._tasks.values()), timeout=_FAREWELL)
                self._association.shut_down()
                self._writer.write(self._association.data_to_send())
                raise
            finally:
                self._patience.end()
                for task in self._tasks.values():
                    task.cancel()

    async def _read(self) -> bytes:
        """Return octets, or b"" when the peer is gone or has been silent for too long."""
        while True:
            try:
                data = await self._patience.wait(self._reader.read(_CHUNK), self._deadline())
            except TimeoutError:
                if not self._association.midway and self._association.alive:
                    continue
                log.info("%s has been silent for too long", self._peer)
                return b""
            except OSError:
                return b""
            quick_ack(self._socket)
            return data

    def _deadline(self) -> float:
        """Return when patience ends. What was begun has one deadline, however slowly octets keep coming."""
        now = asyncio.get_running_loop().time()
        new = self._association.state is State.NEW
        if not new and not self._association.midway:
            self._begun = None
            return now + self._limits.idle_seconds
        if self._begun is None:
            self._begun = now
        return self._begun + (self._limits.bind_seconds if new else self._limits.fragment_seconds)

    async def _handle(self, events: list[ServerEvent], calls: asyncio.TaskGroup) -> None:
        waiting = list(events)
        while waiting:
            match waiting.pop(0):
                case StepWanted() as wanted:
                    waiting += await self._step(wanted)
                case CallReceived(call):
                    self._tasks[call] = calls.create_task(self._call(call))
                case CallCancelled(call, orphaned=orphaned):
                    if not orphaned:
                        self._given_up.add(call)
                    if task := self._tasks.get(call):
                        task.cancel()
                case Closed(reason):
                    log.info("%s: %s", self._peer, reason)

    async def _step(self, wanted: StepWanted) -> list[ServerEvent]:
        guard = self._server.guard
        looked_at = guard is None or not guard.wait(self._peer)
        try:
            if not looked_at:
                raise SecurityError("too many failures from this address")
            async with asyncio.timeout(self._limits.bind_seconds):
                answer = await wanted.security.mechanism.step(wanted.token)
        except (SecurityError, TimeoutError) as error:
            log.warning("%s: authentication refused: %s", self._peer, str(error) or "too slow")
            if guard is not None and looked_at:
                guard.failed(self._peer)
            return self._association.refused("authentication refused")
        except Exception:
            log.exception("%s: authentication", self._peer)
            return self._association.refused("authentication failed")
        if wanted.security.mechanism.complete:
            log.info("%s: %s at level %d", self._peer, wanted.security.principal, wanted.security.level)
        return self._association.stepped(answer)

    async def _call(self, call: IncomingCall) -> None:
        try:
            stub = await self._answer(call)
        except Fault as fault:
            self._association.fault(call, fault.status, executed=fault.executed)
        except asyncio.CancelledError:
            if call not in self._given_up:
                raise
            self._association.fault(call, Status.CANCEL)
        except NdrError as error:
            log.warning("%s: %s: %s", self._peer, call, error)
            self._association.fault(call, Status.NDR)
        except Exception:
            log.exception("%s: %s", self._peer, call)
            self._association.fault(call, Status.UNSPECIFIED)
        else:
            self._association.respond(call, stub)
        finally:
            self._tasks.pop(call, None)
            self._given_up.discard(call)
        await self._flush()

    async def _answer(self, call: IncomingCall) -> bytes:
        service = self._server.service_for(call.interface)
        session = self._session
        principal = call.principal
        if principal is None and session is not None:
            principal = session.principal
        if service is None or not service.admits(principal, call.level):
            raise Fault(Status.ACCESS_DENIED, executed=False)
        found = service.handlers.get(call.opnum)
        if found is None:
            raise Fault(Status.OPNUM_RANGE, executed=False)
        kind, handler = found
        group = self._association.group
        caller = Caller(
            principal=principal,
            level=call.level,
            handles=group.handles if group is not None else Handles(),
            peer=self._peer,
            local=self._local,
            object=call.object,
            uid=None if session is None else session.uid,
        )
        reply = await handler(caller, kind.decode(call.stub, call.transfer, call.order))
        try:
            return reply.encode(call.transfer)
        except NdrError as error:
            raise RuntimeError(f"reply of {kind.__name__}: {error}") from error

    async def _flush(self) -> None:
        """Send what there is; a peer that doesn't take it is cut off."""
        data = self._association.data_to_send()
        if not data:
            return
        try:
            self._writer.write(data)
            if self._writer.transport.get_write_buffer_size():
                async with asyncio.timeout(self._limits.write_seconds):
                    await self._writer.drain()
        except TimeoutError:
            log.warning("%s takes nothing", self._peer)
            self._writer.transport.abort()
        except OSError:
            self._writer.transport.abort()
