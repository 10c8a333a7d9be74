"""What becomes of a job when the connection to an IPP printer is lost: looked up, sent again, or held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from pagebell.devices.ipp import IppDevice
from pagebell.devices.settings import TWICE
from pagebell.ipp import registry as r
from pagebell.ipp.message import Group, Message
from pagebell.ipp.registry import JobState, Op, PrinterState, Status
from pagebell.ipp.values import GroupTag
from pagebell.model.lifecycle import PRINTED_TWICE
from pagebell.spooler.ports import DeviceFailed, DeviceStatus, JobCanceled, JobCutOff
from tests.forwarding import QUICK, QuickClock
from tests.scripted import ScriptedServer, answer, drop, failed, job
from tests.unit.devices.raw_printer import until
from tests.unit.devices.work import Work

ONE_STEP = (Op.PRINT_JOB, Op.GET_JOBS, Op.GET_JOB_ATTRIBUTES, Op.CANCEL_JOB, Op.GET_PRINTER_ATTRIBUTES)
TWO_STEPS = (*ONE_STEP, Op.CREATE_JOB, Op.SEND_DOCUMENT)


def printer(*operations: Op, reasons: tuple[str, ...] = ("none",)) -> Message:
    return answer(
        Group.of(
            GroupTag.PRINTER,
            r.printer_state(PrinterState.IDLE),
            r.printer_state_reasons(*reasons),
            r.printer_make_and_model("ACME 9"),
            r.document_format_supported("application/octet-stream", "application/pdf"),
            r.operations_supported(*operations),
            r.sides_supported("one-sided"),
        )
    )


def jobs(*found: tuple[int, str, JobState]) -> Message:
    groups = [
        Group.of(GroupTag.JOB, r.job_id(number), r.job_name(name), r.job_state(state))
        for number, name, state in found
    ]
    return answer(*groups)


async def drop_after_document(request: web.Request, message: Message) -> web.StreamResponse:
    """Take all of the document, and close the connection without a word."""
    await request.content.read()
    return await drop(request, message)


@pytest.fixture
async def there() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as server:
        server.on(Op.GET_PRINTER_ATTRIBUTES, printer(*TWO_STEPS))
        server.on(Op.CREATE_JOB, job(JobState.PENDING_HELD, r.job_state_reasons("job-incoming")))
        server.on(Op.SEND_DOCUMENT, job(JobState.PROCESSING))
        server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.COMPLETED, r.job_impressions_completed(1)))
        server.on(Op.CANCEL_JOB, answer())
        yield server


async def printed(there: ScriptedServer, work: Work, query: str = "") -> list[DeviceStatus]:
    """Print it; returns what the device reported meanwhile."""

    device = IppDevice(there.uri + query, clock=QuickClock(), pace=QUICK)
    reports: list[DeviceStatus] = []

    async def report(status: DeviceStatus) -> None:
        reports.append(status)

    watching = asyncio.ensure_future(device.watch(report))
    try:
        async with asyncio.timeout(20):
            await device.print(work)
    finally:
        watching.cancel()
        await asyncio.wait({watching})
    return reports


async def test_document_follows_its_job(there: ScriptedServer) -> None:
    work = Work(b"%PDF-1.4 ...", sides="two-sided-long-edge", copies=2)
    await printed(there, work)
    assert there.documents.count(b"%PDF-1.4 ...") == 1
    (created,) = there.asked(Op.CREATE_JOB)
    operation, template = created.groups[0], created.group(GroupTag.JOB)
    assert (operation.get(r.requesting_user_name), operation.get(r.job_name)) == ("ada", "Report")
    assert template is None  # it supports neither
    assert work.remarks == [("The printer has no way to do this: copies, sides.", frozenset())]
    assert work.progress == [1]


async def test_lost_answer_of_a_document_that_arrived_is_no_reason_to_send_it_again(
    there: ScriptedServer,
) -> None:
    there.on(Op.SEND_DOCUMENT, drop_after_document)
    work = Work(b"%PDF-1.4 ...")
    await printed(there, work)
    assert len(there.asked(Op.SEND_DOCUMENT)) == 1
    assert work.remarks == []


async def test_document_that_did_not_arrive_is_sent_again_without_a_word(there: ScriptedServer) -> None:
    waiting = job(JobState.PENDING_HELD, r.job_state_reasons("job-incoming"))
    there.on(Op.SEND_DOCUMENT, drop, job(JobState.PROCESSING))
    there.on(Op.GET_JOB_ATTRIBUTES, waiting, job(JobState.COMPLETED))
    work = Work(b"%PDF-1.4 ...")
    await printed(there, work)
    assert len(there.asked(Op.CREATE_JOB)) == 2
    assert len(there.asked(Op.CANCEL_JOB)) == 1
    assert work.remarks == []


async def test_document_that_was_printed_in_part_is_sent_again_and_says_so(there: ScriptedServer) -> None:
    begun = job(JobState.PROCESSING, r.job_state_reasons("job-incoming"), r.job_impressions_completed(1))
    there.on(Op.SEND_DOCUMENT, drop, job(JobState.PROCESSING))
    there.on(Op.GET_JOB_ATTRIBUTES, begun, job(JobState.COMPLETED))
    work = Work(b"%PDF-1.4 ...")
    await printed(there, work)
    assert len(there.asked(Op.CREATE_JOB)) == 2
    assert work.remarks == [(TWICE, frozenset({PRINTED_TWICE}))]


async def test_printer_that_knows_the_job_no_longer_leaves_it_to_the_policy(there: ScriptedServer) -> None:
    there.on(Op.SEND_DOCUMENT, drop)
    there.on(Op.GET_JOB_ATTRIBUTES, failed(Status.CLIENT_ERROR_NOT_FOUND))
    with pytest.raises(JobCutOff, match="does not know the job any more"):
        await printed(there, Work(b"%PDF-1.4 ..."), "?on-break=hold")
    with pytest.raises(DeviceFailed, match="does not know the job any more"):
        await printed(there, Work(b"%PDF-1.4 ..."), "?on-break=abort")


async def test_job_in_one_step_is_looked_for_before_it_is_sent_again(there: ScriptedServer) -> None:
    old = (3, "Report", JobState.COMPLETED)
    there.on(Op.GET_PRINTER_ATTRIBUTES, printer(*ONE_STEP))
    there.on(Op.GET_JOBS, jobs(old), jobs(), jobs(old, (7, "Report", JobState.PROCESSING)), jobs())
    there.on(Op.PRINT_JOB, drop_after_document)
    work = Work(b"%PDF-1.4 ...")
    await printed(there, work)
    assert len(there.asked(Op.PRINT_JOB)) == 1
    assert work.remarks == []
    asked = [message.groups[0] for message in there.asked(Op.GET_JOBS)]
    assert all(group.get(r.my_jobs) is True for group in asked)


async def test_job_in_one_step_that_is_not_there_is_sent_again_without_a_word(there: ScriptedServer) -> None:
    there.on(Op.GET_PRINTER_ATTRIBUTES, printer(*ONE_STEP))
    there.on(Op.GET_JOBS, jobs())
    there.on(Op.PRINT_JOB, drop_after_document, job(JobState.PROCESSING))
    work = Work(b"%PDF-1.4 ...")
    await printed(there, work)
    assert len(there.asked(Op.PRINT_JOB)) == 2
    assert work.remarks == []


async def test_printer_that_lists_no_jobs_leaves_it_to_the_policy(there: ScriptedServer) -> None:
    there.on(Op.GET_PRINTER_ATTRIBUTES, printer(*ONE_STEP))
    there.on(Op.PRINT_JOB, drop_after_document, job(JobState.PROCESSING))
    work = Work(b"%PDF-1.4 ...")
    await printed(there, work)
    assert len(there.asked(Op.PRINT_JOB)) == 2
    assert work.remarks == [(TWICE, frozenset({PRINTED_TWICE}))]


async def test_busy_printer_is_asked_again_and_says_why_meanwhile(there: ScriptedServer) -> None:
    made = job(JobState.PENDING_HELD)
    there.on(Op.CREATE_JOB, failed(Status.SERVER_ERROR_BUSY, "Full up"), made)
    work = Work(b"%PDF-1.4 ...")
    await printed(there, work)
    told = [message for message, _ in work.remarks]
    assert told[0].startswith("The printer does not take it at present: Full up")
    assert told[-1] == ""


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED, "unsupported-document-format"),
        (Status.CLIENT_ERROR_DOCUMENT_FORMAT_ERROR, "document-format-error"),
        (Status.SERVER_ERROR_INTERNAL_ERROR, "aborted-by-system"),
    ],
)
async def test_refusal_ends_the_job_with_its_reason(
    there: ScriptedServer, status: Status, reason: str
) -> None:
    there.on(Op.SEND_DOCUMENT, failed(status, "No."))
    with pytest.raises(DeviceFailed, match="The printer refuses it: No") as caught:
        await printed(there, Work(b"%PDF-1.4 ..."))
    assert caught.value.reasons == {reason}
    assert len(there.asked(Op.CANCEL_JOB)) == 1


async def test_job_that_is_given_up_there_fails_here_with_its_reasons(there: ScriptedServer) -> None:
    ended = job(
        JobState.ABORTED, r.job_state_reasons("document-unprintable-error"), r.job_state_message("Too odd.")
    )
    there.on(Op.GET_JOB_ATTRIBUTES, ended)
    with pytest.raises(DeviceFailed, match="Too odd") as caught:
        await printed(there, Work(b"%PDF-1.4 ..."))
    assert caught.value.reasons == {"document-unprintable-error"}


async def test_job_that_is_cancelled_there_is_cancelled(there: ScriptedServer) -> None:
    ended = job(JobState.CANCELED, r.job_state_reasons("job-canceled-by-operator"))
    there.on(Op.GET_JOB_ATTRIBUTES, ended)
    with pytest.raises(JobCanceled) as caught:
        await printed(there, Work(b"%PDF-1.4 ..."))
    assert caught.value.reasons == {"job-canceled-at-device"}


async def test_printer_s_reasons_are_reported_and_nonsense_is_not(there: ScriptedServer) -> None:
    there.on(Op.GET_PRINTER_ATTRIBUTES, printer(*TWO_STEPS, reasons=("media-low-report",)))
    reports = await printed(there, Work(b"%PDF-1.4 ..."))
    assert reports[0].reasons == {"connecting-to-device"}
    assert reports[-1] == DeviceStatus(False, frozenset({"media-low-report"}), "")


async def test_no_credentials_are_sent(there: ScriptedServer) -> None:
    await printed(there, Work(b"%PDF-1.4 ..."))
    assert not any("Authorization" in headers for headers in there.headers)


async def test_refused_login_stops_the_queue_and_is_tried_again(there: ScriptedServer) -> None:
    async def unauthorized(request: web.Request, message: Message) -> web.StreamResponse:
        await request.content.read()
        return web.Response(status=401)

    there.on(Op.GET_PRINTER_ATTRIBUTES, unauthorized, unauthorized, printer(*TWO_STEPS))
    reports = await printed(there, Work(b"%PDF-1.4 ..."))
    stopped = [report for report in reports if report.stopped]
    assert stopped[0].reasons == {"connecting-to-device", "other-error"}
    assert "wants a user name and a password" in stopped[0].message


async def test_job_that_is_lost_while_the_printer_was_away_is_sent_again_and_says_so(
    there: ScriptedServer,
) -> None:
    gone = failed(Status.CLIENT_ERROR_NOT_FOUND)
    there.on(Op.GET_JOB_ATTRIBUTES, job(JobState.PROCESSING), drop, drop, gone, job(JobState.COMPLETED))
    work = Work(b"%PDF-1.4 ...")
    await printed(there, work)
    assert len(there.asked(Op.CREATE_JOB)) == 2
    assert work.remarks == [(TWICE, frozenset({PRINTED_TWICE}))]


async def test_printer_that_forgets_its_jobs_at_once_is_believed_to_have_printed(
    there: ScriptedServer,
) -> None:
    there.on(Op.GET_JOB_ATTRIBUTES, job(JobState.PROCESSING), failed(Status.CLIENT_ERROR_NOT_FOUND))
    work = Work(b"%PDF-1.4 ...", pages=3)
    await printed(there, work)
    assert len(there.asked(Op.CREATE_JOB)) == 1
    assert [message for message, _ in work.remarks] == [
        "The printer took the job, and does not tell what became of it."
    ]
    assert work.progress == [3]


async def test_job_cancelled_while_the_printer_is_away_is_cancelled_there_when_it_returns(
    there: ScriptedServer,
) -> None:
    there.on(Op.GET_JOB_ATTRIBUTES, job(JobState.PROCESSING, r.job_impressions_completed(1)))
    there.on(Op.CANCEL_JOB, drop, answer())
    device = IppDevice(there.uri, clock=QuickClock(), pace=QUICK)
    work = Work(b"%PDF-1.4 ...")

    async def report(status: DeviceStatus) -> None:
        """Nobody looks."""

    watching = asyncio.ensure_future(device.watch(report))
    printing = asyncio.ensure_future(device.print(work))
    try:
        await until(lambda: work.progress)
        printing.cancel()
        await asyncio.wait({printing})
        assert printing.cancelled()
        await until(lambda: len(there.asked(Op.CANCEL_JOB)) == 2)
    finally:
        watching.cancel()
        await asyncio.wait({watching})
