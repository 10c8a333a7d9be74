"""Operators' operations (RFC 3998), setting attributes (RFC 3380) and documents (PWG 5100.5): each with each status."""

from __future__ import annotations

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute
from pagebell.ipp.registry import DocumentState, JobState, Op, PrinterState
from pagebell.ipp.registry import Status as S
from tests.unit.ipp_server.door import ADMIN, Door, door, status, text
from tests.unit.ipp_server.plays import (
    BAD,
    DELETE,
    FORBIDDEN,
    FORMAT,
    IGNORED,
    IMPOSSIBLE,
    NOT_FOUND,
    NOWHERE,
    OK,
    UNAVAILABLE,
    UNSETTABLE,
    UNSUPPORTED,
    Play,
    after,
    document_group,
    forgotten,
    job_group,
    on,
    plain,
    printer_group,
    suspended,
)

# --- operators' operations ---

SIMPLE = (
    *(Op.ENABLE_PRINTER, Op.DISABLE_PRINTER, Op.PAUSE_PRINTER_AFTER_CURRENT_JOB),
    *(Op.HOLD_NEW_JOBS, Op.RELEASE_HELD_NEW_JOBS, Op.DEACTIVATE_PRINTER, Op.ACTIVATE_PRINTER),
    *(Op.RESTART_PRINTER, Op.SHUTDOWN_PRINTER),
)
OPERATORS: list[tuple[Op, str, Play, S]] = []
for op in SIMPLE:
    OPERATORS += [
        (op, "ok", plain(op, user=ADMIN), OK),
        (op, "with a message", plain(op, r.printer_message_from_operator("Hi."), user=ADMIN), OK),
        (op, "while printing", after(plain(Op.PRINT_JOB, data=b"x"), op), OK),
        (op, "not an operator", plain(op), FORBIDDEN),
        (op, "no such printer", plain(op, path=NOWHERE, user=ADMIN), NOT_FOUND),
    ]
OPERATORS += [
    (Op.STARTUP_PRINTER, "ok", after(Op.SHUTDOWN_PRINTER, Op.STARTUP_PRINTER), OK),
    (Op.STARTUP_PRINTER, "up already", after(Op.STARTUP_PRINTER), IMPOSSIBLE),
    (
        Op.STARTUP_PRINTER,
        "not an operator",
        after(Op.SHUTDOWN_PRINTER, plain(Op.STARTUP_PRINTER)),
        FORBIDDEN,
    ),
    (Op.STARTUP_PRINTER, "no such printer", plain(Op.STARTUP_PRINTER, path=NOWHERE, user=ADMIN), NOT_FOUND),
    (Op.ACTIVATE_PRINTER, "shut down", after(Op.SHUTDOWN_PRINTER, Op.ACTIVATE_PRINTER), IMPOSSIBLE),
]
for op in (Op.CANCEL_CURRENT_JOB, Op.SUSPEND_CURRENT_JOB):
    OPERATORS += [
        (op, "ok", after(plain(Op.PRINT_JOB, data=b"x"), plain(op)), OK),
        (op, "the one expected", on(op, Door.printing), OK),
        (op, "not the one expected", on(op, Door.waiting), IMPOSSIBLE),
        (op, "nothing is printed", plain(op), IMPOSSIBLE),
        (op, "not his", on(op, Door.printing, user="bob"), FORBIDDEN),
        (op, "no such printer", plain(op, path=NOWHERE), NOT_FOUND),
        (op, "suspended already", on(op, suspended), IMPOSSIBLE),
    ]
OPERATORS += [
    (Op.RESUME_JOB, "ok", on(Op.RESUME_JOB, suspended), OK),
    (Op.RESUME_JOB, "not suspended", on(Op.RESUME_JOB, Door.waiting), IMPOSSIBLE),
    (Op.RESUME_JOB, "not his", on(Op.RESUME_JOB, suspended, user="bob"), FORBIDDEN),
    (Op.RESUME_JOB, "no such job", plain(Op.RESUME_JOB, r.job_id(99)), NOT_FOUND),
]
for op in (Op.PROMOTE_JOB, Op.SCHEDULE_JOB_AFTER):
    OPERATORS += [
        (op, "ok", on(op, Door.waiting, user=ADMIN), OK),
        (op, "printing", on(op, Door.printing, user=ADMIN), IMPOSSIBLE),
        (op, "held", on(op, Door.held, user=ADMIN), IMPOSSIBLE),
        (op, "completed", on(op, Door.completed, user=ADMIN), IMPOSSIBLE),
        (op, "not an operator", on(op, Door.waiting), FORBIDDEN),
        (op, "no such job", plain(op, r.job_id(99), user=ADMIN), NOT_FOUND),
    ]
AFTER = Op.SCHEDULE_JOB_AFTER
OPERATORS += [
    (AFTER, "the one printing", on(AFTER, Door.waiting, r.predecessor_job_id(1), user=ADMIN), OK),
    (AFTER, "itself", on(AFTER, Door.waiting, r.predecessor_job_id(2), user=ADMIN), IMPOSSIBLE),
    (AFTER, "one that is not there", on(AFTER, Door.waiting, r.predecessor_job_id(9), user=ADMIN), NOT_FOUND),
]

# --- once more ---

for op in (Op.REPROCESS_JOB, Op.RESUBMIT_JOB):
    OPERATORS += [
        (op, "ok", on(op, Door.completed), OK),
        (op, "not over", on(op, Door.held), IMPOSSIBLE),
        (op, "documents gone", on(op, forgotten), IMPOSSIBLE),
        (op, "not his", on(op, Door.completed, user="bob"), FORBIDDEN),
        (op, "no such job", plain(op, r.job_id(99)), NOT_FOUND),
    ]
OPERATORS += [
    (
        *(Op.REPROCESS_JOB, "held"),
        *(on(Op.REPROCESS_JOB, Door.completed, r.job_hold_until("indefinite")), OK),
    ),
    (
        *(Op.REPROCESS_JOB, "until nobody knows when"),
        *(on(Op.REPROCESS_JOB, Door.completed, r.job_hold_until("doomsday")), UNSUPPORTED),
    ),
    (
        *(Op.RESUBMIT_JOB, "changed"),
        *(on(Op.RESUBMIT_JOB, Door.completed, groups=job_group(r.copies(2))), OK),
    ),
    (
        *(Op.RESUBMIT_JOB, "what the printer can't"),
        *(on(Op.RESUBMIT_JOB, Door.completed, groups=job_group(r.sides("two-sided-long-edge"))), IGNORED),
    ),
]

# --- setting ---

SET_JOB, SET_PRINTER = Op.SET_JOB_ATTRIBUTES, Op.SET_PRINTER_ATTRIBUTES
VALUES = Op.GET_PRINTER_SUPPORTED_VALUES
SETTING: list[tuple[Op, str, Play, S]] = [
    (SET_JOB, "ok", on(SET_JOB, Door.waiting, groups=job_group(r.copies(2), r.job_name("New"))), OK),
    (SET_JOB, "a delete", on(SET_JOB, Door.waiting, groups=job_group(Attribute("copies", DELETE))), OK),
    (SET_JOB, "nothing", on(SET_JOB, Door.waiting), BAD),
    (
        SET_JOB,
        "unknown",
        on(SET_JOB, Door.waiting, groups=job_group(Attribute("x", r.copies(1).values))),
        UNSUPPORTED,
    ),
    (SET_JOB, "a value it can't", on(SET_JOB, Door.waiting, groups=job_group(r.copies(5000))), UNSUPPORTED),
    (
        SET_JOB,
        "not settable",
        on(SET_JOB, Door.waiting, groups=job_group(r.job_state(JobState.PENDING))),
        UNSETTABLE,
    ),
    (SET_JOB, "printing", on(SET_JOB, Door.printing, groups=job_group(r.copies(2))), IMPOSSIBLE),
    (SET_JOB, "completed", on(SET_JOB, Door.completed, groups=job_group(r.job_name("New"))), IMPOSSIBLE),
    (SET_JOB, "not his", on(SET_JOB, Door.waiting, groups=job_group(r.copies(2)), user="bob"), FORBIDDEN),
    (SET_JOB, "no such job", plain(SET_JOB, r.job_id(99), groups=job_group(r.copies(2))), NOT_FOUND),
    (
        SET_PRINTER,
        "ok",
        plain(SET_PRINTER, groups=printer_group(r.printer_info("x"), r.copies_default(2)), user=ADMIN),
        OK,
    ),
    (SET_PRINTER, "nothing", plain(SET_PRINTER, user=ADMIN), BAD),
    (
        *(SET_PRINTER, "unknown"),
        *(
            plain(SET_PRINTER, groups=printer_group(Attribute("x", r.copies(1).values)), user=ADMIN),
            UNSUPPORTED,
        ),
    ),
    (
        *(SET_PRINTER, "a default it can't"),
        *(plain(SET_PRINTER, groups=printer_group(r.copies_default(5000)), user=ADMIN), UNSUPPORTED),
    ),
    (
        *(SET_PRINTER, "no place on earth"),
        *(
            plain(SET_PRINTER, groups=printer_group(r.printer_geo_location("http://x")), user=ADMIN),
            UNSUPPORTED,
        ),
    ),
    (
        *(SET_PRINTER, "not settable"),
        *(
            plain(SET_PRINTER, groups=printer_group(r.printer_state(PrinterState.IDLE)), user=ADMIN),
            UNSETTABLE,
        ),
    ),
    (
        *(SET_PRINTER, "a format it lacks"),
        *(
            plain(
                SET_PRINTER, r.document_format("a/b"), groups=printer_group(r.printer_info("x")), user=ADMIN
            ),
            FORMAT,
        ),
    ),
    (
        SET_PRINTER,
        "not an administrator",
        plain(SET_PRINTER, groups=printer_group(r.printer_info("x"))),
        FORBIDDEN,
    ),
    (
        *(SET_PRINTER, "no such printer"),
        *(plain(SET_PRINTER, groups=printer_group(r.printer_info("x")), path=NOWHERE, user=ADMIN), NOT_FOUND),
    ),
    (Op.GET_PRINTER_SUPPORTED_VALUES, "ok", plain(Op.GET_PRINTER_SUPPORTED_VALUES), OK),
    (
        Op.GET_PRINTER_SUPPORTED_VALUES,
        "a format it lacks",
        plain(Op.GET_PRINTER_SUPPORTED_VALUES, r.document_format("a/b")),
        FORMAT,
    ),
]

# --- documents ---

ONE, NINE = r.document_number(1), r.document_number(9)
DOCUMENTS: list[tuple[Op, str, Play, S]] = [
    (Op.GET_DOCUMENTS, "ok", on(Op.GET_DOCUMENTS, Door.waiting), OK),
    (Op.GET_DOCUMENTS, "no such job", plain(Op.GET_DOCUMENTS, r.job_id(99)), NOT_FOUND),
    (Op.VALIDATE_DOCUMENT, "ok", plain(Op.VALIDATE_DOCUMENT), OK),
    (
        Op.VALIDATE_DOCUMENT,
        "a format it lacks",
        plain(Op.VALIDATE_DOCUMENT, r.document_format("a/b")),
        FORMAT,
    ),
    (
        *(Op.VALIDATE_DOCUMENT, "what the printer can't"),
        *(plain(Op.VALIDATE_DOCUMENT, groups=document_group(r.sides("two-sided-long-edge"))), IGNORED),
    ),
]
NAMED = document_group(r.document_name("New"))
for op, more in (
    (Op.GET_DOCUMENT_ATTRIBUTES, {}),
    (Op.CANCEL_DOCUMENT, {}),
    (Op.SET_DOCUMENT_ATTRIBUTES, {"groups": NAMED}),
):
    DOCUMENTS += [
        (op, "ok", on(op, Door.waiting, ONE, **more), OK),
        (op, "no such document", on(op, Door.waiting, NINE, **more), NOT_FOUND),
        (op, "no such job", plain(op, r.job_id(99), ONE, **more), NOT_FOUND),
    ]
SET_DOCUMENT = Op.SET_DOCUMENT_ATTRIBUTES
DOCUMENTS += [
    (Op.CANCEL_DOCUMENT, "printing", on(Op.CANCEL_DOCUMENT, Door.printing, ONE), IMPOSSIBLE),
    (Op.CANCEL_DOCUMENT, "not his", on(Op.CANCEL_DOCUMENT, Door.waiting, ONE, user="bob"), FORBIDDEN),
    (SET_DOCUMENT, "nothing", on(SET_DOCUMENT, Door.waiting, ONE), BAD),
    (SET_DOCUMENT, "not his", on(SET_DOCUMENT, Door.waiting, ONE, groups=NAMED, user="bob"), FORBIDDEN),
    (SET_DOCUMENT, "completed", on(SET_DOCUMENT, Door.completed, ONE, groups=NAMED), IMPOSSIBLE),
    (
        *(SET_DOCUMENT, "not settable"),
        *(
            on(
                SET_DOCUMENT,
                Door.waiting,
                ONE,
                groups=document_group(r.document_state(DocumentState.ABORTED)),
            ),
            UNSETTABLE,
        ),
    ),
    (
        *(SET_DOCUMENT, "unknown"),
        *(
            on(SET_DOCUMENT, Door.waiting, ONE, groups=document_group(Attribute("x", r.copies(1).values))),
            UNSUPPORTED,
        ),
    ),
    *(
        (
            *(SET_DOCUMENT, why),
            *(on(SET_DOCUMENT, Door.waiting, ONE, groups=document_group(attribute)), UNSUPPORTED),
        )
        for why, attribute in (
            ("of a job", r.copies(2)),
            ("name taken away", r.document_name.no_value()),
        )
    ),
]

# --- what a printer out of service does ---

OUT_OF_SERVICE: list[tuple[Op, str, Play, S]] = [
    (op, f"after {stop.name.lower()}", after(stop, plain(op, user=ADMIN)), UNAVAILABLE)
    for stop in (Op.DEACTIVATE_PRINTER, Op.SHUTDOWN_PRINTER)
    for op in (Op.PRINT_JOB, Op.CREATE_JOB, Op.VALIDATE_JOB, Op.PAUSE_PRINTER, Op.PURGE_JOBS)
]
OUT_OF_SERVICE += [
    (
        Op.GET_PRINTER_ATTRIBUTES,
        "deactivated",
        after(Op.DEACTIVATE_PRINTER, plain(Op.GET_PRINTER_ATTRIBUTES)),
        OK,
    ),
    (Op.GET_JOBS, "deactivated", after(Op.DEACTIVATE_PRINTER, plain(Op.GET_JOBS)), OK),
    (Op.PRINT_JOB, "activated", after(Op.DEACTIVATE_PRINTER, Op.ACTIVATE_PRINTER, Op.PRINT_JOB), OK),
    (Op.PRINT_JOB, "restarted", after(Op.DEACTIVATE_PRINTER, Op.RESTART_PRINTER, Op.PRINT_JOB), OK),
    (
        *(Op.PRINT_JOB, "started up"),
        *(after(Op.SHUTDOWN_PRINTER, Op.STARTUP_PRINTER, Op.PRINT_JOB), S.SERVER_ERROR_NOT_ACCEPTING_JOBS),
    ),
]
ROWS = [*OPERATORS, *SETTING, *DOCUMENTS]
ALL = [*ROWS, *OUT_OF_SERVICE]


@pytest.mark.parametrize(
    ("play", "expected"), [row[2:] for row in ALL], ids=[f"{row[0].name.lower()}: {row[1]}" for row in ALL]
)
async def test_status(play: Play, expected: S) -> None:
    async with door() as d:
        answer = await play(d)
        assert status(answer) is expected, str(answer)
        assert expected.value < 0x0100 or text(answer), "a refusal says why"
