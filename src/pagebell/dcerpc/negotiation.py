"""Which presentation contexts a bind gets (C706 12.6.3.1, [MS-RPCE] 3.3.1.5.3, 3.3.1.5.6). Pure.

As in Windows, one PDU brings at most one new context: a client that offers one interface with NDR and with
NDR64 in two contexts gets one of them, by the server's preference.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pagebell.dcerpc.ndr import Transfer
from pagebell.dcerpc.pdu import NO_SYNTAX, Context, Result, Syntax

NDR = Syntax(uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860"), 2)
NDR64 = Syntax(uuid.UUID("71710533-beba-4937-8319-b5dbef9ccc36"), 1)
TRANSFERS: Mapping[Syntax, Transfer] = {NDR: Transfer.NDR, NDR64: Transfer.NDR64}

ACCEPTED, REJECTED, NEGOTIATED = 0, 2, 3
NO_INTERFACE, NO_TRANSFER, LOCAL_LIMIT = 1, 2, 3

FEATURES = 0x3
"""Security context multiplexing (1) and keeping the connection on orphaned calls (2): we do both."""
_FEATURES_PREFIX = uuid.UUID("6cb71c2c-9812-4540-0000-000000000000").bytes_le[:8]


class ProtocolError(Exception):
    """The contexts contradict those that were agreed on before, or there are none."""


@dataclass(frozen=True, slots=True)
class Presentation:
    """An agreed context: which interface, in which transfer syntax."""

    interface: Syntax
    transfer: Syntax
    asked: Syntax = NO_SYNTAX
    """The interface as the client named it, perhaps with a smaller minor version."""


def features(bits: int) -> Syntax:
    """Return the transfer syntax that asks for bind-time features ([MS-RPCE] 2.2.2.14)."""
    return Syntax(uuid.UUID(bytes_le=_FEATURES_PREFIX + bytes((bits, 0, 0, 0, 0, 0, 0, 0))), 1)


def serves(interfaces: Collection[Syntax], asked: Syntax) -> Syntax | None:
    """Return the interface with the UUID and major version that were asked, and no smaller minor version."""
    for one in interfaces:
        if (one.uuid, one.major) == (asked.uuid, asked.major) and one.minor >= asked.minor:
            return one
    return None


def negotiate(
    asked: Sequence[Context],
    known: Mapping[int, Presentation],
    interfaces: Collection[Syntax],
    transfers: Sequence[Syntax],
    limit: int,
) -> tuple[list[Result], dict[int, Presentation]]:
    """Return the results in the order of `asked`, and the new contexts.

    `transfers` is what the server speaks, best first; `limit` is the most contexts that it keeps.
    """
    if not asked or any(not context.transfers for context in asked):
        raise ProtocolError("no context, or one without a transfer syntax")
    if sum(_asks_features(context) for context in asked) > 1:
        raise ProtocolError("features are asked for twice")
    chosen = _choose(asked, known, interfaces, transfers)
    added: dict[int, Presentation] = {}
    results: list[Result] = []
    accepted = False
    for place, context in enumerate(asked):
        if _asks_features(context):
            result = Result(NEGOTIATED, context.transfers[0].uuid.bytes_le[8] & FEATURES)
        elif serves(interfaces, context.abstract) is None:
            result = Result(REJECTED, NO_INTERFACE)
        elif context.id in known and not accepted and chosen is None:
            result = _again(context, known[context.id])
        elif chosen is None or chosen[0] != place:
            result = Result(REJECTED, NO_TRANSFER)
        elif len(known) >= limit:
            result = Result(REJECTED, LOCAL_LIMIT)
        else:
            added[context.id] = Presentation(chosen[1], chosen[2], context.abstract)
            result = Result(ACCEPTED, 0, chosen[2])
        accepted |= result.result == ACCEPTED
        results.append(result)
    return results, added


def _asks_features(context: Context) -> bool:
    return context.transfers[0].uuid.bytes_le[:8] == _FEATURES_PREFIX


def _choose(
    asked: Sequence[Context],
    known: Mapping[int, Presentation],
    interfaces: Collection[Syntax],
    transfers: Sequence[Syntax],
) -> tuple[int, Syntax, Syntax] | None:
    """Return the place, interface and transfer syntax of the one new context."""
    for transfer in transfers:
        for place, context in enumerate(asked):
            interface = serves(interfaces, context.abstract)
            if interface is not None and context.id not in known and transfer in context.transfers:
                return place, interface, transfer
    return None


def _again(context: Context, before: Presentation) -> Result:
    """Confirm a context that is agreed on; it cannot be changed."""
    same = (context.abstract.uuid, context.abstract.major) == (before.interface.uuid, before.interface.major)
    if not same:
        raise ProtocolError("another interface for a context that exists")
    if any(transfer in TRANSFERS and transfer != before.transfer for transfer in context.transfers):
        raise ProtocolError("another transfer syntax for a context that exists")
    if before.transfer in context.transfers:
        return Result(ACCEPTED, 0, before.transfer)
    return Result(REJECTED, NO_TRANSFER)
