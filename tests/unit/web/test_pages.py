"""What printers point to is there: their page, icons and words (printer-more-info, -icons, -strings-uri)."""

from __future__ import annotations

import asyncio
import re
import struct
import zlib
from typing import Any

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import GroupTag
from pagebell.ipp.registry import Op
from pagebell.model.access import SYSTEM
from pagebell.web.icon import SIZES, icon
from pagebell.web.site import site
from pagebell.web.strings import strings
from tests.unit.ipp_server.door import ADMIN, Door, first
from tests.unit.spooler.test_resources import PNG, installed


async def get(application: Any, path: str) -> tuple[int, str, bytes]:
    """Status, media type and body of what is at a path."""
    sent: list[dict[str, Any]] = []
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in asked:
            return message
        await asyncio.Event().wait()  # the client stays
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [],
        "root_path": "",
    }
    await application(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers["content-type"], b"".join(m.get("body", b"") for m in sent[1:])


async def test_every_address_that_a_printer_tells_resolves() -> None:
    async with Door() as d:
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        attributes = (r.printer_more_info, r.printer_icons, r.printer_strings_uri, r.printer_supply_info_uri)
        uris = [uri for attr in attributes for uri in told.all(attr)]
        assert len(uris) == 6
        for uri in uris:
            path = uri.removeprefix("http://printer.test").partition("#")[0]
            assert (await get(site(d.spooler), path))[0] == 200, uri


async def test_page_of_a_printer_tells_what_the_operator_says() -> None:
    async with Door() as d:
        await d.ask(Op.PAUSE_PRINTER, r.printer_message_from_operator("<b>Lunch</b>"), user=ADMIN)
        status, kind, body = await get(site(d.spooler), "/printers/p1")
        assert (status, kind) == (200, "text/html; charset=utf-8")
        assert b"&lt;b&gt;Lunch&lt;/b&gt;" in body
        assert b"Paused by an operator." in body


@pytest.mark.parametrize("path", ["/printers/nowhere", "/icon-7.png"])
async def test_what_is_not_there_is_not_found(path: str) -> None:
    async with Door() as d:
        assert (await get(site(d.spooler), path))[0] == 404


@pytest.mark.parametrize("size", SIZES)
def test_icon_is_a_picture_of_that_size(size: int) -> None:
    octets = icon(size)
    assert octets.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack_from(">II", octets, 16) == (size, size)
    at = octets.index(b"IDAT")
    (length,) = struct.unpack_from(">I", octets, at - 4)
    assert len(zlib.decompress(octets[at + 4 : at + 4 + length])) == size * (4 * size + 1)


def test_strings_are_pairs_each_key_once() -> None:
    lines = strings().splitlines()
    pairs = [re.fullmatch(r'"([a-z0-9._-]+(?:\.[A-Za-z0-9._-]+)?)" = "([^"]+)";', line) for line in lines]
    assert all(pairs)
    keys = [pair[1] for pair in pairs if pair]
    assert len(keys) == len(set(keys))


async def test_resource_is_served_to_who_may_look_and_on_a_printer_to_all() -> None:
    async with Door() as d:
        resources = d.spooler.resources
        logo = await installed(d)
        status, kind, body = await get(site(d.spooler), f"/resources/{logo.id}")
        assert (status, kind, body) == (200, "image/png", PNG)
        empty, _ = await resources.create("static-image", SYSTEM)
        for number in (empty.id, 99):
            assert (await get(site(d.spooler), f"/resources/{number}"))[0] == 404
