"""Ports, port monitors and numbers of calls: what is not done here is refused as the specification has it."""

from __future__ import annotations

from types import new_class
from typing import Any

import pytest

from pagebell.dcerpc.ndr import Call, Interface, Struct
from pagebell.dcerpc.security import Level
from pagebell.dcerpc.status import Fault, Status
from pagebell.winspool.idl import par, par_more, rprn, rprn_ports
from pagebell.winspool.idl.rprn_ports import (
    MONITOR_CONTAINER,
    MONITOR_INFO_1,
    MONITOR_INFO_2,
    PORT_CONTAINER,
    PORT_INFO_1,
    PORT_INFO_3,
    PORT_INFO_FF,
)
from pagebell.winspool.werror import Win32
from tests.winspool.stand import Stand, open_printer

PORT, LOCAL = "scripted:P1", "Local Port"


def port(level: int, info: Struct | None) -> PORT_CONTAINER:
    return PORT_CONTAINER(Level=level, PortInfo=info)  # type: ignore[arg-type]


def add_port(container: PORT_CONTAINER, monitor: str = LOCAL) -> Call:
    return rprn_ports.RpcAddPortEx(pPortContainer=container, pMonitorName=monitor)


def add_monitor(name: str, level: int = 2) -> Call:
    info = MONITOR_INFO_2(pName=name, pDLLName="mine.dll") if level == 2 else MONITOR_INFO_1(pName=name)
    container = MONITOR_CONTAINER(Level=level, MonitorInfo=info)
    return rprn_ports.RpcAddMonitor(pMonitorContainer=container)


def set_port(name: str | None, level: int = 3) -> Call:
    info = PORT_INFO_3(dwStatus=2) if level == 3 else PORT_INFO_1()
    return rprn_ports.RpcSetPort(pPortName=name, pPortContainer=port(level, info))


REFUSED = [
    (add_port(port(1, PORT_INFO_1(pPortName="COM9:"))), Win32.INVALID_PARAMETER),
    (add_port(port(0xFFFFFFFF, PORT_INFO_FF(pPortName="COM9:"))), Win32.INVALID_PARAMETER),
    (add_port(port(1, PORT_INFO_1(pPortName="COM9:")), "Another"), Win32.INVALID_NAME),
    (add_port(port(2, None)), Win32.INVALID_LEVEL),
    (add_port(port(1, PORT_INFO_1(pPortName=PORT))), Win32.ALREADY_EXISTS),
    (rprn_ports.RpcDeletePort(pPortName="COM9:"), Win32.UNKNOWN_PORT),
    (rprn_ports.RpcDeletePort(pPortName=PORT), Win32.BUSY),
    (set_port("COM9:"), Win32.UNKNOWN_PORT),
    (set_port(None), Win32.UNKNOWN_PORT),
    (set_port(PORT, 1), Win32.INVALID_LEVEL),
    (set_port(PORT), Win32.NOT_SUPPORTED),
    (add_monitor("Mine"), Win32.MOD_NOT_FOUND),
    (add_monitor(LOCAL.upper()), Win32.PRINT_MONITOR_ALREADY_INSTALLED),
    (add_monitor("Mine", 1), Win32.INVALID_LEVEL),
    (rprn_ports.RpcDeleteMonitor(pMonitorName="Mine"), Win32.UNKNOWN_PRINT_MONITOR),
    (rprn_ports.RpcDeleteMonitor(pMonitorName=LOCAL), Win32.PRINT_MONITOR_IN_USE),
    (rprn_ports.RpcDeleteMonitor(pEnvironment="Plan 9", pMonitorName=LOCAL), Win32.INVALID_ENVIRONMENT),
]


async def test_ports_and_monitors_are_the_servers_own(here: Stand) -> None:
    async with here.client("root") as client:
        for call, code in REFUSED:
            reply: Any = await client.call(call)
            assert (call, reply.result) == (call, code)
    async with here.client("ada") as client:
        for call, _ in REFUSED:
            reply = await client.call(call)
            assert reply.result == Win32.ACCESS_DENIED


async def test_nothing_is_flushed_to_a_port(here: Stand) -> None:
    async with here.client() as client:
        handle = await open_printer(client)
        flush = rprn_ports.RpcFlushPrinter(hPrinter=handle, pBuf=b"\x1b%-12345X", cSleep=4_000_000_000)
        reply = await client.call(flush)
        assert (reply.result, reply.pcWritten) == (Win32.INVALID_HANDLE, 0)


async def test_par_has_the_same_calls(here: Stand) -> None:
    async with here.client("root", Level.PRIVACY, par.IREMOTEWINSPOOL) as client:
        call = par_more.RpcAsyncDeleteMonitor(pMonitorName=LOCAL)
        reply: Any = await client.call(call, object=par.OBJECT)
        assert reply.result == Win32.PRINT_MONITOR_IN_USE


class Nothing(Struct):
    """Neither parameters nor results."""


def _unknown(interface: Interface) -> list[Call]:
    """Calls by the numbers that the specification reserves, and by some behind all that it has."""
    opnums = (*range(max(interface.calls) + 3), 0xFFFF)
    same = Interface(interface.name, interface.uuid, interface.version)

    def declare(opnum: int) -> Any:
        return new_class(
            f"Opnum{opnum}",
            (Call,),
            {"interface": same, "opnum": opnum},
            lambda body: body.update(Reply=Nothing, __module__=__name__),
        )

    return [declare(opnum)() for opnum in opnums if opnum not in interface.calls]


@pytest.mark.parametrize(
    ("interface", "level"), [(rprn.WINSPOOL, Level.INTEGRITY), (par.IREMOTEWINSPOOL, Level.PRIVACY)]
)
async def test_a_number_without_a_call_is_out_of_range_and_the_connection_goes_on(
    here: Stand, interface: Interface, level: Level
) -> None:
    """[C706] 12.6.3.9: nca_s_op_rng_error; [MS-RPRN] 3.1.4 leaves numbers for local use to the server."""
    unknown = _unknown(interface)
    async with here.client("root", level, interface) as client:
        for call in unknown:
            with pytest.raises(Fault) as refused:
                await client.call(call, object=par.OBJECT)
            assert (call.opnum, refused.value.status) == (call.opnum, Status.OPNUM_RANGE)
        assert len(unknown) > 2
