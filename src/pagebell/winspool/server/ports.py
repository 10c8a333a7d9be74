"""Ports, port monitors and print processors: little is behind them here. [MS-RPRN] 3.1.4.6 to 3.1.4.8"""

from __future__ import annotations

from pagebell.dcerpc.service import Caller
from pagebell.model.access import Right
from pagebell.winspool import infos
from pagebell.winspool.buffers import Info
from pagebell.winspool.idl.rprn_ports import (
    ANY_MONITORS,
    RpcAddMonitor,
    RpcAddPortEx,
    RpcDeleteMonitor,
    RpcDeletePort,
    RpcFlushPrinter,
    RpcSetPort,
)
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
from pagebell.winspool.idl.types import Result
from pagebell.winspool.server.describe import PROCESSOR, port_name
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.names import is_ours, parse
from pagebell.winspool.server.table import Filled, Table, fill, fill_octets
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
MONITOR = "Local Port"
MONITORS = (MONITOR, "Standard TCP/IP Port")
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


async def _administrator(desk: Desk, caller: Caller, server: str | None) -> None:
    await visitor(desk, caller, server)
    (await desk.by(caller)).demand(Right.ADMINISTER)


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
    told = [kind(pName=name, **more) for name in MONITORS]  # type: ignore[call-arg]
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
async def add_processor(desk: Desk, caller: Caller, call: RpcAddPrintProcessor) -> Result:
    """[MS-RPRN] 3.1.4.8.1: there is one, and no other program is ever loaded."""
    await _administrator(desk, caller, call.pName)
    folder_of(call.pEnvironment)
    there = call.pPrintProcessorName.casefold() == PROCESSOR
    raise Win32Error(Win32.PRINT_PROCESSOR_ALREADY_INSTALLED if there else Win32.MOD_NOT_FOUND)


@calls.answers_to(RpcDeletePrintProcessor)
async def delete_processor(desk: Desk, caller: Caller, call: RpcDeletePrintProcessor) -> Result:
    """[MS-RPRN] 3.1.4.8.4"""
    await _administrator(desk, caller, call.Name)
    folder_of(call.pEnvironment)
    there = call.pPrintProcessorName.casefold() == PROCESSOR
    raise Win32Error(Win32.CAN_NOT_COMPLETE if there else Win32.UNKNOWN_PRINTPROCESSOR)


@calls.answers_to(Opnum37NotUsedOnWire)
async def add_port(desk: Desk, caller: Caller, call: Opnum37NotUsedOnWire) -> Result:
    """What shows a window on the server to whoever sits there: Windows refuses it, too."""
    raise Win32Error(Win32.NOT_SUPPORTED)


# ---------------------------------------------------------------- ports come and go with their printers


def _is_port(desk: Desk, name: str | None) -> bool:
    ports = (port_name(printer).casefold() for printer in desk.spooler.printers.list())
    return (name or "").casefold() in ports


@calls.answers_to(RpcAddPortEx)
async def add_port_ex(desk: Desk, caller: Caller, call: RpcAddPortEx) -> Result:
    """[MS-RPRN] 3.1.4.6.3: no monitor here makes ports, which are the devices of printers."""
    await _administrator(desk, caller, call.pName)
    container = call.pPortContainer
    if container.Level != 1 and container.Level & ANY_MONITORS != ANY_MONITORS:
        raise Win32Error(Win32.INVALID_LEVEL)
    if _is_port(desk, getattr(container.PortInfo, "pPortName", None)):
        raise Win32Error(Win32.ALREADY_EXISTS)
    known = call.pMonitorName.casefold() in map(str.casefold, MONITORS)
    raise Win32Error(Win32.INVALID_PARAMETER if known else Win32.INVALID_NAME)


@calls.answers_to(RpcDeletePort)
async def delete_port(desk: Desk, caller: Caller, call: RpcDeletePort) -> Result:
    """[MS-RPRN] 3.1.4.6.2: a port is its printer's as long as it exists."""
    await _administrator(desk, caller, call.pName)
    raise Win32Error(Win32.BUSY if _is_port(desk, call.pPortName) else Win32.UNKNOWN_PORT)


@calls.answers_to(RpcSetPort)
async def set_port(desk: Desk, caller: Caller, call: RpcSetPort) -> Result:
    """[MS-RPRN] 3.1.4.6.4: how a port is its device says, and nobody else."""
    await _administrator(desk, caller, call.pName)
    if not _is_port(desk, call.pPortName):
        raise Win32Error(Win32.UNKNOWN_PORT)
    one_level(call.pPortContainer.Level, 3)
    raise Win32Error(Win32.NOT_SUPPORTED)


@calls.answers_to(RpcAddMonitor)
async def add_monitor(desk: Desk, caller: Caller, call: RpcAddMonitor) -> Result:
    """[MS-RPRN] 3.1.4.7.2: no program of anybody's is ever loaded."""
    await _administrator(desk, caller, call.Name)
    one_level(call.pMonitorContainer.Level, 2)
    name = (getattr(call.pMonitorContainer.MonitorInfo, "pName", None) or "").casefold()
    there = name in map(str.casefold, MONITORS)
    raise Win32Error(Win32.PRINT_MONITOR_ALREADY_INSTALLED if there else Win32.MOD_NOT_FOUND)


@calls.answers_to(RpcDeleteMonitor)
async def delete_monitor(desk: Desk, caller: Caller, call: RpcDeleteMonitor) -> Result:
    """[MS-RPRN] 3.1.4.7.3"""
    await _administrator(desk, caller, call.Name)
    folder_of(call.pEnvironment)
    there = call.pMonitorName.casefold() in map(str.casefold, MONITORS)
    raise Win32Error(Win32.PRINT_MONITOR_IN_USE if there else Win32.UNKNOWN_PRINT_MONITOR)


@calls.answers_to(RpcFlushPrinter)
async def flush(desk: Desk, caller: Caller, call: RpcFlushPrinter) -> RpcFlushPrinter.Reply:
    """[MS-RPRN] 3.1.4.9.8: what clients open are never ports, to which nothing goes but whole jobs."""
    desk.opened(caller, call.hPrinter)
    raise Win32Error(Win32.INVALID_HANDLE)
