"""Windows' words for jobs and printers in those of every other client of ours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from pagebell.ipp.registry import JobState, PrinterState
from pagebell.ipp.results import JobInfo, PrinterInfo
from pagebell.winspool import infos
from pagebell.winspool.changes import JobField as J
from pagebell.winspool.client.addresses import Address
from pagebell.winspool.constants import JobStatus, PrinterStatus

_TROUBLES: Final = (
    JobStatus.ERROR
    | JobStatus.OFFLINE
    | JobStatus.PAPEROUT
    | JobStatus.BLOCKED_DEVQ
    | JobStatus.USER_INTERVENTION
)
_OF_JOBS: Final[dict[JobStatus, str]] = {
    JobStatus.SPOOLING: "job-incoming",
    JobStatus.DELETING: "processing-to-stop-point",
    JobStatus.PAUSED: "job-hold-until-specified",
}
_OF_PRINTERS: Final[dict[PrinterStatus, str]] = {
    PrinterStatus.PAUSED: "paused",
    PrinterStatus.ERROR: "other-error",
    PrinterStatus.PAPER_JAM: "media-jam-error",
    PrinterStatus.PAPER_OUT: "media-empty-error",
    PrinterStatus.MANUAL_FEED: "media-needed-error",
    PrinterStatus.PAPER_PROBLEM: "media-needed-error",
    PrinterStatus.OFFLINE: "offline-error",
    PrinterStatus.OUTPUT_BIN_FULL: "output-area-full-error",
    PrinterStatus.NOT_AVAILABLE: "shutdown",
    PrinterStatus.TONER_LOW: "toner-low-warning",
    PrinterStatus.NO_TONER: "toner-empty-error",
    PrinterStatus.USER_INTERVENTION: "other-error",
    PrinterStatus.OUT_OF_MEMORY: "spool-area-full-error",
    PrinterStatus.DOOR_OPEN: "door-open-error",
}
"""PRINTER_STATUS_* as printer-state-reasons (RFC 8011 5.4.12)."""
_STOPPED: Final = PrinterStatus(
    sum(flag for flag, reason in _OF_PRINTERS.items() if not reason.endswith("-warning"))
)


def job_state(status: int) -> JobState:
    """The state that JOB_STATUS_* comes to. [MS-RPRN] 2.2.3.12"""
    flags = JobStatus(status)
    if flags & (JobStatus.PRINTED | JobStatus.COMPLETE) and not flags & JobStatus.PRINTING:
        return JobState.COMPLETED  # Windows adds DELETING and DELETED when it forgets the job
    if flags & JobStatus.DELETED:
        return JobState.ABORTED if flags & JobStatus.ERROR else JobState.CANCELED
    if flags & JobStatus.PRINTING:
        return JobState.PROCESSING_STOPPED if flags & (_TROUBLES | JobStatus.PAUSED) else JobState.PROCESSING
    if flags & _TROUBLES:
        return JobState.PROCESSING_STOPPED
    if flags & JobStatus.PAUSED:
        return JobState.PENDING_HELD
    return JobState.PROCESSING if flags & JobStatus.DELETING else JobState.PENDING


def was_deleted(status: int | None) -> bool:
    """Whether a notification says that a job is gone, and not why.

    Samba says of every job in the end that it was deleted, printed or not: whoever lists it still knows better.
    """
    flags = JobStatus(status or 0)
    return bool(flags & JobStatus.DELETED) and not flags & (JobStatus.PRINTED | JobStatus.COMPLETE)


def job_reasons(status: int) -> tuple[str, ...]:
    """job-state-reasons of a status."""
    state = job_state(status)
    if state is JobState.CANCELED:
        return ("job-canceled-by-user",)
    if state is JobState.ABORTED:
        return ("aborted-by-system",)
    if state is JobState.COMPLETED:
        return ("job-completed-successfully",)
    told = [reason for flag, reason in _OF_JOBS.items() if status & flag]
    return tuple(told) if state is not JobState.PROCESSING_STOPPED else ("printer-stopped",)


def _when(parts: tuple[int, ...] | None) -> datetime | None:
    """A SYSTEMTIME; None where it is none."""
    if not parts or not parts[0]:
        return None
    year, month, _, day, hour, minute, second, milliseconds = parts
    try:
        return datetime(year, month, day, hour, minute, second, milliseconds * 1000, UTC)
    except ValueError:
        return None


def job_of(info: infos.JOB_INFO_2, address: Address) -> JobInfo:
    """A _JOB_INFO_2 or 4."""
    printer = address.at(info.pPrinterName or address.printer)
    return JobInfo(
        id=info.JobId,
        uri=printer.uri,
        name=info.pDocument or "",
        owner=info.pUserName or "",
        printer_uri=_uri(printer),
        state=job_state(info.Status),
        reasons=job_reasons(info.Status),
        message=info.pStatus or "",
        impressions=info.TotalPages or None,
        impressions_completed=info.PagesPrinted,
        octets=info.Size,
        ahead=info.Position - 1 if info.Position else None,
        created=_when(info.Submitted),
    )


def members_of(info: infos.JOB_INFO_2) -> dict[int, Any]:
    """A _JOB_INFO_2 as a notification has it."""
    return {
        J.PRINTER_NAME: info.pPrinterName,
        J.USER_NAME: info.pUserName,
        J.DOCUMENT: info.pDocument,
        J.STATUS: info.Status,
        J.STATUS_STRING: info.pStatus,
        J.POSITION: info.Position,
        J.TOTAL_PAGES: info.TotalPages,
        J.PAGES_PRINTED: info.PagesPrinted,
    }


def _uri(address: Address) -> str:
    return address.uri.replace("\\", "/")


def merged_job(job: JobInfo, told: Mapping[int, Any]) -> JobInfo:
    """A job with members that a notification told anew; a final state stays, and that it was deleted is no state."""
    if job.is_final:
        return job
    changes: dict[str, Any] = {}
    if J.STATUS in told and not was_deleted(told[J.STATUS]):
        changes |= {"state": job_state(told[J.STATUS]), "reasons": job_reasons(told[J.STATUS])}
    if J.STATUS_STRING in told:
        changes["message"] = told[J.STATUS_STRING] or ""
    if told.get(J.TOTAL_PAGES):
        changes["impressions"] = told[J.TOTAL_PAGES]
    if J.PAGES_PRINTED in told:
        changes["impressions_completed"] = max(told[J.PAGES_PRINTED], job.impressions_completed or 0)
    if told.get(J.POSITION):
        changes["ahead"] = told[J.POSITION] - 1
    return replace(job, **changes)


def printer_of(info: infos.PRINTER_INFO_2, address: Address) -> PrinterInfo:
    """A _PRINTER_INFO_2."""
    printer = address.at(info.pPrinterName or address.printer)
    return with_status(
        PrinterInfo(
            uri=printer.uri,
            name=printer.printer,
            info=info.pComment or "",
            location=info.pLocation or "",
            make_and_model=info.pDriverName or "",
            queued=info.cJobs,
            device=info.pPortName or "",
        ),
        info.Status,
    )


def with_status(printer: PrinterInfo, status: int) -> PrinterInfo:
    """A printer with PRINTER_STATUS_* as it is now. [MS-RPRN] 2.2.3.12"""
    flags = PrinterStatus(status & 0x1FFFFFF)
    state = PrinterState.IDLE
    if flags & _STOPPED:
        state = PrinterState.STOPPED
    elif flags & (PrinterStatus.PRINTING | PrinterStatus.PROCESSING | PrinterStatus.BUSY):
        state = PrinterState.PROCESSING
    reasons = tuple(dict.fromkeys(reason for flag, reason in _OF_PRINTERS.items() if flags & flag))
    accepting = not flags & PrinterStatus.PENDING_DELETION
    return replace(printer, state=state, reasons=reasons, accepting=accepting)
