"""What is not an IPP request, or a bad one, and what a connection lives through."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pagebell.app import Running
from pagebell.ipp import registry as r
from pagebell.ipp.codec import Group, GroupTag, encode
from pagebell.ipp.registry import Op, Status
from pagebell.model.access import SYSTEM
from pagebell.spooler.printers import PrinterWish
from tests.asking import build, job_id
from tests.http.wire import Wire, head

Connect = Callable[[], Wire]
ASK = encode(
    build(Op.GET_PRINTER_ATTRIBUTES, "ipp://printer.test/ipp/print", r.requested_attributes("printer-name"))
)


async def test_many_requests_share_a_connection(connect: Connect) -> None:
    async with connect() as wire:
        for _ in range(20):
            assert (await wire.post(ASK)).ipp.code == Status.SUCCESSFUL_OK


async def test_pipelined_requests_are_answered_in_their_order(connect: Connect) -> None:
    requests = [build(Op.GET_PRINTER_ATTRIBUTES, "ipp://printer.test/ipp/print") for _ in range(5)]
    async with connect() as wire:
        octets = [encode(request) for request in requests]
        await wire.send(b"".join(head(len(one)) + one for one in octets))
        answers = [(await wire.response()).ipp.request_id for _ in octets]
    assert answers == [request.request_id for request in requests]


BAD = {
    "nothing": b"",
    "half a header": b"\x02\x00\x00",
    "noise": b"\xff" * 64,
    "an end before it began": b"\x02\x00\x00\x0b\x00\x00\x00\x07\x03",
    "a length beyond its end": b"\x02\x00\x00\x0b\x00\x00\x00\x07\x01\x47\x00\x12attributes-charset\x7f\xff",
    "text": b"GET / HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
async def test_malformed_message_is_a_bad_request_and_the_connection_lives(
    connect: Connect, body: bytes
) -> None:
    async with connect() as wire:
        answer = (await wire.post(body)).ipp
        assert answer.code in (Status.CLIENT_ERROR_BAD_REQUEST, Status.SERVER_ERROR_VERSION_NOT_SUPPORTED)
        assert (await wire.post(ASK)).ipp.code == Status.SUCCESSFUL_OK


async def test_answer_to_a_bad_request_has_its_id(connect: Connect) -> None:
    async with connect() as wire:
        answer = (await wire.post(BAD["a length beyond its end"])).ipp
    assert answer.request_id == 7


async def test_attributes_beyond_the_limit_are_refused_while_they_come(connect: Connect) -> None:
    message = build(Op.GET_JOBS, "ipp://printer.test/", r.requested_attributes(*["x" * 200] * 20_000))
    async with connect() as wire:
        assert (await wire.post(encode(message))).ipp.code == Status.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE
        assert (await wire.post(ASK)).ipp.code == Status.SUCCESSFUL_OK


@pytest.mark.parametrize(
    ("method", "path", "kind", "status"),
    [
        ("POST", "/ipp/print", "text/plain", 415),
        ("POST", "/", "application/x-www-form-urlencoded", 415),
        ("PUT", "/ipp/print", "application/ipp", 404),
        ("DELETE", "/", "application/ipp", 405),
        ("GET", "/nowhere", "text/plain", 404),
        ("GET", "/../../etc/passwd", "text/plain", 404),
        ("GET", "/%00%ff", "text/plain", 404),
    ],
)
async def test_wrong_methods_types_and_paths_get_their_http_status(
    connect: Connect, method: str, path: str, kind: str, status: int
) -> None:
    async with connect() as wire:
        octets = head(4, path=path, kind=kind).replace(b"POST", method.encode(), 1)
        await wire.send(octets + b"body")
        assert (await wire.response()).status == status
        assert (await wire.post(ASK)).ipp.code == Status.SUCCESSFUL_OK


@pytest.mark.parametrize("path", ["/", "/ipp/print", "/ipp/print/PDF", "/printers/PDF", "/jobs/", "/admin/"])
async def test_ipp_is_understood_at_every_path(connect: Connect, path: str) -> None:
    async with connect() as wire:
        assert (await wire.post(ASK, path=path)).ipp.code == Status.SUCCESSFUL_OK


async def test_what_is_no_http_is_refused_and_cut_off(connect: Connect) -> None:
    async with connect() as wire:
        await wire.send(b"\x05\x00\x0b\x03\x10\x00\x00\x00 this is some other protocol\r\n\r\n")
        assert (await wire.response()).status == 400
        assert await wire.ended()


async def test_head_without_end_is_refused(connect: Connect) -> None:
    async with connect() as wire:
        await wire.send(b"GET / HTTP/1.1\r\n" + b"X-Padding: yes\r\n" * 8000)
        assert (await wire.response()).status == 431
        assert await wire.ended()


async def test_http_1_0_is_answered_and_closed(connect: Connect) -> None:
    async with connect() as wire:
        octets = head(len(ASK)).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
        await wire.send(octets + ASK)
        assert (await wire.response()).ipp.code == Status.SUCCESSFUL_OK
        assert await wire.ended()


@pytest.mark.parametrize("host", ['"><script>', "a b", "", "x" * 300, "evil.test/path", "user@host"])
async def test_uris_in_answers_are_never_made_of_a_strange_host(
    connect: Connect, running: Running, host: str
) -> None:
    ask = encode(build(Op.GET_PRINTER_ATTRIBUTES, "ipp://printer.test/ipp/print"))
    async with connect() as wire:
        await wire.send(head(len(ask)).replace(b"printer.test:631", host.encode(), 1) + ask)
        group = (await wire.response()).ipp.group(GroupTag.PRINTER)
    assert group is not None
    assert group.get(r.printer_uri_supported) == f"ipp://{running.authority}/ipp/print/PDF"


async def test_uris_in_answers_are_those_that_the_client_knows(connect: Connect) -> None:
    ask = encode(build(Op.GET_PRINTER_ATTRIBUTES, "ipp://printer.test/ipp/print"))
    async with connect() as wire:
        group = (await wire.post(ask)).ipp.group(GroupTag.PRINTER)
    assert group is not None
    assert group.get(r.printer_uri_supported) == "ipp://printer.test:631/ipp/print/PDF"
    assert group.get(r.printer_more_info) == "http://printer.test:631/printers/PDF"


async def page(wire: Wire, method: str = "GET") -> str:
    await wire.send(f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    response = await wire.response()
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    return response.body.decode()


async def test_page_lists_printers_and_jobs(connect: Connect, running: Running) -> None:
    hold = Group.of(GroupTag.JOB, r.job_hold_until("indefinite"))
    uri = "ipp://printer.test/ipp/print/Slow"
    create = encode(build(Op.PRINT_JOB, uri, r.job_name("Quarterly"), groups=[hold])) + b"text"
    async with connect() as wire:
        before = await page(wire)
        number = job_id((await wire.post(create)).ipp)
        after = await page(wire)
    assert "PDF" in before and "Slow" in before and "Quarterly" not in before
    assert f"<td>{number}</td><td>Quarterly</td>" in after
    assert "pending-held" in after


async def test_page_shows_names_as_text_whatever_is_in_them(connect: Connect, running: Running) -> None:
    evil = "<script>alert('x')</script>"
    await running.spooler.printers.add("Evil", PrinterWish(device="null:", info=evil, location=evil), SYSTEM)
    uri = "ipp://printer.test/ipp/print/Slow"
    create = encode(build(Op.PRINT_JOB, uri, r.job_name(evil), user=evil)) + b"text"
    async with connect() as wire:
        await wire.post(create)
        text = await page(wire)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 4


async def test_script_of_a_web_page_does_not_administer_though_its_browser_is_here(connect: Connect) -> None:
    pause = encode(build(Op.PAUSE_PRINTER, "ipp://printer.test/ipp/print"))
    async with connect() as wire:
        refused = (await wire.post(pause, "Origin: http://printer.test:631")).ipp
        done = (await wire.post(pause)).ipp
    assert (refused.code, done.code) == (Status.CLIENT_ERROR_NOT_AUTHORIZED, Status.SUCCESSFUL_OK)
