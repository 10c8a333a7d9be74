"""Ports, port monitors and print processors: little is behind them here. [MS-RPRN] 3.1.4.6 to 3.1.4.8"""

from __future__ import annotations

from pagebell.dcerpc.service import Caller
from pagebell.model.access import Right
from pagebell.winspool import infos
from pagebell.winspool.buffers import Info
from pagebell.winspool.idl.rprn_setup import (
    Opnum37NotUsedOnWire,
    RpcAddPrintProcessor,
    RpcDeletePrintProcessor,
    RpcEnumMonitors,
    RpcEnumPorts,
    RpcEnumPrintProcessorDatatypes,
    RpcEnumPrintProcessors,
    RpcGetPrintProcessorDirectory,
)
from pagebell.winspool.server.describe import PROCESSOR, port_name
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.names import is_ours, parse
from pagebell.winspool.server.table import Filled, Table, fill, fill_octets
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
MONITOR = "Local Port"
DATATYPES = ("RAW", "RAW [FF appended]", "RAW [FF auto]", "TEXT", "XPS_PASS")
ENVIRONMENTS = {
    "windows x64": "x64",
    "windows nt x86": "w32x86",
    "windows arm64": "arm64",
    "windows ia64": "ia64",
    "windows 4.0": "win40",
}
"""Environment names, and the folder of each. [MS-RPRN] 2.2.4.4"""
HERE = "Windows x64"


async def visitor(desk: Desk, caller: Caller, server: str | None) -> str:
    """How the client calls this server, once it may ask at all. Raises NotAuthorized, Win32Error."""
    (await desk.by(caller)).demand(Right.PRINT)
    name = parse(server or None)
    if name.printer or not is_ours(name.server, (desk.settings.computer, *desk.settings.names, "localhost")):
        raise Win32Error(Win32.INVALID_NAME)
    return name.server or desk.settings.computer


def folder_of(environment: str | None) -> str:
    """The folder of an environment. Raises Win32Error."""
    found = ENVIRONMENTS.get((environment or HERE).casefold())
    if found is None:
        raise Win32Error(Win32.INVALID_ENVIRONMENT)
    return found


def one_level(level: int, *known: int) -> None:
    """Refuse other levels."""
    if level not in known:
        raise Win32Error(Win32.INVALID_LEVEL)


@calls.answers_to(RpcEnumPorts)
async def enum_ports(desk: Desk, caller: Caller, call: RpcEnumPorts) -> RpcEnumPorts.Reply:
    """[MS-RPRN] 3.1.4.6.1: every printer has a port of its own."""
    await visitor(desk, caller, call.pName)
    one_level(call.Level, 1, 2)
    names = [port_name(printer) for printer in desk.spooler.printers.list()]
    if call.Level == 1:
        filled = fill(
            call.pPort, call.cbBuf, infos.PORT_INFO_1, [infos.PORT_INFO_1(pPortName=n) for n in names]
        )
    else:
        told = [
            infos.PORT_INFO_2(pPortName=n, pMonitorName=MONITOR, pDescription=MONITOR, fPortType=3)
            for n in names
        ]
        filled = fill(call.pPort, call.cbBuf, infos.PORT_INFO_2, told)
    return RpcEnumPorts.Reply(
        pPort=filled.buffer, pcbNeeded=filled.needed, pcReturned=filled.returned, result=filled.result
    )


@calls.answers_to(RpcEnumMonitors)
async def enum_monitors(desk: Desk, caller: Caller, call: RpcEnumMonitors) -> RpcEnumMonitors.Reply:
    """[MS-RPRN] 3.1.4.7.1"""
    await visitor(desk, caller, call.pName)
    one_level(call.Level, 1, 2)
    kind: type[Info] = infos.MONITOR_INFO_1 if call.Level == 1 else infos.MONITOR_INFO_2
    more = {} if call.Level == 1 else {"pEnvironment": HERE, "pDLLName": "localspl.dll"}
    told = [kind(pName=name, **more) for name in (MONITOR, "Standard TCP/IP Port")]  # type: ignore[call-arg]
    filled = fill(call.pMonitor, call.cbBuf, kind, told)
    return RpcEnumMonitors.Reply(
        pMonitor=filled.buffer, pcbNeeded=filled.needed, pcReturned=filled.returned, result=filled.result
    )


@calls.answers_to(RpcEnumPrintProcessors)
async def enum_processors(
    desk: Desk, caller: Caller, call: RpcEnumPrintProcessors
) -> RpcEnumPrintProcessors.Reply:
    """[MS-RPRN] 3.1.4.8.2"""
    await visitor(desk, caller, call.pName)
    folder_of(call.pEnvironment)
    one_level(call.Level, 1)
    told = [infos.PRINTPROCESSOR_INFO_1(pName=PROCESSOR)]
    filled = fill(call.pPrintProcessorInfo, call.cbBuf, infos.PRINTPROCESSOR_INFO_1, told)
    return RpcEnumPrintProcessors.Reply(
        pPrintProcessorInfo=filled.buffer,
        pcbNeeded=filled.needed,
        pcReturned=filled.returned,
        result=filled.result,
    )


@calls.answers_to(RpcEnumPrintProcessorDatatypes)
async def enum_datatypes(
    desk: Desk, caller: Caller, call: RpcEnumPrintProcessorDatatypes
) -> RpcEnumPrintProcessorDatatypes.Reply:
    """[MS-RPRN] 3.1.4.8.5"""
    await visitor(desk, caller, call.pName)
    one_level(call.Level, 1)
    if (call.pPrintProcessorName or "").casefold() != PROCESSOR:
        raise Win32Error(Win32.UNKNOWN_PRINTPROCESSOR)
    told = [infos.DATATYPES_INFO_1(pName=name) for name in DATATYPES]
    filled = fill(call.pDatatypes, call.cbBuf, infos.DATATYPES_INFO_1, told)
    return RpcEnumPrintProcessorDatatypes.Reply(
        pDatatypes=filled.buffer, pcbNeeded=filled.needed, pcReturned=filled.returned, result=filled.result
    )


def fill_path(buffer: bytes | None, size: int, path: str) -> Filled:
    """Put a path into what the caller offers."""
    return fill_octets(buffer, size, path.encode("utf-16-le") + b"\0\0")


@calls.answers_to(RpcGetPrintProcessorDirectory)
async def processor_directory(
    desk: Desk, caller: Caller, call: RpcGetPrintProcessorDirectory
) -> RpcGetPrintProcessorDirectory.Reply:
    """[MS-RPRN] 3.1.4.8.3; like Windows, it does not look at the level."""
    server = await visitor(desk, caller, call.pName)
    folder = folder_of(call.pEnvironment)
    filled = fill_path(call.pPrintProcessorDirectory, call.cbBuf, rf"\\{server}\prnproc$\{folder}")
    return RpcGetPrintProcessorDirectory.Reply(
        pPrintProcessorDirectory=filled.buffer, pcbNeeded=filled.needed, result=filled.result
    )


@calls.answers_to(RpcAddPrintProcessor)
async def add_processor(desk: Desk, caller: Caller, call: RpcAddPrintProcessor) -> RpcAddPrintProcessor.Reply:
    """[MS-RPRN] 3.1.4.8.1: there is one, and no other program is ever loaded."""
    await visitor(desk, caller, call.pName)
    (await desk.by(caller)).demand(Right.ADMINISTER)
    folder_of(call.pEnvironment)
    there = call.pPrintProcessorName.casefold() == PROCESSOR
    raise Win32Error(Win32.PRINT_PROCESSOR_ALREADY_INSTALLED if there else Win32.MOD_NOT_FOUND)


@calls.answers_to(RpcDeletePrintProcessor)
async def delete_processor(
    desk: Desk, caller: Caller, call: RpcDeletePrintProcessor
) -> RpcDeletePrintProcessor.Reply:
    """[MS-RPRN] 3.1.4.8.4"""
    await visitor(desk, caller, call.Name)
    (await desk.by(caller)).demand(Right.ADMINISTER)
    folder_of(call.pEnvironment)
    there = call.pPrintProcessorName.casefold() == PROCESSOR
    raise Win32Error(Win32.CAN_NOT_COMPLETE if there else Win32.UNKNOWN_PRINTPROCESSOR)


@calls.answers_to(Opnum37NotUsedOnWire)
async def add_port(desk: Desk, caller: Caller, call: Opnum37NotUsedOnWire) -> Opnum37NotUsedOnWire.Reply:
    """What shows a window on the server to whoever sits there: Windows refuses it, too."""
    raise Win32Error(Win32.NOT_SUPPORTED)
