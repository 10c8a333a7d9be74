"""Where requests may go, by the address that they would really reach."""

from __future__ import annotations

import pytest

from pagebell.http.outbound import AllowList, SchemeUnknown, UriRefused

NAMED = AllowList(["hooks.test", "localhost"])


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2600:1406::1", "2002:5db8:d70e::1", "64:ff9b::5db8:d70e"]
)
def test_listed_name_may_have_any_public_address(address: str) -> None:
    assert NAMED.may_connect("hooks.test", address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
        ),
        *("::1", "::", "fe80::1", "fe80::1%lo", "fd00::1", "fec0::1", "ff02::1"),
        *("::ffff:10.0.0.1", "::ffff:0:10.0.0.1", "::127.0.0.1"),  # RFC 4291 2.5.5, RFC 2765 2.1
        *("2002:7f00:1::", "2002:a00:1::1"),  # RFC 3056
        *("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1"),  # RFC 6052, RFC 8215
        "2001:0:a00:1::1",  # RFC 4380
    ],
)
def test_no_name_leads_to_this_machine_or_a_private_network_however_that_is_written(address: str) -> None:
    assert not NAMED.may_connect("hooks.test", address)


def test_network_is_leave_for_its_addresses_however_they_are_written() -> None:
    allowed = AllowList(["10.0.0.0/8", "::1"])
    for address in ("10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "::1"):
        assert allowed.may_connect("any.test", address)
    assert not allowed.may_connect("any.test", "11.0.0.1")


def test_who_lists_localhost_means_this_machine_and_no_other() -> None:
    """It can be nothing else (RFC 6761 6.3)."""
    assert NAMED.may_connect("localhost", "127.0.0.1")
    assert NAMED.may_connect("LOCALHOST.", "::1")
    assert not NAMED.may_connect("localhost", "10.0.0.1")
    assert not NAMED.may_connect("hooks.test", "127.0.0.1")


@pytest.mark.parametrize(
    "uri",
    [
        *("http://ada@hooks.test/", "http://:pw@hooks.test/", "http:///nowhere", "http://hooks.test:0x50/"),
        *("http://hooks.test@10.0.0.1/", "http://10.0.0.1#@hooks.test/", "http://10.0.0.1\\@hooks.test/"),
        *("http://0x7f000001/", "http://017700000001/", "http://127.1/", "http://[::1%25lo]/"),
    ],
)
def test_uri_that_hides_its_host_is_refused(uri: str) -> None:
    with pytest.raises(UriRefused):
        NAMED.judge(uri, ["http"])


def test_scheme_is_told() -> None:
    with pytest.raises(SchemeUnknown, match="ftp"):
        NAMED.judge("ftp://hooks.test/", ["http"])
