"""[MS-PAR] IRemoteWinspool: notifications, for which clients call and wait; HRESULTs are returned. [MS-PAR] 3.1.4.9"""

from __future__ import annotations

from pagebell.dcerpc.ndr import DWORD, Call, Struct
from pagebell.winspool.idl.notify import RMTNTFY_HANDLE, RpcPrintPropertiesCollection
from pagebell.winspool.idl.par import IREMOTEWINSPOOL
from pagebell.winspool.idl.rprn import NO_HANDLE
from pagebell.winspool.idl.types import PRINTER_HANDLE

HRESULT = DWORD


class RpcSyncRegisterForRemoteNotifications(Call, interface=IREMOTEWINSPOOL, opnum=58):
    """Listen for changes. [MS-PAR] 3.1.4.9.1"""

    hPrinter: PRINTER_HANDLE
    pNotifyFilter: RpcPrintPropertiesCollection

    class Reply(Struct):
        """The handle to listen with."""

        phRpcHandle: RMTNTFY_HANDLE = NO_HANDLE
        result: HRESULT = 0


class RpcSyncUnRegisterForRemoteNotifications(Call, interface=IREMOTEWINSPOOL, opnum=59):
    """Listen no longer. [MS-PAR] 3.1.4.9.2"""

    phRpcHandle: RMTNTFY_HANDLE

    class Reply(Struct):
        """The null handle."""

        phRpcHandle: RMTNTFY_HANDLE = NO_HANDLE
        result: HRESULT = 0


class RpcSyncRefreshRemoteNotifications(Call, interface=IREMOTEWINSPOOL, opnum=60):
    """Ask for all the members that are listened for, as they are. [MS-PAR] 3.1.4.9.3"""

    hRpcHandle: RMTNTFY_HANDLE
    pNotifyFilter: RpcPrintPropertiesCollection

    class Reply(Struct):
        """All of them."""

        ppNotifyData: RpcPrintPropertiesCollection | None = None
        result: HRESULT = 0


class RpcAsyncGetRemoteNotifications(Call, interface=IREMOTEWINSPOOL, opnum=61):
    """Wait for the next changes. [MS-PAR] 3.1.4.9.4"""

    hRpcHandle: RMTNTFY_HANDLE

    class Reply(Struct):
        """What changed."""

        ppNotifyData: RpcPrintPropertiesCollection | None = None
        result: HRESULT = 0
