"""No peer makes the server hold more than is allowed, or wait without a deadline; others do not notice."""

from __future__ import annotations

import asyncio
import ctypes
import socket
import struct
import sys
from collections.abc import Iterator
from itertools import chain, repeat

import pytest

from tests.front.conftest import Open
from tests.http.wire import Response, Wire, chunk, head

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def drip(wire: Wire, octets: Iterator[bytes]) -> Response:
    """Send one octet every now and then until the server has had enough; returns what it says."""
    async with asyncio.timeout(10):
        answer = asyncio.ensure_future(wire.response())
        while not (await asyncio.wait([answer], timeout=0.02))[0]:
            wire.writer.write(next(octets))
        return await answer


def deafen(connection: socket.socket) -> None:
    """Let its kernel hear nothing any more (socket(7), SO_ATTACH_FILTER): it is as if the computer had no power."""
    drop = ctypes.create_string_buffer(struct.pack("@HBBI", 0x06, 0, 0, 0))  # BPF_RET, no octets
    program = struct.pack("@HP", 1, ctypes.addressof(drop))
    connection.setsockopt(socket.SOL_SOCKET, 26, program)


class TestTime:
    async def test_connection_that_says_nothing_is_closed(self, stage: Open) -> None:
        server = await stage(head_time=0.1)
        async with server.wire() as wire:
            assert await wire.ended()

    async def test_head_that_stops_is_answered_408_and_closed(self, stage: Open) -> None:
        server = await stage(head_time=0.1)
        async with server.wire() as wire:
            await wire.send(GET[:-2])
            assert (await wire.response()).status == 408
            assert await wire.ended()

    async def test_head_that_drips_is_answered_408(self, stage: Open) -> None:
        server = await stage(head_time=0.3)
        async with server.wire() as wire:
            assert (await drip(wire, chain([b"GET / HTTP/1.1\r\nX: "], repeat(b"x")))).status == 408

    async def test_head_of_a_later_request_has_its_own_time(self, stage: Open) -> None:
        server = await stage(head_time=0.3)
        async with server.wire() as wire:
            await wire.send(GET)
            assert (await wire.response()).status == 200
            assert (await drip(wire, chain([b"GET / HTTP/1.1\r\nX: "], repeat(b"x")))).status == 408

    async def test_connection_that_is_idle_after_an_answer_is_closed(self, stage: Open) -> None:
        server = await stage(idle_time=0.1)
        async with server.wire() as wire:
            await wire.send(GET)
            assert (await wire.response()).status == 200
            assert await wire.ended()

    @pytest.mark.skipif(sys.platform != "linux", reason="it takes Linux to make a peer deaf")
    async def test_client_that_waits_and_vanishes_without_a_word_frees_its_place(self, stage: Open) -> None:
        server = await stage(vanished_time=2.0)
        async with server.wire() as wire, server.wire() as other:
            for one in (wire, other):
                await one.send(b"GET /later HTTP/1.1\r\nHost: x\r\n\r\n")
            while server.listener.connections < 2:
                await asyncio.sleep(0)
            deafen(wire.writer.get_extra_info("socket"))
            async with asyncio.timeout(30):
                while server.listener.connections > 1:
                    await asyncio.sleep(0.05)
            server.curtain.set()
            assert (await other.response()).status == 200

    async def test_body_that_stops_is_answered_408_and_its_application_told(self, stage: Open) -> None:
        server = await stage(body_silence=0.1)
        async with server.wire() as wire:
            await wire.send(head(10) + b"half")
            assert (await wire.response()).status == 408
            assert await wire.ended()
        async with asyncio.timeout(5):
            await server.lost.wait()

    async def test_body_that_drips_below_the_least_rate_is_answered_408(self, stage: Open) -> None:
        server = await stage(body_silence=0.3, min_upload_rate=1000.0)
        async with server.wire() as wire:
            assert (await drip(wire, chain([head(1000)], repeat(b"x")))).status == 408

    async def test_slow_body_above_the_least_rate_arrives(self, stage: Open) -> None:
        server = await stage(body_silence=0.5, min_upload_rate=1.0)
        async with server.wire() as wire:
            await wire.send(head(50))
            answer = asyncio.ensure_future(wire.response())
            for _ in range(50):  # one second in all
                await asyncio.wait([answer], timeout=0.02)
                await wire.send(b"x")
            assert (await answer).body == b"http POST /ipp/print 50"

    async def test_nothing_counts_while_the_server_is_the_slow_one(self, stage: Open) -> None:
        server = await stage(body_silence=0.1)
        octets = bytes(800_000)
        async with server.wire() as wire:
            wire.writer.write(head(len(octets), path="/later") + octets)
            answer = asyncio.ensure_future(wire.response())
            await asyncio.wait([answer], timeout=0.5)
            assert not answer.done()
            server.curtain.set()
            assert (await answer).body == b"http POST /later 800000"

    async def test_client_that_does_not_read_its_answer_is_cut_off(self, stage: Open) -> None:
        server = await stage(answer_silence=0.1)
        async with server.wire() as wire:
            wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await wire.send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(5):
                await server.lost.wait()

    async def test_waiting_for_an_answer_has_no_limit_here(self, stage: Open) -> None:
        server = await stage(head_time=0.05, idle_time=0.05, body_silence=0.05, answer_silence=0.05)
        async with server.wire() as wire:
            await wire.send(b"GET /later HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = asyncio.ensure_future(wire.response())
            await asyncio.wait([answer], timeout=0.4)
            server.curtain.set()
            assert (await answer).status == 200


class TestSize:
    @pytest.mark.parametrize(
        ("start", "more"),
        [
            (b"GET / HTTP/1.1\r\nX: ", b"x" * 500),
            (b"GET /", b"x" * 500),
            (b"GET / HTTP/1.1\r\n", b"X: x\r\n" * 50),
            (b"", b"\r\n" * 250),
            (head(None) + chunk(b"abc") + b"0\r\nX: ", b"x" * 500),
            (head(None) + b"1;", b"x" * 500),
            (head(None), b"0" * 500),
        ],
        ids=["header", "path", "many headers", "empty lines", "trailer", "extension", "size of a chunk"],
    )
    async def test_what_grows_without_end_is_answered_and_closed(
        self, stage: Open, start: bytes, more: bytes
    ) -> None:
        server = await stage(max_head=2000)
        async with server.wire() as wire:
            assert (await drip(wire, chain([start], repeat(more)))).status in (400, 431)
            assert await wire.ended()

    async def test_many_small_headers_are_answered_431(self, stage: Open) -> None:
        server = await stage(max_headers=10)
        async with server.wire() as wire:
            await wire.send(b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 11 + b"\r\n")
            assert (await wire.response()).status == 431
            assert await wire.ended()

    async def test_large_head_in_one_piece_is_answered_431(self, stage: Open) -> None:
        server = await stage(max_head=2000)
        async with server.wire() as wire:
            await wire.send(b"GET / HTTP/1.1\r\nX: " + b"x" * 2000 + b"\r\n\r\n")
            assert (await wire.response()).status == 431

    async def test_small_head_with_a_large_body_behind_it_passes(self, stage: Open) -> None:
        server = await stage(max_head=2000)
        async with server.wire() as wire:
            await wire.send(head(9000) + bytes(9000))
            assert (await wire.response()).status == 200

    async def test_body_that_is_announced_too_large_is_not_awaited(self, stage: Open) -> None:
        server = await stage(max_body=1000)
        async with server.wire() as wire:
            await wire.send(head(1001))
            assert (await wire.response()).status == 413
            assert await wire.ended()

    async def test_chunked_body_is_counted(self, stage: Open) -> None:
        server = await stage(max_body=1000)
        async with server.wire() as wire:
            await wire.send(head(None) + chunk(bytes(900)))
            await wire.send(chunk(bytes(101)))
            assert (await wire.response()).status == 413
            assert await wire.ended()

    async def test_body_that_its_application_limits_passes(self, stage: Open) -> None:
        server = await stage(max_body=1000)
        async with server.wire() as wire:
            await wire.send(head(50_000, "X-Big: yes") + bytes(50_000))
            assert (await wire.response()).body == b"http POST /ipp/print 50000"

    async def test_refusal_reaches_a_client_that_goes_on_sending(self, stage: Open) -> None:
        server = await stage(max_body=1000)
        async with server.wire() as wire:
            await wire.send(head(5_000_000))
            wire.writer.write(bytes(300_000))
            assert (await wire.response()).status == 413


class TestCount:
    async def test_last_request_of_a_connection_is_told_that_it_is(self, stage: Open) -> None:
        server = await stage(max_requests=3)
        async with server.wire() as wire:
            told = []
            for _ in range(3):
                await wire.send(GET)
                told.append((await wire.response()).headers.get("connection"))
            assert told == [None, None, "close"]
            assert await wire.ended()

    async def test_connection_too_many_is_answered_503(self, stage: Open) -> None:
        server = await stage(max_connections=2)
        async with server.wire() as one, server.wire() as two:
            for wire in (one, two):
                await wire.send(GET)
                assert (await wire.response()).status == 200
            async with server.wire() as three:
                assert (await three.response()).status == 503
                assert await three.ended()
            await one.send(GET)
            assert (await one.response()).status == 200

    async def test_one_address_does_not_take_the_places_of_others(self, stage: Open) -> None:
        server = await stage(max_connections_per_address=1)
        async with server.wire() as one:
            await one.send(GET)
            assert (await one.response()).status == 200
            async with server.wire() as two:
                assert (await two.response()).status == 503
            async with server.wire(local="127.0.0.2") as other:
                await other.send(GET)
                assert (await other.response()).status == 200

    async def test_place_is_free_again_when_its_connection_is_gone(self, stage: Open) -> None:
        server = await stage(max_connections=1)
        async with asyncio.timeout(10):
            for _ in range(3):
                while True:
                    async with server.wire() as wire:
                        await wire.send(GET)
                        if (await wire.response()).status == 200:
                            break

    async def test_pipeline_too_long_does_not_harm_the_answers_before(self, stage: Open) -> None:
        server = await stage()
        async with server.wire() as wire:
            await wire.send(GET * 100)
            answers = [await wire.response() for _ in range(33)]
            assert {answer.status for answer in answers} == {200}
            assert await wire.ended()

    async def test_nonsense_behind_a_request_does_not_harm_its_answer(self, stage: Open) -> None:
        server = await stage()
        async with server.wire() as wire:
            await wire.send(GET + b"\x00\x00")
            assert (await wire.response()).status == 200
            assert await wire.ended()
