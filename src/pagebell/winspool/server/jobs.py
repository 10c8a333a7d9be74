"""Jobs: list, tell, hold, release, cancel, restart, change. [MS-RPRN] 3.1.4.3"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from pagebell.dcerpc.service import Caller
from pagebell.model.access import Principal
from pagebell.model.event import JobId
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.spooler.changing import JobWish
from pagebell.spooler.ports import JobQuery
from pagebell.winspool import infos
from pagebell.winspool.buffers import Info
from pagebell.winspool.constants import HIGHEST_PRIORITY, LOWEST_PRIORITY, JobControl
from pagebell.winspool.idl.containers import JOB_CONTAINER
from pagebell.winspool.idl.rprn import RpcEnumJobs, RpcGetJob, RpcSetJob
from pagebell.winspool.idl.types import JOB_INFO_1, JOB_INFO_2, JOB_INFO_3, Result
from pagebell.winspool.server.describe import JOB_KINDS, job_info
from pagebell.winspool.server.desk import Desk, Opened
from pagebell.winspool.server.table import Table, fill, offered
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
MOST_JOBS = 10_000
"""Jobs of one answer."""


def _kind(level: int) -> type[Info]:
    if level not in JOB_KINDS:
        raise Win32Error(Win32.INVALID_LEVEL)
    return JOB_KINDS[level]


@calls.answers_to(RpcEnumJobs)
async def enum_jobs(desk: Desk, caller: Caller, call: RpcEnumJobs) -> RpcEnumJobs.Reply:
    """[MS-RPRN] 3.1.4.3.3: the jobs that are not finished, in the order in which they print."""
    _, printer = desk.printer(caller, call.hPrinter)
    kind = _kind(call.Level)
    offered(call.pJob, call.cbBuf)
    query = JobQuery(printer=printer.name, offset=call.FirstJob, limit=min(call.NoJobs, MOST_JOBS))
    jobs = await desk.spooler.jobs.list(query)
    if call.Level == 3:
        numbers = [*(job.id for job in jobs[1:]), 0]
        found: list[Info] = [
            infos.JOB_INFO_3(JobId=job.id, NextJobId=after) for job, after in zip(jobs, numbers, strict=False)
        ]
    else:
        by = await desk.by(caller)
        places = enumerate([desk.spooler.dialogs.told(job, by) for job in jobs], call.FirstJob + 1)
        found = [job_info(desk, job, printer, place, call.Level) for place, job in places]
    filled = fill(call.pJob, call.cbBuf, kind, found)
    return RpcEnumJobs.Reply(
        pJob=filled.buffer, pcbNeeded=filled.needed, pcReturned=filled.returned, result=filled.result
    )


@calls.answers_to(RpcGetJob)
async def get_job(desk: Desk, caller: Caller, call: RpcGetJob) -> RpcGetJob.Reply:
    """[MS-RPRN] 3.1.4.3.2; also of a finished job, while it is remembered."""
    kind = _kind(call.Level)
    offered(call.pJob, call.cbBuf)
    printer, job = await job_of(desk, desk.opened(caller, call.hPrinter), call.JobId)
    if call.Level == 3:
        following = await _after(desk, job)
        found: Info = infos.JOB_INFO_3(JobId=job.id, NextJobId=following)
    else:
        told = desk.spooler.dialogs.told(job, await desk.by(caller))
        found = job_info(desk, told, printer, desk.spooler.jobs.ahead(job) + 1, call.Level)
    filled = fill(call.pJob, call.cbBuf, kind, [found])
    return RpcGetJob.Reply(pJob=filled.buffer, pcbNeeded=filled.needed, result=filled.result)


async def _after(desk: Desk, job: Job) -> int:
    place = desk.spooler.jobs.ahead(job) + 1
    following = await desk.spooler.jobs.list(JobQuery(printer=job.printer, offset=place, limit=1))
    return following[0].id if following and not job.state.is_final else 0


async def job_of(desk: Desk, opened: Opened, number: int) -> tuple[Printer, Job]:
    """A job by what was opened and its number, and its printer. Raises NotFound, Win32Error."""
    job = await desk.spooler.jobs.job(JobId(number))
    if opened.printer_id not in (None, job.printer_id):
        raise Win32Error(Win32.INVALID_PARAMETER)
    if opened.monitor is not None or (opened.job is not None and opened.job != job.id):
        raise Win32Error(Win32.INVALID_PARAMETER)
    return desk.spooler.printers.printer(job.printer), job


# ---------------------------------------------------------------- changing


async def _pause(desk: Desk, job: Job, by: Principal) -> None:
    await desk.spooler.jobs.hold(job.id, by)


async def _resume(desk: Desk, job: Job, by: Principal) -> None:
    if job.is_suspended:
        await desk.spooler.queue.resume(job.id, by)
    else:
        await desk.spooler.jobs.release(job.id, by)


async def _cancel(desk: Desk, job: Job, by: Principal) -> None:
    await desk.spooler.jobs.cancel(job.id, by)


async def _restart(desk: Desk, job: Job, by: Principal) -> None:
    await desk.spooler.jobs.restart(job.id, by)


async def _nothing(desk: Desk, job: Job, by: Principal) -> None:
    """Documents of printed jobs are kept anyhow, and for as long as the server's configuration says."""


_COMMANDS: dict[int, Callable[[Desk, Job, Principal], Awaitable[None]]] = {
    JobControl.NONE: _nothing,
    JobControl.PAUSE: _pause,
    JobControl.RESUME: _resume,
    JobControl.CANCEL: _cancel,
    JobControl.DELETE: _cancel,
    JobControl.RESTART: _restart,
    JobControl.RETAIN: _nothing,
    JobControl.RELEASE: _nothing,
}


@calls.answers_to(RpcSetJob)
async def set_job(desk: Desk, caller: Caller, call: RpcSetJob) -> Result:
    """[MS-RPRN] 3.1.4.3.1: first what the job is to be, then what is to become of it."""
    _, job = await job_of(desk, desk.opened(caller, call.hPrinter), call.JobId)
    by = await desk.by(caller)
    command = _COMMANDS.get(call.Command)
    if command is None or (call.Command == JobControl.NONE and call.pJobContainer is None):
        raise Win32Error(Win32.INVALID_PARAMETER)
    if call.pJobContainer is not None:
        await _change(desk, job, call.pJobContainer, by)
    await command(desk, job, by)
    return Result()


async def _change(desk: Desk, job: Job, container: JOB_CONTAINER, by: Principal) -> None:
    """Give a job another name, priority or place; its other members can't be set. [MS-RPRN] 3.1.4.3.1"""
    info = container.JobInfo
    if container.Level == 0:
        return
    if info is None:
        raise Win32Error(Win32.INVALID_LEVEL if container.Level not in JOB_KINDS else Win32.INVALID_PARAMETER)
    if isinstance(info, JOB_INFO_3):
        await desk.spooler.queue.schedule_after(JobId(info.NextJobId), job.id, by)
        return
    assert isinstance(info, JOB_INFO_1 | JOB_INFO_2)
    if info.Priority and not LOWEST_PRIORITY <= info.Priority <= HIGHEST_PRIORITY:
        raise Win32Error(Win32.INVALID_PRIORITY)
    wish = JobWish(name=info.pDocument if info.pDocument not in (None, job.name) else None)
    if info.Priority and info.Priority != min(job.priority, HIGHEST_PRIORITY):
        wish = replace(wish, ticket=replace(job.ticket, job_priority=info.Priority))
    if wish != JobWish():
        await desk.spooler.jobs.change(job.id, wish, by)
    await _move(desk, job, info.Position, by)


async def _move(desk: Desk, job: Job, position: int, by: Principal) -> None:
    """Put a job at a place in its queue, counted from 1; 0 leaves it where it is."""
    place = desk.spooler.jobs.ahead(job) + 1
    if position in (0, place):
        return
    if position == 1:
        await desk.spooler.queue.promote(job.id, by)
        return
    others = await desk.spooler.jobs.list(JobQuery(printer=job.printer, limit=position))
    before = [other for other in others if other.id != job.id][: position - 1]
    if before:
        await desk.spooler.queue.schedule_after(job.id, before[-1].id, by)
