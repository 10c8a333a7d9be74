"""What is fuzzed of the Windows protocols.

- `pdu`: whatever octets are a PDU or a PduError, and a PDU that is written reads as itself.
- `association`: whatever a peer sends, in whatever pieces, the association answers in PDUs or closes; nothing raises.
- `ndr`: whatever octets are a declared request or reply, or an NdrError, in either transfer syntax and byte order; what
  was read is written, and reads as itself. Memory is in proportion to the octets, whether they are refused or not.
- `infos`: whatever octets are INFO structures, a DEVMODE, a security descriptor, or an error of theirs.
- `ntlm`, `spnego`: whatever tokens come, the acceptor answers or refuses, and nobody is let in.
"""

from __future__ import annotations

import asyncio
import contextlib
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, Final
from uuid import UUID

from pagebell.dcerpc.association import ServerAssociation
from pagebell.dcerpc.endpoint_mapper import EPT
from pagebell.dcerpc.events import Closed, StepWanted
from pagebell.dcerpc.groups import Groups
from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.mgmt import MGMT
from pagebell.dcerpc.ndr import Call, NdrError, Order, Struct, Transfer
from pagebell.dcerpc.ndr.compiler import codec
from pagebell.dcerpc.ntlm import HashedCredentials, NtlmAcceptor
from pagebell.dcerpc.ntlm_keys import nt_hash
from pagebell.dcerpc.offer import Offer
from pagebell.dcerpc.pdu import Header, PduError, Syntax
from pagebell.dcerpc.pdu_codec import decode, encode
from pagebell.dcerpc.security import AuthType, Mechanism, SecurityError
from pagebell.dcerpc.spnego import NTLM_OID, SpnegoAcceptor
from pagebell.winspool import devmode, infos, security
from pagebell.winspool.buffers import Info, InfoError, pack, unpack
from pagebell.winspool.idl import (
    pan,
    par,
    par_more,
    par_notify,
    rprn,
    rprn_data,
    rprn_ipp,
    rprn_notify,
    rprn_setup,
)

DECLARED = (par_more, par_notify, rprn_data, rprn_ipp, rprn_notify, rprn_setup)
"""Imported for the calls that they add."""
CALLS: Final[tuple[type[Call], ...]] = (
    *rprn.WINSPOOL.calls.values(),
    *par.IREMOTEWINSPOOL.calls.values(),
    *(call for one in (pan.IRPCASYNCNOTIFY, pan.IRPCREMOTEOBJECT, EPT, MGMT) for call in one.calls.values()),
)
INFOS: Final[tuple[type[Info], ...]] = tuple(
    kind
    for kind in vars(infos).values()
    if isinstance(kind, type) and issubclass(kind, Info) and kind is not Info
)


GROUND, MULTIPLE = 64 << 10, 64
"""Octets of memory that any message may take, and how many for each of its own."""


def cut(octets: bytes) -> list[bytes]:
    """The first octet tells how the rest is cut: into so many octets each, or not at all."""
    size = octets[0] if octets and octets[0] < 128 else 0
    rest = octets[1:]
    return [rest] if not size else [rest[at : at + size] for at in range(0, len(rest), size)]


def pdu(octets: bytes) -> None:
    """One PDU's octets."""
    try:
        found = decode(octets)
    except PduError:
        return
    again = encode(found)
    assert decode(again) == decode(encode(decode(again)))


async def _lookup(user: str, domain: str) -> bytes | None:
    return nt_hash("Secret123") if user == "alice" else None


def _ntlm() -> NtlmAcceptor:
    return NtlmAcceptor(HashedCredentials(_lookup), random=bytes, now=lambda: 1.0)


def _spnego() -> SpnegoAcceptor:
    return SpnegoAcceptor({NTLM_OID: _ntlm})


LIMITS = Limits(stub=4096, fragments=16, contexts=8, security_contexts=4, calls=4, handles=8)
INTERFACE = Syntax(rprn.WINSPOOL.uuid, 1)


def association(octets: bytes) -> None:
    """A connection's octets."""
    mechanisms = {AuthType.NTLM: _ntlm, AuthType.SPNEGO: _spnego}
    offer = Offer(lambda: (INTERFACE, Syntax(UUID(int=1), 1)), mechanisms, Groups(LIMITS), limits=LIMITS)
    server = ServerAssociation(offer)
    for piece in cut(octets):
        events = list(server.receive(piece))
        while events:
            event = events.pop()
            if isinstance(event, StepWanted):
                try:
                    answer = asyncio.run(event.security.mechanism.step(event.token))
                except SecurityError as error:
                    events += server.refused(str(error))
                else:
                    events += server.stepped(answer)
            elif isinstance(event, Closed):
                return
        _whole(server.data_to_send())


def _whole(data: bytes) -> None:
    while data:
        size = Header.read(data).frag_length
        decode(data[:size])
        data = data[size:]


@contextlib.contextmanager
def in_proportion(octets: bytes) -> Iterator[None]:
    """What runs inside takes no more memory than so many times the octets."""
    tracemalloc.start(1)
    try:
        yield
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most <= GROUND + MULTIPLE * len(octets), f"{most} octets of memory for {len(octets)}"


def ndr(octets: bytes) -> None:
    """Two octets tell which declaration, one the syntax and the byte order; the rest is a stub."""
    if len(octets) < 3:
        return
    kind: Any = CALLS[int.from_bytes(octets[:2], "little") % len(CALLS)]
    declared: type[Struct] = kind.Reply if octets[2] & 4 else kind
    transfer = Transfer.NDR64 if octets[2] & 1 else Transfer.NDR
    order = Order.BIG if octets[2] & 2 else Order.LITTLE
    codec(declared, transfer, order)
    try:
        with in_proportion(octets):
            value = declared.decode(octets[3:], transfer, order)
    except NdrError:
        return
    try:
        again = value.encode(transfer)
    except NdrError:  # what can be read and not written: text with a terminator inside
        return
    assert declared.decode(again, transfer).encode(transfer) == again


def info_buffers(octets: bytes) -> None:
    """An octet tells which structure; the rest is a buffer."""
    if not octets:
        return
    kind, rest = INFOS[octets[0] % len(INFOS)], octets[1:]
    try:
        with in_proportion(octets):
            values = unpack(kind, rest, 1 + octets[0] // 128)
    except InfoError:
        pass
    else:
        assert unpack(kind, pack(kind, values), len(values))
    with contextlib.suppress(devmode.DevmodeError):
        devmode.decode(rest)
    try:
        security.grants(rest)
        security.merged(security.PRINTER_SECURITY, rest)
    except security.DescriptorError:
        pass


def _tokens(make: Callable[[], Mechanism]) -> Callable[[bytes], None]:
    def target(octets: bytes) -> None:
        """Tokens, each behind its length in two octets."""

        async def converse() -> None:
            mechanism, rest = make(), octets
            while len(rest) >= 2 and not mechanism.complete:
                size = int.from_bytes(rest[:2], "little")
                token, rest = rest[2 : 2 + size], rest[2 + size :]
                try:
                    answer = await mechanism.step(token)
                except SecurityError:
                    return
                assert isinstance(answer, bytes)
            assert not mechanism.complete or mechanism.principal.name.casefold() == "alice"

        asyncio.run(converse())

    return target


RPC_TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "pdu": pdu,
    "association": association,
    "ndr": ndr,
    "infos": info_buffers,
    "ntlm": _tokens(_ntlm),
    "spnego": _tokens(_spnego),
}
