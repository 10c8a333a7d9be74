"""Who may come in: the file of users, and the commands that change it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pagebell.cli import main
from pagebell.dcerpc.ntlm_keys import nt_hash
from pagebell.model.access import ADMINISTRATOR, EVERYBODY, OPERATOR, Identity, Right, Rules
from pagebell.stores.users import UserFile, UsersError, make_user


async def test_a_user_is_known_whatever_the_case(tmp_path: Path) -> None:
    users = UserFile(tmp_path)
    users.add(make_user("Alice", "Secret123", nt_hash("Secret123"), admin=True))
    assert await users.nt_hash("ALICE") == nt_hash("Secret123")
    alice = await users.principal(Identity("alice"), "192.0.2.1")
    assert (alice.name, alice.authenticated, alice.rights) == ("Alice", True, ADMINISTRATOR)
    assert await users.prove("aLICE", "Secret123") == Identity("Alice")
    assert not await users.prove("alice", "secret123")
    assert not await users.prove("mallory", "Secret123")
    assert await users.nt_hash("mallory") is None


async def test_rules_decide_about_everybody_else(tmp_path: Path) -> None:
    users = UserFile(tmp_path, Rules.of(print=["bob"], operators=["carol"]))
    users.add(make_user("root", "one", nt_hash("one"), admin=True))
    assert (await users.principal(None, "")).rights == {Right.LOOK}
    assert (await users.principal(Identity("bob"), "")).rights == EVERYBODY
    assert (await users.principal(Identity("carol"), "")).rights == OPERATOR
    stranger = await users.principal(Identity("root", domain="EVIL.TEST"), "")
    assert stranger.rights == {Right.LOOK}, "an administrator of the file is one by the file's password alone"


async def test_the_file_is_for_its_owner_alone_and_holds_no_password(tmp_path: Path) -> None:
    UserFile(tmp_path).add(make_user("alice", "Secret123", nt_hash("Secret123")))
    (path,) = tmp_path.glob("users.json")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "Secret123" not in path.read_text()
    assert json.loads(path.read_text())[0]["name"] == "alice"


async def test_a_change_of_the_file_is_seen(tmp_path: Path) -> None:
    server, operator = UserFile(tmp_path), UserFile(tmp_path)
    assert await server.nt_hash("alice") is None
    operator.add(make_user("alice", "one", nt_hash("one")))
    assert await server.nt_hash("alice") == nt_hash("one")
    operator.change_password(make_user("alice", "two", nt_hash("two")))
    assert await server.nt_hash("alice") == nt_hash("two")
    operator.remove("ALICE")
    assert await server.nt_hash("alice") is None


def test_what_can_not_be_done_is_told(tmp_path: Path) -> None:
    users = UserFile(tmp_path)
    users.add(make_user("alice", "one", nt_hash("one")))
    with pytest.raises(UsersError, match="already"):
        users.add(make_user("ALICE", "one", nt_hash("one")))
    with pytest.raises(UsersError, match="no user bob"):
        users.remove("bob")
    with pytest.raises(UsersError, match="no name"):
        make_user("a\\b", "one", nt_hash("one"))
    with pytest.raises(UsersError, match="empty"):
        make_user("bob", "", nt_hash(""))
    (tmp_path / "users.json").write_text("{")
    with pytest.raises(UsersError, match="can't be read"):
        UserFile(tmp_path).list()


def test_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PW", "Secret123")
    state = ["--state", str(tmp_path / "state")]
    assert main(["users", "add", "alice", "--admin", "--password-env", "PW", *state]) == 0
    assert main(["users", "add", "bob", "--password-env", "PW", *state]) == 0
    assert main(["users", "passwd", "bob", "--password-env", "PW", *state]) == 0
    assert main(["users", "remove", "bob", *state]) == 0
    capsys.readouterr()
    assert main(["users", "list", *state]) == 0
    assert capsys.readouterr().out == "alice  (administrator)\n"
    assert main(["users", "add", "alice", "--password-env", "PW", *state]) == 1
    assert capsys.readouterr().err == "pagebell: there is a user alice already.\n"
    assert main(["users", "add", "carol", "--password-env", "NONE_SUCH", *state]) == 1
    assert "NONE_SUCH" in capsys.readouterr().err
