"""What a Windows print server tells, as the events that IPP servers tell: for whoever reads both. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pagebell.ipp import registry as r
from pagebell.ipp.follow import JobUpdate
from pagebell.ipp.message import Group
from pagebell.ipp.registry import PrinterState
from pagebell.ipp.results import JobInfo, Notification, PrinterInfo
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.winspool.changes import ChangeFlag
from pagebell.winspool.changes import JobField as J
from pagebell.winspool.changes import PrinterField as P
from pagebell.winspool.client.addresses import Address
from pagebell.winspool.client.describe import merged_job, with_status
from pagebell.winspool.client.feeds import Told

GONE = "The server no longer lists this job: it was printed, or somebody deleted it."


_Event = tuple[str, str, list[Attribute]]
"""A kind, a printer's address, and what else is to be told."""


class Events:
    """Turns notifications into events, and numbers them."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._jobs: dict[int, JobInfo] = {}
        self._printers: dict[str, PrinterInfo] = {}
        self._count = 0
        self._begun = False

    @property
    def jobs(self) -> Set[int]:
        """Numbers of the jobs that are known, and not finished."""
        return self._jobs.keys()

    def printer(self, job: int) -> str:
        """The name of a job's printer, as far as it is known."""
        known = self._jobs.get(job)
        return known.printer_name if known is not None else self._address.printer

    def of(self, told: Told, printers: Sequence[PrinterInfo] | None = None) -> Iterator[Notification]:
        """What there is to tell. The first picture of everything tells nothing; later ones what they differ by.

        `printers` are all of the server's as they are now, where it is the server that is listened to. A job whose
        status is None is no longer listed.
        """
        found = [
            event for number, members in told.jobs.items() for event in self._of_job(number, members, told)
        ]
        if printers is None and P.STATUS in told.printer and self._address.printer:
            printers = [with_status(PrinterInfo(self._address.uri), told.printer[P.STATUS])]
        if told.flags & ChangeFlag.DELETE_PRINTER and self._address.printer:
            printers = []
        if printers is not None:
            found += self._of_printers(printers)
        if self._begun or not told.whole:
            for kind, printer, attributes in found:
                yield self._event(kind, printer, *attributes)
        self._begun = True

    def _of_job(self, number: int, members: Mapping[int, Any], told: Told) -> Iterator[_Event]:
        old = self._jobs.get(number)
        job = merged_name(old or JobInfo(number, printer_uri=self._address.uri), members, self._address)
        gone = J.STATUS in members and members[J.STATUS] is None
        if not gone:
            job = merged_job(job, members)
        if gone or job.is_final:
            self._jobs.pop(number, None)
        else:
            self._jobs[number] = job
        numbers = [r.job_id(number), r.notify_job_id(number)]
        if gone:
            yield "job-completed", job.printer_uri, [*numbers, r.notify_text(GONE)]
        elif job != old and not (told.whole and old is None and job.is_final):
            yield _kind(old, job), job.printer_uri, [*numbers, *_job(job)]

    def _of_printers(self, printers: Sequence[PrinterInfo]) -> Iterator[_Event]:
        """What is different at the printers."""
        before, self._printers = self._printers, {printer.uri: printer for printer in printers}
        for uri, printer in self._printers.items():
            old = before.get(uri)
            if old is None and not self._address.printer:
                yield "printer-created", uri, []
            elif old is None or (old.state, old.reasons) != (printer.state, printer.reasons):
                reasons = printer.reasons or ("none",)
                state = printer.state or PrinterState.IDLE
                yield (
                    "printer-state-changed",
                    uri,
                    [r.printer_state(state), r.printer_state_reasons(*reasons)],
                )
            elif replace(old, queued=None) != replace(printer, queued=None):
                yield "printer-config-changed", uri, []
        for uri in before.keys() - self._printers.keys():
            yield "printer-deleted", uri, []

    def of_update(self, update: JobUpdate) -> Iterator[Notification]:
        """What is new of a job that is followed."""
        old = self._jobs.get(update.job.id)
        if old != update.job:
            self._jobs[update.job.id] = job = update.job
            number = (r.job_id(job.id), r.notify_job_id(job.id))
            yield self._event(_kind(old or job, job), self._address.uri, *number, *_job(job))

    def _event(self, kind: str, printer: str, *attributes: Attribute) -> Notification:
        self._count += 1
        group = Group(GroupTag.EVENT_NOTIFICATION).add(
            r.notify_subscribed_event(kind),
            r.notify_sequence_number(self._count),
            r.notify_printer_uri(printer.replace("\\", "/")),
            r.printer_current_time(datetime.now(UTC)),
            *attributes,
        )
        return Notification.of(group)


def merged_name(job: JobInfo, members: Mapping[int, Any], address: Address) -> JobInfo:
    """A job with its name, owner and printer as a notification told them."""
    name, owner, printer = (members.get(member) for member in (J.DOCUMENT, J.USER_NAME, J.PRINTER_NAME))
    uri = address.at(printer).uri if printer else job.printer_uri
    return replace(job, name=name or job.name, owner=owner or job.owner, printer_uri=uri.replace("\\", "/"))


def _kind(old: JobInfo | None, new: JobInfo) -> str:
    if new.is_final:
        return "job-completed"
    if old is None:
        return "job-created"
    done = (old.impressions_completed or 0) != (new.impressions_completed or 0)
    return "job-progress" if done and old.state == new.state else "job-state-changed"


def _job(job: JobInfo) -> list[Attribute]:
    told: list[Attribute] = [
        r.job_state(job.state),
        r.job_state_reasons(*(job.reasons or ("none",))),
        r.job_state_message(job.message),
        r.job_name(job.name),
        r.job_impressions_completed(job.impressions_completed or 0),
    ]
    if job.impressions is not None:
        told.append(r.job_impressions(job.impressions))
    return told
