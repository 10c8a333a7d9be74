"""What can change, in numbers: PRINTER_CHANGE_*, and the members that notifications are about. [MS-RPRN] 2.2.3"""

from __future__ import annotations

from enum import IntEnum, IntFlag

from pagebell.winspool.idl.notify import (
    TABLE_DEVMODE,
    TABLE_DWORD,
    TABLE_SECURITYDESCRIPTOR,
    TABLE_STRING,
    TABLE_TIME,
)


class ChangeFlag(IntFlag):
    """PRINTER_CHANGE_*. [MS-RPRN] 2.2.3.6"""

    ADD_PRINTER = 0x00000001
    SET_PRINTER = 0x00000002
    DELETE_PRINTER = 0x00000004
    FAILED_CONNECTION_PRINTER = 0x00000008
    ADD_JOB = 0x00000100
    SET_JOB = 0x00000200
    DELETE_JOB = 0x00000400
    WRITE_JOB = 0x00000800
    ADD_FORM = 0x00010000
    SET_FORM = 0x00020000
    DELETE_FORM = 0x00040000
    ADD_PORT = 0x00100000
    CONFIGURE_PORT = 0x00200000
    DELETE_PORT = 0x00400000
    ADD_PRINT_PROCESSOR = 0x01000000
    DELETE_PRINT_PROCESSOR = 0x04000000
    SERVER = 0x08000000
    ADD_PRINTER_DRIVER = 0x10000000
    SET_PRINTER_DRIVER = 0x20000000
    DELETE_PRINTER_DRIVER = 0x40000000
    TIMEOUT = 0x80000000


NO_CHANGE = ChangeFlag(0)
CHANGE_PRINTER, CHANGE_JOB, CHANGE_FORM, CHANGE_PORT = 0x000000FF, 0x0000FF00, 0x00070000, 0x00700000
CHANGE_PRINT_PROCESSOR, CHANGE_PRINTER_DRIVER = 0x07000000, 0x70000000
CHANGE_ALL, CHANGE_ALL_2 = 0x7777FFFF, 0x7F77FFFF
"""What clients use to ask for all of a kind. [MS-RPRN] 2.2.3.6"""

OF_PRINTER = ChangeFlag(0x00000006 | CHANGE_JOB & 0x00000F00 | ChangeFlag.SET_PRINTER_DRIVER)
"""Those of a printer's handle; other bits are ignored with it. [MS-RPRN] 2.2.3.6.1"""
OF_SERVER = ChangeFlag(
    ChangeFlag.ADD_PRINTER
    | ChangeFlag.FAILED_CONNECTION_PRINTER
    | CHANGE_FORM
    | CHANGE_PORT
    | (CHANGE_PRINT_PROCESSOR & 0x05000000)
    | ChangeFlag.SERVER
    | CHANGE_PRINTER_DRIVER
)
"""Those of the server's handle. [MS-RPRN] 2.2.3.6.2"""


class NotifyType(IntEnum):
    """Whose members. [MS-RPRN] 2.2.1.13.2"""

    PRINTER = 0
    JOB = 1
    SERVER = 2


class PrinterField(IntEnum):
    """PRINTER_NOTIFY_FIELD_*. [MS-RPRN] 2.2.3.8"""

    SERVER_NAME = 0x00
    PRINTER_NAME = 0x01
    SHARE_NAME = 0x02
    PORT_NAME = 0x03
    DRIVER_NAME = 0x04
    COMMENT = 0x05
    LOCATION = 0x06
    DEVMODE = 0x07
    SEPFILE = 0x08
    PRINT_PROCESSOR = 0x09
    PARAMETERS = 0x0A
    DATATYPE = 0x0B
    SECURITY_DESCRIPTOR = 0x0C
    ATTRIBUTES = 0x0D
    PRIORITY = 0x0E
    DEFAULT_PRIORITY = 0x0F
    START_TIME = 0x10
    UNTIL_TIME = 0x11
    STATUS = 0x12
    CJOBS = 0x14
    AVERAGE_PPM = 0x15
    TOTAL_PAGES = 0x16
    PAGES_PRINTED = 0x17
    TOTAL_BYTES = 0x18
    BYTES_PRINTED = 0x19
    OBJECT_GUID = 0x1A
    BRANCH_OFFICE_PRINTING = 0x1C


class JobField(IntEnum):
    """JOB_NOTIFY_FIELD_*. [MS-RPRN] 2.2.3.3"""

    PRINTER_NAME = 0x00
    MACHINE_NAME = 0x01
    PORT_NAME = 0x02
    USER_NAME = 0x03
    NOTIFY_NAME = 0x04
    DATATYPE = 0x05
    PRINT_PROCESSOR = 0x06
    PARAMETERS = 0x07
    DRIVER_NAME = 0x08
    DEVMODE = 0x09
    STATUS = 0x0A
    STATUS_STRING = 0x0B
    SECURITY_DESCRIPTOR = 0x0C
    DOCUMENT = 0x0D
    PRIORITY = 0x0E
    POSITION = 0x0F
    SUBMITTED = 0x10
    START_TIME = 0x11
    UNTIL_TIME = 0x12
    TIME = 0x13
    TOTAL_PAGES = 0x14
    PAGES_PRINTED = 0x15
    TOTAL_BYTES = 0x16
    BYTES_PRINTED = 0x17


class ServerField(IntEnum):
    """SERVER_NOTIFY_FIELD_*. [MS-RPRN] 2.2.3.4"""

    PRINT_DRIVER_ISOLATION_GROUP = 0x00


Field = PrinterField | JobField | ServerField
FIELDS: dict[int, type[PrinterField] | type[JobField] | type[ServerField]] = {
    NotifyType.PRINTER: PrinterField,
    NotifyType.JOB: JobField,
    NotifyType.SERVER: ServerField,
}

_TEXTS: dict[int, frozenset[int]] = {
    NotifyType.PRINTER: frozenset((*range(0x07), *range(0x08, 0x0C), 0x1A)),
    NotifyType.JOB: frozenset((*range(0x09), 0x0B, 0x0D)),
    NotifyType.SERVER: frozenset((0x00,)),
}
_OTHERS: dict[tuple[int, int], int] = {
    (NotifyType.PRINTER, PrinterField.DEVMODE): TABLE_DEVMODE,
    (NotifyType.PRINTER, PrinterField.SECURITY_DESCRIPTOR): TABLE_SECURITYDESCRIPTOR,
    (NotifyType.JOB, JobField.DEVMODE): TABLE_DEVMODE,
    (NotifyType.JOB, JobField.SECURITY_DESCRIPTOR): TABLE_SECURITYDESCRIPTOR,
    (NotifyType.JOB, JobField.SUBMITTED): TABLE_TIME,
}


def data_type(type_: int, field: int) -> int:
    """The notification data type of a member. [MS-RPRN] 2.2.3.5"""
    if field in _TEXTS[type_]:
        return TABLE_STRING
    return _OTHERS.get((type_, field), TABLE_DWORD)


class NotifyFlag(IntFlag):
    """Of an RPC_V2_NOTIFY_INFO, of a client's answer, of an RPC_V2_NOTIFY_OPTIONS. [MS-RPRN] 2.2.3.2"""

    INFO_DISCARDED = 0x00000001
    INFO_DISCARDNOTED = 0x00010000
    INFO_COLORMISMATCH = 0x00080000


OPTIONS_REFRESH = 0x00000001

CATEGORY_2D, CATEGORY_ALL, CATEGORY_3D = 0, 0x00010000, 0x00020000
CATEGORIES = (CATEGORY_2D, CATEGORY_ALL, CATEGORY_3D)
"""PRINTER_NOTIFY_CATEGORY_*: fdwOptions. [MS-RPRN] 2.2.3.8"""

REGISTER_FLAGS, REGISTER_OPTIONS = "RemoteNotifyFilter Flags", "RemoteNotifyFilter Options"
REGISTER_FIELDS, REGISTER_COLOR = "RemoteNotifyFilter NotifyOptions", "RemoteNotifyFilter Color"
TOLD_FLAGS, TOLD_INFO, TOLD_COLOR = (
    "RemoteNotifyData Flags",
    "RemoteNotifyData Info",
    "RemoteNotifyData Color",
)
"""Names of properties. [MS-PAR] 2.2.3"""
