"""The server is killed while events flow to readers of `/events` and to a webhook: each has every event once.

A reader goes on at the place that it had last; a recipient knows by its id what it has had already.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_sse import SSEError, connect_sse
from standardwebhooks.webhooks import Webhook

from pagebell.http.signing import new_secret
from tests.faults.test_kill import Clients, is_at_rest
from tests.server import ServerProcess, wait_for

LIVES = 4
SECRET = new_secret()
KINDS = ["job-created", "job-state-changed", "job-completed", "printer-state-changed"]
SETTINGS = """
[couriers.webhook]
allow = ["127.0.0.1/32"]
"""


class Receiver:
    """A webhook's recipient that outlives the server, and is not always in the mood."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        """By the message's id, in the order of their first arrival."""
        self.again = 0
        self._dice = random.Random(7)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(
                    receiver.take(body, {name.lower(): text for name, text in self.headers.items()})
                )
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        Webhook(SECRET).verify(body.decode(), headers)
        event = json.loads(body)
        assert "gap" not in event
        known = headers["webhook-id"] in self.numbers
        self.again += known
        self.numbers.setdefault(headers["webhook-id"], event["data"]["subscription"]["number"])
        return 503 if not known and self._dice.random() < 0.02 else 204

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Reader:
    """Reads a stream of events, through all lives of the server, and never asks for what it has had."""

    path: str
    numbers: list[int] = field(default_factory=list)
    place: str = "0"
    _thread: threading.Thread | None = None
    stopped: bool = False

    def start(self, server: ServerProcess) -> None:
        """Read from the server as it is in this life."""
        self._thread = threading.Thread(target=self._read, args=(f"http://{server.authority}",))
        self._thread.start()

    def _read(self, base: str) -> None:
        headers = {"last-event-id": self.place, "requesting-user-name": "kim"}
        timeout = httpx.Timeout(30.0)
        try:
            with (
                httpx.Client(base_url=base, timeout=timeout, trust_env=False) as client,
                connect_sse(client, "GET", self.path, headers=headers) as source,
            ):
                for event in source.iter_sse():
                    self.place = event.id or self.place
                    if event.data:
                        assert event.event != "gap"
                        self.numbers.append(int(event.id))
        except (httpx.HTTPError, SSEError):
            pass  # the server's life is over

    def join(self) -> None:
        """The server is gone: so is the connection."""
        assert self._thread is not None
        self._thread.join(30)
        assert not self._thread.is_alive()


def api(server: ServerProcess, method: str, path: str, **how: Any) -> Any:
    url = f"http://{server.authority}/api/v1{path}"
    answer = httpx.request(method, url, headers={"requesting-user-name": "kim"}, trust_env=False, **how)
    assert answer.status_code < 300, answer.text
    return answer.json()


def subscribe(server: ServerProcess, **more: str) -> int:
    made = api(server, "POST", "/subscriptions", json={"events": KINDS, "lease": 0, **more})
    number = made["id"]
    assert isinstance(number, int)
    return number


def all_numbers(server: ServerProcess, subscription: int) -> list[int]:
    """What a subscription has heard of in all."""
    found: list[int] = []
    while True:
        after = found[-1] if found else 0
        page = api(server, "GET", f"/subscriptions/{subscription}/events?limit=1000&after={after}")
        assert page["missed"] == 0
        if not page["items"]:
            return found
        found += [one["number"] for one in page["items"]]


@pytest.mark.timeout(200)
def test_every_event_arrives_once_through_four_lives(tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.mkdir()
    receiver = Receiver()
    server = ServerProcess(tmp_path, {"PDF": output.as_uri()}, settings=SETTINGS)
    log = Reader("/events?events=" + ",".join(KINDS))
    own = Reader("")
    dice = random.Random(6)
    acknowledged: dict[int, str] = {}
    pushed = 0
    try:
        for life in range(LIVES):
            server.start()
            if not life:
                pushed = subscribe(server, recipient=receiver.uri, secret=SECRET)
                own.path = f"/events?subscription={subscribe(server)}"
            for reader in (log, own):
                reader.start(server)
            clients = Clients(server, life)
            clients.run(wanted=dice.randint(5, 15))
            acknowledged |= clients.acknowledged
            for reader in (log, own):
                reader.join()
        with server:
            for reader in (log, own):
                reader.start(server)
            wait_for(lambda: is_at_rest(server, acknowledged), "the acknowledged jobs to be printed", 60)
            wanted = all_numbers(server, pushed)
            assert wanted == list(range(1, len(wanted) + 1))
            have: list[tuple[str, Callable[[], int]]] = [
                ("webhooks", lambda: len(receiver.numbers)),
                ("the subscription's reader", lambda: len(own.numbers)),
            ]
            for what, count in have:
                wait_for(lambda count=count: count() >= len(wanted), f"all events by {what}", 60)  # type: ignore[misc]
            wait_for(lambda: len(log.numbers) >= len(wanted), "all events by the log's reader")
        for reader in (log, own):
            reader.join()
    finally:
        receiver.close()
    assert own.numbers == wanted
    assert all(one < next_ for one, next_ in pairwise(log.numbers))
    assert len(log.numbers) - len(wanted) in (0, 1)  # the printer's own event from before the subscriptions
    assert list(receiver.numbers.values()) == wanted
    assert len(acknowledged) >= LIVES * 5
