"""Requests and INFO buffers of [MS-RPRN] equal Samba's, and either reads the other's."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from pagebell.dcerpc.ndr import Call, ContextHandle, Transfer
from pagebell.winspool import infos
from pagebell.winspool.buffers import Info, pack, unpack
from pagebell.winspool.idl import rprn, rprn_setup
from pagebell.winspool.idl.containers import DOC_INFO_CONTAINER
from pagebell.winspool.idl.types import DOC_INFO_1

HANDLE = ContextHandle(UUID("11223344-5566-7788-99aa-bbccddeeff00"))
REQUESTS: dict[str, Call] = {
    "start_doc": rprn.RpcStartDocPrinter(
        hPrinter=HANDLE,
        pDocInfoContainer=DOC_INFO_CONTAINER(DocInfo=DOC_INFO_1(pDocName="Grüße", pDatatype="RAW")),
    ),
    "write": rprn.RpcWritePrinter(hPrinter=HANDLE, pBuf=b"12345"),
    "start_page": rprn.RpcStartPagePrinter(hPrinter=HANDLE),
    "end_doc": rprn.RpcEndDocPrinter(hPrinter=HANDLE),
    "close": rprn.RpcClosePrinter(phPrinter=HANDLE),
    "get_data": rprn.RpcGetPrinterData(hPrinter=HANDLE, pValueName="ChangeID", nSize=4),
    "set_job": rprn.RpcSetJob(hPrinter=HANDLE, JobId=7, Command=3),
    "delete_form": rprn_setup.RpcDeleteForm(hPrinter=HANDLE, pFormName="A4"),
}
BUFFERS: dict[str, Info] = {
    "job": infos.JOB_INFO_2(
        JobId=7, pPrinterName="p1", pUserName="ada", pDocument="Letter", Status=16, TotalPages=3, Size=4096
    ),
    "form": infos.FORM_INFO_1(
        Flags=1, pName="A4", Size=(210000, 297000), ImageableArea=(0, 0, 210000, 297000)
    ),
    "driver": infos.DRIVER_INFO_8(
        cVersion=3,
        pName="A driver",
        dwlDriverVersion=0x0001000200030004,
        pDependentFiles=("one.dll", "two.dll"),
        pMfgName="Maker",
    ),
}
READ = {
    "job": [7, "p1", "ada", "Letter", 16, 3, 4096],
    "form": [1, "A4"],
    "driver": [3, "A driver", 0x0001000200030004, "Maker"],
}


@pytest.fixture
def samba(samba_python: str) -> Any:
    ours = {name: pack(type(value), [value]).hex() for name, value in BUFFERS.items()}
    script = Path(__file__).with_name("samba_spoolss.py")
    run = subprocess.run(
        [samba_python, str(script), json.dumps(ours)], capture_output=True, text=True, check=False, timeout=30
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_requests_equal_sambas(samba: Any) -> None:
    for name, call in REQUESTS.items():
        packed = [call.encode(transfer).hex() for transfer in (Transfer.NDR, Transfer.NDR64)]
        assert packed == samba["requests"][name], name


def test_samba_reads_our_buffers(samba: Any) -> None:
    assert samba["read"] == READ


def test_we_read_sambas_buffers(samba: Any) -> None:
    for name, value in BUFFERS.items():
        (read,) = unpack(type(value), bytes.fromhex(samba["buffers"][name]))
        assert getattr(read, "pName", None) == getattr(value, "pName", None)
        if isinstance(value, infos.JOB_INFO_2) and isinstance(read, infos.JOB_INFO_2):
            assert (read.JobId, read.pDocument, read.Size) == (7, "Letter", 4096)
