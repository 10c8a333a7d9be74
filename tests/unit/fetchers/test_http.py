"""Fetching goes where an administrator allows it, and nowhere else, by whatever way it is led."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from pagebell.fetchers.http import HttpFetcher
from pagebell.http.outbound import AllowList
from pagebell.spooler.ports import FetchFailed, SchemeRefused

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """A web server that counts who comes."""

    def __init__(self) -> None:
        self.visits: list[str] = []
        self.answers: dict[str, web.StreamResponse] = {}
        self.port = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.visits.append(request.path)
        if request.path.startswith("/to/"):
            raise web.HTTPFound(request.query["there"])
        if request.path == "/none":
            raise web.HTTPNotFound
        return web.Response(body=b"the document")

    def uri(self, host: str, path: str = "/a.pdf", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    it = Site()
    application = web.Application()
    application.router.add_get("/{path:.*}", it.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    it.port = runner.addresses[0][1]
    try:
        yield it
    finally:
        await runner.cleanup()


def fetcher(*allowed: str, addresses: tuple[str, ...] = ("127.0.0.1",)) -> HttpFetcher:
    async def look_up(host: str, port: int) -> list[str]:
        return list(addresses)

    return HttpFetcher(AllowList(allowed), look_up)


async def get(by: HttpFetcher, uri: str) -> bytes:
    return b"".join([chunk async for chunk in by.fetch(uri)])


@pytest.mark.parametrize("scheme", ["http", "ipp"])
async def test_listed_host_in_a_listed_network_is_fetched_from(scheme: str) -> None:
    async with site() as s:
        by = fetcher("files.test", "127.0.0.0/8")
        assert await get(by, s.uri("files.test", scheme=scheme)) == b"the document"


@pytest.mark.parametrize(
    "allowed",
    [
        pytest.param(("files.test",), id="a name is no leave for this machine's addresses"),
        pytest.param(("other.test",), id="another name"),
        pytest.param(("10.0.0.0/8",), id="another network"),
    ],
)
async def test_host_or_address_that_is_not_listed_is_never_connected_to(allowed: tuple[str, ...]) -> None:
    async with site() as s:
        with pytest.raises(FetchFailed, match=r"not fetched from there: files\.test is not"):
            await get(fetcher(*allowed), s.uri("files.test"))
        assert s.visits == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "[::1]", "169.254.169.254", "10.1.2.3", "[::ffff:127.0.0.1]"]
)
def test_address_of_this_machine_or_a_private_network_needs_its_network(address: str) -> None:
    by = fetcher("files.test")
    with pytest.raises(FetchFailed, match="not fetched from"):
        by.check(f"http://{address}/a.pdf")


async def test_name_that_stands_for_two_addresses_must_have_both_allowed() -> None:
    async with site() as s:
        by = fetcher("127.0.0.0/8", addresses=("127.0.0.1", "10.0.0.1"))
        with pytest.raises(FetchFailed):
            await get(by, s.uri("files.test"))
        assert s.visits == []


async def test_redirect_is_judged_as_the_first_address_was() -> None:
    async with site() as s:
        by = fetcher("127.0.0.0/8")
        there = s.uri("127.0.0.1")
        assert await get(by, s.uri("127.0.0.1", f"/to/?there={there}")) == b"the document"
        for forbidden in ("http://169.254.169.254/", "file:///etc/passwd"):
            with pytest.raises((FetchFailed, SchemeRefused)):
                await get(by, s.uri("127.0.0.1", f"/to/?there={forbidden}"))


async def test_redirects_come_to_an_end() -> None:
    async with site() as s:
        by = fetcher("127.0.0.0/8")
        start = s.uri("127.0.0.1", "/to/?there=/to/%3Fthere=/to/")
        again = s.uri("127.0.0.1", f"/to/?there={start}")
        with pytest.raises(FetchFailed):
            await get(by, again.replace(start, "/to/?there=/to/"))
        assert len(s.visits) <= 6


async def test_what_is_not_there_is_told() -> None:
    async with site() as s:
        with pytest.raises(FetchFailed, match="404"):
            await get(fetcher("127.0.0.0/8"), s.uri("127.0.0.1", "/none"))


def test_without_a_list_no_scheme_is_known() -> None:
    by = fetcher()
    assert by.schemes == ()
    with pytest.raises(SchemeRefused):
        by.check("http://files.test/a.pdf")


@pytest.mark.parametrize("uri", ["ftp://files.test/", "file:///etc/passwd", "a.pdf", "bogus://bogus"])
def test_unknown_scheme_is_refused(uri: str) -> None:
    with pytest.raises(SchemeRefused):
        fetcher("files.test").check(uri)


@pytest.mark.parametrize("uri", ["http://", "http://ada:secret@files.test/", "http://files.test:99999/"])
def test_uri_that_makes_no_sense_is_refused(uri: str) -> None:
    with pytest.raises((FetchFailed, SchemeRefused)):
        fetcher("files.test").check(uri)


def test_entry_that_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="no host and no network"):
        AllowList(["10.0.0.0/99"])
