"""The groups in a Kerberos ticket of a Windows domain: KERB_VALIDATION_INFO ([MS-PAC] 2.5), and what they are called.

The Kerberos library has checked the PAC's signature before it hands this part out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pagebell.dcerpc.ndr import DWORD, WORD, Struct, array, fixed, octets, varying_array

_HEADER = 20
"""Octets of the serialization headers ([MS-RPCE] 2.2.6) and of the pointer to what follows."""
_MOST = 5000
_EXTRA_SIDS, _RESOURCE_GROUPS = 0x20, 0x200
"""Flags of UserFlags that say that these groups are there."""

DOMAIN_GROUPS = {512: "Domain Admins", 513: "Domain Users", 514: "Domain Guests", 515: "Domain Computers"}
"""Well-known groups of a user's own domain ([MS-DTYP] 2.4.2.4)."""
KNOWN_GROUPS = {"S-1-5-32-544": "Administrators", "S-1-5-32-545": "Users", "S-1-5-32-550": "Print Operators"}
"""Well-known groups of a machine or a domain controller."""


class RPC_UNICODE_STRING(Struct):
    """Counted text. [MS-DTYP] 2.3.10"""

    Length: WORD = 0
    MaximumLength: WORD = 0
    Buffer: varying_array[WORD] | None = None


class SID(Struct):
    """Who, as Windows counts. [MS-DTYP] 2.4.2.3"""

    Revision: Annotated[bytes, octets(1)] = b"\1"
    SubAuthorityCount: Annotated[bytes, octets(1)]
    IdentifierAuthority: Annotated[bytes, octets(6)]
    SubAuthority: array[DWORD]

    def __str__(self) -> str:
        parts = (int.from_bytes(self.IdentifierAuthority, "big"), *self.SubAuthority)
        return "-".join(["S-1", *map(str, parts)])


class GROUP_MEMBERSHIP(Struct):
    """A group of the domain. [MS-PAC] 2.2.2"""

    RelativeId: DWORD
    Attributes: DWORD = 7


class KERB_SID_AND_ATTRIBUTES(Struct):
    """A group of anywhere. [MS-PAC] 2.2.1"""

    Sid: SID | None = None
    Attributes: DWORD = 7


class KERB_VALIDATION_INFO(Struct):
    """What the domain controller knows of a user. [MS-PAC] 2.5"""

    Times: Annotated[tuple[DWORD, ...], fixed(12)]
    """Six FILETIMEs: of the logon, of its end, and about the password."""
    EffectiveName: RPC_UNICODE_STRING
    FullName: RPC_UNICODE_STRING
    LogonScript: RPC_UNICODE_STRING
    ProfilePath: RPC_UNICODE_STRING
    HomeDirectory: RPC_UNICODE_STRING
    HomeDirectoryDrive: RPC_UNICODE_STRING
    LogonCount: WORD = 0
    BadPasswordCount: WORD = 0
    UserId: DWORD
    PrimaryGroupId: DWORD
    GroupCount: DWORD = 0
    GroupIds: array[GROUP_MEMBERSHIP] | None = None
    UserFlags: DWORD = 0
    UserSessionKey: Annotated[bytes, octets(16)]
    LogonServer: RPC_UNICODE_STRING
    LogonDomainName: RPC_UNICODE_STRING
    LogonDomainId: SID | None = None
    Reserved1: Annotated[tuple[DWORD, ...], fixed(2)]
    UserAccountControl: DWORD = 0
    SubAuthStatus: DWORD = 0
    LastSuccessfulILogon: Annotated[tuple[DWORD, ...], fixed(2)]
    LastFailedILogon: Annotated[tuple[DWORD, ...], fixed(2)]
    FailedILogonCount: DWORD = 0
    Reserved3: DWORD = 0
    SidCount: DWORD = 0
    ExtraSids: array[KERB_SID_AND_ATTRIBUTES] | None = None
    ResourceGroupDomainSid: SID | None = None
    ResourceGroupCount: DWORD = 0
    ResourceGroupIds: array[GROUP_MEMBERSHIP] | None = None


def groups(logon_info: bytes) -> frozenset[str]:
    """Security identifiers of a user and all their groups in a PAC's logon information, and names of well-known ones.

    Raises NdrError for octets that are none.
    """
    info = KERB_VALIDATION_INFO.decode(logon_info[_HEADER:])
    found: list[str] = []
    if info.LogonDomainId is not None:
        domain = str(info.LogonDomainId)
        members = {info.UserId, info.PrimaryGroupId, *(group.RelativeId for group in info.GroupIds or ())}
        found += [f"{domain}-{member}" for member in members]
        found += [DOMAIN_GROUPS[member] for member in members & DOMAIN_GROUPS.keys()]
    if info.UserFlags & _EXTRA_SIDS:
        found += [str(extra.Sid) for extra in info.ExtraSids or () if extra.Sid is not None]
    if info.UserFlags & _RESOURCE_GROUPS and info.ResourceGroupDomainSid is not None:
        resource = str(info.ResourceGroupDomainSid)
        found += [f"{resource}-{group.RelativeId}" for group in info.ResourceGroupIds or ()]
    return named(found[:_MOST])


def named(sids: Iterable[str]) -> frozenset[str]:
    """Security identifiers, and the names of those that are the same everywhere."""
    every = frozenset(sids)
    return every | {KNOWN_GROUPS[sid] for sid in every & KNOWN_GROUPS.keys()}
