"""What goes wrong in a call or in a bind, by the numbers of the wire."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Fault statuses: C706 appendix E, and those of Windows ([MS-RPCE] 2.2.2.5, [MS-ERREF])."""

    ACCESS_DENIED = 0x00000005
    NO_CALL_ACTIVE = 0x000006BD
    NDR = 0x000006F7
    SEC_PKG_ERROR = 0x00000721
    CANCEL = 0x1C00000D
    CONTEXT_MISMATCH = 0x1C00001A
    REMOTE_NO_MEMORY = 0x1C00001B
    UNSPECIFIED = 0x1C000012
    OPNUM_RANGE = 0x1C010002
    UNKNOWN_INTERFACE = 0x1C010003
    PROTOCOL = 0x1C01000B
    SERVER_TOO_BUSY = 0x1C010014
    UNSUPPORTED_TYPE = 0x1C010017


class NakReason(IntEnum):
    """p_reject_reason_t, C706 12.6.3.1; the last two are [MS-RPCE] 2.2.2.5."""

    NOT_SPECIFIED = 0
    PROTOCOL_VERSION = 4
    AUTH_TYPE = 8
    CHECKSUM = 9


class Fault(Exception):
    """A call that was refused or went wrong, with the status that the caller learns.

    A service raises it to fault a call; a client raises it when it receives one.
    """

    def __init__(self, status: int, *, executed: bool = True) -> None:
        super().__init__(f"{name(status)} (0x{status:08X})")
        self.status, self.executed = status, executed


class Refused(Exception):
    """The server refused the bind; `reason` is that of its bind_nak."""

    def __init__(self, reason: int) -> None:
        known = {r.value: r.name for r in NakReason}
        super().__init__(f"bind refused: {known.get(reason, reason)}")
        self.reason = reason


def name(status: int) -> str:
    """Return a status's name, as a log line shows it."""
    return next((s.name for s in Status if s == status), "fault")
