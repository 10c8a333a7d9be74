"""Run by the system's Python, which has Samba's bindings: reads calls and writes them again, as Samba does.

Standard input: a JSON list of [interface, opnum, ndr64, request, reply]. Standard output: for each the request, or
with a reply that, once more as Samba writes it, or why not; and what Samba prints of the values that it read.
"""

import json
import sys

from samba.dcerpc import spoolss, winspool
from samba.ndr import ndr_pack_in, ndr_pack_out, ndr_print_in, ndr_print_out, ndr_unpack_in, ndr_unpack_out


def calls(module):
    """Samba's classes of calls by number."""
    found = {}
    for kind in vars(module).values():
        if isinstance(kind, type) and hasattr(kind, "opnum") and hasattr(kind, "__ndr_unpack_in__"):
            found[kind.opnum()] = kind
    return found


def again(call, wide, request, reply):
    """The octets once more, and the values."""
    if request is not None:
        ndr_unpack_in(call, bytes.fromhex(request), ndr64=wide)
    if reply is None:
        return ndr_pack_in(call, ndr64=wide).hex(), ndr_print_in(call)
    ndr_unpack_out(call, bytes.fromhex(reply), ndr64=wide)
    return ndr_pack_out(call, ndr64=wide).hex(), ndr_print_out(call)


KNOWN = {"winspool": calls(spoolss), "IRemoteWinspool": calls(winspool)}
told = []
for interface, opnum, wide, request, reply in json.load(sys.stdin):
    kind = KNOWN[interface].get(opnum)
    if kind is None:
        told.append(["unknown", ""])
        continue
    try:
        told.append(again(kind(), wide, request, reply))
    except Exception as error:  # noqa: BLE001 - whatever Samba's library says
        told.append([f"{type(error).__name__}: {error}", ""])
json.dump(told, sys.stdout)
