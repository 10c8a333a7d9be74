"""Where a request ends is never a matter of opinion (RFC 9112 6.3, 11.2): a proxy in front and we see the same ones."""

from __future__ import annotations

import pytest

from tests.front.conftest import Open
from tests.http.wire import chunk, head


async def test_trailers_are_not_taken_for_headers(stage: Open) -> None:
    server = await stage()
    async with server.wire() as wire:
        await wire.send(
            head(None, path="/headers") + chunk(b"abc") + b"0\r\nAuthorization: Basic eDp5\r\n\r\n"
        )
        assert (await wire.response()).body == b"host content-type transfer-encoding"
        await wire.send(head(0, path="/headers"))
        assert (await wire.response()).body == b"host content-type content-length"


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 3", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 3"),
        ("Content-Length: 3", "Content-Length: 4"),
        ("Content-Length: 3, 4",),
        ("Content-Length: +3",),
        ("Content-Length: 3 3",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding: x\r\n chunked",),
    ],
)
async def test_request_whose_end_is_doubtful_is_refused_and_nothing_behind_it_is_read(
    stage: Open, lines: tuple[str, ...]
) -> None:
    server = await stage()
    async with server.wire() as wire:
        text = "\r\n".join(["POST / HTTP/1.1", "Host: x", *lines, "", ""])
        await wire.send(text.encode() + b"0\r\n\r\nGET /headers HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await wire.response()).status == 400
        assert await wire.ended()
