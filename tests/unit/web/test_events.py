"""Server-sent events: every one once, in order, from any place on, and nothing is kept for who is gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from httpx_sse._decoders import SSEDecoder

from pagebell.model.access import SYSTEM
from pagebell.model.dialog import Addressees, Statement
from pagebell.model.event import EventKind, JobId, PrinterId, PrinterName, ResourceId
from pagebell.model.subscription import SERVER, Filter, Scope
from pagebell.spooler.feed import HEARTBEAT
from pagebell.spooler.policy import Policy
from pagebell.web.site import site
from tests.unit.spooler.stage import ID1, ID2, P1, P2
from tests.unit.web.api import KNOWN, Web

ALL = frozenset(EventKind)
CREATED, RESOURCE_CREATED = frozenset({EventKind.JOB_CREATED}), frozenset({EventKind.RESOURCE_CREATED})
P3 = PrinterName("p3")
ID3 = PrinterId(3)


@pytest.fixture
async def w() -> AsyncIterator[Web]:
    async with Web(policy=Policy(housekeeping=1e9, event_life=60.0, max_readers=3)) as web:
        yield web


@dataclass
class Reading:
    """A client of /events."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    octets: bytes = b""
    ended: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.octets += message.get("body", b"")
            self.ended = not message.get("more_body", False)

    @property
    def events(self) -> list[tuple[str, int, dict[str, Any]]]:
        """Kind, id and data of each, as a reader that is not ours finds them."""
        decoder, found = SSEDecoder(), []
        for line in self.octets.decode().split("\n"):
            event = decoder.decode(line)
            if event is not None and event.data:
                found.append((event.event, int(event.id), json.loads(event.data)))
        return found

    @property
    def ids(self) -> list[int]:
        return [number for _, number, _ in self.events]

    @property
    def place(self) -> str:
        """What a browser would send as Last-Event-ID."""
        decoder = SSEDecoder()
        for line in self.octets.decode().split("\n"):
            decoder.decode(line)
        return decoder._last_event_id


@asynccontextmanager
async def reading(
    w: Web, path: str = "/events", last: str = "", *, user: str = "ada", known: str = ""
) -> AsyncIterator[Reading]:
    it = Reading()
    parts = urlsplit(path)
    headers = [(b"requesting-user-name", user.encode()), (b"host", b"127.0.0.1:8631")]
    if last:
        headers.append((b"last-event-id", last.encode()))
    if known:
        headers.append((KNOWN.encode(), known.encode()))
    scope = {
        "type": "http",
        "method": "GET",
        "path": parts.path,
        "query_string": parts.query.encode(),
        "headers": headers,
        "root_path": "",
    }
    task = asyncio.create_task(w.application(scope, it.receive, it.send))
    await w.clock.settle()
    try:
        yield it
    finally:
        it.gone.set()
        await task
    await w.clock.settle()


def wanted(w: Web, scope: Scope = SERVER, kinds: frozenset[EventKind] = ALL, after: int = 0) -> list[int]:
    filter_ = Filter.of(scope, kinds)
    return [event.seq for event in w.store.history if filter_.matches(event) and event.seq > after]


async def test_events_come_as_they_happen(w: Web) -> None:
    async with reading(w) as it:
        before = w.spooler.feed.newest
        assert (it.status, it.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert it.events == []
        await w.submit()
        assert it.ids == wanted(w, after=before)
        kind, _, data = it.events[0]
        assert (kind, data["event"], data["job"]["name"]) == ("job-created", "job-created", "Untitled")


@pytest.mark.parametrize(
    ("query", "scope", "kinds"),
    [
        ("printer=p1", Scope(ID1), ALL),
        ("printer=p2", Scope(ID2), ALL),
        ("printer=p3,p1", Scope.of_printers([ID1, ID3]), ALL),
        ("printer=p3,p2,p1&events=job-created", Scope.of_printers([ID1, ID2, ID3]), CREATED),
        ("resource=1", Scope(resource=ResourceId(1)), ALL),
        ("resource=2&events=resource-created", Scope(resource=ResourceId(2)), RESOURCE_CREATED),
        ("job=1", Scope(ID1, JobId(1)), frozenset(k for k in EventKind if k.value.startswith("job-"))),
        ("events=job-created", SERVER, frozenset({EventKind.JOB_CREATED})),
        (
            "events=job-state-changed,printer-stopped&printer=p1",
            Scope(ID1),
            frozenset({EventKind.JOB_STATE_CHANGED}),
        ),
    ],
)
async def test_query_says_which(w: Web, query: str, scope: Scope, kinds: frozenset[EventKind]) -> None:
    await w.add(P2)
    await w.add(P3)
    await w.submit()
    for _ in range(2):
        await w.spooler.resources.create("static-image", SYSTEM)
    if "job=" in query:
        query += "&events=" + ",".join(sorted(kinds))
    async with reading(w, f"/events?{query}", last="0") as it:
        await w.submit(printer=P2)
        await w.submit(printer=P3)
        await w.submit()
        w.device.finish()
        await w.spooler.resources.cancel(ResourceId(2), SYSTEM)
        await w.clock.settle()
        assert it.ids == wanted(w, scope, kinds) != []


async def test_reader_that_comes_back_goes_on_where_it_was_also_after_a_restart(w: Web) -> None:
    async with reading(w, last="0") as it:
        await w.submit()
        first, place = it.ids, it.place
    await w.submit()
    await w.restart()
    w.site = site(w.spooler)
    async with reading(w, last=place) as it:
        await w.submit()
        assert first + it.ids == wanted(w)


async def test_place_of_a_reader_to_whom_nothing_happens_moves_on(w: Web) -> None:
    await w.add(P2)
    async with reading(w, "/events?printer=p2") as it:
        await w.submit()
        await w.clock.advance(HEARTBEAT)
        assert it.octets.endswith(b": \nid: %d\n\n" % w.spooler.feed.newest)
        assert it.events == []
        assert it.place == str(w.spooler.feed.newest)


async def test_what_left_the_log_is_told_as_a_gap(w: Web) -> None:
    await w.submit()
    newest = w.spooler.feed.newest
    await w.clock.advance(120)
    await w.spooler.tidy()
    await w.submit()
    async with reading(w, last="1") as it:
        assert it.events[0] == ("gap", newest, {"dropped": newest - 1})
        assert it.ids[1:] == wanted(w, after=newest)


async def test_place_that_the_log_has_not_come_to_is_another_logs_and_told_as_a_gap(w: Web) -> None:
    """As after a return to an older state: nobody knows what was missed."""
    await w.submit()
    newest = w.spooler.feed.newest
    async with reading(w, last="99999") as it:
        assert it.events == [("gap", newest, {"dropped": None})]
        await w.submit()
        assert it.ids[1:] == wanted(w, after=newest)


async def test_number_that_a_subscription_has_not_come_to_is_told_as_a_gap(w: Web) -> None:
    made = (await w.api("POST", "/subscriptions", {"events": ["job-created"]})).json()
    await w.submit()
    async with reading(w, f"/events?subscription={made['id']}", "99999") as it:
        assert it.events == [("gap", 1, {"dropped": None})]
        await w.submit()
        assert it.ids == [1, 2]


async def test_readers_have_so_many_places_and_one_that_is_gone_has_none(w: Web) -> None:
    sleepers = w.clock.sleepers
    async with reading(w) as first, reading(w), reading(w):
        async with reading(w) as late:
            assert (late.status, late.headers["retry-after"]) == (503, "10")
        first.gone.set()
        await w.clock.settle()
        assert len(w.spooler.feed) == 2
        async with reading(w) as next_:
            assert next_.status == 200
    assert len(w.spooler.feed) == 0
    assert w.clock.sleepers == sleepers


async def test_servers_own_events_happen_for_who_reads_them(w: Web) -> None:
    async with reading(w, "/events?events=system-config-changed,system-state-changed") as it:
        await w.add(P2)
        (kind, _, data), *_ = it.events
        assert (kind, data["printer"], data["server"]["state"]) == ("system-config-changed", None, "idle")
    count = len(w.store.history)
    await w.add(PrinterName("p3"))
    assert [event.kind for event in w.store.history[count:]] == [EventKind.PRINTER_CREATED]


async def test_streams_end_when_the_server_goes_down(w: Web) -> None:
    number = (await w.api("POST", "/subscriptions", {"events": ["job-created"]})).json()["id"]
    async with reading(w) as log, reading(w, f"/events?subscription={number}") as own:
        w.spooler.begin_stop()
        await w.clock.settle()
        assert log.ended
        assert own.ended


@pytest.mark.parametrize("door", ["/events", "/events?subscription={}", "/api/v1/subscriptions/{}/events"])
async def test_words_for_one_user_are_told_to_that_user_who_has_proved_it(w: Web, door: str) -> None:
    """Whoever only says that they are ada reads what everybody reads; so does who may read another's subscription."""
    numbers = {}
    for user in ("ada", "bob"):
        made = await w.api("POST", "/subscriptions", {"events": ["pagebell-notice"]}, known=user)
        numbers[user] = made.json()["id"]
    for to in ("ada", "bob", None):
        await w.spooler.dialogs.notify(Addressees(P1, user=to), Statement("Fax", f"For {to}."))

    async def texts(owner: str, user: str, known: str) -> list[str]:
        path = door.format(numbers[owner])
        if "api" in path:
            answer = (await w.ask("GET", path, user=user, known=known)).json()
            return [one["text"] for one in answer["items"]]
        last = "" if "subscription" in path else "0"
        async with reading(w, path, last, user=user, known=known) as it:
            return [data["text"] for kind, _, data in it.events if kind == "pagebell-notice"]

    hidden, public = "Printer p1 says something to somebody.", "Fax: For None."
    assert await texts("ada", "", "ada") == ["Fax: For ada.", hidden, public]
    assert await texts("bob", "", "bob") == [hidden, "Fax: For bob.", public]
    assert await texts("ada", "ada", "") == [hidden, hidden, public]
    assert await texts("ada", "", "root") == [hidden, hidden, public]


# --- a subscription's ---


async def test_subscription_is_read_by_its_own_numbers(w: Web) -> None:
    number = (await w.api("POST", "/subscriptions", {"events": ["job-created"], "language": "de"})).json()[
        "id"
    ]
    await w.submit()
    async with reading(w, f"/events?subscription={number}") as it:
        await w.submit()
        assert it.ids == [1, 2]
        assert [data["number"] for _, _, data in it.events] == [1, 2]
        assert it.events[0][2]["language"] == "de"
        place = it.place
    await w.submit()
    async with reading(w, f"/events?subscription={number}", last=place) as it:
        assert it.ids == [3]


async def test_subscription_that_is_cancelled_ends_its_stream(w: Web) -> None:
    number = (await w.api("POST", "/subscriptions", {"events": ["job-created"]})).json()["id"]
    async with reading(w, f"/events?subscription={number}") as it:
        await w.api("DELETE", f"/subscriptions/{number}")
        assert it.ended


async def test_job_that_is_finished_ends_its_subscriptions_stream_for_good(w: Web) -> None:
    job = await w.submit()
    wish = {"events": ["job-completed"], "scope": f"jobs/{job}"}
    number = (await w.api("POST", "/subscriptions", wish)).json()["id"]
    async with reading(w, f"/events?subscription={number}") as it:
        w.device.finish()
        await w.clock.settle()
        assert [kind for kind, _, _ in it.events] == ["job-completed"]
        assert it.ended
        place = it.place
    async with reading(w, f"/events?subscription={number}", last=place) as it:
        assert it.status == 204


@pytest.mark.parametrize(
    ("path", "last", "user", "status"),
    [
        ("/events?printer=nowhere", "", "ada", 404),
        ("/events?printer=p1,nowhere", "", "ada", 404),
        ("/events?printer=p1,", "", "ada", 404),
        ("/events?job=99", "", "ada", 404),
        ("/events?resource=99", "", "ada", 404),
        ("/events?job=1", "", "bob", 403),
        ("/events?subscription=1", "", "bob", 403),
        ("/events?subscription=99", "", "ada", 404),
        ("/events?subscription=1&printer=p1", "", "ada", 400),
        ("/events?job=1&printer=p1", "", "ada", 400),
        ("/events?resource=1&printer=p1", "", "ada", 400),
        ("/events?resource=1&job=1", "", "ada", 400),
        ("/events?subscription=1&resource=1", "", "ada", 400),
        ("/events?resource=logo", "", "ada", 400),
        ("/events?events=job-eaten", "", "ada", 400),
        ("/events?nonsense=1", "", "ada", 400),
        ("/events", "x", "ada", 400),
        ("/events", "1" * 30, "ada", 400),
    ],
)
async def test_what_can_not_be_read_is_told(w: Web, path: str, last: str, user: str, status: int) -> None:
    await w.submit()
    await w.api("POST", "/subscriptions", {"events": ["job-created"]})
    async with reading(w, path, last, user=user) as it:
        assert it.status == status
        assert json.loads(it.octets)["detail"]


async def test_head_has_no_body(w: Web) -> None:
    answer = await w.ask("HEAD", "/events")
    assert (answer.status_code, answer.content) == (200, b"")
    assert "content-length" not in answer.headers, "nobody knows how long it would be (RFC 9110 9.3.2)"
    assert len(w.spooler.feed) == 0


async def test_readers_that_are_still_being_let_in_count(w: Web) -> None:
    """Whether they may read of that job, the store has to be asked."""
    job = await w.submit()
    w.device.finish()
    await w.clock.settle()
    coming = [reading(w, f"/events?job={job}") for _ in range(4)]
    found = await asyncio.gather(*(one.__aenter__() for one in coming))
    assert sorted(it.status for it in found) == [200, 200, 200, 503]
    for one in coming:
        await one.__aexit__(None, None, None)
    async with reading(w) as it:
        assert it.status == 200
