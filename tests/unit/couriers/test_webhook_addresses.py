"""Webhooks go where an administrator allows it and nowhere else, whatever names and redirects lead to."""

from __future__ import annotations

import gzip
import tracemalloc
from contextlib import aclosing
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook
from yarl import URL

from pagebell.couriers.webhook import WebhookCourier, WebhookSettings
from pagebell.http.signing import key_of
from pagebell.spooler.ports import Undelivered
from tests.unit.couriers.listeners import SECRET, Hook, certificate, courier, hook, listener, parcel


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
