"""What may befall any operation: the disk is full, the server ends, somebody has no rights. Each shows its status."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Message
from pagebell.ipp.registry import Op
from pagebell.ipp.registry import Status as S
from pagebell.ipp.server.service import _WHEN_OUT_OF_SERVICE
from pagebell.model.access import SYSTEM
from tests.unit.ipp_server import test_moving, test_operations, test_operators
from tests.unit.ipp_server.door import ADMIN, Door
from tests.unit.ipp_server.hindering import Happen, Hindered, full, powerless, status_when, stopping, unproved
from tests.unit.ipp_server.test_by_reference import HERE
from tests.unit.ipp_server.test_operations import Play
from tests.unit.spooler.stage import P1


async def deactivated(d: Hindered) -> None:
    await d.spooler.printers.deactivate(P1, SYSTEM)


async def rejecting(d: Hindered) -> None:
    await d.spooler.printers.accept(P1, False, SYSTEM)


async def crowded(d: Hindered) -> None:
    d.spooler._ledger.policy = replace(d.policy, max_active_jobs=0, max_documents_per_job=0)


def after(before: Op, op: Op) -> Play:
    """An operation that undoes another."""

    async def play(d: Door) -> Message:
        await d.ask(before, user=ADMIN)
        return await d.ask(op, user=ADMIN)

    return play


def with_job(op: Op) -> Play:
    """An operation on all jobs, of which there is one."""

    async def play(d: Door) -> Message:
        await d.held()
        return await d.ask(op, user="ada" if op is Op.CANCEL_MY_JOBS else ADMIN)

    return play


async def fetched(d: Door) -> Message:
    return await d.ask(Op.PRINT_URI, r.document_uri(HERE))


async def fetched_into(d: Door) -> Message:
    number = r.job_id(await d.open())
    return await d.ask(Op.SEND_URI, number, r.document_uri(HERE), r.last_document(True))


async def moved(d: Door) -> Message:
    await d.add("p2")
    return await test_moving.move(d)


_SUCCEED = [row for row in (*test_operations.ROWS, *test_operators.ROWS) if row[3].value < 0x100]
PLAYS: dict[Op, Play] = {
    **{op: play for op, _, play, _ in reversed(_SUCCEED)},
    Op.RESUME_PRINTER: after(Op.PAUSE_PRINTER, Op.RESUME_PRINTER),
    Op.ENABLE_PRINTER: after(Op.DISABLE_PRINTER, Op.ENABLE_PRINTER),
    Op.RELEASE_HELD_NEW_JOBS: after(Op.HOLD_NEW_JOBS, Op.RELEASE_HELD_NEW_JOBS),
    Op.ACTIVATE_PRINTER: after(Op.DEACTIVATE_PRINTER, Op.ACTIVATE_PRINTER),
    Op.PRINT_URI: fetched,
    Op.SEND_URI: fetched_into,
    Op.CUPS_MOVE_JOB: moved,
    **{op: with_job(op) for op in (Op.PURGE_JOBS, Op.CANCEL_JOBS, Op.CANCEL_MY_JOBS)},
}
"""One that succeeds, for each operation, and changes something if the operation does."""
OK = S.SUCCESSFUL_OK
ASKS = frozenset(
    {
        *(Op.VALIDATE_JOB, Op.GET_JOB_ATTRIBUTES, Op.GET_JOBS, Op.GET_PRINTER_ATTRIBUTES, Op.GET_DOCUMENTS),
        *(Op.GET_PRINTER_SUPPORTED_VALUES, Op.GET_SUBSCRIPTION_ATTRIBUTES, Op.GET_SUBSCRIPTIONS),
        *(Op.GET_NOTIFICATIONS, Op.GET_DOCUMENT_ATTRIBUTES, Op.IDENTIFY_PRINTER, Op.VALIDATE_DOCUMENT),
        *(Op.CUPS_GET_DEFAULT, Op.CUPS_GET_PRINTERS, Op.CUPS_GET_CLASSES),
    }
)
"""What stores nothing."""
FOR_ALL = frozenset(
    {Op.GET_PRINTER_ATTRIBUTES, Op.GET_PRINTER_SUPPORTED_VALUES, Op.CUPS_GET_DEFAULT, Op.CUPS_GET_PRINTERS}
)
"""What even somebody without rights may know: how to print here."""
BRINGS = frozenset(
    {
        *(Op.PRINT_JOB, Op.PRINT_URI, Op.VALIDATE_JOB, Op.CREATE_JOB, Op.REPROCESS_JOB, Op.RESUBMIT_JOB),
    }
)
"""What makes a job, or would."""
ADDS = frozenset({Op.SEND_DOCUMENT, Op.SEND_URI})
"""What makes a document."""
ANSWERED = _WHEN_OUT_OF_SERVICE | {Op.CUPS_ADD_MODIFY_PRINTER}
"""What does not concern the printer itself, or its users may know, or is there to get it back."""
HINDRANCES: list[tuple[Happen, S, frozenset[Op]]] = [
    (full, S.SERVER_ERROR_TEMPORARY_ERROR, frozenset(PLAYS) - ASKS),
    (
        stopping,
        S.SERVER_ERROR_SERVICE_UNAVAILABLE,
        BRINGS | ADDS | {Op.CUPS_ADD_MODIFY_PRINTER, Op.CUPS_MOVE_JOB},
    ),
    (deactivated, S.SERVER_ERROR_SERVICE_UNAVAILABLE, frozenset(PLAYS) - ANSWERED),
    (rejecting, S.SERVER_ERROR_NOT_ACCEPTING_JOBS, BRINGS - {Op.VALIDATE_JOB}),
    (crowded, S.SERVER_ERROR_BUSY, BRINGS | ADDS | {Op.RESTART_JOB}),
    (powerless, S.CLIENT_ERROR_NOT_AUTHORIZED, frozenset(PLAYS) - FOR_ALL),
    (unproved, S.CLIENT_ERROR_NOT_AUTHENTICATED, frozenset(PLAYS) - FOR_ALL),
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
