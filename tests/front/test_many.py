"""A thousand slow connections, and a normal client that notices nothing of them."""

from __future__ import annotations

import asyncio
import resource
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from tests.front.conftest import Open
from tests.front.test_tls import GET, ask, client_hello
from tests.http.wire import Wire

SLOW = 1000
NORMAL = 50
SPARE = 200


@pytest.fixture
def slow_ones() -> Iterator[int]:
    """How many the system has files for: each connection has two ends in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * SLOW + SPARE
    if soft < wanted:
        soft_new = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft_new, hard))
    now = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    yield min(SLOW, (now - SPARE) // 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


async def test_normal_client_is_served_among_slow_ones(
    stage: Open, trusting: ssl.SSLContext, slow_ones: int
) -> None:
    server = await stage(head_time=60.0, handshake_time=60.0)
    hello = client_hello()
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(server.wire()) for _ in range(slow_ones)]
        for number, wire in enumerate(slow):
            # Half of them are in the middle of a handshake: before or after the server's part of it.
            await wire.send((hello[:100], hello)[number % 4 // 2] if number % 2 else b"GET / HTTP/1.1\r\nX: ")
        drips = [wire for number, wire in enumerate(slow) if not number % 2]
        plain = await stack.enter_async_context(server.wire())
        encrypted = await stack.enter_async_context(server.wire(trusting))
        async with asyncio.timeout(
            10
        ):  # for 4 × 50 requests and as many octets of headers, a quarter with handshakes
            for number in range(NORMAL):
                drips[number % len(drips)].writer.write(b"x")
                assert await ask(plain) == b"http GET / 0"
                assert await ask(encrypted) == b"https GET / 0"
                for context in (None, trusting):
                    async with server.wire(context) as wire:
                        assert (await ask(wire)).endswith(b"GET / 0")
        assert server.listener.connections >= slow_ones + 2


async def test_slow_ones_are_all_dropped_in_the_end(stage: Open, slow_ones: int) -> None:
    server = await stage(head_time=0.2, handshake_time=0.2)
    hello = client_hello()

    async def one(number: int) -> bool:
        async with server.wire() as wire:
            await wire.send(hello if number % 2 else GET[:-2])
            async with asyncio.timeout(10):
                try:
                    await wire.reader.read()
                except ConnectionError:
                    return True
            return wire.reader.at_eof()

    assert all(await asyncio.gather(*(one(number) for number in range(min(200, slow_ones)))))


async def test_all_places_taken_by_one_address_leaves_others_theirs(stage: Open, slow_ones: int) -> None:
    server = await stage(max_connections=20, max_connections_per_address=15)
    async with AsyncExitStack() as stack:
        for _ in range(15):
            wire: Wire = await stack.enter_async_context(server.wire())
            await wire.send(b"GET")
        async with server.wire() as wire:
            assert (await wire.response()).status == 503
        async with server.wire(local="127.0.0.3") as wire:
            assert await ask(wire) == b"http GET / 0"
