"""Every declared request is read by Samba's library and written again with the same octets, in NDR and in NDR64."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from pagebell.dcerpc.ndr import Transfer
from pagebell.winspool.idl import (
    par,
    par_more,
    par_notify,
    rprn,
    rprn_data,
    rprn_ipp,
    rprn_notify,
    rprn_ports,
    rprn_setup,
)
from tests.winspool.filled import filled

DECLARED = (par_more, par_notify, rprn_data, rprn_ipp, rprn_notify, rprn_ports, rprn_setup)
"""Imported for the calls that they add."""
UNKNOWN = {28, 46, 47, 62, 96, 117, 119, 120, 121, 122, 123}
"""Calls of [MS-RPRN] that Samba 4.17's own declarations leave out."""
NOT_COMPARED = {
    rprn_notify.RpcRouterReplyPrinterEx,  # its union has no empty arm; test_ndr_samba has it
    # Samba's containers have other unions: that of RpcSetPrinter for a port, that of INFO buffers for a monitor.
    *(rprn_ports.RpcAddPortEx, rprn_ports.RpcSetPort, par_more.RpcAsyncAddPort, par_more.RpcAsyncSetPort),
    par_more.RpcAsyncAddMonitor,
}


def test_every_request_survives_sambas_library(samba_python: str) -> None:
    asked = [
        [interface.name, opnum, transfer is Transfer.NDR64, filled(call).encode(transfer).hex()]
        for interface in (rprn.WINSPOOL, par.IREMOTEWINSPOOL)
        for opnum, call in sorted(interface.calls.items())
        if call not in NOT_COMPARED
        for transfer in Transfer
    ]
    script = Path(__file__).with_name("samba_roundtrip.py")
    run = subprocess.run(
        [samba_python, str(script)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    told = json.loads(run.stdout)
    pairs = list(zip(asked, told, strict=True))
    different = [(one[:3], octets) for one, octets in pairs if octets not in (one[3], "unknown")]
    assert not different
    unknown = {one[1] for one, octets in pairs if octets == "unknown"}
    assert unknown == UNKNOWN
    assert len(asked) > 290
