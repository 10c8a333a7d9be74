"""Jobs and printers in Windows' words: one function for each INFO structure's worth of facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from pagebell.model.event import JobState, PrinterState
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.winspool import devmode, infos
from pagebell.winspool.buffers import Info
from pagebell.winspool.constants import (
    HIGHEST_PRIORITY,
    LOWEST_PRIORITY,
    DsPrint,
    JobStatus,
    PrinterAttribute,
    PrinterStatus,
)
from pagebell.winspool.security import describe
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.profile import SETTABLE, Profile, entry, own_devmode, profile

DATATYPE, PROCESSOR = "RAW", "winprint"
_DWORD = 0xFFFFFFFF

_REASONS: dict[str, PrinterStatus] = {
    "media-empty": PrinterStatus.PAPER_OUT,
    "media-needed": PrinterStatus.PAPER_OUT,
    "media-jam": PrinterStatus.PAPER_JAM,
    "input-tray-missing": PrinterStatus.PAPER_PROBLEM,
    "toner-low": PrinterStatus.TONER_LOW,
    "toner-empty": PrinterStatus.NO_TONER,
    "marker-supply-low": PrinterStatus.TONER_LOW,
    "marker-supply-empty": PrinterStatus.NO_TONER,
    "cover-open": PrinterStatus.DOOR_OPEN,
    "door-open": PrinterStatus.DOOR_OPEN,
    "interlock-open": PrinterStatus.DOOR_OPEN,
    "offline": PrinterStatus.OFFLINE,
    "connecting-to-device": PrinterStatus.WAITING,
    "timed-out": PrinterStatus.OFFLINE,
    "output-area-full": PrinterStatus.OUTPUT_BIN_FULL,
    "spool-area-full": PrinterStatus.OUT_OF_MEMORY,
    "deactivated": PrinterStatus.NOT_AVAILABLE,
    "shutdown": PrinterStatus.NOT_AVAILABLE,
    "paused": PrinterStatus.PAUSED,
    "moving-to-paused": PrinterStatus.PAUSED,
    "other": PrinterStatus.ERROR,
}
"""printer-state-reasons (RFC 8011 5.4.12), without what follows the last hyphen of their severity."""
_SEVERITIES = ("-error", "-warning", "-report")


def printer_status(printer: Printer) -> PrinterStatus:
    """PRINTER_STATUS_* of a printer."""
    status = PrinterStatus(0)
    for reason in printer.reasons:
        word = next((reason.removesuffix(s) for s in _SEVERITIES if reason.endswith(s)), reason)
        status |= _REASONS.get(word, PrinterStatus(0))
    if printer.state is PrinterState.PROCESSING:
        status |= PrinterStatus.PRINTING
    if printer.device_stopped and not status & ~PrinterStatus.PAUSED:
        status |= PrinterStatus.ERROR
    return status


_STATES: dict[JobState, JobStatus] = {
    JobState.PENDING: JobStatus(0),
    JobState.PENDING_HELD: JobStatus.PAUSED,
    JobState.PROCESSING: JobStatus.PRINTING,
    JobState.PROCESSING_STOPPED: JobStatus.PRINTING,
    JobState.CANCELED: JobStatus.DELETED,
    JobState.ABORTED: JobStatus.DELETED | JobStatus.ERROR,
    JobState.COMPLETED: JobStatus.PRINTED | JobStatus.COMPLETE,
}
_STOPPED: dict[PrinterStatus, JobStatus] = {
    PrinterStatus.PAPER_OUT: JobStatus.PAPEROUT,
    PrinterStatus.OFFLINE: JobStatus.OFFLINE,
    PrinterStatus.PAUSED: JobStatus.PAUSED,
    PrinterStatus.PAPER_JAM: JobStatus.USER_INTERVENTION,
    PrinterStatus.DOOR_OPEN: JobStatus.USER_INTERVENTION,
    PrinterStatus.NO_TONER: JobStatus.USER_INTERVENTION,
}
"""Why a job stands still on its device."""


def job_status(job: Job, printer: Printer | None) -> JobStatus:
    """JOB_STATUS_* of a job."""
    status = _STATES[job.state]
    if job.open:
        status |= JobStatus.SPOOLING
    if job.is_stopping:
        status |= JobStatus.DELETING
    if job.is_suspended:
        status |= JobStatus.PAUSED
    if job.state is JobState.PROCESSING_STOPPED and printer is not None:
        why = printer_status(printer)
        for reason, told in _STOPPED.items():
            if reason & why:
                status |= told
    return status


def system_time(seconds: float) -> tuple[int, ...]:
    """A SYSTEMTIME of seconds since 1970; its week begins on Sunday. [MS-DTYP] 2.3.13"""
    at = datetime.fromtimestamp(seconds, UTC)
    day = at.isoweekday() % 7
    return at.year, at.month, day, at.day, at.hour, at.minute, at.second, at.microsecond // 1000


def job_info(desk: Desk, job: Job, printer: Printer, position: int, level: int) -> Info:
    """_JOB_INFO_1, 2 or 4."""
    common = {
        "JobId": job.id,
        "pPrinterName": printer.title,
        "pMachineName": rf"\\{job.host}",
        "pUserName": job.owner,
        "pDocument": job.name,
        "pDatatype": DATATYPE,
        "pStatus": job.message or None,
        "Status": job_status(job, printer),
        "Priority": min(max(job.priority, LOWEST_PRIORITY), HIGHEST_PRIORITY),
        "Position": position,
        "TotalPages": job.impressions or 0,
        "PagesPrinted": job.impressions_completed,
        "Submitted": system_time(job.created),
    }
    if level == 1:
        return infos.JOB_INFO_1(**common)  # type: ignore[arg-type]  # the names are its fields
    began = desk.spooler.clock.now() - job.processing_at if job.processing_at is not None else 0.0
    more = {
        "pNotifyName": job.owner,
        "pPrintProcessor": PROCESSOR,
        "pDriverName": desk.driver(printer),
        "Size": job.octets & _DWORD,
        "Time": min(int(began * 1000), _DWORD) if not job.state.is_final else 0,
    }
    if level == 2:
        return infos.JOB_INFO_2(**common, **more)  # type: ignore[arg-type]
    return infos.JOB_INFO_4(**common, **more, SizeHigh=job.octets >> 32)  # type: ignore[arg-type]


JOB_KINDS: dict[int, type[Info]] = {
    1: infos.JOB_INFO_1,
    2: infos.JOB_INFO_2,
    3: infos.JOB_INFO_3,
    4: infos.JOB_INFO_4,
}


# ---------------------------------------------------------------- printers


def attributes(desk: Desk, printer: Printer) -> PrinterAttribute:
    """PRINTER_ATTRIBUTE_* of a printer."""
    kept = _profile(desk, printer)
    told = PrinterAttribute.LOCAL | (PrinterAttribute(kept.attributes) & SETTABLE)
    if kept.published:
        told |= PrinterAttribute.PUBLISHED
    if desk.spooler.printers.default.name == printer.name:
        told |= PrinterAttribute.DEFAULT
    return told


def full_name(printer: Printer, prefix: str) -> str:
    """A printer's name, after its server's if the client named that."""
    return rf"{prefix}\{printer.title}" if prefix else printer.title


def _profile(desk: Desk, printer: Printer) -> Profile:
    return profile(desk.spooler.settings, printer)


def security(desk: Desk, printer: Printer) -> bytes:
    """A printer's security descriptor."""
    rules = desk.settings.access if printer.access is None else printer.access
    return _profile(desk, printer).descriptor or describe(rules)


def port_name(printer: Printer) -> str:
    """The port of a printer: each has its own, named after what is behind it."""
    return printer.device.partition(":")[0] + f":{printer.name}"


def defaults(desk: Desk, printer: Printer, prefix: str) -> bytes:
    """A printer's DEVMODE; it names the printer as the client does."""
    able = desk.spooler.printers.capabilities(printer.name)
    resolution = able.resolutions[0] if able.resolutions else 300
    kept = _profile(desk, printer).devmode
    fresh = devmode.encode(printer.defaults, full_name(printer, prefix), resolution, color=able.color)
    return devmode.refreshed(kept, fresh, printer.defaults) if kept else fresh


def own_defaults(desk: Desk, printer: Printer, prefix: str, user: str) -> bytes:
    """The DEVMODE of somebody's own."""
    kept = own_devmode(desk.spooler.settings, printer, user)
    return devmode.renamed(kept, full_name(printer, prefix)) if kept else defaults(desk, printer, prefix)


def _stress(desk: Desk, printer: Printer, prefix: str) -> Info:
    return infos.PRINTER_INFO_STRESS(
        pPrinterName=full_name(printer, prefix),
        pServerName=prefix or None,
        cJobs=desk.spooler.jobs.count(printer.name),
        stUpTime=system_time(desk.spooler.started),
        MaxcRef=1,
        dwGetVersion=VERSION | BUILD << 16,
        fFreeBuild=1,
        dwNumberOfProcessors=1,
        dwProcessorType=8664,
        cChangeID=change_id(desk, printer),
        Status=printer_status(printer),
        wProcessorArchitecture=9,
    )


VERSION, BUILD = 10, 20348
"""What `OSVersion` tells: some clients do not talk MS-PAR with less than Windows Vista. [MS-RPRN] 2.2.3.10.1"""


def change_id(desk: Desk, printer: Printer) -> int:
    """A number that differs once a printer's configuration or data have changed. [MS-RPRN] 3.1.4.2.7"""
    return int(printer.changed * 1000) + desk.values.changes(printer.name) & _DWORD


def _one(desk: Desk, printer: Printer, prefix: str) -> Info:
    name = full_name(printer, prefix)
    about = f"{name},{desk.driver(printer)},{printer.location}"
    return infos.PRINTER_INFO_1(
        Flags=0x00800000,
        pDescription=about,
        pName=name,
        pComment=printer.info,
    )


def _two(desk: Desk, printer: Printer, prefix: str) -> Info:
    kept = _profile(desk, printer)
    return infos.PRINTER_INFO_2(
        pServerName=prefix or None,
        pPrinterName=full_name(printer, prefix),
        pShareName=printer.name,
        pPortName=port_name(printer),
        pDriverName=desk.driver(printer),
        pComment=printer.info,
        pLocation=printer.location,
        pDevMode=defaults(desk, printer, prefix),
        pSepFile=kept.separator,
        pPrintProcessor=PROCESSOR,
        pDatatype=kept.datatype,
        pParameters=kept.parameters,
        pSecurityDescriptor=security(desk, printer),
        Attributes=attributes(desk, printer),
        Priority=kept.priority,
        DefaultPriority=kept.default_priority,
        StartTime=kept.start,
        UntilTime=kept.until,
        Status=printer_status(printer),
        cJobs=desk.spooler.jobs.count(printer.name),
        AveragePPM=desk.spooler.printers.capabilities(printer.name).pages_per_minute,
    )


def _four(desk: Desk, printer: Printer, prefix: str) -> Info:
    return infos.PRINTER_INFO_4(
        pPrinterName=full_name(printer, prefix),
        pServerName=prefix or None,
        Attributes=attributes(desk, printer),
    )


def _five(desk: Desk, printer: Printer, prefix: str) -> Info:
    return infos.PRINTER_INFO_5(
        pPrinterName=full_name(printer, prefix),
        pPortName=port_name(printer),
        Attributes=attributes(desk, printer),
        DeviceNotSelectedTimeout=15000,
        TransmissionRetryTimeout=45000,
    )


def guid(desk: Desk, printer: Printer) -> str:
    """What the directory identifies its entry by; where there is none, the printer's own."""
    there = entry(desk.spooler.settings, printer.name)
    return f"{{{(there.guid if there is not None else '') or printer.uuid}}}".upper()


def _seven(desk: Desk, printer: Printer, prefix: str) -> infos.PRINTER_INFO_7:
    """What was asked for is pending until the directory has it, or has it no more. [MS-RPRN] 2.2.1.10.8"""
    wanted = _profile(desk, printer).published
    action = int(DsPrint.PUBLISH if wanted else DsPrint.UNPUBLISH)
    if wanted != (entry(desk.spooler.settings, printer.name) is not None):
        action |= DsPrint.PENDING
    return infos.PRINTER_INFO_7(pszObjectGUID=guid(desk, printer), dwAction=action)


Describe = Callable[[Desk, Printer, str], Info]
PRINTER_LEVELS: dict[int, tuple[type[Info], Describe]] = {
    0: (infos.PRINTER_INFO_STRESS, _stress),
    1: (infos.PRINTER_INFO_1, _one),
    2: (infos.PRINTER_INFO_2, _two),
    3: (infos.PRINTER_INFO_3, lambda d, p, s: infos.PRINTER_INFO_3(pSecurityDescriptor=security(d, p))),
    4: (infos.PRINTER_INFO_4, _four),
    5: (infos.PRINTER_INFO_5, _five),
    6: (infos.PRINTER_INFO_6, lambda d, p, s: infos.PRINTER_INFO_6(dwStatus=printer_status(p))),
    7: (infos.PRINTER_INFO_7, _seven),
    8: (infos.PRINTER_INFO_8, lambda d, p, s: infos.PRINTER_INFO_8(pDevMode=defaults(d, p, s))),
    9: (infos.PRINTER_INFO_9, lambda d, p, s: infos.PRINTER_INFO_9(pDevMode=defaults(d, p, s))),
}
"""What describes a printer at each level."""
LISTED_LEVELS = (0, 1, 2, 4, 5)
"""Those of RpcEnumPrinters. [MS-RPRN] 3.1.4.2.1"""
