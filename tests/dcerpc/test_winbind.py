"""People of a domain by Samba's helper: what it is asked, what its answers mean, and what happens when it fails."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pagebell.dcerpc import ntlm_keys as keys
from pagebell.dcerpc.ntlm import NtlmAcceptor, NtlmInitiator
from pagebell.dcerpc.security import Level, SecurityError
from pagebell.dcerpc.winbind import Winbind, WinbindError
from tests.dcerpc.test_security import converse

PASSWORD = "Secret123"
HELPER = """#!/usr/bin/python3
import base64, hmac, sys
sys.path.insert(0, {here!r})
log = open({log!r}, "a")
asked = {{}}
for line in sys.stdin:
    line = line.rstrip("\\n")
    log.write(line + "\\n"); log.flush()
    if line.startswith("Fence-"):
        print("Error: Unknown request " + line.partition(": ")[0])
        print(".", flush=True)
        continue
    if line != ".":
        name, _, value = line.partition(":: ")
        asked[name] = base64.b64decode(value).decode()
        continue
    if asked["Username"] == "crash":
        sys.exit(1)
    if asked["Username"] == "chatter":
        print("Nonsense: 1\\n" * 100)
    if "Password" in asked:
        print("Authenticated: " + ("Yes" if asked["Password"] == "{password}" else "No"))
    else:
        response = bytes.fromhex(asked["NT-Response"])
        who = (asked["Username"].upper() + asked["NT-Domain"]).encode("utf-16-le")
        key = hmac.digest(bytes.fromhex("{hash}"), who, "md5")
        proof = hmac.digest(key, bytes.fromhex(asked["LANMAN-Challenge"]) + response[16:], "md5")
        if proof == response[:16]:
            print("Authenticated: Yes")
            print("User-Session-Key: " + hmac.digest(key, proof, "md5").hex().upper())
        else:
            print("Authenticated: No")
            print("Authentication-Error: Logon failure")
            print(".")  # as the real one does
    asked = {{}}
    print(".", flush=True)
"""
WBINFO = """#!/bin/sh
case "$1 $2" in
--own-domain*) echo DOM ;;
"--name-to-sid DOM"*lice) echo "S-1-5-21-1-2-3-1104 SID_USER (1)" ;;
"--name-to-sid OTHER"*) echo "S-1-5-21-7-8-9-1104 SID_USER (1)" ;;
"--sid-to-name S-1-5-21-1-2-3-1104") echo 'DOM\\Alice 1' ;;
"--sid-to-name S-1-5-21-7-8-9-1104") echo 'OTHER\\Alice 1' ;;
"--user-sids S-1-5-21-1-2-3-1104") echo S-1-5-21-1-2-3-1104; echo S-1-5-21-1-2-3-512 ;;
*) exit 1 ;;
esac
"""


@pytest.fixture
async def winbind(tmp_path: Path) -> AsyncIterator[Winbind]:
    helper = tmp_path / "ntlm_auth"
    text = HELPER.format(
        here=str(tmp_path), log=str(tmp_path / "log"), password=PASSWORD, hash=keys.nt_hash(PASSWORD).hex()
    )
    for path, content in ((helper, text), (tmp_path / "wbinfo", WBINFO)):
        path.write_text(content)
        path.chmod(stat.S_IRWXU)
    one = Winbind(helper)
    yield one
    await one.aclose()


async def test_ntlm_proof_of_a_domain_makes_a_session(winbind: Winbind) -> None:
    client, server = NtlmInitiator("alice", PASSWORD, "DOM"), NtlmAcceptor(winbind)
    await converse(client, server)
    assert server.complete
    assert (server.principal.name, server.principal.realm) == ("Alice", "DOM")
    assert server.principal.groups == {"S-1-5-21-1-2-3-1104", "S-1-5-21-1-2-3-512", "Domain Admins"}
    sealed, signature = client.protection.protect(Level.PRIVACY, b"", b"body", b"")
    assert server.protection.unprotect(Level.PRIVACY, b"", sealed, b"", signature) == b"body"


async def test_somebody_of_another_domain_is_told_apart(winbind: Winbind) -> None:
    principal = await winbind.prove("OTHER", "alice", PASSWORD)
    assert (principal.name, principal.groups) == ("Alice@OTHER", {"S-1-5-21-7-8-9-1104"})


async def test_wrong_passwords_are_refused_and_the_helper_goes_on(winbind: Winbind, tmp_path: Path) -> None:
    with pytest.raises(SecurityError, match="no proof"):
        await converse(NtlmInitiator("alice", "wrong", "DOM"), NtlmAcceptor(winbind))
    for _ in range(3):
        assert (await winbind.prove("DOM", "alice", PASSWORD)).name == "Alice"
        with pytest.raises(SecurityError, match="no proof"):
            await winbind.prove("DOM", "alice", "wrong")
    assert (await winbind.prove("DOM", "alice", PASSWORD)).name == "Alice"


@pytest.mark.parametrize("user", ["crash", "chatter"])
async def test_helper_that_fails_lets_nobody_in_and_is_started_again(winbind: Winbind, user: str) -> None:
    with pytest.raises(WinbindError, match="does not answer"):
        await winbind.prove("DOM", user, PASSWORD)
    assert (await winbind.prove("DOM", "alice", PASSWORD)).name == "Alice"


async def test_what_is_no_name_can_not_add_a_line(winbind: Winbind, tmp_path: Path) -> None:
    with pytest.raises(SecurityError, match="control"):
        await winbind.prove("DOM", "x\n.\nUsername: alice", PASSWORD)
    assert not (tmp_path / "log").exists()


async def test_missing_helper_is_told(tmp_path: Path) -> None:
    with pytest.raises(WinbindError, match="does not answer"):
        await Winbind(tmp_path / "nothing").prove("DOM", "alice", PASSWORD)
