"""Security identifiers of the server's own, and what rules make of them."""

from __future__ import annotations

from uuid import UUID

import pytest

from pagebell.model.access import Grant, Identity, Principal, Right, Rules, Trustee
from pagebell.model.identifiers import Identifiers, is_identifier

OWN = Identifiers(UUID("6a1b6a1e-3d1c-4a56-b1a6-0f3c55f6a6f1"))
DOMAIN = "S-1-5-21-1004336348-1177238915-682003330-1105"


def test_a_name_has_one_identifier_for_ever() -> None:
    assert OWN.user("ada") == "S-1-5-21-1644083756-197099333-1444157817-29981423"
    assert OWN.user("Ada") == OWN.user("ada")


def test_servers_users_and_groups_are_told_apart() -> None:
    another = Identifiers(UUID(int=1))
    found = [one.user("ada") for one in (OWN, another)] + [OWN.group("ada"), OWN.user("bob")]
    assert len(set(found)) == 4
    assert all(map(is_identifier, found))


@pytest.mark.parametrize(
    "word", ["alice", "S-1-5", "S-1-5-21-4294967296", "s-2-5-21", "S-1-5-21-1x", "S-1-5-"]
)
def test_names_are_no_identifiers(word: str) -> None:
    assert not is_identifier(word)


RULES = Rules.of(print=["@staff", "Dora", "@Domain Users", f"@{DOMAIN}"], groups={"staff": ["ada", DOMAIN]})


def test_people_have_those_of_their_groups() -> None:
    assert RULES.identifiers(Identity("Ada"), OWN) == {OWN.user("ada"), OWN.group("staff")}
    stranger = Identity("ada@ELSEWHERE", frozenset({DOMAIN, "Domain Users"}), "ELSEWHERE")
    assert RULES.identifiers(stranger, OWN) == {DOMAIN, OWN.group("staff")}
    assert RULES.identifiers(Identity("ada", domain="OWN"), OWN) == {OWN.group("staff")}


def test_rules_are_told_as_a_printers_own() -> None:
    told = RULES.grants(OWN)
    assert Grant(Trustee.OWNER, frozenset({Right.MANAGE_OWN})) in told
    named = {grant.identifier for grant in told if grant.to is Trustee.NAMED}
    assert named == {OWN.group("staff"), OWN.user("dora"), DOMAIN}
    assert Rules.of().grants(OWN)[0] == Grant(Trustee.EVERYBODY, frozenset({Right.PRINT}))


@pytest.mark.parametrize("name", ["ada", "dora", "eve"])
def test_what_is_told_means_the_same_as_the_rules(name: str) -> None:
    who = Identity(name)
    rights = RULES.rights(who)
    by = Principal(name, authenticated=True, rights=rights, identifiers=RULES.identifiers(who, OWN))
    assert by.within(RULES.grants(OWN)).may(Right.PRINT) == (Right.PRINT in rights)
