"""Each operation with each status that it can answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message
from pagebell.ipp.registry import Op, PrinterState
from pagebell.ipp.registry import Status as S
from pagebell.model.access import SYSTEM
from pagebell.spooler.printers import PrinterWish
from tests.unit.ipp_server import test_moving, test_operators, test_resources, test_system
from tests.unit.ipp_server.door import ADMIN, Door, door, status, text

Play = Callable[[Door], Awaitable[Message]]
OTHER = "bob"
NOWHERE = "/ipp/print/nowhere"


def job_attributes(*attributes: Attribute) -> list[Group]:
    return [Group.of(GroupTag.JOB, *attributes)]


def watch(*attributes: Attribute) -> Group:
    return Group.of(GroupTag.SUBSCRIPTION, r.notify_pull_method("ippget"), *attributes)


def plain(op: Op, *attributes: Attribute, **more: object) -> Play:
    """Ask for it, on an empty stage."""
    return lambda d: d.ask(op, *attributes, **more)  # type: ignore[arg-type]


def on(op: Op, job: Callable[[Door], Awaitable[int]], *attributes: Attribute, **more: object) -> Play:
    """Ask for it of a job that is in some state."""

    async def play(d: Door) -> Message:
        return await d.ask(op, r.job_id(await job(d)), *attributes, **more)  # type: ignore[arg-type]

    return play


def of_subscription(op: Op, *attributes: Attribute, **more: object) -> Play:
    async def play(d: Door) -> Message:
        return await d.ask(op, r.notify_subscription_id(await d.watched()), *attributes, **more)  # type: ignore[arg-type]

    return play


def rejecting(op: Op, **more: object) -> Play:
    """Ask for it of a printer that takes no jobs."""

    async def play(d: Door) -> Message:
        await d.spooler.printers.change(d.printer.name, PrinterWish(accepting=False), SYSTEM)
        return await d.ask(op, **more)  # type: ignore[arg-type]

    return play


def full(op: Op, **more: object) -> Play:
    """Ask for it when there are as many jobs as there may be."""

    async def play(d: Door) -> Message:
        for _ in range(3):
            await d.held()
        return await d.ask(op, **more)  # type: ignore[arg-type]

    return play


async def second_device(d: Door) -> Message:
    await d.add("p2")
    number = await d.held()
    return await d.ask(Op.GET_JOB_ATTRIBUTES, r.job_id(number), path="/ipp/print/p2")


async def forgotten_documents(d: Door) -> Message:
    number = await d.completed()
    await d.clock.advance(d.policy.keep_documents + 1)
    return await d.ask(Op.RESTART_JOB, r.job_id(number))


async def cancelled_twice(d: Door) -> Message:
    d.device.stops_slowly = True
    number = r.job_id(await d.printing())
    assert status(await d.ask(Op.CANCEL_JOB, number)) is S.SUCCESSFUL_OK
    answer = await d.ask(Op.CANCEL_JOB, number)
    d.device.come_to_stop()
    return answer


async def missing_numbers(d: Door) -> Message:
    return await d.ask(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(await d.watched(), 999))


async def job_subscription(d: Door) -> Message:
    return await d.ask(Op.CREATE_JOB_SUBSCRIPTIONS, r.notify_job_id(await d.held()), groups=[watch()])


async def subscription_of_finished_job(d: Door) -> Message:
    return await d.ask(Op.CREATE_JOB_SUBSCRIPTIONS, r.notify_job_id(await d.completed()), groups=[watch()])


async def renewal_of_job_subscription(d: Door) -> Message:
    answer = await job_subscription(d)
    group = answer.group(GroupTag.SUBSCRIPTION)
    assert group is not None
    return await d.ask(
        Op.RENEW_SUBSCRIPTION, r.notify_subscription_id(group.get(r.notify_subscription_id) or 0)
    )


async def events_of_watched(d: Door) -> Message:
    number = await d.watched()
    await d.completed()
    return await d.ask(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number))


PDF, TEXT = r.document_format("application/pdf"), r.document_format("text/plain")
FAX = r.document_format("image/g3fax")
FLAWED = job_attributes(r.copies(2), r.sides("two-sided-long-edge"))
STRICT = r.ipp_attribute_fidelity(True)
BZIP = r.compression("bzip2")
LAST, MORE = r.last_document(True), r.last_document(False)
OK, IGNORED = S.SUCCESSFUL_OK, S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
NOT_FOUND, IMPOSSIBLE, FORBIDDEN = (
    S.CLIENT_ERROR_NOT_FOUND,
    S.CLIENT_ERROR_NOT_POSSIBLE,
    S.CLIENT_ERROR_NOT_AUTHORIZED,
)
BAD, UNSUPPORTED = S.CLIENT_ERROR_BAD_REQUEST, S.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED

CREATING: list[tuple[Op, str, Play, S]] = []
for op in (Op.PRINT_JOB, Op.VALIDATE_JOB, Op.CREATE_JOB):
    CREATING += [
        (op, "ok", plain(op, r.job_name("x"), groups=job_attributes(r.copies(3))), OK),
        (op, "what the printer can't", plain(op, groups=FLAWED), IGNORED),
        (
            op,
            "what nobody knows",
            plain(op, groups=job_attributes(Attribute("x-y", r.copies(1).values))),
            IGNORED,
        ),
        (op, "what the printer can't, with fidelity", plain(op, STRICT, groups=FLAWED), UNSUPPORTED),
        (op, "no such printer", plain(op, path=NOWHERE), NOT_FOUND),
        (op, "nothing there", plain(op, path="/some/where/else"), NOT_FOUND),
        # Validate-Job promises nothing of the next moment (RFC 3998 3.1.1).
        (
            op,
            "a rejecting printer",
            rejecting(op),
            OK if op is Op.VALIDATE_JOB else S.SERVER_ERROR_NOT_ACCEPTING_JOBS,
        ),
        (op, "too many jobs", full(op), S.SERVER_ERROR_BUSY),
    ]
    if op is not Op.CREATE_JOB:
        CREATING += [
            (op, "a format", plain(op, PDF), OK),
            (op, "a strange format", plain(op, FAX), S.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED),
            (op, "a strange compression", plain(op, BZIP), S.CLIENT_ERROR_COMPRESSION_NOT_SUPPORTED),
        ]
CREATING += [
    (
        Op.PRINT_JOB,
        "damaged compression",
        plain(Op.PRINT_JOB, r.compression("gzip"), data=b"not gzip"),
        S.CLIENT_ERROR_COMPRESSION_ERROR,
    ),
    (
        Op.PRINT_JOB,
        "too long",
        plain(Op.PRINT_JOB, data=b"x" * 5001),
        S.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE,
    ),
    (
        Op.PRINT_JOB,
        "a subscription that can't be",
        plain(Op.PRINT_JOB, groups=[Group.of(GroupTag.SUBSCRIPTION, r.notify_recipient_uri("mailto:a@b.c"))]),
        S.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS,
    ),
]

DOCUMENTS: list[tuple[Op, str, Play, S]] = [
    (Op.SEND_DOCUMENT, "ok", on(Op.SEND_DOCUMENT, Door.open, LAST, data=b"x"), OK),
    (Op.SEND_DOCUMENT, "another follows", on(Op.SEND_DOCUMENT, Door.open, MORE, data=b"x"), OK),
    (Op.SEND_DOCUMENT, "only the end", on(Op.SEND_DOCUMENT, Door.open, LAST), OK),
    (Op.SEND_DOCUMENT, "nothing, and more to come", on(Op.SEND_DOCUMENT, Door.open, MORE), BAD),
    (Op.SEND_DOCUMENT, "last-document missing", on(Op.SEND_DOCUMENT, Door.open, data=b"x"), BAD),
    (Op.SEND_DOCUMENT, "not his", on(Op.SEND_DOCUMENT, Door.open, LAST, data=b"x", user=OTHER), FORBIDDEN),
    (Op.SEND_DOCUMENT, "a closed job", on(Op.SEND_DOCUMENT, Door.held, LAST, data=b"x"), IMPOSSIBLE),
    (Op.SEND_DOCUMENT, "no such job", plain(Op.SEND_DOCUMENT, r.job_id(99), LAST, data=b"x"), NOT_FOUND),
    (
        Op.SEND_DOCUMENT,
        "a strange format",
        on(Op.SEND_DOCUMENT, Door.open, LAST, FAX, data=b"x"),
        S.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
    ),
    (
        Op.SEND_DOCUMENT,
        "a strange compression",
        on(Op.SEND_DOCUMENT, Door.open, LAST, BZIP, data=b"x"),
        S.CLIENT_ERROR_COMPRESSION_NOT_SUPPORTED,
    ),
    (
        Op.SEND_DOCUMENT,
        "damaged compression",
        on(Op.SEND_DOCUMENT, Door.open, LAST, r.compression("deflate"), data=b"\xff\xff\xff"),
        S.CLIENT_ERROR_COMPRESSION_ERROR,
    ),
    (
        Op.SEND_DOCUMENT,
        "too long",
        on(Op.SEND_DOCUMENT, Door.open, LAST, data=b"x" * 5001),
        S.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE,
    ),
    (Op.CLOSE_JOB, "ok", on(Op.CLOSE_JOB, Door.open), OK),
    (Op.CLOSE_JOB, "closed already", on(Op.CLOSE_JOB, Door.held), OK),
    (Op.CLOSE_JOB, "finished", on(Op.CLOSE_JOB, Door.completed), IMPOSSIBLE),
    (Op.CLOSE_JOB, "not his", on(Op.CLOSE_JOB, Door.open, user=OTHER), FORBIDDEN),
    (Op.CLOSE_JOB, "no such job", plain(Op.CLOSE_JOB, r.job_id(99)), NOT_FOUND),
]

JOBS: list[tuple[Op, str, Play, S]] = [
    (Op.CANCEL_JOB, "waiting", on(Op.CANCEL_JOB, Door.waiting), OK),
    (Op.CANCEL_JOB, "printing", on(Op.CANCEL_JOB, Door.printing, r.message("Enough")), OK),
    (Op.CANCEL_JOB, "completed", on(Op.CANCEL_JOB, Door.completed), IMPOSSIBLE),
    (Op.CANCEL_JOB, "stopping already", cancelled_twice, IMPOSSIBLE),
    (Op.CANCEL_JOB, "an operator", on(Op.CANCEL_JOB, Door.held, user=ADMIN), OK),
    (Op.HOLD_JOB, "waiting", on(Op.HOLD_JOB, Door.waiting), OK),
    (Op.HOLD_JOB, "no-hold", on(Op.HOLD_JOB, Door.held, r.job_hold_until("no-hold")), OK),
    (
        Op.HOLD_JOB,
        "until nobody knows when",
        on(Op.HOLD_JOB, Door.waiting, r.job_hold_until("doomsday")),
        UNSUPPORTED,
    ),
    (Op.HOLD_JOB, "printing", on(Op.HOLD_JOB, Door.printing), IMPOSSIBLE),
    (Op.HOLD_JOB, "completed", on(Op.HOLD_JOB, Door.completed), IMPOSSIBLE),
    (Op.RELEASE_JOB, "held", on(Op.RELEASE_JOB, Door.held), OK),
    (Op.RELEASE_JOB, "completed", on(Op.RELEASE_JOB, Door.completed), IMPOSSIBLE),
    (Op.RESTART_JOB, "completed", on(Op.RESTART_JOB, Door.completed), OK),
    (Op.RESTART_JOB, "held at once", on(Op.RESTART_JOB, Door.completed, r.job_hold_until("indefinite")), OK),
    (Op.RESTART_JOB, "printing", on(Op.RESTART_JOB, Door.printing), IMPOSSIBLE),
    (Op.RESTART_JOB, "documents gone", forgotten_documents, IMPOSSIBLE),
    (Op.GET_JOB_ATTRIBUTES, "ok", on(Op.GET_JOB_ATTRIBUTES, Door.held), OK),
    (Op.GET_JOB_ATTRIBUTES, "somebody else's", on(Op.GET_JOB_ATTRIBUTES, Door.held, user=OTHER), OK),
    (Op.GET_JOB_ATTRIBUTES, "no such job", plain(Op.GET_JOB_ATTRIBUTES, r.job_id(99)), NOT_FOUND),
    (Op.GET_JOB_ATTRIBUTES, "of another printer", second_device, NOT_FOUND),
    (Op.GET_JOBS, "ok", plain(Op.GET_JOBS), OK),
    (Op.GET_JOBS, "no such printer", plain(Op.GET_JOBS, path=NOWHERE), NOT_FOUND),
    (Op.GET_JOBS, "which nobody knows", plain(Op.GET_JOBS, r.which_jobs("saved")), UNSUPPORTED),
    (Op.GET_JOBS, "no such job", plain(Op.GET_JOBS, r.job_ids(99)), NOT_FOUND),
    (
        Op.GET_JOBS,
        "two ways to choose",
        plain(Op.GET_JOBS, r.job_ids(1), r.which_jobs("all")),
        S.CLIENT_ERROR_CONFLICTING_ATTRIBUTES,
    ),
]
for op, state in (
    (Op.CANCEL_JOB, Door.held),
    (Op.HOLD_JOB, Door.waiting),
    (Op.RELEASE_JOB, Door.held),
    (Op.RESTART_JOB, Door.completed),
):
    JOBS += [
        (op, "no such job", plain(op, r.job_id(99)), NOT_FOUND),
        (op, "not his", on(op, state, user=OTHER), FORBIDDEN),
        (op, "names no job", plain(op), BAD),
    ]
for op in (Op.CANCEL_JOBS, Op.CANCEL_MY_JOBS):
    user = ADMIN if op is Op.CANCEL_JOBS else "ada"
    JOBS += [
        (op, "none there", plain(op, user=user), OK),
        (op, "one that is not there", plain(op, r.job_ids(99), user=user), NOT_FOUND),
        (op, "no such printer", plain(op, path=NOWHERE, user=user), NOT_FOUND),
    ]
JOBS.append((Op.CANCEL_JOBS, "not an operator", plain(Op.CANCEL_JOBS), FORBIDDEN))

PRINTERS: list[tuple[Op, str, Play, S]] = [
    (Op.GET_PRINTER_ATTRIBUTES, "ok", plain(Op.GET_PRINTER_ATTRIBUTES), OK),
    (Op.GET_PRINTER_ATTRIBUTES, "for a format", plain(Op.GET_PRINTER_ATTRIBUTES, PDF), OK),
    (
        Op.GET_PRINTER_ATTRIBUTES,
        "for a strange format",
        plain(Op.GET_PRINTER_ATTRIBUTES, FAX),
        S.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
    ),
    (Op.GET_PRINTER_ATTRIBUTES, "no such printer", plain(Op.GET_PRINTER_ATTRIBUTES, path=NOWHERE), NOT_FOUND),
    (
        Op.IDENTIFY_PRINTER,
        "in a way it can't",
        plain(Op.IDENTIFY_PRINTER, r.identify_actions("speak"), user=ADMIN),
        UNSUPPORTED,
    ),
    (Op.IDENTIFY_PRINTER, "ok", plain(Op.IDENTIFY_PRINTER, user=ADMIN), OK),
    (Op.IDENTIFY_PRINTER, "no such printer", plain(Op.IDENTIFY_PRINTER, path=NOWHERE, user=ADMIN), NOT_FOUND),
    (
        Op.PAGEBELL_COMMAND_DEVICE,
        "a real device",
        plain(Op.PAGEBELL_COMMAND_DEVICE, r.message("jam"), user=ADMIN),
        UNSUPPORTED,
    ),
    (
        Op.PAGEBELL_COMMAND_DEVICE,
        "not an operator",
        plain(Op.PAGEBELL_COMMAND_DEVICE, r.message("jam")),
        FORBIDDEN,
    ),
    (Op.CUPS_GET_DEFAULT, "ok", plain(Op.CUPS_GET_DEFAULT), OK),
    (Op.CUPS_GET_PRINTERS, "ok", plain(Op.CUPS_GET_PRINTERS), OK),
    (Op.CUPS_GET_CLASSES, "ok", plain(Op.CUPS_GET_CLASSES), OK),
]
ADMINISTRATION = (
    Op.PAUSE_PRINTER,
    Op.RESUME_PRINTER,
    Op.PURGE_JOBS,
    Op.CUPS_ACCEPT_JOBS,
    Op.CUPS_REJECT_JOBS,
)
for op in (*ADMINISTRATION, Op.CUPS_SET_DEFAULT, Op.CUPS_DELETE_PRINTER):
    PRINTERS += [
        (op, "ok", plain(op, user=ADMIN), OK),
        (op, "not an operator", plain(op), FORBIDDEN),
        (op, "no such printer", plain(op, path=NOWHERE, user=ADMIN), NOT_FOUND),
    ]
NEW = [Group.of(GroupTag.PRINTER, r.device_uri("scripted:new"), r.printer_state(PrinterState.STOPPED))]
RENAMED = [Group.of(GroupTag.PRINTER, r.printer_info("Renamed"), r.sides_default("two-sided-long-edge"))]
ADD = Op.CUPS_ADD_MODIFY_PRINTER
PRINTERS += [
    (ADD, "a new one", plain(ADD, path="/printers/new", groups=NEW, user=ADMIN), OK),
    (ADD, "a change", plain(ADD, groups=NEW, user=ADMIN), OK),
    (ADD, "a default it can't have", plain(ADD, groups=RENAMED, user=ADMIN), IGNORED),
    (ADD, "without a device", plain(ADD, path="/printers/new", user=ADMIN), BAD),
    (ADD, "without a name", plain(ADD, path="/printers/", groups=NEW, user=ADMIN), BAD),
    (ADD, "a name that can't be", plain(ADD, path="/printers/a%23b", groups=NEW, user=ADMIN), UNSUPPORTED),
    (ADD, "not an administrator", plain(ADD, path="/printers/new", groups=NEW), FORBIDDEN),
    (
        Op.CUPS_DELETE_PRINTER,
        "without a name",
        plain(Op.CUPS_DELETE_PRINTER, path="/printers/", user=ADMIN),
        BAD,
    ),
]

CPS, CJS, GN = Op.CREATE_PRINTER_SUBSCRIPTIONS, Op.CREATE_JOB_SUBSCRIPTIONS, Op.GET_NOTIFICATIONS
MAIL = Group.of(GroupTag.SUBSCRIPTION, r.notify_recipient_uri("mailto:ada@printer.test"))
NO_METHOD = Group.of(GroupTag.SUBSCRIPTION, r.notify_events("job-completed"))
SUBSCRIPTIONS: list[tuple[Op, str, Play, S]] = [
    (CPS, "ok", plain(CPS, groups=[watch(r.notify_events("printer-stopped"))]), OK),
    (CPS, "one of two", plain(CPS, groups=[watch(), MAIL]), S.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS),
    (CPS, "none of them", plain(CPS, groups=[MAIL, MAIL]), S.CLIENT_ERROR_IGNORED_ALL_SUBSCRIPTIONS),
    (CPS, "nothing asked for", plain(CPS), BAD),
    (CPS, "no way to have its events", plain(CPS, groups=[watch(), NO_METHOD]), BAD),
    (CPS, "no such printer", plain(CPS, path=NOWHERE, groups=[watch()]), NOT_FOUND),
    (CPS, "too many", plain(CPS, groups=[watch()] * 4), S.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS),
    (CJS, "ok", job_subscription, OK),
    (CJS, "no such job", plain(CJS, r.notify_job_id(99), groups=[watch()]), NOT_FOUND),
    (CJS, "a finished job", subscription_of_finished_job, IMPOSSIBLE),
    (GN, "ok", events_of_watched, S.SUCCESSFUL_OK),
    (GN, "some of them", missing_numbers, IGNORED),
    (GN, "none of them", plain(GN, r.notify_subscription_ids(98, 99)), NOT_FOUND),
    (Op.GET_SUBSCRIPTIONS, "ok", plain(Op.GET_SUBSCRIPTIONS), OK),
    (Op.GET_SUBSCRIPTIONS, "no such job", plain(Op.GET_SUBSCRIPTIONS, r.notify_job_id(99)), NOT_FOUND),
    (Op.RENEW_SUBSCRIPTION, "a job's", renewal_of_job_subscription, IMPOSSIBLE),
]
for op in (Op.GET_SUBSCRIPTION_ATTRIBUTES, Op.RENEW_SUBSCRIPTION, Op.CANCEL_SUBSCRIPTION):
    SUBSCRIPTIONS += [
        (op, "ok", of_subscription(op), OK),
        (op, "not his", of_subscription(op, user=OTHER), FORBIDDEN),
        (op, "no such subscription", plain(op, r.notify_subscription_id(99)), NOT_FOUND),
        (op, "names none", plain(op), BAD),
    ]

ROWS = [*CREATING, *DOCUMENTS, *JOBS, *PRINTERS, *SUBSCRIPTIONS]


@pytest.mark.parametrize(
    ("play", "expected"), [row[2:] for row in ROWS], ids=[f"{row[0].name.lower()}: {row[1]}" for row in ROWS]
)
async def test_status(play: Play, expected: S) -> None:
    async with door(max_document=5000, max_active_jobs=3, max_subscriptions=3) as d:
        answer = await play(d)
        assert status(answer) is expected, str(answer)
        assert expected.value < 0x0100 or text(answer), "a refusal says why"


async def test_every_operation_that_is_claimed_is_tested_with_success_and_refusal() -> None:
    async with door() as d:
        answer = await d.ask(Op.GET_PRINTER_ATTRIBUTES, r.requested_attributes("operations-supported"))
        group = answer.group(GroupTag.PRINTER)
        assert group is not None
        claimed = set(group.all(r.operations_supported))
    never_refused = {Op.CUPS_GET_DEFAULT, Op.CUPS_GET_PRINTERS, Op.CUPS_GET_CLASSES}
    rows = [*ROWS, *test_operators.ROWS, *test_moving.MOVING]
    rows += [*test_system.ROWS, *test_resources.ROWS]
    assert {row[0] for row in rows} == claimed
    assert {row[0] for row in rows if row[3].value >= 0x0400} == claimed - never_refused
