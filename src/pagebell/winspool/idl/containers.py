"""Containers: what carries INFO structures of several levels into a call. [MS-RPRN] 2.2.1.2"""

from __future__ import annotations

from typing import Annotated

from pagebell.dcerpc.ndr import DWORD, FLOAT, LONG, Struct, array, blob, count_of, switch_is, wstr
from pagebell.winspool.idl.types import (
    DOC_INFO_1,
    DRIVER_INFO_1,
    DRIVER_INFO_2,
    FORM_INFO_1,
    JOB_INFO_1,
    JOB_INFO_2,
    JOB_INFO_3,
    JOB_INFO_4,
    PRINTER_INFO_1,
    PRINTER_INFO_2,
    PRINTER_INFO_3,
    PRINTER_INFO_4,
    PRINTER_INFO_5,
    PRINTER_INFO_6,
    PRINTER_INFO_7,
    PRINTER_INFO_8,
    PRINTER_INFO_9,
    PRINTER_INFO_STRESS,
    RPC_DRIVER_INFO_3,
    RPC_DRIVER_INFO_4,
    RPC_DRIVER_INFO_6,
    RPC_DRIVER_INFO_8,
    RPC_FORM_INFO_2,
    SPLCLIENT_INFO_1,
    SPLCLIENT_INFO_2,
    SPLCLIENT_INFO_3,
)


class DEVMODE_CONTAINER(Struct):
    """How to print. [MS-RPRN] 2.2.1.2.1"""

    cbBuf: DWORD = count_of("pDevMode")
    pDevMode: blob | None = None


class DOC_INFO_CONTAINER(Struct):
    """What is to be printed. [MS-RPRN] 2.2.1.2.2"""

    Level: DWORD = 1
    DocInfo: Annotated[DOC_INFO_1 | None, switch_is("Level", {1: DOC_INFO_1 | None}, default=None)] = None


class DRIVER_CONTAINER(Struct):
    """A driver. [MS-RPRN] 2.2.1.2.3"""

    Level: DWORD
    DriverInfo: Annotated[
        Struct | None,
        switch_is(
            "Level",
            {
                1: DRIVER_INFO_1 | None,
                2: DRIVER_INFO_2 | None,
                3: RPC_DRIVER_INFO_3 | None,
                4: RPC_DRIVER_INFO_4 | None,
                6: RPC_DRIVER_INFO_6 | None,
                8: RPC_DRIVER_INFO_8 | None,
            },
            default=None,
        ),
    ] = None


class FORM_CONTAINER(Struct):
    """A form. [MS-RPRN] 2.2.1.2.4"""

    Level: DWORD = 1
    FormInfo: Annotated[
        FORM_INFO_1 | None,
        switch_is("Level", {1: FORM_INFO_1 | None, 2: RPC_FORM_INFO_2 | None}, default=None),
    ] = None


class JOB_CONTAINER(Struct):
    """What a job is to be. [MS-RPRN] 2.2.1.2.5"""

    Level: DWORD
    JobInfo: Annotated[
        JOB_INFO_1 | JOB_INFO_2 | JOB_INFO_3 | None,
        switch_is(
            "Level",
            {1: JOB_INFO_1 | None, 2: JOB_INFO_2 | None, 3: JOB_INFO_3 | None, 4: JOB_INFO_4 | None},
            default=None,
        ),
    ] = None


class PRINTER_CONTAINER(Struct):
    """What a printer is to be. [MS-RPRN] 2.2.1.2.9"""

    Level: DWORD = 0
    PrinterInfo: Annotated[
        Struct | None,
        switch_is(
            "Level",
            {
                0: PRINTER_INFO_STRESS | None,
                1: PRINTER_INFO_1 | None,
                2: PRINTER_INFO_2 | None,
                3: PRINTER_INFO_3 | None,
                4: PRINTER_INFO_4 | None,
                5: PRINTER_INFO_5 | None,
                6: PRINTER_INFO_6 | None,
                7: PRINTER_INFO_7 | None,
                8: PRINTER_INFO_8 | None,
                9: PRINTER_INFO_9 | None,
            },
            default=None,
        ),
    ] = None


class SECURITY_CONTAINER(Struct):
    """A self-relative security descriptor. [MS-RPRN] 2.2.1.2.13"""

    cbBuf: DWORD = count_of("pSecurity")
    pSecurity: blob | None = None


class SPLCLIENT_CONTAINER(Struct):
    """The client. [MS-RPRN] 2.2.1.2.14"""

    Level: DWORD = 1
    ClientInfo: Annotated[
        SPLCLIENT_INFO_1 | SPLCLIENT_INFO_2 | SPLCLIENT_INFO_3 | None,
        switch_is(
            "Level",
            {1: SPLCLIENT_INFO_1 | None, 2: SPLCLIENT_INFO_2 | None, 3: SPLCLIENT_INFO_3 | None},
            default=None,
        ),
    ] = None


class RPC_BINARY_CONTAINER(Struct):
    """Octets of a printer. [MS-RPRN] 2.2.1.2.12"""

    cbBuf: DWORD = count_of("pszString")
    pszString: blob | None = None


class RPC_BIDI_DATA(Struct):
    """A value of a printer's. [MS-RPRN] 2.2.1.12.3"""

    dwBidiType: DWORD = 0
    u: Annotated[
        int | float | str | RPC_BINARY_CONTAINER | None,
        switch_is(
            "dwBidiType",
            {
                **dict.fromkeys((0, 3, 1), LONG),
                **dict.fromkeys((4, 5, 6), wstr | None),
                2: FLOAT,
                7: RPC_BINARY_CONTAINER,
            },
        ),
    ] = 0


class RPC_BIDI_REQUEST_DATA(Struct):
    """A question to a printer. [MS-RPRN] 2.2.1.12.1"""

    dwReqNumber: DWORD = 0
    pSchema: wstr | None = None
    data: RPC_BIDI_DATA = RPC_BIDI_DATA()


class RPC_BIDI_RESPONSE_DATA(Struct):
    """Its answer. [MS-RPRN] 2.2.1.12.2"""

    dwResult: DWORD = 0
    dwReqNumber: DWORD = 0
    pSchema: wstr | None = None
    data: RPC_BIDI_DATA = RPC_BIDI_DATA()


class RPC_BIDI_REQUEST_CONTAINER(Struct):
    """Questions to a printer. [MS-RPRN] 2.2.1.2.10"""

    Version: DWORD = 1
    Flags: DWORD = 0
    Count: DWORD = count_of("aData")
    aData: array[RPC_BIDI_REQUEST_DATA] = ()


class RPC_BIDI_RESPONSE_CONTAINER(Struct):
    """Their answers. [MS-RPRN] 2.2.1.2.11"""

    Version: DWORD = 1
    Flags: DWORD = 0
    Count: DWORD = count_of("aData")
    aData: array[RPC_BIDI_RESPONSE_DATA] = ()
