"""The server is killed while events flow: every reader at every door has every event once, by its number.

Readers fetch, wait, and read server-sent events, of subscriptions of every scope and of the log; webhooks are posted.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message, decode, encode
from pagebell.ipp.registry import Op
from tests.asking import build, job_id, subscription_group
from tests.server import ServerProcess, wait_for

LIVES = 3
JOBS = 15
PAUSE = threading.Event()
"""Never set: a poller looks at it between two looks at the server."""
BROKEN = (OSError, http.client.HTTPException)
SETTINGS = """
[couriers.webhook]
allow = ["127.0.0.1/32"]
"""
WANTED = r.notify_events("job-created", "job-completed")
Told = tuple[int, str, int]
"""Number, event and job."""


def post(
    server: ServerProcess,
    op: Op,
    *attributes: Attribute,
    groups: tuple[Group, ...] = (),
    data: bytes = b"",
    uri: str = "",
) -> Message:
    body = encode(build(op, uri or server.uri("PDF"), *attributes, groups=groups)) + data
    with closing(http.client.HTTPConnection(server.authority, timeout=30)) as connection:
        connection.request("POST", "/ipp/print/PDF", body, {"Content-Type": "application/ipp"})
        answer = decode(connection.getresponse().read())[0]
    assert answer.code < 0x0100, answer
    return answer


class Reader:
    """Somebody who has a subscription, and all that it was told."""

    def __init__(self, server: ServerProcess, number: int) -> None:
        self.server = server
        self.id = number
        self.told: list[Told] = []

    @property
    def ask(self) -> tuple[Attribute, ...]:
        """From the next number on."""
        return r.notify_subscription_ids(self.id), r.notify_sequence_numbers(len(self.told) + 1)

    def take(self, message: Message) -> None:
        for group in message.groups_of(GroupTag.EVENT_NOTIFICATION):
            number, job = group.get(r.notify_sequence_number), group.get(r.job_id)
            assert number == len(self.told) + 1, "each once, in order, without a hole"
            self.told.append((number, group.get(r.notify_subscribed_event) or "", job or 0))

    def fetch(self) -> None:
        """All that there is now."""
        self.take(post(self.server, Op.GET_NOTIFICATIONS, *self.ask))

    def poll(self) -> None:
        """Fetch until the server is gone."""
        with suppress(*BROKEN):
            while not PAUSE.wait(0.02):
                self.fetch()

    def wait(self) -> None:
        """Read parts as they come, until the server is gone (RFC 3996 11)."""
        connection = http.client.HTTPConnection(self.server.authority, timeout=30)
        with suppress(*BROKEN), closing(connection):
            request = build(Op.GET_NOTIFICATIONS, self.server.uri("PDF"), *self.ask, r.notify_wait(True))
            connection.request("POST", "/ipp/print/PDF", encode(request), {"Content-Type": "application/ipp"})
            for message in parts_of(connection.getresponse()):
                self.take(message)

    def stream(self) -> None:
        """Read server-sent events from the last one on, until the server is gone."""
        for number, data in sent(self.server, f"/events?subscription={self.id}", len(self.told)):
            assert number == data["number"] == len(self.told) + 1, "each once, in order, without a hole"
            self.told.append((number, data["event"], data["job"]["id"]))


@dataclass
class LogReader:
    """Somebody without a subscription, whose place is a number of the log."""

    server: ServerProcess
    place: int
    jobs: list[int] = field(default_factory=list)

    def stream(self) -> None:
        """Read on, until the server is gone."""
        for place, data in sent(self.server, "/events?printer=PDF&events=job-created", self.place):
            assert place > self.place, "each once, in order"
            self.place = place
            self.jobs.append(data["job"]["id"])


def sent(server: ServerProcess, path: str, after: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Places and data of the server-sent events after that place, until the connection breaks."""
    connection = http.client.HTTPConnection(server.authority, timeout=30)
    with suppress(*BROKEN), closing(connection):
        connection.request("GET", path, headers={"Last-Event-ID": str(after), "Requesting-User-Name": "ada"})
        answer, data = connection.getresponse(), ""
        assert answer.status == 200, answer.read()
        while line := answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            assert (name, value) != ("event", "gap")
            if name == "data":
                data = value
            elif name == "id" and data:  # what has no data is a place, and no event
                yield int(value), json.loads(data)
                data = ""


@dataclass
class Recipient:
    """Where webhooks are posted: what is sent twice has the same id, and counts once."""

    uri: str = ""
    told: dict[str, Told] = field(default_factory=dict)

    def take(self, number: int, name: str, body: dict[str, Any]) -> None:
        happened = body["data"]["happened"]
        told = (number, happened["event"], happened["job"]["id"])
        assert "gap" not in body
        assert self.told.setdefault(name, told) == told
        assert number <= len(self.told), "in order: none before the one that it follows"


@contextmanager
def recipient() -> Iterator[Recipient]:
    it = Recipient()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            it.take(body["data"]["subscription"]["number"], self.headers["webhook-id"], body)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        it.uri = f"http://127.0.0.1:{listening.server_port}/hook"
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield it
        finally:
            listening.shutdown()
            thread.join()


def subscribe(server: ServerProcess, wish: Group) -> int:
    return number_of(post(server, Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=(wish,)))


def of_printer(server: ServerProcess) -> Reader:
    return Reader(server, subscribe(server, subscription_group(WANTED)))


def of_server(server: ServerProcess) -> Reader:
    uri = f"ipp://{server.authority}/ipp/system"
    answer = post(server, Op.CREATE_SYSTEM_SUBSCRIPTIONS, groups=(subscription_group(WANTED),), uri=uri)
    return Reader(server, number_of(answer))


def print_job(server: ServerProcess) -> tuple[int, Reader]:
    """A job, and a reader of its own."""
    answer = post(server, Op.PRINT_JOB, groups=(subscription_group(WANTED),), data=b"x")
    return job_id(answer), Reader(server, number_of(answer))


def number_of(answer: Message) -> int:
    number = answer.groups_of(GroupTag.SUBSCRIPTION)[0].get(r.notify_subscription_id)
    assert number is not None, str(answer)
    return number


def parts_of(answer: http.client.HTTPResponse) -> Iterator[Message]:
    """Each part as soon as all of it is there: it ends where the next begins, or the answer does."""
    boundary = b"--" + (answer.headers.get_param("boundary") or "").encode()
    octets = b""
    while chunk := answer.read1():
        octets += chunk
        while (head := octets.find(b"\r\n\r\n")) >= 0:
            try:
                message, end = decode(octets[head + 4 :])
            except ValueError:
                break  # the rest of it is on its way
            assert octets.startswith(boundary)
            yield message
            octets = octets[head + 4 + end :].removeprefix(b"\r\n")


@pytest.mark.timeout(200)
def test_every_reader_has_every_event_once_in_three_lives(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, {"PDF": "null:"}, settings=SETTINGS)
    with recipient() as hook:
        server.start()
        subscribe(server, Group.of(GroupTag.SUBSCRIPTION, r.notify_recipient_uri(hook.uri), WANTED))
        readers = poller, waiter, streamer = of_printer(server), of_printer(server), of_printer(server)
        readers += (at_server := of_server(server),)
        log = LogReader(server, 0)
        jobs: dict[int, Reader] = {}
        for life in range(LIVES):
            if life > 0:
                server.start()
            reads = (poller.poll, waiter.wait, streamer.stream, at_server.wait, log.stream)
            threads = [threading.Thread(target=read) for read in reads]
            for thread in threads:
                thread.start()
            before = heard(readers, log, hook)
            for number in range(JOBS):
                job, reader = print_job(server)
                jobs[job] = reader
                if number == 0:  # everybody is at it
                    wait_for(lambda then=before: more(heard(readers, log, hook), then), "all readers")  # type: ignore[misc]
            server.kill()  # while they read
            for thread in threads:
                thread.join(30)
                assert not thread.is_alive()
        with server:
            reading = threading.Thread(target=log.stream)
            reading.start()
            wait_for(lambda: all(caught_up(reader, len(jobs)) for reader in readers), "all events")
            wait_for(lambda: len(hook.told) == len(poller.told), "all webhooks")
            wait_for(lambda: len(log.jobs) == len(jobs), "all of the log")
            for reader in jobs.values():
                reader.fetch()
        reading.join(30)
    assert poller.told == waiter.told == streamer.told == at_server.told == sorted(hook.told.values())
    assert log.jobs == list(range(1, len(jobs) + 1))
    assert [job for _, event, job in poller.told if event == "job-created"] == log.jobs
    for job, reader in jobs.items():
        assert reader.told == [(1, "job-created", job), (2, "job-completed", job)]


def heard(readers: Sequence[Reader], log: LogReader, hook: Recipient) -> list[int]:
    """How many events each has."""
    return [*(len(reader.told) for reader in readers), len(log.jobs), len(hook.told)]


def more(now: list[int], then: list[int]) -> bool:
    return all(a > b for a, b in zip(now, then, strict=True))


def caught_up(reader: Reader, printed: int) -> bool:
    reader.fetch()
    return sum(event == "job-completed" for _, event, _ in reader.told) >= printed
