"""Who may come in: a file in the state folder, for its owner's eyes only; read again whenever it changes.

For each user the NT hash, which NTLM needs ([MS-NLMP] 3.3.2), and a memory-hard hash of the password for
protocols that send it. The NT hash is as good as the password to whoever gets hold of it: hence mode 0600.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from pagebell.model.access import ADMINISTRATOR, Identity, Principal, Rules
from pagebell.model.identifiers import Identifiers

_N, _R, _P, _SALT = 2**15, 8, 1, 16
"""scrypt with 32 MiB (RFC 7914 2)."""
_MEMORY = 64 * 2**20
_FILE = "users.json"
LONGEST_NAME = 64
_AT_A_TIME = 2
"""Hashes: each takes a processor for a tenth of a second, and its memory."""


class User(msgspec.Struct, frozen=True):
    """One user of the file."""

    name: str
    nt: str
    """The NT hash, hexadecimal."""
    salt: str
    scrypt: str
    admin: bool = False


class UsersError(Exception):
    """The users can't be read or changed; `str()` of it is a sentence that says why."""


def _hash(password: str, salt: bytes) -> bytes:
    octets = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(octets, salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY, dklen=32)


def make_user(name: str, password: str, nt_hash: bytes, *, admin: bool = False) -> User:
    """A user with this password. Raises UsersError for a name or a password that is none."""
    if not name or len(name) > LONGEST_NAME or any(c in '"/\\[]:;|=,+*?<>@%' or c < " " for c in name):
        raise UsersError(f"{name!r} is no name for a user: use letters, digits, '.', '_' and '-'")
    if not password:
        raise UsersError("an empty password is none")
    salt = os.urandom(_SALT)
    return User(name, nt_hash.hex(), salt.hex(), _hash(password, salt).hex(), admin)


class UserFile:
    """`ports.Directory`, and what the command line changes."""

    def __init__(
        self, folder: Path, rules: Rules | None = None, identifiers: Identifiers | None = None
    ) -> None:
        """`identifiers` are the server's; without them nobody has any of its own."""
        self._path = folder / _FILE
        self._identifiers = identifiers
        self._lock = folder / f"{_FILE}.lock"
        self._rules = rules or Rules()
        self._seen: tuple[int, int] | None = None
        self._users: dict[str, User] = {}
        self._nobody = os.urandom(_SALT)
        self._hashing = asyncio.Semaphore(_AT_A_TIME)

    # --- the port ---

    async def principal(self, who: Identity | None, host: str) -> Principal:
        """Somebody who has proved to be `who`, with the rights that follow."""
        rights = self._rules.rights(who)
        if who is None:
            return Principal("anonymous", host=host, rights=rights)
        name = who.name
        if not who.domain and (user := self._read().get(name.casefold())) is not None:
            name, rights = user.name, ADMINISTRATOR if user.admin else rights
        known = self._rules.identifiers(who, self._identifiers) if self._identifiers else frozenset()
        return Principal(name, authenticated=True, host=host, rights=rights, identifiers=known)

    async def nt_hash(self, name: str) -> bytes | None:
        """What NTLM needs to check a proof."""
        user = self._read().get(name.casefold())
        return None if user is None else bytes.fromhex(user.nt)

    async def prove(self, name: str, password: str) -> Identity | None:
        """Who that is, if it is the password: in a thread, since the hash is slow, and not in many at once."""
        user = self._read().get(name.casefold())
        salt = self._nobody if user is None else bytes.fromhex(user.salt)
        async with self._hashing:
            found = await asyncio.to_thread(_hash, password, salt)
        if user is None or not hmac.compare_digest(found, bytes.fromhex(user.scrypt)):
            return None
        return Identity(user.name)

    async def edition(self, name: str) -> str:
        """The salt, which is new with each password."""
        user = self._read().get(name.casefold())
        return "" if user is None else user.salt

    async def has_passwords(self) -> bool:
        """Whether the file has users."""
        return bool(self._read())

    # --- administration ---

    def list(self) -> list[User]:
        """All users, by name. Raises UsersError."""
        return sorted(self._read().values(), key=lambda user: user.name.casefold())

    def add(self, user: User) -> None:
        """Let somebody in. Raises UsersError when the name is taken."""
        with self._changing() as users:
            if user.name.casefold() in users:
                raise UsersError(f"there is a user {user.name} already")
            users[user.name.casefold()] = user

    def change_password(self, user: User) -> None:
        """Give a user the password of `user`. Raises UsersError."""
        with self._changing() as users:
            old = users.get(user.name.casefold())
            if old is None:
                raise UsersError(f"there is no user {user.name}")
            users[user.name.casefold()] = msgspec.structs.replace(user, name=old.name, admin=old.admin)

    def remove(self, name: str) -> None:
        """Let somebody in no longer. Raises UsersError."""
        with self._changing() as users:
            if users.pop(name.casefold(), None) is None:
                raise UsersError(f"there is no user {name}")

    @contextmanager
    def _changing(self) -> Iterator[dict[str, User]]:
        """The users, to be changed inside the block by nobody else; then they are on disk."""
        try:
            lock = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UsersError(f"{self._lock} can't be written: {error.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            users = dict(self._read())
            yield users
            self._write(users)
        finally:
            os.close(lock)

    def _write(self, users: dict[str, User]) -> None:
        fresh = self._path.with_name(f"{_FILE}.new")
        octets = msgspec.json.format(msgspec.json.encode(list(users.values())), indent=1)
        try:
            with suppress(FileNotFoundError):
                fresh.unlink()
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(descriptor, "wb") as file:
                file.write(octets + b"\n")
                file.flush()
                os.fsync(descriptor)
            fresh.rename(self._path)
        except OSError as error:
            raise UsersError(f"{self._path} can't be written: {error.strerror}") from None

    def _read(self) -> dict[str, User]:
        """The users by folded name, from the file if it has changed. Raises UsersError."""
        try:
            status = self._path.stat()
            seen = status.st_mtime_ns, status.st_ino
            if seen != self._seen:
                users = msgspec.json.decode(self._path.read_bytes(), type=list[User])
                self._users, self._seen = {user.name.casefold(): user for user in users}, seen
        except FileNotFoundError:
            self._users, self._seen = {}, None
        except (OSError, msgspec.MsgspecError) as error:
            raise UsersError(f"{self._path} can't be read: {error}") from None
        return self._users
