"""Clients of the notification service, for measuring: they make subscriptions, wait for events, or poll for them."""

from __future__ import annotations

import asyncio
import select
import socket
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from bench.arrivals import ask_for_stamps, gathered, received
from bench.load import read_answer
from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message, decode, encode
from pagebell.ipp.registry import Op

GROUPS = 20
"""Subscriptions asked for in one request."""
EVENTS = (
    ("job-completed", "job-state-changed"),
    ("job-created", "printer-state-changed"),
    ("job-completed", "job-progress", "printer-stopped"),
    ("printer-config-changed",),
)
"""What subscribers want, in turn."""


def ask(uri: str, op: Op, *attributes: Attribute, groups: Sequence[Group] = ()) -> bytes:
    """The octets of a whole HTTP request."""
    group = Group.of(
        GroupTag.OPERATION,
        r.attributes_charset("utf-8"),
        r.attributes_natural_language("en"),
        r.printer_uri(uri),
        r.requesting_user_name("bench"),
        *attributes,
    )
    body = encode(Message((2, 0), op, 1, [group, *groups]))
    parts = urlsplit(uri)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/ipp\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def template(events: Sequence[str], *, lease: bool = True) -> Group:
    """What a subscription is asked for with."""
    group = Group.of(GroupTag.SUBSCRIPTION, r.notify_pull_method("ippget"), r.notify_events(*events))
    return group.add(r.notify_lease_duration(3600)) if lease else group


class Line:
    """One keep-alive connection to a printer."""

    def __init__(self, uri: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.uri = uri
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, uri: str) -> Line:
        """Connect."""
        parts = urlsplit(uri)
        return cls(uri, *await asyncio.open_connection(parts.hostname, parts.port, limit=2**24))

    async def ask(self, op: Op, *attributes: Attribute, groups: Sequence[Group] = ()) -> Message:
        """Ask, and read the answer; whatever is no success ends the measurement."""
        return await self.send(op, ask(self.uri, op, *attributes, groups=groups))

    async def send(self, op: Op, octets: bytes) -> Message:
        """Ask what was put into octets before."""
        self._writer.write(octets)
        message = decode(await read_answer(self._reader))[0]
        if message.code > 0xFF:
            raise SystemExit(f"{op.name}: {message}")
        return message

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def subscribe(uri: str, count: int, jobs: Sequence[int] = (), groups: int = GROUPS) -> float:
    """Make so many subscriptions, every other request for a job's where there are jobs; returns how many a second."""
    left = count

    async def one() -> None:
        nonlocal left
        line = await Line.open(uri)
        while left > 0:
            size, left = min(groups, left), left - groups
            turn = left // groups
            of_job = bool(jobs) and turn % 2 == 1
            wanted = [template(EVENTS[(turn + i) % len(EVENTS)], lease=not of_job) for i in range(size)]
            if of_job:
                await line.ask(
                    Op.CREATE_JOB_SUBSCRIPTIONS, r.notify_job_id(jobs[turn % len(jobs)]), groups=wanted
                )
            else:
                await line.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=wanted)
        line.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(8)))
    return count / (time.perf_counter() - begun)


async def ids_of_new(uri: str, count: int, events: Sequence[str]) -> list[int]:
    """Make so many subscriptions of a printer; returns their ids."""
    line, found = await Line.open(uri), []
    while len(found) < count:
        wanted = [template(events)] * min(GROUPS, count - len(found))
        answer = await line.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=wanted)
        for group in answer.groups_of(GroupTag.SUBSCRIPTION):
            number = group.get(r.notify_subscription_id)
            assert number is not None
            found.append(number)
    line.close()
    return found


class Crowd:
    """Readers that wait, each on a connection of its own."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._readable = select.epoll()
        self._members: dict[int, socket.socket] = {}

    def gather(self, ids: Sequence[int]) -> None:
        """Connect them and let them wait."""
        parts = urlsplit(self._uri)
        for number in ids:
            octets = ask(
                self._uri, Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number), r.notify_wait(True)
            )
            member = socket.create_connection((parts.hostname, parts.port))
            ask_for_stamps(member)
            member.sendall(octets)
            self._members[member.fileno()] = member
            self._readable.register(member, select.EPOLLIN)
        gathered(len(ids), self._parts)

    async def burst(self, line: Line, op: Op) -> list[float]:
        """Let something happen; returns after how many milliseconds each of them was told."""
        octets, begun = ask(line.uri, op), time.time()
        await line.send(op, octets)
        return [(at - begun) * 1e3 for at in gathered(len(self._members), self._parts)]

    def _parts(self) -> Iterator[float]:
        """When the parts came that have come: one ends with an empty line after the message, more is not looked at."""
        for descriptor, _ in self._readable.poll(0, len(self._members)):
            data, at = received(self._members[descriptor])
            if b"application/ipp\r\n\r\n" in data:
                yield at

    def close(self) -> None:
        """They all hang up."""
        for member in self._members.values():
            member.close()
        self._readable.close()
