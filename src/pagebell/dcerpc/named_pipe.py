"""How smbd hands a session on a named pipe over: Samba's named-pipe-auth, levels 7 and 8. Pure.

A request says who the session's user is, the answer that we take it; from then on both sides send messages with
their length before them. The request is NDR as Samba's compiler lays it out: arrays within structures stand in place,
with their size before them. Level 8 adds a token's claims and the groups of the user's computer, which have no say
here. A token with claims is refused: Samba itself can't read what it writes then.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from pagebell.dcerpc.pac import named
from pagebell.dcerpc.security import ANONYMOUS, Principal, SecurityError

MAGIC: Final = b"NPAM"
LEVELS: Final = (7, 8)
LONGEST: Final = 2**20
"""Octets of a request: a user may be in thousands of groups."""
_MESSAGE_MODE, _DEVICE_STATE, _ALLOCATION = 2, 0x5FF, 4096
_MOST_SIDS = 10_000
_AUTHENTICATED = "S-1-5-11"
"""The group of all who have proved who they are: smbd puts everybody in it but guests. The session's own word for
that is of no use, since level 7 has two layouts: Samba 4.17 and 4.18 have a truth value where 4.19 has flags.
"""


@dataclass(frozen=True, slots=True)
class PipeSession:
    """Who opened the pipe, as smbd found out."""

    level: int
    client: str
    """The client's address."""
    server: str
    """The address of smbd's that it connected to."""
    principal: Principal
    uid: int
    """The Unix user that smbd acts as for it."""


class _Reader:
    """NDR as it comes, little-endian, each number aligned to its size."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def number(self, size: int) -> int:
        """A number of so many octets."""
        self.align(size)
        return int.from_bytes(self.octets(size), "little")

    def octets(self, count: int) -> bytes:
        """So many octets."""
        found = self._data[self._at : self._at + count]
        if len(found) != count:
            raise SecurityError("named-pipe request is cut off")
        self._at += count
        return found

    def align(self, size: int) -> None:
        """Skip padding."""
        self._at += -self._at % size

    def text(self, pointer: int) -> str:
        """[string] char*, where the pointer is not null."""
        if not pointer:
            return ""
        _, start, count = self.number(4), self.number(4), self.number(4)
        if start:
            raise SecurityError("named-pipe request with a text that begins in its middle")
        return self.octets(count).rstrip(b"\0").decode("utf-8", "replace")

    def blob(self) -> bytes:
        """A DATA_BLOB: four octets of length, and padding before the next."""
        return self.octets(self.number(4))

    def sid(self) -> str:
        """A security identifier without its conformance."""
        revision, count, *authority = struct.unpack("BB6B", self.octets(8))
        if revision != 1 or count > 15:
            raise SecurityError("named-pipe request with an odd security identifier")
        parts = (int.from_bytes(bytes(authority), "big"), *(self.number(4) for _ in range(count)))
        return "-".join(["S-1", *map(str, parts)])


def read_request(request: bytes) -> PipeSession:
    """What follows a request's length. Raises SecurityError."""
    if request[:4] != MAGIC:
        raise SecurityError("no named-pipe request")
    reader = _Reader(bytes(4) + request)  # offsets count from the length
    reader.octets(8)
    level = reader.number(4)
    if level not in LEVELS or reader.number(4) != level:
        raise SecurityError(f"named-pipe request of level {level}")
    reader.number(1)
    client_name, client_address, _ = reader.number(4), reader.number(4), reader.number(2)
    server_name, server_address, _ = reader.number(4), reader.number(4), reader.number(2)
    session = reader.number(4)
    reader.text(client_name)
    client = reader.text(client_address)
    reader.text(server_name)
    server = reader.text(server_address)
    if not session or not reader.number(4):
        raise SecurityError("named-pipe request without a session")
    reader.blob()
    principal, uid = _session(reader, level)
    return PipeSession(level, client, server, principal, uid)


def _session(reader: _Reader, level: int) -> tuple[Principal, int]:
    """auth_session_info and what its pointers lead to."""
    token, unix_token, info, unix_info, torture = (reader.number(4) for _ in range(5))
    reader.blob()
    credentials = reader.number(4)
    reader.octets(16)
    reader.number(2)
    if not (token and unix_token and info and unix_info) or torture or credentials:
        raise SecurityError("named-pipe request without a whole session")
    sids = _token(reader, level)
    uid = _unix_token(reader)
    account, domain = _user(reader)
    unix_name, sanitized = reader.number(4), reader.number(4)
    name = reader.text(unix_name) or account
    reader.text(sanitized)
    if _AUTHENTICATED not in sids or not name:
        return ANONYMOUS, uid
    return Principal(name, domain, mechanism="smb", groups=named(sids), realm=domain or "samba"), uid


def _token(reader: _Reader, level: int) -> list[str]:
    """security_token: the groups; the first is the user."""
    reader.align(8)
    count = reader.number(4)
    if count != reader.number(4) or count > _MOST_SIDS:
        raise SecurityError("named-pipe request with too many groups")
    sids = []
    for _ in range(count):
        reader.align(4)
        sids.append(reader.sid())
    reader.number(8)
    reader.number(4)
    if level >= 8:
        _of_the_computer(reader)
    return sids


def _of_the_computer(reader: _Reader) -> None:
    """What a security_token has at its end: three kinds of claims, and the groups of the user's computer."""
    *claims, count = (reader.number(4) for _ in range(4))
    if any(claims):
        raise SecurityError("named-pipe request with claims, which are not understood")
    for _ in claims:
        reader.number(4)
    if count != reader.number(4) or count > _MOST_SIDS:
        raise SecurityError("named-pipe request with too many groups of a computer")
    for _ in range(count):
        reader.align(4)
        reader.sid()
    reader.number(2)


def _unix_token(reader: _Reader) -> int:
    """security_unix_token: the user's number."""
    count = reader.number(4)
    reader.align(8)
    uid, _ = reader.number(8), reader.number(8)
    if count != reader.number(4) or count > _MOST_SIDS:
        raise SecurityError("named-pipe request with too many Unix groups")
    for _ in range(count):
        reader.number(8)
    return uid


def _user(reader: _Reader) -> tuple[str, str]:
    """auth_user_info: the account and its domain."""
    account, principal = reader.number(4), reader.number(4)
    reader.number(1)
    pointers = [reader.number(4) for _ in range(8)]
    reader.octets(6 * 8)  # NTTIMEs are aligned to four
    reader.number(2)
    reader.number(2)
    reader.number(4)
    reader.octets(4)  # whether it is a guest
    name = reader.text(account)
    reader.text(principal)
    domain, *_ = [reader.text(pointer) for pointer in pointers]
    return name, domain


def reply(level: int) -> bytes:
    """The answer that takes a session, length and all."""
    body = MAGIC + struct.pack("<II", level, level)
    body += struct.pack("<HH4xQ", _MESSAGE_MODE, _DEVICE_STATE, _ALLOCATION) + bytes(4)
    return struct.pack(">I", len(body)) + body
