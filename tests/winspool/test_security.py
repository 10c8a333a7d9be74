"""Security descriptors: taken apart, put together, and what they allow."""

from __future__ import annotations

import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagebell.model.access import ADMINISTRATOR, EVERYBODY, Grant, Principal, Right, Trustee
from pagebell.model.identifiers import Identifiers
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
    sid_of,
    text_of,
)

PRESENT = 0x0004
OWN = Identifiers(UUID("6a1b6a1e-3d1c-4a56-b1a6-0f3c55f6a6f1"))
ADAS, STAFFS = OWN.user("ada"), OWN.group("staff")
ADA = Principal("ada", authenticated=True, identifiers=frozenset({ADAS, STAFFS}))
BOB = Principal("bob", authenticated=True, identifiers=frozenset({OWN.user("bob"), STAFFS}))
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


RIGHTS = st.sets(st.sampled_from([Right.PRINT, Right.MANAGE_ALL]), min_size=1).map(frozenset)
KINDS = st.sampled_from([Trustee.EVERYBODY, Trustee.KNOWN, Trustee.UNKNOWN])
RULES = st.lists(
    st.builds(Grant, KINDS, RIGHTS, st.booleans())
    | st.builds(Grant, st.just(Trustee.NAMED), RIGHTS, st.booleans(), st.sampled_from([ADAS, STAFFS])),
    max_size=5,
)


@given(RULES)
def test_rules_come_back_from_their_descriptor(rules: list[Grant]) -> None:
    for who in (ADA, BOB, NOBODY):
        assert who.within(grants(describe(rules))).rights == who.within(rules).rights


def test_a_denial_before_a_permission_holds() -> None:
    use = int(Access.PRINTER_ACCESS_USE)
    rules = grants(descriptor(entry(sid(5, 7), use, kind=1), entry(EVERYONE, use)))
    assert ADA.within(rules).may(Right.PRINT)
    assert not NOBODY.within(rules).may(Right.PRINT)


def test_an_entry_for_somebody_speaks_of_them_and_of_those_in_the_group() -> None:
    use = int(Access.PRINTER_ACCESS_USE)
    rules = grants(descriptor(entry(sid_of(ADAS), use, kind=1), entry(sid_of(STAFFS), use)))
    may = [who.within(rules).may(Right.PRINT) for who in (ADA, BOB, NOBODY)]
    assert may == [False, True, False]


def test_who_is_not_known_today_may_come_tomorrow() -> None:
    domain = "S-1-5-21-1004336348-1177238915-682003330-1105"
    rules = grants(descriptor(entry(sid_of(domain), int(Access.PRINTER_ACCESS_USE))))
    assert not ADA.within(rules).may(Right.PRINT)
    dora = Principal("dora", authenticated=True, identifiers=frozenset({domain}))
    assert dora.within(rules).may(Right.PRINT)
    assert decode(describe(rules)).dacl is not None
    assert text_of(sid_of(domain)) == domain


def test_groups_that_every_machine_has_for_itself_are_this_servers() -> None:
    """Whoever is an administrator elsewhere is none here."""
    administrators = "S-1-5-32-544"
    stranger = Principal("eve", authenticated=True, identifiers=frozenset({administrators}))
    rules = grants(descriptor(entry(sid_of(administrators), int(Access.GENERIC_ALL))))
    assert stranger.within(rules).rights == {Right.LOOK}


@pytest.mark.parametrize("who", [b"", b"\1", sid_of(ADAS)[:-1], b"\1\xff" + bytes(6)])
def test_a_trustee_that_is_cut_off_is_no_trustee(who: bytes) -> None:
    with pytest.raises(DescriptorError):
        grants(descriptor(Entry(0, 0, bytes(4) + who)))


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
