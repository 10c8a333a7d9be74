"""The Windows error codes that calls return ([MS-ERREF] 2.2), and the one table that makes them of facts."""

from __future__ import annotations

from enum import IntEnum

from pagebell.model import errors


class Win32(IntEnum):
    """[MS-ERREF] 2.2"""

    SUCCESS = 0
    FILE_NOT_FOUND = 2
    ACCESS_DENIED = 5
    INVALID_HANDLE = 6
    NOT_ENOUGH_MEMORY = 8
    INVALID_DATA = 13
    NOT_SUPPORTED = 50
    FILE_EXISTS = 80
    INVALID_PARAMETER = 87
    DISK_FULL = 112
    INSUFFICIENT_BUFFER = 122
    INVALID_NAME = 123
    INVALID_LEVEL = 124
    MOD_NOT_FOUND = 126
    BUSY = 170
    ALREADY_EXISTS = 183
    MORE_DATA = 234
    NO_MORE_ITEMS = 259
    NOT_FOUND = 1168
    CANCELLED = 1223
    PRINT_CANCELLED = 63
    BIDI_SCHEMA_READ_ONLY = 13002
    BIDI_SCHEMA_NOT_SUPPORTED = 13005
    INVALID_DATATYPE = 1804
    INVALID_ENVIRONMENT = 1805
    NO_SYSTEM_RESOURCES = 1450
    RPC_S_SERVER_UNAVAILABLE = 1722
    INVALID_USER_BUFFER = 1784
    UNKNOWN_PORT = 1796
    UNKNOWN_PRINTER_DRIVER = 1797
    UNKNOWN_PRINTPROCESSOR = 1798
    INVALID_SECURITY_DESCR = 1338
    INVALID_PRIORITY = 1800
    INVALID_TIME = 1901
    INVALID_PRINTER_NAME = 1801
    PRINTER_ALREADY_EXISTS = 1802
    INVALID_PRINTER_COMMAND = 1803
    CAN_NOT_COMPLETE = 1003
    DS_UNAVAILABLE = 8207
    NOT_PUBLISHED = 0x80070002
    """An HRESULT: FILE_NOT_FOUND, as [MS-RPRN] 3.1.4.2.5 has it for DSPRINT_UPDATE."""
    SHUTDOWN_IN_PROGRESS = 1115
    INVALID_FORM_NAME = 1902
    INVALID_FORM_SIZE = 1903
    PRINT_PROCESSOR_ALREADY_INSTALLED = 3005
    PRINT_MONITOR_ALREADY_INSTALLED = 3006
    PRINT_MONITOR_IN_USE = 3008
    PRINTER_DRIVER_IN_USE = 3001
    SPL_NO_STARTDOC = 3003
    SPL_NO_ADDJOB = 3004
    PRINTER_NOT_FOUND = 3012
    UNKNOWN_PRINT_MONITOR = 3000


class Win32Error(Exception):
    """A call that is answered by an error code."""

    def __init__(self, code: Win32) -> None:
        super().__init__(f"{code.name} ({code.value})")
        self.code = code


FACTS: dict[type[errors.Refusal], Win32] = {
    errors.NotFound: Win32.INVALID_PARAMETER,  # of jobs; printers are looked up when they are opened
    errors.Gone: Win32.FILE_NOT_FOUND,
    errors.WrongState: Win32.INVALID_PRINTER_COMMAND,
    errors.NotAuthorized: Win32.ACCESS_DENIED,
    errors.NotAuthenticated: Win32.ACCESS_DENIED,
    errors.NotAccepting: Win32.ACCESS_DENIED,
    errors.AlreadyExists: Win32.PRINTER_ALREADY_EXISTS,
    errors.Unsupported: Win32.INVALID_PARAMETER,
    errors.UnsupportedScheme: Win32.INVALID_PARAMETER,
    errors.UnsupportedFormat: Win32.INVALID_DATATYPE,
    errors.DocumentDamaged: Win32.INVALID_DATA,
    errors.TooLarge: Win32.DISK_FULL,  # what a client has a sentence for when a document does not fit
    errors.TooMany: Win32.NO_SYSTEM_RESOURCES,
    errors.NoRoom: Win32.DISK_FULL,
    errors.ServiceStopping: Win32.SHUTDOWN_IN_PROGRESS,
}


def code_of(refusal: errors.Refusal) -> Win32:
    """The error code for a fact; a fact's subclass is answered as it."""
    return next(FACTS[kind] for kind in type(refusal).__mro__ if kind in FACTS)


def hresult_of(code: int) -> int:
    """An error code as an HRESULT ([MS-ERREF] 2.1.2: HRESULT_FROM_WIN32); success stays 0."""
    return code if not code or code & 0x80000000 else 0x80070000 | code & 0xFFFF
