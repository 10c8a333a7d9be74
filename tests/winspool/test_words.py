"""The small tables: errors, names, DEVMODE, printer data, declarations."""

from __future__ import annotations

import pytest

from pagebell.dcerpc.ndr import Transfer
from pagebell.dcerpc.ndr.compiler import codec
from pagebell.model.document import Ticket
from pagebell.model.errors import FACTS, OutOfService
from pagebell.winspool import devmode, werror
from pagebell.winspool.idl import par, par_more, par_notify, rprn
from pagebell.winspool.server.names import Name, is_ours, parse
from pagebell.winspool.werror import Win32, Win32Error, code_of


def test_every_fact_has_an_error_code() -> None:
    assert set(werror.FACTS) == set(FACTS)
    assert code_of(OutOfService("")) is Win32.SHUTDOWN_IN_PROGRESS


@pytest.mark.parametrize("interface", [rprn.WINSPOOL, par.IREMOTEWINSPOOL], ids=lambda i: i.name)
def test_every_declaration_compiles(interface: object) -> None:
    for call in interface.calls.values():  # type: ignore[attr-defined]
        for transfer in Transfer:
            codec(call, transfer)
            codec(call.Reply, transfer)


def test_every_par_call_is_an_rprn_call_but_for_those_that_wait_and_for_packages() -> None:
    ours = {par_notify.__name__, par_more.__name__}
    for call in par.IREMOTEWINSPOOL.calls.values():
        assert call.__module__ in ours or set(call.__mro__) & set(rprn.WINSPOOL.calls.values()), call


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (None, Name()),
        (r"\\host", Name("host")),
        (r"\\host\PDF", Name("host", "PDF")),
        ("PDF", Name("", "PDF")),
        ("PDF, Job 12", Name("", "PDF", 12)),
        (r"\\host\PDF,Job 3", Name("host", "PDF", 3)),
        (r"\\host\PDF,LocalOnly", Name("host", "PDF")),
        (r"\\host\,XcvMonitor Local Port", Name("host", monitor="Local Port")),
    ],
)
def test_names_are_taken_apart(text: str | None, name: Name) -> None:
    assert parse(text) == name


NO_NAMES = ["", "\\\\", "\\\\host\\", "\\\\\\", r"\\host\a\b", "PDF , LocalOnly", "a,b", "x" * 2000]


@pytest.mark.parametrize("text", NO_NAMES)
def test_names_that_are_none(text: str) -> None:
    with pytest.raises(Win32Error, match="INVALID_PRINTER_NAME"):
        parse(text)


def test_a_server_answers_to_its_names_and_to_addresses() -> None:
    for good in ("", "pagebell", "PAGEBELL.example.org", "192.0.2.1", "::1"):
        assert is_ours(good, ("Pagebell", ""))
    assert not is_ours("elsewhere", ("Pagebell", ""))


def test_a_ticket_survives_a_devmode() -> None:
    ticket = Ticket(
        copies=2,
        media="na_letter_8.5x11in",
        orientation_requested=4,
        sides="two-sided-long-edge",
        print_color_mode="monochrome",
        printer_resolution=(600, 600, 3),
    )
    octets = devmode.encode(ticket, r"\\host\A printer with quite a long name", 300, color=True)
    assert len(octets) == devmode.SIZE == 220
    assert devmode.decode(octets) == ticket


@pytest.mark.parametrize("octets", [b"", b"\0" * 219, b"\0" * 220])
def test_octets_that_are_no_devmode(octets: bytes) -> None:
    with pytest.raises(devmode.DevmodeError):
        devmode.decode(octets)
