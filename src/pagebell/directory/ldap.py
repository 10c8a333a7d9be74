"""Speaking to a directory by LDAP, with the optional extra `pagebell[ldap]`: bind, search, add, modify, delete.

It blocks, as its library does: for commands, and in threads of a server's (`catalog.py`).
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from pagebell.directory.print_queue import OBJECT_CLASS, Place, PrintQueue, filter_of

_SECONDS: Final = 15
_PAGE: Final = 200
_MOST: Final = 5000
"""Queues that one search gives at most."""
_ALREADY_THERE, _NOT_THERE = 68, 32
_GUID, _ENTRY_UUID = "objectGUID", "entryUUID"
_WHAT: Final = {
    7: "it does not take this way to log in",
    8: "it wants an ldaps:// address; or, with a ticket, signed messages, which are not to be had: use --bind",
    32: "there is no such place in the directory",
    49: "the user name or the password is wrong",
    50: "you may not do that there",
}
"""Result codes (RFC 4511 A.2) in plain words."""


class DirectoryError(Exception):
    """The directory does not do it; `str()` of it says why."""


@dataclass(frozen=True, slots=True)
class Login:
    """How one logs in: with a name and a password, by the ticket that is there, or not at all."""

    user: str = ""
    """A distinguished name, or `alice@EXAMPLE.ORG` in Active Directory."""
    password: str = ""
    ticket: bool = False


class Directory:
    """One connection; `Directory.open` makes it."""

    def __init__(self, connection: Any, uri: str) -> None:
        self._connection, self._uri = connection, uri

    @classmethod
    @contextmanager
    def open(
        cls, uri: str, login: Login, *, ca: Path | None = None, verify: bool = True
    ) -> Iterator[Directory]:
        """Connect and log in. Raises DirectoryError."""
        with _quiet():
            ldap3 = _library()
            secure = uri.lower().startswith("ldaps://")
            if login.password and not secure and not uri.lower().startswith("ldap://127."):
                raise DirectoryError(
                    "a password does not go over an open connection: use an ldaps:// address"
                )
            tls = ldap3.Tls(
                validate=ssl.CERT_REQUIRED if verify else ssl.CERT_NONE, ca_certs_file=str(ca) if ca else None
            )
            server = ldap3.Server(uri, use_ssl=secure, tls=tls, connect_timeout=_SECONDS, get_info=ldap3.DSA)
            connection = ldap3.Connection(server, receive_timeout=_SECONDS, **_credentials(ldap3, login))
            try:
                bound = connection.bind()
            except (ldap3.core.exceptions.LDAPException, OSError) as error:
                _hang_up(connection)
                raise DirectoryError(f"{uri} can't be reached: {_words(error)}") from None
            try:
                if not bound:
                    raise DirectoryError(_why(uri, connection))
                yield cls(connection, uri)
            except ldap3.core.exceptions.LDAPException as error:
                raise DirectoryError(f"{uri}: {_words(error)}") from None
            finally:
                connection.unbind()

    @property
    def base(self) -> str:
        """Where its tree begins: the default naming context ([MS-ADTS] 3.1.1.3.2.3), else the first there is."""
        info = self._connection.server.info
        found = (info.other.get("defaultNamingContext") or info.naming_contexts) if info is not None else ()
        if not found:
            raise DirectoryError(f"{self._uri} does not tell where its tree begins: name a place with --base")
        return str(found[0])

    def search(self, base: str = "", name: str = "", location: str = "") -> list[PrintQueue]:
        """Queues, by name. [MS-RPRN] 2.3.3.3. Raises DirectoryError."""
        entries = self._entries(base or self.base, filter_of(name, location), ["*"])
        found = (PrintQueue.read(dn, attributes) for dn, attributes in entries)
        return sorted(
            (one for one in found if one is not None), key=lambda one: (one.name.casefold(), one.server)
        )

    def computer(self, server: str) -> str:
        """The entry of a server, which its queues stand below. [MS-RPRN] 2.3.3.1. Raises DirectoryError."""
        from ldap3.utils.conv import escape_filter_chars  # noqa: PLC0415 - an optional extra

        wanted = f"(&(objectClass=computer)(dNSHostName={escape_filter_chars(server)}))"
        for dn, _ in self._entries(self.base, wanted, ["cn"]):
            return dn
        raise DirectoryError(
            f"{server} is no member of this domain: name a place for its printers with --base"
        )

    def publish(self, queue: PrintQueue, below: str) -> Place:
        """Write a queue's entry, anew or over an older one; returns where it is. Raises DirectoryError."""
        ldap3 = _library()
        dn, told = self._dn(queue, below), queue.attributes()
        with _quiet():
            self._connection.add(
                dn, [OBJECT_CLASS], {name: values for name, values in told.items() if values}
            )
            if self._connection.result["result"] == _ALREADY_THERE:
                changes = {name: [(ldap3.MODIFY_REPLACE, values)] for name, values in told.items()}
                self._connection.modify(dn, changes)
        self._check()
        return Place(dn, self._guid(dn))

    def _guid(self, dn: str) -> UUID | None:
        """What the directory identifies an entry by: [MS-ADTS] 3.1.1.1.4, or RFC 4530."""
        ldap3 = _library()
        with _quiet():
            self._connection.search(
                dn, "(objectClass=*)", ldap3.BASE, attributes=[ldap3.ALL_OPERATIONAL_ATTRIBUTES, _GUID]
            )
        for entry in self._connection.response or ():
            raw = entry.get("raw_attributes", {})
            if raw.get(_GUID):
                return UUID(bytes_le=raw[_GUID][0])
            if raw.get(_ENTRY_UUID):
                return UUID(raw[_ENTRY_UUID][0].decode())
        return None

    def unpublish(self, queue: PrintQueue, below: str) -> bool:
        """Take a queue's entry away; False where there was none. [MS-RPRN] 2.3.3.2. Raises DirectoryError."""
        return self.remove(self._dn(queue, below))

    def remove(self, dn: str) -> bool:
        """Take an entry away; False where there was none. Raises DirectoryError."""
        with _quiet():
            self._connection.delete(dn)
        if self._connection.result["result"] == _NOT_THERE:
            return False
        self._check()
        return True

    def _dn(self, queue: PrintQueue, below: str) -> str:
        from ldap3.utils.dn import escape_rdn  # noqa: PLC0415 - an optional extra

        return f"CN={escape_rdn(queue.common_name)},{below}"

    def _entries(
        self, base: str, wanted: str, attributes: list[str]
    ) -> Iterator[tuple[str, dict[str, list[str]]]]:
        ldap3 = _library()
        with _quiet():
            found = self._connection.extend.standard.paged_search(
                base,
                wanted,
                ldap3.SUBTREE,
                ldap3.DEREF_NEVER,
                attributes,
                paged_size=_PAGE,
                time_limit=_SECONDS,
                generator=True,
            )
            count = 0
            for entry in found:
                if entry.get("type") != "searchResEntry":
                    continue
                count += 1
                if count > _MOST:
                    break
                raw = entry["raw_attributes"]
                yield (
                    str(entry["dn"]),
                    {
                        name: [one.decode("utf-8", "replace") for one in values]
                        for name, values in raw.items()
                    },
                )
        self._check()

    def _check(self) -> None:
        if self._connection.result["result"]:
            raise DirectoryError(_why(self._uri, self._connection))


def _hang_up(connection: Any) -> None:
    """The library leaves the socket of a connection open that did not come about."""
    if connection.socket is not None:
        connection.socket.close()


def _credentials(ldap3: Any, login: Login) -> dict[str, Any]:
    if login.password:
        return {"user": login.user, "password": login.password, "authentication": ldap3.SIMPLE}
    if login.ticket:
        return {"authentication": ldap3.SASL, "sasl_mechanism": ldap3.KERBEROS}
    return {}


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _why(uri: str, connection: Any) -> str:
    result = connection.result
    what = _WHAT.get(result["result"]) or f"{result['description']} {result['message']}".strip()
    return f"{uri}: {what}"


def _library() -> Any:
    """The library. Raises DirectoryError."""
    try:
        with _quiet():
            import ldap3  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise DirectoryError("directories need the package ldap3: install pagebell[ldap]") from None
    return ldap3


@contextmanager
def _quiet() -> Iterator[None]:
    """The library uses names of others that are old by now, and they warn of each; nobody here can do anything."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
