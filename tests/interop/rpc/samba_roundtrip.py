"""Run by the system's Python, which has Samba's bindings: reads requests and writes them again, as Samba does.

Standard input: a JSON list of [interface, opnum, ndr64, octets]; standard output: the octets again, or why not.
"""

import json
import sys

from samba.dcerpc import spoolss, winspool
from samba.ndr import ndr_pack_in, ndr_unpack_in


def calls(module):
    """Samba's classes of calls by number."""
    found = {}
    for kind in vars(module).values():
        if isinstance(kind, type) and hasattr(kind, "opnum") and hasattr(kind, "__ndr_unpack_in__"):
            found[kind.opnum()] = kind
    return found


KNOWN = {"winspool": calls(spoolss), "IRemoteWinspool": calls(winspool)}
told = []
for interface, opnum, wide, octets in json.load(sys.stdin):
    kind = KNOWN[interface].get(opnum)
    if kind is None:
        told.append("unknown")
        continue
    call = kind()
    try:
        ndr_unpack_in(call, bytes.fromhex(octets), ndr64=wide)
        told.append(ndr_pack_in(call, ndr64=wide).hex())
    except Exception as error:  # noqa: BLE001 - whatever Samba's library says
        told.append(f"{type(error).__name__}: {error}")
json.dump(told, sys.stdout)
