"""[MS-RPRN] winspool: ports and port monitors that somebody wants to add, change or remove; and a port's flushing."""

from __future__ import annotations

from typing import Annotated

from pagebell.dcerpc.ndr import (
    BYTE,
    DWORD,
    UINT3264,
    WERROR,
    Call,
    Struct,
    blob,
    count_of,
    switch_is,
    wstr,
)
from pagebell.winspool.idl.rprn import WINSPOOL
from pagebell.winspool.idl.types import PRINTER_HANDLE, STRING_HANDLE, Result

ANY_MONITORS = 0x00FFFFFF
"""The low octets of a level whose structure is the port monitor's own. [MS-RPRN] 2.2.1.2.7"""


class MONITOR_INFO_1(Struct):
    """A port monitor's name. [MS-RPRN] 2.2.1.8.1"""

    pName: wstr | None = None


class MONITOR_INFO_2(Struct):
    """A port monitor. [MS-RPRN] 2.2.1.8.2"""

    pName: wstr | None = None
    pEnvironment: wstr | None = None
    pDLLName: wstr | None = None


class MONITOR_CONTAINER(Struct):
    """A port monitor. [MS-RPRN] 2.2.1.2.6"""

    Level: DWORD
    MonitorInfo: Annotated[
        MONITOR_INFO_1 | MONITOR_INFO_2 | None,
        switch_is("Level", {1: MONITOR_INFO_1 | None, 2: MONITOR_INFO_2 | None}, default=None),
    ] = None


class PORT_INFO_1(Struct):
    """A port's name. [MS-RPRN] 2.2.1.9.1"""

    pPortName: wstr | None = None


class PORT_INFO_2(Struct):
    """A port. [MS-RPRN] 2.2.1.9.2"""

    pPortName: wstr | None = None
    pMonitorName: wstr | None = None
    pDescription: wstr | None = None
    fPortType: DWORD = 0
    Reserved: DWORD = 0


class PORT_INFO_3(Struct):
    """How a port is. [MS-RPRN] 2.2.1.9.3"""

    dwStatus: DWORD = 0
    pszStatus: wstr | None = None
    dwSeverity: DWORD = 0


class PORT_INFO_FF(Struct):
    """A port, and what its monitor alone knows. [MS-RPRN] 2.2.1.9.4"""

    pPortName: wstr | None = None
    cbMonitorData: DWORD = 0
    pMonitorData: BYTE | None = None


class PORT_CONTAINER(Struct):
    """A port. [MS-RPRN] 2.2.1.2.7"""

    Level: DWORD
    PortInfo: Annotated[
        PORT_INFO_1 | PORT_INFO_2 | PORT_INFO_3 | PORT_INFO_FF | None,
        switch_is(
            "Level",
            {
                1: PORT_INFO_1 | None,
                2: PORT_INFO_2 | None,
                3: PORT_INFO_3 | None,
                ANY_MONITORS: PORT_INFO_FF | None,
            },
            default=None,
            mask=ANY_MONITORS,
        ),
    ] = None


class PORT_VAR_CONTAINER(Struct):
    """What only the port monitor knows. [MS-RPRN] 2.2.1.2.8"""

    cbMonitorData: DWORD = count_of("pMonitorData")
    pMonitorData: blob | None = None


class RpcDeletePort(Call, interface=WINSPOOL, opnum=39):
    """Remove a port. [MS-RPRN] 3.1.4.6.2"""

    pName: STRING_HANDLE | None = None
    hWnd: UINT3264 = 0
    pPortName: wstr

    Reply = Result


class RpcAddMonitor(Call, interface=WINSPOOL, opnum=46):
    """Install a port monitor. [MS-RPRN] 3.1.4.7.2"""

    Name: STRING_HANDLE | None = None
    pMonitorContainer: MONITOR_CONTAINER

    Reply = Result


class RpcDeleteMonitor(Call, interface=WINSPOOL, opnum=47):
    """Remove a port monitor. [MS-RPRN] 3.1.4.7.3"""

    Name: STRING_HANDLE | None = None
    pEnvironment: wstr | None = None
    pMonitorName: wstr

    Reply = Result


class RpcAddPortEx(Call, interface=WINSPOOL, opnum=61):
    """Add a port. [MS-RPRN] 3.1.4.6.3"""

    pName: STRING_HANDLE | None = None
    pPortContainer: PORT_CONTAINER
    pPortVarContainer: PORT_VAR_CONTAINER = PORT_VAR_CONTAINER()
    pMonitorName: wstr

    Reply = Result


class RpcSetPort(Call, interface=WINSPOOL, opnum=71):
    """Say how a port is. [MS-RPRN] 3.1.4.6.4"""

    pName: STRING_HANDLE | None = None
    pPortName: wstr | None = None
    pPortContainer: PORT_CONTAINER

    Reply = Result


class RpcFlushPrinter(Call, interface=WINSPOOL, opnum=96):
    """Send what ends a cancelled document well to the port. [MS-RPRN] 3.1.4.9.8"""

    hPrinter: PRINTER_HANDLE
    pBuf: blob = b""
    cbBuf: DWORD = count_of("pBuf")
    cSleep: DWORD = 0

    class Reply(Struct):
        """How many octets went there."""

        pcWritten: DWORD = 0
        result: WERROR = 0
