"""How a client proves who its user is to a server that asks: by a ticket, or by a name and a password.

Nothing is sent unasked, and nothing over an open connection, unless that stays on this machine.
"""

from __future__ import annotations

import asyncio
import base64
import getpass
import ipaddress
from collections.abc import Callable, Iterable
from typing import Final

from pagebell.dcerpc.security import NO_BINDING, Binding, Level, SecurityError
from pagebell.ipp.addresses import Address

Ask = Callable[[str, str], str | None]
"""Asks a person for the password of a user at a host; None where there is nobody."""
Server = tuple[str, int]

BASIC, NEGOTIATE = "basic", "negotiate"
_PREFERRED: Final = (NEGOTIATE, BASIC)


class Login:
    """The proofs of one user, server by server: what each wants, and what it does not take."""

    def __init__(self, user: str = "", password: str = "", ask: Ask | None = None) -> None:
        """`user` as somebody named it, empty for whoever has logged in here; `ask` comes last."""
        self._user, self._password, self._ask = user, password, ask
        self._scheme: dict[Server, str] = {}
        self._failed: dict[Server, set[str]] = {}
        self._typed: dict[Server, str] = {}
        self._channel: dict[Server, Binding] = {}

    async def header(self, address: Address) -> dict[str, str]:
        """What a request carries to a server whose wish is known."""
        scheme = self._scheme.get(_server(address))
        if scheme == NEGOTIATE:
            token = await self._token(address)
            return {} if token is None else {"Authorization": f"Negotiate {token}"}
        if scheme == BASIC:
            user, password = self._known(address)
            return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
        return {}

    async def another(
        self, address: Address, challenges: Iterable[str], name: str, channel: bytes = b""
    ) -> bool:
        """After 401 Unauthorized: whether there is another proof, which `header` has from now on.

        `challenges` are the values of WWW-Authenticate; `name` is the user where nobody named one; `channel` what
        tickets call the connection that they are for.
        """
        if not may_carry_secrets(address):
            return False
        server = _server(address)
        self._channel[server] = Binding(channel)
        failed = self._failed.setdefault(server, set())
        if used := self._scheme.pop(server, None):
            failed.add(used)
        wanted = {part.split(maxsplit=1)[0].lower() for text in challenges for part in _schemes(text)}
        for scheme in _PREFERRED:
            if scheme in wanted and scheme not in failed and await self._can(scheme, address, name):
                self._scheme[server] = scheme
                return True
        return False

    async def _can(self, scheme: str, address: Address, name: str) -> bool:
        if scheme == NEGOTIATE:
            if self._known(address)[1]:
                return False  # somebody has given a password, and meant it
            from pagebell.dcerpc.kerberos import ticket_holder  # noqa: PLC0415 - it takes its time to load

            holder = await asyncio.to_thread(ticket_holder)
            if holder is None or (self._user and holder.rpartition("@")[0] != self._user):
                return False
            return await self._token(address) is not None
        if not self._known(address)[1] and self._ask is not None:
            typed = await asyncio.to_thread(self._ask, self._user or name, address.host)
            self._typed[_server(address)] = typed or ""
            self._user = self._user or name
        return bool(self._known(address)[0] and self._known(address)[1])

    def _known(self, address: Address) -> tuple[str, str]:
        """The name and the password that there are for a server; empty for none."""
        if address.credentials is not None and address.credentials[1]:
            return address.credentials
        return self._user, self._password or self._typed.get(_server(address), "")

    async def _token(self, address: Address) -> str | None:
        """A new ticket for the server, which each request needs (RFC 4559 4.1); None where there is none."""
        from pagebell.dcerpc.kerberos import KerberosInitiator, KerberosUnavailable  # noqa: PLC0415
        from pagebell.dcerpc.spnego import KERBEROS_OID, SpnegoInitiator  # noqa: PLC0415

        try:
            binding = self._channel.get(_server(address), NO_BINDING)
            initiator = KerberosInitiator(address.host, "HTTP", Level.CONNECT, dce=False, binding=binding)
            token = await SpnegoInitiator(initiator, KERBEROS_OID).step(b"")
        except (KerberosUnavailable, SecurityError):
            return None
        return base64.b64encode(token).decode()


def login_name() -> str:
    """Who runs this program."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "anonymous"


def may_carry_secrets(address: Address) -> bool:
    """Whether nobody on the way could read what is sent there."""
    if address.secure or address.host == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.host).is_loopback
    except ValueError:
        return False


def _server(address: Address) -> Server:
    return address.host, address.port


def _schemes(text: str) -> list[str]:
    """The challenges of one header, each beginning with its scheme (RFC 9110 11.6.1)."""
    found = []
    for part in text.split(","):
        word = part.strip().split(maxsplit=1)
        if word and "=" not in word[0]:
            found.append(part.strip())
    return found
