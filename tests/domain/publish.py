"""Ask a print server to publish a printer, or not to, as Windows' programs do; run with somebody's tickets.

Arguments: the printer's address, and what to do: a number of [MS-RPRN] 2.2.1.10.8. It prints the state after that,
and what the directory identifies the printer by.
"""

import asyncio
import sys

from pagebell.winspool import Client, infos
from pagebell.winspool.buffers import unpack
from pagebell.winspool.constants import Access
from pagebell.winspool.idl import rprn
from pagebell.winspool.idl.containers import PRINTER_CONTAINER
from pagebell.winspool.idl.types import PRINTER_INFO_7


async def main(uri: str, action: str) -> None:
    async with Client(uri).session() as session:
        opened = await session.demand(
            rprn.RpcOpenPrinterEx,
            pPrinterName=session.address.name,
            AccessRequired=Access.PRINTER_ACCESS_ADMINISTER,
            pClientInfo=session.client_info,
        )
        info = PRINTER_CONTAINER(Level=7, PrinterInfo=PRINTER_INFO_7(dwAction=int(action)))
        await session.demand(rprn.RpcSetPrinter, hPrinter=opened.pHandle, pPrinterContainer=info)
        told = await session.demand(
            rprn.RpcGetPrinter, hPrinter=opened.pHandle, Level=7, pPrinter=bytes(1024), cbBuf=1024
        )
        (found,) = unpack(infos.PRINTER_INFO_7, told.pPrinter or b"")
        print(found.dwAction, (found.pszObjectGUID or "").strip("{}").lower())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
