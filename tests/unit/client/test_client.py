"""The client against scripted servers: what it sends, and what it makes of each kind of answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from multidict import CIMultiDict

from pagebell.ipp import Client, SyncClient
from pagebell.ipp import registry as r
from pagebell.ipp.addresses import parse_address
from pagebell.ipp.codec import Group, GroupTag, Message
from pagebell.ipp.errors import (
    EXCEPTIONS,
    BadAnswer,
    ConnectionFailed,
    HttpError,
    IppError,
    NotAccepting,
    Refused,
    Silent,
    Unsupported,
)
from pagebell.ipp.login import Login
from pagebell.ipp.registry import JobState, Op, Status
from pagebell.ipp.transport import Times
from tests.scripted import ScriptedServer, answer, drop, failed, job, printer, reply


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as running:
        yield running


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[Client]:
    async with Client(server.uri, user="ada") as made:
        yield made


async def test_print_job_sends_attributes_document_and_options(
    server: ScriptedServer, client: Client
) -> None:
    server.on(Op.PRINT_JOB, job(JobState.PENDING))
    seen: list[tuple[int, int | None]] = []
    done = await client.print_document(
        b"%PDF-1.4" + bytes(300_000),
        {"copies": 2, "sides": "two-sided-long-edge", "page-ranges": ["1-3", 5]},
        title="Letter",
        document_format="application/pdf",
        progress=lambda sent, total: seen.append((sent, total)),
    )
    assert (done.id, done.state, done.name) == (7, JobState.PENDING, "Letter")
    operation, wishes = server.seen[0].groups
    assert operation.get(r.printer_uri) == server.uri
    assert operation.get(r.requesting_user_name) == "ada"
    assert operation.get(r.job_name) == "Letter"
    assert operation.get(r.document_format) == "application/pdf"
    assert wishes.get(r.copies) == 2
    assert [tuple(one) for one in wishes.all(r.page_ranges)] == [(1, 3), (5, 5)]
    assert len(server.documents[0]) == 300_008
    assert server.headers[0]["Transfer-Encoding"] == "chunked"
    assert seen[0] == (0, 300_008)
    assert seen[-1] == (300_008, 300_008)


async def test_print_file_tells_format_and_title_by_the_file(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    server.on(Op.PRINT_JOB, job(JobState.PENDING))
    (tmp_path / "a.dat").write_bytes(b"\x89PNG\r\n\x1a\nrest")
    await client.print_file(tmp_path / "a.dat")
    operation = server.seen[0].groups[0]
    assert operation.get(r.document_format) == "image/png"
    assert operation.get(r.job_name) == "a.dat"


async def test_error_answer_is_read_while_the_document_is_still_sent(
    server: ScriptedServer, client: Client
) -> None:
    async def refuse_at_once(request: web.Request, message: Message) -> web.StreamResponse:
        return reply(failed(Status.SERVER_ERROR_NOT_ACCEPTING_JOBS, "closed for today"))

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65536)

    server.on(Op.PRINT_JOB, refuse_at_once)
    with pytest.raises(NotAccepting, match="closed for today"):
        await asyncio.wait_for(client.print_document(endless()), 10)


async def test_success_before_the_whole_document_is_not_believed(
    server: ScriptedServer, client: Client
) -> None:
    async def accept_at_once(request: web.Request, message: Message) -> web.StreamResponse:
        return reply(job(JobState.PENDING))

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65536)

    server.on(Op.PRINT_JOB, accept_at_once)
    with pytest.raises(BadAnswer, match="before it had the whole document"):
        await asyncio.wait_for(client.print_document(endless()), 10)


async def test_error_of_the_source_comes_out_as_it_is(server: ScriptedServer, client: Client) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"one"
        raise KeyError("mine")

    server.on(Op.PRINT_JOB, job(JobState.PENDING))
    with pytest.raises(KeyError, match="mine"):
        await client.print_document(breaks())


async def test_unsupported_attributes_are_named(server: ScriptedServer, client: Client) -> None:
    status = Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    server.on(Op.PRINT_JOB, failed(status, "no", r.sides("two-sided-long-edge")))
    with pytest.raises(Unsupported) as caught:
        await client.print_document(b"x", ["sides=two-sided-long-edge"])
    assert caught.value.unsupported == ("sides",)
    assert caught.value.status == status


async def test_ignored_options_are_told_with_the_job(server: ScriptedServer, client: Client) -> None:
    accepted = job(JobState.PENDING)
    accepted.groups.insert(1, Group.of(GroupTag.UNSUPPORTED, r.finishings.unsupported()))
    server.on(Op.PRINT_JOB, accepted)
    assert (await client.print_document(b"x", {"finishings": "staple"})).ignored == ("finishings",)


async def test_dropped_connection_is_a_connection_failure(server: ScriptedServer, client: Client) -> None:
    server.on(Op.PRINT_JOB, drop)
    with pytest.raises(ConnectionFailed, match="the connection was lost"):
        await client.print_document(b"x")
    assert len(server.seen) == 1  # a document is never sent twice


async def test_question_is_asked_again_when_a_pooled_connection_was_closed(
    server: ScriptedServer, client: Client
) -> None:
    server.on(Op.GET_PRINTER_ATTRIBUTES, drop, printer())
    assert (await client.printer()).state == 3


async def test_nobody_there() -> None:
    async with Client("ipp://127.0.0.1:1/") as client:
        with pytest.raises(Refused, match="connection refused"):
            await client.printer()


async def test_silent_server_is_given_up_after_the_time_limit(server: ScriptedServer) -> None:
    released = asyncio.Event()

    async def silent(request: web.Request, message: Message) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    server.on(Op.GET_PRINTER_ATTRIBUTES, silent)
    async with Client(server.uri, times=Times(answer=0.05)) as client:
        with pytest.raises(Silent):
            await client.printer()
    released.set()


async def test_server_that_takes_no_data_is_given_up_after_the_time_limit(server: ScriptedServer) -> None:
    released = asyncio.Event()

    async def takes_nothing(request: web.Request, message: Message) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(1 << 20)

    server.on(Op.PRINT_JOB, takes_nothing)
    async with Client(server.uri, times=Times(upload=0.1)) as client:
        with pytest.raises(Silent, match="takes no more"):
            await client.print_document(endless())
    released.set()


@pytest.mark.parametrize(
    ("response", "error", "text"),
    [
        (web.Response(status=404), HttpError, "no such printer"),
        (web.Response(status=426), HttpError, "use an ipps:// address"),
        (
            web.Response(status=302, headers={"Location": "http://else/"}),
            HttpError,
            "refers to .*http://else/",
        ),
        (web.Response(status=418), HttpError, "instead of IPP"),
        (web.Response(text="<html>"), BadAnswer, "speaks HTTP, but not IPP"),
        (web.Response(body=b"\x02\x00\x00", content_type="application/ipp"), BadAnswer, "no IPP message"),
        (web.Response(body=b"", content_type="application/ipp"), BadAnswer, "no IPP message"),
    ],
    ids=lambda value: str(getattr(value, "status", "")),
)
async def test_answers_that_are_no_ipp_are_clear_errors(
    server: ScriptedServer, client: Client, response: web.Response, error: type[Exception], text: str
) -> None:
    async def say(request: web.Request, message: Message) -> web.StreamResponse:
        return response

    server.on(Op.GET_PRINTER_ATTRIBUTES, say)
    with pytest.raises(error, match=text):
        await client.printer()


async def test_answer_beyond_the_limit_is_refused(server: ScriptedServer) -> None:
    async def endless(request: web.Request, message: Message) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/ipp"})
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(1 << 20))
        except ConnectionError:
            return response

    server.on(Op.GET_PRINTER_ATTRIBUTES, endless)
    async with Client(server.uri) as client:
        with pytest.raises(BadAnswer, match="longer than"):
            await client.printer()


async def test_password_is_sent_only_to_a_server_that_asks_for_it(server: ScriptedServer) -> None:
    async def ask(request: web.Request, message: Message) -> web.StreamResponse:
        if "Authorization" in request.headers:
            return reply(printer())
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    server.on(Op.GET_PRINTER_ATTRIBUTES, ask)
    async with Client(server.uri, user="ada", password="pass word") as client:
        await client.printer()
        await client.printer()
    given = [headers.get("Authorization") for headers in server.headers]
    assert given == [None, "Basic YWRhOnBhc3Mgd29yZA==", "Basic YWRhOnBhc3Mgd29yZA=="]


async def test_password_is_asked_for_where_there_is_none(server: ScriptedServer) -> None:
    async def ask(request: web.Request, message: Message) -> web.StreamResponse:
        if request.headers.get("Authorization") == "Basic YWRhOnBhc3Mgd29yZA==":
            return reply(printer())
        challenges = [
            ("WWW-Authenticate", "Negotiate"),
            ("WWW-Authenticate", 'Digest qop="auth", Basic realm="x"'),
        ]
        return web.Response(status=401, headers=CIMultiDict(challenges))

    asked: list[tuple[str, str]] = []

    def type_in(user: str, host: str) -> str:
        asked.append((user, host))
        return "pass word"

    server.on(Op.GET_PRINTER_ATTRIBUTES, ask)
    async with Client(server.uri, user="ada", ask=type_in) as client:
        await client.printer()
        await client.printer()
    assert asked == [("ada", "127.0.0.1")]


async def test_wrong_password_is_not_tried_again_and_again(server: ScriptedServer) -> None:
    async def ask(request: web.Request, message: Message) -> web.StreamResponse:
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    server.on(Op.GET_PRINTER_ATTRIBUTES, ask)
    async with Client(server.uri, user="ada", password="wrong") as client:
        for _ in range(2):
            with pytest.raises(HttpError, match="user name and a password"):
                await client.printer()
    assert len([h for h in server.headers if "Authorization" in h]) == 1


@pytest.mark.parametrize(
    ("uri", "private"),
    [
        ("ipps://printer.example/", True),
        ("ipp://localhost/", True),
        ("ipp://127.3.2.1:8631/", True),
        ("ipp://[::1]/", True),
        ("ipp://printer.example/", False),
        ("ipp://192.0.2.1/", False),
    ],
)
async def test_no_secret_goes_over_an_open_connection(uri: str, private: bool) -> None:
    login = Login("ada", "secret")
    address = parse_address(uri)
    assert await login.another(address, ['Basic realm="x"'], "ada") is private
    assert bool(await login.header(address)) is private


async def test_no_password_means_a_clear_error(server: ScriptedServer, client: Client) -> None:
    async def ask(request: web.Request, message: Message) -> web.StreamResponse:
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    server.on(Op.GET_PRINTER_ATTRIBUTES, ask)
    with pytest.raises(HttpError, match="user name and a password"):
        await client.printer()


async def test_old_server_is_spoken_to_in_its_version(server: ScriptedServer, client: Client) -> None:
    server.on(Op.GET_PRINTER_ATTRIBUTES, failed(Status.SERVER_ERROR_VERSION_NOT_SUPPORTED), printer())
    await client.printer()
    await client.printer()
    assert [message.version for message in server.seen] == [(2, 0), (1, 1), (1, 1)]


async def test_printers_of_a_lonely_printer_is_itself(server: ScriptedServer, client: Client) -> None:
    server.on(Op.GET_PRINTER_ATTRIBUTES, printer(r.printer_name("lonely")))
    assert [one.name for one in await client.printers()] == ["lonely"]


async def test_refused_subscription_raises_its_status(server: ScriptedServer, client: Client) -> None:
    status = Status.CLIENT_ERROR_TOO_MANY_SUBSCRIPTIONS
    group = Group.of(GroupTag.SUBSCRIPTION, r.notify_status_code(status))
    server.on(Op.CREATE_PRINTER_SUBSCRIPTIONS, answer(group))
    with pytest.raises(IppError) as caught:
        await client.create_subscription("job-completed")
    assert caught.value.status == status


async def test_create_send_close_is_one_job(server: ScriptedServer, client: Client) -> None:
    server.on(Op.CREATE_JOB, job(JobState.PENDING))
    server.on(Op.SEND_DOCUMENT, job(JobState.PENDING))
    server.on(Op.CLOSE_JOB, answer())
    made = await client.create_job(title="two")
    await client.send_document(made, b"one", last=False)
    await client.send_document(made, b"two", last=False, name="second")
    await client.close_job(made)
    assert [message.code for message in server.seen] == [
        Op.CREATE_JOB,
        Op.SEND_DOCUMENT,
        Op.SEND_DOCUMENT,
        Op.CLOSE_JOB,
    ]
    assert server.documents[1:3] == [b"one", b"two"]


async def test_sync_client_does_the_same(server: ScriptedServer) -> None:
    server.on(Op.PRINT_JOB, job(JobState.PENDING))
    server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.COMPLETED))
    server.on(Op.GET_PRINTER_ATTRIBUTES, printer())

    def work() -> list[JobState]:
        with SyncClient(server.uri) as client:
            made = client.print_document([b"one", b"two"], {"copies": 2})
            return [update.job.state for update in client.follow(made)]

    assert await asyncio.to_thread(work) == [JobState.COMPLETED]
    assert server.documents[0] == b"onetwo"


def test_every_error_status_has_its_exception() -> None:
    errors = {status for status in Status if status >= 0x0400}
    assert set(EXCEPTIONS) == errors


@pytest.mark.parametrize(("title", "sent"), [("b\udcfcro.txt", "b?ro.txt"), ("\ud83d", "?")])
async def test_name_of_a_file_that_is_no_text_is_sent_as_far_as_it_is(
    server: ScriptedServer, title: str, sent: str
) -> None:
    """File names are octets, and Python has such of them as lone surrogates."""
    server.on(Op.PRINT_JOB, answer(Group.of(GroupTag.JOB, r.job_id(1))))
    async with Client(server.uri) as client:
        await client.print_document(b"x", title=title, document_format="text/plain")
    (asked,) = server.asked(Op.PRINT_JOB)
    assert asked.groups[0].get(r.job_name) == sent
