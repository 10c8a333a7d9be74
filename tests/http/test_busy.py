"""What other servers break at: an upload behind a backlog of jobs, and a good many connections at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from pagebell.ipp import registry as r
from pagebell.ipp.codec import GroupTag, encode
from pagebell.ipp.registry import Op, Status
from tests.asking import Asker, build, job_group, subscription_group
from tests.server import ServerProcess

MEGABYTE = bytes(range(256)) * 4096
SIZE = 50
BACKLOG = 300
CONNECTIONS = 32
JOBS_EACH = 4
HELD = job_group(r.job_hold_until("indefinite"))


def processor(server: ServerProcess) -> float:
    """Seconds of processor time that the server has used so far."""
    times = psutil.Process(server.process.pid).cpu_times()
    return times.user + times.system


def upload(server: ServerProcess, ask: Asker) -> float:
    """Send a large document; returns the processor time that it took the server."""
    request = encode(build(Op.PRINT_JOB, server.uri("Null"), groups=[HELD]))

    def pieces() -> Iterator[bytes]:
        yield request
        yield from [MEGABYTE] * SIZE

    before = processor(server)
    length = str(len(request) + SIZE * len(MEGABYTE))
    assert ask.post(pieces(), **{"Content-Length": length}).code == Status.SUCCESSFUL_OK
    return processor(server) - before


def test_upload_costs_no_more_behind_a_backlog_of_jobs(tmp_path: Path) -> None:
    """Elsewhere 50 MB come at 11 MB/s where many jobs wait."""
    with ServerProcess(tmp_path, devices={"Null": "null:"}) as server, Asker(server.authority) as ask:
        upload(server, ask)  # what is loaded at the first job is loaded now
        alone = upload(server, ask)
        for _ in range(BACKLOG):
            assert ask.ask(Op.PRINT_JOB, groups=[HELD], data=b"x").code == Status.SUCCESSFUL_OK
        assert upload(server, ask) < 2 * alone + 0.5


def test_many_connections_at_once_are_all_served(tmp_path: Path) -> None:
    """Elsewhere sixteen are enough for a crash."""

    def client(number: int) -> set[int]:
        with Asker(server.authority) as ask:
            wish = subscription_group(r.notify_events("job-completed"))
            answer = ask.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[wish], user=f"user{number}")
            group = answer.group(GroupTag.SUBSCRIPTION)
            assert group is not None
            ids = r.notify_subscription_ids(group.get(r.notify_subscription_id) or 0)
            for _ in range(JOBS_EACH):
                answer = ask.ask(Op.PRINT_JOB, data=b"x" * 10_000, user=f"user{number}")
                assert answer.code == Status.SUCCESSFUL_OK, str(answer)
                ask.ask(Op.GET_JOBS)
                answer = ask.ask(Op.GET_NOTIFICATIONS, ids, user=f"user{number}")
                assert answer.code == Status.SUCCESSFUL_OK, str(answer)
            found = ask.ask(Op.GET_JOBS, r.which_jobs("all"), r.my_jobs(True), user=f"user{number}")
            return {job.get(r.job_id) or 0 for job in found.groups_of(GroupTag.JOB)}

    with ServerProcess(tmp_path, devices={"Null": "null:"}) as server:
        with ThreadPoolExecutor(CONNECTIONS) as clients:
            jobs = list(clients.map(client, range(CONNECTIONS)))
        assert all(len(own) == JOBS_EACH for own in jobs)
        assert len(set().union(*jobs)) == CONNECTIONS * JOBS_EACH
        assert server.process.poll() is None
