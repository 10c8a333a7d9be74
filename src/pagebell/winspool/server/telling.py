"""Members of printers, jobs and the server as they are now, as notifications carry them. [MS-RPRN] 2.2.1.13.4

Their values are those of the INFO structures, by the names that the specification gives for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pagebell.model.event import JobState
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.winspool import devmode
from pagebell.winspool.changes import JobField as J
from pagebell.winspool.changes import NotifyType, data_type
from pagebell.winspool.changes import PrinterField as P
from pagebell.winspool.constants import JobStatus, PrinterStatus
from pagebell.winspool.idl.containers import DEVMODE_CONTAINER, SECURITY_CONTAINER
from pagebell.winspool.idl.notify import (
    RPC_V2_NOTIFY_INFO_DATA,
    STRING_CONTAINER,
    SYSTEMTIME_CONTAINER,
    TABLE_DEVMODE,
    TABLE_SECURITYDESCRIPTOR,
    TABLE_STRING,
    TABLE_TIME,
    Data,
)
from pagebell.winspool.idl.types import SYSTEMTIME
from pagebell.winspool.security import PRINTER_SECURITY
from pagebell.winspool.server.data import BRANCH_OFFICE, ISOLATION
from pagebell.winspool.server.describe import PRINTER_LEVELS, guid, job_info, port_name
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.values import DRIVER_DATA, SERVER

_DWORD = 0xFFFFFFFF

_JOB: dict[int, str] = {
    J.PRINTER_NAME: "pPrinterName",
    J.MACHINE_NAME: "pMachineName",
    J.USER_NAME: "pUserName",
    J.NOTIFY_NAME: "pNotifyName",
    J.DATATYPE: "pDatatype",
    J.PRINT_PROCESSOR: "pPrintProcessor",
    J.PARAMETERS: "pParameters",
    J.DRIVER_NAME: "pDriverName",
    J.STATUS: "Status",
    J.STATUS_STRING: "pStatus",
    J.DOCUMENT: "pDocument",
    J.PRIORITY: "Priority",
    J.POSITION: "Position",
    J.SUBMITTED: "Submitted",
    J.START_TIME: "StartTime",
    J.UNTIL_TIME: "UntilTime",
    J.TIME: "Time",
    J.TOTAL_PAGES: "TotalPages",
    J.PAGES_PRINTED: "PagesPrinted",
}
"""Members of _JOB_INFO_4. [MS-RPRN] 2.2.3.3"""
_PRINTER: dict[int, str] = {
    P.SERVER_NAME: "pServerName",
    P.PRINTER_NAME: "pPrinterName",
    P.SHARE_NAME: "pShareName",
    P.PORT_NAME: "pPortName",
    P.DRIVER_NAME: "pDriverName",
    P.COMMENT: "pComment",
    P.LOCATION: "pLocation",
    P.DEVMODE: "pDevMode",
    P.SEPFILE: "pSepFile",
    P.PRINT_PROCESSOR: "pPrintProcessor",
    P.PARAMETERS: "pParameters",
    P.DATATYPE: "pDatatype",
    P.SECURITY_DESCRIPTOR: "pSecurityDescriptor",
    P.ATTRIBUTES: "Attributes",
    P.PRIORITY: "Priority",
    P.DEFAULT_PRIORITY: "DefaultPriority",
    P.START_TIME: "StartTime",
    P.UNTIL_TIME: "UntilTime",
    P.STATUS: "Status",
    P.CJOBS: "cJobs",
    P.AVERAGE_PPM: "AveragePPM",
}
"""Members of _PRINTER_INFO_2. [MS-RPRN] 2.2.3.8"""
_PAGES, _OCTETS = (P.TOTAL_PAGES, P.PAGES_PRINTED), (P.TOTAL_BYTES, P.BYTES_PRINTED)


def _datum(type_: int, field: int, value: Any, number: int = 0) -> RPC_V2_NOTIFY_INFO_DATA:
    kind = data_type(type_, field)
    data: Data
    if kind == TABLE_STRING:
        data = STRING_CONTAINER(pszString=value or "")
    elif kind == TABLE_DEVMODE:
        data = DEVMODE_CONTAINER(pDevMode=value or None)
    elif kind == TABLE_SECURITYDESCRIPTOR:
        data = SECURITY_CONTAINER(pSecurity=value or None)
    elif kind == TABLE_TIME:
        data = SYSTEMTIME_CONTAINER(pSystemTime=_system_time(value))
    else:
        whole = int(value or 0)
        data = (whole & _DWORD, whole >> 32 & _DWORD)
    return RPC_V2_NOTIFY_INFO_DATA(Type=type_, Field=field, Reserved=kind, Id=number, Data=data)


def _system_time(parts: tuple[int, ...]) -> SYSTEMTIME:
    year, month, weekday, day, hour, minute, second, milliseconds = parts
    return SYSTEMTIME(
        wYear=year,
        wMonth=month,
        wDayOfWeek=weekday,
        wDay=day,
        wHour=hour,
        wMinute=minute,
        wSecond=second,
        wMilliseconds=milliseconds,
    )


def of_job(desk: Desk, job: Job, fields: Iterable[int]) -> list[RPC_V2_NOTIFY_INFO_DATA]:
    """These members of a job; its printer must exist."""
    printer = desk.spooler.printers.printer(job.printer)
    position = 0 if job.state.is_final else desk.spooler.jobs.ahead(job) + 1
    info = job_info(desk, job, printer, position, 4)
    told = []
    for field in fields:
        if field in _JOB:
            value = getattr(info, _JOB[field])
        elif field == J.DEVMODE:
            value = _devmode(desk, job, printer)
        else:
            value = _OTHERS_OF_JOB[field](job, printer)
        told.append(_datum(NotifyType.JOB, field, value, job.id))
    return told


def of_gone_job(number: int, fields: Iterable[int]) -> list[RPC_V2_NOTIFY_INFO_DATA]:
    """What can still be said of a job that is forgotten."""
    return [
        _datum(NotifyType.JOB, J.STATUS, JobStatus.DELETED, number) for field in fields if field == J.STATUS
    ]


def _devmode(desk: Desk, job: Job, printer: Printer) -> bytes:
    able = desk.spooler.printers.capabilities(printer.name)
    resolution = able.resolutions[0] if able.resolutions else 300
    return devmode.encode(job.ticket.over(printer.defaults), printer.name, resolution, color=able.color)


def octets_printed(job: Job) -> int:
    """How much of a job is out: all of it or, while it prints, in proportion to its pages."""
    if job.state is JobState.COMPLETED:
        return job.octets
    return job.octets * min(job.impressions_completed, job.impressions or 0) // (job.impressions or 1)


_OTHERS_OF_JOB: dict[int, Callable[[Job, Printer], Any]] = {
    J.PORT_NAME: lambda job, printer: port_name(printer),
    J.SECURITY_DESCRIPTOR: lambda job, printer: PRINTER_SECURITY,
    J.TOTAL_BYTES: lambda job, printer: job.octets,
    J.BYTES_PRINTED: lambda job, printer: octets_printed(job),
}


def of_printer(
    desk: Desk, printer: Printer, prefix: str, fields: Iterable[int]
) -> list[RPC_V2_NOTIFY_INFO_DATA]:
    """These members of a printer."""
    info = PRINTER_LEVELS[2][1](desk, printer, prefix)
    told = []
    for field in fields:
        if field in _PRINTER:
            value = getattr(info, _PRINTER[field])
        elif field in _PAGES:
            value = desk.spooler.tally.pages(printer.name)
        elif field in _OCTETS:
            value = desk.spooler.tally.octets(printer.name)
        elif field == P.OBJECT_GUID:
            value = guid(desk, printer)
        else:
            found = desk.values.get(printer.name, DRIVER_DATA, BRANCH_OFFICE)
            value = int.from_bytes(found.data[:4], "little") if found is not None else 0
        told.append(_datum(NotifyType.PRINTER, field, value))
    return told


def of_deleted_printer(name: str, prefix: str, fields: Iterable[int]) -> list[RPC_V2_NOTIFY_INFO_DATA]:
    """What can still be said of a printer that is gone: its name, and that it is."""
    values: dict[int, Any] = {
        P.PRINTER_NAME: rf"{prefix}\{name}" if prefix else name,
        P.STATUS: PrinterStatus.PENDING_DELETION,
    }
    return [_datum(NotifyType.PRINTER, field, values[field]) for field in fields if field in values]


def of_server(desk: Desk, fields: Iterable[int]) -> list[RPC_V2_NOTIFY_INFO_DATA]:
    """These members of the server."""
    found = desk.values.get(SERVER, "", ISOLATION)
    text = found.data.decode("utf-16-le", "replace").rstrip("\0") if found is not None else ""
    return [_datum(NotifyType.SERVER, field, text) for field in fields]
