"""One request and its answer between an application and a transport that only notes what it is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pagebell.http.exchange import Exchange, Flow, Message, Receive, Scope, Send

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]}
CHUNKED = {"type": "http.response.start", "status": 200, "headers": []}


class Transport(asyncio.Transport):
    """Notes each write."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.written.append(b"(pause)")

    def resume_reading(self) -> None:
        self.written.append(b"(resume)")


class Stage:
    """An exchange with an application that does what it is told."""

    def __init__(
        self,
        method: str = "POST",
        *,
        version: str = "1.1",
        keep_alive: bool = True,
        expects_continue: bool = False,
    ) -> None:
        self.transport = Transport()
        self.flow = Flow(self.transport)
        self.done = 0
        self.exchange = Exchange(
            {"method": method, "http_version": version},
            self.flow,
            self._count,
            keep_alive=keep_alive,
            expects_continue=expects_continue,
        )

    def _count(self) -> None:
        self.done += 1

    async def play(self, *messages: Message) -> list[bytes]:
        """The application sends these; returns what was written."""

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            for message in messages:
                await send(message)

        await self.exchange.run(application)
        return self.transport.written


def body(octets: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": octets, "more_body": more}


async def test_head_and_body_go_out_together() -> None:
    stage = Stage()
    assert await stage.play(START, body(b"abcd")) == [b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd"]
    assert stage.done == 1 and not stage.transport.closed


async def test_body_of_unknown_length_is_chunked() -> None:
    first, second, last = await Stage().play(
        CHUNKED, body(b"ab", more=True), body(b"c", more=True), body(b"")
    )
    assert first == b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n"
    assert (second, last) == (b"1\r\nc\r\n", b"0\r\n\r\n")


async def test_body_of_unknown_length_ends_with_the_connection_for_who_knows_no_chunks() -> None:
    """HTTP/1.0: RFC 9112 6.1"""
    stage = Stage(version="1.0", keep_alive=False)
    first, second = await stage.play(CHUNKED, body(b"ab", more=True), body(b"c", more=True), body(b""))
    assert (first, second) == (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nab", b"c")
    assert stage.transport.closed


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_answer_that_has_no_body_gets_none(method: str, status: int) -> None:
    written = b"".join(await Stage(method).play({**CHUNKED, "status": status}, body(b"abc")))
    assert written.endswith(b"\r\n\r\n") and b"transfer-encoding" not in written


async def test_connection_that_is_not_kept_says_so_and_is_closed() -> None:
    stage = Stage(keep_alive=False)
    (written,) = await stage.play(START, body(b"abcd"))
    assert b"\r\nconnection: close\r\n" in written and stage.transport.closed


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\0b"])
async def test_header_with_the_end_of_a_line_in_it_is_an_internal_error(
    value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage()
    (written,) = await stage.play({**START, "headers": [(b"x-name", value)]})
    assert written.startswith(b"HTTP/1.1 500 ") and b"cookie" not in written
    assert "no header" in caplog.text
    assert stage.transport.closed


@pytest.mark.parametrize("octets", [b"abc", b"abcde"])
async def test_body_that_is_not_as_long_as_announced_ends_the_connection(octets: bytes) -> None:
    stage = Stage()
    assert b"".join(await stage.play(START, body(octets))) == b""
    assert stage.transport.closed


async def test_application_that_says_nothing_is_an_internal_error() -> None:
    stage = Stage()
    (written,) = await stage.play()
    assert written.startswith(b"HTTP/1.1 500 ") and stage.transport.closed


async def test_client_that_waits_for_permission_to_send_gets_it_when_its_body_is_read() -> None:
    stage = Stage(expects_continue=True)
    stage.exchange.feed(b"abc")
    stage.exchange.feed_end()
    assert stage.transport.written == []
    assert (await stage.exchange.receive())["body"] == b"abc"
    assert stage.transport.written == [b"HTTP/1.1 100 Continue\r\n\r\n"]


async def test_no_more_is_read_while_much_of_a_body_waits() -> None:
    stage = Stage()
    stage.exchange.feed(bytes(2**16 + 1))
    assert stage.transport.written == [b"(pause)"]
    await stage.exchange.receive()
    stage.exchange.feed(b"x")
    await stage.exchange.receive()
    assert stage.transport.written == [b"(pause)", b"(resume)"]


async def test_application_learns_that_its_client_is_gone() -> None:
    stage = Stage()
    waiting = asyncio.ensure_future(stage.exchange.receive())
    await asyncio.sleep(0)
    stage.exchange.disconnect()
    assert (await waiting)["type"] == "http.disconnect"
    await stage.exchange.send(START)
    assert stage.transport.written == []


async def test_application_waits_while_its_client_takes_nothing() -> None:
    stage = Stage()
    stage.flow.pause_writing()
    playing = asyncio.ensure_future(stage.play(START, body(b"abcd")))
    await asyncio.sleep(0)
    assert stage.transport.written == []
    stage.flow.resume_writing()
    assert len(await playing) == 1


async def test_what_is_pushed_goes_out_at_once_where_the_client_takes_it() -> None:
    stage = Stage()
    exchange, written = stage.exchange, stage.transport.written
    push, framed = exchange.pusher(b"", b""), exchange.pusher(b"<", b">")
    assert not push([b"early"])
    await exchange.send(CHUNKED)
    assert not push([b"before the first octets of the body"])
    await exchange.send(body(b"ab", more=True))
    assert push([b"c", b"de"]) and framed([b"fghijklm", b"nopqrs"])
    assert written[1:] == [b"3\r\ncde\r\n", b"10\r\n<fghijklmnopqrs>\r\n"]
    stage.flow.pause_writing()
    assert not push([b"too much"])
    stage.flow.resume_writing()
    await exchange.send(body(b""))
    assert not push([b"late"])
    assert written[3:] == [b"0\r\n\r\n"]


async def test_nothing_is_pushed_into_a_body_whose_length_was_announced() -> None:
    stage = Stage()
    await stage.exchange.send(START)
    await stage.exchange.send(body(b"ab", more=True))
    assert not stage.exchange.pusher(b"", b"")([b"cd"])


async def test_nothing_is_pushed_to_a_client_that_is_gone() -> None:
    stage = Stage()
    await stage.exchange.send(CHUNKED)
    await stage.exchange.send(body(b"ab", more=True))
    stage.exchange.disconnect()
    assert not stage.exchange.pusher(b"", b"")([b"cde"])
    assert len(stage.transport.written) == 1
