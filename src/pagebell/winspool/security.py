"""The security descriptor of every printer: what `model.access` allows, in Windows' words. [MS-DTYP] 2.4.6"""

from __future__ import annotations

import struct

from pagebell.winspool.constants import Access

_SELF_RELATIVE, _DACL_PRESENT = 0x8000, 0x0004
_INHERITED_BY_JOBS = 0x01 | 0x08
"""OBJECT_INHERIT_ACE and INHERIT_ONLY_ACE: a printer's jobs have it, the printer has not."""
_STANDARD = Access.DELETE | Access.READ_CONTROL | Access.WRITE_DAC | Access.WRITE_OWNER
PRINTER_ALL_ACCESS = _STANDARD | Access.PRINTER_ACCESS_ADMINISTER | Access.PRINTER_ACCESS_USE
JOB_ALL_ACCESS = _STANDARD | Access.JOB_ACCESS_ADMINISTER | Access.JOB_ACCESS_READ


def sid(authority: int, *parts: int) -> bytes:
    """A security identifier. [MS-DTYP] 2.4.2"""
    return struct.pack(f"<BB6s{len(parts)}I", 1, len(parts), authority.to_bytes(6, "big"), *parts)


ADMINISTRATORS, EVERYONE, CREATOR_OWNER = sid(5, 32, 544), sid(1, 0), sid(3, 0)


def _allow(who: bytes, access: int, flags: int = 0) -> bytes:
    return struct.pack("<BBHI", 0, flags, 8 + len(who), access) + who


def _descriptor(owner: bytes, entries: tuple[bytes, ...]) -> bytes:
    acl = struct.pack("<BBHHH", 2, 0, 8 + sum(map(len, entries)), len(entries), 0) + b"".join(entries)
    head = struct.calcsize("<BBHIIII")
    after = head + len(acl)
    control = _SELF_RELATIVE | _DACL_PRESENT
    return struct.pack("<BBHIIII", 1, 0, control, after, after + len(owner), 0, head) + acl + owner + owner


SERVER_SECURITY = _descriptor(
    ADMINISTRATORS,
    (
        _allow(EVERYONE, Access.SERVER_ACCESS_ENUMERATE | Access.READ_CONTROL),
        _allow(ADMINISTRATORS, _STANDARD | Access.SERVER_ACCESS_ADMINISTER | Access.SERVER_ACCESS_ENUMERATE),
    ),
)
"""Everybody looks around; administrators do everything."""
PRINTER_SECURITY = _descriptor(
    ADMINISTRATORS,
    (
        _allow(EVERYONE, Access.PRINTER_ACCESS_USE | Access.READ_CONTROL),
        _allow(CREATOR_OWNER, JOB_ALL_ACCESS, _INHERITED_BY_JOBS),
        _allow(ADMINISTRATORS, PRINTER_ALL_ACCESS),
        _allow(ADMINISTRATORS, JOB_ALL_ACCESS, _INHERITED_BY_JOBS),
    ),
)
"""Everybody prints and manages their own jobs; administrators do everything."""
