"""A spooler in memory behind real RPC: a server, its users, and clients of ours."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from pagebell.dcerpc.client import RpcClient, connect, ntlm
from pagebell.dcerpc.ndr import ContextHandle
from pagebell.dcerpc.ntlm import HashedCredentials, NtlmAcceptor
from pagebell.dcerpc.ntlm_keys import nt_hash
from pagebell.dcerpc.security import AuthType, Level
from pagebell.dcerpc.server import RpcServer
from pagebell.dcerpc.service import Service
from pagebell.dcerpc.spnego import NTLM_OID, SpnegoAcceptor
from pagebell.ipp.events import Pace
from pagebell.model.access import ADMINISTRATOR, EVERYBODY, Identity, Principal
from pagebell.winspool import Client
from pagebell.winspool.idl import rprn
from pagebell.winspool.idl.containers import DOC_INFO_CONTAINER, SPLCLIENT_CONTAINER
from pagebell.winspool.idl.types import DOC_INFO_1, SPLCLIENT_INFO_1
from pagebell.winspool.server.desk import Desk, Settings
from pagebell.winspool.server.pan import LIMITS, pan_services
from pagebell.winspool.server.service import par_service, rprn_service
from tests.unit.spooler.stage import Stage

PASSWORD = "Secret123"
USERS: Mapping[str, frozenset[object]] = {"ada": EVERYBODY, "bob": EVERYBODY, "root": ADMINISTRATOR}
CLIENT = SPLCLIENT_CONTAINER(ClientInfo=SPLCLIENT_INFO_1(pMachineName=r"\\me", dwBuildNum=19045))


PACE = Pace(quick=0.01, slow=0.02, retry=0.01, retry_most=0.02, patience=5)
"""A client's who is in a hurry."""


def client_at(
    port: int, scheme: str = "par", printer: str = "p1", *, user: str = "ada", pace: Pace = PACE, **more: Any
) -> Client:
    """A client of what answers at that port."""
    uri = f"{scheme}://127.0.0.1:{port}/{printer}"
    return Client(uri, user=user, password=PASSWORD, pace=pace, **more)


class People:
    """`ports.Directory` of the three users."""

    async def principal(self, who: Identity | None, host: str) -> Principal:
        rights = USERS[who.name] if who else frozenset()
        return Principal(who.name if who else "anonymous", authenticated=True, rights=rights)  # type: ignore[arg-type]

    async def nt_hash(self, name: str) -> bytes | None:
        return nt_hash(PASSWORD) if name in USERS else None

    async def prove(self, name: str, password: str) -> Identity | None:
        return Identity(name) if name in USERS and password == PASSWORD else None

    async def edition(self, name: str) -> str:
        return ""

    async def has_passwords(self) -> bool:
        return True


class Stand(Stage):
    """A stage whose spooler is reached by RPC; the scripted device keeps each job until told."""

    settings = Settings(computer="PAGEBELL")

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Stand]:
        """Serve both interfaces while the block runs."""
        people = People()

        async def lookup(user: str, domain: str) -> bytes | None:
            return await people.nt_hash(user)

        self.desk = Desk(self.spooler, people, self.settings)

        def ntlm_acceptor() -> NtlmAcceptor:
            return NtlmAcceptor(HashedCredentials(lookup))

        acceptor = {
            AuthType.NTLM: ntlm_acceptor,
            AuthType.SPNEGO: lambda: SpnegoAcceptor({NTLM_OID: ntlm_acceptor}),
        }
        server = RpcServer(self.services(), acceptor, limits=LIMITS)
        async with server.listen("127.0.0.1", 0) as endpoint:
            self.port = endpoint.port
            yield self

    def services(self) -> list[Service]:
        """The interfaces that are served."""
        return [rprn_service(self.desk), par_service(self.desk), *pan_services(self.desk)]

    @contextlib.asynccontextmanager
    async def client(
        self, user: str = "ada", level: Level = Level.INTEGRITY, interface: object = rprn.WINSPOOL
    ) -> AsyncIterator[RpcClient]:
        security = ntlm(user, PASSWORD, level=level)
        async with connect("127.0.0.1", self.port, interface, security=security) as client:  # type: ignore[arg-type]
            yield client


@contextlib.asynccontextmanager
async def stand() -> AsyncIterator[Stand]:
    async with Stand() as made, made.serving() as found:  # type: ignore[attr-defined]
        yield found


async def open_printer(client: RpcClient, name: str = "p1", access: int = 8) -> ContextHandle:
    call = rprn.RpcOpenPrinterEx(pPrinterName=name, AccessRequired=access, pClientInfo=CLIENT)
    reply = await client.call(call)
    assert reply.result == 0, reply
    return reply.pHandle


async def start_doc(client: RpcClient, handle: ContextHandle, **info: str | None) -> int:
    document = DOC_INFO_1(**({"pDocName": "Letter", "pDatatype": "RAW"} | info))
    reply = await client.call(
        rprn.RpcStartDocPrinter(hPrinter=handle, pDocInfoContainer=DOC_INFO_CONTAINER(DocInfo=document))
    )
    assert reply.result == 0, reply
    return reply.pJobId


async def print_document(client: RpcClient, handle: ContextHandle, octets: bytes, **info: str | None) -> int:
    """[MS-PRSOD] 2.5.3.7.1, the client's side."""
    number = await start_doc(client, handle, **info)
    assert (await client.call(rprn.RpcStartPagePrinter(hPrinter=handle))).result == 0
    written = await client.call(rprn.RpcWritePrinter(hPrinter=handle, pBuf=octets))
    assert (written.result, written.pcWritten) == (0, len(octets))
    assert (await client.call(rprn.RpcEndPagePrinter(hPrinter=handle))).result == 0
    assert (await client.call(rprn.RpcEndDocPrinter(hPrinter=handle))).result == 0
    return number
