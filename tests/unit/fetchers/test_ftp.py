"""Documents come by FTP from servers that an administrator lists: pyftpdlib's, and some that mean no good."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from pagebell.fetchers.by_scheme import FetcherByScheme
from pagebell.fetchers.ftp import FtpFetcher
from pagebell.fetchers.http import HttpFetcher
from pagebell.http.outbound import AllowList
from pagebell.spooler.ports import FetchFailed, SchemeRefused

DOCUMENT = bytes(range(256)) * 2000


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server with one document, for everybody to read."""
    folder = tmp_path_factory.mktemp("ftp")
    (folder / "deep er").mkdir()
    (folder / "deep er" / "a.pdf").write_bytes(DOCUMENT)
    authorizer = DummyAuthorizer()
    authorizer.add_anonymous(str(folder))
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer})
    loop = IOLoop()
    server = FTPServer(("127.0.0.1", 0), handler, ioloop=loop)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            server.serve_forever(timeout=0.05, blocking=False, handle_exit=False)
        server.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.socket.getsockname()[1]
    ended.set()
    thread.join()


def fetcher(*allowed: str, addresses: tuple[str, ...] = ("127.0.0.1",), silence: float = 30) -> FtpFetcher:
    async def look_up(host: str, port: int) -> list[str]:
        return list(addresses)

    return FtpFetcher(AllowList(allowed), look_up, silence)


async def get(by: FtpFetcher, uri: str) -> bytes:
    return b"".join([chunk async for chunk in by.fetch(uri)])


LOCAL = "127.0.0.0/8"


@pytest.mark.parametrize("path", ["deep%20er/a.pdf", "deep%20er/a.pdf;type=i"])
async def test_document_is_fetched_as_it_is(port: int, path: str) -> None:
    assert await get(fetcher(LOCAL), f"ftp://files.test:{port}/{path}") == DOCUMENT


async def test_next_address_is_tried_where_nobody_answers_at_the_first(port: int) -> None:
    by = fetcher(LOCAL, addresses=("127.0.0.99", "127.0.0.1"))
    assert await get(by, f"ftp://files.test:{port}/deep%20er/a.pdf") == DOCUMENT


async def test_document_that_is_not_there_is_told_in_the_server_s_words(port: int) -> None:
    with pytest.raises(FetchFailed, match="No such file"):
        await get(fetcher(LOCAL), f"ftp://127.0.0.1:{port}/none.pdf")


async def test_nobody_there_is_told() -> None:
    with pytest.raises(FetchFailed, match="can't be fetched"):
        await get(fetcher(LOCAL), "ftp://127.0.0.1:1/a.pdf")


# --- what is never connected to ---


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("ftp://ada:secret@files.test/a.pdf", id="a user"),
        pytest.param("ftp://files.test/", id="no document"),
        pytest.param("ftp://files.test/a.pdf;type=a", id="another text than it is"),
        pytest.param("ftp://files.test/a%0d%0aDELE%20b", id="a command in its name"),
        pytest.param("ftp://other.test/a.pdf", id="a host that is not listed"),
        pytest.param("ftp://127.0.0.1/a.pdf", id="this machine"),
    ],
)
def test_uri_is_refused_before_anything_is_done(uri: str) -> None:
    with pytest.raises(FetchFailed):
        fetcher("files.test").check(uri)


def test_without_a_list_no_scheme_is_known() -> None:
    assert fetcher().schemes == ()
    with pytest.raises(SchemeRefused):
        fetcher().check("ftp://files.test/a.pdf")


# --- servers that mean no good ---


class Server:
    """Speaks FTP by a table of answers, and counts who comes for data."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = {"USER": "230 come in", "TYPE": "200 so be it", **answers}
        self.visitors = 0
        self.talks: list[asyncio.Task[None] | None] = []

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.talks.append(asyncio.current_task())
        writer.write(self.answers.get("", "220 hello").encode() + b"\r\n")
        while line := await reader.readline():
            word = line.decode().split()[0]
            if word in self.answers:
                writer.write(self.answers[word].encode() + b"\r\n")
        await leave(writer)

    async def visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visitors += 1
        writer.write(b"half a docu")
        await leave(writer)


async def leave(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def serving(at: str = "127.0.0.1", **answers: str) -> AsyncIterator[tuple[Server, int]]:
    """A server whose data are at another address, perhaps; {port} in its answers is their port."""
    it = Server(answers)
    data = await asyncio.start_server(it.visited, at, 0)
    where = data.sockets[0].getsockname()[1]
    it.answers = {
        word: text.replace("{port}", str(where))
        .replace("{p1}", str(where // 256))
        .replace("{p2}", str(where % 256))
        for word, text in it.answers.items()
    }
    talk = await asyncio.start_server(it.converse, "127.0.0.1", 0)
    async with talk, data:
        try:
            yield it, talk.sockets[0].getsockname()[1]
        finally:
            await asyncio.gather(*filter(None, it.talks))  # each ends when its client has gone


async def test_document_that_breaks_off_is_none() -> None:
    async with serving(EPSV="229 here (|||{port}|)", RETR="150 here it comes\r\n426 the disk broke") as (
        server,
        port,
    ):
        with pytest.raises(FetchFailed, match="the disk broke"):
            await get(fetcher(LOCAL), f"ftp://127.0.0.1:{port}/a.pdf")
        assert server.visitors == 1


async def test_address_that_the_server_names_for_its_data_is_not_connected_to() -> None:
    """It may be anybody's: the data's connection goes where the first one went."""
    async with serving(
        "127.0.0.77", EPSV="500 what?", PASV="227 there (127,0,0,77,{p1},{p2})", RETR="150 here it comes"
    ) as (server, port):
        with pytest.raises(FetchFailed):
            await get(fetcher(LOCAL), f"ftp://127.0.0.1:{port}/a.pdf")
        assert server.visitors == 0


async def test_passive_mode_of_old_servers_is_understood() -> None:
    async with serving(
        EPSV="500 what?",
        PASV="227 here (10,9,8,7,{p1},{p2})",  # behind a translator of addresses
        RETR="150 here it comes\r\n226 that was all",
    ) as (_, port):
        assert await get(fetcher(LOCAL), f"ftp://127.0.0.1:{port}/a.pdf") == b"half a docu"


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"": "220 " + "x" * 100_000}, id="a line without an end"),
        pytest.param({"EPSV": "229 nowhere"}, id="no port"),
        pytest.param({"USER": "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")}, id="no words"),
        pytest.param({"EPSV": "500 what?", "PASV": "500 what?"}, id="no way to send data"),
        pytest.param({"USER": "530 nobody comes in"}, id="a closed door"),
    ],
)
async def test_nonsense_is_told(answers: dict[str, str]) -> None:
    async with serving(**answers) as (_, port):
        with pytest.raises(FetchFailed, match="can't be fetched"):
            await get(fetcher(LOCAL, silence=0.2), f"ftp://127.0.0.1:{port}/a.pdf")


async def test_silent_server_is_left() -> None:
    async with serving(EPSV="229 here (|||{port}|)") as (_, port):
        with pytest.raises(FetchFailed, match="silent"):
            await get(fetcher(LOCAL, silence=0.05), f"ftp://127.0.0.1:{port}/a.pdf")


# --- several schemes as one ---


async def test_scheme_decides_who_fetches(port: int) -> None:
    allowed = AllowList([LOCAL])
    by = FetcherByScheme(HttpFetcher(allowed), FtpFetcher(allowed))
    assert by.schemes == ("http", "https", "ipp", "ipps", "ftp")
    chunks = [chunk async for chunk in by.fetch(f"FTP://127.0.0.1:{port}/deep%20er/a.pdf")]
    assert b"".join(chunks) == DOCUMENT
    for uri in ("gopher://127.0.0.1/x", "no-uri", ""):
        with pytest.raises(SchemeRefused):
            by.check(uri)
