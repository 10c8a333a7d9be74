"""Both shells over a real socket: what a caller sees."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from uuid import UUID

import pytest

from pagebell.dcerpc.association import State
from pagebell.dcerpc.client import Disconnected, Security, ntlm, spnego
from pagebell.dcerpc.endpoint_lookup import NotRegistered, find_port
from pagebell.dcerpc.endpoint_mapper import EPT, EndpointMapper, Registration, ept_lookup
from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.mgmt import (
    MGMT,
    rpc__mgmt_inq_if_ids,
    rpc__mgmt_inq_princ_name,
    rpc__mgmt_is_server_listening,
)
from pagebell.dcerpc.ndr import ContextHandle, Interface
from pagebell.dcerpc.negotiation import NDR, NDR64
from pagebell.dcerpc.pdu import Bind, BindAck, Context, Syntax
from pagebell.dcerpc.pdu_codec import decode, encode
from pagebell.dcerpc.security import AuthType, Level
from pagebell.dcerpc.server import RpcServer, _Connection
from pagebell.dcerpc.service import syntax
from pagebell.dcerpc.status import Fault, Refused, Status
from tests.dcerpc.servers import (
    BELL,
    PASSWORD,
    USER,
    Bell,
    Break,
    Close,
    Echo,
    Light,
    Misread,
    Name,
    Nobody,
    Open,
    Park,
    Release,
    Which,
    client,
    serving,
)

LEVELS = [Level.CONNECT, Level.PACKET, Level.INTEGRITY, Level.PRIVACY]


@pytest.mark.parametrize("transfer", [NDR, NDR64])
async def test_a_call_comes_back(transfer: Syntax) -> None:
    async with serving(Bell().service()) as port, client(port, transfers=(transfer,)) as rpc:
        assert await rpc.call(Echo(data=b"ping")) == Echo.Reply(data=b"ping", caller="nobody")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("make", [ntlm, spnego])
async def test_each_provider_at_each_level(make: Callable[..., Security], level: Level) -> None:
    data = bytes(range(256)) * 100
    async with (
        serving(Bell().service(authenticated=True)) as port,
        client(port, make(USER, PASSWORD, "HOME", level)) as rpc,
    ):
        for _ in range(3):
            assert await rpc.call(Echo(data=data)) == Echo.Reply(data=data, caller="HOME\\alice")


@pytest.mark.parametrize("make", [ntlm, spnego])
async def test_a_wrong_password_is_refused(make: Callable[..., Security]) -> None:
    async with serving(Bell().service(authenticated=True)) as port:
        with pytest.raises((Fault, Refused, Disconnected)):
            async with client(port, make(USER, "wrong")) as rpc:
                await rpc.call(Echo())


async def test_a_service_refuses_callers_that_are_unknown_or_unprotected() -> None:
    async with serving(Bell().service(minimum=Level.PRIVACY, authenticated=True)) as port:
        for security in (None, ntlm(USER, PASSWORD, level=Level.INTEGRITY)):
            async with client(port, security) as rpc:
                with pytest.raises(Fault) as caught:
                    await rpc.call(Echo())
                assert caught.value.status == Status.ACCESS_DENIED


async def test_a_parked_call_blocks_no_other() -> None:
    bell = Bell()
    async with serving(bell.service()) as port, client(port) as rpc, asyncio.TaskGroup() as tasks:
        parked = tasks.create_task(rpc.call(Park()))
        await bell.parked.wait()
        assert (await rpc.call(Echo(data=b"x"))).data == b"x"
        assert not parked.done()
        await rpc.call(Release())
        assert await parked == Park.Reply()


async def test_a_call_that_the_client_cancels_is_faulted() -> None:
    bell = Bell()
    async with serving(bell.service()) as port, client(port) as rpc, asyncio.TaskGroup() as tasks:
        parked = tasks.create_task(_faulted(rpc.call(Park())))
        await bell.parked.wait()
        (number,) = rpc._waiting
        rpc._association.cancel(number)
        rpc._write()
        assert await parked == Status.CANCEL
        assert bell.ended.is_set()


async def _faulted(call: Awaitable[object]) -> int:
    with pytest.raises(Fault) as caught:
        await call
    return caught.value.status


async def test_a_call_that_is_given_up_ends_at_the_server() -> None:
    bell = Bell()
    async with serving(bell.service()) as port, client(port) as rpc, asyncio.TaskGroup() as tasks:
        parked = tasks.create_task(rpc.call(Park()))
        await bell.parked.wait()
        parked.cancel()
        await bell.ended.wait()
        assert (await rpc.call(Echo(data=b"still here"))).data == b"still here"


@pytest.mark.parametrize("security", [None, ntlm(USER, PASSWORD)], ids=["plain", "sealed"])
async def test_an_object_goes_with_its_call(security: Security | None) -> None:
    printer = UUID(int=77)
    async with serving(Bell().service()) as port, client(port, security) as rpc:
        assert (await rpc.call(Which(), object=printer)).object == str(printer)
        assert (await rpc.call(Which())).object == "None"


async def test_many_calls_side_by_side() -> None:
    async with serving(Bell().service()) as port, client(port, ntlm(USER, PASSWORD)) as rpc:
        data = [bytes([i]) * 9000 for i in range(40)]
        replies = await asyncio.gather(*(rpc.call(Echo(data=d)) for d in data))
        assert [r.data for r in replies] == data


async def test_large_stubs_go_both_ways_in_fragments() -> None:
    data = bytes(range(256)) * 8000
    async with serving(Bell().service()) as port, client(port, ntlm(USER, PASSWORD)) as rpc:
        assert (await rpc.call(Echo(data=data))).data == data


async def test_handles_are_shared_in_a_group_and_run_down_with_its_last_connection() -> None:
    bell = Bell()
    async with serving(bell.service()) as port:
        async with client(port) as first:
            handle = (await first.call(Open(name="kept"))).handle
            closed = (await first.call(Open(name="closed"))).handle
            async with client(port, group=first.group) as second:
                assert (await second.call(Name(handle=handle))).name == "kept"
            await first.call(Close(handle=closed))
            assert bell.lost == []
        await bell.lost_one.wait()
        assert bell.lost == ["kept"]


async def test_a_stale_a_null_and_a_foreign_handle_are_mismatches() -> None:
    async with serving(Bell().service()) as port, client(port) as mine, client(port) as theirs:
        foreign = (await theirs.call(Open(name="theirs"))).handle
        stale = (await mine.call(Open(name="gone"))).handle
        await mine.call(Close(handle=stale))
        for handle in (foreign, stale, ContextHandle()):
            with pytest.raises(Fault) as caught:
                await mine.call(Name(handle=handle))
            assert caught.value.status == Status.CONTEXT_MISMATCH


async def test_handles_are_bounded() -> None:
    async with serving(Bell().service(), limits=Limits(handles=2)) as port, client(port) as rpc:
        await rpc.call(Open(name="1"))
        await rpc.call(Open(name="2"))
        with pytest.raises(Fault):
            await rpc.call(Open(name="3"))


async def test_an_unknown_operation_and_a_broken_handler_fault_their_call_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(Bell().service()) as port, client(port) as rpc:
        for call, status in ((Nobody(), Status.OPNUM_RANGE), (Break(), Status.UNSPECIFIED)):
            with pytest.raises(Fault) as caught:
                await rpc.call(call)
            assert caught.value.status == status
        assert (await rpc.call(Echo(data=b"alive"))).data == b"alive"
    assert "broken on purpose" in caplog.text


async def test_malformed_parameters_fault_their_call_only() -> None:
    async with serving(Bell().service()) as port, client(port) as rpc:
        with pytest.raises(Fault) as caught:
            await rpc.call(Misread(number=0xFFFFFFFF))
        assert caught.value.status == Status.NDR
        assert (await rpc.call(Echo(data=b"alive"))).data == b"alive"


async def test_a_peer_that_takes_nothing_is_cut_off() -> None:
    bell = Bell()
    async with serving(bell.service(), limits=Limits(write_seconds=0.05)) as port, client(port) as rpc:
        await rpc.call(Open(name="held"))
        rpc._reader._transport.pause_reading()  # type: ignore[attr-defined]
        async with asyncio.TaskGroup() as tasks:
            calls = [
                tasks.create_task(_disconnected(rpc.call(Echo(data=bytes(4_000_000))))) for _ in range(4)
            ]
            await bell.lost_one.wait()
            rpc._reader._transport.resume_reading()  # type: ignore[attr-defined]
        assert all(call.done() for call in calls)


def test_the_shells_run_on_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop", reason="not run: uvloop is missing")

    async def echo() -> bytes:
        async with serving(Bell().service()) as port, client(port, spnego(USER, PASSWORD)) as rpc:
            return (await rpc.call(Echo(data=b"fast"))).data

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(echo()) == b"fast"


async def test_a_second_interface_joins_the_association() -> None:
    async with serving(Bell().service()) as port, client(port, spnego(USER, PASSWORD)) as rpc:
        assert (await rpc.call(Light(on=1))).on == 1
        assert (await rpc.call(Echo(data=b"both"))).data == b"both"


async def test_an_interface_that_is_not_served_is_a_fault() -> None:
    async with serving() as port:
        with pytest.raises(Fault) as caught:
            async with client(port):
                pass
        assert caught.value.status == Status.UNKNOWN_INTERFACE


async def test_a_silent_peer_is_cut_off() -> None:
    async with serving(limits=Limits(bind_seconds=0.05)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        writer.close()


async def test_what_was_begun_has_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that keeps dripping octets gains nothing by it."""
    clock = [100.0]
    loop = asyncio.get_running_loop()
    association = SimpleNamespace(state=State.BOUND, midway=True)
    writer = SimpleNamespace(get_extra_info=lambda name: None)
    limits = Limits(fragment_seconds=10, idle_seconds=50)
    connection = _Connection(RpcServer(), association, None, writer, limits, None)  # type: ignore[arg-type]
    with monkeypatch.context() as patched:
        patched.setattr(loop, "time", lambda: clock[0])
        first = connection._deadline()
        clock[0] = 105.0
        assert connection._deadline() == first == 110.0
        association.midway = False
        assert connection._deadline() == 155.0
        association.midway = True
        assert connection._deadline() == 115.0


async def test_who_holds_a_handle_may_be_silent_and_who_holds_none_is_cut_off() -> None:
    async with serving(Bell().service(), limits=Limits(idle_seconds=0.05)) as port, client(port) as holder:
        handle = (await holder.call(Open(name="held"))).handle
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        contexts = (Context(0, syntax(BELL), (NDR,)),)
        writer.write(encode(Bind(max_xmit=5840, max_recv=5840, contexts=contexts)))
        octets = await reader.read()
        writer.close()
        assert isinstance(decode(octets), BindAck)
        assert (await holder.call(Name(handle=handle))).name == "held"


async def test_a_connection_too_many_is_closed() -> None:
    async with serving(Bell().service(), limits=Limits(connections=1)) as port, client(port) as rpc:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        writer.close()
        assert (await rpc.call(Echo(data=b"first"))).data == b"first"


async def test_the_end_of_the_server_ends_its_connections() -> None:
    bell = Bell()
    async with asyncio.TaskGroup() as tasks:
        async with serving(bell.service()) as port:
            connection = client(port)
            rpc = await connection.__aenter__()
            waiting = tasks.create_task(_disconnected(rpc.call(Park())))
            await bell.parked.wait()
        await waiting
        await connection.__aexit__(None, None, None)


async def _disconnected(call: object) -> None:
    with pytest.raises(Disconnected):
        await call  # type: ignore[misc]


async def test_the_endpoint_mapper_tells_ports_and_lists_in_pages() -> None:
    mapper = EndpointMapper()
    known = [Interface(f"i{n}", type(MGMT.uuid)(int=n), (1, 0)) for n in range(1, 8)]
    mapper.register(Registration(syntax(i), 50000 + n, annotation=i.name) for n, i in enumerate(known))
    async with RpcServer([mapper.service()]).listen("127.0.0.1", 0) as endpoint:
        assert await find_port("127.0.0.1", known[3], port=endpoint.port) == 50003
        with pytest.raises(NotRegistered):
            await find_port("127.0.0.1", MGMT, port=endpoint.port)
        async with _mapper(endpoint.port) as rpc:
            names, handle = [], ContextHandle()
            while True:
                page = await rpc.call(ept_lookup(inquiry_type=0, entry_handle=handle, max_ents=3))
                names += [e.annotation for e in page.entries]
                handle = page.entry_handle
                if not handle:
                    break
            assert names == [i.name for i in known]


def _mapper(port: int):  # type: ignore[no-untyped-def]
    from pagebell.dcerpc.client import connect

    return connect("127.0.0.1", port, EPT)


async def test_management_tells_interfaces_and_principal_names() -> None:
    from pagebell.dcerpc.client import connect

    async with serving(Bell().service()) as port, connect("127.0.0.1", port, MGMT) as rpc:
        reply = await rpc.call(rpc__mgmt_inq_if_ids())
        assert reply.if_id_vector is not None
        assert MGMT.uuid in [i.uuid for i in reply.if_id_vector.if_id if i is not None]
        assert (await rpc.call(rpc__mgmt_is_server_listening())).result == 1
        name = await rpc.call(rpc__mgmt_inq_princ_name(authn_proto=AuthType.NTLM, princ_name_size=10))
        assert name.status != 0
