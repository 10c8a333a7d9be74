"""How people prove who they are, put together for both doors: passwords, NTLM, Kerberos. For `app` alone."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pagebell.config import Config
from pagebell.dcerpc.kerberos import KerberosUnavailable, Keytab
from pagebell.dcerpc.ntlm import Claim, HashedCredentials, NtlmAcceptor, Target
from pagebell.dcerpc.security import (
    NO_BINDING,
    AuthType,
    Binding,
    Mechanism,
    Mechanisms,
    Principal,
    SecurityError,
)
from pagebell.dcerpc.spnego import KERBEROS_OID, MS_KERBEROS_OID, NTLM_OID, AnyAcceptor, SpnegoAcceptor
from pagebell.dcerpc.winbind import Winbind
from pagebell.entrance.attempts import Attempts
from pagebell.entrance.schemes import Basic, Negotiate, Scheme
from pagebell.model import access as model
from pagebell.model.access import Identity
from pagebell.spooler.ports import Directory

log = logging.getLogger(__name__)
Factory = Callable[[Binding], Mechanism]


class ProofsError(Exception):
    """Proofs can't be checked as configured; `str()` of it says which and why."""


@dataclass(frozen=True, slots=True)
class Proofs:
    """What is looked at, and how often somebody may be wrong."""

    directory: Directory
    ntlm: Factory
    kerberos: Factory | None
    attempts: Attempts
    winbind: Winbind | None = None
    """Who asks a domain about its people."""
    bound: bool = False
    """Whether tickets and NTLM's proofs have to name the encrypted connection that they are for."""

    async def aclose(self) -> None:
        """End what runs beside us."""
        if self.winbind is not None:
            await self.winbind.aclose()

    def mechanisms(self) -> Mechanisms:
        """For calls."""
        found: dict[int, Callable[[], Mechanism]] = {
            AuthType.NTLM: partial(self.ntlm, NO_BINDING),
            AuthType.SPNEGO: lambda: SpnegoAcceptor(self._negotiable(NO_BINDING)),
        }
        if self.kerberos is not None:
            found[AuthType.KERBEROS] = partial(self.kerberos, NO_BINDING)
        return found

    def schemes(self) -> list[Scheme]:
        """For HTTP, the strongest first. NTLM alone is no reason to negotiate: a password is as good, and simpler."""
        found: list[Scheme] = []
        if self.kerberos is not None or self.winbind is not None:
            found.append(
                Negotiate(lambda binding: AnyAcceptor(self._negotiable(binding)), _identity, bound=self.bound)
            )
        return [*found, Basic(self.directory, time.monotonic)]

    def _negotiable(self, binding: Binding) -> dict[bytes, Callable[[], Mechanism]]:
        found: dict[bytes, Callable[[], Mechanism]] = {NTLM_OID: partial(self.ntlm, binding)}
        if self.kerberos is not None:
            kerberos = partial(self.kerberos, binding)
            found |= {KERBEROS_OID: kerberos, MS_KERBEROS_OID: kerberos}
        return found


def _identity(mechanism: Mechanism) -> Identity:
    found = mechanism.principal
    if found.anonymous:
        raise SecurityError("anonymous")
    return Identity(found.name, found.groups, found.realm)


def proofs(config: Config, directory: Directory) -> Proofs:
    """What the configuration asks for. Raises ProofsError."""
    kerberos: Factory | None = None
    if config.access.keytab:
        try:
            kerberos = Keytab(Path(config.access.keytab).expanduser()).acceptor()
        except KerberosUnavailable as error:
            raise ProofsError(f"access.keytab: {error}") from None
    computer = computer_name(config)
    winbind: Winbind | None = None
    if config.access.ntlm_auth:
        helper = Path(config.access.ntlm_auth).expanduser()
        if not os.access(helper, os.X_OK):
            raise ProofsError(
                f"access.ntlm-auth: there is no program {helper}; Samba's winbind brings it along"
            )
        winbind = Winbind(helper)
        directory = DomainDirectory(directory, winbind)
    credentials = Passwords(directory, winbind)

    def ntlm(binding: Binding) -> NtlmAcceptor:
        target = Target(computer=computer, domain=computer)
        return NtlmAcceptor(credentials, target, anonymous=config.rpc.anonymous, binding=binding)

    bound = config.access.bound_proofs
    return Proofs(directory, ntlm, kerberos, Attempts(time.monotonic), winbind, bound)


def computer_name(config: Config) -> str:
    """The server's NetBIOS name."""
    return (config.rpc.computer or socket.gethostname().partition(".")[0]).upper()


class Passwords:
    """`ntlm.Credentials`: this server's own users, and then those of the domain."""

    def __init__(self, directory: Directory, winbind: Winbind | None) -> None:
        async def lookup(user: str, domain: str) -> bytes | None:
            return await directory.nt_hash(user)

        self._own, self._directory, self._winbind = HashedCredentials(lookup), directory, winbind

    async def session_key(self, claim: Claim) -> tuple[bytes, Principal]:
        """Whoever knows the user decides; one that both know comes in by either password."""
        if self._winbind is None:
            return await self._own.session_key(claim)
        if await self._directory.nt_hash(claim.user) is not None:
            with suppress(SecurityError):
                return await self._own.session_key(claim)
        return await self._winbind.session_key(claim)


class DomainDirectory:
    """`ports.Directory` of the server's own users, and behind it the domain's."""

    def __init__(self, own: Directory, winbind: Winbind) -> None:
        self._own, self._winbind = own, winbind

    async def principal(self, who: Identity | None, host: str) -> model.Principal:
        """With the rights that the rules give."""
        return await self._own.principal(who, host)

    async def nt_hash(self, name: str) -> bytes | None:
        """Of this server's own users; a domain keeps its hashes to itself."""
        return await self._own.nt_hash(name)

    async def prove(self, name: str, password: str) -> Identity | None:
        r"""Who that is: `alice`, `DOMAIN\alice` or `alice@DOMAIN`."""
        if (who := await self._own.prove(name, password)) is not None:
            return who
        domain, backslash, user = name.partition("\\")
        if not backslash:
            user, _, domain = name.partition("@")
        try:
            found = await self._winbind.prove(domain, user, password)
        except SecurityError as error:
            log.info("%s", error)
            return None
        return Identity(found.name, found.groups, found.realm)

    async def edition(self, name: str) -> str:
        """As the server's own users have it; what a domain changes is seen when it is asked next."""
        return await self._own.edition(name)

    async def has_passwords(self) -> bool:
        """Domains have people."""
        return True
