"""What a client's handles stand for in [MS-PAN]: remote objects with their registrations, and channels. 3.1.1.1"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from pagebell.model.access import Principal
from pagebell.model.dialog import Addressees
from pagebell.model.event import PrinterId
from pagebell.model.subscription import SubscriptionId
from pagebell.spooler.dialogs import Dialog
from pagebell.winspool.idl.pan import PanResult, PrintAsyncNotifyConversationStyle


class PanRefusal(Exception):
    """A call that is answered by an error; `kind` is the notification type that goes with it, if any."""

    def __init__(self, result: PanResult, kind: UUID | None = None) -> None:
        super().__init__(result.name)
        self.result = result
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Registration:
    """What a client has asked for. [MS-PAN] 3.1.1.1"""

    by: Principal
    printer: PrinterId | None
    kind: UUID
    everybody: bool
    style: PrintAsyncNotifyConversationStyle
    notices: SubscriptionId | None = None
    """Its place in the event log; None for one that goes both ways."""

    def wants(self, kind: UUID, to: Addressees) -> bool:
        """Whether what is said to a user, or to everybody, is meant for it. [MS-PAN] 2.2.2"""
        return kind == self.kind and (self.everybody or to.include(self.by.name))


@dataclass(slots=True, eq=False)
class RemoteObject:
    """What a PRPCREMOTEOBJECT stands for: one registration at a time. [MS-PAN] 2.2.4"""

    registration: Registration | None = None
    waiting: bool = False
    told: int = 0
    """Up to which of its notices it has been told."""
    seen: set[int] = field(default_factory=set)
    """The dialogs that it has been given channels of."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when its registration ends; the next has one of its own."""
    deleted: bool = False


@dataclass(slots=True, eq=False)
class Channel:
    """What a PNOTIFYOBJECT stands for: one client's end of a dialog. [MS-PAN] 2.2.5"""

    dialog: Dialog
    by: Principal
    kind: UUID
    looked: bool = False
    """It has been told what was said first."""
    waiting: bool = False
    acquired: bool = False
    closed: asyncio.Event = field(default_factory=asyncio.Event)


@contextlib.contextmanager
def alone(of: RemoteObject | Channel) -> Iterator[None]:
    """One call at a time. [MS-PAN] 3.1.1.4.3, 3.1.1.4.4, 3.1.1.4.5"""
    if of.waiting:
        raise PanRefusal(PanResult.STILL_WAITING)
    of.waiting = True
    try:
        yield
    finally:
        of.waiting = False


async def leave(channel: Channel) -> None:
    """A client is gone, or has said its last: a dialog that is its own goes no further."""
    channel.closed.set()
    if channel.acquired:
        await channel.dialog.close()


async def first_of(*events: Awaitable[object]) -> None:
    """Wait for one of them; the others are given up."""
    tasks = [asyncio.ensure_future(event) for event in events]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
