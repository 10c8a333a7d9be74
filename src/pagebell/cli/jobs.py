"""The commands about jobs: list, cancel, hold, release, restart."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter
from rich.text import Text

from pagebell.cli.connection import LOCAL, Connection, run
from pagebell.cli.console import print_table, table
from pagebell.cli.failures import UsageError, sentence
from pagebell.cli.text import plain_text
from pagebell.cli.words import STATES, outcome
from pagebell.ipp.client import WhichJobs
from pagebell.ipp.errors import IppError, Unsupported
from pagebell.ipp.registry import JobState
from pagebell.ipp.results import JobInfo
from pagebell.winspool.client.errors import WindowsError

if TYPE_CHECKING:
    from pagebell.cli.connection import PrintClient

_STYLES: Final = {
    JobState.PROCESSING: "bold",
    JobState.PROCESSING_STOPPED: "yellow",
    JobState.ABORTED: "red",
    JobState.CANCELED: "dim",
    JobState.COMPLETED: "green",
}


def jobs(
    printer: str = "",
    /,
    *,
    all_jobs: Annotated[bool, Parameter(name="--all", negative="")] = False,
    completed: Annotated[bool, Parameter(negative="")] = False,
    mine: Annotated[bool, Parameter(negative="")] = False,
    connection: Connection = LOCAL,
) -> int:
    """List jobs: those that wait and print, or --completed ones, or --all.

    Parameters
    ----------
    printer
        Only this printer's jobs: its name on the server, or any printer's address.
    all_jobs
        Finished jobs too.
    completed
        Finished jobs only.
    mine
        Only your own jobs.
    """
    which: WhichJobs = "all" if all_jobs else "completed" if completed else "not-completed"

    async def work() -> list[JobInfo]:
        async with connection.any(printer) as client:
            return await _list(client, which, mine)

    rows = table("ID", "Name", "Owner", "Printer", "State", "Pages", "When", right=("ID", "Pages"))
    for job in run(work):
        rows.add_row(*_row(job, datetime.now().astimezone()))
    return print_table(rows, "No jobs." if which != "not-completed" else "No jobs wait or print.")


async def _list(client: PrintClient, which: WhichJobs, mine: bool) -> list[JobInfo]:
    """Jobs in the order of their numbers; a printer that cannot list all is asked for both kinds."""
    try:
        found = await client.jobs(which, mine=mine)
    except Unsupported:
        if which != "all":
            raise
        found = await client.jobs("not-completed", mine=mine) + await client.jobs("completed", mine=mine)
    return sorted(found, key=lambda job: job.id)


def _row(job: JobInfo, now: datetime) -> list[str | Text]:
    state = outcome(job).rstrip(".") if job.state == JobState.ABORTED else STATES.get(job.state, "unknown")
    done, total = job.impressions_completed, job.impressions
    count = (
        ""
        if not done and not total
        else str(total or done)
        if job.is_final
        else f"{done or 0}/{total or '?'}"
    )
    if job.is_final and total and done is not None and done != total:
        count = f"{done}/{total}"
    return [
        str(job.id),
        plain_text(job.name).rstrip("."),
        plain_text(job.owner).rstrip("."),
        job.printer_name,
        Text(state, style=_STYLES.get(job.state, "")),
        count,
        when(job.completed or job.created, now),
    ]


def when(moment: datetime | None, now: datetime) -> str:
    """A point in time as short as it can be said: today's by the clock, others by the date."""
    if moment is None:
        return ""
    local = moment.astimezone(now.tzinfo)
    return f"{local:%H:%M:%S}" if local.date() == now.date() else f"{local:%Y-%m-%d %H:%M}"


def cancel(
    *ids: int,
    all_jobs: Annotated[bool, Parameter(name="--all", negative="")] = False,
    connection: Connection = LOCAL,
) -> int:
    """Cancel jobs by their numbers, or all jobs that wait and print.

    Parameters
    ----------
    ids
        Job numbers, as 'pagebell jobs' shows them.
    all_jobs
        All jobs that wait and print.
    """
    return _each(ids, connection, lambda client, job: client.cancel(job), "cancelled", everything=all_jobs)


def hold(*ids: int, connection: Connection = LOCAL) -> int:
    """Keep waiting jobs from printing, until they are released.

    Parameters
    ----------
    ids
        Job numbers, as 'pagebell jobs' shows them.
    """
    return _each(ids, connection, lambda client, job: client.hold(job), "held")


def release(*ids: int, connection: Connection = LOCAL) -> int:
    """Let held jobs print.

    Parameters
    ----------
    ids
        Job numbers, as 'pagebell jobs' shows them.
    """
    return _each(ids, connection, lambda client, job: client.release(job), "released")


def restart(*ids: int, connection: Connection = LOCAL) -> int:
    """Print finished jobs again, while the server still has their documents.

    Parameters
    ----------
    ids
        Job numbers, as 'pagebell jobs --completed' shows them.
    """
    return _each(ids, connection, lambda client, job: client.restart(job), "restarted")


def _each(
    ids: tuple[int, ...],
    connection: Connection,
    act: Callable[[PrintClient, int], Awaitable[None]],
    done: str,
    *,
    everything: bool = False,
) -> int:
    """Do one thing with each job; one that fails does not keep the others from it."""
    if not ids and not everything:
        raise UsageError("No job was named. 'pagebell jobs' shows their numbers.")

    async def work() -> int:
        failed = 0
        async with connection.any() as client:
            numbers = ids or [job.id for job in await client.jobs()]
            for number in numbers:
                try:
                    await act(client, number)
                    print(f"Job {number} is {done}.")
                except (IppError, WindowsError) as error:
                    failed += 1
                    print(f"pagebell: Job {number}: {sentence(error)}", file=sys.stderr)
            if not numbers:
                print("No jobs wait or print.")
        return 1 if failed else 0

    return run(work)
