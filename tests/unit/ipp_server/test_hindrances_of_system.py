"""What may befall an operation on the server or on resources, as `test_hindrances` shows it of all others."""

from __future__ import annotations

import pytest

from pagebell.ipp.codec import Message
from pagebell.ipp.registry import Op
from pagebell.ipp.registry import Status as S
from tests.unit.ipp_server import test_resources, test_system
from tests.unit.ipp_server.door import ADMIN, Door
from tests.unit.ipp_server.hindering import Happen, Hindered, full, powerless, status_when, stopping, unproved
from tests.unit.ipp_server.test_operations import Play
from tests.unit.ipp_server.test_resources import AT


async def crowded(d: Hindered) -> None:
    d.spooler._ledger.policy = test_resources.with_no_room(d.policy)


def after(before: Op, op: Op) -> Play:
    """An operation on all printers that undoes another."""

    async def play(d: Door) -> Message:
        await d.ask(before, path=AT, user=ADMIN)
        return await d.ask(op, path=AT, user=ADMIN)

    return play


PLAYS: dict[Op, Play] = {
    **{row[0]: row[2] for row in reversed(test_system.ROWS) if row[1] == "ok"},
    **test_resources.GOOD,
    Op.ENABLE_ALL_PRINTERS: after(Op.DISABLE_ALL_PRINTERS, Op.ENABLE_ALL_PRINTERS),
    Op.RESUME_ALL_PRINTERS: after(Op.PAUSE_ALL_PRINTERS, Op.RESUME_ALL_PRINTERS),
    Op.STARTUP_ALL_PRINTERS: after(Op.SHUTDOWN_ALL_PRINTERS, Op.STARTUP_ALL_PRINTERS),
}
"""One that succeeds, for each operation, and changes something if the operation does."""
ASKS = frozenset(op for op in PLAYS if op.name.startswith("GET_"))
EVERY = frozenset(PLAYS)
FOR_ALL = frozenset({Op.GET_SYSTEM_ATTRIBUTES})
"""What even somebody without rights may know (PWG 5100.22 6.3.8, access rights)."""
HINDRANCES: list[tuple[Happen, S, frozenset[Op]]] = [
    (full, S.SERVER_ERROR_TEMPORARY_ERROR, EVERY - ASKS),
    (stopping, S.SERVER_ERROR_SERVICE_UNAVAILABLE, frozenset({Op.CREATE_PRINTER, Op.CREATE_RESOURCE})),
    (crowded, S.SERVER_ERROR_BUSY, frozenset({Op.CREATE_RESOURCE})),
    (powerless, S.CLIENT_ERROR_NOT_AUTHORIZED, EVERY - FOR_ALL),
    (unproved, S.CLIENT_ERROR_NOT_AUTHENTICATED, EVERY - FOR_ALL),
]


@pytest.mark.parametrize("op", sorted(PLAYS), ids=lambda op: op.name.lower())
@pytest.mark.parametrize(
    ("happen", "expected", "hindered"), HINDRANCES, ids=[row[0].__name__ for row in HINDRANCES]
)
async def test_status_when_something_hinders(
    happen: Happen, expected: S, hindered: frozenset[Op], op: Op
) -> None:
    found = await status_when(happen, op, PLAYS[op])
    assert (found is expected) if op in hindered else found.value < 0x100
