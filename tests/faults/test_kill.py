"""The server is killed in the middle of its work, again and again: nothing acknowledged is ever lost.

Twenty lives of one server. In each, clients print documents of all sizes at full speed until enough of them
are acknowledged; then the process gets SIGKILL. In its next life every acknowledged job must be there and come
out of the printer whole, and a subscriber goes on at the next number.
"""

from __future__ import annotations

import hashlib
import http.client
import random
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message, decode, encode
from pagebell.ipp.registry import JobState, Op
from tests.server import ServerProcess, wait_for

LIVES = 20
CLIENTS = 6
BROKEN = (OSError, http.client.HTTPException)


def ask(
    connection: http.client.HTTPConnection,
    op: Op,
    uri: str,
    *attributes: Attribute,
    more: tuple[Group, ...] = (),
    document: bytes = b"",
) -> Message:
    group = Group.of(
        GroupTag.OPERATION,
        r.attributes_charset("utf-8"),
        r.attributes_natural_language("en"),
        r.printer_uri(uri),
    )
    group.add(r.requesting_user_name("kim"), *attributes)
    octets = encode(Message((2, 0), op, 1, [group, *more])) + document
    connection.request("POST", "/ipp/print", octets, {"Content-Type": "application/ipp"})
    answer = decode(connection.getresponse().read())[0]
    assert answer.code < 0x0100, answer
    return answer


@dataclass
class Clients:
    """Print until told to stop, and remember what was acknowledged."""

    server: ServerProcess
    seed: int
    acknowledged: dict[int, str] = field(default_factory=dict)
    """SHA-256 of the document, by job-id."""
    enough: threading.Event = field(default_factory=threading.Event)

    def run(self, wanted: int) -> None:
        threads = [threading.Thread(target=self._one, args=(n, wanted)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        assert self.enough.wait(60), self.server.log
        self.server.kill()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()

    def _one(self, n: int, wanted: int) -> None:
        dice = random.Random(f"{self.seed} {n}")
        connection = http.client.HTTPConnection(self.server.authority, timeout=30)
        with suppress(*BROKEN):
            for number in count():
                size = dice.choice([0, 10, 4_000, 70_000, 1_500_000])
                document = dice.randbytes(size)
                self._print(connection, f"{self.seed}-{n}-{number}", document, in_two=dice.random() < 0.2)
                if len(self.acknowledged) >= wanted:
                    self.enough.set()
        connection.close()

    def _print(
        self, connection: http.client.HTTPConnection, name: str, document: bytes, *, in_two: bool
    ) -> None:
        uri = self.server.uri("PDF")
        format_ = r.document_format("application/octet-stream")
        if in_two and document:
            job = ask(connection, Op.CREATE_JOB, uri, r.job_name(name)).groups[1].get(r.job_id)
            assert job is not None
            last = (r.job_id(job), format_, r.last_document(True))
            ask(connection, Op.SEND_DOCUMENT, uri, *last, document=document)
        else:
            answer = ask(connection, Op.PRINT_JOB, uri, r.job_name(name), format_, document=document)
            job = answer.groups[1].get(r.job_id)
            assert job is not None
        self.acknowledged[job] = hashlib.sha256(document).hexdigest()


def all_jobs(server: ServerProcess) -> dict[int, JobState]:
    connection = http.client.HTTPConnection(server.authority, timeout=30)
    answer = ask(
        *(connection, Op.GET_JOBS, server.uri("PDF"), r.which_jobs("all"), r.limit(10_000)),
        r.requested_attributes("job-id", "job-state"),
    )
    connection.close()
    jobs = {}
    for group in answer.groups_of(GroupTag.JOB):
        number, state = group.get(r.job_id), group.get(r.job_state)
        assert number is not None
        assert state is not None
        assert number not in jobs
        jobs[number] = state
    return jobs


def is_at_rest(server: ServerProcess, acknowledged: dict[int, str]) -> dict[int, JobState] | None:
    """All jobs, once those that were acknowledged are finished."""
    jobs = all_jobs(server)
    return jobs if all(jobs.get(n, JobState.COMPLETED) >= JobState.CANCELED for n in acknowledged) else None


class Subscriber:
    """Reads all of the printer's job events, by number."""

    def __init__(self, server: ServerProcess) -> None:
        template = Group.of(
            GroupTag.SUBSCRIPTION, r.notify_pull_method("ippget"), r.notify_events("job-completed")
        )
        connection = http.client.HTTPConnection(server.authority, timeout=30)
        uri = server.uri("PDF")
        answer = ask(connection, Op.CREATE_PRINTER_SUBSCRIPTIONS, uri, more=(template,))
        connection.close()
        number = answer.groups[1].get(r.notify_subscription_id)
        assert number is not None
        self.id = number
        self.next = 1

    def read(self, server: ServerProcess) -> None:
        """Each number once and in order, from the first on."""
        connection = http.client.HTTPConnection(server.authority, timeout=30)
        while True:
            answer = ask(
                *(connection, Op.GET_NOTIFICATIONS, server.uri("PDF"), r.notify_subscription_ids(self.id)),
                r.notify_sequence_numbers(self.next),
            )
            groups = answer.groups_of(GroupTag.EVENT_NOTIFICATION)
            for group in groups:
                assert group.get(r.notify_sequence_number) == self.next
                self.next += 1
            if not groups:
                break
        connection.close()


def check_output(output: Path, acknowledged: dict[int, str]) -> None:
    printed: dict[int, str] = {}
    for path in output.iterdir():
        number = path.name.partition("-")[0]
        if number.isdigit():
            printed[int(number)] = hashlib.sha256(path.read_bytes()).hexdigest()
    wrong = {number for number, digest in acknowledged.items() if printed.get(number) != digest}
    assert not wrong, f"acknowledged, but not printed as sent: jobs {sorted(wrong)[:10]}"


@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_in_twenty_lives(tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.mkdir()
    acknowledged: dict[int, str] = {}
    subscriber: Subscriber | None = None
    dice = random.Random(20)
    server = ServerProcess(tmp_path, {"PDF": output.as_uri()})
    for life in range(LIVES):
        server.output = ""
        server.__enter__()
        if subscriber is None:
            subscriber = Subscriber(server)
        subscriber.read(server)
        assert set(acknowledged) <= set(all_jobs(server)), "an acknowledged job is missing"
        clients = Clients(server, life)
        clients.run(wanted=dice.randint(5, 40))
        assert not set(acknowledged) & set(clients.acknowledged), "a job-id was given twice"
        acknowledged |= clients.acknowledged
    server.output = ""
    with server:
        jobs = wait_for(lambda: is_at_rest(server, acknowledged), "the acknowledged jobs to be printed", 60)
        assert {n: jobs.get(n) for n in acknowledged} == dict.fromkeys(acknowledged, JobState.COMPLETED)
        check_output(output, acknowledged)
        subscriber.read(server)
        assert subscriber.next > len(acknowledged)
    assert not list((server.state / "spool" / "incoming").iterdir())
    assert len(acknowledged) > LIVES * 5
