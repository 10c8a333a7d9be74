"""Kerberos from both sides, by the system's own library (the optional extra `pagebell[kerberos]`).

For calls it is used in DCE style, with three legs ([MS-KILE] 3.4.5.1); both for them and for HTTP the library
itself sees by the client's first token which style it is. Where and how realms are found is the library's business
(`krb5.conf`, `KRB5_CONFIG`).
"""

from __future__ import annotations

import abc
import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pagebell.dcerpc.ndr import NdrError
from pagebell.dcerpc.pac import groups
from pagebell.dcerpc.security import NO_BINDING, Binding, Level, Principal, SecurityError

log = logging.getLogger(__name__)
_LOGON_INFO = b"urn:mspac:logon-info"
_BLOCK = 16
_CHANNEL_BOUND = 0x800
"""GSS_C_CHANNEL_BOUND_FLAG: both sides have named the same channel."""


class KerberosUnavailable(Exception):
    """Kerberos can't be used; `str()` of it says why and what to do."""


def _library() -> Any:
    """The bindings. Raises KerberosUnavailable."""
    try:
        import gssapi  # noqa: PLC0415 - an optional extra
        import gssapi.raw  # noqa: PLC0415
    except ImportError as error:
        raise KerberosUnavailable(
            f"Kerberos needs the package gssapi ({error}): install pagebell[kerberos]"
        ) from None
    return gssapi


@dataclass(frozen=True, slots=True)
class Keytab:
    """The server's own keys, of a realm of Active Directory or of any other."""

    path: Path

    def acceptor(self) -> Callable[[Binding], KerberosAcceptor]:
        """Makes acceptors for a channel. Raises KerberosUnavailable for a keytab that can't be used."""
        gssapi = _library()
        try:
            if not self.path.is_file():
                raise KerberosUnavailable(f"there is no keytab {self.path}")
            credentials = gssapi.Credentials(usage="accept", store={"keytab": f"FILE:{self.path}"})
        except (gssapi.exceptions.GSSError, OSError) as error:
            raise KerberosUnavailable(f"the keytab {self.path} can't be used: {_why(error)}") from None
        return lambda binding: KerberosAcceptor(gssapi, credentials, binding)


def _why(error: Exception) -> str:
    return " ".join(str(error).split())


def kerberos_errors() -> tuple[type[Exception], ...]:
    """What the library raises, for those who use it by way of another; nothing where it is missing."""
    try:
        found: type[Exception] = _library().exceptions.GSSError
    except KerberosUnavailable:
        return ()
    return (found,)


def ticket_holder() -> str | None:
    """Whose tickets are in the cache, such as `alice@EXAMPLE.ORG`; None without any that is valid, or the extra."""
    try:
        gssapi = _library()
        return str(gssapi.Credentials(usage="initiate").name)
    except KerberosUnavailable:
        return None
    except gssapi.exceptions.GSSError:
        return None


def _channel(gssapi: Any, binding: Binding) -> Any:
    return gssapi.raw.ChannelBindings(application_data=binding.data) if binding.data else None


class _Kerberos(abc.ABC):
    """What both sides share: the library's context."""

    def __init__(self, gssapi: Any, context: Any) -> None:
        self._gssapi, self._context = gssapi, context
        self._protection: KerberosProtection | None = None
        self._principal: Principal | None = None

    @property
    def complete(self) -> bool:
        """Tell whether all legs are done."""
        return self._protection is not None

    @property
    def principal(self) -> Principal:
        """Return the peer, or oneself."""
        if self._principal is None:
            raise SecurityError("not authenticated")
        return self._principal

    @property
    def protection(self) -> KerberosProtection:
        """Return what protects messages."""
        if self._protection is None:
            raise SecurityError("not authenticated")
        return self._protection

    async def _step(self, token: bytes | None) -> bytes:
        """One leg, in a thread: a client's asks the realm for a ticket, a server's looks at the replay cache."""
        if self.complete:
            raise SecurityError("authentication is over")
        try:
            answer: bytes | None = await asyncio.to_thread(self._context.step, token)
            if self._context.complete:
                self._principal = self._found()
                self._protection = KerberosProtection(self._gssapi, self._context)
        except self._gssapi.exceptions.GSSError as error:
            raise SecurityError(f"Kerberos: {_why(error)}") from None
        return answer or b""

    @abc.abstractmethod
    def _found(self) -> Principal:
        """Whom the other side turned out to be."""


class KerberosAcceptor(_Kerberos):
    """The server's side."""

    def __init__(self, gssapi: Any, credentials: Any, binding: Binding = NO_BINDING) -> None:
        """`Keytab.acceptor` makes them."""
        channel = _channel(gssapi, binding)
        super().__init__(
            gssapi, gssapi.SecurityContext(creds=credentials, usage="accept", channel_bindings=channel)
        )
        self._binding = binding

    async def step(self, token: bytes) -> bytes:
        """Take the client's next token."""
        return await self._step(token)

    def _found(self) -> Principal:
        """The client; one of the server's own realm by its name alone."""
        if self._binding.required and not self._context.actual_flags & _CHANNEL_BOUND:
            raise SecurityError("a ticket that is bound to no channel")
        name, _, realm = str(self._context.initiator_name).rpartition("@")
        own = str(self._context.target_name).rpartition("@")[2]
        if not name or not realm:
            raise SecurityError("a client without a name")
        return Principal(
            name if realm == own else f"{name}@{realm}",
            realm,
            mechanism="kerberos",
            groups=self._groups(),
            realm=realm,
        )

    def _groups(self) -> frozenset[str]:
        """From the ticket's PAC, if it has one that its realm has signed."""
        raw = self._gssapi.raw
        if not hasattr(raw, "get_name_attribute"):
            log.warning("this Kerberos library knows nothing of groups (RFC 6680): use MIT's")
            return frozenset()
        try:
            found = raw.get_name_attribute(self._context.initiator_name, _LOGON_INFO)
        except raw.OperationUnavailableError:  # there is none (RFC 6680 7.4)
            return frozenset()
        except self._gssapi.exceptions.GSSError as error:
            log.warning("the groups of a ticket can't be read: %s", _why(error))
            return frozenset()
        if not found.authenticated or not found.values:
            return frozenset()
        try:
            return groups(next(iter(found.values)))
        except NdrError as error:
            log.warning("the groups of a ticket can't be read: %s", error)
            return frozenset()


class KerberosInitiator(_Kerberos):
    """The client's side, with the tickets of the cache that is there (`kinit`, `KRB5CCNAME`)."""

    def __init__(
        self,
        host: str,
        service: str = "host",
        level: Level = Level.PRIVACY,
        *,
        dce: bool = True,
        binding: Binding = NO_BINDING,
    ) -> None:
        """Raises KerberosUnavailable."""
        gssapi = _library()
        flags = gssapi.RequirementFlag
        wanted = flags.mutual_authentication | flags.replay_detection
        wanted |= flags.out_of_sequence_detection | flags.integrity
        if level >= Level.PRIVACY:
            wanted |= flags.confidentiality
        if dce:
            wanted |= flags.dce_style
        try:
            target = gssapi.Name(f"{service}@{host}", gssapi.NameType.hostbased_service)
            context = gssapi.SecurityContext(
                name=target,
                mech=gssapi.MechType.kerberos,
                flags=wanted,
                usage="initiate",
                channel_bindings=_channel(gssapi, binding),
            )
        except gssapi.exceptions.GSSError as error:
            raise KerberosUnavailable(f"no tickets can be used: {_why(error)}") from None
        super().__init__(gssapi, context)

    async def step(self, token: bytes) -> bytes:
        """Begin (with b"") or take the server's next token. Raises SecurityError, also where there is no ticket."""
        return await self._step(token or None)

    def _found(self) -> Principal:
        name, _, realm = str(self._context.initiator_name).rpartition("@")
        return Principal(name, realm, mechanism="kerberos", realm=realm)


class KerberosProtection:
    """Signs and seals by the ticket's session key; what is sealed keeps its place, as [MS-RPCE] 3.3.1.5.2.2 has it."""

    always_signs_headers = False

    def __init__(self, gssapi: Any, context: Any) -> None:
        self._raw, self._context = gssapi.raw, context
        self._errors = gssapi.exceptions.GSSError
        flags = gssapi.RequirementFlag
        self._signs = bool(context.actual_flags & flags.integrity)
        self._seals = bool(context.actual_flags & flags.confidentiality)
        self._sizes: dict[tuple[bool, int], int] = {}

    def allows(self, level: Level) -> bool:
        """Tell whether the flags that were negotiated suffice for a level."""
        if level >= Level.PRIVACY:
            return self._seals
        return self._signs or level <= Level.CONNECT

    def signature_size(self, level: Level, size: int) -> int:
        """Return the octets of a signature, which the library foretells."""
        seals = level >= Level.PRIVACY
        key = seals, size % _BLOCK
        if key not in self._sizes:
            raw = self._raw
            kind = raw.IOVBufferType
            if seals:
                iov = raw.IOV(kind.header, bytes(_BLOCK + key[1]), std_layout=False)
                raw.wrap_iov_length(self._context, iov, confidential=True)
            else:
                iov = raw.IOV(kind.mic_token, bytes(_BLOCK), std_layout=False)
                raw.get_mic_iov_length(self._context, iov)
            self._sizes[key] = len(iov[0].value)
        return self._sizes[key]

    def protect(self, level: Level, before: bytes, body: bytes, after: bytes) -> tuple[bytes, bytes]:
        """Return the body, sealed at privacy level, and the signature over all three."""
        self._require(level)
        if level < Level.PRIVACY:
            return body, self.mic(b"".join((before, body, after)))
        raw = self._raw
        kind = raw.IOVBufferType
        around = (kind.sign_only, before), (kind.sign_only, after)
        parts = (around[0], bytes(body), around[1]) if before or after else (bytes(body),)
        iov = raw.IOV(kind.header, *parts, std_layout=False)
        try:
            raw.wrap_iov(self._context, iov, confidential=True)
        except self._errors as error:
            raise SecurityError(f"Kerberos can't seal: {_why(error)}") from None
        return iov[2 if len(parts) > 1 else 1].value, iov[0].value

    def unprotect(self, level: Level, before: bytes, body: bytes, after: bytes, signature: bytes) -> bytes:
        """Return the body in clear, behind the check of its signature."""
        self._require(level)
        if level < Level.PRIVACY:
            self.check_mic(b"".join((before, body, after)), signature)
            return body
        raw = self._raw
        kind = raw.IOVBufferType
        around = (kind.sign_only, before), (kind.sign_only, after)
        parts = (around[0], bytes(body), around[1]) if before or after else (bytes(body),)
        iov = raw.IOV((kind.header, False, bytes(signature)), *parts, std_layout=False)
        try:
            result = raw.unwrap_iov(self._context, iov)
        except self._errors as error:
            raise SecurityError(f"wrong signature: {_why(error)}") from None
        if not result.encrypted:
            raise SecurityError("what should be sealed is not")
        clear: bytes = iov[2 if len(parts) > 1 else 1].value
        return clear

    def _require(self, level: Level) -> None:
        if not self.allows(level):
            raise SecurityError("this level's protection was not negotiated")

    def mic(self, data: bytes) -> bytes:
        """Sign what we send next."""
        signature: bytes = self._context.get_signature(data)
        return signature

    def check_mic(self, data: bytes, signature: bytes) -> None:
        """Check the signature of what comes next."""
        try:
            self._context.verify_signature(data, bytes(signature))
        except self._errors as error:
            raise SecurityError(f"wrong signature: {_why(error)}") from None

    def restart(self) -> None:
        """Nothing begins anew: SPNEGO's MICs are messages among the others."""
