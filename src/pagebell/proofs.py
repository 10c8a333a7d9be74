"""How people prove who they are, put together for both doors: passwords, NTLM, Kerberos. For `app` alone."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pagebell.config import Config
from pagebell.dcerpc.kerberos import KerberosUnavailable, Keytab
from pagebell.dcerpc.ntlm import Credentials, HashedCredentials, NtlmAcceptor, Target
from pagebell.dcerpc.security import AuthType, Mechanism, Mechanisms, SecurityError
from pagebell.dcerpc.spnego import KERBEROS_OID, MS_KERBEROS_OID, NTLM_OID, AnyAcceptor, SpnegoAcceptor
from pagebell.entrance.attempts import Attempts
from pagebell.entrance.schemes import Basic, Negotiate, Scheme
from pagebell.model.access import Identity
from pagebell.spooler.ports import Directory

Factory = Callable[[], Mechanism]


class ProofsError(Exception):
    """Proofs can't be checked as configured; `str()` of it says which and why."""


@dataclass(frozen=True, slots=True)
class Proofs:
    """What is looked at, and how often somebody may be wrong."""

    directory: Directory
    ntlm: Factory
    kerberos: Factory | None
    attempts: Attempts
    domain: bool = False
    """Whether NTLM is checked by a domain."""

    def mechanisms(self) -> Mechanisms:
        """For calls."""
        found: dict[int, Factory] = {
            AuthType.NTLM: self.ntlm,
            AuthType.SPNEGO: lambda: SpnegoAcceptor(self._negotiable()),
        }
        if self.kerberos is not None:
            found[AuthType.KERBEROS] = self.kerberos
        return found

    def schemes(self) -> list[Scheme]:
        """For HTTP, the strongest first. NTLM alone is no reason to negotiate: a password is as good, and simpler."""
        found: list[Scheme] = []
        if self.kerberos is not None or self.domain:
            found.append(Negotiate(lambda: AnyAcceptor(self._negotiable()), _identity))
        return [*found, Basic(self.directory, time.monotonic)]

    def _negotiable(self) -> dict[bytes, Factory]:
        found: dict[bytes, Factory] = {NTLM_OID: self.ntlm}
        if self.kerberos is not None:
            found |= {KERBEROS_OID: self.kerberos, MS_KERBEROS_OID: self.kerberos}
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
    credentials = _credentials(directory)

    def ntlm() -> NtlmAcceptor:
        target = Target(computer=computer, domain=computer)
        return NtlmAcceptor(credentials, target, anonymous=config.rpc.anonymous)

    return Proofs(directory, ntlm, kerberos, Attempts(time.monotonic))


def computer_name(config: Config) -> str:
    """The server's NetBIOS name."""
    return (config.rpc.computer or socket.gethostname().partition(".")[0]).upper()


def _credentials(directory: Directory) -> Credentials:
    async def lookup(user: str, domain: str) -> bytes | None:
        return await directory.nt_hash(user)

    return HashedCredentials(lookup)
