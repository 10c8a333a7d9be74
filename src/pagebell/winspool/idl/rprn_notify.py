"""[MS-RPRN] winspool: notifications, what clients call at a server and what a server calls at its clients."""

from __future__ import annotations

from typing import Annotated

from pagebell.dcerpc.ndr import DWORD, WERROR, Call, Struct, blob, ranged, switch_is, wstr
from pagebell.winspool.idl.notify import RPC_V2_NOTIFY_INFO, RPC_V2_NOTIFY_OPTIONS
from pagebell.winspool.idl.rprn import NO_HANDLE, WINSPOOL
from pagebell.winspool.idl.types import PRINTER_HANDLE, STRING_HANDLE, Result

SMALL = Annotated[DWORD, ranged(0, 512)]
"""[range(0, 512)]"""


class RpcWaitForPrinterChange(Call, interface=WINSPOOL, opnum=28):
    """Wait until something happens. [MS-RPRN] 3.1.4.10.1"""

    hPrinter: PRINTER_HANDLE
    Flags: DWORD

    class Reply(Struct):
        """What happened."""

        pFlags: DWORD = 0
        result: WERROR = 0


class RpcFindClosePrinterChangeNotification(Call, interface=WINSPOOL, opnum=56):
    """Listen no longer. [MS-RPRN] 3.1.4.10.2"""

    hPrinter: PRINTER_HANDLE

    Reply = Result


class RpcRemoteFindFirstPrinterChangeNotification(Call, interface=WINSPOOL, opnum=62):
    """Listen for changes of these kinds. [MS-RPRN] 3.1.4.10.3"""

    hPrinter: PRINTER_HANDLE
    fdwFlags: DWORD
    fdwOptions: DWORD = 0
    pszLocalMachine: wstr | None = None
    dwPrinterLocal: DWORD
    cbBuffer: SMALL = 0
    pBuffer: blob | None = None

    class Reply(Struct):
        """What was offered, unchanged."""

        pBuffer: blob | None = None
        result: WERROR = 0


class RpcRemoteFindFirstPrinterChangeNotificationEx(Call, interface=WINSPOOL, opnum=65):
    """Listen for changes of these kinds, and of these members. [MS-RPRN] 3.1.4.10.4"""

    hPrinter: PRINTER_HANDLE
    fdwFlags: DWORD
    fdwOptions: DWORD = 0
    pszLocalMachine: wstr | None = None
    dwPrinterLocal: DWORD
    pOptions: RPC_V2_NOTIFY_OPTIONS | None = None

    Reply = Result


class RpcRouterRefreshPrinterChangeNotification(Call, interface=WINSPOOL, opnum=67):
    """Ask for all the members that are listened for, as they are. [MS-RPRN] 3.1.4.10.5"""

    hPrinter: PRINTER_HANDLE
    dwColor: DWORD
    pOptions: RPC_V2_NOTIFY_OPTIONS | None = None

    class Reply(Struct):
        """All of them."""

        ppInfo: RPC_V2_NOTIFY_INFO | None = None
        result: WERROR = 0


# ---------------------------------------------------------------- at the client


class RpcReplyOpenPrinter(Call, interface=WINSPOOL, opnum=58):
    """Open the channel back to a client. [MS-RPRN] 3.2.4.1.1"""

    pMachine: STRING_HANDLE = ""
    dwPrinterRemote: DWORD
    dwType: DWORD = 1
    cbBuffer: SMALL = 0
    pBuffer: blob | None = None

    class Reply(Struct):
        """Its handle."""

        phPrinterNotify: PRINTER_HANDLE = NO_HANDLE
        result: WERROR = 0


class RpcRouterReplyPrinter(Call, interface=WINSPOOL, opnum=59):
    """Tell of changes. [MS-RPRN] 3.2.4.1.2"""

    hNotify: PRINTER_HANDLE
    fdwFlags: DWORD
    cbBuffer: SMALL = 0
    pBuffer: blob | None = None

    Reply = Result


class RpcReplyClosePrinter(Call, interface=WINSPOOL, opnum=60):
    """Close the channel. [MS-RPRN] 3.2.4.1.3"""

    phNotify: PRINTER_HANDLE

    class Reply(Struct):
        """The null handle."""

        phNotify: PRINTER_HANDLE = NO_HANDLE
        result: WERROR = 0


class RpcRouterReplyPrinterEx(Call, interface=WINSPOOL, opnum=66):
    """Tell of changes, and what the members are now. [MS-RPRN] 3.2.4.1.4"""

    hNotify: PRINTER_HANDLE
    dwColor: DWORD
    fdwFlags: DWORD
    dwReplyType: DWORD = 0
    Reply_: Annotated[RPC_V2_NOTIFY_INFO | None, switch_is("dwReplyType", {0: RPC_V2_NOTIFY_INFO | None})] = (
        None
    )
    """RPC_V2_UREPLY_PRINTER, [MS-RPRN] 2.2.1.13.6; the specification calls it `Reply`."""

    class Reply(Struct):
        """What the client made of it."""

        pdwResult: DWORD = 0
        result: WERROR = 0
