"""Arrays with elements in them are read by Samba's library and written again with the same octets, in both syntaxes.

The same messages without elements are in `test_every_request` and `test_every_reply`.
"""

from __future__ import annotations

from pagebell.dcerpc.ndr import Transfer
from pagebell.winspool.idl import par, par_more, par_notify, rprn
from tests.interop.rpc.test_every_request import UNKNOWN, again
from tests.winspool.elements import ELEMENTS, changed
from tests.winspool.filled import filled

DECLARED = (par_more, par_notify)
"""Imported for the calls that they add."""
OTHERWISE = {"RpcSendRecvBidiData", "RpcAsyncSendRecvBidiData"}
"""Calls whose arrays are such of pointers with Samba. [MS-RPRN] 2.2.1.2.10 has `[size_is(Count), unique]
RPC_BIDI_REQUEST_DATA aData[]`: the words of 2.2.1.13.3, where Samba, too, has an array of structures.
`test_octets_by_hand` has them.
"""


def test_every_array_survives_sambas_library(samba_python: str) -> None:
    asked, names = [], []
    for interface in (rprn.WINSPOOL, par.IREMOTEWINSPOOL):
        for opnum, call in sorted(interface.calls.items()):
            reply = call.Reply  # type: ignore[attr-defined]
            if ELEMENTS.keys().isdisjoint((*call.__mro__, *reply.__mro__)):
                continue
            if interface is rprn.WINSPOOL and opnum in UNKNOWN:
                continue
            for transfer in Transfer:
                one, other = (
                    changed(filled(kind), ELEMENTS).encode(transfer).hex() for kind in (call, reply)
                )
                wide = transfer is Transfer.NDR64
                asked += [[interface.name, opnum, wide, one, None], [interface.name, opnum, wide, one, other]]
                names += [call.__name__] * 2
    told = again(samba_python, asked)
    different = {
        name
        for name, one, (octets, _) in zip(names, asked, told, strict=True)
        if octets != (one[3] if one[4] is None else one[4])
    }
    assert different == OTHERWISE
    assert len(asked) > 50
