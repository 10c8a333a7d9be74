"""What names a Windows print server or one of its queues, and the ways to it."""

from __future__ import annotations

import pytest

from pagebell.winspool.client.addresses import Address, AddressError, Way, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("par://host/Office", Address("host", "Office", "par")),
        ("rprn://host:4000/Big%20One", Address("host", "Big One", "rprn", 4000)),
        (r"\\host\Office", Address("host", "Office")),
        (r"\\host", Address("host")),
        ("par://[::1]/q", Address("::1", "q", "par")),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse(text) == address
    assert parse(address.uri) == address


def test_ways_in_their_order() -> None:
    assert parse(r"\\h\q").ways == (Way.PAR, Way.RPRN, Way.PIPE)
    assert (parse("par://h/q").ways, parse("rprn://h/q").ways) == ((Way.PAR,), (Way.RPRN, Way.PIPE))


@pytest.mark.parametrize(
    "text",
    [
        "par:///q",
        "par://ada:pw@host/q",
        "par://host/a/b",
        "par://host:99999/q",
        "smb://h/q",
        "\\\\",
        "par://h/a,b",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(AddressError):
        parse(text)
