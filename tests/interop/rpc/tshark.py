"""What tshark makes of calls: they are written as a capture file, and what it shows of them is read."""

from __future__ import annotations

import functools
import re
import struct
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pagebell.dcerpc.ndr import Call, Interface, Struct, Transfer
from pagebell.dcerpc.pdu import Bind, BindAck, Context, Request, Response, Result, Syntax
from pagebell.dcerpc.pdu_codec import encode

CLIENT, SERVER = 40000, 8632
NUMBER = re.compile(r"0x[0-9a-f]+|-?(0|[1-9]\d*)")
SYNTAXES = {
    Transfer.NDR: Syntax(UUID("8a885d04-1ceb-11c9-9fe8-08002b104860"), 2),
    Transfer.NDR64: Syntax(UUID("71710533-beba-4937-8319-b5dbef9ccc36"), 1),
}


def plain(text: str) -> str:
    """A number as a decimal one, everything else as it is."""
    return str(int(text, 0)) if NUMBER.fullmatch(text) else text


@dataclass(frozen=True)
class Shown:
    """A message as tshark shows it."""

    opnum: int
    operation: str
    complaints: tuple[str, ...]
    """What it says of the message besides: that it is malformed, goes on where it should end, and so on."""
    values: tuple[tuple[str, str], ...]
    """The fields that it found in the stub, by tshark's names, in their order."""

    @functools.cached_property
    def numbers(self) -> list[int]:
        """The fields that are numbers."""
        return [int(text, 0) for _, text in self.values if NUMBER.fullmatch(text)]

    def of(self, name: str) -> list[str]:
        """Return the values of the fields of this name."""
        return [value for field, value in self.values if field == name]


def _segment(source: int, target: int, sequence: int, octets: bytes) -> bytes:
    """An Ethernet frame from one port of 127.0.0.1 to another; nobody looks at its checksums."""
    tcp = struct.pack(">HHIIBBHHH", source, target, sequence, 0, 0x50, 0x18, 65535, 0, 0) + octets
    host = bytes([127, 0, 0, 1])
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, host, host)
    return bytes(12) + b"\x08\x00" + ip + tcp


def _capture(file: Path, said: list[tuple[int, bytes]]) -> None:
    """What client and server say, as a capture file (https://wiki.wireshark.org/Development/LibpcapFileFormat)."""
    sent = {CLIENT: 1, SERVER: 1}
    octets = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 2**18, 1)
    for at, (who, message) in enumerate(said):
        frame = _segment(who, CLIENT + SERVER - who, sent[who], message)
        octets += struct.pack("<IIII", at, 0, len(frame), len(frame)) + frame
        sent[who] += len(message)
    file.write_bytes(octets)


def _conversation(
    interface: Interface, transfer: Transfer, calls: Sequence[tuple[Call, Struct]]
) -> list[tuple[int, bytes]]:
    syntax = SYNTAXES[transfer]
    contexts = (Context(0, Syntax(interface.uuid, *interface.version), (syntax,)),)
    accepted = (Result(0, 0, syntax),)
    said = [
        (CLIENT, encode(Bind(call_id=1, max_xmit=5840, max_recv=5840, contexts=contexts))),
        (SERVER, encode(BindAck(call_id=1, max_xmit=5840, max_recv=5840, group=1, results=accepted))),
    ]
    for number, (call, reply) in enumerate(calls, 2):
        asked, answered = call.encode(transfer), reply.encode(transfer)
        said.append((CLIENT, encode(Request(call_id=number, context_id=0, opnum=call.opnum, stub=asked))))
        said.append((SERVER, encode(Response(call_id=number, context_id=0, stub=answered))))
    return said


def show(
    tshark: str, file: Path, interface: Interface, transfer: Transfer, calls: Sequence[tuple[Call, Struct]]
) -> list[tuple[Shown, Shown]]:
    """Return what tshark shows of each request and its reply."""
    _capture(file, _conversation(interface, transfer, calls))
    run = subprocess.run(
        [tshark, "-r", str(file), "-d", f"tcp.port=={SERVER},dcerpc", "-T", "pdml"],
        capture_output=True,
        text=True,
        check=True,
    )
    shown = [_shown(packet) for packet in list(ET.fromstring(run.stdout))[2:]]
    assert len(shown) == 2 * len(calls)
    return list(zip(shown[::2], shown[1::2], strict=True))


def _shown(packet: ET.Element) -> Shown:
    protocols = [one.get("name", "") for one in packet]
    (rpc,) = (one for one in packet if one.get("name") == "dcerpc")
    opnum = next(
        int(field.get("show", "")) for field in rpc.iter("field") if field.get("name") == "dcerpc.opnum"
    )
    (stub,) = list(packet)[protocols.index("dcerpc") + 1 :][:1] or [ET.Element("proto")]
    complaints = [f.get("show", "") for f in packet.iter("field") if f.get("name") == "_ws.expert.message"]
    if any(field.get("name") == "dcerpc.stub_data" for field in packet.iter("field")):
        complaints.append("stub data")
    values = tuple((f.get("name", ""), f.get("show", "")) for f in stub.iter("field"))
    return Shown(opnum, stub.get("showname", "").rpartition(", ")[2], tuple(complaints), values)
