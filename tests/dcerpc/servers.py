"""A small service, a server that has it, and users; for the tests that need two sides."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from pagebell.dcerpc.client import RpcClient, Security, connect
from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.ndr import (
    DWORD,
    Call,
    ContextHandle,
    Interface,
    Struct,
    blob,
    context_handle,
    count_of,
    wstr,
)
from pagebell.dcerpc.negotiation import NDR, NDR64
from pagebell.dcerpc.ntlm import HashedCredentials, NtlmAcceptor
from pagebell.dcerpc.ntlm_keys import nt_hash
from pagebell.dcerpc.pdu import Syntax
from pagebell.dcerpc.security import AuthType, Level, Mechanisms
from pagebell.dcerpc.server import RpcServer
from pagebell.dcerpc.service import Caller, Service
from pagebell.dcerpc.spnego import NTLM_OID, SpnegoAcceptor

BELL = Interface("bell", UUID("7a98c250-6808-11cf-b73b-00aa00b677a7"), (1, 0))
LAMP = Interface("lamp", UUID("7a98c250-6808-11cf-b73b-00aa00b677a8"), (2, 1))
USER, PASSWORD = "alice", "Secret123"


class Echo(Call, interface=BELL, opnum=0):
    size: DWORD = count_of("data")
    data: blob = b""

    class Reply(Struct):
        data: blob = b""
        caller: wstr = ""


class Park(Call, interface=BELL, opnum=1):
    class Reply(Struct):
        result: DWORD = 0


class Release(Call, interface=BELL, opnum=2):
    class Reply(Struct):
        parked: DWORD = 0


class Open(Call, interface=BELL, opnum=3):
    name: wstr

    class Reply(Struct):
        handle: context_handle
        result: DWORD = 0


class Name(Call, interface=BELL, opnum=4):
    handle: context_handle

    class Reply(Struct):
        name: wstr


class Close(Call, interface=BELL, opnum=5):
    handle: context_handle

    class Reply(Struct):
        handle: context_handle = ContextHandle()


class Misread(Call, interface=Interface("bell", BELL.uuid, BELL.version), opnum=3):
    """`Open` as somebody might send it who has the declaration wrong."""

    number: DWORD

    class Reply(Struct):
        result: DWORD = 0


class Which(Call, interface=BELL, opnum=7):
    class Reply(Struct):
        object: wstr


class Break(Call, interface=BELL, opnum=6):
    class Reply(Struct):
        result: DWORD = 0


class Nobody(Call, interface=BELL, opnum=40):
    class Reply(Struct):
        result: DWORD = 0


class Light(Call, interface=LAMP, opnum=0):
    on: Annotated[DWORD, "ignored"]

    class Reply(Struct):
        on: DWORD = 0


@dataclass
class Bell:
    """What the service remembers."""

    released: asyncio.Event = field(default_factory=asyncio.Event)
    parked: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    lost: list[str] = field(default_factory=list)
    lost_one: asyncio.Event = field(default_factory=asyncio.Event)

    async def run_down(self, name: str) -> None:
        self.lost.append(name)
        self.lost_one.set()

    def service(self, *, minimum: Level = Level.NONE, authenticated: bool = False) -> Service:
        service = Service(BELL, minimum=minimum, authenticated=authenticated)

        @service.implements(Echo)
        async def echo(caller: Caller, call: Echo) -> Echo.Reply:
            return Echo.Reply(data=call.data, caller=str(caller.principal or "nobody"))

        @service.implements(Park)
        async def park(caller: Caller, call: Park) -> Park.Reply:
            self.parked.set()
            try:
                await self.released.wait()
            finally:
                self.ended.set()
            return Park.Reply()

        @service.implements(Release)
        async def release(caller: Caller, call: Release) -> Release.Reply:
            self.released.set()
            return Release.Reply(parked=int(self.parked.is_set()))

        @service.implements(Open)
        async def open_(caller: Caller, call: Open) -> Open.Reply:
            return Open.Reply(handle=caller.handles.open(call.name, self.run_down))

        @service.implements(Name)
        async def name(caller: Caller, call: Name) -> Name.Reply:
            return Name.Reply(name=caller.handles.get(call.handle, str))

        @service.implements(Close)
        async def close(caller: Caller, call: Close) -> Close.Reply:
            caller.handles.close(call.handle, str)
            return Close.Reply()

        @service.implements(Which)
        async def which(caller: Caller, call: Which) -> Which.Reply:
            return Which.Reply(object=str(caller.object))

        @service.implements(Break)
        async def break_(caller: Caller, call: Break) -> Break.Reply:
            raise RuntimeError("broken on purpose")

        return service


def lamp() -> Service:
    service = Service(LAMP, authenticated=False)

    @service.implements(Light)
    async def light(caller: Caller, call: Light) -> Light.Reply:
        return Light.Reply(on=call.on)

    return service


async def lookup(user: str, domain: str) -> bytes | None:
    return nt_hash(PASSWORD) if user.lower() == USER else None


def mechanisms(*, anonymous: bool = False) -> Mechanisms:
    def acceptor() -> NtlmAcceptor:
        return NtlmAcceptor(HashedCredentials(lookup), anonymous=anonymous)

    return {AuthType.NTLM: acceptor, AuthType.SPNEGO: lambda: SpnegoAcceptor({NTLM_OID: acceptor})}


@contextlib.asynccontextmanager
async def serving(
    *services: Service, limits: Limits | None = None, transfers: tuple[Syntax, ...] = (NDR, NDR64)
) -> AsyncIterator[int]:
    """Serve on a port of the machine's choosing."""
    server = RpcServer([*services, lamp()], mechanisms(), limits=limits or Limits(), transfers=transfers)
    async with server.listen("127.0.0.1", 0) as endpoint:
        yield endpoint.port


@contextlib.asynccontextmanager
async def client(port: int, security: Security | None = None, **more: object) -> AsyncIterator[RpcClient]:
    async with connect("127.0.0.1", port, BELL, security=security, **more) as made:  # type: ignore[arg-type]
        yield made
