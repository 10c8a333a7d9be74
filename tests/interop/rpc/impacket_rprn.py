"""Run by a Python that has impacket: opens a printer and lists what there is, at a level and in a transfer syntax.

impacket_rprn.py HOST PORT USER PASSWORD PRINTER LEVEL [ndr64]
"""

import json
import sys

from impacket.dcerpc.v5 import rprn, transport
from impacket.dcerpc.v5.dtypes import NULL

host, port, user, password, printer, level = sys.argv[1:7]
connection = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{host}[{port}]")
connection.set_credentials(user, password, "WORKGROUP")
client = connection.get_dce_rpc()
client.set_auth_level(int(level))
client.connect()
NDR = ("8a885d04-1ceb-11c9-9fe8-08002b104860", "2.0")
NDR64 = ("71710533-beba-4937-8319-b5dbef9ccc36", "1.0")
client.bind(rprn.MSRPC_UUID_RPRN, transfer_syntax=NDR64 if "ndr64" in sys.argv else NDR)
handle = rprn.hRpcOpenPrinter(client, printer + "\x00", accessRequired=8)["pHandle"]
try:
    rprn.hRpcOpenPrinter(client, "nothing\x00", accessRequired=8)
    refused = 0
except rprn.DCERPCSessionError as error:
    refused = error.get_error_code()
listed = rprn.hRpcEnumPrinters(client, rprn.PRINTER_ENUM_LOCAL, NULL, 1)
drivers = rprn.hRpcGetPrinterDriverDirectory(client, NULL, NULL, 1)
closed = rprn.hRpcClosePrinter(client, handle)
print(
    json.dumps(
        {
            "returned": listed["pcReturned"],
            "listed": b"".join(listed["pPrinterEnum"]).decode("utf-16-le", "replace"),
            "drivers": b"".join(drivers["pDriverDirectory"]).decode("utf-16-le", "replace"),
            "closed": closed["ErrorCode"],
            "refused": refused,
        }
    )
)
