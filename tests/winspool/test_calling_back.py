"""Who is called back and who is not, and what becomes of clients that do not answer."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from pagebell.dcerpc.client import connect
from pagebell.dcerpc.security import Level
from pagebell.dcerpc.service import Service
from pagebell.model.access import EVERYBODY, SYSTEM, Identity, Principal
from pagebell.winspool.changes import ChangeFlag as F
from pagebell.winspool.idl import rprn, rprn_notify
from pagebell.winspool.server.calling import Callbacks, CallLimits
from pagebell.winspool.server.destination import NotThere, Reach, destination
from pagebell.winspool.server.dialing import RpcDialer
from pagebell.winspool.server.service import rprn_service
from pagebell.winspool.werror import Win32
from tests.winspool.listening import Line, by_calls, settle
from tests.winspool.stand import People, Stand, open_printer, stand


@pytest_asyncio.fixture
async def here() -> AsyncIterator[Stand]:
    async with stand() as found:
        yield found


def find_first(handle: Any, machine: str | None = r"\\me", cookie: int = 4711) -> Any:
    return rprn_notify.RpcRemoteFindFirstPrinterChangeNotification(
        hPrinter=handle, fdwFlags=F.ADD_JOB, pszLocalMachine=machine, dwPrinterLocal=cookie
    )


async def test_one_registration_a_handle(here: Stand) -> None:
    async with by_calls(here, F.ADD_JOB, {}) as listener:
        reply = await listener.client.call(find_first(listener.handle))
        assert reply.result == Win32.INVALID_PARAMETER
        assert await listener.close() == 0
        assert listener.line.closed == 1
        assert await listener.close() == Win32.INVALID_HANDLE
        assert (await listener.client.call(find_first(listener.handle))).result == 0
        await listener.client.call(rprn.RpcClosePrinter(phPrinter=listener.handle))
        assert listener.line.closed == 2


async def test_a_client_that_is_not_there_is_told_so(here: Stand) -> None:
    line = Line(refuse=True)
    async with Callbacks(line).running() as here.desk.callbacks, here.client() as client:  # type: ignore[arg-type]
        reply = await client.call(find_first(await open_printer(client)))
        assert reply.result == Win32.RPC_S_SERVER_UNAVAILABLE
    assert here.spooler.subscriptions.list(SYSTEM).subscriptions == ()


async def test_without_callbacks_registrations_are_refused(here: Stand) -> None:
    async with here.client() as client:
        assert (await client.call(find_first(await open_printer(client)))).result == Win32.NOT_SUPPORTED


async def test_a_client_that_stops_answering_is_dropped_and_costs_nobody_else_time(here: Stand) -> None:
    stuck, quick = Line(stuck=True), Line()
    callbacks = Callbacks(stuck, limits=CallLimits(answer=0.05))  # type: ignore[arg-type]
    async with callbacks.running() as here.desk.callbacks, here.client() as client:
        assert (await client.call(find_first(await open_printer(client)))).result == 0
        callbacks.dial = quick  # type: ignore[assignment]
        other = await open_printer(client)
        assert (await client.call(find_first(other))).result == 0
        await here.submit()
        assert (await quick.told.get()).flags == F.ADD_JOB
        await stuck.hung_up.wait()
        await here.submit()
        assert (await quick.told.get()).flags == F.ADD_JOB
        assert len(callbacks) == 1


async def test_one_machine_is_called_for_so_many_handles_and_no_more(here: Stand) -> None:
    line = Line()
    callbacks = Callbacks(line, limits=CallLimits(of_one=2))  # type: ignore[arg-type]
    async with callbacks.running() as here.desk.callbacks, here.client() as client:
        results = [(await client.call(find_first(await open_printer(client)))).result for _ in range(3)]
        assert results == [0, 0, Win32.RPC_S_SERVER_UNAVAILABLE]


async def test_refreshing_wants_an_open_channel(here: Stand) -> None:
    async with here.client() as client:
        call = rprn_notify.RpcRouterRefreshPrinterChangeNotification(
            hPrinter=await open_printer(client), dwColor=1
        )
        assert (await client.call(call)).result == Win32.INVALID_HANDLE


# ---------------------------------------------------------------- the "printer bug"


async def test_no_other_machine_is_ever_called(here: Stand, caplog: pytest.LogCaptureFixture) -> None:
    """A client names a victim: it is refused, it is logged, and nobody connects to the victim."""
    with contextlib.ExitStack() as stack:
        victims = []
        for port in (135, 445):
            listener = stack.enter_context(socket.create_server(("127.0.0.77", port)))
            listener.setblocking(False)
            victims.append(listener)
        dialer = RpcDialer(seconds=2)
        async with Callbacks(dialer).running() as here.desk.callbacks, here.client() as client:
            for machine in (r"\\127.0.0.77", "127.0.0.77", r"\\victim", r"\\victim.example"):
                reply = await client.call(find_first(await open_printer(client), machine))
                assert reply.result == Win32.ACCESS_DENIED
        for listener in victims:
            with pytest.raises(BlockingIOError):
                listener.accept()
    assert "is not called back: the request came from 127.0.0.1, and 127.0.0.77" in caplog.text
    assert "asks for calls to victim" in caplog.text


class Hospitable(People):
    """Strangers may print."""

    async def principal(self, who: Identity | None, host: str) -> Principal:
        if who is None:
            return Principal("anonymous", rights=EVERYBODY)
        return await super().principal(who, host)


class OpenHouse(Stand):
    def services(self) -> list[Service]:
        self.desk.directory = Hospitable()
        return [rprn_service(self.desk, Level.NONE, anonymous=True)]


@pytest.mark.parametrize("allowed", [False, True])
async def test_strangers_are_called_where_that_is_configured_and_nowhere_else(
    allowed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line()
    callbacks = Callbacks(line, Reach(anonymous=allowed))  # type: ignore[arg-type]
    async with (
        OpenHouse() as here,  # type: ignore[attr-defined]
        here.serving(),
        callbacks.running() as here.desk.callbacks,
        connect("127.0.0.1", here.port, rprn.WINSPOOL) as client,
    ):
        reply = await client.call(find_first(await open_printer(client)))
        assert reply.result == (0 if allowed else Win32.ACCESS_DENIED)
        assert [one.address for one in line.opened] == (["127.0.0.1"] if allowed else [])
    assert ("is not called back" in caplog.text) is not allowed


async def test_callers_whom_nobody_knows_are_not_called_back() -> None:
    with pytest.raises(NotThere, match="not authenticated"):
        destination(Reach(), "10.0.0.1", r"\\me", None, proved=False)
    assert destination(Reach(anonymous=True), "10.0.0.1", r"\\me", None, proved=False) == "10.0.0.1"


@pytest.mark.parametrize(
    ("machine", "known_as", "address"),
    [
        (None, None, "10.0.0.1"),
        (r"\\ME", r"\\me", "10.0.0.1"),
        (r"\\me.example", "ME", "10.0.0.1"),
        (r"\\anything", None, "10.0.0.1"),
        (r"\\10.0.0.1", r"\\me", "10.0.0.1"),
        (r"\\10.2.0.9", r"\\me", "10.2.0.9"),
        (r"\\gateway.example", r"\\me", "gateway.example"),
    ],
)
def test_who_is_called(machine: str | None, known_as: str | None, address: str) -> None:
    reach = Reach(("10.2.0.0/16", "Gateway.Example"))
    assert destination(reach, "10.0.0.1", machine, known_as, proved=True) == address


@pytest.mark.parametrize("machine", [r"\\10.0.0.2", r"\\other", r"\\::1", r"\\gateway.example.org"])
def test_who_is_not_called(machine: str) -> None:
    with pytest.raises(NotThere):
        destination(Reach(("10.2.0.0/16", "Gateway.Example")), "10.0.0.1", machine, r"\\me", proved=True)


async def test_a_thousand_clients_are_called_once_each_and_a_dead_one_costs_them_nothing(here: Stand) -> None:
    dead, alive = Line(stuck=True), Line()
    callbacks = Callbacks(dead, limits=CallLimits(answer=600))  # type: ignore[arg-type]
    async with callbacks.running() as here.desk.callbacks, here.client() as client:
        assert (await client.call(find_first(await open_printer(client)))).result == 0
        callbacks.dial = alive  # type: ignore[assignment]
        for _ in range(999):
            assert (await client.call(find_first(await open_printer(client)))).result == 0
        for _ in range(2):
            await here.submit()
            assert {(await alive.told.get()).flags for _ in range(999)} == {F.ADD_JOB}
            await settle(here)
            assert alive.told.empty()
        assert len(callbacks) == 1000  # nobody has waited for the dead one's time to be up
