"""Who may do what: rules of names and groups."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from pagebell.model.access import ADMINISTRATOR, EVERYBODY, OPERATOR, Identity, Principal, Right, Rules
from pagebell.model.errors import NotAuthenticated, NotAuthorized

TEAM = "S-1-5-21-1-2-3-1105"
RULES = Rules.of(
    print=["@staff", "Dora"],
    operators=["@Print Operators"],
    administrators=["root", f"@{TEAM.lower()}"],
    groups={"Staff": ["alice", "S-1-5-21-1-2-3-513"]},
)


@pytest.mark.parametrize(
    ("who", "rights"),
    [
        (None, {Right.LOOK}),
        (Identity("mallory"), {Right.LOOK}),
        (Identity("ALICE"), EVERYBODY),
        (Identity("dora"), EVERYBODY),
        (Identity("bob", frozenset({"S-1-5-21-1-2-3-513"})), EVERYBODY),
        (Identity("bob", frozenset({"print operators"})), OPERATOR),
        (Identity("bob", frozenset({TEAM})), ADMINISTRATOR),
        (Identity("Root"), ADMINISTRATOR),
        (Identity("root@OTHER"), {Right.LOOK}),
        (Identity("@staff"), {Right.LOOK}),
        (Identity("*"), {Right.LOOK}),
        (Identity(TEAM), {Right.LOOK}),
    ],
)
def test_rights_follow_from_names_and_groups(who: Identity | None, rights: set[Right]) -> None:
    assert RULES.rights(who) == rights


def test_everybody_prints_where_nothing_is_said() -> None:
    assert Rules().rights(None) == Rules().rights(Identity("alice")) == EVERYBODY


def test_somebody_named_like_a_group_is_not_in_it() -> None:
    assert Rules.of(print=[], administrators=["@wheel"]).rights(Identity("@wheel")) == {Right.LOOK}


def test_refusal_asks_for_proof_where_proof_could_help() -> None:
    with pytest.raises(NotAuthenticated):
        Principal("alice", rights=frozenset(), may_prove=True).demand(Right.PRINT)
    with pytest.raises(NotAuthorized) as raised:
        Principal("alice", rights=frozenset()).demand(Right.PRINT)
    assert not isinstance(raised.value, NotAuthenticated)


def test_principal_by_another_name_or_with_other_rights_is_the_same_in_all_else() -> None:
    one = Principal("ada", True, "192.0.2.1", OPERATOR, True, frozenset({TEAM}))
    assert all(getattr(one, f.name) != f.default for f in fields(one)), "a field is not looked at"
    assert one.called("bob") == replace(one, name="bob")
    assert one.granted(EVERYBODY, may_prove=False) == replace(one, rights=EVERYBODY, may_prove=False)
