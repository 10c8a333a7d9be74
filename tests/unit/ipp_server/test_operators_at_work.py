"""What operators' operations do (RFC 3998): to printers, to jobs and to their order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Collection, GroupTag, Tag
from pagebell.ipp.registry import DocumentState, JobState, Op
from pagebell.model.event import JobId
from tests.unit.ipp_server.door import ADMIN, Door, door, first, status
from tests.unit.ipp_server.plays import (
    FORBIDDEN,
    OK,
    job_group,
    printer_group,
    suspended,
)


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
        await d.ask(Op.SCHEDULE_JOB_AFTER, r.job_id(e), r.predecessor_job_id(b), user=ADMIN)
        assert await order(d) == [a, b, e, c, dd]
        await d.happened()
        await d.ask(Op.SCHEDULE_JOB_AFTER, r.job_id(dd), r.predecessor_job_id(b), user=ADMIN)
        assert await order(d) == [a, b, dd, e, c]
        assert await d.happened() == ["printer-queue-order-changed p1: processing"]
        await d.ask(Op.PROMOTE_JOB, r.job_id(c), user=ADMIN)
        await d.ask(Op.PROMOTE_JOB, r.job_id(e), user=ADMIN)
        assert await order(d) == [a, e, c, b, dd]
        await d.ask(Op.SCHEDULE_JOB_AFTER, r.job_id(dd), r.predecessor_job_id(a), user=ADMIN)
        assert (await order(d))[0] == a


@pytest.mark.parametrize(
    ("priority", "moves", "place"), [(51, True, 1), (100, True, 1), (49, True, 3), (50, False, 2)]
)
async def test_priority_that_changes_the_order_is_told(priority: int, moves: bool, place: int) -> None:
    """RFC 3995 5.3.3.4.2, also where nobody was promoted."""
    async with door() as d:
        jobs = [await d.submit() for _ in range(4)]
        await d.happened()
        await d.ask(Op.SET_JOB_ATTRIBUTES, r.job_id(jobs[2]), groups=job_group(r.job_priority(priority)))
        assert (await order(d)).index(jobs[2]) == place
        assert ("printer-queue-order-changed p1: processing" in await d.happened()) is moves


async def test_last_job_stays_the_last_at_a_lower_priority(d: Door) -> None:
    for _ in range(3):
        await d.submit()
    await d.happened()
    await d.ask(Op.SET_JOB_ATTRIBUTES, r.job_id(3), groups=job_group(r.job_priority(10)))
    assert "printer-queue-order-changed p1: processing" not in await d.happened()


async def order(d: Door) -> list[int]:
    answer = await d.ask(Op.GET_JOBS)
    return [group.get(r.job_id) or 0 for group in answer.groups_of(GroupTag.JOB)]


async def test_many_jobs_scheduled_after_one_keep_their_order() -> None:
    async with door() as d:
        numbers = [await d.submit() for _ in range(70)]
        for number in numbers[3:]:
            await d.ask(Op.SCHEDULE_JOB_AFTER, r.job_id(number), r.predecessor_job_id(numbers[1]), user=ADMIN)
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
        answer = await d.ask(Op.SET_JOB_ATTRIBUTES, r.job_id(number), groups=groups)
        assert await d.job(number) == before
        returned = first(answer, GroupTag.UNSUPPORTED).attributes
        assert returned["job-id"].values[0].tag is Tag.NOT_SETTABLE


async def test_default_that_is_set_is_told_and_used() -> None:
    async with door() as d:
        group = printer_group(r.copies_default(3), r.printer_message_from_operator("Use tray 2."))
        await d.ask(Op.SET_PRINTER_ATTRIBUTES, groups=group, user=ADMIN)
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
        await d.ask(Op.CANCEL_DOCUMENT, r.job_id(number), r.document_number(1))
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
