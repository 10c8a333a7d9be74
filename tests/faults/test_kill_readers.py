"""The server is killed while events flow: who fetches and who waits has every event once, by its number."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message, decode, encode
from pagebell.ipp.registry import Op
from tests.asking import build, subscription_group
from tests.server import ServerProcess, wait_for

LIVES = 3
JOBS = 15
PAUSE = threading.Event()
"""Never set: a poller looks at it between two looks at the server."""
BROKEN = (OSError, http.client.HTTPException)


def post(server: ServerProcess, op: Op, *attributes: Attribute, groups: tuple[Group, ...] = ()) -> Message:
    body = encode(build(op, server.uri("PDF"), *attributes, groups=groups))
    with closing(http.client.HTTPConnection(server.authority, timeout=30)) as connection:
        connection.request("POST", "/ipp/print/PDF", body, {"Content-Type": "application/ipp"})
        answer = decode(connection.getresponse().read())[0]
    assert answer.code < 0x0100, answer
    return answer


class Reader:
    """Somebody who has a subscription, and all that it was told."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        wish = subscription_group(r.notify_events("job-created", "job-completed"))
        answer = post(server, Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=(wish,))
        self.id = answer.groups[1].get(r.notify_subscription_id) or 0
        self.told: list[tuple[int, str, int]] = []
        """Number, event and job."""

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
    server = ServerProcess(tmp_path, {"PDF": "null:"})
    readers: list[Reader] = []
    printed = 0
    for life in range(LIVES):
        server.start()
        if life == 0:
            readers = [Reader(server) for _ in range(2)]
        threads = [threading.Thread(target=readers[0].poll), threading.Thread(target=readers[1].wait)]
        for thread in threads:
            thread.start()
        for _ in range(JOBS):
            post(server, Op.CREATE_JOB)
            printed += 1
        server.kill()  # while the readers read
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
    with server:
        wait_for(lambda: all(caught_up(reader, printed) for reader in readers), "all events")
    assert readers[0].told == readers[1].told
    assert [job for _, event, job in readers[0].told if event == "job-created"] == list(range(1, printed + 1))


def caught_up(reader: Reader, printed: int) -> bool:
    reader.fetch()
    return sum(event == "job-created" for _, event, _ in reader.told) >= printed
