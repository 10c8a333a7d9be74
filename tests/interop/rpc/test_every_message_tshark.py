"""Every request and reply of [MS-PAR], as we write it, is read to its end by tshark (its dissector is of Samba's IDL).

Of [MS-RPRN] tshark knows about half the calls: `test_spoolss_peers` has it look on while those are made.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from pagebell.dcerpc.ndr import Transfer
from pagebell.dcerpc.pdu import Bind, BindAck, Context, Request, Response, Result, Syntax
from pagebell.dcerpc.pdu_codec import encode
from pagebell.winspool.idl import par, par_more, par_notify
from tests.winspool.filled import filled

DECLARED = (par_more, par_notify)
"""Imported for the calls that they add."""
CLIENT, SERVER = 40000, 8632
NDR = Syntax(UUID("8a885d04-1ceb-11c9-9fe8-08002b104860"), 2)
ARMLESS = {
    *("RpcAsyncOpenPrinter request", "RpcAsyncAddPrinter request", "RpcAsyncSetPrinter request"),
    *("RpcAsyncSetJob request", "RpcAsyncAddForm request", "RpcAsyncSetForm request"),
    *("RpcAsyncAddPort request", "RpcAsyncLogJobInfoForBranchOffice request"),
    "RpcAsyncSendRecvBidiData reply",
}
"""Their unions have no arm for the number that `filled` puts everywhere; tshark goes no further there."""


def segment(source: int, target: int, sequence: int, octets: bytes) -> bytes:
    """An Ethernet frame from one port of 127.0.0.1 to another; nobody looks at its checksums."""
    tcp = struct.pack(">HHIIBBHHH", source, target, sequence, 0, 0x50, 0x18, 65535, 0, 0) + octets
    host = bytes([127, 0, 0, 1])
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, host, host)
    return bytes(12) + b"\x08\x00" + ip + tcp


def capture(file: Path, said: list[tuple[int, bytes]]) -> None:
    """What client and server say, as a capture file (https://wiki.wireshark.org/Development/LibpcapFileFormat)."""
    sent = {CLIENT: 1, SERVER: 1}
    octets = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 2**18, 1)
    for at, (who, message) in enumerate(said):
        frame = segment(who, CLIENT + SERVER - who, sent[who], message)
        octets += struct.pack("<IIII", at, 0, len(frame), len(frame)) + frame
        sent[who] += len(message)
    file.write_bytes(octets)


def test_every_message_of_ms_par_is_read_by_tshark(peer: Callable[[str], str], tmp_path: Path) -> None:
    interface = par.IREMOTEWINSPOOL
    contexts = (Context(0, Syntax(interface.uuid, *interface.version), (NDR,)),)
    said = [
        (CLIENT, encode(Bind(call_id=1, max_xmit=5840, max_recv=5840, contexts=contexts))),
        (
            SERVER,
            encode(BindAck(call_id=1, max_xmit=5840, max_recv=5840, group=1, results=(Result(0, 0, NDR),))),
        ),
    ]
    names = []
    for number, (opnum, call) in enumerate(sorted(interface.calls.items()), 2):
        asked = filled(call).encode(Transfer.NDR)
        answered = filled(call.Reply).encode(Transfer.NDR)  # type: ignore[attr-defined]
        said.append((CLIENT, encode(Request(call_id=number, context_id=0, opnum=opnum, stub=asked))))
        said.append((SERVER, encode(Response(call_id=number, context_id=0, stub=answered))))
        names += [f"{call.__name__} request", f"{call.__name__} reply"]
    capture(tmp_path / "par.pcap", said)
    fields = ("dcerpc.opnum", "_ws.col.Protocol", "_ws.malformed", "_ws.expert.message", "dcerpc.stub_data")
    show = [
        peer("tshark"),
        "-r",
        str(tmp_path / "par.pcap"),
        "-d",
        f"tcp.port=={SERVER},dcerpc",
        "-T",
        "fields",
    ]
    run = subprocess.run(
        [*show, "-E", "separator=|", *(part for field in fields for part in ("-e", field))],
        capture_output=True,
        text=True,
        check=True,
    )
    read = [line.split("|") for line in run.stdout.splitlines()[2:]]
    assert [int(one[0]) for one in read] == [opnum for opnum in sorted(interface.calls) for _ in range(2)]
    assert {one[1] for one in read} == {"IREMOTEWINSPOOL"}
    assert {name for name, one in zip(names, read, strict=True) if any(one[2:])} == ARMLESS
