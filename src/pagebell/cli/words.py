"""What jobs, printers and errors are called in plain words; one place for everything that people read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pagebell.cli.reasons import CONDITIONS, JOB, PARTS, PRINTER, SEVERITIES
from pagebell.cli.text import plain_text
from pagebell.ipp.follow import Feedback, JobUpdate
from pagebell.ipp.registry import JobState, PrinterState
from pagebell.ipp.results import JobInfo, PrinterInfo

STATES: Final = {
    JobState.PENDING: "waiting",
    JobState.PENDING_HELD: "held",
    JobState.PROCESSING: "printing",
    JobState.PROCESSING_STOPPED: "stopped",
    JobState.CANCELED: "cancelled",
    JobState.ABORTED: "failed",
    JobState.COMPLETED: "printed",
}

_STOPPING: Final = ("-empty", "-jam", "-open", "-missing", "-failure", "-full", "-needed", "shutdown")
"""What stops a printer, among the reasons without an ending for severity."""

ANSWER_NEEDED: Final = "pagebell-answer-needed"
"""A job's reason: it asks people something, and its message is the question."""
_CUPS_END: Final = frozenset({"processing-to-stop-point"})
"""What CUPS leaves behind among the reasons of finished jobs."""


def job_reason(keyword: str) -> str:
    """A job's reason as a sentence; empty where the state says it all."""
    known = JOB.get(keyword)
    return f"Reason: {spoken(keyword)}." if known is None else known


def printer_reason(keyword: str) -> str:
    """A printer's reason as a sentence; empty where nobody needs to know."""
    bare = without_severity(keyword)
    for name in (keyword, bare):
        if name in PRINTER:
            return PRINTER[name]
    return _part_reason(bare) or f"The printer reports: {spoken(bare)}."


def _part_reason(keyword: str) -> str:
    """A sentence about one part of the printer, by the longest ending that is known."""
    pieces = keyword.lower().split("-")
    for at in range(1, len(pieces)):
        condition = CONDITIONS.get("-".join(pieces[at:]))
        if condition is not None:
            part = "-".join(pieces[:at])
            return f"The {PARTS.get(part, spoken(part))} {condition}."
    return ""


def without_severity(keyword: str) -> str:
    """A printer's reason without its ending for severity; a name that merely ends so stays whole."""
    for ending in SEVERITIES:
        if keyword.endswith(ending) and keyword not in PRINTER:
            return keyword.removesuffix(ending)
    return keyword


def spoken(keyword: str) -> str:
    """A keyword with blanks for hyphens, safe to show."""
    return "".join(sign if sign.isprintable() else "?" for sign in keyword.replace("-", " "))[:80]


def printer_troubles(reasons: Iterable[str]) -> list[str]:
    """Sentences for the reasons that keep a printer from printing or soon will, the grave ones first."""
    grave = {"-error": 0, "": 1, "-warning": 2}
    ranked = []
    for reason in reasons:
        ending = next((one for one in SEVERITIES if reason.endswith(one)), "")
        if ending != "-report" and printer_reason(reason):
            ranked.append((grave[ending], printer_reason(reason)))
    return list(dict.fromkeys(text for _, text in sorted(ranked, key=lambda pair: pair[0])))


def is_grave(reasons: Iterable[str]) -> bool:
    """Whether one of a printer's reasons keeps it from printing.

    A reason without an ending for severity is an error (RFC 8011 5.4.12); those that pass by themselves, such
    as 'connecting-to-device', never have one and are told apart here.
    """
    return any(
        one.endswith("-error") or (not one.endswith(SEVERITIES) and one.endswith(_STOPPING))
        for one in reasons
    )


def is_troubled(reasons: Iterable[str]) -> bool:
    """Whether a printer wants somebody to come, though it may still be printing."""
    return any(
        is_grave([one]) or (one.endswith("-warning") and without_severity(one).endswith(_STOPPING))
        for one in reasons
    )


def printer_state(printer: PrinterInfo) -> str:
    """A printer's state in a few words, for a table."""
    if printer.state is None:
        return "unknown"
    troubles = printer_troubles(reason for reason in printer.reasons if reason != "paused")
    if printer.state == PrinterState.STOPPED:
        words = "paused" if "paused" in printer.reasons or not troubles else "stopped"
    else:
        words = "printing" if printer.state == PrinterState.PROCESSING else "idle"
    if printer.accepting is False:
        words += ", takes no jobs"
    return f"{words}: {troubles[0]}" if troubles else words


def pages(count: int) -> str:
    """A number of pages with its noun."""
    return f"{count} page" if count == 1 else f"{count} pages"


def size(octets: int) -> str:
    """A number of octets as people say it."""
    if octets < 1000:
        return f"{octets} bytes"
    for unit, scale in (("kB", 10**3), ("MB", 10**6), ("GB", 10**9)):
        if octets < scale * 999.5 or unit == "GB":
            return f"{octets / scale:.{0 if octets >= scale * 99.5 else 1}f} {unit}"
    raise AssertionError


def outcome(job: JobInfo) -> str:
    """What became of a job that is final, as one or two sentences."""
    done = job.impressions_completed or 0
    reasons = [job_reason(one) for one in job.reasons if one not in _CUPS_END]
    said = " ".join(dict.fromkeys(filter(None, reasons)))
    if job.state == JobState.COMPLETED:
        return " ".join(filter(None, [f"Printed: {pages(done)}." if done else "Printed.", said]))
    after = f" after {pages(done)}" if done else ""
    if job.state == JobState.CANCELED:
        whom = {
            "job-canceled-by-operator": " by an operator",
            "job-canceled-at-device": " at the printer",
            "job-canceled-after-timeout": " because it took too long",
        }
        how = next((whom[one] for one in job.reasons if one in whom), "")
        return f"Cancelled{how}{after}."
    why = plain_text(job.message)
    return " ".join(filter(None, [f"Not printed{after and f' to the end; it stopped{after}'}.", said or why]))


def progress(update: JobUpdate) -> str:
    """How a job stands that is not final yet, as one line."""
    job = update.job
    if update.feedback is Feedback.INTERRUPTED:
        return "The connection is lost; trying again."
    if ANSWER_NEEDED in job.reasons and job.message:
        return plain_text(job.message)
    troubles = printer_troubles(update.printer.reasons)
    if job.state == JobState.PENDING:
        return _waiting(job, troubles)
    if job.state == JobState.PENDING_HELD:
        return " ".join(["Held.", *_explained(job)][:2])
    if job.state == JobState.PROCESSING_STOPPED or update.printer.state == PrinterState.STOPPED:
        return " ".join([*(troubles or _explained(job) or ["Stopped."])[:2], *_so_far(job)])
    if "processing-to-stop-point" in job.reasons:
        return "Being cancelled."
    if is_grave(update.printer.reasons):
        return " ".join([*troubles[:1], *_so_far(job)])
    return " ".join([_printing(job), *troubles[:1]])


def _so_far(job: JobInfo) -> list[str]:
    done = job.impressions_completed or 0
    if not done:
        return []
    return (
        [f"{done} of {pages(job.impressions)} came out."] if job.impressions else [f"{pages(done)} came out."]
    )


def _waiting(job: JobInfo, troubles: list[str]) -> str:
    if job.ahead:
        place = f"Waiting; {job.ahead} {'job comes' if job.ahead == 1 else 'jobs come'} first."
    else:
        place = "Waiting to be printed."
    return " ".join([place, *troubles[:1]])


def _printing(job: JobInfo) -> str:
    done, total = job.impressions_completed or 0, job.impressions
    if total:
        return f"Printing: {min(done, total)} of {pages(total)}."
    if done:
        return f"Printing: {pages(done)} so far."
    steps = ("job-transforming", "job-interpreting", "job-transferring", "connecting-to-destination")
    doing = next((one for one in steps if one in job.reasons), "")
    return "Printing." if not doing or "job-printing" in job.reasons else job_reason(doing)


def _explained(job: JobInfo) -> list[str]:
    quiet = {"job-printing", "job-queued", "printer-stopped"}
    reasons = [job_reason(one) for one in job.reasons if one not in quiet]
    return list(filter(None, reasons)) or list(filter(None, map(job_reason, job.reasons)))
