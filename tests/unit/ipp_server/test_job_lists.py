"""Get-Jobs: which jobs, whose, of which printer, how many and from where on (RFC 8011 4.2.6, PWG 5100.7)."""

from __future__ import annotations

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, GroupTag
from pagebell.ipp.registry import JobState, Op
from pagebell.ipp.registry import Status as S
from tests.unit.ipp_server.door import ADMIN, P1, Door, first, status


async def listed(d: Door, *attributes: Attribute, path: str = P1, user: str = "ada") -> list[int]:
    answer = await d.ask(Op.GET_JOBS, *attributes, path=path, user=user)
    assert status(answer) is S.SUCCESSFUL_OK
    return [group.get(r.job_id) or 0 for group in answer.groups_of(GroupTag.JOB)]


async def play_four_jobs(d: Door) -> None:
    """Job 1 is completed, 2 canceled, 3 is printing, 4 held, 5 is bob's and waits at p2."""
    await d.completed()
    await d.ask(Op.CANCEL_JOB, r.job_id(await d.held()))
    await d.printing()
    await d.held()
    await d.add("p2")
    await d.ask(Op.CREATE_JOB, path="/ipp/print/p2", user="bob")


LISTS: list[tuple[list[Attribute], str, list[int]]] = [
    ([], P1, [3, 4]),
    ([r.which_jobs("not-completed")], P1, [3, 4]),
    ([r.which_jobs("completed")], P1, [2, 1]),
    ([r.which_jobs("all")], P1, [3, 4, 2, 1]),
    ([r.which_jobs("canceled")], P1, [2]),
    ([r.which_jobs("aborted")], P1, []),
    ([r.which_jobs("processing")], P1, [3]),
    ([r.which_jobs("pending-held")], P1, [4]),
    ([r.which_jobs("pending")], P1, []),
    ([r.limit(1)], P1, [3]),
    ([r.limit(1), r.first_index(2)], P1, [4]),
    ([r.which_jobs("all"), r.limit(2), r.first_index(2)], P1, [4, 2]),
    ([r.which_jobs("all"), r.first_index(9)], P1, []),
    ([r.which_jobs("completed"), r.first_index(2)], P1, [1]),
    ([r.job_ids(4, 1)], P1, [4, 1]),
    ([], "/", [3, 4, 5]),
    ([], "/printers/", [3, 4, 5]),
    ([], "/ipp/print", [3, 4]),
    ([], "/ipp/print/p2", [5]),
    ([r.my_jobs(True)], "/", [3, 4]),
    ([r.first_job_id(4)], "/", [4, 5]),
    ([r.first_job_id(4), r.limit(1)], "/", [4]),
]


async def test_get_jobs_lists_those_that_were_asked_for(d: Door) -> None:
    await play_four_jobs(d)
    for attributes, path, expected in LISTS:
        assert await listed(d, *attributes, path=path) == expected, ([str(a) for a in attributes], path)


async def test_get_jobs_tells_id_and_uri_unless_more_is_asked_for(d: Door) -> None:
    await d.held()
    assert set(first(await d.ask(Op.GET_JOBS), GroupTag.JOB).attributes) == {"job-id", "job-uri"}
    answer = await d.ask(Op.GET_JOBS, r.requested_attributes("job-state", "job-name"))
    job = first(answer, GroupTag.JOB)
    assert set(job.attributes) == {"job-state", "job-name"}
    assert job.get(r.job_state) is JobState.PENDING_HELD


async def test_cancel_my_jobs_leaves_those_of_others_alone(d: Door) -> None:
    await play_four_jobs(d)
    await d.ask(Op.CANCEL_MY_JOBS, path="/", user="bob")
    assert await listed(d, path="/") == [3, 4]
    assert status(await d.ask(Op.CANCEL_MY_JOBS, r.job_ids(4), user="bob")) is S.CLIENT_ERROR_NOT_FOUND
    await d.ask(Op.CANCEL_JOBS, path="/", user=ADMIN)
    assert await listed(d, path="/") == []
