"""A handle opens one printer: when that is gone it opens nothing, also not another that was made under its name."""

from __future__ import annotations

import pytest

from pagebell.winspool.idl import rprn, rprn_data
from pagebell.winspool.idl.containers import DOC_INFO_CONTAINER
from pagebell.winspool.idl.types import DOC_INFO_1
from pagebell.winspool.werror import Win32
from tests.unit.spooler.stage import P1, SYSTEM
from tests.winspool.stand import Stand, open_printer


@pytest.mark.parametrize("made_anew", [False, True])
async def test_handle_does_not_open_a_printer_that_was_made_under_an_old_name(
    here: Stand, made_anew: bool
) -> None:
    async with here.client("root") as client:
        handle = await open_printer(client)
        await here.spooler.printers.remove(P1, SYSTEM)
        if made_anew:
            await here.add(P1)
        value = {"pKeyName": "K", "pValueName": "V"}
        calls = (
            rprn.RpcGetPrinter(hPrinter=handle, Level=2),
            rprn.RpcGetPrinterDataEx(hPrinter=handle, nSize=0, **value),
            rprn_data.RpcSetPrinterDataEx(hPrinter=handle, Type=1, pData=b"\0\0", **value),
            rprn_data.RpcEnumPrinterDataEx(hPrinter=handle, pKeyName="K"),
            rprn.RpcEnumJobs(hPrinter=handle, Level=1, NoJobs=9),
            rprn.RpcDeletePrinter(hPrinter=handle),
        )
        for call in calls:
            assert (await client.call(call)).result == Win32.INVALID_PARAMETER, call
        document = DOC_INFO_CONTAINER(DocInfo=DOC_INFO_1(pDocName="Letter"))
        started = rprn.RpcStartDocPrinter(hPrinter=handle, pDocInfoContainer=document)
        assert (await client.call(started)).result == Win32.INVALID_PARAMETER
        assert (await client.call(rprn.RpcClosePrinter(phPrinter=handle))).result == 0
    assert here.spooler.settings.get(P1, "data") == {}
    assert [printer.name for printer in here.spooler.printers.all()] == ([P1] if made_anew else [])
