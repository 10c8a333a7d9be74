"""Security descriptors: what `model.access` allows in Windows' words, and the other way round. [MS-DTYP] 2.4.6

A descriptor says more than we act on: it is kept as it came, and of its entries those count whose trustee and whose
access bits mean something here.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pagebell.model.access import Grant, Right, Trustee
from pagebell.winspool.constants import Access

_SELF_RELATIVE, _OWNER_DEFAULTED, _GROUP_DEFAULTED = 0x8000, 0x0001, 0x0002
_DACL_PRESENT, _DACL_DEFAULTED, _SACL_PRESENT = 0x0004, 0x0008, 0x0010
_ALLOWED, _DENIED = 0x00, 0x01
_INHERITED_BY_JOBS = 0x01 | 0x08
"""OBJECT_INHERIT_ACE and INHERIT_ONLY_ACE: a printer's jobs have it, the printer has not."""
_OBJECT_INHERIT, _INHERIT_ONLY = 0x01, 0x08
_HEAD, _ACL, _ACE = struct.Struct("<BBHIIII"), struct.Struct("<BBHHH"), struct.Struct("<BBHI")
_STANDARD = Access.DELETE | Access.READ_CONTROL | Access.WRITE_DAC | Access.WRITE_OWNER
PRINTER_ALL_ACCESS = _STANDARD | Access.PRINTER_ACCESS_ADMINISTER | Access.PRINTER_ACCESS_USE
JOB_ALL_ACCESS = _STANDARD | Access.JOB_ACCESS_ADMINISTER | Access.JOB_ACCESS_READ
LARGEST = 1 << 16
"""Octets of a descriptor."""


class DescriptorError(ValueError):
    """The octets are no self-relative security descriptor."""


def sid(authority: int, *parts: int) -> bytes:
    """A security identifier. [MS-DTYP] 2.4.2"""
    return struct.pack(f"<BB6s{len(parts)}I", 1, len(parts), authority.to_bytes(6, "big"), *parts)


def sid_of(text: str) -> bytes:
    """A security identifier's octets. [MS-DTYP] 2.4.2.1"""
    authority, *parts = map(int, text.split("-")[2:])
    return sid(authority, *parts)


def text_of(octets: bytes) -> str:
    """The octets' text. Raises DescriptorError."""
    if len(octets) < 8 or len(octets) < 8 + 4 * octets[1]:
        raise DescriptorError("a security identifier is cut off")
    parts = struct.unpack_from(f"<{octets[1]}I", octets, 8)
    return "-".join(("S-1", str(int.from_bytes(octets[2:8], "big")), *map(str, parts)))


BUILTIN = "S-1-5-32-"
"""Groups that every machine has for itself: here the rules of `[access]` say who is an administrator or operator."""
ADMINISTRATORS, EVERYONE, CREATOR_OWNER = sid(5, 32, 544), sid(1, 0), sid(3, 0)
AUTHENTICATED, ANONYMOUS, OPERATORS = sid(5, 11), sid(5, 7), sid(5, 32, 550)
TRUSTEES = {
    EVERYONE: Trustee.EVERYBODY,
    AUTHENTICATED: Trustee.KNOWN,
    sid(5, 32, 545): Trustee.KNOWN,
    ANONYMOUS: Trustee.UNKNOWN,
    sid(5, 32, 546): Trustee.UNKNOWN,
    CREATOR_OWNER: Trustee.OWNER,
}
"""Those of whom `model.access` can tell whether somebody is one. [MS-DTYP] 2.4.2.4"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An access control entry of the kinds that allow and deny; `body` has what follows its header. [MS-DTYP] 2.4.4"""

    kind: int
    flags: int
    body: bytes

    @property
    def access(self) -> int:
        """Its access mask."""
        return int.from_bytes(self.body[:4], "little")

    @property
    def who(self) -> bytes:
        """Its trustee."""
        return self.body[4:]


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A security descriptor's parts, those that are absent as None. [MS-DTYP] 2.4.6"""

    control: int
    owner: bytes | None
    group: bytes | None
    sacl: bytes | None
    dacl: tuple[Entry, ...] | None
    revision: int = 2

    def encode(self) -> bytes:
        """Self-relative octets."""
        acl = None
        if self.dacl is not None:
            entries = b"".join(
                struct.pack("<BBH", e.kind, e.flags, 4 + len(e.body)) + e.body for e in self.dacl
            )
            acl = _ACL.pack(self.revision, 0, _ACL.size + len(entries), len(self.dacl), 0) + entries
        offsets, tail = [], b""
        for part in (self.owner, self.group, self.sacl, acl):
            offsets.append(0 if part is None else _HEAD.size + len(tail))
            tail += part or b""
        owner, group, sacl, dacl = offsets
        control = self.control | _SELF_RELATIVE
        return _HEAD.pack(1, 0, control, owner, group, sacl, dacl) + tail


def decode(octets: bytes) -> Descriptor:
    """Take a self-relative descriptor apart. Raises DescriptorError."""
    if not _HEAD.size <= len(octets) <= LARGEST:
        raise DescriptorError(f"{len(octets)} octets are no security descriptor")
    _, _, control, owner, group, sacl, dacl = _HEAD.unpack_from(octets)
    if not control & _SELF_RELATIVE:
        raise DescriptorError("the descriptor is not self-relative")
    revision, entries = 2, None
    if control & _DACL_PRESENT and dacl:
        acl = _acl(octets, dacl)
        revision, entries = acl[0], _entries(acl)
    return Descriptor(
        control & ~_SELF_RELATIVE,
        _sid(octets, owner),
        _sid(octets, group),
        _acl(octets, sacl) if control & _SACL_PRESENT and sacl else None,
        entries,
        revision,
    )


def _sid(octets: bytes, at: int) -> bytes | None:
    if not at:
        return None
    if at + 8 > len(octets):
        raise DescriptorError("a security identifier lies outside")
    found = octets[at : at + 8 + 4 * octets[at + 1]]
    if len(found) != 8 + 4 * found[1] or found[1] > 15:
        raise DescriptorError("a security identifier is cut off")
    return found


def _acl(octets: bytes, at: int) -> bytes:
    if at + _ACL.size > len(octets):
        raise DescriptorError("an access control list lies outside")
    size = _ACL.unpack_from(octets, at)[2]
    if size < _ACL.size or at + size > len(octets):
        raise DescriptorError("an access control list is cut off")
    return octets[at : at + size]


def _entries(acl: bytes) -> tuple[Entry, ...]:
    found, at = [], _ACL.size
    for _ in range(_ACL.unpack_from(acl)[3]):
        if at + 4 > len(acl):
            raise DescriptorError("an access control entry lies outside")
        kind, flags, size = struct.unpack_from("<BBH", acl, at)
        if size < 8 or at + size > len(acl):
            raise DescriptorError("an access control entry is cut off")
        found.append(Entry(kind, flags, acl[at + 4 : at + size]))
        at += size
    return tuple(found)


def merged(old: bytes, new: bytes) -> bytes:
    """The old descriptor with those parts that the new one has. Raises DescriptorError."""
    kept, given = decode(old), decode(new)
    control = (given.control & ~(_DACL_DEFAULTED | _OWNER_DEFAULTED | _GROUP_DEFAULTED)) | (
        kept.control & (_DACL_PRESENT | _SACL_PRESENT)
    )
    return replace(
        kept,
        control=control,
        owner=given.owner or kept.owner,
        group=given.group or kept.group,
        sacl=given.sacl or kept.sacl,
        dacl=given.dacl if given.control & _DACL_PRESENT else kept.dacl,
        revision=given.revision if given.control & _DACL_PRESENT else kept.revision,
    ).encode()


# ---------------------------------------------------------------- to and from model.access

_PRINTER_RIGHTS = (
    (Access.PRINTER_ACCESS_USE, Right.PRINT),
    (Access.PRINTER_ACCESS_ADMINISTER, Right.ADMINISTER),
    (Access.PRINTER_ACCESS_ADMINISTER, Right.MANAGE_ALL),
)
_JOB_RIGHTS = ((Access.JOB_ACCESS_ADMINISTER, Right.MANAGE_ALL),)
_GENERIC_PRINTER = {
    Access.GENERIC_ALL: PRINTER_ALL_ACCESS,
    Access.GENERIC_EXECUTE: Access.PRINTER_ACCESS_USE,
    Access.GENERIC_WRITE: Access.PRINTER_ACCESS_USE,
}
_GENERIC_JOB = {Access.GENERIC_ALL: JOB_ALL_ACCESS, Access.GENERIC_EXECUTE: JOB_ALL_ACCESS}


def grants(octets: bytes) -> tuple[Grant, ...]:
    """What a printer's descriptor allows and denies; one without a list allows everything. Raises DescriptorError."""
    entries = decode(octets).dacl
    if entries is None:
        return (Grant(Trustee.EVERYBODY, frozenset(Right)),)
    found = (_grant(entry) for entry in entries if entry.kind in (_ALLOWED, _DENIED))
    return tuple(grant for grant in found if grant is not None)


def _grant(entry: Entry) -> Grant | None:
    to, identifier = _trustee(entry.who)
    if to is None:
        return None
    rights: set[Right] = set()
    if not entry.flags & _INHERIT_ONLY:
        rights |= _rights(entry.access, _GENERIC_PRINTER, _PRINTER_RIGHTS)
    if entry.flags & _OBJECT_INHERIT:
        rights |= _rights(entry.access, _GENERIC_JOB, _JOB_RIGHTS)
        if to is Trustee.OWNER and Right.MANAGE_ALL in rights:
            rights = {Right.MANAGE_OWN}
    return Grant(to, frozenset(rights), entry.kind == _DENIED, identifier) if rights else None


def _trustee(who: bytes) -> tuple[Trustee | None, str]:
    """Whom an entry speaks of: one who is not known today may come tomorrow."""
    if who in TRUSTEES:
        return TRUSTEES[who], ""
    identifier = text_of(who)
    return (None, "") if identifier.startswith(BUILTIN) else (Trustee.NAMED, identifier)


def _rights(access: int, generic: dict[Access, Access], table: Sequence[tuple[Access, Right]]) -> set[Right]:
    for mark, meant in generic.items():
        if access & mark:
            access |= meant
    return {right for bits, right in table if access & bits == bits}


_BY_TRUSTEE = {
    Trustee.EVERYBODY: EVERYONE,
    Trustee.KNOWN: AUTHENTICATED,
    Trustee.UNKNOWN: ANONYMOUS,
    Trustee.OWNER: CREATOR_OWNER,
}


def describe(rules: Sequence[Grant] | None) -> bytes:
    """A printer's descriptor: administrators may do everything, others what the rules say; None: everybody prints."""
    entries: list[Entry] = []
    for rule in _USUAL if rules is None else rules:
        kind = _DENIED if rule.denied else _ALLOWED
        who = sid_of(rule.identifier) if rule.to is Trustee.NAMED else _BY_TRUSTEE[rule.to]
        access = Access.READ_CONTROL if not rule.denied else Access(0)
        if Right.PRINT in rule.rights:
            access |= Access.PRINTER_ACCESS_USE
        if Right.ADMINISTER in rule.rights:
            access |= Access.PRINTER_ACCESS_ADMINISTER
        if rule.to is not Trustee.OWNER and access & ~Access.READ_CONTROL:
            entries.append(_entry(kind, who, access))
        if rule.rights & {Right.MANAGE_OWN, Right.MANAGE_ALL}:
            entries.append(_entry(kind, who, JOB_ALL_ACCESS, _INHERITED_BY_JOBS))
    entries.append(_entry(_ALLOWED, ADMINISTRATORS, PRINTER_ALL_ACCESS))
    entries.append(_entry(_ALLOWED, ADMINISTRATORS, JOB_ALL_ACCESS, _INHERITED_BY_JOBS))
    return Descriptor(_DACL_PRESENT, ADMINISTRATORS, ADMINISTRATORS, None, tuple(entries)).encode()


def _entry(kind: int, who: bytes, access: int, flags: int = 0) -> Entry:
    return Entry(kind, flags, struct.pack("<I", access) + who)


_USUAL = (
    Grant(Trustee.EVERYBODY, frozenset({Right.PRINT})),
    Grant(Trustee.OWNER, frozenset({Right.MANAGE_OWN})),
)
SERVER_SECURITY = Descriptor(
    _DACL_PRESENT,
    ADMINISTRATORS,
    ADMINISTRATORS,
    None,
    (
        _entry(_ALLOWED, EVERYONE, Access.SERVER_ACCESS_ENUMERATE | Access.READ_CONTROL),
        _entry(
            _ALLOWED,
            ADMINISTRATORS,
            _STANDARD | Access.SERVER_ACCESS_ADMINISTER | Access.SERVER_ACCESS_ENUMERATE,
        ),
    ),
).encode()
"""Everybody looks around; administrators do everything."""
PRINTER_SECURITY = describe(None)
"""Everybody prints and manages their own jobs; administrators do everything."""
