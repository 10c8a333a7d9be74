"""Webhooks are CloudEvents, signed, and go where an administrator allows it and nowhere else."""

from __future__ import annotations

import gzip
import json
import stat
import time
import tracemalloc
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from yarl import URL

from pagebell.couriers.webhook import WebhookCourier, WebhookSettings, make
from pagebell.http.signing import key_of, new_secret
from pagebell.model.event import NO_PRINTER, Event, EventKind, JobId, PrinterName, ResourceId
from pagebell.spooler.ports import Undelivered
from tests.unit.couriers.listeners import PRIVATE, Hook, certificate, hook, listener, parcel, private

SECRET = new_secret()


def courier(
    *allowed: str,
    addresses: tuple[str, ...] = ("127.0.0.1",),
    now: float | None = None,
    ca_file: str = "",
    timeout: float = 5,
) -> WebhookCourier:
    async def look_up(host: str, port: int) -> list[str]:
        return list(addresses)

    settings = WebhookSettings(allow=allowed or ("127.0.0.0/8",), ca_file=ca_file, timeout=timeout)
    clock = time.time if now is None else lambda: now
    return WebhookCourier(settings, (key_of(SECRET),), look_up, clock)


async def test_event_is_a_cloud_event_that_others_read_and_whose_signature_they_find_true() -> None:
    async with hook() as there:
        by = courier()
        await by.deliver(parcel(there.uri(), 3, after=2, user_data=b"desk 4", language="de-AT"))
        await by.aclose()
    (_, headers, body), *more = there.requests
    assert not more
    Webhook(SECRET).verify(body.decode(), dict(headers))
    event = from_structured(HTTPMessage(dict(headers), body), JSONFormat(), CloudEvent)
    assert event.get_type() == "pagebell.job-completed"
    assert event.get_subject() == "jobs/12"
    assert event.get_id() == headers["webhook-id"]
    assert event.get_time() is not None
    data = event.get_data()
    assert isinstance(data, dict)
    assert data["subscription"] == {
        "id": 5,
        "uuid": "3f2b7f0e-97a1-4c2e-8f3c-0d6f0e6f7a11",
        "number": 3,
        "user_data": "desk 4",
    }
    assert data["happened"]["job"]["state"] == "completed"
    assert data["happened"]["text"] == "Auftrag 12 am Drucker p1 ist fertig."
    assert "gap" not in json.loads(body)


async def test_subject_is_what_the_event_befell() -> None:
    befell = {
        "jobs/7": Event(EventKind.JOB_CREATED, 1.0, PrinterName("p1"), JobId(7)),
        "printers/p1": Event(EventKind.PRINTER_STOPPED, 1.0, PrinterName("p1")),
        "resources/3": Event(EventKind.RESOURCE_INSTALLED, 1.0, NO_PRINTER, resource=ResourceId(3)),
        "server": Event(EventKind.SYSTEM_RESTARTED, 1.0, NO_PRINTER),
    }
    async with hook() as there:
        by = courier()
        for event in befell.values():
            await by.deliver(replace(parcel(there.uri()), events=((1, event),)))
        await by.aclose()
    assert [json.loads(body)["subject"] for _, _, body in there.requests] == list(befell)


@pytest.mark.parametrize(("owner", "texts"), PRIVATE)
async def test_words_for_one_user_go_to_that_users_recipient_alone(owner: str, texts: list[str]) -> None:
    async with hook() as there:
        by = courier()
        whole = private(parcel(there.uri()), owner)
        for one in whole.events:
            await by.deliver(replace(whole, events=(one,)))
        await by.aclose()
    assert [json.loads(body)["data"]["happened"]["text"] for _, _, body in there.requests] == texts


async def test_changed_body_and_foreign_secret_are_found_out() -> None:
    async with hook() as there:
        by = courier()
        await by.deliver(parcel(there.uri(), 1))
        await by.aclose()
    _, headers, body = there.requests[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.decode().replace("p1", "p2"), dict(headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body.decode(), dict(headers))


async def test_id_is_the_same_each_time_an_event_is_sent_and_never_another_events() -> None:
    async with hook() as there:
        by = courier()
        for number in (1, 1, 2):
            await by.deliver(parcel(there.uri(), number))
        await by.deliver(parcel(there.uri(), after=2, missed=3))
        await by.aclose()
    first, again, second, gap = (headers["webhook-id"] for _, headers, _ in there.requests)
    assert first == again
    assert len({first, second, gap}) == 3
    assert "." not in first + second + gap  # it stands before a full stop in what is signed


async def test_gap_is_told_with_the_next_event_or_alone() -> None:
    async with hook() as there:
        by = courier()
        await by.deliver(parcel(there.uri(), 9, after=5, missed=3))
        await by.deliver(parcel(there.uri(), after=9, missed=2))
        await by.aclose()
    first, alone = (json.loads(body) for _, _, body in there.requests)
    assert (first["gap"], first["type"], first["sequence"]) == (3, "pagebell.job-completed", "0000000009")
    assert (alone["gap"], alone["type"], alone["data"]["subscription"]["number"]) == (2, "pagebell.gap", 11)


async def test_subscriptions_own_secret_signs_instead_of_the_servers() -> None:
    own = new_secret()
    async with hook() as there:
        by = courier()
        await by.deliver(parcel(there.uri(), 1, secret=own))
        await by.aclose()
    _, headers, body = there.requests[0]
    Webhook(own).verify(body.decode(), dict(headers))
    assert own.removeprefix("whsec_") not in body.decode()


@pytest.mark.parametrize(
    ("status", "headers", "after", "gone"),
    [
        (500, {}, None, False),
        (404, {}, None, False),
        (410, {}, None, True),
        (429, {"Retry-After": "17"}, 17.0, False),
        (503, {"Retry-After": "Tue, 14 Nov 2023 22:14:00 GMT"}, 40.0, False),
        (503, {"Retry-After": "soon"}, None, False),
        (302, {"Location": "http://127.0.0.1/"}, None, False),
    ],
)
async def test_every_other_answer_is_a_failure(
    status: int, headers: dict[str, str], after: float | None, gone: bool
) -> None:
    async with hook() as there:
        there.status, there.headers = status, headers
        by = courier(now=1_700_000_000.0)
        with pytest.raises(Undelivered, match=str(status)) as failed:
            await by.deliver(parcel(there.uri(), 1))
        await by.aclose()
    assert (failed.value.after, failed.value.gone) == (after, gone)


async def test_nobody_there_is_a_failure() -> None:
    async with hook() as there:
        uri = there.uri()
    by = courier()
    with pytest.raises(Undelivered, match=r"^127\.0\.0\.1 can't be reached: connection refused$"):
        await by.deliver(parcel(uri, 1))
    await by.aclose()


@pytest.mark.parametrize(
    "begins", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n"]
)
async def test_recipient_that_keeps_us_waiting_is_left(begins: bytes) -> None:
    """Whether it answers nothing, half of its headers, or no end of an answer that is a failure anyway."""
    async with listener(begins) as port, aclosing(courier(timeout=0.2)) as by:
        with pytest.raises(Undelivered):
            await by.deliver(parcel(f"http://127.0.0.1:{port}/", 1))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    ],
    ids=["unfinished", "not what it says"],
)
async def test_event_has_been_taken_whatever_comes_after_the_status(answer: bytes) -> None:
    async with listener(answer) as port, aclosing(courier(timeout=0.5)) as by:
        await by.deliver(parcel(f"http://127.0.0.1:{port}/", 1))


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 500 \x1b[31mNo\x0b\x85\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 307 On\r\nLocation: http://[token/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 308 On\r\nLocation: http://other.test/token\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_failure_is_told_in_one_line_without_the_path_which_may_be_a_secret(answer: bytes) -> None:
    async with listener(answer) as port, aclosing(courier(timeout=0.5)) as by:
        with pytest.raises(Undelivered) as failed:
            await by.deliver(parcel(f"http://127.0.0.1:{port}/token", 1))
    assert str(failed.value).isprintable()
    assert "token" not in str(failed.value)
    assert len(str(failed.value)) < 200


# --- where it goes ---


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/",
        "https://[::1]/",
        "http://169.254.169.254/",
        "http://10.1.2.3/",
        "http://other.test/",
        "http://localhost/",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "http://xn--hooks.test/",
        "http://hooks.test.other.test/",
        "http://sub.hooks.test/",
    ],
)
def test_what_is_not_listed_is_refused_before_any_connection(uri: str) -> None:
    with pytest.raises(ValueError, match="not a host that may be connected to"):
        courier("hooks.test", "192.168.0.0/16").check(uri)


def test_this_machine_is_found_by_its_name_where_its_network_or_its_name_is_listed() -> None:
    for listed in ("127.0.0.0/8", "::1", "localhost"):
        courier(listed).check("http://localhost:8765/")


@pytest.mark.parametrize(
    "uri", ["http://ada:pw@hooks.test/", "ftp://hooks.test/", "http://", "http://hooks.test:99999/"]
)
def test_uri_that_makes_no_sense_is_refused(uri: str) -> None:
    with pytest.raises(ValueError):
        courier("hooks.test").check(uri)


async def test_name_that_leads_to_this_machine_is_not_followed_without_its_network() -> None:
    async with hook() as there:
        by = courier("hooks.test")
        assert by.check(there.uri("hooks.test"))
        with pytest.raises(Undelivered, match="not a host that may be connected to"):
            await by.deliver(parcel(there.uri("hooks.test"), 1))
        await by.aclose()
        assert there.requests == []


async def test_name_that_changes_its_address_is_judged_for_each_connection() -> None:
    addresses = ["127.0.0.1"]

    async def look_up(host: str, port: int) -> list[str]:
        return list(addresses)

    settings = WebhookSettings(allow=("127.0.0.0/8", "hooks.test"))
    async with hook() as there, aclosing(WebhookCourier(settings, (key_of(SECRET),), look_up)) as by:
        there.headers = {"Connection": "close"}
        await by.deliver(parcel(there.uri("hooks.test"), 1))
        addresses[:] = ["10.0.0.1"]
        with pytest.raises(Undelivered, match="not a host that may be connected to"):
            await by.deliver(parcel(there.uri("hooks.test"), 2))
    assert len(there.requests) == 1


async def test_no_proxy_is_asked_since_it_would_not_keep_to_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hook() as there, hook() as proxy, aclosing(courier()) as by:
        monkeypatch.setenv("http_proxy", proxy.uri(path=""))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        await by.deliver(parcel(there.uri(), 1))
    assert (len(there.requests), len(proxy.requests)) == (1, 0)


async def test_recipients_leave_nothing_with_us_that_another_could_be_told() -> None:
    async with hook() as there, aclosing(courier("127.0.0.0/8", "hooks.test")) as by:
        there.headers = {"Set-Cookie": "who=carol; Path=/"}
        for number in (1, 2):
            await by.deliver(parcel(there.uri("hooks.test"), number))
    assert ["Cookie" in headers for _, headers, _ in there.requests] == [False, False]


async def test_answer_that_swells_is_not_unpacked() -> None:
    packed = gzip.compress(bytes(2**26))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    async with listener(head + packed) as port, aclosing(courier(timeout=2)) as by:
        tracemalloc.start()
        try:
            await by.deliver(parcel(f"http://127.0.0.1:{port}/", 1))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 2**22


def leading(there: Hook, target: str, status: int = 307) -> str:
    """A URL that leads on."""
    return str(URL(there.uri(path="/to")).with_query(status=status, there=target))


async def test_redirect_keeps_the_event_and_is_judged_as_the_first_address_was() -> None:
    async with hook() as there, aclosing(courier("127.0.0.1/32", addresses=("10.0.0.1",))) as by:
        await by.deliver(parcel(leading(there, there.uri()), 1))
        (_, _, first), (path, headers, second) = there.requests
        assert (path, first) == ("/hook", second)
        Webhook(SECRET).verify(second.decode(), dict(headers))
        for forbidden in ("http://169.254.169.254/", "file:///etc/passwd", "http://other.test/"):
            with pytest.raises(Undelivered):
                await by.deliver(parcel(leading(there, forbidden, 308), 1))
        assert [path for path, _, _ in there.requests[2:]] == ["/to"] * 3


async def test_redirect_to_a_listed_name_is_judged_by_the_address_that_it_has() -> None:
    """The list has this machine's first address, and the name; the name leads to its second one."""
    other = courier("127.0.0.1/32", "hooks.test", addresses=("127.0.0.2",))
    async with hook() as there, aclosing(other) as by:
        with pytest.raises(Undelivered, match="not a host that may be connected to"):
            await by.deliver(parcel(leading(there, there.uri("hooks.test")), 1))
        assert [path for path, _, _ in there.requests] == ["/to"]


async def test_redirects_come_to_an_end() -> None:
    async with hook() as there, aclosing(courier()) as by:
        with pytest.raises(Undelivered, match="without an end"):
            await by.deliver(parcel(there.uri(path="/round"), 1))
    assert len(there.requests) <= 4


async def test_https_recipient_must_have_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    context, authority = certificate(tmp_path)
    async with hook(context) as there:
        trusting, other = courier(ca_file=str(authority)), courier()
        await trusting.deliver(parcel(there.uri(), 1))
        with pytest.raises(Undelivered, match="certificate"):
            await other.deliver(parcel(there.uri(), 1))
        with pytest.raises(Undelivered, match="leads from https: to http:"):
            await trusting.deliver(parcel(there.uri(path="/to?status=307&there=http://127.0.0.1/"), 1))
        await trusting.aclose()
        await other.aclose()
    assert len(there.requests) == 2


# --- settings ---


def test_first_start_makes_a_secret_that_stays(tmp_path: Path) -> None:
    for _ in range(2):
        make({"allow": ["hooks.test"]}, tmp_path / "couriers")
    path = tmp_path / "couriers/webhook-secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key_of(path.read_text().strip())


async def test_each_secret_of_the_file_signs(tmp_path: Path) -> None:
    old, new = new_secret(), new_secret()
    (tmp_path / "secrets").write_text(f"{new}\n{old}\n")
    settings = {"allow": ["127.0.0.0/8"], "secret-file": str(tmp_path / "secrets")}
    async with hook() as there:
        by = make(settings, tmp_path)
        await by.deliver(parcel(there.uri(), 1))
        await by.aclose()
    _, headers, body = there.requests[0]
    for secret in (old, new):
        Webhook(secret).verify(body.decode(), dict(headers))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "allow"),
        ({"allow": []}, "allow: name the hosts"),
        ({"allow": ["10.0.0.0/99"]}, "no host and no network"),
        ({"allow": ["a.test"], "nonsense": 1}, "nonsense"),
        ({"allow": ["a.test"], "timeout": 0}, "timeout: "),
        ({"allow": ["a.test"], "secret-file": "/nowhere"}, "secret-file: /nowhere can't be read"),
        ({"allow": ["a.test"], "ca-file": "/nowhere"}, "ca-file: /nowhere can't be used"),
    ],
)
def test_wrong_setting_is_named(tmp_path: Path, settings: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make(settings, tmp_path)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=", "whsec_ä"]
)
def test_secret_that_is_none_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(ValueError, match="a secret is whsec_") as refused:
        key_of(secret)
    assert not secret or secret not in str(refused.value) or secret == "whsec_"
