"""What the doorkeeper remembers from one request to the next, and what it does not."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from pagebell.dcerpc.ntlm_keys import nt_hash
from pagebell.entrance import Doorkeeper, Entry, TurnedAway
from pagebell.entrance.attempts import Attempts
from pagebell.entrance.schemes import Basic
from pagebell.model.access import ADMINISTRATOR, EVERYBODY, Rules
from pagebell.stores.users import UserFile, make_user

ALICE = make_user("alice", "Secret123", nt_hash("Secret123"))
CREDENTIALS = b"Basic " + base64.b64encode(b"alice:Secret123")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def users(tmp_path: Path) -> UserFile:
    """As the command line sees the file."""
    return UserFile(tmp_path)


@pytest.fixture
def door(tmp_path: Path, clock: Clock) -> Doorkeeper:
    directory = UserFile(tmp_path, Rules())
    schemes = (Basic(directory, clock),)
    return Doorkeeper(Entry(("192.0.2.0/28", "2001:db8::/64")), directory, schemes, Attempts(clock), clock)


def request(*headers: tuple[bytes, bytes], address: str = "198.51.100.7") -> dict[str, Any]:
    """The scope of an encrypted request."""
    return {"client": (address, 1234), "scheme": "https", "headers": list(headers)}


async def test_strangers_are_asked_for_proof_a_second_after_the_first_user_came(
    door: Doorkeeper, users: UserFile, clock: Clock
) -> None:
    assert (await door.admit(request())).challenge is None
    users.add(ALICE)
    clock.now += 1
    admission = await door.admit(request())
    assert admission.challenge is not None and admission.challenge.status == 401
    assert admission.who.may_prove


async def test_strangers_are_not_asked_a_second_after_the_last_user_went(
    door: Doorkeeper, users: UserFile, clock: Clock
) -> None:
    users.add(ALICE)
    assert (await door.admit(request())).challenge is not None
    users.remove("alice")
    clock.now += 1
    assert (await door.admit(request())).challenge is None


async def test_whoever_gives_credentials_is_known_at_once_and_at_once_no_longer(
    door: Doorkeeper, users: UserFile
) -> None:
    assert not (await door.admit(request())).who.authenticated
    users.add(ALICE)
    assert (await door.admit(request((b"authorization", CREDENTIALS)))).who.name == "alice"
    users.change_password(make_user("alice", "another", nt_hash("another")))
    with pytest.raises(TurnedAway) as wrong:
        await door.admit(request((b"authorization", CREDENTIALS)))
    assert wrong.value.status == 401
    users.remove("alice")
    with pytest.raises(TurnedAway) as nobody:
        await door.admit(request((b"authorization", CREDENTIALS)))
    assert nobody.value.status == 403


async def test_each_address_has_its_own_rights_however_often_others_ask(door: Doorkeeper) -> None:
    for _ in range(2):
        for address, rights in {
            "192.0.2.15": ADMINISTRATOR,
            "192.0.2.16": EVERYBODY,
            "2001:db8::1": ADMINISTRATOR,
            "2001:db8:0:1::1": EVERYBODY,
            "": EVERYBODY,
        }.items():
            assert (await door.admit(request(address=address))).who.rights == rights, address


async def test_what_a_page_or_a_proxy_sends_gets_nothing_by_its_address(door: Doorkeeper) -> None:
    assert (await door.admit(request(address="192.0.2.1"))).who.rights == ADMINISTRATOR
    for header in ((b"origin", b"http://evil.test"), (b"via", b"1.1 proxy")):
        assert (await door.admit(request(header, address="192.0.2.1"))).who.rights == EVERYBODY
