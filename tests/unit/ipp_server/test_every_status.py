"""Every operation with every status that its code leads to: each pair has a test, or a reason why it can't be.

The reference derives the pairs from the code (`docs/_ext/statuses.py`): from what types say, which is more than can be.
"""

from __future__ import annotations

from typing import Any

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Group, GroupTag, Message
from pagebell.ipp.registry import Op
from pagebell.ipp.registry import Status as S
from pagebell.model.access import SYSTEM
from tests.unit.ipp_server import (
    test_by_reference,
    test_hindrances,
    test_hindrances_of_system,
    test_moving,
    test_operations,
    test_operators,
    test_resources,
    test_system,
)
from tests.unit.ipp_server.door import ADMIN, Door, status, text
from tests.unit.ipp_server.test_by_reference import HERE, Referring
from tests.unit.ipp_server.test_operations import (
    BZIP,
    FAX,
    FLAWED,
    IGNORED,
    IMPOSSIBLE,
    MAIL,
    NOT_FOUND,
    Play,
    plain,
    watch,
)
from tests.unit.spooler.stage import P1

COMPRESSION, FORMAT = (
    S.CLIENT_ERROR_COMPRESSION_NOT_SUPPORTED,
    S.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
)
SOME = S.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS
URI, LAST = r.document_uri(HERE), r.last_document(True)
LAB = [Group.of(GroupTag.PRINTER, r.device_uri("scripted:9"))]
ELSEWHERE = {"path": "/ipp/print/p9"}


def printerless(op: Op) -> Play:
    """Ask for it where there are no printers."""

    async def play(d: Door) -> Message:
        await d.spooler.printers.remove(P1, SYSTEM)
        return await d.ask(op)

    return play


def into(*attributes: Any, job: str = "open") -> Play:
    """Send-URI to a job."""

    async def play(d: Door) -> Message:
        number = await (d.open() if job == "open" else d.held())
        return await d.ask(Op.SEND_URI, r.job_id(number), LAST, *attributes)

    return play


def again(op: Op, **more: Any) -> Play:
    """A finished job once more."""

    async def play(d: Door) -> Message:
        return await d.ask(op, r.job_id(await d.completed()), **more)

    return play


async def none_of_job(d: Door) -> Message:
    return await d.ask(Op.CREATE_JOB_SUBSCRIPTIONS, r.notify_job_id(await d.held()), groups=[MAIL])


async def one_of_job(d: Door) -> Message:
    return await d.ask(Op.CREATE_JOB_SUBSCRIPTIONS, r.notify_job_id(await d.held()), groups=[watch(), MAIL])


async def all_events(d: Door) -> Message:
    answer = await d.ask(Op.CREATE_JOB_SUBSCRIPTIONS, r.notify_job_id(await d.printing()), groups=[watch()])
    group = answer.groups[-1]
    d.device.finish()
    await d.clock.settle()
    number = group.get(r.notify_subscription_id) or 0
    return await d.ask(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number), r.notify_wait(True))


ROWS: list[tuple[Op, str, Play, S]] = [
    (Op.PRINT_URI, "no such printer", plain(Op.PRINT_URI, URI, **ELSEWHERE), NOT_FOUND),
    (Op.PRINT_URI, "strange format", plain(Op.PRINT_URI, URI, FAX), FORMAT),
    (Op.PRINT_URI, "strange compression", plain(Op.PRINT_URI, URI, BZIP), COMPRESSION),
    (
        *(Op.PRINT_URI, "damaged", plain(Op.PRINT_URI, URI, r.compression("gzip"))),
        S.CLIENT_ERROR_COMPRESSION_ERROR,
    ),
    (Op.PRINT_URI, "wishes", plain(Op.PRINT_URI, URI, groups=FLAWED), IGNORED),
    (Op.PRINT_URI, "one of two", plain(Op.PRINT_URI, URI, groups=[watch(), MAIL]), SOME),
    (Op.SEND_URI, "no such job", plain(Op.SEND_URI, r.job_id(99), LAST, URI), NOT_FOUND),
    (Op.SEND_URI, "closed", into(URI, job="held"), IMPOSSIBLE),
    (Op.SEND_URI, "strange format", into(URI, FAX), FORMAT),
    (Op.SEND_URI, "strange compression", into(URI, BZIP), COMPRESSION),
    (Op.SEND_URI, "damaged", into(URI, r.compression("gzip")), S.CLIENT_ERROR_COMPRESSION_ERROR),
    (Op.VALIDATE_JOB, "one of two", plain(Op.VALIDATE_JOB, groups=[watch(), MAIL]), SOME),
    (Op.CREATE_JOB, "one of two", plain(Op.CREATE_JOB, groups=[watch(), MAIL]), SOME),
    (Op.RESUBMIT_JOB, "one of two", again(Op.RESUBMIT_JOB, groups=[watch(), MAIL]), SOME),
    (Op.CREATE_JOB_SUBSCRIPTIONS, "one of two", one_of_job, SOME),
    (Op.CREATE_JOB_SUBSCRIPTIONS, "none", none_of_job, S.CLIENT_ERROR_IGNORED_ALL_SUBSCRIPTIONS),
    (Op.GET_NOTIFICATIONS, "all", all_events, S.SUCCESSFUL_OK_EVENTS_COMPLETE),
    *(
        (op, "no such printer", plain(op, *attributes, user=ADMIN, **ELSEWHERE), NOT_FOUND)
        for op, *attributes in (
            (Op.VALIDATE_DOCUMENT,),
            (Op.GET_PRINTER_SUPPORTED_VALUES,),
            (Op.PAGEBELL_COMMAND_DEVICE, r.message("status")),
        )
    ),
    (
        *(Op.CUPS_ADD_MODIFY_PRINTER, "one too many"),
        test_system.crowded(plain(Op.CUPS_ADD_MODIFY_PRINTER, user=ADMIN, path="/printers/p9", groups=LAB)),
        S.SERVER_ERROR_BUSY,
    ),
    (Op.VALIDATE_DOCUMENT, "strange compression", plain(Op.VALIDATE_DOCUMENT, BZIP), COMPRESSION),
    (Op.CUPS_GET_DEFAULT, "no printers", printerless(Op.CUPS_GET_DEFAULT), NOT_FOUND),
    (Op.CUPS_GET_PRINTERS, "no printers", printerless(Op.CUPS_GET_PRINTERS), NOT_FOUND),
]


@pytest.mark.parametrize(
    ("play", "expected"), [row[2:] for row in ROWS], ids=[f"{row[0].name.lower()}: {row[1]}" for row in ROWS]
)
async def test_status(play: Play, expected: S) -> None:
    async with Referring() as d:
        answer = await play(d)
        assert status(answer) is expected, str(answer)
        assert expected.value < 0x0100 or text(answer), "a refusal says why"


PRINTER_ACTS = frozenset(
    {
        *(Op.PAUSE_PRINTER, Op.RESUME_PRINTER, Op.PURGE_JOBS, Op.SET_PRINTER_ATTRIBUTES, Op.ENABLE_PRINTER),
        *(Op.DISABLE_PRINTER, Op.PAUSE_PRINTER_AFTER_CURRENT_JOB, Op.HOLD_NEW_JOBS, Op.RELEASE_HELD_NEW_JOBS),
        *(Op.DEACTIVATE_PRINTER, Op.RESTART_PRINTER, Op.SHUTDOWN_PRINTER, Op.CUPS_ADD_MODIFY_PRINTER),
        *(
            Op.CUPS_DELETE_PRINTER,
            Op.CUPS_ACCEPT_JOBS,
            Op.CUPS_REJECT_JOBS,
            Op.CANCEL_JOBS,
            Op.CANCEL_MY_JOBS,
        ),
    }
)
CREATE = frozenset(
    {Op.PRINT_JOB, Op.PRINT_URI, Op.VALIDATE_JOB, Op.CREATE_JOB, Op.REPROCESS_JOB, Op.RESUBMIT_JOB}
)
SEND = frozenset({Op.SEND_DOCUMENT, Op.SEND_URI})
ASK = frozenset(
    {
        *(Op.GET_JOB_ATTRIBUTES, Op.GET_JOBS, Op.GET_DOCUMENTS, Op.GET_DOCUMENT_ATTRIBUTES),
        *(Op.GET_RESOURCES, Op.GET_RESOURCE_ATTRIBUTES, Op.GET_PRINTER_RESOURCES, Op.GET_SYSTEM_ATTRIBUTES),
        *(Op.GET_PRINTER_ATTRIBUTES, Op.GET_SYSTEM_SUPPORTED_VALUES),
    }
)
COMMAND = frozenset({Op.PAGEBELL_COMMAND_DEVICE})
CAN_NOT_BE: list[tuple[S, frozenset[Op], str]] = [
    (
        S.CLIENT_ERROR_DOCUMENT_FORMAT_ERROR,
        (CREATE & {Op.PRINT_JOB, Op.PRINT_URI})
        | SEND
        | {Op.SET_PRINTER_ATTRIBUTES, Op.RESTART_PRINTER, Op.CUPS_ADD_MODIFY_PRINTER}
        | {Op.CUPS_ACCEPT_JOBS, Op.CUPS_REJECT_JOBS}
        | {Op.CREATE_PRINTER, Op.RESTART_ONE_PRINTER, Op.RESTART_SYSTEM},
        "a damaged document is found out when it is printed, and aborts its job",
    ),
    (
        S.CLIENT_ERROR_URI_SCHEME_NOT_SUPPORTED,
        (CREATE - {Op.PRINT_URI}) | {Op.SEND_DOCUMENT, Op.CREATE_PRINTER, Op.CREATE_RESOURCE},
        "a recipient's is told in notify-status-code (RFC 3995 6.1), and no document is fetched",
    ),
    (
        S.CLIENT_ERROR_NOT_POSSIBLE,
        PRINTER_ACTS | {Op.PRINT_JOB, Op.PRINT_URI} | {Op.DELETE_PRINTER},
        "a job on a device can stop, go on and be cancelled with its printer; a new job takes its document",
    ),
    (
        S.CLIENT_ERROR_NOT_POSSIBLE,
        frozenset(test_system.ALL_PRINTERS) | {Op.RESTART_ONE_PRINTER, Op.SHUTDOWN_ONE_PRINTER},
        "as of one printer; and one in whose state it makes no sense is passed over",
    ),
    (
        S.CLIENT_ERROR_NOT_POSSIBLE,
        frozenset({Op.ALLOCATE_PRINTER_RESOURCES, Op.DEALLOCATE_PRINTER_RESOURCES}),
        "a resource in the wrong state is an unsupported value of resource-ids",
    ),
    (S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES, frozenset({Op.REPROCESS_JOB}), "it takes no wishes"),
    (S.SERVER_ERROR_BUSY, frozenset({Op.CREATE_PRINTER}), "server-error-too-many-printers says more"),
    (S.SERVER_ERROR_TEMPORARY_ERROR, ASK, "what only asks needs no room"),
    (S.SERVER_ERROR_NOT_ACCEPTING_JOBS, SEND, "documents are taken for jobs that were accepted"),
    (
        S.CLIENT_ERROR_NOT_FOUND,
        frozenset({Op.CUPS_ADD_MODIFY_PRINTER}),
        "a printer that is not there is added",
    ),
    (
        S.CLIENT_ERROR_NOT_AUTHENTICATED,
        COMMAND,
        "the scripted device takes no commands; as of other operations",
    ),
    (
        S.SERVER_ERROR_SERVICE_UNAVAILABLE,
        COMMAND,
        "the scripted device takes no commands; as of other operations",
    ),
]
"""Pairs that types allow and that do not come about."""


OF_SUBSCRIPTIONS = frozenset(
    {
        *(S.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS, S.SUCCESSFUL_OK_TOO_MANY_EVENTS),
        *(S.CLIENT_ERROR_IGNORED_ALL_SUBSCRIPTIONS, S.CLIENT_ERROR_TOO_MANY_SUBSCRIPTIONS),
    }
)
"""What an operation answers about subscriptions beside its own work: that is for the tests of these."""


def is_here(op: Op) -> bool:
    """Whether it is not one on subscriptions, which have tests of their own."""
    return "SUBSCRIPTION" not in op.name and op is not Op.GET_NOTIFICATIONS


def shown() -> set[tuple[Op, S]]:
    """The pairs that a test shows."""
    tables = (*test_operations.ROWS, *test_operators.ALL, *test_moving.MOVING, *ROWS)
    tables += (*test_system.ROWS, *test_resources.ROWS)
    found = {(op, expected) for op, _, _, expected in tables}
    hindrances = (*test_hindrances.HINDRANCES, *test_hindrances_of_system.HINDRANCES)
    found |= {(op, expected) for _, expected, ops in hindrances for op in ops}
    return found | {(op, s) for _, s in test_by_reference.ROWS for op in (Op.PRINT_URI, Op.SEND_URI)}
