"""TLS as one notices it in IPP: the URIs that printers tell, credentials, and our own client."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from pagebell.app import Running
from pagebell.entrance import visitor_of
from pagebell.ipp import Client
from pagebell.ipp import registry as r
from pagebell.ipp.codec import encode
from pagebell.ipp.errors import HttpError, Untrusted
from pagebell.ipp.registry import Op
from pagebell.model.access import Credentials, Visitor
from tests.asking import build
from tests.http.wire import Wire, head

NAMES = (
    "printer-uri-supported",
    "uri-security-supported",
    "uri-authentication-supported",
    "printer-more-info",
)
PRINTER = "printer.test:631/ipp/print/PDF"


def ask(*names: str) -> bytes:
    return encode(build(Op.GET_PRINTER_ATTRIBUTES, f"ipp://{PRINTER}", r.requested_attributes(*names)))


@pytest.fixture
def trusting(running: Running) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=running.certificate)


async def told(wire: Wire, *names: str) -> dict[str, list[object]]:
    groups = (await wire.post(ask(*names))).ipp.groups
    return {
        name: [value.data for value in attribute.values] for name, attribute in groups[-1].attributes.items()
    }


async def test_both_uris_are_told_and_the_clients_own_comes_first(
    running: Running, trusting: ssl.SSLContext
) -> None:
    plain, encrypted = Wire(running.host, running.port), Wire(running.host, running.port, trusting)
    async with plain, encrypted:
        seen = await told(plain, *NAMES)
        assert seen["printer-uri-supported"] == [f"ipp://{PRINTER}", f"ipps://{PRINTER}"]
        assert seen["uri-security-supported"] == ["none", "tls"]
        assert seen["uri-authentication-supported"] == ["requesting-user-name"] * 2
        assert seen["printer-more-info"] == ["http://printer.test:631/printers/PDF"]
        seen = await told(encrypted, *NAMES)
        assert seen["printer-uri-supported"] == [f"ipps://{PRINTER}", f"ipp://{PRINTER}"]
        assert seen["uri-security-supported"] == ["tls", "none"]
        assert seen["printer-more-info"] == ["https://printer.test:631/printers/PDF"]


async def test_client_that_does_not_ask_about_security_gets_one_uri(
    running: Running, trusting: ssl.SSLContext
) -> None:
    """libcups 2 would make "ipp://...,ipps://..." of two."""
    async with Wire(running.host, running.port, trusting) as wire:
        assert await told(wire, NAMES[0]) == {NAMES[0]: [f"ipps://{PRINTER}"]}


async def test_certificate_lies_in_the_state_folder(running: Running) -> None:
    assert running.certificate == running.state / "tls" / "certificate.pem"


async def test_client_does_not_trust_an_unknown_certificate(running: Running) -> None:
    async with Client(f"ipps://{running.authority}/ipp/print/PDF") as client:
        with pytest.raises(Untrusted, match="cannot be verified"):
            await client.printer()


async def test_client_may_be_told_to_trust(running: Running, trusting: ssl.SSLContext) -> None:
    uri = f"ipps://{running.authority}/ipp/print/PDF"
    for verify in (False, trusting):
        async with Client(uri, verify=verify) as client:
            assert (await client.printer()).name == "PDF"
            job = await client.print_document(b"Dear Ada\n")
            assert job.id > 0


@pytest.mark.parametrize("credentials", ["Basic YWRhOnNlY3JldA==", "Bearer secret", "Secret"])
async def test_credentials_are_refused_in_the_clear_and_in_tls_and_never_logged(
    running: Running, trusting: ssl.SSLContext, credentials: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    header = f"Authorization: {credentials}"
    async with Wire(running.host, running.port) as wire:
        answer = await wire.post(ask("printer-name"), header)
        assert answer.status == 426
        assert answer.headers["upgrade"] == "tls/1.2, http/1.1"
        assert b"ipps:" in answer.body
        assert (await wire.post(ask("printer-name"))).status == 200
    async with Wire(running.host, running.port, trusting) as wire:
        answer = await wire.post(ask("printer-name"), header)
        assert answer.status == 403
        assert b"knows no users" in answer.body
    assert "ecret" not in caplog.text
    assert "YWRh" not in caplog.text


def test_credentials_reach_the_door_and_hide_their_secret() -> None:
    headers = [(b"authorization", b"Basic YWRhOnNlY3JldA==")]
    visitor = visitor_of({"headers": headers, "scheme": "https", "client": ("192.0.2.1", 4711)})
    assert visitor == Visitor("192.0.2.1", True, Credentials("basic", "YWRhOnNlY3JldA=="))
    assert "YWRh" not in repr(visitor)


async def test_options_tell_the_methods(running: Running) -> None:
    async with Wire(running.host, running.port) as wire:
        await wire.send(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await wire.response()
        assert (answer.status, answer.headers["allow"]) == (200, "get, head, options, post")


class TestRequired:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"tls": {"mode": "require"}}

    async def test_only_encrypted_uris_are_told(self, running: Running, trusting: ssl.SSLContext) -> None:
        assert running.uri("PDF").startswith("ipps://")
        assert running.page.startswith("https://")
        async with Wire(running.host, running.port, trusting) as wire:
            seen = await told(wire, *NAMES)
            assert seen["printer-uri-supported"] == [f"ipps://{PRINTER}"]
            assert seen["uri-security-supported"] == ["tls"]

    async def test_our_client_says_what_to_do(self, running: Running) -> None:
        async with Client(f"ipp://{running.authority}/ipp/print/PDF") as client:
            with pytest.raises(HttpError, match="use an ipps:// address"):
                await client.printer()

    async def test_document_is_not_awaited(self, running: Running) -> None:
        async with Wire(running.host, running.port) as wire:
            await wire.send(head(50_000_000, "Expect: 100-continue"))
            assert (await wire.response()).status == 426


class TestOff:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"tls": {"mode": "off"}}

    async def test_only_plain_uris_are_told_and_nothing_is_made(self, running: Running) -> None:
        async with Wire(running.host, running.port) as wire:
            seen = await told(wire, *NAMES)
            assert seen["printer-uri-supported"] == [f"ipp://{PRINTER}"]
            assert seen["uri-security-supported"] == ["none"]
        assert not (running.state / "tls").exists()

    async def test_our_client_says_that_there_is_no_encryption(self, running: Running) -> None:
        async with Client(f"ipps://{running.authority}/ipp/print/PDF", verify=False) as client:
            with pytest.raises(Untrusted, match="perhaps it speaks plain ipp"):
                await client.printer()
