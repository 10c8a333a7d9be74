"""TLS and HTTP on one port, and the way from one to the other in the middle of a conversation (RFC 2817)."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from pagebell.http.settings import TlsMode
from pagebell.http.tls import NO_TLS
from tests.front.conftest import Open
from tests.front.stage import BIG
from tests.http.wire import Wire, chunk, head

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
OPTIONS = b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: %s\r\nUpgrade: %s\r\n\r\n"
CUPS = OPTIONS % (b"upgrade", b"TLS/1.2,TLS/1.1,TLS/1.0")


def client_hello() -> bytes:
    """The first octets of a TLS client."""
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    client = context.wrap_bio(inward, outward, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outward.read()


async def ask(wire: Wire, request: bytes = GET) -> bytes:
    await wire.send(request)
    return (await wire.response()).body


class TestOnePort:
    async def test_both_are_served(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage()
        async with server.wire() as plain, server.wire(trusting) as encrypted:
            for _ in range(2):
                assert await ask(plain) == b"http GET / 0"
                assert await ask(encrypted) == b"https GET / 0"

    async def test_http_1_1_is_chosen_and_named(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage()
        trusting.set_alpn_protocols(["h2", "http/1.1"])
        async with server.wire(trusting) as wire:
            chosen = wire.writer.get_extra_info("ssl_object")
            assert chosen.selected_alpn_protocol() == "http/1.1"
            assert chosen.version() == "TLSv1.3"

    async def test_tls_1_2_has_forward_secrecy(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage()
        trusting.maximum_version = ssl.TLSVersion.TLSv1_2
        async with server.wire(trusting) as wire:
            assert wire.writer.get_extra_info("ssl_object").cipher()[0].startswith("ECDHE-ECDSA-")
            assert await ask(wire) == b"https GET / 0"

    async def test_large_bodies_pass_both_ways(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage(max_body=10_000_000)
        async with server.wire(trusting) as wire:
            wire.writer.write(head(8_000_000) + bytes(8_000_000))
            assert (await wire.response()).body == b"https POST /ipp/print 8000000"
            assert len(await ask(wire, b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")) == BIG

    async def test_octet_by_octet(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage()
        async with server.wire(trusting) as wire:
            for octet in head(None) + chunk(b"body") + chunk(b""):
                await wire.send(bytes([octet]))
            assert (await wire.response()).body == b"https POST /ipp/print 4"

    async def test_end_of_the_last_answer_is_told_by_tls(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage(max_requests=1)
        async with server.wire(trusting) as wire:
            assert await ask(wire) == b"https GET / 0"
            assert await wire.reader.read() == b""  # an end without close_notify would be an error

    async def test_refusal_reaches_a_client_in_tls(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage(max_body=10)
        async with server.wire(trusting) as wire:
            await wire.send(head(1_000_000) + bytes(100_000))
            assert (await wire.response()).status == 413
            assert await wire.ended()

    async def test_client_that_goes_is_noticed(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage()
        async with server.wire(trusting) as wire:
            await wire.send(head(10) + b"half")
        async with asyncio.timeout(5):
            await server.lost.wait()

    async def test_client_that_does_not_read_is_cut_off(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage(answer_silence=0.1)
        async with server.wire(trusting) as wire:
            wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await wire.send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(5):
                await server.lost.wait()


class TestRefused:
    async def test_handshake_that_stalls_is_dropped(self, stage: Open) -> None:
        server = await stage(handshake_time=0.1)
        async with server.wire() as wire:
            await wire.send(client_hello()[:100])
            assert await wire.ended()

    async def test_handshake_that_stalls_after_its_hello_is_dropped(self, stage: Open) -> None:
        server = await stage(handshake_time=0.1)
        async with server.wire() as wire:
            await wire.send(client_hello())
            async with asyncio.timeout(5):
                assert (await wire.reader.read()).startswith(b"\x16\x03")

    @pytest.mark.parametrize("rest", [b"\x16", b"\x03\x01\x00\x05hello", b"\xff" * 500, b"\x03\x03\xff\xff"])
    async def test_what_only_begins_like_tls_is_closed(self, stage: Open, rest: bytes) -> None:
        server = await stage(handshake_time=0.1)
        async with server.wire() as wire:
            await wire.send(b"\x16" + rest)
            async with asyncio.timeout(5):
                assert (await wire.reader.read())[:1] in (b"", b"\x15")  # an alert at most

    async def test_noise_after_the_handshake_closes(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage()
        async with server.wire() as wire:
            inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
            client = trusting.wrap_bio(inward, outward, server_hostname="127.0.0.1")
            while True:
                try:
                    client.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    await wire.send(outward.read())
                    async with asyncio.timeout(5):
                        inward.write(await wire.reader.read(65536))
            await wire.send(outward.read() + b"\x17\x03\x03\x00\x20" + b"?" * 32)
            async with asyncio.timeout(5):
                await wire.reader.read()

    @pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
    async def test_old_versions_are_refused(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage()
        trusting.set_ciphers("ALL:@SECLEVEL=0")
        trusting.minimum_version = ssl.TLSVersion.TLSv1
        trusting.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            async with server.wire(trusting):
                raise AssertionError("a connection came about")

    async def test_tls_is_closed_where_it_is_off(self, stage: Open) -> None:
        server = await stage(tls=TlsMode.OFF)
        async with server.wire() as wire:
            await wire.send(client_hello())
            async with asyncio.timeout(5):
                assert await wire.reader.read() == NO_TLS
        async with server.wire() as wire:
            await wire.send(CUPS)
            assert (await wire.response()).body == b"http OPTIONS / 0"


class TestUpgrade:
    async def test_cups_way_the_request_is_answered_inside(
        self, stage: Open, trusting: ssl.SSLContext
    ) -> None:
        server = await stage()
        async with server.wire() as wire:
            await wire.send(CUPS)
            switching = await wire.response()
            assert switching.status == 101
            assert switching.headers == {"connection": "upgrade", "upgrade": "tls/1.2, http/1.1"}
            await wire.start_tls(trusting)
            assert (await wire.response()).body == b"https OPTIONS / 0"
            assert await ask(wire) == b"https GET / 0"
            assert await ask(wire, head(3) + b"abc") == b"https POST /ipp/print 3"

    async def test_after_requests_in_the_clear(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage()
        async with server.wire() as wire:
            assert await ask(wire) == b"http GET / 0"
            await wire.send(GET[:-2] + b"Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n")
            assert (await wire.response()).status == 101
            await wire.start_tls(trusting)
            assert (await wire.response()).body == b"https GET / 0"

    async def test_large_answer_waits_for_the_handshake(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage()
        async with server.wire() as wire:
            await wire.send(
                b"GET /big HTTP/1.1\r\nHost: x\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n"
            )
            assert (await wire.response()).status == 101
            await wire.start_tls(trusting)
            assert len((await wire.response()).body) == BIG

    async def test_hello_right_behind_the_request_is_taken(self, stage: Open) -> None:
        server = await stage(handshake_time=0.1)
        async with server.wire() as wire:
            await wire.send(CUPS + client_hello())
            assert (await wire.response()).status == 101
            async with asyncio.timeout(5):
                assert (await wire.reader.read()).startswith(b"\x16\x03")

    async def test_handshake_that_stalls_after_101_is_dropped(self, stage: Open) -> None:
        server = await stage(handshake_time=0.1)
        async with server.wire() as wire:
            await wire.send(CUPS)
            assert (await wire.response()).status == 101
            assert await wire.ended()

    async def test_request_in_the_clear_after_101_is_not_answered(self, stage: Open) -> None:
        server = await stage(tls=TlsMode.REQUIRE)
        async with server.wire() as wire:
            await wire.send(CUPS)
            assert (await wire.response()).status == 101
            await wire.send(GET)
            async with asyncio.timeout(5):
                assert (await wire.reader.read())[:1] in (b"", b"\x15")

    @pytest.mark.parametrize("protocol", [b"TLS/1.2", b"h2c", b"websocket"])
    async def test_request_with_a_body_is_answered_as_it_came(self, stage: Open, protocol: bytes) -> None:
        server = await stage()
        request = head(None, "Connection: Upgrade, Keep-Alive", f"Upgrade: {protocol.decode()}")
        async with server.wire() as wire:
            assert await ask(wire, request + chunk(GET) + chunk(b"")) == b"http POST /ipp/print 27"
            request = head(len(GET), "Connection: Upgrade", f"Upgrade: {protocol.decode()}")
            await wire.send(request[:-1])
            await wire.send(request[-1:])
            assert await ask(wire, GET) == b"http POST /ipp/print 27"
            assert await ask(wire) == b"http GET / 0"

    @pytest.mark.parametrize(
        "request_",
        [
            OPTIONS % (b"upgrade", b"h2c"),
            OPTIONS % (b"upgrade", b"TLS/2.0"),
            OPTIONS % (b"keep-alive", b"TLS/1.2"),
            CUPS.replace(b"1.1\r\nHost", b"1.0\r\nHost"),
        ],
        ids=["another protocol", "unknown version", "not named by Connection", "HTTP/1.0"],
    )
    async def test_other_wishes_are_answered_in_the_clear(self, stage: Open, request_: bytes) -> None:
        server = await stage()
        async with server.wire() as wire:
            assert await ask(wire, request_) == b"http OPTIONS / 0"

    async def test_upgrade_in_tls_is_answered_as_it_came(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage()
        async with server.wire(trusting) as wire:
            assert await ask(wire, CUPS) == b"https OPTIONS / 0"
            assert await ask(wire) == b"https GET / 0"

    async def test_many_wishes_in_one_piece_are_no_burden(self, stage: Open) -> None:
        server = await stage()
        async with server.wire() as wire:
            await wire.send(OPTIONS % (b"upgrade", b"h2c") * 2000)
            for _ in range(33):
                assert (await wire.response()).status == 200
            assert await wire.ended()

    async def test_tunnels_are_refused(self, stage: Open) -> None:
        server = await stage()
        async with server.wire() as wire:
            await wire.send(b"CONNECT printer.test:631 HTTP/1.1\r\nHost: printer.test:631\r\n\r\n")
            assert (await wire.response()).status == 405


class TestRequired:
    @pytest.mark.parametrize(
        "request_", [GET, head(3) + b"abc", head(30, "Expect: 100-continue"), head(None)]
    )
    async def test_request_in_the_clear_is_told_to_upgrade(self, stage: Open, request_: bytes) -> None:
        server = await stage(tls=TlsMode.REQUIRE)
        async with server.wire() as wire:
            await wire.send(request_)
            answer = await wire.response()
            assert answer.status == 426
            assert answer.headers["upgrade"] == "tls/1.2, http/1.1"
            assert answer.headers["connection"] == "upgrade, close"
            assert await wire.ended()

    async def test_both_ways_to_tls_are_open(self, stage: Open, trusting: ssl.SSLContext) -> None:
        server = await stage(tls=TlsMode.REQUIRE)
        async with server.wire() as wire, server.wire(trusting) as encrypted:
            await wire.send(CUPS)
            assert (await wire.response()).status == 101
            await wire.start_tls(trusting)
            assert (await wire.response()).body == b"https OPTIONS / 0"
            assert await ask(wire) == await ask(encrypted) == b"https GET / 0"
