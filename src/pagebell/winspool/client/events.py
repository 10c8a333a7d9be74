"""What a Windows print server tells, as the events that IPP servers tell: for whoever reads both. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pagebell.ipp import registry as r
from pagebell.ipp.follow import JobUpdate
from pagebell.ipp.message import Group
from pagebell.ipp.results import JobInfo, Notification, PrinterInfo
from pagebell.ipp.values import Attribute, GroupTag
from pagebell.winspool.changes import ChangeFlag
from pagebell.winspool.changes import JobField as J
from pagebell.winspool.changes import PrinterField as P
from pagebell.winspool.client.addresses import Address
from pagebell.winspool.client.describe import merged_job, with_status
from pagebell.winspool.client.feeds import Told


class Events:
    """Turns notifications into events, and numbers them."""

    def __init__(self, address: Address) -> None:
        self._uri = address.uri.replace("\\", "/")
        self._jobs: dict[int, JobInfo] = {}
        self._count = 0

    def of(self, told: Told) -> Iterator[Notification]:
        """What there is to tell; a picture of everything tells nothing, but is remembered."""
        for number, members in told.jobs.items():
            old = self._jobs.get(number)
            job = merged_job(old or JobInfo(number), members)
            job = merged_name(job, members)
            if job.is_final:
                self._jobs.pop(number, None)
            else:
                self._jobs[number] = job
            if not told.whole and job != old:
                yield self._event(_kind(old, job), r.job_id(number), r.notify_job_id(number), *_job(job))
        if not told.whole and P.STATUS in told.printer:
            printer = with_status(PrinterInfo(self._uri), told.printer[P.STATUS])
            if printer.state is not None:
                reasons = printer.reasons or ("none",)
                state = (r.printer_state(printer.state), r.printer_state_reasons(*reasons))
                yield self._event("printer-state-changed", *state)
        if told.flags & ChangeFlag.DELETE_PRINTER:
            yield self._event("printer-deleted")

    def of_update(self, update: JobUpdate) -> Iterator[Notification]:
        """What is new of a job that is followed."""
        old = self._jobs.get(update.job.id)
        if old != update.job:
            self._jobs[update.job.id] = job = update.job
            number = (r.job_id(job.id), r.notify_job_id(job.id))
            yield self._event(_kind(old or job, job), *number, *_job(job))

    def _event(self, kind: str, *attributes: Attribute) -> Notification:
        self._count += 1
        group = Group(GroupTag.EVENT_NOTIFICATION).add(
            r.notify_subscribed_event(kind),
            r.notify_sequence_number(self._count),
            r.notify_printer_uri(self._uri),
            r.printer_current_time(datetime.now(UTC)),
            *attributes,
        )
        return Notification.of(group)


def merged_name(job: JobInfo, members: Mapping[int, Any]) -> JobInfo:
    """A job with its name and owner as a notification told them."""
    name, owner = members.get(J.DOCUMENT), members.get(J.USER_NAME)
    return replace(job, name=name or job.name, owner=owner or job.owner)


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
