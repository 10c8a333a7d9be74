"""How documents come in, and what becomes of a job whose documents don't."""

import asyncio
from dataclasses import replace

import pytest

from pagebell.model.access import SYSTEM
from pagebell.model.errors import NoRoom, NotFound, ServiceStopping, TooLarge, TooMany, WrongState
from pagebell.model.event import JobId, JobState
from pagebell.spooler.policy import Policy
from tests.unit.spooler.stage import ADA, P1, P2, Stage

SMALL = Policy(announce_after=10, max_document=100, max_documents_per_job=2, max_active_jobs=2)
BROKEN = "The connection broke."


async def test_job_is_not_seen_before_its_document_is_stored(stage: Stage) -> None:
    intake = await stage.upload(stage.order())
    await intake.write(b"some")
    assert await stage.happened() == []
    assert list(stage.store._jobs) == []
    await intake.commit()
    assert (await stage.happened())[0] == "job-created 1: pending"


async def test_long_upload_is_announced_and_waits_for_its_end() -> None:
    async with Stage(policy=SMALL) as stage:
        intake = await stage.upload(stage.order())
        await intake.write(b"x" * 20)
        assert await stage.happened() == ["job-created 1: pending (job-incoming)"]
        await intake.write(b"y" * 20)
        job = await intake.commit()
        assert await stage.happened() == [
            "job-state-changed 1: pending",
            "printer-state-changed p1: processing",
            "job-state-changed 1: processing (job-printing)",
        ]
        assert job.documents[0].octets == 40


async def test_broken_upload_aborts_its_job_and_leaves_no_file(stage: Stage) -> None:
    intake = await stage.upload(stage.order())
    await intake.write(b"half")
    await intake.abort(BROKEN)
    assert await stage.happened() == [
        "job-created 1: pending (job-incoming)",
        "job-completed 1: aborted (aborted-by-system, submission-interrupted)",
    ]
    job = await stage.job(JobId(1))
    assert (job.state, job.message) == (JobState.ABORTED, BROKEN)
    assert stage.documents.documents == {}
    assert stage.documents.incoming == set()


async def test_refused_upload_aborts_its_job_in_the_refusal_s_words() -> None:
    async with Stage(policy=SMALL) as stage:
        intake = await stage.upload(stage.order())
        with pytest.raises(TooLarge):
            async with intake.whole(BROKEN):
                await intake.write(b"x" * 101)
        assert (await stage.job(JobId(1))).message.startswith("the document is larger than")


async def test_upload_that_breaks_off_or_is_not_committed_aborts_its_job(stage: Stage) -> None:
    first, second = [await stage.upload(stage.order()) for _ in range(2)]
    with pytest.raises(ConnectionResetError):
        async with first.whole(BROKEN):
            raise ConnectionResetError
    async with second.whole(BROKEN):
        await second.write(b"half")
    assert {(await stage.job(JobId(number))).message for number in (1, 2)} == {BROKEN}


async def test_broken_upload_of_an_announced_job_aborts_it() -> None:
    async with Stage(policy=SMALL) as stage:
        intake = await stage.upload(stage.order())
        await intake.write(b"x" * 20)
        await intake.abort(BROKEN)
        assert await stage.state(JobId(1)) is JobState.ABORTED


async def test_abort_after_commit_does_nothing(stage: Stage) -> None:
    intake = await stage.upload(stage.order())
    await intake.commit()
    await intake.abort(BROKEN)
    assert await stage.state(JobId(1)) is not JobState.ABORTED


async def test_document_beyond_the_limit_is_refused() -> None:
    async with Stage(policy=SMALL) as stage:
        intake = await stage.upload(stage.order())
        with pytest.raises(TooLarge):
            await intake.write(b"x" * 101)
        await intake.abort("It is too large.")
        assert await stage.state(JobId(1)) is JobState.ABORTED


async def test_full_disk_during_upload_is_told_and_abort_works_after_it(stage: Stage) -> None:
    intake = await stage.upload(stage.order())
    stage.documents.full = True
    with pytest.raises(NoRoom):
        await intake.write(b"x")
    await intake.abort("The server's disk is full.")
    assert await stage.state(JobId(1)) is JobState.ABORTED


async def test_full_disk_at_commit_leaves_no_document(stage: Stage) -> None:
    intake = await stage.upload(stage.order())
    await intake.write(b"x")
    stage.store.full = True
    with pytest.raises(NoRoom):
        await intake.commit()
    stage.store.full = False
    await intake.abort("The server's disk is full.")
    assert stage.documents.documents == {}
    assert await stage.state(JobId(1)) is JobState.ABORTED
    assert not stage.spooler.jobs.is_uploading(JobId(1))


async def test_full_disk_at_the_announcement_leaves_a_job_that_can_be_aborted() -> None:
    async with Stage(policy=SMALL) as stage:
        intake = await stage.upload(stage.order())
        stage.store.full = True
        with pytest.raises(NoRoom):
            await intake.write(b"x" * 20)
        stage.store.full = False
        await intake.abort("The server's disk is full.")
        assert await stage.state(JobId(1)) is JobState.ABORTED


async def test_abort_on_a_full_disk_leaves_the_job_to_its_time_out() -> None:
    async with Stage(policy=SMALL) as stage:
        intake = await stage.upload(stage.order())
        await intake.write(b"x" * 20)
        stage.store.full = True
        await intake.abort(BROKEN)
        stage.store.full = False
        assert stage.documents.incoming == set()
        await stage.clock.advance(stage.policy.open_job_timeout + 10)
        assert await stage.state(JobId(1)) is JobState.ABORTED


async def test_upload_into_a_job_that_was_cancelled_meanwhile_is_refused(stage: Stage) -> None:
    job, _ = await stage.spooler.jobs.submit(stage.order())
    intake = await stage.upload(job.id)
    await intake.write(b"x")
    await stage.spooler.jobs.cancel(job.id, ADA)
    with pytest.raises(WrongState):
        await intake.commit()
    await intake.abort(BROKEN)
    assert await stage.state(job.id) is JobState.CANCELED
    assert stage.documents.documents == {}
    assert not stage.spooler.jobs.is_uploading(job.id)


async def test_upload_into_a_job_that_was_purged_meanwhile_is_refused(stage: Stage) -> None:
    job, _ = await stage.spooler.jobs.submit(stage.order())
    intake = await stage.upload(job.id)
    await stage.spooler.jobs.purge(P1, SYSTEM)
    await intake.abort(BROKEN)
    with pytest.raises(NotFound):
        await stage.job(job.id)


async def test_upload_to_a_printer_that_was_removed_meanwhile_is_refused(stage: Stage) -> None:
    await stage.add(P2)
    intake = await stage.upload(stage.order(printer=P2))
    await intake.write(b"x")
    await stage.spooler.printers.remove(P2, SYSTEM)
    with pytest.raises(NotFound):
        await intake.commit()
    await intake.abort(BROKEN)
    assert stage.documents.documents == {}
    assert list(stage.store._jobs) == []


@pytest.mark.parametrize("turns", range(6))
async def test_commit_that_is_cancelled_has_stored_all_or_nothing(stage: Stage, turns: int) -> None:
    intake = await stage.upload(stage.order())
    await intake.write(b"x")
    task = asyncio.ensure_future(intake.commit())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    await intake.abort(BROKEN)
    await stage.clock.settle()
    job = await stage.job(JobId(1))
    if job.state is JobState.ABORTED:
        assert stage.documents.documents == {}
    else:
        assert [document.key for document in job.documents] == list(stage.documents.documents)
        assert stage.device.received == [(1, (b"x",))]


async def test_job_of_several_documents_is_printed_when_the_last_has_come(stage: Stage) -> None:
    job, _ = await stage.spooler.jobs.submit(stage.order())
    for octets, last in ((b"one", False), (b"two", True)):
        intake = await stage.upload(job.id)
        await intake.write(octets)
        await intake.commit(last=last)
    await stage.clock.settle()
    assert stage.device.received == [(1, (b"one", b"two"))]
    with pytest.raises(WrongState):
        await stage.upload(job.id)


async def test_documents_sent_side_by_side_keep_their_order(stage: Stage) -> None:
    job, _ = await stage.spooler.jobs.submit(stage.order())
    first, second = await stage.upload(job.id), await stage.upload(job.id)
    await second.write(b"two")
    await second.commit(last=False)
    await first.write(b"one")
    await first.commit(last=False)
    await stage.spooler.jobs.close(job.id, ADA)
    await stage.clock.settle()
    assert stage.device.received == [(1, (b"one", b"two"))]


async def test_document_that_comes_while_pages_are_counted_is_printed_too() -> None:
    class Slow:
        async def impressions(self, path: object, format: str) -> int | None:
            await stage.clock.sleep(1)
            return 1

    async with Stage(inspector=Slow()) as stage:
        job, _ = await stage.spooler.jobs.submit(stage.order())
        first, second = await stage.upload(job.id), await stage.upload(job.id)
        await first.write(b"one")
        await first.commit(last=False)
        await stage.spooler.jobs.close(job.id, ADA)
        await stage.clock.settle()
        await second.write(b"two")
        await second.commit()
        await stage.clock.advance(10)
        assert stage.device.received == [(1, (b"one", b"two"))]


async def test_too_many_documents_and_jobs_are_refused() -> None:
    async with Stage(policy=SMALL) as stage:
        job, _ = await stage.spooler.jobs.submit(stage.order())
        await stage.upload(job.id)
        await stage.upload(job.id)
        with pytest.raises(TooMany):
            await stage.upload(job.id)
        await stage.spooler.jobs.submit(stage.order())
        with pytest.raises(TooMany):
            await stage.spooler.jobs.submit(stage.order())


async def test_open_job_without_news_is_aborted_and_says_why(stage: Stage) -> None:
    job, _ = await stage.spooler.jobs.submit(stage.order())
    await stage.clock.advance(stage.policy.open_job_timeout - 10)
    assert await stage.state(job.id) is JobState.PENDING
    await stage.clock.advance(20)
    found = await stage.job(job.id)
    assert found.state is JobState.ABORTED
    assert found.message == "The next document did not come in time."


async def test_open_job_is_not_deserted_while_a_document_is_on_its_way(stage: Stage) -> None:
    job, _ = await stage.spooler.jobs.submit(stage.order())
    intake = await stage.upload(job.id)
    await stage.clock.advance(stage.policy.open_job_timeout * 2)
    assert await stage.state(job.id) is JobState.PENDING
    await intake.commit()


async def test_job_closed_without_documents_completes(stage: Stage) -> None:
    job, _ = await stage.spooler.jobs.submit(stage.order())
    await stage.spooler.jobs.close(job.id, ADA)
    stage.device.finish()
    await stage.clock.settle()
    assert await stage.state(job.id) is JobState.COMPLETED


async def test_no_job_is_taken_while_the_server_goes_down(stage: Stage) -> None:
    stage.spooler._ledger.stopping = True
    with pytest.raises(ServiceStopping):
        await stage.submit()
    stage.spooler._ledger.stopping = False


async def test_numbers_are_never_used_again(stage: Stage) -> None:
    job = await stage.submit()
    stage.device.finish()
    await stage.clock.settle()
    await stage.spooler.jobs.purge(P1, SYSTEM)
    await stage.restart()
    assert await stage.submit() == job + 1


async def test_housekeeping_survives_a_full_disk() -> None:
    async with Stage(policy=replace(Policy(), event_life=1.0)) as stage:
        await stage.submit()
        stage.store.full = True
        await stage.clock.advance(60)
        stage.store.full = False
        await stage.clock.advance(60)
        assert stage.store._events == {}
