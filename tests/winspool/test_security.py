"""Security descriptors: taken apart, put together, and what they allow."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagebell.model.access import ADMINISTRATOR, EVERYBODY, Grant, Principal, Right, Trustee
from pagebell.winspool.constants import Access
from pagebell.winspool.security import (
    ADMINISTRATORS,
    EVERYONE,
    PRINTER_SECURITY,
    SERVER_SECURITY,
    Descriptor,
    DescriptorError,
    Entry,
    decode,
    describe,
    grants,
    merged,
    sid,
)

PRESENT = 0x0004
ADA = Principal("ada", authenticated=True)
NOBODY = Principal("anonymous")


def descriptor(*entries: Entry, owner: bytes | None = ADMINISTRATORS) -> bytes:
    return Descriptor(PRESENT, owner, owner, None, entries).encode()


def entry(who: bytes, access: int, kind: int = 0, flags: int = 0) -> Entry:
    return Entry(kind, flags, struct.pack("<I", access) + who)


def test_what_is_usual_says_what_the_server_does() -> None:
    rules = grants(PRINTER_SECURITY)
    assert ADA.within(rules).rights == EVERYBODY
    assert NOBODY.within(rules).rights == EVERYBODY
    assert decode(SERVER_SECURITY).encode() == SERVER_SECURITY
    assert decode(PRINTER_SECURITY).owner == ADMINISTRATORS


RULES = st.lists(
    st.builds(
        Grant,
        st.sampled_from([Trustee.EVERYBODY, Trustee.KNOWN, Trustee.UNKNOWN]),
        st.sets(st.sampled_from([Right.PRINT, Right.MANAGE_ALL]), min_size=1).map(frozenset),
        st.booleans(),
    ),
    max_size=5,
)


@given(RULES)
def test_rules_come_back_from_their_descriptor(rules: list[Grant]) -> None:
    for who in (ADA, NOBODY):
        assert who.within(grants(describe(rules))).rights == who.within(rules).rights


def test_a_denial_before_a_permission_holds() -> None:
    use = int(Access.PRINTER_ACCESS_USE)
    rules = grants(descriptor(entry(sid(5, 7), use, kind=1), entry(EVERYONE, use)))
    assert ADA.within(rules).may(Right.PRINT)
    assert not NOBODY.within(rules).may(Right.PRINT)


def test_administrators_keep_their_rights_under_an_empty_list() -> None:
    nobody_may = grants(descriptor())
    assert ADA.within(nobody_may).rights == {Right.LOOK}
    assert Principal("root", rights=ADMINISTRATOR).within(nobody_may).rights == ADMINISTRATOR


def test_no_list_allows_everything() -> None:
    assert ADA.within(grants(Descriptor(0, None, None, None, None).encode())).rights == frozenset(Right)


def test_generic_rights_mean_the_printers() -> None:
    rules = grants(descriptor(entry(EVERYONE, int(Access.GENERIC_ALL))))
    assert ADA.within(rules).may(Right.ADMINISTER)
    rules = grants(descriptor(entry(EVERYONE, int(Access.GENERIC_EXECUTE))))
    assert ADA.within(rules).rights == {Right.LOOK, Right.PRINT}


def test_a_part_that_is_not_given_stays() -> None:
    new = descriptor(entry(EVERYONE, 8), owner=None)
    found = decode(merged(PRINTER_SECURITY, new))
    assert found.owner == ADMINISTRATORS
    assert found.dacl == (entry(EVERYONE, 8),)


@given(st.binary(max_size=200), st.integers(0, 200), st.binary(max_size=4))
def test_any_octets_are_a_descriptor_or_an_error(octets: bytes, at: int, patch: bytes) -> None:
    bent = PRINTER_SECURITY[:at] + patch + PRINTER_SECURITY[at + len(patch) :]
    for candidate in (octets, bent, PRINTER_SECURITY[:at]):
        try:
            found = decode(candidate)
        except DescriptorError:
            continue
        assert decode(found.encode()) == found


@pytest.mark.parametrize("octets", [b"", bytes(20), PRINTER_SECURITY[:30]])
def test_what_is_no_descriptor_is_refused(octets: bytes) -> None:
    with pytest.raises(DescriptorError):
        grants(octets)
