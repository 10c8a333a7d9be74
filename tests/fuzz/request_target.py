"""What is fuzzed of the Windows services: every request that has a handler.

- `requests`: whatever calls come one after the other, each is answered by a reply that can be written, or by a fault;
  one that waits can be given up; and when the client is gone, none of its handles holds a document open.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from pagebell.dcerpc.endpoint_mapper import EndpointMapper, Registration
from pagebell.dcerpc.groups import Handles
from pagebell.dcerpc.mgmt import management
from pagebell.dcerpc.ndr import Call, ContextHandle, NdrError, Struct, Transfer
from pagebell.dcerpc.security import Level, Principal
from pagebell.dcerpc.service import Caller, Handler, Service, syntax
from pagebell.dcerpc.status import Fault
from pagebell.testing import FakeClock
from pagebell.winspool.constants import Access
from pagebell.winspool.idl import rprn
from pagebell.winspool.idl.containers import DOC_INFO_CONTAINER
from pagebell.winspool.idl.par import OBJECT
from pagebell.winspool.idl.types import DOC_INFO_1
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.pan import pan_services
from pagebell.winspool.server.service import par_service, rprn_service
from tests.unit.spooler.stage import Stage
from tests.winspool.stand import People

TURNS: Final = 40
"""Of the event loop; what takes longer waits for something."""
CALLS_AT_MOST: Final = 16
NAMES: Final = ("p1", "", "p1, Job 1", ",XcvMonitor Local Port")
"""What there are handles of from the beginning, numbered from 1; a document is being sent by the first."""


class Hasty(FakeClock):
    """Waits for less than a clock of tests does."""

    async def settle(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)


def services(desk: Desk) -> list[Service]:
    """All that a server of ours answers."""
    mapper = EndpointMapper()
    own = [rprn_service(desk), par_service(desk), *pan_services(desk), mapper.service()]
    mapper.register(Registration(syntax(one.interface), 49152, annotation=one.annotation) for one in own)
    return [*own, management(lambda: own)]


def handlers(desk: Desk) -> list[tuple[type[Call], Handler[Any]]]:
    """Every call with its handler."""
    return [found for one in services(desk) for _, found in sorted(one.handlers.items())]


def record(index: int, transfer: Transfer, stub: bytes) -> bytes:
    """One call, as this target takes it."""
    return (
        index.to_bytes(2, "little")
        + bytes([transfer is Transfer.NDR64])
        + len(stub).to_bytes(2, "little")
        + stub
    )


def records(octets: bytes) -> Iterator[tuple[int, Transfer, bytes]]:
    """The calls of an input: number, syntax, stub."""
    rest = octets
    for _ in range(CALLS_AT_MOST):
        if len(rest) < 5:
            return
        size = int.from_bytes(rest[3:5], "little")
        transfer = Transfer.NDR64 if rest[2] & 1 else Transfer.NDR
        yield int.from_bytes(rest[:2], "little"), transfer, rest[5 : 5 + size]
        rest = rest[5 + size :]


class Client:
    """One that has opened what there is."""

    def __init__(self, desk: Desk) -> None:
        numbers = itertools.count(1)
        self.handles = Handles(64, lambda: UUID(int=next(numbers)))
        principal = Principal("root", mechanism="NTLM")
        self.caller = Caller(principal, Level.PRIVACY, self.handles, "127.0.0.1", "127.0.0.1", OBJECT)
        self.calls = handlers(desk)
        self._by_kind = dict(self.calls)

    async def open_all(self) -> None:
        """Handles of every sort."""
        for name in NAMES:
            call = rprn.RpcOpenPrinter(pPrinterName=name, AccessRequired=int(Access.GENERIC_ALL))
            await self.answer(call)
        document = DOC_INFO_CONTAINER(DocInfo=DOC_INFO_1(pDocName="Letter", pDatatype="RAW"))
        await self.answer(
            rprn.RpcStartDocPrinter(hPrinter=ContextHandle(UUID(int=1)), pDocInfoContainer=document)
        )

    async def answer(self, call: Call) -> Struct | None:
        """A reply; None for a fault, and for what would wait."""
        task = asyncio.ensure_future(self._by_kind[type(call)](self.caller, call))
        for _ in range(TURNS):
            if task.done():
                break
            await asyncio.sleep(0)
        task.cancel()
        try:
            return await task
        except (Fault, NdrError, asyncio.CancelledError):
            return None

    async def run_down(self) -> None:
        """It is gone."""
        for held in self.handles.take_all():
            if held.run_down is not None:
                await held.run_down(held.value)


async def converse(octets: bytes) -> list[Struct | None]:
    """Answer call after call."""
    told: list[Struct | None] = []
    async with Stage(clock=Hasty()) as stage:
        await stage.submit()
        client = Client(Desk(stage.spooler, People()))
        await client.open_all()
        for index, transfer, stub in records(octets):
            kind, _ = client.calls[index % len(client.calls)]
            try:
                call = kind.decode(stub, transfer)
            except NdrError:
                continue
            reply = await client.answer(call)
            if reply is not None:
                kind.Reply.decode(reply.encode(transfer), transfer)  # type: ignore[attr-defined]
            told.append(reply)
        await client.run_down()
        assert not stage.documents.incoming
    return told


def requests(octets: bytes) -> None:
    """Calls, each behind its number, a flag for NDR64, and its length."""
    asyncio.run(converse(octets))
