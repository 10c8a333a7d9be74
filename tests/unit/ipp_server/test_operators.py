"""Operators' operations (RFC 3998), setting attributes (RFC 3380) and documents (PWG 5100.5): each with each status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Collection, Group, GroupTag, IntRange, Message, Tag, Value
from pagebell.ipp.registry import DocumentState, JobState, Op, PrinterState
from pagebell.ipp.registry import Status as S
from pagebell.model.event import JobId
from pagebell.model.printer import Capabilities
from tests.unit.ipp_server.door import ADMIN, Door, door, first, status, text

Play = Callable[[Door], Awaitable[Message]]
NOWHERE = "/ipp/print/nowhere"
OK, IGNORED = S.SUCCESSFUL_OK, S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
BAD, FORBIDDEN, NOT_FOUND = (
    S.CLIENT_ERROR_BAD_REQUEST,
    S.CLIENT_ERROR_NOT_AUTHORIZED,
    S.CLIENT_ERROR_NOT_FOUND,
)
IMPOSSIBLE = S.CLIENT_ERROR_NOT_POSSIBLE
UNSUPPORTED, UNSETTABLE = (
    S.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
    S.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE,
)
FORMAT = S.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED
UNAVAILABLE = S.SERVER_ERROR_SERVICE_UNAVAILABLE
DELETE = (Value(Tag.DELETE_ATTRIBUTE, None),)


def plain(op: Op, *attributes: Attribute, **more: object) -> Play:
    return lambda d: d.ask(op, *attributes, **more)  # type: ignore[arg-type]


def on(op: Op, job: Callable[[Door], Awaitable[int]], *attributes: Attribute, **more: object) -> Play:
    async def play(d: Door) -> Message:
        return await d.ask(op, r.job_id(await job(d)), *attributes, **more)  # type: ignore[arg-type]

    return play


def after(*steps: Op | Play) -> Play:
    """Do one after the other, as an administrator where only an operation is named; the last answer counts."""

    async def play(d: Door) -> Message:
        for step in steps:
            answer = await (d.ask(step, user=ADMIN) if isinstance(step, Op) else step(d))
        return answer

    return play


def job_group(*attributes: Attribute) -> list[Group]:
    return [Group.of(GroupTag.JOB, *attributes)]


def printer_group(*attributes: Attribute) -> list[Group]:
    return [Group.of(GroupTag.PRINTER, *attributes)]


def document_group(*attributes: Attribute) -> list[Group]:
    return [Group.of(GroupTag.DOCUMENT, *attributes)]


async def suspended(d: Door) -> JobId:
    number = await d.printing()
    assert status(await d.ask(Op.SUSPEND_CURRENT_JOB)) is OK
    return number


async def forgotten(d: Door) -> JobId:
    number = await d.completed()
    await d.clock.advance(d.policy.keep_documents + 1)
    return number


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


# --- what they do ---


async def reasons(d: Door) -> set[str]:
    answer = await d.ask(Op.GET_PRINTER_ATTRIBUTES, r.requested_attributes("printer-state-reasons"))
    return set(first(answer, GroupTag.PRINTER).all(r.printer_state_reasons))


async def test_printer_moves_to_paused_while_its_job_is_printed() -> None:
    async with door() as d:
        await d.waiting()
        await d.ask(Op.PAUSE_PRINTER_AFTER_CURRENT_JOB, user=ADMIN)
        assert await reasons(d) == {"moving-to-paused"}
        d.device.finish()
        await d.clock.settle()
        assert await reasons(d) == {"paused"}
        assert d.device.job is None
        await d.ask(Op.RESUME_PRINTER, user=ADMIN)
        assert d.device.job == 2


async def test_new_jobs_are_held_until_all_are_released() -> None:
    async with door() as d:
        before = await d.printing()
        await d.ask(Op.HOLD_NEW_JOBS, user=ADMIN)
        held, for_long = await d.submit(), await d.held()
        assert (await d.job(held)).reasons == {"job-held-on-create"}
        assert status(await d.ask(Op.RELEASE_JOB, r.job_id(held))) is FORBIDDEN
        await d.ask(Op.RELEASE_HELD_NEW_JOBS, user=ADMIN)
        assert (await d.state(held)) == JobState.PENDING
        assert (await d.job(for_long)).reasons == {"job-hold-until-specified"}
        assert d.device.job == before
        assert await reasons(d) == {"none"}


async def test_suspended_job_lets_others_pass_and_is_printed_again_when_resumed() -> None:
    async with door() as d:
        number, other = await d.printing(), await d.submit()
        d.device.printed(1)
        await d.ask(Op.SUSPEND_CURRENT_JOB)
        job = await d.job(number)
        assert (job.state, job.reasons) == (JobState.PROCESSING_STOPPED, {"job-suspended"})
        assert d.device.job == other
        await d.ask(Op.RESUME_JOB, r.job_id(number))
        d.device.finish()
        await d.clock.settle()
        assert d.device.job == number
        assert [n for n, _ in d.device.received] == [number, other, number]


async def test_suspended_job_stays_so_over_a_restart_of_the_server() -> None:
    async with door() as d:
        number = await suspended(d)
        await d.restart()
        assert (await d.job(number)).is_suspended
        assert d.device.job is None


async def test_cancelled_while_suspended_it_is_over_at_once() -> None:
    async with door() as d:
        number = await suspended(d)
        assert status(await d.ask(Op.CANCEL_JOB, r.job_id(number))) is OK
        assert (await d.state(number)) == JobState.CANCELED


async def test_order_of_promoted_and_scheduled_jobs() -> None:
    """RFC 3998 4.4.2's example: A B C D E; E after B; D after B."""
    async with door() as d:
        a, b, c, dd, e = [await d.submit() for _ in range(5)]
        await d.ask(AFTER, r.job_id(e), r.predecessor_job_id(b), user=ADMIN)
        assert await order(d) == [a, b, e, c, dd]
        await d.happened()
        await d.ask(AFTER, r.job_id(dd), r.predecessor_job_id(b), user=ADMIN)
        assert await order(d) == [a, b, dd, e, c]
        assert await d.happened() == ["printer-queue-order-changed p1: processing"]
        await d.ask(Op.PROMOTE_JOB, r.job_id(c), user=ADMIN)
        await d.ask(Op.PROMOTE_JOB, r.job_id(e), user=ADMIN)
        assert await order(d) == [a, e, c, b, dd]
        await d.ask(AFTER, r.job_id(dd), r.predecessor_job_id(a), user=ADMIN)
        assert (await order(d))[0] == a


async def order(d: Door) -> list[int]:
    answer = await d.ask(Op.GET_JOBS)
    return [group.get(r.job_id) or 0 for group in answer.groups_of(GroupTag.JOB)]


async def test_many_jobs_scheduled_after_one_keep_their_order() -> None:
    async with door() as d:
        numbers = [await d.submit() for _ in range(70)]
        for number in numbers[3:]:
            await d.ask(AFTER, r.job_id(number), r.predecessor_job_id(numbers[1]), user=ADMIN)
        assert await order(d) == [*numbers[:2], *reversed(numbers[3:]), numbers[2]]


async def test_restarted_printer_prints_its_job_again_and_says_so() -> None:
    async with door() as d:
        number = await d.printing()
        await d.happened()
        await d.ask(Op.RESTART_PRINTER, user=ADMIN)
        told = await d.happened()
        assert "printer-restarted p1: idle" in told
        assert d.device.job == number
        assert [n for n, _ in d.device.received] == [number, number]


async def test_printer_started_up_is_idle_and_takes_no_jobs() -> None:
    async with door() as d:
        await d.ask(Op.SHUTDOWN_PRINTER, user=ADMIN)
        assert await reasons(d) == {"deactivated", "paused", "shutdown"}
        assert (await d.happened())[-1].startswith("printer-shutdown p1: stopped")
        await d.ask(Op.STARTUP_PRINTER, user=ADMIN)
        assert await reasons(d) == {"none"}
        assert not d.printer.accepting


async def test_nothing_is_set_where_one_attribute_can_not_be() -> None:
    async with door() as d:
        number = await d.waiting()
        before = await d.job(number)
        groups = job_group(r.copies(2), r.job_id(7), r.sides("two-sided-long-edge"))
        answer = await d.ask(SET_JOB, r.job_id(number), groups=groups)
        assert await d.job(number) == before
        returned = first(answer, GroupTag.UNSUPPORTED).attributes
        assert returned["job-id"].values[0].tag is Tag.NOT_SETTABLE


async def test_default_that_is_set_is_told_and_used() -> None:
    async with door() as d:
        group = printer_group(r.copies_default(3), r.printer_message_from_operator("Use tray 2."))
        await d.ask(SET_PRINTER, groups=group, user=ADMIN)
        answer = await d.ask(Op.GET_PRINTER_ATTRIBUTES)
        told = first(answer, GroupTag.PRINTER)
        assert (told.get(r.copies_default), told.get(r.printer_message_from_operator)) == (3, "Use tray 2.")
        await d.printing()
        assert d.device.work is not None
        assert d.device.work.job.ticket.copies == 3


async def test_job_is_held_until_a_time_and_released_by_the_clock() -> None:
    async with door() as d:
        at = datetime.fromtimestamp(d.clock.now() + 600, UTC)
        answer = await d.ask(Op.PRINT_JOB, groups=job_group(r.job_hold_until_time(at)), data=b"x")
        number = JobId(first(answer, GroupTag.JOB).get(r.job_id) or 0)
        await d.clock.advance(500)
        assert (await d.state(number)) == JobState.PENDING_HELD
        await d.clock.advance(110)
        assert d.device.job == number


async def test_cancelled_document_is_not_printed() -> None:
    async with door() as d:
        await d.printing()
        number = await d.open()
        for octets, last in ((b"one", False), (b"two", True)):
            await d.ask(Op.SEND_DOCUMENT, r.job_id(number), r.last_document(last), data=octets)
        await d.ask(Op.CANCEL_DOCUMENT, r.job_id(number), ONE)
        answer = await d.ask(Op.GET_DOCUMENTS, r.job_id(number), r.requested_attributes("document-state"))
        states = [group.get(r.document_state) for group in answer.groups_of(GroupTag.DOCUMENT)]
        assert states == [DocumentState.CANCELED, DocumentState.PENDING]
        d.device.finish()
        await d.clock.settle()
        assert d.device.received[-1] == (number, (b"two",))


async def test_reprocessed_job_is_a_new_one_with_the_same_octets() -> None:
    async with door() as d:
        old = await d.completed()
        answer = await d.ask(Op.REPROCESS_JOB, r.job_id(old))
        new = first(answer, GroupTag.JOB).get(r.job_id)
        assert new != old
        d.device.finish()
        await d.clock.settle()
        assert d.device.received[1] == (new, d.device.received[0][1])
        assert (await d.job(old)).state == JobState.COMPLETED


async def test_proof_is_printed_first_and_the_rest_when_released() -> None:
    async with door() as d:
        letter = "na_letter_8.5x11in"
        proof = r.proof_print(Collection.of(r.proof_print_copies(1), r.media(letter)))
        answer = await d.ask(Op.PRINT_JOB, groups=job_group(r.copies(5), proof), data=b"x")
        number = JobId(first(answer, GroupTag.JOB).get(r.job_id) or 0)
        assert d.device.work is not None
        assert (d.device.work.job.ticket.copies, d.device.work.job.ticket.media) == (1, letter)
        assert (await d.job(number)).ticket.copies == 5
        d.device.finish()
        await d.clock.settle()
        assert (await d.state(number)) == JobState.PENDING_HELD
        listed = await d.ask(Op.GET_JOBS, r.which_jobs("proof-print"))
        assert first(listed, GroupTag.JOB).get(r.job_id) == number
        await d.ask(Op.RELEASE_JOB, r.job_id(number))
        assert d.device.work is not None
        assert (d.device.work.job.ticket.copies, d.device.work.job.ticket.media) == (5, None)
        d.device.finish()
        await d.clock.settle()
        assert (await d.state(number)) == JobState.COMPLETED


@pytest.mark.parametrize("attribute", [r.job_password(b"secret"), r.document_password(b"secret")])
async def test_what_is_for_one_persons_eyes_is_not_printed_for_all(attribute: Attribute) -> None:
    async with door() as d:
        answer = await d.ask(Op.PRINT_JOB, attribute, data=b"x")
        assert status(answer) is UNSUPPORTED
        assert attribute.name in first(answer, GroupTag.UNSUPPORTED).attributes


async def test_mandatory_attribute_that_can_not_be_honoured_refuses_the_job() -> None:
    async with door() as d:
        groups = job_group(r.sides("two-sided-long-edge"))
        assert status(await d.ask(Op.PRINT_JOB, groups=groups, data=b"x")) is IGNORED
        answer = await d.ask(Op.PRINT_JOB, r.job_mandatory_attributes("sides"), groups=groups, data=b"x")
        assert status(answer) is UNSUPPORTED


SIZE = r.media_size(Collection.of(r.x_dimension(21000), r.y_dimension(29700)))
STRANGE = Attribute("media-perfume", r.media_type("rose").values)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ((SIZE,), OK),
        ((r.media_size(Collection.of(r.x_dimension(21010), r.y_dimension(29690))),), OK),
        ((r.media_size_name("iso_a4_210x297mm"),), OK),
        ((r.media_size(Collection.of(r.x_dimension(100), r.y_dimension(100))),), IGNORED),
        ((SIZE, STRANGE), IGNORED),
        ((SIZE, r.media_color("pink")), IGNORED),
        ((SIZE, r.media_top_margin(0)), IGNORED),
        ((SIZE, r.media_type("papyrus")), IGNORED),
    ],
)
async def test_media_col_is_honoured_by_its_members(members: tuple[Attribute, ...], expected: S) -> None:
    async with door() as d:
        group = job_group(r.media_col(Collection.of(*members)))
        assert status(await d.ask(Op.VALIDATE_JOB, groups=group)) is expected
        strict = await d.ask(Op.VALIDATE_JOB, r.ipp_attribute_fidelity(True), groups=group)
        assert status(strict) is (OK if expected is OK else UNSUPPORTED)


async def test_member_that_nobody_knows_is_returned_alone() -> None:
    async with door() as d:
        group = job_group(r.media_col(Collection.of(SIZE, STRANGE)))
        answer = await d.ask(Op.PRINT_JOB, groups=group, data=b"x")
        (returned,) = r.media_col.all(first(answer, GroupTag.UNSUPPORTED).attributes["media-col"])
        assert list(returned) == ["media-perfume"]
        media = (await d.job(JobId(1))).ticket.media_col
        assert media is not None
        assert media.size is not None


def override(*members: Attribute) -> Attribute:
    """Other wishes for pages 2 and 3."""
    return r.overrides(Collection.of(Attribute("pages", (Value(Tag.RANGE, IntRange(2, 3)),)), *members))


OVER = override(r.sides("one-sided"), r.media("iso_a4_210x297mm"))
EMPTY = r.overrides(Collection.of(r.sides("one-sided")))
COPIES = override(r.copies(2))


SIZED = override(r.media_col(Collection.of(r.media_size_name("iso_a4_210x297mm"))))
TRAY = override(r.media_col(Collection.of(r.media_source("auto"))))


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [(OVER, OK), (SIZED, OK), (TRAY, IGNORED), (EMPTY, IGNORED), (COPIES, IGNORED)],
)
async def test_overrides_are_kept_where_they_can_be_honoured(overrides: Attribute, expected: S) -> None:
    async with door() as d:
        members = ("media", "media-col", "orientation-requested", "sides")
        d.device.capabilities = replace(
            d.device.capabilities, overrides=members, override_formats=("application/pdf",)
        )
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert told.all(r.overrides_supported) == ["pages", "document-numbers", "document-number", *members]
        answer = await d.ask(Op.CREATE_JOB, groups=job_group(overrides))
        assert status(answer) is expected
        number = first(answer, GroupTag.JOB).get(r.job_id) or 0
        asked = r.requested_attributes("overrides")
        answer = await d.ask(Op.GET_JOB_ATTRIBUTES, r.job_id(number), asked)
        assert ("overrides" in first(answer, GroupTag.JOB)) is (expected is OK)


async def test_overrides_are_unknown_to_a_device_that_has_none() -> None:
    async with door() as d:
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert "overrides-supported" not in told
        answer = await d.ask(Op.PRINT_JOB, groups=job_group(OVER), data=b"x")
        assert first(answer, GroupTag.UNSUPPORTED).attributes["overrides"] == r.overrides.unsupported()


@pytest.mark.parametrize(("format", "expected"), [("application/pdf", OK), ("text/plain", IGNORED)])
async def test_overrides_are_for_formats_whose_pages_can_be_changed(format: str, expected: S) -> None:
    async with door() as d:
        d.device.capabilities = replace(
            d.device.capabilities, overrides=("sides", "media"), override_formats=("application/pdf",)
        )
        answer = await d.ask(Op.VALIDATE_JOB, r.document_format(format), groups=job_group(OVER))
        assert status(answer) is expected


# --- moving jobs to other printers ---

MOVE = Op.CUPS_MOVE_JOB


def to(name: str) -> list[Group]:
    return [Group.of(GroupTag.JOB, r.job_printer_uri(f"ipp://printer.test/printers/{name}"))]


async def test_waiting_job_is_moved_and_printed_there() -> None:
    async with door() as d:
        await d.add("p2")
        number = await d.waiting()
        assert status(await d.ask(MOVE, r.job_id(number), groups=to("p2"))) is OK
        await d.clock.settle()
        assert d.devices["scripted:p2"].job == number


async def test_moved_job_says_where_it_came_from() -> None:
    async with door() as d:
        await d.add("p2")
        number = await d.held()
        await d.ask(MOVE, r.job_id(number), groups=to("p2"))
        assert (await d.job(number)).message == "It was moved from printer p1."


async def test_job_that_is_stuck_on_its_printer_is_moved_and_goes_on_there() -> None:
    async with door() as d:
        await d.add("p2")
        d.device.stops_slowly = True
        number, other = await d.printing(), await d.submit()
        d.device.printed(1)
        d.device.stop("media-jam-error")
        await d.clock.settle()
        assert status(await d.ask(MOVE, r.job_id(number), groups=to("p2"))) is OK
        await d.clock.settle()
        there = d.devices["scripted:p2"]
        assert (there.job, d.device.job) == (number, number)  # the old one is still coming to its stop
        d.device.stops_slowly = False
        d.device.come_to_stop()
        d.device.ready()
        await d.clock.settle()
        assert (there.job, d.device.job) == (number, other)
        assert (await d.state(number)) == JobState.PROCESSING
        there.finish()
        await d.clock.settle()
        assert (await d.state(number)) == JobState.COMPLETED
        assert "pagebell-possibly-printed-twice" in (await d.job(number)).reasons


async def test_all_jobs_of_a_printer_are_moved() -> None:
    async with door() as d:
        await d.add("p2")
        numbers = [await d.held(), await d.held()]
        assert status(await d.ask(MOVE, groups=to("p2"), path="/printers/p1")) is OK
        assert [(await d.job(number)).printer for number in numbers] == ["p2", "p2"]


async def move(d: Door, *, job: JobId | None = None, target: str = "p2", user: str = "ada") -> Message:
    number = await d.held() if job is None else job
    return await d.ask(MOVE, r.job_id(number), groups=to(target), user=user)


async def to_one_that_takes_none(d: Door) -> Message:
    await d.ask(Op.CUPS_REJECT_JOBS, path="/printers/p2", user=ADMIN)
    return await move(d)


async def to_one_out_of_service(d: Door) -> Message:
    await d.ask(Op.DEACTIVATE_PRINTER, path="/ipp/print/p2", user=ADMIN)
    return await move(d)


async def to_one_that_takes_other_formats(d: Door) -> Message:
    d.devices["scripted:p2"].capabilities = Capabilities(formats=("image/jpeg",))
    return await move(d)


async def nowhere(d: Door) -> Message:
    return await d.ask(MOVE, r.job_id(await d.held()))


MOVING: list[tuple[Op, str, Play, S]] = [
    (MOVE, "ok", move, OK),
    (MOVE, "to where it is", lambda d: move(d, target="p1"), OK),
    (MOVE, "no such printer", lambda d: move(d, target="p9"), NOT_FOUND),
    (MOVE, "no such job", lambda d: move(d, job=JobId(99)), NOT_FOUND),
    (MOVE, "not his", lambda d: move(d, user="bob"), FORBIDDEN),
    (MOVE, "accepts none", to_one_that_takes_none, S.SERVER_ERROR_NOT_ACCEPTING_JOBS),
    (MOVE, "out of service", to_one_out_of_service, S.SERVER_ERROR_SERVICE_UNAVAILABLE),
    (MOVE, "other formats", to_one_that_takes_other_formats, S.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED),
    (MOVE, "nowhere", nowhere, S.CLIENT_ERROR_BAD_REQUEST),
]


async def finished(d: Door) -> Message:
    return await move(d, job=await d.completed())


MOVING.append((MOVE, "finished", finished, IMPOSSIBLE))


@pytest.mark.parametrize(("play", "expected"), [row[2:] for row in MOVING], ids=[row[1] for row in MOVING])
async def test_status_of_moving(play: Play, expected: S) -> None:
    async with door() as d:
        await d.add("p2")
        answer = await play(d)
        assert status(answer) is expected, str(answer)
