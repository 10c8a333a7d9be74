"""Where pages go, and what a device has of the job it prints."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pagebell.model.document import Document
from pagebell.model.job import Job
from pagebell.model.printer import Capabilities, Supply


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """What a device says of itself, as printer-state-reasons keywords (with -warning, -error, -report)."""

    stopped: bool = False
    """It can't print until somebody does something."""
    reasons: frozenset[str] = frozenset()
    message: str = ""
    """In plain words, e.g. `Tray 1 is out of paper.`"""
    supplies: tuple[Supply, ...] = ()
    """What it uses up; none if it can't tell."""


class DeviceFailed(Exception):
    """This job can't be printed on this device; `str()` of it tells why, `reasons` are job-state-reasons."""

    def __init__(self, message: str, reasons: frozenset[str] = frozenset({"aborted-by-system"})) -> None:
        super().__init__(message)
        self.reasons = reasons


class JobCanceled(DeviceFailed):
    """Somebody cancelled the job at the device."""

    def __init__(self, message: str, reasons: frozenset[str] = frozenset({"job-canceled-at-device"})) -> None:
        super().__init__(message, reasons)


class JobCutOff(Exception):
    """Nobody can say how much of the job was printed: it is held until somebody decides; `str()` tells why."""


class Work(Protocol):
    """A job as its device sees it."""

    @property
    def job(self) -> Job:
        """The job as it is now."""
        ...

    @property
    def documents(self) -> Sequence[Document]:
        """What to print, in order."""
        ...

    def read(self, document: Document) -> AsyncIterator[bytes]:
        """A document's octets, in chunks; waits while the printer is paused."""
        ...

    async def printed(self, impressions: int) -> None:
        """Report that so many pages are out in all; waits while the printer is paused."""
        ...

    async def remark(self, message: str, reasons: frozenset[str] = frozenset()) -> None:
        """Tell the job's owner at once, and again when it is done: for instance that pages may be out twice."""
        ...


Report = Callable[[DeviceStatus], Awaitable[None]]


class Device(Protocol):
    """Where pages go: one job at a time."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, as far as is known now."""
        ...

    async def watch(self, report: Report) -> None:
        """Report the status whenever it or the capabilities change, for as long as the printer lives."""
        ...

    async def print(self, work: Work) -> None:
        """Print the job; return when its last sheet is out. Raises DeviceFailed.

        Cancelled (as a task), it stops at once and leaves the device ready for the next job.
        """
        ...

    async def identify(self, actions: Collection[str], message: str) -> None:
        """Make the device noticed (PWG 5100.13 Identify-Printer)."""
        ...


@runtime_checkable
class Commandable(Protocol):
    """A device that can be told things by an administrator: a virtual printer to jam, to run out of paper."""

    def command(self, text: str) -> str:
        """Do what the words say; returns its state in words. Raises ValueError that lists the known commands."""
        ...


class DeviceFactory(Protocol):
    """Makes devices of URIs; a plug-in offers one under its URI scheme (entry points `pagebell.devices`)."""

    def __call__(self, uri: str) -> Device:
        """Make the device. Raises ValueError that says what is wrong with the URI."""
        ...
